"""How much of a request left this machine, derived from trace events. Our connections use httpcore's event names.

The exception class proves nothing: a reset before anything was read and a reset after the whole request was read are
the same error, and "server disconnected" also happens after full receipt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...errors import Sent
    from .reply import Reply


class SentTracker:
    """Collects the trace events of one attempt and tells how much of it was sent."""

    def __init__(self) -> None:
        self._seen = False
        self._tunnel = False
        self._headers_begun = False
        self._body_complete = False
        self.reply: Reply | None = None
        """The part of the answer that was read so far, also when an interrupt or a cancellation ends the attempt."""

    def event(self, name: str, info: Mapping[str, Any]) -> None:
        """Record one trace event. Those of a proxy's CONNECT are ignored: they carry nothing of the request."""
        request = info.get("request")
        if request is not None:
            self._tunnel = bytes(request.method) == b"CONNECT"
        self._seen = True
        if self._tunnel:
            return
        if name.endswith("send_request_headers.started"):
            self._headers_begun = True
        elif name.endswith("send_request_body.complete"):
            self._body_complete = True

    def hand_over(self) -> None:
        """Record that a user's transport takes over the request: from here on only its own events prove anything."""
        self._seen = False

    def sent(self) -> Sent:
        """Return "no" or "partial" when that is proved, else "yes": also when there were no events at all."""
        if self._seen and not self._headers_begun:
            return "no"
        if self._headers_begun and not self._body_complete:
            return "partial"
        return "yes"

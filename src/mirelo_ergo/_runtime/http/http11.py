"""One HTTP/1.1 connection.

h11 parses the answers. Requests are written here, so that no object of h11 ever holds the key.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import h11

from .failures import WireFailure

if TYPE_CHECKING:
    from ..io.sent import SentTracker
    from .bodies import Pieces
    from .dialing import Route
    from .network import AttemptTimeouts, Wire

LARGEST_HEAD: Final = 100 << 10
"""The largest size of an answer's status line and headers, in bytes."""
MOMENT: Final = 1.0
"""Seconds to wait for the rest of an answer that is not valid HTTP."""
_ASKED: Final = h11.Request(method="GET", target="/", headers=[("Host", "h")])
"""The request that h11 is told of, whatever was sent: it only needs to know that it was neither HEAD nor CONNECT."""
_END: Final = h11.EndOfMessage()
_STATUS: Final = re.compile(rb"^HTTP/[0-9](?:\.[0-9])?[ \t]+([2-5][0-9]{2})(?=[ \t\r\n])", re.MULTILINE)
"""A final answer's status, wherever a line begins with it."""


class DamagedHead(NamedTuple):
    """What can be read of a head that h11 refuses."""

    status_code: int
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Http11:
    """A connection. `place` is its slot while it is in use, None while it is idle."""

    def __init__(self, wire: Wire, route: Route) -> None:
        self.route = route
        self.place: object | None = None
        self.idle_until = 0.0
        self._wire = wire
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=LARGEST_HEAD)
        self._head: h11.Response | None = None
        self._early = b""  # what came before the head was read, and of a submit's answer also after it
        self._keeps = False
        self._sent_all = True
        self._ended = False
        self._about: dict[str, Any] = {}  # passed with each event

    def is_clean(self) -> bool:
        """Return whether no unexpected byte has arrived, which would be taken for the next answer."""
        try:
            return self._h11.trailing_data == (b"", False) and self._wire.is_quiet()
        except WireFailure:
            return False

    def rest(self) -> bool:
        """Prepare for another exchange, and return whether one is possible."""
        over = self._sent_all and self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE
        if not over or not self.is_clean():
            return False
        self._h11.start_next_cycle()
        return True

    def close(self) -> None:
        """Close the connection, and release its slot."""
        self._wire.close()
        self.place = None

    async def send(
        self, head: bytes, body: bytes | Pieces, waits: AttemptTimeouts, sent: SentTracker, *, keep: bool = False
    ) -> None:
        """Send a request. The rest of a long body is not sent if the answer arrives before.

        With `keep`, `raw_body` has what arrives.
        """
        self._head, self._sent_all, self._about = None, False, {"method": head.split(b" ", 1)[0].decode()}
        self._early, self._keeps = b"", keep
        self._h11.send(_ASKED)
        self._h11.send(_END)
        sent.event("http11.send_request_headers.started", self._about)
        if isinstance(body, bytes):
            all_left = await self._write(head + body, waits)
        else:
            all_left = await self._write(head, waits)
            sent.event("http11.send_request_body.started", self._about)
            while all_left and (piece := await body.next()):
                all_left = await self._write(piece, waits)
                body.passed()
        self._sent_all = all_left
        if all_left:
            sent.event("http11.send_request_body.complete", self._about)

    async def _write(self, data: bytes, waits: AttemptTimeouts) -> bool:
        """Send bytes, and return whether all were sent; nothing more is sent once the answer's head has arrived."""
        done = await self._wire.write(data, waits)
        while not done:
            came = self._wire.take()  # nothing, if the bytes were TLS records without data
            if came:
                self._feed(came)
            if self._has_head():
                return False
            done = await self._wire.write(b"", waits)
        return True

    async def receive_head(self, waits: AttemptTimeouts, sent: SentTracker) -> h11.Response:
        """Return the answer's status and headers."""
        sent.event("http11.receive_response_headers.started", self._about)
        while self._head is None:
            data = await self._wire.read(waits)
            if not data:
                raise WireFailure("network", "the server closed the connection without an answer")
            self._feed(data)
            self._has_head()
        sent.event("http11.receive_response_body.started", self._about)
        return self._head

    def _has_head(self) -> bool:
        while self._head is None:
            event = self._next_event()
            if event is h11.NEED_DATA:
                return False
            if isinstance(event, h11.Response):
                self._head = event
            elif not isinstance(event, h11.InformationalResponse):
                raise WireFailure("garbled", "the answer does not begin like one")
        return True

    async def receive_body(
        self, waits: AttemptTimeouts, sent: SentTracker, within: float | None = None
    ) -> bytes | None:
        """Return the next piece of the answer's body, b"" at its end; None if nothing came `within` so many seconds."""
        until = None if within is None else waits.now() + within
        while True:
            event = self._next_event()
            if isinstance(event, h11.Data):
                return bytes(event.data)
            if event is not h11.NEED_DATA:
                sent.event("http11.receive_response_body.complete", self._about)
                return b""
            if until is None:
                self._feed(await self._wire.read(waits))
            elif (data := self._wire.take()) is not None:
                self._feed(data)
                await self._wire.wait_readable(0.0)  # let other tasks run, because bytes may come without a pause
            elif not await self._wire.wait_readable(until - waits.now()):
                return None

    def peek(self) -> tuple[h11.Response | DamagedHead | None, bytes]:
        """Return the part of the answer that has arrived unread, without waiting. Never raises for a faulty answer.

        Of an answer that is not valid HTTP it returns the readable part, which may contain a job id.
        """
        body, taken = b"", 0
        with contextlib.suppress(Exception):  # the parser was interrupted, or the answer is not valid HTTP
            while taken < LARGEST_HEAD and (data := self._wire.take()):
                self._feed(data)
                taken += len(data)
                while self._has_head() and isinstance(event := self._next_event(), h11.Data):
                    body += event.data
            while self._has_head() and isinstance(event := self._next_event(), h11.Data):
                body += event.data
        return self._damaged() if self._head is None else (self._head, body)

    def raw_body(self) -> bytes:
        """Return the beginning of the body as it came, chunk sizes and all, and what follows its announced end."""
        return self._damaged()[1] if self._keeps else b""

    async def linger(self, waits: AttemptTimeouts) -> None:
        """Wait a moment for the bytes after those that the parser refused; `peek` returns them."""
        end, size = waits.now() + waits.limit.clip(MOMENT), 0
        while size < LARGEST_HEAD and await self._wire.wait_readable(end - waits.now()):
            data = self._wire.take()
            if data is None and waits.now() < end:
                continue  # a part of a TLS record
            if not data:
                return
            self._feed(data)
            size += len(data)

    def _damaged(self) -> tuple[DamagedHead | None, bytes]:
        found = _STATUS.search(self._early)
        if found is None:
            return None, b""
        rest = self._early[found.end() :].replace(b"\r\n", b"\n")
        _, its_end, body = rest.partition(b"\n\n")
        if b"{" not in body:  # the blank line itself is damaged
            _, brace, body = rest.partition(b"{")
            its_end, body = its_end or brace, brace + body
        return (DamagedHead(int(found[1])), body) if its_end else (None, b"")

    def _feed(self, data: bytes) -> None:
        self._ended = self._ended or not data
        if self._head is None:
            self._early = self._early[-LARGEST_HEAD:] + data if self._early else data
        elif self._keeps and len(self._early) < LARGEST_HEAD:
            self._early += data
        self._h11.receive_data(data)

    def _next_event(self) -> Any:
        try:
            return self._h11.next_event()
        except h11.RemoteProtocolError as error:
            if self._ended:
                raise WireFailure("network", f"the answer was cut off: {error}") from None
            if error.error_status_hint == 431:
                raise WireFailure("garbled", f"the answer's headers are larger than {LARGEST_HEAD >> 10} KiB") from None
            raise WireFailure("garbled", f"the answer is not HTTP: {error}") from None

"""Failures of the connection, and tracebacks without secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..io.protocol import TransportFailure
from ..redact import shorten

if TYPE_CHECKING:
    from types import TracebackType

    from ...errors import Sent
    from ..io.protocol import FailureKind
    from ..io.reply import Reply
    from ..redact import Secret

NOT_SENT: frozenset[FailureKind] = frozenset({"pool", "connect", "proxy", "proxy_refused", "tls"})
"""Failures before the first byte of a request."""
_WIRE = ("h11", "ssl", "asyncio", "httpx", "httpcore", "anyio", __package__)
"""Modules whose frames may hold a request's head, which contains the key."""


class WireFailure(Exception):
    """Raised when the network, TLS, a proxy or the server's HTTP fails. Internal to this folder."""

    def __init__(self, kind: FailureKind, text: str) -> None:
        super().__init__(text)
        self.kind: FailureKind = kind


def transport_failure(failure: WireFailure, sent: Sent, secret: Secret, reply: Reply | None) -> TransportFailure:
    """Return a failure for the retry core, with the key removed from its text."""
    how_much: Sent = "no" if failure.kind in NOT_SENT else sent
    return TransportFailure(failure.kind, how_much, shorten(secret.scrub(str(failure)), 300), reply)


def is_raised_here(error: BaseException) -> bool:
    """Return whether an error was raised by the call in the handling frame, not by a signal handler.

    A signal handler can run between any two steps, and may raise `TimeoutError`, which is an `OSError` too.
    """
    trace = error.__traceback__
    return trace is not None and trace.tb_next is None


def hide_wire(error: BaseException) -> None:
    """Remove the frames that sent a request from the traceback of an interrupt and of the errors in its context.

    Tools that show local variables (Sentry, rich) would show the key. To be called in the frame that handles the error.
    """
    if error.__traceback__ is not None:
        error.__traceback__.tb_next = _without_wire(error.__traceback__.tb_next)
    link = error.__context__
    while link is not None and link is not error:
        link.__traceback__ = _without_wire(link.__traceback__)
        link = link.__context__


def _without_wire(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and _is_wire(trace):
        trace = trace.tb_next
    if trace is not None:
        trace.tb_next = _without_wire(trace.tb_next)
    return trace


def _is_wire(trace: TracebackType) -> bool:
    module = str(trace.tb_frame.f_globals.get("__name__"))
    return any(module == name or module.startswith(f"{name}.") for name in _WIRE)

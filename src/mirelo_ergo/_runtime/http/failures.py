"""How an attempt fails below HTTP's answers, and what a traceback of it may show."""

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
"""Failures that come before the first byte of a request."""
_WIRE = ("h11", "ssl", "asyncio", "httpx", "httpcore", "anyio", __package__)
"""Modules in whose frames a request's head may lie: the key is in it."""


class WireFailure(Exception):
    """Raised when the network, TLS, a proxy or the other side's HTTP fails. Internal to this room."""

    def __init__(self, kind: FailureKind, text: str) -> None:
        super().__init__(text)
        self.kind: FailureKind = kind


def transport_failure(failure: WireFailure, sent: Sent, secret: Secret, reply: Reply | None) -> TransportFailure:
    """Return what the retry core is told of a failure; the key is taken out of its text."""
    how_much: Sent = "no" if failure.kind in NOT_SENT else sent
    return TransportFailure(failure.kind, how_much, shorten(secret.scrub(str(failure)), 300), reply)


def is_raised_here(error: BaseException) -> bool:
    """Return whether the call that the handling frame made raised it: a signal handler's has a frame of its own.

    A handler runs between any two steps, and may raise `TimeoutError`, which is an `OSError` too.
    """
    trace = error.__traceback__
    return trace is not None and trace.tb_next is None


def is_of_a_signal(error: BaseException) -> bool:
    """Return whether a signal handler raised it, as Celery's and RQ's time limits do."""
    import signal  # only failures need it

    handlers = {getattr(signal.getsignal(number), "__code__", None) for number in signal.valid_signals()}
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code in handlers:
            return True
        trace = trace.tb_next
    return False


def hide_wire(error: BaseException) -> None:
    """Take the frames that sent a request out of the tracebacks of what interrupted them, and of what it interrupted.

    Tools that show local variables (Sentry, rich) would show the key. Call it in the frame that handles the error.
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

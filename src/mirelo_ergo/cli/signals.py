"""SIGTERM and SIGHUP end a command as Ctrl-C does, with the command that resumes its job."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
_ALL = (signal.SIGINT, *_ENDING)


class Stopped(KeyboardInterrupt):
    """Raised when a signal other than Ctrl-C ends the command. The library treats it like Ctrl-C."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number
        self.name = signal.Signals(number).name


@contextmanager
def raising() -> Iterator[None]:
    """Raise `Stopped` for the signals that end a process, except those that the caller ignores (nohup)."""
    with _handled(_ENDING, _raise):
        yield


@contextmanager
def ignored() -> Iterator[None]:
    """Ignore signals during the last output, which does not take long."""
    with _handled(_ALL, signal.SIG_IGN):
        yield


def _raise(number: int, frame: FrameType | None) -> None:
    raise Stopped(number)


@contextmanager
def _handled(
    numbers: tuple[int, ...], handler: Callable[[int, FrameType | None], None] | signal.Handlers
) -> Iterator[None]:
    before = {}
    try:
        for number in numbers:
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                before[number] = signal.signal(number, handler)
    except ValueError:  # not the main thread, which alone hears of signals
        pass
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)

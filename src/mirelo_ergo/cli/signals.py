"""SIGTERM and SIGHUP end a command as Ctrl-C does, with the command that resumes its job."""

from __future__ import annotations

import signal
import warnings
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
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with _handled(_ENDING, _raise), _handled((signal.SIGINT,) if ours else (), _interrupt):
        yield


@contextmanager
def ignored() -> Iterator[None]:
    """Ignore signals during the last output, which does not take long."""
    with _handled(_ALL, signal.SIG_IGN):
        yield


def _raise(number: int, frame: FrameType | None) -> None:
    _let_coroutines_go()
    raise Stopped(number)


def _interrupt(number: int, frame: FrameType | None) -> None:
    _let_coroutines_go()
    signal.default_int_handler(number, frame)


def _let_coroutines_go() -> None:
    """Keep Python from warning that a coroutine was never awaited: a signal may come before its first step."""
    warnings.filterwarnings("ignore", message="coroutine .* was never awaited", category=RuntimeWarning)


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

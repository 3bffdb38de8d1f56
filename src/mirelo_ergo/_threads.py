"""Threads and events that a Ctrl-C at any moment leaves usable: what starts and wakes them is one step in C."""

from __future__ import annotations

import _thread
import time
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_SLICE: Final = 0.2
"""Seconds of one wait: a longer one ignores Ctrl-C on some systems."""


def start_thread(work: Callable[[], None]) -> None:
    """Run a function that raises nothing in its own thread, which does not outlive the process.

    This is not `threading.Thread`, whose `start` waits for the thread in Python code: a Ctrl-C there may leave a lock
    taken that the thread waits for, for ever. That class also runs Python code in the new thread first, where the trace
    function of a debugger or of coverage may fail to be installed: then the thread ends silently.
    """
    _thread.start_new_thread(work, ())


class Flag:
    """An event that is set once. `threading.Event` takes a lock in Python code, which a Ctrl-C may leave taken."""

    def __init__(self) -> None:
        self._set = False
        self._rings: SimpleQueue[None] = SimpleQueue()

    def set(self) -> None:
        """Set it, and wake who waits."""
        self._set = True
        self._rings.put(None)

    def is_set(self) -> bool:
        """Return whether it is set."""
        return self._set

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until it is set, at most so many seconds; return whether it is. None: without a limit."""
        until = None if seconds is None else time.monotonic() + seconds
        while not self._set:
            left = _SLICE if until is None else min(_SLICE, until - time.monotonic())
            if left <= 0:
                return False
            with suppress(Empty):
                self._rings.get(timeout=left)
        self._rings.put(None)  # for others that wait
        return True

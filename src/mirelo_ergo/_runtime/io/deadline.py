"""How long network waits may last: `Deadline` for one operation, `Progress` for an upload or download.

Read time-outs alone limit nothing: a server that sends one byte every 100 ms never exceeds them. Each connect, read and
write is therefore cut to the time that one of these has left.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Protocol

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable

TICK: Final = 0.05
LONG_SLEEP: Final = 50 * TICK


def until_tick(now: float, seconds: float) -> float:
    """Return a sleep lengthened by up to 50 ms (2 %), so that it ends at a whole tick of the clock, with others.

    A thousand waits then wake about ten at a time and share turns of the event loop, which cost more than a poll.
    """
    if seconds < LONG_SLEEP:
        return seconds
    return max(seconds, math.ceil((now + seconds) / TICK) * TICK - now)


@attrs.frozen
class Timing:
    """The time limits of docs/reliability.md, in seconds (`minimum_rate` in bytes per second)."""

    connect: float = 10.0
    between_bytes: float = 60.0
    no_progress: float = 60.0
    minimum_rate: float = 1024.0
    rate_window: float = 30.0
    poll: float = 30.0
    """One poll of a wait, answer included: the next scheduled poll is its retry."""


class TimeLimit(Protocol):
    """A limit on network waits that is told of each transferred byte."""

    def clip(self, timeout: float | None) -> float:
        """Return the seconds this wait may last; 0 or less when time is up."""
        ...

    def advance(self, count: int) -> None:
        """Record that `count` bytes were transferred."""
        ...

    def moving(self, yes: bool, /) -> None:
        """Record whether bytes of a body are expected from now on."""
        ...


class Deadline:
    """A limit that ends a whole operation at one moment of the monotonic clock."""

    def __init__(self, now: Callable[[], float], seconds: float) -> None:
        self._now = now
        self._end = now() + seconds

    def left(self) -> float:
        """Return the seconds left, 0 when none are."""
        return max(0.0, self._end - self._now())

    def clip(self, timeout: float | None) -> float:
        return self.left() if timeout is None else min(timeout, self.left())

    def advance(self, count: int) -> None:
        """No-op: only time ends an operation."""

    def moving(self, yes: bool, /) -> None:
        """No-op, as `advance`."""


class Progress:
    """A limit that ends a transfer after `no_progress` seconds without a byte, or with too few in a `rate_window`.

    The rate counts only while bytes of a body are expected (`moving`): a server that takes its time after the last byte
    is not slow. Other bytes are no progress: an answer's head must arrive within `no_progress` seconds, so that a
    server cannot send it one byte at a time for ever.
    """

    def __init__(self, now: Callable[[], float], timing: Timing) -> None:
        self._now = now
        self._timing = timing
        self._last = self._window_start = now()
        self._window_bytes = 0
        self._moving = False
        self._end = math.inf

    def end_within(self, seconds: float) -> None:
        """End within this many seconds, whatever the progress: for transfers that are optional."""
        self._end = self._now() + seconds

    def moving(self, yes: bool, /) -> None:
        self._moving = yes
        self._last = self._window_start = self._now()
        self._window_bytes = 0

    def clip(self, timeout: float | None) -> float:
        now, timing = self._now(), self._timing
        left = min(timing.no_progress - (now - self._last), self._end - now)
        if self._moving:
            due = timing.minimum_rate * timing.rate_window
            if now - self._window_start >= timing.rate_window and self._window_bytes >= due:
                self._window_start, self._window_bytes = now, 0
            if self._window_bytes < due:
                left = min(left, self._window_start + timing.rate_window - now)
        return left if timeout is None else min(timeout, left)

    def advance(self, count: int) -> None:
        if count and self._moving:
            self._last = self._now()
            self._window_bytes += count

"""A client on a clock of the test's own: its sockets are real, its hours pass at once."""

from __future__ import annotations

from typing import Any

from mirelo_ergo._runtime.api.retry import SubmitThrottle

EPOCH = 1_767_268_800.0
"""Unix seconds of the clock's beginning: 2026-01-01T12:00:00Z, which is `mirelo.CREATED`."""


class Clock:
    """Stand in for the time of every client it drives: `sleep` only moves it on, jitter is always half."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.jump = 0.0
        """What somebody did to the wall clock, in seconds."""
        self.naps: list[float] = []

    def now(self) -> float:
        return 1000.0 + self.passed

    def wall(self) -> float:
        return EPOCH + self.passed + self.jump

    def random(self) -> float:
        return 0.5

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.passed += seconds

    def drive(self, client: Any) -> Any:
        """Put a client on this clock, before its first call, and return it."""
        client._io.now, client._io.wall, client._io.random = self.now, self.wall, self.random
        client._io.sleep = self.sleep
        client._core.runtime.pace = SubmitThrottle(self.now)
        return client

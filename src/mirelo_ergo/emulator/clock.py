"""The emulator's clock, which can be advanced."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import UTC, datetime
from numbers import Real

END = datetime(9000, 1, 1, tzinfo=UTC).timestamp()  # with what lies ahead of it still a date


def is_number(value: object) -> bool:
    """Return whether a value is a real number, also one of numpy's."""
    return isinstance(value, Real)


class Stopping(Exception):
    """Raised in waiting and working code when the emulator stops."""


class Clock:
    """The emulator's time, in seconds since the epoch.

    It follows the monotonic clock, so that setting the system's clock does not change it.
    """

    def __init__(self) -> None:
        self._base = time.time() - time.monotonic()
        self._advanced = 0.0
        self._lock = threading.Lock()
        self._sleepers: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self._stopped = False

    def now(self) -> float:
        """Return the time, in seconds since the epoch."""
        return self._base + time.monotonic()

    @property
    def advanced(self) -> float:
        """The total number of seconds by which it was advanced."""
        return self._advanced

    def advance(self, seconds: float) -> None:
        """Move the time forward, from any thread. Waits whose moment has passed end at once."""
        if not (is_number(seconds) and seconds >= 0):
            raise ValueError(f"seconds is {seconds!r}: the clock only goes forward, give a number from 0 on")
        with self._lock:
            if self.now() + seconds > END:
                raise ValueError(f"seconds is {seconds!r}: the emulator's time ends with the year 8999")
            self._base += seconds
            self._advanced += seconds
            self._wake()

    def stop(self) -> None:
        """End every wait, now and later, with `Stopping`."""
        with self._lock:
            self._stopped = True
            self._wake()

    async def until(self, moment: float) -> None:
        """Wait until `now()` has reached the moment; raise `Stopping` when the emulator stops first."""
        woken = asyncio.Event()
        while True:
            with self._lock:
                if self._stopped:
                    raise Stopping
                left = moment - self.now()
                if left <= 0:
                    return
                woken.clear()
                self._sleepers[woken] = asyncio.get_running_loop()
            try:
                async with asyncio.timeout(left):
                    await woken.wait()
            except TimeoutError:
                pass
            finally:
                with self._lock:
                    self._sleepers.pop(woken, None)

    def _wake(self) -> None:
        for event, loop in self._sleepers.items():
            loop.call_soon_threadsafe(event.set)


def iso(moment: float) -> str:
    """Return a moment as an API date-time: UTC, milliseconds, Z."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

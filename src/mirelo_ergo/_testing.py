"""Clients for tests that never sleep: where they would wait, they advance the emulator's clock instead.

Everything else is real: requests, answers, retries and time limits, which count the skipped time too. When a test
advances the emulator's clock, that time has passed for these clients as well, so that both agree on the age of a job.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import mirelo_ergo

from ._runtime.http.asynchronous import AsyncIO
from ._runtime.http.blocking import BlockingIO
from .emulator.services.registry import SERVICES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ._runtime.http.answers import HttpStream
    from ._runtime.http.settings import HttpSettings
    from ._runtime.io.deadline import TimeLimit
    from ._runtime.io.protocol import ExternalRequest, Reply, Request
    from ._runtime.io.sent import SentTracker
    from .emulator import Clock, Emulator

LOOK_SECONDS = 0.02  # of real time, for a stream's next line
STEP_SECONDS = 1.0  # of the emulator's time, between two checks

# Only a thread's or task's own waits count for it: those of others must not use up the time of its requests.
_skipped: ContextVar[float] = ContextVar("mirelo_ergo_skipped_seconds", default=0.0)


class _Waits:
    """How far the waits of all clients have advanced each clock. The rest of a clock's advance was made by the test."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waited: WeakKeyDictionary[Clock, float] = WeakKeyDictionary()

    def skip(self, clock: Clock, seconds: float) -> None:
        """Skip a client's wait."""
        _skipped.set(_skipped.get() + seconds)
        self.advance(clock, seconds)

    def advance(self, clock: Clock, seconds: float) -> None:
        """Move a clock forward for the wait of a client in another thread or task."""
        with self._lock:
            self._waited[clock] = self._waited.get(clock, 0.0) + seconds
        clock.advance(seconds)  # after it is recorded: otherwise others would take it for an advance by the test

    def passed(self, clock: Clock) -> float:
        """Return the seconds that have passed for this thread or task, beyond those of the real time."""
        return _skipped.get() + max(0.0, clock.advanced - self._waited.get(clock, 0.0))


_waits = _Waits()


class _BlockingIO(BlockingIO):
    def __init__(self, settings: HttpSettings, emulator: Emulator) -> None:
        super().__init__(settings)
        self._emulator = emulator

    def now(self) -> float:
        return super().now() + _waits.passed(self._emulator.clock)

    def wall(self) -> float:
        return self._emulator.clock.now()

    async def sleep(self, seconds: float) -> None:
        _waits.skip(self._emulator.clock, seconds)

    async def request(self, request: Request, limit: TimeLimit, sent: SentTracker) -> Reply:
        with _hurrying(request, self._emulator):
            return await super().request(request, limit, sent)

    async def stream(self, request: ExternalRequest | Request, limit: TimeLimit) -> HttpStream:
        return _hurried(await super().stream(request, limit), self)


class _AsyncIO(AsyncIO):
    def __init__(self, settings: HttpSettings, emulator: Emulator) -> None:
        super().__init__(settings)
        self._emulator = emulator

    def now(self) -> float:
        return super().now() + _waits.passed(self._emulator.clock)

    def wall(self) -> float:
        return self._emulator.clock.now()

    async def sleep(self, seconds: float) -> None:
        _waits.skip(self._emulator.clock, seconds)
        await asyncio.sleep(0)

    async def request(self, request: Request, limit: TimeLimit, sent: SentTracker) -> Reply:
        with _hurrying(request, self._emulator):
            return await super().request(request, limit, sent)

    async def stream(self, request: ExternalRequest | Request, limit: TimeLimit) -> HttpStream:
        return _hurried(await super().stream(request, limit), self)


@contextmanager
def _hurrying(request: Request, emulator: Emulator) -> Iterator[None]:
    """Advance the emulator's time while it holds back its answer to a request."""
    if not request.long:
        yield
        return
    answered, steps = threading.Event(), list[float]()

    def hurry() -> None:
        while not answered.wait(LOOK_SECONDS):
            _waits.advance(emulator.clock, STEP_SECONDS)
            steps.append(STEP_SECONDS)

    thread = threading.Thread(target=hurry, name="mirelo-emulator-time", daemon=True)
    thread.start()
    try:
        yield
    finally:
        answered.set()
        thread.join()
        _skipped.set(_skipped.get() + sum(steps))


def _hurried(stream: HttpStream, io: _BlockingIO | _AsyncIO) -> HttpStream:
    """Advance the emulator's time while no line arrives on a stream."""
    read = stream.read_within

    async def read_within(seconds: float) -> bytes | None:
        until = io.now() + seconds
        while (piece := await read(LOOK_SECONDS)) is None and (left := until - io.now()) > 0:
            await io.sleep(min(STEP_SECONDS, left))
        return piece

    stream.read_within = read_within  # type: ignore[method-assign]  # on this one only
    return stream


def client(emulator: Emulator, service: str) -> Any:
    """Return a service's client on an emulator, in its time."""
    return _on(emulator, service, SERVICES[service].clients[0], _BlockingIO)


def async_client(emulator: Emulator, service: str) -> Any:
    """Return a service's async client on an emulator, in its time."""
    return _on(emulator, service, SERVICES[service].clients[1], _AsyncIO)


def _on(emulator: Emulator, service: str, name: str, io: type[_BlockingIO | _AsyncIO]) -> Any:
    own = {"_new_io": lambda self, settings: io(settings, emulator)}
    kind = type(name, (getattr(mirelo_ergo, name),), own)
    return kind(api_key=emulator.keys[service], base_url=emulator.urls[service], **SERVICES[service].options)

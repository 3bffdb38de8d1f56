"""Clients whose waits take no time: where they would sleep, the emulator's clock goes forward instead.

Everything else is real: requests, answers, retries, and the time limits, which count the time that was not slept.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import TYPE_CHECKING

from ._runtime.http.asynchronous import AsyncIO
from ._runtime.http.blocking import BlockingIO
from .mirelo.asynchronous import AsyncMireloClient
from .mirelo.blocking import MireloClient

if TYPE_CHECKING:
    from ._runtime.http.exchange import HttpSettings
    from .emulator import Emulator

# A thread or task has lived through its own waits only: those of others must not use up the time of its requests.
_skipped: ContextVar[float] = ContextVar("mirelo_ergo_skipped_seconds", default=0.0)


def _skip(emulator: Emulator, seconds: float) -> None:
    _skipped.set(_skipped.get() + seconds)
    emulator.clock.advance(seconds)


class _BlockingIO(BlockingIO):
    def __init__(self, settings: HttpSettings, emulator: Emulator) -> None:
        super().__init__(settings)
        self._emulator = emulator

    def now(self) -> float:
        return super().now() + _skipped.get()

    async def sleep(self, seconds: float) -> None:
        _skip(self._emulator, seconds)


class _AsyncIO(AsyncIO):
    def __init__(self, settings: HttpSettings, emulator: Emulator) -> None:
        super().__init__(settings)
        self._emulator = emulator

    def now(self) -> float:
        return super().now() + _skipped.get()

    async def sleep(self, seconds: float) -> None:
        _skip(self._emulator, seconds)
        await asyncio.sleep(0)


class Client(MireloClient):
    """A `MireloClient` on an emulator, in its time."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        super().__init__(emulator.key, base_url=emulator.url)

    def _new_io(self, settings: HttpSettings) -> BlockingIO:
        return _BlockingIO(settings, self._emulator)


class AsyncClient(AsyncMireloClient):
    """An `AsyncMireloClient` on an emulator, in its time."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        super().__init__(emulator.key, base_url=emulator.url)

    def _new_io(self, settings: HttpSettings) -> AsyncIO:
        return _AsyncIO(settings, self._emulator)

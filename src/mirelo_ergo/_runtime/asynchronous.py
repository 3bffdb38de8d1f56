"""The awaiting form of the core's I/O, on asyncio."""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING, ParamSpec, TypeVar
from weakref import WeakValueDictionary

from ..errors import ConfigurationError
from .http.exchange import AsyncHttp, AsyncStream, HttpSettings
from .retry import SUBMITS_IN_FLIGHT

if TYPE_CHECKING:
    from collections.abc import Callable

    from .deadline import Watch
    from .io import ForeignRequest, Reply, Request
    from .sent import SentTracker

P = ParamSpec("P")
T = TypeVar("T")


class AsyncIO:
    """Do what the core asks, awaiting. Belongs to one event loop at a time; a closed loop's connections are dropped."""

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        self._loop: asyncio.AbstractEventLoop | None = None
        self._fresh()

    def _fresh(self) -> None:
        self._http = AsyncHttp(self._settings, self.disk)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._slots = asyncio.Semaphore(SUBMITS_IN_FLIGHT)

    def _bind(self) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return
        if self._loop is not None:
            if not self._loop.is_closed():
                raise ConfigurationError("this async client is in use by another event loop: make one client per loop")
            self._fresh()
        self._loop = loop

    def now(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time()

    def random(self) -> float:
        return random.random()  # noqa: S311  # jitter, not a secret

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def call(self, request: Request, watch: Watch, sent: SentTracker) -> Reply:
        self._bind()
        return await self._http.call(request, watch, sent)

    async def send(self, request: ForeignRequest, watch: Watch) -> AsyncStream:
        self._bind()
        return await self._http.open(request, watch)

    async def disk(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call it in a thread. A cancellation waits for the call's end: nobody closes a file that is being read."""
        task = asyncio.ensure_future(asyncio.to_thread(function, *args, **kwargs))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            while not task.done():
                await asyncio.wait([task])
            if not task.cancelled():
                task.exception()  # seen: the cancellation is what is reported
            raise

    def lock(self, key: str) -> asyncio.Lock:
        self._bind()
        return self._locks.setdefault(key, asyncio.Lock())

    async def enter(self, seconds: float) -> bool:
        self._bind()
        try:
            async with asyncio.timeout(seconds):
                await self._slots.acquire()
        except TimeoutError:
            return False
        return True

    def leave(self) -> None:
        self._slots.release()

    @property
    def http(self) -> AsyncHttp:
        """Give the transport side, for the typed low-level client."""
        return self._http

    async def close(self) -> None:
        """Close the connections, if their loop is this one."""
        if self._loop is asyncio.get_running_loop():
            await self._http.close()

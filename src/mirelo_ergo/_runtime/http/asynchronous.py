"""The awaiting form of the core's I/O, on asyncio."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import time
from collections import deque
from typing import TYPE_CHECKING, ParamSpec, TypeVar
from weakref import WeakValueDictionary

from ...errors import ConfigurationError
from ..io.deadline import until_tick
from ..io.slots import SubmitSlot, SubmitSlots
from .exchange import AsyncHttp, AsyncStream, HttpSettings

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from ..io.deadline import TimeLimit
    from ..io.protocol import ExternalRequest, Reply, Request
    from ..io.sent import SentTracker

P = ParamSpec("P")
T = TypeVar("T")


async def _closing(http: AsyncHttp) -> AsyncGenerator[None, None]:
    """Close the connections when the loop ends its generators, as `asyncio.run` does: later nobody could."""
    try:
        yield
    finally:
        await http.close()


class _Alarm:
    """Belong to the running loop; `notify` may come from any thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._notified = asyncio.Event()

    def notify(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._notified.set)

    async def wait(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._notified.wait()
        except TimeoutError:
            return False
        self._notified.clear()
        return True


class _Slots:
    """The slots of a client's submits on one event loop, and who waits for one, in their order."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._slots = SubmitSlots(self._freed)

    async def take(self, seconds: float) -> SubmitSlot | None:
        """Return a slot; None if none was free in time."""
        self._loop = asyncio.get_running_loop()
        slot = None if self._waiting else self._slots.take()
        if slot is not None:
            return slot
        try:
            async with asyncio.timeout(seconds):
                while slot is None:
                    await self._turn(self._loop.create_future())
                    slot = self._slots.take()
        except TimeoutError:
            return None
        return slot

    async def _turn(self, turn: asyncio.Future[None]) -> None:
        self._waiting.append(turn)
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self._next()  # it was this one's turn
            raise

    def _next(self) -> None:
        """Tell the first who still waits."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    def _freed(self, _: object) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(self._next)


class AsyncIO:
    """Do what the core asks, awaiting. Belongs to one event loop at a time; the next one gets fresh connections."""

    blocks = False

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing: AsyncGenerator[None, None] | None = None
        self._pid = os.getpid()
        self._inherited: list[object] = []
        self._fresh()

    def _fresh(self) -> None:
        self._http = AsyncHttp(self._settings, self.run_blocking)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._slots = _Slots()

    def bind(self) -> None:
        """Belong to the running loop; raise `ConfigurationError` while another one of this process is not closed."""
        loop = asyncio.get_running_loop()
        forked = self._pid != os.getpid()
        if self._loop is loop and not forked:
            return
        if forked:
            # Kept: what the parent still uses must not be closed by this process's garbage collection.
            self._inherited.append((self._http, self._loop, self._closing))
            self._pid = os.getpid()
        elif self._loop is not None and not self._loop.is_closed():
            raise ConfigurationError("this async client is in use by another event loop: make one client per loop")
        if self._loop is not None:
            self._fresh()
        self._loop, self._closing = loop, _closing(self._http)
        with contextlib.suppress(StopIteration):
            self._closing.__anext__().send(None)  # as far as its yield: from here on the loop knows it

    def now(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time()

    def random(self) -> float:
        return random.random()  # noqa: S311  # jitter, not a secret

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(until_tick(time.monotonic(), seconds))

    def alarm(self) -> _Alarm:
        return _Alarm()

    async def request(self, request: Request, limit: TimeLimit, sent: SentTracker) -> Reply:
        self.bind()
        return await self._http.request(request, limit, sent)

    async def stream(self, request: ExternalRequest | Request, limit: TimeLimit) -> AsyncStream:
        self.bind()
        return await self._http.open(request, limit)

    async def run_blocking(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
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
        self.bind()
        return self._locks.setdefault(key, asyncio.Lock())

    async def submit_slot(self, seconds: float) -> SubmitSlot | None:
        self.bind()
        return await self._slots.take(seconds)

    @property
    def http(self) -> AsyncHttp:
        """Give the transport side, for the typed low-level client."""
        return self._http

    async def close(self) -> None:
        """Close the connections, if their loop is this one."""
        if self._loop is asyncio.get_running_loop():
            await self._http.close()
            if self._closing is not None:
                await self._closing.aclose()

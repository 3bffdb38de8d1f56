"""The async form of the core's I/O, on asyncio."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import os
import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar
from weakref import WeakValueDictionary

from ..._threads import start_thread
from ...errors import ConfigurationError
from ..io.deadline import until_tick
from ..io.protocol import SUBMITS_IN_FLIGHT
from ..io.slots import Slot, Slots
from .network import addresses_of, wait_for

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence

    from ..io.deadline import TimeLimit
    from ..io.protocol import ExternalRequest, Reply, Request
    from ..io.sent import SentTracker
    from .answers import HttpStream
    from .exchange import Http, Injected
    from .network import Address, Watched
    from .settings import HttpSettings

P = ParamSpec("P")
T = TypeVar("T")

_SLICE: Final = 0.2
"""The longest wait of a thread for a socket, in seconds."""


async def _closing(http: Http) -> AsyncGenerator[None, None]:
    """Close the connections when the loop ends its generators, as `asyncio.run` does: later it is impossible."""
    try:
        yield
    finally:
        await http.close()


class _Alarm:
    """An alarm of the running loop; `notify` may be called from any thread."""

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
    """The slots of one event loop, and the tasks that wait for one, in their order."""

    def __init__(self, places: int) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._slots = Slots(self._freed, places)

    async def take(self, seconds: float) -> Slot | None:
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
                self._next()  # it was this task's turn
            raise

    def _next(self) -> None:
        """Wake the first task that still waits."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    def _freed(self, _: object) -> None:
        if self._waiting and self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(self._next)


class _Task:
    """A flow that runs as a task of the running loop."""

    def __init__(self, flow: Callable[[], Coroutine[None, None, None]]) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(flow())

    async def wait(self, seconds: float) -> bool:
        await asyncio.wait((self._task,), timeout=max(0.0, seconds))
        return self._task.done()

    def stop(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nothing of it goes on
            self._loop.call_soon_threadsafe(self._task.cancel)


class AsyncNetwork:
    """A network whose waits let other tasks run."""

    def now(self) -> float:
        return time.monotonic()

    async def ready(self, reading: Sequence[Watched], writing: Sequence[Watched], seconds: float) -> bool:
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[bool] = loop.create_future()
        try:
            for sock in reading:
                loop.add_reader(sock, _wake, waiter, True)
            for sock in writing:
                loop.add_writer(sock, _wake, waiter, True)
        except NotImplementedError:  # the loop cannot watch sockets, as Windows' own cannot
            return await _ready_in_a_thread(reading, writing, seconds)
        except PermissionError:  # a regular file is always readable
            return True
        timer = loop.call_later(seconds, _wake, waiter, False)
        try:
            # A loop that was blocked may run the timer first.
            return await waiter or wait_for(reading, writing, 0.0)
        finally:
            timer.cancel()
            for sock in reading:
                loop.remove_reader(sock)
            for sock in writing:
                loop.remove_writer(sock)

    async def resolve(self, host: str, port: int, seconds: float) -> list[Address] | None:
        """Look the name up in its own thread: it has no time limit, and a loop's end waits for the executor."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[list[Address]] = loop.create_future()

        def look_up() -> None:
            try:
                answer: list[Address] | Exception = addresses_of(host, port)
            except Exception as error:
                answer = error
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(_settle, waiter, answer)

        start_thread(look_up)
        try:
            done, _ = await asyncio.wait((waiter,), timeout=seconds)
        finally:
            waiter.cancel()  # a no-op if it has its answer
        return waiter.result() if done else None

    def connection_slots(self, count: int) -> _Slots:
        return _Slots(count)

    def in_background(self, flow: Callable[[], Coroutine[None, None, None]]) -> _Task:
        return _Task(flow)

    async def run_blocking(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call it in a thread. A cancellation waits for the call's end, so that no file is closed while it is read.

        The call is no task of its own: `asyncio.run` cancels all tasks at its end, and the thread would go on alone.
        """
        called = partial(contextvars.copy_context().run, partial(function, *args, **kwargs))
        call: asyncio.Future[T] = asyncio.get_running_loop().run_in_executor(None, called)
        try:
            return await asyncio.shield(call)
        except asyncio.CancelledError:
            while not call.done():
                with contextlib.suppress(asyncio.CancelledError):  # a second cancellation changes nothing
                    await asyncio.wait([call])
            if not call.cancelled():
                call.exception()  # mark it as retrieved: the cancellation is reported instead
            raise


def _wake(waiter: asyncio.Future[bool], came: bool) -> None:
    if not waiter.done():
        waiter.set_result(came)


def _settle(waiter: asyncio.Future[list[Address]], answer: list[Address] | Exception) -> None:
    if waiter.done():
        return
    if isinstance(answer, Exception):
        waiter.set_exception(answer)
    else:
        waiter.set_result(answer)


async def _ready_in_a_thread(reading: Sequence[Watched], writing: Sequence[Watched], seconds: float) -> bool:
    """Wait in a thread where the loop cannot watch a socket, as on Windows. The thread ends soon after the wait."""
    end = time.monotonic() + seconds
    while True:
        left = max(0.0, end - time.monotonic())
        if await asyncio.to_thread(wait_for, reading, writing, min(left, _SLICE)):
            return True
        if not left:
            return False


class AsyncIO:
    """The async I/O. It belongs to one event loop at a time; another loop gets new connections."""

    blocks = False

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        self._network = AsyncNetwork()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing: AsyncGenerator[None, None] | None = None
        self._pid = os.getpid()
        self._inherited: list[object] = []
        self._fresh()

    def _fresh(self) -> None:
        self._http: Http | None = None
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._slots = _Slots(SUBMITS_IN_FLIGHT)

    def bind(self) -> None:
        """Bind it to the running loop; raise `ConfigurationError` while another loop of this process is not closed."""
        loop = asyncio.get_running_loop()
        forked = self._pid != os.getpid()
        if self._loop is loop and not forked:
            return
        if forked:
            # Kept, so that this process's garbage collection does not close what the parent still uses.
            self._inherited.append((self._http, self._loop, self._closing))
            self._pid = os.getpid()
        elif self._loop is not None and not self._loop.is_closed():
            raise ConfigurationError("this async client is in use by another event loop: make one client per loop")
        if self._loop is not None:
            self._fresh()
        self._loop, self._closing = loop, _closing(self.http)
        with contextlib.suppress(StopIteration):
            self._closing.__anext__().send(None)  # run it to its yield, so that the loop registers it

    def now(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time()

    def random(self) -> float:
        import random  # only pauses need it

        return random.random()  # noqa: S311  # jitter, not a secret

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(until_tick(time.monotonic(), seconds))

    def alarm(self) -> _Alarm:
        return _Alarm()

    async def request(self, request: Request, limit: TimeLimit, sent: SentTracker) -> Reply:
        self.bind()
        return await self.http.request(request, limit, sent)

    def _inject(self, given: Any, is_client: bool) -> Injected:
        from .transports import AsyncTransport  # which imports httpx

        return AsyncTransport(given, is_client)

    def preconnect(self) -> None:
        self.bind()
        self.http.preconnect()

    async def stream(self, request: ExternalRequest | Request, limit: TimeLimit) -> HttpStream:
        self.bind()
        return await self.http.open(request, limit)

    async def run_blocking(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._network.run_blocking(function, *args, **kwargs)

    def lock(self, key: str) -> asyncio.Lock:
        self.bind()
        return self._locks.setdefault(key, asyncio.Lock())

    async def submit_slot(self, seconds: float) -> Slot | None:
        self.bind()
        return await self._slots.take(seconds)

    def own_io(self) -> AsyncIO | None:
        own = self._settings.own_connections()
        return None if own is None else AsyncIO(own)

    @property
    def http(self) -> Http:
        """The HTTP side, which is imported and created with the first request."""
        if self._http is None:
            from .exchange import Http

            self._http = Http(self._settings, self._network, self._inject)
        return self._http

    async def close(self) -> None:
        """Close the connections, if their loop is this one."""
        if self._loop is asyncio.get_running_loop():
            if self._http is not None:
                await self._http.close()
            if self._closing is not None:
                await self._closing.aclose()

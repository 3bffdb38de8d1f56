"""The blocking form of the core's I/O: the same `async def` methods, which never suspend."""

from __future__ import annotations

import time
from contextlib import suppress
from math import inf
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from weakref import WeakValueDictionary

from ..._threads import start_thread
from ..io.mutex import mutex_of, renew_in_child
from ..io.protocol import SUBMITS_IN_FLIGHT, run
from ..io.slots import Slot, Slots
from .network import addresses_of, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from ..io.deadline import TimeLimit
    from ..io.protocol import ExternalRequest, Reply, Request
    from ..io.sent import SentTracker
    from .answers import HttpStream
    from .exchange import Http, Injected
    from .network import Address, Watched
    from .settings import HttpSettings

P = ParamSpec("P")
T = TypeVar("T")

_LOOK_AGAIN = 1.0
"""Seconds after which a waiting thread checks for a free slot itself: a notified one may have been interrupted."""


class _Slots:
    """The slots for the threads of one process. A Ctrl-C leaves no lock taken, because the waiting is done in C."""

    def __init__(self, places: int) -> None:
        self._freed: SimpleQueue[object] = SimpleQueue()
        self._slots = Slots(self._freed.put, places)

    async def take(self, seconds: float) -> Slot | None:
        """Return a slot; None if none was free in time."""
        end = time.monotonic() + seconds
        while (slot := self._slots.take()) is None:
            left = end - time.monotonic()
            if left <= 0:
                return None
            with suppress(Empty):
                self._freed.get(timeout=min(left, _LOOK_AGAIN))
        with suppress(Empty):
            self._freed.get_nowait()  # remove the notification of this slot, if there is one
        return slot


class _Lock:
    """A lock."""

    def __init__(self, slots: _Slots) -> None:
        self._slots = slots
        self._slot: Slot | None = None

    async def __aenter__(self) -> None:
        self._slot = await self._slots.take(inf)

    async def __aexit__(self, *exc_info: object) -> None:
        if self._slot is not None:
            self._slot.release()


class _Alarm:
    """An alarm: a notification lasts until the next wait."""

    def __init__(self) -> None:
        self._rings: SimpleQueue[None] = SimpleQueue()

    def notify(self) -> None:
        self._rings.put(None)

    async def wait(self, seconds: float) -> bool:
        try:
            self._rings.get(timeout=seconds)
        except Empty:
            return False
        with suppress(Empty):
            while True:
                self._rings.get_nowait()  # two notifications count as one
        return True


class _Thread:
    """A flow that runs in its own thread."""

    def __init__(self, flow: Callable[[], Coroutine[None, None, None]]) -> None:
        self._flow = flow
        self._over: SimpleQueue[None] = SimpleQueue()
        start_thread(self._drive)

    def _drive(self) -> None:
        try:
            run(self._flow())
        finally:
            self._over.put(None)

    async def wait(self, seconds: float) -> bool:
        try:
            self._over.get(timeout=max(0.0, seconds))
        except Empty:
            return False
        self._over.put(None)  # for other waiting threads
        return True

    def stop(self) -> None:
        """No-op: a thread cannot be stopped, and ends within the connect time-out."""


class BlockingNetwork:
    """A network whose waits block the calling thread."""

    def now(self) -> float:
        return time.monotonic()

    async def ready(self, reading: Sequence[Watched], writing: Sequence[Watched], seconds: float) -> bool:
        return wait_for(reading, writing, seconds)

    async def resolve(self, host: str, port: int, seconds: float) -> list[Address]:
        """Return the addresses of a name. The system's resolver has its own time-outs and ignores ours."""
        return addresses_of(host, port)

    def connection_slots(self, count: int) -> _Slots:
        return _Slots(count)

    def in_background(self, flow: Callable[[], Coroutine[None, None, None]]) -> _Thread:
        return _Thread(flow)

    async def run_blocking(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return function(*args, **kwargs)


class BlockingIO:
    """The blocking I/O. It may be shared between threads, and used after a fork."""

    blocks = True

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        self._http: Http | None = None
        self._mutex = mutex_of(self)
        self.renew()
        renew_in_child(self)

    def renew(self) -> None:
        """Replace what other threads may hold, in the child of a fork."""
        self._locks: WeakValueDictionary[str, _Slots] = WeakValueDictionary()
        self._slots = _Slots(SUBMITS_IN_FLIGHT)

    def now(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time()

    def random(self) -> float:
        import random  # only pauses need it

        return random.random()  # noqa: S311  # jitter, not a secret

    async def sleep(self, seconds: float) -> None:
        time.sleep(seconds)  # noqa: ASYNC251  # this form of the core blocks by design

    def alarm(self) -> _Alarm:
        return _Alarm()

    async def request(self, request: Request, limit: TimeLimit, sent: SentTracker) -> Reply:
        return await self.http.request(request, limit, sent)

    def preconnect(self) -> None:
        self.http.preconnect()

    async def stream(self, request: ExternalRequest | Request, limit: TimeLimit) -> HttpStream:
        return await self.http.open(request, limit)

    async def run_blocking(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return function(*args, **kwargs)

    def lock(self, key: str) -> _Lock:
        with self._mutex:  # which Python enters and leaves in one step each
            return _Lock(self._locks.setdefault(key, _Slots(1)))

    async def submit_slot(self, seconds: float) -> Slot | None:
        return await self._slots.take(seconds)

    def own_io(self) -> BlockingIO | None:
        own = self._settings.own_connections()
        return None if own is None else BlockingIO(own)

    @property
    def http(self) -> Http:
        """The HTTP side, which is imported and created with the first request."""
        if self._http is None:
            from .exchange import Http

            made = Http(self._settings, BlockingNetwork(), _inject)
            with self._mutex:
                self._http = self._http or made
        return self._http

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close()


def _inject(given: Any, is_client: bool) -> Injected:
    from .transports import BlockingTransport  # which imports httpx

    return BlockingTransport(given, is_client)

"""The blocking form of the core's I/O: the same `async def` methods, none of which ever suspends."""

from __future__ import annotations

import os
import random
import threading
import time
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, ParamSpec, TypeVar
from weakref import WeakValueDictionary

from ..io.slots import SubmitSlot, SubmitSlots
from .exchange import BlockingHttp, BlockingStream, HttpSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..io.deadline import TimeLimit
    from ..io.protocol import ExternalRequest, Reply, Request
    from ..io.sent import SentTracker

P = ParamSpec("P")
T = TypeVar("T")


class _Lock:
    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock

    async def __aenter__(self) -> None:
        self._lock.acquire()

    async def __aexit__(self, *exc_info: object) -> None:
        self._lock.release()


class _Alarm:
    def __init__(self) -> None:
        self._notified = threading.Event()

    def notify(self) -> None:
        self._notified.set()

    async def wait(self, seconds: float) -> bool:
        if self._notified.wait(seconds):
            self._notified.clear()
            return True
        return False


_LOOK_AGAIN = 1.0
"""Seconds after which a submit looks for a free slot itself: whoever was told of one may have been interrupted."""


class BlockingIO:
    """Do what the core asks, in the calling thread. Safe to share between threads, and to use after a fork."""

    blocks = True

    def __init__(self, settings: HttpSettings) -> None:
        self._http = BlockingHttp(settings)
        self._fresh()

    def _fresh(self) -> None:
        self._pid = os.getpid()
        self._mutex = threading.Lock()
        self._locks: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()
        self._freed: SimpleQueue[object] = SimpleQueue()
        self._slots = SubmitSlots(self._freed.put)

    def now(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time()

    def random(self) -> float:
        return random.random()  # noqa: S311  # jitter, not a secret

    async def sleep(self, seconds: float) -> None:
        time.sleep(seconds)  # noqa: ASYNC251  # this form of the core blocks by design

    def alarm(self) -> _Alarm:
        return _Alarm()

    async def request(self, request: Request, limit: TimeLimit, sent: SentTracker) -> Reply:
        return self._http.request(request, limit, sent)

    async def stream(self, request: ExternalRequest | Request, limit: TimeLimit) -> BlockingStream:
        return self._http.open(request, limit)

    async def run_blocking(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return function(*args, **kwargs)

    def lock(self, key: str) -> _Lock:
        if self._pid != os.getpid():
            self._fresh()  # another thread of the parent may have held these at the fork
        with self._mutex:
            return _Lock(self._locks.setdefault(key, threading.Lock()))

    async def submit_slot(self, seconds: float) -> SubmitSlot | None:
        if self._pid != os.getpid():
            self._fresh()
        end = time.monotonic() + seconds
        while (slot := self._slots.take()) is None:
            left = end - time.monotonic()
            if left <= 0:
                return None
            with suppress(Empty):
                self._freed.get(timeout=min(left, _LOOK_AGAIN))
        with suppress(Empty):
            self._freed.get_nowait()  # what told of this place, if anything did
        return slot

    @property
    def http(self) -> BlockingHttp:
        """Give the transport side, for the typed low-level client."""
        return self._http

    async def close(self) -> None:
        """Close the connections."""
        self._http.close()

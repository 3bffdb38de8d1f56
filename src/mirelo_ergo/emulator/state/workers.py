"""Worker threads for decoding and encoding, so that the event loop keeps answering."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from mirelo_ergo.emulator.clock import Stopping

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
THREADS = 2


class Workers:
    """Two worker threads. Work that calls `check` often ends soon after `stop`."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="mirelo-emulator-worker")
        self._stopped = threading.Event()

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Queue a piece of work; raises `Stopping` after `stop`."""
        if self._stopped.is_set():
            raise Stopping
        return self._pool.submit(work)

    def check(self) -> None:
        """Raise `Stopping` when the emulator stops."""
        if self._stopped.is_set():
            raise Stopping

    def stop(self) -> None:
        """Drop the queue, end running work at its next `check`, and wait for the threads."""
        self._stopped.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

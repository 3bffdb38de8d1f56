"""Runs coroutines for sync callers, on an event loop in its own thread, so that it also works inside a running loop."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

T = TypeVar("T")
_END: Final = object()


def drive(make: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine to its end, and return its result or raise its error.

    A Ctrl-C, or an exception of a signal handler (such as the soft time limits of task queues), cancels it, so that it
    can end in order, and is then raised. A second one cancels its cleanup too.
    """
    background = LoopThread(make)
    stop: BaseException | None = None
    while True:
        try:
            background.wait()
            break
        except BaseException as interrupt:
            stop = stop or interrupt
            background.cancel()
    try:
        result = background.result()
    except asyncio.CancelledError as cancelled:
        raise (stop or KeyboardInterrupt()) from cancelled
    except BaseException as error:
        if stop is None:
            raise
        raise stop from error
    if stop is not None:
        raise stop
    return result


class LoopThread(Generic[T]):
    """A coroutine that runs on an event loop in its own thread."""

    def __init__(self, make: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._make = make
        self._task: asyncio.Task[T] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._outcome: list[T] = []
        self._error: BaseException | None = None
        self._started, self._ended = threading.Event(), threading.Event()
        threading.Thread(target=self._run, daemon=True, name="mirelo-batch").start()

    def _run(self) -> None:
        async def main() -> None:
            self._loop, self._task = asyncio.get_running_loop(), asyncio.ensure_future(self._make())
            self._started.set()
            self._outcome.append(await self._task)

        try:
            asyncio.run(main())
        except BaseException as error:  # it is raised by `result`
            self._error = error
        finally:
            self._started.set()
            self._ended.set()

    def cancel(self) -> bool:
        """Cancel it; return whether it was still running."""
        self._started.wait()
        if self._loop is None or self._task is None or self._ended.is_set():
            return False
        with suppress(RuntimeError):  # the loop has just ended
            self._loop.call_soon_threadsafe(self._task.cancel)
        return True

    def wait(self) -> None:
        """Wait for its end."""
        while not self._ended.wait(0.2):  # an unlimited wait ignores Ctrl-C on some systems
            pass

    def result(self) -> T:
        """Wait for its end, and return its result or raise its error."""
        self.wait()
        if self._error is not None:
            raise self._error
        return self._outcome[0]


class Results(Generic[T]):
    """An iterator over items as they end. Close it, or use it in a with-block, if the loop may be left early."""

    def __init__(self, run: Callable[[Callable[[T], None]], Coroutine[Any, Any, Any]]) -> None:
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()

        async def fill() -> None:
            try:
                await run(self._queue.put)
            finally:
                self._queue.put(_END)

        self._background: LoopThread[None] = LoopThread(fill)
        self._done = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        if self._done:
            raise StopIteration
        try:
            found: Any = self._queue.get()
        except BaseException:  # Ctrl-C, or what a signal handler raises
            self.close()
            raise
        if found is _END:
            self._done = True
            self._background.result()
            raise StopIteration
        result: T = found
        return result

    def close(self) -> None:
        """End the run. Running items are recorded, and the next run continues."""
        if not self._done:
            self._done = True
            self._background.cancel()
            try:
                self._background.result()
            except asyncio.CancelledError:
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncResults(Generic[T]):
    """An iterator over items as they end. Close it, or use it in a with-block, if the loop may be left early."""

    def __init__(self, run: Callable[[Callable[[T], None]], Coroutine[Any, Any, Any]]) -> None:
        self._queue: asyncio.Queue[Any] = asyncio.Queue()
        self._run = run
        self._task: asyncio.Task[None] | None = None

    async def _fill(self) -> None:
        try:
            await self._run(self._queue.put_nowait)
        finally:
            self._queue.put_nowait(_END)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        if self._task is None:
            self._task = asyncio.create_task(self._fill())
        found: Any = await self._queue.get()
        if found is _END:
            self._queue.put_nowait(_END)
            await self._task
            raise StopAsyncIteration
        result: T = found
        return result

    async def aclose(self) -> None:
        """End the run. Running items are recorded, and the next run continues."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

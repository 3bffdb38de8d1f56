"""Runs coroutines for sync callers, on an event loop in its own thread, so that it also works inside a running loop."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable, Coroutine
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

from .._threads import Flag, start_thread

T = TypeVar("T")
_END: Final = object()


def drive(make: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine to its end, and return its result or raise its error.

    A Ctrl-C, or an exception of a signal handler (such as the soft time limits of task queues), cancels it, so that it
    can end in order, and is then raised. A second one cancels its cleanup too.
    """
    background = LoopThread(make)
    stop: BaseException | None = None
    told = True
    while True:
        try:
            if not told:
                told = background.cancel() or True
            background.wait()
            break
        except BaseException as interrupt:
            stop, told = stop or interrupt, False
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
    """A coroutine that runs on an event loop in its own thread, once somebody waits for it."""

    def __init__(self, make: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._make = make
        self._task: asyncio.Task[T] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._outcome: list[T] = []
        self._error: BaseException | None = None
        self._cancelled = False
        self._ended = Flag()
        self._ticket: queue.SimpleQueue[None] = queue.SimpleQueue()
        """Only the thread that takes it runs the coroutine: an interrupted start may be repeated."""
        self._ticket.put(None)

    def start(self) -> None:
        """Start it, unless it was started before."""
        if self._loop is None and not self._ended.is_set():
            start_thread(self._run)

    def _run(self) -> None:
        async def main() -> None:
            self._task = asyncio.ensure_future(self._make())
            self._loop = asyncio.get_running_loop()
            if self._cancelled:  # before it had begun
                self._task.cancel()
            self._outcome.append(await self._task)

        try:
            self._ticket.get_nowait()
        except queue.Empty:
            return
        try:
            asyncio.run(main())
        except BaseException as error:  # it is raised by `result`
            self._error = error
        finally:
            self._ended.set()

    def cancel(self) -> bool:
        """Cancel it; return whether it had not ended."""
        self._cancelled = True
        if self._ended.is_set():
            return False
        if self._loop is not None and self._task is not None:
            with suppress(RuntimeError):  # the loop has just ended
                self._loop.call_soon_threadsafe(self._task.cancel)
        return True

    def wait(self) -> None:
        """Wait for its end."""
        self.start()
        self._ended.wait()

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
            self._background.start()
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

"""Find what a test left open: descriptors, sockets among them, threads, asyncio tasks and temporary files."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

import attrs

if TYPE_CHECKING:
    from types import TracebackType

TEMPORARY = ("*.part*", "*.tmp*", "tmp*")


@attrs.frozen
class _Seen:
    """What is there at one moment, by a name for the report."""

    descriptors: frozenset[str]
    threads: frozenset[str]
    tasks: frozenset[asyncio.Task[object]]
    files: frozenset[Path]

    @classmethod
    def now(cls, folder: Path | None) -> _Seen:
        try:
            tasks = asyncio.all_tasks()
        except RuntimeError:  # no loop runs here
            tasks = set()
        return cls(
            descriptors=frozenset(_descriptors()),
            threads=running_threads(),
            tasks=frozenset(tasks),
            files=frozenset(p for pattern in TEMPORARY for p in folder.rglob(pattern)) if folder else frozenset(),
        )

    def beyond(self, before: _Seen) -> list[str]:
        return [
            *(f"descriptor {name}" for name in sorted(self.descriptors - before.descriptors)),
            *(f"thread {name}" for name in sorted(self.threads - before.threads)),
            *(f"task {task.get_name()}: {task.get_coro()}" for task in self.tasks - before.tasks),
            *(f"file {path}" for path in sorted(self.files - before.files)),
        ]


def running_threads() -> frozenset[str]:
    """Name every thread of the process by its number, and as Python calls it: Python does not know all of them."""
    names = {thread.native_id: thread.name for thread in threading.enumerate()}
    numbers = [int(task.name) for task in Path("/proc/self/task").iterdir()]
    return frozenset(f"{names.get(number, '?')} {number}" for number in numbers)


def _descriptors() -> list[str]:
    """Name every open descriptor with its target: a socket's has its inode, so a reused number is another."""
    names: list[str] = []
    for number in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the descriptor that lists the folder
            names.append(f"{number.name} -> {number.readlink()}")
    return names


class LeakCheck:
    """Fail if more is open at the end than at the start; as `with` or, in a coroutine, `async with`.

    What is on its way out, such as a server thread that has just seen the client go, gets `within` seconds to
    end. Nothing is garbage-collected for it: what only a collection would close is a leak. In `folder` only
    temporary names count. Raises AssertionError with the list of what is left.
    """

    def __init__(self, folder: Path | None = None, *, within: float = 30.0) -> None:
        self._folder = folder
        self._within = within

    def __enter__(self) -> Self:
        self._before = _Seen.now(self._folder)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        deadline = time.monotonic() + self._within
        while (left := self._left()) and time.monotonic() < deadline:
            time.sleep(0.005)
        _report(left, error)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        deadline = time.monotonic() + self._within
        while True:  # awaiting in between, so that tasks can end
            left = self._left()
            if not left or time.monotonic() >= deadline:
                break
            await asyncio.sleep(0.005)
        _report(left, error)

    def _left(self) -> list[str]:
        return _Seen.now(self._folder).beyond(self._before)


def _report(left: list[str], error: BaseException | None) -> None:
    if not left:
        return
    report = "left open: " + "; ".join(left)
    if error is None or isinstance(error, Exception):
        raise AssertionError(report) from error
    error.add_note(report)  # Ctrl-C stays Ctrl-C

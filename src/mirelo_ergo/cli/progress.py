"""Bars on a terminal for bytes that go up, a job's percent, and bytes that come down; elsewhere nothing."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from .output import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress, TaskID

    from mirelo_ergo import JobProcessing

    from .output import Output


class Shown(Protocol):
    """What the library's callbacks are bound to, and a way to write beside the bars."""

    def note(self, text: str) -> None: ...
    def upload(self, sent: int, total: int) -> None: ...
    def job(self, status: JobProcessing) -> None: ...
    def download(self, done: int, total: int | None) -> None: ...


class Silence:
    """Show nothing."""

    def __init__(self, output: Output) -> None:
        self.note = output.note

    def upload(self, sent: int, total: int) -> None:
        """Show nothing."""

    def job(self, status: JobProcessing) -> None:
        """Show nothing."""

    def download(self, done: int, total: int | None) -> None:
        """Show nothing."""


class Bars:
    """Show one bar for each step, from its first news on."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}
        self._file = 1
        self._whole = False

    def note(self, text: str) -> None:
        """Write a line above the bars, unbroken: a token has to be copied in one piece."""
        self._progress.console.print(printable(text), soft_wrap=True, markup=False, highlight=False, emoji=False)

    def upload(self, sent: int, total: int) -> None:
        """Show bytes sent."""
        self._show("upload", sent, total, f"{_megabytes(sent)} of {_megabytes(total)}")

    def job(self, status: JobProcessing) -> None:
        """Show the service's estimate of a job's percent."""
        self._show("job", status.progress_percent, 100, f"{status.progress_percent} %")

    def download(self, done: int, total: int | None) -> None:
        """Show bytes of the file that comes; the first ones after a whole file are the next one's."""
        self._file += self._whole
        self._whole = done == total
        size = _megabytes(done) + (f" of {_megabytes(total)}" if total else "")
        self._show(f"file {self._file}", done, total, size)

    def _show(self, name: str, done: int, total: int | None, words: str) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=total, words=words)
        self._progress.update(self._tasks[name], completed=done, total=total, words=words)


@contextmanager
def shown(output: Output) -> Iterator[Shown]:
    """Give bars if stderr is a terminal and nobody asked for quiet."""
    if output.quiet or sys.stderr is None or not sys.stderr.isatty():
        yield Silence(output)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description:>7}"),
        BarColumn(),
        TextColumn("{task.fields[words]}"),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    # stdout is the result's, and stderr gets nothing else meanwhile
    with Progress(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False) as progress:
        yield Bars(progress)


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"

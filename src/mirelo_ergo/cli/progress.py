"""Progress bars on a terminal for uploads, jobs and downloads."""

from __future__ import annotations

import contextlib
import logging
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO, cast

from .printing import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress, TaskID

    from mirelo_ergo import JobProcessing

    from .output import Output


class ProgressView(Protocol):
    """The target of the library's progress callbacks."""

    def note(self, text: str) -> None: ...
    def begin(self, name: str) -> None: ...
    def upload(self, sent: int, total: int) -> None: ...
    def job(self, status: JobProcessing) -> None: ...
    def job_done(self) -> None: ...
    def download(self, done: int, total: int | None) -> None: ...
    def download_done(self) -> None: ...


class Silence:
    """A view without bars, which only writes notes."""

    def __init__(self, output: Output) -> None:
        self.note = output.note

    def begin(self, name: str) -> None:
        """No-op."""

    def upload(self, sent: int, total: int) -> None:
        """No-op."""

    def job(self, status: JobProcessing) -> None:
        """No-op."""

    def job_done(self) -> None:
        """No-op."""

    def download(self, done: int, total: int | None) -> None:
        """No-op."""

    def download_done(self) -> None:
        """No-op."""


class Bars:
    """A view with one bar for each step, which ends at 100 %."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}
        self._name = ""
        self._file = 1
        self._whole = False
        self._done = 0

    def note(self, text: str) -> None:
        """Write a line above the bars without breaking it, so that a token can be copied."""
        self._progress.console.print(printable(text), soft_wrap=True, markup=False, highlight=False, emoji=False)

    def begin(self, name: str) -> None:
        """Begin the bars of another generation."""
        self._name = f"{printable(name)} " if name else ""
        self._file, self._whole = 1, False

    def upload(self, sent: int, total: int) -> None:
        """Show bytes sent."""
        self._show("upload", sent, total, f"{_megabytes(sent)} of {_megabytes(total)}")

    def job(self, status: JobProcessing) -> None:
        """Show the service's estimate of a job's progress, or its state while there is no estimate."""
        percent = status.progress_percent
        self._show("job", percent, 100, f"{percent} %" if percent else status.raw_status)

    def job_done(self) -> None:
        """Show that a job has ended, because the service's progress stops at 90 %."""
        self._show("job", 100, 100, "100 %")

    def download(self, done: int, total: int | None) -> None:
        """Show the downloaded bytes of the current file."""
        if self._whole or (total is None and done < self._done):
            self._end_file()
        self._done, self._whole = done, done == total
        size = _megabytes(done) + (f" of {_megabytes(total)}" if total else "")
        self._show(f"file {self._file}", done, total, size)

    def download_done(self) -> None:
        """Show that the last file is complete."""
        if self._done:
            self._end_file()

    def _end_file(self) -> None:
        """Fill the bar of a file of unknown length."""
        if not self._whole:
            self._show(f"file {self._file}", self._done, self._done, _megabytes(self._done))
        self._file += 1
        self._whole, self._done = False, 0

    def _show(self, step: str, done: int, total: int | None, words: str) -> None:
        name = f"{self._name}{step}"
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=total, words=words)
        self._progress.update(self._tasks[name], completed=done, total=total, words=words)


class _Terminal:
    """Stderr for the bars. A terminal that has gone does not end the job."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.encoding = stream.encoding

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            return self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._stream.fileno()


@contextmanager
def shown(output: Output) -> Iterator[ProgressView]:
    """Yield a view, with bars if stderr is a terminal and `quiet` is not set."""
    progress = None if output.quiet or sys.stderr is None or not sys.stderr.isatty() else _bars(sys.stderr)
    if progress is None:
        with _turns_told(Silence(output)) as view:
            yield view
        return
    with progress, _turns_told(Bars(progress)) as view:
        yield view


@contextmanager
def _turns_told(view: ProgressView) -> Iterator[ProgressView]:
    """Say what a submit waits for that the service lets wait its turn; the library logs it."""
    logger = logging.getLogger("mirelo_ergo.turn")
    handler = _Notes(view)
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield view
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)


class _Notes(logging.Handler):
    """Makes a note of each record."""

    def __init__(self, view: ProgressView) -> None:
        super().__init__()
        self._view = view

    def emit(self, record: logging.LogRecord) -> None:
        self._view.note("waiting: as many jobs run as the account may have; the request goes out when one has ended")


def _bars(stream: TextIO) -> Progress | None:
    try:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
    except ImportError:
        return None
    columns = (
        TextColumn("{task.description:>7}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[words]}", markup=False),
        TimeElapsedColumn(),
    )
    console = Console(file=cast("TextIO", _Terminal(stream)))
    # stdout is the result's, and stderr gets nothing else meanwhile
    return Progress(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False)


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"

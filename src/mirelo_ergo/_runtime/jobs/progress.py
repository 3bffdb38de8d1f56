"""Progress bars for waits: rich's if it is installed, otherwise plain text; HTML in a notebook."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any, Final, Protocol, TextIO

from ..._signals import Tolerating
from .values import JobProcessing

_WIDTH: Final = 30
_STEP: Final = 10
"""Percent between two lines, where a line cannot be overwritten."""

OnProgress = Callable[[JobProcessing], None]


class Bar(Protocol):
    """A progress bar."""

    def show(self, percent: int, state: str) -> None:
        """Show a status."""
        ...

    def close(self) -> None:
        """End the bar, and leave it as it is."""
        ...


class PlainBar:
    """A plain text bar: one line that is overwritten in a terminal, elsewhere a line for every 10 %."""

    def __init__(self, label: str, stream: TextIO) -> None:
        self._label, self._stream = label, stream
        self._overwrites = stream.isatty()
        self._last: tuple[int, str] | None = None

    def show(self, percent: int, state: str) -> None:
        """Write the line, unless nothing has changed."""
        shown = (percent if self._overwrites else percent // _STEP * _STEP, state)
        if shown == self._last:
            return
        self._last = shown
        done = _WIDTH * percent // 100
        line = f"{self._label} [{'#' * done}{'.' * (_WIDTH - done)}] {shown[0]:3} % {state}"
        self._stream.write(f"\r{line:<79}" if self._overwrites else f"{line}\n")
        self._stream.flush()

    def close(self) -> None:
        """End the line."""
        if self._overwrites and self._last is not None:
            self._stream.write("\n")
            self._stream.flush()


class NotebookBar:
    """An HTML bar in a notebook; `display` is IPython's module of that name."""

    def __init__(self, label: str, display: Any) -> None:
        self._label, self._display = label, display
        self._handle: Any = None

    def show(self, percent: int, state: str) -> None:
        """Show the bar, or replace it."""
        import html  # only a notebook needs it

        words = html.escape(f"{self._label}: {percent} % {state}")
        element = self._display.HTML(f'<progress max="100" value="{percent}"></progress> {words}')
        if self._handle is None:
            self._handle = self._display.display(element, display_id=True)
        else:
            self._handle.update(element)

    def close(self) -> None:
        """No-op: the element stays."""


class RichBar:
    """A bar drawn by rich."""

    def __init__(self, label: str, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.percentage:>3.0f} %")
        state = TextColumn("{task.fields[state]}", markup=False)
        self._progress = Progress(*columns, TimeElapsedColumn(), state, console=Console(file=stream))
        self._task = self._progress.add_task(label, total=100, state="")
        self._progress.start()

    def show(self, percent: int, state: str) -> None:
        """Move the bar."""
        self._progress.update(self._task, completed=percent, state=state)

    def close(self) -> None:
        """Stop drawing."""
        self._progress.stop()


def make_bar(label: str, stream: TextIO | None = None) -> Bar:
    """Return the best bar for this process's output; `stream` None is stderr."""
    display = _notebook()
    if display is not None and stream is None:
        return NotebookBar(label, display)
    standard: TextIO | None = sys.stderr  # a program without a console has no stderr
    stream = stream or standard or StringIO()
    if stream.isatty():
        try:
            return RichBar(label, stream)
        except ImportError:
            pass  # not installed: use the plain bar
    return PlainBar(label, stream)


def _notebook() -> Any:
    """Return IPython's display module in a notebook, None elsewhere. It imports nothing."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return ipython.display if ipython is not None and type(shell).__name__ == "ZMQInteractiveShell" else None


def in_notebook() -> bool:
    """Return whether this process is the kernel of a notebook."""
    return _notebook() is not None


@contextmanager
def shown(label: str, show: bool, on_progress: OnProgress | None) -> Iterator[OnProgress | None]:
    """Yield a callback that calls the caller's and draws a bar, which ends at 100 % on success."""
    if not show:
        yield on_progress
        return
    bar = make_bar(label)

    def draw(percent: int, state: str) -> None:
        with Tolerating(OSError, ValueError):  # a closed stream must not end the wait
            bar.show(percent, state)

    def told(status: JobProcessing) -> None:
        draw(min(status.progress_percent, 99), "" if status.raw_status == "processing" else status.raw_status)
        if on_progress is not None:
            on_progress(status)

    draw(0, "")
    try:
        yield told
        draw(100, "done")
    finally:
        with Tolerating(OSError, ValueError):
            bar.close()

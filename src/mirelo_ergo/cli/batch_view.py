"""The display of a running batch: a live table on a terminal, plain lines elsewhere, events with --json."""

from __future__ import annotations

import json
import sys
import threading
import time
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final

import attrs

from .failures import missing_extra

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from mirelo_ergo.batch import Event, Summary

    from .output import Output

_ENDS: Final = ("succeeded", "failed", "refused", "unknown")
_RUNNING: Final = ("claimed", "prepared", "intended", "answered", "fetched", "placed", "reused")
_LAST: Final = 60.0
"""Seconds over which the rate is measured."""


@attrs.define
class Pace:
    """The rate at which items end, measured over the last minute."""

    clock: Callable[[], float] = time.monotonic
    _ends: list[float] = attrs.field(factory=list)

    def note(self) -> None:
        """Record that an item ended now."""
        now = self.clock()
        self._ends = [each for each in self._ends if each > now - _LAST]
        self._ends.append(now)

    def seconds_for(self, left: int) -> float | None:
        """Return the estimated seconds for this many items; None if there is too little data."""
        if len(self._ends) < 2 or not left:
            return None
        span = self.clock() - self._ends[0]
        return left * span / len(self._ends) if span > 0 else None


@attrs.define
class Board:
    """The numbers of a run: the state at its start, and every step since."""

    counts: dict[str, int]
    charged: dict[str, float]
    steps: dict[str, str] = attrs.field(factory=dict)
    """The last step of each running item."""
    pace: Pace = attrs.field(factory=Pace)

    @classmethod
    def of(cls, summary: Summary) -> Board:
        """Return the board of a run that starts now."""
        counts = {str(name): count for name, count in summary.counts.items()}
        return cls(counts, {name: each.charged / 1e6 for name, each in summary.budgets.items()})

    def take(self, event: Event) -> None:
        """Count an event."""
        if event.step == "outdated":
            return
        entry = event.entry
        before = self.steps.pop(entry.id, None)
        if event.step == "claimed":
            self.counts[entry.state] -= 1
            self.counts["running"] = self.counts.get("running", 0) + 1
        if event.step in _ENDS or event.step in ("again", "aside", "lost", "held"):
            if before is not None:
                self.counts["running"] -= 1
            self.counts[entry.state] = self.counts.get(entry.state, 0) + 1
        else:
            self.steps[entry.id] = event.step
        if event.step in _ENDS:
            self.pace.note()
            if entry.currency is not None:
                self.charged[entry.currency] = self.charged.get(entry.currency, 0.0) + entry.charged / 1e6

    @property
    def waiting(self) -> int:
        """The number of items with a running job."""
        return sum(step == "submitted" for step in self.steps.values())

    @property
    def left(self) -> int:
        """The number of items that have not ended."""
        return sum(self.counts.get(name, 0) for name in ("planned", "intended", "submitted", "running"))

    def cells(self) -> Mapping[str, str]:
        """Return the numbers, by their names."""
        seconds = self.pace.seconds_for(self.left)
        money = ", ".join(f"{value:g} {'USD' if name == 'usd' else name}" for name, value in self.charged.items())
        return {
            "done": str(self.counts.get("succeeded", 0)),
            "running": str(max(0, self.counts.get("running", 0) - self.waiting)),
            "waiting": str(self.waiting),
            "left": str(self.left),
            "failed": str(self.counts.get("failed", 0) + self.counts.get("refused", 0)),
            "unknown": str(self.counts.get("unknown", 0)),
            "charged": money or "-",
            "time left": "-" if seconds is None else _clock(seconds),
        }


class View(AbstractContextManager["View"]):
    """The display of one run. `event` may be called from any thread."""

    def __init__(self, output: Output, board: Board) -> None:
        self._output = output
        self.board = board
        self._lock = threading.Lock()
        self._live: Any = None

    def __enter__(self) -> View:
        shown = not self._output.json and not self._output.quiet
        if shown and sys.stderr is not None and sys.stderr.isatty():
            self._live = _live(self._table)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def event(self, event: Event) -> None:
        """Count and show an event."""
        with self._lock:
            self.board.take(event)
            if self._output.json:
                self._output.bytes([json.dumps(event.to_dict()).encode() + b"\n"])
            elif self._live is None or event.step in ("failed", "refused", "unknown"):
                line = _line(event)
                if line is not None and self._live is not None:
                    self._live.console.print(line, markup=False, highlight=False)
                elif line is not None:
                    self._output.note(line)

    def _table(self) -> Any:
        from rich.table import Table

        table = Table(show_edge=False, pad_edge=False)
        with self._lock:
            cells = self.board.cells()
        for name in cells:
            table.add_column(name, justify="right")
        table.add_row(*cells.values())
        return table


def _live(render: Callable[[], Any]) -> Any:
    try:
        from rich.console import Console
        from rich.live import Live
    except ImportError as error:
        raise missing_extra(error.name, "a batch's table", "cli") from None
    return Live(get_renderable=render, console=Console(stderr=True), refresh_per_second=4)


def _line(event: Event) -> str | None:
    """Return an event as one line of text; None for intermediate steps."""
    if event.step == "succeeded" and event.message:
        return f"{event.entry.id}: {event.message}"
    if event.step == "succeeded":
        reused = " (reused)" if event.entry.reused else ""
        return f"{event.entry.id}: {', '.join(file.name for file in event.entry.files)}{reused}"
    if event.step in ("failed", "refused", "unknown"):
        return f"{event.entry.id}: {event.step}: {event.message}"
    if event.step in ("again", "aside", "held"):
        words = {"again": "tried again later", "aside": "left to the next run", "held": "left, as the cap is reached"}
        return f"{event.entry.id}: {words[event.step]}: {event.message}"
    return None


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

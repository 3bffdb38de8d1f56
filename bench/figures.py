"""What a measurement gives: figures with their targets, as a table on the terminal and in docs/figures.md."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NO_PEER = "–"


@attrs.frozen
class Figure:
    """Hold one line of a table. `met` is None where there is no target."""

    what: str
    ours: str
    peer: str = NO_PEER
    ratio: str = NO_PEER
    target: str = NO_PEER
    met: bool | None = None

    def cells(self) -> tuple[str, ...]:
        """Return the figure as a row of the table."""
        met = NO_PEER if self.met is None else "yes" if self.met else "**no**"
        return self.what, self.ours, self.peer, self.ratio, self.target, met


@attrs.frozen
class Group:
    """Hold the figures of one group, and in a sentence or two how they were measured."""

    title: str
    how: str
    figures: Sequence[Figure]


def median(values: Iterable[float]) -> float:
    """Return the median."""
    return statistics.median(values)


def ratio(ours: float, peer: float) -> str:
    """Return how many times the peer's value ours is."""
    return f"{ours / peer:.2f}"


def ms(seconds: float) -> str:
    """Return a length of time as text."""
    return f"{seconds * 1e3:.1f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f} µs"


def mib(count: float) -> str:
    """Return a number of bytes as text."""
    return f"{count / (1 << 20):.1f} MiB"


def rate(count: float, seconds: float) -> str:
    """Return a throughput as text."""
    return f"{count / (1 << 20) / seconds:,.0f} MiB/s"


def table(figures: Sequence[Figure]) -> str:
    """Write figures as a Markdown table that is also readable as it stands."""
    rows = [("figure", "ours", "peer", "ratio", "target", "met"), *(figure.cells() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def page(groups: Sequence[Group], machine: str) -> str:
    """Write the whole of docs/figures.md."""
    parts = [
        "# Figures",
        "",
        "Written by `bench/run.py --write`; `make bench` measures them again. Medians of several rounds, with both",
        f"sides in turn so that drift cancels, each side in a process of its own. Machine: {machine}.",
        "Ratios are ours over the peer's; they travel better than the absolute figures.",
    ]
    for group in groups:
        parts += ["", f"## {group.title}", "", group.how, "", table(group.figures)]
    return "\n".join(parts) + "\n"

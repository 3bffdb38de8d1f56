"""The summary of a batch, and the list of its results."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

from . import ledger
from .events import Summary
from .ledger import Ledger

RESULTS: Final = "results.jsonl"


def summary_of(book: Ledger, stopped: str | None = None, other_files: tuple[str, ...] = ()) -> Summary:
    """Return the number of items in each state, and the money."""
    with book.read() as connection:
        saved = ledger.saved_by_reuse(connection)
        return Summary(
            ledger.counts(connection),
            ledger.read_budgets(connection),
            {currency: worth for currency, (_, worth) in saved.items() if currency},
            sum(number for number, _ in saved.values()),
            stopped,
            other_files,
        )


def write_results(book: Ledger, folder: Path) -> Path:
    """Write `results.jsonl` into a folder, atomically, and return its path. Raises `OSError`."""
    target = folder / RESULTS
    for left in folder.glob(f".{RESULTS}.*.part"):  # left by a process that was killed here
        left.unlink(missing_ok=True)
    beside = target.with_name(f".{RESULTS}.{os.getpid()}.part")
    try:
        with beside.open("w", encoding="utf-8") as file, book.read() as connection:
            for entry in ledger.read_items(connection):
                file.write(json.dumps(entry.to_dict(), ensure_ascii=False) + "\n")
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    return target

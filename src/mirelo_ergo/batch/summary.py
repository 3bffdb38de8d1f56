"""The summary of a batch, and the list of its results."""

from __future__ import annotations

import json
import secrets
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from ..errors import ConfigurationError
from . import ledger
from .events import Summary
from .ledger import Ledger

RESULTS: Final = "results.jsonl"
_FIELDS: Final = frozenset(("id", "operation", "arguments", "state", "files"))
"""Fields of a line of it that a manifest's row does not have all of."""
_LEFT_S: Final = 3600.0
"""The age in seconds from which an unfinished list was left by a process that was killed."""


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
    """Write `results.jsonl` into a folder, atomically; return its path. Raises `OSError`, and as `check_results`."""
    check_results(folder)
    target = folder / RESULTS
    for left in folder.glob(f".{RESULTS}.*.part"):
        _remove_if_left(left)
    beside = target.with_name(f".{RESULTS}.{secrets.token_hex(4)}.part")
    try:
        with beside.open("w", encoding="utf-8") as file, book.read() as connection:
            for entry in ledger.read_items(connection):
                file.write(json.dumps(entry.to_dict(), ensure_ascii=False) + "\n")
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    return target


def check_results(folder: Path) -> None:
    """Raise `ConfigurationError` if `results.jsonl` in a folder is something else, such as a manifest."""
    target = folder / RESULTS
    try:
        with target.open("rb") as file:
            first = file.readline()
        fields = json.loads(first) if first else dict.fromkeys(_FIELDS)
    except FileNotFoundError:
        return
    except (OSError, ValueError, RecursionError):
        fields = None
    if not (isinstance(fields, dict) and fields.keys() >= _FIELDS):
        raise ConfigurationError(
            f"{target} is there and is no list of results, and a run would replace it: give it another name, or give "
            "another folder; nothing was sent"
        )


def _remove_if_left(part: Path) -> None:
    """Remove an unfinished list whose process was killed: it has not been written for an hour."""
    with suppress(FileNotFoundError):
        if part.stat().st_mtime < time.time() - _LEFT_S:
            part.unlink()

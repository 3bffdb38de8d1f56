"""What the tests of batches share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mirelo_ergo.batch import Batch, Item
from mirelo_ergo.batch.result_files import STAGING
from mirelo_ergo.emulator import Emulator

CREDITS = 10
"""What one item of `rain` costs at the emulator."""


def rain(*ids: str, **arguments: Any) -> list[Item]:
    """Return items of one second each."""
    return [Item(name, "text_to_sfx", {"prompt": f"rain {name}", "duration_ms": 1000, **arguments}) for name in ids]


def numbered(count: int, **arguments: Any) -> list[Item]:
    return rain(*(f"i{number:03}" for number in range(count)), **arguments)


def files_of(batch: Batch) -> set[str]:
    """Return the results in a batch's folder, by their names; nothing else may be there."""
    own = {Path(batch.ledger.place).name + suffix for suffix in ("", "-wal", "-shm")} | {"results.jsonl"}
    names = {path.name for path in batch.folder.iterdir()}
    assert STAGING not in names
    return names - own


def saved(batch: Batch) -> set[str]:
    """Return the names of the results that the ledger knows."""
    return {file.name for entry in batch.items() for file in entry.files}


def asked(emulator: Emulator, method: str, part: str) -> int:
    """Return how many requests of a kind the emulator got."""
    return len([seen for seen in emulator.requests if seen.method == method and part in seen.path])

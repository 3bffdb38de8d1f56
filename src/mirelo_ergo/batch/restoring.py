"""Results that are no longer whole in the folder: they are fetched again from their jobs, and not paid."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import attrs

from . import ledger
from .ledger import Entry, Ledger
from .result_files import is_there


@attrs.frozen
class Damage:
    """The items whose files are missing or have another size."""

    fetched: tuple[Entry, ...]
    """Items whose jobs still have their results."""
    lost: tuple[Entry, ...]
    """Items without a job, or whose results have expired."""


def damage_of(book: Ledger, folder: Path, only: Collection[str] | None = None) -> Damage:
    """Return the items that succeeded, but whose files are not in the folder as they were saved. Changes nothing.

    Only items of these ids; None: of any. A folder without any result of a ledger on a server counts as that of another
    machine: nothing is missing there.
    """
    fetched, lost = list[Entry](), list[Entry]()
    anything = not book.shared
    with book.read() as connection:
        now = ledger.now(connection)
        for entry in ledger.read_items(connection, "succeeded"):
            if all(is_there(folder, file) for file in entry.files):
                anything = anything or bool(entry.files)
                continue
            if only is not None and entry.id not in only:
                continue
            expired = entry.expires_at is not None and entry.expires_at <= now
            (lost if entry.token is None or expired else fetched).append(entry)
    return Damage(tuple(fetched), tuple(lost)) if anything else Damage((), ())


def fetch_again(book: Ledger, damage: Damage) -> None:
    """Let the next run fetch the files of damaged items again."""
    if damage.fetched:
        with book.write() as connection:
            now = ledger.now(connection)
            for entry in damage.fetched:
                ledger.reopen(connection, entry, now)


__all__ = ["Damage", "damage_of", "fetch_again"]

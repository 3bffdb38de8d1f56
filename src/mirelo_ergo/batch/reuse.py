"""Reuse of results: found by their fingerprint in the ledgers of a folder, and linked or copied."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from sqlalchemy import select

from ..errors import InvalidRequestError
from .errors import LedgerError
from .ledger import Ledger, SavedFile, address_of, open_ledger
from .ledger.rows import entry_of
from .ledger.schema import items
from .result_files import is_there


class Library:
    """The finished results of all ledgers in a folder and its subfolders. Close it at the end.

    A ledger is a `*.db` file whose results are in its folder or in the library's. Other files are ignored, and results
    from another address than that of their service in `asked`, such as an emulator's placeholders.
    """

    def __init__(self, folder: Path, asked: Mapping[str, str]) -> None:
        if not os.path.isdir(folder):  # noqa: PTH112 - it bears with any text
            raise InvalidRequestError(f"reuse: {folder} is not a folder", field="reuse")
        self.folder = folder
        self._asked = asked
        self._ledgers: list[Ledger] = []
        for place in sorted(folder.rglob("*.db")):
            with suppress(LedgerError):
                self._ledgers.append(open_ledger(place, create=False, writable=False))

    def find(self, fingerprint: str) -> tuple[str, list[tuple[Path, SavedFile]]] | None:
        """Return a ledger and the complete files of a result with this fingerprint; None if there is none."""
        for ledger in self._ledgers:
            for files in self._results(ledger, fingerprint):
                for folder in (Path(ledger.place).parent, self.folder):
                    if files and all(is_there(folder, file, whole=True) for file in files):
                        return ledger.place, [(folder / file.name, file) for file in files]
        return None

    def close(self) -> None:
        """Close the ledgers."""
        for ledger in self._ledgers:
            ledger.close()

    def _results(self, ledger: Ledger, fingerprint: str) -> Iterator[tuple[SavedFile, ...]]:
        query = select(items).where(items.c.fingerprint == fingerprint, items.c.state == "succeeded")
        with ledger.read() as connection:
            found = [entry_of(row) for row in connection.execute(query)]
            noted = {entry.item.service: address_of(connection, entry.item.service) for entry in found}
        yield from (entry.files for entry in found if self._is_from_there(entry.item.service, noted))

    def _is_from_there(self, service: str, noted: Mapping[str, str | None]) -> bool:
        """Return whether a ledger's results of a service are from the address that is asked now, as far as is known."""
        return noted[service] in (None, self._asked.get(service))

"""A temporary store of items on disk, so that checking a hundred thousand of them needs little memory."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from typing import Any, Self

from .items import Item


class Spool:
    """A temporary file of items, each with some words. It has no name, and closing it removes it."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile("w+", encoding="utf-8", errors="surrogatepass")  # noqa: SIM115

    def write(self, item: Item, *words: str) -> None:
        """Add an item."""
        fields = [item.id, item.operation, item.arguments, item.service, item.out, item.take, item.line]
        self._file.write(json.dumps([fields, *words], default=os.fspath) + "\n")

    def read(self) -> Iterator[tuple[Any, ...]]:
        """Yield all items with their words."""
        self._file.seek(0)
        for line in self._file:
            (name, operation, arguments, service, out, take, place), *words = json.loads(line)
            yield (Item(name, operation, arguments, service=service, out=out, take=take, line=place), *words)

    def close(self) -> None:
        """Remove it."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

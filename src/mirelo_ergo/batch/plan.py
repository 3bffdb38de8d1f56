"""A plan: items that were checked by their clients, and their cost. Nothing is submitted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from ..errors import InvalidRequestError, MireloError
from .checking import Checker, Mistakes, checked
from .clients import Connected, connect
from .items import Item
from .ledger import NewItem
from .loop_thread import drive
from .planning import Planner, Quote, totals
from .sources import Hashes, local_files
from .spool import Spool

ClientOf = Callable[[str], Any]


class _Clients(Mapping[str, Connected]):
    """The clients by service, each created for the first item of its service."""

    def __init__(self, client_of: ClientOf) -> None:
        self._client_of = client_of
        self._made: dict[str, Connected] = {}

    def __getitem__(self, service: str) -> Connected:
        if service not in self._made:
            self._made |= connect((self._client_of(service),))
        return self._made[service]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)


class Plan:
    """Checked items, stored on disk, and their prices. Close it, or use it in a with-block."""

    def __init__(
        self, items: Iterable[Item], client_of: ClientOf, mistakes: Mistakes, folder: str | os.PathLike[str] = "."
    ) -> None:
        """Check all items; raises `ManifestError` with all mistakes. Sends nothing.

        Args:
            items: Any number of items, such as `read_manifest("sfx.jsonl", mistakes)`.
            client_of: Returns a sync client for the name of a service; called once for each.
            mistakes: Where mistakes are recorded; it may contain some already.
            folder: The folder for relative paths.
        """
        self.count = 0
        self.clients: Mapping[str, Connected] = _Clients(client_of)
        self._planner = Planner(self.clients, Hashes())
        self._spool = Spool()
        try:
            for item in checked(items, Checker(mistakes, Path(folder))):
                try:
                    found = self._planner.check(item)
                except InvalidRequestError as error:
                    mistakes.add(item, error.message)
                else:
                    self._spool.write(item, found.fingerprint, found.price_key)
                    self.count += 1
            if not self.count and not mistakes.count:
                mistakes.add(None, "it has no items")
            mistakes.raise_any()
        except BaseException:
            self.close()
            raise

    def ask(self) -> None:
        """Fetch the prices of the items, each distinct one once. Costs nothing; it may upload local files."""
        drive(self._planner.ask)

    def account(self) -> int | None:
        """Return the credits in the account; None if no service of the items has them."""
        if "mirelo" not in list(self.clients):
            return None
        try:
            return int(self.clients["mirelo"].client.me().credits_available)
        except MireloError:
            return None

    @property
    def quotes(self) -> list[Quote]:
        """The distinct prices, with the number of their items."""
        return list(self._planner.quotes.values())

    @property
    def totals(self) -> dict[str, int]:
        """The cost of all items with a price, by currency, in millionths."""
        return totals(self.quotes)

    @property
    def unpriced(self) -> list[Quote]:
        """The quotes without a price. With a cap, none of their items may be sent."""
        return self._planner.unpriced()

    def items(self) -> Iterator[NewItem]:
        """Yield the items for a ledger."""
        for item, fingerprint, key in self._spool.read():
            currency, price = self._planner.price_of(key)
            files = {name.partition(".")[0] for name, _ in local_files(item)}
            yield NewItem(item, fingerprint, currency, price, files)

    def close(self) -> None:
        """Remove the stored items."""
        self._spool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


__all__ = ["Plan"]

"""Checks items with their clients, and fetches their prices, each distinct one once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import attrs

from ..errors import CostLimitError, InvalidRequestError, MireloError
from .clients import Connected
from .items import Item
from .ledger import Currency, to_millionths
from .services import request_of
from .sources import Hashes, fingerprint_of

_PRICELESS: Final = frozenset(
    ("prompt", "negative_prompt", "seed", "start_offset_ms", "extra", "preserve_speech", "output_format")
)
"""Arguments that do not change the price."""


@attrs.define
class Quote:
    """One distinct price: a description, the number of its items, and the price of each in millionths.

    `price` None: the service gives none, or it could not be fetched (`problem` says why).
    """

    service: str
    label: str
    count: int
    currency: Currency | None
    price: int | None = None
    problem: str | None = None

    @property
    def total(self) -> int | None:
        """The cost of all of them, in millionths."""
        return None if self.price is None else self.price * self.count

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values, the price in credits or dollars. Keys are only ever added."""
        return {
            "service": self.service,
            "label": self.label,
            "count": self.count,
            "currency": self.currency,
            "price": None if self.price is None else self.price / 1_000_000,
            "problem": self.problem,
        }


@attrs.frozen
class Checked:
    """A checked item, its fingerprint, and the key of its price."""

    item: Item
    fingerprint: str
    price_key: str


class Planner:
    """Checks items and collects their prices. Sends nothing before `ask`."""

    def __init__(self, clients: Mapping[str, Connected], hashes: Hashes) -> None:
        self._clients = clients
        self._hashes = hashes
        self._examples: dict[str, Item] = {}
        self.quotes: dict[str, Quote] = {}

    def check(self, item: Item) -> Checked:
        """Check an item as its client does before a submit; raises `InvalidRequestError`."""
        connected = self._clients.get(item.service)
        if connected is None:
            raise InvalidRequestError(f"service: there is no client of {item.service}: give one, too", field="service")
        request = request_of(connected.client, item)
        model = request.describe().get("model")
        fingerprint = fingerprint_of(item, model, self._hashes)  # before its price counts: it may raise
        key = self._price_key(connected, item, model)
        if key not in self.quotes:
            self._examples[key] = item
            self.quotes[key] = Quote(item.service, _label(item, model), 0, connected.service.currency)
        self.quotes[key].count += 1
        return Checked(item, fingerprint, key)

    async def ask(self) -> None:
        """Fetch each price that is not known yet. Costs nothing; it may upload local files."""
        for key, quote in self.quotes.items():
            if quote.currency is None or quote.price is not None:
                continue
            item = self._examples[key]
            connected = self._clients[item.service]
            try:
                cost = await connected.call(request_of(connected.client, item).preflight)
            except MireloError as error:
                quote.problem = error.message.removesuffix("; nothing was sent")
                continue
            quote.price = to_millionths(cost.credits if quote.currency == "credits" else cost.cost_usd)
            quote.problem = None

    def price_of(self, key: str) -> tuple[Currency | None, int | None]:
        """Return the price and its currency for the ledger; both are None if the price is not known."""
        quote = self.quotes[key]
        return (None, None) if quote.price is None else (quote.currency, quote.price)

    def unpriced(self) -> list[Quote]:
        """Return the quotes without a price. With a cap, none of their items may be sent."""
        return [quote for quote in self.quotes.values() if quote.price is None]

    def _price_key(self, connected: Connected, item: Item, model: object) -> str:
        by_file = connected.service.currency == "usd"  # its prices depend on the file's length
        fields: dict[str, Any] = {"model": model}
        for name, value in item.arguments.items():
            if name == "segment" and isinstance(value, list | tuple):
                fields["width"] = _width(value)
            elif name in connected.service.sources and not by_file:
                fields[name] = True
            elif name not in _PRICELESS:
                fields[name] = value
        return json.dumps([item.service, item.operation, fields], sort_keys=True, default=str)


def totals(quotes: Iterable[Quote]) -> dict[str, int]:
    """Return the cost of all items with a price, by currency, in millionths."""
    found: dict[str, int] = {}
    for quote in quotes:
        if quote.currency is not None and quote.total is not None:
            found[quote.currency] = found.get(quote.currency, 0) + quote.total
    return found


def no_price(quote: Quote) -> CostLimitError:
    """Return the error of items that have no price although there is a cap."""
    one = quote.count == 1
    return CostLimitError(
        f"{'1 item' if one else f'{quote.count} items'} ({quote.label} at {quote.service}) "
        f"{'has' if one else 'have'} no price{'' if quote.problem is None else f' ({quote.problem})'}, so a cap "
        f"cannot be checked: leave {'it' if one else 'them'} out, or put {'it' if one else 'them'} into another ledger "
        "without a cap; nothing was sent"
    )


def _label(item: Item, model: object) -> str:
    parts = [item.operation.replace("_", "-"), str(model)]
    for name in ("duration_ms", "append_duration_ms", "duration"):
        if name in item.arguments:
            unit = " ms" if name.endswith("_ms") else " s"
            parts.append(f"{item.arguments[name]}{unit}")
    samples = item.arguments.get("num_samples", 1)
    return " ".join(parts + ([f"×{samples}"] if samples != 1 else []))


def _width(segment: Sequence[Any]) -> object:
    if len(segment) == 2 and all(isinstance(each, int) for each in segment):
        return segment[1] - segment[0]
    return str(segment)


__all__ = ["Quote"]

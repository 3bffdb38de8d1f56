"""The part of a manifest's cost that is already paid by its ledger, and the part still to pay."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mirelo_ergo.batch import Budget, Entry, Plan


@attrs.frozen
class LedgerTotals:
    """The money of a plan by currency, in millionths. `budgets` are those of the whole ledger."""

    paid: Mapping[str, int]
    """Charged or reserved for the plan's items."""
    to_pay: Mapping[str, int]
    """The cost of its items that are not begun."""
    budgets: Mapping[str, Budget]
    begun: bool
    """Whether one of the plan's items was begun."""
    removed: int
    """Items of the ledger that are not in the plan."""
    removed_planned: Sequence[str]
    """The ids of those that were never sent, and are not."""
    removed_under_way: int
    """How many of those are under way, and are fetched."""

    def cap(self, currency: str, given: float | None) -> int | None:
        """Return the cap in millionths: the given one, else the ledger's."""
        if given is not None:
            return int(given * 1_000_000)
        budget = self.budgets.get(currency)
        return None if budget is None else budget.cap

    def at_the_end(self, currency: str) -> int:
        """Return the ledger's total cost when all items are done."""
        budget = self.budgets.get(currency)
        spent = 0 if budget is None else budget.charged + budget.reserved
        return spent + self.to_pay.get(currency, 0)


def totals_of(plan: Plan, place: str | Path) -> LedgerTotals:
    """Return the totals of the plan in a ledger; zero if there is no readable ledger."""
    entries, budgets = _read(place)
    paid, to_pay, begun = Counter[str](), Counter[str](), False
    for new in plan.items():
        entry = entries.pop(new.item.id, None)
        if entry is not None and entry.currency is not None:
            paid[entry.currency] += entry.charged + entry.reserved
        changed = entry is not None and entry.item.definition != new.item.definition
        if entry is None or entry.state == "planned" or (changed and entry.state in ("failed", "refused")):
            if new.currency is not None:
                to_pay[new.currency] += new.price or 0
        else:
            begun = True
    planned = [entry.id for entry in entries.values() if entry.state == "planned"]
    under_way = sum(entry.state in ("intended", "submitted") for entry in entries.values())
    return LedgerTotals(paid, to_pay, budgets, begun or any(paid.values()), len(entries), planned, under_way)


def _read(place: str | Path) -> tuple[dict[str, Entry], Mapping[str, Budget]]:
    from mirelo_ergo.batch import LedgerError, ledger

    with (
        suppress(LedgerError),  # the run itself creates it or reports the problem
        ledger.open_ledger(place, create=False, writable=False) as book,
        book.read() as connection,
    ):
        return {entry.item.id: entry for entry in ledger.read_items(connection)}, ledger.read_budgets(connection)
    return {}, {}

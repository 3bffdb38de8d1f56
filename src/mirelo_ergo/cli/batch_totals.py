"""The part of a manifest's cost that is already paid by its ledger, and the part still to pay."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mirelo_ergo.batch import Budget, Entry, Mistakes, Plan


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
    other_files: Sequence[str]
    """The ids of the plan's items that were sent with files whose bytes are others now."""
    reused: int
    """How many of its items are taken from earlier batches and cost nothing."""
    unpriced: int
    """How many of its items that are still to be made have no price."""

    def cap(self, currency: str, given: float | None) -> int | None:
        """Return the cap in millionths: the given one, else the ledger's."""
        from mirelo_ergo.batch import ledger

        if given is not None:
            return ledger.to_millionths(given)
        budget = self.budgets.get(currency)
        return None if budget is None else budget.cap

    def at_the_end(self, currency: str) -> int:
        """Return the ledger's total cost when all items are done."""
        budget = self.budgets.get(currency)
        spent = 0 if budget is None else budget.charged + budget.reserved
        return spent + self.to_pay.get(currency, 0)


def totals_of(
    plan: Plan, place: str | Path, mistakes: Mistakes, reuse: str | None = None, *, moved: bool = False
) -> LedgerTotals:
    """Return what the ledger has of the plan; nothing of it where there is no ledger.

    Raises `ManifestError` if an item was changed after it was sent, `LedgerError` for a ledger that the run refuses
    too, and `InvalidRequestError` if `reuse` is no folder.
    """
    from mirelo_ergo.batch import checking, ledger, sources
    from mirelo_ergo.batch import reuse as reusing

    asked = {name: str(connected.client.base_url) for name, connected in plan.clients.items()}
    entries, budgets = _read(place, {} if moved else asked)
    paid, to_pay, begun, reused, unpriced = Counter[str](), Counter[str](), False, 0, 0
    other_files = []
    with ExitStack() as stack:
        library = None if reuse is None else stack.enter_context(closing(reusing.Library(Path(reuse), asked)))
        for new in plan.items():
            entry = entries.pop(new.item.id, None)
            if entry is not None and entry.currency is not None:
                paid[entry.currency] += entry.charged + entry.reserved
            changed = entry is not None and entry.item.definition != new.item.definition and not new.is_moved(entry)
            if entry is not None and changed and entry.state not in ledger.REPLACEABLE:
                mistakes.add(new.item, checking.sent_already(entry.item, new.item))
            elif (
                entry is None
                or entry.state in ("planned", "removed")
                or (changed and entry.state in ("failed", "refused"))
            ):
                if library is not None and new.fingerprint is not None and library.find(new.fingerprint) is not None:
                    reused += 1
                elif new.currency is not None:
                    to_pay[new.currency] += new.price or 0
                else:
                    unpriced += 1
            else:
                begun = True
                if sources.has_other_files(entry, new.fingerprint):
                    other_files.append(entry.id)
    mistakes.raise_any()
    planned = [entry.id for entry in entries.values() if entry.state in ("planned", "removed")]
    under_way = sum(entry.state in ("intended", "submitted") for entry in entries.values())
    begun = begun or any(paid.values())
    return LedgerTotals(paid, to_pay, budgets, begun, len(entries), planned, under_way, other_files, reused, unpriced)


def _read(place: str | Path, asked: Mapping[str, str]) -> tuple[dict[str, Entry], Mapping[str, Budget]]:
    from mirelo_ergo.batch import LedgerError, ledger

    try:
        with ledger.open_ledger(place, create=False, writable=False) as book, book.read() as connection:
            ledger.check_address(connection, book.place, asked)
            return {entry.item.id: entry for entry in ledger.read_items(connection)}, ledger.read_budgets(connection)
    except LedgerError as error:
        if not error.missing:
            raise
    return {}, {}

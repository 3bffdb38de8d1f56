"""Adding items to a ledger. The same item may be added any number of times."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

import attrs
from sqlalchemy import Connection, insert, select, update

from ..items import Item, arguments_json, changed_fields
from .reading import read_item
from .rows import Entry
from .schema import State, items
from .sheets import come_back, put_sheet, sheets_of

REPLACEABLE: Final[tuple[State, ...]] = ("planned", "removed", "refused", "failed")
"""States in which an item's definition may change, because nothing of it is running or paid."""
CHUNK: Final = 500


@attrs.frozen
class NewItem:
    """A checked item to add, with its price. `price` None: the service gives none."""

    item: Item
    fingerprint: str | None = None
    currency: str | None = None
    price: int | None = None
    files: Collection[str] = ()
    """The names of its arguments that are local files."""

    def is_moved(self, before: Entry) -> bool:
        """Return whether it is an earlier item whose files are in another place now, as in a renamed folder."""
        return (
            self.fingerprint is not None
            and before.fingerprint == self.fingerprint
            and set(changed_fields(before.item, self.item)) <= set(self.files)
        )


@attrs.define
class Added:
    """The result of adding items."""

    new: int = 0
    known: int = 0
    changed: int = 0
    back: int = 0
    """Known ones that had left the sheet, and are planned again."""
    removed: int = 0
    """Planned items that are not sent, as they have left the sheet."""
    conflicts: list[Item] = attrs.field(factory=list)
    """Items whose id is in the ledger with another definition that cannot be replaced. None was added."""


def add(connection: Connection, new: Iterable[NewItem], now: float, sheet: str | None = None) -> Added:
    """Add items as planned. An existing item with the same definition is unchanged, or planned again if it had left.

    One whose files were only moved is the same item. One with another definition is replaced if nothing of it is
    running or paid; otherwise it is a conflict. If the items are all rows of a `sheet`, planned items that came from it
    and are not among them are removed.
    """
    added, chunk = Added(), list[NewItem]()
    there, before = set[int](), set[str | None]()
    for each in new:
        chunk.append(each)
        if len(chunk) == CHUNK:
            _add_chunk(connection, chunk, now, added, before)
            there.update(_seqs(connection, chunk) if sheet is not None else ())
            chunk = []
    _add_chunk(connection, chunk, now, added, before)
    if sheet is not None and not added.conflicts:
        there.update(_seqs(connection, chunk))
        added.removed = put_sheet(connection, sheet, there, before, now)
    return added


def plan(
    connection: Connection,
    seq: int,
    definition: str,
    fingerprint: str,
    currency: str | None,
    price: int | None,
    now: float,
) -> None:
    """Record the result of checking a planned item with a client, unless the item has changed since."""
    untouched = (items.c.seq == seq, items.c.state == "planned", items.c.definition == definition)
    values = {"fingerprint": fingerprint, "currency": currency, "price": price, "updated_at": now}
    connection.execute(update(items).where(*untouched).values(values))


def known_names(connection: Connection, names: Sequence[str]) -> dict[str, str]:
    """Return those of these file names that belong to items of the ledger, as name → id. Case is ignored."""
    query = select(items.c.name, items.c.id).where(items.c.name.in_(names))
    return {row.name: row.id for row in connection.execute(query)}


def _seqs(connection: Connection, chunk: Sequence[NewItem]) -> list[int]:
    ids = [each.item.id for each in chunk]
    return list(connection.execute(select(items.c.seq).where(items.c.id.in_(ids))).scalars())


def _add_chunk(
    connection: Connection, chunk: Sequence[NewItem], now: float, added: Added, before: set[str | None]
) -> None:
    ids = [each.item.id for each in chunk]
    query = select(items.c.seq, items.c.id, items.c.state, items.c.definition, items.c.lease_until)
    known = {row.id: row for row in connection.execute(query.where(items.c.id.in_(ids)))}
    seqs = [row.seq for row in known.values()]
    before |= sheets_of(connection, seqs)
    come_back(connection, seqs)
    rows: list[dict[str, Any]] = []
    for each in chunk:
        row = known.get(each.item.id)
        columns = _columns(each, now)
        if row is None:
            rows.append(columns)
        elif row.definition == each.item.definition or _is_moved(connection, each):
            added.known += 1
            if row.state == "removed":
                connection.execute(update(items).where(items.c.seq == row.seq).values({**columns, **_AFRESH}))
                added.back += 1
            elif row.definition != each.item.definition:
                places = {name: columns[name] for name in ("arguments", "definition", "line")}
                connection.execute(update(items).where(items.c.seq == row.seq).values(places))
        elif row.state in REPLACEABLE and (row.lease_until is None or row.lease_until <= now):
            connection.execute(update(items).where(items.c.seq == row.seq).values({**columns, **_AFRESH}))
            added.changed += 1
        else:
            added.conflicts.append(each.item)
    if rows:
        connection.execute(insert(items), rows)
        added.new += len(rows)


def _is_moved(connection: Connection, new: NewItem) -> bool:
    before = read_item(connection, new.item.id) if new.files else None
    return before is not None and new.is_moved(before)


_AFRESH: Final[Mapping[str, Any]] = {
    "fence": items.c.fence + 1,
    "worker": None,
    "lease_until": None,
    "intent_fence": None,
    "ended_at": None,
    "error_type": None,
    "error_code": None,
    "error": None,
    "not_before": 0.0,
    "attempts": 0,
    "key": None,
    "token": None,
}


def _columns(new: NewItem, now: float) -> dict[str, Any]:
    item = new.item
    return {
        "id": item.id,
        "line": item.line,
        "service": item.service,
        "operation": item.operation,
        "arguments": arguments_json(item),
        "name": item.name,
        "take": item.take,
        "definition": item.definition,
        "fingerprint": new.fingerprint,
        "currency": new.currency,
        "price": new.price,
        "state": "planned",
        "updated_at": now,
    }

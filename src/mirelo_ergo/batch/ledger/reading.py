"""Looking at a ledger. Nothing here writes."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, func, select

from ...errors import InvalidRequestError
from .rows import Entry, entry_of
from .schema import STATES, State, items

PAGE = 500


def read_item(connection: Connection, item_id: str) -> Entry | None:
    """Return one item, None if there is none of that id."""
    row = connection.execute(select(items).where(items.c.id == item_id)).one_or_none()
    return None if row is None else entry_of(row)


def read_items(connection: Connection, state: State | None = None) -> Iterator[Entry]:
    """Give the items in the manifest's order, 500 at a time; of one state only, if one is named."""
    if state is not None and state not in STATES:
        raise InvalidRequestError(f"state={state!r:.40} is none; there are {', '.join(STATES)}", field="state")
    last = 0
    while True:
        query = select(items).where(items.c.seq > last).order_by(items.c.seq).limit(PAGE)
        rows = connection.execute(query if state is None else query.where(items.c.state == state)).all()
        for row in rows:
            yield entry_of(row)
        if len(rows) < PAGE:
            return
        last = rows[-1].seq


def counts(connection: Connection) -> dict[State, int]:
    """Return how many items are in each state; all seven are there."""
    query = select(items.c.state, func.count().label("number")).group_by(items.c.state)
    found: dict[str, int] = {row.state: row.number for row in connection.execute(query)}
    return {state: found.get(state, 0) for state in STATES}


def pending(connection: Connection) -> int:
    """Return how many items there is still something to do for."""
    begun = items.c.state.in_(("planned", "intended", "submitted"))
    return connection.execute(select(func.count()).select_from(items).where(begun)).scalar_one()


def next_free(connection: Connection) -> float | None:
    """Return the Unix time at which the next item may be claimed, None if there is none left to claim."""
    begun = items.c.state.in_(("planned", "intended", "submitted"))
    free = func.coalesce(items.c.lease_until, items.c.not_before)
    found = connection.execute(select(func.min(free)).where(begun)).scalar_one()
    return None if found is None else float(found)

"""Reading a ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy import ColumnElement, Connection, func, or_, select

from ...errors import InvalidRequestError
from .claims import not_of, outside
from .money import capped
from .rows import Entry, entry_of
from .schema import STATES, State, items

PAGE = 500


def read_item(connection: Connection, item_id: str) -> Entry | None:
    """Return one item, None if there is none of that id."""
    row = connection.execute(select(items).where(items.c.id == item_id)).one_or_none()
    return None if row is None else entry_of(row)


def read_items(connection: Connection, state: State | None = None) -> Iterator[Entry]:
    """Yield the items in the manifest's order, reading 500 at a time; only those in `state` if it is given."""
    if state is not None and state not in STATES:
        raise InvalidRequestError(
            f"state={state!r:.40} is not a state; the states are {', '.join(STATES)}", field="state"
        )
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
    """Return the number of items in each of the states."""
    query = select(items.c.state, func.count().label("number")).group_by(items.c.state)
    found: dict[str, int] = {row.state: row.number for row in connection.execute(query)}
    return {state: found.get(state, 0) for state in STATES}


def pending(connection: Connection) -> int:
    """Return the number of items that are not finished."""
    begun = items.c.state.in_(("planned", "intended", "submitted"))
    return connection.execute(select(func.count()).select_from(items).where(begun)).scalar_one()


def next_free(
    connection: Connection,
    *,
    worker: str | None = None,
    services: Collection[str] | None = None,
    planned: bool = True,
    without: Collection[int] = (),
) -> float | None:
    """Return the Unix time at which the next item can be claimed, None if none is left.

    The arguments choose items as in `claim`; None: for any worker.
    """
    states = ("planned", "intended", "submitted") if planned else ("intended", "submitted")
    conditions: list[ColumnElement[bool]] = [items.c.state.in_(states)]
    if worker is not None:
        conditions.append(not_of(worker))
    if services is not None:
        conditions.append(items.c.service.in_(services))
    if without:
        conditions.append(outside(without))
    free = func.coalesce(items.c.lease_until, items.c.not_before)
    found = connection.execute(select(func.min(free)).where(*conditions)).scalar_one()
    return None if found is None else float(found)


def services_left(connection: Connection, *, without: Collection[int] = ()) -> list[str]:
    """Return the services of items that are not finished, and whose `seq` is not in `without`."""
    query = select(items.c.service).where(items.c.state.in_(("planned", "intended", "submitted")))
    if without:
        query = query.where(outside(without))
    return [str(name) for name in connection.execute(query.distinct()).scalars()]


def left_out(connection: Connection, only: Collection[str]) -> list[int]:
    """Return the `seq` of the planned items whose ids are not in `only`."""
    query = select(items.c.seq, items.c.id).where(items.c.state == "planned").order_by(items.c.seq)
    return [row.seq for row in connection.execute(query) if row.id not in only]


def unplanned(connection: Connection, after: int, limit: int = PAGE) -> list[Entry]:
    """Return planned items after a `seq` that were never checked with a client, or with a cap that have no price."""
    unchecked: ColumnElement[bool] = items.c.fingerprint.is_(None)
    if capped(connection):
        unchecked = or_(unchecked, items.c.price.is_(None))
    query = select(items).where(items.c.state == "planned", unchecked, items.c.seq > after)
    return [entry_of(row) for row in connection.execute(query.order_by(items.c.seq).limit(limit))]


def is_unplanned(connection: Connection, entry: Entry) -> bool:
    """Return whether `unplanned` would return an item."""
    unchecked = entry.fingerprint is None or (entry.price is None and capped(connection))
    return entry.state == "planned" and unchecked


def job_tokens(connection: Connection, service: str) -> Iterator[str]:
    """Yield the tokens of a service's jobs that belong to items."""
    query = select(items.c.token).where(items.c.service == service, items.c.token.is_not(None))
    yield from (str(token) for token in connection.execute(query).scalars())


def twins(connection: Connection, entry: Entry) -> int:
    """Return the number of other items with the same request and no known outcome: their jobs are indistinguishable."""
    same = (items.c.key == entry.key, items.c.seq != entry.seq, items.c.state.in_(("intended", "unknown")))
    return connection.execute(select(func.count()).select_from(items).where(*same)).scalar_one()


def saved_by_reuse(connection: Connection) -> dict[str, tuple[int, int]]:
    """Return by currency the number of reused results and their saved cost, in millionths."""
    query = select(
        items.c.currency, func.count().label("number"), func.sum(func.coalesce(items.c.price, 0)).label("sum")
    )
    rows = connection.execute(query.where(items.c.reused.is_not(None)).group_by(items.c.currency))
    return {row.currency or "": (row.number, int(row.sum)) for row in rows}

"""Leases: which worker has an item. Each claim increases the item's fence, and every write needs the last fence."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, case, or_, select, update

from ..errors import FenceLostError
from .rows import Entry, entry_of
from .schema import items

T = TypeVar("T")
_LONGEST_PAUSE = 120.0
LEASE_S = 45.0
"""The length of a lease in seconds. It is renewed three times in it, so a dead worker's items are soon free."""


def claim(
    connection: Connection,
    worker: str,
    now: float,
    lease_s: float = LEASE_S,
    *,
    limit: int = 1,
    services: Collection[str] | None = None,
    planned: bool = True,
    without: Collection[int] = (),
) -> list[Entry]:
    """Claim up to `limit` free items, and return them with their new fence.

    The order is: submitted jobs, first those whose results expire soonest; then requests without an outcome; then, if
    `planned`, planned items in the manifest's order. Only items of these `services` (None: of any), whose `seq` is not
    in `without`, and that this worker does not have already, because a clock jump must not end its own leases.
    """
    query = _first(select(items.c.seq), now, limit, services, planned=planned, without=without)
    query = query.where(not_of(worker))
    found = connection.execute(query.with_for_update(skip_locked=True)).scalars().all()
    return _take(connection, list(found), worker, now, lease_s)


def claimable(
    connection: Connection,
    now: float,
    *,
    limit: int,
    services: Collection[str] | None = None,
    planned: bool = True,
    without: Collection[int] = (),
) -> list[str]:
    """Return the ids of the items that `claim` would return now. Nothing is claimed."""
    query = _first(select(items.c.id), now, limit, services, planned=planned, without=without)
    return list(connection.execute(query).scalars())


def claim_item(
    connection: Connection,
    item_id: str,
    worker: str,
    now: float,
    lease_s: float = LEASE_S,
    *,
    services: Collection[str] | None = None,
) -> Entry | None:
    """Claim one item and return it; None if another worker has it, it has ended, or a person has to decide.

    Only an item of these `services`; None: of any.
    """
    this = select(items.c.seq).where(items.c.id == item_id, not_of(worker))
    query = _first(this, now, 1, services, planned=True, without=())
    found = connection.execute(query.with_for_update(skip_locked=True)).scalars().all()
    return next(iter(_take(connection, list(found), worker, now, lease_s)), None)


def renew(
    connection: Connection, worker: str, now: float, lease_s: float = LEASE_S, *, only: Collection[int] | None = None
) -> int:
    """Extend the leases of a worker, and return how many it has.

    `only` are the `seq`s of the items that it is processing: others that it has claimed become free in time.
    """
    held = update(items).where(items.c.worker == worker, items.c.lease_until.is_not(None))
    if only is not None:
        held = held.where(items.c.seq.in_(only))
    return connection.execute(held.values(lease_until=now + lease_s)).rowcount


def release(connection: Connection, entry: Entry) -> None:
    """Release an item unchanged. A no-op if another worker has it."""
    connection.execute(
        update(items)
        .where(items.c.seq == entry.seq, items.c.fence == entry.fence)
        .values(worker=None, lease_until=None)
    )


def release_item(connection: Connection, seq: int, worker: str) -> None:
    """Release an item of this worker, with any fence. A no-op if the worker does not have it."""
    mine = update(items).where(items.c.seq == seq, items.c.worker == worker)
    connection.execute(mine.values(worker=None, lease_until=None))


def holders(connection: Connection) -> list[str]:
    """Return the workers with leases, ended ones included."""
    query = select(items.c.worker).where(items.c.worker.is_not(None), items.c.lease_until.is_not(None))
    query = query.distinct().order_by(items.c.worker)
    return [str(name) for name in connection.execute(query).scalars()]


def release_worker(connection: Connection, worker: str) -> int:
    """Release all items of a dead worker, and return their number."""
    held = update(items).where(items.c.worker == worker, items.c.lease_until.is_not(None))
    return connection.execute(held.values(worker=None, lease_until=None)).rowcount


def check(connection: Connection, entry: Entry, now: float) -> None:
    """Raise `FenceLostError` unless this claim still holds the item."""
    query = select(items.c.fence, items.c.lease_until).where(items.c.seq == entry.seq)
    row = connection.execute(query).one_or_none()
    if row is None or row.fence != entry.fence or row.lease_until is None or row.lease_until <= now:
        raise lost(entry)


def lost(entry: Entry) -> FenceLostError:
    """Return the error of a write after another worker's claim."""
    return FenceLostError(f"item {entry.id}: another worker took it over, so nothing more is written or sent for it")


def _first(
    query: Select[tuple[T]],
    now: float,
    limit: int,
    services: Collection[str] | None,
    *,
    planned: bool,
    without: Collection[int],
) -> Select[tuple[T]]:
    """Return the query of the free items, in the order in which they are claimed."""
    query = query.where(_free(now, planned=planned))
    if services is not None:
        query = query.where(items.c.service.in_(services))
    if without:
        query = query.where(outside(without))
    rank = case((items.c.state == "submitted", 0), (items.c.state == "intended", 1), else_=2)
    return query.order_by(rank, items.c.expires_at, items.c.seq).limit(limit)


def outside(without: Collection[int]) -> ColumnElement[bool]:
    """Return the condition that an item's `seq` is not in `without`, which may be longer than a list of parameters."""
    return items.c.seq.not_in(bindparam("without", tuple(without), expanding=True, literal_execute=True))


def not_of(worker: str) -> ColumnElement[bool]:
    """Return the condition that this worker does not have an item."""
    return or_(items.c.worker.is_(None), items.c.worker != worker)


def _free(now: float, *, planned: bool) -> ColumnElement[bool]:
    unheld = or_(items.c.lease_until.is_(None), items.c.lease_until <= now)
    # a pause is a minute at most: one that ends later was counted by a clock that has gone back since
    due = or_(items.c.not_before <= now, items.c.not_before > now + _LONGEST_PAUSE)
    waiting = and_(items.c.state == "planned", due)
    begun = items.c.state.in_(("submitted", "intended"))
    return and_(unheld, or_(begun, waiting) if planned else begun)


def _take(connection: Connection, found: list[int], worker: str, now: float, lease_s: float) -> list[Entry]:
    if not found:
        return []
    mine = items.c.seq.in_(found)
    taken = {"worker": worker, "fence": items.c.fence + 1, "lease_until": now + lease_s, "updated_at": now}
    rows = connection.execute(update(items).where(mine).values(taken).returning(items))
    entries = {row.seq: entry_of(row) for row in rows}
    return [entries[seq] for seq in found]

"""Leases: who works on an item. Each claim raises the item's fence, and every write needs the fence of the last one."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, Select, and_, case, or_, select, update

from ..errors import FenceLostError
from .rows import Entry, entry_of
from .schema import items

T = TypeVar("T")
LEASE_S = 45.0
"""Seconds that a claim holds; renewed three times within them, so that a dead worker's items are free in a minute."""


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
    """Take over up to `limit` items that nobody holds, and return them with their new fence.

    First submitted jobs, those whose results the service drops soonest before the others; then requests without an
    outcome; then planned items in the manifest's order, where `planned`. Only of these `services`, None: of any; not
    those with a `seq` in `without`, and none that this worker has already, as a clock that jumps ends no lease of its
    own.
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
    """Return the ids of what `claim` would take over now. Nothing is taken."""
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
    """Take over one item and return it; None where another worker holds it, it has ended, or a person must decide.

    Only of these `services`, None: of any.
    """
    this = select(items.c.seq).where(items.c.id == item_id, not_of(worker))
    query = _first(this, now, 1, services, planned=True, without=())
    found = connection.execute(query.with_for_update(skip_locked=True)).scalars().all()
    return next(iter(_take(connection, list(found), worker, now, lease_s)), None)


def renew(
    connection: Connection, worker: str, now: float, lease_s: float = LEASE_S, *, only: Collection[int] | None = None
) -> int:
    """Extend all leases of a worker that still hold by their fence, and return how many there are.

    `only` are the `seq`s of the items that it works on: one that it claimed without knowing becomes free in time.
    """
    held = update(items).where(items.c.worker == worker, items.c.lease_until.is_not(None))
    if only is not None:
        held = held.where(items.c.seq.in_(only))
    return connection.execute(held.values(lease_until=now + lease_s)).rowcount


def release(connection: Connection, entry: Entry) -> None:
    """Give an item back as it is, for any worker. Does nothing if another has it already."""
    connection.execute(
        update(items)
        .where(items.c.seq == entry.seq, items.c.fence == entry.fence)
        .values(worker=None, lease_until=None)
    )


def release_item(connection: Connection, seq: int, worker: str) -> None:
    """Give back an item that this worker holds, by whichever claim. Does nothing if it has it no more."""
    mine = update(items).where(items.c.seq == seq, items.c.worker == worker)
    connection.execute(mine.values(worker=None, lease_until=None))


def holders(connection: Connection) -> list[str]:
    """Return the workers that hold leases, ended ones too."""
    query = select(items.c.worker).where(items.c.worker.is_not(None), items.c.lease_until.is_not(None))
    query = query.distinct().order_by(items.c.worker)
    return [str(name) for name in connection.execute(query).scalars()]


def release_worker(connection: Connection, worker: str) -> int:
    """Free all items of a worker that is known to be dead, and return how many they were."""
    held = update(items).where(items.c.worker == worker, items.c.lease_until.is_not(None))
    return connection.execute(held.values(worker=None, lease_until=None)).rowcount


def check(connection: Connection, entry: Entry, now: float) -> None:
    """Raise `FenceLostError` unless the item is still held by this claim."""
    query = select(items.c.fence, items.c.lease_until).where(items.c.seq == entry.seq)
    row = connection.execute(query).one_or_none()
    if row is None or row.fence != entry.fence or row.lease_until is None or row.lease_until <= now:
        raise lost(entry)


def lost(entry: Entry) -> FenceLostError:
    """Return the error of a write that came too late."""
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
    """Choose the items that are to be taken over first, of those that nobody holds."""
    query = query.where(_free(now, planned=planned))
    if services is not None:
        query = query.where(items.c.service.in_(services))
    if without:
        query = query.where(items.c.seq.not_in(without))
    rank = case((items.c.state == "submitted", 0), (items.c.state == "intended", 1), else_=2)
    return query.order_by(rank, items.c.expires_at, items.c.seq).limit(limit)


def not_of(worker: str) -> ColumnElement[bool]:
    """Return the condition that an item is not held by this worker."""
    return or_(items.c.worker.is_(None), items.c.worker != worker)


def _free(now: float, *, planned: bool) -> ColumnElement[bool]:
    unheld = or_(items.c.lease_until.is_(None), items.c.lease_until <= now)
    waiting = and_(items.c.state == "planned", items.c.not_before <= now)
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

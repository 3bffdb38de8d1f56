"""The state changes of an item. Each runs within a transaction, and needs the fence of its claim."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

import attrs
from sqlalchemy import ColumnElement, Connection, and_, or_, select, update

from ..errors import CapReachedError
from .claims import lost
from .money import capped, reserve, settle
from .rows import Entry, SavedFile, entry_of
from .schema import items
from .sheets import has_left

REOPENED: Final = "reopened"
"""The error code of an item that had succeeded, while its files are fetched again."""
_FREE = {"worker": None, "lease_until": None}
_NO_ERROR = {"error_type": None, "error_code": None, "error": None}


@attrs.frozen
class Reason:
    """Why an item did not succeed: the error's code and message, without secrets."""

    type: str
    code: str
    message: str

    @property
    def columns(self) -> dict[str, str]:
        """Its values as columns."""
        return {"error_type": self.type[:60], "error_code": self.code[:60], "error": self.message[:2000]}


def intend(connection: Connection, entry: Entry, now: float, *, fingerprint: str, key: str | None) -> Entry:
    """Record that the request will be sent, and reserve its price: planned → intended. Commit before sending.

    `key` is the request's token, if the service has idempotency keys. Raises `CapReachedError` or `FenceLostError`;
    then nothing may be sent. It is idempotent within a claim, so that it can be repeated after a lost commit.
    """
    mine = (items.c.seq == entry.seq, items.c.fence == entry.fence, items.c.intent_fence == entry.fence)
    recorded = connection.execute(select(items).where(*mine, items.c.state == "intended")).first()
    if recorded is not None:
        return entry_of(recorded)
    if entry.price is not None and entry.currency is not None:
        reserve(connection, entry.currency, entry.price)
    elif capped(connection):
        raise CapReachedError(f"item {entry.id}: its price is not known, and there is a cap; nothing was sent for it")
    changes = {
        "state": "intended",
        "intended_at": now,
        "intent_fence": entry.fence,
        "fingerprint": fingerprint,
        "key": key,
        "attempts": items.c.attempts + 1,
        "reserved": entry.price or 0,
        **_NO_ERROR,
    }
    alive = items.c.lease_until > now  # a worker that was suspended for longer than its lease sends nothing
    return _write(connection, entry, now, changes, items.c.state == "planned", alive)


def submitted(
    connection: Connection, entry: Entry, now: float, *, token: str, due_at: float, expires_at: float | None
) -> Entry:
    """Record the job of a request: intended → submitted. `expires_at` None: the service does not give it."""
    changes = {
        "state": "submitted",
        "token": token,
        "submitted_at": now,
        "due_at": due_at,
        "expires_at": expires_at,
        **_NO_ERROR,
    }
    return _write(connection, entry, now, changes, items.c.state.in_(("intended", "submitted", "unknown")))


def succeeded(
    connection: Connection, entry: Entry, now: float, files: Iterable[SavedFile], *, expires_at: float | None = None
) -> Entry:
    """Record that all result files are complete: submitted → succeeded. The reservation becomes the charge.

    `expires_at` is when the job's results expire, if that is another time than was recorded.
    """
    changes: dict[str, Any] = {**_NO_ERROR, "files": _files(files)}
    if expires_at is not None:
        changes["expires_at"] = expires_at
    return _end(connection, entry, now, "succeeded", entry.reserved, changes)


def reused(
    connection: Connection, entry: Entry, now: float, files: Iterable[SavedFile], *, fingerprint: str, source: str
) -> Entry:
    """Record that another ledger's results were reused: planned → succeeded. Nothing is charged."""
    changes = {**_NO_ERROR, "files": _files(files), "fingerprint": fingerprint, "reused": source}
    return _end(connection, entry, now, "succeeded", 0, changes)


def refused(connection: Connection, entry: Entry, now: float, reason: Reason) -> Entry:
    """Record that the request was refused for good: → refused. The reservation is returned."""
    return _end(connection, entry, now, "refused", 0, reason.columns)


def refuse_planned(connection: Connection, entry: Entry, now: float, reason: Reason) -> Entry | None:
    """Record that an item is wrong which nobody has begun or holds: planned → refused. Return None for any other."""
    mine = (items.c.seq == entry.seq, items.c.definition == entry.item.definition, items.c.state == "planned")
    free = or_(items.c.lease_until.is_(None), items.c.lease_until <= now)
    changes = {
        "state": "refused",
        "ended_at": now,
        "updated_at": now,
        "fence": items.c.fence + 1,
        **reason.columns,
        **_FREE,
    }
    row = connection.execute(update(items).where(*mine, free).values(changes).returning(items)).one_or_none()
    return None if row is None else entry_of(row)


def failed(
    connection: Connection,
    entry: Entry,
    now: float,
    reason: Reason,
    *,
    charged: bool | None,
    retry_at: float | None = None,
    files: Iterable[SavedFile] = (),
) -> Entry:
    """Record a failure: → failed, or back to planned if `retry_at` says when to try again.

    An item that has left the sheet is not planned again, but removed. `charged` None (not known) counts as charged. A
    charged item is not tried again. `files` are results that exist all the same.
    """
    if retry_at is not None and charged is False:
        state = "removed" if has_left(connection, entry.seq) else "planned"
        again = {"state": state, "not_before": retry_at, **reason.columns, **_FREE, **_NO_REQUEST}
        if entry.price is None:
            again["fingerprint"] = None  # it is checked and priced again
        return _settle(connection, entry, now, 0, again)
    changes = {**reason.columns, "files": _files(files)}
    return _end(connection, entry, now, "failed", 0 if charged is False else entry.reserved, changes)


def unknown(connection: Connection, entry: Entry, now: float, reason: Reason) -> Entry:
    """Record that the outcome of the request is unknown: → unknown, until a person decides.

    Its price stays reserved, because it may have been accepted.
    """
    return _write(connection, entry, now, {"state": "unknown", **reason.columns, **_FREE}, items.c.state == "intended")


_NO_REQUEST: dict[str, Any] = {
    "key": None,
    "token": None,
    "submitted_at": None,
    "due_at": None,
    "expires_at": None,
    "intended_at": None,
    "intent_fence": None,
}


def _end(connection: Connection, entry: Entry, now: float, state: str, charged: int, changes: dict[str, Any]) -> Entry:
    return _settle(connection, entry, now, charged, {"state": state, "ended_at": now, **changes, **_FREE})


def _settle(connection: Connection, entry: Entry, now: float, charged: int, changes: dict[str, Any]) -> Entry:
    """End a reservation, in the item and in the budget."""
    money = {"reserved": 0, "charged": items.c.charged + charged}
    written = _write(connection, entry, now, {**changes, **money}, items.c.reserved == entry.reserved)
    settle(connection, entry.currency, entry.reserved, charged)
    return written


def _write(
    connection: Connection, entry: Entry, now: float, changes: dict[str, Any], *more: ColumnElement[bool]
) -> Entry:
    """Update an item that this claim still holds, or raise `FenceLostError`.

    A worker that lost the item may still report the outcome of the request that it sent, while the item is unknown.
    """
    held = and_(items.c.fence == entry.fence, items.c.worker == entry.worker)
    awaited = and_(items.c.state == "unknown", items.c.intent_fence == entry.fence)
    mine = update(items).where(items.c.seq == entry.seq, or_(held, awaited), *more)
    row = connection.execute(mine.values(**changes, updated_at=now).returning(items)).one_or_none()
    if row is None:
        raise lost(entry)
    return entry_of(row)


def _files(files: Iterable[SavedFile]) -> str:
    return json.dumps([attrs.asdict(file) for file in files])

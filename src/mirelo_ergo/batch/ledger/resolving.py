"""A person's decision about an item: it was not accepted, it is this job, or it is given up."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, select, update

from ...errors import InvalidRequestError
from .money import settle
from .outcomes import REOPENED, succeeded
from .rows import Entry, entry_of
from .schema import ENDED, State, items

_NOBODY: Final[dict[str, Any]] = {"worker": None, "lease_until": None, "fence": items.c.fence + 1, "intent_fence": None}
"""The fence increases, so that a late report about the old request changes nothing."""

_AFRESH: Final[dict[str, Any]] = {
    "state": "planned",
    "not_before": 0.0,
    "attempts": 0,
    "key": None,
    "token": None,
    "submitted_at": None,
    "due_at": None,
    "expires_at": None,
    "ended_at": None,
    "error_type": None,
    "error_code": None,
    "error": None,
}


def resubmit(connection: Connection, item_id: str, now: float) -> Entry:
    """Plan the item again, to send a new request. Its earlier cost still counts against the cap."""
    entry = _in_state(connection, item_id, ("unknown", "failed", "refused"), "sent once more")
    _charge(connection, entry)
    return _write(connection, entry, now, _AFRESH)


def use_token(connection: Connection, item_id: str, token: str, now: float, *, service: str | None) -> Entry:
    """Set the item's job, which is then waited for and fetched. `service` is that of the token."""
    entry = _in_state(connection, item_id, ("unknown", "submitted"), "given a token")
    _refuse_held(entry, now)
    if service != entry.item.service:
        raise InvalidRequestError(
            f"token: it is {'no job token' if service is None else f'of a job at {service}'}, and item {item_id} is of "
            f"{entry.item.service}",
            field="token",
        )
    changes = {"state": "submitted", "token": token, "submitted_at": entry.intended_at or now, "due_at": now}
    return _write(connection, entry, now, changes)


def reopen(connection: Connection, entry: Entry, now: float) -> None:
    """Reopen an item whose files are missing, so that they are fetched again: succeeded → submitted. Its charge stays.

    If its job has no results any more, `keep` takes it back.
    """
    mine = (items.c.seq == entry.seq, items.c.state == "succeeded", items.c.fence == entry.fence)
    values = {**_NOBODY, "state": "submitted", "ended_at": None, "due_at": now, "updated_at": now}
    values["error_code"] = REOPENED
    connection.execute(update(items).where(*mine).values(values))


def keep(connection: Connection, entry: Entry, now: float, *, gone: bool) -> Entry:
    """Record that a reopened item has succeeded as before, and, if they are `gone`, that its job's results expired."""
    return succeeded(connection, entry, now, entry.files, expires_at=now if gone else None)


def drop(connection: Connection, item_id: str, now: float) -> Entry:
    """Give up an item that has not ended: it counts as failed, and its possible cost as charged.

    A reopened one has succeeded as before; its files are not asked for again. Raises `InvalidRequestError` if it has
    ended, or if a worker holds it.
    """
    return _drop(connection, _entry(connection, item_id), now)


def drop_all(connection: Connection, now: float) -> list[Entry]:
    """Give up all items that are running or unknown, as `drop` does; none if a worker holds one of them."""
    query = select(items).where(items.c.state.in_(("intended", "submitted", "unknown"))).order_by(items.c.seq)
    found = [entry_of(row) for row in connection.execute(query.with_for_update()).all()]
    return [_drop(connection, entry, now) for entry in found]


def _drop(connection: Connection, entry: Entry, now: float) -> Entry:
    if entry.state in ENDED:
        raise InvalidRequestError(
            f"item {entry.id} is {entry.state}: only items that have not ended are given up", field="id"
        )
    _refuse_held(entry, now)
    if entry.error_code == REOPENED:
        kept = {"state": "succeeded", "ended_at": now, "expires_at": now, "error_code": None}
        return _write(connection, entry, now, kept)
    _charge(connection, entry)
    return _write(connection, entry, now, {"state": "failed", "ended_at": now, "error_code": "dropped"})


def _entry(connection: Connection, item_id: str) -> Entry:
    row = connection.execute(select(items).where(items.c.id == item_id).with_for_update()).one_or_none()
    if row is None:
        raise InvalidRequestError(f"there is no item {item_id[:60]!r} in the ledger", field="id")
    return entry_of(row)


def _in_state(connection: Connection, item_id: str, states: tuple[State, ...], what: str) -> Entry:
    entry = _entry(connection, item_id)
    if entry.state not in states:
        raise InvalidRequestError(
            f"item {item_id} is {entry.state}: only {', '.join(states[:-1])} and {states[-1]} items are {what}",
            field="id",
        )
    return entry


def _refuse_held(entry: Entry, now: float) -> None:
    if entry.lease_until is not None and entry.lease_until > now:
        raise InvalidRequestError(
            f"item {entry.id} is being worked on: end that run first; after a crash, wait for a minute", field="id"
        )


def _charge(connection: Connection, entry: Entry) -> None:
    settle(connection, entry.currency, entry.reserved, entry.reserved)
    charged = {"reserved": 0, "charged": items.c.charged + entry.reserved}
    connection.execute(update(items).where(items.c.seq == entry.seq).values(charged))


def _write(connection: Connection, entry: Entry, now: float, changes: dict[str, Any]) -> Entry:
    mine = update(items).where(items.c.seq == entry.seq)
    return entry_of(connection.execute(mine.values({**_NOBODY, **changes, "updated_at": now}).returning(items)).one())

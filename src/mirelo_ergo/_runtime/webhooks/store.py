"""The storage of an inbox: SQLite, in memory for one process or in a file for several.

Every method is one transaction and may be called from any thread. Each call opens and closes the file, so that nothing
stays open, not even across a fork.
"""

from __future__ import annotations

import time
import weakref
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

from ...errors import ConfigurationError, WebhookError
from ..io.mutex import mutex_of
from ..lazy import LazyModule
from ..redact import shorten

if TYPE_CHECKING:
    import os
    import sqlite3
    from collections.abc import Iterator

    from .events import EventStatus
else:
    sqlite3 = LazyModule("sqlite3")

VERSION: Final = 2
"""The version of the tables. In version 1 the id alone identified a job."""
RECORDED_FOR: Final = 7 * 86_400.0
"""Seconds for which a recorded job is kept: longer than any service keeps its results."""
BUSY: Final = 5.0
"""Seconds to wait for another process's transaction, which takes milliseconds."""
BRIEF: Final = 0.2
"""The same for a wait, which must keep its deadline and reads again a second later."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS jobs (
    service TEXT NOT NULL,
    job_id TEXT NOT NULL,
    recorded_at REAL NOT NULL,
    PRIMARY KEY (service, job_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    service TEXT NOT NULL,
    job_id TEXT NOT NULL,
    status TEXT NOT NULL,
    body BLOB,
    heard_at REAL NOT NULL,
    early INTEGER NOT NULL,
    UNIQUE (service, job_id, status)
);
CREATE INDEX IF NOT EXISTS early_events ON events (number) WHERE early;
"""
_RECORDED: Final = "SELECT 1 FROM jobs WHERE service = ? AND job_id = ?"


JobKey = tuple[str, str]
"""A job's service and id: two services may use the same id."""


@attrs.frozen
class StoredEvent:
    """A stored webhook of a job. `body` is its payload if it is accepted without a poll."""

    status: EventStatus
    body: bytes | None = attrs.field(repr=False)


class Store:
    """The events, one per job and status, and the recorded jobs."""

    def __init__(self, path: str | os.PathLike[str] | None, early: int, early_age: float) -> None:
        self._path: Path | None = None
        self._early, self._early_age = early, early_age
        self._mutex = mutex_of(self)
        self._memory: sqlite3.Connection | None = None
        self.now = time.time  # processes share no monotonic clock
        if path is None:
            self._memory = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
            weakref.finalize(self, self._memory.close)
        try:
            self._path = None if path is None else Path(path).absolute()  # a program may change its folder later
            self._prepare()
        except (WebhookError, TypeError, ValueError) as error:
            raise ConfigurationError(f"path={shorten(path)} cannot be an inbox: {error}") from None

    def _prepare(self) -> None:
        with self._transaction() as db:
            (found,) = db.execute("PRAGMA user_version").fetchone()
            if found not in (0, VERSION):
                problem = f"another version of this package made it (layout {found}, not {VERSION})"
                raise WebhookError(f"{problem}; delete it, or name another file")
            for statement in _SCHEMA.split(";\n"):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {VERSION}")

    @contextmanager
    def _connection(self, busy: float = BUSY) -> Iterator[sqlite3.Connection]:
        try:
            if self._memory is not None:
                with self._mutex:
                    yield self._memory
            else:
                assert self._path is not None, "what is not in memory is in a file"
                with closing(sqlite3.connect(self._path, timeout=busy, isolation_level=None)) as db:
                    db.execute("PRAGMA synchronous = NORMAL")  # a power failure loses an event, which costs a few polls
                    yield db
        except sqlite3.Error as error:
            problem = f"the inbox cannot be used: {error}"
            raise WebhookError(problem, "inbox_unavailable", 503, retryable=True) from error

    @contextmanager
    def _transaction(self, busy: float = BUSY) -> Iterator[sqlite3.Connection]:
        with self._connection(busy) as db:
            try:
                if db.in_transaction:  # an interrupt came before the other end of this method could act
                    db.execute("ROLLBACK")
                db.execute("BEGIN IMMEDIATE")
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    def add(self, job: JobKey, status: EventStatus, body: bytes | None) -> bool:
        """Store an event; return whether it is the first of its job and status. The oldest early events are dropped."""
        with self._connection() as db:
            known = "SELECT 1 FROM events WHERE service = ? AND job_id = ? AND status = ?"
            if db.execute(known, (*job, status)).fetchone():
                return False  # a repeated webhook is common: detect it without a write
        with self._transaction() as db:
            early = db.execute(_RECORDED, job).fetchone() is None
            keep = "INSERT OR IGNORE INTO events (service, job_id, status, body, heard_at, early) VALUES (?,?,?,?,?,?)"
            fresh = db.execute(keep, (*job, status, body, self.now(), early)).rowcount == 1
            if early:
                self._drop_old(db)
                (count,) = db.execute("SELECT count(*) FROM events WHERE early").fetchone()
                oldest = "DELETE FROM events WHERE number IN (SELECT number FROM events WHERE early ORDER BY 1 LIMIT ?)"
                db.execute(oldest, (max(0, count - self._early),))
            return fresh

    def record(self, job: JobKey, busy: float = BUSY) -> None:
        """Record a job and keep its early events; drop the jobs that were recorded over a week ago."""
        with self._transaction(busy) as db:
            self._drop_old(db)
            db.execute("INSERT OR REPLACE INTO jobs VALUES (?, ?, ?)", (*job, self.now()))
            db.execute("UPDATE events SET early = 0 WHERE service = ? AND job_id = ?", job)

    def _drop_old(self, db: sqlite3.Connection) -> None:
        now = self.now()
        db.execute("DELETE FROM events WHERE early AND heard_at < ?", (now - self._early_age,))
        gone = "DELETE FROM jobs WHERE recorded_at < ? RETURNING service, job_id"
        for job in db.execute(gone, (now - RECORDED_FOR,)).fetchall():
            db.execute("DELETE FROM events WHERE service = ? AND job_id = ?", job)

    def recorded(self, job: JobKey) -> bool:
        """Return whether a job is recorded."""
        with self._connection() as db:
            return db.execute(_RECORDED, job).fetchone() is not None

    def events(self, job: JobKey, busy: float = BUSY) -> list[StoredEvent]:
        """Return the events of a job, in their order of arrival."""
        found = "SELECT status, body FROM events WHERE service = ? AND job_id = ? ORDER BY number"
        with self._connection(busy) as db:
            return [StoredEvent(*row) for row in db.execute(found, job).fetchall()]

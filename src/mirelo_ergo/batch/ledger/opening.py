"""Opening a ledger: a SQLite file, or a PostgreSQL database by URL."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, func, inspect, select, update
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError

from ..errors import LedgerError
from . import schema

BUSY: Final = 30
"""Seconds for which a write waits for another process's write to the same SQLite file."""


class Ledger:
    """The database of a batch, for any number of threads and processes. `open_ledger` opens it; close it at the end."""

    def __init__(self, engine: Engine, place: str) -> None:
        self.engine = engine
        self.place = place
        """The file, or the URL without its password, for messages."""

    @property
    def shared(self) -> bool:
        """Whether other machines can use it too."""
        return self.engine.dialect.name == "postgresql"

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Yield a connection within one writing transaction, which is committed at the end or rolled back."""
        with self._saying(), self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection that reads one snapshot of the ledger, and blocks no writer."""
        moment = {"isolation_level": "REPEATABLE READ"} if self.shared else {}
        with self._saying(), self.engine.connect().execution_options(**moment) as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Ledger {self.place}>"

    @contextmanager
    def _saying(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            first = _first(error)
            raised = LedgerError(f"the ledger {self.place} {_problem(first)}")
            raised.away = self.shared and _is_away(first)
            raise raised from error


def _first(error: BaseException) -> DBAPIError:
    """Return the first error of a chain: the rollback of a failed transaction may raise others."""
    found = error
    seen: BaseException | None = error
    while seen is not None:
        found, seen = (seen if isinstance(seen, DBAPIError) else found), seen.__context__
    assert isinstance(found, DBAPIError), "it began with one"
    return found


def now(connection: Connection) -> float:
    """Return the time in Unix seconds, by PostgreSQL's clock, or else this machine's."""
    if connection.dialect.name == "postgresql":
        return float(connection.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar_one())
    return time.time()


def open_ledger(place: str | os.PathLike[str], *, create: bool = True, writable: bool = True) -> Ledger:
    """Open a ledger, and with `create` create it if there is none. Raises `LedgerError`.

    `place` is a path, or a URL such as `postgresql+psycopg://user@host/database`. With `writable` false a file is only
    read.
    """
    url = _url(place)
    shown = str(url.database) if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)
    if url.get_backend_name() == "sqlite":
        try:
            _look_at(Path(str(url.database)), create=create)
        except OSError as error:
            raise LedgerError(f"the ledger {shown} cannot be opened: {error.strerror}") from error
    ledger = Ledger(_engine(url, writable=writable), shown)
    try:
        _prepare(ledger, create=create)
    except BaseException:
        ledger.close()
        raise
    return ledger


def _url(place: str | os.PathLike[str]) -> URL:
    text = os.fspath(place)
    if "://" not in text:
        return URL.create("sqlite", database=str(Path(text).absolute()))
    try:
        url = make_url(text)
        backend = url.get_backend_name()
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise LedgerError("the ledger's URL cannot be read: give a path, or postgresql+psycopg://…") from None
    if backend not in ("sqlite", "postgresql"):
        raise LedgerError(f"a ledger in {backend} is not possible: give a path, or postgresql+psycopg://…")
    if backend == "sqlite" and not url.database:
        raise LedgerError("a ledger in memory would end with its process: give a path")
    return url


def _look_at(path: Path, *, create: bool) -> None:
    """Raise `LedgerError` for a file that is not a ledger, before it is changed, and for one that is not there."""
    if not create and not path.exists():
        raise _missing(f"at {path}")
    if not path.parent.is_dir():
        raise LedgerError(f"the ledger {path} cannot be made: its folder does not exist")
    if not path.is_file() or path.stat().st_size == 0:
        return
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY)) as connection:
            names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    except sqlite3.Error as error:
        raise LedgerError(f"the ledger {path} {_problem(error)}") from error
    if names and schema.about.name not in names:
        raise LedgerError(f"{path} is a database of something else, no ledger: give another path")


def _engine(url: URL, *, writable: bool = True) -> Engine:
    try:
        if url.get_backend_name() == "postgresql":
            return create_engine(url, pool_pre_ping=True)
        arguments: dict[str, Any] = {"timeout": BUSY, "check_same_thread": False}
        if not writable:
            url = url.set(database=f"{Path(str(url.database)).absolute().as_uri()}?mode=ro", query={"uri": "true"})
        engine = create_engine(url, connect_args=arguments)
    except ModuleNotFoundError as error:
        raise LedgerError(
            f"a PostgreSQL ledger needs {error.name}: pip install 'mirelo-ergo[cluster]', and a URL that begins with "
            "postgresql+psycopg://"
        ) from None
    except NoSuchModuleError as error:
        raise LedgerError(f"the ledger's URL names a driver that is not there: {error}") from None

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _: object) -> None:
        connection.isolation_level = None  # transactions are begun explicitly below
        if writable:
            connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")  # an intent must survive a power failure

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _prepare(ledger: Ledger, *, create: bool) -> None:
    """Create the tables, or check and migrate existing ones."""
    with ledger.read() as connection:
        version = _version(ledger, connection, create=create)
    if version == schema.VERSION:
        return
    with ledger.write() as connection:
        version = _version(ledger, connection, create=create)  # another process may have created them
        if version is None:
            if connection.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(0x6D69_7265)))
            schema.metadata.create_all(connection)
            if connection.execute(select(func.count()).select_from(schema.about)).scalar_one() == 0:
                connection.execute(schema.about.insert().values(version=schema.VERSION, created_at=time.time()))
            return
        for step in range(version, schema.VERSION):
            schema.MIGRATIONS[step](connection)
        connection.execute(update(schema.about).values(version=schema.VERSION))


def _version(ledger: Ledger, connection: Connection, *, create: bool) -> int | None:
    """Return the version of the ledger's tables, None if there are none; raises `LedgerError`."""
    if connection.dialect.name == "sqlite":
        damage = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        if damage != "ok":
            raise LedgerError(f"the ledger {ledger.place} is damaged ({damage}): put back a copy of it")
    names = inspect(connection).get_table_names()
    if schema.about.name not in names:
        if not create:
            raise _missing(f"in {ledger.place}")
        return None
    version = connection.execute(select(schema.about.c.version)).scalar()
    if version is not None and version > schema.VERSION:
        raise LedgerError(
            f"the ledger {ledger.place} was made by a newer mirelo-ergo (its version is {version}, this one reads "
            f"{schema.VERSION}): update mirelo-ergo"
        )
    return version


def _missing(where: str) -> LedgerError:
    error = LedgerError(f"there is no ledger {where}: batch run makes one")
    error.missing = True
    return error


def _is_away(error: DBAPIError) -> bool:
    """Return whether PostgreSQL did not answer or failed temporarily: it stops or starts, or two writes conflicted."""
    state = getattr(error.orig, "sqlstate", None)
    passing = ("08", "40", "57P")  # connection, rolled back by a collision, shutdown and start
    return error.connection_invalidated or (isinstance(error, OperationalError) and (state or "08").startswith(passing))


def _problem(error: Exception) -> str:
    """Return the problem of a database as text, without statements and values."""
    text = str(getattr(error, "orig", error)).strip().split("\n")[0]
    known = {
        "not a database": "is not a database: give another path",
        "malformed": "is damaged: put back a copy of it",
        "locked": f"was locked by another program for {BUSY} s: end that, then run the same command again",
        "readonly": "cannot be written: its file or folder is read-only",
        "full": "cannot be written: the disk is full; make room, then run the same command again",
        "unable to open": "cannot be opened: look at its path and at who may write there",
        "disk I/O": "cannot be written: the disk reports an error",
    }
    for part, words in known.items():
        if part in text:
            return words
    if isinstance(error, OperationalError):
        return f"does not answer: {text}; run the same command again when it does"
    return f"refused a statement: {text}"


__all__ = ["Ledger", "now", "open_ledger"]

"""The ledger's writer: many writes in one commit, and new attempts while the database does not answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, OperationalError

from mirelo_ergo.batch import CapReachedError, Item, LedgerError, ledger
from mirelo_ergo.batch.ledger import MILLION, Ledger, NewItem
from mirelo_ergo.batch.ledger.opening import _is_away
from mirelo_ergo.batch.writer import LedgerWriter
from tests.support.postgres import Postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def book(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    place = tmp_path / "sfx.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    with ledger.open_ledger(place) as book:
        yield book


@pytest.fixture
def shared(postgres_url: str) -> Iterator[Ledger]:
    with ledger.open_ledger(postgres_url) as book:
        yield book


def writing(book: Ledger, *works: Callable[[Connection, float], Any], patience_s: float = 60.0) -> list[Any]:
    """Hand in these writes at once, and return what each gave or raised."""

    async def main() -> list[Any]:
        return list(await asyncio.gather(*(writer.write(work) for work in works), return_exceptions=True))

    writer = LedgerWriter(book, patience_s)
    try:
        return asyncio.run(main())
    finally:
        writer.close()


def add(book: Ledger, *names: str) -> None:
    items = [NewItem(Item(name, "text_to_sfx", {}), "f", "credits", 10 * MILLION) for name in names]
    writing(book, lambda connection, now: ledger.add(connection, items, now))


def away(book: Ledger) -> LedgerError:
    error = LedgerError(f"the ledger {book.place} does not answer")
    error.away = True
    return error


def test_what_one_write_raises_undoes_that_one_alone(book: Ledger) -> None:
    def refuse(connection: Connection, now: float) -> None:
        ledger.set_cap(connection, "credits", 1)
        raise CapReachedError("full")

    gave = writing(book, lambda connection, now: ledger.set_cap(connection, "usd", 7), refuse, lambda *_: "third")
    assert (gave[0], gave[2]) == (None, "third")
    assert isinstance(gave[1], CapReachedError)
    with book.read() as connection:
        assert list(ledger.read_budgets(connection)) == ["usd"]


def test_a_bug_in_a_write_is_a_ledger_error_with_its_cause(book: Ledger) -> None:
    def broken(connection: Connection, now: float) -> None:
        raise ZeroDivisionError("oh")

    (error,) = writing(book, broken)
    assert isinstance(error, LedgerError)
    assert isinstance(error.__cause__, ZeroDivisionError)


def test_a_database_that_is_away_is_asked_until_it_answers(shared: Ledger, postgres_server: Postgres) -> None:
    add(shared, "a", "b")
    claimed: list[str] = []

    def claim(connection: Connection, now: float) -> object:
        entry = ledger.claim_item(connection, "a", "w", now)
        claimed.append("a")
        if len(claimed) == 1:
            postgres_server.restart()  # in the middle of a transaction: nothing of it stays
        return entry

    (entry,) = writing(shared, claim)
    assert isinstance(entry, ledger.Entry)
    assert (len(claimed), entry.fence) == (2, 1)


def test_patience_ends(shared: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def gone(_: Ledger) -> None:
        asked.append(1)
        raise away(shared)

    monkeypatch.setattr(Ledger, "write", gone)
    (error,) = writing(shared, lambda *_: None, patience_s=0.0)
    assert isinstance(error, LedgerError)
    assert error.away
    assert len(asked) == 1


def test_closing_waits_for_no_database(shared: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: Ledger) -> None:
        raise away(shared)

    monkeypatch.setattr(Ledger, "write", gone)

    async def main() -> None:
        writer = LedgerWriter(shared)
        writing = asyncio.ensure_future(writer.write(lambda *_: None))
        await asyncio.sleep(0)
        await asyncio.to_thread(writer.close)
        with pytest.raises(LedgerError):
            await writing

    asyncio.run(main())


def test_nothing_waits_for_a_ledger_that_was_closed(book: Ledger) -> None:
    writer = LedgerWriter(book)
    writer.close()
    with pytest.raises(LedgerError, match="was closed"):
        asyncio.run(writer.write(lambda *_: None))


def test_trouble_that_does_not_pass_is_raised_at_once(book: Ledger) -> None:
    (error,) = writing(book, lambda connection, now: connection.exec_driver_sql("SELECT nonsense FROM nowhere"))
    assert isinstance(error, LedgerError)
    assert not error.away


def test_an_intent_that_was_committed_without_an_answer_is_recorded_once(book: Ledger) -> None:
    """The commit arrived and its acknowledgement did not: the write is repeated, and reserves nothing more."""
    add(book, "a")

    def claim(connection: Connection, now: float) -> ledger.Entry | None:
        ledger.set_cap(connection, "credits", 10 * MILLION)
        return ledger.claim_item(connection, "a", "w", now)

    (held,) = writing(book, claim)
    for _ in range(2):
        (entry,) = writing(
            book, lambda connection, now: ledger.intend(connection, held, now, fingerprint="f", key=None)
        )
        assert (entry.state, entry.attempts, entry.reserved) == ("intended", 1, 10 * MILLION)
    with book.read() as connection:
        assert ledger.read_budgets(connection)["credits"].reserved == 10 * MILLION


def test_a_claim_that_was_committed_without_an_answer_becomes_free(book: Ledger) -> None:
    """What a worker does not know to be its own is not renewed."""
    add(book, "a", "b")
    with book.write() as connection:
        first, second = ledger.claim(connection, "w", 0.0, limit=2)
        assert ledger.renew(connection, "w", 40.0, only=[second.seq]) == 1
        assert [entry.id for entry in ledger.claim(connection, "x", 50.0, limit=2)] == [first.id]
        assert ledger.renew(connection, "w", 60.0, only=[]) == 0


@pytest.mark.parametrize(
    ("state", "passes"),
    [
        (None, True),
        ("08006", True),
        ("57P01", True),
        ("57P03", True),
        ("40P01", True),
        ("53100", False),
        ("42P01", False),
    ],
)
def test_what_passes_by_itself_is_known_by_its_state(state: str | None, passes: bool) -> None:
    class Trouble(Exception):
        sqlstate = state

    assert _is_away(OperationalError("SELECT 1", None, Trouble())) is passes
    lost = DBAPIError("SELECT 1", None, Trouble(), connection_invalidated=True)
    assert _is_away(lost)


def test_two_workers_that_lock_in_another_order_only_take_longer(shared: Ledger) -> None:
    """PostgreSQL ends one of the two transactions; it is repeated."""
    add(shared, "a", "b")
    first, second = LedgerWriter(shared), LedgerWriter(shared)

    def taking(*names: str) -> Callable[[Connection, float], None]:
        def work(connection: Connection, now: float) -> None:
            for name in names:
                connection.exec_driver_sql(f"UPDATE mirelo_items SET take = take + 1 WHERE id = '{name}'")
                time.sleep(0.05)  # so that the two overlap; it holds too where they do not

        return work

    async def main() -> None:
        await asyncio.gather(first.write(taking("a", "b")), second.write(taking("b", "a")))

    asyncio.run(main())
    first.close()
    second.close()
    with shared.read() as connection:
        assert [entry.item.take for entry in ledger.read_items(connection)] == [3, 3]

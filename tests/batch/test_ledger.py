"""The ledger's own rules: states, fences, money, take-over, and what is refused when it is opened."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, update

from mirelo_ergo import InvalidRequestError
from mirelo_ergo.batch import CapReachedError, FenceLostError, Item, LedgerError, ledger
from mirelo_ergo.batch.ledger import MILLION, Entry, NewItem, Reason, SavedFile, State, schema

FILE = SavedFile("rain.wav", 4, "0" * 64)
WHY = Reason("ServerError", "generation_failed", "it failed")


@pytest.fixture(params=["sqlite", "postgresql"])
def book(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ledger.Ledger]:
    place = tmp_path / "sfx.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    with ledger.open_ledger(place) as book:
        yield book


@pytest.fixture
def connection(book: ledger.Ledger) -> Iterator[Connection]:
    with book.write() as connection:
        yield connection


def new(*ids: str, price: int | None = 10) -> list[NewItem]:
    arguments = {"prompt": "rain"}
    return [
        NewItem(Item(name, "text_to_sfx", arguments), currency="credits", price=price and price * MILLION)
        for name in ids
    ]


def one(connection: Connection, name: str = "a", worker: str = "w1", now: float = 0.0) -> Entry:
    entry = ledger.claim_item(connection, name, worker, now)
    assert entry is not None
    return entry


def intended(connection: Connection, name: str = "a", key: str | None = None, worker: str = "w1") -> Entry:
    return ledger.intend(connection, one(connection, name, worker), 1.0, fingerprint="f", key=key)


def state(connection: Connection, name: str = "a") -> State:
    entry = ledger.read_item(connection, name)
    assert entry is not None
    return entry.state


def money(connection: Connection) -> tuple[int, int]:
    budget = ledger.read_budgets(connection)["credits"]
    return budget.reserved // MILLION, budget.charged // MILLION


def test_a_pause_by_a_clock_that_has_gone_back_is_not_waited_for(tmp_path: Path) -> None:
    """A year ahead, when the clock is set right: the item would wait for that year."""
    with ledger.open_ledger(tmp_path / "clock.db") as book, book.write() as connection:
        ledger.add(connection, [NewItem(Item("a", "text_to_sfx", {}))], 1e9)
        (entry,) = ledger.claim(connection, "w", 1e9)
        sent = ledger.intend(connection, entry, 1e9, fingerprint="f", key=None)
        ledger.failed(connection, sent, 1e9, Reason("E", "c", "m"), charged=False, retry_at=1e9 + 30)
        assert ledger.claim(connection, "w", 1e9) == []
        assert [each.id for each in ledger.claim(connection, "w", 1e9 - 3e7)] == ["a"]


def test_an_item_goes_its_whole_way_and_its_reservation_becomes_the_charge(connection: Connection) -> None:
    assert ledger.add(connection, new("a"), 0.0).new == 1
    entry = intended(connection)
    assert (entry.state, entry.attempts, money(connection)) == ("intended", 1, (10, 0))
    entry = ledger.submitted(connection, entry, 2.0, token="mirelo2:t", due_at=12.0, expires_at=86402.0)
    assert (entry.state, entry.token, entry.due_at, entry.expires_at) == ("submitted", "mirelo2:t", 12.0, 86402.0)
    entry = ledger.succeeded(connection, entry, 3.0, [FILE])
    assert (entry.state, entry.files, entry.charged, entry.reserved) == ("succeeded", (FILE,), 10 * MILLION, 0)
    assert entry.worker is None
    assert money(connection) == (0, 10)
    assert ledger.counts(connection)["succeeded"] == 1
    assert ledger.pending(connection) == 0
    assert ledger.claim(connection, "w1", 1e9) == []


def test_adding_again_changes_nothing_and_another_definition_only_what_is_not_begun(connection: Connection) -> None:
    ledger.add(connection, new("a", "b"), 0.0)
    assert ledger.add(connection, new("a", "b"), 0.0).known == 2
    intended(connection, "b")
    other = [NewItem(Item(name, "text_to_sfx", {"prompt": "wind"})) for name in ("a", "b")]
    added = ledger.add(connection, other, 0.0)
    assert (added.changed, [item.id for item in added.conflicts]) == (1, ["b"])
    changed = ledger.read_item(connection, "a")
    assert changed is not None
    assert changed.item.arguments == {"prompt": "wind"}


def test_a_claimed_item_is_nobody_elses_until_its_lease_ends(connection: Connection) -> None:
    ledger.add(connection, new("a"), 0.0)
    first = one(connection, worker="w1", now=0.0)
    assert ledger.claim_item(connection, "a", "w2", 44.0) is None
    assert ledger.claim(connection, "w2", 44.0) == []
    assert ledger.next_free(connection, worker="w2") == 45.0
    assert ledger.next_free(connection, worker="w1") is None
    second = one(connection, worker="w2", now=46.0)
    assert second.fence == first.fence + 1
    with pytest.raises(FenceLostError, match="another worker took it over"):
        ledger.intend(connection, first, 47.0, fingerprint="f", key=None)
    with pytest.raises(FenceLostError):
        ledger.check(connection, first, 47.0)
    ledger.check(connection, second, 47.0)


def test_a_renewed_lease_holds_and_a_released_item_is_free(connection: Connection) -> None:
    ledger.add(connection, new("a", "b"), 0.0)
    entry, _ = ledger.claim(connection, "w1", 0.0, limit=2)
    assert ledger.renew(connection, "w1", 40.0) == 2
    assert ledger.claim(connection, "w2", 84.0) == []
    ledger.release(connection, entry)
    assert [each.id for each in ledger.claim(connection, "w2", 84.0, limit=2)] == ["a"]
    assert ledger.holders(connection) == ["w1", "w2"]
    assert ledger.release_worker(connection, "w1") == 1
    assert [each.id for each in ledger.claim(connection, "w2", 84.0, limit=2)] == ["b"]


def test_a_worker_that_was_stopped_beyond_its_lease_records_no_intent(connection: Connection) -> None:
    ledger.add(connection, new("a"), 0.0)
    entry = one(connection)
    with pytest.raises(FenceLostError):
        ledger.intend(connection, entry, 46.0, fingerprint="f", key=None)
    assert state(connection) == "planned"


def test_late_news_of_a_request_settles_what_was_unknown_for_want_of_it(connection: Connection) -> None:
    ledger.add(connection, new("a"), 0.0)
    stopped = intended(connection)
    taker = one(connection, worker="w2", now=50.0)
    assert taker.state == "intended"
    ledger.unknown(connection, taker, 51.0, WHY)
    assert money(connection) == (10, 0)
    told = ledger.submitted(connection, stopped, 60.0, token="t", due_at=61.0, expires_at=None)
    assert (told.state, told.token, told.worker) == ("submitted", "t", None)
    with pytest.raises(FenceLostError):
        ledger.succeeded(connection, stopped, 62.0, [FILE])
    fetched = one(connection, worker="w3", now=62.0)
    ledger.succeeded(connection, fetched, 63.0, [FILE])
    assert money(connection) == (0, 10)


def test_late_news_changes_nothing_once_a_person_has_decided(connection: Connection) -> None:
    ledger.add(connection, new("a"), 0.0)
    stopped = intended(connection)
    ledger.unknown(connection, one(connection, worker="w2", now=50.0), 51.0, WHY)
    ledger.drop(connection, "a", 52.0)
    with pytest.raises(FenceLostError):
        ledger.submitted(connection, stopped, 60.0, token="t", due_at=61.0, expires_at=None)
    assert state(connection) == "failed"
    assert money(connection) == (0, 10)


def test_a_cap_is_never_exceeded_and_nothing_is_recorded_at_it(book: ledger.Ledger) -> None:
    with book.write() as connection:
        ledger.set_cap(connection, "credits", 25 * MILLION)
        ledger.add(connection, new("a", "b", "c"), 0.0)
        intended(connection, "a")
        intended(connection, "b")
    with book.write() as connection:
        with pytest.raises(CapReachedError, match="costs 10 credits, and only 5 credits are left under the cap of 25"):
            intended(connection, "c")
        assert state(connection, "c") == "planned"
        assert money(connection) == (20, 0)


@pytest.mark.parametrize(
    ("charged", "retry_at", "ends", "counts"),
    [
        (False, None, "failed", (0, 0)),
        (None, None, "failed", (0, 10)),
        (True, 5.0, "failed", (0, 10)),
        (False, 5.0, "planned", (0, 0)),
    ],
)
def test_a_failure_is_tried_again_only_when_it_cost_nothing(
    connection: Connection, charged: bool | None, retry_at: float | None, ends: State, counts: tuple[int, int]
) -> None:
    ledger.add(connection, new("a"), 0.0)
    entry = ledger.submitted(connection, intended(connection), 2.0, token="t", due_at=3.0, expires_at=None)
    ledger.failed(connection, entry, 4.0, WHY, charged=charged, retry_at=retry_at)
    assert state(connection) == ends
    assert money(connection) == counts
    assert ledger.claim(connection, "w2", 4.5) == []
    assert len(ledger.claim(connection, "w2", 5.5)) == (ends == "planned")


def test_a_refusal_gives_the_reservation_back(connection: Connection) -> None:
    ledger.add(connection, new("a"), 0.0)
    entry = ledger.refused(connection, intended(connection), 2.0, WHY)
    assert (entry.state, entry.error, money(connection)) == ("refused", "it failed", (0, 0))


def test_a_reused_result_costs_nothing(connection: Connection) -> None:
    ledger.add(connection, new("a"), 0.0)
    entry = ledger.reused(connection, one(connection), 1.0, [FILE], fingerprint="f", source="old.db")
    assert (entry.state, entry.reused, entry.charged) == ("succeeded", "old.db", 0)


def test_a_person_decides_on_what_is_unknown(connection: Connection) -> None:
    ledger.add(connection, new("a", "b"), 0.0)
    for name in ("a", "b"):
        ledger.unknown(connection, intended(connection, name), 2.0, WHY)
    assert ledger.claim(connection, "w2", 1e9) == []
    with pytest.raises(InvalidRequestError, match="it is of a job at pixazo, and item a is of mirelo"):
        ledger.use_token(connection, "a", "pixazo2:…", 3.0, service="pixazo")
    assert ledger.use_token(connection, "a", "mirelo2:t", 3.0, service="mirelo").state == "submitted"
    assert ledger.resubmit(connection, "b", 3.0).state == "planned"
    assert money(connection) == (10, 10)
    again = intended(connection, "b", worker="w3")
    assert (again.reserved, money(connection)) == (10 * MILLION, (20, 10))
    with pytest.raises(
        InvalidRequestError, match="item a is submitted: only unknown, failed and refused items are sent"
    ):
        ledger.resubmit(connection, "a", 4.0)
    assert ledger.drop(connection, "a", 4.0).state == "failed"
    assert money(connection) == (10, 20)
    with pytest.raises(InvalidRequestError, match="there is no item 'c' in the ledger"):
        ledger.drop(connection, "c", 4.0)


def test_what_is_about_to_expire_is_claimed_first(connection: Connection) -> None:
    ledger.add(connection, new("a", "b", "c", "d"), 0.0)
    for name, expires in (("b", 900.0), ("c", 500.0)):
        ledger.submitted(connection, intended(connection, name), 2.0, token=name, due_at=3.0, expires_at=expires)
    intended(connection, "d")
    order = [entry.id for entry in ledger.claim(connection, "w2", 100.0, limit=9)]
    assert order == ["c", "b", "d", "a"]


def test_items_are_read_in_order_and_by_state(book: ledger.Ledger) -> None:
    names = [f"i{number:04}" for number in range(1100)]
    with book.write() as connection:
        ledger.add(connection, new(*names), 0.0)
        intended(connection, "i0600")
    with book.read() as connection:
        assert [entry.id for entry in ledger.read_items(connection)] == names
        assert [entry.id for entry in ledger.read_items(connection, "intended")] == ["i0600"]
        with pytest.raises(InvalidRequestError, match="state='done' is not a state; the states are planned, intended"):
            next(ledger.read_items(connection, "done"))  # type: ignore[arg-type]


def test_a_transaction_that_fails_leaves_nothing(book: ledger.Ledger) -> None:
    def fail_midway() -> None:
        with book.write() as connection:
            ledger.add(connection, new("a"), 0.0)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_midway()
    with book.read() as connection:
        assert ledger.counts(connection)["planned"] == 0


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "notes.txt"
    place.write_text("not a database at all, but long enough to be taken for one\n" * 50)
    with pytest.raises(LedgerError, match="is not a database: give another path"):
        ledger.open_ledger(place)
    assert place.read_text().startswith("not a database")


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "other.db"
    with sqlite3.connect(place) as other:
        other.execute("CREATE TABLE customers (name TEXT)")
    other.close()
    with pytest.raises(LedgerError, match="is a database of something else, no ledger"):
        ledger.open_ledger(place)


def test_a_damaged_ledger_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "sfx.db"
    with ledger.open_ledger(place) as book, book.write() as connection:
        ledger.add(connection, new(*map(str, range(500))), 0.0)
    data = bytearray(place.read_bytes())
    data[4096 * 3 : 4096 * 12] = b"\xff" * 4096 * 9
    place.write_bytes(data)
    with pytest.raises(LedgerError, match="is damaged"):
        ledger.open_ledger(place)


def test_a_newer_ledger_is_refused_and_an_older_one_is_brought_up_in_place(
    book: ledger.Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    with book.write() as connection:
        ledger.add(connection, new("a"), 0.0)
        connection.execute(update(schema.about).values(version=schema.VERSION + 1))
    with pytest.raises(LedgerError, match="was made by a newer mirelo-ergo"):
        ledger.open_ledger(book.place)
    seen = list[int]()
    steps = {schema.VERSION + step: lambda connection: seen.append(1) for step in (1, 2)}
    monkeypatch.setattr(schema, "MIGRATIONS", steps)
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 3)
    with ledger.open_ledger(book.place) as newer, newer.read() as connection:
        assert state(connection) == "planned"
    assert seen == [1, 1]
    with ledger.open_ledger(book.place):
        assert seen == [1, 1]


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("mysql://h/d", "a ledger in mysql is not possible"),
        ("sqlite://", "a ledger in memory would end with its process"),
        ("nothing at all://", "the ledger's URL cannot be read"),
        ("postgresql+nothing://u:secret@h/d", "names a driver that is not there"),
        ("postgresql+psycopg://u:secret@127.0.0.1:1/d", "does not answer"),
    ],
)
def test_a_place_that_cannot_be_one_is_refused_without_its_password(place: str, says: str) -> None:
    with pytest.raises(LedgerError, match=says) as refused:
        ledger.open_ledger(place)
    assert "secret" not in str(refused.value)


def test_a_missing_folder_or_ledger_is_named(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="its folder does not exist"):
        ledger.open_ledger(tmp_path / "no" / "sfx.db")
    with pytest.raises(LedgerError, match="there is no ledger at"):
        ledger.open_ledger(tmp_path / "sfx.db", create=False)

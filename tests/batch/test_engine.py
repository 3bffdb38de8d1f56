"""The queue: every item is delivered, again after a death, and a database that goes away only takes time."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from mirelo_ergo.batch import Item, LedgerError, ledger
from mirelo_ergo.batch.engine import QUEUE, Engine, Pace, _app, _unheard
from mirelo_ergo.batch.ledger import Entry, Ledger, NewItem
from tests.support.postgres import Postgres

QUICK = Pace(tend_s=0.02, heartbeat_s=0.05, dead_s=20, again_s=0.02)


@pytest.fixture
def book(postgres_url: str) -> Iterator[Ledger]:
    with ledger.open_ledger(postgres_url) as book:
        yield book


def add(book: Ledger, count: int) -> None:
    with book.write() as connection:
        ledger.add(connection, [NewItem(Item(f"i{n}", "text_to_sfx", {})) for n in range(count)], 0.0)


class Machine:
    """A worker that does an item's whole work in the ledger alone, and notes what was delivered and what it took."""

    def __init__(self, book: Ledger, name: str) -> None:
        self.book, self.name = book, name
        self.delivered: list[str] = []
        self.taken: list[str] = []
        self.troubles: list[str] = []
        self.engine = Engine(
            book, self.run, self.free, self.more, concurrency=4, pace=QUICK, on_trouble=self.troubles.append
        )

    async def run(self, item: str) -> None:
        self.delivered.append(item)
        await asyncio.to_thread(self.whole, item)

    def whole(self, item: str) -> None:
        with self.book.write() as connection:
            entry = ledger.claim_item(connection, item, self.name, ledger.now(connection))
            if entry is not None:
                end(connection, entry)
        if entry is not None:
            self.taken.append(item)

    async def free(self, limit: int) -> list[str]:
        with self.book.read() as connection:
            return ledger.claimable(connection, ledger.now(connection), limit=limit)

    async def more(self) -> bool:
        with self.book.read() as connection:
            return ledger.pending(connection) > 0


def end(connection: Connection, entry: Entry) -> None:
    moment = ledger.now(connection)
    if entry.state == "planned":
        entry = ledger.intend(connection, entry, moment, fingerprint="f", key=None)
    if entry.state == "intended":
        entry = ledger.submitted(connection, entry, moment, token="t", due_at=moment, expires_at=None)
    ledger.succeeded(connection, entry, moment, [])


def jobs(book: Ledger) -> list[tuple[str, str]]:
    with book.read() as connection:
        return [
            tuple(row)
            for row in connection.exec_driver_sql("SELECT args->>'item', status::text FROM procrastinate_jobs")
        ]


async def together(*machines: Machine) -> None:
    await asyncio.wait_for(asyncio.gather(*(machine.engine.work() for machine in machines)), 60)


def test_two_machines_share_the_items_and_leave_the_queue_empty(book: Ledger) -> None:
    add(book, 60)
    one, two = Machine(book, "one"), Machine(book, "two")
    asyncio.run(together(one, two))
    assert Counter(one.taken + two.taken) == Counter({f"i{n}": 1 for n in range(60)})
    assert jobs(book) == []
    assert one.troubles == two.troubles == []


def test_what_the_ledger_gets_later_is_delivered_too(book: Ledger) -> None:
    add(book, 3)
    machine = Machine(book, "one")
    whole = machine.whole

    def growing(item: str) -> None:
        if item == "i2":
            add(book, 5)
        whole(item)

    machine.whole = growing  # type: ignore[method-assign]
    asyncio.run(together(machine))
    assert sorted(machine.taken) == ["i0", "i1", "i2", "i3", "i4"]


def test_what_a_dead_worker_was_running_is_delivered_to_another(book: Ledger) -> None:
    add(book, 2)

    async def die() -> None:
        """Take an item from the queue and from the ledger, and do nothing more, not even a sign of life."""
        app = await asyncio.to_thread(_app, book)
        async with app.open_async():
            task = app.configure_task("mirelo_ergo.batch.run_item", queue=QUEUE)
            await task.defer_async(item="i0")
            worker = await app.job_manager.register_worker()
            assert await app.job_manager.fetch_job(queues=[QUEUE], worker_id=worker)

    asyncio.run(die())
    with book.write() as connection:
        assert ledger.claim_item(connection, "i0", "dead", ledger.now(connection), lease_s=-1)
        connection.exec_driver_sql("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '21 seconds'")
    assert jobs(book) == [("i0", "doing")]
    machine = Machine(book, "one")
    asyncio.run(together(machine))
    assert sorted(machine.taken) == ["i0", "i1"]
    assert jobs(book) == []


def test_what_a_live_worker_holds_is_left_to_it(book: Ledger) -> None:
    add(book, 2)
    with book.write() as connection:
        assert ledger.claim_item(connection, "i0", "alive", ledger.now(connection))
    machine = Machine(book, "one")

    async def more() -> bool:
        return machine.taken != ["i1"]

    machine.engine._more = more
    asyncio.run(together(machine))
    assert set(machine.delivered) == {"i1"}


@pytest.mark.parametrize("downs", [1, 2])
def test_a_database_that_is_restarted_takes_time_and_nothing_else(
    downs: int, book: Ledger, postgres_server: Postgres
) -> None:
    add(book, 40)
    machine = Machine(book, "one")
    run = machine.run
    left = iter(range(downs))
    restarting = asyncio.Lock()

    async def meanwhile(item: str) -> None:
        async with restarting:
            if len(machine.taken) > 5 and next(left, None) is not None:
                await asyncio.to_thread(postgres_server.restart)
        await run(item)

    machine.engine._run = meanwhile
    asyncio.run(together(machine))
    assert sorted(machine.taken) == sorted(f"i{n}" for n in range(40))
    assert [item for item, status in jobs(book) if status == "todo"] == []


def test_a_worker_that_is_stopped_ends_what_it_runs_and_takes_nothing_more(book: Ledger) -> None:
    add(book, 40)
    machine = Machine(book, "one")
    run = machine.run

    async def stopping(item: str) -> None:
        machine.engine.stop()
        await run(item)

    machine.engine._run = stopping
    asyncio.run(together(machine))
    assert machine.delivered == machine.taken
    assert 1 <= len(machine.taken) <= 4
    with book.read() as connection:
        assert ledger.pending(connection) == 40 - len(machine.taken)


def test_an_item_that_fails_to_run_does_not_end_the_worker(book: Ledger) -> None:
    add(book, 4)
    machine = Machine(book, "one")
    run = machine.run

    async def failing(item: str) -> None:
        if machine.delivered.count(item) == 0:
            machine.delivered.append(item)
            raise LedgerError("a hiccup")
        await run(item)

    machine.engine._run = failing
    asyncio.run(together(machine))
    assert sorted(machine.taken) == ["i0", "i1", "i2", "i3"]


def test_only_the_queues_own_errors_are_kept_from_the_loops_handler(book: Ledger) -> None:
    heard: list[object] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for before in (None, lambda _, context: heard.append(context["message"])):
            loop.set_exception_handler(before)
            with _unheard((LedgerError,)):
                loop.call_exception_handler({"message": "kept", "exception": LedgerError("away")})
                loop.call_exception_handler({"message": "passed on", "exception": ValueError("a bug")})
            assert loop.get_exception_handler() is before

    asyncio.run(main())
    assert heard == ["passed on"]


def test_a_ledger_in_a_file_has_no_workers(tmp_path: Path) -> None:
    with ledger.open_ledger(tmp_path / "sfx.db") as book, pytest.raises(LedgerError, match="is a file: run it on this"):
        Machine(book, "one")


@pytest.mark.parametrize("missing", ["procrastinate", "psycopg"])
def test_a_missing_package_is_named_with_the_extra(missing: str, book: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(LedgerError, match=rf"workers need {missing}: pip install 'mirelo-ergo\[cluster\]'"):
        asyncio.run(together(Machine(book, "one")))


def test_the_queues_tables_are_made_once_by_whoever_comes_first(book: Ledger) -> None:
    async def all_at_once() -> None:
        await asyncio.gather(*(asyncio.to_thread(_app, book) for _ in range(6)))

    asyncio.run(all_at_once())
    assert jobs(book) == []

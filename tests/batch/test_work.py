"""Workers that share a ledger on PostgreSQL: each item is made once, even if workers die, stop or come back."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mirelo_ergo import AsyncMireloClient, AsyncPixazoClient, AuthenticationError, MireloClient, PixazoClient
from mirelo_ergo.batch import Batch, Event, FenceLostError, Item, LedgerError, cluster, ledger
from mirelo_ergo.emulator import Emulator, faults
from tests.batch.support import CREDITS, asked, files_of, numbered, rain, saved
from tests.support.postgres import Postgres


@pytest.fixture
def shared(postgres_url: str, tmp_path: Path) -> Iterator[Batch]:
    """A batch on PostgreSQL, with a folder that all its workers share."""
    with Batch.open(postgres_url, tmp_path / "out") as batch:
        yield batch


def another(batch: Batch) -> Batch:
    """Open a batch once more, as another machine does."""
    return Batch.open(batch.ledger.engine.url.render_as_string(hide_password=False), batch.folder)


def made_once(batch: Batch, emulator: Emulator, count: int) -> None:
    """Check that each item was made and paid once, and that its file is there and no other."""
    summary = batch.summary()
    assert summary.counts["succeeded"] == summary.total == count
    assert len(emulator.charges) == count
    assert summary.budgets["credits"].charged == count * CREDITS * 1_000_000
    assert summary.budgets["credits"].reserved == 0
    assert files_of(batch) == saved(batch)
    assert len(saved(batch)) == count


def test_one_worker_makes_what_there_is(shared: Batch, client: MireloClient, emulator: Emulator) -> None:
    shared.add(numbered(12))
    assert shared.work(client, max_credits=1000).done
    made_once(shared, emulator, 12)


def test_workers_share_the_work(shared: Batch, emulator: Emulator) -> None:
    shared.add(numbered(60))
    made: dict[int, Counter[str]] = {0: Counter(), 1: Counter()}

    async def worker(number: int) -> None:
        def note(event: Event) -> None:
            made[number][event.step] += 1

        async with AsyncMireloClient(emulator.key, base_url=emulator.url) as client:
            with another(shared) as batch:
                assert (await batch.work(client, concurrency=4, on_event=note)).done

    async def both() -> None:
        await asyncio.gather(worker(0), worker(1))

    asyncio.run(both())
    assert made[0]["succeeded"] + made[1]["succeeded"] == 60
    assert min(made[0]["succeeded"], made[1]["succeeded"]) > 0
    made_once(shared, emulator, 60)


def test_items_that_come_later_are_priced_and_made_under_the_cap(shared: Batch, emulator: Emulator) -> None:
    shared.add(numbered(3))

    def more(event: Event) -> None:
        if event.step == "succeeded" and event.entry.id == "i001":
            shared.add(rain("late", duration_ms=2000))

    async def work() -> None:
        async with AsyncMireloClient(emulator.key, base_url=emulator.url) as client:
            assert (await shared.work(client, max_credits=10_000, on_event=more)).done

    asyncio.run(work())
    assert asked(emulator, "GET", "/preflight") == 2
    assert [entry.id for entry in shared.items("succeeded")] == ["i000", "i001", "i002", "late"]


def test_a_wrong_item_that_comes_later_is_refused_by_itself(shared: Batch, emulator: Emulator, tmp_path: Path) -> None:
    """A limit that is broken, and a service that names no price under a cap; a file may be on another machine."""
    shared.add(numbered(3))
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"not for long")
    told: dict[str, str] = {}

    def more(event: Event) -> None:
        if event.step == "refused":
            told[event.entry.id] = event.message
        if event.step == "succeeded" and event.entry.id == "i001":
            gateway = Item("priceless", "text_to_audio", {"text_prompt": "rain outside"}, service="pixazo")
            elsewhere = Item("elsewhere", "video_to_sfx", {"video": str(clip), "duration_ms": 1000})
            shared.add([*rain("wrong", duration_ms=99_000), gateway, elsewhere, *rain("good")])
            clip.unlink()

    async def work() -> None:
        async with (
            AsyncMireloClient(emulator.key, base_url=emulator.url) as client,
            AsyncPixazoClient(emulator.keys["pixazo"], base_url=emulator.urls["pixazo"]) as pixazo,
        ):
            await shared.work(client, pixazo, max_credits=10_000, on_event=more)

    asyncio.run(work())
    states = {entry.id: entry.state for entry in shared.items()}
    made = dict.fromkeys(("i000", "i001", "i002", "good"), "succeeded")
    assert states == {**made, "wrong": "refused", "priceless": "refused", "elsewhere": "planned"}
    assert "duration_ms=99000" in told["wrong"]
    assert "1 item (text-to-audio v1.6 at pixazo) has no price, so a cap cannot be checked" in told["priceless"]
    clip.write_bytes(b"")
    with MireloClient(emulator.key, base_url=emulator.url) as client:
        assert shared.run_item("elsewhere", client) is None, "what is there and no clip is refused"
    assert [entry.id for entry in shared.items("refused")] == ["wrong", "priceless", "elsewhere"]


def test_an_item_that_is_added_while_a_worker_looks_has_its_price_before_it_is_taken(
    shared: Batch, client: MireloClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An item without a price is held under a cap, and the worker ended: the cap seemed to leave no room."""
    shared.add(numbered(1))

    def then_add(look: Callable[..., Any]) -> Callable[..., Any]:
        def looked(*arguments: Any, **options: Any) -> Any:
            found = look(*arguments, **options)
            shared.add(rain("late"))
            return found

        return looked

    looks = SimpleNamespace(**vars(ledger))
    looks.claimable, looks.unplanned = then_add(ledger.claimable), then_add(ledger.unplanned)
    monkeypatch.setattr(cluster, "ledger", looks)
    summary = shared.work(client, max_credits=CREDITS * 4)
    assert (summary.counts["succeeded"], summary.stopped) == (2, None)


def test_an_item_that_another_worker_put_into_the_queue_has_its_price_before_it_is_sent(
    shared: Batch, emulator: Emulator
) -> None:
    """It was taken as it was: held under a cap, as if that left no room, and sent uncounted without one."""

    async def work(name: str, max_credits: float | None) -> str | None:
        async with (
            AsyncMireloClient(emulator.key, base_url=emulator.url) as client,
            shared.worker(client, max_credits=max_credits) as worker,
        ):
            shared.add(rain(name))
            return await worker.run_item(name)

    assert asyncio.run(work("uncapped", None)) == "succeeded"
    assert asyncio.run(work("capped", CREDITS * 2)) == "succeeded"
    assert asyncio.run(work("over", CREDITS * 2)) == "held"
    assert len(emulator.charges) == 2
    assert shared.summary().budgets["credits"].charged == CREDITS * 2 * 1_000_000


def test_a_cap_ends_the_work_and_holds(shared: Batch, client: MireloClient, emulator: Emulator) -> None:
    shared.add(numbered(10))
    summary = shared.work(client, max_credits=CREDITS * 4, concurrency=3)
    assert (summary.counts["succeeded"], summary.left) == (4, 6)
    assert summary.stopped == "the cap leaves no room for the next item"
    assert asked(emulator, "POST", "/jobs") == 4


def test_a_wrong_key_ends_the_worker_and_costs_nothing(shared: Batch, emulator: Emulator, client: MireloClient) -> None:
    shared.add(numbered(4))
    with MireloClient("wrong", base_url=emulator.url) as stranger, pytest.raises(AuthenticationError):
        shared.work(stranger)
    assert shared.work(client).done
    made_once(shared, emulator, 4)


def test_a_worker_without_a_service_leaves_its_items_to_others(shared: Batch, emulator: Emulator) -> None:
    shared.add(numbered(2))
    with PixazoClient(emulator.key, base_url=emulator.urls["pixazo"]) as client:
        assert shared.work(client).left == 2
        assert shared.run_item("i000", client) is None
    assert asked(emulator, "POST", "/jobs") == 0


def test_a_ledger_in_a_file_has_no_workers(batch: Batch, client: MireloClient) -> None:
    with pytest.raises(LedgerError, match="share a ledger on PostgreSQL"):
        batch.work(client)


def test_ctrl_c_leaves_the_waits_and_the_next_worker_resumes_them(
    shared: Batch, client: MireloClient, emulator: Emulator
) -> None:
    shared.add(numbered(6))

    async def interrupted() -> None:
        async with AsyncMireloClient(emulator.key, base_url=emulator.url) as client:
            submitted: set[str] = set()

            def note(event: Event) -> None:
                if event.step == "submitted":
                    submitted.add(event.entry.id)
                if len(submitted) == 6:
                    task.cancel()

            task = asyncio.ensure_future(shared.work(client, on_event=note))
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(interrupted())
    assert shared.summary().counts["submitted"] + shared.summary().counts["succeeded"] == 6
    assert [entry.worker for entry in shared.items()] == [None] * 6
    assert shared.work(client).done
    made_once(shared, emulator, 6)


def test_a_second_ctrl_c_ends_at_once(shared: Batch, client: MireloClient, emulator: Emulator) -> None:
    """The first one waits for the answer of a request under way, which never comes here."""
    shared.add(rain("a"))
    emulator.fail_next("submit", faults.NoAnswer())

    async def interrupted() -> None:
        async with AsyncMireloClient(emulator.key, base_url=emulator.url) as other:
            leaving = asyncio.Event()

            def note(event: Event) -> None:
                if event.step == "intended":
                    leaving.set()

            task = asyncio.ensure_future(shared.work(other, on_event=note))
            await leaving.wait()
            task.cancel()
            await asyncio.sleep(0.1)
            assert not task.done()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(task, 10)

    asyncio.run(interrupted())
    assert shared.summary().counts["intended"] == 1
    assert shared.run_item("a", client) == "unknown", "nobody knows what became of the request"


def test_an_item_may_be_delivered_any_number_of_times(shared: Batch, emulator: Emulator) -> None:
    shared.add(rain("a"))

    async def everywhere() -> list[object]:
        async with AsyncMireloClient(emulator.key, base_url=emulator.url) as client:
            return list(await asyncio.gather(*(shared.run_item("a", client) for _ in range(8))))

    steps = asyncio.run(everywhere())
    assert Counter(steps) == Counter({None: 7, "succeeded": 1})
    made_once(shared, emulator, 1)
    with MireloClient(emulator.key, base_url=emulator.url) as client:
        assert shared.run_item("a", client) is None
        assert shared.run_item("no-such-item", client) is None


def test_a_single_item_is_priced_before_it_is_sent(shared: Batch, client: MireloClient, emulator: Emulator) -> None:
    shared.add(rain("a", "b"))
    assert shared.run_item("a", client, max_credits=CREDITS) == "succeeded"
    assert shared.run_item("b", client) == "held"
    assert asked(emulator, "POST", "/jobs") == 1


@pytest.mark.parametrize("how", ["fast", "crash"])
def test_a_database_that_is_restarted_loses_and_repeats_nothing(
    how: str, shared: Batch, emulator: Emulator, postgres_server: Postgres
) -> None:
    """Restart it while requests are on their way, so that their jobs are recorded by the one that comes back."""
    shared.add(numbered(24))
    kind = signal.SIGINT if how == "fast" else signal.SIGQUIT
    steps = Counter[str]()

    async def work() -> None:
        restarts = iter((5, 12))
        when = next(restarts)

        def note(event: Event) -> None:
            nonlocal when
            steps[event.step] += 1
            if event.step == "answered" and steps["answered"] == when:
                postgres_server.restart(kind)  # no coroutine runs meanwhile: the job's id is only in this process
                when = next(restarts, -1)

        async with AsyncMireloClient(emulator.key, base_url=emulator.url) as client:
            await asyncio.wait_for(shared.work(client, concurrency=6, on_event=note), 120)

    asyncio.run(work())
    made_once(shared, emulator, 24)
    assert steps["unknown"] == 0


def test_a_worker_that_was_stopped_sends_nothing_that_another_took_over(
    shared: Batch, emulator: Emulator, client: MireloClient
) -> None:
    """It had recorded its intent when it was stopped, and its lease ended: the other finds an unknown request."""
    shared.add(rain("a"))
    with shared.ledger.write() as connection:
        ledger.bind(connection, "here", {"mirelo": client.base_url})
    stopped = intent_of_a(shared)
    expire(shared)
    with another(shared) as other:
        assert other.run_item("a", client) == "unknown"
    with shared.ledger.write() as connection, pytest.raises(FenceLostError):
        ledger.check(connection, stopped, ledger.now(connection))
    assert asked(emulator, "POST", "/jobs") == 0


def intent_of_a(batch: Batch) -> ledger.Entry:
    """Claim item "a" and record the intent of it, without a key, as a worker does before it sends."""
    with batch.ledger.write() as connection:
        ledger.plan(connection, 1, rain("a")[0].definition, "f", "credits", CREDITS * 1_000_000, 0.0)
        entry = ledger.claim_item(connection, "a", "stopped", ledger.now(connection))
        assert entry is not None
        return ledger.intend(connection, entry, ledger.now(connection), fingerprint="f", key=None)


def expire(batch: Batch) -> None:
    """End all leases, as a minute does."""
    with batch.ledger.write() as connection:
        connection.exec_driver_sql("UPDATE mirelo_items SET lease_until = 0 WHERE lease_until IS NOT NULL")

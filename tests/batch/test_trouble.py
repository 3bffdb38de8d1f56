"""What goes wrong in a run: jobs, the service, the network, the key, the money, the disk, the clock, and Ctrl-C."""

from __future__ import annotations

import _thread
import asyncio
import errno
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import event as sql_event

from mirelo_ergo import (
    AsyncMireloClient,
    AuthenticationError,
    CostLimitError,
    DownloadError,
    InsufficientCreditsError,
    InvalidRequestError,
    MireloClient,
    PixazoClient,
)
from mirelo_ergo.batch import Batch, Event, Item, LedgerError, Summary, fetching, ledger, result_files, runner
from mirelo_ergo.batch.ledger import Entry, opening
from mirelo_ergo.batch.result_files import place_files
from mirelo_ergo.emulator import Emulator, faults
from mirelo_ergo.emulator.faults.plan import Rule
from tests.batch.support import CREDITS, asked, files_of, numbered, rain, saved


def states(batch: Batch) -> list[str]:
    return [entry.state for entry in batch.items()]


def charged(batch: Batch) -> int:
    return batch.summary().budgets["credits"].charged // 1_000_000


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again without a pause."""
    monkeypatch.setattr("mirelo_ergo.batch.recording.random.uniform", lambda least, most: least)


def test_a_job_that_fails_is_made_again_and_paid_once(batch: Batch, client: MireloClient, emulator: Emulator) -> None:
    batch.add(rain("a"))
    emulator.fail_next("submit", faults.FailedJob(), times=2)
    assert batch.run(client, eager=True).done
    assert len(emulator.jobs) == 3
    assert charged(batch) == CREDITS


def test_a_job_that_always_fails_is_failed_in_the_end(batch: Batch, client: MireloClient, emulator: Emulator) -> None:
    batch.add(rain("a"))
    emulator.add_fault(Rule("submit", faults.FailedJob()))
    batch.run(client, eager=True, attempts=2)
    (entry,) = batch.items()
    assert (entry.state, entry.attempts, entry.error_code, entry.charged) == ("failed", 2, "generation_failed", 0)
    assert len(emulator.jobs) == 2


def test_a_charged_failure_is_never_tried_again(batch: Batch, client: MireloClient, emulator: Emulator) -> None:
    batch.add(rain("a", num_samples=2))
    emulator.fail_next("submit", faults.LostResults(count=1))
    batch.run(client, eager=True)
    (entry,) = batch.items()
    assert (entry.state, entry.error_type, len(entry.files)) == ("failed", "IncompleteResultError", 1)
    assert files_of(batch) == saved(batch), "what came is kept"
    assert len(emulator.jobs) == 1


def test_what_the_service_refuses_is_refused_and_can_be_corrected(
    batch: Batch, client: MireloClient, emulator: Emulator
) -> None:
    batch.add(rain("a", "b"))
    emulator.fail_next("submit", faults.Status(422, code="invalid_video"))
    batch.run(client, eager=True, concurrency=1)
    assert states(batch) == ["refused", "succeeded"]
    assert charged(batch) == CREDITS
    assert batch.add([Item("a", "text_to_sfx", {"prompt": "corrected", "duration_ms": 1000})]).changed == 1
    assert batch.run(client, eager=True).done


def test_an_expired_job_has_failed(batch: Batch, client: MireloClient, emulator: Emulator) -> None:
    batch.add(rain("a"))
    job = client.text_to_sfx("rain a", duration_ms=1000).submit_job()
    with batch.ledger.write() as connection:
        ledger.bind(connection, batch.ledger.place, emulator.urls)
        (entry,) = ledger.claim(connection, "gone", 0.0)
        entry = ledger.intend(connection, entry, 1.0, fingerprint="f", key=None)
        ledger.submitted(connection, entry, 2.0, token=_older(job.token), due_at=3.0, expires_at=4.0)
    emulator.clock.advance(25 * 3600)
    batch.run(client, eager=True)
    assert [entry.error_type for entry in batch.items()] == ["JobExpiredError"]


def _older(token: str) -> str:
    parts = token.split(":")
    return ":".join([*parts[:4], str(int(parts[4]) - 25 * 3600), *parts[5:]])


def test_results_that_cannot_be_fetched_now_are_fetched_by_the_next_run(
    batch: Batch, client: MireloClient, emulator: Emulator
) -> None:
    batch.add(rain("a"))
    emulator.add_fault(Rule("result", faults.Status(500)))
    summary = batch.run(client, eager=True)
    assert (states(batch), summary.left) == (["submitted"], 1)
    emulator.clear_faults()
    assert batch.run(client, eager=True).done
    assert len(emulator.jobs) == 1


def test_nothing_is_sent_where_nobody_answers(batch: Batch) -> None:
    batch.add(numbered(30))
    with MireloClient("sk-x", base_url="http://127.0.0.1:9", backoff_ms=1, retries=0) as client:
        summary = batch.run(client)
    assert summary.stopped is not None
    assert f"{runner._IN_A_ROW} items in a row could not be done now" in summary.stopped
    assert summary.counts["planned"] == 30


def test_a_wrong_key_ends_the_run_and_changes_nothing(batch: Batch, emulator: Emulator) -> None:
    batch.add(rain("a", "b"))
    with MireloClient("sk-wrong", base_url=emulator.url) as client:
        emulator.add_fault(Rule("submit", faults.Status(401)))
        with pytest.raises(AuthenticationError):
            batch.run(client)
    assert states(batch) == ["planned", "planned"]


def test_without_credits_what_runs_is_still_fetched(batch: Batch, client: MireloClient, emulator: Emulator) -> None:
    batch.add(rain("a", "b", "c"))
    emulator.fail_next("submit", faults.Status(402))
    before = emulator.add_fault(Rule("poll", faults.Latency(0.05)))
    with pytest.raises(InsufficientCreditsError):
        batch.run(client, eager=True, concurrency=2)
    assert before
    assert sorted(states(batch)) == ["planned", "planned", "succeeded"]
    assert batch.run(client, eager=True).done


def test_a_cap_cannot_hold_for_what_has_no_price(batch: Batch, emulator: Emulator) -> None:
    batch.add([Item("a", "text_to_audio", {"text_prompt": "rain outside"}, service="pixazo")])
    says = r"1 item \(text-to-audio v1.6 at pixazo\) has no price"
    with PixazoClient("sk-x", base_url=emulator.urls["pixazo"]) as client, pytest.raises(CostLimitError, match=says):
        batch.run(client, max_credits=5)
    assert emulator.requests == []


def test_money_given_back_lets_the_next_item_go(batch: Batch, client: MireloClient, emulator: Emulator) -> None:
    batch.add(rain("a", "b"))
    emulator.fail_next("submit", faults.FailedJob(), times=1)
    batch.run(client, eager=True, max_credits=CREDITS, attempts=1)
    assert sorted(states(batch)) == ["failed", "succeeded"]


# --- reuse ----------------------------------------------------------------------------------------------------------


def test_a_result_that_is_there_is_not_paid_again(
    batch: Batch, client: MireloClient, emulator: Emulator, tmp_path: Path
) -> None:
    batch.add(rain("a", "b", num_samples=2))
    batch.run(client, eager=True)
    before = len(emulator.jobs)
    same = {"prompt": "rain a", "duration_ms": 1000, "num_samples": 2}
    with Batch.open(tmp_path / "second" / "sfx.db") as second:
        second.add(
            [
                Item("same", "text_to_sfx", same),
                Item("take", "text_to_sfx", same, take=2),
                Item("model", "text_to_sfx", {**same, "model": "v1.6"}),
            ]
        )
        summary = second.run(client, eager=True, reuse=tmp_path)
        assert summary.done
        assert (summary.reused, summary.saved["credits"]) == (1, 2 * CREDITS * 1_000_000)
        assert (second.folder / "same-1.wav").read_bytes() == (batch.folder / "a-1.wav").read_bytes()
        assert next(iter(second.items())).reused == batch.ledger.place
    assert len(emulator.jobs) == before + 2


def test_a_damaged_or_missing_result_is_not_reused(
    batch: Batch, client: MireloClient, emulator: Emulator, tmp_path: Path
) -> None:
    batch.add(rain("a", "b"))
    batch.run(client, eager=True)
    (batch.folder / "a.wav").unlink()
    (batch.folder / "b.wav").write_bytes(bytes((batch.folder / "b.wav").stat().st_size))
    (tmp_path / "notes.db").write_text("no database, and long enough for one" * 40)
    with Batch.open(tmp_path / "second" / "sfx.db") as second:
        second.add(rain("a", "b"))
        assert second.run(client, eager=True, reuse=tmp_path).reused == 0
    assert len(emulator.jobs) == 4


def test_a_library_is_a_folder(batch: Batch, client: MireloClient) -> None:
    with pytest.raises(InvalidRequestError, match="reuse: nowhere is not a folder"):
        batch.run(client, reuse="nowhere")


# --- disk, lock, clock ----------------------------------------------------------------------------------------------


def test_a_full_disk_ends_the_run_and_the_next_one_goes_on(
    batch: Batch, client: MireloClient, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch.add(rain("a", "b"))

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("mirelo_ergo.batch.result_files.os.link", full)
    monkeypatch.setattr("mirelo_ergo.batch.result_files.shutil.copyfile", full)
    with pytest.raises(DownloadError, match="a result cannot be put in its place: No space left") as stopped:
        batch.run(client, eager=True)
    assert stopped.value.errno == errno.ENOSPC
    assert states(batch) == ["submitted", "submitted"]
    monkeypatch.undo()
    assert batch.run(client, eager=True).done
    assert len(emulator.jobs) == 2
    assert files_of(batch) == saved(batch) == {"a.wav", "b.wav"}


def test_a_folder_that_cannot_be_written_ends_the_run(batch: Batch, client: MireloClient, emulator: Emulator) -> None:
    batch.add(rain("a"))
    staging = batch.folder / result_files.STAGING
    staging.write_bytes(b"a file where the folder has to be")
    with pytest.raises(DownloadError) as stopped:
        batch.run(client, eager=True)
    assert stopped.value.errno is not None
    assert states(batch) == ["submitted"]
    staging.unlink()
    assert batch.run(client, eager=True).done
    assert len(emulator.jobs) == 1


def test_a_full_ledger_sends_nothing_more(batch: Batch, client: MireloClient, emulator: Emulator) -> None:
    batch.add(numbered(300))
    with batch.ledger.write() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()

    def limit(connection: Any, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")

    sql_event.listen(batch.ledger.engine, "connect", limit)
    batch.ledger.engine.dispose()
    with pytest.raises(LedgerError, match="the disk is full; make room, then run the same command again"):
        batch.run(client, eager=True)
    sql_event.remove(batch.ledger.engine, "connect", limit)
    batch.ledger.engine.dispose()
    assert len(emulator.jobs) <= 16, "no request left without its record"


def test_a_locked_ledger_is_named(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "BUSY", 0.05)
    batch.add(rain("a"))
    other = sqlite3.connect(batch.ledger.place, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    says = "was locked by another program"
    with ledger.open_ledger(batch.ledger.place) as book, pytest.raises(LedgerError, match=says), book.write():
        pass
    other.execute("ROLLBACK")
    other.close()


def test_a_ledger_that_is_read_only_is_named(batch: Batch) -> None:
    batch.add(rain("a"))
    with ledger.open_ledger(batch.ledger.place, writable=False) as book:
        with book.read() as connection:
            assert ledger.counts(connection)["planned"] == 1
        with (
            pytest.raises(LedgerError, match="cannot be written: its file or folder is read-only"),
            book.write() as one,
        ):
            ledger.set_cap(one, "credits", 1)


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
def test_a_clock_that_jumps_changes_nothing(
    batch: Batch, client: MireloClient, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    offset, real = [0.0], time.time
    monkeypatch.setattr("mirelo_ergo.batch.ledger.opening.time.time", lambda: real() + offset[0])

    def on_event(event: Event) -> None:
        if event.step in ("submitted", "fetched"):
            offset[0] += jump

    batch.add(rain("a", "b", "c"))
    assert batch.run(client, eager=True, on_event=on_event).done
    assert len(emulator.jobs) == 3


# --- stopping -------------------------------------------------------------------------------------------------------


def stopped_at(batch: Batch, emulator: Emulator, step: str, cancels: int = 1) -> None:
    """Run with an async client, and cancel the run at a step, so many times."""

    async def main() -> None:
        loop = asyncio.get_running_loop()

        def on_event(event: Event) -> None:
            if event.step == step:
                for number in range(cancels):
                    loop.call_later(0.01 * number, task.cancel)

        async with AsyncMireloClient(emulator.key, base_url=emulator.url, backoff_ms=1) as client:
            task = asyncio.ensure_future(batch.run(client, eager=True, on_event=on_event))
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())


def holders(batch: Batch) -> list[str]:
    with batch.ledger.read() as connection:
        return ledger.holders(connection)


def test_a_run_that_is_stopped_leaves_waits_to_the_next_one(
    batch: Batch, client: MireloClient, emulator: Emulator
) -> None:
    batch.add(rain("a"))
    emulator.fail_next("submit", faults.StuckJob())
    stopped_at(batch, emulator, "submitted")
    assert states(batch) == ["submitted"]
    assert holders(batch) == []


def test_a_run_that_is_stopped_records_the_request_under_way(
    batch: Batch, client: MireloClient, emulator: Emulator
) -> None:
    batch.add(rain("a"))
    stopped_at(batch, emulator, "intended")
    assert states(batch) == ["submitted"]
    assert batch.run(client, eager=True).done
    assert len(emulator.jobs) == 1


def test_stopped_twice_it_ends_at_once_and_nothing_is_lost(
    batch: Batch, client: MireloClient, emulator: Emulator
) -> None:
    batch.add(rain("a", model="sfx-1.6"))
    emulator.fail_next("submit", faults.NoAnswer("after"))
    stopped_at(batch, emulator, "intended", cancels=2)
    assert states(batch) == ["intended"]
    assert batch.run(client, eager=True).done
    assert len(emulator.jobs) == 1


def test_ctrl_c_stops_a_sync_run(batch: Batch, client: MireloClient, emulator: Emulator) -> None:
    batch.add(rain("a"))
    emulator.fail_next("submit", faults.StuckJob())

    def on_event(event: Event) -> None:
        if event.step == "submitted":
            _thread.interrupt_main()

    with pytest.raises(KeyboardInterrupt):
        batch.run(client, on_event=on_event)
    assert states(batch) == ["submitted"]
    assert holders(batch) == []


@pytest.mark.parametrize("step", ["claimed", "intended", "answered", "submitted", "fetched", "placed", "succeeded"])
def test_a_callback_that_fails_loses_no_job(step: str, batch: Batch, client: MireloClient, emulator: Emulator) -> None:
    """Its error ends the run, but not between a paid request and its record; the next run goes on with each job."""
    batch.add(numbered(3))

    def on_event(event: Event) -> None:
        if event.step == step:
            raise BrokenPipeError("nobody reads")

    with pytest.raises(BrokenPipeError):
        batch.run(client, eager=True, on_event=on_event)
    assert set(states(batch)) <= {"planned", "submitted", "succeeded"}
    assert holders(batch) == []
    assert batch.run(client, eager=True).done
    assert len(emulator.jobs) == 3


class SoftTimeLimit(Exception):
    """As Celery's is: no subclass of anything."""


@pytest.mark.parametrize("how", ["run", "results"])
def test_what_a_signal_handler_raises_stops_a_sync_run(
    how: str, batch: Batch, client: MireloClient, emulator: Emulator
) -> None:
    """A task queue's soft time limit: nothing more is submitted, what is under way is recorded, and it is raised."""
    batch.add(numbered(3))
    emulator.add_fault(Rule("submit", faults.StuckJob()))

    def limit(*_: object) -> None:
        raise SoftTimeLimit

    def on_event(event: Event) -> None:
        if event.step == "submitted":
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGALRM)

    made: dict[str, Callable[[], object]] = {
        "run": lambda: batch.run(client, on_event=on_event, concurrency=1),
        "results": lambda: next(batch.results(client, on_event=on_event, concurrency=1)),
    }
    before = signal.signal(signal.SIGALRM, limit)
    try:
        with pytest.raises(SoftTimeLimit):
            made[how]()
    finally:
        signal.signal(signal.SIGALRM, before)
    assert sorted(states(batch)) == ["planned", "planned", "submitted"]
    assert holders(batch) == []
    assert len(emulator.jobs) == 1


class Interrupting(httpx.AsyncHTTPTransport):
    """Lets a signal handler raise within the work of one item, before a request or when its answer is there."""

    def __init__(self, method: str, path: str, *, after: bool) -> None:
        super().__init__()
        self._left, self._method, self._path, self._after = 1, method, path, after

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        hit = self._left and request.method == self._method and self._path in request.url.path
        if hit and not self._after:
            self._left = 0
            signal.raise_signal(signal.SIGALRM)
        response = await super().handle_async_request(request)
        if hit:
            self._left = 0
            await response.aclose()
            signal.raise_signal(signal.SIGALRM)
        return response


@pytest.mark.parametrize(
    ("method", "path", "after", "state"),
    [
        ("POST", "/jobs", True, "unknown"),
        ("GET", "/jobs/", False, "submitted"),
        ("GET", "/jobs/", True, "submitted"),
        ("GET", "/results/", False, "submitted"),
    ],
)
def test_what_a_signal_handler_raises_stops_an_async_run(
    method: str, path: str, after: bool, state: str, batch: Batch, emulator: Emulator
) -> None:
    """It strikes within an item's work: that is recorded, is no mistake of the item's, and the limit is raised."""
    batch.add(rain("a"))

    def limit(*_: object) -> None:
        raise SoftTimeLimit

    async def main(transport: httpx.AsyncHTTPTransport) -> Summary:
        url = emulator.url
        async with transport, AsyncMireloClient(emulator.key, base_url=url, transport=transport) as client:
            return await batch.run(client, eager=True)

    before = signal.signal(signal.SIGALRM, limit)
    try:
        with pytest.raises(SoftTimeLimit):
            asyncio.run(main(Interrupting(method, path, after=after)))
    finally:
        signal.signal(signal.SIGALRM, before)
    assert states(batch) == [state]
    assert holders(batch) == []
    asyncio.run(main(httpx.AsyncHTTPTransport()))
    assert states(batch) == ["unknown" if state == "unknown" else "succeeded"]
    assert len(emulator.jobs) == 1


def test_results_that_are_left_end_the_run(batch: Batch, client: MireloClient, emulator: Emulator) -> None:
    batch.add(numbered(3))
    emulator.add_fault(Rule("submit", faults.StuckJob(), every=2))
    with batch.results(client, eager=True, concurrency=1) as results:
        assert next(results).state == "succeeded"
    results.close()
    assert holders(batch) == []


def test_results_that_are_left_end_the_run_async(batch: Batch, emulator: Emulator) -> None:
    batch.add(numbered(3))
    emulator.add_fault(Rule("submit", faults.StuckJob(), every=2))

    async def main() -> None:
        async with (
            AsyncMireloClient(emulator.key, base_url=emulator.url) as client,
            batch.results(client, eager=True, concurrency=1) as results,
        ):
            assert (await anext(results)).state == "succeeded"

    asyncio.run(main())
    assert holders(batch) == []


# --- one item -------------------------------------------------------------------------------------------------------


def test_one_item_may_be_delivered_any_number_of_times(batch: Batch, client: MireloClient, emulator: Emulator) -> None:
    batch.add(rain("a"))
    assert batch.run_item("a", client, eager=True) == "succeeded"
    assert batch.run_item("a", client, eager=True) is None
    assert batch.run_item("nobody", client) is None
    assert len(emulator.jobs) == 1
    assert asked(emulator, "GET", "/store/") == 1


def test_one_item_that_meets_a_wrong_key_says_so(batch: Batch, client: MireloClient, emulator: Emulator) -> None:
    batch.add(rain("a"))
    emulator.fail_next("submit", faults.Status(401))
    with pytest.raises(AuthenticationError):
        batch.run_item("a", client)
    assert batch.run_item("a", client, eager=True) == "succeeded"


def test_a_batch_that_is_opened_says_where_it_is(batch: Batch, tmp_path: Path) -> None:
    assert repr(batch) == f"<Batch {tmp_path / 'out' / 'sfx.db'}>"
    (tmp_path / "file").touch()
    with pytest.raises(LedgerError, match="cannot be made"):
        Batch.open(tmp_path / "file" / "out" / "sfx.db")


def test_files_that_another_worker_has_moved_are_fetched_again(
    batch: Batch, client: MireloClient, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lease had ended, and it can record nothing: both had left the item to the next run."""
    moved: list[int] = []

    def place_after_another(folder: Path, entry: Entry, paths: Sequence[Path]) -> Any:
        placed = place_files(folder, entry, paths)
        if not moved:
            moved.append(entry.seq)
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", str(paths[0]))
        return placed

    monkeypatch.setattr(fetching, "place_files", place_after_another)
    batch.add(rain("a"))
    assert batch.run(client).done
    assert moved
    assert files_of(batch) == saved(batch) == {"a.wav"}
    assert len(emulator.charges) == 1

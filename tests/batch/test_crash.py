"""Killed at every named point and at random moments: every item is accounted for, and nothing is paid twice."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from mirelo_ergo import MireloClient
from mirelo_ergo.batch import Batch, Item, Summary
from mirelo_ergo.batch.ledger import Budget
from mirelo_ergo.emulator import Emulator, SeenJob, faults
from mirelo_ergo.emulator.faults.plan import Rule
from tests.batch.support import CREDITS, files_of, numbered, rain, saved
from tests.emulator.support import encode_clip

CHILD = Path(__file__).with_name("child.py")
KILLS = 200 if os.environ.get("MIRELO_SOAK") else 4
"""Random moments at which a batch is killed; `make soak` takes 200."""


@attrs.frozen
class Runs:
    """Starts processes that run a batch against an emulator."""

    batch: Batch
    emulator: Emulator

    def start(self, **more: Any) -> subprocess.Popen[str]:
        given = {"ledger": self.batch.ledger.place, "url": self.emulator.url, "key": self.emulator.key, **more}
        command = [sys.executable, str(CHILD), json.dumps(given)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def killed(self, **more: Any) -> None:
        child = self.start(**more)
        _, errors = child.communicate(timeout=240)
        assert child.returncode == -signal.SIGKILL, errors

    def finished(self, **more: Any) -> None:
        child = self.start(**more)
        _, errors = child.communicate(timeout=240)
        assert child.returncode == 0, errors


@pytest.fixture
def runs(batch: Batch, emulator: Emulator) -> Runs:
    return Runs(batch, emulator)


def check_all_accounted(batch: Batch, emulator: Emulator) -> Summary:
    """Check what holds after every ending: each job, each charge and each file is an item's, and no item has two.

    A job's prompt says whose it is. All jobs of an item but one have failed without a charge, and were tried again; the
    one is that of the item's token, or nobody can tell yet: then the item is intended or unknown.
    """
    summary, entries = batch.summary(), list(batch.items())
    paid = Counter[str]()
    for charge in emulator.charges:  # before the jobs: a request of a killed process may still come to its job
        paid[charge.job_id] += charge.credits
    jobs: dict[str, list[SeenJob]] = {}
    for job in emulator.jobs:
        prompt = job.request.get("input", job.request)["prompt"]  # models sfx-… have it in their input
        jobs.setdefault(prompt, []).append(job)
    for entry in entries:
        mine = jobs.pop(entry.item.arguments["prompt"], [])
        known = None if entry.token is None else entry.token.split(":")[3]
        alive = [job.id for job in mine if job.state != "errored"]
        if known is not None:
            assert known in [job.id for job in mine]
            assert alive in ([], [known]), f"{entry.id}: {mine}"
        else:
            assert len(alive) <= (entry.state in ("intended", "unknown")), f"{entry}: {mine}"
        assert len(mine) <= entry.attempts, f"{entry.id} was sent more often than was intended"
        cost = sum(paid.pop(job.id, 0) for job in mine) * 1_000_000
        assert cost <= entry.charged + entry.reserved
        if entry.state == "succeeded" and entry.reused is None:
            assert (alive, cost) == ([known], entry.charged)
    assert jobs == {}, "no job is nobody's"
    assert not paid
    budget = summary.budgets.get("credits", Budget("credits", None, 0, 0))
    assert budget.reserved == sum(entry.reserved for entry in entries)
    assert budget.charged == sum(entry.charged for entry in entries)
    if summary.left == 0:
        assert files_of(batch) == saved(batch), "no file is missing, and none is nobody's"
    return summary


@pytest.mark.parametrize("step", ["claimed", "intended", "answered", "submitted", "fetched", "placed", "succeeded"])
def test_a_batch_that_was_killed_goes_on(runs: Runs, step: str) -> None:
    runs.batch.add(numbered(3))
    runs.killed(step=step, times=2, concurrency=1)
    check_all_accounted(runs.batch, runs.emulator)
    runs.finished()
    summary = check_all_accounted(runs.batch, runs.emulator)
    unknown = int(step in ("intended", "answered"))
    assert (summary.counts["succeeded"], summary.counts["unknown"], summary.left) == (3 - unknown, unknown, 0)
    taken = 2 if step == "intended" else 3
    assert sum(charge.credits for charge in runs.emulator.charges) == taken * CREDITS


@pytest.mark.parametrize("step", ["prepared", "intended", "answered", "submitted", "placed"])
def test_with_a_key_nothing_is_ever_unknown(runs: Runs, step: str) -> None:
    runs.batch.add(numbered(3, model="sfx-1.6"))
    runs.killed(step=step, times=2)
    runs.finished()
    summary = check_all_accounted(runs.batch, runs.emulator)
    assert summary.counts["succeeded"] == 3
    assert len(runs.emulator.jobs) == 3, "what was sent again was sent under its key"


def test_killed_while_it_reuses_it_goes_on_without_a_second_file(runs: Runs, tmp_path: Path) -> None:
    with (
        Batch.open(tmp_path / "first" / "sfx.db") as first,
        MireloClient(runs.emulator.key, base_url=runs.emulator.url) as client,
    ):
        first.add(numbered(3))
        assert first.run(client, eager=True).done
        reuse = str(first.folder)
    runs.batch.add(numbered(3))
    runs.killed(step="reused", times=2, reuse=reuse)
    runs.finished(reuse=reuse)
    summary = runs.batch.summary()
    assert (summary.done, summary.reused) == (True, 3)
    assert files_of(runs.batch) == saved(runs.batch) == {"i000.wav", "i001.wav", "i002.wav"}
    assert len(runs.emulator.jobs) == 3


def test_a_killed_workers_items_are_free_at_once_on_the_same_machine(runs: Runs) -> None:
    """Its leases are an hour away from their end, and yet they are not waited for."""
    runs.batch.add(numbered(2))
    runs.killed(step="submitted", times=2)
    _move_leases(runs.batch, 3600)
    runs.finished()
    assert runs.batch.summary().done


def test_random_kills_over_a_fault_mix(runs: Runs) -> None:
    """SIGKILL at random moments, over resets, 5xx, lost answers, failed jobs and short downloads, under a cap."""
    emulator, drawn = runs.emulator, 16 if os.environ.get("CI") else random.randrange(1 << 30)
    seed = int(os.environ.get("MIRELO_SEED", drawn))
    chance = random.Random(seed)
    for operation, fault, share in (
        ("submit", faults.Status(503), 0.05),
        ("submit", faults.Reset(), 0.03),
        ("submit", faults.Reset("after"), 0.03),
        ("poll", faults.Status(500), 0.1),
        ("poll", faults.BadJson(), 0.05),
        ("submit", faults.FailedJob(), 0.05),
        ("result", faults.CutBody(500), 0.1),
    ):
        emulator.add_fault(Rule(operation, fault, probability=share, seed=chance.randrange(1 << 30)))
    emulator.set_credits(1_000_000)
    kills = added = 0
    while kills < KILLS:
        if runs.batch.summary().counts["planned"] < 16:
            runs.batch.add(rain(*(f"i{number}" for number in range(added, added + 16))))
            added += 16
        child = runs.start(max_credits=(added - 3) * CREDITS, concurrency=8, announce=True)
        assert child.stdout is not None
        child.stdout.readline()  # it has begun
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(chance.uniform(0, 0.5))
        child.kill()
        _, errors = child.communicate()
        assert child.returncode in (0, -signal.SIGKILL), f"seed {seed}: {errors}"
        kills += child.returncode != 0
        check_all_accounted(runs.batch, emulator)
        assert sum(charge.credits for charge in emulator.charges) <= (added - 3) * CREDITS
    for _ in range(5):
        runs.finished(max_credits=added * CREDITS)
        if runs.batch.summary().left == 0:
            break
    summary = check_all_accounted(runs.batch, emulator)
    assert summary.left == 0, f"seed {seed}"
    print(f"seed {seed}: {added} items, {len(emulator.jobs)} jobs, {dict(summary.counts)}")


def test_a_disk_without_room_for_results_ends_the_run_and_the_next_one_goes_on(runs: Runs) -> None:
    """The system refuses the writes: the ledger is small enough for its limit, and the results are not."""
    runs.batch.add(numbered(3, duration_ms=10_000))
    child = runs.start(largest=1_000_000)
    _, errors = child.communicate(timeout=240)
    assert child.returncode == 1
    assert re.search(
        r"DownloadError: .*File too large: .*; mend that, then run the same command again: what is", errors
    )
    assert check_all_accounted(runs.batch, runs.emulator).left == 3
    assert not list(runs.batch.folder.glob("*.wav"))
    runs.finished()
    assert check_all_accounted(runs.batch, runs.emulator).done
    assert len(runs.emulator.jobs) == 3


def test_two_workers_share_a_ledger(runs: Runs) -> None:
    runs.batch.add(numbered(16))
    workers = [runs.start(concurrency=4) for _ in range(2)]
    for worker in workers:
        _, errors = worker.communicate(timeout=240)
        assert worker.returncode == 0, errors
    assert check_all_accounted(runs.batch, runs.emulator).done
    assert len(runs.emulator.jobs) == 16


def test_eight_processes_never_exceed_a_cap(runs: Runs) -> None:
    runs.batch.add(numbered(24))
    workers = [runs.start(max_credits=13 * CREDITS + 5, concurrency=4) for _ in range(8)]
    most = 0
    while any(worker.poll() is None for worker in workers):
        budget = runs.batch.summary().budgets.get("credits")
        most = max(most, 0 if budget is None else budget.reserved + budget.charged)
        time.sleep(0.02)
    for worker in workers:
        _, errors = worker.communicate()
        assert worker.returncode == 0, errors
    summary = check_all_accounted(runs.batch, runs.emulator)
    assert summary.counts["succeeded"] == 13
    assert summary.counts["planned"] == 11
    assert most <= (13 * CREDITS + 5) * 1_000_000
    assert sum(charge.credits for charge in runs.emulator.charges) == 13 * CREDITS


@contextlib.contextmanager
def stopped(runs: Runs, **more: Any) -> Iterator[subprocess.Popen[str]]:
    """Yield a process that has stopped itself at a step; it is killed at the end if it still is there."""
    # one at once: it looks for no others meanwhile, so that it is not stopped with the ledger's lock in its hands
    child = runs.start(stop=True, concurrency=1, **more)
    try:
        _, status = os.waitpid(child.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        yield child
    finally:
        child.kill()
        child.communicate()


@pytest.mark.parametrize("step", ["claimed", "submitted"])
def test_a_stopped_worker_that_comes_back_pays_for_nothing_that_was_taken_over(runs: Runs, step: str) -> None:
    runs.batch.add(numbered(1))
    with stopped(runs, step=step) as child:
        _move_leases(runs.batch, -3600)
        with MireloClient(runs.emulator.key, base_url=runs.emulator.url) as client:
            assert runs.batch.run(client, eager=True).done
        child.send_signal(signal.SIGCONT)
        _, errors = child.communicate(timeout=240)
        assert child.returncode == 0, errors
    assert len(runs.emulator.jobs) == 1
    assert check_all_accounted(runs.batch, runs.emulator).done


def test_a_worker_that_is_stopped_while_it_uploads_has_sent_nothing(runs: Runs, tmp_path: Path) -> None:
    """Its item is made by another worker, without anybody's word, and it sends nothing when it comes back."""
    clip = tmp_path / "clip.mkv"
    encode_clip(clip, codec="libx264", container="matroska", milliseconds=1500)
    arguments = {"prompt": "rain", "video": str(clip), "duration_ms": 1000, "model": "v1.6"}
    runs.batch.add([Item("a", "video_to_sfx", arguments)])
    with stopped(runs, before="PUT") as child:
        _move_leases(runs.batch, -3600)
        with MireloClient(runs.emulator.key, base_url=runs.emulator.url) as client:
            assert runs.batch.run(client, eager=True).done
        child.send_signal(signal.SIGCONT)
        _, errors = child.communicate(timeout=240)
        assert child.returncode == 0, errors
    assert len(runs.emulator.jobs) == 1
    assert check_all_accounted(runs.batch, runs.emulator).done


def test_a_stopped_worker_still_tells_what_became_of_its_request(runs: Runs) -> None:
    runs.batch.add(numbered(1))
    with stopped(runs, step="answered") as child:
        _move_leases(runs.batch, -3600)
        with MireloClient(runs.emulator.key, base_url=runs.emulator.url) as client:
            assert runs.batch.run(client, eager=True).counts["unknown"] == 1
            child.send_signal(signal.SIGCONT)
            _, errors = child.communicate(timeout=240)
            assert child.returncode == 0, errors
            assert runs.batch.run(client, eager=True).done
    assert len(runs.emulator.jobs) == 1


def _move_leases(batch: Batch, seconds: float) -> None:
    """Let all leases end so much later."""
    from sqlalchemy import update

    from mirelo_ergo.batch.ledger.schema import items

    with batch.ledger.write() as connection:
        connection.execute(update(items).values(lease_until=items.c.lease_until + seconds))

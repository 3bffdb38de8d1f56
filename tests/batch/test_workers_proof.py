"""Four machines, one of which is killed and one stopped for a while, and a database that is restarted meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from mirelo_ergo import AsyncMireloClient
from mirelo_ergo.batch import Batch, Event, LedgerError
from mirelo_ergo.batch.engine import Pace
from mirelo_ergo.batch.ledger import LEASE_S
from mirelo_ergo.emulator import Emulator, faults
from mirelo_ergo.emulator.faults.plan import Rule
from tests.batch.support import CREDITS, numbered, rain
from tests.batch.test_crash import CHILD, check_all_accounted
from tests.support.postgres import Postgres


@pytest.fixture
def shared(postgres_url: str, tmp_path: Path) -> Iterator[Batch]:
    with Batch.open(postgres_url, tmp_path / "out") as batch:
        yield batch


@attrs.define
class Machines:
    """Processes that work on one ledger; all of them are gone at the end."""

    batch: Batch
    emulator: Emulator
    started: list[subprocess.Popen[str]] = attrs.field(factory=list)

    def start(self, **more: Any) -> subprocess.Popen[str]:
        given = {
            "ledger": self.batch.ledger.engine.url.render_as_string(hide_password=False),
            "folder": str(self.batch.folder),
            "url": self.emulator.url,
            "key": self.emulator.key,
            "among_others": True,
            **more,
        }
        process = subprocess.Popen(
            [sys.executable, str(CHILD), json.dumps(given)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def expire(self, process: subprocess.Popen[str]) -> None:
        """End a process's leases, and its signs of life, as a minute without it does."""
        with self.batch.ledger.write() as connection:
            held = f"lease_until IS NOT NULL AND worker LIKE '%%/{process.pid}/%%'"
            connection.exec_driver_sql(f"UPDATE mirelo_items SET lease_until = 0 WHERE {held}")
            connection.exec_driver_sql("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'")

    def end(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.communicate()


@pytest.fixture
def machines(shared: Batch, emulator: Emulator) -> Iterator[Machines]:
    machines = Machines(shared, emulator)
    yield machines
    machines.end()


def stopped(process: subprocess.Popen[str]) -> None:
    """Wait until a process is stopped; it must not have ended."""
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)


def finished(process: subprocess.Popen[str]) -> None:
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors


ROUNDS = 20 if os.environ.get("MIRELO_SOAK") else 1
"""How often the proof is repeated, each time with other faults; `make soak` takes 20."""


@pytest.mark.parametrize("number", range(ROUNDS))
@pytest.mark.parametrize("model", [None, "sfx-1.6"])
def test_four_machines_one_killed_one_stopped_and_a_restart(
    model: str | None, number: int, machines: Machines, shared: Batch, emulator: Emulator, postgres_server: Postgres
) -> None:
    """Without a key, the killed one's requests are unknown, and the stopped one's never left; with one, all is made."""
    count = 36
    chance = random.Random(16 + number)
    for operation, fault, share in (
        ("submit", faults.Status(503, retry_after=0), 0.05),
        ("poll", faults.Status(500), 0.1),
        ("poll", faults.BadJson(), 0.05),
        ("result", faults.CutBody(500), 0.1),
    ):
        emulator.add_fault(Rule(operation, fault, probability=share, seed=chance.randrange(1 << 30)))
    shared.add(numbered(count, **({} if model is None else {"model": model})))
    cap = count * CREDITS * (1 if model is None else 2)
    options = {"max_credits": cap, "concurrency": 3}
    killed = machines.start(step="answered", times=3, **options)
    paused = machines.start(step="intended", times=4, stop=True, **options)
    others = [machines.start(**options) for _ in range(2)]
    killed.wait(60)
    assert killed.returncode == -signal.SIGKILL
    stopped(paused)
    postgres_server.restart()
    machines.expire(killed)
    machines.expire(paused)
    for process in others:
        finished(process)
    check_all_accounted(shared, emulator)
    paused.send_signal(signal.SIGCONT)
    finished(paused)
    finished(machines.start(**options))
    summary = check_all_accounted(shared, emulator)
    assert summary.left == 0
    assert summary.counts["succeeded"] + summary.counts["unknown"] == count
    assert len(emulator.charges) == count, "each item was taken once: nobody paid for what another took over"
    assert sum(charge.credits for charge in emulator.charges) <= cap
    if model is not None:
        assert summary.done
    else:
        assert 1 <= summary.counts["unknown"] <= 3, "what the killed one had sent, and nothing of the stopped one"


@pytest.mark.parametrize("resubmitted", [False, True])
def test_what_a_stopped_machine_had_not_sent_it_never_sends(
    resubmitted: bool, machines: Machines, shared: Batch, emulator: Emulator
) -> None:
    """Stopped between its intent and its request, it finds its lease taken: the item is planned again, or was made."""
    shared.add(rain("a"))
    paused = machines.start(step="intended", stop=True)
    stopped(paused)
    machines.expire(paused)
    finished(machines.start())
    assert shared.summary().counts["unknown"] == 1
    if resubmitted:
        shared.resolve("a", resubmit=True)
        finished(machines.start())
        assert len(emulator.charges) == 1
    paused.send_signal(signal.SIGCONT)
    finished(paused)
    finished(machines.start())
    assert shared.summary().done
    assert len(emulator.charges) == 1


def test_a_dead_machine_is_taken_over_within_a_minute() -> None:
    pace = Pace()
    assert LEASE_S + 2 * pace.tend_s < 60
    assert pace.dead_s + 2 * pace.heartbeat_s + 2 * pace.tend_s < 60
    assert pace.heartbeat_s * 3 < pace.dead_s


def test_clocks_of_machines_that_jump_change_nothing(
    shared: Batch, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared.add(numbered(12))
    real, jumps = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + jumps[-1])

    def jump(event: Event) -> None:
        if event.step == "submitted":
            jumps.append(random.choice([-3600.0, 0.0, 3600.0]))

    async def work() -> None:
        async with AsyncMireloClient(emulator.key, base_url=emulator.url) as client:
            await asyncio.wait_for(shared.work(client, on_event=jump, eager=True), 60)

    asyncio.run(work())
    assert shared.summary().done
    assert len(emulator.charges) == 12


def _move_times(batch: Batch, jump: int) -> None:
    """Move all times; all rows at once may collide with a worker's write, and the database lets one of them through."""
    while True:
        try:
            with batch.ledger.write() as connection:
                connection.exec_driver_sql(
                    f"UPDATE mirelo_items SET lease_until = lease_until - {jump}, not_before = not_before - {jump}"
                )
        except LedgerError as error:
            if "deadlock" not in error.message:
                raise
        else:
            return


@pytest.mark.parametrize("jump", [-3600, 3600])
def test_the_databases_clock_may_jump(jump: int, shared: Batch, emulator: Emulator) -> None:
    """All times in the ledger are moved the other way, which is the same: leases end at once, or an hour late."""
    shared.add(numbered(16, model="sfx-1.6"))

    async def work() -> None:
        done = 0

        def leap(event: Event) -> None:
            nonlocal done
            done += event.step == "submitted"
            if event.step == "submitted" and done in (4, 9):
                _move_times(shared, jump)

        async def one() -> None:
            async with AsyncMireloClient(emulator.key, base_url=emulator.url) as client:
                url = shared.ledger.engine.url.render_as_string(hide_password=False)
                with Batch.open(url, shared.folder) as batch:
                    await batch.work(client, on_event=leap, eager=True, concurrency=4)

        await asyncio.wait_for(asyncio.gather(one(), one()), 60)

    asyncio.run(work())
    summary = check_all_accounted(shared, emulator)
    assert summary.counts["succeeded"] == 16
    assert len(emulator.jobs) == 16

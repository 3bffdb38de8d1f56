"""Each shipped scenario against both clients: they come through, or raise what says so; no job is paid twice."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mirelo_ergo import InsufficientCreditsError, JobFailedError, JobTimeoutError, SubmitOutcomeUnknown, Video
from mirelo_ergo.emulator import Emulator, running
from tests.emulator.support import read_wav
from tests.faults.harness import KEY, Face

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=["sync", "async"])
def face(request: pytest.FixtureRequest) -> Iterator[Face]:
    face = Face(request.param, "sockets")  # in real time: the emulator has a clock of its own
    try:
        yield face
    finally:
        face.close()


@contextmanager
def hurrying(emu: Emulator) -> Iterator[None]:
    """Let the emulator's time run a hundred times faster, in steps small enough for nothing to expire unseen."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(0.004):
            emu.clock.advance(0.4)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def charged(emu: Emulator) -> list[str]:
    """Return the jobs that were charged, each of which was so once."""
    emu.clock.advance(3600)
    jobs = Counter(charge.job_id for charge in emu.charges)
    assert set(jobs.values()) <= {1}
    assert set(jobs) == {job.id for job in emu.jobs if job.state == "succeeded"}
    return list(jobs)


def submit(face: Face, client: Any, **more: Any) -> Any:
    return face.do(client.text_to_sfx("rain on a roof", duration_ms=1000, **more).submit_job())


def results(face: Face, job: Any) -> list[bytes]:
    data: list[bytes] = face.do(face.do(job.wait(poll_interval_ms=10)).bytes())
    for each in data:
        assert len(read_wav(each)) == 48_000
    return data


def look(face: Face, client: Any, job: Any) -> None:
    """Ask for a job often enough for every fault of a poll, however long it takes."""
    for _ in range(6):
        assert face.do(client.job(job.token).status()).status in ("processing", "succeeded")


def test_flaky_costs_time_and_nothing_else(face: Face, short_clip: Path) -> None:
    with running(scenario="flaky", speed=20) as emu:
        client = face.open(emu.url)
        for _ in range(2):
            assert face.do(client.me()).credits_available == 10_000
            assert face.do(client.text_to_sfx("rain", duration_ms=1000).preflight()).credits == 10
        clip = short_clip.read_bytes()
        jobs = [submit(face, client, num_samples=2)]
        jobs += [face.do(client.video_to_sfx(Video.from_bytes(clip), duration_ms=1000).submit_job()) for _ in range(2)]
        look(face, client, jobs[0])
        for job in jobs:
            results(face, job)
        assert sorted(charged(emu)) == sorted(job.job_id for job in jobs)
        assert all(fault.hits for fault in emu.faults), emu.faults


def test_overloaded_is_waited_out(face: Face) -> None:
    with running(scenario="overloaded", speed=20) as emu:
        client = face.open(emu.url)
        for _ in range(3):
            face.do(client.text_to_sfx("rain", duration_ms=1000).preflight())
        jobs = [submit(face, client)]
        while not any(
            request.status == 429 for request in emu.requests
        ):  # a slow machine stays within the rate for long
            jobs.append(submit(face, client))
        for job in jobs:
            results(face, job)
        assert sorted(charged(emu)) == sorted(job.job_id for job in jobs)
        assert all(fault.hits for fault in emu.faults), emu.faults


def test_slow_is_only_slow(face: Face, short_clip: Path) -> None:
    with running(scenario="slow") as emu, hurrying(emu):
        client = face.open(emu.url)
        face.do(client.me())
        video = Video.from_bytes(short_clip.read_bytes())
        job = face.do(client.video_to_sfx(video, duration_ms=1000).submit_job())
        results(face, job)
        assert charged(emu) == [job.job_id]
        assert all(fault.hits for fault in emu.faults), emu.faults
        kinds = Counter(request.method for request in emu.requests)
        assert (kinds["POST"], kinds["PUT"]) == (2, 1)  # nothing was sent twice


def test_hostile_is_told_as_it_is(face: Face, short_clip: Path) -> None:
    with running(scenario="hostile", speed=20) as emu:
        client = face.open(emu.url)
        for _ in range(2):
            assert face.do(client.me()).credits_available == 10_000
            assert face.do(client.text_to_sfx("rain", duration_ms=1000).preflight()).credits == 10
        clip = short_clip.read_bytes()
        good, failing = (
            face.do(client.video_to_sfx(Video.from_bytes(clip), duration_ms=1000, num_samples=2).submit_job())
            for _ in range(2)
        )
        look(face, client, good)
        assert len(results(face, good)) == 2
        error = face.failing(failing.wait, poll_interval_ms=10)
        assert isinstance(error, JobFailedError)
        assert (error.code, error.http_status) == ("lost_in_the_queue", 500)

        request = client.text_to_sfx("rain", duration_ms=1000)
        lost = face.failing(request.submit_job)
        assert isinstance(lost, SubmitOutcomeUnknown)
        assert isinstance(face.failing(submit(face, client).wait, poll_interval_ms=10), JobFailedError)
        assert isinstance(face.failing(submit(face, client).wait, 10, timeout_ms=200), JobTimeoutError)
        assert len(charged(emu)) == 2  # the good one, and the one whose answer was lost
        assert len(emu.jobs) == 5
        assert all(fault.hits for fault in emu.faults if fault.rule.operation != "sync"), emu.faults


def test_hostile_to_calls_that_wait_themselves(face: Face) -> None:
    """Lost answers are asked for again under the call's key; a generation that failed stays failed under it."""
    with running(scenario="hostile", speed=100) as emu:
        request = face.open(emu.url).text_to_sfx("rain", duration_ms=1000)
        face.do(request.sync_i_accept_http_timeout_risk())
        error = face.failing(request.sync_i_accept_http_timeout_risk)
        assert isinstance(error, SubmitOutcomeUnknown)
        assert (error.code, error.http_status) == ("lost_in_the_queue", 500)
        assert len(charged(emu)) == 1
        again = face.failing(request.sync_i_accept_http_timeout_risk, error.idempotency_key)
        assert isinstance(again, SubmitOutcomeUnknown)
        result = face.do(request.sync_i_accept_http_timeout_risk())
        assert len(result.result_urls) == 1
        assert len(charged(emu)) == 2
        assert len(emu.jobs) == 3
        assert any(seen.status == 504 for seen in emu.requests)


def test_out_of_credits_is_said_before_anything_is_spent(face: Face) -> None:
    with running(scenario="out-of-credits", speed=100) as emu:
        client = face.open(emu.url)
        request = client.text_to_sfx("rain", duration_ms=10_000)
        job = face.do(request.submit_job())
        error = face.failing(request.submit_job)
        assert isinstance(error, InsufficientCreditsError)
        assert (error.code, error.http_status) == ("insufficient_credits", 402)
        face.do(job.wait(poll_interval_ms=10))
        assert charged(emu) == [job.job_id]
        assert face.do(client.me()).credits_available == 50
        emu.set_credits(100, KEY)
        face.do(request.submit_job())

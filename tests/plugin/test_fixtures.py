"""The fixtures, used as a user's tests use them."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import mirelo_ergo
from mirelo_ergo import (
    AsyncMireloClient,
    AsyncPixazoClient,
    InsufficientCreditsError,
    JobExpiredError,
    JobTimeoutError,
    MireloClient,
    PixazoClient,
)
from mirelo_ergo.emulator import Emulator, faults
from mirelo_ergo.emulator.services import registry
from mirelo_ergo.sync_so import ElevenLabs, Tts
from tests.emulator.support import encode_clip


@pytest.mark.parametrize("_again", range(2))
def test_every_test_finds_it_as_new(mirelo_emulator: Emulator, mirelo_client: MireloClient, _again: int) -> None:
    emu = mirelo_emulator
    assert (emu.credits, emu.jobs, emu.charges, emu.requests, emu.speed) == (10_000, [], [], [], 1.0)
    assert abs(emu.clock.now() - time.time()) < 5
    emu.set_credits(70)
    emu.clock.advance(3600)
    emu.speed = 7
    assert mirelo_client.text_to_sfx("rain", duration_ms=5000).run().bytes()[0][:4] == b"RIFF"
    assert (emu.credits, len(emu.jobs), len(emu.charges)) == (20, 1, 1)
    with pytest.raises(InsufficientCreditsError):
        mirelo_client.text_to_sfx("rain", duration_ms=5000).run()


def test_what_happened_can_be_asserted_on(mirelo_emulator: Emulator, mirelo_client: MireloClient) -> None:
    emu = mirelo_emulator
    job = mirelo_client.text_to_sfx("rain", duration_ms=2000, model="v1.6", loop=False).submit_job()
    (before,) = emu.jobs
    assert (before.id, before.key, before.family, before.model) == (job.job_id, emu.key, "text-to-sfx", "v1.6")
    assert (before.state, before.credits, before.completed_at, before.error) == ("processing", 20, None, None)
    assert before.progress_percent < 50
    assert before.request["prompt"] == "rain"
    assert emu.credits == 10_000
    emu.clock.advance(600)
    (after,) = emu.jobs
    assert (after.id, after.state, after.progress_percent) == (job.job_id, "succeeded", 100)
    assert before.state == "processing", "a value does not change any more"
    assert after.completed_at is not None
    assert 0 < after.completed_at - after.created_at < 600
    assert emu.credits == 9_980
    assert [charge.job_id for charge in emu.charges] == [job.job_id]
    submit = emu.requests[-1]
    assert (submit.method, submit.path, submit.status) == ("POST", "/v2/text-to-sfx/v1.6/jobs", 202)
    assert submit.headers["authorization"] == f"Bearer {emu.key}"
    assert submit.json["prompt"] == "rain"


def test_a_failed_job_tells_its_code(mirelo_emulator: Emulator, mirelo_client: MireloClient) -> None:
    with pytest.raises(mirelo_ergo.JobFailedError):
        mirelo_client.text_to_sfx("a [generation_failed] drum", duration_ms=1000).run()
    (job,) = mirelo_emulator.jobs
    assert (job.state, job.error, mirelo_emulator.credits) == ("errored", "generation_failed", 10_000)


def test_waits_take_the_emulators_time_and_none_of_ours(mirelo_emulator: Emulator, mirelo_client: MireloClient) -> None:
    before = mirelo_emulator.clock.now()
    mirelo_emulator.speed = 0.01  # twenty minutes for ten seconds of sound
    began = time.monotonic()
    mirelo_client.text_to_sfx("rain", duration_ms=10_000).run()
    took = time.monotonic() - began
    assert mirelo_emulator.clock.now() - before > 10 * took, "it was not waited out"
    polls = [request for request in mirelo_emulator.requests if request.method == "GET"]
    assert len(polls) > 20, "they are the polls of a long job"
    job = mirelo_client.text_to_sfx("rain", duration_ms=10_000).submit_job()
    with pytest.raises(JobTimeoutError):
        job.wait(timeout_ms=60_000)
    with pytest.raises(JobTimeoutError, match=r"the job still runs after 0\.001 s of waiting"):
        job.wait(timeout_ms=1)


def test_a_job_of_yesterday_has_expired(mirelo_emulator: Emulator, mirelo_client: MireloClient) -> None:
    job = mirelo_client.text_to_sfx("rain", duration_ms=2000).submit_job()
    mirelo_emulator.clock.advance(25 * 3600)
    with pytest.raises(JobExpiredError, match="made 25 h ago"):
        job.wait()
    with pytest.raises(JobExpiredError):
        mirelo_client.job(job.token).wait()


def test_the_waits_of_others_do_not_age_a_job(mirelo_emulator: Emulator, mirelo_client: MireloClient) -> None:
    mirelo_emulator.add_fault(faults.Rule("poll", faults.Status(500), times=3))
    mirelo_emulator.speed = 0.01
    now = mirelo_client._io.now
    began, real = now(), time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: mirelo_client.text_to_sfx("wind", duration_ms=5000).run()).result()
    assert mirelo_emulator.clock.advanced > 100
    assert now() - began < time.monotonic() - real + 1
    mirelo_emulator.clock.advance(3600)
    assert now() - began > 3600


def test_every_service_has_its_fixtures(request: pytest.FixtureRequest) -> None:
    for name, service in registry.SERVICES.items():
        blocking = request.getfixturevalue(f"{name}_client")
        awaited = request.getfixturevalue(f"async_{name}_client")
        kinds = [getattr(mirelo_ergo, kind) for kind in service.clients]
        assert [isinstance(client, kind) for client, kind in zip((blocking, awaited), kinds, strict=True)] == [
            True,
            True,
        ]


@pytest.mark.parametrize("client", ["inference_sh_client", "async_inference_sh_client"])
def test_streams_take_the_emulators_time(
    mirelo_emulator: Emulator, request: pytest.FixtureRequest, client: str
) -> None:
    given: Any = request.getfixturevalue(client)
    began, states = mirelo_emulator.clock.now(), list[str]()

    async def awaited() -> Any:
        async with given:
            made = await given.mmaudio("rain", duration=60).run(
                on_progress=lambda status: states.append(status.raw_status)
            )
            return await made.bytes()

    if client == "async_inference_sh_client":
        (sound,) = asyncio.run(awaited())
    else:
        (sound,) = (
            given.mmaudio("rain", duration=60).run(on_progress=lambda status: states.append(status.raw_status)).bytes()
        )
    assert sound[:4] == b"fLaC"
    assert mirelo_emulator.clock.now() - began > 10
    assert {"queued", "running"} <= set(states), "the stream was followed"


def test_the_gateways_client(mirelo_emulator: Emulator, pixazo_client: PixazoClient) -> None:
    began = mirelo_emulator.clock.now()
    (sound,) = pixazo_client.text_to_audio("rain", duration=2).run().bytes()
    assert sound[:4] == b"RIFF"
    assert mirelo_emulator.clock.now() - began > 2
    assert [(job.service, job.credits) for job in mirelo_emulator.jobs] == [("pixazo", 20)]


def test_the_gateways_async_client(mirelo_emulator: Emulator, async_pixazo_client: AsyncPixazoClient) -> None:
    async def use() -> int:
        async with async_pixazo_client as client:
            return len(await (await client.text_to_audio("rain", duration=1).run()).bytes())

    assert asyncio.run(use()) == 1
    assert {seen.service for seen in mirelo_emulator.requests} == {"pixazo"}


def test_the_async_client_too(mirelo_emulator: Emulator, async_mirelo_client: AsyncMireloClient) -> None:
    async def use() -> list[bytes]:
        async with async_mirelo_client as client:
            requests = [client.text_to_sfx("rain", duration_ms=1000 * second) for second in (1, 2, 3)]
            results = await asyncio.gather(*(request.run() for request in requests))
            return [sound for result in results for sound in await result.bytes()]

    sounds = asyncio.run(use())
    assert [len(sound) - 44 for sound in sounds] == [192_000, 384_000, 576_000]
    assert len(mirelo_emulator.charges) == 3


def test_the_async_client_leaves_nothing_without_async_with_either(async_mirelo_client: AsyncMireloClient) -> None:
    assert asyncio.run(async_mirelo_client.me()).credits_available == 10_000  # a socket left open would be a warning


def test_one_client_in_many_threads(mirelo_emulator: Emulator, mirelo_client: MireloClient) -> None:
    def generate(number: int) -> int:
        return len(mirelo_client.text_to_sfx(f"rain {number}", duration_ms=1000).run().bytes()[0])

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(generate, range(16))) == {192_044}
    assert len(mirelo_emulator.charges) == 16
    assert {job.state for job in mirelo_emulator.jobs} == {"succeeded"}
    assert mirelo_emulator.credits == 10_000 - 16 * 10


def test_another_client_waits_little_at_a_high_speed(mirelo_emulator: Emulator) -> None:
    mirelo_emulator.speed = 1000
    with MireloClient(mirelo_emulator.key, base_url=mirelo_emulator.url) as client:
        client.text_to_sfx("rain", duration_ms=10_000).run(poll_interval_ms=1)
    (job,) = mirelo_emulator.jobs
    assert job.estimated_ms == 12
    with pytest.raises(ValueError, match="speed is 0"):
        mirelo_emulator.speed = 0


@pytest.mark.parametrize("client", ["sync_so_client", "async_sync_so_client"])
def test_held_polls_take_the_emulators_time(
    mirelo_emulator: Emulator, request: pytest.FixtureRequest, client: str, tmp_path: Path
) -> None:
    given: Any = request.getfixturevalue(client)
    voice = Tts(provider=ElevenLabs(voice_id="any", script="Good evening."))
    clip = tmp_path / "clip.mp4"
    encode_clip(clip, codec="libx264", container="mp4", milliseconds=500)
    mirelo_emulator.speed = 0.01  # some five minutes for a second of it
    began = mirelo_emulator.clock.now()

    async def awaited() -> Any:
        async with given:
            return await (await given.lipsync(clip, voice).run()).bytes()

    made = asyncio.run(awaited()) if client.startswith("async") else given.lipsync(clip, voice).run().bytes()
    assert made[0][4:8] == b"ftyp"
    assert mirelo_emulator.clock.now() - began > 100, "it was not waited out"
    held = [each for each in mirelo_emulator.requests if "wait=true" in each.query]
    assert len(held) > 5

"""Mirelo's API v3 in the emulator: beside v2 on one port, with the same accounts and assets."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest

from mirelo_ergo import AsyncMireloClient, IncompleteResultError, JobFailedError, MireloClient, Video
from mirelo_ergo.emulator import Emulator, faults, running
from mirelo_ergo.emulator.services.mirelo_v3.service import MireloV3
from tests.emulator import sounds, v3
from tests.emulator.support import Api, encode_clip, fetch, loudness_of, store_error_of, tone
from tests.emulator.v3 import EXTEND, INPAINT, TEXT, VIDEO, error_of, files_of, post_form, text
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def three(emu: Emulator) -> Iterator[v3.Api]:
    with v3.Api(emu) as client:
        yield client


def video(asset: dict[str, str], **fields: Any) -> dict[str, Any]:
    return {"model": "sfx-2.0", "num_variants": 1, "duration_ms": 1000, "input": {"video": asset}, **fields}


def edit(asset: dict[str, str], **fields: Any) -> dict[str, Any]:
    return {"model": "sfx-1.6", "num_variants": 1, "input": {"audio": asset}, **fields}


# Beside v2


def test_it_is_on_the_port_of_v2_with_its_accounts(emu: Emulator, api: Api, three: v3.Api) -> None:
    assert emu.urls["mirelo_v3"] == emu.url
    assert emu.keys["mirelo_v3"] == emu.key
    assert three.finish(TEXT, text())["credits"] == 10
    assert api.balance() == 9990
    me = three.http.get("/v3/me").json()
    assert (me["id"], me["credits_available"]) == (api.get("/v2/me").json()["id"], 9990)
    assert [(job.service, job.family, job.model) for job in emu.jobs] == [("mirelo_v3", "text-to-sfx", "sfx-2.0")]


def test_assets_serve_both(emu: Emulator, api: Api, three: v3.Api, short_clip: Path) -> None:
    of_v3 = three.upload(short_clip.read_bytes())
    body = {"video": {"type": "asset", "asset_id": of_v3["id"]}, "duration_ms": 1000}
    assert api.post("/v2/video-to-sfx/v1.5/jobs", body).status_code == 202
    of_v2 = api.upload(short_clip.read_bytes())
    assert three.create(VIDEO, video({"type": "asset", "id": of_v2["asset_id"]})).status_code == 202
    kept = emu.asset(of_v3["id"])
    assert kept is not None
    assert kept.size == len(short_clip.read_bytes())


def test_a_job_of_one_is_not_of_the_other(api: Api, three: v3.Api) -> None:
    job = three.create(TEXT, text()).json()["id"]
    assert api.get(f"/v2/text-to-sfx/v1.6/jobs/{job}").status_code == 404
    assert error_of(three.http.get(f"{EXTEND}/{job}")) == (404, "not_found")
    other = api.submit("/v2/text-to-sfx/v1.6", prompt="x")["job_id"]
    assert error_of(three.http.get(f"{TEXT}/{other}")) == (404, "not_found")


# Jobs


def test_a_job_goes_through_its_states() -> None:
    with running(speed=0.01) as emu, v3.Api(emu) as three:  # so slow that the test's own time does not count
        created = three.create(TEXT, text(num_variants=2, duration_ms=20_000)).json()
        assert created["status"] == "queued"
        where = created["status_url"]
        job = three.http.get(where).json()
        assert (job["status"], job["progress"], job["completed_at"], job["result"]) == ("queued", 0, None, None)
        emu.clock.advance(0.21 * created["estimated_ms"] / 1000)
        job = three.http.get(where).json()
        assert job["status"] == "running"
        assert 0 < job["progress"] < 1
        emu.clock.advance(10 * created["estimated_ms"] / 1000)
        job = three.http.get(where).json()
        assert (job["status"], job["progress"], job["credits"], job["errors"]) == ("succeeded", None, 400, [])
        assert job["completed_at"] is not None
        assert [list(files) for files in files_of(job)] == [["audio"], ["audio"]]
        assert [len(fetch(files["audio"]["url"]).content) for files in files_of(job)] == [44 + 20 * 192_000] * 2


def test_every_read_signs_anew(emu: Emulator, three: v3.Api) -> None:
    job = three.finish(TEXT, text())
    (first,) = files_of(job)
    emu.clock.advance(3601)
    assert fetch(first["audio"]["url"]).status_code == 403
    (second,) = files_of(three.http.get(f"{TEXT}/{job['id']}").json())
    assert second["audio"]["url_expires_at"] > first["audio"]["url_expires_at"]
    assert fetch(second["audio"]["url"]).status_code == 200


@pytest.mark.parametrize(
    ("fault", "status", "code", "paid"),
    [
        (faults.FailedJob("generation_failed"), "failed", "generation_failed", 0),
        (faults.FailedJob("canceled"), "canceled", "canceled", 0),
        (faults.FailedJob("expired"), "expired", "expired", 0),
        (faults.FailedJob("result_unreadable", charged=True), "failed", "result_unreadable", 10),
    ],
)
def test_a_job_ends_badly(
    emu: Emulator, three: v3.Api, fault: faults.FailedJob, status: str, code: str, paid: int
) -> None:
    emu.fail_next("submit", fault)
    job = three.finish(TEXT, text())
    assert (job["status"], job["errors"][0]["code"], job["credits"], job["result"]) == (status, code, paid, None)
    assert emu.credits == 10_000 - paid


@pytest.mark.parametrize(("how", "variants"), [("missing", [0]), ("failed", [0, 1])])
def test_a_job_loses_a_variant(emu: Emulator, three: v3.Api, how: Any, variants: list[int]) -> None:
    emu.fail_next("submit", faults.LostResults(how=how))
    job = three.finish(TEXT, text(num_variants=2))
    output = job["result"]["output"]
    assert (job["status"], job["credits"], output["variants_requested"]) == ("partially_succeeded", 20, 2)
    assert [variant["index"] for variant in output["variants"]] == variants
    assert [variant["files"] is None for variant in output["variants"][1:]] == [True] * (len(variants) - 1)
    assert len(job["errors"]) == len(variants) - 1
    assert len(emu.charges) == 1


def test_a_job_can_lose_all_of_them(emu: Emulator, three: v3.Api) -> None:
    emu.fail_next("submit", faults.LostResults(4, how="failed"))
    job = three.finish(TEXT, text(num_variants=2))
    assert (job["status"], [variant["status"] for variant in job["result"]["output"]["variants"]]) == (
        "failed",
        ["failed", "failed"],
    )


def test_what_is_lost_leaves_the_recording_to_the_others(emu: Emulator, three: v3.Api) -> None:
    asset = three.upload(sounds.wav_bytes(sounds.noise(3500)), "audio/wav")
    emu.fail_next("submit", faults.LostResults())
    job = three.finish(EXTEND, edit(asset, append_duration_ms=1000, num_variants=2))
    (files,) = files_of(job)
    assert len(sounds.decoded(fetch(files["audio"]["url"]).content)) == 4.5 * 48_000


def test_a_create_may_wait(emu: Emulator, three: v3.Api) -> None:
    emu.speed = 1000
    done = three.create(TEXT, text(), wait=25)
    assert (done.status_code, done.json()["status"]) == (200, "succeeded")
    assert three.create(TEXT, text(), wait=10**40).status_code == 200, "the contract has no bound for it"
    assert error_of(three.http.post(f"{TEXT}?wait={'9' * 5000}", json=text())) == (400, "invalid_request")
    emu.fail_next("submit", faults.StuckJob())
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lambda: three.create(TEXT, text(), wait=25))
        until(lambda: len(emu.jobs) == 3)
        emu.clock.advance(30)
        assert (waiting.result().status_code, waiting.result().json()["status"]) == (202, "queued")


# Keys


def test_a_key_gives_one_job(emu: Emulator, three: v3.Api) -> None:
    first, again = (three.create(TEXT, text(), "k-1") for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["id"] == again.json()["id"]
    emu.clock.advance(600)
    late = three.create(TEXT, text(), "k-1")
    assert (late.status_code, late.json()["status"], late.json()["id"]) == (200, "succeeded", first.json()["id"])
    assert len(emu.charges) == 1
    with v3.Api(emu, "sk-another") as other:
        assert other.create(TEXT, text(), "k-1").json()["id"] != first.json()["id"], "a key is an account's own"


def test_a_key_is_of_one_body_and_one_operation(emu: Emulator, three: v3.Api) -> None:
    three.create(TEXT, text(), "k-1")
    assert error_of(three.create(TEXT, text(num_variants=2), "k-1")) == (409, "conflict")
    emu.fail_next("submit", faults.InFlight())
    assert error_of(three.create(TEXT, text(), "k-2")) == (409, "conflict")
    assert len(emu.jobs) == 1


def test_a_key_is_forgotten_after_a_day_or_by_fault(emu: Emulator, three: v3.Api) -> None:
    jobs = [three.create(TEXT, text(), "k-1").json()["id"]]
    emu.fail_next("submit", faults.KeyForgotten())
    jobs.append(three.create(TEXT, text(), "k-1").json()["id"])
    emu.clock.advance(86_401)
    jobs.append(three.create(TEXT, text(), "k-1").json()["id"])
    assert len(set(jobs)) == 3


def test_a_refused_create_leaves_its_key_free(emu: Emulator, three: v3.Api) -> None:
    emu.set_credits(0)
    refused = three.create(TEXT, text(), "k-1")
    assert error_of(refused) == (402, "insufficient_credits")
    assert refused.json()["error"]["credit_recovery"]["credit_shortfall"] == 10
    emu.set_credits(100)
    assert three.create(TEXT, text(), "k-1").status_code == 202


def test_only_so_many_jobs_at_once(emu: Emulator, three: v3.Api) -> None:
    service = emu.service(MireloV3)
    service.concurrency = 1
    assert service.concurrency == 1
    three.create(TEXT, text())
    assert error_of(three.create(TEXT, text(), "k")) == (429, "concurrency_limit_reached")
    emu.clock.advance(600)
    assert three.create(TEXT, text(), "k").status_code == 202
    with pytest.raises(ValueError, match="concurrency is 0: it has to be a whole number from 1"):
        service.concurrency = 0
    answer = httpx.post(f"{emu.url}/_emulator/services/mirelo_v3", json={"concurrency": 5}, verify=False)
    assert (answer.json(), service.concurrency) == ({"concurrency": 5, "videos": False}, 5)


# Assets


def test_a_form_has_its_time_and_its_size(emu: Emulator, three: v3.Api) -> None:
    opened = three.open("audio/wav")
    assert opened["max_bytes"] == 64 << 20
    emu.fail_next("upload", faults.PolicyExpired())
    assert store_error_of(post_form(opened, b"x", "audio/wav")) == (403, "AccessDenied")
    assert store_error_of(post_form(opened, b"x", "audio/wav")) == (403, "AccessDenied"), "it stays so"
    emu.fail_next("upload", faults.Status(503), service="mirelo_v3")
    assert post_form(three.open("audio/wav"), b"x", "audio/wav").status_code == 503
    late = three.open("audio/wav")
    emu.clock.advance(15 * 60 + 1)
    assert store_error_of(post_form(late, b"x", "audio/wav")) == (403, "AccessDenied")
    large = three.open("audio/wav")
    assert store_error_of(post_form(large, bytes((64 << 20) + 1), "audio/wav")) == (400, "EntityTooLarge")


def test_an_asset_has_to_be_there_first(emu: Emulator, three: v3.Api, short_clip: Path) -> None:
    opened = three.open()
    asset = {"type": "asset", "id": opened["id"]}
    assert error_of(three.create(VIDEO, video(asset), "k")) == (409, "asset_not_ready")
    assert error_of(three.create(f"{VIDEO}/preflight", video(asset))) == (409, "asset_not_ready")
    assert post_form(opened, short_clip.read_bytes()).status_code == 204
    emu.fail_next("submit", faults.AssetNotReady(422))
    assert error_of(three.create(VIDEO, video(asset), "k")) == (422, "asset_not_ready")
    assert three.create(VIDEO, video(asset), "k").status_code == 202
    with v3.Api(emu, "sk-another") as other:
        assert error_of(other.create(VIDEO, video(asset))) == (422, "invalid_asset")


# What is made


@pytest.mark.parametrize(
    ("token", "suffix", "begin"),
    [("wav", "wav", b"RIFF"), ("flac", "flac", b"fLaC"), ("mp3_320", "mp3", b""), ("m4a_192", "m4a", b"")],
)
def test_formats_are_really_encoded(three: v3.Api, token: str, suffix: str, begin: bytes) -> None:
    job = three.finish(TEXT, text(duration_ms=2000, output={"format": token}))
    (files,) = files_of(job)
    assert files["audio"]["format"] == suffix
    data = fetch(files["audio"]["url"]).content
    assert data.startswith(begin)
    assert abs(len(sounds.decoded(data)) - 96_000) < 4800
    if token == "mp3_320":
        assert abs(len(data) - 80_000) < 4000, "320 kbit/s"


def test_a_loop_has_no_seam(three: v3.Api) -> None:
    (files,) = files_of(three.finish(TEXT, text(duration_ms=2000, controls={"loop": True})))
    samples = sounds.decoded(fetch(files["audio"]["url"]).content)
    twice = np.concatenate([samples, samples])
    seam = sounds.jumps(twice[len(samples) - 2 : len(samples) + 2]).max()
    assert seam <= sounds.jumps(samples).max()
    assert np.abs(samples[:100].astype(int)).max() > 0, "a fade would begin in silence"


@pytest.fixture(scope="session")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A clip that hums in one pitch."""
    path = tmp_path_factory.mktemp("clips") / "spoken.mp4"
    encode_clip(path, codec="libx264", container="mp4", milliseconds=1500, sound=tone(440, 1500))
    return path.read_bytes()


@pytest.mark.parametrize("form", ["wav", "flac"])
def test_speech_is_kept_and_comes_as_a_stem(emu: Emulator, three: v3.Api, spoken: bytes, form: str) -> None:
    asset = three.upload(spoken)
    kept = video(asset, num_variants=2, controls={"preserve_speech": True}, output={"format": form})
    job = three.finish(VIDEO, kept)
    assert [sorted(files) for files in files_of(job)] == [["audio", "speech"]] * 2
    for files in files_of(job):
        mix, stem = (sounds.decoded(fetch(files[kind]["url"]).content) for kind in ("audio", "speech"))
        assert len(mix) == len(stem) == 48_000
        assert loudness_of(440, stem) > 6000
        assert loudness_of(440, mix) > 6000
        assert loudness_of(1234, stem) < 50
    of_16 = three.finish(VIDEO, {**kept, "model": "sfx-1.6"})
    assert [sorted(files) for files in files_of(of_16)] == [["audio"]] * 2, "this model has no stems"
    without = three.finish(VIDEO, video(asset))
    (files,) = files_of(without)
    assert loudness_of(440, sounds.decoded(fetch(files["audio"]["url"]).content)) < 1000


@pytest.mark.parametrize("speech", [False, True])
def test_a_variant_may_have_the_clip_with_its_sound(emu: Emulator, three: v3.Api, spoken: bytes, speech: bool) -> None:
    emu.service(MireloV3).videos = True
    asset = three.upload(spoken)
    controls = {"controls": {"preserve_speech": True}} if speech else {}
    job = three.finish(VIDEO, video(asset, num_variants=2, **controls))
    kinds = ["audio", "speech", "video"] if speech else ["audio", "video"]
    assert [sorted(files) for files in files_of(job)] == [kinds] * 2
    for files in files_of(job):
        assert files["video"]["format"] == "mp4"
        film = fetch(files["video"]["url"]).content
        assert film[4:8] == b"ftyp"
        alone, within = (sounds.decoded(each) for each in (fetch(files["audio"]["url"]).content, film))
        assert abs(len(within) - len(alone)) < 4800
        assert (loudness_of(440, within) > 5000) is (loudness_of(440, alone) > 5000) is speech
    (files,) = files_of(three.finish(TEXT, text()))
    assert sorted(files) == ["audio"], "where there is no clip there is no film"
    with pytest.raises(ValueError, match="videos is 1: it has to be true or false"):
        emu.service(MireloV3).videos = 1  # type: ignore[assignment]


def test_a_silent_clip_has_no_stem(three: v3.Api, short_clip: Path) -> None:
    asset = three.upload(short_clip.read_bytes())
    job = three.finish(VIDEO, video(asset, controls={"preserve_speech": True}))
    assert [sorted(files) for files in files_of(job)] == [["audio"]]


def test_edits_keep_what_is_outside(three: v3.Api) -> None:
    sound = sounds.noise(4000)
    asset = three.upload(sounds.wav_bytes(sound), "audio/wav")
    (longer,) = files_of(three.finish(EXTEND, edit(asset, append_duration_ms=1000)))
    samples = sounds.decoded(fetch(longer["audio"]["url"]).content)
    assert len(samples) == 5 * 48_000
    assert (samples[: 4 * 48_000] == sound).all()
    region = {"start_ms": 1500, "end_ms": 2500}
    (other,) = files_of(three.finish(INPAINT, edit(asset, region=region)))
    samples = sounds.decoded(fetch(other["audio"]["url"]).content)
    assert (samples[:72_000] == sound[:72_000]).all()
    assert (samples[120_000:] == sound[120_000:]).all()
    assert (samples[72_000:120_000] != sound[72_000:120_000]).any()


# What a model takes


@pytest.mark.parametrize(
    ("path", "body", "error"),
    [
        (TEXT, text(model="sfx-9"), (404, "model_not_found")),
        (TEXT, text(duration_ms=60_001, model="sfx-1.6"), (400, "invalid_request")),
        (TEXT, text(duration_ms=99), (400, "invalid_request")),
        (TEXT, text(duration_ms=999, controls={"loop": True}, model="sfx-1.6"), (400, "invalid_request")),
        (TEXT, text(duration_ms=30_001, controls={"loop": True}, model="sfx-1.6"), (400, "invalid_request")),
        (TEXT, text(input={"prompt": "x" * 2001}), (400, "invalid_request")),
        (TEXT, text(output={"format": "aac"}), (422, "capability_unsupported")),
        (TEXT, text(num_variants=5), (400, "invalid_request")),
        (
            EXTEND,
            edit({"type": "asset", "id": "a"}, append_duration_ms=5, model="sfx-2.0"),
            (422, "capability_unsupported"),
        ),
        (INPAINT, edit({"type": "asset", "id": "a"}, region={"start_ms": 2, "end_ms": 2}), (400, "invalid_region")),
        (INPAINT, edit({"type": "asset", "id": "a"}, region={"start_ms": 2, "end_ms": 9}), (400, "invalid_region")),
        (
            EXTEND,
            edit({"type": "asset", "id": "a"}, append_duration_ms=1000, start_offset_ms=5),
            (400, "invalid_request"),
        ),
    ],
)
def test_what_a_model_does_not_take(three: v3.Api, path: str, body: Any, error: tuple[int, str]) -> None:
    assert error_of(three.create(path, body)) == error
    assert error_of(three.create(f"{path}/preflight", body)) == error


def test_the_models_are_told(three: v3.Api) -> None:
    models = {model["id"]: model for model in three.http.get("/v3/models").json()["data"]}
    assert models["sfx-2.0"]["stems"] == ["speech"]
    assert models["sfx-1.6"]["operations"]["extend"]["append_duration_ms"]["max"] == 57_000


def test_a_preflight_says_what_is_missing(emu: Emulator, three: v3.Api) -> None:
    told = three.create(f"{TEXT}/preflight", text(duration_ms=5000, num_variants=2)).json()
    assert (told["credits"], told["credit_recovery"]["credit_shortfall"]) == (100, 0)
    emu.set_credits(60)
    told = three.create(f"{TEXT}/preflight", text(duration_ms=5000, num_variants=2)).json()["credit_recovery"]
    assert (told["credit_shortfall"], told["recovery_action"]) == (40, "view_plans")
    with v3.Api(emu, "sk-lapsed") as lapsed:
        assert lapsed.http.get("/v3/me").json()["recovery_action"] == "view_plans"
        assert error_of(lapsed.create(TEXT, text())) == (402, "no_active_subscription")


# The clients


def test_the_clients_go_all_the_way(
    mirelo_emulator: Emulator,
    mirelo_v3_client: MireloClient,
    async_mirelo_v3_client: AsyncMireloClient,
    tmp_path: Path,
    spoken: bytes,
) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(spoken)
    request = mirelo_v3_client.video_to_sfx(
        clip, duration_ms=1000, num_samples=2, preserve_speech=True, output_format="flac"
    )
    assert request.preflight().affordable
    result = request.run()
    assert [(file.kind, file.variant, file.format) for file in result.files] == [
        ("audio", "0", "flac"),
        ("speech", "0", "flac"),
        ("audio", "1", "flac"),
        ("speech", "1", "flac"),
    ]
    assert all(data[:4] == b"fLaC" for data in result.bytes())
    (output,) = result.outputs
    assert [list(variant.files) for variant in output.variants] == [["audio", "speech"]] * 2
    assert output.variants[1].files["speech"].url == result.files[3].url
    assert json.dumps(output.to_dict())
    names = [path.name for path in result.download(tmp_path / "out", name="{stem}-{output}-{variant}")]
    assert names == ["clip-0-0.flac", "clip-0-0-speech.flac", "clip-0-1.flac", "clip-0-1-speech.flac"]
    uploads = [seen for seen in mirelo_emulator.requests if seen.path == "/store/forms"]
    assert len(uploads) == 1, "what was uploaded for the preflight serves the create"

    async def use() -> list[bytes]:
        async with async_mirelo_v3_client as client:
            return await (await client.text_to_sfx("rain", duration_ms=1000, output_format="mp3_128").run()).bytes()

    (sound,) = asyncio.run(use())
    assert abs(len(sounds.decoded(sound)) - 48_000) < 4800


def test_the_client_survives_what_v3_does(
    mirelo_emulator: Emulator, mirelo_v3_client: MireloClient, spoken: bytes, tmp_path: Path
) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(spoken)
    for operation, fault in (
        ("upload", faults.PolicyExpired()),
        ("createVideoToSfx", faults.AssetNotReady()),
        ("createVideoToSfx", faults.InFlight()),
        ("createVideoToSfx", faults.Reset(when="after")),
        ("createVideoToSfx", faults.Status(502, when="after")),
        ("result", faults.ExpiredResultUrl()),
    ):
        mirelo_emulator.fail_next(operation, fault)
    assert len(mirelo_v3_client.video_to_sfx(clip, duration_ms=1000).run().bytes()) == 1
    assert mirelo_emulator.faults == []
    assert len(mirelo_emulator.charges) == len(mirelo_emulator.jobs) == 1


def test_the_client_waits_its_turn_under_the_same_key(
    mirelo_emulator: Emulator, mirelo_v3_client: MireloClient
) -> None:
    mirelo_emulator.service(MireloV3).concurrency = 1
    mirelo_v3_client.text_to_sfx("rain", duration_ms=1000).submit_job()
    mirelo_v3_client.text_to_sfx("wind", duration_ms=1000).submit_job()
    creates = [seen for seen in mirelo_emulator.requests if seen.path == TEXT]
    assert len({seen.headers["idempotency-key"] for seen in creates}) == 2
    assert len(creates) > 2
    assert len(mirelo_emulator.jobs) == 2


def test_the_clip_with_its_sound_is_a_file_beside_the_results(
    mirelo_emulator: Emulator, mirelo_v3_client: MireloClient, tmp_path: Path, spoken: bytes
) -> None:
    mirelo_emulator.service(MireloV3).videos = True
    result = mirelo_v3_client.video_to_sfx(
        Video.from_bytes(spoken), duration_ms=1000, num_samples=2, preserve_speech=True
    ).run()
    (output,) = result.outputs
    assert [list(variant.files) for variant in output.variants] == [["audio", "video", "speech"]] * 2
    film = output.variants[1].files["video"]
    assert (film.kind, film.format, film.main) == ("video", "mp4", False)
    assert result.result_urls == [variant.files["audio"].url for variant in output.variants]
    names = sorted(path.name for path in result.download(tmp_path, name="{output}-{variant}"))
    assert names == ["0-0-speech.wav", "0-0-video.mp4", "0-0.wav", "0-1-speech.wav", "0-1-video.mp4", "0-1.wav"]


def test_what_came_of_a_partial_result_is_downloaded(mirelo_emulator: Emulator, mirelo_v3_client: MireloClient) -> None:
    mirelo_emulator.fail_next("submit", faults.LostResults(how="failed"))
    with pytest.raises(IncompleteResultError) as caught:
        mirelo_v3_client.text_to_sfx("rain", duration_ms=1000, num_samples=3).run()
    assert caught.value.result is not None
    assert [len(data) for data in caught.value.result.bytes()] == [192_044] * 2
    mirelo_emulator.fail_next("submit", faults.FailedJob("result_unreadable", charged=True))
    with pytest.raises(JobFailedError, match="do not send it again"):
        mirelo_v3_client.text_to_sfx("rain", duration_ms=1000).run()
    assert len(mirelo_emulator.charges) == 2


def test_an_upload_of_v2_serves_v3(mirelo_emulator: Emulator, mirelo_client: MireloClient, spoken: bytes) -> None:
    clip = Video.from_bytes(spoken)
    mirelo_client.video_to_sfx(clip, duration_ms=1000).submit_job()
    mirelo_client.video_to_sfx(clip, duration_ms=1000, model="sfx-2.0").submit_job()
    kinds = [
        seen.path for seen in mirelo_emulator.requests if seen.path.startswith(("/store", "/v2/assets", "/v3/assets"))
    ]
    assert [kind.split("/")[1] for kind in kinds] == ["v2", "store"]

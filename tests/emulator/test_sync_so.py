"""The emulated sync.so, over plain HTTP: generations, keys, plans, lists, assets and projects."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest

from mirelo_ergo import MireloError, SyncSoClient, parse_webhook
from mirelo_ergo.emulator import faults
from mirelo_ergo.emulator.services.sync_so.service import SyncSo
from mirelo_ergo.sync_so import ElevenLabs, Tts, Video
from tests.emulator.gateway import receiving
from tests.emulator.support import fetch, store_error_of
from tests.emulator.sync_so import SCRIPT, SyncApi, error_of, spoken
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mirelo_ergo.emulator import Emulator

NOWHERE = "http://127.0.0.1:1/clip.mp4"


@pytest.fixture
def api(emu: Emulator) -> Iterator[SyncApi]:
    with SyncApi(emu) as client:
        yield client


@pytest.fixture
def film(api: SyncApi, short_clip: Path) -> dict[str, Any]:
    return {"type": "video", "assetId": api.upload(short_clip.read_bytes())["id"]}


# Generations


def test_a_generation_goes_its_whole_way(emu: Emulator, api: SyncApi, film: dict[str, Any]) -> None:
    created = api.create(film, spoken(), options={"sync_mode": "silence"}, outputFileName="take_1")
    assert created.status_code == 201
    assert created.json()["status"] == "PENDING"
    assert created.json()["input"] == [film, spoken()]
    path = f"/v2/generate/{created.json()['id']}"
    (job,) = emu.jobs
    emu.clock.advance(job.estimated_ms / 1000 * 0.15)
    running = api.get(path, include="progress").json()
    assert (running["status"], running["outputUrl"]) == ("PROCESSING", None)
    assert 15 <= running["progress_percent"] <= 90
    done = api.finish(created)
    assert (done["status"], done["outputDuration"], done["options"]) == ("COMPLETED", 1.5, {"sync_mode": "silence"})
    assert "progress_percent" not in done
    answer = fetch(done["outputUrl"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp4")
    assert answer.content[4:8] == b"ftyp"
    assert fetch(api.get(f"/v2/generations/{job.id}/download").text).content == answer.content
    assert [(charge.job_id, charge.credits) for charge in emu.charges] == [(job.id, 20)]
    assert (job.service, job.family, job.model) == ("sync_so", "lipsync", "lipsync-2")


def test_costs_are_told_before_and_after(emu: Emulator, api: SyncApi, film: dict[str, Any]) -> None:
    body: dict[str, Any] = {"model": "lipsync-2", "input": [film, spoken()], "options": {"sync_mode": "silence"}}
    (estimate,) = api.http.post("/v2/analyze/cost", json=body).json()
    assert estimate == {"estimatedFrameCount": 38, "estimatedGenerationCost": 0.2}
    assert emu.jobs == []
    created = api.create(*body["input"], options=body["options"])
    path = f"/v2/generate/{created.json()['id']}/costs"
    before = api.get(path).json()
    assert (before["availability"], before["totalCostUsd"], before["retryAfterSeconds"]) == ("pending", None, 5)
    api.finish(created)
    after = api.get(path).json()
    assert (after["availability"], after["totalCostUsd"], after["currency"]) == ("complete", "0.20", "USD")


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (faults.FailedJob("generation_failed"), "FAILED", "generation_pipeline_failed"),
        (faults.FailedJob("voice_not_found"), "FAILED", "voice_not_found"),
        (faults.FailedJob("rejected"), "REJECTED", "rejected"),
    ],
)
def test_a_generation_fails(
    emu: Emulator, api: SyncApi, film: dict[str, Any], fault: faults.FailedJob, status: str, code: str
) -> None:
    emu.fail_next("submit", fault, service="sync_so")
    done = api.finish(api.create(film, spoken()))
    assert (done["status"], done["errorCode"], done["outputUrl"]) == (status, code, None)
    assert error_of(api.get(f"/v2/generations/{done['id']}/download")) == (404, None)
    assert emu.charges == []


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        (({"type": "video", "url": NOWHERE}, spoken()), "generation_input_video_inaccessible"),
        (({"type": "video", "url": "FILM"}, {"type": "audio", "url": NOWHERE}), "generation_audio_missing"),
        (({"type": "video", "url": "FILM"}, {"type": "audio", "url": "TEXT"}), "generation_media_metadata_missing"),
        (({"type": "video", "url": "TEXT"}, spoken()), "generation_media_metadata_missing"),
    ],
)
def test_media_that_cannot_be_had_make_it_fail(
    emu: Emulator, api: SyncApi, film: dict[str, Any], inputs: tuple[dict[str, Any], ...], code: str
) -> None:
    urls = {
        "FILM": api.get(f"/v2/assets/{film['assetId']}/download").text,
        "TEXT": api.upload(b"this is no media at all", "AUDIO")["url"],
    }
    given = [{**each, "url": urls.get(each["url"], each["url"])} if "url" in each else each for each in inputs]
    refused = api.http.post("/v2/analyze/cost", json={"model": "lipsync-2", "input": given})
    assert error_of(refused) == (400, code)
    done = api.finish(api.create(*given))
    assert (done["status"], done["errorCode"]) == ("FAILED", code)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"input": [spoken()]}, "the number of video and image in input is 0"),
        ({"input": ["FILM", "FILM", spoken()]}, "the number of video and image in input is 2"),
        ({"input": ["FILM"]}, "the number of audio and text in input is 0"),
        ({"input": ["FILM", spoken(), spoken()]}, "it has to be 1 or less with segments null"),
        ({"input": [{"type": "video"}, spoken()]}, "input.0 has none: it needs exactly one of url, assetId"),
        ({"input": [{"type": "video", "url": "u", "assetId": "a"}, spoken()]}, "input.0 has url and assetId"),
        ({"input": [{"type": "image", "url": "u"}, spoken()]}, 'the number of image in input is 1: .* "sync-3"'),
        ({"input": ["FILM", {"type": "smell"}]}, "input.1.type is 'smell': it has to be one of video, image"),
        ({"options": {"prompt": "happy"}}, "options.prompt is 'happy': it has to be left out unless with model"),
        ({"options": {"model_mode": "lips"}}, "options.model_mode is 'lips': it has to be left out"),
        ({"options": {"temperature": 2}}, "options.temperature is 2: it has to be 1 or less"),
        ({"options": {"sync_mode": None}}, "options.sync_mode is None"),
        ({"outputFileName": "take.mp4"}, "outputFileName is 'take.mp4': it has to match"),
        ({"webhookUrl": "http://localhost/hook"}, "it has to be an https URL"),
        ({"model": "lipsync-9"}, "model is 'lipsync-9': it has to be one of sync-3, lipsync-2"),
        ({"segments": [{"startTime": 0, "endTime": 1, "audioInput": {"refId": "a"}}]}, "needs a refId of its own"),
    ],
)
def test_what_the_contract_forbids_is_refused(
    api: SyncApi, film: dict[str, Any], body: dict[str, Any], words: str
) -> None:
    sent: dict[str, Any] = {"model": "lipsync-2", "input": ["FILM", spoken()], **body}
    sent["input"] = [film if each == "FILM" else each for each in sent["input"]]
    answer = api.http.post("/v2/generate", json=sent)
    assert answer.status_code == 400, answer.text
    assert re.search(words, answer.json()["message"]), answer.json()["message"]


@pytest.mark.parametrize(
    ("segment", "words"),
    [
        ({"startTime": 1, "endTime": 1}, "segments.0 goes from 1 to 1"),
        ({"startTime": -1}, "segments.0 goes from -1 to 1"),
        ({"audioInput": {"refId": "b"}}, "segments.0.audioInput.refId is 'b', which no input has"),
        ({"audioInput": {"refId": "a", "startTime": 0}}, "it needs both or none"),
        ({"audioInput": {"refId": "a", "startTime": 2, "endTime": 1}}, "segments.0.audioInput goes from 2 to 1"),
    ],
)
def test_segments_have_to_fit(api: SyncApi, film: dict[str, Any], segment: dict[str, Any], words: str) -> None:
    one = {"startTime": 0, "endTime": 1, "audioInput": {"refId": "a"}, **segment}
    answer = api.create(film, spoken(refId="a"), segments=[one])
    assert answer.status_code == 400
    assert words in answer.json()["message"]
    assert "segments is empty" in api.create(film, spoken(refId="a"), segments=[]).json()["message"]


def test_what_is_not_there_is_told_so(api: SyncApi, film: dict[str, Any]) -> None:
    other = {"type": "video", "assetId": "another"}
    assert error_of(api.create(other, spoken())) == (422, "asset_not_found")
    assert error_of(api.create(film, spoken(), projectId="3b2e7a54-5c3b-4a1d-9d8e-2f1c6b7a8d90")) == (
        422,
        "project_not_found",
    )
    edit = {"id": "3b2e7a54-5c3b-4a1d-9d8e-2f1c6b7a8d90"}
    assert api.create(film, dialogueEdit=edit).status_code == 422
    assert api.get("/v2/generate/another").status_code == 404
    assert api.http.delete("/v2/generations/another").status_code == 404
    assert api.get("/v2/batch/another").status_code == 404
    assert api.get("/v2/nothing").json()["error"] == "Not Found"


def test_a_key_is_needed_but_for_the_codes(emu: Emulator, api: SyncApi) -> None:
    with SyncApi(emu, key="wrong") as stranger:
        assert stranger.get("/v2/models").status_code == 401
        assert {"code": "rate_limit_exceeded"} in stranger.get("/v2/errors").json()
    assert "sync-3" in [model["id"] for model in api.get("/v2/models").json()]


# Long polls


def test_a_poll_is_held_until_the_end(emu: Emulator, api: SyncApi, film: dict[str, Any]) -> None:
    emu.speed = 1000
    created = api.create(film, spoken()).json()
    held = api.get(f"/v2/generate/{created['id']}", wait="true", timeout=10)
    assert held.json()["status"] == "COMPLETED"
    assert held.headers["x-sync-wait-mode"] == "long_poll"
    assert held.headers["x-sync-wait-timeout-seconds"] == "10"
    assert held.headers["retry-after"] == "2"


def test_a_held_poll_ends_with_its_time(emu: Emulator, api: SyncApi, film: dict[str, Any]) -> None:
    emu.fail_next("submit", faults.StuckJob())
    created = api.create(film, spoken()).json()
    held = api.get(f"/v2/generate/{created['id']}", wait="true", timeout=1)
    assert (held.status_code, held.json()["status"]) != (200, "COMPLETED")


@pytest.mark.parametrize(
    "query",
    [{"wait": "true", "timeout": "0.5"}, {"wait": "true", "timeout": "11"}, {"wait": "true", "include": "progress"},
     {"include": "smell"}, {"wait": "maybe"}],
)  # fmt: skip
def test_a_wrong_poll_is_refused(api: SyncApi, film: dict[str, Any], query: dict[str, str]) -> None:
    created = api.create(film, spoken()).json()
    assert api.get(f"/v2/generate/{created['id']}", **query).status_code == 400


# Idempotency keys


def test_one_key_makes_one_generation(emu: Emulator, api: SyncApi, film: dict[str, Any]) -> None:
    first, again = api.create(film, spoken(), key="k1"), api.create(film, spoken(), key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"]
    assert error_of(api.create(film, spoken("Another text."), key="k1")) == (409, "IDEMPOTENCY_KEY_CONFLICT")
    assert len(emu.jobs) == 1
    emu.fail_next("submit", faults.InFlight())
    assert error_of(api.create(film, spoken(), key="k2")) == (409, "IDEMPOTENCY_KEY_IN_FLIGHT")


@pytest.mark.parametrize("keys", [[""], ["a b"], ["x" * 129], ["a", "b"], ["é"]])
def test_a_malformed_key_is_refused(api: SyncApi, film: dict[str, Any], keys: list[str]) -> None:
    body = {"model": "lipsync-2", "input": [film, spoken()]}
    headers = [("idempotency-key", key.encode()) for key in keys]
    answer = api.http.post("/v2/generate", json=body, headers=[(name.encode(), value) for name, value in headers])
    assert error_of(answer) == (400, "INVALID_IDEMPOTENCY_KEY")


def test_one_key_makes_one_generation_from_a_form(emu: Emulator, api: SyncApi, short_clip: Path) -> None:
    def send() -> httpx.Response:
        return api.http.post(
            "/v2/generate",
            data={"model": "lipsync-2", "input": json.dumps(spoken())},
            files={"video": ("a.mp4", short_clip.read_bytes(), "video/mp4")},
            headers={"idempotency-key": "k1", "content-type": "multipart/form-data; boundary=one"},
        )

    first, again = send(), send()
    assert first.json()["id"] == again.json()["id"]
    assert len(emu.jobs) == 1
    assert api.result(first)[4:8] == b"ftyp"


# Forms


def test_a_form_brings_the_files(emu: Emulator, api: SyncApi, short_clip: Path) -> None:
    clip = short_clip.read_bytes()
    texts = {
        "model": "lipsync-2",
        "input": [json.dumps({"type": "video", "url": NOWHERE}), json.dumps(spoken())],
        "options": json.dumps({"sync_mode": "loop"}),
    }
    created = api.http.post("/v2/generate", data=texts, files={"video": ("../a b.mp4", clip, "video/mp4")})
    assert created.status_code == 201, created.text
    given, voice = created.json()["input"]
    assert (given["type"], voice) == ("video", spoken())
    assert urlsplit(given["url"]).path.endswith("/a%20b.mp4")
    assert fetch(given["url"]).content == clip, "the file won over the URL"
    assert created.json()["options"] == {"sync_mode": "loop"}
    assert api.finish(created)["status"] == "COMPLETED"


@pytest.mark.parametrize(
    ("texts", "files", "status", "words"),
    [
        ({}, {"video": b"x"}, 400, "model is missing"),
        ({"model": "lipsync-2"}, {"video": b"x"}, 400, "the number of audio and text in input is 0"),
        ({"model": "lipsync-2"}, {"video": b"", "audio": b"x"}, 422, "video is empty"),
        ({"model": "lipsync-2", "input": "{"}, {"video": b"x"}, 422, "input is '{', which is not JSON"),
        ({"model": "lipsync-2", "options": "loop"}, {"video": b"x", "audio": b"x"}, 422, "options is 'loop'"),
        ({"model": "lipsync-2"}, {"image": b"x", "audio": b"x"}, 400, "the number of image in input is 1"),
        ({"model": "lipsync-2"}, {"video": bytes((20 << 20) + 1), "audio": b"x"}, 413, "video is over"),
    ],
)
def test_a_wrong_form_is_refused(
    api: SyncApi, texts: dict[str, str], files: dict[str, bytes], status: int, words: str
) -> None:
    answer = api.http.post("/v2/generate", data=texts, files={name: (name, data) for name, data in files.items()})
    assert answer.status_code == status, answer.text
    assert words in answer.json()["message"]


# Plans


def test_a_plan_bounds_what_runs(emu: Emulator, api: SyncApi, film: dict[str, Any]) -> None:
    emu.service(SyncSo).plan = "creator"
    running = [api.create(film, spoken()) for _ in range(4)]
    assert [each.status_code for each in running] == [201, 201, 201, 429]
    assert error_of(running[3]) == (429, "concurrency_limit_reached")
    api.finish(running[0])
    assert api.create(film, spoken()).status_code == 201


def test_the_free_plan(emu: Emulator, api: SyncApi, film: dict[str, Any]) -> None:
    emu.service(SyncSo).plan = "free"
    assert api.create(film, spoken("la " * 200), options={"sync_mode": "loop"}).status_code == 402
    for _ in range(3):
        assert api.finish(api.create(film, spoken()))["status"] == "COMPLETED"
    assert api.create(film, spoken()).status_code == 402
    emu.clock.advance(31 * 24 * 3600)
    with SyncApi(emu) as later:
        renewed = later.upload(b"x")
        assert later.create({"type": "video", "assetId": renewed["id"]}, spoken()).status_code == 201


def test_no_credits_no_generation(emu: Emulator, api: SyncApi, film: dict[str, Any]) -> None:
    emu.set_credits(10)
    answer = api.create(film, spoken(), options={"sync_mode": "silence"})
    assert error_of(answer) == (402, None), "a quota answer has no code"


def test_settings_are_checked(emu: Emulator) -> None:
    service = emu.service(SyncSo)
    with pytest.raises(ValueError, match="plan is 'gold': it has to be one of free, hobbyist"):
        service.plan = "gold"
    with pytest.raises(ValueError, match="webhook_secret is 'x': it has to be a secret, which begins with whsec_"):
        service.webhook_secret = "x"
    answer = httpx.post(f"{emu.url}/_emulator/services/sync_so", json={"plan": "growth"}, verify=False)
    assert answer.json() == {"plan": "growth", "webhook_secret": "whsec_emulator"}


# Lists


@pytest.mark.parametrize(
    "query", ["ids={0},{1}", "ids={0}&ids={1}", "ids=%5B%22{0}%22%2C%22{1}%22%5D"], ids=["commas", "repeated", "json"]
)
def test_filters_come_in_three_encodings(api: SyncApi, film: dict[str, Any], query: str) -> None:
    made = [api.create(film, spoken()).json()["id"] for _ in range(3)]
    found = api.http.get("/v2/generations?" + query.format(*made)).json()
    assert [each["id"] for each in found] == made[:2]


def test_generations_are_listed_in_pages(api: SyncApi, film: dict[str, Any]) -> None:
    made = [api.finish(api.create(film, spoken()))["id"] for _ in range(3)]
    api.finish(api.create(film, spoken()))
    first = api.get("/v2/generations", limit=2, status="COMPLETED").json()
    assert [each["id"] for each in first][1] == made[2]
    rest = api.get("/v2/generations", limit=2, status="COMPLETED", cursor=first[-1]["id"]).json()
    assert [each["id"] for each in rest] == [made[1], made[0]]
    assert len(api.get("/v2/generations").json()) == 4
    assert api.get("/v2/generations", source="ios").json() == []
    assert api.get("/v2/generations", projectId="3b2e7a54-5c3b-4a1d-9d8e-2f1c6b7a8d90").json() == []
    assert api.get("/v2/generations/count", status="COMPLETED,FAILED").json() == {"count": 4}
    assert api.get("/v2/generations/count", type="playground").json() == {"count": 0}
    for wrong in ({"limit": 101}, {"cursor": made[0]}, {"limit": 2, "cursor": "another"}):
        assert api.get("/v2/generations", **wrong).status_code == 400


def test_a_generation_is_deleted_after_its_end(emu: Emulator, api: SyncApi, film: dict[str, Any]) -> None:
    created = api.create(film, spoken())
    path = f"/v2/generations/{created.json()['id']}"
    assert error_of(api.http.delete(path)) == (409, "generation_not_deletable_while_processing")
    url = api.finish(created)["outputUrl"]
    assert api.http.delete(path).json()["status"] == "COMPLETED"
    assert api.get(f"/v2/generate/{created.json()['id']}").status_code == 404
    assert store_error_of(fetch(url)) == (404, "NoSuchKey")


# Webhooks


@pytest.mark.parametrize("code", [None, "generation_failed"])
def test_a_webhook_is_signed(emu: Emulator, api: SyncApi, film: dict[str, Any], code: str | None) -> None:
    if code is not None:
        emu.fail_next("submit", faults.FailedJob(code))
    with receiving() as receiver:
        emu.webhooks.tls = receiver.trust
        created = api.create(film, spoken("Grüße."), webhookUrl=receiver.url)
        done = api.finish(created)
        got = receiver.next()
    assert got.status["id"] == created.json()["id"]
    assert got.status["status"] == done["status"]
    assert got.status.get("error_code") == done.get("errorCode")
    event = parse_webhook(got.headers, got.raw, service="sync_so", secret="whsec_emulator", tolerance=None)
    assert event.job_id == created.json()["id"]


# Assets and projects


def test_an_asset_goes_its_whole_way(emu: Emulator, api: SyncApi, short_clip: Path) -> None:
    clip = short_clip.read_bytes()
    asset = api.upload(clip, name="folder/talk one.mp4")
    assert (asset["name"], asset["type"], asset["inputType"]) == ("talk one.mp4", "VIDEO", "UPLOAD")
    assert (asset["size"], asset["durationSeconds"], asset["width"], asset["height"]) == (len(clip), 1.5, 64, 48)
    path = f"/v2/assets/{asset['id']}"
    assert fetch(api.get(f"{path}/download").text).content == clip
    changed = api.http.patch(path, json={"name": "Talk", "visibility": "ORGANIZATION", "durationSeconds": 2}).json()
    assert (changed["name"], changed["visibility"], changed["durationSeconds"]) == ("Talk", "ORGANIZATION", 2)
    mark = hashlib.sha256(clip).hexdigest()
    assert api.get("/v2/assets/uploaded", contentSha256=mark, type="VIDEO").json()["asset"]["id"] == asset["id"]
    assert api.get("/v2/assets/uploaded", contentSha256=mark, type="AUDIO").json() == {"asset": None}
    many = api.http.post("/v2/assets/batch", json={"ids": [asset["id"], "another"]}).json()
    assert [each["id"] for each in many] == [asset["id"]]
    with SyncApi(emu, key="sk-another") as stranger:
        assert stranger.get(path).status_code == 404
        assert error_of(stranger.http.delete(path)) == (403, "asset_forbidden")
        assert stranger.http.post("/v2/assets", json={"url": asset["url"], "type": "VIDEO"}).status_code == 400
    assert api.http.delete(path).json() == {"id": asset["id"]}
    assert error_of(api.http.delete(path)) == (404, "asset_not_found")


def test_an_external_url_is_an_asset(api: SyncApi) -> None:
    made = api.http.post("/v2/assets", json={"url": NOWHERE, "type": "VIDEO", "name": "Elsewhere"})
    assert (made.status_code, made.json()["inputType"], made.json()["url"]) == (201, "URL", NOWHERE)
    done = api.finish(api.create({"type": "video", "assetId": made.json()["id"]}, spoken()))
    assert done["errorCode"] == "generation_input_video_inaccessible"
    assert api.http.post("/v2/assets", json={"url": "talk.mp4", "type": "VIDEO"}).status_code == 400


def test_nothing_uploaded_is_no_asset(api: SyncApi) -> None:
    sent = {"fileName": "a.mp4", "contentType": "video/mp4", "size": 10}
    opened = api.http.post("/v2/assets/upload", json=sent).json()
    assert api.http.post("/v2/assets", json={"url": opened["url"], "type": "VIDEO"}).status_code == 400
    key = {"authorization": "Bearer x"}
    assert httpx.put(opened["uploadUrl"], content=b"x", headers=key, verify=False).status_code == 400
    over = {**sent, "size": 5 * 1024**3 + 1}
    assert api.http.post("/v2/assets/upload", json=over).status_code == 400


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("nameAsc", ["Alpha", "beta", "gamma"]),
        ("nameDesc", ["gamma", "beta", "Alpha"]),
        ("dateAsc", ["beta", "gamma", "Alpha"]),
        ("dateDesc", ["Alpha", "gamma", "beta"]),
        ("sizeAsc", ["Alpha", "beta", "gamma"]),
        ("kindAsc", ["Alpha", "gamma", "beta"]),
    ],
)
def test_assets_are_listed_in_an_order(api: SyncApi, order: str, names: list[str]) -> None:
    for name, size, kind in (("beta", 20, "VIDEO"), ("gamma", 30, "IMAGE"), ("Alpha", 10, "AUDIO")):
        api.upload(bytes(size), kind, name)
    first = api.get("/v2/assets", limit=2, sortBy=order).json()
    assert (first["totalCount"], len(first["items"])) == (3, 2)
    rest = api.get("/v2/assets", limit=2, sortBy=order, cursor=first["nextCursor"]).json()
    assert rest["nextCursor"] is None
    assert [each["name"] for each in first["items"] + rest["items"]] == names
    assert [each["name"] for each in api.get("/v2/assets", searchQuery="ALP").json()["items"]] == ["Alpha"]
    assert api.get("/v2/assets", types="AUDIO,IMAGE").json()["totalCount"] == 2
    assert api.http.get("/v2/assets?types=AUDIO&types=VIDEO").json()["totalCount"] == 2


def test_projects_hold_assets_and_generations(emu: Emulator, api: SyncApi, film: dict[str, Any]) -> None:
    own = "3b2e7a54-5c3b-4a1d-9d8e-2f1c6b7a8d90"
    made = api.http.post("/v2/projects", json={"name": "Talks", "id": own, "defaultWorkflow": "lipsync"})
    assert (made.status_code, made.json()["id"], made.json()["mode"]) == (201, own, "CREATOR")
    assert api.http.post("/v2/projects", json={"name": "Others", "id": own}).json() == made.json()
    assert [each["id"] for each in api.get("/v2/projects").json()] == [own]
    with SyncApi(emu, key="sk-another") as stranger:
        assert stranger.http.post("/v2/projects", json={"name": "Mine", "id": own}).status_code == 409
        assert stranger.get(f"/v2/projects/{own}").status_code == 404
    assert api.get(f"/v2/projects/{own}").json()["name"] == "Talks"
    inside = f"/v2/projects/{own}/assets"
    for _ in range(2):
        assert api.http.post(inside, json={"assetId": film["assetId"]}).status_code == 204
    assert api.http.post(inside, json={"assetId": "another"}).status_code == 404
    assert [each["id"] for each in api.get("/v2/assets", projectId=own).json()["items"]] == [film["assetId"]]
    there = api.upload(b"x", projectId=own)
    assert there["projectId"] == own
    assert api.get("/v2/assets", projectId=own).json()["totalCount"] == 2
    created = api.create(film, spoken(), projectId=own).json()
    assert [each["id"] for each in api.get("/v2/generations", projectId=own).json()] == [created["id"]]
    assert api.http.delete(f"{inside}/{film['assetId']}").status_code == 204
    assert api.http.delete(f"{inside}/{film['assetId']}").status_code == 404


def test_a_reset_leaves_nothing(emu: Emulator, api: SyncApi, film: dict[str, Any]) -> None:
    api.create(film, spoken())
    emu.reset()
    assert api.get("/v2/generations").json() == []
    assert api.get("/v2/assets").json()["items"] == []
    until(lambda: not [job for job in emu.jobs if job.service == "sync_so"])
    assert SCRIPT not in str(emu.jobs)


@pytest.mark.parametrize("limit", [None, 5])
def test_an_asset_that_is_gone_is_uploaded_once_more(emu: Emulator, short_clip: Path, limit: float | None) -> None:
    voice = Tts(provider=ElevenLabs(voice_id="v", script=SCRIPT))
    with SyncSoClient(emu.keys["sync_so"], base_url=emu.urls["sync_so"], max_cost_usd=limit) as client:
        request = client.lipsync(short_clip, voice)
        request.submit_job()
        request.submit_job()
        (asset,) = client.assets.list()
        client.assets.delete(asset.id)
        request.submit_job()
        (again,) = client.assets.list()
        assert again.id != asset.id
        with pytest.raises(MireloError, match="there is no asset"):
            client.lipsync(Video(asset_id=asset.id), voice).submit_job()
    assert [job.state for job in emu.jobs] == ["processing"] * 3
    assert len([each for each in emu.requests if each.method == "PUT"]) == 2

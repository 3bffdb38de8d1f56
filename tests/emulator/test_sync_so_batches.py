"""Batches of the emulated sync.so: checked line by line, run, and answered for in a file behind a redirect."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from mirelo_ergo import parse_webhook
from mirelo_ergo.emulator import faults
from mirelo_ergo.emulator.services.sync_so.service import SyncSo
from tests.emulator.gateway import receiving
from tests.emulator.sounds import wav_bytes
from tests.emulator.support import fetch, tone
from tests.emulator.sync_so import SyncApi, batch_file, error_of, spoken
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mirelo_ergo.emulator import Emulator

MISSING = {"type": "video", "url": "http://127.0.0.1:1/clip.mp4"}


@pytest.fixture
def api(emu: Emulator) -> Iterator[SyncApi]:
    with SyncApi(emu) as client:
        yield client


@pytest.fixture
def payload(api: SyncApi, short_clip: Path) -> dict[str, Any]:
    film, voice = api.upload(short_clip.read_bytes()), api.upload(wav_bytes(tone(440, 300)), "AUDIO")
    return {
        "model": "lipsync-2",
        "input": [{"type": "video", "assetId": film["id"]}, {"type": "audio", "assetId": voice["id"]}],
    }


def send(api: SyncApi, lines: bytes, name: str = "lines.jsonl", **texts: str) -> httpx.Response:
    return api.http.post("/v2/batch", data=texts, files={"input": (name, lines, "application/jsonl")})


def end(api: SyncApi, batch_id: str) -> dict[str, Any]:
    """Let a batch's time pass, and return what it is then."""
    found: dict[str, Any] = {"status": "PENDING"}

    def ended() -> bool:
        found.update(api.get(f"/v2/batch/{batch_id}").json())
        return found["status"] in ("COMPLETED", "FAILED")

    # Not before the lines have begun: the files they name are kept for a day.
    until(ended, meanwhile=lambda: api.emu.clock.advance(0 if found["status"] == "PENDING" else 60))
    return found


def test_a_batch_goes_its_whole_way(emu: Emulator, api: SyncApi, payload: dict[str, Any]) -> None:
    emu.fail_next("createBatch", faults.FailedJob("generation_failed"))
    broken = {**payload, "input": [MISSING, payload["input"][1]]}
    long = {**payload, "input": [payload["input"][0], spoken("la " * 400)], "options": {"sync_mode": "loop"}}
    created = send(api, batch_file(broken, long, payload)).json()
    assert (created["status"], created["outputUrl"]) == ("PENDING", "")
    assert created["metrics"] == {"total_generations": 20, "success_count": 0, "failed_count": 0, "pending_count": 20}
    done = end(api, created["id"])
    assert done["status"] == "COMPLETED"
    assert done["metrics"] == {"total_generations": 20, "success_count": 18, "failed_count": 2, "pending_count": 0}
    assert done["outputUrl"] == f"{emu.urls['sync_so']}/v2/batches/{created['id']}/result"
    assert httpx.get(done["outputUrl"], verify=False).status_code == 401
    answer = api.http.get(done["outputUrl"])
    assert answer.status_code == 302
    stored = fetch(answer.headers["location"])
    assert stored.headers["content-type"] == "application/jsonl"
    lines = [json.loads(line) for line in stored.text.splitlines()]
    assert [line["request_id"] for line in lines] == [f"r{number}" for number in range(20)]
    assert lines[0]["status"] == lines[1]["status"] == "FAILED"
    assert "it may have 30000" in lines[1]["error"]
    assert fetch(lines[2]["outputUrl"]).content[4:8] == b"ftyp"
    assert len(emu.charges) == 18
    assert {job.family for job in emu.jobs} == {"batch"}


def test_a_dry_run_only_looks(emu: Emulator, api: SyncApi, payload: dict[str, Any]) -> None:
    assert send(api, batch_file(payload), dry_run="true").json() == {"status": "VALIDATED"}
    assert send(api, batch_file(payload), dry_run="perhaps").status_code == 400
    assert emu.jobs == []
    assert api.get("/v2/batch").json() == []


@pytest.mark.parametrize(
    ("lines", "name", "words"),
    [
        (b"", "a.jsonl", "input has 0 lines: it has to have 20 to 500"),
        (b"{}\n", "a.jsonl", "input has 1 line: it has to have 20 to 500"),
        (b"{}\n" * 19, "a.jsonl", "input has 19 lines"),
        (b"{}\n" * 501, "a.jsonl", "input has 501 lines"),
        (b"{}\n" * 20, "a.jsonl", "line 1 of input: it has no request_id"),
        (b"{\n" * 20, "a.jsonl", "line 1 of input: it is not JSON"),
        (b'{"request_id": "a"}\n' * 20, "a.jsonl", "line 1 of input: endpoint is None"),
        (b'{"request_id": "a", "endpoint": "/v2/generate"}\n' * 20, "a.jsonl", "line 1 of input: the body is None"),
        (b"{}\n" * 20, "a.json", "a file whose name ends in .jsonl"),
        (bytes(5_000_001), "a.jsonl", "input is over 5000000 bytes"),
    ],
)
def test_a_wrong_file_is_refused(api: SyncApi, lines: bytes, name: str, words: str) -> None:
    answer = send(api, lines, name)
    assert answer.status_code == 400
    assert words in answer.json()["message"]


def test_lines_are_checked_as_requests_are(api: SyncApi, payload: dict[str, Any]) -> None:
    wrong = {**payload, "model": "lipsync-9"}
    assert "line 20 of input: model is 'lipsync-9'" in send(api, batch_file(*[payload] * 19, wrong)).json()["message"]
    same = batch_file(payload).replace(b'"r7"', b'"r3"')
    assert "line 8 of input: request_id 'r3' was there before" in send(api, same).json()["message"]
    assert send(api, batch_file(payload), webhook_url="http://localhost/x").status_code == 400


def test_a_small_plan_has_no_batches(emu: Emulator, api: SyncApi, payload: dict[str, Any]) -> None:
    for plan in ("free", "hobbyist", "creator", "growth"):
        emu.service(SyncSo).plan = plan
        assert send(api, batch_file(payload)).status_code == 402
    emu.service(SyncSo).plan = "scale"
    emu.fail_next("createBatch", faults.StuckJob(), times=40)
    sent = [send(api, batch_file(payload)) for _ in range(3)]
    assert [each.status_code for each in sent] == [201, 201, 429]
    assert error_of(sent[2]) == (429, "concurrency_limit_reached")
    assert api.create(*payload["input"]).status_code == 201, "its generations do not count among those"


def test_batches_are_listed(emu: Emulator, api: SyncApi, payload: dict[str, Any]) -> None:
    first = send(api, batch_file(payload)).json()
    end(api, first["id"])
    emu.fail_next("createBatch", faults.FailedJob(), times=20)
    second = send(api, batch_file(payload)).json()
    assert [each["id"] for each in api.get("/v2/batch").json()] == [second["id"], first["id"]]
    assert end(api, second["id"])["status"] == "FAILED"
    assert [each["id"] for each in api.get("/v2/batch", status="COMPLETED").json()] == [first["id"]]
    later = second["created_at"]
    assert api.get("/v2/batch", created_after=later).json() == []
    assert len(api.get("/v2/batch", created_before=later).json()) == 1
    assert len(api.get("/v2/batch", created_after="2020-01-01T00:00:00+00:00").json()) == 2
    assert api.get("/v2/batch", created_after="yesterday").status_code == 400
    with SyncApi(emu, key="sk-another") as stranger:
        assert stranger.get("/v2/batch").json() == []
        assert stranger.get(f"/v2/batch/{first['id']}").status_code == 404
        assert stranger.get(f"/v2/batches/{first['id']}/result").status_code == 404


def test_a_batch_calls_back_at_its_end(emu: Emulator, api: SyncApi, payload: dict[str, Any]) -> None:
    with receiving() as receiver:
        emu.webhooks.tls = receiver.trust
        created = send(api, batch_file(payload), webhook_url=receiver.url).json()
        done = end(api, created["id"])
        got = receiver.next()
    assert got.status == done
    event = parse_webhook(got.headers, got.raw, service="sync_so", secret="whsec_emulator", tolerance=None)
    assert (event.job_id, event.status) == (created["id"], "succeeded")

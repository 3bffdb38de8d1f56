"""Every claim of docs/from-syncsdk.md, shown on both sides over real sockets: sync.so's SDK 0.3.0 and this package."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bench.children import ROOT, VENDOR, environment
from mirelo_ergo import ConfigurationError, InvalidRequestError, SyncSoClient, parse_webhook
from mirelo_ergo.sync_so import Audio, GenerationOptions, Video
from tests.faults.server import FaultServer
from tests.faults.steps import ReadRequest, Reset, Respond, json_response
from tests.faults.test_sync_so import created, submits
from tests.faults.transfer import mp4

KEY = "sk-comparison"
PAIR: list[Any] = [Video(url="https://clips.example/a.mp4"), Audio(url="https://clips.example/a.wav")]


def vendor(scenario: str, **arguments: Any) -> dict[str, Any]:
    """Run a scenario of `syncsdk_side.py`."""
    assert VENDOR.exists(), "the vendors' SDKs have no environment yet: run `make .bench/vendor/ready`"
    done = subprocess.run(
        [VENDOR, "-W", "ignore", Path(__file__).with_name("syncsdk_side.py"), scenario, json.dumps(arguments)],
        env=environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    outcome: dict[str, Any] = json.loads(done.stdout)
    return outcome


@pytest.fixture(scope="module")
def surface() -> dict[str, Any]:
    offered: dict[str, Any] = vendor("surface")["result"]
    return offered


def ours(url: str, **options: Any) -> SyncSoClient:
    return SyncSoClient(KEY, base_url=url, **{"backoff_ms": 1, **options})


def test_the_environment_has_the_version_that_is_compared(surface: dict[str, Any]) -> None:
    assert surface["version"] == "0.3.0"
    assert "syncsdk==0.3.0" in (ROOT / "bench" / "requirements-vendor.txt").read_text().split()


def test_a_create_is_paid_once() -> None:
    lost = [Respond(502), created("gen-1"), created("gen-2")]
    with FaultServer(lost) as server:
        assert vendor("create", url=server.url, retries=3)["result"] == "gen-1"
        first, second = submits(server)
        assert "idempotency-key" not in {**first.headers, **second.headers}, "two generations, both charged"
    with FaultServer(lost) as server, ours(server.url) as client:
        client.generations.create(model="lipsync-2", input=PAIR)
        first, second = submits(server)
        assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
        assert first.body == second.body


def test_max_retries_means_what_it_says(surface: dict[str, Any]) -> None:
    busy = [Respond(429), created()]
    with FaultServer(busy) as server:
        assert vendor("create", url=server.url, retries=2)["http_status"] == 429
        assert len(submits(server)) == 1, "1 and 2 do nothing"
    with FaultServer(busy) as server, ours(server.url) as client:
        client.generations.create(model="lipsync-2", input=PAIR, request_options={"max_retries": 1})
        assert len(submits(server)) == 2
    assert "idempotency_key" not in surface["create"]


def test_a_dry_run_stays_one() -> None:
    checked = json_response(201, {"status": "VALIDATED"})
    with FaultServer([Respond(503), checked]) as server:
        vendor("dry_run", url=server.url)
        first, second = submits(server)
        assert b'name="dry_run"' in first.body
        assert b'name="dry_run"' not in second.body, "a real batch, which is paid"
    with FaultServer([Respond(503), checked]) as server, ours(server.url) as client:
        client.batch.create(input=("lines.jsonl", b"{}\n"), dry_run=True)
        assert [b'name="dry_run"\r\n\r\ntrue' in post.body for post in submits(server)] == [True, True]


def test_a_dropped_connection_is_no_end() -> None:
    with FaultServer([[ReadRequest(), Reset()], json_response(200, [])]) as server:
        assert vendor("models", url=server.url)["raised"] in ("ReadError", "RemoteProtocolError")
    with FaultServer([[ReadRequest(), Reset()], json_response(200, [])]) as server, ours(server.url) as client:
        assert client.models.list() == []


def test_files_go_with_options() -> None:
    with FaultServer([created()]) as server:
        assert vendor("files", url=server.url)["raised"] == "TypeError"
    with FaultServer([created()]) as server, ours(server.url) as client:
        options = GenerationOptions(sync_mode="loop")
        client.generations.create_with_files(
            model="lipsync-2", video=("a.mp4", b"film"), audio=("a.wav", b"sound"), options=options
        )
        (sent,) = submits(server)
        assert b'name="options"\r\n\r\n{"sync_mode": "loop"}' in sent.body


def test_a_wrong_request_is_not_sent() -> None:
    with FaultServer([created()]) as server:
        assert vendor("wrong", url=server.url)["result"] == "gen-1"
    with FaultServer([created()]) as server, ours(server.url) as client:
        with pytest.raises(InvalidRequestError, match="temperature=2 is above the maximum of 1"):
            client.generations.create(model="lipsync-2", input=PAIR, options=GenerationOptions(temperature=2))
        assert server.accepted == 0


def test_none_is_left_out() -> None:
    with FaultServer([created()]) as server:
        vendor("nothing", url=server.url)
        assert json.loads(submits(server)[0].body)["webhookUrl"] is None
    with FaultServer([created()]) as server, ours(server.url) as client:
        client.generations.create(model="lipsync-2", input=PAIR, webhook_url=None, output_file_name=None)
        assert json.loads(submits(server)[0].body).keys() == {"model", "input"}


def test_the_key_stays_with_the_service() -> None:
    for side in ("vendor", "ours"):
        with FaultServer([json_response(200, [])]) as elsewhere, FaultServer() as server:
            server.play([Respond(302, headers={"Location": f"{elsewhere.url}/v2/models"})])
            if side == "vendor":
                assert vendor("models", url=server.url)["result"] == 0
                assert elsewhere.requests[0].headers["x-api-key"] == KEY
            else:
                with ours(server.url) as client, pytest.raises(Exception, match="302"):
                    client.models.list()
                assert elsewhere.accepted == 0


def test_lists_go_on() -> None:
    pages = [json_response(200, {"items": [{"id": f"a{n}"}], "nextCursor": "c" if n == 1 else None}) for n in (1, 2)]
    full = {
        "createdAt": "2026-01-01T00:00:00Z",
        "updatedAt": "2026-01-01T00:00:00Z",
        "type": "VIDEO",
        "visibility": "USER",
    }
    whole = json_response(200, {"items": [{"id": "a1", **full}], "nextCursor": "c"})
    with FaultServer([whole]) as server:
        assert vendor("listed", url=server.url)["result"] == ["a1"]
        assert len(server.requests) == 1
    with FaultServer(pages) as server, ours(server.url) as client:
        assert [each.id for each in client.assets.list(limit=1)] == ["a1", "a2"]


def test_an_answer_is_read_whole() -> None:
    failed = {
        "id": "g1",
        "createdAt": "2026-01-01T00:00:00Z",
        "status": "FAILED",
        "model": "sync-3",
        "input": [{"type": "image", "url": "u"}],
        "errorCode": "voice_not_found",
    }
    with FaultServer([json_response(200, failed)]) as server:
        assert vendor("failed", url=server.url)["result"] == {"error_code": None, "input": ["Video"]}
    with FaultServer([json_response(200, failed)]) as server, ours(server.url) as client:
        found = client.generations.get("g1")
        assert (found.error_code, found.input) == ("voice_not_found", [{"type": "image", "url": "u"}])


def test_an_id_is_no_path() -> None:
    with FaultServer([json_response(404, {})]) as server:
        vendor("by_id", url=server.url)
        assert server.requests[0].path == "/v2/models"
    with FaultServer([json_response(404, {})]) as server, ours(server.url) as client:
        with pytest.raises(InvalidRequestError, match="holds dots"):
            client.assets.get("../models")
        assert server.accepted == 0


def test_the_environment_is_read_when_a_client_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    assert vendor("late_key", url="http://127.0.0.1:1")["raised"] == "ApiError"
    with pytest.raises(ConfigurationError):
        SyncSoClient(base_url="http://127.0.0.1:1")
    monkeypatch.setenv("SYNC_API_KEY", KEY)
    SyncSoClient(base_url="http://127.0.0.1:1").close()


def test_what_is_missing_is_here(surface: dict[str, Any], tmp_path: Path) -> None:
    assert "upload" not in surface["assets"]
    assert "download_url" not in surface["generations"]
    assert not {"lipsync", "webhooks", "close", "job"} & set(surface["client"])
    with FaultServer() as store, FaultServer() as server:
        store.play([Respond(200, mp4(3000), {"Content-Type": "video/mp4"})])
        done = {"id": "gen-1", "status": "COMPLETED", "outputUrl": f"{store.url}/1.mp4"}
        server.play([created(), json_response(200, done)])
        with ours(server.url) as client:
            (saved,) = client.lipsync(*PAIR).submit_job().wait().download(tmp_path)
        assert saved.read_bytes() == mp4(3000)
    vector = "t=1700000000,v1=704fa3bee4a983d147cbbde3e118b0cb70cbdf7bf90dbb2602207613f461605f"
    body, secret = b'{"id":"g1","status":"COMPLETED"}', "whsec_example"
    event = parse_webhook({"Sync-Signature": vector}, body, service="sync_so", secret=secret, tolerance=None)
    assert event.job_id == "g1"


def test_every_claim_of_the_page_is_shown_here() -> None:
    page = (ROOT / "docs" / "from-syncsdk.md").read_text()
    claimed = re.findall(r"\| `(test_\w+)` \|$", page, re.MULTILINE)
    defined = set(re.findall(r"^def (test_\w+)", Path(__file__).read_text(), re.MULTILINE))
    assert len(claimed) >= 12
    assert set(claimed) == defined - {
        "test_the_environment_has_the_version_that_is_compared",
        "test_every_claim_of_the_page_is_shown_here",
    }

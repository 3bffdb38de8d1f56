"""The vendor's own SDK goes its whole way against the emulator, with both of its clients: every call that it has."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from bench.children import ROOT, VENDOR, environment
from mirelo_ergo.emulator import Emulator, running
from tests.emulator.support import answering, encode_clip, sending

WAV, MP4 = "audio/wav", "video/mp4"
CALLS = {
    "Client": {"me", "text_to_sfx", "video_to_sfx"},
    "GenerationRequest": {"preflight", "submit_job", "sync_i_accept_http_timeout_risk"},
    "Job": {"status", "wait"},
    "Video": {"from_bytes", "from_url"},
}


@attrs.frozen
class Seen:
    """What one client saw, and the emulator that it spoke to."""

    colour: str
    steps: dict[str, Any]
    emu: Emulator
    clip: bytes


@pytest.fixture(scope="module", params=["blocking", "async"])
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    assert VENDOR.exists(), "the vendor's SDK has no environment yet: run `make .bench/vendor/ready`"
    path = tmp_path_factory.mktemp("interop") / "clip.mp4"
    encode_clip(path, codec="libx264", container="mp4", milliseconds=1500)

    def answer(handler: Any) -> None:
        sending(path.read_bytes(), 404 if handler.path.endswith(".none") else 200)(handler)

    with running(speed=1000) as emu, running() as slow, answering(answer) as media:
        given = {"url": emu.url, "key": emu.key, "slow_url": slow.url, "slow_key": slow.key}
        given |= {"clip": str(path), "clip_url": f"{media}/clip.mp4"}
        done = subprocess.run(
            [VENDOR, "-W", "ignore", Path(__file__).with_name("interop_side.py"), request.param, json.dumps(given)],
            env=environment(),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        yield Seen(request.param, json.loads(done.stdout), emu, path.read_bytes())


def kinds(results: list[dict[str, Any]]) -> list[str]:
    """Return the types of fetched results; each has to begin as its type says."""
    for result in results:
        head = bytes.fromhex(result["head"])
        assert (head[:4] == b"RIFF") if result["type"] == WAV else (head[4:8] == b"ftyp")
    return [result["type"] for result in results]


def test_it_has_no_call_that_is_not_made_here(seen: Seen) -> None:
    for name, offered in seen.steps["surface"].items():
        plain = name.removeprefix("Async").replace("MireloClient", "Client")
        assert set(offered) - {"close", "aclose", "job_id", "job_url", "estimated_ms"} == CALLS[plain], name


def test_the_account(seen: Seen) -> None:
    account = seen.steps["account"]
    assert account["credits_available"] == 10_000
    assert account["overage_enabled"] is False
    assert "@" in account["email"]


def test_a_generation_from_text(seen: Seen) -> None:
    step = seen.steps["text"]
    assert step["quote"]["credits"] == 40
    assert step["job"]["job_url"].endswith(step["job"]["job_id"])
    assert step["job"]["estimated_ms"] == step["quote"]["estimated_ms"]
    assert step["kinds"] == ["SyncResult", "JobSucceeded", "SyncResult"]
    assert kinds(step["results"]) == [WAV] * 6
    assert {result["bytes"] for result in step["results"]} == {44 + 1500 * 48 * 4}


def test_a_clip_is_uploaded_once(seen: Seen) -> None:
    step = seen.steps["upload"]
    assert step["quote"]["credits"] == 10
    assert kinds(step["results"]) == [MP4, WAV, WAV, WAV]
    (opened,) = (each for each in seen.emu.requests if each.path == "/v2/assets")
    (put,) = (each for each in seen.emu.requests if each.method == "PUT")
    assert "authorization" in opened.headers
    assert "authorization" not in put.headers
    asset = seen.emu.asset(put.path.rpartition("/")[2])
    assert asset is not None
    assert (asset.content_type, asset.size) == (MP4, len(seen.clip))


def test_a_clip_by_its_url(seen: Seen) -> None:
    assert kinds(seen.steps["link"]["results"]) == [WAV]


def test_a_job_on_its_way(seen: Seen) -> None:
    step = seen.steps["waiting"]
    assert (step["kind"], step["status"]) == ("JobProcessing", "processing")
    assert 0 <= step["progress_percent"] <= 90
    assert step["estimated_completion_at"].endswith("Z")


def test_failures_come_as_its_own_errors(seen: Seen) -> None:
    step = seen.steps["failures"]
    assert step["waited"] == step["looked"] == {"code": "generation_failed", "http_status": 502}
    assert step["range"] == {"code": "invalid_request", "http_status": 400}
    assert step["video"] == {"code": "video_url_unreachable", "http_status": 400}
    assert step["price"] == {"code": "insufficient_credits", "http_status": 402}
    assert seen.steps["stranger"] == {"code": "unauthorized", "http_status": 401}


def test_what_was_paid(seen: Seen) -> None:
    assert [charge.credits for charge in seen.emu.charges] == [40, 40, 10, 30, 20]

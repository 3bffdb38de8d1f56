"""The SDK `inferencesh` goes its whole way against the emulator, with both of its clients: every call for apps."""

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
from mirelo_ergo.emulator.services.inference_sh.service import InferenceSh
from tests.emulator.support import encode_clip

VERSION = "0.36.0"
FLAC = b"fLaC".hex()
CALLS = {
    "client": {"run", "cancel", "get_task", "wait_for_completion", "stream_task", "upload_file"},
    "tasks": {"run", "get", "cancel", "delete", "files", "delete_files", "stream", "wait_for_completion"},
    "files": {"upload"},
}
ELSEWHERE = {"agent", "agents", "session", "sessions", "sockets", "live", "tasks", "files"}
"""Names of the client that lead to other things than runs of apps, or to those above."""


@attrs.frozen
class Seen:
    """What one client saw, and the emulator that it spoke to."""

    steps: dict[str, Any]
    emu: Emulator
    clip: bytes


@pytest.fixture(scope="module", params=["blocking", "async"])
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    assert VENDOR.exists(), "the vendor's SDK has no environment yet: run `make .bench/vendor/ready`"
    path = tmp_path_factory.mktemp("interop") / "clip.mp4"
    encode_clip(path, codec="libx264", container="mp4", milliseconds=1500)
    with running(speed=50) as emu:
        emu.service(InferenceSh).lines = "whole"  # it does not merge partial ones: a task has no id then
        given = {"url": emu.urls["inference_sh"], "key": emu.keys["inference_sh"], "control": emu.url}
        given["clip"] = str(path)
        done = subprocess.run(
            [VENDOR, "-W", "ignore", Path(__file__).with_name("inference_side.py"), request.param, json.dumps(given)],
            env=environment(),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        yield Seen(json.loads(done.stdout), emu, path.read_bytes())


def test_its_version_is_the_contracts(seen: Seen) -> None:
    assert seen.steps["version"] == VERSION


def test_it_has_no_call_that_is_not_made_here(seen: Seen) -> None:
    for name, offered in seen.steps["surface"].items():
        assert set(offered) - ELSEWHERE <= CALLS[name], name


def test_runs(seen: Seen) -> None:
    step = seen.steps["runs"]
    assert step["waited"].startswith(FLAC)
    assert step["result"].startswith(FLAC)
    assert 1 <= step["started"] < 10
    assert step["ended"] == [10, 10, 44_100]
    assert step["again"] == 10
    assert step["statuses"] == sorted(step["statuses"])
    assert step["statuses"][-1] == 10


def test_uploads(seen: Seen) -> None:
    step = seen.steps["uploads"]
    assert all(uri.startswith("inf://files/") for uri in step["uris"])
    assert [(audio[:8], video[8:]) for audio, video in step["heads"]] == [(FLAC, b"ftyp".hex())] * 2
    assert step["durations"] == [1.5, 1.5]
    (received,) = step["received"]
    assert received["size"] == 8
    asset = seen.emu.asset(step["uris"][0].removeprefix("inf://files/"))
    assert asset is not None
    assert (asset.size, asset.content_type, asset.name) == (len(seen.clip), "video/mp4", "clip.mp4")
    puts = [each for each in seen.emu.requests if each.method == "PUT"]
    assert not [each for each in puts if "authorization" in each.headers]


def test_tasks(seen: Seen) -> None:
    step = seen.steps["tasks"]
    assert step["roles"] == ["input", "output", "output"]
    assert (step["made"], step["deleted"], step["cancelled"]) == (2, 2, 12)
    assert (step["gone"]["status"], step["gone"]["code"]) == (404, "not_found")
    assert step["waited"]["type"] == "RuntimeError"
    assert "cancelled" in step["waited"]["text"]


def test_failures_come_as_its_own_errors(seen: Seen) -> None:
    step = seen.steps["failures"]
    assert step["failed"]["type"] == "RuntimeError"
    assert "the generation failed upstream" in step["failed"]["text"]
    assert (step["needs"]["type"], step["needs"]["status"]) == ("RequirementsNotMetError", 412)
    assert step["rejected"]["type"] == "RuntimeError"
    assert "30000 credits are needed" in step["rejected"]["text"]
    assert (step["paid"]["type"], step["paid"]["status"]) == ("APIError", 402)
    assert (step["app"]["status"], step["key"]["status"]) == (404, 401)
    assert step["file"]["type"] == "ValueError"


def test_sessions(seen: Seen) -> None:
    assert seen.steps["sessions"] == {"same": True}

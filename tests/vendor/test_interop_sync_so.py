"""The SDK `syncsdk` goes through all it has against the emulator; and the same calls run here, the import changed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from bench.children import ROOT, VENDOR, environment
from mirelo_ergo.emulator import Emulator, running
from tests.emulator.sounds import wav_bytes
from tests.emulator.support import encode_clip, tone
from tests.emulator.sync_so import SyncApi, batch_file

OURS = "mirelo_ergo.sync_so"
PROJECT = "3b2e7a54-5c3b-4a1d-9d8e-2f1c6b7a8d90"
HOOK = "https://127.0.0.1:1/hook"
OPERATIONS = {
    ("POST", "/v2/generate"): 4,
    ("GET", "/v2/generations"): 1,
    ("POST", "/v2/analyze/cost"): 1,
    ("POST", "/v2/batch"): 2,
    ("GET", "/v2/batch"): 2,
    ("GET", "/v2/assets"): 3,
    ("GET", "/v2/models"): 1,
}
"""What its 11 operations come to on the wire; reading by an id is counted apart."""


@attrs.frozen
class Seen:
    """What one client saw, and the emulator that it spoke to."""

    module: str
    steps: dict[str, Any]
    emu: Emulator


def _run(module: str, colour: str, folder: Path, emu: Emulator) -> dict[str, Any]:
    film, sound = folder / "talk.mp4", folder / "voice.wav"
    encode_clip(film, codec="libx264", container="mp4", milliseconds=1500)
    sound.write_bytes(wav_bytes(tone(440, 900)))
    with SyncApi(emu) as api:
        api.http.post("/v2/projects", json={"name": "Talks", "id": PROJECT}).raise_for_status()
        made = api.upload(film.read_bytes(), "VIDEO", "talk.mp4", projectId=PROJECT)
        voice = api.upload(sound.read_bytes(), "AUDIO", "voice.wav", projectId=PROJECT)
    parts = [{"type": "video", "assetId": made["id"]}, {"type": "audio", "assetId": voice["id"]}]
    given = {
        "url": emu.urls["sync_so"],
        "key": emu.keys["sync_so"],
        "project": PROJECT,
        "hook": HOOK,
        "film": made["id"],
        "sound": voice["id"],
        "film_path": str(film),
        "sound_path": str(sound),
        "lines": batch_file({"model": "lipsync-2", "input": parts}).decode(),
    }
    python = VENDOR if module == "sync" else Path(sys.executable)
    done = subprocess.run(
        [python, "-W", "ignore", Path(__file__).with_name("sync_so_side.py"), module, colour, json.dumps(given)],
        env=environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    steps: dict[str, Any] = json.loads(done.stdout.replace(made["id"], "FILM").replace(voice["id"], "SOUND"))
    return steps


@pytest.fixture(scope="module", params=[("sync", "blocking"), ("sync", "async"), (OURS, "blocking"), (OURS, "async")])
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    module, colour = request.param
    assert VENDOR.exists(), "the vendors' SDKs have no environment yet: run `make .bench/vendor/ready`"
    with running(speed=1000) as emu:
        yield Seen(module, _run(module, colour, tmp_path_factory.mktemp("interop"), emu), emu)


def test_every_call_and_parameter_of_it_is_made(seen: Seen) -> None:
    source = Path(__file__).with_name("sync_so_side.py").read_text()
    vendor: dict[str, dict[str, list[str]]] = {
        "assets": {"get": ["id"], "list": ["cursor", "limit", "project_id", "search_query", "sort_by", "types"]},
        "batch": {
            "create": ["dry_run", "input", "webhook_url"],
            "get": ["id"],
            "list": ["created_after", "created_before", "status"],
        },
        "generations": {
            "create": ["input", "model", "options", "output_file_name", "segments", "webhook_url"],
            "create_with_files": ["audio", "input", "model", "options", "video", "webhook_url"],
            "estimate_cost": ["input", "model", "options", "output_file_name", "segments", "webhook_url"],
            "get": ["id"],
            "list": ["ids", "status"],
        },
        "models": {"list": []},
    }
    for namespace, calls in vendor.items():
        offered = seen.steps["surface"][namespace]
        for call, parameters in calls.items():
            assert f"client.{namespace}.{call}(" in source
            assert set(offered[call]) >= {*parameters, "request_options"}, call
            assert all(name in source for name in parameters)
        if seen.module == "sync":
            assert {call: [p for p in taken if p != "request_options"] for call, taken in offered.items()} == calls


def test_the_operations_on_the_wire(seen: Seen) -> None:
    own = [each for each in seen.emu.requests if "x-trace" in each.headers or "fern" in str(each.headers).lower()]
    assert own
    for each in seen.emu.requests:
        assert each.status is not None
        assert each.status < 400, (each.method, each.path, each.answer)
    paths = Counter((each.method, each.path) for each in seen.emu.requests)
    for operation, count in OPERATIONS.items():
        assert paths[operation] >= count, operation
    traced = {(each.method, each.path.rpartition("/")[0]) for each in own if "x-trace" in each.headers}
    assert {("GET", "/v2/assets"), ("GET", "/v2/generate"), ("GET", "/v2/batch")} <= traced


def test_models_and_assets(seen: Seen) -> None:
    assert ["react-1", "react-1", "react", "1", "Emotions and head movement."] in seen.steps["models"]["models"]
    step = seen.steps["assets"]
    assert step["page"] == [["FILM"], None, 1]
    assert step["two"] == ["FILM", "SOUND"]
    assert step["named"] == "SOUND"
    assert step["one"][:4] == ["FILM", "VIDEO", "USER", "talk.mp4"]
    assert step["one"][5:] == ["mp4", "UPLOAD", 1.5, 64, 48]
    assert step["times"] == [True, True]
    assert bytes.fromhex(step["fetched"])[4:8] == b"ftyp"


def test_generations(seen: Seen) -> None:
    step = seen.steps["generations"]
    assert step["estimate"] == [[38, 0.2]]
    assert step["made"][0] in ("PENDING", "PROCESSING", "COMPLETED")
    assert step["made"][1:] == ["react-1", 3, True]
    assert step["done"][:4] == ["COMPLETED", 1.5, None, None]
    assert bytes.fromhex(step["done"][4])[4:8] == b"ftyp"
    assert step["plain"] == ["COMPLETED", 0.9]
    assert step["listed"] is True
    sent = [each.body for each in seen.emu.requests if each.path == "/v2/generate"]
    bodies = [json.loads(body) for body in sent if body.startswith(b"{")]
    assert bodies[0]["options"]["active_speaker_detection"] == {
        "auto_detect": False,
        "frame_number": 1,
        "coordinates": [10, 20],
    }
    assert bodies[0]["segments"][0] == {
        "startTime": 0.0,
        "endTime": 0.4,
        "audioInput": {"refId": "a", "startTime": 0.0, "endTime": 0.3},
    }
    assert None not in bodies[0].values()


def test_files_and_batches(seen: Seen) -> None:
    step = seen.steps["files"]
    assert step["done"][0] == step["other"] == "COMPLETED"
    batch = seen.steps["batches"]
    assert batch["checked"] == "VALIDATED"
    assert batch["made"][1] == ""
    assert batch["done"] == ["COMPLETED", 20, 20, 0]
    assert (batch["output"], batch["listed"], batch["older"]) == (True, [True], [])

"""Loops, prompts for clips, extending and inpainting: what the commands send, and the models that they show."""

from __future__ import annotations

import json
import wave
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import attrs
import pytest

from mirelo_ergo import MireloClient
from mirelo_ergo.emulator import faults
from tests.cli.support import CLIP, Seen, answering, service
from tests.support.answers import JOB_ID

if TYPE_CHECKING:
    from mirelo_ergo.emulator import Emulator
    from tests.cli.conftest import Cli
    from tests.cli.support import Answer, Ran

SOUND_URL = "https://sounds.example.com/a.wav"
CLIP_URL = "https://clips.example.com/a.mp4"
BY_URL = {"type": "url", "audio_url": SOUND_URL}
ALONG = {"type": "url", "video_url": CLIP_URL}


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """Four seconds of silence as a WAV file."""
    path = tmp_path / "sound.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(4 * 4 * 8000))
    return path


@attrs.define
class Studio:
    """A service that takes every job, and what it was asked."""

    cli: Cli
    monkeypatch: pytest.MonkeyPatch
    result: bytes
    seen: list[Seen] = attrs.field(factory=list)

    def __call__(self, *arguments: str) -> Ran:
        bent: dict[str, Answer] = {"1": (200, {}), "2": (200, {}), "result.wav": (200, self.result)}
        assets = 0

        def respond(method: str, path: str) -> Answer:
            nonlocal assets
            if path == "/v2/assets":
                assets += 1
                return 201, {"asset_id": f"ast_{assets}", "upload_url": f"{url}/uploads/{assets}"}
            return service(bent)(method, path)

        with answering(respond, self.seen) as url:
            done = {"status": "succeeded", "result": {"result_urls": [f"{url}/result.wav"] * 2}}
            bent[JOB_ID] = (200, done)
            self.monkeypatch.setenv("MIRELO_API_KEY", "sk-x")
            self.monkeypatch.setenv("MIRELO_BASE_URL", url)
            return self.cli(*arguments)

    def posted(self) -> tuple[str, dict[str, Any]]:
        """Return the path and body of the one submit."""
        (submit,) = [request for request in self.seen if request.path.endswith("/jobs")]
        return submit.path, json.loads(submit.body)

    def priced(self) -> tuple[str, dict[str, str]]:
        """Return the path and query of the one preflight."""
        (asked,) = [urlsplit(request.path) for request in self.seen if "/preflight" in request.path]
        return asked.path, dict(parse_qsl(asked.query))


@pytest.fixture
def studio(bare: Cli, monkeypatch: pytest.MonkeyPatch, sound: Path) -> Studio:
    return Studio(bare, monkeypatch, sound.read_bytes())


# --- end to end against the emulator -------------------------------------------------------------------------------


def test_a_loop_is_made_and_saved(cli: Cli) -> None:
    ran = cli("text", "waves", "--loop", "--model", "v1.6", "--duration", "3s")
    assert ran.code == 0, ran.err
    assert "job token: mirelo2:text-to-sfx:v1.6:" in ran.err
    assert len(ran.paths) == 1


def test_words_beside_a_clip_are_taken(cli: Cli, emu: Emulator) -> None:
    ran = cli("video", str(CLIP), "--prompt", "boots on gravel", "--model", "v1.6", "--duration", "1s", "--json")
    assert ran.code == 0, ran.err
    assert ran.object["job_token"].startswith("mirelo2:video-to-sfx:v1.6:")
    assert emu.charges[-1].job_id == ran.object["job_id"]


@pytest.mark.parametrize(
    "arguments", [("text", "x", "--loop", "--duration", "3s", "-n", "2"), ("video", str(CLIP), "--prompt", "boots")]
)
def test_a_cost_is_of_the_asked_model(cli: Cli, arguments: tuple[str, ...]) -> None:
    assert cli(*arguments, "--model", "v1.6", "--dry-run", "--json").object["credits"] == 60


# --- what is sent --------------------------------------------------------------------------------------------------

SENT: dict[str, tuple[tuple[str, ...], str, dict[str, Any]]] = {
    "loop": (
        ("text", "waves", "--loop", "--model", "v1.6"),
        "/v2/text-to-sfx/v1.6/jobs",
        {"prompt": "waves", "duration_ms": 10000, "num_samples": 1, "loop": True},
    ),
    "words beside a clip": (
        ("video", CLIP_URL, "--duration", "5s", "--prompt", "boots", "--model", "v1.6"),
        "/v2/video-to-sfx/v1.6/jobs",
        {
            "video": ALONG,
            "duration_ms": 5000,
            "start_offset_ms": 0,
            "num_samples": 1,
            "output": "audio",
            "prompt": "boots",
        },
    ),
    "extend": (
        ("extend", SOUND_URL, "--by", "5s"),
        "/v2/extend-audio/v1.6/jobs",
        {"audio": BY_URL, "append_duration_ms": 5000, "num_samples": 1, "loop": False},
    ),
    "extend to a loop": (
        ("extend", SOUND_URL, "--by", "0:02", "--loop", "--prompt", "waves", "-n", "2", "--model", "v1.6"),
        "/v2/extend-audio/v1.6/jobs",
        {"audio": BY_URL, "append_duration_ms": 2000, "num_samples": 2, "prompt": "waves", "loop": True},
    ),
    "extend along a clip": (
        ("extend", SOUND_URL, "--by", "57s", "--video", CLIP_URL, "--start", "1500ms"),
        "/v2/extend-audio/with_video/v1.6/jobs",
        {"audio": BY_URL, "video": ALONG, "append_duration_ms": 57000, "start_offset_ms": 1500, "num_samples": 1},
    ),
    "inpaint": (
        ("inpaint", SOUND_URL, "--from", "2s", "--to", "5s", "--prompt", "thunder"),
        "/v2/inpaint-audio/v1.6/jobs",
        {"audio": BY_URL, "segment": {"start_ms": 2000, "end_ms": 5000}, "num_samples": 1, "prompt": "thunder"},
    ),
    "inpaint along a clip": (
        ("inpaint", SOUND_URL, "--from", "2s", "--to", "5s", "--video", CLIP_URL, "-n", "2"),
        "/v2/inpaint-audio/with_video/v1.6/jobs",
        {"audio": BY_URL, "video": ALONG, "segment": {"start_ms": 2000, "end_ms": 5000}, "num_samples": 2},
    ),
}


@pytest.mark.parametrize("name", SENT)
def test_the_options_become_the_requests_fields(studio: Studio, name: str) -> None:
    arguments, path, body = SENT[name]
    ran = studio(*arguments, "--json")
    assert ran.code == 0, ran.err
    assert studio.posted() == (path, body)
    assert len(ran.object["saved"]) == 2
    assert ran.object["credits"] == 10


def test_both_files_are_uploaded_as_what_they_are(studio: Studio, sound: Path) -> None:
    ran = studio("extend", "sound.wav", "--by", "5s", "--video", str(CLIP))
    assert ran.code == 0, ran.err
    assert len(ran.paths) == 2
    uploads = [request for request in studio.seen if request.method == "PUT"]
    assert [(upload.content_type, len(upload.body)) for upload in uploads] == [
        ("audio/wav", sound.stat().st_size),
        ("video/mp4", CLIP.stat().st_size),
    ]
    _, body = studio.posted()
    assert body["audio"] == {"type": "asset", "asset_id": "ast_1"}
    assert body["video"] == {"type": "asset", "asset_id": "ast_2"}


def test_a_job_of_a_family_in_two_parts_is_taken_up_by_its_token(studio: Studio) -> None:
    ran = studio("extend", SOUND_URL, "--by", "5s", "--video", CLIP_URL, "-o", "out/")
    (token,) = [line.split("job token: ")[1] for line in ran.err.splitlines() if "job token: " in line]
    assert token.startswith("mirelo2:extend-audio/with_video:v1.6:")
    studio.seen.clear()
    again = studio("job", "download", token, "-o", "again/")
    assert again.code == 0, again.err
    assert {path.parent for path in again.paths} == {Path("again")}
    assert f"/v2/extend-audio/with_video/v1.6/jobs/{JOB_ID}" in [request.path for request in studio.seen]


@pytest.mark.parametrize(
    ("arguments", "path", "query"),
    [
        (
            ("extend", SOUND_URL, "--by", "5s", "--loop", "-n", "3"),
            "/v2/extend-audio/v1.6/preflight",
            {"append_duration_ms": "5000", "num_samples": "3"},
        ),
        (
            ("extend", "sound.wav", "--by", "50s", "--video", str(CLIP), "--start", "1s", "--prompt", "x"),
            "/v2/extend-audio/with_video/v1.6/preflight",
            {"append_duration_ms": "50000", "num_samples": "1"},
        ),
        (
            ("inpaint", SOUND_URL, "--from", "2s", "--to", "5s", "--prompt", "x"),
            "/v2/inpaint-audio/v1.6/preflight",
            {"start_ms": "2000", "end_ms": "5000", "num_samples": "1"},
        ),
        (
            ("inpaint", "sound.wav", "--from", "2s", "--to", "4s", "--video", CLIP_URL, "--model", "v1.6"),
            "/v2/inpaint-audio/with_video/v1.6/preflight",
            {"start_ms": "2000", "end_ms": "4000", "num_samples": "1"},
        ),
    ],
)
def test_a_dry_run_asks_for_the_cost_and_nothing_else(
    studio: Studio, arguments: tuple[str, ...], path: str, query: dict[str, str]
) -> None:
    ran = studio(*arguments, "--dry-run")
    assert ran.out.endswith("10 credits, ready within 1 s (98 % of jobs)\nnothing was submitted\n")
    assert studio.priced() == (path, query)
    assert len(studio.seen) == 1


# --- refusals ------------------------------------------------------------------------------------------------------

REFUSED: dict[str, tuple[tuple[str, ...], str]] = {
    "loop": (("text", "waves", "--loop"), "text-to-sfx v1.5 has no --loop; --model v1.6 has"),
    "prompt": (
        ("video", CLIP_URL, "--duration", "5s", "--prompt", "boots"),
        "video-to-sfx v1.5 has no --prompt; --model v1.6 has",
    ),
    "model": (
        ("inpaint", SOUND_URL, "--from", "2s", "--to", "5s", "--model", "1.5"),
        "--model v1.5 has no inpaint-audio: inpaint-audio is in v1.6, sfx-1.6 and sfx-2.0",
    ),
    "loop along a clip": (
        ("extend", SOUND_URL, "--by", "5s", "--loop", "--video", CLIP_URL),
        "extend-audio/with_video v1.6 has no --loop; the same without --video has",
    ),
    "start without a clip": (
        ("extend", SOUND_URL, "--by", "5s", "--start", "1s"),
        "extend-audio v1.6 has no --start; the same with --video has",
    ),
    "segment": (("inpaint", SOUND_URL, "--from", "5s", "--to", "2s"), "--to 2 s is not after --from 5 s"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_names_the_options_and_sends_nothing(studio: Studio, name: str) -> None:
    arguments, message = REFUSED[name]
    ran = studio(*arguments)
    assert ran.code == 2
    assert ran.err == f"error: {message}; nothing was sent\n"
    assert studio.seen == []


# --- models --------------------------------------------------------------------------------------------------------


def test_models_need_neither_key_nor_address(bare: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRELO_BASE_URL", "ftp://no.address")
    ran = bare("models", "-q")
    assert (ran.code, ran.err) == (0, "")
    tables = ran.out.split("\n\n")
    assert [table.splitlines()[0] for table in tables] == [
        "text-to-sfx v1.5, the default",
        "text-to-sfx v1.6",
        "video-to-sfx v1.5, the default",
        "video-to-sfx v1.6",
        "extend-audio v1.6, the default",
        "extend-audio/with_video v1.6, the default",
        "inpaint-audio v1.6, the default",
        "inpaint-audio/with_video v1.6, the default",
        "text-to-music v1.0, the default",
        "video-to-music v1.0, the default",
        "audio-to-midi v1.0, the default",
        "text-to-sfx sfx-1.6",
        "text-to-sfx sfx-2.0",
        "video-to-sfx sfx-1.6",
        "video-to-sfx sfx-2.0",
        "extend-audio sfx-1.6",
        "extend-audio sfx-2.0",
        "inpaint-audio sfx-1.6",
        "inpaint-audio sfx-2.0",
    ]
    assert tables[1].splitlines()[1:] == [
        "  duration_ms  integer  1000 to 60000, default 60000",
        "  loop         boolean  default false",
        "  num_samples  integer  1 to 4, default 1",
        "  prompt       string   required, 1 to 5000 characters",
        "  duration_ms is at least 3000 and at most 60000 when loop=True",
    ]
    assert "  prompt       string   required, at most 5000 characters\n" in tables[0] + "\n"
    assert '  output           string   audio or video, default "audio"\n' in tables[2]
    assert "  segment.start_ms  integer  required, at least 1000\n" in tables[6]


def test_models_in_json_are_the_librarys(bare: Cli) -> None:
    with MireloClient("sk-x") as client:
        known = [json.loads(json.dumps(attrs.asdict(info))) for info in client.models()]
    assert bare("models", "--json").object == {"models": known}


def test_a_full_account_is_waited_for_and_said(cli: Cli, emu: Emulator) -> None:
    emu.fail_next("submit", faults.Status(429, code="concurrency_limit_reached", retry_after=0), times=2)
    ran = cli("text", "rain", "--model", "sfx-2.0", "--duration", "1s")
    assert ran.code == 0, ran.err
    said = "waiting: as many jobs run as the account may have; the request goes out when one has ended\n"
    assert ran.err.count(said) == 1
    emu.fail_next("submit", faults.Status(429, code="concurrency_limit_reached", retry_after=0), times=2)
    assert "waiting" not in cli("text", "rain", "--model", "sfx-2.0", "--duration", "1s", "-q").err

"""`mirelo-ergo sync-so …` against the emulator: a lip-sync to its file, assets, generations, batches, and failures."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import av
import pytest

from mirelo_ergo.cli.output import Output, StdoutError
from mirelo_ergo.emulator import faults
from mirelo_ergo.emulator.services.sync_so.service import SyncSo
from tests.cli.support import CLIP
from tests.emulator.sounds import wav_bytes
from tests.emulator.support import tone
from tests.emulator.sync_so import batch_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from mirelo_ergo.emulator import Emulator
    from tests.cli.conftest import Cli
    from tests.cli.support import Ran


@pytest.fixture
def cli(bare: Cli, emu: Emulator, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Run a command line with the emulator's sync.so; the key must never be shown."""
    emu.reset()
    monkeypatch.setenv("SYNC_API_KEY", emu.keys["sync_so"])
    monkeypatch.setenv("SYNC_BASE_URL", emu.urls["sync_so"])

    def checked(*arguments: str) -> Ran:
        ran = bare("sync-so", *arguments)
        assert emu.keys["sync_so"] not in ran.out + ran.err
        return ran

    return checked


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    path = tmp_path / "voice.wav"
    path.write_bytes(wav_bytes(tone(440, 1500)))
    return path


def length_of(path: Path) -> float:
    with av.open(str(path)) as container:
        return float(container.duration or 0) / av.time_base


def submits(emu: Emulator) -> int:
    return sum((each.method, each.path) == ("POST", "/v2/generate") for each in emu.requests)


def test_a_lip_sync_is_saved(cli: Cli, emu: Emulator, voice: Path, tmp_path: Path) -> None:
    ran = cli("lipsync", str(CLIP), str(voice), "--sync-mode", "cut_off", "-o", "lips.mp4", "--max-cost", "1")
    assert ran.code == 0, ran.err
    assert [path.name for path in ran.paths] == ["lips.mp4"]
    assert length_of(tmp_path / "lips.mp4") == pytest.approx(1.5, abs=0.05)
    assert "cost: 0.20 USD for 38 frames" in ran.err
    assert "job token: sync_so2:lipsync:lipsync-2:" in ran.err
    assert [each.path for each in emu.requests].count("/v2/assets") == 2, "each file is uploaded once"


def test_a_lip_sync_in_json(cli: Cli, voice: Path) -> None:
    told = cli("lipsync", str(CLIP), str(voice), "--json", "--name", "{stem}").object
    assert (told["cost_usd"], "credits" in told) == (0.2, False)
    assert told["job_token"].startswith("sync_so2:")
    assert [path.rpartition("/")[2] for path in told["saved"]] == ["clip.mp4"]
    assert told["files"][0]["kind"] == "video"


def test_a_job_is_taken_up_by_its_token(cli: Cli, bare: Cli, emu: Emulator, voice: Path, journal: Path) -> None:
    emu.fail_next("poll", faults.Status(401), times=1)
    ran = cli("lipsync", str(CLIP), str(voice), "--json")
    assert ran.code == 7
    token = ran.error["job_token"]
    assert token in journal.read_text()
    emu.clock.advance(600)
    assert bare("job", "status", token).out == "succeeded, 1 result\n"
    assert [path.suffix for path in bare("job", "download", "--last").paths] == [".mp4"]
    assert submits(emu) == 1


def test_a_dry_run_submits_nothing(cli: Cli, emu: Emulator, voice: Path) -> None:
    ran = cli("lipsync", str(CLIP), str(voice), "--model", "lipsync-2-pro", "--dry-run")
    assert ran.code == 0
    assert "lipsync-2-pro" in ran.out
    assert ran.out.endswith("0.20 USD for 38 frames\nnothing was submitted\n")
    told = cli("lipsync", str(CLIP), str(voice), "--dry-run", "--json").object
    assert (told["dry_run"], told["cost_usd"], told["frames"]) == (True, 0.2, 38)
    assert (submits(emu), emu.jobs) == (0, [])


def test_more_than_max_cost_is_not_submitted(cli: Cli, emu: Emulator, voice: Path) -> None:
    ran = cli("lipsync", str(CLIP), str(voice), "--max-cost", "0.10", "--json")
    assert (ran.code, ran.error["code"]) == (4, "cost_limit")
    assert "it would cost 0.20 USD, more than --max-cost 0.1; nothing was submitted" in ran.error["message"]
    assert (ran.error["cost_usd"], ran.error["max_cost_usd"]) == (0.2, 0.1)
    assert submits(emu) == 0


def test_an_uploaded_asset_is_used_by_its_id(cli: Cli, emu: Emulator, voice: Path) -> None:
    made = cli("assets", "upload", str(CLIP), "--json").object
    assert (made["type"], made["name"]) == ("VIDEO", "clip.mp4")
    sound = cli("assets", "upload", str(voice), "--name", "Voice", "--type", "audio").out.strip()
    ran = cli("lipsync", f"asset:{made['id']}", f"asset:{sound}")
    assert ran.code == 0, ran.err
    assert len(ran.paths) == 1
    lines = cli("assets", "list").out.splitlines()
    assert [line.split("  ")[:2] for line in lines] == [[sound, "AUDIO"], [made["id"], "VIDEO"]]
    assert cli("assets", "list", "--search", "voi", "--json").object["total"] == 1
    assert len(cli("assets", "list", "-n", "1").out.splitlines()) == 1
    ran = cli("assets", "delete", made["id"], f"asset:{sound}", "--json")
    assert ran.object == {"deleted": [made["id"], f"asset:{sound}"]}
    assert cli("assets", "list").out == ""


def test_generations_are_listed_looked_at_and_saved(cli: Cli, emu: Emulator, voice: Path) -> None:
    first = cli("lipsync", str(CLIP), str(voice), "--json").object["job_id"]
    emu.fail_next("submit", faults.FailedJob("voice_not_found"))
    failed = cli("lipsync", str(CLIP), str(voice), "--json")
    assert (failed.code, failed.error["code"]) == (6, "voice_not_found")
    second = failed.error["job_token"].split(":")[3]
    lines = cli("generations", "list").out.splitlines()
    assert [line.split("  ")[1] for line in lines] == ["FAILED", "COMPLETED"]
    listed = cli("generations", "list", "--status", "completed", "--json").object["generations"]
    assert [each["id"] for each in listed] == [first]
    looked = cli("generations", "get", second).out
    assert "status    FAILED\n" in looked
    assert "code      voice_not_found\n" in looked
    assert cli("generations", "get", first, "--json").object["progress_percent"] == 100
    assert [path.name for path in cli("generations", "download", first, "-o", "again.mp4").paths] == ["again.mp4"]
    assert cli("generations", "download", first, "-o", "more/", "--json").object["job_id"] == first
    ran = cli("generations", "download", second, "--json")
    assert (ran.code, ran.error["code"]) == (6, "voice_not_found")
    assert cli("generations", "get", "another").code == 2


def test_what_it_would_cost(cli: Cli, emu: Emulator, voice: Path) -> None:
    assert cli("estimate", str(CLIP), str(voice)).out == "0.20 USD for 38 frames\n"
    assert cli("estimate", str(CLIP), str(voice), "--json").object == {"cost_usd": 0.2, "frames": 38}
    assert emu.jobs == []


def test_models_are_listed(cli: Cli) -> None:
    assert "react-1  react  " in cli("models").out
    assert "lipsync-1.9.0-beta  lipsync  deprecated\n" in cli("models").out
    assert {model["id"] for model in cli("models", "--json").object["models"]} >= {"sync-3", "lipsync-2"}


def test_a_batch_from_its_file_to_its_lines(
    cli: Cli, emu: Emulator, voice: Path, short_clip: Path, tmp_path: Path
) -> None:
    film = cli("assets", "upload", str(short_clip)).out.strip()
    sound = cli("assets", "upload", str(voice)).out.strip()
    payload = {
        "model": "lipsync-2",
        "input": [{"type": "video", "assetId": film}, {"type": "audio", "assetId": sound}],
    }
    file = tmp_path / "lines.jsonl"
    file.write_bytes(batch_file(payload))
    assert cli("batch", "create", str(file), "--dry-run").out == "VALIDATED\nnothing was created\n"
    assert cli("batch", "create", str(file), "--dry-run", "--json").object == {"dry_run": True, "status": "VALIDATED"}
    assert emu.jobs == []
    emu.fail_next("createBatch", faults.FailedJob())
    made = cli("batch", "create", str(file)).out.strip()
    early = cli("batch", "results", made, "--json")
    assert early.error["code"] == "not_done"
    state: dict[str, Any] = {"status": "PENDING"}
    while state.get("status") not in ("COMPLETED", "FAILED"):
        emu.clock.advance(0 if state.get("status") == "PENDING" else 60)
        state = cli("batch", "status", made, "--json").object
    assert cli("batch", "status", made).out == "COMPLETED, 19 of 20 are done, 1 failed\n"
    lines = [json.loads(line) for line in cli("batch", "results", made).out.splitlines()]
    assert [line["request_id"] for line in lines] == [f"r{number}" for number in range(20)]
    assert cli("batch", "results", made, "--json").object == {"results": lines}


@pytest.mark.parametrize("how", ["full", "closed", "interrupted"])
@pytest.mark.parametrize("options", [(), ("-q",), ("--json",)], ids=["plain", "quiet", "json"])
def test_a_batch_that_is_paid_for_is_told_on_what_is_left(
    how: str, options: tuple[str, ...], cli: Cli, emu: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """20 generations and more hang on its id: it is told although stdout takes nothing, and the code is no bug's."""
    file = tmp_path / "lines.jsonl"
    film, sound = {"type": "video", "url": "https://a.test/1.mp4"}, {"type": "audio", "url": "https://a.test/1.wav"}
    file.write_bytes(batch_file({"model": "lipsync-2", "input": [film, sound]}))
    said: list[str] = []

    def refuse(output: Output, lines: Iterable[str], fields: Mapping[str, object]) -> None:
        said.append(str(fields["id"]))
        if how == "interrupted":
            raise KeyboardInterrupt
        raise StdoutError(BrokenPipeError(32, "Broken pipe") if how == "closed" else OSError(28, "No space left"))

    monkeypatch.setattr(Output, "result", refuse)
    ran = cli("batch", "create", str(file), *options)
    assert ran.code == (130 if how == "interrupted" else 7)
    (made,) = said
    if options == ("--json",):
        assert ran.error["batch_ids"] == [made]
    else:
        assert f"batch {made} goes on: mirelo-ergo sync-so batch status {made}" in ran.err
    assert "Traceback" not in ran.err


def test_a_batch_whose_fate_is_unknown(cli: Cli, emu: Emulator, tmp_path: Path) -> None:
    file = tmp_path / "lines.jsonl"
    file.write_bytes(b"{}\n" * 20)
    emu.fail_next("createBatch", faults.Reset(when="after"))
    ran = cli("batch", "create", str(file), "--json")
    assert ran.code == 8
    assert "may charge twice" in ran.error["message"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("lipsync", "CLIP"), 2, "AUDIO"),
        (("lipsync", "missing.mp4", "VOICE"), 2, "missing.mp4 does not exist"),
        (("lipsync", "asset:", "VOICE"), 2, "asset: names no asset: mirelo-ergo sync-so assets list has their ids"),
        (("lipsync", "CLIP", "VOICE", "--max-cost", "much"), 2, "'much' is not an amount of US dollars, such as 1.50"),
        (("lipsync", "CLIP", "VOICE", "--sync-mode", "stretch"), 2, "'stretch' is not one of 'bounce', 'loop'"),
        (("lipsync", "CLIP", "VOICE", "-o", "lips.wav"), 2, "--out"),
        (("assets", "upload", "https://x.example/a.mp4"), 2, "upload takes a file: lipsync takes URLs as they are"),
        (("assets", "delete", "another"), 2, "there is no asset 'another'"),
        (("batch", "create", "https://x.example/a.jsonl"), 2, "batch create takes a file of JSON lines"),
        (("batch", "status", "another"), 2, "there is no batch 'another'"),
        (("generations", "list", "-n", "0"), 2, "0 is not at least 1"),
    ],
)
def test_a_mistake_is_told(cli: Cli, voice: Path, arguments: tuple[str, ...], code: int, message: str) -> None:
    given = [{"CLIP": str(CLIP), "VOICE": str(voice)}.get(each, each) for each in arguments]
    ran = cli(*given)
    assert ran.code == code, ran.err
    assert message in ran.err


def test_a_small_plan_has_no_batches(cli: Cli, emu: Emulator, tmp_path: Path) -> None:
    emu.service(SyncSo).plan = "growth"
    file = tmp_path / "lines.jsonl"
    file.write_bytes(b"{}\n" * 20)
    assert cli("batch", "create", str(file)).code == 4


def test_a_missing_key_is_said(bare: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SYNC_API_KEY", raising=False)
    monkeypatch.setenv("SYNC_TOKEN", "x")
    ran = bare("sync-so", "models")
    assert ran.code == 3
    assert "set SYNC_API_KEY, or try it without one: add --emulator" in ran.err
    assert "SYNC_TOKEN is set, but the key is read from SYNC_API_KEY" in ran.err


def test_it_can_be_tried_without_a_key(bare: Cli, voice: Path) -> None:
    ran = bare("sync-so", "lipsync", str(CLIP), str(voice), "--emulator")
    assert ran.code == 0, ran.err
    assert length_of(ran.paths[0]) == pytest.approx(1.5, abs=0.05)

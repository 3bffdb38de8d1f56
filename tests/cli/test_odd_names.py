"""Files whose names hold line breaks, control characters or a leading dash, and states that nobody knows."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from mirelo_ergo.cli import journal
from tests.cli.support import CLIP
from tests.support.answers import JOB_ID

if TYPE_CHECKING:
    from pathlib import Path

    from mirelo_ergo.emulator import Emulator
    from tests.cli.conftest import Cli

ODD = "a\nb\x1b[31m\u202e.mp4"
SHOWN = "a\\nb\\x1b[31m\\u202e.mp4"


def test_what_people_read_is_escaped_and_paths_are_exact(cli: Cli, tmp_path: Path) -> None:
    for name in (ODD, "plain.mp4"):
        shutil.copyfile(CLIP, tmp_path / name)
    planned = cli("video", ODD, "plain.mp4", "--dry-run", "-o", "out/")
    assert (planned.code, f"{SHOWN}:\n" in planned.out, "\x1b" in planned.out) == (0, True, False)
    missing = cli("video", f"no{ODD}")
    assert missing.err.startswith(f"error: no{SHOWN} does not exist: is ")
    refused = cli("video", "plain.mp4", ODD, "-o", "x\ny.wav")
    assert "--out x\\ny.wav is a file" in refused.err
    ran = cli("video", "plain.mp4", "-o", "x\ny.wav", "--duration", "1s")
    assert (ran.code, ran.out) == (0, "x\ny.wav\n")
    token = f"mirelo2:text-to-sfx:v1.5:{JOB_ID}:1700000000:1000:1"
    journal.add(token, JOB_ID, "rain\x1b[31m", base_url=None, emulator=False)
    assert "rain\\x1b[31m\n" in cli("jobs").out


@pytest.mark.parametrize("name", ["-dash.mp4", "-out.mp4"])
def test_a_file_that_begins_with_a_dash_is_no_option(cli: Cli, tmp_path: Path, name: str) -> None:
    """-out.mp4 would be -o ut.mp4, and the other clips' results would go there."""
    shutil.copyfile(CLIP, tmp_path / name)
    ran = cli("video", name, "--duration", "1s")
    assert ran.code == 2
    assert f"the file {name} would be read as an option: write ./{name}, or -- before all files" in ran.err
    assert cli("video", "--dry-run", "--duration", "1s", "--", name).code == 0
    assert cli("video", "--dry-run", "--duration", "1s", f"./{name}").code == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["text", "rain", "--model", "--dry-run"], "--model has no value, but --dry-run after it"),
        (["text", "rain", "-o", "--max-credits=5"], "--out has no value, but --max-credits=5 after it"),
        (["text", "rain", "-qo", "-n", "2"], "--out has no value, but -n after it"),
        (["video", "--prompt", "--", "clip.mp4"], "--prompt has no value, but -- after it"),
        (["pixazo", "video", "clip.mp4", "--prompt", "--dry-run"], "write --prompt=--dry-run if that is its value"),
        (["batch", "run", "sfx.csv", "--ledger", "--dry-run"], "write --ledger=--dry-run if that is its value"),
        (["sync-so", "generations", "list", "--status", "--emulator"], "--status has no value"),
    ],
)
def test_an_option_is_no_value_of_another_one(
    cli: Cli, emu: Emulator, tmp_path: Path, arguments: list[str], told: str
) -> None:
    """What an empty variable of a shell leaves: `--ledger $LEDGER --dry-run` made a batch, which was paid."""
    shutil.copyfile(CLIP, tmp_path / "clip.mp4")
    before = len(emu.requests)
    ran = cli(*arguments)
    assert (ran.code, len(emu.requests) - before) == (2, 0)
    assert told in ran.err
    assert ran.err.endswith("nothing was sent\n")


def test_a_value_may_look_like_an_option(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "sfx.csv").write_text("id,operation,prompt,duration_ms\na,text_to_sfx,rain,1000\n")
    assert cli("batch", "run", "sfx.csv", "--ledger=--dry-run").code == 0
    assert (tmp_path / "--dry-run").is_file()


def test_a_state_that_is_not_known_is_named(bare: Cli) -> None:
    """It is sent, because the service's lists of words are open, but nothing found is not the whole answer."""
    ran = bare("sync-so", "generations", "list", "--status", "done", "--status", "failed", "--emulator")
    assert (ran.code, ran.out) == (0, "")
    told = "--status DONE: this version knows no such status, only PENDING, PROCESSING, COMPLETED, FAILED, REJECTED\n"
    assert told in ran.err

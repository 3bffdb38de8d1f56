"""Completion in bash, zsh and fish: what the shells are told, and in those that are here, what they make of it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from mirelo_ergo.cli import journal
from tests.cli.support import ROOT, environment, start

if TYPE_CHECKING:
    from pathlib import Path

BIN = str(ROOT / ".venv" / "bin")
PAGE = (ROOT / "docs" / "cli.md").read_text()


def told(cwd: Path, line: str, *, word: str = "") -> list[str]:
    """Return what a bash is told to complete a line with: the values, without their kinds."""
    words = line.split()
    variables = {
        "_MIRELO_ERGO_COMPLETE": "bash_complete",
        "COMP_WORDS": f"{line} {word}".rstrip() if word else f"{line} ",
        "COMP_CWORD": str(len(words)),
    }
    ran = start(cwd=cwd, variables=variables).end()
    assert (ran.code, ran.err) == (0, "")
    return [each.partition(",")[2] or each for each in ran.out.splitlines()]


@pytest.mark.parametrize(
    ("line", "word", "values"),
    [
        ("mirelo-ergo", "in", ["inpaint", "inference-sh"]),
        ("mirelo-ergo", "jo", ["job", "jobs"]),
        ("mirelo-ergo job", "", ["status", "wait", "download", "resubmit"]),
        ("mirelo-ergo pixazo", "v", ["video"]),
        ("mirelo-ergo text rain", "--du", ["--duration"]),
        ("mirelo-ergo text rain", "--dr", ["--dry-run"]),
        ("mirelo-ergo video clip.mp4 --output", "", ["audio", "video"]),
        ("mirelo-ergo text rain --model", "v1", ["v1.5", "v1.6"]),
    ],
)
def test_commands_options_and_models_are_completed(tmp_path: Path, line: str, word: str, values: list[str]) -> None:
    assert told(tmp_path, line, word=word) == values


def test_clips_and_places_are_completed_by_the_shells_own_files(tmp_path: Path) -> None:
    for line in ("mirelo-ergo video", "mirelo-ergo extend a.wav --video", "mirelo-ergo text rain -o"):
        variables = {"_MIRELO_ERGO_COMPLETE": "bash_complete", "COMP_WORDS": f"{line} cl"}
        ran = start(cwd=tmp_path, variables={**variables, "COMP_CWORD": str(len(line.split()))}).end()
        assert ran.out.startswith("file,"), line


def test_jobs_are_completed_from_the_journal(tmp_path: Path) -> None:
    journal.add("mirelo2:a:b:0123-4:1:1:1", "0123-4", "rain", base_url=None, emulator=False)
    journal.add("mirelo2:a:b:0999-9:1:1:1", "0999-9", "rain", base_url=None, emulator=True)
    assert told(tmp_path, "mirelo-ergo job download", word="0") == ["0123-4"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_page_has_the_line_for_each_shell_and_it_gives_a_script(tmp_path: Path, shell: str) -> None:
    assert f"_MIRELO_ERGO_COMPLETE={shell}_source mirelo-ergo" in PAGE
    ran = start(cwd=tmp_path, variables={"_MIRELO_ERGO_COMPLETE": f"{shell}_source"}).end()
    assert ran.code == 0
    assert f"_MIRELO_ERGO_COMPLETE={shell}_complete" in ran.out.replace('"', "")


def test_bash_completes_with_the_script(tmp_path: Path) -> None:
    script = (
        'eval "$(_MIRELO_ERGO_COMPLETE=bash_source mirelo-ergo)"; '
        "COMP_WORDS=(mirelo-ergo text rain --ov); COMP_CWORD=3; "
        '_mirelo_ergo_completion mirelo-ergo; echo "${COMPREPLY[@]}"'
    )
    ran = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=environment(PATH=f"{BIN}{os.pathsep}{os.environ['PATH']}"),
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert (ran.stdout, ran.stderr) == ("--overwrite\n", "")


@pytest.mark.parametrize(("shell", "current"), [("zsh", "3"), ("fish", "--ov")])
def test_the_other_shells_are_told_in_their_way(tmp_path: Path, shell: str, current: str) -> None:
    words = {"COMP_WORDS": "mirelo-ergo text rain --ov", "COMP_CWORD": current}
    ran = start(cwd=tmp_path, variables={"_MIRELO_ERGO_COMPLETE": f"{shell}_complete", **words}).end()
    kind, value, help_text = re.split("[\n,\t]", ran.out, maxsplit=2)
    assert (ran.code, kind, value) == (0, "plain", "--overwrite")
    assert help_text.startswith("Replace files of the same name.")


def test_completion_needs_neither_key_nor_network(tmp_path: Path) -> None:
    code = (
        "import os, sys; os.environ.update(_MIRELO_ERGO_COMPLETE='bash_complete', COMP_WORDS='mirelo-ergo tex',"
        " COMP_CWORD='1'); from mirelo_ergo.__main__ import main; main(); print(*sys.modules, sep=',')"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=240
    )
    value, modules = ran.stdout.splitlines()
    assert value == "plain,text"
    assert not {"httpx", "httpcore", "asyncio"} & set(modules.split(","))

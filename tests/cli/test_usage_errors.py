"""Each command line in docs/mistakes.md is refused with the message in its row."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import shutil
import sys
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import pytest

from mirelo_ergo.__main__ import main
from mirelo_ergo.cli.app import root
from mirelo_ergo.cli.usage_errors import all_options
from tests.cli.support import ACCOUNTS, CLIP, ROOT
from tests.emulator.support import encode_clip

if TYPE_CHECKING:
    from mirelo_ergo.emulator import Emulator

PAGE = ROOT / "docs" / "mistakes.md"
_ROW = re.compile(r"^\| `(?P<line>.+?)` \| (?P<words>.+) \| (?P<code>\d) \|$")
_CELL = re.compile(r"\\([|])")


@attrs.frozen
class Row:
    """One line of the page: a command line, what is said, and the exit code."""

    line: str
    words: str
    code: int


def rows() -> list[Row]:
    """Return the page's rows."""
    found = [match for line in PAGE.read_text().splitlines() if (match := _ROW.match(line))]
    return [Row(_plain(match["line"]), _plain(match["words"]), int(match["code"])) for match in found]


def _plain(cell: str) -> str:
    return _CELL.sub(r"\1", cell)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the page's command lines are written; the page describes it."""
    place = tmp_path_factory.mktemp("mistakes")
    for name in ("clip.mp4", "walk.mp4", "folder/clip.mp4"):
        (place / name).parent.mkdir(exist_ok=True)
        shutil.copy(CLIP, place / name)
    encode_clip(place / "old.mp4", codec="mpeg4", container="mp4", milliseconds=1500)
    for name, seconds in (("song.wav", 4), ("short.wav", 1)):
        with wave.open(str(place / name), "wb") as file:
            file.setparams((2, 2, 8000, 0, "NONE", ""))
            file.writeframes(bytes(4 * seconds * 8000))
    recorded = bytearray(CLIP.read_bytes())
    at = recorded.index(b"mdhd") + 20
    recorded[at : at + 4] = (int.from_bytes(recorded[at : at + 4], "big") // 30).to_bytes(4, "big")
    contents = {
        "recorded.mp4": bytes(recorded),
        "broken.mp4": b"\0\0\0\x18ftypmp42 and no more",
        "empty.txt": b"",
        "long.txt": b"rain " * 2000,
        "notes.txt": b"rain on a roof",
        "folder/notes": b"rain on a roof",
        "photo.jpg": b"\xff\xd8\xff\xe0 and so on",
        "movie.avi": b"RIFF\0\0\0\0AVI LIST",
        "loop.gif": b"GIF89a and so on",
    }
    for name, data in contents.items():
        (place / name).write_bytes(data)
    os.mkfifo(place / "fifo.mp4")
    (place / "link.wav").symlink_to("nowhere.wav")
    (place / "link").symlink_to("nowhere")
    return place


def run(row: Row, folder: Path, emu: Emulator, monkeypatch: pytest.MonkeyPatch) -> int:
    words = shlex.split(row.line)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["mirelo-ergo"])
    for name in [name for name in os.environ if name.startswith(ACCOUNTS)]:
        monkeypatch.delenv(name)
    settings = {"MIRELO_API_KEY": emu.key, "MIRELO_BASE_URL": emu.url}
    if "mirelo-ergo" in words[0]:
        for name, service in (("SYNC", "sync_so"), ("INFERENCE", "inference_sh")):
            settings |= {f"{name}_API_KEY": emu.keys[service], f"{name}_BASE_URL": emu.urls[service]}
    if words[0] != "mirelo-ergo" or "pixazo" in words:
        settings |= {} if any(word.startswith("PIXAZO") for word in words) else {"PIXAZO_API_KEY": "x"}
    if any(word.startswith("MIRELO_API_KEY=") for word in words):
        settings.pop("PIXAZO_API_KEY", None)
    while "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        settings[name] = value
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    data = b""
    if "<" in words:
        data = Path(words[words.index("<") + 1]).read_bytes()
        words = words[: words.index("<")]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    return main(words[1:])


_LIBRARYS_WORDS = re.compile(
    r"\b[a-z]+_ms\b|\b[a-z]+_[a-z_]+=|content_type|\b(?:get|create|[a-z]+To|[a-z]+Audio)[A-Z]\w+:"
)
"""Fields of requests and names of operations: a command line has options."""
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.line)
def test_a_mistake_is_told_as_the_page_says_and_costs_nothing(
    row: Row, folder: Path, emu: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = len(emu.charges), submits(emu)
    code = run(row, folder, emu, monkeypatch)
    captured = capsys.readouterr()
    told = captured.err or json.loads(captured.out)["error"]["message"]
    assert row.words in told
    assert code == row.code
    assert (len(emu.charges), submits(emu)) == before
    assert not _LIBRARYS_WORDS.search(told)
    assert not [key for key in emu.keys.values() if key in told]
    advised = set(_OPTION.findall(told)) - set(_OPTION.findall(row.line.lower()))
    assert advised <= {*all_options(root), "--help", "--version"}, "an option that there is"


def submits(emu: Emulator) -> int:
    paid = ("/jobs", "/apps/run", "/v2/generate", "/generations", "/v2/batch")
    return sum(request.method == "POST" and request.path.endswith(paid) for request in emu.requests)


def test_a_device_is_told_as_one_to_users_who_may_not_write_to_its_folder(
    folder: Path, emu: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The page's row, which root alone had heard."""
    monkeypatch.setattr("mirelo_ergo._runtime.transfer.folders._takes_files", lambda folder: False)
    (row,) = (each for each in rows() if each.line.endswith("-o /dev/null"))
    assert run(row, folder, emu, monkeypatch) == row.code
    assert row.words in capsys.readouterr().err


def test_the_page_has_many_of_them_and_each_once() -> None:
    lines = [row.line for row in rows()]
    assert len(lines) >= 110
    assert len(set(lines)) == len(lines)


def test_an_option_of_many_commands_names_a_few_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--emulator"]) == 2
    assert re.search(r"no option --emulator; (\w+, ){4}\w+ and \d+ other commands have it\n", capsys.readouterr().err)

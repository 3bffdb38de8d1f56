"""Prompts, clips and sounds as they are given: pipes, headers that disagree, and several clips at once."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from mirelo_ergo.cli.inputs import Stdin as Stdin_
from mirelo_ergo.cli.inputs import source_from
from mirelo_ergo.emulator import faults
from tests.cli.support import CLIP, environment
from tests.emulator.support import encode_clip

if TYPE_CHECKING:
    from pathlib import Path

    from mirelo_ergo.emulator import Emulator
    from tests.cli.conftest import Cli


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Stdin:
    return Stdin(monkeypatch)


class Stdin:
    """What comes through a pipe."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def __call__(self, data: bytes) -> None:
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def prompts(emu: Emulator) -> list[object]:
    return [
        json.loads(r.body)["prompt"]
        for r in emu.requests
        if r.method == "POST" and "/text-to-sfx/" in r.path and r.path.endswith("/jobs")
    ]


# --- stdin ---------------------------------------------------------------------------------------------------------


def test_a_prompt_is_read_from_stdin(cli: Cli, emu: Emulator, stdin: Stdin) -> None:
    stdin("\ufeffrain on a \u00e4 roof\n".encode())
    assert cli("text", "-", "--duration", "1s").code == 0
    assert prompts(emu)[-1] == "rain on a \u00e4 roof"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "- reads the prompt from stdin, which was empty"),
        (b" \n", "- reads the prompt from stdin, which was empty"),
        (b"\xff\xfe", "what came is not UTF-8 text"),
        (b"a\0b", "what came is not text"),
        (b"x" * (1 << 21), "more than 1 MiB on stdin"),
    ],
)
def test_a_prompt_that_is_none_is_refused(cli: Cli, stdin: Stdin, emu: Emulator, data: bytes, says: str) -> None:
    before = len(emu.requests)
    stdin(data)
    ran = cli("text", "-")
    assert ran.code == 2
    assert says in ran.err
    assert len(emu.requests) == before


def test_stdin_is_given_once(cli: Cli, stdin: Stdin) -> None:
    stdin(b"rain")
    assert "- is given for the prompt and for the clip" in cli("video", "-", "--prompt", "-", "--model", "1.6").err


@pytest.mark.parametrize("given", ["- <clip.mp4", "/dev/stdin <clip.mp4", "<(cat clip.mp4)", "- < <(cat clip.mp4)"])
def test_a_clip_comes_through_a_pipe(tmp_path: Path, emu: Emulator, given: str) -> None:
    shutil.copy(CLIP, tmp_path / "clip.mp4")
    ran = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m mirelo_ergo video --start 4s -o sound.wav {given}"],
        cwd=tmp_path,
        env=environment(MIRELO_API_KEY=emu.key, MIRELO_BASE_URL=emu.url),
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert (ran.returncode, ran.stdout) == (0, "sound.wav\n"), ran.stderr
    assert "duration: 2 s, the clip's 6 s from 4 s on\n" in ran.stderr


def test_an_empty_pipe_is_refused(cli: Cli, stdin: Stdin) -> None:
    stdin(b"")
    assert "- gave no bytes: the clip is empty" in cli("video", "-").err


def test_a_fifo_that_nobody_writes_to_is_refused_at_once(cli: Cli, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.mp4")
    ran = cli("video", "fifo.mp4")
    assert ran.code == 2
    assert "fifo.mp4 is not a regular file" in ran.err


# --- headers -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def forty(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A clip of 40 s with a sound of 43."""
    path = tmp_path_factory.mktemp("recorded") / "clip.mp4"
    with av.open(str(path), "w") as output:
        picture, sound = output.add_stream("libx264", rate=5), output.add_stream("aac", rate=8000)
        picture.width = picture.height = 64
        for _ in range(200):
            output.mux(picture.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), "uint8"))))
        for at in range(0, 43 * 8000, 1000):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1000), "int16"), format="s16", layout="mono")
            frame.sample_rate, frame.pts = 8000, at
            output.mux(sound.encode(frame))
        output.mux(picture.encode(None))
        output.mux(sound.encode(None))
    return path.read_bytes()


@pytest.mark.parametrize(("box", "at"), [(b"mdhd", 20), (b"mvhd", 20), (b"tkhd", 24)])
@pytest.mark.parametrize("factor", [30, 2])
def test_headers_that_disagree_ask_for_a_duration(
    cli: Cli, emu: Emulator, tmp_path: Path, forty: bytes, box: bytes, at: int, factor: int
) -> None:
    # browsers' recorders write a track's length 30 times short
    data = bytearray(forty)
    at += data.index(box)
    data[at : at + 4] = (int.from_bytes(data[at : at + 4], "big") // factor).to_bytes(4, "big")
    (tmp_path / "clip.mp4").write_bytes(data)
    before = len(emu.requests)
    ran = cli("video", "clip.mp4")
    assert ran.code == 2
    assert re.search(r"clip\.mp4 cannot be read: one of its headers says [\d.]+ s, another 4[03]", ran.err)
    assert "to choose, give --duration" in ran.err
    assert len(emu.requests) == before
    assert cli("video", "clip.mp4", "--duration", "39s", "--dry-run", "--json").object["duration_ms"] == 39_000


def test_a_longer_sound_is_no_disagreement(cli: Cli, tmp_path: Path, forty: bytes) -> None:
    (tmp_path / "clip.mp4").write_bytes(forty)
    assert cli("video", "clip.mp4", "--dry-run", "--json").object["duration_ms"] == 40_000


def test_a_known_length_is_checked_before_the_upload(cli: Cli, emu: Emulator) -> None:
    before = len(emu.requests)
    for options, says in (
        (("--duration", "7s"), "--duration 7 s is more than the clip has: it is 6 s long;"),
        (("--duration", "3s", "--start", "4s"), "--duration 3 s is more than the clip has: it is 6 s long, 2 s from"),
        (("--duration", "1s", "--start", "7s"), "--start 7 s is not within the clip, which is 6 s long"),
    ):
        ran = cli("video", str(CLIP), *options)
        assert ran.code == 2
        assert says in ran.err
    assert len(emu.requests) == before


def test_pictures_that_the_service_cannot_decode_are_refused(cli: Cli, emu: Emulator, tmp_path: Path) -> None:
    encode_clip(tmp_path / "old clip.mp4", codec="mpeg4", container="mp4", milliseconds=1500)
    before = len(emu.requests)
    ran = cli("video", "old clip.mp4")
    assert ran.code == 2
    assert "error: the clip: its picture is coded as mpeg4, and the service decodes H.264, VP8 and VP9" in ran.err
    assert "convert it first: ffmpeg -i 'old clip.mp4' " in ran.err
    assert len(emu.requests) == before


def test_without_a_reader_a_given_length_is_taken_as_it_is(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    assert cli("video", str(CLIP), "--duration", "9s", "--dry-run").code == 0


# --- several clips -------------------------------------------------------------------------------------------------


@pytest.fixture
def three(tmp_path: Path) -> list[str]:
    """Three clips in the current folder."""
    names = ["walk.mp4", "run.mp4", "long jump.mp4"]
    for name in names:
        shutil.copy(CLIP, tmp_path / name)
    return names


def test_several_clips_make_a_job_each_and_files_of_their_names(cli: Cli, three: list[str]) -> None:
    ran = cli("video", *three, "--duration", "1s", "-n", "2", "-o", "sounds/")
    assert ran.code == 0, ran.err
    stems = ("walk", "run", "long-jump")
    assert [path.name for path in ran.paths] == [f"{stem}-{n}.wav" for stem in stems for n in (1, 2)]
    assert "cost: 60 credits for 3 jobs\n" in ran.err
    assert "job token of walk.mp4: mirelo2:" in ran.err


def test_several_clips_in_json_are_one_object(cli: Cli, three: list[str], emu: Emulator) -> None:
    before = len(emu.charges)
    results = cli("video", *three, "--duration", "1s", "--json").object["results"]
    assert [result["saved"] for result in results] == [["walk-1.wav"], ["run-1.wav"], ["long-jump-1.wav"]]
    assert [result["credits"] for result in results] == [10, 10, 10]
    assert {charge.job_id for charge in emu.charges[before:]} == {result["job_id"] for result in results}


def test_jobs_whose_results_did_not_come_end_with_7_as_one_does(cli: Cli, three: list[str], emu: Emulator) -> None:
    emu.fail_next("result", faults.Status(404), times=100)
    ran = cli("video", *three[:2], "--duration", "1s", "--json")
    emu.clear_faults()
    assert ran.code == ran.error["exit_code"] == 7
    assert [(each["error"]["exit_code"], each["credits"]) for each in ran.error["results"]] == [(7, 10), (7, 10)]


def test_the_limit_is_for_all_of_them(cli: Cli, three: list[str], emu: Emulator) -> None:
    before = len(emu.charges)
    ran = cli("video", *three, "--duration", "1s", "--max-credits", "29")
    assert ran.code == 4
    assert "it would cost 30 credits, more than --max-credits 29" in ran.err
    assert len(emu.charges) == before


def test_a_plan_of_several_has_a_total(cli: Cli, three: list[str]) -> None:
    ran = cli("video", *three, "--duration", "1s", "--dry-run")
    assert ran.out.endswith("total             30 credits\nnothing was submitted\n")
    assert ran.out.count("num_samples") == 3
    assert len(cli("video", *three, "--duration", "1s", "--dry-run", "--json").object["results"]) == 3


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("-o", "all.wav"), "--out all.wav is a file, and there are several clips: give a folder, such as sounds/"),
        (("-o", "-"), "--out - takes one result, and there would be 3"),
        (("sub/walk.mp4",), "walk.mp4 and sub/walk.mp4 would give files of the same name"),
        (("nope.mp4",), "nope.mp4 does not exist"),
    ],
)
def test_all_is_checked_before_anything_is_sent(
    cli: Cli, three: list[str], tmp_path: Path, emu: Emulator, arguments: tuple[str, ...], says: str
) -> None:
    (tmp_path / "sub").mkdir()
    shutil.copy(CLIP, tmp_path / "sub" / "walk.mp4")
    before = len(emu.requests)
    ran = cli("video", *three, "--duration", "1s", *arguments)
    assert ran.code == 2
    assert says in ran.err
    assert len(emu.requests) == before


# --- paths and pipes that are none -----------------------------------------------------------------------------------


def test_a_file_that_one_may_not_read_is_refused(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    really = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != CLIP and really(path, mode))
    assert "cannot be read: Permission denied" in cli("video", str(CLIP)).err


def test_what_is_no_file_with_bytes_is_refused_by_what_it_is(cli: Cli, tmp_path: Path, emu: Emulator) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    before = len(emu.requests)
    for given, says in [
        ("empty.mp4", "empty.mp4 is empty"),
        ("folder/", "folder/ is a folder: give its files, such as folder/*.mp4"),
        ("fifo", "fifo is not a regular file; - reads from stdin"),
        ("x" * 300 + ".mp4", "cannot be read: File name too long"),
        (" ", "the clip is blank: give a file or a URL"),
    ]:
        ran = cli("video", given, "--duration", "2s")
        assert (ran.code, says in ran.err) == (2, True), ran.err
    assert len(emu.requests) == before


def test_a_prompt_beside_a_clip_is_checked_as_well(cli: Cli, stdin: Stdin) -> None:
    assert "the prompt is blank" in cli("video", str(CLIP), "--prompt", " \u00a0", "--duration", "2s").err
    assert "the prompt is not UTF-8 text" in cli("video", str(CLIP), "--prompt", "rain \udcff", "--duration", "2s").err
    stdin(b"a door\n")
    ran = cli("video", str(CLIP), "--prompt", "-", "--model", "v1.6", "--duration", "2s", "--dry-run", "--json")
    assert ran.object["dry_run"] is True


def test_a_closed_stdin_and_a_terminal_are_no_source(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert "- reads the prompt from stdin, which is closed" in cli("text", "-").err
    primary, secondary = os.openpty()
    with os.fdopen(primary, "rb"), os.fdopen(secondary, encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        assert "- reads the clip from stdin, which is a terminal" in cli("video", "-", "--duration", "2s").err


def test_a_descriptor_that_is_not_there_is_refused(cli: Cli) -> None:
    assert "/dev/fd/987 cannot be read: No such file or directory" in cli("video", "/dev/fd/987").err


def test_a_pipe_that_cannot_be_copied_is_refused(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    class Piped(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Piped(b"x")))
    assert "- cannot be copied: No space left on device" in cli("video", "-", "--duration", "2s").err


def test_each_use_of_a_pipe_begins_at_its_start(stdin: Stdin) -> None:
    stdin(b"RIFF")
    reader = Stdin_()
    source = source_from("-", "sound", reader)
    assert (source.label, source.is_url) == ("stdin", False)
    for _ in range(2):
        with source.open() as opened:
            assert opened.read() == b"RIFF"
    assert source.local is not None
    reader.copies[0].close()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("gone/clip.mp4", "gone/clip.mp4 does not exist"),
        (f"{CLIP.name} ", f"'{CLIP.name}' with spaces around it does not exist"),
        ("data:video/mp4;base64,AA", "data URLs are not fetched"),
        ("file:///a/b.mp4", "give the path alone: /a/b.mp4"),
        ("htps:/a.example/b.mp4", "is https://a.example/b.mp4 meant?"),
        ("s3://bucket/b.mp4", "s3 addresses are not fetched"),
        ("https://[::1", "is not a URL"),
        ("https://a.example/a b.mp4", "holds a space"),
    ],
)
def test_a_path_that_leads_nowhere_is_told_why(cli: Cli, given: str, says: str) -> None:
    ran = cli("video", given, "--duration", "2s")
    assert (ran.code, says in ran.err) == (2, True), ran.err

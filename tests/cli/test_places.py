"""Where results go: folders, files, stdout, names, and what is checked of them before anything is paid."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mirelo_ergo.emulator import faults
from tests.cli.support import CLIP, environment

if TYPE_CHECKING:
    from mirelo_ergo.emulator import Emulator
    from tests.cli.conftest import Cli

QUICK = ("text", "rain on a roof", "--duration", "1s")


@pytest.fixture
def variables(emu: Emulator) -> dict[str, str]:
    return {"MIRELO_API_KEY": emu.key, "MIRELO_BASE_URL": emu.url}


# --- files and folders ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("out", "options", "names"),
    [
        ("rain.wav", (), ["rain.wav"]),
        ("new/deep/rain.wav", (), ["new/deep/rain.wav"]),
        ("my rain.wav", (), ["my rain.wav"]),
        ("rain.WAV", (), ["rain.WAV"]),
        ("rain", (), ["rain.wav"]),
        ("take1.5", (), ["take1.5.wav"]),
        ("rain.wav", ("-n", "2"), ["rain-1.wav", "rain-2.wav"]),
        ("there", ("--name", "{prompt}"), ["there/rain-on-a-roof.wav"]),
        ("new/", ("--name", "{prompt}-{n:02}", "-n", "2"), ["new/rain-on-a-roof-01.wav", "new/rain-on-a-roof-02.wav"]),
        (".", ("--name", "{family}_{model}"), ["text-to-sfx_v1.5.wav"]),
    ],
)
def test_a_result_lies_where_it_was_wanted(
    cli: Cli, tmp_path: Path, out: str, options: tuple[str, ...], names: list[str]
) -> None:
    (tmp_path / "there").mkdir()
    ran = cli(*QUICK, "-o", out, *options)
    assert ran.code == 0, ran.err
    assert [str(path) for path in ran.paths] == names


def test_a_film_has_its_own_ending(cli: Cli) -> None:
    ran = cli("video", str(CLIP), "--duration", "1s", "--output", "video", "-o", "film")
    assert [str(path) for path in ran.paths] == ["film.mp4"]


def test_a_clip_gives_its_name(cli: Cli) -> None:
    ran = cli("video", str(CLIP), "--duration", "1s", "-o", ".", "--name", "{stem}-{n}")
    assert [str(path) for path in ran.paths] == ["clip-1.wav"]


def test_a_file_that_is_there_is_kept_before_anything_is_paid(cli: Cli, emu: Emulator, tmp_path: Path) -> None:
    (tmp_path / "rain.wav").write_bytes(b"mine")
    before = len(emu.charges)
    ran = cli(*QUICK, "-o", "rain.wav")
    assert ran.code == 2
    assert "rain.wav exists already; --overwrite replaces it" in ran.err
    assert len(emu.charges) == before
    assert cli(*QUICK, "-o", "rain.wav", "--overwrite").code == 0
    assert (tmp_path / "rain.wav").read_bytes()[:4] == b"RIFF"


@pytest.mark.parametrize(
    ("out", "options", "says"),
    [
        ("x" * 300 + ".wav", (), "is longer than the file system allows"),
        ("x" * 300 + "/", (), "a name in it has 300 bytes, more than the 255 of this file system"),
        ("x" * 235 + ".wav", (), "is longer than the file system allows"),
        ("taken/rain.wav", (), "taken cannot be used: it is not a folder"),
        ("taken/deeper/", (), "taken is not a folder"),
        ("dangling", (), "--out dangling is a symbolic link, which is not followed"),
        ("dangling/", (), "dangling cannot be used: it is a link that leads nowhere"),
        ("fifo", (), "--out fifo is neither a file nor a folder"),
        ("-", ("--name", "x"), "--out - writes to stdout, and --name names files"),
        ("new/", ("--name", "{clip}"), "has the unknown field {clip}"),
        ("new/", ("--name", "a/b"), "is a path: the folder is the other argument"),
        ("new/", ("--name", " "), "is empty"),
        ("new/", ("--name", "{n"), "is not a template"),
    ],
)
def test_what_cannot_be_written_to_is_refused_before_anything_is_sent(
    cli: Cli, emu: Emulator, tmp_path: Path, out: str, options: tuple[str, ...], says: str
) -> None:
    (tmp_path / "taken").write_text("mine")
    (tmp_path / "dangling").symlink_to("nowhere")
    os.mkfifo(tmp_path / "fifo")
    before = len(emu.requests)
    for command in (QUICK, ("job", "download", "mirelo2:text-to-sfx:v1.5:x:1:1:1")):
        ran = cli(*command, "-o", out, *options)
        assert ran.code == 2
        assert says in ran.err
    assert len(emu.requests) == before
    assert not (tmp_path / "new").exists()


def test_a_job_is_saved_under_a_name_of_ones_own_later(cli: Cli) -> None:
    token = cli(*QUICK, "--json").object["job_token"]
    assert [str(path) for path in cli("job", "download", token, "-o", "later.wav").paths] == ["later.wav"]
    assert [str(path) for path in cli("job", "download", token, "-o", ".", "--name", "{job}").paths] != []


def test_the_line_to_resume_with_has_the_clips_name(cli: Cli, emu: Emulator, tmp_path: Path) -> None:
    emu.fail_next("result", faults.Status(404), times=20)
    ran = cli("video", str(CLIP), "--duration", "1s", "-o", "new/", "--name", "{stem}_{n}", "--json")
    emu.clear_faults()
    assert ran.code == 7
    assert "--out new/ --name 'clip_{n}'" in ran.error["resume"]


@pytest.mark.parametrize(
    ("arguments", "name", "then"),
    [
        (("text", "rain on a roof"), "{prompt}-{n:02}", "'rain-on-a-roof-{n:02}'"),
        (("video", str(CLIP), "--prompt", "a {gull}", "--model", "1.6"), "{{x}}{prompt}-{stem}", "'{{x}}a-gull-clip'"),
        (("video", str(CLIP)), "{prompt}-{job}", "'clip-{job}'"),
    ],
)
def test_the_line_to_resume_with_has_the_prompt(
    cli: Cli, emu: Emulator, arguments: tuple[str, ...], name: str, then: str
) -> None:
    emu.fail_next("result", faults.Status(404), times=20)
    ran = cli(*arguments, "--duration", "1s", "-o", "new/", "--name", name, "--json")
    emu.clear_faults()
    assert ran.code == 7
    assert f"--out new/ --name {then}" in ran.error["resume"]


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("x", ["x.wav", "x-2.wav", "x-3.wav"]),
        ("x.wav", ["x.wav", "x-2.wav", "x-3.wav"]),
        ("{n}", ["1.wav", "1-2.wav", "1-3.wav"]),
        ("{stem}", ["clip.wav", "CLIP-2.wav", "clip-2-2.wav"]),
        (None, ["clip-1.wav", "clip-2-1.wav", "CLIP-1-2.wav"]),
    ],
)
def test_clips_of_one_content_have_a_file_each(
    cli: Cli, emu: Emulator, tmp_path: Path, name: str | None, names: list[str]
) -> None:
    clips = [tmp_path / "clip.mp4", tmp_path / "clip-2.mp4", tmp_path / "CLIP.mp4"]
    if name == "{stem}":
        clips = [tmp_path / "clip.mp4", tmp_path / "CLIP.mp4", tmp_path / "clip-2.mp4"]
    for clip in clips:
        clip.write_bytes(CLIP.read_bytes())
    named = () if name is None else ("--name", name)
    ran = cli("video", *map(str, clips), "--duration", "1s", "-o", "new/", *named)
    assert ran.code == 0, ran.err
    assert [path.name for path in ran.paths] == names
    assert len({path.resolve() for path in ran.paths}) == 3


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize(
    ("name", "there", "names"),
    [
        ("x", ["x.wav"], ["x-2.wav", "x-2-2.wav"]),
        ("x", ["x.wav", "x-2-2.wav"], ["x-2.wav", "x-2-3.wav"]),
    ],
)
def test_clips_of_one_content_have_a_file_each_beside_what_is_there(
    cli: Cli,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    there: list[str],
    names: list[str],
    links: bool,
) -> None:
    """The name that the first one counts on to is the one that the second was to have."""
    clips = [tmp_path / "clip.mp4", tmp_path / "more" / "clip.mp4"]
    folder = tmp_path / "new"
    for each in (folder, clips[1].parent):
        each.mkdir()
    for clip in clips:
        clip.write_bytes(CLIP.read_bytes())
    for other in there:
        (folder / other).write_bytes(b"mine")
    if not links:
        monkeypatch.setattr(Path, "hardlink_to", refusing)
    ran = cli("video", *map(str, clips), "--duration", "1s", "-o", f"{folder}/", "--name", name)
    assert ran.code == 0, ran.err
    assert [path.name for path in ran.paths] == names
    assert len({path.read_bytes() for path in ran.paths}) == 1
    assert {path.name for path in folder.iterdir()} == {*there, *names}
    assert all((folder / other).read_bytes() == b"mine" for other in there)


LINK = Path.hardlink_to


def refusing(self: Path, target: Path) -> None:
    """Stand for a folder on a file system without hard links."""
    if self.parent.name == "new":
        raise PermissionError(errno.EPERM, "Operation not permitted")
    LINK(self, target)


def test_names_after_the_job_are_left_as_they_are(cli: Cli, tmp_path: Path) -> None:
    other = tmp_path / "b.mp4"
    other.write_bytes(CLIP.read_bytes())
    ran = cli("video", str(CLIP), str(other), "--duration", "1s", "-o", "new/", "--name", "{job}", "--json")
    assert [result["saved"] for result in ran.object["results"]] == [
        [f"new/{result['job_id']}.wav"] for result in ran.object["results"]
    ]


# --- stdout --------------------------------------------------------------------------------------------------------


def test_the_bytes_go_to_stdout(tmp_path: Path, variables: dict[str, str], emu: Emulator) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "mirelo_ergo", *QUICK, "-o", "-"],
        cwd=tmp_path,
        env=environment(**variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=240,
    )
    assert ran.returncode == 0, ran.stderr
    with wave.open(io.BytesIO(ran.stdout)) as sound:
        assert sound.getnframes() == sound.getframerate()
    assert b"job token: " in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_behind_stdout_leads_back_to_the_job(tmp_path: Path, variables: dict[str, str]) -> None:
    ran = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m mirelo_ergo text rain --duration 1s -q -o - >/dev/full"],
        cwd=tmp_path,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert ran.returncode == 7
    assert "stdout cannot be written: No space left on device\n" in ran.stderr
    assert ran.stderr.endswith(" --out -\n")


# --- fewer than were asked for -------------------------------------------------------------------------------------


def test_the_results_that_came_are_saved_though_others_did_not(cli: Cli, emu: Emulator) -> None:
    emu.fail_next("generate", faults.LostResults(1))
    ran = cli(*QUICK, "-n", "2", "-o", "rain.wav", "--json")
    assert (ran.code, ran.error["code"]) == (6, "incomplete_result")
    assert ran.error["saved"] == ["rain.wav"]
    assert Path("rain.wav").stat().st_size > 1000

"""The examples run unchanged."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import av
import pytest

from tests.cli.support import CLIP, ROOT, environment

if TYPE_CHECKING:
    from pathlib import Path

    from mirelo_ergo.emulator import Emulator


def run(name: str, *arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "examples" / name), *arguments],
        cwd=cwd,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=240,
    )


def test_the_demo_leaves_a_sound_and_a_film_and_says_what_was_checked(tmp_path: Path, short_clip: Path) -> None:
    ran = run("demo.py", str(CLIP), cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    for words in (
        "upload, bytes: 70873 of 70873",
        "audio job, percent: 100 of 100",
        "sound     out/demo/clip.wav",
        "audio 6000 ms, 48000 Hz, 2 channels, not silent",
        "film      out/demo/clip-with-sound.mp4",
        "video 6000 ms in 180 frames",
        "cost      60 + 60 credits, as announced before",
    ):
        assert words in ran.stdout
    with av.open(str(tmp_path / "out/demo/clip-with-sound.mp4")) as film:
        assert len(film.streams.video) == len(film.streams.audio) == 1

    shutil.copy(short_clip, tmp_path / "clip.mkv")  # another clip under the same name: its results replace the first's
    again = run("demo.py", "clip.mkv", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert "audio 1500 ms" in again.stdout
    assert sorted(path.name for path in (tmp_path / "out/demo").iterdir()) == ["clip-with-sound.mp4", "clip.wav"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("nope.mp4", None, "there is no file nope.mp4"),
        ("text.mp4", b"words, no pictures", "text.mp4 cannot be decoded"),
    ],
)
def test_the_demo_says_what_is_wrong_with_a_clip(tmp_path: Path, name: str, content: bytes | None, says: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    ran = run("demo.py", name, cwd=tmp_path)
    assert ran.returncode == 1
    assert ran.stderr.startswith("demo: ")
    assert says in ran.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("name", "files"), [("quickstart_sync.py", 1), ("quickstart_async.py", 2)])
def test_a_quick_start_runs(emu: Emulator, tmp_path: Path, name: str, files: int) -> None:
    ran = run(name, cwd=tmp_path, MIRELO_API_KEY=emu.key, MIRELO_BASE_URL=emu.url)
    assert ran.returncode == 0, ran.stderr
    assert len(list((tmp_path / "out").glob("*.wav"))) == files

"""The example clip: small, H.264, and its listed impacts are where picture and sound jump."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from scripts.make_clip import IMPACTS_MS, write_times
from tests.emulator.support import VIDEO, Api, decode, fetch, loudest_onsets, read_wav

if TYPE_CHECKING:
    from pathlib import Path


def test_what_the_clip_is(example_clip: Path) -> None:
    data = example_clip.read_bytes()
    assert len(data) < 400_000
    assert 0 < data.index(b"moov") < data.index(b"mdat")
    with av.open(str(example_clip)) as container:
        (picture,) = container.streams
        assert isinstance(picture, av.VideoStream)
        assert (picture.codec_context.name, picture.format.name) == ("h264", "yuv420p")
        assert (picture.width, picture.height) == (640, 360)
        assert picture.average_rate == 30
        assert container.duration == 6_000_000


def test_the_list_is_the_scripts(example_clip: Path, tmp_path: Path) -> None:
    listed = example_clip.with_suffix(".md").read_text(encoding="utf-8")
    assert [int(ms) for ms in re.findall(r"^- (\d+)$", listed, re.MULTILINE)] == list(IMPACTS_MS)
    write_times(tmp_path / "clip.md")
    assert (tmp_path / "clip.md").read_text(encoding="utf-8") == listed


def test_the_picture_jumps_at_the_listed_times(example_clip: Path) -> None:
    pictures, _ = decode(example_clip.read_bytes())
    assert len(pictures) == 180
    changes = [
        (float(np.abs(after.astype(int) - before).mean()), ms) for (_, before), (ms, after) in pairwise(pictures)
    ]
    largest = sorted(ms for _, ms in sorted(changes)[-len(IMPACTS_MS) :])
    assert largest == pytest.approx(IMPACTS_MS, abs=1)


def test_the_emulators_sound_is_in_sync(api: Api, example_clip: Path) -> None:
    video = api.upload(example_clip.read_bytes())
    for url in api.results(VIDEO, video=video, duration_ms=6000, num_samples=4):
        onsets = loudest_onsets(read_wav(fetch(url).content), len(IMPACTS_MS))
        assert onsets == pytest.approx(IMPACTS_MS, abs=50)
    (url,) = api.results(VIDEO, video=video, duration_ms=4000, start_offset_ms=1000, output="video")
    inside = [ms - 1000 for ms in IMPACTS_MS if 1000 < ms < 5000]
    assert loudest_onsets(decode(fetch(url).content)[1], len(inside)) == pytest.approx(inside, abs=50)

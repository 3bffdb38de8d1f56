"""The lengths that the headers of an MP4 say, each for itself."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirelo_ergo._runtime.transfer.tracks import track_lengths
from tests.support.media import clip, sound


def lengths(data: bytes) -> tuple[float, ...]:
    return track_lengths(io.BytesIO(data))


def patched(data: bytes, box: bytes, offset: int, value: int) -> bytes:
    """Write four bytes into a box; its content begins at offset 0."""
    at = data.index(box) + 4 + offset
    return data[:at] + value.to_bytes(4, "big") + data[at + 4 :]


@pytest.mark.parametrize("container", ["mp4", "mov"])
def test_the_picture_has_three_lengths(container: str) -> None:
    assert lengths(clip(container=container, seconds=3.0)) == (3000.0, 3000.0, 3000.0)


def test_a_sound_has_them_where_there_is_no_picture() -> None:
    assert all(abs(length - 2000.0) < 50 for length in lengths(sound("ipod", "aac", 2.0)))
    assert len(lengths(sound("ipod", "aac", 2.0))) == 3


def test_one_that_is_wrong_is_found_out() -> None:
    data = clip(seconds=3.0)
    scale = int.from_bytes(data[data.index(b"mdhd") + 16 : data.index(b"mdhd") + 20], "big")
    assert lengths(patched(data, b"mdhd", 16, scale)) == (3000.0, 1000.0, 3000.0)
    assert lengths(patched(data, b"tkhd", 20, 1000)) == (1000.0, 3000.0, 3000.0)
    assert lengths(patched(data, b"tkhd", 20, 0)) == (3000.0, 3000.0)
    assert lengths(patched(data, b"tkhd", 20, 0xFFFFFFFF)) == (3000.0, 3000.0)
    assert lengths(patched(data, b"mdhd", 12, 0)) == ()
    assert lengths(patched(data, b"mvhd", 16, 100)) == (3000.0, 3000.0, 3000.0, 100.0)
    assert lengths(patched(data, b"mvhd", 16, 2500)) == (3000.0, 3000.0, 3000.0), "as long as a track, nearly"


def test_other_files_have_none() -> None:
    for data in (b"", b"RIFF", clip("libvpx", "webm"), clip(piped=True, movflags="frag_keyframe+empty_moov")):
        assert lengths(data) == ()
    data = clip()
    assert lengths(data[: data.index(b"moov") + 20]) == ()


@given(st.binary(max_size=60), st.integers(0, 1200))
def test_no_bytes_break_the_reading(noise: bytes, at: int) -> None:
    index = clip()[clip().index(b"moov") - 4 :]
    lengths(index[:at] + noise + index[at + len(noise) :])
    lengths(b"\0\0\0\x08ftyp" + noise)

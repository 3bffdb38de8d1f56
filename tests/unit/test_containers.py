"""Whether a container proves itself whole: real media, cut anywhere."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, BinaryIO

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirelo_ergo._runtime.transfer import content_types
from mirelo_ergo._runtime.transfer.containers import Verdict, mpeg_frame, riff
from mirelo_ergo._runtime.transfer.content_types import KINDS, FileKind, judge
from tests.support.media import clip, picture, sound

if TYPE_CHECKING:
    from collections.abc import Callable

TRACK = b"\x00\x90\x3c\x40\x60\x80\x3c\x00\x00\xff\x2f\x00"
MIDI = b"MThd\0\0\0\6\0\1\0\2\1\xe0" + (b"MTrk" + len(TRACK).to_bytes(4, "big") + TRACK) * 2
SCORE = b'<?xml version="1.0"?>\n<score-partwise version="4.0">' + b"<part/>" * 50 + b"</score-partwise>\n"
WHOLE: dict[str, Callable[[], bytes]] = {
    "wav": lambda: sound("wav", "pcm_s16le"),
    "rf64": lambda: sound("wav", "pcm_s16le", rf64="always"),
    "mp3": lambda: sound("mp3", "mp3"),
    "mp3 without a count": lambda: sound("mp3", "mp3", write_xing="0"),
    "mp3 without tags": lambda: sound("mp3", "mp3", id3v2_version="0", write_xing="0"),
    "mp3 with tags at its end": lambda: sound("mp3", "mp3", write_id3v1="1"),
    "mp2": lambda: sound("mp2", "mp2"),
    "aac": lambda: sound("adts", "aac"),
    "m4a": lambda: sound("ipod", "aac"),
    "flac": lambda: sound("flac", "flac"),
    "piped flac": lambda: sound("flac", "flac", piped=True),
    "ogg": lambda: sound("ogg", "libopus"),
    "mp4": clip,
    "fragments": lambda: clip(piped=True, movflags="frag_keyframe+empty_moov"),
    "mov": lambda: clip(container="mov"),
    "webm": lambda: clip("libvpx", "webm"),
    "piped webm": lambda: clip("libvpx", "webm", piped=True),
    "mkv": lambda: clip(container="matroska"),
    "midi": lambda: MIDI,
    "musicxml": lambda: SCORE,
    "mxl": lambda: archive(),
    "png": lambda: picture("png", "rgb24"),
    "jpeg": lambda: picture("mjpeg", "yuvj420p"),
    "webp": lambda: b"RIFF" + (76).to_bytes(4, "little") + b"WEBPVP8 " + (64).to_bytes(4, "little") + bytes(64),
    "pdf": lambda: b"%PDF-1.4\n1 0 obj<<>>endobj\n" + bytes(3000) + b"\nstartxref\n9\n%%EOF\n",
}

STATES_ITS_LENGTH = ("wav", "rf64", "m4a", "mp4", "fragments", "mov", "webm", "mkv", "midi")


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as out:
        out.writestr("mimetype", "application/vnd.recordare.musicxml")
        out.writestr("score.xml", SCORE)
    return file.getvalue()


def verdict(data: bytes) -> str:
    return judge(io.BytesIO(data), len(data))


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_file_proves_it(name: str) -> None:
    assert verdict(WHOLE[name]()) == "whole"


@pytest.mark.parametrize("name", WHOLE)
def test_no_cut_file_passes_for_whole(name: str) -> None:
    data = WHOLE[name]()
    cuts = {len(data) * part // 41 for part in range(41)} | {len(data) - count for count in range(1, 4)}
    # the line end behind an end tag and the last mark of a PDF are no loss
    cuts -= {len(data) - 1} if name in ("musicxml", "pdf") else set()
    assert {cut: verdict(data[:cut]) for cut in cuts if verdict(data[:cut]) == "whole"} == {}


@pytest.mark.parametrize("name", STATES_ITS_LENGTH)
def test_a_file_that_states_its_length_denies_that_a_part_is_all(name: str) -> None:
    data = WHOLE[name]()
    assert verdict(data[: len(data) * 9 // 10]) == "short"


@pytest.mark.parametrize("name", [name for name in WHOLE if name not in ("pdf", "musicxml", "mxl")])
def test_what_lies_behind_the_end_proves_nothing(name: str) -> None:
    assert verdict(WHOLE[name]() + b"\x01") == "unproved"


def test_a_wav_that_was_piped_states_no_length() -> None:
    piped = sound("wav", "pcm_s16le", piped=True)
    assert piped[4:8] == b"\xff\xff\xff\xff"
    for stated in (b"\xff\xff\xff\xff", bytes(4), b"\x24\xf0\xff\x7f"):
        assert verdict(piped[:4] + stated + piped[8:]) == "unproved"


def test_a_wav_may_count_a_pad_byte_that_it_omits() -> None:
    chunk = b"fmt " + (16).to_bytes(4, "little") + bytes(16) + b"data" + (7).to_bytes(4, "little") + bytes(7)
    assert verdict(b"RIFF" + (4 + len(chunk) + 1).to_bytes(4, "little") + b"WAVE" + chunk) == "whole"
    assert verdict(b"RIFF" + (4 + len(chunk) + 2).to_bytes(4, "little") + b"WAVE" + chunk) == "short"


def test_an_mp3_has_the_frames_it_counts() -> None:
    data = sound("mp3", "mp3")
    first = data.index(b"\xff\xfb")
    frames = frame_starts(data, first)
    assert verdict(data[: frames[-2]]) == "unproved"  # it ends between two frames, but says that there are more
    plain = sound("mp3", "mp3", write_xing="0")
    assert verdict(plain[: frame_starts(plain, plain.index(b"\xff\xfb"))[-2]]) == "whole"  # nothing can tell


def frame_starts(data: bytes, position: int) -> list[int]:
    starts = []
    while length := mpeg_frame(data[position : position + 4]):
        starts.append(position)
        position += length
    return starts


def test_an_ogg_ends_with_its_last_page() -> None:
    data = sound("ogg", "libopus")
    assert verdict(data[: data.rindex(b"OggS")]) == "unproved"


def test_a_streamed_webm_is_filled_by_its_elements() -> None:
    data = clip("libvpx", "webm", piped=True)
    assert verdict(data[:-1]) == "unproved"
    assert verdict(data[: data.index(b"\x1f\x43\xb6\x75")]) == "unproved"  # no cluster: no picture


def test_an_mp4_without_its_index_or_to_the_end_of_the_file_proves_nothing() -> None:
    data = clip()
    index = data.index(b"moov") - 4
    assert verdict(data[:index]) == "unproved"
    at = data.index(b"mdat") - 4
    assert verdict(data[:at] + bytes(4) + data[at + 4 :]) == "unproved"


def test_a_midi_file_has_the_tracks_it_counts() -> None:
    assert verdict(MIDI[: -len(TRACK) - 8]) == "short"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF",
        b"ID3" + bytes(5000),
        b"fLaC" + bytes(5000),
        b"OggS" + bytes(5000),
        b"\x1a\x45\xdf\xa3webm" + bytes(99),
    ],
    ids=["empty", "four bytes", "mp3", "flac", "ogg", "webm"],
)
def test_a_head_alone_proves_nothing(data: bytes) -> None:
    assert verdict(data) == "unproved"


@given(st.sampled_from(KINDS), st.sampled_from(sorted(WHOLE)), st.integers(0, 200), st.binary(max_size=60))
def test_no_bytes_break_a_judge(kind: FileKind, name: str, keep: int, noise: bytes) -> None:
    data = WHOLE[name]()[:keep] + noise
    assert kind.judge(io.BytesIO(data), len(data)) in ("whole", "unproved", "short")


@given(st.binary(min_size=14, max_size=14), st.sampled_from([0xF8, 0xF9]), st.integers(0, 15), st.integers(0, 15))
def test_samples_that_look_like_a_frames_head_break_no_judge(noise: bytes, sync: int, block: int, rate: int) -> None:
    """Samples hold whatever they hold: some of them look like the beginning of a frame, reserved codes and all."""
    whole = WHOLE["flac"]()
    data = whole[:-20] + bytes([0xFF, sync, block << 4 | rate]) + noise
    assert verdict(data) == "unproved"


def test_a_file_that_breaks_its_judge_is_unproved(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(file: BinaryIO, size: int) -> Verdict:
        raise ZeroDivisionError

    data = WHOLE["wav"]()
    assert verdict(data) == "whole"
    wav = next(kind for kind in KINDS if kind.judge is riff)
    monkeypatch.setitem(content_types._BY_TYPE, "audio/wav", attrs.evolve(wav, judge=broken))
    assert verdict(data) == "unproved"

"""Content types by signature, wholeness by container, and names that stay in their folder."""

from __future__ import annotations

import io
import re
import wave

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirelo_ergo._runtime.transfer.content_types import (
    EXTENSIONS,
    content_type_of,
    is_whole,
    result_type,
    safe_filename,
)

FTYP = b"\x00\x00\x00\x14ftyp"
EBML = b"\x1a\x45\xdf\xa3"
SIGNATURES = [
    (FTYP + b"isom", "video/mp4"),
    (FTYP + b"mp42", "video/mp4"),
    (FTYP + b"qt  ", "video/quicktime"),
    (FTYP + b"M4A ", "audio/mp4"),
    (b"\x00\x00\x00\x08wide", "video/quicktime"),
    (b"\x00\x00\x00\x08moov", "video/quicktime"),
    (EBML + b"\x9fB\x86\x81\x01B\x82\x84webm", "video/webm"),
    (EBML + b"\x9fB\x86\x81\x01B\x82\x88matroska", "video/x-matroska"),
    (b"RIFF\x24\x00\x00\x00WAVEfmt ", "audio/wav"),
    (b"RF64\xff\xff\xff\xffWAVEds64", "audio/wav"),
    (b"fLaC\x00\x00\x00\x22", "audio/flac"),
    (b"OggS\x00\x02", "audio/ogg"),
    (b"ID3\x04\x00", "audio/mpeg"),
    (b"\xff\xfb\x90\x64", "audio/mpeg"),
    (b"\xff\xf1\x50\x80", "audio/aac"),
]
PAGE = b"<!doctype html><title>Not found</title>"


@pytest.mark.parametrize(("head", "expected"), SIGNATURES)
def test_the_signature_comes_first(head: bytes, expected: str) -> None:
    assert content_type_of(head, ".txt") == expected
    assert content_type_of(head, ".mp3") == expected


@pytest.mark.parametrize(
    ("suffix", "expected"),
    [(".mp4", "video/mp4"), (".MOV", "video/quicktime"), (".webm", "video/webm"), (".mkv", "video/x-matroska")],
)
def test_the_extension_comes_second(suffix: str, expected: str) -> None:
    assert content_type_of(b"no signature at all", suffix) == expected


@pytest.mark.parametrize("head", [b"", b"\xff", PAGE, b"RIFF\x00\x00\x00\x00AVI "])
def test_what_nothing_tells_is_none(head: bytes) -> None:
    assert content_type_of(head) is None
    assert content_type_of(head, ".txt") is None


@pytest.mark.parametrize(
    ("declared", "head", "expected"),
    [
        ("audio/wav", b"RIFF\x24\x00\x00\x00WAVE", "audio/wav"),
        ("Audio/X-WAV; charset=binary", b"RIFF\x24\x00\x00\x00WAVE", "audio/x-wav"),
        ("", b"RIFF\x24\x00\x00\x00WAVE", "audio/wav"),
        ("application/octet-stream", FTYP + b"isom", "video/mp4"),
        ("binary/octet-stream", PAGE, None),
        ("audio/mp4", FTYP + b"isom", "audio/mp4"),
        ("video/quicktime", FTYP + b"isom", "video/quicktime"),
        ("video/webm", EBML + b"matroska", "video/webm"),
        ("audio/mpeg", b"\x00\x00 no sync word yet", "audio/mpeg"),
        ("audio/aac", b"\xff\xfb\x90", "audio/aac"),
        ("audio/mpeg", PAGE, None),
        ("audio/mpeg", b'  {"error": 1}', None),
        ("audio/mpeg", b"      ", None),
        ("audio/wav", PAGE, None),
        ("audio/wav", b"\x00" * 64, None),
        ("audio/wav", FTYP + b"isom", None),
        ("video/mp4", b"RIFF\x24\x00\x00\x00WAVE", None),
        ("text/html", b"RIFF\x24\x00\x00\x00WAVE", None),
        ("image/png", b"\x89PNG", None),
        ("application/json", b"{}", None),
    ],
)
def test_a_result_is_saved_only_as_what_it_is(declared: str, head: bytes, expected: str | None) -> None:
    assert result_type(declared, head) == expected


@given(st.sampled_from([*EXTENSIONS, "", "application/octet-stream", "text/html"]), st.binary(max_size=200))
def test_no_bytes_break_the_judgement(declared: str, head: bytes) -> None:
    found = result_type(declared, head)
    assert found is None or found in EXTENSIONS


def box(name: bytes, size: int, *, large: bool = False) -> bytes:
    if large:
        return (1).to_bytes(4, "big") + name + (size + 16).to_bytes(8, "big") + bytes(size)
    return (size + 8).to_bytes(4, "big") + name + bytes(size)


def whole(data: bytes) -> bool:
    return is_whole(io.BytesIO(data), len(data))


def wav(frames: int = 100) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(48_000)
        out.writeframes(bytes(4 * frames))
    return file.getvalue()


def test_a_riff_file_says_its_length() -> None:
    data = wav()
    assert whole(data)
    assert not whole(data[:-1])
    assert not whole(data + b"\x00")


@pytest.mark.parametrize("large", [False, True])
def test_an_mp4_is_whole_when_its_boxes_fill_it_and_the_index_is_there(large: bool) -> None:
    data = box(b"ftyp", 12) + box(b"mdat", 500, large=large) + box(b"moov", 100)
    assert whole(data)
    assert [cut for cut in range(len(data)) if whole(data[:cut])] == []
    assert not whole(data + b"\x00\x00\x00")
    assert not whole(box(b"ftyp", 12) + box(b"mdat", 500))


def test_what_says_no_length_proves_nothing() -> None:
    assert not whole(b"")
    assert not whole(b"OggS" + bytes(100))
    assert not whole(box(b"ftyp", 12) + (0).to_bytes(4, "big") + b"moov" + bytes(100))


@given(st.binary(max_size=100))
def test_no_bytes_break_the_proof(tail: bytes) -> None:
    whole(box(b"ftyp", 4) + tail)
    whole(b"RIFF" + tail)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("0d4e9a52-6b0f", "0d4e9a52-6b0f"),
        ("../../etc/passwd", "etc_passwd"),
        ("..\\..\\windows", "windows"),
        ("/absolute", "absolute"),
        ("a\x00b", "a_b"),
        ("a b\tc\nd", "a_b_c_d"),
        ("C:evil", "C_evil"),
        ("name.", "name"),
        ("-rf", "rf"),
        (".hidden", "hidden"),
        ("", "result"),
        ("...", "result"),
        ("日本語", "result"),
        ("CON", "_CON"),
        ("con.wav", "_con.wav"),
        ("lpt9", "_lpt9"),
        ("console", "console"),
        ("Ünïcode", "n_code"),
    ],
)
def test_a_name_is_one_plain_word(text: str, name: str) -> None:
    assert safe_filename(text) == name


@pytest.mark.parametrize("text", ["x" * 4096, "con." + "y" * 4096, "/" * 4096, "é" * 4096, "a." * 2048])
def test_long_names_are_cut(text: str) -> None:
    assert 0 < len(safe_filename(text)) <= 100


@given(st.text(max_size=300))
def test_no_text_leaves_the_folder_or_is_reserved(text: str) -> None:
    name = safe_filename(text)
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,100}", name)
    assert name[0] not in ".-"
    assert name[-1] not in ". "
    assert not re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", name, re.IGNORECASE)

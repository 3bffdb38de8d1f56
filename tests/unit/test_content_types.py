"""Content types by signature: what is uploaded, what is saved, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirelo_ergo._runtime.transfer.content_types import EXTENSIONS, content_type_of, result_type

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
MXL = "application/vnd.recordare.musicxml"
SCORE = (
    b'<?xml version="1.0"?>\n<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "x.dtd">'
    b'\n<!-- made by a test --><score-partwise version="4.0">'
)
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
        ("audio/wav", FTYP + b"isom", "video/mp4"),
        ("video/mp4", b"RIFF\x24\x00\x00\x00WAVE", "audio/wav"),
        ("text/html", b"RIFF\x24\x00\x00\x00WAVE", None),
        ("application/xhtml+xml", b"RIFF\x24\x00\x00\x00WAVE", None),
        ("text/plain", b"RIFF\x24\x00\x00\x00WAVE", "audio/wav"),
        ("image/png", b"RIFF\x24\x00\x00\x00WAVE", "audio/wav"),
        ("audio/mp3", b"ID3\x04\x00", "audio/mp3"),
        ("audio/mp3", b"\x00\x00 no sync word yet", "audio/mp3"),
        ("audio/x-m4a", FTYP + b"isom", "audio/x-m4a"),
        ("application/ogg", b"OggS\x00\x02", "audio/ogg"),
        ("video/x-m4v", FTYP + b"M4V ", "video/x-m4v"),
        ("application/mp4", FTYP + b"M4A ", "audio/mp4"),
        ("application/mp4", FTYP + b"isom", "video/mp4"),
        ("application/xml", b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", None),
        ("audio/mpeg", b"\xef\xbb\xbf<?xml version='1.0'?>", None),
        ("audio/mpeg", b"\xff\xfe<\x00h\x00t\x00m\x00l\x00", None),
        ("audio/mpeg", b"\xfe\xff\x00<\x00h\x00t\x00m\x00l", None),
        ("", b"\xff\xfe<\x00h\x00t\x00m\x00l\x00", None),
        ("audio/midi", b"MThd\x00\x00\x00\x06", "audio/midi"),
        ("application/xml", SCORE, "application/vnd.recordare.musicxml+xml"),
        ("", SCORE.decode().encode("utf-16"), "application/vnd.recordare.musicxml+xml"),
        ("text/xml", b"<html><score-partwise>", None),
        ("", b"PK\x03\x04" + bytes(26) + b"mimetypeapplication/vnd.recordare.musicxml", MXL),
        ("application/zip", b"PK\x03\x04" + bytes(60), None),
        ("application/pdf", b"%PDF-1.7\n", "application/pdf"),
        ("image/png", b"\x89PNG", None),
        ("image/png", b"\x89PNG\r\n\x1a\n", "image/png"),
        ("audio/wav", b"\x89PNG\r\n\x1a\n", "image/png"),
        ("image/jpg", b"\xff\xd8\xff\xe0", "image/jpg"),
        ("", b"RIFF\x24\x00\x00\x00WEBPVP8 ", "image/webp"),
        ("application/json", b"{}", None),
    ],
)
def test_a_result_is_saved_only_as_what_it_is(declared: str, head: bytes, expected: str | None) -> None:
    assert result_type(declared, head) == expected


@given(st.sampled_from([*EXTENSIONS, "", "application/octet-stream", "text/html"]), st.binary(max_size=200))
def test_no_bytes_break_the_judgement(declared: str, head: bytes) -> None:
    found = result_type(declared, head)
    assert found is None or found in EXTENSIONS


@pytest.mark.parametrize("head", [b"MThd\x00\x00\x00\x06", SCORE, b"%PDF-1.7", b"\x89PNG\r\n\x1a\n"])
def test_what_is_neither_sound_nor_picture_is_no_source(head: bytes) -> None:
    assert content_type_of(head) is None
    assert content_type_of(head, ".mp4") is None


@pytest.mark.parametrize("declared", EXTENSIONS)
def test_a_declared_type_never_makes_a_page_a_result(declared: str) -> None:
    for page in (PAGE, b'{"error": {"code": "not_found"}}', b"<?xml version='1.0'?><Error/>", b"[]", b"  \n"):
        assert result_type(declared, page) is None

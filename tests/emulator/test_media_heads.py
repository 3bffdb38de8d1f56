"""A message about a file of the wrong kind names its kind, without Python's notation of bytes."""

from __future__ import annotations

import pytest

from mirelo_ergo.emulator.media.signatures import told


@pytest.mark.parametrize(
    ("head", "says"),
    [
        (b"RIFF\x24\x00\x00\x00WAVE", "is a WAV sound"),
        (b"RIFF\x24\x00\x00\x00WEBP", "is a WebP picture"),
        (b"fLaC\x00\x00", "is a FLAC sound"),
        (b"\x00\x00\x00\x18ftypmp42", "is an MP4 or MOV file"),
        (b"RIFFling the deck", "begins with the text RIFFling"),
        (b"hi", "begins with the text hi"),
        (b"\x00\x01\xfe", "begins with the bytes 00 01 fe"),
        (b"", "is empty"),
    ],
)
def test_a_file_is_called_what_it_is(head: bytes, says: str) -> None:
    assert told(head) == says

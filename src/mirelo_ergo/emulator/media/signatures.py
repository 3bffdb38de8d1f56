"""File types by their first bytes, for messages. Pure."""

from __future__ import annotations

from typing import Final

_KNOWN: Final = (
    (b"fLaC", "a FLAC sound"),
    (b"OggS", "an Ogg sound"),
    (b"ID3", "an MP3 sound"),
    (b"MThd", "a MIDI file"),
    (b"\x1a\x45\xdf\xa3", "a WebM or MKV clip"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
)
_RIFF: Final = {b"WAVE": "a WAV sound", b"AVI ": "an AVI clip", b"WEBP": "a WebP picture"}
_SHOWN: Final = 8


def told(head: bytes) -> str:
    """Return a phrase such as "is a WAV sound", or one with the first bytes if the type is unknown."""
    if not head:
        return "is empty"
    riff = _RIFF.get(head[8:12]) if head[:4] in (b"RIFF", b"RF64") else None
    known = riff or next((name for begin, name in _KNOWN if head.startswith(begin)), None)
    if known is None and head[4:8] == b"ftyp":
        known = "an MP4 or MOV file"
    if known is not None:
        return f"is {known}"
    text = head[:_SHOWN].decode("latin-1")
    if text.isascii() and text.isprintable():
        return f"begins with the text {text}"
    return f"begins with the bytes {head[:_SHOWN].hex(' ')}"

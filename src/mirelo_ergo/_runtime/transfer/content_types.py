"""What bytes are: content types by signature and extension, and whether a container is whole. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

HEAD: Final = 4096
"""Bytes of a file's beginning that `content_type_of` wants to see."""

EXTENSIONS: Final[Mapping[str, str]] = {
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "audio/wave": ".wav",
    "audio/vnd.wave": ".wav",
    "audio/mpeg": ".mp3",
    "audio/mp4": ".m4a",
    "audio/aac": ".aac",
    "audio/flac": ".flac",
    "audio/x-flac": ".flac",
    "audio/ogg": ".ogg",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/webm": ".webm",
    "video/x-matroska": ".mkv",
}
"""The content types that are saved, and as what: a file's name never comes from a URL."""

_BY_EXTENSION: Final[Mapping[str, str]] = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".qt": "video/quicktime",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".aac": "audio/aac",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
}
_UNSIGNED: Final = frozenset({"audio/mpeg", "audio/aac"})
"""Types whose data may begin in ways no signature covers."""


def content_type_of(head: bytes, suffix: str = "") -> str | None:
    """Tell a content type from a file's first bytes, else from its extension, else None."""
    return _by_signature(head) or _BY_EXTENSION.get(suffix.lower())


def _by_signature(head: bytes) -> str | None:
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand == b"qt  ":
            return "video/quicktime"
        return "audio/mp4" if brand in (b"M4A ", b"M4B ") else "video/mp4"
    if head[4:8] in (b"moov", b"mdat", b"wide", b"pnot"):
        return "video/quicktime"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return "audio/wav"
    if head[:4] == b"fLaC":
        return "audio/flac"
    if head[:4] == b"OggS":
        return "audio/ogg"
    if head[:3] == b"ID3":
        return "audio/mpeg"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "audio/aac"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return "audio/mpeg"
    return None


def result_type(declared: str, head: bytes) -> str | None:
    """Give the content type a result is saved as, or None when it must be refused.

    The declared type must be on the list (`application/octet-stream` and none at all leave it to the signature), and
    the first bytes must not be something else, such as a web page.
    """
    declared = declared.split(";")[0].strip().lower()
    seen = _by_signature(head)
    if declared in ("", "application/octet-stream", "binary/octet-stream"):
        return seen
    suffix = EXTENSIONS.get(declared)
    if suffix is None:
        return None
    if seen is None:
        looks_like_text = head[:64].lstrip()[:1] in (b"<", b"{", b"[", b"")
        return declared if declared in _UNSIGNED and not looks_like_text else None
    family = {
        ".mp4": "mp4",
        ".m4a": "mp4",
        ".mov": "mp4",
        ".webm": "mkv",
        ".mkv": "mkv",
        ".mp3": "mp3",
        ".aac": "mp3",
    }
    same = family.get(suffix, suffix) == family.get(EXTENSIONS[seen], EXTENSIONS[seen])
    return declared if same else None


def is_whole(file: BinaryIO, size: int) -> bool:
    """Say whether a container proves by itself that all its bytes are there: RIFF by its size, MP4 by its boxes."""
    file.seek(0)
    head = file.read(12)
    if head[:4] == b"RIFF":
        return int.from_bytes(head[4:8], "little") + 8 == size
    if head[4:8] != b"ftyp":
        return False
    position, names = 0, set()
    while position < size:
        file.seek(position)
        box = file.read(16)
        length = int.from_bytes(box[:4], "big")
        if length == 1 and len(box) == 16:
            length = int.from_bytes(box[8:16], "big")
        if length < 8:
            return False
        names.add(box[4:8])
        position += length
    return position == size and {b"moov", b"mdat"} <= names


_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)


def safe_filename(text: str) -> str:
    """Turn any text into one file name without folders, at most 100 characters, legal on every system."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", text)[:99].strip("._-")
    if not name:
        return "result"
    return f"_{name}" if _RESERVED.match(name) else name

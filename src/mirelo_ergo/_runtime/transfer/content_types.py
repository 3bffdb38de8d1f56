"""The kinds of files that are uploaded and saved, recognised by their first bytes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO, Final

import attrs

from . import containers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HEAD: Final = 4096
"""Bytes of a file's beginning that `content_type_of` needs."""


@attrs.frozen
class FileKind:
    """One kind of file. To take another one, add a row to `KINDS` and its first bytes to `_by_signature`."""

    content_type: str
    suffix: str
    judge: Callable[[BinaryIO, int], containers.Verdict]
    """Checks whether a file of this kind is complete, by its structure."""
    aliases: tuple[str, ...] = ()
    """Other content types by which servers declare it."""
    suffixes: tuple[str, ...] = ()
    """Other suffixes that a file to upload may have."""
    unsigned: bool = False
    """Whether its data may begin without a recognisable signature."""
    source: bool = True
    """Whether it is audio or video, so that it can be a source."""


KINDS: Final = (
    FileKind("audio/wav", ".wav", containers.riff, ("audio/x-wav", "audio/wave", "audio/vnd.wave")),
    FileKind("audio/mpeg", ".mp3", containers.mpeg, ("audio/mp3", "audio/x-mp3", "audio/x-mpeg"), unsigned=True),
    FileKind("audio/aac", ".aac", containers.adts, ("audio/aacp", "audio/x-aac"), unsigned=True),
    FileKind("audio/mp4", ".m4a", containers.boxes, ("audio/m4a", "audio/x-m4a")),
    FileKind("audio/flac", ".flac", containers.flac, ("audio/x-flac",)),
    FileKind("audio/ogg", ".ogg", containers.pages, ("audio/vorbis", "audio/opus")),
    FileKind("video/mp4", ".mp4", containers.boxes, ("video/x-m4v",), (".m4v",)),
    FileKind("video/quicktime", ".mov", containers.boxes, (), (".qt",)),
    FileKind("video/webm", ".webm", containers.elements),
    FileKind("video/x-matroska", ".mkv", containers.elements),
    FileKind("audio/midi", ".mid", containers.midi, ("audio/mid", "audio/x-midi", "audio/sp-midi"), source=False),
    FileKind("application/vnd.recordare.musicxml+xml", ".musicxml", containers.score, source=False),
    FileKind("application/vnd.recordare.musicxml", ".mxl", containers.archive, source=False),
    FileKind("application/pdf", ".pdf", containers.document, source=False),
    FileKind("image/png", ".png", containers.png, source=False),
    FileKind("image/jpeg", ".jpg", containers.jpeg, ("image/jpg",), source=False),
    FileKind("image/webp", ".webp", containers.riff, source=False),
)

_BY_TYPE: Final[Mapping[str, FileKind]] = {name: kind for kind in KINDS for name in (kind.content_type, *kind.aliases)}
EXTENSIONS: Final[Mapping[str, str]] = {name: kind.suffix for name, kind in _BY_TYPE.items()}
"""The content types that are saved, and their kinds. A file's name never comes from a URL."""
_BY_SUFFIX: Final[Mapping[str, str]] = {
    suffix: kind.content_type for kind in KINDS if kind.source for suffix in (kind.suffix, *kind.suffixes)
}
_PAGES: Final = ("text/html", "application/xhtml", "application/json", "text/json", "application/xml", "text/xml")
_SAME_BEGINNING: Final = ({".mp4", ".m4a", ".mov"}, {".webm", ".mkv"}, {".mp3", ".aac"})
"""Suffixes of kinds with the same first bytes: for these the declared type decides."""


def content_type_of(head: bytes, suffix: str = "") -> str | None:
    """Return the content type of an audio or video source by its first bytes, else by its suffix, else None."""
    seen = _by_signature(head)
    if seen is not None:
        return seen if _BY_TYPE[seen].source else None
    return _BY_SUFFIX.get(suffix.lower())


def known_type(head: bytes) -> str | None:
    """Return the content type by the first bytes, for all known kinds; None for others."""
    return _by_signature(head)


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
    for signature, content_type in _SIGNATURES:
        if head.startswith(signature):
            return content_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[:4] == b"PK\3\4" and b"application/vnd.recordare.musicxml" in head[:128]:
        return "application/vnd.recordare.musicxml"
    if _SCORE.match(head.replace(b"\0", b"")):
        return "application/vnd.recordare.musicxml+xml"
    return _by_frame(head)


_SCORE: Final = re.compile(
    rb"(\xef\xbb\xbf|\xff\xfe|\xfe\xff)?(\s|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>]*>)*<score-(part|time)wise[\s>]",
    re.DOTALL,
)
"""How MusicXML begins, up to its root element."""
_SIGNATURES: Final = (
    (b"fLaC", "audio/flac"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"MThd", "audio/midi"),
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
)


_OTHERS: Final = (
    (0, b"GIF8", "a GIF"),
    (8, b"AVI ", "an AVI file"),
    (0, b"FLV\x01", "a Flash video"),
    (0, b"\x30\x26\xb2\x75", "a Windows Media file"),
    (0, b"\x00\x00\x01\xba", "an MPEG program stream"),
)


def other_kind(head: bytes) -> str | None:
    """Return the name of a video format that cannot be a source, None for anything else."""
    return next((name for at, signature, name in _OTHERS if head[at:].startswith(signature)), None)


def is_known(head: bytes) -> bool:
    """Return whether a file's first bytes identify its kind."""
    return (_by_signature(head) or other_kind(head)) is not None


def _by_frame(head: bytes) -> str | None:
    """Return the type of MPEG audio or AAC by a frame's header. A byte order mark looks like an unused layer."""
    if len(head) < 2 or head[0] != 0xFF:
        return None
    if head[1] & 0xF6 == 0xF0:
        return "audio/aac"
    return "audio/mpeg" if head[1] & 0xE0 == 0xE0 and head[1] & 6 in (2, 4) else None


def _is_markup(head: bytes) -> bool:
    """Return whether bytes look like HTML, XML, JSON, or blanks only."""
    text = head[:64].removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"")  # UTF-16 too
    return text.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff").lstrip()[:1] in (b"<", b"{", b"[", b"")


def result_type(declared: str, head: bytes) -> str | None:
    """Return the content type for saving a result, or None if it must be refused.

    The first bytes decide. The declared type decides between kinds with the same first bytes, and for MP3 and AAC data
    that begins in the middle of a frame. A body that is declared as HTML, XML or JSON, or looks like it, is refused.
    """
    declared = declared.split(";")[0].strip().lower()
    seen = _by_signature(head)
    kind = _BY_TYPE.get(declared)
    if seen is None:
        return declared if kind is not None and kind.unsigned and not _is_markup(head) else None
    if declared.startswith(_PAGES) and not _is_markup(head):
        return None
    mine, theirs = EXTENSIONS[seen], EXTENSIONS.get(declared)
    alike = theirs == mine or any({mine, theirs} <= group for group in _SAME_BEGINNING)
    return declared if alike else seen


def judge(file: BinaryIO, size: int, content_type: str | None = None) -> containers.Verdict:
    """Return whether a file is complete by its structure. Without a type, its first bytes give it.

    A structure that the check itself cannot deal with is "unproved": a paid file must not be lost for it.
    """
    file.seek(0)
    content_type = content_type or _by_signature(file.read(HEAD))
    kind = _BY_TYPE.get(content_type or "")
    try:
        return "unproved" if kind is None else kind.judge(file, size)
    except OSError:
        raise
    except Exception:  # whatever it is
        return "unproved"

"""The lengths that an MP4 or MOV file's headers say, each for itself; readers of media show one of them only."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator

_LARGEST: Final = 64 << 20
"""Bytes of a `moov` box that are read at most."""
_UNKNOWN: Final = (0, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF)


@attrs.frozen
class Lengths:
    """Lengths in ms: the film's, the pictures' and those of the other tracks. A length that is not said is left out."""

    film: tuple[float, ...] = ()
    pictures: tuple[float, ...] = ()
    others: tuple[float, ...] = ()


def lengths(file: BinaryIO) -> Lengths:
    """Return what the headers say; nothing at all for another kind of file, or a broken one."""
    moov = _moov(file)
    scale, film = _times(next((body for name, body in _boxes(moov) if name == b"mvhd"), b""), at=0)
    pictures: list[float] = []
    others: list[float] = []
    for name, trak in _boxes(moov):
        if name == b"trak":
            found = _track(trak, scale)
            (pictures if b"vide" in _handler(trak) else others).extend(found)
    return Lengths(_ms(film, scale), tuple(pictures), tuple(others))


def _moov(file: BinaryIO) -> bytes:
    file.seek(0)
    position = 0
    while len(head := file.read(16)) >= 8:
        size, name = int.from_bytes(head[:4], "big"), head[4:8]
        skip = 8
        if size == 1 and len(head) == 16:
            size, skip = int.from_bytes(head[8:16], "big"), 16
        if not position and name not in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"):
            break
        if name == b"moov":
            file.seek(position + skip)
            return file.read(min(size - skip, _LARGEST)) if size > skip else b""
        if size < skip:
            break
        position += size
        file.seek(position)
    return b""


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 0
    while position + 8 <= len(data):
        size = int.from_bytes(data[position : position + 4], "big")
        if size < 8:
            return
        yield data[position + 4 : position + 8], data[position + 8 : position + size]
        position += size


def _track(trak: bytes, film_scale: int) -> list[float]:
    """Return a track's length by its own header and by its media's."""
    found: list[float] = []
    for name, body in _boxes(trak):
        if name == b"tkhd":
            found += _ms(_times(body, at=4)[1], film_scale)
        elif name == b"mdia":
            for inner, header in _boxes(body):
                if inner == b"mdhd":
                    scale, length = _times(header, at=0)
                    found += _ms(length, scale)
    return found


def _handler(trak: bytes) -> bytes:
    media = next((body for name, body in _boxes(trak) if name == b"mdia"), b"")
    return next((body[8:12] for name, body in _boxes(media) if name == b"hdlr"), b"")


def _times(header: bytes, at: int) -> tuple[int, int]:
    """Return time scale and length of a header, whose two dates come first; `at` bytes more stand between them.

    A track's header has its number in the place of the scale.
    """
    wide = header[:1] == b"\1"
    date, start = (8, 4) if wide else (4, 4)
    scale_at = start + 2 * date
    length_at = scale_at + 4 + at
    scale = int.from_bytes(header[scale_at : scale_at + 4], "big")
    return scale, int.from_bytes(header[length_at : length_at + (8 if wide else 4)], "big")


def _ms(length: int, scale: int) -> tuple[float, ...]:
    return (length * 1000 / scale,) if scale and length not in _UNKNOWN else ()

"""The length of an MP4 or QuickTime file, by each of its headers.

FFmpeg returns only one length, but some recorders write one of the headers wrongly.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_LARGEST_INDEX: Final = 64 << 20
"""The largest index in bytes that is read; the longest films need less."""
_NEARLY_MS: Final = 1000.0
_FIRST: Final = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"styp", b"uuid"})


def track_lengths(file: BinaryIO) -> tuple[float, ...]:
    """Return the lengths in ms of the first video track, else sound track; empty if it is not such a file.

    They are from the track's header, its media header and its samples, and from the film's header if no track is that
    long. A fragmented file has none.
    """
    moov = _index(file)
    tracks: dict[bytes, tuple[float, ...]] = {}
    known: list[float] = []
    try:
        parts = dict(_boxes(moov))
        if b"mvex" in parts:
            return ()
        movie_scale, movie = _times(parts[b"mvhd"])
        for name, trak in _boxes(moov):
            if name == b"trak":
                kind, lengths = _track(dict(_boxes(trak)), movie_scale)
                tracks.setdefault(kind, lengths)
                known += lengths
        film = movie * 1000 / movie_scale
    except (KeyError, struct.error, ZeroDivisionError):
        return ()
    found = tracks.get(b"vide") or tracks.get(b"soun") or ()
    odd = film and found and all(abs(film - length) > _NEARLY_MS for length in known)
    return (*found, film) if odd else found


def _index(file: BinaryIO) -> bytes:
    """Return the content of the `moov` box, b"" if there is none."""
    position = 0
    while True:
        file.seek(position)
        head = file.read(16)
        length = int.from_bytes(head[:4], "big")
        content = 8
        if length == 1:
            length, content = int.from_bytes(head[8:16], "big"), 16
        if len(head) < 8 or length < content or (not position and head[4:8] not in _FIRST):
            return b""
        if head[4:8] == b"moov":
            file.seek(position + content)
            return file.read(min(length - content, _LARGEST_INDEX))
        position += length


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the boxes within another one, with their names."""
    position = 0
    while position + 8 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        if length < 8:
            return
        yield data[position + 4 : position + 8], data[position + 8 : position + length]
        position += length


def _track(trak: dict[bytes, bytes], movie_scale: int) -> tuple[bytes, tuple[float, ...]]:
    """Return the kind of a track, and its lengths in ms."""
    mdia = dict(_boxes(trak[b"mdia"]))
    scale, media = _times(mdia[b"mdhd"])
    samples = dict(_boxes(dict(_boxes(mdia[b"minf"]))[b"stbl"]))[b"stts"]
    count = int.from_bytes(samples[4:8], "big")
    total = sum(number * delta for number, delta in struct.iter_unpack(">II", samples[8 : 8 + 8 * count]))
    track = _times(trak[b"tkhd"], ids=True)[1]
    lengths = (track * 1000 / movie_scale, media * 1000 / scale, total * 1000 / scale)
    return mdia[b"hdlr"][8:12], tuple(length for length in lengths if length)


def _times(header: bytes, *, ids: bool = False) -> tuple[int, int]:
    """Return the time scale and the duration of a `mvhd` or `mdhd`; of a `tkhd` (`ids`) the number and the duration."""
    between = 4 if ids else 0
    if header[0] == 1:
        scale, duration = struct.unpack_from(">I", header, 20)[0], struct.unpack_from(">Q", header, 24 + between)[0]
        unknown = 0xFFFFFFFFFFFFFFFF
    else:
        scale, duration = struct.unpack_from(">I", header, 12)[0], struct.unpack_from(">I", header, 16 + between)[0]
        unknown = 0xFFFFFFFF
    return scale, 0 if duration == unknown else duration

"""Checks whether a file is complete, by its container's structure. They only read a seekable file.

Each function returns "whole" if the structure ends where the file ends, "short" if it states a length that the file
does not have, and "unproved" otherwise. Only formats that state their length can be "short": a last frame that looks
cut may have been written so by the encoder.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, BinaryIO, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

Verdict = Literal["whole", "unproved", "short"]

_UNSTATED = 0x7FFFF000
"""A RIFF size from here on is a placeholder, of a file that was written to a pipe, if the file is smaller."""
_TAIL = 1 << 16


def _read(file: BinaryIO, position: int, count: int) -> bytes:
    file.seek(position)
    return file.read(count)


def riff(file: BinaryIO, size: int) -> Verdict:
    """Check a WAV file by the size in its header; RF64 has it in a chunk of 64-bit sizes."""
    head = _read(file, 0, 28)
    stated = int.from_bytes(head[4:8], "little")
    if head[:4] == b"RF64" and head[12:16] == b"ds64":
        stated = int.from_bytes(head[20:28], "little")
    elif stated == 0 or stated >= _UNSTATED > size:
        return "unproved"
    if stated + 8 > size:
        return "whole" if stated + 8 == size + 1 and _ends_unpadded(file, size) else "short"
    return "whole" if stated + 8 == size else "unproved"


def _ends_unpadded(file: BinaryIO, size: int) -> bool:
    """Return whether a WAV file lacks only the pad byte after an odd data chunk, which some writers count but omit."""
    position = 12
    while position + 8 <= size:
        chunk = _read(file, position, 8)
        length = int.from_bytes(chunk[4:8], "little")
        if chunk[:4] == b"data":
            return length % 2 == 1 and position + 8 + length == size
        position += 8 + length + length % 2
    return False


_BOXES: Final = frozenset(
    b"ftyp moov mdat moof mfra free skip wide pnot udta uuid meta styp sidx ssix pdin prft emsg".split()
)


def boxes(file: BinaryIO, size: int) -> Verdict:
    """Check an MP4 or QuickTime file: its boxes must fill it, and include an index and data."""
    position = 0
    names: set[bytes] = set()
    while position + 8 <= size:
        head = _read(file, position, 16)
        name, length = head[4:8], int.from_bytes(head[:4], "big")
        if length == 1 and len(head) == 16:
            length = int.from_bytes(head[8:16], "big")
        if length < 8 or name not in _BOXES:
            return "unproved"  # 0: to the end of the file, wherever that is
        names.add(name)
        position += length
    if position > size:
        return "short"
    return "whole" if position == size and {b"moov", b"mdat"} <= names else "unproved"


_SEGMENT: Final = 0x18538067
_CLUSTER: Final = 0x1F43B675
_SEGMENT_PARTS: Final = frozenset({0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1C53BB6B, 0x1941A469, 0x1043A770, 0x1254C367})
_CLUSTER_PARTS: Final = frozenset({0xE7, 0xA3, 0xA0, 0xA7, 0xAB, 0x5854, 0xAF})
_ANYWHERE: Final = frozenset({0xEC, 0xBF})
"""Void and CRC-32."""


def elements(file: BinaryIO, size: int) -> Verdict:
    """Check Matroska or WebM by the segment's length; if it has none (streamed), the elements must fill the file."""
    header = _element(file, 0)
    segment = _element(file, header[2]) if header and header[2] is not None else None
    if segment is None or segment[0] != _SEGMENT:
        return "unproved"
    _, position, end = segment
    if end is not None:
        return "whole" if end == size else "short" if end > size else "unproved"
    clusters = 0
    while position < size:
        part = _element(file, position)
        if part is None or part[0] not in {_CLUSTER, *_SEGMENT_PARTS, *_CLUSTER_PARTS, *_ANYWHERE}:
            return "unproved"
        identity, content, end = part
        clusters += identity == _CLUSTER
        if end is None and identity != _CLUSTER:
            return "unproved"
        position = content if end is None else end
    return "whole" if position == size and clusters else "unproved"


def _element(file: BinaryIO, position: int) -> tuple[int, int, int | None] | None:
    """Read an element's head: its id, where its content begins, and where it ends (None: not stated)."""
    head = _read(file, position, 12)
    if len(head) < 2 or not head[0]:
        return None
    id_length = 9 - head[0].bit_length()
    if id_length > 4 or len(head) <= id_length or not head[id_length]:
        return None
    first = head[id_length]
    size_length = 9 - first.bit_length()
    content = id_length + size_length
    if len(head) < content:
        return None
    bits = (1 << 7 * size_length) - 1
    length = int.from_bytes(head[id_length:content], "big") & bits
    identity = int.from_bytes(head[:id_length], "big")
    return identity, position + content, None if length == bits else position + content + length


def pages(file: BinaryIO, size: int) -> Verdict:
    """Check Ogg: its pages must fill the file, and the last one of each stream must be marked as the last."""
    position = 0
    ended: dict[bytes, bool] = {}
    while position < size:
        head = _read(file, position, 27 + 255)
        if head[:5] != b"OggS\0" or len(head) < 27 or len(head) < 27 + head[26]:
            return "unproved"
        ended[head[14:18]] = bool(head[5] & 4)
        position += 27 + head[26] + sum(head[27 : 27 + head[26]])
    return "whole" if position == size and ended and all(ended.values()) else "unproved"


_KBPS: Final = {
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Bit rates by version (2 stands for 2.5 too) and layer."""
_HERTZ: Final = (44_100, 48_000, 32_000)


def mpeg_frame(head: bytes) -> int:
    """Return the size in bytes of an MPEG audio frame (layer II or III) with this header, 0 if it is not a header."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    rate, hertz, padding = head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    if version == 1 or layer not in (2, 3) or rate in (0, 15) or hertz == 3:
        return 0
    bits = _KBPS[1 if version == 3 else 2, layer][rate - 1] * 1000
    samples_by_8 = 72 if layer == 3 and version != 3 else 144
    return samples_by_8 * bits // (_HERTZ[hertz] >> {3: 0, 2: 1, 0: 2}[version]) + padding


def adts_frame(head: bytes) -> int:
    """Return the size in bytes of an AAC frame with this header, 0 if it is not a header."""
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0 or head[2] >> 2 & 15 > 12:
        return 0
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return length if length > 7 else 0


def mpeg(file: BinaryIO, size: int) -> Verdict:
    """Check an MP3: its frames must fill it between the tags, and be as many as its own count says if it has one."""
    start, end = _behind_id3(file), _before_tags(file, size)
    first = _read(file, start, 4)
    info = _read(file, start, min(mpeg_frame(first), 200))
    frames, position = _frames(file, start, end, mpeg_frame)
    if position != end or not frames:
        return "unproved"
    found = re.search(rb"(?:Xing|Info)\0\0\0([\x00-\xff])(....)", info, re.DOTALL)
    stated = int.from_bytes(found[2], "big") if found and found[1][0] & 1 else 0
    return "whole" if frames > stated or not stated else "unproved"


def adts(file: BinaryIO, size: int) -> Verdict:
    """Check bare AAC: its frames must fill it between the tags."""
    end = _before_tags(file, size)
    frames, position = _frames(file, _behind_id3(file), end, adts_frame)
    return "whole" if position == end and frames else "unproved"


def _frames(file: BinaryIO, position: int, end: int, frame: Callable[[bytes], int]) -> tuple[int, int]:
    """Return the number of consecutive frames, and where they end."""
    count = 0
    while position < end and (length := frame(_read(file, position, 7))):
        position, count = position + length, count + 1
    return count, position


def _behind_id3(file: BinaryIO) -> int:
    position = 0
    while (head := _read(file, position, 10))[:3] == b"ID3" and len(head) == 10 and not any(b & 128 for b in head[6:]):
        length = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
        position += length + (20 if head[5] & 16 else 10)
    return position


def _before_tags(file: BinaryIO, size: int) -> int:
    end = size
    if end >= 128 and _read(file, end - 128, 3) == b"TAG":
        end -= 128
    footer = _read(file, max(end - 32, 0), 32)
    if footer[:8] == b"APETAGEX":
        end -= int.from_bytes(footer[12:16], "little") + (32 if footer[23] & 128 else 0)
    return end


def flac(file: BinaryIO, size: int) -> Verdict:
    """Check a FLAC file by its last frame: its checksum must end the file, and its samples reach the header's count."""
    info = _read(file, 8, 34)
    if len(info) < 34:
        return "unproved"
    block, total = int.from_bytes(info[:2], "big"), int.from_bytes(info[13:18], "big") & (1 << 36) - 1
    start = max(4, size - max(_TAIL, 2 * int.from_bytes(info[7:10], "big")))
    tail = _read(file, start, size - start)
    checksum = int.from_bytes(tail[-2:], "big")
    position = len(tail)
    while (position := tail.rfind(b"\xff", 0, position)) >= 0:
        end_sample = _flac_frame(tail[position : position + 16], block)
        if end_sample is None or _crc(tail[position:-2], 0x8005, 16) != checksum:
            continue
        return "whole" if total in (0, end_sample) else "unproved"
    return "unproved"


_FLAC_BLOCKS: Final = (0, 192, *(576 << n for n in range(4)), 0, 0, *(256 << n for n in range(8)))
"""The samples of a frame by the code in its header; 0 for a reserved code, and where the number follows."""


def _flac_frame(head: bytes, block: int) -> int | None:
    """Return the sample at which a frame with this header ends, None if it is not a header."""
    if len(head) < 6 or head[0] != 0xFF or head[1] & 0xFE != 0xF8:
        return None
    more = 8 - (head[4] ^ 0xFF).bit_length()  # as in UTF-8: the leading 1 bits give the length
    if more in (1, 8):
        return None
    number = head[4] & (0x7F >> more)
    position = 5
    for byte in head[5 : 5 + max(more - 1, 0)]:
        number, position = number << 6 | byte & 0x3F, position + 1
    code = head[2] >> 4
    samples, wide = _FLAC_BLOCKS[code], {6: 1, 7: 2}.get(code, 0)
    if wide:
        samples = int.from_bytes(head[position : position + wide], "big") + 1
    position += wide + {12: 1, 13: 2, 14: 2}.get(head[2] & 15, 0)
    if not samples or position >= len(head) or _crc(head[:position], 0x07, 8) != head[position]:
        return None
    return (number if head[1] & 1 else number * block) + samples


def _crc(data: bytes, polynomial: int, bits: int) -> int:
    value, mask, table = 0, (1 << bits) - 1, _crc_table(polynomial, bits)
    for byte in data:
        value = (value << 8 ^ table[value >> (bits - 8) ^ byte]) & mask
    return value


@cache
def _crc_table(polynomial: int, bits: int) -> tuple[int, ...]:
    def entry(value: int) -> int:
        for _ in range(8):
            value = value << 1 ^ (polynomial if value >> (bits - 1) & 1 else 0)
        return value & (1 << bits) - 1

    return tuple(entry(byte << (bits - 8)) for byte in range(256))


def midi(file: BinaryIO, size: int) -> Verdict:
    """Check a MIDI file: its chunks must fill it, with as many tracks as its header says."""
    tracks = int.from_bytes(_read(file, 10, 2), "big")
    position = found = 0
    while position + 8 <= size:
        head = _read(file, position, 8)
        if not head[:4].isalnum():
            return "unproved"
        found += head[:4] == b"MTrk"
        position += 8 + int.from_bytes(head[4:8], "big")
    if position > size or (position == size and found < tracks):
        return "short"
    return "whole" if position == size and tracks else "unproved"


def score(file: BinaryIO, size: int) -> Verdict:
    """Check MusicXML: without its end tag it is cut."""
    tail = _read(file, max(size - 256, 0), 256).replace(b"\0", b"")  # also in UTF-16
    return "whole" if re.search(rb"</score-(partwise|timewise)\s*>\s*(<!--[^>]*-->\s*)*\Z", tail) else "short"


def archive(file: BinaryIO, size: int) -> Verdict:
    """Check a ZIP file: its last record must end it."""
    start = max(size - _TAIL - 22, 0)
    tail = _read(file, start, size - start)
    at = tail.rfind(b"PK\5\6")
    comment = int.from_bytes(tail[at + 20 : at + 22], "little")
    return "whole" if at >= 0 and start + at + 22 + comment == size else "unproved"


def document(file: BinaryIO, size: int) -> Verdict:
    """Check a PDF by its end marker."""
    return "whole" if b"%%EOF" in _read(file, max(size - 1024, 0), 1024) else "unproved"


def png(file: BinaryIO, size: int) -> Verdict:
    """Check a PNG by its chunks, of which the last is marked."""
    position = 8
    while position + 12 <= size:
        head = _read(file, position, 8)
        position += 12 + int.from_bytes(head[:4], "big")
        if head[4:] == b"IEND":
            return "whole" if position == size else "unproved"
    return "short"


def jpeg(file: BinaryIO, size: int) -> Verdict:
    """Check a JPEG by its end marker, after which some programs append data."""
    return "whole" if _read(file, max(size - 2, 0), 2) == b"\xff\xd9" else "unproved"

"""The formats that results are written in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs

from mirelo_ergo.emulator.media.wav import RATE
from mirelo_ergo.emulator.refusals import bad_request, short

if TYPE_CHECKING:
    from collections.abc import Mapping

MEDIA_TYPES: Mapping[str, str] = {
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "aac": "audio/aac",
    "m4a": "audio/mp4",
    "flac": "audio/flac",
    "mp4": "video/mp4",
    "mid": "audio/midi",
    "musicxml": "application/vnd.recordare.musicxml+xml",
    "pdf": "application/pdf",
    "jsonl": "application/jsonl",
}
LOSSLESS, LOSSY = ("wav", "flac"), ("mp3", "aac", "m4a")
TOKEN = re.compile(r"(?P<name>[a-z0-9]+?)(?:_(?P<kbps>[0-9]{1,4}))?")
KBPS = range(32, 321)


@attrs.frozen
class AudioFormat:
    """The format of a sound: the container, which is also the suffix, and the kbit/s for lossy ones."""

    name: str
    kbps: int | None = None
    rate: int = RATE

    @property
    def plain(self) -> bool:
        """Whether it is the format in which sounds are computed, so that no encoder is needed."""
        return self.name == "wav" and self.rate == RATE


def read_format(token: str, name: str = "format", rate: int = RATE) -> AudioFormat:
    """Return the format of a name such as `flac` or `mp3_320`; refuse others, with the field's name."""
    found = TOKEN.fullmatch(token)
    kbps = int(found["kbps"]) if found and found["kbps"] else None
    if found and found["name"] in LOSSY and (kbps is None or kbps in KBPS):
        return AudioFormat(found["name"], kbps, rate)
    if found and found["name"] in LOSSLESS and kbps is None:
        return AudioFormat(found["name"], None, rate)
    with_rate = ", ".join(f"{each}_<{KBPS[0]} to {KBPS[-1]}>" for each in LOSSY)
    raise bad_request(f"{name} is {short(token)}: it has to be one of {', '.join((*LOSSLESS, *LOSSY))}, or {with_rate}")

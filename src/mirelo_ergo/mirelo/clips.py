"""What the service takes as a source, as far as a file's headers tell: checked before anything is uploaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .._runtime.api.answers import tolerant_integer
from .._runtime.transfer.probe import convert
from ..errors import InvalidRequestError

if TYPE_CHECKING:
    from .._runtime.transfer.inputs import MediaSource
    from .._runtime.transfer.probe import MediaHeaders
    from .families import Generation

CONTAINERS: Final = frozenset({"mov", "mp4", "m4a", "matroska", "webm"})
CODECS: Final = frozenset({"h264", "vp8", "vp9"})
SLACK_MS: Final = 100
"""How much longer than a clip's headers say a request may be: the service counts in its own way."""
SHORTEST_PREFIX_MS: Final = 3000
"""How much of a sound is needed to continue it."""


def check_source(generation: Generation, name: str, source: MediaSource, headers: MediaHeaders) -> None:
    """Raise `InvalidRequestError` for a source that the service would refuse after its upload."""
    problem = _unreadable(source, headers) if name == "video" else None
    if problem is None and headers.length_ms is not None:
        problem = _too_short(generation, name, headers.length_ms)
    if problem is not None:
        raise InvalidRequestError(f"{generation.family.label}: {name}: {problem}; nothing was sent", field=name)


def _unreadable(source: MediaSource, headers: MediaHeaders) -> str | None:
    what = None
    if not CONTAINERS & set(headers.container.split(",")):
        what = f"it is {headers.container}, and the service takes MP4, MOV, M4V, WebM and MKV"
    elif headers.video_codec is not None and headers.video_codec not in CODECS:
        what = f"its picture is coded as {headers.video_codec}, and the service decodes H.264, VP8 and VP9"
    return None if what is None else f"{what}; convert it first: {convert(source.name)}"


def _too_short(generation: Generation, name: str, length: float) -> str | None:
    fields, family = generation.fields, generation.family.name
    has = f"it is {length / 1000:g} s long"
    if name == "video" and family == "video-to-sfx":
        start = tolerant_integer(fields.get("start_offset_ms", 0)) or 0
        end = start + (tolerant_integer(fields.get("duration_ms")) or 0)
        if end > length + SLACK_MS:
            return f"{has}, less than start_offset_ms={start} + duration_ms={end - start}"
    if name == "audio" and "segment" in fields:
        end = tolerant_integer(fields["segment"]["end_ms"]) or 0
        if end > length + SLACK_MS:
            return f"{has}, and the segment ends at {end} ms"
    if name == "audio" and "append_duration_ms" in fields and length + SLACK_MS < SHORTEST_PREFIX_MS:
        return f"{has}, and {SHORTEST_PREFIX_MS / 1000:g} s are needed to continue it"
    return None

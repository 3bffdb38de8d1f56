"""Checks of sources by their headers, before anything is uploaded.

A source that the service would refuse after the upload is refused with the same error class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .._runtime.api.answers import tolerant_integer
from ..errors import APIStatusError, AudioError, VideoError

if TYPE_CHECKING:
    from .._runtime.transfer.inputs import MediaSource
    from .._runtime.transfer.probe import MediaHeaders
    from .families import Generation

CONTAINERS: Final = frozenset({"mov", "mp4", "m4a", "matroska", "webm"})
CODECS: Final = frozenset({"h264", "vp8", "vp9"})
SLACK_MS: Final = 100
"""The tolerance in ms between a request and the length in a clip's headers: the service measures differently."""
SHORTEST_PREFIX_MS: Final = 3000
"""The shortest sound in ms that can be continued."""


def check_source(generation: Generation, name: str, source: MediaSource, headers: MediaHeaders) -> None:
    """Raise `VideoError` or `AudioError` for a source that the service would refuse after its upload."""
    problem = _undecodable(source, headers) if name == "video" else None
    if problem is None and headers.length_ms is not None:
        problem = _too_short(generation, name, headers.length_ms)
    if problem is not None:
        code, status, text = problem
        cls: type[APIStatusError] = VideoError if name == "video" else AudioError
        raise cls(f"{generation.family.label}: {name}: {text} ({code}); nothing was sent", code, status)


def _undecodable(source: MediaSource, headers: MediaHeaders) -> tuple[str, int, str] | None:
    from .._runtime.transfer.probe import convert

    way = f"convert it first: {convert(source.name)}"
    if not CONTAINERS & set(headers.container.split(",")):
        what = f"it is {headers.container}, and the service takes MP4, MOV, M4V, WebM and MKV"
        return "video_format_unsupported", 400, f"{what}; {way}"
    if headers.video_codec is not None and headers.video_codec not in CODECS:
        what = f"its picture is coded as {headers.video_codec}, and the service decodes H.264, VP8 and VP9"
        return "invalid_video", 422, f"{what}; {way}"
    return None


def _too_short(generation: Generation, name: str, length: float) -> tuple[str, int, str] | None:
    fields, family = generation.fields, generation.family.name
    problem: str | None = None
    if name == "video" and family == "video-to-sfx":
        start = tolerant_integer(fields.get("start_offset_ms", 0)) or 0
        end = start + (tolerant_integer(fields.get("duration_ms")) or 0)
        if end > length + SLACK_MS:
            problem = f"less than start_offset_ms {start} + duration_ms {end - start}"
    elif name == "audio" and "segment" in fields:
        end = tolerant_integer(fields["segment"]["end_ms"]) or 0
        problem = f"and the segment ends at {end} ms" if end > length + SLACK_MS else None
    elif name == "audio" and "append_duration_ms" in fields and length + SLACK_MS < SHORTEST_PREFIX_MS:
        problem = f"and {SHORTEST_PREFIX_MS} ms are needed to continue it"
    return None if problem is None else (f"{name}_too_short", 400, f"it is {length:.0f} ms long, {problem}")

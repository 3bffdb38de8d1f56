"""Checks of the calls' arguments, and their conversion into fields of a body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

from .._runtime.arguments import whole_number
from .._runtime.redact import short_repr
from .._runtime.transfer.inputs import Audio, Video, source_from
from ..errors import InvalidRequestError

if TYPE_CHECKING:
    import os

    from mirelo_ergo_api.mirelo_v2.bodies import (
        AudioSourceAsset,
        AudioSourceUrl,
        Segment,
        VideoSourceAsset,
        VideoSourceUrl,
    )

    from .._runtime.api.execute import Runtime
    from .._runtime.transfer.assets import AssetCache

    VideoSource = VideoSourceUrl | VideoSourceAsset
    AudioSource = AudioSourceUrl | AudioSourceAsset


class Uploads(Protocol):
    """The flows of a client that remembers its uploads."""

    runtime: Runtime
    assets: AssetCache


def credit_limit(value: Any) -> int | None:
    """Return a checked `max_credits=` argument; raises `ConfigurationError`."""
    return whole_number("max_credits", value, 0, 10**12, optional=True)


def video_source(video: Video | str | os.PathLike[str], uploads: Uploads) -> VideoSource:
    """Return a `Video`, typed as the field that replaces it after the upload."""
    return cast("VideoSource", source_from(Video, video, uploads.assets, look=uploads.runtime.io.blocks))


def audio_source(audio: Audio | str | os.PathLike[str], uploads: Uploads) -> AudioSource:
    """Return an `Audio`, typed as the field that replaces it after the upload."""
    return cast("AudioSource", source_from(Audio, audio, uploads.assets, look=uploads.runtime.io.blocks))


def uploaded_video(video: Video | str | os.PathLike[str], uploads: Uploads) -> VideoSourceAsset:
    """Return a `Video`, typed as the asset field that replaces it after the upload."""
    return cast("VideoSourceAsset", source_from(Video, video, uploads.assets, look=uploads.runtime.io.blocks))


def uploaded_audio(audio: Audio | str | os.PathLike[str], uploads: Uploads) -> AudioSourceAsset:
    """Return an `Audio`, typed as the asset field that replaces it after the upload."""
    return cast("AudioSourceAsset", source_from(Audio, audio, uploads.assets, look=uploads.runtime.io.blocks))


def segment_fields(segment: tuple[int, int]) -> Segment:
    """Return the field of a (start, end) pair; raises `InvalidRequestError`."""
    if not isinstance(segment, tuple | list) or len(segment) != 2:
        raise InvalidRequestError(
            f"segment={short_repr(segment)} is not a pair (start_ms, end_ms); nothing was sent", field="segment"
        )
    return {"start_ms": segment[0], "end_ms": segment[1]}

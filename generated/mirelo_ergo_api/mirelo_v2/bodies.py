"""The bodies of the service's requests, as types of plain mappings."""

from typing import Literal, NotRequired, Required, TypedDict


class AssetRequest(TypedDict):
    """What is going to be uploaded."""

    content_type: NotRequired[str]


class AudioSourceAsset(TypedDict):
    """A sound that was uploaded in the last 24 hours."""

    asset_id: Required[str]
    type: Required[Literal["asset"]]


class AudioSourceUrl(TypedDict):
    """A sound that the service fetches itself."""

    audio_url: Required[str]
    type: Required[Literal["url"]]


class ExtendAudioV16Request(TypedDict):
    """A sound and what follows it, model v1.6."""

    append_duration_ms: Required[int]
    audio: Required["AudioSourceUrl | AudioSourceAsset"]
    loop: NotRequired[bool]
    num_samples: NotRequired[int]
    prompt: NotRequired[str]


class ExtendAudioWithVideoV16Request(TypedDict):
    """A sound and what follows it, fitting a video, model v1.6."""

    append_duration_ms: Required[int]
    audio: Required["AudioSourceUrl | AudioSourceAsset"]
    num_samples: NotRequired[int]
    prompt: NotRequired[str]
    start_offset_ms: NotRequired[int]
    video: Required["VideoSourceUrl | VideoSourceAsset"]


class InpaintAudioV16Request(TypedDict):
    """A sound with one segment made anew, model v1.6."""

    audio: Required["AudioSourceUrl | AudioSourceAsset"]
    num_samples: NotRequired[int]
    prompt: NotRequired[str]
    segment: Required["Segment"]


class InpaintAudioWithVideoV16Request(TypedDict):
    """A sound with one segment made anew, fitting a video, model v1.6."""

    audio: Required["AudioSourceUrl | AudioSourceAsset"]
    num_samples: NotRequired[int]
    prompt: NotRequired[str]
    segment: Required["Segment"]
    video: Required["VideoSourceUrl | VideoSourceAsset"]


class Segment(TypedDict):
    """The part of a sound to make anew, 1000 to 8000 milliseconds wide."""

    end_ms: Required[int]
    start_ms: Required[int]


class TextToSfxRequest(TypedDict):
    """Sound effects from a text, model v1.5."""

    duration_ms: NotRequired[int]
    num_samples: NotRequired[int]
    prompt: Required[str]


class TextToSfxV16Request(TypedDict):
    """Sound effects from a text, model v1.6."""

    duration_ms: NotRequired[int]
    loop: NotRequired[bool]
    num_samples: NotRequired[int]
    prompt: Required[str]


class VideoSourceAsset(TypedDict):
    """A clip that was uploaded in the last 24 hours."""

    asset_id: Required[str]
    type: Required[Literal["asset"]]


class VideoSourceUrl(TypedDict):
    """A clip that the service fetches itself."""

    type: Required[Literal["url"]]
    video_url: Required[str]


class VideoToSfxRequest(TypedDict):
    """Sound effects for a video, model v1.5."""

    duration_ms: Required[int]
    num_samples: NotRequired[int]
    output: NotRequired[Literal["audio", "video"]]
    start_offset_ms: NotRequired[int]
    video: Required["VideoSourceUrl | VideoSourceAsset"]


class VideoToSfxV16Request(TypedDict):
    """Sound effects for a video, model v1.6."""

    duration_ms: Required[int]
    num_samples: NotRequired[int]
    output: NotRequired[Literal["audio", "video"]]
    prompt: NotRequired[str]
    start_offset_ms: NotRequired[int]
    video: Required["VideoSourceUrl | VideoSourceAsset"]

"""The bodies of the service's requests, as types of plain mappings."""

from typing import Literal, NotRequired, Required, TypedDict


class TextToAudioRequest(TypedDict):
    """A sound from a text, SFX 1.6."""

    ambience: NotRequired[bool]
    double_output: NotRequired[bool]
    duration: NotRequired[float]
    num_samples: NotRequired[int]
    seed: NotRequired[int]
    text_prompt: Required[str]
    upload_audio_format: NotRequired[Literal["wav", "mp3", "aac", "flac"]]


class VideoToAudioRequest(TypedDict):
    """A sound for a video, SFX 1.0."""

    duration: NotRequired[float]
    num_samples: NotRequired[int]
    seed: NotRequired[int]
    text_prompt: NotRequired[str]
    video_url: Required[str]


class VideoToVideoRequest(TypedDict):
    """A video with a sound made for it, SFX 1.6."""

    duration: NotRequired[float]
    num_samples: NotRequired[int]
    seed: NotRequired[int]
    text_prompt: NotRequired[str]
    video_url: Required[str]

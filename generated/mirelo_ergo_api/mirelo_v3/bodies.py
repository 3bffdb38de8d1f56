"""The bodies of the service's requests, as types of plain mappings."""

from typing import Literal, NotRequired, Required, TypedDict


class AssetRef(TypedDict):
    """An uploaded file."""

    id: Required[str]
    type: Required[Literal["asset"]]


class AssetRequest(TypedDict):
    """A file that will be uploaded."""

    content_type: Required[str]


class AudioEditInput(TypedDict):
    """The sound, and with it a clip and what should be heard."""

    audio: Required["AssetRef"]
    prompt: NotRequired[str]
    video: NotRequired["AssetRef"]


class ExtendRequest(TypedDict):
    """A sound made longer."""

    append_duration_ms: Required[int]
    controls: NotRequired["LoopControls"]
    input: Required["AudioEditInput"]
    model: Required[str]
    num_variants: Required[int]
    output: NotRequired["OutputOptions"]
    start_offset_ms: NotRequired[int]


class InpaintRequest(TypedDict):
    """A sound of which one stretch is generated again."""

    input: Required["AudioEditInput"]
    model: Required[str]
    num_variants: Required[int]
    output: NotRequired["OutputOptions"]
    region: Required["Region"]


class LoopControls(TypedDict):
    """How the sound is to be."""

    loop: NotRequired[bool]


class OutputOptions(TypedDict):
    """The form of the results."""

    format: Required[str]


class Region(TypedDict):
    """A stretch of a sound."""

    end_ms: Required[int]
    start_ms: Required[int]


class SpeechControls(TypedDict):
    """How the sound is to be."""

    preserve_speech: NotRequired[bool]


class TextInput(TypedDict):
    """What should be heard."""

    prompt: Required[str]


class TextToSfxRequest(TypedDict):
    """Sound effects from a text."""

    controls: NotRequired["LoopControls"]
    duration_ms: Required[int]
    input: Required["TextInput"]
    model: Required[str]
    num_variants: Required[int]
    output: NotRequired["OutputOptions"]


class VideoInput(TypedDict):
    """The clip, and what should be heard beside what it shows."""

    prompt: NotRequired[str]
    video: Required["AssetRef"]


class VideoToSfxRequest(TypedDict):
    """Sound effects for a video."""

    controls: NotRequired["SpeechControls"]
    duration_ms: Required[int]
    input: Required["VideoInput"]
    model: Required[str]
    num_variants: Required[int]
    output: NotRequired["OutputOptions"]
    start_offset_ms: NotRequired[int]

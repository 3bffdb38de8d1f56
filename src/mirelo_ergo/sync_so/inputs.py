"""The vendor's request types, and their conversion (and that of plain mappings) into JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import attrs

from .._runtime.redact import short_repr, type_name
from ..errors import InvalidRequestError

if TYPE_CHECKING:
    from mirelo_ergo_api.sync_so import bodies

_SNAKE = frozenset({"options", "optionsOverride"})
"""Fields whose content is in snake_case; everything else is in camelCase."""


@attrs.frozen(kw_only=True)
class Video:
    """The video whose lips are changed: exactly one of `url`, which the service fetches, and `asset_id`."""

    url: str | None = None
    asset_id: str | None = None
    type: Literal["video"] = "video"


@attrs.frozen(kw_only=True)
class Image:
    """A picture that should speak, for the model `sync-3` only. Exactly one of `url` and `asset_id`."""

    url: str | None = None
    asset_id: str | None = None
    type: Literal["image"] = "image"


@attrs.frozen(kw_only=True)
class Audio:
    """The speech, as a sound. Exactly one of `url` and `asset_id`; `ref_id` is its name for segments."""

    url: str | None = None
    asset_id: str | None = None
    ref_id: str | None = None
    type: Literal["audio"] = "audio"


@attrs.frozen(kw_only=True)
class ElevenLabs:
    """A synthetic voice and what it says. The ranges of `stability` and `similarity_boost` are not published."""

    voice_id: str
    script: str
    stability: float | None = None
    similarity_boost: float | None = None
    name: Literal["elevenlabs"] = "elevenlabs"


@attrs.frozen(kw_only=True)
class Tts:
    """The speech, as a text for a synthetic voice. `ref_id` is its name for segments."""

    provider: ElevenLabs
    ref_id: str | None = None
    type: Literal["text"] = "text"


@attrs.frozen(kw_only=True)
class ActiveSpeaker:
    """The speaking face: detected automatically, at a point in a frame, or in a box per frame (None: not visible)."""

    auto_detect: bool | None = None
    frame_number: int | None = None
    coordinates: Sequence[int] | None = None
    bounding_boxes: Sequence[Sequence[int] | None] | None = None
    use_v2: bool | None = None
    v3: bool | None = None
    face_image: str | None = None


@attrs.frozen(kw_only=True)
class GenerationOptions:
    """Options of a generation. For None the service decides.

    `sync_mode` says what to do if audio and video differ in length: "bounce", "loop", "cut_off", "silence" or "remap".
    `model_mode` ("lips", "face", "head") and `prompt` (an emotion) are for the model `react-1` only. `temperature` is 0
    to 1.
    """

    sync_mode: Literal["bounce", "loop", "cut_off", "silence", "remap"] | None = None
    model_mode: Literal["lips", "face", "head"] | None = None
    prompt: Literal["happy", "sad", "angry", "disgusted", "surprised", "neutral"] | None = None
    temperature: float | None = None
    active_speaker_detection: ActiveSpeaker | None = None
    occlusion_detection_enabled: bool | None = None
    reasoning_enabled: bool | None = None


@attrs.frozen(kw_only=True)
class SegmentAudioInput:
    """The audio input with this `ref_id`, or a part of it in seconds: give both times, or neither."""

    ref_id: str
    start_time: float | None = None
    end_time: float | None = None


@attrs.frozen(kw_only=True)
class GenerationSegment:
    """A part of the video in seconds, and the audio that is spoken in it."""

    start_time: float
    end_time: float
    audio_input: SegmentAudioInput
    options_override: Mapping[str, Any] | None = None


Input = Video | Image | Audio | Tts | Mapping[str, Any]
Options = GenerationOptions | Mapping[str, Any]
Segment = GenerationSegment | Mapping[str, Any]


def generation_body(
    *,
    model: str,
    input: Sequence[Input],  # noqa: A002  # as the vendor's own SDK names it
    options: Options | None = None,
    segments: Sequence[Segment] | None = None,
    webhook_url: str | None = None,
    output_file_name: str | None = None,
    project_id: str | None = None,
    dub_params: Mapping[str, Any] | None = None,
    dialogue_edit: Mapping[str, Any] | None = None,
) -> bodies.CreateGeneration:
    """Return the body for a submit or an estimate, without None values. Nothing is checked yet."""
    if isinstance(input, str | bytes | Mapping) or not isinstance(input, Sequence):
        raise InvalidRequestError(
            f"input={short_repr(input)} is {type_name(input)}, not a list of inputs such as "
            "[Video(url=…), Audio(url=…)]; nothing was sent",
            field="input",
        )
    for place, each in enumerate(input):
        if not isinstance(each, Video | Image | Audio | Tts | Mapping):
            raise InvalidRequestError(
                f"input[{place}]={short_repr(each)} is {type_name(each)}: give Video, Image, Audio or Tts of "
                "mirelo_ergo.sync_so, with a URL or an asset's id, or a mapping; nothing was sent",
                field="input",
            )
    body: bodies.CreateGeneration = {"model": model, "input": [on_wire(each) for each in input]}
    if options is not None:
        body["options"] = on_wire(options, snake=True)
    if segments is not None:
        body["segments"] = [on_wire(each) for each in segments]
    if webhook_url is not None:
        body["webhookUrl"] = webhook_url
    if output_file_name is not None:
        body["outputFileName"] = output_file_name
    if project_id is not None:
        body["projectId"] = project_id
    if dub_params is not None:
        body["dubParams"] = on_wire(dub_params)
    if dialogue_edit is not None:
        body["dialogueEdit"] = on_wire(dialogue_edit)
    return body


def check_generation(body: bodies.CreateGeneration, where: str) -> None:
    """Check a body against the limits of the spec; raises `InvalidRequestError`. Sends nothing."""
    from .._runtime.api.limits import check
    from .generated import limits

    check(limits, "CreateGeneration", body, where)


def on_wire(value: Any, *, snake: bool = False) -> Any:
    """Return a request value as JSON: with the service's field names, and without None values.

    A mapping may use either casing. Unknown fields are sent too.
    """
    if attrs.has(type(value)):
        value = {field.name: getattr(value, field.name) for field in attrs.fields(type(value))}
    if isinstance(value, Mapping):
        named = ((_snake(str(name)) if snake else _camel(str(name)), inner) for name, inner in value.items())
        return {name: on_wire(inner, snake=snake or name in _SNAKE) for name, inner in named if inner is not None}
    if isinstance(value, list | tuple):
        return [on_wire(each, snake=snake) for each in value]
    return value


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: f"_{found[1].lower()}", name)


def form_texts(fields: Mapping[str, Any]) -> dict[str, str]:
    """Return further fields of a body as form fields: values other than strings become JSON."""
    return {name: value if isinstance(value, str) else json.dumps(on_wire(value)) for name, value in fields.items()}

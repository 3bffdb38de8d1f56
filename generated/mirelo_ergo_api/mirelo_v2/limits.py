"""Types, bounds and defaults of what the service accepts in requests, as its spec says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple


class Limit(NamedTuple):
    """What one field or parameter may hold; lengths are in characters, bounds are included but the exclusive ones.

    `schema` names the object in `LIMITS` that a field of the type "object" holds. Where it holds one of several
    objects, `variants` names each, by the value of its field `tag`. `items` says what a list holds.
    """

    name: str  # as on the wire
    type: str  # "integer" "number" "string" "boolean" "object" "array" "any"
    required: bool
    default: str | int | float | bool | None = None
    minimum: float | int | None = None
    maximum: float | int | None = None
    min_length: int | None = None
    max_length: int | None = None
    enum: tuple[str, ...] = ()
    exclusive_minimum: float | int | None = None
    pattern: str | None = None
    min_items: int | None = None
    max_items: int | None = None
    schema: str | None = None
    tag: str | None = None
    variants: tuple[tuple[str, str], ...] = ()
    items: Limit | None = None
    nullable: bool = False
    exclusive_maximum: float | int | None = None


class Condition(NamedTuple):
    """What else a field has to keep to; both bounds are included.

    It holds while the fields in `when` have these values (None: they are absent), and not while those in `unless` have.
    With `width`, the field is an object, and the bounds are those of its second field named here less the first. With
    `count_of`, the field is a list, and the bounds are those of the number of its items with one of these tags. With
    `absent`, the field, which may be `outer.inner`, has to be left out.
    """

    field: str
    when: tuple[tuple[str, str | int | float | bool | None], ...] = ()
    width: tuple[str, str] | None = None
    minimum: float | int | None = None
    maximum: float | int | None = None
    unless: tuple[tuple[str, str | int | float | bool | None], ...] = ()
    count_of: tuple[str, ...] = ()
    absent: bool = False


SPEC_SHA256: Final = "bb0af828e4ad0b67d7ad9467c784a2fa5e211717fb3032e09f093eecf2b94240"
GENERATOR: Final = "openapi-python-client 0.29.1"
LIMITS: Final[Mapping[str, Mapping[str, Limit]]] = {
    "AssetRequest": {
        "content_type": Limit("content_type", "string", required=False),
    },
    "AudioSourceAsset": {
        "asset_id": Limit("asset_id", "string", required=True),
        "type": Limit("type", "string", required=True, enum=("asset",)),
    },
    "AudioSourceUrl": {
        "audio_url": Limit("audio_url", "string", required=True),
        "type": Limit("type", "string", required=True, enum=("url",)),
    },
    "ExtendAudioV16Request": {
        "append_duration_ms": Limit(
            "append_duration_ms", "integer", required=True, minimum=1000, maximum=30000
        ),
        "audio": Limit(
            "audio",
            "object",
            required=True,
            tag="type",
            variants=(("asset", "AudioSourceAsset"), ("url", "AudioSourceUrl")),
        ),
        "loop": Limit("loop", "boolean", required=False, default=False),
        "num_samples": Limit(
            "num_samples", "integer", required=False, default=1, minimum=1, maximum=4
        ),
        "prompt": Limit("prompt", "string", required=False),
    },
    "ExtendAudioWithVideoV16Request": {
        "append_duration_ms": Limit(
            "append_duration_ms", "integer", required=True, minimum=1000, maximum=57000
        ),
        "audio": Limit(
            "audio",
            "object",
            required=True,
            tag="type",
            variants=(("asset", "AudioSourceAsset"), ("url", "AudioSourceUrl")),
        ),
        "num_samples": Limit(
            "num_samples", "integer", required=False, default=1, minimum=1, maximum=4
        ),
        "prompt": Limit("prompt", "string", required=False),
        "start_offset_ms": Limit(
            "start_offset_ms", "integer", required=False, default=0, minimum=0
        ),
        "video": Limit(
            "video",
            "object",
            required=True,
            tag="type",
            variants=(("asset", "VideoSourceAsset"), ("url", "VideoSourceUrl")),
        ),
    },
    "InpaintAudioV16Request": {
        "audio": Limit(
            "audio",
            "object",
            required=True,
            tag="type",
            variants=(("asset", "AudioSourceAsset"), ("url", "AudioSourceUrl")),
        ),
        "num_samples": Limit(
            "num_samples", "integer", required=False, default=1, minimum=1, maximum=4
        ),
        "prompt": Limit("prompt", "string", required=False),
        "segment": Limit("segment", "object", required=True, schema="Segment"),
    },
    "InpaintAudioWithVideoV16Request": {
        "audio": Limit(
            "audio",
            "object",
            required=True,
            tag="type",
            variants=(("asset", "AudioSourceAsset"), ("url", "AudioSourceUrl")),
        ),
        "num_samples": Limit(
            "num_samples", "integer", required=False, default=1, minimum=1, maximum=4
        ),
        "prompt": Limit("prompt", "string", required=False),
        "segment": Limit("segment", "object", required=True, schema="Segment"),
        "video": Limit(
            "video",
            "object",
            required=True,
            tag="type",
            variants=(("asset", "VideoSourceAsset"), ("url", "VideoSourceUrl")),
        ),
    },
    "Segment": {
        "end_ms": Limit("end_ms", "integer", required=True),
        "start_ms": Limit("start_ms", "integer", required=True, minimum=1000),
    },
    "TextToSfxRequest": {
        "duration_ms": Limit(
            "duration_ms",
            "integer",
            required=False,
            default=10000,
            minimum=1000,
            maximum=10000,
        ),
        "num_samples": Limit(
            "num_samples", "integer", required=False, default=1, minimum=1, maximum=4
        ),
        "prompt": Limit("prompt", "string", required=True, max_length=5000),
    },
    "TextToSfxV16Request": {
        "duration_ms": Limit(
            "duration_ms",
            "integer",
            required=False,
            default=60000,
            minimum=1000,
            maximum=60000,
        ),
        "loop": Limit("loop", "boolean", required=False, default=False),
        "num_samples": Limit(
            "num_samples", "integer", required=False, default=1, minimum=1, maximum=4
        ),
        "prompt": Limit(
            "prompt", "string", required=True, min_length=1, max_length=5000
        ),
    },
    "VideoSourceAsset": {
        "asset_id": Limit("asset_id", "string", required=True),
        "type": Limit("type", "string", required=True, enum=("asset",)),
    },
    "VideoSourceUrl": {
        "type": Limit("type", "string", required=True, enum=("url",)),
        "video_url": Limit("video_url", "string", required=True),
    },
    "VideoToSfxRequest": {
        "duration_ms": Limit(
            "duration_ms", "integer", required=True, minimum=1000, maximum=600000
        ),
        "num_samples": Limit(
            "num_samples", "integer", required=False, default=1, minimum=1, maximum=4
        ),
        "output": Limit(
            "output", "string", required=False, default="audio", enum=("audio", "video")
        ),
        "start_offset_ms": Limit(
            "start_offset_ms", "integer", required=False, minimum=0
        ),
        "video": Limit(
            "video",
            "object",
            required=True,
            tag="type",
            variants=(("asset", "VideoSourceAsset"), ("url", "VideoSourceUrl")),
        ),
    },
    "VideoToSfxV16Request": {
        "duration_ms": Limit(
            "duration_ms", "integer", required=True, minimum=1000, maximum=600000
        ),
        "num_samples": Limit(
            "num_samples", "integer", required=False, default=1, minimum=1, maximum=4
        ),
        "output": Limit(
            "output", "string", required=False, default="audio", enum=("audio", "video")
        ),
        "prompt": Limit("prompt", "string", required=False),
        "start_offset_ms": Limit(
            "start_offset_ms", "integer", required=False, minimum=0
        ),
        "video": Limit(
            "video",
            "object",
            required=True,
            tag="type",
            variants=(("asset", "VideoSourceAsset"), ("url", "VideoSourceUrl")),
        ),
    },
    "extendAudioV16JobPoll": {
        "job_id": Limit("job_id", "string", required=True),
    },
    "extendAudioV16Preflight": {
        "append_duration_ms": Limit("append_duration_ms", "integer", required=True),
        "num_samples": Limit("num_samples", "integer", required=False, default=1),
    },
    "extendAudioV16Sync": {
        "Idempotency-Key": Limit("Idempotency-Key", "string", required=False),
    },
    "extendAudioWithVideoV16JobPoll": {
        "job_id": Limit("job_id", "string", required=True),
    },
    "extendAudioWithVideoV16Preflight": {
        "append_duration_ms": Limit("append_duration_ms", "integer", required=True),
        "num_samples": Limit("num_samples", "integer", required=False, default=1),
    },
    "extendAudioWithVideoV16Sync": {
        "Idempotency-Key": Limit("Idempotency-Key", "string", required=False),
    },
    "inpaintAudioV16JobPoll": {
        "job_id": Limit("job_id", "string", required=True),
    },
    "inpaintAudioV16Preflight": {
        "end_ms": Limit("end_ms", "integer", required=True),
        "num_samples": Limit("num_samples", "integer", required=False, default=1),
        "start_ms": Limit("start_ms", "integer", required=True),
    },
    "inpaintAudioV16Sync": {
        "Idempotency-Key": Limit("Idempotency-Key", "string", required=False),
    },
    "inpaintAudioWithVideoV16JobPoll": {
        "job_id": Limit("job_id", "string", required=True),
    },
    "inpaintAudioWithVideoV16Preflight": {
        "end_ms": Limit("end_ms", "integer", required=True),
        "num_samples": Limit("num_samples", "integer", required=False, default=1),
        "start_ms": Limit("start_ms", "integer", required=True),
    },
    "inpaintAudioWithVideoV16Sync": {
        "Idempotency-Key": Limit("Idempotency-Key", "string", required=False),
    },
    "textToSfxJobPoll": {
        "job_id": Limit("job_id", "string", required=True),
    },
    "textToSfxPreflight": {
        "duration_ms": Limit("duration_ms", "integer", required=False, default=10000),
        "num_samples": Limit("num_samples", "integer", required=False, default=1),
    },
    "textToSfxSync": {
        "Idempotency-Key": Limit("Idempotency-Key", "string", required=False),
    },
    "textToSfxV16JobPoll": {
        "job_id": Limit("job_id", "string", required=True),
    },
    "textToSfxV16Preflight": {
        "duration_ms": Limit("duration_ms", "integer", required=False, default=60000),
        "num_samples": Limit("num_samples", "integer", required=False, default=1),
    },
    "textToSfxV16Sync": {
        "Idempotency-Key": Limit("Idempotency-Key", "string", required=False),
    },
    "videoToSfxJobPoll": {
        "job_id": Limit("job_id", "string", required=True),
    },
    "videoToSfxPreflight": {
        "duration_ms": Limit("duration_ms", "integer", required=False, default=10000),
        "num_samples": Limit("num_samples", "integer", required=False, default=1),
    },
    "videoToSfxSync": {
        "Idempotency-Key": Limit("Idempotency-Key", "string", required=False),
    },
    "videoToSfxV16JobPoll": {
        "job_id": Limit("job_id", "string", required=True),
    },
    "videoToSfxV16Preflight": {
        "duration_ms": Limit("duration_ms", "integer", required=False, default=10000),
        "num_samples": Limit("num_samples", "integer", required=False, default=1),
    },
    "videoToSfxV16Sync": {
        "Idempotency-Key": Limit("Idempotency-Key", "string", required=False),
    },
}
# By object, fields of which exactly one has to be there.
ONE_OF: Final[Mapping[str, tuple[str, ...]]] = {}
CONDITIONS: Final[Mapping[str, tuple[Condition, ...]]] = {
    "ExtendAudioV16Request": (
        Condition("append_duration_ms", when=(("loop", True),), minimum=2000),
    ),
    "InpaintAudioV16Request": (
        Condition("segment", width=("start_ms", "end_ms"), minimum=1000, maximum=8000),
    ),
    "InpaintAudioWithVideoV16Request": (
        Condition("segment", width=("start_ms", "end_ms"), minimum=1000, maximum=8000),
    ),
    "TextToSfxV16Request": (
        Condition("duration_ms", when=(("loop", True),), minimum=3000, maximum=60000),
    ),
}

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


SPEC_SHA256: Final = "79ba9b1d63f21a3f4a3597b2c3389f12cac4cb28227e205c4b9c9d3fc232f915"
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
    "AudioToMidiRequest": {
        "audio": Limit("audio", "object", required=True, schema="AudioSourceAsset"),
        "instrument_detection_id": Limit(
            "instrument_detection_id", "string", required=False
        ),
        "instruments": Limit(
            "instruments",
            "array",
            required=False,
            items=Limit(
                "",
                "string",
                required=True,
                enum=(
                    "acoustic_piano",
                    "electric_piano",
                    "chromatic_percussion",
                    "organ",
                    "acoustic_guitar",
                    "clean_electric_guitar",
                    "distorted_electric_guitar",
                    "acoustic_bass",
                    "electric_bass",
                    "violin",
                    "viola",
                    "cello",
                    "contrabass",
                    "orchestral_harp",
                    "timpani",
                    "string_ensemble",
                    "synth_strings",
                    "voice",
                    "orchestra_hit",
                    "trumpet",
                    "trombone",
                    "tuba",
                    "french_horn",
                    "brass_section",
                    "soprano_and_alto_sax",
                    "tenor_sax",
                    "baritone_sax",
                    "oboe",
                    "english_horn",
                    "bassoon",
                    "clarinet",
                    "flutes",
                    "synth_lead",
                    "synth_pad",
                    "drums",
                ),
            ),
        ),
        "optimize_musicxml": Limit("optimize_musicxml", "boolean", required=False),
        "page_size": Limit(
            "page_size", "string", required=False, enum=("a4", "letter")
        ),
        "score_pdfs": Limit("score_pdfs", "boolean", required=False),
        "subdivision": Limit(
            "subdivision",
            "string",
            required=False,
            enum=(
                "automatic",
                "straight_sixteenths",
                "eighth_triplets",
                "sixteenth_triplets",
                "swing_eighths",
            ),
        ),
        "tempo": Limit("tempo", "object", required=False, schema="FixedTempo"),
        "time_signature": Limit(
            "time_signature", "object", required=False, schema="TimeSignature"
        ),
        "timing": Limit(
            "timing", "string", required=False, enum=("performance", "quantized")
        ),
    },
    "DetectInstrumentsRequest": {
        "audio": Limit("audio", "object", required=True, schema="AudioSourceAsset"),
        "max_credits": Limit("max_credits", "integer", required=False, minimum=0),
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
    "FixedTempo": {
        "bpm": Limit("bpm", "number", required=True, minimum=30, maximum=300),
        "mode": Limit("mode", "string", required=True, enum=("fixed",)),
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
    "TextToMusicRequest": {
        "duration_ms": Limit("duration_ms", "integer", required=True, minimum=1),
        "format": Limit("format", "string", required=False),
        "num_samples": Limit(
            "num_samples", "integer", required=False, default=1, minimum=1
        ),
        "prompt": Limit("prompt", "string", required=True, min_length=1),
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
    "TimeSignature": {
        "denominator": Limit(
            "denominator", "integer", required=True, minimum=4, maximum=8
        ),
        "numerator": Limit(
            "numerator", "integer", required=True, minimum=2, maximum=12
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
    "VideoToMusicRequest": {
        "duration_ms": Limit("duration_ms", "integer", required=True, minimum=1),
        "format": Limit("format", "string", required=False),
        "num_samples": Limit(
            "num_samples", "integer", required=False, default=1, minimum=1
        ),
        "video": Limit("video", "object", required=True, schema="VideoSourceAsset"),
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
    "audioToMidiJobPoll": {
        "job_id": Limit("job_id", "string", required=True),
    },
    "audioToMidiPreflight": {
        "duration_ms": Limit("duration_ms", "integer", required=True),
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
    "textToMusicJobPoll": {
        "job_id": Limit("job_id", "string", required=True),
    },
    "textToMusicPreflight": {
        "duration_ms": Limit("duration_ms", "integer", required=True),
        "num_samples": Limit("num_samples", "integer", required=False, default=1),
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
    "videoToMusicJobPoll": {
        "job_id": Limit("job_id", "string", required=True),
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

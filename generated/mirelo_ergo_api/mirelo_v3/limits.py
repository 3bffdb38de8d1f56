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


SPEC_SHA256: Final = "8f3370639b9154d52bc6943f84cfb93bb4172b84fb5d65c784d3c68cbe83a8e5"
GENERATOR: Final = "openapi-python-client 0.29.1"
LIMITS: Final[Mapping[str, Mapping[str, Limit]]] = {
    "AssetRef": {
        "id": Limit("id", "string", required=True),
        "type": Limit("type", "string", required=True, enum=("asset",)),
    },
    "AssetRequest": {
        "content_type": Limit("content_type", "string", required=True, min_length=1),
    },
    "AudioEditInput": {
        "audio": Limit("audio", "object", required=True, schema="AssetRef"),
        "prompt": Limit("prompt", "string", required=False),
        "video": Limit("video", "object", required=False, schema="AssetRef"),
    },
    "ExtendRequest": {
        "append_duration_ms": Limit(
            "append_duration_ms", "integer", required=True, minimum=1
        ),
        "controls": Limit("controls", "object", required=False, schema="LoopControls"),
        "input": Limit("input", "object", required=True, schema="AudioEditInput"),
        "model": Limit("model", "string", required=True),
        "num_variants": Limit(
            "num_variants", "integer", required=True, minimum=1, maximum=4
        ),
        "output": Limit("output", "object", required=False, schema="OutputOptions"),
        "start_offset_ms": Limit(
            "start_offset_ms", "integer", required=False, default=0, minimum=0
        ),
    },
    "InpaintRequest": {
        "input": Limit("input", "object", required=True, schema="AudioEditInput"),
        "model": Limit("model", "string", required=True),
        "num_variants": Limit(
            "num_variants", "integer", required=True, minimum=1, maximum=4
        ),
        "output": Limit("output", "object", required=False, schema="OutputOptions"),
        "region": Limit("region", "object", required=True, schema="Region"),
    },
    "LoopControls": {
        "loop": Limit("loop", "boolean", required=False),
    },
    "OutputOptions": {
        "format": Limit("format", "string", required=True),
    },
    "Region": {
        "end_ms": Limit("end_ms", "integer", required=True, minimum=1),
        "start_ms": Limit("start_ms", "integer", required=True, minimum=0),
    },
    "SpeechControls": {
        "preserve_speech": Limit("preserve_speech", "boolean", required=False),
    },
    "TextInput": {
        "prompt": Limit("prompt", "string", required=True, min_length=1),
    },
    "TextToSfxRequest": {
        "controls": Limit("controls", "object", required=False, schema="LoopControls"),
        "duration_ms": Limit("duration_ms", "integer", required=True, minimum=1),
        "input": Limit("input", "object", required=True, schema="TextInput"),
        "model": Limit("model", "string", required=True),
        "num_variants": Limit(
            "num_variants", "integer", required=True, minimum=1, maximum=4
        ),
        "output": Limit("output", "object", required=False, schema="OutputOptions"),
    },
    "VideoInput": {
        "prompt": Limit("prompt", "string", required=False),
        "video": Limit("video", "object", required=True, schema="AssetRef"),
    },
    "VideoToSfxRequest": {
        "controls": Limit(
            "controls", "object", required=False, schema="SpeechControls"
        ),
        "duration_ms": Limit("duration_ms", "integer", required=True, minimum=1),
        "input": Limit("input", "object", required=True, schema="VideoInput"),
        "model": Limit("model", "string", required=True),
        "num_variants": Limit(
            "num_variants", "integer", required=True, minimum=1, maximum=4
        ),
        "output": Limit("output", "object", required=False, schema="OutputOptions"),
        "start_offset_ms": Limit(
            "start_offset_ms", "integer", required=False, default=0, minimum=0
        ),
    },
    "createExtend": {
        "Idempotency-Key": Limit(
            "Idempotency-Key", "string", required=False, min_length=1
        ),
        "wait": Limit("wait", "integer", required=False, minimum=0),
    },
    "createInpaint": {
        "Idempotency-Key": Limit(
            "Idempotency-Key", "string", required=False, min_length=1
        ),
        "wait": Limit("wait", "integer", required=False, minimum=0),
    },
    "createTextToSfx": {
        "Idempotency-Key": Limit(
            "Idempotency-Key", "string", required=False, min_length=1
        ),
        "wait": Limit("wait", "integer", required=False, minimum=0),
    },
    "createVideoToSfx": {
        "Idempotency-Key": Limit(
            "Idempotency-Key", "string", required=False, min_length=1
        ),
        "wait": Limit("wait", "integer", required=False, minimum=0),
    },
    "getExtend": {
        "id": Limit("id", "string", required=True),
    },
    "getInpaint": {
        "id": Limit("id", "string", required=True),
    },
    "getTextToSfx": {
        "id": Limit("id", "string", required=True),
    },
    "getVideoToSfx": {
        "id": Limit("id", "string", required=True),
    },
}
# By object, fields of which exactly one has to be there.
ONE_OF: Final[Mapping[str, tuple[str, ...]]] = {}
CONDITIONS: Final[Mapping[str, tuple[Condition, ...]]] = {}

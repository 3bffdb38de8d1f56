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


SPEC_SHA256: Final = "5fd2fdbd5bda5b733b92286fbfd484728a3fc2fd7848a58e729c3df1eb44563d"
GENERATOR: Final = "openapi-python-client 0.29.1"
LIMITS: Final[Mapping[str, Mapping[str, Limit]]] = {
    "TextToAudioRequest": {
        "ambience": Limit("ambience", "boolean", required=False, default=False),
        "double_output": Limit(
            "double_output", "boolean", required=False, default=False
        ),
        "duration": Limit(
            "duration", "number", required=False, default=10, minimum=0.1, maximum=60
        ),
        "num_samples": Limit(
            "num_samples", "integer", required=False, default=1, minimum=1, maximum=4
        ),
        "seed": Limit("seed", "integer", required=False),
        "text_prompt": Limit("text_prompt", "string", required=True, min_length=4),
        "upload_audio_format": Limit(
            "upload_audio_format",
            "string",
            required=False,
            default="wav",
            enum=("wav", "mp3", "aac", "flac"),
        ),
    },
    "VideoToAudioRequest": {
        "duration": Limit(
            "duration", "number", required=False, default=10, exclusive_minimum=0
        ),
        "num_samples": Limit("num_samples", "integer", required=False, default=2),
        "seed": Limit("seed", "integer", required=False, default=2105),
        "text_prompt": Limit("text_prompt", "string", required=False, default=""),
        "video_url": Limit("video_url", "string", required=True),
    },
    "VideoToVideoRequest": {
        "duration": Limit(
            "duration", "number", required=False, default=10, minimum=1, maximum=60
        ),
        "num_samples": Limit(
            "num_samples", "integer", required=False, default=1, minimum=1, maximum=4
        ),
        "seed": Limit("seed", "integer", required=False),
        "text_prompt": Limit("text_prompt", "string", required=False),
        "video_url": Limit("video_url", "string", required=True),
    },
    "getRequestStatus": {
        "request_id": Limit("request_id", "string", required=True),
    },
    "textToAudio": {
        "X-Webhook-Mode": Limit(
            "X-Webhook-Mode", "string", required=False, enum=("terminal", "sync")
        ),
        "X-Webhook-URL": Limit("X-Webhook-URL", "string", required=False),
    },
    "videoToAudio": {
        "X-Webhook-Mode": Limit(
            "X-Webhook-Mode", "string", required=False, enum=("terminal", "sync")
        ),
        "X-Webhook-URL": Limit("X-Webhook-URL", "string", required=False),
    },
    "videoToVideo": {
        "X-Webhook-Mode": Limit(
            "X-Webhook-Mode", "string", required=False, enum=("terminal", "sync")
        ),
        "X-Webhook-URL": Limit("X-Webhook-URL", "string", required=False),
    },
}
# By object, fields of which exactly one has to be there.
ONE_OF: Final[Mapping[str, tuple[str, ...]]] = {}
CONDITIONS: Final[Mapping[str, tuple[Condition, ...]]] = {}

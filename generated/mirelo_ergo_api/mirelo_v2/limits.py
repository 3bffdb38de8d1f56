"""What the service accepts in requests: types, bounds and defaults, as its spec says."""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Limit(NamedTuple):
    """Say what one field or parameter may hold; lengths are in characters, both bounds are included."""

    name: str  # as on the wire
    type: str  # "integer" "number" "string" "boolean" "object" "array"
    required: bool
    default: str | int | float | bool | None = None
    minimum: float | int | None = None
    maximum: float | int | None = None
    min_length: int | None = None
    max_length: int | None = None
    enum: tuple[str, ...] = ()


SPEC_SHA256: Final = "ac6b9bc7c2815377dafcca368f213eba6a5342fe786feb44b78ff36d9b71ee61"
GENERATOR: Final = "openapi-python-client 0.29.1"
LIMITS: Final[Mapping[str, Mapping[str, Limit]]] = {
    "AssetRequest": {
        "content_type": Limit("content_type", "string", required=False),
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
        "video": Limit("video", "object", required=True),
    },
    "textToSfxJobPoll": {
        "job_id": Limit("job_id", "string", required=True),
    },
    "textToSfxPreflight": {
        "duration_ms": Limit("duration_ms", "integer", required=False, default=10000),
        "num_samples": Limit("num_samples", "integer", required=False, default=1),
    },
    "videoToSfxJobPoll": {
        "job_id": Limit("job_id", "string", required=True),
    },
    "videoToSfxPreflight": {
        "duration_ms": Limit("duration_ms", "integer", required=False, default=10000),
        "num_samples": Limit("num_samples", "integer", required=False, default=1),
    },
}

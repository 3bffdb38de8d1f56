"""The service's operations: each one's method, path and parameters, as its spec says."""

from typing import Final, NamedTuple


class Endpoint(NamedTuple):
    """Where an operation is asked, and which parameters it takes beside its body."""

    name: str  # the operationId
    method: str
    path: str  # its parameters stand in braces
    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()


TEXT_TO_AUDIO: Final = Endpoint(
    "textToAudio",
    "POST",
    "/mirelo-sfx-1-6-text-to-audio/v1/mirelo-sfx-1-6-text-to-audio-request",
    headers=("X-Webhook-URL", "X-Webhook-Mode"),
)
VIDEO_TO_VIDEO: Final = Endpoint(
    "videoToVideo",
    "POST",
    "/mirelo-sfx-1-6-video-to-video/v1/mirelo-sfx-1-6-video-to-video-request",
    headers=("X-Webhook-URL", "X-Webhook-Mode"),
)
VIDEO_TO_AUDIO: Final = Endpoint(
    "videoToAudio",
    "POST",
    "/mirelo-sfx-video-to-audio/v1/mirelo-sfx-video-to-audio-request",
    headers=("X-Webhook-URL", "X-Webhook-Mode"),
)
GET_REQUEST_STATUS: Final = Endpoint(
    "getRequestStatus", "GET", "/v2/requests/status/{request_id}"
)

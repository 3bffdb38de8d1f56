"""The service's operations: each one's method, path and parameters, as its spec says."""

from typing import Final, NamedTuple


class Endpoint(NamedTuple):
    """Where an operation is asked, and which parameters it takes beside its body."""

    name: str  # the operationId
    method: str
    path: str  # its parameters stand in braces
    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()


CREATE_ASSET: Final = Endpoint("createAsset", "POST", "/v3/assets")
CREATE_EXTEND: Final = Endpoint(
    "createExtend",
    "POST",
    "/v3/extend/edits",
    query=("wait",),
    headers=("Idempotency-Key",),
)
PREFLIGHT_EXTEND: Final = Endpoint(
    "preflightExtend", "POST", "/v3/extend/edits/preflight"
)
GET_EXTEND: Final = Endpoint("getExtend", "GET", "/v3/extend/edits/{id}")
CREATE_INPAINT: Final = Endpoint(
    "createInpaint",
    "POST",
    "/v3/inpaint/edits",
    query=("wait",),
    headers=("Idempotency-Key",),
)
PREFLIGHT_INPAINT: Final = Endpoint(
    "preflightInpaint", "POST", "/v3/inpaint/edits/preflight"
)
GET_INPAINT: Final = Endpoint("getInpaint", "GET", "/v3/inpaint/edits/{id}")
GET_ME: Final = Endpoint("getMe", "GET", "/v3/me")
LIST_MODELS: Final = Endpoint("listModels", "GET", "/v3/models")
CREATE_TEXT_TO_SFX: Final = Endpoint(
    "createTextToSfx",
    "POST",
    "/v3/text-to-sfx/generations",
    query=("wait",),
    headers=("Idempotency-Key",),
)
PREFLIGHT_TEXT_TO_SFX: Final = Endpoint(
    "preflightTextToSfx", "POST", "/v3/text-to-sfx/generations/preflight"
)
GET_TEXT_TO_SFX: Final = Endpoint(
    "getTextToSfx", "GET", "/v3/text-to-sfx/generations/{id}"
)
CREATE_VIDEO_TO_SFX: Final = Endpoint(
    "createVideoToSfx",
    "POST",
    "/v3/video-to-sfx/generations",
    query=("wait",),
    headers=("Idempotency-Key",),
)
PREFLIGHT_VIDEO_TO_SFX: Final = Endpoint(
    "preflightVideoToSfx", "POST", "/v3/video-to-sfx/generations/preflight"
)
GET_VIDEO_TO_SFX: Final = Endpoint(
    "getVideoToSfx", "GET", "/v3/video-to-sfx/generations/{id}"
)

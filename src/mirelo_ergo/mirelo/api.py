"""The description of the Mirelo API's HTTP, v2 and v3, for the runtime."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from .._runtime.api.answers import find_text_field
from .._runtime.api.service import Api, ErrorFacts
from ..errors import (
    AudioError,
    AuthenticationError,
    InsufficientCreditsError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    VideoError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..errors import MireloError

_ERRORS: Mapping[str, type[MireloError]] = {
    "invalid_request": InvalidRequestError,
    "unauthorized": AuthenticationError,
    "insufficient_credits": InsufficientCreditsError,
    "no_active_subscription": InsufficientCreditsError,
    "job_not_found": NotFoundError,
    "video_url_unreachable": VideoError,
    "video_format_unsupported": VideoError,
    "video_too_short": VideoError,
    "invalid_video": VideoError,
    "invalid_asset": VideoError,
    "audio_url_unreachable": AudioError,
    "audio_format_unsupported": AudioError,
    "audio_too_short": AudioError,
    "audio_too_long": AudioError,
    "invalid_audio": AudioError,
    "not_found": NotFoundError,
    "model_not_found": NotFoundError,
    "invalid_region": InvalidRequestError,
    "capability_unsupported": InvalidRequestError,
    "moderation_blocked": PermissionDeniedError,
    "payload_too_large": InvalidRequestError,
    "concurrency_limit_reached": RateLimitError,
    "rate_limited": RateLimitError,
    "upstream_rate_limited": RateLimitError,
    "server_error": ServerError,
    "generation_failed": ServerError,
    "generation_timeout": ServerError,
}


def _auth(key: str) -> tuple[str, str]:
    return "Authorization", f"Bearer {key}"


def _read_error(body: object) -> ErrorFacts | None:
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return None
    code, message = error.get("code"), error.get("message")
    if not isinstance(code, str) or not code:
        return None
    return ErrorFacts(code, message if isinstance(message, str) else "")


def _find_job_id(text: str) -> str | None:
    """Find the job id in a response of either API, which may be damaged.

    In v2 the path for polls ends with the job id.
    """
    by_path = (find_text_field(text, "job_url") or "").partition("/jobs/")[2]
    return find_text_field(text, "job_id") or by_path or find_text_field(text, "id")


MIRELO: Final = Api(
    name="mirelo",
    base_url="https://api.mirelo.ai",
    key_variable="MIRELO_API_KEY",
    url_variable="MIRELO_BASE_URL",
    auth=_auth,
    read_error=_read_error,
    errors_by_code=_ERRORS,
    uncharged=frozenset({"generation_failed", "generation_timeout"}),
    find_job_id=_find_job_id,
    not_ready=frozenset({"asset_not_ready"}),
    full=frozenset({"concurrency_limit_reached"}),
    free_paths=re.compile(r"/v[23]/assets|/v3/.+/preflight|/v2/audio-to-midi/[^/]+/instruments"),
)

"""What the runtime must know of the Mirelo API, v2 and v3."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from .._runtime.api.answers import find_text_field
from .._runtime.api.endpoints import describe
from .._runtime.api.service import Api, ErrorFacts
from .._runtime.jobs.protocol import JobApi, operation_names
from .._runtime.jobs.schedule import PROMPT
from .._runtime.lazy import LazyModule
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
from .families import FAMILIES, MIDI
from .v3 import FAMILIES as V3_FAMILIES
from .v3 import RUNNING, poll_path
from .values import find_job_id, read_accepted, read_status
from .versions import is_v3

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._runtime.jobs.tokens import JobRecord
    from ..errors import MireloError
    from . import midi, v3_values
else:
    midi, v3_values = LazyModule("mirelo_ergo.mirelo.midi"), LazyModule("mirelo_ergo.mirelo.v3_values")

ASSET_LIFETIME: Final = 23 * 3600.0
"""Seconds that an asset id is used again; the service keeps assets 24 h."""

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


def _poll_endpoint(record: JobRecord) -> tuple[str, str]:
    endpoint = FAMILIES[record.family, record.model].endpoints.poll
    return endpoint.name, describe(endpoint, {"job_id": record.job_id})["url"]


def _find_job_id(text: str) -> str | None:
    """Find a job's id in the response to a create of either API, also where it is cut off."""
    return find_job_id(text) or find_text_field(text, "id")


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
    free_paths=re.compile(r"/v[23]/assets|/v3/.+/preflight|/v2/audio-to-midi/[^/]+/instruments"),
)
MIRELO_JOBS: Final = JobApi(
    api=MIRELO,
    operations=operation_names(FAMILIES),
    knows=lambda family, model: family != MIDI and (family, model) in FAMILIES,
    poll_endpoint=_poll_endpoint,
    read_accepted=read_accepted,
    read_status=read_status,
    running=frozenset({"processing"}),
    schedule=PROMPT,
    lifetime=24 * 3600.0,
)
MIRELO_MIDI_JOBS: Final = JobApi(
    api=MIRELO,
    operations=operation_names([(MIDI, "")]),
    knows=lambda family, model: family == MIDI and (family, model) in FAMILIES,
    poll_endpoint=_poll_endpoint,
    read_accepted=read_accepted,
    read_status=lambda record, reply, wall: midi.read_status(record, reply, wall),
    running=frozenset({"processing"}),
    schedule=PROMPT,
    lifetime=24 * 3600.0,
)
MIRELO_V3_JOBS: Final = JobApi(
    api=MIRELO,
    operations=operation_names((name, "") for name in V3_FAMILIES),
    knows=lambda family, model: family in V3_FAMILIES and is_v3(model),
    poll_endpoint=lambda record: poll_path(record.family, record.job_id),
    read_accepted=lambda reply: v3_values.read_accepted(reply),
    read_status=lambda record, reply, wall: v3_values.read_status(record, reply, wall),
    running=RUNNING,
    schedule=PROMPT,
    lifetime=24 * 3600.0,
)

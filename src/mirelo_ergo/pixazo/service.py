"""The description of the Pixazo gateway for the runtime."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from .._runtime.api.endpoints import describe
from .._runtime.api.service import Api, ErrorFacts
from .._runtime.jobs.protocol import JobApi, operation_names
from .._runtime.jobs.schedule import Schedule
from ..errors import InsufficientCreditsError, NotFoundError
from .families import FAMILIES
from .generated import operations as of
from .values import find_job_id, read_accepted, read_status
from .webhooks import WEBHOOKS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._runtime.jobs.tokens import JobRecord
    from ..errors import MireloError

_ERRORS: Final[Mapping[str, type[MireloError]]] = {
    "Insufficient Balance": InsufficientCreditsError,
    # Sent with 400 although no argument is wrong: the gateway at this address does not have the model.
    "Model not found": NotFoundError,
}
_PACE: Final = Schedule(floor=5.6, cap=10.0, first_cap=5.6)
"""Polls every 5 to 10 s, as the gateway recommends; jitter shortens each gap by up to a tenth."""


def _auth(key: str) -> tuple[str, str]:
    return "Ocp-Apim-Subscription-Key", key


def _read_error(body: object) -> ErrorFacts | None:
    if not isinstance(body, dict):
        return None
    code, message = body.get("error"), body.get("message")
    if not isinstance(code, str) or not code:
        return None
    return ErrorFacts(code, message if isinstance(message, str) else "")


def _poll_endpoint(record: JobRecord) -> tuple[str, str]:
    endpoint = of.GET_REQUEST_STATUS
    return endpoint.name, describe(endpoint, {"request_id": record.job_id})["url"]


PIXAZO: Final = Api(
    name="pixazo",
    base_url="https://gateway.pixazo.ai",
    key_variable="PIXAZO_API_KEY",
    url_variable="PIXAZO_BASE_URL",
    auth=_auth,
    read_error=_read_error,
    errors_by_code=_ERRORS,
    uncharged=frozenset(),
    find_job_id=find_job_id,
    headers=(("Cache-Control", "no-cache"),),
)
PIXAZO_JOBS: Final = JobApi(
    api=PIXAZO,
    operations=operation_names(FAMILIES),
    knows=lambda family, model: (family, model) in FAMILIES,
    poll_endpoint=_poll_endpoint,
    read_accepted=read_accepted,
    read_status=read_status,
    running=frozenset({"QUEUED", "PROCESSING"}),
    schedule=_PACE,
    lifetime=math.inf,
    webhooks=WEBHOOKS,
)

"""The description of sync.so for the runtime: its HTTP, jobs and webhooks."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final

from .._runtime.api.answers import Unusable, find_text_field, read_object, text_field
from .._runtime.api.endpoints import describe
from .._runtime.api.idempotency import KeyRules
from .._runtime.api.requests import request_from
from .._runtime.api.retry import parse_retry_after
from .._runtime.api.service import Api, ErrorFacts
from .._runtime.ids import job_id_problem
from .._runtime.jobs.files import ResultFile
from .._runtime.jobs.protocol import JobApi, LongPoll
from .._runtime.jobs.schedule import PROMPT
from .._runtime.jobs.values import Accepted, JobErrored, JobProcessing, JobStatus, JobSucceeded, PollResult
from .._runtime.redact import short_repr, shorten
from .._runtime.webhooks.events import JobEvent, WebhookFormat
from .._runtime.webhooks.order import Webhook, WebhookOrder
from .._runtime.webhooks.signatures import SignatureScheme
from ..errors import InsufficientCreditsError, InvalidRequestError, NotFoundError, PermissionDeniedError, RateLimitError
from . import values
from .generated import operations as api

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._runtime.io.protocol import Reply
    from .._runtime.jobs.tokens import JobRecord
    from ..errors import MireloError

LIPSYNC: Final = "lipsync"
"""The family of its jobs. Their model is the requested one, whatever its name."""
_ENDS: Final = frozenset({"FAILED", "REJECTED", "CANCELED", "TIMED_OUT"})
"""Final states without a result. The last two are only in old documentation."""
_LONGEST_TEXT: Final = 2000
_ERRORS: Final[Mapping[str, type[MireloError]]] = {
    "INVALID_IDEMPOTENCY_KEY": InvalidRequestError,
    "project_not_found": NotFoundError,
    "asset_not_found": NotFoundError,
    "asset_forbidden": PermissionDeniedError,
    "concurrency_limit_reached": RateLimitError,
    "rate_limit_exceeded": RateLimitError,
    "billing_required": InsufficientCreditsError,
}


def _auth(key: str) -> tuple[str, str]:
    return "x-api-key", key


def _read_error(body: object) -> ErrorFacts | None:
    """Read an error body. A quota error may lack its code, which then follows from the status."""
    if not isinstance(body, dict) or "message" not in body or "statusCode" not in body:
        return None
    message, code = body["message"], body.get("errorCode") or body.get("error_code")
    texts = [each for each in message if isinstance(each, str)] if isinstance(message, list) else [message]
    said = [text for text in (*texts, body.get("suggestion")) if isinstance(text, str) and text]
    named = code if isinstance(code, str) and code else f"http_{body['statusCode']}"
    return ErrorFacts(named, shorten("; ".join(said), _LONGEST_TEXT))


def _find_job_id(text: str) -> str | None:
    """Find the generation's id in a response that may be damaged or an error."""
    return find_text_field(text, "generationId", "id")


def read_accepted(reply: Reply) -> Accepted:
    """Read the answer to a submit. Only the id is needed."""
    generation_id = text_field(read_object(reply), "id")
    problem = job_id_problem(generation_id)
    if problem is not None:
        raise Unusable(f"the answer's id {short_repr(generation_id)} {problem}")
    return Accepted(generation_id, None)


def read_generation(generation: values.Generation) -> JobStatus:
    """Read a generation's state. An unknown one means that it still runs."""
    if generation.status == "COMPLETED":
        files = [
            ResultFile(url, "video", "mp4", index, main=index == 0, name=name)
            for index, (name, url) in enumerate(
                (("result", generation.output_url), ("segments", generation.segment_output_url))
            )
            if url
        ]
        return JobSucceeded(tuple(files), output=generation.to_dict(), created_at=generation.created_at)
    if generation.status in _ENDS:
        message = shorten(generation.error or "the service gave no reason", _LONGEST_TEXT)
        code = generation.error_code or str(generation.status).lower()
        return JobErrored(code, 0, message, charged=None, output=generation.to_dict(), created_at=generation.created_at)
    percent = generation.progress_percent
    progress = 0 if percent is None else int(min(max(percent, 0), 100))
    return JobProcessing(progress, "", generation.status or "", created_at=generation.created_at)


def _read_status(record: JobRecord, reply: Reply, wall: float) -> PollResult:
    generation = values.read(values.Generation, read_object(reply))
    if generation.id != record.job_id:
        raise Unusable(f"the answer is of the generation {short_repr(generation.id)}, another one")
    status = read_generation(generation)
    # The Retry-After of a long poll that timed out is ignored, because the next poll is held too.
    held = "x-sync-wait-mode" in reply.headers
    after = parse_retry_after(reply.headers.get("retry-after"), reply.headers.get("date"), wall)
    return PollResult(status, retry_after=None if held else after)


def _poll(record: JobRecord, query: Mapping[str, Any]) -> tuple[str, str]:
    described = describe(api.GET_GENERATION, {"id": record.job_id}, query=query)
    return api.GET_GENERATION.name, request_from(described).path


def order_webhook(webhook: Webhook) -> WebhookOrder:
    """Return the field that orders a generation's webhook."""
    return WebhookOrder(fields={"webhookUrl": webhook.url})


def read_webhook(fields: Mapping[str, Any]) -> JobEvent:
    """Read a webhook about a generation or a batch, in either casing; raises `Unusable`."""
    if "metrics" in fields:
        batch = values.read(values.BatchResponse, fields)
        status: Any = {"COMPLETED": "succeeded", "FAILED": "errored"}.get(str(batch.status), "processing")
        urls = [batch.output_url] if batch.output_url else []
        return JobEvent(
            batch.id, status, str(batch.status), urls, None, batch.created_at, payload=fields, service="sync_so"
        )
    generation = values.read(values.Generation, fields)
    state = read_generation(generation)
    return JobEvent(
        generation.id,
        state.status,
        str(generation.status),
        state.result_urls if state.status == "succeeded" else [],
        state.message if state.status == "errored" else None,
        generation.created_at,
        payload=fields,
        service="sync_so",
    )


WEBHOOKS: Final = WebhookFormat(
    order_webhook,
    read_webhook,
    SignatureScheme(("Sync-Signature", "X-Signature-Primary"), "SYNC_WEBHOOK_SECRET", compact_too=True),
)
SYNC_SO: Final = Api(
    name="sync_so",
    base_url="https://api.sync.so",
    key_variable="SYNC_API_KEY",
    url_variable="SYNC_BASE_URL",
    auth=_auth,
    read_error=_read_error,
    errors_by_code=_ERRORS,
    uncharged=frozenset(),
    find_job_id=_find_job_id,
    free_paths=re.compile(r"/v2/(assets|analyze|projects|generations)(/.*)?"),
    full=frozenset({"concurrency_limit_reached"}),
    outcome_unknown=frozenset({"IDEMPOTENCY_OUTCOME_UNKNOWN"}),
    keys=KeyRules(pattern=re.compile(r"[A-Za-z0-9._~-]{1,128}", re.ASCII)),
)
SYNC_SO_JOBS: Final = JobApi(
    api=SYNC_SO,
    operations=frozenset({LIPSYNC}),
    knows=lambda family, _: family == LIPSYNC,
    poll_endpoint=lambda record: _poll(record, {"include": "progress"}),
    read_accepted=read_accepted,
    read_status=_read_status,
    running=frozenset({"PENDING", "PROCESSING"}),
    schedule=PROMPT,
    lifetime=math.inf,
    long_poll=LongPoll(lambda record, seconds: _poll(record, {"wait": True, "timeout": seconds}), 10),
    webhooks=WEBHOOKS,
)

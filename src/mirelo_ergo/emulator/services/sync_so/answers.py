"""The answers of sync.so: generations, assets, batches and errors, each with its casing."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from mirelo_ergo.emulator.clock import iso
from mirelo_ergo.emulator.refusals import BAD_REQUEST
from mirelo_ergo.emulator.state.idempotency import CONFLICT, IN_FLIGHT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.responses import Response

    from mirelo_ergo.emulator.refusals import Refusal
    from mirelo_ergo.emulator.state.records import Job

QUEUED_SHARE = 0.2  # of a job's time
USD_PER_CREDIT = 0.01
REJECTED = "rejected"
# The codes of the emulator that are others here; those without one are told by their status alone.
CODES: Mapping[str, str | None] = {
    BAD_REQUEST: None,
    "unauthorized": None,
    "not_found": None,
    "method_not_allowed": None,
    "job_not_found": None,
    "insufficient_credits": None,
    "no_active_subscription": None,
    "server_error": "internal_error",
    "rate_limited": "rate_limit_exceeded",
    CONFLICT: "IDEMPOTENCY_KEY_CONFLICT",
    IN_FLIGHT: "IDEMPOTENCY_KEY_IN_FLIGHT",
}
FAILURES: Mapping[str, str] = {
    "video_url_unreachable": "generation_input_video_inaccessible",
    "image_url_unreachable": "generation_input_video_inaccessible",
    "audio_url_unreachable": "generation_audio_missing",
    "audio_too_long": "generation_audio_length_exceeded",
    "invalid_video": "generation_media_metadata_missing",
    "invalid_audio": "generation_media_metadata_missing",
    "video_format_unsupported": "generation_media_metadata_missing",
    "audio_format_unsupported": "generation_media_metadata_missing",
    "generation_failed": "generation_pipeline_failed",
    "server_error": "generation_unhandled_error",
}


def refuse(refusal: Refusal) -> Response:
    """Return a refusal in the form of the service's errors."""
    status = refusal.http_status
    body: dict[str, Any] = {"message": refusal.message, "statusCode": status, "error": HTTPStatus(status).phrase}
    code = CODES.get(refusal.code, refusal.code)
    if code is not None:
        body["errorCode"] = code
    if status >= 500:
        body["requestId"] = str(uuid.uuid4())
    return JSONResponse(body, status_code=status)


def status_of(job: Job, now: float) -> str:
    """Return the status of a generation."""
    if job.completed_at is not None:
        return "COMPLETED" if job.error is None else "REJECTED" if job.error.code == REJECTED else "FAILED"
    begins_at = job.created_at + QUEUED_SHARE * min(job.estimated_ms / 1000, job.finishes_at - job.created_at)
    return "PENDING" if now < begins_at else "PROCESSING"


def generation(job: Job, now: float, urls: Sequence[str], *, progress: bool = False) -> dict[str, Any]:
    """Return a generation for an answer or a webhook."""
    sent = job.request
    answer: dict[str, Any] = {
        "id": job.id,
        "createdAt": iso(job.created_at),
        "status": status_of(job, now),
        "model": sent["model"],
        "input": sent["input"],
        **{name: sent[name] for name in ("options", "segments", "webhookUrl", "projectId") if name in sent},
        "outputUrl": None,
        "error": None,
    }
    if job.error is not None:
        answer |= {"error": job.error.message, "errorCode": FAILURES.get(job.error.code, job.error.code)}
    elif job.completed_at is not None and urls:
        length_ms = job.results[0].duration_ms
        answer |= {"outputUrl": urls[0], "outputDuration": None if length_ms is None else length_ms / 1000}
    if progress:
        answer["progress_percent"] = 100 if job.done else job.progress_percent(now)
    return answer


def costs(job: Job, now: float) -> dict[str, Any]:
    """Return the cost of a generation, which is not known before its end."""
    total = None if not job.done else job.credits * USD_PER_CREDIT if job.error is None else 0.0
    return {
        "generationId": job.id,
        "generationStatus": status_of(job, now),
        "currency": "USD",
        "availability": "pending" if total is None else "complete",
        "totalCostUsd": None if total is None else f"{total:.2f}",
        "knownSubtotalUsd": f"{total or 0.0:.2f}",
        "retryAfterSeconds": 5 if total is None else None,
    }

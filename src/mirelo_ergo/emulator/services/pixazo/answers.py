"""The gateway's answers: statuses, with times in both documented formats, and errors."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal, get_args

from starlette.responses import JSONResponse

from mirelo_ergo.emulator.clock import iso

if TYPE_CHECKING:
    from starlette.responses import Response

    from mirelo_ergo.emulator.refusals import Refusal
    from mirelo_ergo.emulator.state.records import Job

Timestamps = Literal["mixed", "iso", "plain"]
TIMESTAMPS = get_args(Timestamps)
QUEUED_SHARE = 0.2  # of a job's time
TITLES = {
    "insufficient_credits": "Insufficient Balance",
    "model_not_found": "Model not found",
    "job_not_found": "Request not found",
}
STATUSES = (400, 401, 402, 403, 404, 405, 429, 500, 503)


def refuse(refusal: Refusal) -> Response:
    """Return a refusal as an error of the queue. A lapsed key is forbidden; other statuses become 400 and 500."""
    status = 403 if refusal.code == "no_active_subscription" else refusal.http_status
    if status not in STATUSES:
        status = 400 if status < 500 else 500
    title = TITLES.get(refusal.code, HTTPStatus(status).phrase)
    return JSONResponse({"error": title, "message": refusal.message}, status_code=status)


def request_status(job: Job, now: float, media_urls: list[str], shape: Timestamps) -> dict[str, Any]:
    """Return a job as a RequestStatus, for a poll or a webhook."""
    status, changed_at = _state(job, now)
    output = None
    if status == "COMPLETED":
        output = {"media_url": media_urls, "media_type": job.results[0].media_type}
    return {
        "request_id": job.id,
        "status": status,
        "model_id": job.origin.model,
        "error": None if job.error is None else job.error.message,
        "output": output,
        "created_at": _stamp(job.created_at, plain=shape == "plain"),
        "updated_at": _stamp(changed_at, plain=shape == "plain" or (shape == "mixed" and status != "QUEUED")),
        "completed_at": None if job.completed_at is None else _stamp(job.completed_at, plain=shape != "iso"),
    }


def _state(job: Job, now: float) -> tuple[str, float]:
    """Return a job's status and its start."""
    if job.completed_at is not None:
        if job.error is None:
            return "COMPLETED", job.completed_at
        return ("ERROR" if job.error.code == "server_error" else "FAILED"), job.completed_at
    begins_at = job.created_at + QUEUED_SHARE * min(job.estimated_ms / 1000, job.finishes_at - job.created_at)
    return ("QUEUED", job.created_at) if now < begins_at else ("PROCESSING", begins_at)


def _stamp(moment: float, *, plain: bool) -> str:
    """Return a time as 2026-05-22T13:17:32.110Z or, also in UTC, as 2026-05-22 13:19:23."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S") if plain else iso(moment)

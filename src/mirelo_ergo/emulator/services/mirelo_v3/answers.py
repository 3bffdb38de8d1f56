"""The answers of v3: jobs with outputs, variants and files, missing credits, and errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from starlette.responses import JSONResponse

from mirelo_ergo.emulator.clock import iso
from mirelo_ergo.emulator.refusals import Refusal
from mirelo_ergo.emulator.state.idempotency import CONFLICT, IN_FLIGHT
from mirelo_ergo.emulator.state.store import DAY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.responses import Response

    from mirelo_ergo.emulator.state.records import Job

QUEUED_SHARE = 0.2  # of a job's time
ENDS = ("canceled", "expired")  # a failure with one of these codes is this state
CODES = {"job_not_found": "not_found", CONFLICT: "conflict", IN_FLIGHT: "conflict"}
RETRYABLE = ("asset_not_ready", "concurrency_limit_reached", "rate_limited", "conflict", "temporarily_unavailable")


class NoCredits(Refusal):
    """Raised to refuse with 402 and the missing credits."""

    def __init__(self, refusal: Refusal, missing: Mapping[str, Any]) -> None:
        super().__init__(refusal.code, refusal.http_status, refusal.message)
        self.missing = missing


def refuse(refusal: Refusal) -> Response:
    """Return a refusal in v3's form."""
    code = CODES.get(refusal.code, refusal.code)
    error: dict[str, Any] = {"code": code, "message": refusal.message, "retryable": code in RETRYABLE}
    if isinstance(refusal, NoCredits):
        error["credit_recovery"] = refusal.missing
    return JSONResponse({"error": error}, status_code=refusal.http_status)


def receipt(job: Job, path: str) -> dict[str, Any]:
    """Return the answer to a submit."""
    return {
        "id": job.id,
        "status": "queued",
        "estimated_ms": job.estimated_ms,
        "status_url": f"{path}/{job.id}",
    }


def status(job: Job, now: float, urls: Sequence[str], path: str) -> dict[str, Any]:
    """Return a job's state. `urls` are those of its results, in their order."""
    state = _state(job, now)
    answer: dict[str, Any] = {
        "id": job.id,
        "object": job.origin.family.replace("-", "_") + (".generation" if "-to-" in job.origin.family else ".edit"),
        "status": state,
        "model": job.origin.model,
        "created_at": iso(job.created_at),
        "expires_at": iso(job.created_at + DAY),
        "completed_at": None if job.completed_at is None else iso(job.completed_at),
        "progress": None if job.done else job.progress_percent(now) / 100,
        "credits": None,
        "errors": [],
        "result": None,
        "urls": {"self": f"{path}/{job.id}"},
    }
    if not job.done:
        return answer
    charged = job.error is None or job.losses.charged
    answer["credits"] = job.credits if charged else 0
    if job.error is not None:
        answer["errors"] = [{"code": job.error.code, "message": job.error.message}]
    else:
        output = _output(job, urls, state)
        answer["errors"] = [
            {"code": "generation_failed", "message": f"the variant {variant['index']} failed (asked for)"}
            for variant in output["variants"]
            if variant["status"] == "failed"
        ]
        several = job.origin.family == "video-to-sfx"
        answer["result"] = {"outputs": [output]} if several else {"output": output}
    return answer


def _state(job: Job, now: float) -> str:
    if not job.done:
        begins_at = job.created_at + QUEUED_SHARE * min(job.estimated_ms / 1000, job.finishes_at - job.created_at)
        return "queued" if now < begins_at else "running"
    if job.error is not None:
        return job.error.code if job.error.code in ENDS else "failed"
    if not job.lost:
        return "succeeded"
    return "partially_succeeded" if job.results else "failed"


def _output(job: Job, urls: Sequence[str], state: str) -> dict[str, Any]:
    asked = job.request["num_variants"]
    files: dict[int, dict[str, Any]] = {}
    for result, url in zip(job.results, urls, strict=True):
        expires = int(parse_qs(urlsplit(url).query)["expires"][0])
        file = {"url": url, "url_expires_at": iso(expires), "format": result.format}
        kind = result.role or ("video" if result.format == "mp4" else "audio")
        files.setdefault(result.variant, {})[kind] = file
    variants: list[dict[str, Any]] = [
        {"index": index, "status": "succeeded", "files": files[index]} for index in sorted(files)
    ]
    if job.losses.how == "failed":
        missing = (index for index in range(asked) if index not in files)
        variants += [{"index": index, "status": "failed", "files": None} for index in missing]
    return {
        "index": 0,
        "type": "sfx",
        "label": None,
        "start_ms": 0,
        "end_ms": None,
        "credits": job.credits,
        "variants_requested": asked,
        "status": state,
        "gain_db": None,
        "generation_id": job.id,
        "variants": variants,
    }

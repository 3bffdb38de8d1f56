"""Reading v2's answers about jobs: tolerantly, and only the needed fields."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from .._runtime.api.answers import Unusable, read_object, text_field, tolerant_integer
from .._runtime.api.retry import http_date, parse_retry_after
from .._runtime.ids import job_id_problem
from .._runtime.io.protocol import Reply
from .._runtime.jobs.files import files_at
from .._runtime.jobs.tokens import JobRecord
from .._runtime.jobs.values import Accepted, JobErrored, JobProcessing, JobSucceeded, PollResult, refuse_other_job
from .._runtime.redact import log, short_repr, shorten


def read_accepted(reply: Reply) -> Accepted:
    """Read the answer to a submit. Only the job id is needed; everything else may be missing."""
    fields = read_object(reply)
    job_id = text_field(fields, "job_id")
    problem = job_id_problem(job_id)
    if problem is not None:
        raise Unusable(f"the answer's job_id {short_repr(job_id)} {problem}")
    estimated_ms = tolerant_integer(fields.get("estimated_ms"))
    if estimated_ms is None:
        log.warning("the service gave no estimate for job %s; 30 s are assumed", shorten(job_id))
    return Accepted(job_id, estimated_ms)


def read_result(reply: Reply) -> JobSucceeded:
    """Read a /sync answer: the result URLs, at least one."""
    fields = read_object(reply)
    files = files_at(fields.get("result_urls"))
    if not files:
        raise Unusable("the answer's field 'result_urls' holds no URL")
    return JobSucceeded(files, output=fields)


def read_status(record: JobRecord, reply: Reply, wall: float) -> PollResult:
    """Read the answer to a poll. A status other than succeeded and errored means that the job still runs.

    Music has other words for both, and its URLs are outside the result, according to the vendor's client.
    """
    fields = read_object(reply)
    refuse_other_job(record.job_id, fields.get("job_id"))
    raw = text_field(fields, "status")
    echoed = fields.get("request")
    echoed = echoed if isinstance(echoed, dict) else {}
    asked = tolerant_integer(echoed.get("num_samples"))
    created, completed = moment_of(fields.get("created_at")), moment_of(fields.get("completed_at"))
    music = record.family.endswith("-to-music")
    if raw == "succeeded" or (music and raw == "completed"):
        result = fields.get("result")
        urls = result.get("result_urls") if isinstance(result, dict) else None
        if music and urls is None:
            urls = fields.get("result_urls")
        files = files_at(urls, "video" if echoed.get("output") == "video" else None)
        done = JobSucceeded(files, output=result, created_at=created, completed_at=completed)
        return PollResult(done, asked=asked)
    if raw == "errored" or (music and raw == "failed"):
        code, status, message = _read_errored(fields.get("error"))
        errored = JobErrored(code, status, message, created_at=created, completed_at=completed)
        return PollResult(errored, asked=asked)
    completion = fields.get("estimated_completion_at")
    completion = completion if isinstance(completion, str) else ""
    progress = min(max(tolerant_integer(fields.get("progress_percent")) or 0, 0), 100)
    after = parse_retry_after(reply.headers.get("retry-after"), reply.headers.get("date"), wall)
    left = _seconds_until(completion, reply.headers)
    return PollResult(JobProcessing(progress, completion, raw, created_at=created), left, after, asked)


def _read_errored(error: object) -> tuple[str, int, str]:
    fields = error if isinstance(error, dict) else {}
    code, message = fields.get("code"), fields.get("message")
    return (
        code if isinstance(code, str) and code else "generation_failed",
        tolerant_integer(fields.get("http_status")) or 0,
        message if isinstance(message, str) else "the service gave no reason",
    )


def _seconds_until(completion: str, headers: Mapping[str, str]) -> float | None:
    """Return the seconds until a moment by the server's clock, None if the answer has no `Date`."""
    now, moment = http_date(headers.get("date", "")), moment_of(completion)
    return None if now is None or moment is None else max(0.0, moment.timestamp() - now)


def moment_of(value: object) -> datetime | None:
    """Read a time in ISO 8601 as aware UTC (UTC if it has no zone); None for anything else."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        return moment and (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None

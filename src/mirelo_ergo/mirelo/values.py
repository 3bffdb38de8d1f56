"""What calls give back, and how it is read from answers: tolerantly, the few fields that matter."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

import attrs

from .._runtime.answers import Unusable, integer_field, read_object, string_list, text_field, tolerant_integer
from .._runtime.poll import Seen
from .._runtime.redact import SignedUrl, log, shorten
from .._runtime.retry import http_date, parse_retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._runtime.io import Reply


@attrs.frozen
class MeResult:
    """An account: its id, e-mail address, credits left (whole credits), and whether it may go below zero."""

    id: str
    email: str
    credits_available: int
    overage_enabled: bool


@attrs.frozen
class PreflightResult:
    """What a generation will cost, in credits (exact), and how long it takes, in ms (about 98 % take less).

    `estimated_ms` is 30000 if the service gave none.
    """

    credits: int
    estimated_ms: int


@attrs.frozen
class JobProcessing:
    """A job that still runs.

    `progress_percent` is an estimate, 0 to 90 until the job is done. `estimated_completion_at` is the service's text
    (ISO 8601, "" if absent). `raw_status` is the status it gave, which may be one this version does not know.
    """

    progress_percent: int
    estimated_completion_at: str
    raw_status: str = "processing"
    status: Literal["processing"] = "processing"


@attrs.frozen
class JobSucceeded:
    """A job with its results: URLs that are signed and live about an hour."""

    result_urls: list[str] = attrs.field(repr=lambda urls: f"[{len(urls)} URLs]")
    status: Literal["succeeded"] = "succeeded"


@attrs.frozen
class JobErrored:
    """A job that ended without a result, and why. It was not charged."""

    code: str
    http_status: int
    message: str
    status: Literal["errored"] = "errored"


JobStatus = JobProcessing | JobSucceeded | JobErrored


@attrs.frozen
class Accepted:
    """What a submit's answer holds."""

    job_id: str
    estimated_ms: int | None


@attrs.frozen
class Polled:
    """What a poll's answer holds: the status, and how many samples the echoed request asked for (None if unsaid)."""

    status: JobStatus
    asked: int | None


LONGEST_ID: Final = 200


def job_id_problem(job_id: str) -> str | None:
    """Say why a job id cannot be part of a path, None if it can. Ids are strings: not every service's are UUIDs."""
    if not 0 < len(job_id) <= LONGEST_ID:
        return f"has {len(job_id)} characters, not 1 to {LONGEST_ID}"
    if not job_id.isascii() or not job_id.isprintable() or not job_id.strip(". /"):
        return "holds characters that no job id has"
    return None


def read_me(reply: Reply) -> MeResult:
    """Read GET /v2/me."""
    fields = read_object(reply)
    return MeResult(
        text_field(fields, "id"),
        str(fields.get("email") or ""),
        integer_field(fields, "credits_available"),
        fields.get("overage_enabled") is True,
    )


def read_preflight(reply: Reply) -> PreflightResult:
    """Read a preflight; a cost that is no whole number of credits, or below 0, is no cost."""
    fields = read_object(reply)
    cost = integer_field(fields, "credits")
    if cost < 0:
        raise Unusable(f"the answer's field 'credits' is {cost}, which is no cost")
    estimated_ms = tolerant_integer(fields.get("estimated_ms"))
    if estimated_ms is None:
        log.warning("the service gave no estimate with its preflight; 30 s are assumed")
    return PreflightResult(cost, 30_000 if estimated_ms is None else estimated_ms)


def read_asset(reply: Reply) -> tuple[str, str]:
    """Read POST /v2/assets: the asset id and its upload URL."""
    fields = read_object(reply)
    return text_field(fields, "asset_id"), SignedUrl(text_field(fields, "upload_url"))


def read_accepted(reply: Reply) -> Accepted:
    """Read a submit's answer. Only the job id is needed: everything else can be missing."""
    fields = read_object(reply)
    job_id = text_field(fields, "job_id")
    problem = job_id_problem(job_id)
    if problem is not None:
        raise Unusable(f"the answer's job_id {shorten(repr(job_id), 60)} {problem}")
    estimated_ms = tolerant_integer(fields.get("estimated_ms"))
    if estimated_ms is None:
        log.warning("the service gave no estimate for job %s; 30 s are assumed", shorten(job_id))
    return Accepted(job_id, estimated_ms)


def read_result(reply: Reply) -> list[str]:
    """Read a /sync answer: the result URLs, at least one."""
    urls = _signed(read_object(reply).get("result_urls"))
    if not urls:
        raise Unusable("the answer's field 'result_urls' holds no URL")
    return urls


def read_status(reply: Reply, wall: float) -> Seen[Polled]:
    """Read a poll. A status that is neither succeeded nor errored means that the job still runs."""
    fields = read_object(reply)
    raw = text_field(fields, "status")
    echoed = fields.get("request")
    asked = tolerant_integer(echoed.get("num_samples")) if isinstance(echoed, dict) else None
    if raw == "succeeded":
        result = fields.get("result")
        urls = _signed(result.get("result_urls")) if isinstance(result, dict) else []
        return Seen(Polled(JobSucceeded(urls), asked), final=True)
    if raw == "errored":
        return Seen(Polled(_read_errored(fields.get("error")), asked), final=True)
    completion = fields.get("estimated_completion_at")
    completion = completion if isinstance(completion, str) else ""
    progress = min(max(tolerant_integer(fields.get("progress_percent")) or 0, 0), 100)
    after = parse_retry_after(reply.headers.get("retry-after"), reply.headers.get("date"), wall)
    left = _seconds_until(completion, reply.headers)
    return Seen(Polled(JobProcessing(progress, completion, raw), asked), False, left, after)


def _signed(urls: object) -> list[str]:
    return [SignedUrl(url) for url in string_list(urls)]


def _read_errored(error: object) -> JobErrored:
    fields = error if isinstance(error, dict) else {}
    code, message = fields.get("code"), fields.get("message")
    return JobErrored(
        code if isinstance(code, str) and code else "generation_failed",
        tolerant_integer(fields.get("http_status")) or 0,
        message if isinstance(message, str) else "the service gave no reason",
    )


def _seconds_until(completion: str, headers: Mapping[str, str]) -> float | None:
    """Give the seconds until a moment by the server's own clock, None if its `Date` does not show it."""
    now = http_date(headers.get("date", ""))
    if now is None or not completion:
        return None
    try:
        moment = datetime.fromisoformat(completion)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, aware.timestamp() - now)
    except (ValueError, OverflowError):
        return None

"""Reading the gateway's answers: tolerantly, and only the needed fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from .._runtime.api.answers import Unusable, find_text_field, read_object, text_field
from .._runtime.api.retry import parse_retry_after
from .._runtime.ids import job_id_problem
from .._runtime.jobs.files import files_at
from .._runtime.jobs.values import (
    Accepted,
    JobErrored,
    JobProcessing,
    JobStatus,
    JobSucceeded,
    PollResult,
    refuse_other_job,
)
from .._runtime.redact import short_repr, shorten
from .times import read_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._runtime.io.protocol import Reply
    from .._runtime.jobs.tokens import JobRecord

_LONGEST_REASON = 2000


def read_accepted(reply: Reply) -> Accepted:
    """Read the answer to a submit. Only the request's id is needed; its `polling_url` is never used."""
    job_id = text_field(read_object(reply), "request_id")
    problem = job_id_problem(job_id)
    if problem is not None:
        raise Unusable(f"the answer's request_id {short_repr(job_id)} {problem}")
    return Accepted(job_id, None)


def find_job_id(text: str) -> str | None:
    """Find the request's id in the answer to a submit, which may be cut off."""
    return find_text_field(text, "request_id")


def read_status(record: JobRecord, reply: Reply, wall: float) -> PollResult:
    """Read the answer to a poll. A status other than the three final ones means that the request still runs."""
    fields = read_object(reply)
    refuse_other_job(record.job_id, fields.get("request_id"))
    status = read_request(fields, "video" if record.family == "video-to-video" else None)
    after = parse_retry_after(reply.headers.get("retry-after"), reply.headers.get("date"), wall)
    return PollResult(status, retry_after=after)


def read_request(fields: Mapping[str, Any], kind: str | None = None) -> JobStatus:
    """Read the status in a poll's answer or a webhook's payload; raises `Unusable`.

    `kind` is the kind of the files, if it is known from the job's family.
    """
    raw = text_field(fields, "status")
    created, completed = read_time(fields.get("created_at")), read_time(fields.get("completed_at"))
    if raw == "COMPLETED":
        output = fields.get("output")
        media = output.get("media_url") if isinstance(output, dict) else None
        files = files_at([media] if isinstance(media, str) else media, kind)
        return JobSucceeded(files, output=output, created_at=created, completed_at=completed)
    if raw in ("FAILED", "ERROR"):
        reason = fields.get("error") or "the service gave no reason"
        message = shorten(reason, _LONGEST_REASON)
        charged: Literal[False] | None = False if raw == "ERROR" else None  # for FAILED the charge is not documented
        return JobErrored(raw, 0, message, charged=charged, created_at=created, completed_at=completed)
    return JobProcessing(0, "", raw, created_at=created)

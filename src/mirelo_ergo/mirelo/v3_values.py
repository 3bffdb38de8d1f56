"""Reading v3's answers: tolerantly, and only the needed fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from .._runtime.api.answers import Unusable, read_object, text_field, tolerant_integer
from .._runtime.api.retry import parse_retry_after
from .._runtime.ids import job_id_problem
from .._runtime.io.protocol import Reply
from .._runtime.jobs.files import ResultFile
from .._runtime.jobs.tokens import JobRecord
from .._runtime.jobs.values import Accepted, JobErrored, JobProcessing, JobStatus, JobSucceeded, PollResult
from .._runtime.redact import SignedUrl, short_repr, shorten
from .job_values import moment_of
from .values import MeResult, PreflightResult, preflight_of, read_recovery

if TYPE_CHECKING:
    from .._runtime.transfer.upload import Slot

_GOOD_ENDS: Final = frozenset({"succeeded", "partially_succeeded"})
_ENDED_BADLY: Final = frozenset({"failed", "canceled", "cancelled", "expired"})
_CHARGED: Final = "result_unreadable"
"""The code of a job that was charged, but whose result cannot be read."""


def read_accepted(reply: Reply) -> Accepted:
    """Read the answer to a submit, a receipt or a job. Only the id is needed."""
    fields = read_object(reply)
    job_id = text_field(fields, "id")
    problem = job_id_problem(job_id)
    if problem is not None:
        raise Unusable(f"the answer's id {short_repr(job_id)} {problem}")
    return Accepted(job_id, tolerant_integer(fields.get("estimated_ms")))


def read_status(record: JobRecord, reply: Reply, wall: float) -> PollResult:
    """Read the answer to a poll. An unknown status means that the job runs, unless it has a completion time."""
    fields = read_object(reply)
    if fields.get("id") not in (None, record.job_id):
        raise Unusable(f"the answer is of the job {short_repr(fields.get('id'))}, another one")
    status, asked = _status(fields), _asked(fields)
    after = parse_retry_after(reply.headers.get("retry-after"), reply.headers.get("date"), wall)
    return PollResult(status, retry_after=after, asked=asked, response=fields)


def _status(fields: Mapping[str, Any]) -> JobStatus:
    raw = text_field(fields, "status")
    created, completed = moment_of(fields.get("created_at")), moment_of(fields.get("completed_at"))
    files = tuple(_files(fields))
    ended = raw in _GOOD_ENDS | _ENDED_BADLY or isinstance(fields.get("completed_at"), str)
    if not ended:
        progress = fields.get("progress")
        share = progress if isinstance(progress, int | float) and not isinstance(progress, bool) else 0
        return JobProcessing(int(100 * min(max(share, 0), 1)), "", raw, created_at=created)
    code, message = _error(fields, raw)
    whole = raw in _GOOD_ENDS and not fields.get("errors")
    if raw in _ENDED_BADLY or code == _CHARGED or not (files or whole):
        return JobErrored(
            code,
            0,
            message,
            charged=True if code == _CHARGED else None,
            files=files,
            output=fields.get("result"),
            created_at=created,
            completed_at=completed,
        )
    return JobSucceeded(
        files,
        output=fields.get("result"),
        incomplete=raw == "partially_succeeded" and bool(files),
        created_at=created,
        completed_at=completed,
    )


def _error(fields: Mapping[str, Any], raw: str) -> tuple[str, str]:
    listed = fields.get("errors")
    errors = [each for each in (listed if isinstance(listed, list) else ()) if isinstance(each, dict)]
    codes = [each["code"] for each in errors if isinstance(each.get("code"), str)]
    texts = [str(each.get("message") or each.get("code")) for each in errors]
    if _CHARGED in codes:
        return _CHARGED, "the result cannot be read, though it was charged: do not send it again, ask the service"
    message = shorten("; ".join(texts), 2000) if texts else f"the job is {raw}, and the service gave no reason"
    return (codes[0] if codes else raw), message


def _outputs(fields: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    result = fields.get("result")
    if not isinstance(result, dict):
        return []
    outputs = result.get("outputs")
    found = outputs if isinstance(outputs, list) else [result.get("output")]
    return [each for each in found if isinstance(each, dict)]


def _files(fields: Mapping[str, Any]) -> Iterator[ResultFile]:
    """Yield the files of the variants that succeeded: sounds as results, others as additional files."""
    place = 0
    for number, output in enumerate(_outputs(fields)):
        variants = output.get("variants")
        for order, variant in enumerate(variants if isinstance(variants, list) else ()):
            files = variant.get("files") if isinstance(variant, dict) else None
            if not isinstance(files, dict) or variant.get("status") == "failed":
                continue
            for kind in ("audio", "video", "speech"):
                file = files.get(kind)
                if isinstance(file, dict) and isinstance(file.get("url"), str):
                    form = file.get("format")
                    yield ResultFile(
                        file["url"],
                        kind,
                        form.partition("_")[0] if isinstance(form, str) else None,
                        place,
                        main=kind == "audio",
                        output=str(output.get("index", number)),
                        variant=str(variant.get("index", order)),
                        expires_at=moment_of(file.get("url_expires_at")),
                    )
            place += 1


def _asked(fields: Mapping[str, Any]) -> int | None:
    counts = [tolerant_integer(output.get("variants_requested")) for output in _outputs(fields)]
    return sum(count for count in counts if count) or None


def read_preflight(reply: Reply) -> PreflightResult:
    """Read a preflight; raises `Unusable` if the cost is not a whole number of credits from 0 on."""
    fields = read_object(reply)
    recovery = fields.get("credit_recovery")
    return preflight_of(fields, read_recovery(recovery) if isinstance(recovery, dict) else None)


def read_me(reply: Reply) -> MeResult:
    """Read GET /v3/me."""
    fields = read_object(reply)
    credits_available = tolerant_integer(fields.get("credits_available"))
    return MeResult(
        text_field(fields, "id"),
        str(fields.get("email") or ""),
        0 if credits_available is None else credits_available,
        overage_enabled=None,
        spend_capacity=tolerant_integer(fields.get("spend_capacity")),
        recovery=read_recovery(fields),
    )


def read_asset(reply: Reply) -> Slot:
    """Read POST /v3/assets: the asset's id, and the form to post its bytes with."""
    from .._runtime.transfer.forms import PresignedForm  # only uploads need them
    from .._runtime.transfer.upload import Slot

    fields = read_object(reply)
    entries = fields.get("fields")
    if not isinstance(entries, dict) or not all(map(_is_text, (*entries, *entries.values()))):
        raise Unusable("the answer's field 'fields' is not an object of texts")
    return Slot(
        text_field(fields, "id"),
        SignedUrl(text_field(fields, "upload_url")),
        PresignedForm(tuple(entries.items())),
        tolerant_integer(fields.get("max_bytes")),
    )


def _is_text(value: object) -> bool:
    """Return whether a value is a text that a form can carry: JSON may hold half surrogate pairs."""
    return isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)


__all__ = ["read_accepted", "read_asset", "read_me", "read_preflight", "read_status"]

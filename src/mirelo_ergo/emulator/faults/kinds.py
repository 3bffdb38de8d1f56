"""The kinds of faults, for tests, scenario files and the emulator's endpoints.

Each fault is a frozen value. Its `kind` is its name in JSON and YAML, beside its parameters: `{"kind": "status",
"status": 503, "retry_after": 1}`. `groups` are the operations that it can apply to. A fault that loses an answer
(`when="after"`) keeps the created job, which is charged when it succeeds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

import attrs

from mirelo_ergo.emulator.refusals import short
from mirelo_ergo.emulator.spec.bounds import Choice, Either, Flag, Number, Text, nearest
from mirelo_ergo.emulator.spec.targets import GENERATE, GROUPS

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_SECONDS = 3600
MAX_BYTES = 1 << 30
T = TypeVar("T")
ALL = frozenset(GROUPS)
STREAM = frozenset({"stream"})
WHEN = Choice(("before", "after"))
CODE = Text(r"[A-Za-z][A-Za-z0-9_]{0,63}", "a code of up to 64 letters, digits and underscores", optional=True)
MESSAGE = Text(r"[^\x00-\x1f]{1,500}", "1 to 500 characters on one line", optional=True)
RETRY_AFTER = Either(
    Number(0, 10**9, whole=True), Text(r"[!-~]([ -~]{0,98}[!-~])?", "a header's value in ASCII"), optional=True
)
# What the contract's codes stand for, for those that have no other HTTP status than these.
STATUSES = {
    "insufficient_credits": 402,
    "no_active_subscription": 402,
    "job_not_found": 404,
    "invalid_video": 422,
    "invalid_audio": 422,
    "invalid_asset": 422,
    "server_error": 500,
    "generation_failed": 502,
    "generation_timeout": 504,
}


@attrs.frozen
class Fault:
    """The base class of all faults."""

    kind: ClassVar[str]
    groups: ClassVar[frozenset[str]] = ALL


@attrs.frozen
class JobFault(Fault):
    """A fault of the generation itself; it counts generations that were accepted."""


@attrs.frozen
class Latency(Fault):
    """Wait before the answer's first byte; the request is processed at once."""

    kind = "latency"
    seconds: float = attrs.field(validator=Number(0, MAX_SECONDS))


@attrs.frozen
class Status(Fault):
    """Answer with an error status: in the service's own words, with an empty body, or with a proxy's HTML page.

    `before` the request is processed, or `after`: then the job exists and only its answer is lost. `retry_after` is in
    seconds, or any text for the header. Without `code` it is the usual one of the status.
    """

    kind = "status"
    status: int = attrs.field(validator=Number(400, 599, whole=True))
    body: str = attrs.field(default="envelope", validator=Choice(("envelope", "empty", "html")))
    code: str | None = attrs.field(default=None, validator=CODE)
    message: str | None = attrs.field(default=None, validator=MESSAGE)
    retry_after: int | str | None = attrs.field(default=None, validator=RETRY_AFTER)
    when: str = attrs.field(default="before", validator=WHEN)


@attrs.frozen
class HtmlPage(Fault):
    """Answer 200 with an HTML page, as a captive portal or a proxy does, `before` or `after` processing."""

    kind = "html_page"
    when: str = attrs.field(default="before", validator=WHEN)


@attrs.frozen
class Reset(Fault):
    """Reset the connection without an answer, `before` the request is processed or `after`."""

    kind = "reset"
    when: str = attrs.field(default="before", validator=WHEN)


@attrs.frozen
class NoAnswer(Fault):
    """Take the request and never answer, `before` it is processed or `after`; ends when the client goes away."""

    kind = "no_answer"
    when: str = attrs.field(default="before", validator=WHEN)


@attrs.frozen
class CutBody(Fault):
    """End the answer after so many bytes of its body, at least one short of what its headers promise."""

    kind = "cut_body"
    after_bytes: int = attrs.field(default=0, validator=Number(0, MAX_BYTES, whole=True))


@attrs.frozen
class Drip(Fault):
    """Send the answer, head and body, so many bytes at a time with a pause after each; then close."""

    kind = "drip"
    size: int = attrs.field(default=1, validator=Number(1, 1 << 20, whole=True))
    interval_s: float = attrs.field(default=0.1, validator=Number(0.001, 60))


@attrs.frozen
class BadJson(Fault):
    """Send only the first half of the answer's JSON, with a length that is right for it."""

    kind = "bad_json"
    groups = ALL - {"upload", "result", "link", "stream"}


@attrs.frozen
class SlowUpload(Fault):
    """Read an upload no faster than this, in bytes a second, with a small buffer under it."""

    kind = "slow_upload"
    groups = frozenset({"upload"})
    bytes_per_s: int = attrs.field(validator=Number(1024, MAX_BYTES, whole=True))


@attrs.frozen
class ExpiredUploadUrl(Fault):
    """Let the upload's URL expire the moment it is used, and stay so: 403, only a new asset helps."""

    kind = "expired_upload_url"
    groups = frozenset({"upload"})


@attrs.frozen
class ExpiredResultUrl(Fault):
    """Let the result's URL expire the moment it is used, and stay so: 403, only another look at the job helps."""

    kind = "expired_result_url"
    groups = frozenset({"result"})


@attrs.frozen
class PolicyExpired(Fault):
    """Let the policy of an upload form expire the moment it is used, and stay so: 403, only a new asset helps."""

    kind = "policy_expired"
    groups = frozenset({"upload"})


@attrs.frozen
class AssetNotReady(Fault):
    """Refuse a generation, in the service's words, since the file it names has only just come in: later it is taken."""

    kind = "asset_not_ready"
    groups = GENERATE
    status: int = attrs.field(default=409, validator=Number(400, 499, whole=True))


@attrs.frozen
class InFlight(Fault):
    """Refuse a submit that has an idempotency key with 409, as if the first one with it were still being processed."""

    kind = "in_flight"
    groups = GENERATE


@attrs.frozen
class KeyForgotten(Fault):
    """Forget the idempotency key of a submit before it is processed: sent again, it makes and charges a second job."""

    kind = "key_forgotten"
    groups = GENERATE


@attrs.frozen
class CutStream(Fault):
    """Cut the connection of a stream after so many lines, `inside` the next one or between two."""

    kind = "cut_stream"
    groups = STREAM
    after_lines: int = attrs.field(default=1, validator=Number(0, 10_000, whole=True))
    inside: bool = attrs.field(default=False, validator=Flag())


@attrs.frozen
class EndStream(Fault):
    """End a stream in good order after so many lines, whether its job has ended or not."""

    kind = "end_stream"
    groups = STREAM
    after_lines: int = attrs.field(default=1, validator=Number(0, 10_000, whole=True))


@attrs.frozen
class HeartbeatsOnly(Fault):
    """Send nothing but heartbeats on a stream, one in each interval, until the client goes away."""

    kind = "heartbeats_only"
    groups = STREAM
    interval_s: float = attrs.field(default=1.0, validator=Number(0.01, 60))


@attrs.frozen
class BufferedStream(Fault):
    """Hold a whole stream back until it has ended, as a proxy does that buffers what it passes on."""

    kind = "buffered_stream"
    groups = STREAM


@attrs.frozen
class StuckJob(JobFault):
    """Accept a job that never ends. It holds its credits for the 24 hours that jobs live and is never charged."""

    kind = "stuck_job"
    groups = GENERATE


@attrs.frozen
class FailedJob(JobFault):
    """Let the accepted generation end as errored, with this code; it is not charged, unless `charged` says so.

    Without `http_status` it is the one of the code: 400 for a code that the contract does not know.
    """

    kind = "failed_job"
    groups = GENERATE
    code: str = attrs.field(default="generation_failed", validator=attrs.evolve(CODE, optional=False))
    http_status: int | None = attrs.field(default=None, validator=Number(400, 599, whole=True, optional=True))
    message: str | None = attrs.field(default=None, validator=MESSAGE)
    charged: bool = attrs.field(default=False, validator=Flag())

    @property
    def status(self) -> int:
        """The HTTP status of the job's error."""
        return STATUSES.get(self.code, 400) if self.http_status is None else self.http_status


@attrs.frozen
class LostResults(JobFault):
    """Let the accepted generation lose its last results, all of which are charged.

    They are "missing" from its answer, or there as "failed", where the service has a word for it.
    """

    kind = "lost_results"
    groups = GENERATE
    count: int = attrs.field(default=1, validator=Number(1, 1000, whole=True))
    how: Literal["missing", "failed"] = attrs.field(default="missing", validator=Choice(("missing", "failed")))


@attrs.frozen
class WrongEstimate(JobFault):
    """Multiply the honest `estimated_ms` by this, at least 1; the job takes as long as it would have."""

    kind = "wrong_estimate"
    groups = GENERATE | {"preflight"}
    factor: float = attrs.field(validator=Number(0.001, 1_000_000))


@attrs.frozen
class RateLimit(Fault):
    """Answer 429 with Retry-After to what comes faster than `per_s` after a first `burst`, for each key on its own."""

    kind = "rate_limit"
    per_s: float = attrs.field(validator=Number(0.001, 100_000))
    burst: int = attrs.field(default=1, validator=Number(1, 100_000, whole=True))


KINDS: Mapping[str, type[Fault]] = {
    fault.kind: fault
    for fault in (
        Latency,
        Status,
        HtmlPage,
        Reset,
        NoAnswer,
        CutBody,
        Drip,
        BadJson,
        SlowUpload,
        ExpiredUploadUrl,
        ExpiredResultUrl,
        PolicyExpired,
        AssetNotReady,
        InFlight,
        KeyForgotten,
        CutStream,
        EndStream,
        HeartbeatsOnly,
        BufferedStream,
        StuckJob,
        FailedJob,
        LostResults,
        WrongEstimate,
        RateLimit,
    )
}


def fault_to_json(fault: Fault) -> dict[str, Any]:
    """Return a fault as JSON, with its parameters."""
    return {"kind": fault.kind, **attrs.asdict(fault, filter=lambda _, value: value is not None)}


def fault_from_json(value: object, where: str) -> Fault:
    """Read a fault; raise `ValueError` with the place, the value, its bound and the known names."""
    given = an_object(value, where)
    kind = given.pop("kind", None)
    if kind is None:
        raise ValueError(f"{where}.kind is missing: {nearest('', KINDS)}")
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"{where}.kind is {short(kind)}, which is none: {nearest(str(kind), KINDS)}")
    return build(KINDS[kind], given, where)


def an_object(value: object, where: str) -> dict[str, Any]:
    """Return a copy of a JSON object; raise `ValueError` for anything else."""
    if not isinstance(value, dict):
        raise ValueError(f"{where} is {short(value)}: it has to be an object")
    return dict(value)


def build(cls: type[T], given: Mapping[str, Any], where: str) -> T:
    """Return a frozen value of an object's fields; raise `ValueError` for unknown and missing ones."""
    fields = attrs.fields_dict(cls)  # type: ignore[arg-type]  # all that come here are attrs classes
    for name in given:
        if name not in fields:
            known = nearest(str(name), fields) if fields else "there are none"
            raise ValueError(f"{where}.{short(str(name))[1:-1]} is not a known field: {known}")
        if given[name] is None:
            raise ValueError(f"{where}.{name} is null: leave it out, or give it a value")
    for name, field in fields.items():
        if name not in given and field.default is attrs.NOTHING:
            raise ValueError(f"{where}.{name} is missing")
    try:
        return cls(**given)
    except ValueError as error:
        raise ValueError(f"{where}.{error}") from None

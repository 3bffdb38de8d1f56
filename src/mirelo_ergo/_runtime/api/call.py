"""The state of one operation while it runs, and the errors that follow from it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import attrs

from ...errors import JobError, MireloError, SubmitOutcomeUnknown, UnexpectedResponseError
from ..ids import job_id_problem
from ..redact import log
from .answers import ErrorBody, error_from, failure_error, read_error_body, status_phrase
from .requests import fingerprint
from .retry import Answered, Failed, Kind, Outcome, Unknown, parse_retry_after

if TYPE_CHECKING:
    from ..io.protocol import Reply, TransportFailure
    from ..io.sent import SentTracker
    from .operation import Operation, Runtime
    from .retrier import Retrier


_CHUNK_SIZES = re.compile(r"(\A|\r?\n)[0-9a-fA-F]{1,8}(;[^\r\n]*)?\r?\n")
"""What stands between the pieces of a body that came in chunks, where nothing told that it did."""


@attrs.define(eq=False)
class Call:
    """One running operation: its latest attempt, and whether a paid request's outcome is open.

    From the first byte of a paid request until `finish`, `explain` adds that the outcome is unknown to whatever
    exception ends the operation: an interrupt, a cancellation, a time limit, a bug.
    """

    _runtime: Runtime = attrs.field(init=False)
    _operation: Operation[Any] = attrs.field(init=False)
    _retrier: Retrier = attrs.field(init=False)
    _sent: SentTracker | None = attrs.field(default=None, init=False)
    sent_at: float = attrs.field(default=0.0, init=False)
    """When the latest attempt began, or the first that may have been taken, in Unix seconds."""
    reply: Reply | None = attrs.field(default=None, init=False)
    failure: TransportFailure | None = attrs.field(default=None, init=False)
    problem: str = attrs.field(default="", init=False)
    """Why the body of a 2xx response cannot be used."""
    _decoded: tuple[Reply, ErrorBody] | None = attrs.field(default=None, init=False)

    def begin(self, runtime: Runtime, operation: Operation[Any], retrier: Retrier) -> None:
        """Start the operation, or start it again after a submit that was certainly refused."""
        self.finish()
        self._runtime, self._operation, self._retrier = runtime, operation, retrier

    def attempt(self, sent: SentTracker) -> None:
        """Start one more attempt."""
        self.reply = self.failure = None
        self.problem = ""
        if self._sent is None or self._retrier.doubt is None:
            self.sent_at = self._runtime.io.wall()
        self._sent = sent

    def finish(self) -> None:
        """Record that the caller has the result, so that no outcome is open any more."""
        self.reply = self.failure = self._sent = self._decoded = None
        self.problem = ""

    def answered(self) -> Answered:
        """Return the latest attempt's outcome if its response is complete, else None."""
        assert self.reply is not None, "only a response answers"
        reply, io = self.reply, self._runtime.io
        after = parse_retry_after(reply.headers.get("retry-after"), reply.headers.get("date"), io.wall())
        if 200 <= reply.status < 300:
            return Answered(reply.status, usable=not self.problem)
        facts = self._body(reply).facts
        return Answered(reply.status, facts is not None, facts.code if facts else None, after)

    def job_id(self) -> str | None:
        """Return the id of the job that the service created, if it can be found anywhere in the response."""
        reply = self._seen()
        if reply is None:
            return None
        api = self._runtime.api
        if not 200 <= reply.status < 300:
            facts = self._body(reply).facts
            if facts is None or facts.code not in api.outcome_unknown:
                return None
        raw = reply.raw.partition(b"HTTP/1.")[0]  # another answer behind this one is not of this request
        texts = [
            _text(reply.body),
            _text(raw),
            _CHUNK_SIZES.sub("", _text(reply.body)),
            _CHUNK_SIZES.sub("", _text(raw)),
        ]
        job_id = next(filter(None, map(api.find_job_id, texts)), None)
        return None if job_id is None or job_id_problem(job_id) else job_id

    def _seen(self) -> Reply | None:
        """Return the response of the latest attempt, which may be incomplete."""
        if self.reply is not None:
            return self.reply
        part = self.failure.reply if self.failure is not None else self._sent and self._sent.reply
        return part.scrubbed(self._runtime.secret) if part else None

    def _body(self, reply: Reply) -> ErrorBody:
        """Decode the body of a response that is an error or cannot be used, once."""
        if self._decoded is None or self._decoded[0] is not reply:
            self._decoded = reply, read_error_body(self._runtime.api, reply)
        return self._decoded[1]

    def open_outcome(self) -> Unknown | None:
        """Return the open outcome of the operation at this moment; None if it is free or certainly not charged."""
        if self._sent is None or self._operation.kind not in (Kind.PAID, Kind.KEYED):
            return None
        return self._latest_open(self._sent) or self._retrier.doubt

    def _latest_open(self, sent: SentTracker) -> Unknown | None:
        outcome: Outcome
        if self.reply is not None:
            outcome = self.answered()
            if 200 <= outcome.status < 300:
                return Unknown(accepted=True)
        elif self.failure is not None:
            outcome = failed(self.failure)
        else:
            # The interrupt may come between the last byte and its trace event: "partial" proves nothing here.
            reply = sent.reply
            outcome = Failed("network", "no" if sent.sent() == "no" else "yes", None if reply is None else reply.status)
        operation = self._operation
        return self._runtime.policy.leaves_open(operation.kind, operation.request.method, outcome)

    # --- errors -----------------------------------------------------------------------------------------------------

    def error(self) -> MireloError:
        """Return the typed error of the latest attempt."""
        error = self._error()
        error.operation = self._operation.name
        return error

    def _error(self) -> MireloError:
        runtime, reply = self._runtime, self.reply
        if reply is None:
            assert self.failure is not None, "an attempt without a response has a failure"
            return failure_error("", runtime.base_url, self.failure, self._retrier.number)
        if not self.problem:
            after = self.answered().retry_after
            return error_from(runtime.api, runtime.secret, reply, "", after, self._body(reply))
        return UnexpectedResponseError(
            f"{self.problem} (HTTP {reply.status})",
            None,
            reply.status,
            body=self._body(reply).kept,
            request_id=reply.headers.get("x-request-id"),
            retryable=True,
        )

    def misled(self, evidence: str) -> SubmitOutcomeUnknown:
        """Return the error of a paid operation that the service accepted, and whose response names another job."""
        self.problem = evidence
        return self.unknown(True, known=False)

    def unknown(self, accepted: bool | None, evidence: str = "", *, known: bool = True) -> SubmitOutcomeUnknown:
        """Return the error of a paid operation that may have been accepted; its evidence is what the attempt showed.

        `known` False: the id that its response names is another job's.
        """
        operation, reply, failure = self._operation, self._seen(), self.failure
        key = operation.key
        definite = None if evidence else self._definite()
        evidence = evidence or self._evidence(definite)
        code, status = ("timeout", 408) if failure is not None and failure.kind == "timeout" else ("network_error", 0)
        if self.reply is not None:
            facts = self._body(self.reply).facts
            status = self.reply.status
            code = facts.code if facts else _bare_code(status, self.problem)
        job_id = self.job_id() if known else None
        taken = "the service took it, but" if accepted else "it may have been taken:"
        unknown = SubmitOutcomeUnknown(
            f"the request left and {taken} {evidence}. {_way_out(job_id, self._known_key())}",
            code,
            status,
            accepted=accepted,
            evidence=evidence,
            sent="yes" if failure is None or definite is not None else failure.sent,
            sent_at=self.sent_at,
            request_fingerprint=fingerprint(operation.request),
            idempotency_key=None if key is None else key.value,
            key_made_at=None if key is None else key.made_at,
            request=operation.request,
            job_id=job_id,
            body=self._body(reply).kept if reply is not None else None,
            request_id=reply.headers.get("x-request-id") if reply is not None else None,
        )
        unknown.operation = operation.name
        unknown.__cause__ = definite
        return unknown

    def _known_key(self) -> str | None:
        """Return the key, if the service certainly still knows it."""
        key = self._operation.key
        return None if key is None or key.left(self._runtime.io.wall()) <= 0 else key.value

    def _definite(self) -> MireloError | None:
        """Return the error of the latest attempt if it was certainly not accepted, None if that is in doubt too."""
        return None if self._sent is None or self._latest_open(self._sent) else self.error()

    def _evidence(self, definite: MireloError | None) -> str:
        if definite is not None:
            return f"an earlier attempt got no usable response, and the last one was refused ({definite.message})"
        if self.reply is None:
            return self.failure.detail if self.failure is not None else "the call was interrupted"
        if self.problem:
            return self.problem
        evidence = f"the response was HTTP {status_phrase(self.reply.status)}"
        if self.reply.status == 409:
            evidence += ": an earlier attempt is still in flight, or the key was used for a different request"
        return evidence

    def explain(self, stop: BaseException) -> None:
        """Add to an exception that ends a paid operation that its outcome is unknown: as cause, note and warning."""
        if any(isinstance(link, SubmitOutcomeUnknown | JobError) for link in causes(stop)):
            return
        outcome = self.open_outcome()
        if outcome is None:
            return
        word = "interrupted" if not isinstance(stop, Exception) else f"ended by {type(stop).__name__}"
        unknown = self.unknown(outcome.accepted, f"the call was {word} after the request had left")
        unknown.__cause__, stop.__cause__ = stop.__cause__, unknown
        stop.add_note(f"mirelo_ergo: {unknown}")
        log.warning("%s", unknown)  # a task group drops the errors of the tasks it cancels


def _text(body: bytes) -> str:
    """Return a body's text from its first object on; only its ASCII counts, also in UTF-16."""
    text = body.decode("utf-8-sig", "replace").replace("\0", "")
    return text[max(0, text.find("{")) :]


def failed(failure: TransportFailure) -> Failed:
    """Return the outcome of an attempt without a complete response."""
    return Failed(failure.kind, failure.sent, None if failure.reply is None else failure.reply.status)


def _bare_code(status: int, problem: str) -> str:
    if problem:
        return "unexpected_response"
    return {408: "timeout", 409: "conflict"}.get(status, "server_error")


def _way_out(job_id: str | None, key: str | None) -> str:
    if job_id is not None:
        return f"Its job is {job_id}: wait for that one, because sending again may charge twice"
    if key is not None:
        return f"Send it again with idempotency_key={key!r} and nothing changed: without that key it may charge twice"
    return "Sending again may charge twice; check the account before you do"


def causes(error: BaseException | None) -> list[BaseException]:
    """Yield an error and those that it was raised from, the nearest first."""
    links: list[BaseException] = []
    while error is not None and error not in links:
        links.append(error)
        error = error.__cause__
    return links

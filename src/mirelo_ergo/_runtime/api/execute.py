"""One client's runtime, and the retry core: every API request of every service goes through `execute`."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Generic, TypeVar

import attrs

from ...errors import (
    ConfigurationError,
    MireloError,
    NetworkError,
    RequestTimeoutError,
    SubmitOutcomeUnknown,
    UnexpectedResponseError,
)
from ..io.deadline import Deadline, Timing
from ..io.protocol import IO, Reply, Request, TransportFailure
from ..io.sent import SentTracker
from ..redact import Secret, log, safe_url
from .answers import Unusable, error_facts, error_from, kept_body, status_phrase
from .retrier import Retrier
from .retry import (
    Answered,
    Done,
    Failed,
    Kind,
    Outcome,
    Raise,
    RetryBudget,
    RetryPolicy,
    SubmitThrottle,
    Unknown,
    parse_retry_after,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from .service import Api

T = TypeVar("T")


@attrs.frozen
class Operation(Generic[T]):
    """Describe one API operation: what to send, what a second copy costs, and how to read its answer.

    `read` raises `Unusable`. `timeout` bounds all of it in seconds, sleeps and re-sends included. `attempts` caps
    the attempts below what the kind allows: for a wait's poll it is 1, as the next poll is the retry. `tolerate_404`
    says that a 404 may only mean "not yet".
    """

    name: str
    kind: Kind
    request: Request
    read: Callable[[Reply], T]
    timeout: float
    attempts: int | None = None
    tolerate_404: bool = False

    @property
    def paced(self) -> bool:
        """Whether it takes a submit slot and waits for the submit throttle: a paid request, but no long one."""
        return self.kind in (Kind.PAID, Kind.KEYED) and not self.request.long


@attrs.define
class Runtime:
    """Hold what one client's operations share. Made by the client's face; `io` decides the colour."""

    io: IO
    api: Api
    secret: Secret
    base_url: str
    policy: RetryPolicy
    timeout: float
    timing: Timing = attrs.field(factory=Timing)
    budget: RetryBudget = attrs.field(init=False)
    download_budget: RetryBudget = attrs.field(init=False)
    pace: SubmitThrottle = attrs.field(init=False)
    closed: bool = False

    def __attrs_post_init__(self) -> None:
        self.budget = RetryBudget(self.io.now)
        self.download_budget = RetryBudget(self.io.now)
        self.pace = SubmitThrottle(self.io.now)

    def retrier(
        self,
        kind: Kind,
        method: str,
        *,
        deadline: Deadline | None = None,
        attempts: int | None = None,
        tolerate_404: bool = False,
    ) -> Retrier:
        """Return the retry step for one operation. Downloads have a retry budget of their own."""
        budget = self.download_budget if kind is Kind.DOWNLOAD else self.budget
        return Retrier(self.io, self.policy, budget, kind, method, deadline, attempts, tolerate_404)

    def account(self) -> str:
        """Name the account and place that an asset id belongs to, without giving the key away."""
        return f"{self.secret.fingerprint()} {self.base_url}"

    def close(self) -> None:
        """Refuse every later operation."""
        self.closed = True

    def require_open(self) -> None:
        """Raise `ConfigurationError` after `close`: pools that came after it would never be closed."""
        if self.closed:
            raise ConfigurationError("this client is closed: make a new one, or keep the work inside its with-block")


@attrs.define
class _Attempt(Generic[T]):
    """What came of one attempt."""

    outcome: Outcome
    value: T | None = None
    reply: Reply | None = None
    failure: TransportFailure | None = None
    problem: str = ""
    sent_at: float = 0.0


async def execute(runtime: Runtime, operation: Operation[T], deadline: Deadline | None = None) -> T:
    """Run one API operation to its end: attempts, backoff, budget, pace, deadline; return what its answer holds.

    Raises the typed error of the last outcome, or `SubmitOutcomeUnknown` when a paid request may have been taken.
    """
    runtime.require_open()
    deadline = deadline or Deadline(runtime.io.now, operation.timeout)
    request = operation.request
    retrier = runtime.retrier(
        operation.kind,
        request.method,
        deadline=deadline,
        attempts=operation.attempts,
        tolerate_404=operation.tolerate_404,
    )
    what = f"{request.method} {runtime.base_url}{request.path.split('?')[0]}"
    while True:
        attempt = await _attempt(runtime, operation, deadline)
        if isinstance(attempt.outcome, Answered) and attempt.outcome.status == 429:
            runtime.pace.throttle()
        note = f", {attempt.problem}" if attempt.problem else ""
        decision = await retrier.judge(attempt.outcome, what, note)
        if isinstance(decision, Done):
            return attempt.value  # type: ignore[return-value]  # Done only follows a value that was read
        if isinstance(decision, Unknown):
            raise _unknown(runtime, operation, attempt, decision.accepted)
        if isinstance(decision, Raise):
            raise _error(runtime, operation, attempt, retrier.number)


async def _attempt(runtime: Runtime, operation: Operation[T], deadline: Deadline) -> _Attempt[T]:
    if not operation.paced:
        return await _send(runtime, operation, deadline)
    failure = TransportFailure("pool", "no", "the client's own queue of submits is too long for the deadline")
    late = _Attempt[T](Failed("pool", "no"), failure=failure)
    if not await runtime.io.acquire_submit_slot(deadline.left()):
        return late
    try:
        # The pace is asked last, right before sending: what waits for a slot must feel a 429 that comes meanwhile.
        wait = runtime.pace.reserve()
        if wait >= deadline.left():
            return late
        if wait:
            await runtime.io.sleep(wait)
        return await _send(runtime, operation, deadline)
    finally:
        runtime.io.release_submit_slot()


async def _send(runtime: Runtime, operation: Operation[T], deadline: Deadline) -> _Attempt[T]:
    sent = SentTracker()
    sent_at = runtime.io.wall()
    try:
        reply = await runtime.io.request(operation.request, deadline, sent)
    except TransportFailure as failure:
        return _Attempt(Failed(failure.kind, failure.sent), failure=failure, sent_at=sent_at)
    except Exception:
        raise
    except BaseException as stop:
        # Ctrl-C or a task's cancellation: never swallowed, but what it leaves behind must be known. It can fall between
        # the last byte and the event that tells of it, so that here "partial" proves nothing.
        if operation.kind is Kind.PAID and sent.sent() != "no":
            lost = _Attempt[T](Failed("network", "yes"), problem="interrupted", sent_at=sent_at)
            stop.__cause__ = _unknown(runtime, operation, lost, None)
            stop.add_note(f"mirelo_ergo: {stop.__cause__}")
            log.warning("%s", stop.__cause__)  # a task group drops the errors of the tasks it cancels
        raise
    retry_after = parse_retry_after(reply.headers.get("retry-after"), reply.headers.get("date"), runtime.io.wall())
    if not 200 <= reply.status < 300:
        facts = error_facts(runtime.api, reply)
        answered = Answered(reply.status, facts is not None, facts.code if facts else None, retry_after)
        return _Attempt(answered, reply=reply, sent_at=sent_at)
    try:
        return _Attempt(Answered(reply.status), value=operation.read(reply), reply=reply, sent_at=sent_at)
    except Unusable as unusable:
        useless = Answered(reply.status, usable=False)
        return _Attempt(useless, reply=reply, problem=runtime.secret.scrub(str(unusable)), sent_at=sent_at)


def _error(runtime: Runtime, operation: Operation[T], attempt: _Attempt[T], number: int) -> MireloError:
    reply, failure = attempt.reply, attempt.failure
    if reply is not None:
        if attempt.problem:
            return UnexpectedResponseError(
                f"{operation.name}: {attempt.problem} (HTTP {reply.status})",
                None,
                reply.status,
                body=kept_body(runtime.secret, reply),
                request_id=reply.headers.get("x-request-id"),
                retryable=True,
            )
        outcome = attempt.outcome
        after = outcome.retry_after if isinstance(outcome, Answered) else None
        return error_from(runtime.api, runtime.secret, reply, operation.name, after)
    assert failure is not None, "an attempt without an answer has a failure"
    return failure_error(operation.name, runtime.base_url, failure, number)


def failure_error(what: str, url: str, failure: TransportFailure, attempts: int) -> MireloError:
    """Make the typed error of an attempt that got no answer."""
    times = "once" if attempts == 1 else f"{attempts} times"
    message = f"{what}: no answer from {safe_url(url)}, tried {times}: {failure.detail}"
    if failure.kind == "timeout":
        return RequestTimeoutError(message, sent=failure.sent, attempts=attempts, retryable=True)
    if failure.kind == "local":
        return ConfigurationError(message)
    retryable = failure.kind not in ("tls", "proxy_refused")
    return NetworkError(message, sent=failure.sent, attempts=attempts, retryable=retryable)


def _unknown(
    runtime: Runtime, operation: Operation[T], attempt: _Attempt[T], accepted: bool | None
) -> SubmitOutcomeUnknown:
    reply, failure = attempt.reply, attempt.failure
    code: str | None = None
    status: int | None = None
    if reply is not None:
        facts = error_facts(runtime.api, reply)
        status = reply.status
        bare = "unexpected_response" if attempt.problem else "timeout" if status == 408 else "server_error"
        code = facts.code if facts else bare
        evidence = attempt.problem or f"the answer was HTTP {status_phrase(status)}"
    elif failure is not None:
        code, status = ("timeout", 408) if failure.kind == "timeout" else ("network_error", 0)
        evidence = failure.detail
    else:
        code, status = "network_error", 0
        evidence = "the call was interrupted after the request had left"
    taken = "the service took it, but" if accepted else "it may have been taken:"
    return SubmitOutcomeUnknown(
        f"{operation.name}: the request left and {taken} {evidence}. Sending again may charge twice; "
        "check the account before you do",
        code,
        status,
        accepted=accepted,
        evidence=evidence,
        sent="yes" if failure is None else failure.sent,
        sent_at=attempt.sent_at,
        request_fingerprint=fingerprint(operation.request),
        body=kept_body(runtime.secret, reply) if reply is not None else None,
        request_id=reply.headers.get("x-request-id") if reply is not None else None,
    )


def fingerprint(request: Request) -> str:
    """Give the sha256 of method, path and body: the same request has the same one in every process."""
    head = f"{request.method} {request.path}\n".encode()
    return hashlib.sha256(head + (request.body or b"")).hexdigest()

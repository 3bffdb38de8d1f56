"""The retry core, which every API request of every service goes through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from ...errors import InvalidRequestError, SourceChangedError, UploadError
from ..io.deadline import Deadline
from ..io.protocol import Request, SourceFailed, TransportFailure
from ..io.sent import SentTracker
from .answers import Unusable
from .call import Call, failed
from .operation import Operation, Runtime
from .retry import Answered, Done, Outcome, Raise, Unknown

if TYPE_CHECKING:
    from .idempotency import IdempotencyKey

T = TypeVar("T")

__all__ = ["Operation", "Runtime", "execute"]


async def execute(
    runtime: Runtime, operation: Operation[T], deadline: Deadline | None = None, call: Call | None = None
) -> T:
    """Run one API operation with its re-sends, and return what `read` makes of its response.

    Raises the typed error of the last outcome, or `SubmitOutcomeUnknown` when a paid request may have been accepted.
    Another exception that ends a paid request (an interrupt, a cancellation) gets that error as its cause and as a
    note. A `call` that is passed in stays open until its owner calls `finish`.
    """
    runtime.require_open()
    deadline = deadline or Deadline(runtime.io.now, operation.timeout)
    request, key = operation.request, operation.key
    if key is not None:
        request = _with_key(runtime, request, key)
    retrier = runtime.retrier(
        operation.kind,
        request.method,
        deadline=deadline,
        attempts=operation.attempts,
        tolerate_404=operation.tolerate_404,
        expires=None if key is None else runtime.io.now() + key.left(runtime.io.wall()),
    )
    what = f"{request.method} {runtime.base_url}{request.path.split('?')[0]}"
    call = Call() if call is None else call
    call.begin(runtime, operation, retrier)
    try:
        while True:
            outcome, values = await _attempt(runtime, operation, request, deadline, call)
            if isinstance(outcome, Answered) and outcome.status == 429:
                runtime.pace.throttle()
            note = f", {call.problem}" if call.problem else ""
            decision = await retrier.judge(outcome, what, note)
            if isinstance(decision, Done):
                return values[0]
            if isinstance(decision, Unknown):
                return _known_job(operation, call, decision, outcome)
            if isinstance(decision, Raise):
                raise call.error()
    except BaseException as stop:
        call.explain(stop)
        raise


def _with_key(runtime: Runtime, request: Request, key: IdempotencyKey) -> Request:
    """Return the request with its idempotency key; raises `InvalidRequestError` for a second key or an expired one."""
    header = runtime.api.keys.header
    if any(name.lower() == header.lower() for name, _ in request.headers):
        raise InvalidRequestError(f"the request has two of {header}; nothing was sent", field="idempotency_key")
    _check_age(runtime, key)
    return attrs.evolve(request, headers=((header, key.value), *request.headers))


def _check_age(runtime: Runtime, key: IdempotencyKey) -> None:
    if key.left(runtime.io.wall()) <= 0:
        raise InvalidRequestError(
            f"idempotency_key={key.value!r} is over {key.lifetime / 3600:g} h old, and {runtime.api.name} may have "
            "forgotten it: look at the account before you send the request again; nothing was sent",
            field="idempotency_key",
        )


def _known_job(operation: Operation[T], call: Call, unknown: Unknown, outcome: Outcome) -> T:
    """Return the job that a response with an unknown outcome names; raises `SubmitOutcomeUnknown` if it names none."""
    if isinstance(outcome, Answered) and not 200 <= outcome.status < 300:
        job_id = call.job_id()
        if job_id is not None and operation.from_job_id is not None:
            return operation.from_job_id(job_id)
    raise call.unknown(unknown.accepted)


async def _attempt(
    runtime: Runtime, operation: Operation[T], request: Request, deadline: Deadline, call: Call
) -> tuple[Outcome, list[T]]:
    """Make one attempt, after waiting for a submit slot if it is paced; return what was read, if anything."""
    if not operation.paced:
        return await _send(runtime, operation, request, deadline, call)
    slot = await runtime.io.submit_slot(deadline.left())
    if slot is None:
        return _queue_too_long(call)
    try:
        # The throttle comes last: a 429 that arrives during the wait for a slot must slow this submit down too.
        wait = runtime.pace.reserve()
        if wait >= deadline.left():
            return _queue_too_long(call)
        if wait:
            await runtime.io.sleep(wait)
        return await _send(runtime, operation, request, deadline, call)
    finally:
        slot.release()


def _queue_too_long(call: Call) -> tuple[Outcome, list[Any]]:
    call.attempt(SentTracker())
    call.failure = TransportFailure("pool", "no", "the client's own queue of submits is too long for the deadline")
    return failed(call.failure), []


async def _send(
    runtime: Runtime, operation: Operation[T], request: Request, deadline: Deadline, call: Call
) -> tuple[Outcome, list[T]]:
    if operation.key is not None and operation.key.left(runtime.io.wall()) <= 0:
        # The machine slept meanwhile, and the monotonic clock, by which the retrier counts, stood still.
        if (earlier := call.open_outcome()) is not None:
            raise call.unknown(earlier.accepted)
        _check_age(runtime, operation.key)
    sent = SentTracker()
    call.attempt(sent)
    try:
        call.reply = (await runtime.io.request(request, deadline, sent)).scrubbed(runtime.secret)
    except TransportFailure as failure:
        call.failure = failure
        return failed(failure), []
    except SourceFailed as source:
        # The request's body was not sent to its end, so that no server can act on this attempt.
        call.failure = TransportFailure("network", "partial", str(source))
        cls = SourceChangedError if source.changed else UploadError
        error = cls(f"{source}; nothing was submitted", None, 0)
        error.operation = operation.name
        error.__cause__ = source.__cause__
        if (earlier := call.open_outcome()) is not None:
            raise call.unknown(earlier.accepted) from error
        raise error from source.__cause__
    values: list[T] = []
    if 200 <= call.reply.status < (400 if operation.redirects else 300):
        try:
            values = [operation.read(call.reply)]
        except Unusable as unusable:
            call.problem = str(unusable)
    if values and call.reply.status >= 300:  # the redirect that was asked for
        return Answered(200), values
    return call.answered(), values

"""The flows of a job, written once for every service and both clients: submit, poll, wait, fetch the results."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar
from weakref import WeakSet, WeakValueDictionary

import attrs

from ...errors import IncompleteResultError, InvalidRequestError, JobFailedError, MireloError
from ..api.execute import Operation, Runtime, execute
from ..api.retry import Kind
from ..io.deadline import Deadline
from ..io.protocol import Request
from ..redact import hide_queries
from ..webhooks.order import NOTHING, Webhook
from .schedule import clamp_estimate, fallback_schedule
from .tokens import JobRecord, read_token
from .updates import StreamUpdates, WebhookUpdates
from .values import Accepted, JobErrored, JobProcessing, JobStatus, JobSucceeded
from .waiter import YOUNG, Hints, Waiter

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..api.idempotency import IdempotencyKey
    from ..api.streams import Follower
    from ..io.protocol import Reply
    from ..webhooks.events import WebhookFormat
    from ..webhooks.inbox import Subscription, WebhookInbox
    from ..webhooks.order import WebhookOrder
    from .protocol import JobApi
    from .submission import Submission
    from .updates import Updates
    from .values import PollResult

R = TypeVar("R")

MOST_STREAMS: Final = 32
"""The number of waits of one client that may follow a stream, each on its own connection; further waits only poll."""


@attrs.define
class JobFlows:
    """One client's flows. Each service has a subclass that makes its requests."""

    runtime: Runtime
    apis: tuple[JobApi, ...]
    """How its jobs are polled and read; several where the service has several API versions."""
    check_limits: bool
    held: WeakValueDictionary[str, object] = attrs.field(factory=WeakValueDictionary, init=False, repr=False)
    """The handles in use by job id: no service uses an id twice."""
    _followers: WeakSet[Follower] = attrs.field(factory=WeakSet, init=False, repr=False)

    def knows(self, family: str, model: str) -> bool:
        """Return whether jobs of this family and model can be polled."""
        return any(api.knows(family, model) for api in self.apis)

    def job_api(self, family: str, model: str) -> JobApi:
        """Return how the jobs of a known family and model are polled and read."""
        return next(api for api in self.apis if api.knows(family, model))

    # --- submitting -------------------------------------------------------------------------------------------------

    def webhook_order(self, webhook: Webhook | None) -> WebhookOrder:
        """Return the headers or fields that order webhooks; raises `InvalidRequestError`. Sends nothing."""
        if webhook is None:
            return NOTHING
        if not isinstance(webhook, Webhook):
            raise InvalidRequestError(
                f"webhook is {type(webhook).__name__}: give Webhook('https://…'); nothing was sent", field="webhook"
            )
        form = self._webhooks("webhook")
        if webhook.mode not in form.modes:
            raise InvalidRequestError(
                f"webhook: {self.runtime.api.name} has no mode {webhook.mode!r}, only {', '.join(form.modes)}; "
                "nothing was sent",
                field="webhook",
            )
        return form.order(webhook)

    def check_webhooks(self, inbox: WebhookInbox | None) -> None:
        """Check a `webhooks=` argument; raises `InvalidRequestError`."""
        if inbox is None:
            return
        from ..webhooks.inbox import WebhookInbox

        if not isinstance(inbox, WebhookInbox):
            raise InvalidRequestError(
                f"webhooks is {type(inbox).__name__}: give the WebhookInbox that your server fills", field="webhooks"
            )
        self._webhooks("webhooks")

    def _webhooks(self, argument: str) -> WebhookFormat:
        form = next((api.webhooks for api in self.apis if api.webhooks is not None), None)
        if form is None:
            raise InvalidRequestError(
                f"{argument}=: {self.runtime.api.name} sends no webhooks; leave it out, and waiting polls",
                field=argument,
            )
        return form

    async def start(
        self,
        submission: Submission,
        name: str,
        request: Request,
        family: str,
        model: str,
        asked: int | None,
        *,
        key: IdempotencyKey | None = None,
    ) -> JobRecord:
        """Submit a job. Without a key it is sent again only if it was certainly not processed."""

        def record_of(job_id: str, estimated_ms: int | None = None) -> JobRecord:
            service, sent_at = self.runtime.api.name, self.runtime.io.wall()
            return JobRecord(service, family, model, job_id, sent_at, estimated_ms, asked)

        submission.record_of = record_of
        operation = Operation(
            name,
            Kind.PAID if key is None else Kind.KEYED,
            request,
            self.job_api(family, model).read_accepted,
            self.runtime.timeout,
            key=key,
            from_job_id=lambda job_id: Accepted(job_id, None),
        )
        try:
            accepted = submission.accepted = await execute(self.runtime, operation, call=submission)
            if key is None and accepted.job_id in self.held:
                raise submission.misled(f"the response names job {accepted.job_id}, which this client has already")
            return record_of(accepted.job_id, accepted.estimated_ms)
        except BaseException as error:
            submission.lead_to_job(error)
            raise

    # --- jobs -------------------------------------------------------------------------------------------------------

    def job_path(self, record: JobRecord) -> str:
        """Return the path at which a job is polled. It is built here, never taken from an answer."""
        return self.job_api(record.family, record.model).poll_endpoint(record)[1]

    def resume(self, token: str) -> JobRecord:
        """Return the job of a token, for this client's account."""
        return read_token(token, self.runtime.api.name, self.knows)

    def _reader(self, record: JobRecord) -> Callable[[Reply], PollResult]:
        read_status = self.job_api(record.family, record.model).read_status
        return lambda reply: read_status(record, reply, self.runtime.io.wall())

    def poll_operation(
        self, record: JobRecord, timeout: float, *, tolerate_404: bool, attempts: int | None = None, hold: int = 0
    ) -> Operation[PollResult]:
        """Return the operation of one poll. `hold` is how many seconds the service may hold it while the job runs."""
        job_api = self.job_api(record.family, record.model)
        name, path = job_api.poll_endpoint(record)
        if hold and job_api.long_poll is not None:
            name, path = job_api.long_poll.endpoint(record, hold)
        return Operation(
            name,
            Kind.READ,
            Request("GET", path, long=hold > 0),
            self._reader(record),
            timeout,
            attempts=attempts,
            tolerate_404=tolerate_404,
        )

    async def status(self, record: JobRecord, since: float) -> JobStatus:
        """Poll a job once (with re-sends). `since` is how long ago it was submitted, in seconds."""
        operation = self.poll_operation(record, self.runtime.timeout, tolerate_404=since < YOUNG)
        return (await execute(self.runtime, operation)).status

    async def cancel(self, record: JobRecord, since: float) -> JobStatus:
        """Cancel a job, and return the status that it has then: it may have ended already.

        Raises `InvalidRequestError` if the service cannot cancel jobs.
        """
        job_api = self.job_api(record.family, record.model)
        if job_api.cancel is None:
            raise InvalidRequestError(
                f"cancel: {self.runtime.api.name} has no way to cancel a job of {record.family}; it goes on"
            )
        name, request = job_api.cancel(record)
        refused: MireloError | None = None
        try:
            await execute(self.runtime, Operation(name, Kind.CHEAP, request, lambda _: None, self.runtime.timeout))
        except MireloError as error:
            if error.http_status not in (404, 409):
                raise
            refused = error  # the job may have ended, which is not an error
        status = await self.status(record, since)
        if refused is not None and status.status == "processing":
            raise refused
        return status

    def waiter(
        self,
        record: JobRecord,
        since: float,
        interval: float | None,
        timeout: float | None,
        *,
        patient: bool,
        progress: bool = True,
        events: Subscription | None = None,
        hints: Hints | None = None,
        strict: bool = False,
    ) -> Waiter:
        """Return a waiter for a job, with the service's best method. `progress`: statuses are wanted meanwhile.

        `strict`: the caller asked for the stream itself, so that a refused stream is an error. Webhooks are preferred
        if an inbox is given. Streams and long polls are not used for `patient` waits, because each needs its own
        connection. Long polls are not used with `progress`, because they report none.
        """
        job_api = self.job_api(record.family, record.model)
        schedule, estimate = job_api.schedule, clamp_estimate(record.estimated_ms)
        deadline = Deadline(self.runtime.io.now, max(5 * estimate, 600.0) if timeout is None else timeout)
        updates: Updates | None = None
        if events is not None:
            updates = WebhookUpdates(self.runtime.io, events, self._reader(record))
        elif not patient:
            updates = self._stream(job_api, record, deadline, young=since < YOUNG, strict=strict)
        held = job_api.long_poll is not None and updates is None and not patient and not progress
        return Waiter(
            self.runtime,
            lambda limit, tolerate_404, hold: self.poll_operation(
                record, limit, attempts=1, tolerate_404=tolerate_404, hold=hold
            ),
            estimate=estimate,
            elapsed=since,
            schedule=fallback_schedule(schedule) if patient else schedule,
            lifetime=job_api.lifetime,
            interval=interval,
            deadline=deadline,
            updates=updates,
            long_poll=job_api.long_poll.longest if held and job_api.long_poll is not None else 0,
            hints=hints,
        )

    def _stream(
        self, job_api: JobApi, record: JobRecord, deadline: Deadline, *, young: bool, strict: bool
    ) -> StreamUpdates | None:
        """Return the updates of a job's stream, None if it has no stream or the client follows too many already."""
        if job_api.stream is None or len(self._followers) >= MOST_STREAMS:
            return None
        from ..api.streams import Follower  # few services have streams

        follower = Follower(self.runtime, job_api.stream.source(record), deadline, tolerate_404=young)
        self._followers.add(follower)
        return StreamUpdates(self.runtime.io, follower, partial(job_api.stream.read, record), strict=strict)

    async def wait(
        self,
        record: JobRecord,
        waiter: Waiter,
        note: Callable[[JobStatus], JobStatus],
        known: JobStatus | None,
        on_progress: Callable[[JobProcessing], None] | None,
        result: Callable[[JobSucceeded | JobErrored], R],
    ) -> R:
        """Wait until a job succeeded and has its results; raises `JobFailedError` if it did not.

        `note` is called with each status and returns the one that counts, because the first final status is kept;
        `known` is that one. `result` makes a result of the status, also for the error of a job that failed.
        """
        asked = record.asked
        looked_again = False
        try:
            while True:
                if known is None:
                    polled = await waiter.next()
                    known, asked = note(polled.status), polled.asked if asked is None else asked
                if isinstance(known, JobErrored):
                    failure = self.failure(known)
                    failure.result = result(known) if known.files else None
                    raise failure
                if isinstance(known, JobSucceeded):
                    came, due = len(known.result_urls), 1 if asked is None else asked
                    if came >= due and not known.incomplete:
                        return result(known)
                    if looked_again or known.incomplete:
                        raise IncompleteResultError(
                            f"the job succeeded with {came} of {max(due, came)} results",
                            result_urls=known.result_urls,
                            result=result(attrs.evolve(known, incomplete=True)),
                        )
                    looked_again = True
                elif on_progress is not None:
                    on_progress(known)
                known = None
        finally:
            await waiter.close()

    def failure(self, errored: JobErrored) -> JobFailedError:
        """Return the error of a failed job, which says whether it was charged."""
        reason = hide_queries(self.runtime.secret.scrub(errored.message))
        charges = {True: "it was charged", False: "it was not charged"}
        charge = "the service does not say whether it was charged"
        if errored.charged is not None:
            charge = charges[errored.charged]
        message = f"the job failed: {reason} ({errored.code}); {charge}"
        return JobFailedError(message, errored.code, errored.http_status, charged=errored.charged)

"""The base class of both clients' job handles, and errors that carry the job."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from ..arguments import milliseconds
from ..lazy import LazyModule
from ..redact import log, short_repr
from .facts import RequestFacts
from .flows import JobFlows
from .tokens import JobRecord
from .values import JobStatus
from .waiter import Hints, Waiter, attach

if TYPE_CHECKING:
    from ..webhooks import inbox
else:  # with the first callback
    inbox = LazyModule("mirelo_ergo._runtime.webhooks.inbox")


class JobHandle:
    """The properties of a job that need no request."""

    def __init__(self, core: JobFlows, record: JobRecord, age: float, facts: RequestFacts | None = None) -> None:
        self._core = core
        self._record = record
        self._began = core.runtime.io.now() - age
        self._facts = facts
        self._seen: JobStatus | None = None
        self._final: JobStatus | None = None
        self._warned = False
        self._hints = Hints()
        core.held[record.job_id] = self

    @property
    def service(self) -> str:
        """The name of the service, which is the first word of `token`."""
        return self._record.service

    @property
    def job_id(self) -> str:
        """The id that the service gave the job."""
        return self._record.job_id

    @property
    def job_url(self) -> str:
        """The path at which the job is polled, relative to the client's address."""
        return self._core.job_path(self._record)

    @property
    def estimated_ms(self) -> int:
        """The service's estimate of how long the job takes, in ms; 30000 if it gave none."""
        return 30_000 if self._record.estimated_ms is None else self._record.estimated_ms

    @property
    def token(self) -> str:
        """A short string without secrets that resumes the job in any process: `client.job(token)`."""
        return self._record.token

    def since(self) -> float:
        """Return the seconds since the submit."""
        return self._core.runtime.io.now() - self._began

    def _record_status(self, status: JobStatus) -> JobStatus:
        """Keep the first final status, so that no later answer takes a result back. Warn once of an unknown status."""
        if status.status == "processing":
            running = self._core.job_api(self._record.family, self._record.model).running
            if status.raw_status not in running and not self._warned:
                self._warned = True
                raw = short_repr(status.raw_status)
                log.warning("job %s: this version does not know the status %s; it counts as running", self.job_id, raw)
        elif self._final is None or self._final.status == status.status:
            self._final = status
        self._seen = self._final or status
        return self._seen

    def _new_waiter(
        self,
        poll_interval_ms: int | None,
        timeout_ms: int | None,
        patient: bool,
        webhooks: inbox.WebhookInbox | None,
        *,
        progress: bool = True,
    ) -> Waiter:
        """Return a waiter; the arguments are those of `wait`. `progress`: whether statuses are wanted meanwhile."""
        self._core.check_webhooks(webhooks)
        interval = milliseconds("poll_interval_ms", poll_interval_ms)
        timeout = milliseconds("timeout_ms", timeout_ms)
        events = None if webhooks is None else webhooks.subscription(self)
        return self._core.waiter(
            self._record,
            self.since(),
            interval,
            timeout,
            patient=patient,
            progress=progress,
            events=events,
            hints=self._hints,
        )

    @property
    def label(self) -> str:
        """A short description: family and model, and the length if this process knows the request."""
        return f"{self._record.family} {self._record.model}" if self._facts is None else str(self._facts)

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled, and say how another process gets the job."""
        raise TypeError(not_pickled("job", self.token))

    def __repr__(self) -> str:
        seen = "" if self._seen is None else f" ({_state(self._seen)})"
        return f"<{type(self).__name__} {self.label}{seen} {self.token}>"


def not_pickled(what: str, token: str) -> str:
    """Return the message for a job or a result that a worker process returns: it must lead to what was paid."""
    return (
        f"a {what} is not pickled, because its client holds the key: pass its token to other processes, and resume it "
        f"there with client.job({token!r})"
    )


def _state(status: JobStatus) -> str:
    if status.status == "processing":
        return f"{status.raw_status}, {status.progress_percent} %"
    return status.status if status.status == "succeeded" else f"errored: {status.code}"


@contextmanager
def errors_carry(job: JobHandle | None, *, held: bool = True) -> Iterator[None]:
    """Set the job on every error that passes through the block; `held` as in `attach`."""
    try:
        yield
    except BaseException as error:
        if job is not None:
            attach(error, job, job.token, held=held)
        raise

"""The inbox: a web server puts the events of webhooks into it, waits subscribe to it."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from typing import Final, Protocol

from ...errors import ConfigurationError, InvalidRequestError
from ..arguments import milliseconds
from ..ids import job_id_problem
from ..io.mutex import mutex_of
from ..redact import short_repr, shorten
from .events import EventStatus, JobEvent
from .store import BRIEF, JobKey, Store, StoredEvent

LOOK_EVERY: Final = 1.0
"""Seconds between a wait's looks into an inbox that other processes fill: one indexed read."""
LARGEST_KEPT: Final = 1 << 16
"""Bytes of a payload kept with `confirm=False`; a longer one is confirmed nevertheless, so that a flood stays small."""


class JobLike(Protocol):
    """A job's handle."""

    @property
    def service(self) -> str: ...
    @property
    def job_id(self) -> str: ...


class WebhookInbox:
    """The events of webhooks, once per job and status, until a wait asks: `job.wait(webhooks=inbox)`.

    Threads may share it. It lives in memory, or in an SQLite file at `path` for several processes, whose waits look
    into it once a second. Every event is confirmed by asking the service, for recorded jobs only; with
    `confirm=False` an event is believed, its result URLs too: only for webhooks that are signed, or where nobody else
    can reach the address. Events of jobs that are not recorded (yet) are kept too: the newest `keep_early`, for at
    most `keep_early_ms`; they never displace those of recorded jobs, which stay for a week. Raises
    `ConfigurationError`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        confirm: bool = True,
        keep_early: int = 1000,
        keep_early_ms: int = 3_600_000,
    ) -> None:
        if isinstance(keep_early, bool) or not isinstance(keep_early, int) or not 0 <= keep_early <= 1_000_000:
            raise ConfigurationError(f"keep_early={shorten(keep_early, 40)} is not a whole number from 0 to 1000000")
        self.confirm = confirm
        self.blocks = path is not None
        """Whether its methods wait for a disk: on an event loop, call them in a thread then."""
        self._store = Store(path, keep_early, milliseconds("keep_early_ms", keep_early_ms) or 0.0)
        self._mutex = mutex_of(self)
        self._subscribers: dict[JobKey, list[Callable[[], None]]] = {}

    def record(self, job: str | JobLike, *, service: str | None = None) -> None:
        """Note that a job is yours, by its handle, or by its id and service; a wait does it by itself."""
        self._store.record(_key_of(job, service))

    def recorded(self, job: str | JobLike, *, service: str | None = None) -> bool:
        """Return whether a job was recorded within the last week."""
        return self._store.recorded(_key_of(job, service))

    def receive(self, event: JobEvent) -> bool:
        """Take in an event of `parse_webhook`; return whether it was news: the first of its job and status.

        Answer 2xx either way. Raises `WebhookError` (503) when the file cannot be written.
        """
        job = _key_of(event, None)
        body = None
        if event.final and not self.confirm and not event.ambiguous:
            body = json.dumps(event.payload).encode()
        fresh = self._store.add(job, event.status, body if body and len(body) <= LARGEST_KEPT else None)
        if fresh and event.final:
            with self._mutex:
                subscribers = list(self._subscribers.get(job, ()))
            for notify in subscribers:
                notify()
        return fresh

    def status(self, job: str | JobLike, *, service: str | None = None) -> EventStatus | None:
        """Return what the events say of a job, in whatever order they came: the first end stays. None: nothing yet.

        This is a hint. `job.status()` asks the service.
        """
        events = self._store.events(_key_of(job, service))
        ends = [event for event in events if event.status != "processing"]
        return next((event.status for event in ends or events), None)

    def subscription(self, job: JobLike) -> Subscription:
        """Return one job's events, for the wait for it."""
        return Subscription(self, _key_of(job, None))

    def __repr__(self) -> str:
        return f"<WebhookInbox {'in a file' if self.blocks else 'in memory'}>"


class Subscription:
    """One job's events, as the wait for it sees them."""

    def __init__(self, inbox: WebhookInbox, job: JobKey) -> None:
        self._inbox, self._job = inbox, job
        self.blocks = inbox.blocks
        self.every = LOOK_EVERY if inbox.blocks else math.inf
        """Seconds after which to look again without having been woken."""

    def record(self) -> None:
        """Note that the job is ours."""
        self._inbox._store.record(self._job, BRIEF)

    def ends(self) -> list[StoredEvent]:
        """Return the ends that were told of, the first one first."""
        return [event for event in self._inbox._store.events(self._job, BRIEF) if event.status != "processing"]

    def subscribe(self, notify: Callable[[], None]) -> None:
        """Call `notify`, from any thread, when this process takes in the news of an end; until `unsubscribe`."""
        with self._inbox._mutex:
            self._inbox._subscribers.setdefault(self._job, []).append(notify)

    def unsubscribe(self, notify: Callable[[], None]) -> None:
        """Call it no more."""
        with self._inbox._mutex:
            subscribers = self._inbox._subscribers[self._job]
            subscribers.remove(notify)
            if not subscribers:
                del self._inbox._subscribers[self._job]


def _key_of(job: str | JobLike, service: str | None) -> JobKey:
    """Return a job's service and id; raise `InvalidRequestError` for what names no job."""
    if not isinstance(job, str):
        job_id, service = getattr(job, "job_id", None), getattr(job, "service", None)
    else:
        job_id = job
    problem = job_id_problem(job_id) if isinstance(job_id, str) else "is neither a job's id nor its handle"
    if problem is not None:
        raise InvalidRequestError(f"job={short_repr(job_id)} {problem}", field="job")
    if not isinstance(service, str) or not service:
        raise InvalidRequestError(
            f"service={short_repr(service)} names no service, and two services may give one id: name the one that "
            f"gave {short_repr(job_id)}, or give the job itself",
            field="service",
        )
    assert isinstance(job_id, str), "everything else is a problem"
    return service, job_id

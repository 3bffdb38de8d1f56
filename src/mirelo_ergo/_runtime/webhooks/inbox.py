"""The inbox for webhooks: a web server adds events, and waits subscribe to them."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from typing import Final, Protocol

from ...errors import InvalidRequestError
from ..arguments import milliseconds, whole_number
from ..ids import job_id_problem
from ..io.mutex import mutex_of
from ..redact import short_repr
from .events import EventStatus, JobEvent
from .store import BRIEF, JobKey, Store, StoredEvent

LOOK_EVERY: Final = 1.0
"""Seconds between a wait's reads of an inbox that other processes fill; one is an indexed query."""
LARGEST_KEPT: Final = 1 << 16
"""The largest payload in bytes that `confirm=False` stores; a longer one is confirmed by a poll instead."""


class JobLike(Protocol):
    """A job's handle."""

    @property
    def service(self) -> str: ...
    @property
    def job_id(self) -> str: ...


class WebhookInbox:
    """An inbox that keeps one event per job and status for the waits: `job.wait(webhooks=inbox)`.

    Threads may share it. It is kept in memory, or for several processes in an SQLite file at `path`, which waits read
    once a second. Each event of a recorded job is confirmed by a poll. With `confirm=False` events are accepted without
    a poll, result URLs included: use this only for signed webhooks, or if nobody else can reach the address. Events of
    jobs that are not recorded (yet) are kept too: the newest `keep_early`, for at most `keep_early_ms`. They never
    displace those of recorded jobs, which are kept for a week. Raises `ConfigurationError`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        confirm: bool = True,
        keep_early: int = 1000,
        keep_early_ms: int = 3_600_000,
    ) -> None:
        whole_number("keep_early", keep_early, 0, 1_000_000)
        self.confirm = confirm
        self.blocks = path is not None
        """Whether its methods wait for a disk; if so, call them in a thread from an event loop."""
        self._store = Store(path, keep_early, milliseconds("keep_early_ms", keep_early_ms) or 0.0)
        self._mutex = mutex_of(self)
        self._subscribers: dict[JobKey, list[Callable[[], None]]] = {}

    def record(self, job: str | JobLike, *, service: str | None = None) -> None:
        """Record that a job is yours, by its handle, or by its id and service. A wait does this itself."""
        self._store.record(_key_of(job, service))

    def recorded(self, job: str | JobLike, *, service: str | None = None) -> bool:
        """Return whether a job was recorded within the last week."""
        return self._store.recorded(_key_of(job, service))

    def receive(self, event: JobEvent) -> bool:
        """Store an event of `parse_webhook`; return whether it is the first of its job and status.

        Answer the caller with 2xx in both cases. Raises `WebhookError` (503) when the file cannot be written.
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
        """Return a job's status by its events, None if there are none. The first final status counts, in any order.

        This is a hint. `job.status()` asks the service.
        """
        events = self._store.events(_key_of(job, service))
        ends = [event for event in events if event.status != "processing"]
        return next((event.status for event in ends or events), None)

    def subscription(self, job: JobLike) -> Subscription:
        """Return the subscription to one job's events, for a wait."""
        return Subscription(self, _key_of(job, None))

    def __repr__(self) -> str:
        return f"<WebhookInbox {'in a file' if self.blocks else 'in memory'}>"


class Subscription:
    """A wait's subscription to one job's events."""

    def __init__(self, inbox: WebhookInbox, job: JobKey) -> None:
        self._inbox, self._job = inbox, job
        self.blocks = inbox.blocks
        self.every = LOOK_EVERY if inbox.blocks else math.inf
        """Seconds after which to check again without a notification."""

    def record(self) -> None:
        """Record the job."""
        self._inbox._store.record(self._job, BRIEF)

    def ends(self) -> list[StoredEvent]:
        """Return the events with a final status, in their order of arrival."""
        return [event for event in self._inbox._store.events(self._job, BRIEF) if event.status != "processing"]

    def subscribe(self, notify: Callable[[], None]) -> None:
        """Call `notify`, from any thread, when this process receives a final status, until `unsubscribe`."""
        with self._inbox._mutex:
            self._inbox._subscribers.setdefault(self._job, []).append(notify)

    def unsubscribe(self, notify: Callable[[], None]) -> None:
        """Stop the calls."""
        with self._inbox._mutex:
            subscribers = self._inbox._subscribers[self._job]
            subscribers.remove(notify)
            if not subscribers:
                del self._inbox._subscribers[self._job]


def _key_of(job: str | JobLike, service: str | None) -> JobKey:
    """Return a job's service and id; raise `InvalidRequestError` if the argument is not a job."""
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

"""The inbox: callbacks go in from a web server, waits listen to it."""

from __future__ import annotations

import json
import math
import threading
from typing import TYPE_CHECKING, Final, Protocol

from ...errors import ConfigurationError, InvalidRequestError
from ..arguments import milliseconds
from ..ids import job_id_problem
from ..redact import short_repr, shorten
from .store import BRIEF, Store, StoredEvent

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from .events import EventStatus, JobEvent

LOOK_EVERY: Final = 1.0
"""Seconds between a wait's looks into an inbox that other processes fill: one indexed read."""
LARGEST_KEPT: Final = 1 << 16
"""Bytes of a payload kept with `confirm=False`; a longer one is confirmed nevertheless, so that a flood stays small."""


class WithId(Protocol):
    """Be a job's handle."""

    @property
    def job_id(self) -> str: ...


class WebhookInbox:
    """Keep callbacks, once per job and status, until a wait asks: `job.wait(webhooks=inbox)`. Threads may share it.

    In memory, or in an SQLite file at `path` for several processes, whose waits look into it once a second. Every
    callback is confirmed by asking the service, for recorded jobs only; with `confirm=False` a callback is believed,
    its result URLs too: only where nobody else can reach the address. Events of jobs that are not recorded (yet) are
    kept too: the newest `keep_early`, for at most `keep_early_ms`; they never displace those of recorded jobs, which
    stay for a week. Raises `ConfigurationError`.
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
        self._mutex = threading.Lock()
        self._rings: dict[str, list[Callable[[], None]]] = {}

    def record(self, job: str | WithId) -> None:
        """Note that a job is yours, by its handle or id; a wait does it by itself."""
        self._store.record(_id_of(job))

    def recorded(self, job: str | WithId) -> bool:
        """Say whether a job was recorded, within the last week."""
        return self._store.recorded(_id_of(job))

    def receive(self, event: JobEvent) -> bool:
        """Take a callback in and wake who waits for its job; say whether it was news: the first of job and status.

        Answer 2xx either way. Raises `WebhookError` (503) when the file cannot be written.
        """
        job_id = _id_of(event)
        body = None
        if not self.confirm and event.final:
            body = json.dumps(event.payload).encode()
        fresh = self._store.add(job_id, event.status, body if body and len(body) <= LARGEST_KEPT else None)
        if fresh and event.final:
            with self._mutex:
                rings = list(self._rings.get(job_id, ()))
            for ring in rings:
                ring()
        return fresh

    def status(self, job: str | WithId) -> EventStatus | None:
        """Give what the callbacks say of a job, in whatever order they came: the first end stays. None: nothing yet.

        This is a hint. `job.status()` asks the service.
        """
        heard = self._store.heard(_id_of(job))
        ends = [each for each in heard if each.status != "processing"]
        return next((each.status for each in ends or heard), None)

    def mail(self, job_id: str) -> Mail:
        """Give one job's callbacks, for the wait for it."""
        return Mail(self, job_id)

    def __repr__(self) -> str:
        return f"<WebhookInbox {'in a file' if self.blocks else 'in memory'}>"


class Mail:
    """One job's callbacks, as the wait for it sees them."""

    def __init__(self, inbox: WebhookInbox, job_id: str) -> None:
        self._inbox, self._job_id = inbox, job_id
        self.blocks = inbox.blocks
        self.every = LOOK_EVERY if inbox.blocks else math.inf
        """Seconds after which to look again without having been woken."""

    def record(self) -> None:
        """Note that the job is ours."""
        self._inbox._store.record(self._job_id, BRIEF)

    def look(self) -> list[StoredEvent]:
        """Give the ends that were told of, the first one first."""
        return [heard for heard in self._inbox._store.heard(self._job_id, BRIEF) if heard.status != "processing"]

    def listen(self, ring: Callable[[], None]) -> None:
        """Call `ring`, from any thread, when this process takes in the news of an end; until `leave`."""
        with self._inbox._mutex:
            self._inbox._rings.setdefault(self._job_id, []).append(ring)

    def leave(self, ring: Callable[[], None]) -> None:
        """Ring no more."""
        with self._inbox._mutex:
            rings = self._inbox._rings[self._job_id]
            rings.remove(ring)
            if not rings:
                del self._inbox._rings[self._job_id]


def _id_of(job: str | WithId | JobEvent) -> str:
    job_id = job if isinstance(job, str) else getattr(job, "job_id", None)
    problem = job_id_problem(job_id) if isinstance(job_id, str) else "is neither a job's id nor its handle"
    if problem is not None:
        raise InvalidRequestError(f"job={short_repr(job_id)} {problem}", field="job")
    assert isinstance(job_id, str), "everything else is a problem"
    return job_id

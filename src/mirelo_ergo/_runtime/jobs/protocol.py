"""How a service's jobs are requested and read. One `JobApi` value per service, over its `Api`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..api.service import Api
    from ..api.streams import State, StreamSource
    from ..io.protocol import Reply, Request
    from ..webhooks.events import WebhookFormat
    from .schedule import Schedule
    from .tokens import JobRecord
    from .values import Accepted, PollResult


@attrs.frozen
class LongPoll:
    """A poll that the service holds while the job runs."""

    endpoint: Callable[[JobRecord, int], tuple[str, str]]
    """Returns the operation that polls a job and is held for at most so many seconds, and its path."""
    longest: int
    """Seconds that the service holds one at most."""


@attrs.frozen
class JobStream:
    """A stream of a job's states."""

    source: Callable[[JobRecord], StreamSource]
    """Returns a job's stream."""
    read: Callable[[JobRecord, State], PollResult]
    """Reads what is known of a job by now; raises `Unusable` while that is too little. An end that it reads is
    confirmed by a poll."""


@attrs.frozen
class JobApi:
    """A service's jobs: where one is polled, how its responses are read, and how long it is kept."""

    api: Api
    operations: frozenset[str]
    """What the service makes, named as the clients' methods are."""
    knows: Callable[[str, str], bool]
    """Tells whether a family, in a model, is one whose jobs can be polled: the second and third word of a token."""
    poll_endpoint: Callable[[JobRecord], tuple[str, str]]
    """Returns the operation that polls a job, and its path."""
    read_accepted: Callable[[Reply], Accepted]
    """Reads the response to a submit; raises `Unusable`."""
    read_status: Callable[[JobRecord, Reply, float], PollResult]
    """Reads the response to a job's poll, at a wall clock's time; raises `Unusable`. An unknown status means that the
    job runs."""
    running: frozenset[str]
    """The statuses of a running job. Any other one that is not final is warned of."""
    schedule: Schedule
    """The polling schedule where none is asked for."""
    lifetime: float
    """Seconds that the service keeps a job and its results; infinite where it does not say."""
    cancel: Callable[[JobRecord], tuple[str, Request]] | None = None
    """Returns the operation that cancels a job, and its request; None: the service has none."""
    long_poll: LongPoll | None = None
    """How a poll is held until the job ends; None: the service responds at once."""
    stream: JobStream | None = None
    """How a job's states are streamed; None: they are not."""
    webhooks: WebhookFormat | None = None
    """How webhooks are ordered, signed and read; None: the service has none."""


def operation_names(families: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Return families named as the clients' methods are; a family's variants (after a slash) are one method."""
    return frozenset(family.split("/")[0].replace("-", "_") for family, _ in families)

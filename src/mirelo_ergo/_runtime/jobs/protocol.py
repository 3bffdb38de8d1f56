"""The description of a service's jobs: each service provides a `JobApi` value, which holds its `Api`."""

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
    """A long poll: the service holds its answer while the job runs."""

    endpoint: Callable[[JobRecord, int], tuple[str, str]]
    """Returns the operation that polls a job and is held for at most this many seconds, and its path."""
    longest: int
    """The longest time in seconds that the service holds one."""


@attrs.frozen
class JobStream:
    """A stream of a job's states."""

    source: Callable[[JobRecord], StreamSource]
    """Returns the stream of a job."""
    read: Callable[[JobRecord, State], PollResult]
    """Reads a job's status from the stream's state so far; raises `Unusable` while there is too little. A final status
    is confirmed by a poll."""


@attrs.frozen
class JobApi:
    """A service's jobs: how they are polled and read, and how long the service keeps them."""

    api: Api
    operations: frozenset[str]
    """The service's operations, named as the clients' methods."""
    knows: Callable[[str, str], bool]
    """Returns whether jobs of a family and model (the second and third word of a token) can be polled."""
    poll_endpoint: Callable[[JobRecord], tuple[str, str]]
    """Returns the operation that polls a job, and its path."""
    read_accepted: Callable[[Reply], Accepted]
    """Reads the response to a submit; raises `Unusable`."""
    read_status: Callable[[JobRecord, Reply, float], PollResult]
    """Reads the response to a poll, given the time in Unix seconds; raises `Unusable`. An unknown status means that
    the job runs."""
    running: frozenset[str]
    """The known statuses of a running job. Any other status that is not final is logged as a warning."""
    schedule: Schedule
    """The default polling schedule."""
    lifetime: float
    """How long the service keeps a job and its results, in seconds; infinite if it does not say."""
    cancel: Callable[[JobRecord], tuple[str, Request]] | None = None
    """Returns the operation that cancels a job, and its request; None: the service cannot cancel."""
    long_poll: LongPoll | None = None
    """The service's long polls; None: it answers at once."""
    stream: JobStream | None = None
    """The service's stream of a job's states; None: it has none."""
    webhooks: WebhookFormat | None = None
    """The service's webhooks; None: it has none."""


def operation_names(families: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Return families under the names of the clients' methods. A family's variants (after a slash) share one method."""
    return frozenset(family.split("/")[0].replace("-", "_") for family, _ in families)

"""What the runtime must be told about a service. One `Service` value per service; the runtime knows none by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from ...errors import MireloError
    from ..io.protocol import Reply
    from ..jobs.tokens import JobRecord
    from ..jobs.values import Accepted, Polled
    from ..jobs.waiter import Schedule, Seen
    from ..webhooks.events import CallbackFormat


@attrs.frozen
class ErrorFacts:
    """What a service's own error body says."""

    code: str
    message: str


@attrs.frozen
class Service:
    """Describe one service: where it is, how it is asked, and what its error bodies mean."""

    name: str
    """Small letters: also the first word of its job tokens."""
    base_url: str
    key_variable: str
    url_variable: str
    auth: Callable[[str], tuple[str, str]]
    """Turn a key into the header that carries it."""
    read_error: Callable[[object], ErrorFacts | None]
    """Read a decoded body that has the service's own error shape; None for anything else."""
    errors_by_code: Mapping[str, type[MireloError]]
    """Codes whose class their status does not give."""
    uncharged: frozenset[str]
    """Codes the service documents as not charged."""
    job_lifetime: float
    """Seconds that the service keeps a job and its results; infinite where it does not say."""
    schedule: Schedule
    """The pace of waiting when none is asked for."""
    families: Collection[tuple[str, str]]
    """What it makes, each with its model: the second and third word of a job's token."""
    ask: Callable[[JobRecord], tuple[str, str]]
    """Give the operation that a job is asked for with, and its path."""
    read_accepted: Callable[[Reply], Accepted]
    """Read a submit's answer; raises `Unusable`."""
    read_status: Callable[[Reply, float], Seen[Polled]]
    """Read a poll's answer, at a wall clock's time; raises `Unusable`. An unknown status means that the job runs."""
    running: frozenset[str]
    """The statuses of a job that runs; another one that is not final is warned of."""
    callbacks: CallbackFormat | None = None
    """How callbacks are ordered and read; None: the service has none."""
    headers: tuple[tuple[str, str], ...] = ()
    """Sent with every request."""

    @property
    def operations(self) -> frozenset[str]:
        """Name what it makes as the clients' methods are named; a family's variants (after a slash) are one method."""
        return frozenset(family.split("/")[0].replace("-", "_") for family, _ in self.families)

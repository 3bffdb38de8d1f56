"""Which services there are, and what each can make."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def capabilities() -> Mapping[str, frozenset[str]]:
    """Give, by service, the operations its clients have, named as their methods. Sends nothing."""
    from .mirelo.service import MIRELO_JOBS
    from .pixazo.service import PIXAZO_JOBS

    return MappingProxyType({jobs.api.name: jobs.operations for jobs in (MIRELO_JOBS, PIXAZO_JOBS)})


def service_of(token: str) -> str | None:
    """Return the name of the service that a job's token is of, None if it is not a token. Sends nothing.

    The job is then resumed with that service's client: `client.job(token)`.
    """
    from ._runtime.jobs.tokens import service_of

    return service_of(token)

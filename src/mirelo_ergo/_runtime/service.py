"""What the runtime must be told about a service. One `Service` value per service; the runtime knows none by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..errors import MireloError
    from .poll import Schedule


@attrs.frozen
class ErrorFacts:
    """What a service's own error body says."""

    code: str
    message: str


@attrs.frozen
class Service:
    """Describe one service: where it is, how it is asked, and what its error bodies mean."""

    name: str
    """Also the first word of its job tokens."""
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
    """Seconds that the service keeps a job and its results."""
    schedule: Schedule
    """The pace of waiting when none is asked for."""

"""The description of a service's HTTP API: each service provides one `Api`; the runtime knows no service by name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs

from .idempotency import KeyRules
from .retry import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ...errors import MireloError


@attrs.frozen
class ErrorFacts:
    """The content of a service's own error body."""

    code: str
    message: str


@attrs.frozen
class Api:
    """A service's HTTP API: its address, how the key is sent, and what its error bodies mean."""

    name: str
    """Its name in small letters, which is also the first word of its jobs' tokens."""
    base_url: str
    key_variable: str
    url_variable: str
    auth: Callable[[str], tuple[str, str]]
    """Returns the header that carries a key."""
    read_error: Callable[[object], ErrorFacts | None]
    """Reads a decoded body that has the service's own error shape; returns None for anything else."""
    errors_by_code: Mapping[str, type[MireloError]]
    """The error classes of codes whose class does not follow from their status."""
    uncharged: frozenset[str]
    """Codes that the service documents as not charged."""
    headers: tuple[tuple[str, str], ...] = ()
    """Headers that are sent with every request."""
    find_job_id: Callable[[str], str | None] = lambda _: None
    """Finds a job id in the response to a paid request, which may be cut off or an error."""
    not_ready: frozenset[str] = frozenset()
    """Codes that mean that an input of a paid request is not ready yet."""
    full: frozenset[str] = frozenset()
    """Codes of a 429 that mean that the account's maximum number of jobs runs: the submit waits for its turn."""
    outcome_unknown: frozenset[str] = frozenset()
    """Codes that mean that the service does not know the outcome of a request with a key."""
    free_paths: re.Pattern[str] = re.compile("(?!)")
    """The paths of free operations with a method other than GET. Any other such operation counts as paid."""
    keys: KeyRules = attrs.field(factory=KeyRules)
    """The rules for the idempotency keys of its operations; None if it has no keys."""

    def kind_of(self, method: str, path: str, *, keyed: bool) -> Kind:
        """Return the class of a request: whether a second copy of it would cost. `keyed`: it has an idempotency key."""
        if method in ("GET", "HEAD", "OPTIONS"):
            return Kind.READ
        if self.free_paths.fullmatch(path.partition("?")[0]):
            return Kind.CHEAP
        return Kind.KEYED if keyed else Kind.PAID

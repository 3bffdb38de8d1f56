"""How a service speaks HTTP. One `Api` value per service; the runtime knows none by name."""

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
    """What a service's own error body says."""

    code: str
    message: str


@attrs.frozen
class Api:
    """How a service speaks HTTP: where it is, how a key is sent, and what its error bodies mean."""

    name: str
    """Small letters: also the first word of its jobs' tokens."""
    base_url: str
    key_variable: str
    url_variable: str
    auth: Callable[[str], tuple[str, str]]
    """Turns a key into the header that carries it."""
    read_error: Callable[[object], ErrorFacts | None]
    """Reads a decoded body that has the service's own error shape; returns None for anything else."""
    errors_by_code: Mapping[str, type[MireloError]]
    """Codes whose class their status does not give."""
    uncharged: frozenset[str]
    """Codes the service documents as not charged."""
    headers: tuple[tuple[str, str], ...] = ()
    """Sent with every request."""
    find_job_id: Callable[[str], str | None] = lambda _: None
    """Finds the id of a job in the text of a response to a paid request, which may be cut off or an error."""
    not_ready: frozenset[str] = frozenset()
    """Codes of something that a paid request needs and that will be there soon."""
    full: frozenset[str] = frozenset()
    """Codes by which a 429 says that as many jobs run as the account may have: a submit waits its turn."""
    outcome_unknown: frozenset[str] = frozenset()
    """Codes by which the service says that it does not know what became of a request under a key."""
    free_paths: re.Pattern[str] = re.compile("(?!)")
    """The paths of what costs nothing although it is not read with GET; what is not known for certain is paid."""
    keys: KeyRules = attrs.field(factory=KeyRules)
    """How it takes the idempotency key of an operation that has one."""

    def kind_of(self, method: str, path: str, *, keyed: bool) -> Kind:
        """Return the class of a request: what a second copy of it would cost. `keyed`: it has an idempotency key."""
        if method in ("GET", "HEAD", "OPTIONS"):
            return Kind.READ
        if self.free_paths.fullmatch(path.partition("?")[0]):
            return Kind.CHEAP
        return Kind.KEYED if keyed else Kind.PAID

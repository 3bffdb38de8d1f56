"""One API operation as it is described, and what a client's operations share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import attrs

from ...errors import ConfigurationError
from ..io.deadline import Deadline, Timing
from .retrier import Retrier
from .retry import Kind, RetryBudget, RetryPolicy, SubmitThrottle

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..io.protocol import IO, Reply, Request
    from ..redact import Secret
    from .idempotency import IdempotencyKey
    from .service import Api

T = TypeVar("T")


@attrs.frozen
class Operation(Generic[T]):
    """Describe one API operation: what to send, what a second copy costs, and how to read its answer.

    `read` raises `Unusable`. `timeout` bounds all of it in seconds, sleeps and re-sends included. `attempts` caps
    the attempts below what the kind allows: for a wait's poll it is 1, as the next poll is the retry. `tolerate_404`
    says that a 404 may only mean "not yet". A paid operation is of the kind KEYED exactly when it has a key.
    `from_job_id` makes its result of a job's id alone, where the service knows no more itself. `redirects` says that a
    redirect is the response that `read` reads; it is never followed with the service's credential.
    """

    name: str
    kind: Kind
    request: Request
    read: Callable[[Reply], T]
    timeout: float
    attempts: int | None = None
    tolerate_404: bool = False
    key: IdempotencyKey | None = None
    from_job_id: Callable[[str], T] | None = None
    redirects: bool = False

    def __attrs_post_init__(self) -> None:
        if (self.kind is Kind.KEYED) is (self.key is None):
            raise ValueError(f"{self.name}: an operation of kind {self.kind.name} and a key do not go together")

    @property
    def paced(self) -> bool:
        """Whether it takes a submit slot and waits for the submit throttle: a paid request, but no long one."""
        return self.kind in (Kind.PAID, Kind.KEYED) and not self.request.long


@attrs.define
class Runtime:
    """What one client's operations share; the client makes it, and its `io` is sync or async."""

    io: IO
    api: Api
    secret: Secret
    base_url: str
    policy: RetryPolicy
    timeout: float
    timing: Timing = attrs.field(factory=Timing)
    budget: RetryBudget = attrs.field(init=False)
    download_budget: RetryBudget = attrs.field(init=False)
    pace: SubmitThrottle = attrs.field(init=False)
    closed: bool = False

    def __attrs_post_init__(self) -> None:
        self.budget = RetryBudget(self.io.now)
        self.download_budget = RetryBudget(self.io.now)
        self.pace = SubmitThrottle(self.io.now)

    def retrier(
        self,
        kind: Kind,
        method: str,
        *,
        deadline: Deadline | None = None,
        attempts: int | None = None,
        tolerate_404: bool = False,
        expires: float | None = None,
    ) -> Retrier:
        """Return the retry step for one operation. Downloads have a retry budget of their own."""
        budget = self.download_budget if kind is Kind.DOWNLOAD else self.budget
        return Retrier(self.io, self.policy, budget, kind, method, deadline, attempts, tolerate_404, expires)

    def account(self) -> str:
        """Name the account and place that an asset id belongs to, without giving the key away."""
        return f"{self.secret.fingerprint()} {self.base_url}"

    def close(self) -> None:
        """Refuse every later operation."""
        self.closed = True

    def require_open(self) -> None:
        """Raise `ConfigurationError` after `close`: pools that came after it would never be closed."""
        if self.closed:
            raise ConfigurationError("this client is closed: make a new one, or keep the work inside its with-block")

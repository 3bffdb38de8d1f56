"""The description of one API operation, and the state that all operations of a client share."""

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
    """One API operation: what to send, whether a second copy would cost, and how to read its answer.

    `read` raises `Unusable`. `timeout` limits the whole operation in seconds, sleeps and re-sends included. `attempts`
    lowers the number of attempts that the kind allows: it is 1 for a poll within a wait, because the next poll is the
    retry. `tolerate_404` says that a 404 may only mean "not yet". A paid operation has a key exactly if its kind is
    KEYED. `from_job_id` makes its result from a job id alone, for an error response that names the job. `redirects`
    says that `read` reads a redirect; it is never followed with the service's credential.
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
        """Whether it needs a submit slot and obeys the submit throttle: true for paid requests, except long ones."""
        return self.kind in (Kind.PAID, Kind.KEYED) and not self.request.long


@attrs.define
class Runtime:
    """The state that one client's operations share. The client creates it; its `io` is sync or async."""

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
        """Return the retry step for one operation. Downloads have their own retry budget."""
        budget = self.download_budget if kind is Kind.DOWNLOAD else self.budget
        return Retrier(self.io, self.policy, budget, kind, method, deadline, attempts, tolerate_404, expires)

    def account(self) -> str:
        """Return a name, without the key, of the account and address that an asset id belongs to."""
        return f"{self.secret.fingerprint()} {self.base_url}"

    def close(self) -> None:
        """Make every later operation fail."""
        self.closed = True

    def require_open(self) -> None:
        """Raise `ConfigurationError` after `close`: connection pools created later would never be closed."""
        if self.closed:
            raise ConfigurationError("this client is closed: make a new one, or keep the work inside its with-block")

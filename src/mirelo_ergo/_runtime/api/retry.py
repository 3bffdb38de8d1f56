"""Decisions about when a request may be sent again (docs/reliability.md). Pure: clock and randomness are passed in."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Final

import attrs

from ..io.mutex import mutex_of
from ..io.protocol import DEFINITE, FailureKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...errors import Sent

LONGEST_RETRY_AFTER: Final = 60.0
"""Seconds: the longest Retry-After that is obeyed."""
LONGEST_BACKOFF: Final = 8.0
LONGEST_WAIT: Final = 60.0
"""Seconds for which "not yet" answers are retried: an earlier attempt is in flight, or an asset is not ready."""


class Kind(Enum):
    """The class of an operation: whether a second copy of it would cost."""

    READ = "read"
    CHEAP = "cheap"
    PAID = "paid"
    KEYED = "keyed"
    DOWNLOAD = "download"


ATTEMPTS: Final = {Kind.READ: 5, Kind.CHEAP: 4, Kind.PAID: 5, Kind.KEYED: 6, Kind.DOWNLOAD: 5}
"""The number of attempts, the first included (for downloads: without progress)."""


@attrs.frozen
class Failed:
    """An attempt without a complete answer. `status` is that of the answer's head, if it arrived."""

    kind: FailureKind
    sent: Sent
    status: int | None = None


@attrs.frozen
class Answered:
    """An attempt that got an answer: `envelope` when the body is the API's own error shape with `code`.

    `usable` says whether a 2xx body could be read for what it promises.
    """

    status: int
    envelope: bool = False
    code: str | None = None
    retry_after: float | None = None
    usable: bool = True


Outcome = Failed | Answered


@attrs.frozen
class Done:
    """The decision that the answer is the result."""


@attrs.frozen
class Retry:
    """The decision to send it again, not before `after` seconds. `throttled`: the service is busy, not broken.

    `not_yet`: the answer will change soon, so that `LONGEST_WAIT` limits the re-sends instead of the number of
    attempts. `turn`: it waits for another job to end, which is normal, so that only the operation's deadline limits it.
    """

    after: float = 0.0
    throttled: bool = False
    not_yet: bool = False
    turn: bool = False


@attrs.frozen
class Raise:
    """The decision to raise this outcome's error. It is definite: nothing was charged."""


@attrs.frozen
class Unknown:
    """The decision to raise `SubmitOutcomeUnknown`. `accepted` is True if the service accepted the request."""

    accepted: bool | None = None


Decision = Done | Retry | Raise | Unknown


@attrs.frozen
class RetryPolicy:
    """The rules that decide what an attempt's outcome means for its operation.

    `retries` limits the re-sends of every class (None: `ATTEMPTS`); `base` is the first backoff in seconds. The rest
    are error codes of the service: `uncharged` are documented as not charged; `not_ready` mean that an input of a paid
    request is not ready yet; `full` that the maximum number of jobs runs; `outcome_unknown` that the service itself
    does not know the outcome.
    """

    retries: int | None = None
    base: float = 0.5
    uncharged: frozenset[str] = frozenset()
    not_ready: frozenset[str] = frozenset()
    full: frozenset[str] = frozenset()
    outcome_unknown: frozenset[str] = frozenset()

    def attempts(self, kind: Kind) -> int:
        """Return the number of attempts for an operation of this class."""
        return ATTEMPTS[kind] if self.retries is None else self.retries + 1

    def decide(
        self, kind: Kind, method: str, outcome: Outcome, attempt: int, *, tolerate_404: bool = False
    ) -> Decision:
        """Judge the outcome of attempt number `attempt` (1 is the first).

        `tolerate_404`: the job was created less than 5 s ago.
        """
        decision = self._judge(kind, method, outcome, attempt, tolerate_404)
        if isinstance(decision, Retry):
            spent = attempt >= self.attempts(kind) and not (decision.not_yet and self.retries is None)
            if spent or decision.after > LONGEST_RETRY_AFTER:
                return self.last(kind, method, outcome)
        return decision

    def last(self, kind: Kind, method: str, outcome: Outcome) -> Raise | Unknown:
        """Return the decision about an outcome if no further attempt is allowed."""
        return self.leaves_open(kind, method, outcome) or Raise()

    def leaves_open(self, kind: Kind, method: str, outcome: Outcome) -> Unknown | None:
        """Return the open question about money after an outcome, None if it is free or certainly not charged.

        A request with a key can be sent again; until then its outcome is unknown like that of one without a key.
        """
        if kind not in (Kind.PAID, Kind.KEYED):
            return None
        if kind is Kind.KEYED and isinstance(outcome, Answered) and outcome.status == 409:
            return Unknown()
        judged = self._judge(Kind.PAID, method, outcome, 1, False)
        return judged if isinstance(judged, Unknown) else None

    def _judge(self, kind: Kind, method: str, outcome: Outcome, attempt: int, tolerate_404: bool) -> Decision:
        if isinstance(outcome, Failed):
            return self._judge_failure(kind, outcome, attempt)
        status, after = outcome.status, outcome.retry_after or 0.0
        paid = kind in (Kind.PAID, Kind.KEYED)
        if 200 <= status < 300:
            if outcome.usable:
                return Done()
            if kind is Kind.PAID:
                return Unknown(accepted=True)
            return Retry() if kind is Kind.KEYED or attempt == 1 else Raise()
        if paid and outcome.code in self.outcome_unknown:
            return Unknown()
        if paid and outcome.code in self.not_ready and status < 500:
            return Retry(after, throttled=True, not_yet=True)
        if paid and outcome.code in self.full and status == 429:
            return Retry(after, throttled=True, not_yet=True, turn=True)
        if status in (421, 425, 429):
            return Retry(after, throttled=True)
        if status == 408:
            return Unknown() if kind is Kind.PAID else Retry(after)
        if status == 409:
            if kind is Kind.KEYED:
                return Retry(after, throttled=True, not_yet=True)
            return Retry(after) if method == "GET" else Raise()
        if status == 404 and tolerate_404:
            return Retry(after) if attempt <= 3 else Raise()
        if status >= 500:
            return self._judge_server_error(kind, outcome, after)
        return Raise()

    def _judge_server_error(self, kind: Kind, outcome: Answered, after: float) -> Decision:
        busy = outcome.status == 503 and outcome.envelope and outcome.retry_after is not None
        if kind is not Kind.PAID or busy:
            return Retry(after, throttled=busy)
        return Raise() if outcome.envelope and outcome.code in self.uncharged else Unknown()

    @staticmethod
    def _judge_failure(kind: Kind, outcome: Failed, attempt: int) -> Decision:
        if outcome.kind in DEFINITE:
            return Raise()
        if kind is Kind.PAID and outcome.sent == "yes":
            return Unknown(accepted=True if 200 <= (outcome.status or 0) < 300 else None)
        if outcome.kind == "garbled" and kind is not Kind.KEYED:
            return Retry() if attempt == 1 else Raise()
        return Retry()

    def backoff(self, attempt: int, random: float) -> float:
        """Return the seconds before the next attempt: full jitter over min(8 s, base · 2ⁿ)."""
        return random * min(LONGEST_BACKOFF, self.base * 2.0 ** min(max(attempt - 1, 0), 16))


class RetryBudget:
    """A token bucket that pays for re-sends, shared by a client's threads and tasks; it holds at most 500.

    A re-send after a failure costs 14, after throttling 5. A success gives back what its operation paid, or 1 if it
    paid nothing, and 1 token is added each second. In a total outage that is at most 35 extra requests at once.
    """

    FULL: Final = 500
    TRANSIENT: Final = 14
    THROTTLED: Final = 5

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._tokens = self.FULL
        self._since = now()
        self._mutex = mutex_of(self)

    @property
    def tokens(self) -> int:
        """The tokens left."""
        with self._mutex:
            self._refill()
            return self._tokens

    def take(self, *, throttled: bool) -> int | None:
        """Pay for one re-send and return its cost; None if there are not enough tokens."""
        cost = self.THROTTLED if throttled else self.TRANSIENT
        with self._mutex:
            self._refill()
            if cost > self._tokens:
                return None
            self._tokens -= cost
            return cost

    def give_back(self, cost: int) -> None:
        """Return what a successful operation paid, at least 1."""
        with self._mutex:
            self._tokens = min(self.FULL, self._tokens + max(1, cost))

    def _refill(self) -> None:
        """Add a token for each whole second since the last call."""
        seconds = max(0, int(self._now() - self._since))
        self._since += seconds
        self._tokens = min(self.FULL, self._tokens + seconds)


class SubmitThrottle:
    """A throttle of the client's submits after a 429: additive increase, multiplicative decrease.

    There is no limit until the first 429. Each 429 multiplies the rate by 0.7 (at most once a second), and each second
    adds 1/s.
    """

    HOLD: Final = 1.0
    WINDOW: Final = 1.0
    SLOWEST: Final = 0.5

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._mutex = mutex_of(self)
        self._rate: float | None = None
        self._raised_at = 0.0
        self._held_until = 0.0
        self._next = 0.0
        self._recent: list[float] = []

    def reserve(self) -> float:
        """Reserve the next start and return the seconds until it."""
        with self._mutex:
            now = self._now()
            self._recent = [moment for moment in self._recent if moment > now - self.WINDOW]
            if self._rate is None:
                self._recent.append(now)
                return 0.0
            self._grow(now)
            start = max(now, self._next)
            self._next = start + 1.0 / self._rate
            self._recent.append(start)
            return start - now

    def throttle(self) -> None:
        """Record a 429."""
        with self._mutex:
            now = self._now()
            if now < self._held_until:
                return
            self._grow(now)
            sent = sum(moment > now - self.WINDOW for moment in self._recent) / self.WINDOW
            self._rate = max(self.SLOWEST, 0.7 * (sent if self._rate is None else self._rate))
            self._raised_at = self._held_until = now + self.HOLD
            self._next = max(self._next, now + self.HOLD)

    def _grow(self, now: float) -> None:
        if self._rate is not None and now > self._raised_at:
            self._rate += now - self._raised_at
            self._raised_at = now


_SECONDS = re.compile(r"([0-9]{1,1000})(\.[0-9]{1,1000})?", re.ASCII)
_MOST_SECONDS: Final = 1e12
"""More is not told apart."""


def parse_retry_after(value: str | None, date: str | None, wall: float) -> float | None:
    """Read a Retry-After header: seconds or an HTTP-date, which is read against the response's own `Date`.

    Digits with one optional fraction, which is rounded up. Anything unreadable gives None, so that it never hides the
    status; a date in the past gives 0.
    """
    if value is None:
        return None
    value = value.strip(" \t")
    if seconds := _SECONDS.fullmatch(value):
        whole, fraction = seconds.groups("")
        return float(min(int(whole) + bool(fraction.strip(".0")), _MOST_SECONDS))
    moment = http_date(value)
    if moment is None:
        return None
    sent = http_date(date) if date is not None else None
    return max(0.0, moment - (wall if sent is None else sent))


def http_date(value: str) -> float | None:
    """Read an HTTP-date as Unix seconds, None if it is not a date."""
    try:
        from datetime import UTC
        from email.utils import parsedate_to_datetime  # it takes longer to import than this whole package

        moment = parsedate_to_datetime(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None

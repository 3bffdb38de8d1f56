"""The one retry step: attempts, retry budget, backoff, Retry-After and deadline meet here (docs/reliability.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from ..redact import log
from .retry import (
    LONGEST_WAIT,
    Answered,
    Decision,
    Done,
    Kind,
    Outcome,
    Raise,
    Retry,
    RetryBudget,
    RetryPolicy,
    Unknown,
)

if TYPE_CHECKING:
    from ..io.deadline import Deadline
    from ..io.protocol import IO


@attrs.define
class Retrier:
    """The attempts of one operation. `judge` is told of each outcome and sleeps before it asks for another attempt.

    `deadline` None: a transfer, which its progress limits instead. `attempts` caps the attempts below what the kind
    allows. `tolerate_404`: a 404 may only mean "not yet".
    """

    io: IO
    policy: RetryPolicy
    budget: RetryBudget
    kind: Kind
    method: str
    deadline: Deadline | None = None
    attempts: int | None = None
    tolerate_404: bool = False
    expires: float | None = None
    """When the service may have forgotten the idempotency key, on the monotonic clock: nothing is sent from then on."""
    doubt: Unknown | None = attrs.field(default=None, init=False)
    """What an earlier attempt under a key leaves open: no later refusal makes it undone."""
    number: int = attrs.field(default=0, init=False)
    """Attempts so far (since the last progress, where that restarts the count)."""
    _paid: int = attrs.field(default=0, init=False)
    _waits: int = attrs.field(default=0, init=False)
    _waiting_since: float = attrs.field(default=0.0, init=False)

    async def judge(self, outcome: Outcome, what: str, note: str = "", *, progress: bool = False) -> Decision:
        """Return what follows from the outcome of one more attempt; for a `Retry`, after the pause before the next one.

        The arguments are those of `weigh`.
        """
        decision, pause = self.weigh(outcome, what, note, progress=progress)
        if isinstance(decision, Retry):
            await self.io.sleep(pause)
        return decision

    def weigh(self, outcome: Outcome, what: str, note: str = "", *, progress: bool = False) -> tuple[Decision, float]:
        """Return what follows from the outcome of one more attempt, and for a `Retry` the seconds to wait before it.

        A re-send that the number of attempts, the deadline or the retry budget does not allow ends the operation as if
        there were none left. `progress` restarts the count of attempts, unless the client's own `retries=` caps them.
        `what` and `note` are for the log.
        """
        self.number += 1
        if progress and self.policy.retries is None:
            self.number = 0
        number = max(1, self.number)
        decision = self._decide(outcome, number)
        pause = 0.0
        if isinstance(decision, Retry):
            last = self.policy.last(self.kind, self.method, outcome)
            pause = max(decision.after, self._backoff(decision, number))
            if self._may_repeat(decision, number, pause):
                self._note_doubt(last)
            else:
                decision = last
        if isinstance(decision, Raise | Unknown) and self.doubt is not None:
            decision = self._note_doubt(decision)
        log.debug("%s attempt %d: %s%s -> %s", what, number, _seen(outcome), note, type(decision).__name__.lower())
        if isinstance(decision, Done):
            self.succeed()
        return decision, pause

    def is_worth_repeating(self, outcome: Outcome) -> bool:
        """Return whether the outcome of one more attempt would allow another one, as far as time and budget do."""
        return isinstance(self._decide(outcome, self.number + 1), Retry)

    def succeed(self) -> None:
        """Return to the budget what the operation's re-sends cost."""
        self.budget.give_back(self._paid)
        self._paid = 0

    def _decide(self, outcome: Outcome, number: int) -> Decision:
        return self.policy.decide(self.kind, self.method, outcome, number, tolerate_404=self.tolerate_404)

    def _note_doubt(self, last: Raise | Unknown) -> Raise | Unknown:
        """Return what this outcome and those before it leave open."""
        if isinstance(last, Unknown) and (self.doubt is None or last.accepted):
            self.doubt = last
        return self.doubt or last

    def _backoff(self, retry: Retry, number: int) -> float:
        if retry.not_yet:
            if not self._waits or retry.turn:  # a turn that came late leaves all the time to what is waited for next
                self._waiting_since = self.io.now()
            self._waits += 1
            if self.policy.retries is None and self.attempts is None:
                self.number -= 1
                number = self._waits
        return self.policy.backoff(number, self.io.random())

    def _may_repeat(self, retry: Retry, number: int, pause: float) -> bool:
        start = self.io.now() + pause
        if self.attempts is not None and number >= self.attempts:
            return False
        if retry.not_yet and not retry.turn and start - self._waiting_since > LONGEST_WAIT:
            return False
        if self.deadline is not None and pause >= self.deadline.left():
            return False
        if self.expires is not None and start >= self.expires:
            return False
        if retry.turn:
            return True
        cost = self.budget.take(throttled=retry.throttled)
        self._paid += cost or 0
        return cost is not None


def _seen(outcome: Outcome) -> str:
    if isinstance(outcome, Answered):
        return f"HTTP {outcome.status}"
    return f"{outcome.kind} failure, sent={outcome.sent}"

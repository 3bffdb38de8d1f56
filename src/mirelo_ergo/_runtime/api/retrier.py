"""The one retry step: attempts, retry budget, backoff, Retry-After and deadline meet here (docs/reliability.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from ..redact import log, turn_log
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
    """The attempts of one operation. `judge` is called with each outcome and sleeps before it allows another attempt.

    `deadline` is None for a transfer, which is limited by its progress instead. `attempts` lowers the number that the
    kind allows. `tolerate_404`: a 404 may only mean "not yet".
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
    """When the service may have forgotten the idempotency key, on the monotonic clock: nothing is sent after that."""
    doubt: Unknown | None = attrs.field(default=None, init=False)
    """The open outcome of an earlier attempt under a key: a later refusal does not undo it."""
    number: int = attrs.field(default=0, init=False)
    """Attempts so far, or since the last progress where that restarts the count."""
    _paid: int = attrs.field(default=0, init=False)
    _waits: int = attrs.field(default=0, init=False)
    _waiting_since: float = attrs.field(default=0.0, init=False)
    _told_turn: bool = attrs.field(default=False, init=False)

    async def judge(self, outcome: Outcome, what: str, note: str = "", *, progress: bool = False) -> Decision:
        """Return the decision about one more outcome; for a `Retry`, sleep until the next attempt first.

        The arguments are those of `weigh`.
        """
        decision, pause = self.weigh(outcome, what, note, progress=progress)
        if isinstance(decision, Retry):
            await self.io.sleep(pause)
        return decision

    def weigh(self, outcome: Outcome, what: str, note: str = "", *, progress: bool = False) -> tuple[Decision, float]:
        """Return the decision about one more outcome; for a `Retry`, with the seconds to wait before the next attempt.

        If the number of attempts, the deadline or the retry budget does not allow a re-send, the decision is that of
        the last attempt. `progress` restarts the count of attempts, unless the client's `retries=` limits them. `what`
        and `note` are for the log.
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
                self._tell_turn(decision, what)
            else:
                decision = last
        if isinstance(decision, Raise | Unknown) and self.doubt is not None:
            decision = self._note_doubt(decision)
        if log.has_debug:
            log.debug("%s attempt %d: %s%s -> %s", what, number, _seen(outcome), note, type(decision).__name__.lower())
        if isinstance(decision, Done):
            self.succeed()
        return decision, pause

    def is_worth_repeating(self, outcome: Outcome) -> bool:
        """Return whether the policy, the time and the budget would allow another attempt after this outcome."""
        return isinstance(self._decide(outcome, self.number + 1), Retry)

    def succeed(self) -> None:
        """Give back to the retry budget what the operation's re-sends took."""
        self.budget.give_back(self._paid)
        self._paid = 0

    def _tell_turn(self, retry: Retry, what: str) -> None:
        if retry.turn and not self._told_turn:
            self._told_turn = True
            turn_log.info("%s: as many jobs run as the account may have; it goes out when one has ended", what)

    def _decide(self, outcome: Outcome, number: int) -> Decision:
        return self.policy.decide(self.kind, self.method, outcome, number, tolerate_404=self.tolerate_404)

    def _note_doubt(self, last: Raise | Unknown) -> Raise | Unknown:
        """Return the open outcome after this and all earlier attempts."""
        if isinstance(last, Unknown) and (self.doubt is None or last.accepted):
            self.doubt = last
        return self.doubt or last

    def _backoff(self, retry: Retry, number: int) -> float:
        if retry.not_yet:
            if not self._waits or retry.turn:  # a late turn of the event loop must not shorten the next wait
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

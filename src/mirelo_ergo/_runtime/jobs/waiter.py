"""Waiting for a job (docs/reliability.md): the loop that polls until the job is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from ..._signals import is_of_a_signal
from ...errors import (
    AuthenticationError,
    ConfigurationError,
    InsufficientCreditsError,
    InvalidRequestError,
    JobExpiredError,
    JobTimeoutError,
    MireloError,
    NotFoundError,
    PermissionDeniedError,
)
from ..api.execute import Operation, Runtime, execute
from ..api.retry import LONGEST_RETRY_AFTER
from ..redact import log

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..io.deadline import Deadline
    from .schedule import Schedule
    from .updates import Update, Updates
    from .values import PollResult

FAILURES_LAST: Final = 300.0
"""Seconds of failed polls without a success after which a wait ends."""
LATE: Final = 0.1
"""Seconds by which a wait's last poll may exceed the deadline; earlier polls end soon enough to leave it time."""
HINTS: Final = 10
"""The number of gaps per job that the service's own estimate of completion may shorten."""
YOUNG: Final = 5.0
"""Seconds after the submit in which a 404 may only mean that the job is not visible yet."""


@attrs.define
class Hints:
    """The number of gaps that a job's hints may still shorten, over all waits through one handle."""

    left: int = HINTS


class Waiter:
    """Polls one job by its schedule. `next` returns each status, the final one last.

    `updates` report between the polls. `long_poll` is the longest time in seconds for which the service holds a poll of
    a running job (0: not at all); such a poll replaces a pause.
    """

    def __init__(
        self,
        runtime: Runtime,
        poll: Callable[[float, bool, int], Operation[PollResult]],
        *,
        estimate: float,
        elapsed: float,
        schedule: Schedule,
        lifetime: float,
        interval: float | None = None,
        deadline: Deadline,
        updates: Updates | None = None,
        long_poll: int = 0,
        hints: Hints | None = None,
    ) -> None:
        self._runtime = runtime
        self._poll = poll
        """Returns a poll's operation, given its time limit, whether a 404 may mean "not yet", and the longest hold."""
        self._estimate = estimate
        self._lifetime = lifetime
        self._own_schedule = schedule
        self._updates = updates
        self._interval = interval
        self._longest_hold = long_poll if interval is None else 0
        self.timeout = deadline.left()
        self._began = runtime.io.now() - max(0.0, elapsed)
        self._deadline = deadline
        self._gap = self._first_gap(max(0.0, elapsed))
        self._hints = Hints() if hints is None else hints
        self._failing_since: float | None = None

    @property
    def _schedule(self) -> Schedule:
        return self._own_schedule if self._updates is None else self._updates.schedule(self._own_schedule)

    def _first_gap(self, elapsed: float) -> float:
        if self._longest_hold:
            return 0.0
        gap = self._interval
        if gap is None:
            gap = self._schedule.next_gap(0.0, self._estimate, self._runtime.io.random())
        return max(0.0, gap - elapsed)

    @property
    def elapsed(self) -> float:
        """The seconds since the submit."""
        return self._runtime.io.now() - self._began

    async def close(self) -> None:
        """Close the updates. `next` must not be called again."""
        if self._updates is not None:
            await self._updates.close()

    async def next(self) -> PollResult:
        """Sleep until the next poll is due, or an update asks for it, and poll until one succeeds; return its result.

        Raises `JobTimeoutError` after a last poll at the deadline, `JobExpiredError` or `NotFoundError` if the service
        no longer has the job, and at once an error that waiting cannot solve (401, 402, 403, a wrong request).
        """
        io = self._runtime.io
        lead = min(1.0, 0.1 * self.timeout)
        while True:
            left = self._deadline.left() - lead
            last = self._gap >= left
            planned = io.now() + self._gap
            update = await self._pause(max(0.0, min(self._gap, left)))
            if update is None:
                planned = 0.0
            else:
                last = self._deadline.left() <= lead
                if update.result is not None and (update.result.final or not last):
                    self._gap = max(0.0, planned - io.now())  # the polls follow their schedule
                    return update.result
            started = io.now()
            hold = 0 if last or update is not None else int(min(self._longest_hold, self._deadline.left() - lead))
            limit = min(self._runtime.timing.poll + hold, self._deadline.left() + (LATE if last else -lead))
            try:
                seen = await execute(self._runtime, self._poll(limit, self.elapsed < YOUNG, hold))
            except MireloError as error:
                if hold:
                    self._longest_hold = 0  # a proxy or the service does not support it: follow the schedule
                if not hold or not isinstance(error, InvalidRequestError):
                    self._judge(error, started)
                asked = getattr(error, "retry_after", None)
                self._gap = self._gap_after(self._plain_gap(), asked, planned)
            else:
                self._failing_since = None
                held = hold and io.now() - started >= 0.5 * hold
                gap = 0.0 if held else self._hinted_gap(seen.completes_in)
                self._gap = self._gap_after(gap, seen.retry_after, planned)
                if seen.final or not last:
                    return seen
            if last:
                waited = max(round(self.timeout, 3), 0.001)
                raise JobTimeoutError(
                    f"the job still runs after {waited:g} s of waiting; wait again, or resume it by its token",
                    retryable=True,
                )

    async def _pause(self, seconds: float) -> Update | None:
        """Wait for the given seconds, or until an update arrives."""
        if self._updates is not None:
            return await self._updates.next(seconds)
        await self._runtime.io.sleep(seconds)
        return None

    def _plain_gap(self) -> float:
        if self._interval is not None:
            return self._interval
        return self._schedule.next_gap(self.elapsed, self._estimate, self._runtime.io.random())

    def _gap_after(self, gap: float, asked: float | None, planned: float) -> float:
        """Return the gap to the next poll. An update that caused a poll does not move the scheduled ones.

        So a forged webhook costs one poll and moves no other.
        """
        ahead = planned - self._runtime.io.now()
        if ahead > 0:
            gap = ahead
        return max(gap, min(asked or 0.0, LONGEST_RETRY_AFTER))

    def _hinted_gap(self, hint: float | None) -> float:
        gap, elapsed = self._plain_gap(), self.elapsed
        if self._interval is None and hint is not None and self._hints.left > 0:
            news = abs(elapsed + hint - self._estimate) > 0.05 * self._estimate
            shorter = max(self._schedule.floor, hint)
            if news and shorter < gap:
                gap = shorter
                self._hints.left -= 1
        return gap

    def _judge(self, error: MireloError, started: float) -> None:
        """Raise an error that ends the wait; count any other one as a failed poll."""
        fatal = AuthenticationError | InsufficientCreditsError | PermissionDeniedError
        if isinstance(error, fatal | InvalidRequestError | ConfigurationError):
            raise error
        if isinstance(error, NotFoundError) and self.elapsed >= YOUNG:
            if self.elapsed < self._lifetime:
                raise error
            raise JobExpiredError(
                f"the service no longer has the job: it was made {self.elapsed / 3600:.0f} h ago, and results live "
                f"{self._lifetime / 3600:.0f} h ({error.message})",
                error.code,
                error.http_status,
                body=error.body,
                request_id=error.request_id,
            ) from None
        if self._failing_since is None:
            self._failing_since = started
        elif self._runtime.io.now() - self._failing_since >= FAILURES_LAST:
            raise error


def attach(error: BaseException, job: Any, token: str, *, held: bool = True) -> None:
    """Set the job on an error about it; add a note on how to resume it to a Ctrl-C, a cancellation or a time limit.

    If nobody else has the job (`held` is False), anything gets the note, such as an error of the user's callback. A
    cancellation is logged then, because a task group and a closing event loop drop it with its note.
    """
    if isinstance(error, MireloError):
        if error.job is None:
            error.job, error.job_token = job, token
    elif not held or not isinstance(error, Exception) or is_of_a_signal(error):
        note_token(error, token)
        if not held and not isinstance(error, Exception | KeyboardInterrupt | SystemExit):
            log.warning("a wait for a paid job was cancelled: %s", _way_back(token))


def _way_back(token: str) -> str:
    return f"the job goes on; resume it with client.job({token!r})"


def note_token(error: BaseException, token: str) -> None:
    """Add a note, once, that says how to resume the job."""
    note = f"mirelo_ergo: {_way_back(token)}"
    if note not in getattr(error, "__notes__", ()):
        error.add_note(note)

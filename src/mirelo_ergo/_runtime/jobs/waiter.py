"""Waiting for a job (RELIABILITY §2): when to ask next, and the loop that asks until the job is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

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
    WebhookError,
)
from ..api.answers import Unusable
from ..api.execute import Operation, Runtime, execute
from ..api.retry import LONGEST_RETRY_AFTER
from ..io.deadline import Deadline
from ..io.protocol import Reply
from ..redact import log
from .schedule import fallback_schedule

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..webhooks.inbox import Subscription
    from ..webhooks.store import StoredEvent
    from .schedule import Schedule
    from .values import PollResult

FAILURES_LAST: Final = 300.0
"""Seconds of nothing but failed polls that end a wait."""
LATE: Final = 0.1
"""Seconds that a wait's last poll may end after the deadline; every poll before it leaves the last one its time."""
HINTS: Final = 10
"""Gaps per job that a server's own estimate of completion may shorten."""
YOUNG: Final = 5.0
"""Seconds in which a 404 may only mean that the job is not known everywhere yet."""


@attrs.define
class Hints:
    """Count the gaps that a job's hints may still shorten, over all waits for it through one handle."""

    left: int = HINTS


class Waiter:
    """Poll one job at its own pace. `next` gives each status that was seen, the final one last.

    With `events` (`inbox.subscription(job)`) it polls as soon as a webhook tells of the job's end, once per kind of
    end, and else only as a safety net. Events of an inbox that does not `confirm` are read as the polls they look like.
    """

    def __init__(
        self,
        runtime: Runtime,
        poll: Callable[[float, bool], Operation[PollResult]],
        *,
        estimate: float,
        elapsed: float,
        schedule: Schedule,
        lifetime: float,
        interval: float | None = None,
        timeout: float | None = None,
        events: Subscription | None = None,
        hints: Hints | None = None,
    ) -> None:
        self._runtime = runtime
        self._poll = poll
        self._estimate = estimate
        self._lifetime = lifetime
        self._events = events
        self._recorded = False
        self._heard: set[str] = set()
        self._own_schedule = schedule
        self._schedule = schedule if events is None else fallback_schedule(schedule)
        self._interval = interval
        self.timeout = max(5 * estimate, 600.0) if timeout is None else timeout
        self._began = runtime.io.now() - max(0.0, elapsed)
        self._deadline = Deadline(runtime.io.now, self.timeout)
        self._gap = self._first_gap(max(0.0, elapsed))
        self._hints = Hints() if hints is None else hints
        self._failing_since: float | None = None

    def _first_gap(self, elapsed: float) -> float:
        gap = self._interval
        if gap is None:
            gap = self._schedule.next_gap(0.0, self._estimate, self._runtime.io.random())
        return max(0.0, gap - elapsed)

    @property
    def elapsed(self) -> float:
        """Give the seconds since the submit."""
        return self._runtime.io.now() - self._began

    async def next(self) -> PollResult:
        """Sleep until the next poll is due (or called for) and poll until one succeeds; failed ones are waited out.

        Raises `JobTimeoutError` after one last poll at the deadline, `JobExpiredError` or `NotFoundError` for a job
        that is gone, and at once what no waiting mends (401, 402, 403, a wrong request).
        """
        lead = min(1.0, 0.1 * self.timeout)
        while True:
            left = self._deadline.left() - lead
            last = self._gap >= left
            planned = self._runtime.io.now() + self._gap
            heard = await self._pause(max(0.0, min(self._gap, left)))
            if heard is not None:
                last = self._deadline.left() <= lead
                told = self._told(heard)
                if told is not None:
                    return told
            else:
                planned = 0.0
            started = self._runtime.io.now()
            limit = min(self._runtime.timing.poll, self._deadline.left() + (LATE if last else -lead))
            try:
                seen = await execute(self._runtime, self._poll(limit, self.elapsed < YOUNG))
            except MireloError as error:
                self._judge(error, started)
                asked = getattr(error, "retry_after", None)
                self._gap = self._gap_after(self._plain_gap(), asked, planned)
            else:
                self._failing_since = None
                self._gap = self._gap_after(self._hinted_gap(seen.completes_in), seen.retry_after, planned)
                if seen.final or not last:
                    return seen
            if last:
                raise JobTimeoutError(
                    f"the job still runs after {self.timeout:g} s of waiting; wait again, or resume it by its token",
                    retryable=True,
                )

    async def _pause(self, seconds: float) -> StoredEvent | None:
        """Wait that long, or until a webhook tells of the job's end; return what it told."""
        io, events = self._runtime.io, self._events
        if events is None:
            await io.sleep(seconds)
            return None
        until = io.now() + seconds
        alarm = io.alarm()
        events.subscribe(alarm.notify)  # before the first look: what comes between the two notifies
        try:
            while True:
                heard = await io.run_blocking(self._look, events) if events.blocks else self._look(events)
                left = until - io.now()
                if heard is not None or left <= 0:
                    return heard
                await alarm.wait(min(left, events.every))
        finally:
            events.unsubscribe(alarm.notify)

    def _look(self, events: Subscription) -> StoredEvent | None:
        """Give an end that this wait was not told of before. An inbox that fails ends no wait."""
        try:
            if not self._recorded:
                events.record()
                self._recorded = True
            ends = events.ends()
        except WebhookError as error:
            if self._schedule is not self._own_schedule:
                self._schedule = self._own_schedule
                log.warning("the wait polls as without webhooks: %s", error)
            return None
        heard = next((end for end in ends if end.status not in self._heard), None)
        if heard is not None:
            self._heard.add(heard.status)
        return heard

    def _told(self, heard: StoredEvent) -> PollResult | None:
        """Believe a webhook, if the inbox does, and if it reads like a poll that saw the end."""
        if heard.body is None:
            return None
        try:
            seen = self._poll(self.timeout, False).read(Reply(200, {}, heard.body))
        except Unusable:
            return None
        return seen if seen.final else None

    def _plain_gap(self) -> float:
        if self._interval is not None:
            return self._interval
        return self._schedule.next_gap(self.elapsed, self._estimate, self._runtime.io.random())

    def _gap_after(self, gap: float, asked: float | None, planned: float) -> float:
        """Give the gap to the next poll; one that was planned before a webhook called for this one stays planned.

        A forgery costs one poll, and moves no other.
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
        """Raise what ends the wait; note the rest as one more failure."""
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


def attach(error: BaseException, job: Any, token: str) -> None:
    """Put the job on an error that is about it; on a Ctrl-C or cancellation, say in a note how to resume."""
    if isinstance(error, MireloError):
        if error.job is None:
            error.job, error.job_token = job, token
    elif not isinstance(error, Exception):
        error.add_note(f"mirelo_ergo: the job goes on; resume it with client.job({token!r})")

"""Updates about a job between its scheduled polls. They only shorten a wait: without them the polls go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import attrs

from ...errors import MireloError, NetworkError, RateLimitError, RequestTimeoutError, ServerError, WebhookError
from ..api.answers import Unusable
from ..io.protocol import Reply
from ..redact import log
from .schedule import fallback_schedule

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..api.streams import Follower, State
    from ..io.protocol import IO
    from ..webhooks.inbox import Subscription
    from ..webhooks.store import StoredEvent
    from .schedule import Schedule
    from .values import PollResult


_FOR_NOW: Final = (NetworkError, RateLimitError, RequestTimeoutError, ServerError)
"""Errors that do not mean that the service refuses the stream."""


@attrs.frozen
class Update:
    """An update about a job. `result` is its status as a poll would return it; None: something changed, so poll now."""

    result: PollResult | None = None


class Updates(Protocol):
    """A source of updates about one job."""

    def schedule(self, own: Schedule) -> Schedule:
        """Return the schedule for the polls; `own` is the schedule without updates."""
        ...

    async def next(self, seconds: float) -> Update | None:
        """Return the next update, None if none came in that time.

        Failures of the source raise nothing: it then returns None, or an update that asks for a poll.
        """
        ...

    async def close(self) -> None:
        """Close its connections."""
        ...


class WebhookUpdates:
    """Updates from an inbox: each final status causes one poll, or is accepted if the inbox does not confirm webhooks.

    The scheduled polls are rare, because they only cover lost webhooks. If the inbox fails, they follow the usual
    schedule.
    """

    def __init__(self, io: IO, events: Subscription, read: Callable[[Reply], PollResult]) -> None:
        self._io, self._events, self._read = io, events, read
        self._recorded = False
        self._broken = False
        self._heard: set[str] = set()

    def schedule(self, own: Schedule) -> Schedule:
        """Return a schedule with rare polls while the inbox works."""
        return own if self._broken else fallback_schedule(own)

    async def next(self, seconds: float) -> Update | None:
        """Wait for a webhook with a final status that was not reported before."""
        io, events = self._io, self._events
        until = io.now() + seconds
        alarm = io.alarm()
        events.subscribe(alarm.notify)  # before the first check, so that an event in between notifies
        try:
            while True:
                heard = await io.run_blocking(self._look) if events.blocks else self._look()
                if heard is not None:
                    return Update(self._believed(heard))
                left = until - io.now()
                if left <= 0:
                    return None
                await alarm.wait(min(left, events.every))
        finally:
            events.unsubscribe(alarm.notify)

    async def close(self) -> None:
        """No-op: nothing is open between two calls."""

    def _look(self) -> StoredEvent | None:
        """Return a final status that was not reported before. A failing inbox does not end the wait."""
        try:
            if not self._recorded:
                self._events.record()
                self._recorded = True
            ends = self._events.ends()
        except WebhookError as error:
            if not self._broken:
                self._broken = True
                log.warning("the wait polls as without webhooks: %s", error)
            return None
        heard = next((end for end in ends if end.status not in self._heard), None)
        if heard is not None:
            self._heard.add(heard.status)
        return heard

    def _believed(self, heard: StoredEvent) -> PollResult | None:
        """Return the status in a webhook, if the inbox accepts it unconfirmed and it is final."""
        if heard.body is None:
            return None
        try:
            result = self._read(Reply(200, {}, heard.body))
        except Unusable:
            return None
        return result if result.final else None


class StreamUpdates:
    """Updates from a stream. Its lines report progress; a line with a final status only causes a poll.

    So no result depends on a stream. The scheduled polls go on, because a proxy may hold a stream back until it ends.
    `read` returns the status in the stream's state so far, and raises `Unusable` while there is too little. With
    `strict` the caller asked for the stream itself: one that is refused or unreadable is an error, and the polls
    replace it only while it cannot be opened.
    """

    def __init__(
        self, io: IO, follower: Follower, read: Callable[[State], PollResult], *, strict: bool = False
    ) -> None:
        self._io, self._read, self._strict = io, read, strict
        self._follower: Follower | None = follower

    def schedule(self, own: Schedule) -> Schedule:
        """Return the schedule unchanged."""
        return own

    async def next(self, seconds: float) -> Update | None:
        """Follow the stream until a line has news or it was cut; a poll then reports what the stream did not."""
        until = self._io.now() + seconds
        while self._follower is not None and (left := until - self._io.now()) > 0:
            try:
                signal = await self._follower.next(left)
                result = self._read(self._follower.state) if signal == "news" else None
            except Unusable:
                continue
            except MireloError as error:
                await self.close()
                if self._strict and not isinstance(error, _FOR_NOW):
                    raise
                log.info("the wait polls as without a stream: %s", error)
                break
            if signal == "cut":
                return Update()
            if result is None:
                return None
            if not result.final:
                return Update(result)
            await self.close()
            return Update()
        await self._io.sleep(max(0.0, until - self._io.now()))
        return None

    async def close(self) -> None:
        """End the stream. After that there are no updates."""
        follower, self._follower = self._follower, None
        if follower is not None:
            await follower.close()

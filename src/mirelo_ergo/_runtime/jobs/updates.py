"""What may tell of a job before its next scheduled poll. It can only speed a wait up: the polls go on without it."""

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
"""Troubles that say nothing of the stream itself."""


@attrs.frozen
class Update:
    """News of a job. `result` is its status as a poll would give it; None: something changed, so poll now."""

    result: PollResult | None = None


class Updates(Protocol):
    """A source of updates about one job."""

    def schedule(self, own: Schedule) -> Schedule:
        """Return the schedule of the polls beside it; `own` is the one without it."""
        ...

    async def next(self, seconds: float) -> Update | None:
        """Return the next update, None if none came in that time.

        Its own troubles are no errors: it then has no updates, or asks for a poll, which tells.
        """
        ...

    async def close(self) -> None:
        """Let go of what it holds open."""
        ...


class WebhookUpdates:
    """The webhooks of an inbox: each kind of end asks for one poll, or is believed where the inbox does not confirm.

    The polls beside it are rare, for they only catch what webhooks miss; without a working inbox they are as usual.
    """

    def __init__(self, io: IO, events: Subscription, read: Callable[[Reply], PollResult]) -> None:
        self._io, self._events, self._read = io, events, read
        self._recorded = False
        self._broken = False
        self._heard: set[str] = set()

    def schedule(self, own: Schedule) -> Schedule:
        """Return a patient schedule while the inbox works."""
        return own if self._broken else fallback_schedule(own)

    async def next(self, seconds: float) -> Update | None:
        """Wait for a webhook that tells of an end not told of before."""
        io, events = self._io, self._events
        until = io.now() + seconds
        alarm = io.alarm()
        events.subscribe(alarm.notify)  # before the first look: what comes between the two notifies
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
        """No-op: nothing is held open between two calls."""

    def _look(self) -> StoredEvent | None:
        """Return an end that this wait was not told of before. An inbox that fails ends no wait."""
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
        """Return what a webhook says, if the inbox believes it and it reads like a poll that saw the end."""
        if heard.body is None:
            return None
        try:
            result = self._read(Reply(200, {}, heard.body))
        except Unusable:
            return None
        return result if result.final else None


class StreamUpdates:
    """The lines of a stream. They tell of progress; of the job's end a line only says that it is time to poll.

    So no result depends on what a stream told. The polls beside it keep to their schedule: what is on the way may hold
    a stream back until it ends. `read` reads what is known by now; it raises `Unusable` while that is too little.

    With `strict`, where the stream itself was asked for, one that is refused or makes no sense is an error;
    the polls go on only where none can be had for now.
    """

    def __init__(
        self, io: IO, follower: Follower, read: Callable[[State], PollResult], *, strict: bool = False
    ) -> None:
        self._io, self._read, self._strict = io, read, strict
        self._follower: Follower | None = follower

    def schedule(self, own: Schedule) -> Schedule:
        """Return the schedule as it is."""
        return own

    async def next(self, seconds: float) -> Update | None:
        """Follow the stream until a line has news, or it was cut: one poll then tells what it did not."""
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
        """End the stream; from then on there are no updates."""
        follower, self._follower = self._follower, None
        if follower is not None:
            await follower.close()

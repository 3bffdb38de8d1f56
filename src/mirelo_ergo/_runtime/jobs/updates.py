"""What may tell of a job before its next scheduled poll. It can only speed a wait up: the polls go on without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import attrs

from ...errors import WebhookError
from ..api.answers import Unusable
from ..io.protocol import Reply
from ..redact import log
from .schedule import fallback_schedule

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..io.protocol import IO
    from ..webhooks.inbox import Subscription
    from ..webhooks.store import StoredEvent
    from .schedule import Schedule
    from .values import PollResult


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

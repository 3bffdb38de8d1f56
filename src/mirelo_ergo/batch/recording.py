"""Records the steps of items in the ledger, and reports them as events."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

import attrs
from sqlalchemy import Connection

from ..errors import DownloadError
from . import ledger
from .events import Event, OnEvent, Step
from .judging import reason_of
from .ledger import Entry, Reason
from .writer import LedgerWriter

_LONGEST_PAUSE: Final = 60.0


class StopRun(Exception):  # it signals a stop and is not an error itself
    """Raised when this run cannot continue; the cause says why."""


@attrs.define(eq=False)
class EventReporter:
    """A caller's function for events, which cannot break into the work: a job that is paid has to be recorded.

    What it raises ends the run in an orderly way, by `halt`; from then on it is not called any more.
    """

    on_event: OnEvent | None
    halt: Callable[[Exception], None] | None = attrs.field(default=None, init=False)

    def __call__(self, event: Event) -> None:
        """Tell of an event."""
        if self.on_event is None:
            return
        try:
            self.on_event(event)
        except Exception as error:
            self.on_event = None
            if self.halt is None:
                raise
            self.halt(error)


@attrs.frozen(eq=False)
class Recorder:
    """Records the steps of items, and calls `on_event` with each. `attempts` is the limit of free attempts per item."""

    writer: LedgerWriter
    on_event: OnEvent
    attempts: int = 3

    def report(self, step: Step, entry: Entry, message: str = "") -> Step:
        """Report a step, and return it."""
        self.on_event(Event(step, entry, message))
        return step

    async def release(self, entry: Entry) -> None:
        """Release an item unchanged."""
        await self.writer.write(lambda connection, _: ledger.release(connection, entry))

    async def again(self, entry: Entry, error: Exception, *, stop: bool) -> Step:
        """Plan an item again that was certainly not accepted; with `stop` raise `StopRun` after that."""
        reason = reason_of(error)
        pause = 0.0 if stop else random.uniform(0, min(_LONGEST_PAUSE, 2.0**entry.attempts))  # noqa: S311
        later = await self.writer.write(
            lambda connection, now: ledger.failed(connection, entry, now, reason, charged=False, retry_at=now + pause)
        )
        if stop:
            raise StopRun from error
        spent = entry.attempts % self.attempts == 0
        return self.report("aside" if spent else "again", later, reason.message)

    async def failed(
        self, entry: Entry, error: Exception, *, charged: bool | None, files: tuple[ledger.SavedFile, ...] = ()
    ) -> Step:
        """Record that a job failed. `charged` None counts as charged."""
        reason = reason_of(error)
        done = await self.writer.write(
            lambda connection, now: ledger.failed(connection, entry, now, reason, charged=charged, files=files)
        )
        return self.report("failed", done, reason.message)

    async def refused(self, entry: Entry, error: Exception) -> Step:
        """Record that a request was refused for good."""
        return await self._end("refused", ledger.refused, entry, error)

    async def unknown(self, entry: Entry, error: Exception) -> Step:
        """Record that the outcome of a request is unknown."""
        return await self._end("unknown", ledger.unknown, entry, error)

    async def _end(
        self,
        step: Step,
        write: Callable[[Connection, Entry, float, Reason], Entry],
        entry: Entry,
        error: Exception,
    ) -> Step:
        reason = reason_of(error)
        done = await self.writer.write(lambda connection, now: write(connection, entry, now, reason))
        return self.report(step, done, reason.message)


def disk_error(error: Exception) -> Exception:
    """Return what ends a run; where the disk is the reason, as an error that says how to go on."""
    if isinstance(error, OSError):
        where = "" if error.filename is None else f" {error.filename}"
        problem, number = f"a result cannot be put in its place{where}: {error.strerror}", error.errno
    elif isinstance(error, DownloadError) and error.errno is not None:
        problem, number = error.message, error.errno
    else:
        return error
    named = DownloadError(
        f"{problem}; mend that, then run the same command again: what is paid for is fetched then", errno=number
    )
    named.__cause__, named.job = error, getattr(error, "job", None)
    return named

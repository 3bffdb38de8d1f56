"""What became of an item, written into the ledger and told, whichever part of its work found out."""

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


class StopRun(Exception):  # it is no error of its own
    """Raised when nothing more can be done in this run; the cause says why."""


@attrs.frozen(eq=False)
class Recorder:
    """Writes the steps of items, and tells `tell` of each. `attempts` is how often an item is tried without a cost."""

    writer: LedgerWriter
    tell: OnEvent
    attempts: int = 3

    def told(self, step: Step, entry: Entry, message: str = "") -> Step:
        """Tell of a step, and return it."""
        self.tell(Event(step, entry, message))
        return step

    async def release(self, entry: Entry) -> None:
        """Give an item back as it is."""
        await self.writer.write(lambda connection, _: ledger.release(connection, entry))

    async def again(self, entry: Entry, error: Exception, *, stop: bool) -> Step:
        """Plan an item again that was certainly not taken; with `stop` raise `StopRun` after that."""
        reason = reason_of(error)
        pause = 0.0 if stop else random.uniform(0, min(_LONGEST_PAUSE, 2.0**entry.attempts))  # noqa: S311
        later = await self.writer.write(
            lambda connection, now: ledger.failed(connection, entry, now, reason, charged=False, retry_at=now + pause)
        )
        if stop:
            raise StopRun from error
        spent = entry.attempts % self.attempts == 0
        return self.told("aside" if spent else "again", later, reason.message)

    async def failed(
        self, entry: Entry, error: Exception, *, charged: bool | None, files: tuple[ledger.SavedFile, ...] = ()
    ) -> Step:
        """Record that nothing came of a job; `charged` None counts as charged."""
        reason = reason_of(error)
        done = await self.writer.write(
            lambda connection, now: ledger.failed(connection, entry, now, reason, charged=charged, files=files)
        )
        return self.told("failed", done, reason.message)

    async def refused(self, entry: Entry, error: Exception) -> Step:
        """Record that a request was not taken, for good."""
        return await self._end("refused", ledger.refused, entry, error)

    async def unknown(self, entry: Entry, error: Exception) -> Step:
        """Record that nobody can say what became of a request."""
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
        return self.told(step, done, reason.message)


def disk_error(error: Exception) -> Exception:
    """Return what ends a run, as an error of this package where the disk is the reason."""
    if not isinstance(error, OSError):
        return error
    where = "" if error.filename is None else f" {error.filename}"
    named = DownloadError(f"a result cannot be put in its place{where}: {error.strerror}", errno=error.errno)
    named.__cause__ = error
    return named

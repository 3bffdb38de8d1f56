"""From an item's job to its files: the wait, the download, and what is recorded of both."""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs

from ..errors import IncompleteResultError, InvalidRequestError, JobExpiredError, JobFailedError
from . import ledger
from .clients import Connected, in_thread
from .events import Step
from .judging import judge_wait, reason_of
from .ledger import Entry
from .recording import Recorder, StopRun, disk_error
from .result_files import place_files, staging_of


@attrs.define(eq=False)
class Fetcher:
    """Waits for jobs and fetches their results. `waiting` are the tasks that only wait: a stop may cancel them."""

    record: Recorder
    clients: Mapping[str, Connected]
    folder: Path
    eager: bool = False
    waiting: set[asyncio.Task[Any]] = attrs.field(factory=set, init=False)
    stopping: bool = attrs.field(default=False, init=False)
    sleep: Callable[[float], Any] = asyncio.sleep

    async def fetch(self, entry: Entry, job: Any = None) -> Step:
        """Wait for an item's job and fetch its results.

        `job` is its handle where this worker has just submitted it, as that knows to the millisecond when.
        """
        connected = self.clients[entry.item.service]
        if job is not None:
            pause = estimate_s(job) - job.since()
        else:
            try:
                job = connected.client.job(entry.token)
            except InvalidRequestError as error:
                return await self.record.failed(entry, error, charged=None)
            pause = min((entry.due_at or 0.0) - time.time(), estimate_s(job))
        try:
            result = await self._waited(connected, job, pause)
        except JobFailedError as error:
            if error.charged is False and entry.attempts < self.record.attempts:
                return await self.record.again(entry, error, stop=False)
            return await self.record.failed(entry, error, charged=error.charged)
        except JobExpiredError as error:
            return await self.record.failed(entry, error, charged=None)
        except IncompleteResultError as error:
            return await self._incomplete(connected, entry, error)
        except Exception as error:
            return await self._later(entry, error)
        try:
            files = await self._saved(connected, entry, result)
        except Exception as error:
            return await self._later(entry, error)
        done = await self.record.writer.write(lambda connection, now: ledger.succeeded(connection, entry, now, files))
        return self.record.told("succeeded", done)

    async def _waited(self, connected: Connected, job: Any, pause: float) -> Any:
        """Wait for a job: it is first polled after a pause, at its estimate, and rarely from then on."""
        if self.stopping:
            raise asyncio.CancelledError
        task = asyncio.current_task()
        assert task is not None, "items are done in tasks"
        self.waiting.add(task)
        try:
            if not self.eager:
                await self.sleep(max(0.0, pause))
            return await connected.call(job.wait, patient=not self.eager)
        finally:
            self.waiting.discard(task)

    async def _saved(self, connected: Connected, entry: Entry, result: Any) -> tuple[ledger.SavedFile, ...]:
        staging = staging_of(self.folder, entry)
        paths = await connected.call(result.download, staging)
        self.record.told("fetched", entry)
        files = await in_thread(lambda: place_files(self.folder, entry, paths))
        placed: tuple[ledger.SavedFile, ...] = files
        self.record.told("placed", entry)
        return placed

    async def _incomplete(self, connected: Connected, entry: Entry, error: IncompleteResultError) -> Step:
        """Keep what came of a job that made less than was asked for: it is charged, and counts as failed."""
        files: tuple[ledger.SavedFile, ...] = ()
        if error.result is not None and error.result.files:
            try:
                files = await self._saved(connected, entry, error.result)
            except Exception as failed:
                return await self._later(entry, failed)
        return await self.record.failed(entry, error, charged=True, files=files)

    async def _later(self, entry: Entry, error: Exception) -> Step:
        """Leave a job for later whose results could not be had now."""
        verdict = judge_wait(error)
        if verdict == "failed":
            return await self.record.failed(entry, error, charged=None)
        await self.record.release(entry)
        gone = getattr(error, "errno", None) == errno.ENOENT  # another worker of this item has put its files away
        if not gone and (verdict == "stop" or isinstance(error, OSError)):
            raise StopRun from disk_error(error)
        return self.record.told("aside", entry, reason_of(error).message)


def estimate_s(job: Any) -> float:
    """Return a job's estimate in seconds, within a second and an hour."""
    return min(max(float(job.estimated_ms) / 1000, 1.0), 3600.0)

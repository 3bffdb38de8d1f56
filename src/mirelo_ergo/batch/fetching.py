"""From an item's job to its files: waiting, downloading, and recording both."""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from ..errors import IncompleteResultError, InvalidRequestError, JobExpiredError, JobFailedError, NotFoundError
from . import ledger
from .clients import Connected, in_thread
from .events import Step
from .judging import judge_wait, reason_of
from .ledger import Entry
from .recording import Recorder, StopRun, disk_error
from .result_files import place_files, staging_of

GONE: Final = "its files are not in the folder as they were saved, and its job has no results any more: another id pays"
_TRIES: Final = 3
"""The number of attempts to save an item's results while another worker moves the same files."""


@attrs.define(eq=False)
class Fetcher:
    """Waits for jobs and fetches their results. `waiting` are the tasks that only wait, and that a stop may cancel."""

    record: Recorder
    clients: Mapping[str, Connected]
    folder: Path
    eager: bool = False
    waiting: set[asyncio.Task[Any]] = attrs.field(factory=set, init=False)
    stopping: bool = attrs.field(default=False, init=False)
    sleep: Callable[[float], Any] = asyncio.sleep

    async def fetch(self, entry: Entry, job: Any = None) -> Step:
        """Wait for an item's job and fetch its results.

        `job` is its handle if this worker has just submitted it, because the handle has the exact time of the submit.
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
        except (JobFailedError, JobExpiredError) as error:
            if entry.error_code == ledger.REOPENED:
                return await self._kept(entry, gone=True)
            if isinstance(error, JobExpiredError):
                return await self.record.failed(entry, error, charged=None)
            if error.charged is False and entry.attempts < self.record.attempts:
                return await self.record.again(entry, error, stop=False)
            return await self.record.failed(entry, error, charged=error.charged)
        except IncompleteResultError as error:
            return await self._incomplete(connected, entry, error)
        except Exception as error:
            return await self._later(entry, error)
        try:
            files = await self._saved(connected, entry, result)
        except Exception as error:
            return await self._later(entry, error)
        done = await self.record.writer.write(lambda connection, now: ledger.succeeded(connection, entry, now, files))
        return self.record.report("succeeded", done)

    async def _kept(self, entry: Entry, *, gone: bool) -> Step:
        """Leave an item as it was that had succeeded, and whose files are not here.

        `gone`: no later run asks again. Otherwise the job may be known under the key of another account.
        """
        done = await self.record.writer.write(lambda connection, now: ledger.keep(connection, entry, now, gone=gone))
        return self.record.report(
            "succeeded", done, GONE if gone else f"{GONE}, or try the key of the account that made it"
        )

    async def _waited(self, connected: Connected, job: Any, pause: float) -> Any:
        """Wait for a job. It is first polled at its estimate, and rarely after that."""
        if self.stopping:
            raise asyncio.CancelledError
        task = asyncio.current_task()
        assert task is not None, "items are processed in tasks"
        self.waiting.add(task)
        try:
            if not self.eager:
                await self.sleep(max(0.0, pause))
            return await connected.call(job.wait, patient=not self.eager)
        finally:
            self.waiting.discard(task)

    async def _saved(self, connected: Connected, entry: Entry, result: Any) -> tuple[ledger.SavedFile, ...]:
        """Download an item's results and give them their names.

        It is done again if another worker, whose lease had ended, has moved the files of this item meanwhile.
        """
        for _ in range(_TRIES - 1):
            try:
                return await self._save(connected, entry, result)
            except Exception as error:
                if not _is_moved(error):
                    raise
        return await self._save(connected, entry, result)

    async def _save(self, connected: Connected, entry: Entry, result: Any) -> tuple[ledger.SavedFile, ...]:
        staging = staging_of(self.folder, entry)
        paths = await connected.call(result.download, staging)
        self.record.report("fetched", entry)
        files = await in_thread(lambda: place_files(self.folder, entry, paths))
        placed: tuple[ledger.SavedFile, ...] = files
        self.record.report("placed", entry)
        return placed

    async def _incomplete(self, connected: Connected, entry: Entry, error: IncompleteResultError) -> Step:
        """Save the results of a job that has fewer than requested: it is charged, and counts as failed."""
        files: tuple[ledger.SavedFile, ...] = ()
        if error.result is not None and error.result.files:
            try:
                files = await self._saved(connected, entry, error.result)
            except Exception as failed:
                return await self._later(entry, failed)
        return await self.record.failed(entry, error, charged=True, files=files)

    async def _later(self, entry: Entry, error: Exception) -> Step:
        """Leave a job for later whose results are not available now."""
        verdict = judge_wait(error)
        if entry.error_code == ledger.REOPENED and isinstance(error, NotFoundError):
            return await self._kept(entry, gone=False)
        if verdict == "failed":
            return await self.record.failed(entry, error, charged=None)
        await self.record.release(entry)
        if not _is_moved(error) and (verdict == "stop" or isinstance(error, OSError)):
            raise StopRun from disk_error(error)
        message = reason_of(error).message
        if isinstance(error, NotFoundError):
            message += (
                f": give the key of the account that made it, or decide with batch resolve {entry.id} --token or --drop"
            )
        return self.record.report("aside", entry, message)


def _is_moved(error: Exception) -> bool:
    """Return whether the error says that files are missing, because another worker has moved them."""
    return getattr(error, "errno", None) == errno.ENOENT


def estimate_s(job: Any) -> float:
    """Return a job's estimate in seconds, from 1 s to 1 h."""
    return min(max(float(job.estimated_ms) / 1000, 1.0), 3600.0)

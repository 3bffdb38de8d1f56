"""What is done for one item, from where the ledger has it to its end. It may be delivered any number of times."""

from __future__ import annotations

import asyncio
import errno
import random
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import attrs
from sqlalchemy import Connection

from ..errors import (
    DownloadError,
    IncompleteResultError,
    InvalidRequestError,
    JobExpiredError,
    JobFailedError,
    MireloError,
    SubmitOutcomeUnknown,
)
from . import ledger
from .clients import Connected, in_thread
from .errors import CapReachedError, FenceLostError, LedgerError
from .events import Event, OnEvent, Step
from .items import Item
from .judging import judge_before, judge_submit, judge_wait, reason_of
from .ledger import Entry, Reason
from .reconciling import START, find_job, job_description
from .result_files import place_files, put, staging_of, stem_of
from .reuse import Library
from .services import request_of
from .sources import Hashes, fingerprint_of, local_files, with_uris
from .writer import LedgerWriter

T = TypeVar("T")
_LONGEST_PAUSE: Final = 60.0
_PERSIST: Final = (0.1, 0.5, 2.0, 5.0)
"""Pauses between attempts to record the job of a request: it is paid, and nowhere else."""


class StopRun(Exception):  # it is no error of its own
    """Raised when nothing more can be done in this run; the cause says why."""


@attrs.define(eq=False)
class Work:
    """One worker's way of doing items. `waiting` are the tasks that only wait, and may be cancelled for a stop."""

    writer: LedgerWriter
    clients: Mapping[str, Connected]
    folder: Path
    tell: OnEvent
    attempts: int = 3
    eager: bool = False
    library: Library | None = None
    hashes: Hashes = attrs.field(factory=Hashes)
    waiting: set[asyncio.Task[Any]] = attrs.field(factory=set, init=False)
    stopping: bool = attrs.field(default=False, init=False)
    sleep: Callable[[float], Any] = asyncio.sleep
    _uris: dict[str, str] = attrs.field(factory=dict, init=False)
    _jobs: dict[int, Any] = attrs.field(factory=dict, init=False)
    """The jobs that this worker has just submitted: their handles know to the millisecond when."""

    async def do(self, entry: Entry) -> Step:
        """Do a claimed item as far as it goes, and return its last step. Raises `StopRun`, with the reason as cause."""
        try:
            if entry.state == "planned":
                found = await self._submit(entry)
            elif entry.state == "intended":
                found = await self._settle(entry)
            else:
                found = entry
            return found if isinstance(found, str) else await self._fetch(found)
        except FenceLostError as lost:
            return self._told("lost", entry, lost.message)

    # --- submitting -------------------------------------------------------------------------------------------------

    async def _submit(self, entry: Entry) -> Entry | Step:
        connected = self.clients[entry.item.service]
        try:
            request, key = await self._prepare(connected, entry.item)
            model = request.describe().get("model")
            fingerprint = entry.fingerprint
            if fingerprint is None or any(local_files(entry.item)):  # a file may have changed since
                fingerprint = await in_thread(lambda: fingerprint_of(entry.item, model, self.hashes))
            reused = await self._reuse(entry, fingerprint)
        except Exception as error:
            return await self._not_sent(entry, error)
        if reused is not None:
            return reused
        if key is not None:
            self._told("prepared", entry)
        began = time.monotonic()
        try:
            entry = await self.writer.write(
                lambda connection, now: ledger.intend(connection, entry, now, fingerprint=fingerprint, key=key)
            )
        except CapReachedError as error:
            await self._release(entry)
            return self._told("held", entry, error.message)
        self._told("intended", entry)
        stopped = time.monotonic() - began > ledger.LEASE_S / 3  # this process was, or the ledger was locked
        if stopped or self.writer.ledger.shared:
            try:
                await self.writer.write(lambda connection, now: ledger.check(connection, entry, now))
            except FenceLostError as lost:  # what nobody sent is not unknown
                return await self._again(entry, lost, stop=False)
        try:
            job = await connected.call(request.submit_job)
        except Exception as error:
            return await self._submit_failed(connected, entry, error)
        return await self._submitted(entry, job)

    async def _prepare(self, connected: Connected, item: Item) -> tuple[Any, str | None]:
        """Upload what has to be uploaded beforehand; return the request, and what settles it after a crash."""
        service = connected.service
        if service.listed:
            request = request_of(connected.client, await self._uploaded(connected, item))
            return request, job_description(request.describe())
        request = request_of(connected.client, item)
        model = str(request.describe().get("model"))
        if service.keyed and model.startswith(service.keyed):
            return request, str(await connected.call(request.prepare))
        return request, None

    async def _uploaded(self, connected: Connected, item: Item) -> Item:
        """Upload an item's files, each once, and return it with what the service calls them."""
        for _, path in local_files(item):
            if path not in self._uris:
                self._uris[path] = str((await connected.call(connected.client.files.upload, path)).uri)
        return with_uris(item, self._uris)

    async def _reuse(self, entry: Entry, fingerprint: str) -> Step | None:
        library = self.library
        if library is None:
            return None
        found = await in_thread(lambda: library.find(fingerprint))
        if found is None:
            return None
        source, files = found

        def place() -> list[ledger.SavedFile]:
            return [put(path, self.folder, _reused_name(entry, path, len(files), number), copy=True)
                    for number, (path, _) in enumerate(files, 1)]  # fmt: skip

        saved = await in_thread(place)
        self._told("reused", entry)
        done = await self.writer.write(
            lambda connection, now: ledger.reused(connection, entry, now, saved, fingerprint=fingerprint, source=source)
        )
        return self._told("succeeded", done)

    async def _not_sent(self, entry: Entry, error: Exception) -> Step:
        """Record an error before the paid request: it is tried again by this run, or left to the next one."""
        if isinstance(error, FenceLostError):
            raise error
        verdict = judge_before(error)
        full = isinstance(error, OSError)  # the disk, while a reused result was put in its place
        if verdict in ("refused", "unknown") and not full:
            return await self._end("refused", entry, error)
        await self._release(entry)
        if verdict == "stop" or full:
            raise StopRun from _named(error)
        return self._told("aside", entry, reason_of(error).message)

    async def _submit_failed(self, connected: Connected, entry: Entry, error: Exception) -> Entry | Step:
        token = getattr(error, "job_token", None)
        if token is not None:
            return await self._submitted(entry, connected.client.job(token))
        verdict = judge_submit(error)
        if verdict == "refused":
            return await self._end("refused", entry, error)
        if _has_key(entry):
            return await self._keep(entry, error, stop=verdict == "stop")
        if verdict == "unknown":
            return await self._doubtful(connected, entry, error)
        return await self._again(entry, error, stop=verdict == "stop")

    async def _keep(self, entry: Entry, error: Exception, *, stop: bool) -> Step:
        """Leave a request with a key as it is: an earlier attempt may have been taken, so only its key may go out."""
        await self._release(entry)
        if stop:
            raise StopRun from error
        return self._told("aside", entry, f"{reason_of(error).message}; it is sent again under the same key")

    async def _doubtful(self, connected: Connected, entry: Entry, error: Exception) -> Entry | Step:
        """Settle a request without a key that may have been taken: by the service's list, or not at all."""
        if entry.key is not None:
            return await self._look(connected, entry, error)
        return await self._end("unknown", entry, error)

    async def _again(self, entry: Entry, error: Exception, *, stop: bool) -> Step:
        """Plan an item again that was certainly not taken."""
        reason = reason_of(error)
        pause = 0.0 if stop else random.uniform(0, min(_LONGEST_PAUSE, 2.0**entry.attempts))  # noqa: S311
        later = await self.writer.write(
            lambda connection, now: ledger.failed(connection, entry, now, reason, charged=False, retry_at=now + pause)
        )
        if stop:
            raise StopRun from error
        spent = entry.attempts % self.attempts == 0
        return self._told("aside" if spent else "again", later, reason.message)

    # --- settling ---------------------------------------------------------------------------------------------------

    async def _settle(self, entry: Entry) -> Entry | Step:
        """Find out what became of a request that a worker which is gone has sent, or has not."""
        connected = self.clients[entry.item.service]
        if entry.key is None:
            return await self._end("unknown", entry, _lost_request(entry))
        if entry.key.startswith(START):
            return await self._look(connected, entry, _lost_request(entry))
        try:
            job = await connected.call(connected.client.resubmit, entry.key)
        except Exception as error:
            token = getattr(error, "job_token", None)
            if token is not None:
                return await self._submitted(entry, connected.client.job(token))
            verdict = judge_submit(error)
            if verdict == "refused":  # it says nothing of the request that left before, such as when its key is too old
                return await self._end("unknown", entry, error)
            return await self._keep(entry, error, stop=verdict == "stop")
        return await self._submitted(entry, job)

    async def _look(self, connected: Connected, entry: Entry, error: Exception) -> Entry | Step:
        def known(connection: Connection, _: float) -> tuple[int, set[str]]:
            tokens = ledger.job_tokens(connection, entry.item.service)
            return ledger.twins(connection, entry), {connected.client.job(token).job_id for token in tokens}

        twins, taken = await self.writer.write(known)
        token = None
        if not twins:
            try:
                token = await find_job(connected, entry.key or "", entry.intended_at or 0.0, taken)
            except MireloError as failed:
                await self._release(entry)
                return self._told("aside", entry, failed.message)
        if token is None:
            return await self._end("unknown", entry, error)
        return await self._submitted(entry, connected.client.job(token))

    async def _submitted(self, entry: Entry, job: Any) -> Entry | Step:
        """Record a request's job; tried several times, because the job is paid and known nowhere else."""
        self._told("answered", attrs.evolve(entry, token=job.token))
        lifetime = self.clients[entry.item.service].service.lifetime
        estimate = estimate_s(job)

        def record(connection: Connection, now: float) -> Entry:
            since = job.since()
            return ledger.submitted(
                connection,
                entry,
                now,
                token=job.token,
                due_at=now - since + estimate,
                expires_at=None if lifetime is None else now - since + lifetime,
            )

        recorded = await self._persisted(entry, job, record)
        self._told("submitted", recorded)
        if recorded.worker != entry.worker:  # it was late news: the item is anybody's now
            return self._told("lost", recorded)
        self._jobs[recorded.seq] = job
        return recorded

    async def _persisted(self, entry: Entry, job: Any, record: Callable[[Connection, float], Entry]) -> Entry:
        for pause in _PERSIST:
            try:
                return await self.writer.write(record)
            except LedgerError:
                await self.sleep(pause)
        try:
            return await self.writer.write(record)
        except LedgerError as error:
            raise StopRun from LedgerError(
                f"{error.message}; item {entry.id} was submitted and its job could not be recorded. Run the same "
                f"command again; if the item is unknown then: batch resolve {entry.id} --token {job.token}"
            )

    # --- fetching ---------------------------------------------------------------------------------------------------

    async def _fetch(self, entry: Entry) -> Step:
        connected = self.clients[entry.item.service]
        job, pause = self._jobs.pop(entry.seq, None), 0.0
        if job is not None:
            pause = estimate_s(job) - job.since()
        else:
            try:
                job = connected.client.job(entry.token)
            except InvalidRequestError as error:
                return await self._failed(entry, error, charged=None)
            pause = min((entry.due_at or 0.0) - time.time(), estimate_s(job))
        try:
            result = await self._waited(connected, job, pause)
        except JobFailedError as error:
            if error.charged is False and entry.attempts < self.attempts:
                return await self._again(entry, error, stop=False)
            return await self._failed(entry, error, charged=error.charged)
        except JobExpiredError as error:
            return await self._failed(entry, error, charged=None)
        except IncompleteResultError as error:
            return await self._incomplete(connected, entry, error)
        except Exception as error:
            return await self._later(entry, error)
        try:
            files = await self._saved(connected, entry, result)
        except Exception as error:
            return await self._later(entry, error)
        done = await self.writer.write(lambda connection, now: ledger.succeeded(connection, entry, now, files))
        return self._told("succeeded", done)

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
        self._told("fetched", entry)
        files = await in_thread(lambda: place_files(self.folder, entry, paths))
        placed: tuple[ledger.SavedFile, ...] = files
        self._told("placed", entry)
        return placed

    async def _incomplete(self, connected: Connected, entry: Entry, error: IncompleteResultError) -> Step:
        """Keep what came of a job that made less than was asked for: it is charged, and counts as failed."""
        files: tuple[ledger.SavedFile, ...] = ()
        if error.result is not None and error.result.files:
            try:
                files = await self._saved(connected, entry, error.result)
            except Exception as failed:
                return await self._later(entry, failed)
        return await self._failed(entry, error, charged=True, files=files)

    async def _later(self, entry: Entry, error: Exception) -> Step:
        """Leave a job for later whose results could not be had now."""
        verdict = judge_wait(error)
        if verdict == "failed":
            return await self._failed(entry, error, charged=None)
        await self._release(entry)
        gone = getattr(error, "errno", None) == errno.ENOENT  # another worker of this item has put its files away
        if not gone and (verdict == "stop" or isinstance(error, OSError)):
            raise StopRun from _named(error)
        return self._told("aside", entry, reason_of(error).message)

    # --- recording --------------------------------------------------------------------------------------------------

    async def _failed(
        self, entry: Entry, error: Exception, *, charged: bool | None, files: tuple[ledger.SavedFile, ...] = ()
    ) -> Step:
        reason = reason_of(error)
        done = await self.writer.write(
            lambda connection, now: ledger.failed(connection, entry, now, reason, charged=charged, files=files)
        )
        return self._told("failed", done, reason.message)

    async def _end(self, step: Step, entry: Entry, error: Exception) -> Step:
        reason = reason_of(error)
        write: Callable[[Connection, Entry, float, Reason], Entry] = (
            ledger.refused if step == "refused" else ledger.unknown
        )
        done = await self.writer.write(lambda connection, now: write(connection, entry, now, reason))
        return self._told(step, done, reason.message)

    async def _release(self, entry: Entry) -> None:
        await self.writer.write(lambda connection, _: ledger.release(connection, entry))

    def _told(self, step: Step, entry: Entry, message: str = "") -> Step:
        self.tell(Event(step, entry, message))
        return step


def estimate_s(job: Any) -> float:
    """Return a job's estimate in seconds, within a second and an hour."""
    return min(max(float(job.estimated_ms) / 1000, 1.0), 3600.0)


def _named(error: Exception) -> Exception:
    """Return what ends a run, as an error of this package where the disk is the reason."""
    if not isinstance(error, OSError):
        return error
    where = "" if error.filename is None else f" {error.filename}"
    named = DownloadError(f"a result cannot be put in its place{where}: {error.strerror}", errno=error.errno)
    named.__cause__ = error
    return named


def _has_key(entry: Entry) -> bool:
    """Return whether a request can be sent again as the same."""
    return entry.key is not None and not entry.key.startswith(START)


def _lost_request(entry: Entry) -> SubmitOutcomeUnknown:
    error = SubmitOutcomeUnknown(
        f"the worker ended between the request and its answer, and {entry.item.service} cannot tell what became of it: "
        f"look at the account, then batch resolve {entry.id} --resubmit, --token or --drop",
        "lost_request",
    )
    error.sent_at = entry.intended_at or 0.0
    return error


def _reused_name(entry: Entry, path: Path, count: int, number: int) -> str:
    stem = stem_of(entry.item.name)
    return f"{stem}{path.suffix}" if count == 1 else f"{stem}-{number}{path.suffix}"

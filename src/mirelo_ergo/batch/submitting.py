"""From a planned item to its job: preparation, intent, the paid request, and its outcome."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import attrs
from sqlalchemy import Connection

from .._signals import is_of_a_signal
from ..errors import MireloError, SubmitOutcomeUnknown
from . import ledger
from .clients import Connected, in_thread
from .errors import CapReachedError, FenceLostError, LedgerError
from .events import Step
from .fetching import estimate_s
from .items import Item
from .judging import judge_before, judge_submit, reason_of
from .ledger import Entry
from .reconciling import START, find_job, job_description
from .recording import Recorder, StopRun, disk_error
from .result_files import put, stem_of
from .reuse import Library
from .services import request_of
from .sources import Hashes, fingerprint_of, local_files, missing_file, with_uris
from .writer import LedgerWriter

_PERSIST: Final = (0.1, 0.5, 2.0, 5.0)
"""Pauses between attempts to record a paid job, which is recorded nowhere else."""
Begun = tuple[Entry, Any]
"""A submitted item, and its job's handle."""


@attrs.define(eq=False)
class Submitter:
    """Sends the requests of items, each at most once, and settles those that other workers have sent."""

    record: Recorder
    clients: Mapping[str, Connected]
    folder: Path
    library: Library | None = None
    hashes: Hashes = attrs.field(factory=Hashes)
    sleep: Callable[[float], Any] = asyncio.sleep
    _uris: dict[str, str] = attrs.field(factory=dict, init=False)

    @property
    def _writer(self) -> LedgerWriter:
        return self.record.writer

    async def submit(self, entry: Entry) -> Begun | Step:
        """Send a planned item's request, and return its job or its last step."""
        connected = self.clients[entry.item.service]
        try:
            request, key = await self._prepare(connected, entry.item)
            model = request.describe().get("model")
            fingerprint = entry.fingerprint
            if fingerprint is None or any(local_files(entry.item)):  # a file may have changed since the check
                fingerprint = await in_thread(lambda: fingerprint_of(entry.item, model, self.hashes))
            reused = await self._reuse(entry, fingerprint)
        except Exception as error:
            return await self._not_sent(entry, error)
        if reused is not None:
            return reused
        if key is not None:
            self.record.report("prepared", entry)
        began = time.monotonic()
        try:
            entry = await self._writer.write(
                lambda connection, now: ledger.intend(connection, entry, now, fingerprint=fingerprint, key=key)
            )
        except CapReachedError as error:
            await self.record.release(entry)
            return self.record.report("held", entry, error.message)
        self.record.report("intended", entry)
        stopped = time.monotonic() - began > ledger.LEASE_S / 3  # this process was suspended, or the ledger was locked
        if stopped or self._writer.ledger.shared:
            try:
                await self._writer.write(lambda connection, now: ledger.check(connection, entry, now))
            except FenceLostError as lost:  # the request was not sent, so its outcome is not unknown
                return await self.record.again(entry, lost, stop=False)
        try:
            job = await connected.call(request.submit_job)
        except Exception as error:
            begun = await self._submit_failed(connected, entry, error)
            if is_of_a_signal(error):
                raise StopRun from error
            return begun
        return await self._submitted(entry, job)

    async def _prepare(self, connected: Connected, item: Item) -> tuple[Any, str | None]:
        """Upload the files; return the request, and the text that settles it after a crash."""
        service = connected.service
        if service.listed:
            request = request_of(connected.client, await self._uploaded(connected, item))
            return request, job_description(request.describe())
        request = request_of(connected.client, item)
        model = str(request.describe().get("model"))
        if service.keyed and model.startswith(service.keyed):
            return request, str(await connected.call(request.prepare))
        if any(item.arguments.get(name) is not None for name in service.sources):
            await connected.call(request.upload)  # not between the intent and the request, where a stop costs most
        return request, None

    async def _uploaded(self, connected: Connected, item: Item) -> Item:
        """Upload an item's files, each once, and return the item with their uris."""
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
        self.record.report("reused", entry)
        done = await self._writer.write(
            lambda connection, now: ledger.reused(connection, entry, now, saved, fingerprint=fingerprint, source=source)
        )
        return self.record.report("succeeded", done)

    async def _not_sent(self, entry: Entry, error: Exception) -> Step:
        """Record an error before the paid request. This run tries it again, or leaves it to the next one."""
        if isinstance(error, FenceLostError):
            raise error
        verdict = judge_before(error)
        full = isinstance(error, OSError)  # a disk error while a reused result was moved
        elsewhere = missing_file(entry.item) is not None  # another machine, or the next run, may have it
        if verdict in ("refused", "unknown") and not full and not elsewhere:
            return await self.record.refused(entry, error)
        await self.record.release(entry)
        if verdict == "stop" or full:
            raise StopRun from disk_error(error)
        return self.record.report("aside", entry, reason_of(error).message)

    async def _submit_failed(self, connected: Connected, entry: Entry, error: Exception) -> Begun | Step:
        known = error.__cause__ if is_of_a_signal(error) else error  # what the library says of the request's outcome
        token = getattr(known, "job_token", None)
        if token is not None:
            return await self._submitted(entry, connected.client.job(token))
        verdict = judge_submit(error)
        if verdict == "refused":
            return await self.record.refused(entry, error)
        if _has_key(entry):
            return await self._keep(entry, error, stop=verdict == "stop")
        if verdict == "unknown" and known is not None:
            return await self._doubtful(connected, entry, error)
        return await self.record.again(entry, error, stop=verdict == "stop")

    async def _keep(self, entry: Entry, error: Exception, *, stop: bool) -> Step:
        """Keep a request with a key unchanged: it may have been accepted, so only the same key may be sent."""
        await self.record.release(entry)
        if stop:
            raise StopRun from error
        return self.record.report("aside", entry, f"{reason_of(error).message}; it is sent again under the same key")

    async def _doubtful(self, connected: Connected, entry: Entry, error: Exception) -> Begun | Step:
        """Settle a request without a key that may have been accepted, by the service's list if possible."""
        if entry.key is not None:
            return await self._look(connected, entry, error)
        return await self.record.unknown(entry, error)

    async def settle(self, entry: Entry) -> Begun | Step:
        """Find the outcome of a request that a dead worker may have sent."""
        connected = self.clients[entry.item.service]
        if entry.key is None:
            return await self.record.unknown(entry, _lost_request(entry))
        if entry.key.startswith(START):
            return await self._look(connected, entry, _lost_request(entry))
        try:
            job = await connected.call(connected.client.resubmit, entry.key)
        except Exception as error:
            token = getattr(error, "job_token", None)
            if token is not None:
                return await self._submitted(entry, connected.client.job(token))
            verdict = judge_submit(error)
            if verdict == "refused":  # it does not concern the earlier request, such as when the key is too old
                return await self.record.unknown(entry, error)
            return await self._keep(entry, error, stop=verdict == "stop")
        return await self._submitted(entry, job)

    async def _look(self, connected: Connected, entry: Entry, error: Exception) -> Begun | Step:
        def known(connection: Connection, _: float) -> tuple[int, set[str]]:
            tokens = ledger.job_tokens(connection, entry.item.service)
            return ledger.twins(connection, entry), {connected.client.job(token).job_id for token in tokens}

        twins, taken = await self._writer.write(known)
        token = None
        if not twins:
            try:
                token = await find_job(connected, entry.key or "", entry.intended_at or 0.0, taken)
            except MireloError as failed:
                await self.record.release(entry)
                return self.record.report("aside", entry, failed.message)
        if token is None:
            return await self.record.unknown(entry, error)
        return await self._submitted(entry, connected.client.job(token))

    async def _submitted(self, entry: Entry, job: Any) -> Begun | Step:
        """Record a request's job, with several attempts, because the job is paid and recorded nowhere else."""
        self.record.report("answered", attrs.evolve(entry, token=job.token))
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
        self.record.report("submitted", recorded)
        if recorded.worker != entry.worker:  # it arrived late: another worker may have the item now
            return self.record.report("lost", recorded)
        return recorded, job

    async def _persisted(self, entry: Entry, job: Any, record: Callable[[Connection, float], Entry]) -> Entry:
        for pause in _PERSIST:
            try:
                return await self._writer.write(record)
            except LedgerError:
                await self.sleep(pause)
        try:
            return await self._writer.write(record)
        except LedgerError as error:
            raise StopRun from LedgerError(
                f"{error.message}; item {entry.id} was submitted and its job could not be recorded. Run the same "
                f"command again; if the item is unknown then: batch resolve {entry.id} --token {job.token}"
            )


def _has_key(entry: Entry) -> bool:
    """Return whether a request has a key, so that it can be sent again."""
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

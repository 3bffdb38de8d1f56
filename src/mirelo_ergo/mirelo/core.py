"""Every flow of the Mirelo service, written once for both faces: account, cost, upload, submit, wait, results."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from .._runtime.download import LARGEST_FILE, LARGEST_IN_MEMORY, fetch
from .._runtime.io import Request
from .._runtime.media import safe_filename
from .._runtime.poll import PATIENT, YOUNG, Seen, Waiter, clamp_estimate
from .._runtime.retry import Kind
from .._runtime.runtime import Operation, Runtime, execute
from .._runtime.sinks import FileSink, MemorySink
from .._runtime.upload import Slot, upload
from ..errors import (
    CostLimitError,
    IncompleteResultError,
    JobFailedError,
    MireloError,
    VideoError,
)
from .families import FAMILIES, Generation, Place, Places, choose_family, fields_for, request_from
from .service import ASSET_LIFETIME
from .sources import AssetCache, MediaSource
from .tokens import JobRecord, read_token
from .values import (
    Accepted,
    JobErrored,
    JobProcessing,
    JobStatus,
    JobSucceeded,
    MeResult,
    Polled,
    PreflightResult,
    read_accepted,
    read_asset,
    read_me,
    read_preflight,
    read_result,
    read_status,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path


T = TypeVar("T")


@attrs.define
class Core:
    """One client's Mirelo flows over its runtime."""

    runtime: Runtime
    max_credits: int | None
    check_limits: bool
    model: str | None = None
    """The model of calls that name none; None: each family's default."""
    assets: AssetCache = attrs.field(factory=AssetCache)
    """Of files that were given by their path."""

    # --- requests ---------------------------------------------------------------------------------------------------

    def generation(
        self,
        family: str,
        model: str | None,
        fields: Mapping[str, Any],
        extras: Mapping[str, tuple[Any, Any]],
        **sources: MediaSource | None,
    ) -> Generation:
        """Choose the model, lay out the fields and check them; raises `InvalidRequestError`. Sends nothing."""
        chosen = choose_family(family, self.model if model is None else model)
        given = {name: source for name, source in sources.items() if source is not None}
        generation = Generation(chosen, fields_for(chosen, fields, extras), given)
        if self.check_limits:
            generation.check()
        return generation

    # --- account and cost -------------------------------------------------------------------------------------------

    async def me(self) -> MeResult:
        from mirelo_ergo_api.mirelo_v2.api.account import get_me

        return await execute(self.runtime, self._read("getMe", request_from(get_me._get_kwargs()), read_me))

    async def preflight(self, generation: Generation) -> PreflightResult:
        kwargs = generation.family.endpoints.preflight(generation.fields)
        name = f"{generation.family.operation}Preflight"
        return await execute(self.runtime, self._read(name, request_from(kwargs), read_preflight))

    def _read(self, name: str, request: Request, read: Callable[..., T]) -> Operation[T]:
        return Operation(name, Kind.READ, request, read, self.runtime.timeout)

    async def guard(self, generation: Generation, limit: int | None) -> None:
        """Ask what it costs if there is a limit; raise `CostLimitError` if that is more, or not to be had."""
        limit = self.max_credits if limit is None else limit
        if limit is None:
            return
        try:
            cost = await self.preflight(generation)
        except MireloError as error:
            raise CostLimitError(
                f"{generation.family.label}: the cost could not be asked, so nothing was submitted: {error.message}",
                max_credits=limit,
                retryable=error.retryable,
            ) from error
        if cost.credits > limit:
            raise CostLimitError(
                f"{generation.family.label}: it would cost {cost.credits} credits, more than max_credits={limit}; "
                "nothing was submitted",
                credits=cost.credits,
                max_credits=limit,
            )

    # --- uploads ----------------------------------------------------------------------------------------------------

    async def asset_for(self, media: MediaSource) -> tuple[str, str, bool]:
        """Give the asset id of a source's bytes, the key it is kept under, and whether it was there already."""
        io = self.runtime.io
        source, content_type = await io.disk(media.current)
        key = f"{self.runtime.account()} {content_type} {source.identity}"
        async with io.lock(key):
            kept = media.assets.get(key, io.now())
            if kept is not None:
                return kept, key, True
            asset_id = await upload(
                self.runtime, source, content_type, lambda: self._new_slot(content_type), media.on_progress
            )
            media.assets.keep(key, asset_id, io.now() + ASSET_LIFETIME)
            return asset_id, key, False

    async def _new_slot(self, content_type: str) -> Slot:
        from mirelo_ergo_api.mirelo_v2.api.assets import create_asset
        from mirelo_ergo_api.mirelo_v2.models import AssetRequest

        request = request_from(create_asset._get_kwargs(body=AssetRequest(content_type=content_type)))
        operation = Operation("createAsset", Kind.CHEAP, request, read_asset, self.runtime.timeout)
        return Slot(*await execute(self.runtime, operation))

    # --- submitting -------------------------------------------------------------------------------------------------

    async def submit(self, generation: Generation, limit: int | None) -> JobRecord:
        """Submit a job. A paid request: re-sent only when it provably was not processed."""
        await self.guard(generation, limit)
        accepted, sent_at = await self._paid(generation, self._submit_once)
        family = generation.family
        return JobRecord(
            family.name, family.model, accepted.job_id, sent_at, accepted.estimated_ms, generation.num_samples
        )

    async def _submit_once(self, generation: Generation, places: Places) -> tuple[Accepted, float]:
        family = generation.family
        body = family.endpoints.body(generation.fields, places)
        request = request_from(family.endpoints.create(body=body), submit=True)
        name, timeout = f"{family.operation}JobCreate", self.runtime.timeout
        accepted = await execute(self.runtime, Operation(name, Kind.PAID, request, read_accepted, timeout, paced=True))
        return accepted, self.runtime.io.wall()

    async def sync(self, generation: Generation, limit: int | None) -> list[str]:
        """Generate within one request. A paid request whose answer can be lost: nothing leads back to it."""
        await self.guard(generation, limit)
        urls = await self._paid(generation, self._sync_once)
        if len(urls) < generation.num_samples:
            raise IncompleteResultError(
                f"{generation.family.label}: {generation.num_samples} results were asked for and {len(urls)} came",
                result_urls=urls,
            )
        return urls

    async def _sync_once(self, generation: Generation, places: Places) -> list[str]:
        family = generation.family
        body = family.endpoints.body(generation.fields, places)
        request = request_from(family.endpoints.sync(body=body), submit=True, long=True)
        name, timeout = f"{family.operation}Sync", self.runtime.timeout
        return await execute(self.runtime, Operation(name, Kind.PAID, request, read_result, timeout))

    async def _paid(self, generation: Generation, send: Callable[[Generation, Places], Awaitable[T]]) -> T:
        """Upload if need be and send; an asset that the service no longer knows is uploaded once more."""
        places: dict[str, Place] = {}
        kept: list[tuple[str, MediaSource, str, str]] = []
        for name, source in generation.sources.items():
            if source.url is not None:
                places[name] = Place(source.url, None)
                continue
            asset_id, key, known = await self.asset_for(source)
            places[name] = Place(None, asset_id)
            if known:
                kept.append((name, source, key, asset_id))
        try:
            return await send(generation, places)
        except VideoError as error:
            if not kept or error.code != "invalid_asset":
                raise
        for name, source, key, asset_id in kept:
            source.assets.forget(key, asset_id)
            places[name] = Place(None, (await self.asset_for(source))[0])
        return await send(generation, places)

    # --- jobs -------------------------------------------------------------------------------------------------------

    def job_path(self, record: JobRecord) -> str:
        """Give the path a job is asked for at: built here, never taken from an answer."""
        path: str = FAMILIES[record.family, record.model].endpoints.poll(record.job_id)["url"]
        return path

    def resume(self, token: str) -> JobRecord:
        """Read a token into a job of this client's account."""
        return read_token(token, lambda family, model: (family, model) in FAMILIES)

    def poll_operation(
        self, record: JobRecord, timeout: float, *, single: bool, young: bool
    ) -> Operation[Seen[Polled]]:
        name = f"{FAMILIES[record.family, record.model].operation}JobPoll"
        request = Request("GET", self.job_path(record))
        return Operation(
            name,
            Kind.READ,
            request,
            lambda reply: read_status(reply, self.runtime.io.wall()),
            timeout,
            single=single,
            young=young,
        )

    async def status(self, record: JobRecord, since: float) -> JobStatus:
        """Ask for a job once (with re-sends). `since` is how long ago it was submitted, in seconds."""
        operation = self.poll_operation(record, self.runtime.timeout, single=False, young=since < YOUNG)
        return (await execute(self.runtime, operation)).status.status

    def waiter(
        self, record: JobRecord, since: float, interval: float | None, timeout: float | None, *, patient: bool
    ) -> Waiter[Polled]:
        """Prepare to wait for a job."""
        return Waiter(
            self.runtime,
            lambda limit, young: self.poll_operation(record, limit, single=True, young=young),
            estimate=clamp_estimate(record.estimated_ms),
            elapsed=since,
            schedule=PATIENT if patient else self.runtime.service.schedule,
            interval=interval,
            timeout=timeout,
        )

    async def wait(
        self,
        record: JobRecord,
        waiter: Waiter[Polled],
        note: Callable[[JobStatus], JobStatus],
        known: JobStatus | None,
        on_progress: Callable[[JobProcessing], None] | None,
    ) -> JobSucceeded:
        """Wait until a job succeeded and has its results; raises `JobFailedError` if it did not.

        `note` is told of each status and gives the one that counts: the first final one stays. `known` is that one.
        """
        asked = record.num_samples
        looked_again = False
        while True:
            if known is None:
                polled = (await waiter.next()).status
                known, asked = note(polled.status), asked or polled.asked
            if isinstance(known, JobErrored):
                reason = self.runtime.secret.scrub(known.message)
                raise JobFailedError(
                    f"the job failed: {reason} ({known.code}); it was not charged", known.code, known.http_status
                )
            if isinstance(known, JobSucceeded):
                if len(known.result_urls) >= (asked or 1):
                    return known
                if looked_again:
                    raise IncompleteResultError(
                        f"the job succeeded with {len(known.result_urls)} of {asked or 1} results",
                        result_urls=known.result_urls,
                    )
                looked_again = True
            elif on_progress is not None:
                on_progress(known)
            known = None

    # --- results ----------------------------------------------------------------------------------------------------

    async def fresh_url(self, record: JobRecord | None, index: int) -> str | None:
        """Ask a job once more for its results: signed URLs live about an hour, the job a day."""
        if record is None:
            return None
        status = await self.status(record, YOUNG)
        if isinstance(status, JobSucceeded) and index < len(status.result_urls):
            return status.result_urls[index]
        return None

    async def download(
        self,
        urls: list[str],
        record: JobRecord | None,
        folder: Path,
        overwrite: bool,
        on_progress: Callable[[int, int | None], None] | None,
    ) -> list[Path]:
        """Save every result under the job's name and its number; each file is whole or absent."""
        name = record.job_id if record else f"sync-{hashlib.sha256(urls[0].encode()).hexdigest()[:12]}"
        saved: list[Path] = []
        for index, url in enumerate(urls):
            sink = FileSink(folder, f"{safe_filename(name)}-{index + 1}", overwrite=overwrite)
            await self._fetch(url, record, index, sink, LARGEST_FILE, on_progress)
            assert sink.target is not None, "a finished download has its place"
            saved.append(sink.target)
        return saved

    async def bytes(self, urls: list[str], record: JobRecord | None) -> list[bytes]:
        """Fetch every result into memory."""
        sinks = [MemorySink() for _ in urls]
        for index, (url, sink) in enumerate(zip(urls, sinks, strict=True)):
            await self._fetch(url, record, index, sink, LARGEST_IN_MEMORY, None)
        return [sink.data for sink in sinks]

    async def _fetch(
        self,
        url: str,
        record: JobRecord | None,
        index: int,
        sink: FileSink | MemorySink,
        cap: int,
        on_progress: Callable[[int, int | None], None] | None,
    ) -> None:
        await fetch(
            self.runtime,
            url,
            sink,
            cap=cap,
            fresh_url=lambda: self.fresh_url(record, index),
            on_progress=on_progress,
        )

"""The flows of the Mirelo service, written once for both clients: account, cost, uploads, submit, /sync."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from .._runtime.api.endpoints import describe
from .._runtime.api.execute import Operation, execute
from .._runtime.api.requests import request_from
from .._runtime.api.retry import Kind
from .._runtime.jobs.submission import Submission
from .._runtime.lazy import LazyModule
from .._runtime.transfer.inputs import Audio, MediaSource, source_from
from ..errors import IncompleteResultError, InvalidRequestError, VideoError
from .api import MIRELO
from .clips import check_source
from .families import Generation, choose_family, fields_for
from .generated import operations as of
from .job_values import read_result
from .prepared import Prepared
from .v3 import V3Generation, v3_generation
from .v3_flows import URLS_REFUSED, V3Flows, check_cost
from .values import PreflightResult, read_asset, read_preflight
from .versions import MIDI, is_v3

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from mirelo_ergo_api.mirelo_v2.bodies import AssetRequest, DetectInstrumentsRequest

    from .._runtime.api.call import Call
    from .._runtime.api.endpoints import Endpoint
    from .._runtime.api.idempotency import IdempotencyKey
    from .._runtime.io.protocol import Reply
    from .._runtime.jobs.tokens import JobRecord
    from .._runtime.jobs.values import JobSucceeded
    from .._runtime.transfer.upload import Asset, Slot
    from . import catalogue, midi
    from .arguments import AudioSource, VideoSource

    SourceRefs = Mapping[str, "SourceRef"]
else:
    catalogue, midi = LazyModule("mirelo_ergo.mirelo.catalogue"), LazyModule("mirelo_ergo.mirelo.midi")

R = TypeVar("R")
AnyGeneration = Generation | V3Generation
T = TypeVar("T")


@attrs.frozen
class SourceRef:
    """A reference to a source: a URL that the service fetches, or an asset id."""

    url: str | None
    asset_id: str | None

    def video(self) -> VideoSource:
        """Return it as a video source in the body of a request."""
        if self.asset_id is not None:
            return {"type": "asset", "asset_id": self.asset_id}
        return {"type": "url", "video_url": self.url or ""}

    def audio(self) -> AudioSource:
        """Return it as an audio source in the body of a request."""
        if self.asset_id is not None:
            return {"type": "asset", "asset_id": self.asset_id}
        return {"type": "url", "audio_url": self.url or ""}


def in_body(sources: Mapping[str, SourceRef]) -> dict[str, VideoSource | AudioSource]:
    """Return the fields of sources in the body of a request."""
    return {name: ref.video() if name == "video" else ref.audio() for name, ref in sources.items()}


@attrs.define
class MireloFlows(V3Flows):
    """The flows of one Mirelo client, for v2 and v3. The model decides which API is used."""

    # --- requests ---------------------------------------------------------------------------------------------------

    def generation(
        self,
        family: str,
        model: str | None,
        wishes: Mapping[str, object],
        known: Mapping[str, object] | None = None,
    ) -> AnyGeneration:
        """Return a checked request, with its model chosen; raises `InvalidRequestError`. Sends nothing.

        `known` are values beside the fields that the price depends on.
        """
        named = self.model if model is None else model
        if named is not None and is_v3(named):
            of_v3 = v3_generation(family, named, wishes)
            self.refuse_urls(of_v3)
            if self.check_limits:
                of_v3.check()
                if self.catalogue is not None:
                    catalogue.check(self.catalogue, of_v3)
            return of_v3
        chosen = choose_family(family, named)
        given = fields_for(chosen, wishes)
        sources = {name: value for name, value in given.items() if isinstance(value, MediaSource)}
        fields = {name: value for name, value in given.items() if name not in sources}
        generation = Generation(chosen, fields, sources, known or {})
        if not chosen.takes_urls:
            self.refuse_urls(generation)
        if self.check_limits:
            generation.check()
        return generation

    # --- cost -------------------------------------------------------------------------------------------------------

    async def preflight(self, generation: AnyGeneration) -> PreflightResult:
        """Return the cost of a generation."""
        if isinstance(generation, V3Generation):
            return await self.preflight_v3(generation)
        await self.look(generation)
        return await self._cost(generation)

    async def _cost(self, generation: Generation) -> PreflightResult:
        endpoint = generation.family.endpoints.preflight
        if endpoint is None:
            raise InvalidRequestError(f"{generation.label} has no preflight; nothing was sent")
        read = midi.read_preflight if generation.family.name == MIDI else read_preflight
        generation = await self._with_length(generation)
        return await execute(self.runtime, self._read(endpoint, read, generation.quoted(endpoint)))

    async def _with_length(self, generation: Generation) -> Generation:
        """Return the generation with its sound's length from the headers, if its price depends on it."""
        audio = generation.sources.get("audio")
        if generation.family.name != MIDI or "duration_ms" in generation.known or audio is None:
            return generation
        headers = await self.runtime.io.run_blocking(audio.headers)
        if headers is None or headers.length_ms is None:
            return generation
        return attrs.evolve(generation, known={"duration_ms": max(1, round(headers.length_ms))})

    def sound(self, audio: Audio | str | os.PathLike[str]) -> Audio:
        """Return an `Audio`; raises `InvalidRequestError` for anything else, and for a URL that may not be fetched."""
        source = source_from(Audio, audio, self.assets, look=self.runtime.io.blocks)
        if source.url is not None and not self.fetch_urls:
            raise InvalidRequestError(f"audio: {URLS_REFUSED}", field="audio")
        return source

    async def detect_instruments(self, audio: MediaSource) -> midi.DetectedInstruments:
        """Return the instruments of a sound. Uploads it first, once."""
        asset = await self.uploaded("audio", audio, self._new_slot, before_submit=False)
        body: DetectInstrumentsRequest = {"audio": {"type": "asset", "asset_id": asset.asset_id}, "max_credits": 0}
        request = request_from(describe(of.DETECT_INSTRUMENTS, json=body))
        name, timeout = of.DETECT_INSTRUMENTS.name, self.runtime.timeout
        return await execute(self.runtime, Operation(name, Kind.CHEAP, request, midi.read_detected, timeout))

    def _read(
        self, endpoint: Endpoint, read: Callable[[Reply], T], query: Mapping[str, Any] | None = None
    ) -> Operation[T]:
        request = request_from(describe(endpoint, query=query))
        return Operation(endpoint.name, Kind.READ, request, read, self.runtime.timeout)

    async def guard(self, generation: Generation, limit: int | None) -> None:
        """Check the cost if there is a limit; raise `CostLimitError` if it is higher or not known."""
        limit = self.max_credits if limit is None else limit
        if limit is None:
            return
        if not generation.sources:  # otherwise the upload follows first
            self.runtime.io.preconnect()
        await check_cost(generation.family.label, limit, self._cost(generation))

    async def look(self, generation: Generation) -> None:
        """Check the sources that will be uploaded; raise the error of one that cannot be used."""
        for name, source in generation.sources.items():
            if source.url is None:
                headers = await self.runtime.io.run_blocking(source.headers)
                if headers is not None and self.check_limits:
                    check_source(generation, name, source, headers)

    # --- uploads ----------------------------------------------------------------------------------------------------

    async def _new_slot(self, content_type: str) -> Slot:
        body: AssetRequest = {"content_type": content_type}
        request = request_from(describe(of.CREATE_ASSET, json=body))
        operation = Operation(of.CREATE_ASSET.name, Kind.CHEAP, request, read_asset, self.runtime.timeout)
        from .._runtime.transfer.upload import Slot

        return Slot(*await execute(self.runtime, operation))

    async def upload(self, generation: AnyGeneration) -> None:
        """Upload the sources that a submit has to upload, unless they were uploaded before."""
        if isinstance(generation, V3Generation):
            await self._assets_of(generation, before_submit=False)
            return
        await self.look(generation)
        for name, source in generation.sources.items():
            if source.url is None or not generation.family.takes_urls:
                await self.uploaded(name, source, self._new_slot, before_submit=False)

    # --- submitting -------------------------------------------------------------------------------------------------

    async def submit(
        self,
        generation: AnyGeneration,
        limit: int | None,
        submission: Submission | None = None,
        prepared: Prepared | None = None,
    ) -> JobRecord:
        """Submit a job: check the cost if there is a limit, upload the sources, send."""
        submission = submission or Submission()
        if isinstance(generation, V3Generation):
            return await self.submit_v3(submission, generation, limit, prepared)
        await self.look(generation)
        await self.guard(generation, limit)
        return await self._paid(generation, partial(self._submit_once, submission))

    async def _submit_once(self, submission: Submission, generation: Generation, places: SourceRefs) -> JobRecord:
        family, endpoint = generation.family, generation.family.endpoints.create
        kwargs = describe(endpoint, json={**generation.fields, **in_body(places)})
        order, asked = submission.order, generation.num_samples
        request = request_from(kwargs, submit=True, headers=order.headers, fields=order.fields)
        return await self.start(submission, endpoint.name, request, family.name, family.model, asked)

    async def sync(
        self,
        generation: AnyGeneration,
        limit: int | None,
        idempotency_key: str | None,
        result: Callable[[JobSucceeded], R],
        call: Call,
    ) -> R:
        """Generate within one request, with the same idempotency key for every re-send."""
        if isinstance(generation, V3Generation) or generation.family.endpoints.sync is None:
            raise InvalidRequestError(
                f"{generation.label} has no /sync; run() and submit_job() are safe to send again; nothing was sent"
            )
        key = MIRELO.keys.key(idempotency_key, self.runtime.io.wall())
        await self.look(generation)
        await self.guard(generation, limit)
        done = await self._paid(generation, partial(self._sync_once, key, call))
        came = len(done.result_urls)
        if came < generation.num_samples:
            raise IncompleteResultError(
                f"{generation.family.label}: {generation.num_samples} results were asked for and {came} came",
                result_urls=done.result_urls,
                result=result(attrs.evolve(done, incomplete=True)),
            )
        return result(done)

    async def _sync_once(
        self, key: IdempotencyKey, call: Call, generation: Generation, places: SourceRefs
    ) -> JobSucceeded:
        endpoint = generation.family.endpoints.sync
        assert endpoint is not None, "sync() has refused a family without it"
        kwargs = describe(endpoint, json={**generation.fields, **in_body(places)})
        request = request_from(kwargs, submit=True, long=True)
        name, timeout = endpoint.name, self.runtime.timeout
        read = midi.read_result if generation.family.name == MIDI else read_result
        operation = Operation(name, Kind.KEYED, request, read, timeout, key=key)
        return await execute(self.runtime, operation, call=call)

    async def _paid(self, generation: Generation, send: Callable[[Generation, SourceRefs], Awaitable[T]]) -> T:
        """Upload the sources and send. An asset that the service no longer knows is uploaded once more."""
        places: dict[str, SourceRef] = {}
        kept: list[tuple[str, MediaSource, Asset]] = []
        for name, source in generation.sources.items():
            if source.url is not None and generation.family.takes_urls:
                places[name] = SourceRef(source.url, None)
                continue
            asset = await self.uploaded(name, source, self._new_slot)
            places[name] = SourceRef(None, asset.asset_id)
            if asset.known:
                kept.append((name, source, asset))
        try:
            return await send(generation, places)
        except VideoError as error:
            if not kept or error.code != "invalid_asset":
                raise
        for name, source, asset in kept:
            source.assets.forget(asset.key, asset.asset_id)
            places[name] = SourceRef(None, (await self.uploaded(name, source, self._new_slot)).asset_id)
        return await send(generation, places)

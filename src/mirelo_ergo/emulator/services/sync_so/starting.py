"""Starting generations: checks, prices, the job, and its webhook."""

from __future__ import annotations

import asyncio
import contextlib
import math
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import attrs

from mirelo_ergo.emulator.clock import Stopping
from mirelo_ergo.emulator.refusals import BAD_REQUEST, Refusal, bad_request, short
from mirelo_ergo.emulator.services.sync_so import answers, rules
from mirelo_ergo.emulator.services.sync_so.plans import MONTH
from mirelo_ergo.emulator.state import rates
from mirelo_ergo.emulator.state.records import Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mirelo_ergo.emulator.media.dubbing import Dubbing
    from mirelo_ergo.emulator.services.sync_so.assets import Assets
    from mirelo_ergo.emulator.services.sync_so.plans import Plan
    from mirelo_ergo.emulator.services.sync_so.projects import Projects
    from mirelo_ergo.emulator.services.sync_so.sources import DubbingSources
    from mirelo_ergo.emulator.shared import State
    from mirelo_ergo.emulator.spec.targets import Target
    from mirelo_ergo.emulator.state.records import Job
    from mirelo_ergo.emulator.web.signatures import TimestampedHmac

SERVICE = "sync_so"
LIPSYNC, BATCH = "lipsync", "batch"  # the families of its jobs: those of a batch do not count as running ones
FRAMES_PER_SECOND = 25  # by which a clip is priced here, whatever it has
DEFAULT_MODE = "cut_off"  # where nothing is said; the service's own is not published


@attrs.frozen
class Call:
    """The caller of a generation: the key, the operation, and the address for its answers."""

    key: str
    target: Target
    base: str


class GenerationStarter:
    """Starts generations, for requests and for the lines of a batch."""

    def __init__(
        self,
        state: State,
        assets: Assets,
        projects: Projects,
        plan: Callable[[], Plan],
        signer: Callable[[], TimestampedHmac],
    ) -> None:
        self._state = state
        self._assets = assets
        self._projects = projects
        self._plan = plan
        self._signer = signer
        self._created: dict[str, list[float]] = {}

    def check(self, body: Mapping[str, Any], key: str) -> None:
        """Refuse an invalid generation, without reading its media."""
        rules.check(body)
        if "projectId" in body:
            self._projects.check(body["projectId"], key)
        if "webhookUrl" in body:
            self._state.webhooks.check("webhookUrl", body["webhookUrl"])
        if "dialogueEdit" in body:
            raise Refusal(BAD_REQUEST, 422, f"there is no dialogue edit {short(body['dialogueEdit']['id'])}")

    async def start(self, call: Call, body: dict[str, Any], family: str = LIPSYNC, longest_ms: float = math.inf) -> Job:
        """Start a generation. It fails later if its media cannot be fetched or read, as at the service."""
        self.check(body, call.key)
        self._check_plan(call.key, family)
        with ExitStack() as undo:
            dubbing, failure = None, None
            try:
                dubbing = await self._open(call.key, body, undo)
            except Refusal as refusal:
                if refusal.code not in answers.FAILURES or refusal.http_status >= 500:
                    raise
                failure = refusal
            self._check_plan(call.key, family)  # other generations may have started meanwhile
            length_ms = 1 if dubbing is None else max(1, math.ceil(dubbing.length_ms))
            self._check_length(length_ms, longest_ms)
            job = self._state.jobs.start(
                call.key,
                Origin(SERVICE, family, body["model"], body.get("outputFileName", "")),
                body,
                call.target,
                credits=0 if dubbing is None else rates.price(length_ms, 1),
                estimated_ms=rates.estimate_ms(length_ms, 1, self._state.jobs.speed),
                render=lambda: () if dubbing is None else dubbing.render(self._state.disk, self._state.workers.check),
                takes_time=True,
                undo=undo,
                failure=failure,
            )
        if self._plan().a_month is not None:
            self._created.setdefault(call.key, []).append(job.created_at)
        if "webhookUrl" in body:
            self._state.webhooks.start(self._call_back(job, call.base))
        return job

    async def estimate(self, key: str, body: dict[str, Any]) -> list[dict[str, Any]]:
        """Return an estimate of a generation; refuse an impossible one with 400."""
        with ExitStack() as undo:
            try:
                self.check(body, key)
                length_ms = math.ceil((await self._open(key, body, undo)).length_ms)
            except Refusal as refusal:
                if refusal.http_status >= 500:
                    raise
                code = answers.FAILURES.get(refusal.code, refusal.code)
                raise Refusal(code, 400, refusal.message) from None
        return [
            {
                "estimatedFrameCount": -(-length_ms * FRAMES_PER_SECOND // 1000),
                "estimatedGenerationCost": round(rates.price(length_ms, 1) * answers.USD_PER_CREDIT, 2),
            }
        ]

    def _check_plan(self, key: str, family: str) -> None:
        plan, now = self._plan(), self._state.clock.now()
        recent = [at for at in self._created.get(key, ()) if at > now - MONTH]
        if plan.a_month is not None and len(recent) >= plan.a_month:
            raise Refusal("no_active_subscription", 402, f"this plan has {plan.a_month} generations a month")
        running = sum(
            job.key == key and (job.origin.service, job.origin.family) == (SERVICE, family) and not job.done
            for job in self._state.store.jobs()
        )
        if family == LIPSYNC and running >= plan.generations:
            raise Refusal(
                "concurrency_limit_reached", 429, f"{running} generations run, which is as many as this plan lets run"
            )

    def _check_length(self, length_ms: int, longest_ms: float) -> None:
        if length_ms > longest_ms:
            raise bad_request(f"it has {length_ms} ms: it may have {longest_ms:g}")
        longest = self._plan().seconds
        if longest is not None and length_ms > longest * 1000:
            raise Refusal(
                "no_active_subscription", 402, f"this plan makes {longest:g} s at most, asked for were {length_ms} ms"
            )

    async def _open(self, key: str, body: Mapping[str, Any], undo: ExitStack) -> Dubbing:
        made, sources = await asyncio.to_thread(_workshop)
        check = self._state.workers.check
        opened = sources(key=key, store=self._state.store, disk=self._state.disk, check=check)
        return await self._dubbing(made, opened, key, body, undo)

    async def _dubbing(
        self, made: type[Dubbing], opened: DubbingSources, key: str, body: Mapping[str, Any], undo: ExitStack
    ) -> Dubbing:
        from mirelo_ergo.emulator.media.dubbing import Stretch, arranged

        inputs = body["input"]
        (visual,) = (each for each in inputs if each["type"] in ("video", "image"))
        if visual["type"] == "video":
            clip, clip_ms = await opened.clip(self._source(visual, key), undo)
        else:
            clip, clip_ms = await opened.picture(self._source(visual, key), undo), 0.0
        mode = body.get("options", {}).get("sync_mode", DEFAULT_MODE)
        if "dubParams" in body:
            seconds = max(1, math.ceil(clip_ms / 1000))
            spoken = await opened.speech("la " * (5 * seconds), body["dubParams"]["targetLang"], undo)
            return made(clip, clip_ms, spoken, mode)
        voices = {
            each.get("refId", ""): await self._voice(opened, each, key, undo)
            for each in inputs
            if each["type"] in ("audio", "text")
        }
        if "segments" not in body:
            (voice,) = voices.values()
            return made(clip, clip_ms, voice, mode)
        stretches = [_stretch(Stretch, each) for each in body["segments"]]
        for name in voices.keys() - {each.voice for each in stretches}:
            voices[name].path.unlink()
        end_ms = clip_ms or max(each.end_ms for each in stretches)
        return made(clip, clip_ms, arranged(voices, stretches, end_ms), mode)

    async def _voice(self, opened: DubbingSources, each: Mapping[str, Any], key: str, undo: ExitStack) -> Any:
        if each["type"] == "text":
            return await opened.speech(each["provider"]["script"], each["provider"]["voiceId"], undo)
        return await opened.recording(self._source(each, key), undo)

    def _source(self, given: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        """Return the source of an input; refuse an unknown asset with 422."""
        kind = given["type"]
        if "assetId" in given:
            try:
                return self._assets.source(self._assets.found(given["assetId"], key), kind)
            except Refusal as refusal:
                raise Refusal(refusal.code, 422, refusal.message) from None
        own = self._state.blobs.asset_at(given["url"])
        if own is not None and own.key == key:
            return {"type": "asset", "asset_id": own.id}
        return {"type": "url", f"{kind}_url": given["url"]}

    async def _call_back(self, job: Job, base: str) -> None:
        with contextlib.suppress(Stopping):
            done = await self._state.jobs.finish(job)
            now = self._state.clock.now()
            if answers.status_of(done, now) == "REJECTED":
                return
            body = answers.generation(done, now, self._state.blobs.result_urls(base, done))
            if "errorCode" in body:
                body["error_code"] = body.pop("errorCode")  # as the guide to the webhooks spells it
            self._state.webhooks.post(body["webhookUrl"], body, self._signer())


def _workshop() -> tuple[type[Dubbing], type[DubbingSources]]:
    """Import the modules that load numpy and FFmpeg, with the first generation and outside of the loop."""
    from mirelo_ergo.emulator.media.dubbing import Dubbing
    from mirelo_ergo.emulator.services.sync_so.sources import DubbingSources

    return Dubbing, DubbingSources


def _stretch(made: Any, segment: Mapping[str, Any]) -> Any:
    audio = segment["audioInput"]
    until = audio.get("endTime")
    return made(
        segment["startTime"] * 1000,
        segment["endTime"] * 1000,
        audio["refId"],
        audio.get("startTime", 0) * 1000,
        None if until is None else until * 1000,
    )

"""Generations, independent of HTTP: checking, pricing, starting and waiting."""

from __future__ import annotations

import asyncio
import functools
import math
import re
from concurrent.futures import Future
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from mirelo_ergo.emulator.clock import Stopping, is_number
from mirelo_ergo.emulator.media import segments, wav
from mirelo_ergo.emulator.media.formats import read_format
from mirelo_ergo.emulator.refusals import Refusal, bad_request
from mirelo_ergo.emulator.state import rates
from mirelo_ergo.emulator.state.records import Losses

if TYPE_CHECKING:
    import random
    from collections.abc import AsyncIterator, Callable, Mapping

    from mirelo_ergo.emulator.clock import Clock
    from mirelo_ergo.emulator.disk import Disk
    from mirelo_ergo.emulator.media.recording import Recording
    from mirelo_ergo.emulator.media.rendering import Rendering
    from mirelo_ergo.emulator.media.tasks import RenderTask
    from mirelo_ergo.emulator.sources import Sources
    from mirelo_ergo.emulator.spec.targets import Target
    from mirelo_ergo.emulator.state.records import Job, Origin
    from mirelo_ergo.emulator.state.store import Store
    from mirelo_ergo.emulator.state.workers import Workers

T = TypeVar("T")
RENDER_PATIENCE = 20.0
LOOK_SECONDS = 1.0  # at speed 1
MAX_ESTIMATE = 10**12  # ms, 31 years: its end is still a date

# Failures that no request can cause by itself: a prompt with the code in brackets or the fault `FailedJob` does.
FAILURES = {
    "server_error": (500, "an unexpected error occurred (asked for)"),
    "generation_failed": (502, "the generation failed upstream (asked for)"),
    "generation_timeout": (504, "the generation took too long (asked for)"),
}


@attrs.frozen
class JobFaultEffects:
    """The effects of faults on one job."""

    stuck: bool = False
    failure: Refusal | None = None
    factor: float = 1.0
    losses: Losses = attrs.field(factory=Losses)

    def estimate(self, honest_ms: int) -> int:
        """Return the estimate, changed by the faults."""
        return honest_ms if self.factor == 1 else max(1, min(MAX_ESTIMATE, math.floor(honest_ms * self.factor)))


class JobService:
    """Makes jobs of checked requests. `effects` returns the effects of faults on the next job of an operation."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        random: random.Random,
        workers: Workers,
        disk: Disk,
        seed: int,
        speed: float,
        effects: Callable[[Target], JobFaultEffects],
    ) -> None:
        self._store = store
        self._clock = clock
        self._random = random
        self._workers = workers
        self._disk = disk
        self._seed = seed
        self.speed = speed
        self._effects = effects
        self._workshop: tuple[type[RenderTask], type[Sources]] | None = None

    def preflight(self, values: Mapping[str, Any], target: Target) -> dict[str, int]:
        """Return the exact price and the estimate (changed by faults) for a preflight."""
        quote = self.quote(values)
        return {**quote, "estimated_ms": self._effects(target).estimate(quote["estimated_ms"])}

    def quote(self, values: Mapping[str, Any], length_ms: int | None = None) -> dict[str, int]:
        """Return the exact price and the correct estimate, for a preflight's query or a request.

        `length_ms` is the input's length, for requests without a field for it.
        """
        length_ms = segments.generated_ms(values) or length_ms or segments.DEFAULT_MS
        num_samples = values.get("num_samples", 1)
        if num_samples < 1:
            raise bad_request(f"num_samples is {num_samples}: it has to be 1 or more")
        return {
            "credits": rates.price(length_ms, num_samples),
            "estimated_ms": rates.estimate_ms(length_ms, num_samples, self.speed),
        }

    async def generate(
        self, key: str, origin: Origin, sent: dict[str, Any], values: Mapping[str, Any], target: Target
    ) -> Job:
        """Start a generation of sound effects; `values` are the known fields of `sent`, with defaults.

        A worker thread decodes a clip's pictures and runs the encoders; other sound is computed when it is read. Beside
        the fields of Mirelo's requests, `values` may have what other services offer: `seed`, `rounds` of a loop, the
        `audio_format` and `audio_rate`, the `output` "both", `keep_speech` and `speech_stem`, `music`, and `lenient`,
        which see `RenderTask` and `Sources.clip`.
        """
        if segments.generated_ms(values) is not None:  # else there is no price yet
            self._store.check_balance(key, self.quote(values)["credits"])
        with ExitStack() as undo:
            task = await self._task(key, values, undo)
            quote = self.quote(values, task.segment.duration_ms)
            return self.start(
                key,
                origin,
                sent,
                target,
                **quote,
                failure=_asked_for(str(values.get("prompt", ""))),
                render=functools.partial(task.render, self._seed, self._disk, self._workers.check),
                takes_time=task.takes_time,
                undo=undo,
            )

    async def recording(self, key: str, source: Mapping[str, Any], undo: ExitStack) -> Recording:
        """Return a request's sound, decoded to a new file, which `undo` removes."""
        _, sources = await self._shop()
        return await sources(store=self._store, disk=self._disk, check=self._workers.check).recording(key, source, undo)

    async def in_worker(self, work: Callable[[], T]) -> T:
        """Run work in a worker thread, and return its result."""
        return await asyncio.wrap_future(self._workers.submit(work))

    def start(
        self,
        key: str,
        origin: Origin,
        sent: dict[str, Any],
        target: Target,
        *,
        credits: int,  # noqa: A002 - the field's word
        estimated_ms: int,
        render: Callable[[], tuple[Rendering, ...]],
        takes_time: bool,
        undo: ExitStack,
        failure: Refusal | None = None,
    ) -> Job:
        """Start a job of any kind: reserve its price, draw its duration, and make its results with `render`.

        `undo` removes the job's files if it never begins to render. `failure` is the code it ends with instead.
        """
        effects = self._effects(target)
        failure = effects.failure or failure

        def begin() -> Future[tuple[Rendering, ...]]:
            if effects.stuck:
                return Future()
            if failure is not None:
                return _failed(failure)
            work = self._workers.submit(render) if takes_time else _succeeded(render())
            undo.pop_all()  # from here on the files are the work's and then the results'
            return work

        return self._store.new_job(
            key=key,
            origin=origin,
            request=sent,
            credits_needed=credits,
            estimated_ms=effects.estimate(estimated_ms),
            takes_ms=math.inf if effects.stuck else rates.draw_ms(estimated_ms, self._random),
            losses=effects.losses,
            begin=begin,
        )

    async def _shop(self) -> tuple[type[RenderTask], type[Sources]]:
        # These import numpy and FFmpeg, which takes long: only when needed, and in a thread, so that the loop goes on.
        if self._workshop is None:
            self._workshop = await asyncio.to_thread(_workshop)
        return self._workshop

    async def _task(self, key: str, values: Mapping[str, Any], undo: ExitStack) -> RenderTask:
        task, sources = await self._shop()
        source = sources(store=self._store, disk=self._disk, check=self._workers.check)
        recording = clip = None
        if "audio" in values:
            recording = await source.recording(key, values["audio"], undo)
        segment = segments.segment(values, 0 if recording is None else recording.frames)
        if "video" in values:
            clip = await source.clip(
                key,
                values["video"],
                segment.window,
                undo,
                lenient=values.get("lenient", False),
                whole=recording is None and segments.generated_ms(values) is None,
            )
            segment = attrs.evolve(segment, duration_ms=clip.window.duration_ms)  # shorter, if the clip was
        return task(
            segment=segment,
            num_samples=values.get("num_samples", 1),
            prompt=values.get("prompt", ""),
            loop=values.get("loop", False),
            as_video=values.get("output") in ("video", "both"),
            with_sound=values.get("output") == "both",
            keep_speech=values.get("keep_speech", False),
            speech_stem=values.get("speech_stem", False),
            music=values.get("music", False),
            audio_format=read_format(values.get("audio_format", "wav"), rate=values.get("audio_rate", wav.RATE)),
            rounds=values.get("rounds", 1),
            seed=values.get("seed"),
            recording=recording,
            clip=clip,
        )

    async def finish(self, job: Job) -> Job:
        """Wait until the job's time is over and its work is done, for a synchronous request."""
        while not job.done and job.finishes_at > self._clock.now():  # it may be cancelled meanwhile
            await self._clock.until(min(job.finishes_at, self._clock.now() + LOOK_SECONDS / self.speed))
        if not job.done:
            await _ended(job.work)
            self._store.settle()
        if not job.done:
            raise Stopping
        return job

    async def hold(self, job: Job, seconds: float) -> Job:
        """Wait until a job has ended, at most this many seconds of the emulator's time, and return it."""
        end = self._clock.now() + seconds
        while not job.done and (now := self._clock.now()) < end:
            if job.finishes_at <= now:
                await self.look(job, patience=end - now)
            else:  # it may be cancelled meanwhile
                await self._clock.until(min(end, job.finishes_at, now + LOOK_SECONDS / self.speed))
        return job

    async def watch(self, job: Job, interval_s: float) -> AsyncIterator[Job]:
        """Yield a job now, at each interval of the emulator's time, and when it has ended.

        The speed shortens the intervals as well. An interval begins when the job is looked at: time that goes by, or
        that the clock is advanced by, while the caller deals with it is part of it.
        """
        while True:
            looked = self._clock.now()
            yield await self.look(job)
            if job.done:
                return
            await self._clock.until(min(looked + interval_s / self.speed, max(looked, job.finishes_at)))
            if job.finishes_at <= self._clock.now():
                await self.finish(job)

    async def look(self, job: Job, patience: float = RENDER_PATIENCE) -> Job:
        """Return a job. If its time is over, first wait for its rendering, at most 20 s."""
        if not job.done and job.finishes_at <= self._clock.now():
            await _ended(job.work, timeout=patience)
            self._store.settle()
        return job


def _workshop() -> tuple[type[RenderTask], type[Sources]]:
    from mirelo_ergo.emulator.media.tasks import RenderTask
    from mirelo_ergo.emulator.sources import Sources

    return RenderTask, Sources


def checked_speed(speed: float) -> float:
    """Return a checked speed; raises `ValueError`."""
    if not (is_number(speed) and speed > 0 and math.isfinite(speed)):
        raise ValueError(f"speed is {speed!r}: it has to be a number above 0, 1 is real time")
    return speed


async def _ended(work: Future[tuple[Rendering, ...]], timeout: float | None = None) -> None:
    waiting = asyncio.wrap_future(work)
    # Looking at the exception here keeps asyncio from complaining about it; settling the job reports it.
    waiting.add_done_callback(lambda future: future.cancelled() or future.exception())
    await asyncio.wait({waiting}, timeout=timeout)


def _asked_for(prompt: str) -> Refusal | None:
    """Return the failure code in a prompt's brackets."""
    named = (code for code in re.findall(r"\[(\w+)\]", prompt) if code in FAILURES)
    return next((Refusal(code, *FAILURES[code]) for code in named), None)


def _succeeded(results: tuple[Rendering, ...]) -> Future[tuple[Rendering, ...]]:
    work: Future[tuple[Rendering, ...]] = Future()
    work.set_result(results)
    return work


def _failed(refusal: Refusal) -> Future[tuple[Rendering, ...]]:
    work: Future[tuple[Rendering, ...]] = Future()
    work.set_exception(refusal)
    return work

"""Generations without HTTP: check a request, price it, start its work, wait for its end."""

from __future__ import annotations

import asyncio
import functools
import math
import re
from concurrent.futures import Future
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import attrs

from mirelo_ergo.emulator.faults.twist import twisted
from mirelo_ergo.emulator.media import parts
from mirelo_ergo.emulator.state import rates
from mirelo_ergo.emulator.state.clock import Stopping
from mirelo_ergo.emulator.web.refusals import Refusal, bad_request

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

    from mirelo_ergo.emulator.faults.plan import Plan
    from mirelo_ergo.emulator.media.orders import Order
    from mirelo_ergo.emulator.media.rendering import Rendering
    from mirelo_ergo.emulator.media.sources import Sources
    from mirelo_ergo.emulator.spec.targets import Target
    from mirelo_ergo.emulator.state.clock import Clock
    from mirelo_ergo.emulator.state.disk import Disk
    from mirelo_ergo.emulator.state.store import Job, Store
    from mirelo_ergo.emulator.state.workers import Workers

RENDER_PATIENCE = 20.0

# The failures that nothing in a request can cause; a prompt with the code in brackets, or the fault `FailedJob`, does.
FAILURES = {
    "server_error": (500, "an unexpected error occurred (asked for)"),
    "generation_failed": (502, "the generation failed upstream (asked for)"),
    "generation_timeout": (504, "the generation took too long (asked for)"),
}


class Studio:
    """Turn checked requests into jobs."""

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
        faults: Plan,
    ) -> None:
        self._store = store
        self._clock = clock
        self._random = random
        self._workers = workers
        self._disk = disk
        self._seed = seed
        self.speed = speed
        self._faults = faults
        self._workshop: tuple[type[Order], type[Sources]] | None = None

    def preflight(self, values: Mapping[str, Any], target: Target) -> dict[str, int]:
        """Return the exact price and the estimate, wrong by as much as a fault says, as preflight answers them."""
        quote = self.quote(values)
        twist = twisted(self._faults.generation(target))
        return {**quote, "estimated_ms": twist.estimate(quote["estimated_ms"])}

    def quote(self, values: Mapping[str, Any]) -> dict[str, int]:
        """Return the exact price and the honest estimate, for a preflight's query or a request."""
        length_ms, num_samples = parts.generated_ms(values), values["num_samples"]
        if num_samples < 1:
            raise bad_request(f"num_samples is {num_samples}: it has to be 1 or more")
        return {
            "credits": rates.price(length_ms, num_samples),
            "estimated_ms": rates.estimate_ms(length_ms, num_samples, self.speed),
        }

    async def generate(
        self, key: str, route: str, sent: dict[str, Any], values: Mapping[str, Any], target: Target
    ) -> Job:
        """Start a generation whose sources are in order; `values` are the known fields of `sent`, with defaults.

        A worker looks at a clip's pictures and runs the coders; other sound is computed when it is read. Beside the
        fields of Mirelo's requests, `values` may have what other services offer: `seed`, `rounds` of a loop, the
        `audio_format`, and `lenient`, which see `Order` and `Sources.footage`.
        """
        quote = self.quote(values)
        self._store.check_balance(key, quote["credits"])
        with ExitStack() as undo:
            order = await self._order(key, values, undo)
            twist = twisted(self._faults.generation(target))
            failure = twist.failure or _asked_for(str(values.get("prompt", "")))

            def begin() -> Future[tuple[Rendering, ...]]:
                if twist.stuck:
                    return Future()
                if failure is not None:
                    return _failed(failure)
                render = functools.partial(order.render, self._seed, self._disk, self._workers.check)
                work = self._workers.submit(render) if order.takes_time else _succeeded(render())
                undo.pop_all()  # from here on the files are the work's and then the results'
                return work

            return self._store.new_job(
                key=key,
                route=route,
                request=sent,
                credits_needed=quote["credits"],
                estimated_ms=twist.estimate(quote["estimated_ms"]),
                takes_ms=math.inf if twist.stuck else rates.draw_ms(quote["estimated_ms"], self._random),
                begin=begin,
            )

    async def _order(self, key: str, values: Mapping[str, Any], undo: ExitStack) -> Order:
        # With these come numpy and FFmpeg, which would make the first answer come a quarter later: not before they are
        # needed, and not in the loop, which goes on answering meanwhile.
        if self._workshop is None:
            self._workshop = await asyncio.to_thread(_workshop)
        order, sources = self._workshop
        source = sources(store=self._store, disk=self._disk, check=self._workers.check)
        recording = footage = None
        if "audio" in values:
            recording = await source.recording(key, values["audio"], undo)
        part = parts.part(values, 0 if recording is None else recording.frames)
        if "video" in values:
            footage = await source.footage(
                key, values["video"], part.window, undo, lenient=values.get("lenient", False)
            )
            part = attrs.evolve(part, duration_ms=footage.window.duration_ms)  # shorter, if the clip was
        return order(
            part=part,
            num_samples=values["num_samples"],
            prompt=values.get("prompt", ""),
            loop=values.get("loop", False),
            as_video=values.get("output") == "video",
            audio_format=values.get("audio_format", "wav"),
            rounds=values.get("rounds", 1),
            seed=values.get("seed"),
            recording=recording,
            footage=footage,
        )

    async def finish(self, job: Job) -> Job:
        """Wait until the job's time is over and its work is through, as a synchronous request does."""
        await self._clock.until(job.finishes_at)
        await _ended(job.work)
        self._store.settle()
        if not job.done:
            raise Stopping
        return job

    async def look(self, job: Job) -> Job:
        """Give a job whose time is over up to 20 s to end its rendering, then return it as it is."""
        if not job.done and job.finishes_at <= self._clock.now():
            await _ended(job.work, timeout=RENDER_PATIENCE)
            self._store.settle()
        return job


def _workshop() -> tuple[type[Order], type[Sources]]:
    from mirelo_ergo.emulator.media.orders import Order
    from mirelo_ergo.emulator.media.sources import Sources

    return Order, Sources


def checked_speed(speed: float) -> float:
    """Return what job lengths may be divided by; raises `ValueError` for anything else."""
    if not (speed > 0 and math.isfinite(speed)):
        raise ValueError(f"speed is {speed!r}: it has to be a number above 0, 1 is real time")
    return speed


async def _ended(work: Future[tuple[Rendering, ...]], timeout: float | None = None) -> None:
    waiting = asyncio.wrap_future(work)
    # Looking at the exception here keeps asyncio from complaining about it; settling the job reports it.
    waiting.add_done_callback(lambda future: future.cancelled() or future.exception())
    await asyncio.wait({waiting}, timeout=timeout)


def _asked_for(prompt: str) -> Refusal | None:
    """Return the failure that a prompt names in brackets."""
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

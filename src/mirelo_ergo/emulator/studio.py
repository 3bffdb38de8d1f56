"""Generations without HTTP: check a request, price it, start its work, wait for its end."""

from __future__ import annotations

import asyncio
import functools
import re
from concurrent.futures import Future
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from mirelo_ergo.emulator import parts, rates
from mirelo_ergo.emulator.clock import Stopping
from mirelo_ergo.emulator.orders import Order
from mirelo_ergo.emulator.refusals import Refusal, bad_request
from mirelo_ergo.emulator.sources import Sources

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

    from mirelo_ergo.emulator.clock import Clock
    from mirelo_ergo.emulator.disk import Disk
    from mirelo_ergo.emulator.rendering import Rendering
    from mirelo_ergo.emulator.store import Job, Store
    from mirelo_ergo.emulator.workers import Workers

RENDER_PATIENCE = 20.0

# The failures that nothing in a request can cause; a prompt with the code in brackets, or `Studio.fail_next`, does.
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
    ) -> None:
        self._store = store
        self._clock = clock
        self._random = random
        self._workers = workers
        self._disk = disk
        self._sources = Sources(store=store, disk=disk, check=workers.check)
        self._seed = seed
        self._speed = speed
        self._failures: list[str] = []

    def fail_next(self, code: str, times: int = 1) -> None:
        """Make the next accepted generations, text or video, end with one of the codes of `FAILURES`."""
        if code not in FAILURES:
            raise ValueError(f"code is {code!r}: it has to be one of {', '.join(FAILURES)}")
        self._failures += [code] * times

    def quote(self, values: Mapping[str, Any]) -> dict[str, int]:
        """Return the exact price and the estimate, as preflight answers them, for a preflight's query or a request."""
        length_ms, num_samples = parts.generated_ms(values), values["num_samples"]
        if num_samples < 1:
            raise bad_request(f"num_samples is {num_samples}: it has to be 1 or more")
        return {
            "credits": rates.price(length_ms, num_samples),
            "estimated_ms": rates.estimate_ms(length_ms, num_samples, self._speed),
        }

    async def generate(self, key: str, route: str, sent: dict[str, Any], values: Mapping[str, Any]) -> Job:
        """Start a generation whose sources are in order; `values` are the known fields of `sent`, with defaults.

        A worker looks at a clip's pictures; without one, all sound is computed when it is read.
        """
        quote = self.quote(values)
        self._store.check_balance(key, quote["credits"])
        with ExitStack() as undo:
            order = await self._order(key, values, undo)

            def begin() -> Future[tuple[Rendering, ...]]:
                code = self._failure(str(sent.get("prompt", "")))
                if code is not None:
                    return _failed(Refusal(code, *FAILURES[code]))
                render = functools.partial(order.render, self._seed, self._disk, self._workers.check)
                work = _succeeded(render()) if order.footage is None else self._workers.submit(render)
                undo.pop_all()  # from here on the files are the work's and then the results'
                return work

            return self._store.new_job(
                key=key,
                route=route,
                request=sent,
                credits_needed=quote["credits"],
                estimated_ms=quote["estimated_ms"],
                takes_ms=rates.draw_ms(quote["estimated_ms"], self._random),
                begin=begin,
            )

    async def _order(self, key: str, values: Mapping[str, Any], undo: ExitStack) -> Order:
        recording = footage = None
        if "audio" in values:
            recording = await self._sources.recording(key, values["audio"], undo)
        part = parts.part(values, 0 if recording is None else recording.frames)
        if "video" in values:
            footage = await self._sources.footage(key, values["video"], part.window, undo)
        return Order(
            part=part,
            num_samples=values["num_samples"],
            prompt=values.get("prompt", ""),
            loop=values.get("loop", False),
            as_video=values.get("output") == "video",
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

    def _failure(self, prompt: str) -> str | None:
        named = (code for code in re.findall(r"\[(\w+)\]", prompt) if code in FAILURES)
        return self._failures.pop(0) if self._failures else next(named, None)


async def _ended(work: Future[tuple[Rendering, ...]], timeout: float | None = None) -> None:
    waiting = asyncio.wrap_future(work)
    # Looking at the exception here keeps asyncio from complaining about it; settling the job reports it.
    waiting.add_done_callback(lambda future: future.cancelled() or future.exception())
    await asyncio.wait({waiting}, timeout=timeout)


def _succeeded(results: tuple[Rendering, ...]) -> Future[tuple[Rendering, ...]]:
    work: Future[tuple[Rendering, ...]] = Future()
    work.set_result(results)
    return work


def _failed(refusal: Refusal) -> Future[tuple[Rendering, ...]]:
    work: Future[tuple[Rendering, ...]] = Future()
    work.set_exception(refusal)
    return work

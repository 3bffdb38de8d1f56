"""Generations without HTTP: check a request, price it, start its work, wait for its end."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import re
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from mirelo_ergo.emulator import clips, picture, rates, sound
from mirelo_ergo.emulator.clock import Stopping
from mirelo_ergo.emulator.fetch import fetch
from mirelo_ergo.emulator.refusals import Refusal, bad_request, short
from mirelo_ergo.emulator.rendering import Rendering

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mirelo_ergo.emulator.clock import Clock
    from mirelo_ergo.emulator.disk import Disk
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
        self._seed = seed
        self._speed = speed
        self._failures: list[str] = []

    def fail_next(self, code: str, times: int = 1) -> None:
        """Make the next accepted generations, text or video, end with one of the codes of `FAILURES`."""
        if code not in FAILURES:
            raise ValueError(f"code is {code!r}: it has to be one of {', '.join(FAILURES)}")
        self._failures += [code] * times

    def quote(self, duration_ms: int, num_samples: int) -> dict[str, int]:
        """Return the exact price and the estimate, as preflight answers them."""
        for name, value in (("duration_ms", duration_ms), ("num_samples", num_samples)):
            if value < 1:
                raise bad_request(f"{name} is {value}: it has to be 1 or more")
        return {
            "credits": rates.price(duration_ms, num_samples),
            "estimated_ms": rates.estimate_ms(duration_ms, num_samples, self._speed),
        }

    async def from_text(self, key: str, route: str, sent: dict[str, Any], values: Mapping[str, Any]) -> Job:
        """Start a generation from a prompt; its sound is computed when it is read."""
        seeds = self._seeds(values["num_samples"], values["prompt"], values["duration_ms"])
        pieces = [sound.from_prompt(values["prompt"], values["duration_ms"], seed) for seed in seeds]
        return self._start(key, route, sent, values, lambda: _ended_with(tuple(map(Rendering, pieces))))

    async def from_video(self, key: str, route: str, sent: dict[str, Any], values: Mapping[str, Any]) -> Job:
        """Start a generation for a clip whose headers are in order; a worker looks at its pictures."""
        start_ms, duration_ms = values.get("start_offset_ms", 0), values["duration_ms"]
        self._store.check_balance(key, rates.price(duration_ms, values["num_samples"]))
        path = self._disk.new_file("clip", 0)
        begun = False

        def begin() -> Future[tuple[Rendering, ...]]:
            nonlocal begun
            seeds = self._seeds(values["num_samples"], digest, start_ms, duration_ms)
            work = functools.partial(
                self._render, path, clip, start_ms, duration_ms, seeds, values["output"] == "video"
            )
            future = self._workers.submit(work)
            begun = True
            return future

        try:
            digest = await self._take(key, values["video"], path)
            clip = await asyncio.to_thread(picture.probe, path)
            if clip.duration_ms is not None:
                picture.check_length(clip.duration_ms, start_ms, duration_ms)
            return self._start(key, route, sent, values, begin)
        finally:
            if not begun:
                path.unlink(missing_ok=True)

    async def _take(self, key: str, source: Mapping[str, Any], path: Path) -> str:
        """Bring a request's clip to a file of its own; return its sha256."""
        if source["type"] == "url":
            return await fetch(source["video_url"], path)
        asset = self._store.asset(source["asset_id"])
        if asset is None or asset.key != key:
            raise Refusal(
                "invalid_asset", 422, f"there is no asset {short(source['asset_id'])}, or it is older than 24 hours"
            )
        if asset.path is None:
            raise Refusal("invalid_asset", 422, f"nothing has been uploaded to the asset {asset.id}")
        path.hardlink_to(asset.path)  # a second upload, or the asset's end, leaves this one as it is
        return asset.sha256

    def _render(
        self, path: Path, clip: picture.Clip, start_ms: int, duration_ms: int, seeds: list[int], as_video: bool
    ) -> tuple[Rendering, ...]:
        """Do a worker's part: find the jumps, make the sounds, and the clips if they are wanted; removes the clip."""
        check = self._workers.check
        window = path
        try:
            jumps = picture.jumps(path, clip, start_ms, duration_ms, check)
            pieces = [sound.from_jumps(jumps, duration_ms, seed) for seed in seeds]
            if not as_video:
                return tuple(map(Rendering, pieces))
            size = path.stat().st_size
            if start_ms or clip.codec not in clips.COPYABLE:
                window = self._disk.new_file("window", size)
                clips.cut(path, window, start_ms, duration_ms, check)
            results = []
            for piece in pieces:
                target = self._disk.new_file("result", size)
                clips.add_sound(window, target, piece, duration_ms, check)
                results.append(Rendering(piece, target))
            return tuple(results)
        finally:
            path.unlink(missing_ok=True)
            window.unlink(missing_ok=True)

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

    def _start(
        self,
        key: str,
        route: str,
        sent: dict[str, Any],
        values: Mapping[str, Any],
        begin: Callable[[], Future[tuple[Rendering, ...]]],
    ) -> Job:
        quote = self.quote(values["duration_ms"], values["num_samples"])
        return self._store.new_job(
            key=key,
            route=route,
            request=sent,
            credits_needed=quote["credits"],
            estimated_ms=quote["estimated_ms"],
            takes_ms=rates.draw_ms(quote["estimated_ms"], self._random),
            begin=lambda: self._scripted_failure(values.get("prompt", "")) or begin(),
        )

    def _scripted_failure(self, prompt: str) -> Future[tuple[Rendering, ...]] | None:
        named = (code for code in re.findall(r"\[(\w+)\]", prompt) if code in FAILURES)
        code = self._failures.pop(0) if self._failures else next(named, None)
        if code is None:
            return None
        work: Future[tuple[Rendering, ...]] = Future()
        work.set_exception(Refusal(code, *FAILURES[code]))
        return work

    def _seeds(self, num_samples: int, *content: object) -> list[int]:
        """Derive a seed for each sample from the emulator's and what was asked for, so that equal asks sound equal."""
        return [
            int.from_bytes(hashlib.sha256(repr((self._seed, content, index)).encode()).digest()[:8])
            for index in range(num_samples)
        ]


async def _ended(work: Future[tuple[Rendering, ...]], timeout: float | None = None) -> None:
    waiting = asyncio.wrap_future(work)
    # Looking at the exception here keeps asyncio from complaining about it; settling the job reports it.
    waiting.add_done_callback(lambda future: future.cancelled() or future.exception())
    await asyncio.wait({waiting}, timeout=timeout)


def _ended_with(results: tuple[Rendering, ...]) -> Future[tuple[Rendering, ...]]:
    work: Future[tuple[Rendering, ...]] = Future()
    work.set_result(results)
    return work

"""The vendor's SDK, in a process of its own and in the environment that has nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.child.worker import BACKOFF_MS, forget_peak, peak, polls, serve, storm

mirelo: Any = importlib.import_module("mirelo")  # not in the environment that the type checkers see

KEY = "sk-benchmark"
_clients: list[Any] = []


def connect(url: str) -> None:
    """Make the client that `me` uses."""
    _clients.append(mirelo.MireloClient(KEY, base_url=url))


def me(count: int) -> float:
    """Ask for the account so many times and return the CPU seconds of one call."""
    client = _clients[-1]
    began = time.process_time()
    for _ in range(count):
        client.me()
    return (time.process_time() - began) / count


def upload(url: str, large: str) -> dict[str, float]:
    """Submit a file, which it takes as bytes; return the seconds and the memory beyond what it was before the bytes."""
    with mirelo.MireloClient(KEY, base_url=url) as client:
        client.video_to_sfx(mirelo.Video.from_bytes(b"small"), duration_ms=5000).submit_job()
        before, began = forget_peak(), time.perf_counter()
        client.video_to_sfx(mirelo.Video.from_bytes(Path(large).read_bytes()), duration_ms=5000).submit_job()
        return {"seconds": time.perf_counter() - began, "extra": peak() - before}


def submit(url: str, submits: int, clients: int, threads: int, retries: int, timeout: float) -> dict[str, str]:
    """Submit jobs and tell what became of each; `timeout` is in seconds, per attempt."""

    def work(share: range, outcomes: dict[str, str]) -> None:
        options = {"retries": retries, "timeout_ms": round(timeout * 1000), "backoff_ms": BACKOFF_MS}
        with mirelo.MireloClient(KEY, base_url=url, **options) as client:
            for number in share:
                try:
                    client.text_to_sfx(f"{number}").submit_job()
                except mirelo.MireloError:
                    outcomes[f"{number}"] = "raised"
                except Exception:
                    outcomes[f"{number}"] = "escaped"
                else:
                    outcomes[f"{number}"] = "accepted"

    return storm(submits, clients, threads, work)


def burst(url: str, submits: int) -> int:
    """Submit that many at once through one client, a thread each; return how many were accepted."""
    with mirelo.MireloClient(KEY, base_url=url, retries=3) as client, ThreadPoolExecutor(submits) as pool:
        jobs = [pool.submit(client.text_to_sfx(f"{number}").submit_job) for number in range(submits)]
        return sum(job.exception() is None for job in jobs)


def waits(url: str, jobs: int, seconds: float) -> dict[str, float]:
    """Wait for that many jobs at once; return CPU and wall seconds, and the process's memory in bytes."""

    async def main() -> dict[str, float]:
        async with mirelo.AsyncMireloClient(KEY, base_url=url) as client:
            submitted = [await client.text_to_sfx("rain").submit_job() for _ in range(jobs)]
            tasks = [asyncio.ensure_future(job.wait()) for job in submitted]
            await asyncio.sleep(2)
            before, cpu, began = polls(url), time.process_time(), time.perf_counter()
            await asyncio.sleep(seconds)
            cpu, took = time.process_time() - cpu, time.perf_counter() - began
            polled = polls(url) - before
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            return {"cpu": cpu, "seconds": took, "peak": peak(), "polls": polled}

    return asyncio.run(main())


class _Clock:
    """Stand in for the time module: sleeping costs nothing."""

    def __init__(self) -> None:
        self.at = 0.0

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


def wait(drawn: list[tuple[float, float]]) -> tuple[int, float]:
    """Let its own `Job.wait` wait for jobs of known length; return all polls, and all seconds of overshoot."""
    generation: Any = importlib.import_module("mirelo.generation")
    generation.time = clock = _Clock()
    processing, succeeded = mirelo.JobProcessing("processing", 40, ""), mirelo.JobSucceeded("succeeded", ["url"])
    done, polls, overshoot = 0.0, 0, 0.0

    def status() -> Any:
        nonlocal polls
        polls += 1
        return succeeded if clock.at >= done else processing

    for length, estimate in drawn:
        done = clock.at + length
        job = mirelo.Job("job-1", round(estimate * 1000), "", "", None, "", {})
        job.status = status
        with contextlib.suppress(mirelo.MireloError):  # one in thousands outlasts its limit, three times the estimate
            job.wait()
            overshoot += clock.at - done
    return polls, overshoot


if __name__ == "__main__":
    serve(
        {
            "connect": connect,
            "me": me,
            "upload": upload,
            "submit": submit,
            "burst": burst,
            "waits": waits,
            "wait": wait,
        }
    )

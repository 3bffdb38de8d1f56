"""Jobs that end at known moments, waited for by the real client in virtual time."""

from __future__ import annotations

import json
import math
import random
from typing import Any

from bench.child.worker import serve
from mirelo_ergo._runtime.io.protocol import Reply, Request
from tests.support.virtual import VirtualIO, client_over

P98 = 2.0537489106318225
"""Standard deviations below which 98 % of a normal distribution lie."""
SIGMAS = 0.2, 0.5, 0.8
"""How much the lengths of one kind of job scatter; a third of the jobs each."""


def durations(median: float, jobs: int, seed: int) -> list[tuple[float, float]]:
    """Draw how long each job takes, and the estimate that covers 98 % of its kind, in seconds."""
    chance = random.Random(seed)
    drawn = []
    for number in range(jobs):
        sigma = SIGMAS[number % len(SIGMAS)]
        drawn.append((median * math.exp(chance.gauss(0.0, sigma)), median * math.exp(P98 * sigma)))
    return drawn


def _reply(http_status: int, **fields: Any) -> Reply:
    return Reply(http_status, {}, json.dumps(fields).encode())


def wait(median: float, jobs: int, seed: int) -> tuple[int, float]:
    """Submit and wait for each job; return all polls, and all the seconds between an end and the poll that saw it."""
    processing = _reply(200, status="processing", progress_percent=40, request={"num_samples": 1})
    succeeded = _reply(200, status="succeeded", result={"result_urls": ["https://files.test/1.wav"]})
    done = estimate = 0.0

    def answer(request: Request) -> Reply:
        if request.method == "POST":
            return _reply(202, job_id="job-1", estimated_ms=round(estimate * 1000))
        return succeeded if io.clock >= done else processing

    io = VirtualIO(answer, latency=0.0, chance=random.Random(seed).random)
    client = client_over(io)
    polls, overshoot = 0, 0.0
    for length, estimate in durations(median, jobs, seed):  # noqa: B007  # `answer` reads it
        io.calls.clear()
        io.sleeps.clear()
        done = io.clock + length
        client.text_to_sfx("rain on a tin roof").run()
        polls += len(io.calls) - 1
        overshoot += io.clock - done
    return polls, overshoot


if __name__ == "__main__":
    serve({"wait": wait})

"""Our side of the measurement of connections, in a process of its own."""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import Any

from bench.child.worker import serve
from mirelo_ergo import AsyncMireloClient, MireloClient

KEY = "sk-benchmark"
PAUSE = 0.2
"""Seconds between two submits."""


def submits(url: str, verify: str, count: int) -> dict[str, float]:
    """Return the seconds of a call on an open connection, of a client's first submit, and of one that follows."""
    with MireloClient(KEY, base_url=url, verify=verify or True) as client:
        rain = client.text_to_sfx("rain", duration_ms=1000)
        client.me()
        call = [_timed(client.me) for _ in range(5)]
        taken = []
        for _ in range(count + 2):
            time.sleep(PAUSE)
            taken.append(_timed(rain.submit_job))
    return _medians(call, taken)


def submits_async(url: str, verify: str, count: int) -> dict[str, float]:
    """Do the same with the async client."""

    async def timed(call: Any) -> float:
        began = time.perf_counter()
        await call()
        return time.perf_counter() - began

    async def main() -> dict[str, float]:
        async with AsyncMireloClient(KEY, base_url=url, verify=verify or True) as client:
            rain = client.text_to_sfx("rain", duration_ms=1000)
            await client.me()
            call = [await timed(client.me) for _ in range(5)]
            taken = []
            for _ in range(count + 2):
                await asyncio.sleep(PAUSE)
                taken.append(await timed(rain.submit_job))
            return _medians(call, taken)

    return asyncio.run(main())


def _timed(call: Any) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _medians(call: list[float], taken: list[float]) -> dict[str, float]:
    """Of the submits, the first two open their connections themselves."""
    return {
        "call": statistics.median(call),
        "alone": statistics.median(taken[:2]),
        "follows": statistics.median(taken[2:]),
    }


if __name__ == "__main__":
    serve({"submits": submits, "submits_async": submits_async})

"""Our waits, a thousand at once in one process and one event loop."""

from __future__ import annotations

import asyncio
import time

from bench.child.worker import peak, polls, serve
from mirelo_ergo import AsyncMireloClient

KEY = "sk-benchmark"
BEGIN = 5.0


def wait(url: str, jobs: int, estimate: float, seconds: float, patient: bool) -> dict[str, float]:
    """Wait for jobs of every age up to the estimate; return CPU and wall seconds, and the process's memory in bytes.

    The waits begin one after the other within `BEGIN` seconds, which are left out.
    """

    async def main() -> dict[str, float]:
        async with AsyncMireloClient(KEY, base_url=url) as client:
            submitted = time.time()
            waits = []
            for number in range(jobs):
                born = int(submitted - estimate * number / jobs)
                token = f"mirelo1:text-to-sfx:v1.5:job-{number}:{born}:{round(estimate * 1000)}"
                waits.append(asyncio.ensure_future(client.job(token).wait(patient=patient)))
                await asyncio.sleep(BEGIN / jobs)
            before, cpu, began = polls(url), time.process_time(), time.perf_counter()
            await asyncio.sleep(seconds)
            cpu, took = time.process_time() - cpu, time.perf_counter() - began
            polled = polls(url) - before
            ended = sum(each.done() for each in waits)
            for each in waits:
                each.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
            return {"cpu": cpu, "seconds": took, "ended": ended, "peak": peak(), "polls": polled}

    return asyncio.run(main())


if __name__ == "__main__":
    serve({"wait": wait})

"""Our batches: a run, many waits, and the check of a manifest."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.child.worker import forget_peak, peak, serve
from mirelo_ergo import AsyncMireloClient, MireloClient
from mirelo_ergo.batch import Batch, Event, Item, Mistakes, Plan, ledger, read_manifest

KEY = "sk-benchmark"
FIELDS = {"prompt": "rain on a tin roof", "duration_ms": 1000}


def _items(count: int) -> list[Item]:
    return [Item(f"rain-{number}", "text_to_sfx", FIELDS, take=number + 1) for number in range(count)]


def run(url: str, items: int, concurrency: int, eager: bool = False) -> dict[str, Any]:
    """Run a batch from its first claim to its last file; return wall and CPU seconds, and the process's memory."""
    with tempfile.TemporaryDirectory() as folder, Batch.open(Path(folder) / "sfx.db") as batch:
        batch.add(_items(items))

        async def main() -> dict[str, Any]:
            async with AsyncMireloClient(KEY, base_url=url) as client:
                cpu, began = time.process_time(), time.perf_counter()
                summary = await batch.run(client, concurrency=concurrency, eager=eager)
                cpu, took = time.process_time() - cpu, time.perf_counter() - began
                return {"cpu": cpu, "seconds": took, "succeeded": summary.counts["succeeded"], "peak": peak()}

        return asyncio.run(main())


def wait(url: str, items: int, seconds: float) -> dict[str, float]:
    """Let all items wait for jobs that run for ten minutes; return CPU and wall seconds of some of it, and memory."""
    with tempfile.TemporaryDirectory() as folder, Batch.open(Path(folder) / "sfx.db") as batch:
        batch.add(_items(items))
        submitted = int(time.time())
        with batch.ledger.write() as connection:
            moment = ledger.now(connection)
            ledger.bind(connection, batch.ledger.place, {"mirelo": url})
            for number, entry in enumerate(ledger.claim(connection, "before", moment, limit=items)):
                intended = ledger.intend(connection, entry, moment, fingerprint="f", key=None)
                token = f"mirelo2:text-to-sfx:v1.5:job-{number}:{submitted}:600000:1"
                ledger.submitted(connection, intended, moment, token=token, due_at=moment + 600, expires_at=None)
            ledger.release_worker(connection, "before")

        async def main() -> dict[str, float]:
            begun = 0
            all_begun = asyncio.Event()

            def on_event(event: Event) -> None:
                nonlocal begun
                begun += event.step == "claimed"
                if begun == items:
                    all_begun.set()

            async with AsyncMireloClient(KEY, base_url=url) as client:
                task = asyncio.ensure_future(batch.run(client, concurrency=items, on_event=on_event))
                await all_begun.wait()
                await asyncio.sleep(1)
                cpu, began = time.process_time(), time.perf_counter()
                await asyncio.sleep(seconds)
                cpu, took = time.process_time() - cpu, time.perf_counter() - began
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                return {"cpu": cpu, "seconds": took, "peak": peak()}

        return asyncio.run(main())


def check(lines: int) -> dict[str, float]:
    """Check a manifest as `batch run` does before it sends anything; return the seconds, and what memory it added."""
    with tempfile.TemporaryDirectory() as folder, MireloClient(KEY) as client:
        path = Path(folder) / "sfx.jsonl"
        with path.open("w") as file:
            for number in range(lines):
                fields = {
                    **FIELDS,
                    "id": f"rain-{number}",
                    "operation": "text_to_sfx",
                    "prompt": f"rain {number} " * 10,
                }
                file.write(json.dumps(fields) + "\n")
        client.text_to_sfx("imports what it needs")
        before, began = forget_peak(), time.perf_counter()
        mistakes = Mistakes(str(path))
        with Plan(read_manifest(path, mistakes), lambda service: client, mistakes, folder) as plan:
            checked = sum(1 for _ in plan.items())
        assert checked == lines, "every line is an item"
        return {"seconds": time.perf_counter() - began, "grown": peak() - before, "bytes": path.stat().st_size}


if __name__ == "__main__":
    serve({"run": run, "wait": wait, "check": check})

"""A process that runs a batch, and kills itself at a step: `child.py {"ledger", "url", "key", ...}`."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import sys
from typing import Any

import httpx

from mirelo_ergo import AsyncMireloClient
from mirelo_ergo.batch import Batch, Event


class Stopping(httpx.AsyncHTTPTransport):
    """Stops this process right before its first request of a method."""

    def __init__(self, method: str) -> None:
        super().__init__()
        self._method: str | None = method

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == self._method:
            self._method = None
            os.kill(os.getpid(), signal.SIGSTOP)
        return await super().handle_async_request(request)


async def main(given: dict[str, Any]) -> None:
    if "largest" in given:  # a disk without room for a larger file
        resource.setrlimit(resource.RLIMIT_FSIZE, (given["largest"], resource.RLIM_INFINITY))
    left, begun = given.get("times", 1), False

    def on_event(event: Event) -> None:
        nonlocal left, begun
        if not begun and given.get("announce"):
            begun = True
            print("begun", flush=True)
        if event.step == given.get("step"):
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGSTOP if given.get("stop") else signal.SIGKILL)

    client = AsyncMireloClient(
        given["key"],
        base_url=given["url"],
        backoff_ms=1,
        model=given.get("model"),
        transport=Stopping(given["before"]) if "before" in given else None,
    )
    with Batch.open(given["ledger"], given.get("folder")) as batch:
        async with client:
            summary = await (batch.work if given.get("among_others") else batch.run)(
                client,
                eager=True,
                on_event=on_event,
                max_credits=given.get("max_credits"),
                concurrency=given.get("concurrency", 16),
                reuse=given.get("reuse"),
            )
        print(json.dumps(summary.to_dict()))


asyncio.run(main(json.loads(sys.argv[1])))

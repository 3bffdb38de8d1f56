"""Our side of the measurements, in a process of its own."""

from __future__ import annotations

import asyncio
import time

from bench.child.worker import serve
from mirelo_ergo import AsyncMireloClient, MireloClient

KEY = "sk-benchmark"
_clients: list[MireloClient] = []


def connect(url: str) -> None:
    """Make the client that `me` uses."""
    _clients.append(MireloClient(KEY, base_url=url))


def me(count: int) -> float:
    """Ask for the account so many times and return the CPU seconds of one call."""
    client = _clients[-1]
    began = time.process_time()
    for _ in range(count):
        client.me()
    return (time.process_time() - began) / count


def me_async(count: int) -> float:
    """Do the same with the async client, over one connection of its own."""

    async def main() -> float:
        async with AsyncMireloClient(KEY, base_url=_clients[-1]._core.runtime.base_url) as client:
            await client.me()
            began = time.process_time()
            for _ in range(count):
                await client.me()
            return (time.process_time() - began) / count

    return asyncio.run(main())


if __name__ == "__main__":
    serve({"connect": connect, "me": me, "me_async": me_async})

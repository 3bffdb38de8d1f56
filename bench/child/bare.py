"""Bare httpx, used as its own documentation shows, in a process of its own."""

from __future__ import annotations

import asyncio
import time

import httpx

from bench.child.worker import serve

_clients: list[tuple[httpx.Client, str]] = []


def connect(url: str) -> None:
    """Make the client that `me` uses."""
    _clients.append((httpx.Client(), f"{url}/v2/me"))


def me(count: int) -> float:
    """Ask for the account so many times and return the CPU seconds of one call."""
    client, url = _clients[-1]
    began = time.process_time()
    for _ in range(count):
        client.get(url).json()
    return (time.process_time() - began) / count


def me_async(count: int) -> float:
    """Do the same with the async client, over one connection of its own."""

    async def main() -> float:
        async with httpx.AsyncClient() as client:
            _, url = _clients[-1]
            (await client.get(url)).json()
            began = time.process_time()
            for _ in range(count):
                (await client.get(url)).json()
            return (time.process_time() - began) / count

    return asyncio.run(main())


if __name__ == "__main__":
    serve({"connect": connect, "me": me, "me_async": me_async})

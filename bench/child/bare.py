"""Bare httpx, used as its own documentation shows, in a process of its own."""

from __future__ import annotations

import time

import httpx

from bench.child.worker import serve

_clients: list[tuple[httpx.Client, str]] = []


def connect(url: str) -> None:
    """Make the client that `me` uses."""
    _clients.append((httpx.Client(), f"{url}/v2/me"))


def me(count: int) -> float:
    """Ask for the account so many times and give the CPU seconds of one call."""
    client, url = _clients[-1]
    began = time.process_time()
    for _ in range(count):
        client.get(url).json()
    return (time.process_time() - began) / count


if __name__ == "__main__":
    serve({"connect": connect, "me": me})

"""Our side of the measurements, in a process of its own."""

from __future__ import annotations

import time

from bench.child.worker import serve
from mirelo_ergo import MireloClient

KEY = "sk-benchmark"
_clients: list[MireloClient] = []


def connect(url: str) -> None:
    """Make the client that `me` uses."""
    _clients.append(MireloClient(KEY, base_url=url))


def me(count: int) -> float:
    """Ask for the account so many times and give the CPU seconds of one call."""
    client = _clients[-1]
    began = time.process_time()
    for _ in range(count):
        client.me()
    return (time.process_time() - began) / count


if __name__ == "__main__":
    serve({"connect": connect, "me": me})

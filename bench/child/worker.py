"""The loop of every child: read a command per line, write its result per line. Standard library only."""

from __future__ import annotations

import json
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

if TYPE_CHECKING:
    from collections.abc import Callable

BACKOFF_MS = 100
"""First pause before a re-send, on both sides: a run of thousands must not take an hour."""


def serve(commands: dict[str, Callable[..., Any]]) -> None:
    """Run commands until the parent closes our standard input."""
    for line in sys.stdin:
        name, arguments = json.loads(line)
        try:
            answer = {"result": commands[name](**arguments)}
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), flush=True)


def storm(submits: int, clients: int, threads: int, work: Callable[[range, dict[str, str]], None]) -> dict[str, str]:
    """Give each client a share of the numbered submits, so many at a time; collect what became of each, by prompt."""
    outcomes: dict[str, str] = {}
    shares = [range(first, submits, clients) for first in range(clients)]
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work, share, outcomes) for share in shares]:
            done.result()
    return outcomes


def polls(url: str) -> int:
    """Ask the server how many polls it has had."""
    with urlopen(f"{url}/polls") as answer:
        count: int = json.load(answer)
        return count


def forget_peak() -> int:
    """Set the kernel's mark of this process's peak memory back, and return the memory in use now, in bytes."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def peak() -> int:
    """Return the most memory this process had since `forget_peak`, in bytes."""
    return _status("VmHWM")


def _status(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return int(value.split()[0]) * 1024
    raise LookupError(name)

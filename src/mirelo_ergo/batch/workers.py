"""The names of workers, by which others on the same machine can tell that a worker is dead."""

from __future__ import annotations

import os
import re
import secrets
import socket
from typing import Final

from sqlalchemy import Connection

from . import ledger

_NAME: Final = re.compile(r"(?P<host>.+)/(?P<space>[^/]*)/(?P<pid>\d+)/[0-9a-f]+")
_here: set[str] = set()
"""The active workers of this process."""


def begin() -> str:
    """Return the name of a new worker of this process: host, PID namespace, PID, and a random word."""
    name = f"{socket.gethostname()[:50]}/{_space()}/{os.getpid()}/{secrets.token_hex(4)}"
    _here.add(name)
    return name


def end(name: str) -> None:
    """Record that a worker of this process has ended."""
    _here.discard(name)


def is_dead(name: str) -> bool:
    """Return whether a worker is certainly dead. One on another machine or in another namespace counts as alive."""
    match = _NAME.fullmatch(name)
    if match is None or match["host"] != socket.gethostname()[:50] or match["space"] != _space():
        return False
    pid = int(match["pid"])
    if pid == os.getpid():
        return name not in _here
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def release_dead(connection: Connection) -> None:
    """Free what workers of this machine hold that are dead."""
    for name in ledger.holders(connection):
        if is_dead(name):
            ledger.release_worker(connection, name)


def _space() -> str:
    """Return an identifier of this system's or container's PID namespace; "" if unknown."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:  # noqa: PTH123
            boot = file.read(8)
        return boot + re.sub(r"\D", "", os.readlink("/proc/self/ns/pid"))  # noqa: PTH115
    except OSError:
        return ""

"""Who a worker is: its name says where it runs, so that another one on the same machine sees that it is dead."""

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
"""The workers of this process that still work."""


def begin() -> str:
    """Return the name of a new worker of this process: host, the space of its process ids, pid, and a random word."""
    name = f"{socket.gethostname()[:50]}/{_space()}/{os.getpid()}/{secrets.token_hex(4)}"
    _here.add(name)
    return name


def end(name: str) -> None:
    """Take note that a worker of this process works no more."""
    _here.discard(name)


def is_dead(name: str) -> bool:
    """Return whether a worker certainly works no more. One that cannot be looked at counts as alive."""
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
    """Return what tells the process ids of this system, or of this container, from those of others; "" if unknown."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:  # noqa: PTH123
            boot = file.read(8)
        return boot + re.sub(r"\D", "", os.readlink("/proc/self/ns/pid"))  # noqa: PTH115
    except OSError:
        return ""

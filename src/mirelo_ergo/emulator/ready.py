"""The ready file: where an emulator on the command line is, for as long as it runs."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mirelo_ergo.emulator.refusals import short

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

PATIENCE_SECONDS = 1.0


def read_ready_file(path: Path) -> dict[str, Any] | None:
    """Return what an emulator's ready file tells, None when there is none or its emulator runs no more.

    `mirelo-ergo serve --ready-file` removes the file at its end; one that was killed could not. Its process is known by
    the `pid`, and its port no longer answers, should another process have that number by now.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        pid, url = told["pid"], urlsplit(told["url"])
        address = url.hostname or "", url.port or 0
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return told if isinstance(pid, int) and _lives(pid) and _answers(address) else None


@contextlib.contextmanager
def ready_file(path: Path, told: Mapping[str, object]) -> Iterator[None]:
    """Keep a ready file for as long as the block lasts. One of an emulator that runs no more is replaced.

    Raises `ValueError` for the file of another one that runs, and for a file that is something else.
    """
    other = read_ready_file(path)
    if other is not None:
        raise ValueError(f"ready_file is {short(str(path))}: the emulator with the pid {other['pid']} has it")
    if path.exists() and not _is_ours(path):
        raise ValueError(f"ready_file is {short(str(path))}: a file of another kind is there, it would be overwritten")
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(json.dumps(dict(told)) + "\n", encoding="utf-8")
    part.replace(path)  # what waits for the file never reads half of it
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _is_ours(path: Path) -> bool:
    """Return whether a file may be replaced: a ready file, or an empty one that was made to hold the name."""
    try:
        text = path.read_text(encoding="utf-8")
        return not text or {"url", "key", "pid"} <= json.loads(text).keys()
    except (OSError, ValueError, AttributeError):
        return False


def _lives(pid: int) -> bool:
    if os.name != "posix":
        return True  # asking would be a signal there; the port tells
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _answers(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, PATIENCE_SECONDS).close()
    except OSError:
        return False
    return True

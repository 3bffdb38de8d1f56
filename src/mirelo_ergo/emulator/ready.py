"""The ready file: the addresses of an emulator on the command line, while it runs."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mirelo_ergo.emulator.refusals import short

PATIENCE_SECONDS = 1.0


def read_ready_file(path: Path) -> dict[str, Any] | None:
    """Return the content of an emulator's ready file, None if there is none or its emulator has ended.

    `mirelo-ergo serve --ready-file` removes the file at its end, unless it is killed. Its process is checked by the
    `pid`, and by its port in case another process has that number now.
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
    """Keep a ready file while the block runs. The file of an emulator that has ended is replaced.

    Raises `ValueError` for the file of a running emulator, and for any other file.
    """
    other = read_ready_file(path)
    if other is not None:
        raise ValueError(f"ready_file is {short(str(path))}: the emulator with the pid {other['pid']} has it")
    if path.exists() and not _is_ours(path):
        raise ValueError(f"ready_file is {short(str(path))}: a file of another kind is there, it would be overwritten")
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(json.dumps(dict(told)) + "\n", encoding="utf-8")
    part.replace(path)  # so that no reader sees half of the file
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
        return True  # there the check would send a signal; use the port
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

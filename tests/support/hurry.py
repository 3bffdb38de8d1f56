"""Waits that take no time: where a client would sleep, its clock and the emulators' go forward instead.

For tests of commands, which make their clients and emulators themselves; others take the clients of the pytest plugin.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

import pytest

from mirelo_ergo._runtime.http.asynchronous import AsyncIO
from mirelo_ergo._runtime.http.blocking import BlockingIO
from mirelo_ergo.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

# A thread or task has lived through its own waits only: those of others must not use up the time of its requests.
_skipped: ContextVar[float] = ContextVar("skipped_seconds", default=0.0)


@contextmanager
def hurried(*emulators: Emulator) -> Iterator[None]:
    """Let no client of this process sleep; its waits pass on these emulators, and on each that is started."""
    running = list(emulators)
    start = Emulator.start

    def start_and_note(emulator: Emulator) -> None:
        running.append(emulator)
        start(emulator)

    def now(_: object) -> float:
        return time.monotonic() + _skipped.get()

    async def pause(io: BlockingIO | AsyncIO, seconds: float) -> None:
        _skipped.set(_skipped.get() + seconds)
        for emulator in running:
            emulator.clock.advance(seconds)
        if not io.blocks:
            await asyncio.sleep(0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Emulator, "start", start_and_note)
        for io in (BlockingIO, AsyncIO):
            patch.setattr(io, "now", now)
            patch.setattr(io, "sleep", pause)
        yield

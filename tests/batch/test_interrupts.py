"""Ctrl-C at every moment of a sync run: it ends the run, and nothing goes on behind it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator

import pytest

from mirelo_ergo import _threads
from mirelo_ergo.batch import drive
from tests.faults.storm import interrupted_at

MOMENTS = 60
"""More than a start, a wait and an end have."""


@pytest.fixture(autouse=True)
def ctrl_c(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let Ctrl-C raise, and make waits short enough for some of them to be struck, too."""
    monkeypatch.setattr(_threads, "_SLICE", 0.001)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_sync_run_never_goes_on_behind_its_interrupt() -> None:
    running: list[str] = []

    async def endless() -> None:
        running.append("it")
        try:
            await asyncio.Event().wait()
        finally:
            running.pop()

    for number in range(1, MOMENTS):
        assert interrupted_at(number, lambda: drive(endless))[0]
        assert running == [], f"after a Ctrl-C at moment {number}"

"""Ctrl-C at every moment of a sync run: it ends the run, and nothing goes on behind it."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Iterator

import pytest

from mirelo_ergo import _threads
from mirelo_ergo.batch import drive

MOMENTS = 60
"""More than a start, a wait and an end have."""


@pytest.fixture(autouse=True)
def ctrl_c(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let Ctrl-C raise, and make waits short enough for some of them to be struck, too."""
    monkeypatch.setattr(_threads, "_SLICE", 0.001)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def struck(number: int, call: Callable[[], object]) -> bool:
    """Make a call with a Ctrl-C at its n-th moment, and return whether it came out."""
    left = [number]

    def hook(_: object, what: str, __: object) -> None:
        left[0] -= what in ("call", "c_return")
        if not left[0]:
            sys.setprofile(None)
            signal.raise_signal(signal.SIGINT)

    sys.setprofile(hook)
    try:
        call()
    except KeyboardInterrupt:
        return True
    finally:
        sys.setprofile(None)
    return False


def test_a_sync_run_never_goes_on_behind_its_interrupt() -> None:
    running: list[str] = []

    async def endless() -> None:
        running.append("it")
        try:
            await asyncio.Event().wait()
        finally:
            running.pop()

    for number in range(1, MOMENTS):
        assert struck(number, lambda: drive(endless))
        assert running == [], f"after a Ctrl-C at moment {number}"

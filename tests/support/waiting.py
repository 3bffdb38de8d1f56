"""Waiting for what another thread or process does: as long as it takes, within a guard that is not what is tested."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

GUARD: Final = 120.0
"""Seconds after which a test that waits is lost, on however busy a machine."""


def until(
    condition: Callable[[], object], what: str = "it never came to that", *, meanwhile: Callable[[], object] = bool
) -> None:
    """Return as soon as a condition holds, and call `meanwhile` until then; raise with `what` if it never does."""
    end = time.monotonic() + GUARD
    while not condition():
        assert time.monotonic() < end, what
        meanwhile()
        time.sleep(0.002)

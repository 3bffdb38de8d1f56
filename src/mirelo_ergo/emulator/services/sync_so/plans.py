"""The limits of each plan. Those of running batches and of Enterprise are the emulator's own numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping


@attrs.frozen
class Plan:
    """The limits of a plan: running generations and batches, generations per month, and their length."""

    generations: int
    batches: int = 0
    a_month: int | None = None
    seconds: float | None = None


PLANS: Mapping[str, Plan] = {
    "free": Plan(1, a_month=3, seconds=20),
    "hobbyist": Plan(1),
    "creator": Plan(3),
    "growth": Plan(6),
    "scale": Plan(15, batches=2),
    "enterprise": Plan(100, batches=10),
}
MONTH = 30 * 24 * 3600.0

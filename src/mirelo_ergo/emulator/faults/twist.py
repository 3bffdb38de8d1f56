"""What the faults of the job itself come to, for one generation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

from mirelo_ergo.emulator.faults.kinds import FailedJob, JobFault, StuckJob, WrongEstimate
from mirelo_ergo.emulator.web.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_ESTIMATE = 10**12  # ms, 31 years: its end is still a date


@attrs.frozen
class Twist:
    """How a generation differs from an honest one."""

    stuck: bool = False
    failure: Refusal | None = None
    factor: float = 1.0

    def estimate(self, honest_ms: int) -> int:
        """Return the estimate to tell."""
        return honest_ms if self.factor == 1 else max(1, min(MAX_ESTIMATE, math.floor(honest_ms * self.factor)))


def twisted(faults: Iterable[JobFault]) -> Twist:
    """Take the faults together: wrong factors multiply, and the first that decides how the job ends does."""
    twist = Twist()
    for fault in faults:
        if isinstance(fault, WrongEstimate):
            twist = attrs.evolve(twist, factor=twist.factor * fault.factor)
        elif not (twist.stuck or twist.failure):
            if isinstance(fault, StuckJob):
                twist = attrs.evolve(twist, stuck=True)
            elif isinstance(fault, FailedJob):
                message = fault.message or f"{fault.code} (asked for)"
                twist = attrs.evolve(twist, failure=Refusal(fault.code, fault.status, message))
    return twist

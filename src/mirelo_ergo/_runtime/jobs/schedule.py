"""When to poll a job (docs/reliability.md): pure functions of its running time and its estimate."""

from __future__ import annotations

from typing import Final

import attrs

NO_ESTIMATE: Final = 30.0
"""The estimate in seconds if the service gives none."""


@attrs.frozen
class Schedule:
    """The waits between polls, as shares of the time that the job has run. The other values are in seconds."""

    early: float = 0.20
    late: float = 0.05
    floor: float = 0.5
    cap: float = 5.0
    first_share: float = 0.15
    first_cap: float = 5.0
    jitter: float = 0.10

    def first(self, estimate: float) -> float:
        """Return the seconds from the submit to the first poll."""
        return max(self.floor, min(self.first_share * estimate, self.first_cap))

    def next_gap(self, elapsed: float, estimate: float, random: float) -> float:
        """Return the seconds until the next poll. Jitter only shortens them."""
        if elapsed <= 0:
            gap = self.first(estimate)
        else:
            share = self.early if elapsed < self.first_share * estimate else self.late
            gap = max(self.floor, min(share * elapsed, self.cap))
        return gap * (1.0 - self.jitter * random)


PROMPT: Final = Schedule()
PATIENT: Final = Schedule(early=0.10, late=0.10, floor=1.0, cap=30.0)
"""For batches: about a third of the polls, while a job's end is noticed twice as late."""


def fallback_schedule(schedule: Schedule) -> Schedule:
    """Return the schedule of the polls beside webhooks: rare, and never more often than the service's own schedule."""
    floor, cap = max(PATIENT.floor, schedule.floor), max(PATIENT.cap, schedule.cap)
    return attrs.evolve(PATIENT, floor=floor, cap=cap, first_cap=max(PATIENT.first_cap, schedule.first_cap))


def clamp_estimate(estimated_ms: int | None) -> float:
    """Return an estimate in seconds, within [1 s, 1 h]; 30 s if there is none."""
    return NO_ESTIMATE if estimated_ms is None else min(max(estimated_ms, 1000), 3_600_000) / 1000.0

"""The combined effects of a job's faults."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from mirelo_ergo.emulator.faults.kinds import FailedJob, JobFault, LostResults, StuckJob, WrongEstimate
from mirelo_ergo.emulator.generator import JobFaultEffects
from mirelo_ergo.emulator.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable


def effects_of(faults: Iterable[JobFault]) -> JobFaultEffects:
    """Return the combined effects of faults.

    Factors multiply, lost results add up, and the first fault that decides the job's end counts.
    """
    effects = JobFaultEffects()
    for fault in faults:
        if isinstance(fault, WrongEstimate):
            effects = attrs.evolve(effects, factor=effects.factor * fault.factor)
        elif isinstance(fault, LostResults):
            losses = attrs.evolve(effects.losses, results=effects.losses.results + fault.count, how=fault.how)
            effects = attrs.evolve(effects, losses=losses)
        elif not (effects.stuck or effects.failure):
            if isinstance(fault, StuckJob):
                effects = attrs.evolve(effects, stuck=True)
            elif isinstance(fault, FailedJob):
                message = fault.message or f"{fault.code} (asked for)"
                losses = attrs.evolve(effects.losses, charged=fault.charged)
                effects = attrs.evolve(effects, failure=Refusal(fault.code, fault.status, message), losses=losses)
    return effects

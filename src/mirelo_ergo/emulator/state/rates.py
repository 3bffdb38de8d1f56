"""Prices and durations of generations, which are the emulator's own numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

CREDITS_PER_SECOND = 10
FIXED_MS = 4_000
WORK_PER_MS = 0.8
WORK_PER_EXTRA_SAMPLE = 0.25
SIGMA = 0.35
Z98 = 2.0537  # the normal distribution's 98th percentile


def price(duration_ms: int, num_samples: int) -> int:
    """Return the price in credits: 10 for each started second of each sample."""
    return CREDITS_PER_SECOND * -(-duration_ms // 1000) * num_samples


def estimate_ms(duration_ms: int, num_samples: int, speed: float) -> int:
    """Return the time in ms within which 98 % of such jobs end, at least 1.

    At speed 1: 4 s, plus 0.8 of the length, plus a quarter of that for each further sample.
    """
    work = WORK_PER_MS * duration_ms * (1 + WORK_PER_EXTRA_SAMPLE * (num_samples - 1))
    return max(1, math.ceil((FIXED_MS + work) / speed))


def draw_ms(estimated_ms: int, random: random.Random) -> float:
    """Draw a job's duration in ms: lognormal, sigma 0.35, with the 98th percentile at the estimate (median at half)."""
    return estimated_ms * math.exp(SIGMA * (random.gauss(0, 1) - Z98))

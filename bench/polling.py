"""The polling schedule, replayed: the real client waits for thousands of simulated jobs in virtual time."""

from __future__ import annotations

from contextlib import ExitStack

from bench.child.replay import durations
from bench.children import OURS, VENDOR, Child
from bench.figures import Figure, Group, ratio

ROW = {2: (5, 0.29), 5: (9, 0.41), 10: (15, 0.41), 30: (26, 0.92), 60: (31, 1.6), 120: (40, 2.3)}
ROW |= {300: (82, 2.4), 600: (149, 2.4)}
"""Median length in seconds: requests and mean overshoot in seconds, as the row "ours" has them."""
HALVES = 2


def measure(quick: bool) -> Group:
    """Split every median's jobs between two processes, and compare with the row."""
    jobs = 300 if quick else 4500
    figures = []
    with ExitStack() as stack:
        ours = [stack.enter_context(Child("replay", OURS)) for _ in range(HALVES)]
        vendor = stack.enter_context(Child("vendor", VENDOR))
        for median, (requests, overshoot) in ROW.items():
            for seed, child in enumerate(ours):
                child.start("wait", median=median, jobs=jobs // HALVES, seed=seed)
            halves = [child.result() for child in ours]
            polls, over = (sum(half[part] for half in halves) / jobs for part in (0, 1))
            drawn = [pair for seed in range(HALVES) for pair in durations(median, jobs // HALVES, seed)]
            their_polls, their_over = (total / jobs for total in vendor.do("wait", drawn=drawn))
            figures.append(
                Figure(
                    f"median {median} s: requests / overshoot",
                    f"{polls:.1f} / {over:.2f} s",
                    f"{their_polls:.1f} / {their_over:.2f} s",
                    f"{ratio(polls, their_polls)} / {ratio(over, their_over)}",
                    f"{requests} / {overshoot} s ± 10 %",
                    _within(polls, requests, 0.5) and _within(over, overshoot, 0.05),
                )
            )
    return Group(
        "Waiting for a job",
        f"{jobs:,} simulated jobs per median length (lognormal, a third each with σ 0.2, 0.5 and 0.8, the estimate "
        "their exact p98, jitter on), each submitted and waited for by the real client on a virtual clock; the peer "
        "is the vendor's own `Job.wait` on a virtual clock, with its 500 ms. The target is the row that the "
        "schedule was designed by; it is rounded, so half a request and 0.05 s are allowed where they are more than "
        "10 %.",
        figures,
    )


def _within(value: float, target: float, floor: float) -> bool:
    return abs(value - target) <= max(0.1 * target, floor)

"""What one small call costs in CPU time."""

from __future__ import annotations

from contextlib import ExitStack

from bench.children import OURS, VENDOR, Child
from bench.figures import Figure, Group, median, ms, ratio

SIDES = {"ours": OURS, "bare": OURS, "vendor": VENDOR}


def measure(quick: bool) -> Group:
    """Have each side make batches of calls over one kept connection, in turn."""
    rounds, batch = (5, 50) if quick else (25, 200)
    cpu: dict[str, list[float]] = {name: [] for name in SIDES}
    with ExitStack() as stack:
        api = stack.enter_context(Child("api"))
        url = api.do("serve")
        sides = {name: stack.enter_context(Child(name, python)) for name, python in SIDES.items()}
        for side in sides.values():
            side.do("connect", url=url)
            side.do("me", count=batch)
        for _ in range(rounds):
            for name, side in sides.items():
                cpu[name].append(side.do("me", count=batch))
    ours, bare, vendor = (median(cpu[name]) for name in SIDES)
    return Group(
        "One call",
        f"CPU time (process_time) of a call over one kept loopback connection, {rounds} rounds of {batch} calls.",
        [
            Figure(
                "`client.me()`",
                ms(ours),
                f"{ms(bare)} (`httpx.Client().get(url).json()`)",
                ratio(ours, bare),
                "≤ 1.20",
                ours / bare <= 1.20,
            ),
            Figure("the same, beside the vendor", ms(ours), f"{ms(vendor)} (the vendor's `me()`)", ratio(ours, vendor)),
        ],
    )

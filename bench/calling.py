"""What one small call costs in CPU time."""

from __future__ import annotations

from contextlib import ExitStack

from bench.children import OURS, VENDOR, Child
from bench.figures import Figure, Group, median, ms, ratio

SIDES = {"ours": OURS, "bare": OURS, "vendor": VENDOR}


def measure(quick: bool) -> Group:
    """Have each side make batches of calls over one kept connection, in turn; then the same, awaited."""
    rounds, batch = (5, 50) if quick else (25, 200)
    cpu: dict[str, list[float]] = {name: [] for name in (*SIDES, "ours async", "bare async")}
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
            for name in ("ours", "bare"):
                cpu[f"{name} async"].append(sides[name].do("me_async", count=batch))
    own = {name: median(values) for name, values in cpu.items()}
    return Group(
        "One call",
        f"CPU time (process_time) of a call over one kept loopback connection, {rounds} rounds of {batch} calls.",
        [
            _beside_bare("`client.me()`", own["ours"], own["bare"], "`httpx.Client().get(url).json()`"),
            _beside_bare(
                "`await client.me()`",
                own["ours async"],
                own["bare async"],
                "`(await httpx.AsyncClient().get(url)).json()`",
            ),
            Figure(
                "`client.me()`, beside the vendor",
                ms(own["ours"]),
                f"{ms(own['vendor'])} (the vendor's `me()`)",
                ratio(own["ours"], own["vendor"]),
            ),
        ],
    )


def _beside_bare(what: str, ours: float, bare: float, label: str) -> Figure:
    return Figure(what, ms(ours), f"{ms(bare)} ({label})", ratio(ours, bare), "≤ 0.60", ours / bare <= 0.60)

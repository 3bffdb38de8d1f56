"""Batches: ten thousand items, ten thousand waits, and a manifest of a hundred thousand lines."""

from __future__ import annotations

from typing import Any

from bench.children import Child
from bench.figures import Figure, Group, mib

MIB = 1 << 20
CALLS_PER_ITEM = 3
"""A submit, a poll at the estimate, a download."""


def measure(quick: bool) -> Group:
    """Run batches against the stand-in, and take calls, time, CPU and memory."""
    items = 300 if quick else 10_000
    figures = [*_many(items), *_eager(64 if quick else 256), *_waits(items, 3.0 if quick else 20.0)]
    figures += _manifest(1_000 if quick else 100_000)
    return Group(
        "Batches",
        f"{items:,} items of one job and one file each, over loopback against a stand-in whose jobs take a second, 256 "
        "at once, with a SQLite ledger on the local disk, synced before every request. The optimum is three calls "
        "an item and a preflight for each distinct price. Eager and patient runs have 32 jobs at once, whose jobs take "
        "30 to 100 % of an estimate of 4 s. Waits are of jobs of ten minutes, all in one process.",
        figures,
    )


def _run(seconds: float, durations: float, **more: Any) -> Any:
    with Child("api") as api, Child("ours_batch") as child:
        url = api.do("serve")
        api.do("configure", estimated_ms=round(seconds * 1000), result_url=f"{url}/r.wav", least=durations)
        done = child.do("run", url=url, **more)
        return {**done, "calls": api.do("total")}


def _many(items: int) -> list[Figure]:
    done = _run(1.0, 1.0, items=items, concurrency=256)
    assert done["succeeded"] == items, done
    best = CALLS_PER_ITEM * items + 1
    share = done["calls"] / best
    what = f"{items:,} items"
    return [
        Figure(
            f"{what}: HTTP calls",
            f"{done['calls']:,}",
            ratio=f"{share:.3f} of the optimum",
            target="≤ 1.05",
            met=share <= 1.05,
        ),
        Figure(f"{what}: memory of the process", mib(done["peak"]), target="≤ 150 MiB", met=done["peak"] <= 150 * MIB),
        Figure(f"{what}: CPU per item", f"{done['cpu'] / items * 1e3:.2f} ms"),
        Figure(f"{what}: items a second", f"{items / done['seconds']:.0f}"),
    ]


def _eager(items: int) -> list[Figure]:
    rows = {eager: _run(4.0, 0.3, items=items, concurrency=32, eager=eager) for eager in (False, True)}
    patient, eager = rows[False], rows[True]
    calls = eager["calls"] / patient["calls"]
    return [
        Figure(
            f"{items} items, 32 at once, eager: items a second",
            f"{items / eager['seconds']:.1f}",
            f"{items / patient['seconds']:.1f} (first poll at the estimate)",
            f"{patient['seconds'] / eager['seconds']:.2f}",
        ),
        Figure(
            f"{items} items, 32 at once, eager: HTTP calls",
            f"{eager['calls']:,}",
            f"{patient['calls']:,} (first poll at the estimate)",
            f"{calls:.2f}",
        ),
    ]


def _waits(items: int, seconds: float) -> list[Figure]:
    with Child("api") as api, Child("ours_batch") as child:
        url = api.do("serve")
        api.do("configure", estimated_ms=600_000)
        done = child.do("wait", url=url, items=items, seconds=seconds)
    share = done["cpu"] / done["seconds"]
    return [
        Figure(f"{items:,} waits at once: share of one core", f"{share:.1%}"),
        Figure(f"{items:,} waits at once: memory of the process", mib(done["peak"])),
    ]


def _manifest(lines: int) -> list[Figure]:
    with Child("ours_batch") as child:
        done = child.do("check", lines=lines)
    what = f"a manifest of {lines:,} lines ({done['bytes'] / MIB:.0f} MiB) is checked"
    return [
        Figure(f"{what}: time per line", f"{done['seconds'] / lines * 1e6:.0f} µs"),
        Figure(f"{what}: memory that it adds", mib(done["grown"]), target="≤ 64 MiB", met=done["grown"] <= 64 * MIB),
    ]

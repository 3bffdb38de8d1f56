"""A thousand waits at once in one process."""

from __future__ import annotations

from typing import Any

from bench.children import OURS, VENDOR, Child
from bench.figures import Figure, Group, mib

MIB = 1 << 20
ESTIMATE = 600.0
"""Seconds that cover 98 % of jobs with a median of some five minutes."""


def measure(quick: bool) -> Group:
    """Wait for jobs that do not end, and take CPU and memory for some seconds."""
    jobs, seconds = (200, 5.0) if quick else (1000, 20.0)
    rows: dict[str, Any] = {}
    for name, arguments in (("adaptive", {"patient": False}), ("patient", {"patient": True}), ("vendor", None)):
        with Child("api") as api:
            url = api.do("serve")
            api.do("configure", estimated_ms=round(ESTIMATE * 1000))
            if arguments is None:
                with Child("vendor", VENDOR) as child:
                    done = child.do("waits", url=url, jobs=jobs, seconds=seconds / 2)
            else:
                with Child("ours_waits", OURS) as child:
                    done = child.do("wait", url=url, jobs=jobs, estimate=ESTIMATE, seconds=seconds, **arguments)
                assert not done["ended"], f"{done['ended']:.0f} waits ended"
            rows[name] = done
    figures = []
    peer = rows["vendor"]
    for name in ("adaptive", "patient"):
        done = rows[name]
        share = _share(done)
        what = f"{jobs} waits, {name}"
        figures += [
            Figure(
                f"{what}: share of one core",
                f"{share:.0%}",
                f"{_share(peer):.0%} (vendor)",
                target="< 25 %",
                met=share < 0.25,
            ),
            Figure(
                f"{what}: memory of the process",
                mib(done["peak"]),
                f"{mib(peer['peak'])} (vendor)",
                target="< 150 MiB",
                met=done["peak"] < 150 * MIB,
            ),
            Figure(
                f"{what}: polls a second",
                f"{done['polls'] / done['seconds']:.0f}",
                f"{peer['polls'] / peer['seconds']:.0f} (vendor; 500 ms make {2 * jobs:,})",
            ),
        ]
    return Group(
        "Many waits",
        f"{jobs:,} waits in one process and one event loop for {seconds:.0f} s, over loopback: jobs of about five "
        "minutes, resumed by their tokens at every age from 0 to 10 minutes, one after the other within five "
        "seconds, which are left out. `patient` is `wait(patient=True)`. The peer is the vendor's SDK, whose waits "
        "all begin at once.",
        figures,
    )


def _share(done: Any) -> float:
    share: float = done["cpu"] / done["seconds"]
    return share

"""Measure what the README claims: against bare httpx and against the vendor's SDK, medians and ratios in one run.

bench/run.py                     everything, about ten minutes
bench/run.py --quick             everything, small: to see that it runs
bench/run.py start calls         these groups only
bench/run.py --write             everything, and into docs/figures.md
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run as a file, only bench/ is on the path

from bench import batches, calling, connecting, emulator, ledgers, moving, polling, starting, submitting, waits
from bench.children import ROOT, check_vendor
from bench.figures import Group, page, table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

GROUPS: Mapping[str, Callable[[bool], Group]] = {
    "start": starting.measure,
    "calls": calling.measure,
    "connections": connecting.measure,
    "uploads": moving.measure_uploads,
    "downloads": moving.measure_downloads,
    "polling": polling.measure,
    "charges": submitting.measure_charges,
    "keyed": submitting.measure_keyed,
    "pacing": submitting.measure_pacing,
    "waits": waits.measure,
    "emulator": emulator.measure,
    "batch": batches.measure,
    "ledger": ledgers.measure,
}


def machine() -> str:
    """Describe the machine in general words."""
    words = [platform.system(), f"{os.cpu_count()} cores", f"Python {platform.python_version()}"]
    return ", ".join([*words, f"httpx {version('httpx')}"])


def main() -> None:
    """Measure what was asked for and print the table."""
    parser = argparse.ArgumentParser(description="measure mirelo_ergo against bare httpx and the vendor's SDK")
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"of {', '.join(GROUPS)}; all if none is named")
    parser.add_argument("--quick", action="store_true", help="small rounds, to see that it runs; no figures to quote")
    parser.add_argument("--write", action="store_true", help="write docs/figures.md; takes all groups in full")
    options = parser.parse_args()
    unknown = [name for name in options.groups if name not in GROUPS]
    if unknown:
        parser.error(f"there is no group {unknown[0]}; there are {', '.join(GROUPS)}")
    if options.write and (options.quick or options.groups):
        parser.error("--write takes all groups in full: leave --quick and the groups away")
    check_vendor()
    print(f"{machine()}; load {os.getloadavg()[0]:.2f}", flush=True)
    groups = []
    for name in options.groups or GROUPS:
        began = time.monotonic()
        group = GROUPS[name](options.quick)
        print(
            f"\n{group.title} ({name}, {time.monotonic() - began:.0f} s)\n{group.how}\n{table(group.figures)}",
            flush=True,
        )
        groups.append(group)
    missed = [f"{group.title}: {figure.what}" for group in groups for figure in group.figures if figure.met is False]
    print("\nevery target is met" if not missed else "\ntargets missed:\n  " + "\n  ".join(missed))
    if options.write:
        (ROOT / "docs" / "figures.md").write_text(page(groups, machine()))


if __name__ == "__main__":
    main()

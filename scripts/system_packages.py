"""Install what the tests need and pip cannot: Debian packages, as root, only those that are missing.

    python3 scripts/system_packages.py chromium ...

Needs Python only, no environment. Without root's rights or without apt-get, one line for each missing program says how
to get it. The exit code is then 0: the tests that need the program are reported as not run, or fail if CI is set.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import NamedTuple


class Program(NamedTuple):
    """A program that comes with the system: its names on PATH, its Debian package, and who needs it."""

    names: tuple[str, ...]
    package: str
    needed_by: str


PROGRAMS = {
    "chromium": Program(
        ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome"), "chromium", "the emulator's page"
    ),
}
QUIET_APT = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120"]


def find(name: str) -> str | None:
    """Return the path of a program, or None if it is missing."""
    return next(filter(None, map(shutil.which, PROGRAMS[name].names)), None)


def way_out(name: str) -> str:
    """Return the sentence that says what is missing and how to get it."""
    program = PROGRAMS[name]
    return f"{name} is missing, so the tests of {program.needed_by} cannot run: sudo apt-get install {program.package}"


def install(packages: list[str]) -> None:
    """Install Debian packages without a question; raises CalledProcessError with apt's own words."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        subprocess.run([*QUIET_APT, *arguments], env=environment, check=True, capture_output=True, text=True)


def main(names: list[str]) -> int:
    """Install what is missing if that is possible, and print a line for what still is."""
    missing = [name for name in names if find(name) is None]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        try:
            install([PROGRAMS[name].package for name in missing])
        except subprocess.CalledProcessError as error:
            print(f"{' '.join(error.cmd)}: {error.stderr.strip()}", file=sys.stderr)
    for name in missing:
        if find(name) is None:
            print(way_out(name), file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

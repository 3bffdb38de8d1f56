"""Install what the tests need and pip cannot: Debian packages, as root, only those that are missing.

    python3 scripts/system_packages.py chromium postgresql ...

Needs Python only, no environment. Without root's rights or without apt-get, one line for each missing program says how
to get it. The exit code is then 0: the tests that need the program are reported as not run, or fail if CI is set.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Program(NamedTuple):
    """A program that comes with the system: its names on PATH, its Debian package, and who needs it.

    `elsewhere` is a pattern below `/` for a program that Debian keeps off PATH, one folder for each version.
    """

    names: tuple[str, ...]
    package: str
    needed_by: str
    elsewhere: str | None = None


PROGRAMS = {
    "chromium": Program(
        ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome"), "chromium", "the pages"
    ),
    "postgresql": Program(("postgres",), "postgresql", "batches on PostgreSQL", "usr/lib/postgresql/*/bin/postgres"),
}
ROOT = Path("/")
NO_DEFAULT_CLUSTER = "etc/postgresql-common/createcluster.d/no-main-cluster.conf"
QUIET_APT = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120"]


def find(name: str) -> str | None:
    """Return the path of a program, the newest version's if there are several, or None if it is missing."""
    program = PROGRAMS[name]
    on_path = next(filter(None, map(shutil.which, program.names)), None)
    if on_path or program.elsewhere is None:
        return on_path
    return max(map(str, ROOT.glob(program.elsewhere)), key=lambda path: [len(path), path], default=None)


def way_out(name: str) -> str:
    """Return the sentence that says what is missing and how to get it."""
    program = PROGRAMS[name]
    return f"{name} is missing, so the tests of {program.needed_by} cannot run: sudo apt-get install {program.package}"


@contextlib.contextmanager
def no_default_cluster() -> Iterator[None]:
    """Keep Debian's PostgreSQL package from making a cluster and starting it: the tests start their own."""
    setting = ROOT / NO_DEFAULT_CLUSTER
    setting.parent.mkdir(parents=True, exist_ok=True)
    setting.write_text("create_main_cluster = false\n")
    try:
        yield
    finally:
        setting.unlink()


def install(packages: list[str]) -> None:
    """Install Debian packages without a question; raises CalledProcessError with apt's own words."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with no_default_cluster() if "postgresql" in packages else contextlib.nullcontext():
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

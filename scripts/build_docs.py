"""Build the documentation's site, strictly and without a network.

    python scripts/build_docs.py [FOLDER]

Its pages are those of docs/, README, changelog and CONTRIBUTING, and what scripts/site/ writes from the source: the
reference of every public name and of every command, and llms.txt. A link that leads nowhere, a public name without a
docstring, or a snippet of a docstring that cannot be read ends it with 1. FOLDER is out/site where it is not given.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main(arguments: list[str] | None = None) -> int:
    """Build the site; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "out" / "site", help="where to, out/site")
    options = parser.parse_args(arguments)
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--clean"]
    command += [
        "--config-file",
        str(ROOT / "scripts" / "site" / "mkdocs.yml"),
        "--site-dir",
        str(options.folder.resolve()),
    ]
    environment = {
        **os.environ,
        "NO_MKDOCS_2_WARNING": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]),
    }
    built = subprocess.run(command, env=environment, check=False)
    if built.returncode == 0:
        print(f"open {(options.folder / 'index.html').resolve().as_uri()}")
    return built.returncode


if __name__ == "__main__":
    sys.exit(main())

"""Run the tests on the vendor's own form of the spec: every schema inlined, written by PyYAML, no extension of ours.

    python scripts/vendor_form.py [PYTEST ARGUMENT ...]

The tree is copied to a temporary folder, openapi/mirelo-v2.yaml is replaced there, and pytest runs in it; without
arguments it runs everything, as at a desk: also in CI with a third of the examples. What fails is run a second time, by
itself: a test that depends on the form of the spec fails again. Exits as pytest does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run as a file, only scripts/ is on the path

import yaml

from scripts.generate import ROOT
from scripts.generation.documents import SafeDumper, load
from scripts.generation.normalise import inline

SPEC = "openapi/mirelo-v2.yaml"
EVERYTHING = ["-n", "auto"]
_LEFT = shutil.ignore_patterns(
    ".git", ".venv", ".bench", "dist", "out", ".coverage*", ".hypothesis", "__pycache__", "*_cache"
)
_AGAIN = ["--last-failed", "-n", "0"]
_NOT_PASSED_ON = ("CI", "COV_", "COVERAGE_", "PYTEST_")
_TESTS_FAILED = 1
"""The exit code of pytest for them."""


def main(arguments: list[str] | None = None) -> int:
    """Copy, replace and run; return pytest's exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    with tempfile.TemporaryDirectory(prefix="mirelo-ergo-") as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=_LEFT)
        for environment in (".bench", ".venv"):
            (tree / environment).symlink_to(ROOT / environment)
        (tree / SPEC).write_text(vendors_form(ROOT / SPEC), encoding="utf-8")
        suite = given or EVERYTHING
        code = _pytest(tree, suite)
        return _pytest(tree, [*suite, *_AGAIN]) if code == _TESTS_FAILED else code


def _pytest(tree: Path, arguments: list[str]) -> int:
    before = os.environ.get("PYTHONPATH", "")
    paths = os.pathsep.join([str(tree / "src"), str(tree / "generated"), *filter(None, [before])])
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_PASSED_ON)}
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, cwd=tree, env={**environment, "PYTHONPATH": paths}, check=False).returncode


def vendors_form(spec: Path) -> str:
    """Return a stored spec as its vendor publishes it."""
    return str(yaml.dump(inline(load(spec)), Dumper=SafeDumper))


if __name__ == "__main__":
    sys.exit(main())

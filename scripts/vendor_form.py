"""Run the tests on the vendor's own form of the spec: every schema inlined, written by PyYAML, no extension of ours.

    python scripts/vendor_form.py [PYTEST ARGUMENT ...]

The tree is copied to a temporary folder, openapi/mirelo-v2.yaml is replaced there, and pytest runs in it; without
arguments it runs everything. Exits as pytest does.
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
from scripts.generation.documents import load
from scripts.generation.normalise import inline

SPEC = "openapi/mirelo-v2.yaml"
_LEFT = shutil.ignore_patterns(
    ".git", ".venv", ".bench", "dist", "out", ".coverage*", ".hypothesis", "__pycache__", "*_cache"
)


def main(arguments: list[str] | None = None) -> int:
    """Copy, replace and run; return pytest's exit code."""
    with tempfile.TemporaryDirectory(prefix="mirelo-ergo-") as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=_LEFT)
        (tree / ".bench").symlink_to(ROOT / ".bench")
        (tree / SPEC).write_text(yaml.safe_dump(inline(load(ROOT / SPEC))), encoding="utf-8")
        before = os.environ.get("PYTHONPATH", "")
        paths = os.pathsep.join([str(tree / "src"), str(tree / "generated"), *filter(None, [before])])
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "PYTEST_"))}
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *(arguments or sys.argv[1:])]
        return subprocess.run(command, cwd=tree, env={**environment, "PYTHONPATH": paths}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

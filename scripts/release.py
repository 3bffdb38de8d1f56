"""Check all that a release needs, build it in dist/, try it in fresh environments, and tag it.

    python scripts/release.py [--dry-run]

The version stands in src/mirelo_ergo/_version.py. CHANGELOG.md needs a section for it with a date, as in
`## 1.2.3 (2026-12-01)`, under an empty section "Unreleased". The tree has to be clean and the tag new. Wheel and sdist
are installed, with each extra, in environments of their own: that takes some minutes, and the package index. With
`--dry-run` no tag is made, and what is missing is named first and does not stop the rest; the exit code is then 1.
Nothing is uploaded.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SECTION = re.compile(r"^## (?P<title>[^\n]+)$(?P<body>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
DATED = re.compile(r"(?P<version>\S+) \(\d{4}-\d{2}-\d{2}\)")
SMOKE = {
    "": "import mirelo_ergo; mirelo_ergo.MireloClient('sk-key'); mirelo_ergo.capabilities()",
    "cli": "from mirelo_ergo.__main__ import main; main(['models', '-q'])",
    "media": "import av, mirelo_ergo; mirelo_ergo.Video.from_path",
    "emulator": (
        "import mirelo_ergo; from mirelo_ergo.emulator import running\n"
        "with running(speed=100) as emu, mirelo_ergo.MireloClient(emu.key, base_url=emu.url) as client:\n"
        "    print(client.text_to_sfx('rain', duration_ms=1000).run().download('out'))"
    ),
    "batch": (
        "from mirelo_ergo.batch import Batch, Item\n"
        "with Batch.open('sfx.db') as batch:\n"
        "    batch.add([Item('rain', 'text_to_sfx', {'prompt': 'rain'})])"
    ),
    "cluster": "import procrastinate, psycopg, mirelo_ergo.batch.cluster",
    "all": "import subprocess, sys; subprocess.run(['mirelo-ergo', 'text', 'rain', '--emulator'], check=True)",
}
"""For each extra, what has to work with it and nothing else installed."""


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Release, or say why not; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dry-run", action="store_true", help="make no tag")
    options = parser.parse_args(arguments)
    version = read_version(root)
    missing = problems(root, version)
    for problem in missing:
        print(f"release: {problem}", file=sys.stderr)
    if missing and not options.dry_run:
        return 1
    wheel, sdist = build(root, version)
    for extra in SMOKE:
        for file in (wheel, sdist) if extra in ("", "all") else (wheel,):
            print(f"trying {file.name}{f' with the extra {extra}' * bool(extra)}", flush=True)
            try_out(file, extra, version)
    if not options.dry_run:
        git(root, "tag", "--annotate", f"v{version}", "--message", f"Release {version}")
        print(f"v{version} is tagged; upload it with: twine upload {wheel} {sdist}")
    return 1 if missing else 0


def read_version(root: Path) -> str:
    """Return the version of the tree."""
    text = (root / "src" / "mirelo_ergo" / "_version.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "(\d+\.\d+\.\d+)"', text, re.MULTILINE)
    if found is None:
        raise SystemExit("release: src/mirelo_ergo/_version.py states no version such as 1.2.3")
    return found[1]


def problems(root: Path, version: str) -> list[str]:
    """Return what stands against a release of this version, a sentence each."""
    found = changelog_problems((root / "CHANGELOG.md").read_text(encoding="utf-8"), version)
    if git(root, "status", "--porcelain"):
        found.append("the tree is not clean: commit or put away what `git status` shows")
    if git(root, "tag", "--list", f"v{version}"):
        found.append(f"v{version} is tagged already: raise the version in src/mirelo_ergo/_version.py")
    return found


def changelog_problems(text: str, version: str) -> list[str]:
    """Return what the changelog lacks: the version's own dated section on top, under an empty "Unreleased"."""
    sections = [(match["title"], match["body"].strip()) for match in SECTION.finditer(text)]
    found = []
    if not sections or sections[0][0] != "Unreleased":
        found.append("CHANGELOG.md has to begin with a section Unreleased")
    elif sections.pop(0)[1]:
        found.append(f"CHANGELOG.md is not cut: move what stands under Unreleased to a section {version} with a date")
    dated = DATED.fullmatch(sections[0][0]) if sections else None
    if dated is None or dated["version"] != version or not sections[0][1]:
        found.append(f"CHANGELOG.md has no section for {version}: begin one with ## {version} (YYYY-MM-DD)")
    return found


def build(root: Path, version: str) -> tuple[Path, Path]:
    """Build wheel and sdist in dist/, twice, and have both checked; the commit's time is the files' time."""
    dist = root / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    environment = {**os.environ, "SOURCE_DATE_EPOCH": git(root, "log", "-1", "--format=%ct")}
    with tempfile.TemporaryDirectory() as folder:
        for target in (dist, Path(folder)):
            command = [sys.executable, "-m", "hatchling", "build", "--directory", str(target)]
            subprocess.run(command, cwd=root, env=environment, check=True, stdout=subprocess.DEVNULL)
        names = sorted(path.name for path in dist.iterdir())
        if odd := [name for name in names if (dist / name).read_bytes() != (Path(folder) / name).read_bytes()]:
            raise SystemExit(f"release: two builds of {', '.join(odd)} differ")
    wheel, sdist = dist / f"mirelo_ergo-{version}-py3-none-any.whl", dist / f"mirelo_ergo-{version}.tar.gz"
    subprocess.run([sys.executable, "-m", "twine", "check", "--strict", wheel, sdist], check=True)
    return wheel, sdist


def try_out(file: Path, extra: str, version: str) -> None:
    """Install a file with an extra in a fresh environment and use it, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(Path(folder) / "venv", with_pip=True)
        bin_folder = Path(folder) / "venv" / "bin"
        python = bin_folder / "python"
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("MIRELO_", "PYTHON"))}
        environment["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
        environment["PATH"] = f"{bin_folder}{os.pathsep}{environment['PATH']}"
        commands = [
            ["-m", "pip", "install", "--quiet", f"{file}[{extra}]" if extra else str(file)],
            ["-m", "pip", "check"],
            ["-c", f"import mirelo_ergo; assert mirelo_ergo.__version__ == {version!r}"],
            ["-c", SMOKE[extra]],
        ]
        for command in commands:
            ran = subprocess.run(
                [python, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
            )
            if ran.returncode:
                raise SystemExit(f"release: {file.name}[{extra}] failed at {command}:\n{ran.stdout}{ran.stderr}")


def git(root: Path, *arguments: str) -> str:
    """Return what a git command prints."""
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())

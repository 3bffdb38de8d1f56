"""What is released: wheel and sdist have in them what they should, in the same bytes from every build."""

from __future__ import annotations

import ast
import email
import importlib.metadata
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

import attrs
import pytest
import yaml

import mirelo_ergo

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NAME = f"mirelo_ergo-{mirelo_ergo.__version__}"
EPOCH = "1790000000"
IN_WHEEL = {
    "src/mirelo_ergo": "mirelo_ergo",
    "generated/mirelo_ergo_api": "mirelo_ergo_api",
    "openapi": "mirelo_ergo/openapi",
}
DIST_INFO = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
KINDS = {".css", ".html", ".js", ".json", ".py", ".svg", ".typed", ".yaml", ".yml"}


OF_EXTRAS = {"batch": "batch", "cli": "cli", "emulator": "emulator"}
"""Folders that an extra is for."""
WITH = {"certifi": "httpcore", "h11": "httpcore", "referencing": "jsonschema"}
"""Packages that are imported without being named: what they come with needs them itself."""
DISTRIBUTIONS = {"dateutil": "python-dateutil", "yaml": "pyyaml"}
OPTIONAL = {"PyInstaller", "pytest", "rich", "IPython"}
"""What is only imported where it is there: a bar, a notebook, and the tools that load a module of ours themselves."""


@attrs.frozen
class Built:
    """A wheel and an sdist."""

    wheel: Path
    sdist: Path


def build(source: Path, target: Path, umask: int = 0o022, **environment: str) -> Built:
    """Build both from a tree."""
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(target)]
    settings = {**os.environ, "SOURCE_DATE_EPOCH": EPOCH, **environment}
    subprocess.run(command, cwd=source, env=settings, umask=umask, check=True, capture_output=True, timeout=240)
    return Built(target / f"{NAME}-py3-none-any.whl", target / f"{NAME}.tar.gz")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(ROOT, tmp_path_factory.mktemp("dist"))


def distributions(requirements: list[str]) -> set[str]:
    return {re.split(r"[^A-Za-z0-9._-]", each)[0].lower().replace("_", "-") for each in requirements}


def imported(module: Path) -> set[str]:
    """Return the packages of others that a module imports."""
    nodes = list(ast.walk(ast.parse(module.read_text(encoding="utf-8"))))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
    tops = {name.partition(".")[0] for name in names}
    return {name for name in tops if name not in sys.stdlib_module_names and not name.startswith("mirelo_ergo")}


def test_what_is_imported_is_a_dependency_or_comes_with_one() -> None:
    extras = PROJECT["optional-dependencies"]
    for module in (ROOT / "src" / "mirelo_ergo").rglob("*.py"):
        extra = OF_EXTRAS.get(module.relative_to(ROOT / "src" / "mirelo_ergo").parts[0], "")
        further = extras["cluster"] if extra == "batch" else []  # its module for many machines
        stated = distributions([*PROJECT["dependencies"], *extras.get(extra, []), *further])
        for name in imported(module) - OPTIONAL:
            through = WITH.get(name, "")
            if through:
                assert name in distributions(importlib.metadata.requires(through) or []), (name, through)
            assert (through or DISTRIBUTIONS.get(name, name)).replace("_", "-") in stated, (module, name)


def test_the_project_names_no_address_but_the_services() -> None:
    """It has none of its own, so that nobody is sent to a page that is not there."""
    specs = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in (ROOT / "openapi").glob("*.yaml")]
    served = {urlsplit(server["url"]).hostname for spec in specs for server in spec.get("servers", ())}
    for label, address in PROJECT["urls"].items():
        assert label.endswith(", the service")
        assert f"api.{urlsplit(address).hostname}" in served
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "comes with the source distribution, in `docs/`, and so does `CHANGELOG.md`" in readme


def files(folder: Path) -> set[str]:
    paths = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix() for path in paths}


def test_the_wheel_holds_the_package_the_generated_clients_and_the_specs(built: Built) -> None:
    expected = {f"{target}/{name}" for source, target in IN_WHEEL.items() for name in files(ROOT / source)}
    with zipfile.ZipFile(built.wheel) as wheel:
        names = set(wheel.namelist())
    assert names == expected | {f"{NAME}.dist-info/{name}" for name in DIST_INFO}
    assert {Path(name).suffix for name in expected} <= KINDS
    assert not [name for name in names if re.search(r"(^|/)(tests?|\.[^/]+)(/|$)", name)]


def test_the_sdist_has_what_is_needed_to_work_on_it(built: Built) -> None:
    with tarfile.open(built.sdist) as sdist:
        names = {name.removeprefix(f"{NAME}/") for name in sdist.getnames()}
    for folder in ("bench", "docs", "examples", "generated", "openapi", "scripts", "src", "tests"):
        assert {f"{folder}/{name}" for name in files(ROOT / folder)} <= names, folder
    for name in ("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "SECURITY.md", "requirements-dev.txt"):
        assert name in names
    assert not [name for name in names if "__pycache__" in name or name.startswith((".venv", ".bench", "dist", "out"))]


def test_every_build_gives_the_same_bytes(built: Built, tmp_path: Path) -> None:
    """From the sdist, unpacked under another umask, in another time zone and language."""
    subprocess.run(
        ["tar", "-xzf", str(built.sdist), "-C", str(tmp_path)], check=True
    )  # unlike tarfile's, in every 3.11
    for path in (tmp_path / NAME).rglob("*"):
        os.utime(path, (1, 1))
    again = build(tmp_path / NAME, tmp_path / "dist", umask=0o077, TZ="Asia/Tokyo", LC_ALL="C", PYTHONHASHSEED="7")
    assert again.wheel.read_bytes() == built.wheel.read_bytes()
    assert again.sdist.read_bytes() == built.sdist.read_bytes()


def test_the_readme_renders_and_the_metadata_is_complete(built: Built) -> None:
    command = [sys.executable, "-m", "twine", "check", "--strict", str(built.wheel), str(built.sdist)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(built.wheel) as wheel:
        metadata = email.message_from_bytes(wheel.read(f"{NAME}.dist-info/METADATA"))
    assert metadata["Version"] == mirelo_ergo.__version__
    assert metadata["Requires-Python"] == PROJECT["requires-python"]
    assert metadata.get_all("Provides-Extra") == sorted(PROJECT["optional-dependencies"])
    assert metadata.get_all("Project-URL")
    payload = metadata.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert payload.decode() == (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_version_stands_in_one_place() -> None:
    assert PROJECT["dynamic"] == ["version"]
    version = re.compile(rf"(?<![\d.]){re.escape(mirelo_ergo.__version__)}(?![\d.])")
    sources = [path for folder in ("src", "scripts", "bench", "examples") for path in (ROOT / folder).rglob("*.py")]
    found = [path.name for path in sources if version.search(path.read_text(encoding="utf-8"))]
    assert found == ["_version.py"]

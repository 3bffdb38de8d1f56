"""Every snippet of README and docs runs, as it stands, against the emulator; every command shown exists."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
from _pytest.mark import ParameterSet

from bench.children import VENDOR
from mirelo_ergo.emulator import running
from tests.support.standins import sync_so

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mirelo_ergo.emulator import Emulator

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```', re.MULTILINE | re.DOTALL)
VENDORS = {"mirelo-sdk 1.0.0"}
"""Titles of the snippets that are written for a vendor's own SDK."""
ENGINES = {"Celery", "Ray"}
"""Titles of the snippets for engines that are not installed; tests/docs/test_engines.py plays them."""
BIN = Path(sys.executable).parent


def blocks(language: str, vendor: bool = False) -> list[ParameterSet]:
    """Return the snippets in a language, ours or those of a vendor's SDK, each named by its page and line."""
    found = []
    for page in PAGES:
        for match in BLOCK.finditer(page.read_text()):
            if match[1] == language and (match[2] in VENDORS) == vendor and match[2] not in ENGINES:
                line = page.read_text()[: match.start()].count("\n") + 1
                found.append(pytest.param(match[3], id=f"{page.name}:{line}"))
    return found


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with running(speed=50, seed=1) as emu:
        yield emu


STANDINS: dict[str, tuple[str, ModuleType]] = {
    "sync-so.md": ("SYNC", sync_so),
}


@pytest.fixture
def standin(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """Serve the page's own service, where the emulator does not have it yet; yield what its snippets find."""
    page = request.node.callspec.id.partition(":")[0]
    if page not in STANDINS:
        yield {}
        return
    prefix, module = STANDINS[page]
    with module.Service() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield {f"{prefix}_API_KEY": "sk-standin", f"{prefix}_BASE_URL": server.url}
        server.shutdown()


def _environment(emulator: Emulator, folder: Path) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("MIRELO_", "COV_"))}
    path = f"{BIN}{os.pathsep}{plain['PATH']}"
    journal = {"XDG_STATE_HOME": str(folder / "state")}
    gateway = {"PIXAZO_API_KEY": emulator.key, "PIXAZO_BASE_URL": emulator.urls["pixazo"]}
    marketplace = {
        "INFERENCE_API_KEY": emulator.keys["inference_sh"],
        "INFERENCE_BASE_URL": emulator.urls["inference_sh"],
    }
    return {
        **plain,
        "MIRELO_API_KEY": emulator.key,
        "MIRELO_BASE_URL": emulator.url,
        "PATH": path,
        **gateway,
        **marketplace,
        **journal,
    }


@pytest.fixture
def shared(request: pytest.FixtureRequest) -> dict[str, str]:
    """Set up a PostgreSQL database for a snippet with a shared ledger."""
    (snippet,) = request.node.callspec.params.values()
    return {"LEDGER": request.getfixturevalue("postgres_url")} if "LEDGER" in snippet else {}


@pytest.mark.parametrize("code", blocks("python"))
def test_python_snippet_runs(
    code: str, emulator: Emulator, standin: dict[str, str], shared: dict[str, str], tmp_path: Path
) -> None:
    shutil.copy(ROOT / "examples" / "clip.mp4", tmp_path)
    (tmp_path / "snippet.py").write_text(code)
    as_test = ["-m", "pytest", "-q", "-p", "no:cacheprovider"] if "\ndef test_" in code else []
    ran = subprocess.run(
        [sys.executable, "-W", "error", *as_test, "snippet.py"],
        cwd=tmp_path,
        env={**_environment(emulator, tmp_path), **standin, **shared},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


TO_THE_EMULATOR = """
import os

import mirelo


class MireloClient(mirelo.MireloClient):
    def __init__(self, key, **options):
        super().__init__(key, base_url=os.environ["MIRELO_BASE_URL"], **options)


mirelo.MireloClient = MireloClient
"""


@pytest.mark.parametrize("code", blocks("python", vendor=True))
def test_vendor_snippet_runs(code: str, emulator: Emulator, tmp_path: Path) -> None:
    """What is said of the vendor's SDK is code of the vendor's SDK: only its address is changed."""
    assert VENDOR.exists(), "the vendor's SDK has no environment yet: run `make .bench/vendor/ready`"
    shutil.copy(ROOT / "examples" / "clip.mp4", tmp_path)
    (tmp_path / "snippet.py").write_text(TO_THE_EMULATOR + code)
    ran = subprocess.run(
        [VENDOR, "-W", "ignore", "snippet.py"],
        cwd=tmp_path,
        env=_environment(emulator, tmp_path),
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"{emulator.url}/" in ran.stdout


@pytest.mark.parametrize("script", [block for block in blocks("bash") if not str(block.id).startswith("emulator.md")])
def test_script_runs(script: str, request: pytest.FixtureRequest, emulator: Emulator, tmp_path: Path) -> None:
    if request.node.callspec.id.startswith("emulator.md"):
        return  # it starts an emulator for a test in JavaScript, which tests/docs/test_emulator_page.py does
    shutil.copy(ROOT / "examples" / "clip.mp4", tmp_path)
    ran = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=_environment(emulator, tmp_path),
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def _commands(text: str) -> list[str]:
    joined = text.replace("\\\n", " ")
    return [line.split("  #")[0].strip() for line in joined.splitlines() if line.strip() and not line.startswith("#")]


@pytest.mark.parametrize("text", blocks("sh"))
def test_command_snippet_runs(text: str, emulator: Emulator, shared: dict[str, str], tmp_path: Path) -> None:
    """Run what is a command of ours; of `make` and `pip` see that the target and the extra exist."""
    shutil.copy(ROOT / "examples" / "clip.mp4", tmp_path)
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    extras = set(re.findall(r"^(\w+) = \[", (ROOT / "pyproject.toml").read_text(), re.MULTILINE))
    for command in _commands(text):
        words = command.split()
        if words[0] == "make":
            assert set(words[1:2]) <= targets, command
        elif words[:2] == ["pip", "install"]:
            for named in re.findall(r"\[([\w,]+)\]", command):
                assert set(named.split(",")) <= extras, command
        else:
            ran = subprocess.run(
                command,
                shell=True,
                cwd=tmp_path,
                env={**_environment(emulator, tmp_path), **shared},
                capture_output=True,
                text=True,
                timeout=240,
            )
            assert ran.returncode == 0, f"{command}\n{ran.stderr}"

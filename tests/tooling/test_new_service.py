"""`make service NAME=x` writes stubs that work as they are."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import new_service
from tests.tooling.test_packaging import ROOT

NAME = "tone_lab"
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, with the stubs of one service more."""
    copy = tmp_path_factory.mktemp("project")
    for part in ("src", "generated", "openapi", "tests/support", "scripts"):
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "tests/conftest.py"):
        shutil.copy(ROOT / name, copy / name)
    assert new_service.main([NAME], copy) == 0
    return copy


def check(tree: Path, *command: str) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tree / "src"), str(tree / "generated")])}
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr


FOLDERS = (f"src/mirelo_ergo/{NAME}", f"src/mirelo_ergo/emulator/services/{NAME}", f"tests/{NAME}")


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", *FOLDERS],
        ["ruff", "format", "--check", *FOLDERS],
        ["lint-imports", "--no-logo"],
        ["mypy", "--strict", *FOLDERS],
        ["pytest", "-q", f"tests/{NAME}"],
    ],
    ids=lambda command: command[0] + command[1].strip("-"),
)
def test_the_stubs_are_in_order(tree: Path, command: list[str]) -> None:
    check(tree, str(BIN / command[0]), *command[1:])


def test_the_emulated_service_has_its_spec(tree: Path) -> None:
    code = f"from mirelo_ergo.emulator.services.{NAME}.service import ToneLab; assert ToneLab.operations() == ()"
    check(tree, sys.executable, "-c", code)


@pytest.mark.parametrize("name", ["ToneLab", "tone-lab", "_lab", "lab_", "1lab", "", "class", "pixazo"])
def test_a_name_that_will_not_do_is_refused(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "src" / "mirelo_ergo" / "pixazo").mkdir(parents=True)
    (tmp_path / "src" / "mirelo_ergo" / "pixazo" / "flows.py").touch()
    with pytest.raises(SystemExit):
        new_service.main([name], tmp_path)
    assert not (tmp_path / "openapi").exists()
    assert capsys.readouterr().err


def test_contributing_says_how_much_it_writes(tree: Path) -> None:
    paths = (path for path in tree.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    fresh = [path for path in paths if not (ROOT / path.relative_to(tree)).exists() and ".mypy_cache" not in path.parts]
    own = [path for path in fresh if NAME in path.as_posix().replace("-", "_") and "/generated/" not in path.as_posix()]
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in own)
    words = {10: "ten", 11: "eleven", 12: "twelve", 13: "thirteen", 14: "fourteen"}
    assert f"writes {words[len(own)]} files of {lines} lines" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

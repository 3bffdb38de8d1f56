"""Rules for the whole command line: its layer, and that docs/cli.md is correct."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

import mirelo_ergo
from mirelo_ergo.cli.app import root
from mirelo_ergo.cli.exits import MEANINGS, Exit
from mirelo_ergo.cli.groups import commands_of
from tests.cli.support import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli

FOLDER = ROOT / "src" / "mirelo_ergo" / "cli"
PAGE = (ROOT / "docs" / "cli.md").read_text()
OUTSIDE = {
    "mirelo_ergo.batch",
    "mirelo_ergo.emulator",
    "mirelo_ergo.errors",
    "mirelo_ergo.inference_sh",
    "mirelo_ergo.sync_so",
}


def imports(source: str) -> set[str]:
    """Return what a module imports from outside its own folder, names of `mirelo_ergo` in full."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level <= 1, "the command line reaches for its parent package by name only"
            if node.level == 0:
                module = node.module or ""
                named = module == "mirelo_ergo"
                found |= {f"{module}.{alias.name}" for alias in node.names} if named else {module}
    return found


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_only_the_public_api_is_used(path: Path) -> None:
    public = {f"mirelo_ergo.{name}" for name in mirelo_ergo.__all__} | OUTSIDE
    ours = {name for name in imports(path.read_text()) if name.startswith("mirelo_ergo")}
    assert ours <= public


def commands() -> list[tuple[str, ...]]:
    """Return the words of every command."""
    return [tuple(path.split()) for path, _ in commands_of(root)]


def test_the_page_names_every_command() -> None:
    assert len(commands()) >= 34
    for words in commands():
        assert f"`{' '.join(words)}" in PAGE


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_the_page_names_every_option(bare: Cli, words: tuple[str, ...]) -> None:
    for option in set(re.findall(r"--[a-z-]+", bare(*words, "--help").out)) - {"--help"}:
        assert option in PAGE


def test_help_and_page_give_every_exit_code(bare: Cli) -> None:
    told = bare("--help").out
    assert set(MEANINGS) == set(Exit)
    for code, meaning in MEANINGS.items():
        assert re.search(rf"^ +{code.value}  {re.escape(meaning)}$", told, re.MULTILINE)
        assert f"| {code.value} | {meaning} |" in PAGE


def test_help_fits_a_terminal(bare: Cli) -> None:
    assert max(map(len, bare("--help").out.splitlines())) <= 80

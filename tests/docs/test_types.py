"""Every snippet of README and docs is typed as it stands: mypy --strict and pyright find nothing in any of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.docs.test_snippets import ROOT, blocks

if TYPE_CHECKING:
    from collections.abc import Sequence

MYPY = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), "--no-error-summary"]
PYRIGHT = [sys.executable, "-m", "pyright"]


@pytest.fixture(scope="module")
def snippets(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A file for each snippet, named after its page and line."""
    folder = tmp_path_factory.mktemp("snippets")
    written = []
    for block in blocks("python"):
        code = block.values[0]
        assert isinstance(code, str)
        path = folder / (str(block.id).replace(".md:", "_line_").replace("-", "_").replace("/", "_") + ".py")
        path.write_text(code)
        written.append(path)
    assert len(written) > 30
    return written


@pytest.mark.parametrize("checker", [MYPY, PYRIGHT], ids=["mypy", "pyright"])
def test_every_snippet_is_typed(checker: Sequence[str], snippets: list[Path]) -> None:
    ran = subprocess.run([*checker, *map(str, snippets)], cwd=ROOT, capture_output=True, text=True, timeout=280)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("checker", [MYPY, PYRIGHT], ids=["mypy", "pyright"])
def test_a_wrong_one_would_be_found(checker: Sequence[str], tmp_path: Path) -> None:
    wrong = tmp_path / "wrong_snippet.py"
    wrong.write_text("from mirelo_ergo import MireloClient\n\nMireloClient().text_to_sfx('rain', duration_ms='5 s')\n")
    ran = subprocess.run([*checker, str(wrong)], cwd=ROOT, capture_output=True, text=True, timeout=280)
    assert ran.returncode == 1
    assert "duration_ms" in ran.stdout

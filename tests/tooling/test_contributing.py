"""The figures of CONTRIBUTING's "Add a family" and "Add a service" are those of the code."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TypeVar

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
FAMILIES, CALLS = "src/mirelo_ergo/mirelo/families.py", "src/mirelo_ergo/mirelo/calls.py"
N = TypeVar("N", bound=ast.expr | ast.stmt)


def told(path: str) -> list[int]:
    """Return the numbers of the table's row about a file."""
    row = re.search(rf"^\| `{re.escape(path)}` \|.*\| (.*) \|$", TEXT, re.MULTILINE)
    assert row is not None, path
    return [int(number) for number in re.findall(r"\d+", row[1])]


def nodes(path: str, kind: type[N]) -> list[N]:
    return [node for node in ast.walk(ast.parse((ROOT / path).read_text())) if isinstance(node, kind)]


def lines(node: ast.expr | ast.stmt) -> int:
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


def test_a_row_and_a_method() -> None:
    named = ("inpaint-audio", "inpaint-audio/with_video")
    calls = [call for call in nodes(FAMILIES, ast.Call) if call.args and isinstance(call.args[0], ast.Constant)]
    rows = [lines(call) for call in calls if isinstance(call.args[0], ast.Constant) and call.args[0].value in named]
    (method,) = (each for each in nodes(CALLS, ast.FunctionDef) if each.name == "inpaint_audio")
    docstring = method.body[0]
    code = lines(method) - lines(docstring)
    assert told(FAMILIES) * 2 == rows
    assert told(CALLS) == [code, lines(docstring)]
    assert f"{(sum(rows) + code) // 2} lines each in the\nSDK" in TEXT


def test_lines_of_tests() -> None:
    pair, need = '("inpaint-audio", "v1.6"),', '"inpaint-audio": {"audio"'
    tables = (ROOT / "tests/unit/test_families.py").read_text()
    assert told("tests/unit/test_families.py") == [tables[: tables.index("def ")].count(pair) + tables.count(need)]
    assert told("tests/property/calls.py") == [
        sum(
            (ROOT / "tests/property/calls.py").read_text().count(line)
            for line in ('"inpaintAudio": (', '"inpaintAudioV16": _')
        )
    ]
    listed = (ROOT / "tests/cli/test_families.py").read_text()
    assert told("tests/cli/test_families.py") == [listed.count('"inpaint-audio v1.6, the default"')]
    assert "`inpaint_audio`" in (ROOT / "README.md").read_text()
    typed = (ROOT / "tests/typing/api.py").read_text().partition("async def ")[0]
    assert told("tests/typing/api.py") == [typed.count("assert_type(client.inpaint_audio(")]


@pytest.mark.parametrize("path", re.findall(r"^\| `((?:src|tests)/[^`]+)` \|", TEXT, re.MULTILINE))
def test_the_places_are_there(path: str) -> None:
    assert (ROOT / path).exists()

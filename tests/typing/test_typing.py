"""`api.py` and `wrong.py` are checked by mypy, and pyright: right uses have no error, and every wrong use has one."""

from __future__ import annotations

import ast
from pathlib import Path

import mirelo_ergo


def test_the_file_of_right_uses_names_everything() -> None:
    tree = ast.parse((Path(__file__).parent / "api.py").read_text())
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    used |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert set(mirelo_ergo.__all__) <= used

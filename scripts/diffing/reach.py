"""Which operations of a spec the package's own code asks, and which are left to `client.low_level`."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scripts.generation.documents import operations
from scripts.generation.tables import constant_name

_GENERATED = re.compile(r"from mirelo_ergo_api\.(\w+) import .*\boperations\b")


def unreached(service: str, document: dict[str, Any], root: Path) -> list[str]:
    """Return the operations of a spec that no code of its service names, in the spec's order."""
    package = service.replace("-", "_")
    named = {constant for found, constant in _named(root / "src" / "mirelo_ergo") if found == package}
    if not named:  # a service without a client yet
        return []
    ids = [str(operation["operationId"]) for _, operation in operations(document)]
    return [each for each in ids if constant_name(each) not in named]


def _named(package: Path) -> Iterator[tuple[str, str]]:
    """Yield each generated operation that a module names, with the generated package that it is of."""
    for generated in sorted(package.glob("*/generated*.py")):
        found = _GENERATED.search(generated.read_text(encoding="utf-8"))
        if found is None:
            continue
        for module in sorted(generated.parent.rglob("*.py")):
            for constant in _constants(ast.parse(module.read_text(encoding="utf-8")), generated.stem):
                yield found[1], constant


def _constants(tree: ast.Module, generated: str) -> Iterator[str]:
    aliases = {
        name.asname or name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").rpartition(".")[2] == generated
        for name in node.names
        if name.name == "operations"
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in aliases:
            yield node.attr

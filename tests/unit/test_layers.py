"""What import-linter cannot check of the layers: the libraries that each may use, and words and forms it must not have.

Read from the source, so that no test run can miss one. pyproject.toml says who may import whom; `make lint` checks it.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import mirelo_ergo

ROOT = Path(mirelo_ergo.__file__).parent
FILES = {path.relative_to(ROOT).as_posix(): path for path in sorted(ROOT.rglob("*.py"))}
SERVICES = sorted(
    name.split("/")[0] for name in FILES if re.fullmatch(r"[a-z]\w*/service\.py", name) and name != "cli/service.py"
)
COLOURED = {
    f"{folder}/{face}.py"
    for folder in ("_runtime/http", "_runtime/client", "_runtime/jobs", *SERVICES)
    for face in ("asynchronous", "blocking")
}
COLOURED |= {"_runtime/webhooks/asgi.py", "_runtime/webhooks/store.py"}  # a web server's side; what processes share
CORE = sorted(
    name
    for name in FILES
    if name.startswith(("_runtime/", *(f"{service}/" for service in SERVICES)))
    and name not in COLOURED
    and not name.startswith("_runtime/http/")
)


def imported(name: str, *, typing_too: bool = True) -> set[str]:
    """Return the modules a file imports, absolute, the packages of this project by their dotted path."""
    tree = ast.parse(FILES[name].read_text())
    if not typing_too:
        tree = _WithoutTyping().visit(tree)
    package = ["mirelo_ergo", *Path(name).parent.parts]
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *((node.module or "").split(".") if node.module else [])])
            found |= {module} if node.module else {f"{module}.{alias.name}" for alias in node.names}
    return found - {"__future__"}


class _WithoutTyping(ast.NodeTransformer):
    def visit_If(self, node: ast.If) -> ast.AST | None:
        return None if ast.unparse(node.test) == "TYPE_CHECKING" else self.generic_visit(node)


def outside(names: set[str]) -> set[str]:
    """Keep what is neither ours nor of the standard library."""
    tops = {name.split(".")[0] for name in names}
    return tops - set(sys.stdlib_module_names) - {"mirelo_ergo"}


def test_the_core_is_found() -> None:
    assert set(SERVICES) >= set(mirelo_ergo.capabilities())
    assert {
        "_runtime/api/execute.py",
        "_runtime/jobs/waiter.py",
        "_runtime/transfer/upload.py",
        "_runtime/jobs/flows.py",
    } <= set(CORE)
    assert {"mirelo/flows.py", "pixazo/flows.py"} <= set(CORE)
    assert set(FILES) >= COLOURED


@pytest.mark.parametrize("name", CORE)
def test_the_core_has_no_async_generator(name: str) -> None:
    for node in ast.walk(ast.parse(FILES[name].read_text())):
        assert not isinstance(node, ast.AsyncFor), f"line {node.lineno}: its source would be one"
        if isinstance(node, ast.AsyncFunctionDef):
            own = [inner for inner in ast.walk(node) if isinstance(inner, ast.Yield | ast.YieldFrom)]
            assert own == [], f"{node.name}, line {node.lineno}"
        if isinstance(node, ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp):
            assert not any(part.is_async for part in node.generators), f"line {node.lineno}"


HTTP_MAY = {
    "_runtime/http/http11.py": {"h11"},
    "_runtime/http/tls.py": {"certifi"},
    "_runtime/http/transports.py": {"httpx", "httpcore"},
    "_runtime/http/low_level.py": {"httpx"},
}
"""What the files of the one room that speaks HTTP may import. h11 comes with httpcore, certifi with httpx."""


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_layer_needs_the_libraries_it_may(name: str) -> None:
    names = imported(name)
    third, layer = outside(names), name.split("/")[0]
    if layer == "_runtime":
        # a bar, where rich is installed
        assert third <= HTTP_MAY.get(name, {"attrs"}) | ({"rich"} if name == "_runtime/jobs/progress.py" else set())
    elif layer in SERVICES:
        assert third <= {"attrs", "dateutil", "mirelo_ergo_api", "httpx"}
        assert "httpx" not in outside(imported(name, typing_too=False))
        own = {each.split(".")[1] for each in names if each.startswith("mirelo_ergo_api.")}
        assert all(client.startswith(layer) for client in own), "it speaks to its own service only"
    elif layer == "batch":
        queue = {"procrastinate", "psycopg"} if name == "batch/engine.py" else set()
        assert third <= {"attrs", "sqlalchemy", "yaml"} | queue
    elif layer == "cli":
        assert not third & {"httpx", "httpcore"}
    elif name == "pytest_plugin.py":
        assert third == {"pytest"}
    elif layer == "__pyinstaller":
        assert third <= {"PyInstaller"}
    elif layer != "emulator":
        assert third == set()


@pytest.mark.parametrize("name", [name for name in sorted(FILES) if name.startswith("_runtime/")])
def test_the_runtime_names_no_service(name: str) -> None:
    """Not in its code and not in its words: what it needs to know of one is in that one's `Api` and `JobApi`."""
    text = re.sub("mirelo[_-]ergo|MireloError", "", FILES[name].read_text())  # the package's own names
    assert [word for word in re.findall(r"\w+", text) if any(service in word.lower() for service in SERVICES)] == []


FACTS = (
    r"\b2[34] ?h(?:ours)?\b|\b98 ?%|about an hour|/sync\b|\bcredits?\b"
    r"|\b(?:text|video|audio)_to_\w+|\b(?:extend|inpaint)_audio"
)


@pytest.mark.parametrize("name", [name for name in sorted(FILES) if name.startswith("_runtime/")])
def test_the_runtime_states_no_fact_of_a_service(name: str) -> None:
    """How long one keeps what, what one makes, and in what one is paid."""
    assert re.findall(FACTS, FILES[name].read_text()) == []


def test_the_contracts_are_kept() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-logo"]
    done = subprocess.run(command, cwd=ROOT.parents[1], capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stdout

"""Which module may import what (DESIGN): read from the source, so that no test run can miss one."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

import mirelo_ergo

ROOT = Path(mirelo_ergo.__file__).parent
GENERATED = Path(__file__).parents[2] / "generated" / "mirelo_ergo_api"
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
    """Give the modules a file imports, absolute, the packages of this project by their dotted path."""
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


def ours(names: set[str]) -> set[str]:
    """Keep this package's own, by their first part."""
    return {name.split(".")[1] for name in names if name.startswith("mirelo_ergo.")}


def test_the_core_is_found() -> None:
    assert SERVICES == ["mirelo", "pixazo"]
    assert {
        "_runtime/api/execute.py",
        "_runtime/jobs/waiter.py",
        "_runtime/transfer/upload.py",
        "_runtime/jobs/flows.py",
    } <= set(CORE)
    assert {"mirelo/core.py", "pixazo/core.py"} <= set(CORE)
    assert set(FILES) >= COLOURED


@pytest.mark.parametrize("name", CORE)
def test_the_core_knows_neither_loop_nor_clock_nor_httpx(name: str) -> None:
    names = {each.split(".")[0] for each in imported(name)}
    assert not names & {"asyncio", "time", "httpx", "httpcore", "anyio", "socket", "select", "concurrent"}


@pytest.mark.parametrize("name", CORE)
def test_the_core_has_no_async_generator(name: str) -> None:
    for node in ast.walk(ast.parse(FILES[name].read_text())):
        assert not isinstance(node, ast.AsyncFor), f"line {node.lineno}: its source would be one"
        if isinstance(node, ast.AsyncFunctionDef):
            own = [inner for inner in ast.walk(node) if isinstance(inner, ast.Yield | ast.YieldFrom)]
            assert own == [], f"{node.name}, line {node.lineno}"
        if isinstance(node, ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp):
            assert not any(part.is_async for part in node.generators), f"line {node.lineno}"


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_layer_imports_what_it_may(name: str) -> None:
    names = imported(name)
    third, mine = outside(names), ours(names)
    layer = name.split("/")[0]
    if name == "errors.py":
        assert (third, mine) == (set(), set())
    elif layer == "_runtime":
        assert mine <= {"errors", "_runtime", "_version"}, "it knows no service"
        assert third <= ({"attrs", "httpx", "httpcore"} if name.startswith("_runtime/http/") else {"attrs"})
    elif layer in SERVICES:
        assert mine <= {"errors", "_runtime", layer}, "it knows no other service"
        assert outside(imported(name, typing_too=False)) <= {"attrs", "dateutil", "mirelo_ergo_api"}
        assert third <= {"attrs", "dateutil", "mirelo_ergo_api", "httpx"}
    elif layer == "emulator":
        assert mine <= {"emulator"}, "it stands on the far side of the wire"
    elif layer == "cli":
        assert "_runtime" not in mine, "it uses what every user can"
        assert not mine & set(SERVICES)
        assert not third & {"httpx", "httpcore", "mirelo_ergo_api"}
    elif name == "pytest_plugin.py":
        assert third == {"pytest"}
    else:
        assert third == set()


@pytest.mark.parametrize("name", [name for name in CORE + sorted(COLOURED) if name.startswith("_runtime/")])
def test_the_runtime_names_no_service(name: str) -> None:
    """Not in its code and not in its words: what it needs to know of one is in that one's `Api` and `JobApi`."""
    text = re.sub("mirelo[_-]ergo|MireloError", "", FILES[name].read_text())  # the package's own names
    assert [word for word in re.findall(r"\w+", text) if any(service in word.lower() for service in SERVICES)] == []


def test_nothing_but_the_command_line_and_the_fixtures_imports_the_emulator() -> None:
    users = {name for name in FILES if "emulator" in ours(imported(name)) and not name.startswith("emulator/")}
    assert all(name.startswith("cli/") or name in ("__main__.py", "pytest_plugin.py", "_testing.py") for name in users)


def test_generated_code_does_not_know_us() -> None:
    files = sorted(GENERATED.rglob("*.py"))
    assert len(files) > 20
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.split(".")[0] == "mirelo_ergo" for name in names), path


ROOMS = [{"io"}, {"api"}, {"transfer"}, {"http", "webhooks"}, {"jobs"}, {"client"}]  # the lowest first
SHARED = {"arguments", "ids", "redact"}  # files of the runtime beside its rooms


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("_runtime/") and name.count("/") == 2])
def test_a_room_imports_only_what_is_below_it(name: str) -> None:
    """Also for typing: who reads a file should not need to know what is above it."""
    room = name.split("/")[1]
    floor = next(number for number, rooms in enumerate(ROOMS) if room in rooms)
    below = {room}.union(SHARED, *ROOMS[:floor])
    used = {each.split(".")[2] for each in imported(name) if each.startswith("mirelo_ergo._runtime.")}
    assert used <= below


def test_no_circle_of_files_is_imported() -> None:
    graph = {
        "mirelo_ergo." + name.removesuffix(".py").removesuffix("/__init__").replace("/", "."): imported(name)
        for name in FILES
        if name.startswith("_runtime/") or name.split("/")[0] in SERVICES
    }
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, f"a circle: {' > '.join([*path[path.index(module) :], module])}"
        if module in graph and module not in done:
            for each in sorted(graph[module]):
                visit(each, (*path, module))
            done.add(module)

    for module in sorted(graph):
        visit(module, ())

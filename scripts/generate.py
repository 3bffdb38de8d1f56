"""Write generated/mirelo_ergo_api/ from openapi/, or verify with --check that it is up to date.

Each openapi/<service>.yaml is normalised with openapi/overlays/<service>.yaml (see scripts/generation/),
given to the pinned openapi-python-client, and gets limits.py, operations.py, bodies.py and answers.py. All is built in
a temporary folder and swapped in whole. The bytes depend on the specs and the two pinned tools alone; no network is
used.
"""

import argparse
import ast
import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run as a file, only scripts/ is on the path

from scripts.generation.checks import check, module_name
from scripts.generation.documents import GenerationError, canonical, load, operations
from scripts.generation.limits import render_limits
from scripts.generation.normalise import load_overlay, normalise
from scripts.generation.openapi31 import is_31
from scripts.generation.tables import render_answers, render_bodies, render_operations
from scripts.generation.validation import validate

ROOT = Path(__file__).resolve().parent.parent
GENERATOR = "0.29.1"
RUFF = "0.17.6"
CONFIG = {
    "literal_enums": True,
    "docstrings_on_attributes": True,
    "post_hooks": [
        "ruff check . --isolated --no-cache --fix-only --select=F401,F811,I --target-version=py311",
        "ruff format . --isolated --no-cache",
    ],
}
UMBRELLA = '"""Machine-written clients, one package per service; `make generate` writes them."""\n'
LAZY_PACKAGE = '''
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client import AuthenticatedClient, Client

__all__ = ("AuthenticatedClient", "Client")


def __getattr__(name: str) -> Any:
    """Import the clients with their first use: httpx comes with them."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import client

    return getattr(client, name)
'''
_DONE = {"missing": "written", "differs": "written", "extra": "removed"}
"""What has become of a file that differed."""
_TOOLS = Path(sysconfig.get_path("scripts"))  # of this very environment, activated or not


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Generate, or compare; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; name each file that differs, and exit with 1"
    )
    options = parser.parse_args(arguments)
    target = root / "generated" / "mirelo_ergo_api"
    try:
        check_tools()
        with tempfile.TemporaryDirectory(prefix="mirelo-ergo-") as folder:
            fresh = Path(folder) / target.name
            build(root / "openapi", fresh)
            differences = compare(fresh, target)
            if differences and not options.check:
                swap(fresh, target)
    except GenerationError as problem:
        print(f"generate: {problem}", file=sys.stderr)
        return 1
    for name, verdict in differences:
        print(f"{verdict if options.check else _DONE[verdict]}: generated/{target.name}/{name}")
    if options.check and differences:
        print(
            "generated/ is not what openapi/ says: run `make generate`, and do not edit it by hand",
            file=sys.stderr,
        )
        return 1
    return 0


def check_tools() -> None:
    """Refuse versions of the generator and ruff other than the pinned ones, because their output differs."""
    installed = importlib.metadata.version("openapi-python-client")
    if installed != GENERATOR:
        raise GenerationError(
            f"openapi-python-client is {installed}, not {GENERATOR}: pip install -r requirements-dev.txt"
        )
    ruff = _TOOLS / "ruff"
    answer = _run([str(ruff), "--version"], _TOOLS).stdout.split() if ruff.exists() else []
    if answer != ["ruff", RUFF]:
        raise GenerationError(f"{ruff} is {answer[1:] or 'missing'}, not {RUFF}: pip install -r requirements-dev.txt")


def build(openapi: Path, target: Path) -> None:
    """Write the umbrella package with one package for each spec."""
    specs, overlays = (
        {path.stem: path for path in sorted(folder.glob("*.yaml"))} for folder in (openapi, openapi / "overlays")
    )
    if not specs or specs.keys() != overlays.keys():
        raise GenerationError(
            f"openapi/ has the specs {sorted(specs)}, overlays/ has {sorted(overlays)}; each needs the other"
        )
    target.mkdir()
    (target / "__init__.py").write_text(UMBRELLA, encoding="utf-8")
    (target / "py.typed").touch()
    for service, spec in specs.items():
        check_service(service)
        try:
            build_service(prepare(spec, overlays[service]), target / service.replace("-", "_"))
        except GenerationError as problem:
            raise GenerationError(f"{spec.name}: {problem}") from problem


def check_service(service: str) -> None:
    """Refuse a service whose name is not valid for a file and a package."""
    if not re.fullmatch(r"[a-z][a-z0-9-]*", service):
        raise GenerationError(
            f"{service[:40]!r}: a spec is named by small letters, digits and -, because its package is too"
        )


def prepare(spec: Path, overlay: Path) -> dict[str, Any]:
    """Read a spec and return it validated, normalised and checked."""
    document = load(spec)
    if is_31(document):
        raise GenerationError("/openapi: a stored spec is 3.0; `make update-spec` writes a file of 3.1 so")
    validate(document)
    normalised = normalise(document, load_overlay(overlay))
    check(normalised)
    return normalised


def build_service(document: dict[str, Any], package: Path) -> None:
    """Write one service's package from its normalised spec."""
    sha256 = hashlib.sha256(canonical(document).encode()).hexdigest()
    own = {
        "limits.py": render_limits(document, sha256, f"openapi-python-client {GENERATOR}"),
        "operations.py": render_operations(document),
        "bodies.py": render_bodies(document),
        "answers.py": render_answers(document),
    }
    with tempfile.TemporaryDirectory(prefix="mirelo-ergo-") as folder:
        spec, config = Path(folder) / "spec.json", Path(folder) / "config.json"
        spec.write_text(canonical(document), encoding="utf-8")
        config.write_text(json.dumps(CONFIG), encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "openapi_python_client",
            "generate",
            "--meta",
            "none",
            "--fail-on-warning",
        ]
        run = _run(
            [*command, "--path", str(spec), "--config", str(config), "--output-path", str(package)],
            Path(folder),
        )
    if run.returncode != 0:
        raise GenerationError(f"openapi-python-client failed:\n{run.stdout}{run.stderr}")
    written = (package / "__init__.py").read_text(encoding="utf-8")
    docstring = ast.get_source_segment(written, ast.parse(written).body[0])  # a title may have several lines
    own["__init__.py"] = f"{docstring}\n{LAZY_PACKAGE}"
    for name, source in own.items():
        (package / name).write_text(source, encoding="utf-8")
    _format([*own], package)
    (package / "py.typed").touch()
    verify(document, package)


def _format(names: list[str], package: Path) -> None:
    """Format our modules, and drop unused imports."""
    ruff = str(_TOOLS / "ruff")
    for command in (
        ["check", "--fix-only", "--quiet", "--select=F401"],
        ["format"],
    ):
        run = _run([ruff, *command, "--isolated", "--no-cache", *names], package)
        if run.returncode != 0:
            raise GenerationError(f"ruff failed on {', '.join(names)}:\n{run.stderr}")


def verify(document: dict[str, Any], package: Path) -> None:
    """Refuse a package that lacks an operation of the spec, has another one, or compiles with a warning."""
    for module in package.rglob("*.py"):
        try:
            with warnings.catch_warnings(action="error"):
                compile(module.read_bytes(), module.relative_to(package), "exec", dont_inherit=True)
        except (SyntaxError, SyntaxWarning) as problem:
            raise GenerationError(f"the generator wrote code that does not compile: {problem}") from problem
    expected = {
        f"{module_name((operation.get('tags') or ['default'])[0])}/{module_name(operation['operationId'])}.py"
        for _, operation in operations(document)
    }
    modules = {path for path in (package / "api").glob("*/*.py") if path.name != "__init__.py"}
    found = {path.relative_to(package / "api").as_posix() for path in modules if "_get_kwargs" in _functions(path)}
    if odd := sorted(expected ^ found):
        raise GenerationError(f"the generator's endpoints are not the spec's operations; look at {', '.join(odd)}")


def compare(fresh: Path, committed: Path) -> list[tuple[str, str]]:
    """Return the name of each file that differs, byte for byte, and how: "missing", "extra" or "differs"."""
    new, old = _files(fresh), _files(committed)
    verdicts = [(name, "missing") for name in new.keys() - old.keys()] + [
        (name, "extra") for name in old.keys() - new.keys()
    ]
    verdicts += [(name, "differs") for name in new.keys() & old.keys() if new[name] != old[name]]
    return sorted(verdicts)


def swap(fresh: Path, target: Path) -> None:
    """Replace the old folder by the new one, so that no stale file and no half-written tree remains."""
    staged, retired = (target.with_name(f".{target.name}.{state}-{os.getpid()}") for state in ("new", "old"))
    target.parent.mkdir(exist_ok=True)
    try:
        shutil.copytree(fresh, staged)
        if target.exists():
            target.rename(retired)
        staged.rename(target)
    except BaseException:
        if retired.exists() and not target.exists():
            retired.rename(target)
        raise
    finally:
        shutil.rmtree(staged, ignore_errors=True)
        shutil.rmtree(retired, ignore_errors=True)


def _files(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def _functions(module: Path) -> set[str]:
    body = ast.parse(module.read_bytes()).body
    return {node.name for node in body if isinstance(node, ast.FunctionDef)}


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a tool of this environment without the caller's RUFF_* and PYTHON*, with a fixed hash seed."""
    kept = {name: os.environ[name] for name in ("HOME", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    environment = kept | {
        "PATH": os.pathsep.join([str(_TOOLS), os.defpath]),
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
    }
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
    )


if __name__ == "__main__":
    sys.exit(main())

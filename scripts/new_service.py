"""Write the stubs of a new service: spec, overlay, clients, emulated service and tests.

    python scripts/new_service.py tone_lab

The stubs speak an API of a kind that is common (POST /jobs, GET /jobs/ID): replace what your service does otherwise.
They import, type-check and pass their tests. The spec is empty; the last lines printed say what comes next.
"""

from __future__ import annotations

import argparse
import keyword
import re
import subprocess
import sys
from pathlib import Path
from string import Template

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = Path(__file__).resolve().parent / "service"
PLACES = {
    "spec.yaml.txt": "openapi/$stem.yaml",
    "overlay.yaml.txt": "openapi/overlays/$stem.yaml",
    "init.py.txt": "src/mirelo_ergo/$name/__init__.py",
    "service.py.txt": "src/mirelo_ergo/$name/service.py",
    "values.py.txt": "src/mirelo_ergo/$name/values.py",
    "flows.py.txt": "src/mirelo_ergo/$name/flows.py",
    "calls.py.txt": "src/mirelo_ergo/$name/calls.py",
    "blocking.py.txt": "src/mirelo_ergo/$name/blocking.py",
    "emulator_init.py.txt": "src/mirelo_ergo/emulator/services/$name/__init__.py",
    "emulator_service.py.txt": "src/mirelo_ergo/emulator/services/$name/service.py",
    "test.py.txt": "tests/$name/test_$name.py",
}
TWIN = {
    "The sync client": "The async client",
    "`asynchronous.py` is": "`blocking.py` is",
    "client.blocking import ServiceClient": "client.asynchronous import AsyncServiceClient",
    "jobs.blocking import JobRequest": "jobs.asynchronous import AsyncJobRequest",
    "ServiceClient[": "AsyncServiceClient[",
    "Calls[JobRequest]": "Calls[AsyncJobRequest]",
    "-> JobRequest": "-> AsyncJobRequest",
    "return JobRequest": "return AsyncJobRequest",
    "httpx.BaseTransport": "httpx.AsyncBaseTransport",
    "httpx.Client": "httpx.AsyncClient",
}
"""What is other in the async client's module."""
NEXT = """written: {files} files, {lines} lines. They pass `make check`. Next:

1. `make generate` writes the client of the empty spec. Take the real one in with `make update-spec FILE=vendor.yaml
   SERVICE={stem}`; then let the calls take bodies, limits and operations from mirelo_ergo_api.{name}, as pixazo/ does.
2. Make it public: the clients in src/mirelo_ergo/__init__.py and tests/typing/api.py, the jobs in
   src/mirelo_ergo/services.py, the emulated service in src/mirelo_ergo/emulator/services/registry.py, and a row in the
   README's table of services.
"""


def main(given: list[str] | None = None, root: Path = ROOT) -> int:
    """Write the stubs; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help="of its folder, and the first word of its tokens: small letters, digits and _")
    name: str = parser.parse_args(given).name
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or keyword.iskeyword(name):
        parser.error(
            f"{name!r} cannot name a folder, a module and a token: small letters, digits and _, no Python keyword"
        )
    files = render(name)
    there = [path for path in files if (root / path).exists()]
    if there:
        parser.error(f"{name} is there already: {', '.join(there)}")
    contracts = add_to_contracts((root / "pyproject.toml").read_text(encoding="utf-8"), name)
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    (root / "pyproject.toml").write_text(contracts, encoding="utf-8")
    for arguments in (["check", "--select", "I", "--fix"], ["format"]):  # the layout depends on the length of the name
        ruff = [sys.executable, "-m", "ruff", *arguments, "--quiet", *(path for path in files if path.endswith(".py"))]
        subprocess.run(ruff, cwd=root, check=True)
    lines = sum(text.count("\n") for text in files.values())
    print(NEXT.format(files=len(files), lines=lines, name=name, stem=name.replace("_", "-")), end="")
    return 0


def render(name: str) -> dict[str, str]:
    """Return the text of each file, by its path."""
    title = name.replace("_", " ").title()
    words = {
        "name": name,
        "stem": name.replace("_", "-"),
        "title": title,
        "Class": title.replace(" ", ""),
        "CONST": name.upper(),
    }
    files = {
        Template(place).substitute(words): Template((TEMPLATES / file).read_text(encoding="utf-8")).substitute(words)
        for file, place in PLACES.items()
    }
    blocking = f"src/mirelo_ergo/{name}/blocking.py"
    twin = files[blocking].replace(f"{words['Class']}Client", f"Async{words['Class']}Client")
    for old, new in TWIN.items():
        twin = twin.replace(old, new)
    return files | {blocking.replace("blocking", "asynchronous"): twin}


def add_to_contracts(text: str, name: str) -> str:
    """Return pyproject.toml with the service beside the last one: in import-linter's contracts, and for ruff."""
    found = re.search(r'^    "(mirelo( \| \w+)+) \| emulator",$', text, re.MULTILINE)
    if found is None:
        raise SystemExit('new_service: pyproject.toml has no layer "mirelo | … | emulator"')
    last = found[1].split(" | ")[-1]
    text = text.replace(f"{last} | emulator", f"{last} | {name} | emulator")
    text = text.replace(f",{last}}}/*.py", f",{last},{name}}}/*.py")
    return text.replace(f'    "mirelo_ergo.{last}",\n', f'    "mirelo_ergo.{last}",\n    "mirelo_ergo.{name}",\n')


if __name__ == "__main__":
    sys.exit(main())

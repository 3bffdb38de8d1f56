"""Take a vendor's spec file into openapi/, generate the client from it, and say what changed for callers.

The file is stored as this script writes it, not as it was given: every reader of YAML then reads the same (the
emulator's would take an unquoted date for a date), nothing in it shows other than it reads, and the diff of two
versions shows what changed, not how the vendor's tool laid it out. What says the same as before keeps its lines and
its comments (scripts/generation/stored.py). Nothing is written unless all of it works. Exits with 0 once the client is
generated, also when callers break, and with 1 when the file is refused.
"""

import argparse
import itertools
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run as a file, only scripts/ is on the path

from scripts.api_diff import NOTHING, diff, read, take_in
from scripts.diffing.changes import printable, report
from scripts.diffing.shapes import tag
from scripts.generate import ROOT, build, check_service, check_tools, swap
from scripts.generation.checks import check, module_name, odd_character
from scripts.generation.conditions import lay
from scripts.generation.documents import GenerationError, canonical, dump, find, join, split
from scripts.generation.normalise import NamingError, inline, load_overlay, normalise
from scripts.generation.stored import merge


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Take a file in; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="the vendor's spec, YAML or JSON, in either form")
    parser.add_argument("service", help="the name of the spec in openapi/, such as mirelo-v2")
    options = parser.parse_args(arguments)
    if not options.file.name or not options.service:
        parser.error("both are needed: make update-spec FILE=vendor.yaml SERVICE=mirelo-v2")
    try:
        print(printable(update(options.file, options.service, root)), end="")
    except (GenerationError, OSError) as problem:
        print(printable(f"update-spec: {problem}\nnothing was changed"), file=sys.stderr)
        return 1
    return 0


def update(file: Path, service: str, root: Path) -> str:
    """Store the spec and generate the client, both or neither; return the report."""
    check_tools()
    check_service(service)
    spec, overlay = root / "openapi" / f"{service}.yaml", root / "openapi" / "overlays" / f"{service}.yaml"
    if not overlay.is_file():
        raise GenerationError(
            f"{service} is new: write openapi/overlays/{service}.yaml first, with `names: {{}}` in it"
        )
    if spec.exists() and file.samefile(spec):
        raise GenerationError(f"{file} is the stored spec itself; edit it and run `make generate`")
    document, left_out = take_in(file.read_bytes(), str(file))
    told = load_overlay(overlay)
    before = read(spec.read_bytes(), str(spec)) if spec.exists() else NOTHING
    changes = diff(*(lay(each, told.conditions, strict=False) for each in (before, document)))
    stored = spec.read_text(encoding="utf-8") if spec.exists() else ""
    with tempfile.TemporaryDirectory(prefix="mirelo-ergo-") as folder:
        staged, fresh = Path(folder) / "openapi", Path(folder) / "mirelo_ergo_api"
        shutil.copytree(root / "openapi", staged)
        try:
            check(normalise(document, told))
        except NamingError as problem:
            raise GenerationError("\n".join(_explain(problem, overlay, inline(document)))) from problem
        text = merge(stored, document, told.names) if stored else render(document)
        (staged / spec.name).write_text(text, encoding="utf-8")
        build(staged, fresh)
        replace(spec, text, fresh, root / "generated" / fresh.name)
    lost = f"left out, because they say nothing of requests: {', '.join(left_out)}\n" if left_out else ""
    comments = sorted(set(_comments(stored)) - set(_comments(text)))
    lost += "".join(f"a comment went with what it stood in: {comment}\n" for comment in comments)
    outcome = f"says the same and stays as it is; generated/{fresh.name} is written"
    if text != stored:
        outcome = f"and generated/{fresh.name} are written"
    return f"{report(service, changes)}{lost}openapi/{spec.name} {outcome}\n"


def _comments(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.lstrip().startswith("#")]


def render(document: dict[str, Any]) -> str:
    """Return the text of the stored file."""
    return dump(document, unicode=odd_character(canonical(document)) is None)


def replace(spec: Path, text: str, fresh: Path, target: Path) -> None:
    """Put the spec and the generated tree in their places, both or neither.

    The spec goes first: killed between the two, `make drift` says so and `make generate` finishes the work.
    """
    before = spec.read_bytes() if spec.exists() else None
    staged = spec.with_name(f".{spec.name}.new-{os.getpid()}")
    try:
        staged.write_text(text, encoding="utf-8")
        staged.replace(spec)
        swap(fresh, target)
    except BaseException:
        staged.unlink(missing_ok=True)
        if before is None:
            spec.unlink(missing_ok=True)
        else:
            spec.write_bytes(before)
        raise


def suggest(document: dict[str, Any], unnamed: list[list[str]], taken: Iterable[str]) -> Iterator[str]:
    """Yield a line of an overlay's name table for each shape without a name; `document` is inlined."""
    modules = set(map(module_name, taken))
    for first, *others in unnamed:
        name = _name(document, first)
        numbered = (f"{name}{number}" for number in itertools.count(2))
        free = next(one for one in itertools.chain([name], numbered) if module_name(one) not in modules)
        modules.add(module_name(free))
        key = first if re.fullmatch(r"/[A-Za-z0-9/~._{}-]+", first) else json.dumps(first)
        yield f"  {key}: {free}" + f"  # and {len(others)} equal elsewhere" * bool(others)


def _explain(problem: NamingError, overlay: Path, document: dict[str, Any]) -> Iterator[str]:
    if problem.unnamed:
        yield f"{overlay.name} has no name for some shapes; add these lines to its `names`, or better ones:"
        yield from suggest(document, problem.unnamed, load_overlay(overlay).names.values())
    if problem.others:
        yield "shapes and names do not match:"
        yield from (f"  {other}" for other in problem.others)


def _name(document: dict[str, Any], pointer: str) -> str:
    """Make a name of the operation, the message and the place in it, such as ExtendAudioSyncRequestSegment."""
    _, path, method, part, *rest = split(pointer)
    operation = find(document, join("/paths", path, method))
    words = [operation.get("operationId", path) if isinstance(operation, dict) else path]
    error = "" if rest[0].startswith("2") else rest[0]
    words.append({"requestBody": "Request", "responses": f"Answer{error}"}.get(part, "Parameter"))
    steps = iter(rest[rest.index("schema") + 1 :])
    at = join("/paths", path, method, part, *rest[: rest.index("schema") + 1])
    for step in steps:
        key = next(steps) if step in ("properties", "oneOf", "anyOf") else ""
        at = join(at, step, key) if key else join(at, step)
        label = (tag(find(document, at)) or f"={key}").partition("=")[2] if key.isdecimal() else ""
        words.append(label or key or {"items": "Item"}.get(step, "Value"))
    parts = re.findall(r"[A-Za-z0-9]+", " ".join(words))
    return "".join(part[0].upper() + part[1:] for part in parts)[:60]


if __name__ == "__main__":
    sys.exit(main())

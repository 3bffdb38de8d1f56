"""Print the changes between two OpenAPI files in words, and whether they break callers.

By default each spec in openapi/ is compared with the last commit's, with the conditions of their overlays, and what no
method of a client reaches is named. Exits with 1 when a change breaks callers, with 0 when none does or when --write
has written it down, and with 2 when there is nothing to compare. What a change is, and when it breaks, is in diffing/.

Libraries that were considered: oasdiff is well kept and knows most of this, but it is Go, one more toolchain to pin,
judges otherwise than we do (a new value in an answer breaks, a parameter's new default does not) and cannot know
`x-limits-when`; openapi-diff is Java. On PyPI, api-schema-diff documents no limit, default, enum, auth or server,
swagger-spec-compatibility reads Swagger 2.0 only, openapispecdiff asks for its files at a prompt, and jsonsubschema
tells that a schema got narrower, not what changed.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run as a file, only scripts/ is on the path

from scripts.diffing.changes import Change, changelog, gather, insert, printable, report
from scripts.diffing.operations import compare_specs
from scripts.diffing.reach import unreached
from scripts.generate import ROOT
from scripts.generation.conditions import lay
from scripts.generation.documents import GenerationError, follow, parse
from scripts.generation.normalise import inline, load_overlay
from scripts.generation.openapi31 import to_30
from scripts.generation.validation import validate

NOTHING: dict[str, Any] = {"openapi": "3.0.3", "info": {"title": "Nothing", "version": "0"}, "paths": {}}


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Compare and print; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, metavar="OLD NEW", help="two spec files, YAML or JSON")
    parser.add_argument("--changelog", action="store_true", help="print the changelog's API section instead")
    parser.add_argument("--write", type=Path, metavar="FILE", help="also put it under `## Unreleased` of a changelog")
    options = parser.parse_args(arguments)
    if len(options.files) not in (0, 2):
        parser.error(f"give OLD and NEW, or neither of them, not {len(options.files)} files")
    try:
        pairs = _given(options.files[0], options.files[1], root) if options.files else _committed(root)
        found = {service: diff(*pair) for service, pair in pairs.items()}
        changes = [change for service_changes in found.values() for change in service_changes]
        items = changelog(changes)
        if options.write and items:
            text = insert(options.write.read_text(encoding="utf-8"), items)
            options.write.write_text(text, encoding="utf-8")
    except (GenerationError, OSError) as problem:
        print(printable(f"api-diff: {problem}"), file=sys.stderr)
        return 2
    if options.changelog:
        print("\n".join(["### API", "", *(items or ["- Nothing changed for callers."])]))
    else:
        print("".join(report(*entry) for entry in found.items()), end="")
        for service, (_, new) in pairs.items():
            if left := unreached(service, new, root):
                print(printable(f"{service}: no method of a client reaches {', '.join(left)}; client.low_level does"))
    return int(not options.write and any(change.breaking for change in changes))


def diff(old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    """Return the changes between two valid specs, in either form."""
    return gather(compare_specs(old, new))


def read(content: bytes, name: str) -> dict[str, Any]:
    """Read a spec; refuse one that cannot be compared. `name` is for messages."""
    return take_in(content, name)[0]


def take_in(content: bytes, name: str) -> tuple[dict[str, Any], list[str]]:
    """Return a spec of OpenAPI 3.0 or 3.1 as 3.0, and the parts that are left out."""
    document = parse(content, name)
    try:
        try:
            converted, left_out = to_30(document)
        except (AttributeError, KeyError, TypeError, ValueError):  # it is not what it says it is
            validate(document)
            raise
        validate(converted)  # of 3.1 only the outcome: its validator does not say where in the document a schema is
        validate(inline(converted))  # a reference may lead to something that cannot stand in its place
    except GenerationError as problem:
        raise GenerationError(f"{name}: {problem}") from problem
    return converted, left_out


_Pair = tuple[dict[str, Any], dict[str, Any]]


def _given(old: Path, new: Path, root: Path) -> dict[str, _Pair]:
    """Return the two files, with the conditions of their service's overlay."""
    pair = read(old.read_bytes(), str(old)), read(new.read_bytes(), str(new))
    for path in sorted((root / "openapi" / "overlays").glob("*.yaml")):
        conditions = load_overlay(path).conditions
        if conditions and all(follow(document, at) for document in pair for at in conditions):
            pair = lay(pair[0], conditions, strict=False), lay(pair[1], conditions, strict=False)
    return {f"{old.name} to {new.name}": pair}


def _committed(root: Path) -> dict[str, _Pair]:
    """Return each service's last committed and current spec."""
    tree = _git(root, "ls-tree", "-r", "--name-only", "HEAD", "openapi/").decode().splitlines()
    committed = {Path(name).stem: name for name in tree if name.endswith(".yaml") and "overlays/" not in name}
    working = {path.stem: path for path in (root / "openapi").glob("*.yaml")}
    found = {}
    for service in sorted(committed.keys() | working.keys()):
        old, new, overlay = NOTHING, NOTHING, f"openapi/overlays/{service}.yaml"
        if service in committed:
            old = read(_git(root, "show", f"HEAD:./{committed[service]}"), f"HEAD:{committed[service]}")
        if overlay in tree:
            old = _with_conditions(old, _git(root, "show", f"HEAD:./{overlay}"))
        if service in working:
            new = read(working[service].read_bytes(), str(working[service]))
        if (root / overlay).is_file():
            new = _with_conditions(new, (root / overlay).read_bytes())
        found[service] = old, new
    return found


def _with_conditions(document: dict[str, Any], overlay: bytes) -> dict[str, Any]:
    return lay(document, parse(overlay, "the overlay").get("conditions") or {}, strict=False)


def _git(root: Path, *arguments: str) -> bytes:
    way_out = "give OLD and NEW to compare two files"
    git = shutil.which("git")
    if git is None:
        raise GenerationError(f"git is not installed, so there is no last commit to compare with; {way_out}")
    run = subprocess.run([git, "-C", str(root), *arguments], capture_output=True, check=False)
    if run.returncode != 0:
        raise GenerationError(f"git {arguments[0]} failed: {run.stderr.decode(errors='replace').strip()}; {way_out}")
    return run.stdout


if __name__ == "__main__":
    sys.exit(main())

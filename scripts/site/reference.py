"""The reference of every public name, from the source as griffe reads it. Nothing is imported."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import griffe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

PACKAGE = "mirelo_ergo"
FOLDER = "reference/"
_KINDS = {
    "clients": ("Clients", "Each service has a client and its async twin."),
    "values": ("Requests, jobs, results and sources", "What clients take and give."),
    "functions": ("Functions", "What needs no client."),
}
_MODULES = {
    "emulator": "The emulator, to be run within a program or a test.",
    "errors": "Every error that leaves this package.",
    "webhooks": "Webhooks instead of polling.",
}


def load(root: Path) -> griffe.Module:
    """Read the package's source."""
    loaded = griffe.load(PACKAGE, search_paths=[str(root / "src"), str(root / "generated")], resolve_aliases=True)
    assert isinstance(loaded, griffe.Module)
    return loaded


def exported(module: griffe.Module) -> list[str]:
    """Return the names that a module says are public."""
    return [str(name) for name in module.exports or [] if not str(name).startswith("_")]


def modules(package: griffe.Module) -> Iterator[griffe.Module]:
    """Yield the public modules that export something, the package itself first."""
    yield package
    for name, member in sorted(package.members.items()):
        if isinstance(member, griffe.Module) and not name.startswith("_") and exported(member):
            yield member


def undocumented(package: griffe.Module) -> Iterator[str]:
    """Yield each public name, and each function and property of a public class, that has no docstring."""
    for module in modules(package):
        for name in exported(module):
            found = _target(module[name])
            if found is None:
                continue
            if not found.has_docstring:
                yield f"{module.path}.{name}"
            if isinstance(found, griffe.Class):
                yield from (
                    f"{module.path}.{name}.{inner}"
                    for inner, member in found.all_members.items()
                    if not inner.startswith("_") and _is_silent(member)
                )


def pages(package: griffe.Module) -> dict[str, str]:
    """Return the pages, by their names: the package's own names by kind, and one for each other public module."""
    found: dict[str, list[str]] = {kind: [] for kind in _KINDS}
    errors = set(exported(package["errors"]))
    for name in sorted(exported(package), key=lambda name: (name.removeprefix("Async"), name.startswith("Async"))):
        if name not in errors:
            found[_kind(package, name)].append(f"::: {PACKAGE}.{name}\n")
    written = {f"{FOLDER}{kind}.md": _page(*_KINDS[kind], names) for kind, names in found.items()}
    for module in modules(package):
        if module is not package:
            words = _MODULES.get(module.name, "What its clients take and give beside jobs and results.")
            names = [f"::: {module.path}.{name}\n" for name in exported(module)]
            written[f"{FOLDER}{module.name}.md"] = _page(f"{PACKAGE}.{module.name}", words, names)
    return written


def type_arguments(package: griffe.Module) -> dict[str, dict[str, str]]:
    """Return by what each client replaces the type variables of the calls that it inherits."""
    found: dict[str, dict[str, str]] = {}
    for name in exported(package):
        client = _target(package[name])
        if isinstance(client, griffe.Class) and _kind(package, name) == "clients":
            found[name] = {}
            for base in client.bases:
                if isinstance(base, griffe.ExprSubscript):
                    given = re.findall(r"(\w+)'?(?:, |$)", str(base.slice))
                    found[name] |= zip(_type_variables(package, base.left), given, strict=True)
    return found


def _type_variables(package: griffe.Module, name: griffe.Expr | str) -> list[str]:
    """Return the type variables of a generic class, in their order."""
    generic = _target(package.modules_collection[str(getattr(name, "canonical_path", name))])
    assert isinstance(generic, griffe.Class)
    return next(re.findall(r"\w+", str(base)[8:]) for base in generic.bases if str(base).startswith("Generic["))


def filled(html: str, arguments: Mapping[str, Mapping[str, str]]) -> str:
    """Return a page with each client's own types in the signatures of what it inherits."""
    parts = re.split(rf'(?=<h2 id="{PACKAGE}\.)', html)
    for number, part in enumerate(parts):
        named = re.match(rf'<h2 id="{PACKAGE}\.(\w+)"', part)
        for variable, given in arguments.get(named[1] if named else "", {}).items():
            parts[number] = re.sub(rf"(?<=>){variable}(?=<)", given, parts[number])
    return "".join(parts)


def is_reference(page: str) -> bool:
    """Whether a page is one of these."""
    return page.startswith(FOLDER) and page != f"{FOLDER}commands.md"


def _page(title: str, words: str, entries: list[str]) -> str:
    return "\n".join([f"# {title}\n", f"{words}\n", *entries])


def _kind(package: griffe.Module, name: str) -> str:
    if name.endswith("Client"):
        return "clients"
    return "functions" if isinstance(_target(package[name]), griffe.Function) else "values"


def _target(member: griffe.Object | griffe.Alias) -> griffe.Object | None:
    """Return what a name stands for; None for what is of another package."""
    if not isinstance(member, griffe.Alias):
        return member
    try:
        found = member.final_target
    except griffe.AliasResolutionError:
        return None
    return found if isinstance(found, griffe.Object) else None


def _is_silent(member: griffe.Object | griffe.Alias) -> bool:
    """Whether a function or property has no docstring. A field's meaning may stand in its class's."""
    found = _target(member)
    return found is not None and not found.has_docstring and (found.is_function or "property" in found.labels)

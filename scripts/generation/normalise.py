"""Normalise both forms of a spec, with named components or inlined, for the generator.

First every reference is replaced by what it refers to, so that both forms are the same document; then the
shapes get their names: from the overlay's table or, where the spec had a reference, from its component.
Components without use, and titles, which the generator would make class names of, are dropped.
"""

import copy
from collections import defaultdict
from pathlib import Path
from typing import Any

import attrs

from scripts.generation.conditions import Conditions, lay
from scripts.generation.documents import (
    CONDITIONS,
    ONE_OF,
    GenerationError,
    Visit,
    canonical,
    find,
    join,
    load,
    map_schemas,
    map_subschemas,
    split,
)

_COMPONENT = "#/components/schemas/"
_MOST_REFERENCES = 50_000
_ANNOTATIONS = ("description", "example", "examples", "externalDocs", "deprecated")


class NamingError(GenerationError):
    """Raised when shapes and names do not match, with the places of each unnamed shape and the other problems."""

    def __init__(self, unnamed: list[list[str]], others: list[str]) -> None:
        missing = [f"{at} has no name; add it to `names` in the overlay" for places in unnamed for at in places]
        super().__init__("\n  ".join(["shapes and names do not match:", *missing, *others]))
        self.unnamed = unnamed
        self.others = others


@attrs.frozen
class Patch:
    """One change to the normalised spec, for the generator's sake."""

    reason: str
    pointer: str
    remove: bool
    value: Any = None


@attrs.frozen
class Overlay:
    """The overlay of a spec: names and conditions, by JSON pointers into its inlined form, and patches."""

    names: dict[str, str]
    patches: tuple[Patch, ...]
    conditions: Conditions = attrs.field(factory=dict)


def load_overlay(path: Path) -> Overlay:
    """Read `openapi/overlays/<service>.yaml`."""
    document = load(path)
    if unknown := sorted(document.keys() - {"names", "patches", "conditions"}):
        raise GenerationError(
            f"{path.name}: unknown key {unknown[0]!r}; an overlay has `names`, `conditions` and `patches`"
        )
    names = document.get("names") or {}
    if not isinstance(names, dict) or not all(isinstance(name, str) for name in names.values()):
        raise GenerationError(f"{path.name}: `names` has to map JSON pointers to names")
    return Overlay(names, tuple(map(_patch, document.get("patches") or [])), document.get("conditions") or {})


def _patch(entry: dict[str, Any]) -> Patch:
    match entry:
        case {"reason": str(reason), "remove": str(pointer), **rest} if reason.strip() and not rest:
            return Patch(reason, pointer, remove=True)
        case {"reason": str(reason), "set": str(pointer), "to": value, **rest} if reason.strip() and not rest:
            return Patch(reason, pointer, remove=False, value=value)
    raise GenerationError(
        f"a patch is {{reason, remove}} or {{reason, set, to}}, with a reason in words, not {entry!r}"
    )


def normalise(spec: dict[str, Any], overlay: Overlay) -> dict[str, Any]:
    """Return the spec with every shape named exactly once, sorted by key and patched."""
    refuse_remote_references(spec)
    inliner = _Inliner(lay(spec, overlay.conditions))
    inlined = inliner.document()
    namer = _Namer(overlay.names, inliner.names)
    map_schemas(inlined, "", namer.learn)
    normalised: dict[str, Any] = map_schemas(inlined, "", namer.lift)
    namer.refuse_mismatches()
    normalised["components"]["schemas"] = dict(sorted(namer.components.items()))
    _spread_security(normalised)
    for patch in overlay.patches:
        _apply(patch, normalised)
    refuse_remote_references(normalised)
    return normalised


def inline(spec: dict[str, Any]) -> dict[str, Any]:
    """Return the spec in the vendors' form: without references, and with the security schemes as only components."""
    refuse_remote_references(spec)
    return _Inliner(spec).document()


def names_in(spec: dict[str, Any]) -> dict[str, str]:
    """Return the spec's own components by the JSON pointers of their schemas."""
    inliner = _Inliner(spec)
    inliner.document()
    return inliner.names


def inline_component(spec: dict[str, Any], kind: str, name: str) -> Any:
    """Return one component without references; `kind` is such as `schemas` or `responses`."""
    inliner, reference = _Inliner(spec), {"$ref": f"#/components/{kind}/{name}"}
    return (inliner.schema if kind == "schemas" else inliner.other)(reference, "")


def refuse_remote_references(document: Any, pointer: str = "") -> None:
    """Refuse a `$ref` to another document: generation reads no network and no other file."""
    if isinstance(document, dict):
        reference = document.get("$ref")
        if isinstance(reference, str) and not reference.startswith("#/"):
            problem = "leads out of the document; copy its target into the spec"
            if reference.startswith("#"):
                problem = "names an anchor; make its target a component"
            raise GenerationError(f"{pointer}/$ref: {reference[:80]!r} {problem}")
    if isinstance(document, dict | list):
        for key, value in document.items() if isinstance(document, dict) else enumerate(document):
            refuse_remote_references(value, join(pointer, key))


class _Inliner:
    """Replaces references by their targets, and remembers the component of each schema."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._open: list[str] = []
        self._followed = 0
        self.names: dict[str, str] = {}

    def document(self) -> dict[str, Any]:
        """Inline all but the components."""
        rest = {key: value for key, value in self._document.items() if key != "components"}
        inlined: dict[str, Any] = map_schemas(rest, "", self.schema, self.other)
        security = self._document.get("components", {}).get("securitySchemes", {})
        return inlined | {"components": {"securitySchemes": security}}

    def schema(self, schema: dict[str, Any], pointer: str) -> dict[str, Any]:
        """Inline one schema."""
        if "$ref" not in schema:
            inlined = map_subschemas(schema, pointer, self.schema)
            inlined.pop("title", None)
            return inlined
        reference = str(schema["$ref"])
        if reference.startswith(_COMPONENT):
            self.names.setdefault(pointer, reference.removeprefix(_COMPONENT))
        inlined = self.schema(self._enter(schema, pointer), pointer)
        self._open.pop()
        return inlined

    def other(self, node: dict[str, Any], pointer: str) -> Any:
        """Inline a reference to a parameter, a body, an answer, a header or an example."""
        inlined = map_schemas(self._enter(node, pointer), pointer, self.schema, self.other)
        self._open.pop()
        return inlined

    def _enter(self, node: dict[str, Any], pointer: str) -> dict[str, Any]:
        if len(node) > 1:
            raise GenerationError(f"{pointer}: OpenAPI 3.0 ignores what stands beside a $ref; put it at the target")
        reference = str(node["$ref"])
        if reference in self._open:
            raise GenerationError(
                f"{pointer}: {reference} contains itself, and a recursive shape cannot be generated; "
                "write the inner one as an object with any fields (type: object)"
            )
        self._followed += 1
        if self._followed > _MOST_REFERENCES:  # each level of components can double them
            raise GenerationError(f"{pointer}: inlined, this spec has more than {_MOST_REFERENCES} references")
        self._open.append(reference)
        target = find(self._document, reference[1:])
        if not isinstance(target, dict):
            raise GenerationError(f"{pointer}: {reference} is no mapping")
        return target


class _Namer:
    """Names every object shape, union and enum, and merges equal ones."""

    def __init__(self, table: dict[str, str], references: dict[str, str]) -> None:
        self._table = table
        self._references = references
        self._names_by_shape: dict[str, set[str]] = defaultdict(set)
        self._names_inside: dict[tuple[str, str], set[str]] = defaultdict(set)  # by shape around it, and place in that
        self._around: list[tuple[str, str]] = []  # shapes that the visited one is in, with their pointers
        self._seen: set[str] = set()
        self._unnamed: dict[str, list[str]] = defaultdict(list)
        self._conflicts: list[str] = []
        self._first: dict[str, tuple[str, str]] = {}
        self.components: dict[str, dict[str, Any]] = {}

    def learn(self, schema: dict[str, Any], pointer: str) -> dict[str, Any]:
        """Record the name of each shape."""
        name = self._given(pointer)
        self._seen.add(pointer)
        if name and _nameable(schema):
            self._names_by_shape[canonical(_shape(schema, pointer))].add(name)
            self._names_inside[self._place(pointer)].add(name)
        elif name and pointer in self._table:
            raise GenerationError(
                f"overlay: {pointer} is named {self._table[pointer]!r}; only objects, unions, enums can be"
            )
        return self._inside(schema, pointer, self.learn)

    def lift(self, schema: dict[str, Any], pointer: str) -> dict[str, Any]:
        """Replace a named schema by a reference to its component."""
        lifted = self._inside(schema, pointer, self.lift)
        if "required" in lifted:
            lifted["required"] = sorted(lifted["required"])
        if not _nameable(schema):
            return lifted
        _write_discriminator(schema, lifted, pointer)
        name = self._given(pointer) or self._by_shape(schema, pointer)
        if name is None:
            return lifted
        shape = canonical(_shape(lifted, pointer))
        first_shape, first_pointer = self._first.setdefault(name, (shape, pointer))
        if shape != first_shape:
            self._conflicts.append(
                f"{name!r} names two shapes, at {first_pointer} and at {pointer}; name one of them otherwise"
            )
        self.components.setdefault(name, lifted)
        return {"$ref": _COMPONENT + name}

    def refuse_mismatches(self) -> None:
        """Refuse unnamed shapes, ambiguous names and names of missing places; list all of them."""
        stale = [
            f"overlay: no schema is at\n  {at}; remove or correct it" for at in sorted(self._table.keys() - self._seen)
        ]
        if self._unnamed or self._conflicts or stale:
            raise NamingError(list(self._unnamed.values()), [*self._conflicts, *stale])

    def _inside(self, schema: dict[str, Any], pointer: str, visit: Visit) -> dict[str, Any]:
        """Visit the schemas within one."""
        if not _nameable(schema):
            return map_subschemas(schema, pointer, visit)
        self._around.append((canonical(_shape(schema, pointer)), pointer))
        visited = map_subschemas(schema, pointer, visit)
        self._around.pop()
        return visited

    def _place(self, pointer: str) -> tuple[str, str]:
        shape, start = self._around[-1] if self._around else ("", "")
        return shape, pointer.removeprefix(start)

    def _given(self, pointer: str) -> str | None:
        name, reference = self._table.get(pointer), self._references.get(pointer)
        if name and reference and name != reference:
            raise GenerationError(
                f"overlay: {pointer} is named {name!r}, but the spec has a $ref to {reference!r} there"
            )
        return name or reference

    def _by_shape(self, schema: dict[str, Any], pointer: str) -> str | None:
        shape = canonical(_shape(schema, pointer))
        names = self._names_by_shape.get(shape, set())
        if len(names) > 1:
            names = self._names_inside.get(self._place(pointer), names)
        if len(names) > 1:
            self._conflicts.append(f"{pointer} could be {' or '.join(sorted(names))}; name it in the overlay")
        elif not names and _is_object(schema):
            self._unnamed[shape].append(pointer)
        return next(iter(names)) if len(names) == 1 else None


def _is_object(schema: dict[str, Any]) -> bool:
    return schema.get("type") == "object" or "properties" in schema


def _nameable(schema: dict[str, Any]) -> bool:
    """Return whether the generator makes a class, or a union of classes, of the schema."""
    return _is_object(schema) or "oneOf" in schema or "anyOf" in schema or "enum" in schema


def _shape(schema: dict[str, Any], pointer: str) -> dict[str, Any]:
    """Return the identity of a schema: everything except annotations and the derived discriminator."""
    shape = map_subschemas(schema, pointer, _shape)
    if "required" in shape:
        shape["required"] = sorted(shape["required"])
    kept = [key for key in shape if key not in (*_ANNOTATIONS, "discriminator") and not key.startswith("x-")]
    return {key: shape[key] for key in shape if key in kept or key in (CONDITIONS, ONE_OF)}


def _write_discriminator(schema: dict[str, Any], lifted: dict[str, Any], pointer: str) -> None:
    """Derive the discriminator of a union from the variants' single-valued enums.

    The inlined form cannot carry a mapping, whose targets are components, so it is always derived; one that
    the spec does carry has to agree.
    """
    declared = schema.get("discriminator")
    variants = schema.get("oneOf") or schema.get("anyOf") or []
    tags = {name: [_tag(variant, name) for variant in variants] for name in (variants or [{}])[0].get("properties", {})}
    telling = [name for name, values in tags.items() if None not in values and len(set(values)) == len(values) > 1]
    lifted.pop("discriminator", None)
    if declared is None and len(telling) != 1:
        return
    name = declared["propertyName"] if declared else telling[0]
    if name not in telling:
        raise GenerationError(
            f"{pointer}/discriminator: {name!r} does not tell the variants apart; it has to be required and "
            "have a single-valued enum in each, all different"
        )
    references = [variant.get("$ref") for variant in lifted.get("oneOf") or lifted["anyOf"]]
    if None in references:  # a variant has no name, which is an error of its own
        return
    mapping = dict(zip(tags[name], references, strict=True))
    given = declared.get("mapping", mapping) if declared else mapping
    if {value: target if "/" in str(target) else _COMPONENT + target for value, target in given.items()} != mapping:
        raise GenerationError(f"{pointer}/discriminator/mapping: the variants' own values of {name!r} say {mapping!r}")
    lifted["discriminator"] = {"propertyName": name, "mapping": mapping}


def _tag(variant: dict[str, Any], name: str) -> str | None:
    values = variant.get("properties", {}).get(name, {}).get("enum", [])
    return str(values[0]) if len(values) == 1 and name in variant.get("required", []) else None


def _spread_security(document: dict[str, Any]) -> None:
    """Move a security requirement from the top into the operations, because the generator only reads it there."""
    everywhere = document.pop("security", None)
    for path in document["paths"].values() if everywhere else ():
        for operation in path.values():
            operation.setdefault("security", everywhere)


def _apply(patch: Patch, document: dict[str, Any]) -> None:
    *parents, last = split(patch.pointer)
    parent = find(document, join("", *parents)) if parents else document
    if not isinstance(parent, dict):
        raise GenerationError(f"overlay: {patch.pointer} is not in a mapping; patch the mapping or the list as a whole")
    if (last not in parent) if patch.remove else (last in parent and parent[last] == patch.value):
        raise GenerationError(f"overlay: the patch of {patch.pointer} changes nothing any more; remove it")
    if patch.remove:
        del parent[last]
    else:
        parent[last] = copy.deepcopy(patch.value)

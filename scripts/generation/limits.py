"""Write limits.py: what a request may contain, which the generator drops, as plain typed values."""

from collections.abc import Collection, Iterator
from typing import Any

from scripts.generation.conditions import collect_conditions
from scripts.generation.documents import CONDITIONS, GenerationError, canonical, find, join, operations

_CONSTRAINTS = {
    "default": "default",
    "minimum": "minimum",
    "exclusiveMinimum": "exclusive_minimum",
    "maximum": "maximum",
    "minLength": "min_length",
    "maxLength": "max_length",
    "enum": "enum",
}
_STRUCTURE = {"type", "properties", "required", "items", "oneOf", "discriminator"}
_ANNOTATIONS = {
    "description",
    "example",
    "examples",
    "externalDocs",
    "deprecated",
    "format",
    "xml",
    "readOnly",
    "writeOnly",
}
_SCALARS = ("string", "integer", "number", "boolean")

_HEADER = '''"""What the service accepts in requests: types, bounds and defaults, as its spec says."""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Limit(NamedTuple):
    """Say what one field or parameter may hold; lengths are in characters, `minimum` and `maximum` are included."""

    name: str  # as on the wire
    type: str  # "integer" "number" "string" "boolean" "object" "array"
    required: bool
    default: str | int | float | bool | None = None
    minimum: float | int | None = None
    maximum: float | int | None = None
    min_length: int | None = None
    max_length: int | None = None
    enum: tuple[str, ...] = ()
    exclusive_minimum: float | int | None = None


class Condition(NamedTuple):
    """Say what else a field has to keep to; both bounds are included.

    `when` names the fields, with their values, that it holds for. With `width`, the field is an object, and the
    bounds are those of its second field named here less the first.
    """

    field: str
    when: tuple[tuple[str, str | int | float | bool], ...] = ()
    width: tuple[str, str] | None = None
    minimum: float | int | None = None
    maximum: float | int | None = None


'''


def render_limits(document: dict[str, Any], sha256: str, generator: str) -> str:
    """Return the source of limits.py for a normalised and checked spec."""
    lines = [_HEADER, f'SPEC_SHA256: Final = "{sha256}"', f'GENERATOR: Final = "{generator}"']
    collected = collect_limits(document)
    lines.append("LIMITS: Final[Mapping[str, Mapping[str, Limit]]] = {")
    for owner, limits in sorted(collected.items()):
        lines.append(f"    {owner!r}: {{")
        lines += [f"        {name!r}: Limit({', '.join(arguments)})," for name, arguments in limits.items()]
        lines.append("    },")
    lines += ["}", "# The object fields of each object, with their limits; a field that is a union is not among them."]
    lines.append("NESTED: Final[Mapping[str, Mapping[str, Mapping[str, Limit]]]] = {")
    for owner, fields in collect_nested(document, collected.keys()).items():
        inner = ", ".join(f"{field!r}: LIMITS[{name!r}]" for field, name in fields.items())
        lines.append(f"    {owner!r}: {{{inner}}},")
    lines += ["}", "CONDITIONS: Final[Mapping[str, tuple[Condition, ...]]] = {"]
    for owner, conditions in collect_conditions(document).items():
        lines.append(f"    {owner!r}: (")
        lines += [f"        Condition({', '.join(arguments)})," for arguments in conditions]
        lines.append("    ),")
    return "\n".join([*lines, "}", ""])


def collect_limits(document: dict[str, Any]) -> dict[str, dict[str, list[str]]]:
    """Return, by request schema or operationId, each field's arguments to `Limit`."""
    collected: dict[str, dict[str, list[str]]] = {}
    for pointer, operation in operations(document):
        parameters: dict[str, list[str]] = {}
        for index, parameter in enumerate(operation.get("parameters", [])):
            at = f"{pointer}/parameters/{index}"
            name, schema = parameter["name"], parameter.get("schema", {})
            schema = find(document, schema["$ref"][1:]) if "$ref" in schema else schema
            if schema.get("type") not in _SCALARS or name in parameters or parameter["in"] == "cookie":
                raise GenerationError(f"{at}: a parameter has a scalar schema, a name of its own, and is no cookie")
            _refuse_unknown(schema, at + "/schema")
            parameters[name] = _limit(name, schema, at + "/schema", parameter.get("required", False))
        if parameters:
            collected[operation["operationId"]] = dict(sorted(parameters.items()))
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
            _reach(
                document,
                content.get("schema", {}),
                join(pointer, "requestBody", "content", media_type, "schema"),
                collected,
            )
    return collected


def collect_nested(document: dict[str, Any], owners: Collection[str]) -> dict[str, dict[str, str]]:
    """Return, by request schema, the schema of each field that is itself one object; it may hold no further one."""
    nested: dict[str, dict[str, str]] = {}
    for owner, schema in document["components"]["schemas"].items():
        references = {field: inner.get("$ref", "") for field, inner in schema.get("properties", {}).items()}
        names = {field: reference.rpartition("/")[2] for field, reference in references.items()}
        if owner in owners and (found := {field: name for field, name in names.items() if name in owners}):
            nested[owner] = found
    for fields in nested.values():
        for name in fields.values():
            if name in nested:
                raise GenerationError(
                    f"/components/schemas/{name}: an object two levels deep has no place in limits.py"
                )
    return nested


def _reach(
    document: dict[str, Any], schema: dict[str, Any], pointer: str, collected: dict[str, dict[str, list[str]]]
) -> str:
    """Collect every object in reach of a request schema, and return the schema's type."""
    if "$ref" in schema:
        pointer = schema["$ref"][1:]
        name, schema = pointer.rpartition("/")[2], find(document, pointer)
        if name in collected:
            return "object"
    else:
        name = ""
    _refuse_unknown(schema, pointer)
    if variants := schema.get("oneOf"):
        types = {_reach(document, variant, f"{pointer}/oneOf/{i}", collected) for i, variant in enumerate(variants)}
        if types != {"object"} or schema.keys() & (_CONSTRAINTS.keys() | {"properties", "items"}):
            raise GenerationError(f"{pointer}/oneOf: limits.py carries unions of objects only, not of {sorted(types)}")
        return "object"
    kind = str(schema.get("type"))
    if kind == "object":
        if not name:
            raise GenerationError(
                f"{pointer}: an object in a request without a component's name has no place in limits.py"
            )
        required = schema.get("required", [])
        collected[name] = {}
        for field, inner in schema.get("properties", {}).items():
            at = join(pointer, "properties", field)
            inner_kind = _reach(document, inner, at, collected)
            target = find(document, inner["$ref"][1:]) if "$ref" in inner else inner
            collected[name][field] = _limit(field, {**target, "type": inner_kind}, at, field in required)
    elif kind == "array":
        if _reach(document, schema.get("items", {}), pointer + "/items", collected) != "object":
            for keyword in _CONSTRAINTS.keys() & schema.get("items", {}).keys():
                raise GenerationError(f"{pointer}/items/{keyword}: limits.py does not carry bounds of a list's items")
    elif kind not in _SCALARS:
        raise GenerationError(f"{pointer}/type: limits.py does not know the type {schema.get('type')!r}")
    return kind


def _refuse_unknown(schema: dict[str, Any], pointer: str) -> None:
    """Refuse a keyword that may be a constraint which limits.py does not carry."""
    for keyword, value in schema.items():
        known = keyword in _CONSTRAINTS or keyword in _STRUCTURE or keyword in _ANNOTATIONS
        known = known or keyword == CONDITIONS or (keyword.startswith("x-") and not keyword.startswith("x-limit"))
        if not known and not (keyword == "additionalProperties" and isinstance(value, bool)):
            raise GenerationError(
                f"{join(pointer, keyword)}: limits.py does not carry {keyword!r}, nothing would check it; "
                "teach scripts/generation/limits.py and the request check about it"
            )


def _limit(name: str, schema: dict[str, Any], pointer: str, required: bool) -> list[str]:
    return [repr(name), repr(schema["type"]), f"required={bool(required)}", *_arguments(schema, pointer)]


def _arguments(schema: dict[str, Any], pointer: str) -> Iterator[str]:
    schema = _with_exclusive_bound(schema, pointer)
    for keyword, argument in _CONSTRAINTS.items():
        value = schema.get(keyword)
        if value is None:
            continue
        if keyword == "enum":
            if schema["type"] != "string":
                raise GenerationError(
                    f"{pointer}/enum: limits.py carries enums of strings only, not {canonical(value)}"
                )
            value = tuple(value)
        yield f"{argument}={value!r}"


def _with_exclusive_bound(schema: dict[str, Any], pointer: str) -> dict[str, Any]:
    """Give the bound itself to `exclusiveMinimum`, which in OpenAPI 3.0 only says that the minimum is not included."""
    bound, excluded = schema.get("minimum"), schema.get("exclusiveMinimum", False)
    if excluded and bound is None:
        raise GenerationError(f"{pointer}/exclusiveMinimum: it excludes nothing without a minimum")
    return {**schema, "minimum": None if excluded else bound, "exclusiveMinimum": bound if excluded else None}

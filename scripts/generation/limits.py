"""Write limits.py: what a request may contain, which the generator drops, as plain typed values."""

from collections.abc import Iterator
from typing import Any

from scripts.generation.documents import GenerationError, canonical, find, join, operations

_CONSTRAINTS = {
    "default": "default",
    "minimum": "minimum",
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
    """Say what one field or parameter may hold; lengths are in characters, both bounds are included."""

    name: str  # as on the wire
    type: str  # "integer" "number" "string" "boolean" "object" "array"
    required: bool
    default: str | int | float | bool | None = None
    minimum: float | int | None = None
    maximum: float | int | None = None
    min_length: int | None = None
    max_length: int | None = None
    enum: tuple[str, ...] = ()

'''


def render_limits(document: dict[str, Any], sha256: str, generator: str) -> str:
    """Return the source of limits.py for a normalised and checked spec."""
    lines = [_HEADER, f'SPEC_SHA256: Final = "{sha256}"', f'GENERATOR: Final = "{generator}"']
    lines.append("LIMITS: Final[Mapping[str, Mapping[str, Limit]]] = {")
    for owner, limits in sorted(collect_limits(document).items()):
        lines.append(f"    {owner!r}: {{")
        lines += [f"        {name!r}: Limit({', '.join(arguments)})," for name, arguments in limits.items()]
        lines.append("    },")
    return "\n".join([*lines, "}", ""])


def collect_limits(document: dict[str, Any]) -> dict[str, dict[str, list[str]]]:
    """Return, by request schema or operationId, each field's arguments to `Limit`."""
    collected: dict[str, dict[str, list[str]]] = {}
    for pointer, operation in operations(document):
        parameters: dict[str, list[str]] = {}
        for index, parameter in enumerate(operation.get("parameters", [])):
            at = f"{pointer}/parameters/{index}"
            name, schema = parameter["name"], parameter.get("schema", {})
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
        known = keyword in _CONSTRAINTS or keyword in _STRUCTURE or keyword in _ANNOTATIONS or keyword.startswith("x-")
        if not known and not (keyword == "additionalProperties" and isinstance(value, bool)):
            raise GenerationError(
                f"{join(pointer, keyword)}: limits.py does not carry {keyword!r}, nothing would check it; "
                "teach scripts/generation/limits.py and the request check about it"
            )


def _limit(name: str, schema: dict[str, Any], pointer: str, required: bool) -> list[str]:
    return [repr(name), repr(schema["type"]), f"required={bool(required)}", *_arguments(schema, pointer)]


def _arguments(schema: dict[str, Any], pointer: str) -> Iterator[str]:
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

"""Write limits.py: the limits of requests, which the generator drops, as typed values."""

from collections.abc import Iterator
from typing import Any

from scripts.generation.conditions import collect_conditions
from scripts.generation.documents import CONDITIONS, ONE_OF, GenerationError, canonical, join, operations, resolve

_CONSTRAINTS = {
    "default": "default",
    "minimum": "minimum",
    "exclusiveMinimum": "exclusive_minimum",
    "maximum": "maximum",
    "exclusiveMaximum": "exclusive_maximum",
    "minLength": "min_length",
    "maxLength": "max_length",
    "enum": "enum",
    "pattern": "pattern",
    "minItems": "min_items",
    "maxItems": "max_items",
    "nullable": "nullable",
}
_STRUCTURE = {"type", "properties", "required", "items", "oneOf", "anyOf", "discriminator"}
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
_OF_TYPE = {"pattern": "string", "minItems": "array", "maxItems": "array"}
"""Constraints that only values of one type are checked for."""
_SCALARS = ("string", "integer", "number", "boolean")

_HEADER = '''"""Types, bounds and defaults of what the service accepts in requests, as its spec says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple


class Limit(NamedTuple):
    """What one field or parameter may hold; lengths are in characters, bounds are included but the exclusive ones.

    `schema` names the object in `LIMITS` that a field of the type "object" holds. Where it holds one of several
    objects, `variants` names each, by the value of its field `tag`. `items` says what a list holds.
    """

    name: str  # as on the wire
    type: str  # "integer" "number" "string" "boolean" "object" "array" "any"
    required: bool
    default: str | int | float | bool | None = None
    minimum: float | int | None = None
    maximum: float | int | None = None
    min_length: int | None = None
    max_length: int | None = None
    enum: tuple[str, ...] = ()
    exclusive_minimum: float | int | None = None
    pattern: str | None = None
    min_items: int | None = None
    max_items: int | None = None
    schema: str | None = None
    tag: str | None = None
    variants: tuple[tuple[str, str], ...] = ()
    items: Limit | None = None
    nullable: bool = False
    exclusive_maximum: float | int | None = None


class Condition(NamedTuple):
    """What else a field has to keep to; both bounds are included.

    It holds while the fields in `when` have these values (None: they are absent), and not while those in `unless` have.
    With `width`, the field is an object, and the bounds are those of its second field named here less the first. With
    `count_of`, the field is a list, and the bounds are those of the number of its items with one of these tags. With
    `absent`, the field, which may be `outer.inner`, has to be left out.
    """

    field: str
    when: tuple[tuple[str, str | int | float | bool | None], ...] = ()
    width: tuple[str, str] | None = None
    minimum: float | int | None = None
    maximum: float | int | None = None
    unless: tuple[tuple[str, str | int | float | bool | None], ...] = ()
    count_of: tuple[str, ...] = ()
    absent: bool = False


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
    lines += ["}", "# By object, fields of which exactly one has to be there."]
    lines.append("ONE_OF: Final[Mapping[str, tuple[str, ...]]] = {")
    lines += [f"    {owner!r}: {fields!r}," for owner, fields in collect_one_of(document, collected).items()]
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
            name, schema = parameter["name"], resolve(document, parameter.get("schema", {}))[0]
            kinds = (*_SCALARS, "array") if parameter["in"] == "query" else _SCALARS
            if schema.get("type") not in kinds or name in parameters or parameter["in"] == "cookie":
                raise GenerationError(
                    f"{at}: a parameter has a scalar schema, or a list of scalars in the query, has a name of its own, "
                    "and is no cookie"
                )
            _, *more = _reach(document, schema, at + "/schema", {})
            parameters[name] = [*_limit(name, schema, at + "/schema", parameter.get("required", False)), *more]
        if parameters:
            collected[operation["operationId"]] = dict(sorted(parameters.items()))
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
            body = content.get("schema", {})
            at = join(pointer, "requestBody", "content", media_type, "schema")
            if resolve(document, body)[0].get("nullable"):
                raise GenerationError(f"{at}/nullable: a body is an object; say that the requestBody is not required")
            _reach(document, body, at, collected)
    return collected


def collect_one_of(document: dict[str, Any], owners: dict[str, dict[str, list[str]]]) -> dict[str, tuple[str, ...]]:
    """Return, by request schema, the fields of which exactly one is required."""
    found: dict[str, tuple[str, ...]] = {}
    for owner, schema in document["components"]["schemas"].items():
        if ONE_OF not in schema:
            continue
        fields, at = schema[ONE_OF], join("/components/schemas", owner, ONE_OF)
        known = schema.get("properties", {}).keys() - schema.get("required", [])
        if owner not in owners:
            raise GenerationError(f"{at}: only an object in a request can have it; nothing checks it here")
        if not isinstance(fields, list) or len(fields) < 2 or not {*fields} <= known:
            raise GenerationError(f"{at}: {fields!r} is no list of two or more optional fields of the object")
        found[owner] = tuple(fields)
    return found


def _reach(
    document: dict[str, Any], schema: dict[str, Any], pointer: str, collected: dict[str, dict[str, list[str]]]
) -> list[str]:
    """Collect every object within a request schema; return the schema's own arguments: its type, then the rest."""
    schema, name = resolve(document, schema)
    if name in collected:
        return [repr("object"), f"schema={name!r}"]
    pointer = f"/components/schemas/{name}" if name else pointer
    _refuse_unknown(schema, pointer)
    for key in ("oneOf", "anyOf"):
        if key in schema:
            return _union(document, schema, key, pointer, collected)
    if not schema.keys() & {"type", "enum", "properties", "items"}:
        return [repr("any")]
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
            kind_of, *more = _reach(document, inner, at, collected)
            bounds = {**resolve(document, inner)[0], "type": kind_of.strip("'")}
            collected[name][field] = [*_limit(field, bounds, at, field in required), *more]
        return [repr("object"), f"schema={name!r}"]
    if kind == "array":
        inner = schema.get("items", {})
        kind_of, *more = _reach(document, inner, pointer + "/items", collected)
        item = _limit(
            "", {**resolve(document, inner)[0], "type": kind_of.strip("'")}, pointer + "/items", required=True
        )
        return [repr("array"), f"items=Limit({', '.join([*item, *more])})"]
    if kind not in _SCALARS:
        raise GenerationError(f"{pointer}/type: limits.py does not know the type {schema.get('type')!r}")
    return [repr(kind)]


def _union(
    document: dict[str, Any],
    schema: dict[str, Any],
    key: str,
    pointer: str,
    collected: dict[str, dict[str, list[str]]],
) -> list[str]:
    variants: list[dict[str, Any]] = schema[key]
    reached = [_reach(document, variant, f"{pointer}/{key}/{i}", collected) for i, variant in enumerate(variants)]
    types = {arguments[0].strip("'") for arguments in reached}
    if types != {"object"} or schema.keys() & (_CONSTRAINTS.keys() - {"nullable"} | {"properties", "items"}):
        raise GenerationError(
            f"{pointer}/{key}: limits.py carries unions of objects only, not of {sorted(types)}; set it to one of them "
            "with a patch in the overlay"
        )
    targets = [resolve(document, each)[0] for each in variants]
    if any(each.get("additionalProperties") is True and not each.get("properties") for each in targets):
        return [repr("object")]  # one of them holds anything
    told = schema.get("discriminator", {})
    tagged = {tag: target.rpartition("/")[2] for tag, target in told.get("mapping", {}).items()}
    if not tagged:
        raise GenerationError(f"{pointer}/{key}: nothing tells the variants apart; give each a field of its own value")
    return [repr("object"), f"tag={told['propertyName']!r}", f"variants={tuple(sorted(tagged.items()))!r}"]


def _refuse_unknown(schema: dict[str, Any], pointer: str) -> None:
    """Refuse a keyword that may be a constraint that limits.py does not have."""
    for keyword, value in schema.items():
        known = keyword in _CONSTRAINTS and _OF_TYPE.get(keyword, schema.get("type")) == schema.get("type")
        known = known or keyword in (*_STRUCTURE, *_ANNOTATIONS, CONDITIONS, ONE_OF)
        known = known or (keyword.startswith("x-") and not keyword.startswith("x-limit"))
        if not known and not (keyword == "additionalProperties" and isinstance(value, bool)):
            raise GenerationError(
                f"{join(pointer, keyword)}: limits.py does not carry {keyword!r}, nothing would check it; "
                "teach scripts/generation/limits.py and the request check about it, or remove it with a patch in the "
                "overlay, which gives the reason"
            )


def _limit(name: str, schema: dict[str, Any], pointer: str, required: bool) -> list[str]:
    return [repr(name), repr(schema["type"]), f"required={bool(required)}", *_arguments(schema, pointer)]


def _arguments(schema: dict[str, Any], pointer: str) -> Iterator[str]:
    schema = _with_exclusive_bound(schema, pointer)
    for keyword, argument in _CONSTRAINTS.items():
        value = schema.get(keyword)
        if value is None or (keyword == "nullable" and not value):
            continue
        if keyword == "enum":
            if schema["type"] != "string":
                raise GenerationError(
                    f"{pointer}/enum: limits.py carries enums of strings only, not {canonical(value)}"
                )
            value = tuple(value)
        yield f"{argument}={value!r}"


def _with_exclusive_bound(schema: dict[str, Any], pointer: str) -> dict[str, Any]:
    """Put the bound itself into an exclusive one, which in OpenAPI 3.0 only says that the bound is not included."""
    for name, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        bound, excluded = schema.get(name), schema.get(exclusive, False)
        if excluded and bound is None:
            raise GenerationError(f"{pointer}/{exclusive}: it excludes nothing without a {name}")
        schema = {**schema, name: None if excluded else bound, exclusive: bound if excluded else None}
    return schema

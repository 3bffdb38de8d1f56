"""Parts of the comparison of schemas: places, findings, and schemas without `allOf`, `oneOf` and `anyOf`."""

import enum
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, TypeVar

import attrs

from scripts.diffing.changes import show
from scripts.generation.documents import CONDITIONS, GenerationError

LOWER = ("minimum", "minLength", "minItems", "minProperties")
UPPER = ("maximum", "maxLength", "maxItems", "maxProperties")
ANNOTATIONS = {"description", "title", "example", "examples", "externalDocs", "xml", "discriminator"}
_OUTER_WINS = ANNOTATIONS | {"default"}
_Key = TypeVar("_Key", bound=Hashable)
_Side = TypeVar("_Side")
_UNIONS = ("oneOf", "anyOf")


class Effect(enum.Enum):
    """How the values that a schema allows have changed."""

    TIGHTER = "tightened"
    WIDER = "widened"
    OTHER = "changed"


@attrs.frozen
class At:
    """A place in a request or an answer: the readable path of a field."""

    field: str
    request: bool

    def inside(self, name: str) -> "At":
        """Return the place of a property."""
        return attrs.evolve(self, field=f"{self.field}.{name}" if self.field else name)

    def items(self) -> "At":
        """Return the place of a list's items."""
        return attrs.evolve(self, field=f"{self.field}[]")

    def variant(self, label: str) -> "At":
        """Return the place of a union's variant."""
        return attrs.evolve(self, field=f"{self.field}({label})")


@attrs.frozen
class Finding:
    """One change at one field, in words that hold both values."""

    field: str
    words: str
    breaking: bool


def either(old: Iterable[_Key], new: Iterable[_Key]) -> list[_Key]:
    """Return the keys of both sides without duplicates, the old ones first."""
    return list(dict.fromkeys([*old, *new]))


def one_sided(
    old: _Side | None, new: _Side | None, field: str, tell: Callable[[_Side], str], needed: bool
) -> Iterator[Finding]:
    """Report keys of one side only: a removed one breaks, an added one breaks if it is required."""
    if old is not None:
        yield Finding(field, f"gone; it was {tell(old)}", breaking=True)
    if new is not None:
        yield Finding(field, f"added; it is {tell(new)}", needed)


def compare_required(was: bool, now: bool, at: At) -> Iterator[Finding]:
    """Report fields that a request newly requires, or that an answer no longer always has."""
    if was != now:
        words = "from required to optional" if was else "from optional to required"
        yield Finding(at.field, words, now if at.request else was)


def fold(schema: dict[str, Any], at: At) -> dict[str, Any]:
    """Return the schema with the members of its `allOf` merged into it."""
    folded = {key: value for key, value in schema.items() if key != "allOf"}
    for member in schema.get("allOf", []):
        folded = merge(folded, fold(member, at), at)
    return folded


def merge(first: dict[str, Any], second: dict[str, Any], at: At) -> dict[str, Any]:
    """Return a schema that allows what both allow, if one schema can express it."""
    merged = first | second
    for key in first.keys() & second.keys():
        one, other = first[key], second[key]
        if key == CONDITIONS:
            merged[key] = [*one, *other]
        elif one == other or key in _OUTER_WINS or key.startswith("x-"):
            merged[key] = one
        elif key == "properties":
            both = {name: merge(one[name], other[name], at.inside(name)) for name in one.keys() & other.keys()}
            merged[key] = one | other | both
        elif key == "required":
            merged[key] = sorted({*one, *other})
        elif key == "enum":
            merged[key] = [value for value in one if value in other]
        elif key in LOWER or key in UPPER:
            merged[key] = max(one, other) if key in LOWER else min(one, other)
        elif key in ("nullable", "deprecated", "readOnly", "writeOnly"):
            merged[key] = True
        else:
            raise GenerationError(
                f"{at.field or 'a body'}: schemas that say {key} {show(one)} and {show(other)} together cannot be "
                "compared; write the merged schema"
            )
    return merged


def alternatives(schema: dict[str, Any], at: At) -> list[dict[str, Any]]:
    """Return the plain variants of a schema; nested unions are flattened."""
    folded = fold(schema, at)
    unions = [key for key in _UNIONS if key in folded]
    if len(unions) > 1:
        raise GenerationError(f"{at.field or 'a body'}: oneOf and anyOf in one schema cannot be compared; use one")
    rest = {key: value for key, value in folded.items() if key not in _UNIONS}
    variants = folded[unions[0]] if unions else []
    return [plain for variant in variants for plain in alternatives(merge(rest, fold(variant, at), at), at)] or [rest]


def kind(schema: dict[str, Any]) -> str | None:
    """Return the type of a plain schema, if necessary by its keywords; None allows all."""
    implied = "object" if "properties" in schema else "array" if "items" in schema else None
    return schema.get("type", implied)


def tag(variant: dict[str, Any]) -> str | None:
    """Return the required field with a single value that identifies a variant, such as `type=url`."""
    for name in sorted(variant.get("required", [])):
        values = variant.get("properties", {}).get(name, {}).get("enum", [])
        if len(values) == 1:
            return f"{name}={values[0]}"
    return None


def label(variant: dict[str, Any]) -> str:
    """Name a plain variant for people."""
    return tag(variant) or kind(variant) or "any"


def describe(schema: dict[str, Any], required: bool) -> str:
    """Return the allowed values of a field or a parameter as a short text."""
    default = f", {show(schema['default'])} by default" if "default" in schema else ""
    kinds = " | ".join(map(label, alternatives(schema, At("", request=True))))
    return f"{'required' if required else 'optional'}, {kinds}{default}"


def fields(schema: dict[str, Any], at: At) -> dict[str, tuple[dict[str, Any], bool]]:
    """Return the properties for this direction, and whether each is required."""
    hidden = "readOnly" if at.request else "writeOnly"
    required = schema.get("required", [])
    found = {}
    for name in [*schema.get("properties", {}), *required]:
        inner = fold(schema.get("properties", {}).get(name, {}), at.inside(name))
        if not inner.get(hidden):
            found[name] = (inner, name in required)
    return found

"""Strategies built from the spec alone, never from `limits.py`: so that the two check each other."""

from __future__ import annotations

import math
import string
from datetime import UTC, datetime
from typing import Any, Final

import attrs
from hypothesis import strategies as st

from tests.property.spec import Schema, holds, resolve

LARGE: Final = 2**53
"""An integer without a bound of its own stays exact in every JSON reader up to here."""

_words = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=12)
_urls = st.builds(
    lambda scheme, host, path, query: f"{scheme}://{host}.example.com/{path}{query}",
    st.sampled_from(["https", "http"]),
    _words,
    _words,
    st.just("") | st.builds(lambda word: f"?signature={word}%2F", _words),
)
_FORMATS: Final[dict[str, st.SearchStrategy[str]]] = {
    "uri": _urls,
    "uuid": st.uuids().map(str),
    "email": st.builds(lambda name, host: f"{name}@{host}.example.com", _words, _words),
    "date-time": st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
        lambda moment: moment.isoformat().replace("+00:00", "Z")
    ),
}
_text = st.characters(exclude_categories=["Cs"])  # half a surrogate pair is no text


def valid(node: Schema, shortest: int = 0) -> st.SearchStrategy[Any]:
    """Make values that fit a schema: every optional field present or absent, every bound reached.

    `shortest` is the least length of strings that have none of their own: an empty id in an answer names nothing.
    """
    schema = resolve(node)
    strategy = _valid(schema, shortest)
    return strategy | st.none() if schema.get("nullable") else strategy


def _valid(schema: Schema, shortest: int) -> st.SearchStrategy[Any]:
    known = {
        "type",
        "description",
        "example",
        "default",
        "format",
        "nullable",
        "discriminator",
        "oneOf",
        "anyOf",
        "enum",
    }
    known |= {"minimum", "maximum", "minLength", "maxLength", "items", "properties", "required", "additionalProperties"}
    known |= {"x-limits-when", "exclusiveMinimum", "anyOf"}
    assert schema.keys() <= known, f"a keyword these strategies do not know: {schema.keys() - known}"
    if "oneOf" in schema or "anyOf" in schema:
        return st.one_of([valid(each, shortest) for each in schema.get("oneOf") or schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema["type"]:
        case "object":
            return _objects(schema, shortest)
        case "array":
            return st.lists(valid(schema["items"], shortest), max_size=4)
        case "boolean":
            return st.booleans()
        case "integer":
            return _integers(schema.get("minimum", -LARGE), schema.get("maximum", LARGE))
        case "number":
            return _numbers(schema)
        case "string":
            if "format" in schema:
                return _FORMATS[schema["format"]]
            low, high = schema.get("minLength", shortest), schema.get("maxLength")
            texts = st.text(_text, min_size=low, max_size=80)
            if not shortest:  # a request's texts are prompts, and one in which nothing is to be seen is refused
                texts = texts.filter(lambda text: any(each.isprintable() and each != " " for each in text))
            return texts if high is None else texts | st.sampled_from(["é" * high, "😀" * high])
    raise AssertionError(f"a type these strategies do not know: {schema['type']}")


def _integers(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high) | st.sampled_from([low, high])


def _numbers(schema: Schema) -> st.SearchStrategy[float]:
    low, high = schema.get("minimum"), schema.get("maximum")
    excluded = schema.get("exclusiveMinimum", False)
    floats = st.floats(low, high, exclude_min=excluded, allow_nan=False, allow_infinity=False)
    bounds = [bound for bound in (None if excluded else low, high) if bound is not None]
    whole = st.integers(math.floor(low or 0) + 1, LARGE if high is None else high)
    return floats | whole | st.sampled_from(bounds) if bounds else floats | whole


def _objects(schema: Schema, shortest: int) -> st.SearchStrategy[dict[str, Any]]:
    if "properties" not in schema:
        return st.dictionaries(_words, st.integers() | _words | st.booleans(), max_size=3)
    fields = {name: valid(node, shortest) for name, node in schema["properties"].items()}
    required = set(schema.get("required", ()))
    objects = st.fixed_dictionaries(
        {name: each for name, each in fields.items() if name in required},
        optional={name: each for name, each in fields.items() if name not in required},
    )
    conditions = schema.get("x-limits-when", [])
    return _within(objects, schema["properties"], conditions) if conditions else objects


@st.composite
def _within(
    draw: st.DrawFn, objects: st.SearchStrategy[dict[str, Any]], properties: Schema, conditions: list[Schema]
) -> dict[str, Any]:
    """Draw again what depends on other fields, within the bounds it then has."""
    values = draw(objects)
    for condition in conditions:
        if not holds(condition, values, properties):
            continue
        if "width_of" in condition:
            inner = values[condition["width_of"]]
            width = draw(_integers(condition["minimum"], condition["maximum"]))
            inner[condition["to"]] = inner[condition["from"]] + width
        elif condition["field"] in values:
            low, high = _narrowed(condition, properties)
            values[condition["field"]] = draw(_integers(low, high))
    return values


def _narrowed(condition: Schema, properties: Schema) -> tuple[int, int]:
    """Return the bounds of a field while a condition holds: its own and the condition's."""
    own = resolve(properties[condition["field"]])
    return max(own["minimum"], condition.get("minimum", 0)), min(own["maximum"], condition.get("maximum", LARGE))


@attrs.frozen
class Forbidden:
    """A value just outside of what a field may hold, and the words that name the bound it breaks.

    `field` has a dot where it is inside of an object; `beside` is what other fields hold, if the bound depends on them.
    """

    field: str
    value: object
    bound: str
    beside: dict[str, object] = attrs.field(factory=dict)
    difference: str = ""

    @property
    def shown(self) -> str:
        """Return the words that show the value: the field's own, or those of a difference of two."""
        return self.difference or f"{self.field}={repr(self.value)[:20]}"

    def within(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return a copy of a request that has this wrong."""
        outer, _, inner = self.field.partition(".")
        value = {**body[outer], inner: self.value} if inner else self.value
        return {**body, **self.beside, outer: value}

    def found_in(self, body: dict[str, Any]) -> object:
        """Return what a request holds in this one's place."""
        outer, _, inner = self.field.partition(".")
        return body[outer][inner] if inner else body[outer]

    def __str__(self) -> str:
        beside = "".join(f" {name}={value}" for name, value in self.beside.items())
        return f"{self.field}={str(self.value)[:40]!r}{beside}"


def forbidden(node: Schema, prefix: str = "") -> list[Forbidden]:
    """List the nearest forbidden values of every field of a request, with wrong types."""
    found = []
    properties = resolve(node)["properties"]
    for name, each in properties.items():
        field, schema = prefix + name, resolve(each)
        if "type" not in schema:  # a union: a source, which is no parameter of its own
            continue
        if schema["type"] == "object":
            found += forbidden(schema, f"{field}.")
            continue
        values: list[tuple[object, str]] = []
        if "minimum" in schema:
            values += [(value, str(schema["minimum"])) for value in _just_below(schema)]
        if "maximum" in schema:
            values += [(schema["maximum"] + 1, str(schema["maximum"])), (10**30, str(schema["maximum"]))]
        if schema.get("minLength"):
            values.append(("x" * (schema["minLength"] - 1), str(schema["minLength"])))
        if "maxLength" in schema:
            values += [(each * (schema["maxLength"] + 1), str(schema["maxLength"])) for each in ("x", "😀")]
        if "enum" in schema:
            others = [schema["enum"][0].upper(), schema["enum"][0] + " ", "", "other"]
            values += [(other, ", ".join(schema["enum"])) for other in others]
        values += [(value, _WORDS[schema["type"]]) for value in _OTHER_TYPES[schema["type"]]]
        found += [Forbidden(field, value, bound) for value, bound in values]
    for condition in resolve(node).get("x-limits-when", []):
        found += _just_outside(condition, properties)
    return found


def _just_below(schema: Schema) -> list[float]:
    least = schema["minimum"]
    nearest = least - 1 if schema["type"] == "integer" else math.nextafter(least, -math.inf)
    return [nearest, least] if schema.get("exclusiveMinimum") else [nearest]


def _just_outside(condition: Schema, properties: Schema) -> list[Forbidden]:
    beside = condition.get("when", {})
    if "width_of" not in condition:
        low, high = _narrowed(condition, properties)
        pairs = {"minimum": (low - 1, low), "maximum": (high + 1, high)}
        return [
            Forbidden(condition["field"], value, str(bound), beside)
            for side, (value, bound) in pairs.items()
            if side in condition
        ]
    field, start, end = condition["width_of"], condition["from"], condition["to"]
    first = resolve(resolve(properties[field])["properties"][start])["minimum"]
    pairs = {side: (condition[side] + step, condition[side]) for side, step in (("minimum", -1), ("maximum", 1))}
    pairs["empty"], pairs["backwards"] = (0, condition["minimum"]), (-1, condition["minimum"])
    return [
        Forbidden(
            field,
            {start: first, end: first + width},
            str(bound),
            beside,
            f"{field}.{end} - {field}.{start}={width}",
        )
        for width, bound in pairs.values()
    ]


_OTHER_TYPES: Final[dict[str, list[object]]] = {
    "integer": [True, False, "5000", 5000.0, 1000.5, float("nan"), None, [5000], {"ms": 5000}, b"5000"],
    "number": [True, False, "5", float("nan"), float("inf"), None, [5], {"s": 5}, b"5"],
    "string": [5, 5.5, True, None, b"rain", ["rain"], {"text": "rain"}],
    "boolean": [0, 1, "true", "", None, [True], b"1"],
}
_WORDS: Final = {"integer": "a whole number", "number": "number", "string": "a string", "boolean": "True or False"}

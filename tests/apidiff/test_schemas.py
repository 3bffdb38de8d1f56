"""Each kind of change of a schema, in both directions, in a request and in an answer."""

from typing import Any

import attrs
import pytest

from scripts.generation.documents import GenerationError
from scripts.generation.validation import validate
from tests.apidiff.specs import ANSWER_PLACES, REQUEST_PLACES, small, told, with_schema
from tests.generation.specs import ANSWER, BODY

OBJECT: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string"}}}
URL: dict[str, Any] = {
    "type": "object",
    "required": ["type"],
    "properties": {"type": {"type": "string", "enum": ["url"]}},
}
ASSET: dict[str, Any] = {
    "type": "object",
    "required": ["type"],
    "properties": {"type": {"type": "string", "enum": ["asset"]}},
}


@attrs.frozen
class Row:
    """Two schemas, what is said of the way there and back, and what breaks (there, back)."""

    name: str
    one: dict[str, Any]
    other: dict[str, Any]
    there: str
    back: str
    breaks: tuple[tuple[bool, bool], tuple[bool, bool]]  # in a request, in an answer
    field: str = ""


TIGHTER = (True, False), (False, False)  # a limit: answers are not checked
NARROWER = (True, False), (False, True)  # a type: a reader has to be able to rely on it
RETYPED = (True, True), (True, True)


def limit(keyword: str, kind: str, loose: Any, tight: Any) -> list[Row]:
    """Return the rows of a limit that gets tighter, and of one that was not there."""
    schema = {"type": kind}
    there, back = f"{keyword} tightened from", f"{keyword} widened from"
    return [
        Row(f"{keyword} tightened", schema | {keyword: loose}, schema | {keyword: tight},
            f"{there} {loose} to {tight}", f"{back} {tight} to {loose}", TIGHTER),
        Row(f"{keyword} set", schema, schema | {keyword: tight},
            f"{there} none to {tight}", f"{back} {tight} to none", TIGHTER),
    ]  # fmt: skip


ROWS = [
    *limit("minimum", "integer", 1, 2),
    *limit("maximum", "number", 9.5, 2.25),
    *limit("minLength", "string", 1, 2),
    *limit("maxLength", "string", 9, 2),
    *limit("minItems", "array", 1, 2)[1:],
    *limit("minProperties", "object", 1, 2),
    *limit("maxProperties", "object", 9, 2),
    *limit("multipleOf", "integer", 5, 10),
    Row("minimum excluded", {"type": "number", "minimum": 0},
        {"type": "number", "minimum": 0, "exclusiveMinimum": True},
        "minimum tightened from 0 to 0 (excluded)", "minimum widened from 0 (excluded) to 0", TIGHTER),
    Row("maximum excluded", {"type": "number", "maximum": 5},
        {"type": "number", "maximum": 5, "exclusiveMaximum": True},
        "maximum tightened from 5 to 5 (excluded)", "maximum widened from 5 (excluded) to 5", TIGHTER),
    Row("another step", {"type": "number", "multipleOf": 0.2}, {"type": "number", "multipleOf": 0.3},
        "multipleOf changed from 0.2 to 0.3", "multipleOf changed from 0.3 to 0.2", ((True, True), (False, False))),
    Row("unique items", {"type": "array"}, {"type": "array", "uniqueItems": True},
        "uniqueItems tightened from none to true", "uniqueItems widened from true to none", TIGHTER),
    Row("pattern set", {"type": "string"}, {"type": "string", "pattern": "^a"},
        'pattern tightened from none to "^a"', 'pattern widened from "^a" to none', TIGHTER),
    Row("another pattern", {"type": "string", "pattern": "^b"}, {"type": "string", "pattern": "^a"},
        'pattern changed from "^b" to "^a"', 'pattern changed from "^a" to "^b"', ((True, True), (False, False))),
    Row("enum set", {"type": "string"}, {"type": "string", "enum": ["a"]},
        'enum tightened from none to ["a"]', 'enum widened from ["a"] to none', TIGHTER),
    Row("enum value", {"type": "string", "enum": ["a", "b"]}, {"type": "string", "enum": ["a"]},
        'enum without "b" tightened from ["a", "b"] to ["a"]', 'enum with "b" widened from ["a"] to ["a", "b"]',
        TIGHTER),
    Row("integer for number", {"type": "number"}, {"type": "integer"},
        "type tightened from number to integer", "type widened from integer to number", NARROWER),
    Row("type set", {}, {"type": "string"},
        "type tightened from any to string", "type widened from string to any", NARROWER),
    Row("another type", {"type": "string", "maxLength": 3}, {"type": "integer", "maximum": 3},
        "type changed from string to integer", "type changed from integer to string", RETYPED),
    Row("format set", {"type": "string"}, {"type": "string", "format": "uuid"},
        "format tightened from none to uuid", "format widened from uuid to none", NARROWER),
    Row("format", {"type": "string", "format": "date"}, {"type": "string", "format": "date-time"},
        "format changed from date to date-time", "format changed from date-time to date", RETYPED),
    Row("integer format", {"type": "integer", "format": "int64"}, {"type": "integer", "format": "int32"},
        "format tightened from int64 to int32", "format widened from int32 to int64", NARROWER),
    Row("nullable", {"type": "string", "nullable": True}, {"type": "string"},
        "nullable tightened from true to false", "nullable widened from false to true", NARROWER),
    Row("a field that may be there", OBJECT, {"type": "object"},
        "gone; it was optional, string", "added; it is optional, string", ((True, False), (True, False)), ".a"),
    Row("a field that has to be there", OBJECT | {"required": ["a"]}, {"type": "object"},
        "gone; it was required, string", "added; it is required, string", ((True, True), (True, False)), ".a"),
    Row("required", OBJECT, OBJECT | {"required": ["a"]},
        "from optional to required", "from required to optional", ((True, False), (False, True)), ".a"),
    Row("extra fields closed", {"type": "object"}, {"type": "object", "additionalProperties": False},
        "extra fields tightened from any to none", "extra fields widened from none to any",
        ((True, False), (False, False))),
    Row("extra fields that were promised", {"type": "object", "additionalProperties": True},
        {"type": "object", "additionalProperties": False},
        "extra fields tightened from any to none", "extra fields widened from none to any",
        ((True, False), (True, False))),
    Row("extra fields typed", {"type": "object"}, {"type": "object", "additionalProperties": {"type": "string"}},
        "extra fields tightened from any to some of one type", "extra fields widened from some of one type to any",
        NARROWER),
    Row("typed extra fields closed", {"type": "object", "additionalProperties": {"type": "string"}},
        {"type": "object", "additionalProperties": False},
        "extra fields tightened from some of one type to none", "extra fields widened from none to some of one type",
        ((True, False), (True, False))),
    Row("a variant", {"oneOf": [URL, ASSET]}, {"oneOf": [URL]},
        "variant type=asset gone: from type=url | type=asset to type=url",
        "variant type=asset added: from type=url to type=url | type=asset", ((True, False), (True, False))),
    Row("a union of one and another", {"type": "string"}, {"anyOf": [{"type": "string"}, {"type": "boolean"}]},
        "variant boolean added: from string to string | boolean",
        "variant boolean gone: from string | boolean to string", ((False, True), (False, True))),
    Row("a variant without a tag", {"oneOf": [URL, ASSET]}, {"oneOf": [URL, ASSET, OBJECT]},
        "variant object added: from type=url | type=asset to type=url | type=asset | object",
        "variant object gone: from type=url | type=asset | object to type=url | type=asset",
        ((False, True), (False, True))),
    Row("overlapping variants", {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        {"oneOf": [{"type": "string"}, {"type": "integer"}]},
        "tightened from anyOf to oneOf", "widened from oneOf to anyOf", TIGHTER),
    Row("not", {"not": {"type": "string"}}, {"not": {"type": "integer"}},
        'not changed from {"type": "string"} to {"type": "integer"}',
        'not changed from {"type": "integer"} to {"type": "string"}', RETYPED),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_change_is_told_with_both_values_and_its_verdict(row: Row) -> None:
    validate(with_schema("request probe", row.one))
    validate(with_schema("request probe", row.other))
    for place in (*REQUEST_PLACES, *ANSWER_PLACES):
        one, other = with_schema(place, row.one), with_schema(place, row.other)
        breaks = row.breaks[place in ANSWER_PLACES]
        assert told(one, other) == [(place + row.field, row.there, breaks[0])]
        assert told(other, one) == [(place + row.field, row.back, breaks[1])]


EQUAL: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"type": "string"}, {"type": "string", "minLength": 0, "nullable": False, "deprecated": False}),
    ({"type": "array"}, {"type": "array", "items": {}, "minItems": 0, "uniqueItems": False}),
    (OBJECT, {"properties": OBJECT["properties"], "additionalProperties": True, "required": []}),
    (OBJECT, OBJECT | {"additionalProperties": {}, "minProperties": 0, "x-order": 3}),
    (OBJECT, {"allOf": [{"type": "object"}, {"properties": OBJECT["properties"]}]}),
    ({"type": "number", "minimum": 1}, {"type": "number", "minimum": 1.0, "exclusiveMinimum": False}),
    ({"type": "string", "enum": ["a", "b"]}, {"type": "string", "enum": ["b", "a"]}),
    ({"oneOf": [URL, ASSET]}, {"oneOf": [ASSET, URL], "discriminator": {"propertyName": "type"}}),
    ({"oneOf": [URL, ASSET]}, {"anyOf": [URL, ASSET]}),  # no value can be both
    ({"oneOf": [URL, ASSET]}, {"oneOf": [{"oneOf": [URL]}, {"allOf": [ASSET]}]}),
    ({"oneOf": [URL]}, URL),
    (OBJECT, OBJECT | {"description": "Other words.", "title": "Other", "example": {"a": "b"}}),
]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_what_means_the_same_is_no_change(one: dict[str, Any], other: dict[str, Any]) -> None:
    for place in (*REQUEST_PLACES, *ANSWER_PLACES):
        assert told(with_schema(place, one), with_schema(place, other)) == []
        assert told(with_schema(place, other), with_schema(place, one)) == []


def test_values_of_an_enum_come_and_go_with_a_verdict_each() -> None:
    schemas = [{"type": "string", "enum": values} for values in (["a", "b"], ["b", "c"])]
    old, new = (with_schema("request probe", schema) for schema in schemas)
    assert told(old, new) == [
        ("request probe", 'enum without "a" tightened from ["a", "b"] to ["b", "c"]', True),
        ("request probe", 'enum with "c" widened from ["a", "b"] to ["b", "c"]', False),
    ]


def test_a_variants_change_names_the_variant() -> None:
    integer, number = ({"oneOf": [{"type": "string"}, {"type": kind}]} for kind in ("integer", "number"))
    old, new = (with_schema("request probe", schema) for schema in (integer, number))
    assert told(old, new) == [("request probe(integer)", "type widened from integer to number", False)]
    longer = ASSET | {"properties": ASSET["properties"] | {"id": {"type": "string"}}}
    old, new = (with_schema("answer 200 probe", {"oneOf": [URL, one]}) for one in (ASSET, longer))
    assert told(old, new) == [("answer 200 probe(type=asset).id", "added; it is optional, string", False)]


def test_another_tag_is_another_variant() -> None:
    link = {"type": "object", "required": ["type"], "properties": {"type": {"type": "string", "enum": ["link"]}}}
    old, new = (with_schema("answer 200 probe", {"oneOf": [one, ASSET]}) for one in (URL, link))
    both = "from type=url | type=asset to type=link | type=asset"
    assert told(old, new) == [
        ("answer 200 probe", f"variant type=url gone: {both}", True),
        ("answer 200 probe", f"variant type=link added: {both}", False),
    ]


def probe(schema: dict[str, Any], required: bool) -> dict[str, Any]:
    """Return the small spec with a field in its request and in its answer."""
    edits = [
        edit
        for owner, listed in ((BODY, ["source"]), (ANSWER, ["id"]))
        for edit in (
            (owner + "/properties/probe", schema),
            (owner + "/required", [*listed, "probe"] if required else listed),
        )
    ]
    return small(*edits)


@pytest.mark.parametrize(
    ("old", "new", "words", "request_breaks", "answer_breaks"),
    [
        ({"default": 3}, {"default": 4}, "from 3 to 4", True, True),
        ({"default": 3}, {}, "from 3 to none", True, True),
        ({}, {"default": 4}, "from none to 4", True, False),  # a request without it may now mean something else
        ({"default": 1}, {"default": True}, "from 1 to true", True, True),
        ({"default": {"a": [1]}}, {"default": {"a": [2]}}, 'from {"a": [1]} to {"a": [2]}', True, True),
    ],
)
def test_a_default_breaks_where_the_field_may_be_left_out(
    old: dict[str, Any], new: dict[str, Any], words: str, request_breaks: bool, answer_breaks: bool
) -> None:
    words = f"default changed {words}"
    assert told(probe(old, required=False), probe(new, required=False)) == [
        *([("request probe", words, True)] if request_breaks else []),
        *([("answer 200 probe", words, True)] if answer_breaks else []),
        *([("answer 200 probe", words, False)] if not answer_breaks else []),
    ]
    assert told(probe(old, required=True), probe(new, required=True)) == [
        ("request probe", words, False),
        ("answer 200 probe", words, False),
    ]


def test_a_field_that_gets_required_or_optional_has_no_default_to_miss() -> None:
    old, new = probe({"default": 3}, required=False), probe({"default": 4}, required=True)
    assert [line for line in told(old, new) if "default" in line[1]] == [
        ("request probe", "default changed from 3 to 4", False),
        ("answer 200 probe", "default changed from 3 to 4", False),
    ]


def test_a_fields_deprecation_breaks_nothing() -> None:
    words = "deprecated changed from false to true"
    assert told(probe({}, required=False), probe({"deprecated": True}, required=False)) == [
        ("request probe", words, False),
        ("answer 200 probe", words, False),
    ]


def test_a_field_that_one_direction_does_not_have_is_compared_in_the_other_only() -> None:
    read, write = ({"type": "string", key: True} for key in ("readOnly", "writeOnly"))
    nothing = small()
    assert told(nothing, probe(read, required=True)) == [("answer 200 probe", "added; it is required, string", False)]
    assert told(nothing, probe(write, required=True)) == [("request probe", "added; it is required, string", True)]
    assert told(probe({"type": "string"}, required=False), probe(read, required=False)) == [
        ("request probe", "gone; it was optional, string", True)
    ]


@pytest.mark.parametrize(
    "schema",
    [
        {"allOf": [{"type": "string"}, {"type": "integer"}]},
        {"oneOf": [URL], "anyOf": [ASSET]},
        {"allOf": [{"type": "string", "pattern": "^a"}, {"pattern": "a$"}]},
        {"oneOf": [{"type": "string"}], "type": "integer"},
    ],
)
def test_schemas_that_cannot_be_compared_are_refused_with_their_place(schema: dict[str, Any]) -> None:
    documents = with_schema("request probe", {}), with_schema("request probe", schema)
    with pytest.raises(GenerationError, match=r"^probe: .* cannot be compared"):
        told(*documents)


def test_schemas_that_hold_together_are_compared_as_one() -> None:
    parts = [
        {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer", "minimum": 1, "maximum": 9}}},
        {"required": ["b"], "properties": {"a": {"minimum": 2, "maximum": 8}, "b": {"enum": ["x", "y"]}}},
        {"nullable": True, "properties": {"b": {"enum": ["y", "z"]}}},
    ]
    whole = {
        "type": "object",
        "nullable": True,
        "required": ["a", "b"],
        "properties": {"a": {"type": "integer", "minimum": 2, "maximum": 8}, "b": {"enum": ["y"]}},
    }
    assert told(with_schema("request probe", {"allOf": parts}), with_schema("request probe", whole)) == []

"""What holds for any two schemas: the verdict is never milder than what happens to a value."""

import copy
import re
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from openapi_schema_validator import OAS30Validator

from scripts.generation.normalise import inline
from tests.apidiff.specs import edited, ours, small, told, with_schema
from tests.generation.specs import ANSWER, BODY
from tests.support.examples import examples

Schema = dict[str, Any]
SMALL = st.integers(0, 4)
NAMES = ("a", "b", "c")
LIMITS = {
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "pattern", "enum"),
    *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
}


def schema(kind: str, fixed: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[Schema]:
    optional = optional | {"nullable": st.booleans()}
    return st.fixed_dictionaries({"type": st.just(kind), **fixed}, optional=optional)


STRINGS = schema(
    "string",
    {},
    {
        "minLength": SMALL,
        "maxLength": SMALL,
        "pattern": st.sampled_from(["^a", "b$"]),
        "enum": st.lists(st.sampled_from(["", "a", "ab", "abc"]), min_size=1, unique=True),
    },
)
BOUNDS = {
    "minimum": SMALL,
    "maximum": SMALL,
    "exclusiveMinimum": st.booleans(),
    "exclusiveMaximum": st.booleans(),
    "multipleOf": st.sampled_from([1, 2, 4]),
}
SCALARS: st.SearchStrategy[Schema] = st.one_of(
    STRINGS, schema("integer", {}, BOUNDS), schema("number", {}, BOUNDS), schema("boolean", {}, {}), st.just({})
)
LISTS = schema("array", {"items": SCALARS}, {"minItems": SMALL, "maxItems": SMALL, "uniqueItems": st.booleans()})
OBJECTS = schema(
    "object",
    {"properties": st.dictionaries(st.sampled_from(NAMES), st.one_of(SCALARS, LISTS))},
    {
        "required": st.lists(st.sampled_from(NAMES), min_size=1, unique=True),
        "additionalProperties": st.one_of(st.booleans(), SCALARS),
        "minProperties": SMALL,
        "maxProperties": SMALL,
    },
)
PLAIN = st.one_of(SCALARS, LISTS, OBJECTS)
UNIONS = st.one_of(
    st.lists(PLAIN, min_size=1, max_size=3).map(lambda members: {"anyOf": members}),
    st.lists(  # whose variants no value can have at once
        PLAIN.map(lambda member: member | {"nullable": False}).filter(lambda member: "type" in member),
        min_size=1,
        max_size=3,
        unique_by=lambda member: str(member["type"]).replace("integer", "number"),
    ).map(lambda members: {"oneOf": members}),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-1, 5), st.sampled_from([0.5, 1.5, "", "a", "ab", "abc", "abcd"])),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(NAMES), inner)),
    max_leaves=5,
)


@st.composite
def pairs(draw: st.DrawFn, schemas: st.SearchStrategy[Schema]) -> tuple[Schema, Schema]:
    """Return two schemas, most of them near to each other: the second has taken some of its parts from a third."""
    old, third = draw(schemas), draw(schemas)
    if draw(st.booleans()) or old.get("type") != third.get("type"):
        return old, third
    if "type" not in old:
        return old, {key: draw(st.permutations(members))[: draw(st.integers(1, 3))] for key, members in old.items()}
    taken = draw(st.sets(st.sampled_from(sorted({*old, *third}))))
    sides = {key: third if key in taken else old for key in {**old, **third}}
    return old, {key: side[key] for key, side in sides.items() if key in side}


def fits(value: Any, schema: Schema) -> bool:
    return not any(OAS30Validator(schema).iter_errors(value))


def known(schema: Schema, change: Callable[[Schema], Schema]) -> Schema:
    """Return the schema with each object changed, those inside others too."""
    changed = change(schema)
    for key, value in changed.items():
        if key in ("oneOf", "anyOf"):
            changed[key] = [known(member, change) for member in value]
        elif key == "properties":
            changed[key] = {name: known(inner, change) for name, inner in value.items()}
        elif key in ("items", "additionalProperties") and isinstance(value, dict):
            changed[key] = known(value, change)
    return changed


def sent(schema: Schema) -> Schema:
    """Return what a strict sender sends: no field that the spec does not name."""
    extras = schema.get("additionalProperties")
    return schema | ({} if isinstance(extras, dict) and extras else {"additionalProperties": False})


def expected(schema: Schema) -> Schema:
    """Return what a tolerant reader relies on: no limits, and nothing of fields that the spec does not name."""
    extras = schema.get("additionalProperties")
    kept = {key: value for key, value in schema.items() if key not in LIMITS}
    return kept | ({} if isinstance(extras, dict) else {"additionalProperties": True})


@examples(100)
@given(pairs(st.one_of(PLAIN, UNIONS)), st.lists(VALUES, min_size=10, max_size=10))
def test_a_value_that_could_be_sent_and_no_longer_can_is_told_as_breaking(
    schemas: tuple[Schema, Schema], values: list[Any]
) -> None:
    lost = [value for value in values if fits(value, known(schemas[0], sent)) and not fits(value, schemas[1])]
    changes = told(*(with_schema("request probe", schema) for schema in schemas))
    assert not lost or any(breaking for _, _, breaking in changes), (lost, changes)


@examples(100)
@given(pairs(PLAIN), st.lists(VALUES, min_size=10, max_size=10))
def test_a_value_that_no_reader_could_expect_is_told_as_breaking(
    schemas: tuple[Schema, Schema], values: list[Any]
) -> None:
    new = [value for value in values if fits(value, schemas[1]) and not fits(value, known(schemas[0], expected))]
    changes = told(*(with_schema("answer 200 probe", schema) for schema in schemas))
    assert not new or any(breaking for _, _, breaking in changes), (new, changes)


def turned(line: tuple[str, str, bool]) -> tuple[str, str]:
    """Return a line as the way back has it."""
    place, words, _ = line
    swaps = {"tightened": "widened", "widened": "tightened", "with": "without", "without": "with"}
    words = re.sub(r"\b(tightened|widened|with|without)\b", lambda found: swaps[found[0]], words)
    words = re.sub(r"from (.*) to (.*)", r"from \2 to \1", words)
    if words.startswith(("gone; it was", "added; it is")):
        words = words.replace("gone; it was", "?").replace("added; it is", "gone; it was").replace("?", "added; it is")
    return place, words


@examples(100)
@given(pairs(PLAIN), st.sampled_from(["request probe", "answer 200 probe"]))
def test_the_way_back_mirrors_the_way_there(schemas: tuple[Schema, Schema], place: str) -> None:
    one, other = (with_schema(place, schema) for schema in schemas)
    there, back = told(one, other), told(other, one)
    assert sorted(map(turned, there)) == sorted((place, words) for place, words, _ in back)
    if place == "request probe":  # what breaks nobody there breaks somebody back, unless both break
        assert all(breaks for _, words, breaks in [*there, *back] if "tightened" in words)
        assert not any(breaks for _, words, breaks in [*there, *back] if "widened" in words)


@examples(80)
@given(st.one_of(PLAIN, UNIONS), st.one_of(PLAIN, UNIONS))
def test_a_spec_is_no_change_from_itself_in_any_form(request: Schema, answer: Schema) -> None:
    inlined = small((BODY + "/properties/probe", request), (ANSWER + "/properties/probe", answer))
    named = edited(
        inlined,
        (BODY + "/properties/probe", {"$ref": "#/components/schemas/In"}),
        (ANSWER + "/properties/probe", {"$ref": "#/components/schemas/Out"}),
        ("/components", {"schemas": {"In": request, "Out": answer}}),
    )
    for one in (inlined, named):
        for other in (copy.deepcopy(inlined), copy.deepcopy(named), inline(named)):
            assert told(one, other) == []


def test_our_spec_is_no_change_from_itself_in_any_form() -> None:
    assert told(ours(), ours()) == told(ours(), inline(ours())) == told(inline(ours()), ours()) == []

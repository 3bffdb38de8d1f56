"""OpenAPI 3.1, as FastAPI and others write it, said in the words of 3.0."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openapi_schema_validator import OAS31Validator

from mirelo_ergo.emulator.spec.validation import VALIDATOR
from scripts.generation.documents import GenerationError
from scripts.generation.openapi31 import to_30
from scripts.generation.validation import validate
from tests.support.examples import examples

POINTER = "/components/schemas/Thing"
STRING, INTEGER, NULL = {"type": "string"}, {"type": "integer"}, {"type": "null"}
OTHER = {"$ref": "#/components/schemas/Other"}


def document(schema: Any, **more: Any) -> dict[str, Any]:
    """Return a 3.1 document with one schema of interest."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Small", "version": "1"},
        "paths": {},
        "components": {"schemas": {"Thing": schema, "Other": {"type": "object"}}},
        **more,
    }


def converted(schema: Any) -> Any:
    """Return a schema as 3.0, in a document that both versions' validators accept."""
    given = document(schema)
    validate(given)
    out, left_out = to_30(given)
    validate(out)
    assert left_out == []
    return out["components"]["schemas"]["Thing"]


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": ["string", "null"]}, {"type": "string", "nullable": True}),
        ({"type": ["null", "integer"], "minimum": 0.0}, {"type": "integer", "minimum": 0, "nullable": True}),
        ({"type": ["null"]}, {"nullable": True, "enum": [None]}),
        (NULL, {"nullable": True, "enum": [None]}),
        ({"const": None}, {"nullable": True, "enum": [None]}),
        ({"type": ["integer", "string", "null"], "minLength": 2, "description": "Both."},
         {"anyOf": [INTEGER, {"type": "string", "minLength": 2}], "nullable": True, "description": "Both."}),
        ({"type": ["integer", "string"], "exclusiveMinimum": 1},
         {"anyOf": [{"type": "integer", "minimum": 1, "exclusiveMinimum": True}, STRING]}),
        ({"anyOf": [{"type": "string", "maxLength": 3}, NULL], "title": "A"},
         {"type": "string", "maxLength": 3, "nullable": True, "title": "A"}),
        ({"anyOf": [OTHER, NULL]}, {"oneOf": [OTHER], "nullable": True}),
        ({"oneOf": [NULL, OTHER], "default": None}, {"oneOf": [OTHER], "nullable": True, "default": None}),
        ({"anyOf": [STRING, INTEGER, NULL]}, {"anyOf": [STRING, INTEGER], "nullable": True}),
        ({"anyOf": [{"anyOf": [STRING, NULL]}, INTEGER]}, {"anyOf": [STRING, INTEGER], "nullable": True}),
        ({"anyOf": [{"anyOf": [{"anyOf": [STRING, NULL]}, NULL]}, NULL]}, {"type": "string", "nullable": True}),
        ({"anyOf": [{"anyOf": [STRING, INTEGER]}, NULL]}, {"anyOf": [STRING, INTEGER], "nullable": True}),
        ({"anyOf": [NULL]}, {"nullable": True, "enum": [None]}),
        ({"allOf": [OTHER], "description": "One."}, {"oneOf": [OTHER], "description": "One."}),
        ({"allOf": [STRING], "maxLength": 3}, {"type": "string", "maxLength": 3}),
        ({"const": "a", "title": "Kind"}, {"enum": ["a"], "type": "string", "title": "Kind"}),
        ({"const": 1}, {"enum": [1], "type": "integer"}),
        ({"const": True}, {"enum": [True], "type": "boolean"}),
        ({"type": ["string", "null"], "enum": ["a", None]}, {"type": "string", "enum": ["a"], "nullable": True}),
        ({"enum": ["a", "b"]}, {"enum": ["a", "b"], "type": "string"}),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 9.5},
         {"type": "number", "minimum": 0, "exclusiveMinimum": True, "maximum": 9.5, "exclusiveMaximum": True}),
        ({"type": "number", "exclusiveMinimum": 1, "minimum": 3}, {"type": "number", "minimum": 3}),
        ({"type": "number", "exclusiveMinimum": 3, "minimum": 3},
         {"type": "number", "minimum": 3, "exclusiveMinimum": True}),
        ({"type": "number", "exclusiveMaximum": 5, "maximum": 3}, {"type": "number", "maximum": 3}),
        ({"type": "string", "examples": ["a", "b"]}, {"type": "string", "example": "a"}),
        ({"type": "string", "contentMediaType": "application/octet-stream"}, {"type": "string", "format": "binary"}),
        ({"type": "string", "contentEncoding": "base64", "contentMediaType": "image/png"},
         {"type": "string", "format": "byte"}),
        ({"type": "string", "contentMediaType": "text/html"}, STRING),
        ({"type": "array", "prefixItems": [INTEGER, {**INTEGER, "title": "B"}], "minItems": 2, "maxItems": 2},
         {"type": "array", "items": INTEGER, "minItems": 2, "maxItems": 2}),
        ({"type": "array", "prefixItems": [INTEGER, STRING], "items": False},
         {"type": "array", "items": {}, "x-limits-prefixItems": [INTEGER, STRING]}),
        ({"type": "array", "items": STRING, "default": []}, {"type": "array", "items": STRING, "x-default": []}),
        ({"type": "object", "properties": {"a": True}}, {"type": "object", "properties": {"a": {}}}),
        ({"type": "object", "propertyNames": STRING, "additionalProperties": {"type": ["integer", "null"]}},
         {"type": "object", "additionalProperties": {"type": "integer", "nullable": True},
          "x-limits-propertyNames": STRING}),
        ({**OTHER, "title": "Other"}, OTHER),
        ({**OTHER, "default": {}, "description": "Beside."},
         {"oneOf": [OTHER], "x-default": {}, "description": "Beside."}),
        ({"type": "string", "$comment": "x", "x-unit": "ms", "unit": "ms"},
         {"type": "string", "x-unit": "ms", "x-limits-unit": "ms"}),
        ({"type": "array", "items": {"not": {"const": "a"}}},
         {"type": "array", "items": {"not": {"type": "string", "enum": ["a"]}}}),
    ],
)  # fmt: skip
def test_a_schema_is_said_in_the_words_of_30(schema: Any, expected: Any) -> None:
    assert converted(schema) == expected


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"type": "object", "properties": {"a": False}}, f"{POINTER}/properties/a: false allows no value"),
        ({**OTHER, "minProperties": 2}, f"{POINTER}/minProperties: beside a \\$ref, 3.0 has no place"),
        ({"$dynamicRef": "#x"}, rf"{POINTER}/\$dynamicRef: 3.0 has no .*component"),
        ({"$id": "https://a.example/b"}, rf"{POINTER}/\$id: 3.0 has no"),
        ({"type": ["string", "integer"], "enum": ["a", 1]}, f"{POINTER}/type: several types beside other choices"),
    ],
)
def test_what_30_cannot_say_is_refused_with_its_place_and_the_way_out(schema: Any, message: str) -> None:
    with pytest.raises(GenerationError, match=message):
        to_30(document(schema))


def test_schemas_under_defs_become_components() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"$ref": "#/components/schemas/Thing/$defs/small_one"}},
        "$defs": {
            "small_one": {"anyOf": [{"$ref": "#/components/schemas/Thing/$defs/small_one/$defs/Inner"}, NULL],
                          "$defs": {"Inner": {"type": "string", "const": "x"}}}
        },
    }  # fmt: skip
    out, _ = to_30(document(schema))
    validate(out)
    schemas = out["components"]["schemas"]
    assert schemas["Thing"] == {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/SmallOne"}}}
    assert schemas["SmallOne"] == {"oneOf": [{"$ref": "#/components/schemas/Inner"}], "nullable": True}
    assert schemas["Inner"] == {"type": "string", "enum": ["x"]}
    with pytest.raises(GenerationError, match=r"\$defs/Other: there is a component 'Other' already"):
        to_30(document({"$defs": {"Other": STRING}}))


def test_components_get_the_names_of_classes_and_two_never_the_same() -> None:
    given = document(
        {
            "oneOf": [{"$ref": "#/components/schemas/Item-Input"}, {"$ref": "#/components/schemas/Page_Item_"}],
            "discriminator": {
                "propertyName": "kind",
                "mapping": {"in": "#/components/schemas/Item-Input", "page": "Page_Item_"},
            },
        }
    )
    kinds = {"type": "object", "properties": {"kind": STRING}}
    given["components"]["schemas"] |= {"Item-Input": kinds, "Page_Item_": kinds}
    out, _ = to_30(given)
    thing = out["components"]["schemas"]["Thing"]
    assert [variant["$ref"].rpartition("/")[2] for variant in thing["oneOf"]] == ["ItemInput", "PageItem"]
    assert thing["discriminator"]["mapping"] == {"in": "#/components/schemas/ItemInput", "page": "PageItem"}
    assert out["components"]["schemas"]["ItemInput"]["required"] == ["kind"]  # a discriminator has to be there
    given["components"]["schemas"]["ItemInput"] = kinds
    with pytest.raises(GenerationError, match=r"/ItemInput: as a class it is called 'ItemInput', as 'Item-Input' is"):
        to_30(given)


def test_what_lies_around_the_schemas_is_30_too() -> None:
    item = {"get": {"responses": {"200": {"$ref": "#/components/responses/Made", "description": "Beside."}}}}
    given = document(STRING, jsonSchemaDialect="https://spec.openapis.org/oas/3.1/dialect/base")
    given["info"] |= {"summary": "In short.", "license": {"name": "MIT", "identifier": "MIT"}}
    given["paths"] = {"/a": {"$ref": "#/components/pathItems/A"}}
    given["webhooks"] = {"done": {"post": {"responses": {"200": {"description": "Taken."}}}}}
    given["components"] |= {
        "pathItems": {"A": item},
        "responses": {"Made": {"description": "Made.", "content": {"application/json": {"schema": True}}}},
    }
    validate(given)
    out, left_out = to_30(given)
    validate(out)
    assert left_out == ["/webhooks", "/components/pathItems"]
    assert out["info"] == {"title": "Small", "version": "1", "description": "In short.", "license": {"name": "MIT"}}
    assert out["paths"]["/a"]["get"]["responses"]["200"] == {"$ref": "#/components/responses/Made"}
    assert out["components"]["responses"]["Made"]["content"]["application/json"]["schema"] == {}
    with pytest.raises(GenerationError, match=r"/paths/~1a/\$ref: .* leads nowhere"):
        to_30({**given, "paths": {"/a": {"$ref": "#/components/pathItems/B"}}})
    with pytest.raises(GenerationError, match=r"/jsonSchemaDialect: 'https://a\.example' is not known"):
        to_30({**given, "jsonSchemaDialect": "https://a.example"})


def test_a_30_document_stays_as_it_is() -> None:
    given = {**document({"type": "string", "nullable": True}), "openapi": "3.0.3"}
    assert to_30(given) == (given, [])


SCALARS = st.one_of(
    st.just({"type": "boolean"}),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["integer", "number", ["integer", "null"], ["number", "string"]])},
        optional={name: st.integers(-2, 3) for name in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")},
    ),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["string", ["string", "null"], ["null", "string", "boolean"]])},
        optional={"minLength": st.integers(0, 2), "maxLength": st.integers(0, 2)},
    ),
    st.sampled_from([{"const": "a"}, {"const": None}, {"const": 1}, {"enum": ["a", None]}, {"enum": ["a", "b"]}, NULL]),
)
SCHEMAS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.fixed_dictionaries(
            {"anyOf": st.lists(inner, min_size=1, max_size=3)},
            optional={"type": st.sampled_from(["string", ["integer", "null"]]), "maxLength": st.just(1)},
        ),
        st.fixed_dictionaries({"anyOf": st.tuples(inner, st.just(NULL)).map(list)}),
        st.fixed_dictionaries({"allOf": st.lists(inner, min_size=1, max_size=1)}),
        st.fixed_dictionaries({"type": st.just("array"), "items": inner}),
        st.fixed_dictionaries(
            {
                "type": st.sampled_from(["object", ["object", "null"]]),
                "properties": st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
            },
            optional={"required": st.just(["a"])},
        ),
    ),
    max_leaves=4,
)
PLAIN = st.one_of(st.none(), st.booleans(), st.integers(-3, 4), st.sampled_from([0.5, "", "a", "b", "abc"]))
VALUES = st.one_of(
    PLAIN,
    st.lists(PLAIN, max_size=2),
    st.dictionaries(st.sampled_from("ab"), st.one_of(PLAIN, st.lists(PLAIN, max_size=1)), max_size=2),
)


@examples(300)
@given(SCHEMAS, st.lists(VALUES, min_size=1, max_size=8))
def test_both_ways_of_saying_it_allow_the_same_values(schema: dict[str, Any], values: list[Any]) -> None:
    """3.1 is judged by its own validator, and what came of it as the emulator does."""
    out = to_30(document(schema))[0]["components"]["schemas"]["Thing"]
    before, after = OAS31Validator(schema), VALIDATOR(out)
    for value in values:
        assert after.is_valid(value) == before.is_valid(value), json.dumps([schema, out, value])

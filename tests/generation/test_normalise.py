"""Both forms of a spec become one, every shape has one name, and what is unclear is refused."""

import copy
import socket
from pathlib import Path
from typing import Any

import pytest

from scripts.generation.documents import GenerationError, canonical, find
from scripts.generation.normalise import load_overlay, normalise
from tests.generation.specs import ANSWER, BODY, NAMES, changed, inlined_spec, prepared, write

COMPONENT = "#/components/schemas/"


def named_spec() -> dict[str, Any]:
    """Return the small spec as hand-kept specs are: with components, and with other words where shapes are used."""
    spec = inlined_spec()
    schemas = {
        "SoundRequest": find(spec, BODY),
        "Source": find(spec, BODY + "/properties/source"),
        "SourceUrl": find(spec, BODY + "/properties/source/oneOf/0"),
        "SourceText": find(spec, BODY + "/properties/source/oneOf/1"),
        "Sound": find(spec, ANSWER),
    }
    schemas["Source"]["oneOf"] = [{"$ref": COMPONENT + "SourceUrl"}, {"$ref": COMPONENT + "SourceText"}]
    schemas["Source"]["discriminator"] = {
        "propertyName": "type",
        "mapping": {"url": COMPONENT + "SourceUrl", "text": COMPONENT + "SourceText"},
    }
    schemas["SoundRequest"]["properties"]["source"] = {"$ref": COMPONENT + "Source"}
    spec["components"] = {
        "schemas": schemas,
        "parameters": {"DryRun": find(spec, "/paths/~1v1~1sounds/post/parameters/0")},
    }
    spec = changed("/paths/~1v1~1sounds/post/parameters", [{"$ref": "#/components/parameters/DryRun"}], spec)
    spec = changed(BODY, {"$ref": COMPONENT + "SoundRequest"}, spec)
    return changed(ANSWER, {"$ref": COMPONENT + "Sound"}, spec)


def test_the_named_and_the_inlined_form_are_one_document(tmp_path: Path) -> None:
    from_named = prepared(tmp_path, named_spec())
    assert canonical(from_named) == canonical(prepared(tmp_path, inlined_spec()))
    assert list(from_named["components"]["schemas"]) == ["Sound", "SoundRequest", "Source", "SourceText", "SourceUrl"]
    assert find(from_named, BODY) == {"$ref": COMPONENT + "SoundRequest"}
    assert find(from_named, "/components/schemas/Source/discriminator") == {
        "propertyName": "type",
        "mapping": {"url": COMPONENT + "SourceUrl", "text": COMPONENT + "SourceText"},
    }


def test_a_spec_with_components_needs_no_table(tmp_path: Path) -> None:
    assert canonical(prepared(tmp_path, named_spec(), {"names": {}})) == canonical(prepared(tmp_path, named_spec()))


def test_a_mapping_may_name_components_without_the_path(tmp_path: Path) -> None:
    short = changed(
        "/components/schemas/Source/discriminator/mapping", {"url": "SourceUrl", "text": "SourceText"}, named_spec()
    )
    assert canonical(prepared(tmp_path, short)) == canonical(prepared(tmp_path, named_spec()))


def test_a_shape_met_again_gets_the_same_name_whatever_is_said_about_it(tmp_path: Path) -> None:
    again = copy.deepcopy(find(inlined_spec(), ANSWER))
    again |= {"description": "The same in other words.", "title": "Whatever", "x-order": 3}
    spec = changed(
        ANSWER.replace("200", "201").removesuffix("/content/application~1json/schema"),
        {
            "description": "Made.",
            "content": {"application/json": {"schema": again}},
        },
    )
    normalised = prepared(tmp_path, spec)
    assert find(normalised, ANSWER.replace("200", "201")) == {"$ref": COMPONENT + "Sound"}
    assert "description" not in normalised["components"]["schemas"]["Sound"]  # the first place's words


def test_shapes_with_other_limits_under_a_condition_are_two(tmp_path: Path) -> None:
    """They would lose them if they were merged with a shape that is the same otherwise."""
    again = find(inlined_spec(), ANSWER) | {"x-limits-when": [{"when": {"at": "x"}, "field": "id", "maxLength": 3}]}
    place = ANSWER.replace("200", "201")
    content = {"application/json": {"schema": again}}
    spec = changed(place.partition("/content")[0], {"description": "Made.", "content": content})
    with pytest.raises(GenerationError, match=f"{place} has no name"):
        prepared(tmp_path, spec)
    normalised = prepared(tmp_path, spec, {"names": NAMES | {place: "ShortSound"}})
    assert normalised["components"]["schemas"]["ShortSound"]["x-limits-when"] == again["x-limits-when"]


def test_titles_are_dropped_because_the_generator_names_classes_after_them(tmp_path: Path) -> None:
    spec = changed(BODY + "/title", "Anything At All")
    assert canonical(prepared(tmp_path, spec)) == canonical(prepared(tmp_path, inlined_spec()))


def test_security_at_the_top_moves_into_the_operations(tmp_path: Path) -> None:
    spec = inlined_spec() | {
        "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
        "security": [{"key": []}],
    }
    normalised = prepared(tmp_path, spec)
    assert find(normalised, "/paths/~1v1~1sounds/post/security") == [{"key": []}]
    assert "security" not in normalised


def test_examples_are_data_and_stay_as_they_are(tmp_path: Path) -> None:
    data = {"schema": {"title": "kept", "required": ["b", "a"]}}
    content = ANSWER.removesuffix("/schema")
    with_examples = changed(content + "/examples", {"one": {"value": data}})
    assert find(prepared(tmp_path, with_examples), content + "/examples/one/value") == data
    assert find(prepared(tmp_path, changed(content + "/example", data)), content + "/example") == data


def test_shapes_without_a_name_are_listed_all_at_once(tmp_path: Path) -> None:
    with pytest.raises(GenerationError) as caught:
        prepared(tmp_path, inlined_spec(), {"names": {BODY: "SoundRequest"}})
    message = str(caught.value)
    unnamed = [pointer for pointer in NAMES if pointer not in (BODY, BODY + "/properties/source")]
    assert [pointer for pointer in unnamed if pointer + " has no name" not in message] == []
    assert f"{BODY} has" not in message


def test_two_shapes_for_one_name_are_refused_with_both_places(tmp_path: Path) -> None:
    with pytest.raises(GenerationError, match=r"'Sound' names two shapes, at .*/requestBody.* and at .*/responses"):
        prepared(tmp_path, inlined_spec(), {"names": NAMES | {BODY: "Sound"}})


def test_one_shape_with_two_names_needs_a_name_at_each_further_place(tmp_path: Path) -> None:
    spec, names = inlined_spec(), dict(NAMES)
    for status, name in (("201", "Draft"), ("202", None)):
        place = ANSWER.replace("200", status)
        spec = changed(
            place.removesuffix("/content/application~1json/schema"),
            {
                "description": "Made.",
                "content": {"application/json": {"schema": find(spec, ANSWER)}},
            },
            spec,
        )
        names |= {place: name} if name else {}
    with pytest.raises(GenerationError, match=r"responses/202.* could be Draft or Sound"):
        prepared(tmp_path, spec, {"names": names})
    normalised = prepared(tmp_path, spec, {"names": names | {ANSWER.replace("200", "202"): "Draft"}})
    assert {"Draft", "Sound"} <= normalised["components"]["schemas"].keys()


def test_one_shape_with_two_names_is_told_by_the_shape_around_it(tmp_path: Path) -> None:
    spec, names = inlined_spec(), dict(NAMES)
    loud = {"type": "object", "properties": {"loud": {"type": "boolean"}}}
    for place, field in ((BODY, "take"), (ANSWER, "made")):
        spec = changed(f"{place}/properties/{field}", loud, spec)
        names[f"{place}/properties/{field}"] = field.title()
    again = copy.deepcopy(find(spec, "/paths/~1v1~1sounds/post")) | {"operationId": "makeSoundAgain"}
    spec = changed("/paths/~1v1~1again", {"post": again}, spec)
    components = prepared(tmp_path, spec, {"names": names})["components"]["schemas"]
    assert components["SoundRequest"]["properties"]["take"] == {"$ref": COMPONENT + "Take"}
    assert components["Sound"]["properties"]["made"] == {"$ref": COMPONENT + "Made"}
    both = changed(f"{BODY}/properties/other", loud, spec)  # in neither place
    with pytest.raises(GenerationError, match=r"v1~1sounds/.*/other could be Made or Take; name it in the overlay"):
        prepared(tmp_path, both, {"names": names})


def test_shapes_with_other_conditions_are_other_shapes(tmp_path: Path) -> None:
    spec = inlined_spec()
    again = copy.deepcopy(find(spec, "/paths/~1v1~1sounds/post")) | {"operationId": "makeSoundAgain"}
    spec = changed("/paths/~1v1~1again", {"post": again}, spec)
    prepared(tmp_path, spec)
    entry = {"when": {"loop": True}, "field": "length", "minimum": 2}
    place = BODY.replace("sounds", "again")
    with pytest.raises(GenerationError, match=r"again/.*/schema has no name"):
        prepared(tmp_path, changed(f"{place}/x-limits-when", [entry], spec))
    names = NAMES | {place: "LoopRequest"}
    limited = prepared(tmp_path, changed(f"{place}/x-limits-when", [entry], spec), {"names": names})
    assert "x-limits-when" not in limited["components"]["schemas"]["SoundRequest"]
    assert limited["components"]["schemas"]["LoopRequest"]["x-limits-when"] == [entry]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({BODY + "/properties/gone": "Gone"}, "no schema is at\n.*properties/gone"),
        ({BODY + "/properties/length": "Length"}, "'Length'; only objects, unions, enums"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(tmp_path: Path, names: dict[str, str], message: str) -> None:
    with pytest.raises(GenerationError, match=message):
        prepared(tmp_path, inlined_spec(), {"names": NAMES | names})


def test_a_table_that_contradicts_the_spec_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GenerationError, match=r"named 'Noise', but the spec has a .ref to 'Sound' there"):
        prepared(tmp_path, named_spec(), {"names": NAMES | {ANSWER: "Noise"}})


@pytest.mark.parametrize(
    "reference",
    [
        "https://example.com/schemas.yaml#/Sound",
        "http://127.0.0.1:9/x.json",
        "other.yaml#/Sound",
        "file:///etc/passwd",
        "",
    ],
)
@pytest.mark.parametrize("pointer", [ANSWER, ANSWER + "/properties/id", "/paths/~1v1~1sounds/post/responses/200"])
def test_a_reference_out_of_the_document_is_refused_before_anything_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reference: str, pointer: str
) -> None:
    opened: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _, address: opened.append(address))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *address, **_: opened.append(address))
    with pytest.raises(GenerationError, match="leads out of the document; copy its target into the spec"):
        prepared(tmp_path, changed(pointer, {"$ref": reference}))
    assert opened == []


def test_a_reference_that_a_patch_brings_in_is_refused_too(tmp_path: Path) -> None:
    patch = {"reason": "a test", "set": ANSWER, "to": {"$ref": "https://example.com/x"}}
    with pytest.raises(GenerationError, match="leads out"):
        prepared(tmp_path, inlined_spec(), {"names": NAMES, "patches": [patch]})


@pytest.mark.parametrize(
    ("pointer", "value", "message"),
    [
        (ANSWER, {"$ref": "#/components/schemas/Gone"}, "Gone"),
        ("/components/schemas/Sound/properties/id", {"$ref": COMPONENT + "Sound"}, "contains itself"),
        (ANSWER, {"$ref": COMPONENT + "Sound", "nullable": True}, r"beside a \$ref"),
        ("/components/schemas/Source/discriminator/propertyName", "kind", "does not tell the variants apart"),
        ("/components/schemas/SourceUrl/required", ["url"], "does not tell the variants apart"),
        ("/components/schemas/SourceUrl/properties/type/enum", ["text"], "does not tell the variants apart"),
        (
            "/components/schemas/Source/discriminator/mapping",
            {"url": COMPONENT + "SourceText", "text": COMPONENT + "SourceUrl"},
            "the variants' own values of 'type' say",
        ),
    ],
)  # fmt: skip
def test_references_and_discriminators_have_to_hold(tmp_path: Path, pointer: str, value: Any, message: str) -> None:
    with pytest.raises(GenerationError, match=message):
        normalise(changed(pointer, value, named_spec()), load_overlay(write(tmp_path, {})[1]))


def test_patches_change_the_normalised_spec(tmp_path: Path) -> None:
    patches = [
        {"reason": "not needed", "remove": "/components/schemas/Sound/properties/at"},
        {"reason": "wanted", "set": "/components/schemas/Sound/description", "to": "What was made."},
    ]
    normalised = prepared(tmp_path, inlined_spec(), {"names": NAMES, "patches": patches})
    assert normalised["components"]["schemas"]["Sound"] == {
        "type": "object",
        "description": "What was made.",
        "required": ["id"],
        "properties": {"id": {"type": "string"}},
    }


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ({"patch": []}, "unknown key 'patch'; an overlay has `names`, `conditions` and `patches`"),
        ({"names": ["Sound"]}, "`names` has to map JSON pointers to names"),
        ({"names": {ANSWER: 1}}, "`names` has to map JSON pointers to names"),
        ({"patches": [{"remove": "/info/title"}]}, "with a reason in words"),
        ({"patches": [{"reason": " ", "remove": "/info/title"}]}, "with a reason in words"),
        ({"patches": [{"reason": "r", "set": "/info/title"}]}, "with a reason in words"),
        ({"patches": [{"reason": "r", "remove": "/info/title", "to": 1}]}, "with a reason in words"),
        ({"patches": [{"reason": "r", "remove": "/info/gone"}]}, "/info/gone changes nothing any more"),
        ({"patches": [{"reason": "r", "set": "/info/title", "to": "Small"}]}, "/info/title changes nothing any more"),
        ({"patches": [{"reason": "r", "set": "/info/gone/x", "to": 1}]}, "nothing is at /info/gone"),
        ({"patches": [{"reason": "r", "set": "/paths/~1v1~1sounds/post/tags/0", "to": "x"}]}, "not in a mapping"),
    ],
)  # fmt: skip
def test_an_overlay_that_does_not_fit_is_refused(tmp_path: Path, overlay: dict[str, Any], message: str) -> None:
    with pytest.raises(GenerationError, match=message):
        prepared(tmp_path, inlined_spec(), {"names": NAMES} | overlay)

"""Names, texts and defaults that are refused because they end up in code."""

from pathlib import Path
from typing import Any

import pytest

from scripts.generation.checks import check
from scripts.generation.documents import GenerationError, find
from scripts.generation.normalise import load_overlay, normalise
from tests.generation.specs import ANSWER, BODY, NAMES, changed, inlined_spec, write

POST = "/paths/~1v1~1sounds/post"
LENGTH = BODY + "/properties/length"
STRANGE = ["", "9lives", "os; import x", "a.b", "name\n", "é", "_hidden", "x" * 130, '");print("', "{{x}}", "$ref2"]


def refused(tmp_path: Path, spec: dict[str, Any], message: str, overlay: dict[str, Any] | None = None) -> None:
    """Normalise without the validator, which would refuse part of this on its own, and expect our refusal."""
    overlay_path = write(tmp_path, {}, overlay)[1]
    with pytest.raises(GenerationError, match=message):
        check(normalise(spec, load_overlay(overlay_path)))


def test_the_small_spec_is_fine(tmp_path: Path) -> None:
    check(normalise(inlined_spec(), load_overlay(write(tmp_path, {})[1])))


@pytest.mark.parametrize("name", [*STRANGE, "MakeSound"])
def test_an_operation_id_has_to_be_a_name(tmp_path: Path, name: str) -> None:
    refused(tmp_path, changed(POST + "/operationId", name), "operationId: .* is no name such as textToSfxSync")


@pytest.mark.parametrize("name", [*STRANGE[1:], "sound", "So_und"])
def test_a_component_has_to_be_a_name(tmp_path: Path, name: str) -> None:
    refused(tmp_path, inlined_spec(), "is no name such as TextToSfxRequest", {"names": NAMES | {ANSWER: name}})


@pytest.mark.parametrize("name", STRANGE)
def test_a_property_has_to_be_a_name(tmp_path: Path, name: str) -> None:
    spec = changed(ANSWER + "/properties", {"id": {"type": "string"}, name: {"type": "string"}})
    refused(tmp_path, spec, "is no name such as duration_ms")


@pytest.mark.parametrize("name", [*STRANGE, "dry-run"])
def test_a_query_parameter_has_to_be_a_name(tmp_path: Path, name: str) -> None:
    refused(tmp_path, changed(POST + "/parameters/0/name", name), "is no name such as job_id")


def test_a_header_may_have_hyphens(tmp_path: Path) -> None:
    parameter = {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}}
    check(normalise(changed(POST + "/parameters/0", parameter), load_overlay(write(tmp_path, {})[1])))
    refused(tmp_path, changed(POST + "/parameters/0", parameter | {"name": "X_Y: z"}), "is no name such as job_id")


@pytest.mark.parametrize("name", ["", "../up", "a/b", 'a"b'])
def test_a_tag_has_to_be_a_name(tmp_path: Path, name: str) -> None:
    refused(tmp_path, changed(POST + "/tags", [name]), "is no name such as Sound Effects")


@pytest.mark.parametrize(
    "path", ["v1", "/v1/{a b}", '/v1/"+x+"', "/v1//x", "/v1?x=1", "/v1/{x", "https://example.com/v1"]
)
def test_a_path_has_to_be_plain(tmp_path: Path, path: str) -> None:
    spec = inlined_spec()
    spec["paths"][path] = {"get": {"operationId": "other", "responses": {"204": {"description": "Nothing."}}}}
    refused(tmp_path, spec, "a path is segments of letters")


def test_a_path_holds_methods_only(tmp_path: Path) -> None:
    refused(tmp_path, changed("/paths/~1v1~1sounds/parameters", []), "only methods can stand here")


def test_names_that_become_one_are_refused(tmp_path: Path) -> None:
    second = changed("/paths/~1v1~1more", {"get": find(inlined_spec(), POST) | {"operationId": "make_sound"}})
    del second["paths"]["/v1/more"]["get"]["requestBody"]
    refused(tmp_path, second, "'makeSound' gives the same module as /paths/~1v1~1more/get")
    properties = {"id": {"type": "string"}, "soundId": {"type": "string"}, "sound_id": {"type": "string"}}
    refused(tmp_path, changed(ANSWER + "/properties", properties), "gives the same attribute as soundId")
    methods = {"id": {"type": "string"}, "toDict": {"type": "string"}}
    refused(tmp_path, changed(ANSWER + "/properties", methods), "gives the same attribute as a method of every model")
    names = {"names": NAMES | {ANSWER: "SOUNDRequest"}}
    refused(tmp_path, inlined_spec(), "gives the same module as /components/schemas/SOUNDRequest", names)


@pytest.mark.parametrize(
    "text",
    [
        'over"""\nimport os',
        "a\\",
        "C:\\temp",
        "\\N{BULLET}",
        "nul\0",
        "bell\a",
        "tab\t",
        "carriage\rreturn",
        "next\x85line",
        "line\u2028separator",
        "right\u202eleft",
        "zero\u200bwidth",
    ],
)
@pytest.mark.parametrize(
    "pointer",
    [
        BODY + "/description",
        LENGTH + "/description",
        LENGTH + "/example",
        BODY + "/properties/source/oneOf/0/properties/type/enum",
        POST + "/summary",
        POST + "/parameters/0/description",
        "/info/title",
        "/x-key",
    ],
)
def test_text_that_could_leave_a_docstring_is_refused(tmp_path: Path, pointer: str, text: str) -> None:
    value: Any = {text: 1} if pointer == "/x-key" else [text] if pointer.endswith("enum") else text
    refused(tmp_path, changed(pointer, value), r"a backslash or triple quotes in|the character U\+[0-9A-F]{4} in")


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"type": "integer", "default": "3"}, "default: '3' is not of type 'integer'"),
        ({"type": "integer", "default": True}, "default: True is not of type 'integer'"),
        ({"type": "integer", "default": 3.0}, "default: 3.0 is not of type 'integer'"),
        ({"type": "integer", "default": None}, "default: None is not of type 'integer'"),
        ({"type": "number", "default": "3"}, "default: '3' is not of type 'number'"),
        ({"type": "boolean", "default": "false"}, "default: 'false' is not of type 'boolean'"),
        ({"type": "boolean", "default": 0}, "default: 0 is not of type 'boolean'"),
        ({"type": "string", "default": 3}, "default: 3 is not of type 'string'"),
        ({"default": 3}, "default: 3 is not of type None"),
        ({"type": "array", "items": {"type": "string"}, "default": []}, r"default: \[\] is not of type 'array'"),
        ({"type": "string", "enum": ["a"], "default": "b"}, "default: 'b' is outside"),
        ({"type": "string", "maxLength": 1, "default": "ab"}, "default: 'ab' is outside"),
        ({"type": "integer", "minimum": 1, "default": 0}, "default: 0 is outside"),
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": True, "default": 1}, "default: 1 is outside"),
        ({"type": "number", "maximum": 1, "default": 1.5}, "default: 1.5 is outside"),
        ({"type": "integer", "minimum": "1"}, "minimum: '1' is no number"),
        ({"type": "string", "maxLength": 1.5}, "maxLength: 1.5 is no number"),
        ({"type": "string", "enum": ["a", 1]}, "enum: 1 is not of type 'string'"),
    ],
)
@pytest.mark.parametrize("pointer", [LENGTH, ANSWER + "/properties/id", POST + "/parameters/0/schema"])
def test_defaults_and_bounds_have_to_be_the_schemas_own(
    tmp_path: Path, pointer: str, schema: dict[str, Any], message: str
) -> None:
    refused(tmp_path, changed(pointer, schema), message)


def test_a_nullable_answer_may_default_to_null(tmp_path: Path) -> None:
    spec = changed(ANSWER + "/properties/at", {"type": "string", "nullable": True, "default": None})
    check(normalise(spec, load_overlay(write(tmp_path, {})[1])))


def test_what_is_required_has_to_exist(tmp_path: Path) -> None:
    refused(tmp_path, changed(ANSWER + "/required", ["id", "gone"]), "required: 'gone' is not among the properties")


def test_other_versions_of_openapi_are_refused(tmp_path: Path) -> None:
    refused(tmp_path, changed("/openapi", "3.1.0"), "'3.1.0' is not 3.0.x")


def test_all_of_is_refused(tmp_path: Path) -> None:
    refused(tmp_path, changed(LENGTH, {"allOf": [{"type": "integer"}]}), "allOf: .* write the merged object")


def test_all_problems_are_listed(tmp_path: Path) -> None:
    spec = changed(POST + "/operationId", "no name", changed(LENGTH + "/default", "x", changed("/info/title", "\\")))
    refused(tmp_path, spec, r"(?s)a backslash.*operationId: 'no name'.*default: 'x' is not")

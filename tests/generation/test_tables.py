"""operations.py and bodies.py say what the spec says, and what they cannot say is an error."""

from pathlib import Path
from typing import Any

import pytest
from mirelo_ergo_api.mirelo_v2.answers import success
from mirelo_ergo_api.mirelo_v2.models import ErrorDetail, ErrorResponse

from scripts.generation.documents import GenerationError
from scripts.generation.tables import constant_name, error_models, render_answers, render_bodies, render_operations
from tests.generation.specs import BODY, NAMES, changed, inlined_spec, prepared, with_cut

LENGTH = BODY + "/properties/length"


def test_an_operation_becomes_a_constant(tmp_path: Path) -> None:
    namespace: dict[str, Any] = {}
    exec(render_operations(prepared(tmp_path, inlined_spec())), namespace)
    assert namespace["MAKE_SOUND"] == ("makeSound", "POST", "/v1/sounds", ("dry_run",), ())


def test_path_and_header_parameters_are_kept(tmp_path: Path) -> None:
    spec = inlined_spec()
    spec["paths"]["/v1/sounds/{id}"] = spec["paths"].pop("/v1/sounds")
    spec["paths"]["/v1/sounds/{id}"]["post"]["parameters"] = [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
        {"name": "X-Key", "in": "header", "schema": {"type": "string"}},
    ]
    overlay = {"names": {at.replace("~1v1~1sounds", "~1v1~1sounds~1{id}"): name for at, name in NAMES.items()}}
    namespace: dict[str, Any] = {}
    exec(render_operations(prepared(tmp_path, spec, overlay)), namespace)
    assert namespace["MAKE_SOUND"] == ("makeSound", "POST", "/v1/sounds/{id}", (), ("X-Key",))


@pytest.mark.parametrize(
    ("name", "constant"),
    [("getMe", "GET_ME"), ("textToSfxV16JobPoll", "TEXT_TO_SFX_V16_JOB_POLL"), ("run_app", "RUN_APP")],
)
def test_a_constant_is_written_as_constants_are(name: str, constant: str) -> None:
    assert constant_name(name) == constant


def test_a_body_becomes_a_typed_mapping(tmp_path: Path) -> None:
    source = render_bodies(prepared(tmp_path, *with_cut()))
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    body = namespace["SoundRequest"]
    assert (body.__required_keys__, body.__optional_keys__) == ({"source"}, {"cut", "length", "loop"})
    assert '    source: Required["SourceUrl | SourceText"]' in source
    assert "    length: NotRequired[int]" in source
    assert '    cut: NotRequired["Cut"]' in source
    assert "    type: Required[Literal['url']]" in source
    assert "class Sound(" not in source  # it is in responses only


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "array", "items": {"type": "string"}}, "list[str]"),
        (
            {"type": "array", "items": {"type": "array", "nullable": True, "items": {"type": "integer"}}},
            "list[list[int] | None]",
        ),
        ({"type": "number", "nullable": True}, "float | None"),
        ({"type": "string", "enum": ["a", "b"]}, "Literal['a', 'b']"),
        ({"type": "object", "additionalProperties": True}, "dict[str, Any]"),
    ],
)  # fmt: skip
def test_a_field_has_its_type(tmp_path: Path, schema: dict[str, Any], expected: str) -> None:
    named = {LENGTH: "Length"} if "enum" in schema or schema["type"] == "object" else {}
    source = render_bodies(prepared(tmp_path, changed(LENGTH, schema), {"names": NAMES | named}))
    assert f"    length: NotRequired[{expected}]" in source


def test_a_field_that_no_class_can_have_is_an_error(tmp_path: Path) -> None:
    spec = changed(BODY + "/properties/from", {"type": "string"})
    with pytest.raises(GenerationError, match="/from: 'from' is a word of Python's own"):
        render_bodies(prepared(tmp_path, spec))


def test_an_answer_is_typed_without_those_of_errors(tmp_path: Path) -> None:
    document = prepared(tmp_path, inlined_spec())
    answers = document["paths"]["/v1/sounds"]["post"]["responses"]
    [(status, answer)] = [(status, answer) for status, answer in answers.items() if status.startswith("2")]
    wrong = {
        "description": "No.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    document["components"].setdefault("responses", {})["Wrong"] = wrong
    answers |= {"400": {"$ref": "#/components/responses/Wrong"}, "409": answer, "default": wrong}
    assert status == "200"
    assert error_models(document) == ["Problem"]
    assert "def success(answer: T | Problem | None) -> T:" in render_answers(document)


def test_what_is_no_success_is_refused() -> None:
    assert success(ErrorDetail("code", 400, "words")) == ErrorDetail("code", 400, "words")
    for answer in (ErrorResponse(ErrorDetail("code", 400, "words")), None):
        with pytest.raises(TypeError, match="not a success"):
            success(answer)

"""The vendored specs: valid, with true examples, and with the contract's facts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS30Validator, oas30_format_checker
from openapi_spec_validator import OpenAPIV30SpecValidator

from scripts.generation.documents import find, load
from scripts.generation.normalise import inline, load_overlay, normalise
from tests.support import specs

OPENAPI = Path(__file__).parents[2] / "openapi"
SPECS = sorted(OPENAPI.glob("*.yaml"))
COMMON = {"400", "401", "402", "500"}
OPERATIONS = {
    "getMe": ("Account", "get /v2/me", "200", COMMON),
    "createAsset": ("Assets", "post /v2/assets", "201", COMMON),
    "textToSfxPreflight": ("Sound Effects", "get /v2/text-to-sfx/v1.5/preflight", "200", COMMON),
    "textToSfxSync": ("Sound Effects", "post /v2/text-to-sfx/v1.5/sync", "200", COMMON),
    "textToSfxJobCreate": ("Sound Effects", "post /v2/text-to-sfx/v1.5/jobs", "202", COMMON),
    "textToSfxJobPoll": ("Sound Effects", "get /v2/text-to-sfx/v1.5/jobs/{job_id}", "200", COMMON | {"404"}),
    "videoToSfxPreflight": ("Sound Effects", "get /v2/video-to-sfx/v1.5/preflight", "200", COMMON),
    "videoToSfxSync": ("Sound Effects", "post /v2/video-to-sfx/v1.5/sync", "200", COMMON | {"422"}),
    "videoToSfxJobCreate": ("Sound Effects", "post /v2/video-to-sfx/v1.5/jobs", "202", COMMON | {"422"}),
    "videoToSfxJobPoll": ("Sound Effects", "get /v2/video-to-sfx/v1.5/jobs/{job_id}", "200", COMMON | {"404"}),
}
FAMILIES_V16 = {
    "textToSfxV16": "text-to-sfx",
    "videoToSfxV16": "video-to-sfx",
    "extendAudioV16": "extend-audio",
    "extendAudioWithVideoV16": "extend-audio/with_video",
    "inpaintAudioV16": "inpaint-audio",
    "inpaintAudioWithVideoV16": "inpaint-audio/with_video",
}
for _name, _family in FAMILIES_V16.items():
    _at, _errors = f"/v2/{_family}/v1.6", COMMON | {"429"}
    _media = _errors if _family == "text-to-sfx" else _errors | {"422"}
    OPERATIONS |= {
        f"{_name}Preflight": ("Sound Effects", f"get {_at}/preflight", "200", _errors),
        f"{_name}Sync": ("Sound Effects", f"post {_at}/sync", "200", _media),
        f"{_name}JobCreate": ("Sound Effects", f"post {_at}/jobs", "202", _media),
        f"{_name}JobPoll": ("Sound Effects", f"get {_at}/jobs/{{job_id}}", "200", _errors | {"404"}),
    }
_MORE = COMMON | {"429"}
_MUSIC, _MIDI = "/v2/{}-to-music/v1.0", "/v2/audio-to-midi/v1.0"
OPERATIONS |= {
    "textToMusicPreflight": ("Music", f"get {_MUSIC.format('text')}/preflight", "200", _MORE),
    "textToMusicSync": ("Music", f"post {_MUSIC.format('text')}/sync", "200", _MORE),
    "textToMusicJobCreate": ("Music", f"post {_MUSIC.format('text')}/jobs", "202", _MORE),
    "textToMusicJobPoll": ("Music", f"get {_MUSIC.format('text')}/jobs/{{job_id}}", "200", _MORE | {"404"}),
    "videoToMusicJobCreate": ("Music", f"post {_MUSIC.format('video')}/jobs", "202", _MORE | {"422"}),
    "videoToMusicJobPoll": ("Music", f"get {_MUSIC.format('video')}/jobs/{{job_id}}", "200", _MORE | {"404"}),
    "audioToMidiPreflight": ("MIDI", f"get {_MIDI}/preflight", "200", _MORE),
    "detectInstruments": ("MIDI", f"post {_MIDI}/instruments", "200", _MORE | {"422"}),
    "audioToMidiSync": ("MIDI", f"post {_MIDI}/sync", "200", _MORE | {"422"}),
    "audioToMidiJobCreate": ("MIDI", f"post {_MIDI}/jobs", "202", _MORE | {"422"}),
    "audioToMidiJobPoll": ("MIDI", f"get {_MIDI}/jobs/{{job_id}}", "200", _MORE | {"404"}),
}
GATEWAY = {
    name: (f"post /{model}/v1/{model}-request", "202", {"400", "401", "402", "403", "429", "500"})
    for name, model in {
        "textToAudio": "mirelo-sfx-1-6-text-to-audio",
        "videoToVideo": "mirelo-sfx-1-6-video-to-video",
        "videoToAudio": "mirelo-sfx-video-to-audio",
    }.items()
} | {
    "getRequestStatus": (
        "get /v2/requests/status/{request_id}",
        "200",
        {"400", "401", "403", "404", "429", "500"},  # by analogy: the contract has the 200 alone
    )
}


def read(path: Path) -> dict[str, Any]:
    return specs.spec(path.stem)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method} {path}", operation


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_spec_is_valid_openapi(path: Path) -> None:
    assert [error.message for error in OpenAPIV30SpecValidator(load(path)).iter_errors()] == []


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_overlay_names_the_shapes_of_the_vendors_form_too(path: Path) -> None:
    document, overlay = load(path), load_overlay(OPENAPI / "overlays" / path.name)
    assert normalise(inline(document), overlay) == normalise(document, overlay)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_body_and_parameter_has_examples_and_each_fits_its_schema(path: Path) -> None:
    document = read(path)
    for where, operation in operations(document):
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        for body in [*bodies, *operation["responses"].values()]:
            for content in target(document, body).get("content", {}).values():  # a 204 has none
                examples = [example["value"] for example in content.get("examples", {}).values()]
                assert_each_fits(document, content, examples or [content["example"]], where)
        for parameter in operation.get("parameters", []):
            shared = target(document, parameter)
            assert_each_fits(document, shared, [shared["example"]], where)


def target(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        node = find(document, node["$ref"][1:])
    return node


def assert_each_fits(document: dict[str, Any], content: dict[str, Any], examples: list[Any], where: str) -> None:
    schema = {"allOf": [content["schema"]], "components": document["components"]}
    for example in examples:
        problems = OAS30Validator(schema, format_checker=oas30_format_checker).iter_errors(example)
        assert [problem.message for problem in problems] == [], (where, example)


def test_mirelo_has_the_contracts_operations() -> None:
    found = {
        operation["operationId"]: (
            operation["tags"][0],
            where,
            *[status for status in operation["responses"] if status < "300"],
            {status for status in operation["responses"] if status >= "300"},
        )
        for where, operation in operations(read(OPENAPI / "mirelo-v2.yaml"))
    }
    assert found == OPERATIONS


def test_what_was_not_seen_on_the_service_says_so() -> None:
    document = normalise(load(OPENAPI / "mirelo-v2.yaml"), load_overlay(OPENAPI / "overlays" / "mirelo-v2.yaml"))
    marked = {operation["operationId"] for _, operation in operations(document) if operation.get("x-unverified")}
    by_analogy = {f"inpaintAudioWithVideoV16{each}" for each in ("Preflight", "Sync", "JobCreate", "JobPoll")}
    of_others = {"textToMusicPreflight", "textToMusicSync", *(name for name in OPERATIONS if "Midi" in name)}
    assert marked == by_analogy | of_others | {"detectInstruments"}


def test_every_mirelo_operation_takes_the_bearer_key_and_answers_errors_in_one_shape() -> None:
    document = read(OPENAPI / "mirelo-v2.yaml")
    scheme = document["components"]["securitySchemes"]["bearerAuth"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    for where, operation in operations(document):
        assert operation["security"] == [{"bearerAuth": []}], where
        for status, answer in operation["responses"].items():
            if status >= "300":
                schema = target(document, answer)["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/ErrorResponse"}, (where, status)


def test_pixazo_has_the_contracts_operations() -> None:
    found = {
        operation["operationId"]: (
            where,
            *[status for status in operation["responses"] if status < "300"],
            {status for status in operation["responses"] if status >= "300"},
        )
        for where, operation in operations(read(OPENAPI / "pixazo.yaml"))
    }
    assert found == GATEWAY


def test_every_pixazo_operation_takes_the_subscription_key_and_answers_errors_in_one_shape() -> None:
    document = read(OPENAPI / "pixazo.yaml")
    scheme = document["components"]["securitySchemes"]["subscriptionKey"]
    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "Ocp-Apim-Subscription-Key")
    for where, operation in operations(document):
        assert operation["security"] == [{"subscriptionKey": []}], where
        for status, answer in operation["responses"].items():
            if status >= "300":
                schema = target(document, answer)["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/QueueError"}, (where, status)
        webhook = [target(document, parameter)["name"] for parameter in operation["parameters"]]
        assert webhook == (["X-Webhook-URL", "X-Webhook-Mode"] if where.startswith("post") else ["request_id"]), where

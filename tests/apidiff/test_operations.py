"""Each kind of change of an operation, in both directions: what can be called, with what, and what comes back."""

from typing import Any

import attrs
import pytest

from scripts.api_diff import diff
from scripts.diffing.changes import ABSENT, Change
from scripts.generation.documents import find, load
from scripts.generation.normalise import inline
from scripts.generation.validation import validate
from tests.apidiff.specs import ANSWERS, PARAMETERS, POST, edited, ours, small, told
from tests.generation.specs import BODY, ROOT

ANOTHER = {"operationId": "listSounds", "responses": {"200": {"description": "All."}}}
CONTENT = BODY.removesuffix("/application~1json/schema")
FORM = {"schema": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}}
QUERY = {"name": "voice", "in": "query", "schema": {"type": "string"}}
SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "token": {"type": "http", "scheme": "Bearer", "description": "The same, called otherwise."},
    "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "login": {
        "type": "oauth2",
        "flows": {"implicit": {"authorizationUrl": "https://x.example", "scopes": {"a": "", "b": ""}}},
    },
}
LOGIN = '{"flows":{"implicit":{"authorizationUrl":"https://x.example","scopes":{"a":"","b":""}}},"type":"oauth2"}'


@attrs.frozen
class Row:
    """Two edits of the small spec, where the change is told, and what of the way there and back."""

    name: str
    one: tuple[tuple[str, Any], ...]
    other: tuple[tuple[str, Any], ...]
    place: str
    there: tuple[str, bool]
    back: tuple[str, bool]


def secured(*security: dict[str, list[str]]) -> tuple[tuple[str, Any], ...]:
    return ("/components", {"securitySchemes": SCHEMES}), ("/security", list(security))


def servers(*urls: str) -> tuple[tuple[str, Any], ...]:
    return (("/servers", [{"url": url} for url in urls]),)


ROWS = [
    Row("an operation", (), (("/paths/~1v1~1sounds/get", ANOTHER),), "",
        ("added: GET /v1/sounds", False), ("removed: GET /v1/sounds", True)),
    Row("an operation without an id", (), (("/paths/~1v1~1more", {"get": {"responses": ANOTHER["responses"]}}),), "",
        ("added: GET /v1/more", False), ("removed: GET /v1/more", True)),
    Row("deprecated", (), ((POST + "/deprecated", True),), "",
        ("deprecated changed from false to true", False), ("deprecated changed from true to false", False)),
    Row("callbacks", (), ((POST + "/callbacks", {"done": {}}),), "",
        ('callbacks changed from none to {"done": {}}', True), ('callbacks changed from {"done": {}} to none', True)),
    Row("a parameter", (), ((PARAMETERS + "/-", QUERY),), "query voice",
        ("added; it is optional, string", False), ("gone; it was optional, string", True)),
    Row("a parameter that is needed", (), ((PARAMETERS + "/-", QUERY | {"required": True}),), "query voice",
        ("added; it is required, string", True), ("gone; it was required, string", True)),
    Row("a needed parameter", (), ((PARAMETERS + "/0/required", True),), "query dry_run",
        ("from optional to required", True), ("from required to optional", False)),
    Row("a deprecated parameter", (), ((PARAMETERS + "/0/deprecated", True),), "query dry_run",
        ("deprecated changed from false to true", False), ("deprecated changed from true to false", False)),
    Row("a parameter's default", (), ((PARAMETERS + "/0/schema/default", True),), "query dry_run",
        ("default changed from false to true", True), ("default changed from true to false", True)),
    Row("a parameter's style", (), ((PARAMETERS + "/0/style", "spaceDelimited"),), "query dry_run",
        ("style changed from form exploded to spaceDelimited", True),
        ("style changed from spaceDelimited to form exploded", True)),
    Row("a parameter's reserved characters", (), ((PARAMETERS + "/0/allowReserved", True),), "query dry_run",
        ("allowReserved changed from none to true", True), ("allowReserved changed from true to none", True)),
    Row("a needed body", (), ((POST + "/requestBody/required", False),), "request body",
        ("from required to optional", False), ("from optional to required", True)),
    Row("a body", (), ((POST + "/requestBody", ABSENT),), "request body",
        ("gone; it was required, application/json", True), ("added; it is required, application/json", True)),
    Row("a request's content type", (), ((CONTENT + "/multipart~1form-data", FORM),), "request",
        ("content type multipart/form-data added: from application/json to application/json, multipart/form-data",
         False),
        ("content type multipart/form-data gone: from application/json, multipart/form-data to application/json",
         True)),
    Row("a body's encoding", ((CONTENT + "/multipart~1form-data", FORM),),
        ((CONTENT + "/multipart~1form-data", FORM | {"encoding": {"file": {"contentType": "audio/wav"}}}),),
        "request (multipart/form-data)",
        ('encoding changed from none to {"file": {"contentType": "audio/wav"}}', True),
        ('encoding changed from {"file": {"contentType": "audio/wav"}} to none', True)),
    Row("a status", (), ((ANSWERS + "/404", {"description": "Nowhere."}),), "answer 404",
        ("added; it is without a body", False), ("gone; it was without a body", True)),
    Row("an answer's content type", (), ((ANSWERS + "/200/content/audio~1wav", {}),), "answer 200",
        ("content type audio/wav added: from application/json to application/json, audio/wav", False),
        ("content type audio/wav gone: from application/json, audio/wav to application/json", True)),
    Row("an answer's body", (), ((ANSWERS + "/200/content", ABSENT),), "answer 200",
        ("content type application/json gone: from application/json to none", True),
        ("content type application/json added: from none to application/json", False)),
    Row("an answer's header", (), ((ANSWERS + "/200/headers", {"X-Left": {"schema": {"type": "integer"}}}),),
        "answer 200 header x-left",
        ("added; it is optional, integer", False), ("gone; it was optional, integer", True)),
    Row("a header that is always there", ((ANSWERS + "/200/headers", {"X-Left": {"schema": {}}}),),
        ((ANSWERS + "/200/headers", {"x-left": {"schema": {}, "required": True}}),), "answer 200 header x-left",
        ("from optional to required", False), ("from required to optional", True)),
    Row("a security where there was none", secured({}), secured({"bearer": []}), "auth",
        ("changed from none to bearer", True), ("changed from bearer to none", False)),
    Row("another security", secured({"bearer": []}), secured({"key": []}), "auth",
        ("changed from bearer to API key in header X-Key", True),
        ("changed from API key in header X-Key to bearer", True)),
    Row("one more way in", secured({"bearer": []}), secured({"bearer": []}, {"key": []}), "auth",
        ("changed from bearer to API key in header X-Key or bearer", False),
        ("changed from API key in header X-Key or bearer to bearer", True)),
    Row("both keys at once", secured({"bearer": []}), secured({"bearer": [], "key": []}), "auth",
        ("changed from bearer to API key in header X-Key and bearer", True),
        ("changed from API key in header X-Key and bearer to bearer", False)),
    Row("one more scope", secured({"login": ["a"]}), secured({"login": ["a", "b"]}), "auth",
        (f"changed from {LOGIN} with a to {LOGIN} with a, b", True),
        (f"changed from {LOGIN} with a, b to {LOGIN} with a", False)),
    Row("a scheme that is nowhere", secured({"bearer": []}), secured({"gone": []}), "auth",
        ("changed from bearer to gone", True), ("changed from gone to bearer", True)),
    Row("another server", servers("https://a.example"), servers("https://b.example/"), "server",
        ("changed from https://a.example to https://b.example", True),
        ("changed from https://b.example to https://a.example", True)),
    Row("one more server", servers("https://a.example"), servers("https://a.example", "https://b.example"), "server",
        ("changed from https://a.example to https://a.example, https://b.example", False),
        ("changed from https://a.example, https://b.example to https://a.example", True)),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_change_is_told_with_both_values_and_its_verdict(row: Row) -> None:
    one, other = small(*row.one), small(*row.other)
    validate(one)
    validate(other)
    assert told(one, other) == [(row.place, *row.there)]
    assert told(other, one) == [(row.place, *row.back)]


EQUAL: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (small(*secured({"bearer": []})), small(*secured({"token": []}))),
    (small(*secured({"bearer": []}, {"key": []})), small(*secured({"key": []}, {"bearer": []}))),
    (small(*secured({"bearer": []})), small(secured()[0], (POST + "/security", [{"bearer": []}]))),
    (small(), small(("/security", []))),
    (small(), small(("/servers", [{"url": "/"}]))),
    (small(*servers("https://a.example")), small((POST + "/servers", [{"url": "https://a.example/"}]))),
    (small(*servers("https://a.example")), small(("/paths/~1v1~1sounds/servers", [{"url": "https://a.example"}]))),
    (small((PARAMETERS + "/-", QUERY)), small(("/paths/~1v1~1sounds/parameters", [QUERY]))),
    (
        small(),
        small(("/paths/~1v1~1sounds/parameters", [{"name": "dry_run", "in": "query", "schema": {"type": "object"}}])),
    ),
    (small(), small((PARAMETERS + "/0/style", "form"), (PARAMETERS + "/0/explode", True))),
    (
        small((PARAMETERS + "/0/in", "header")),
        small((PARAMETERS + "/0/in", "header"), (PARAMETERS + "/0/name", "DRY_RUN")),
    ),
    (small(), small((POST + "/summary", "Other"), (POST + "/tags", ["Other"]), ("/info/title", "Other"))),
    (small(), small((CONTENT, {"Application/JSON": find(small(), CONTENT + "/application~1json")}))),
]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_what_means_the_same_is_no_change(one: dict[str, Any], other: dict[str, Any]) -> None:
    validate(other)
    assert told(one, other) == []
    assert told(other, one) == []


def test_an_operation_with_another_id_is_removed_and_added_and_still_compared() -> None:
    new = small((POST + "/operationId", "createSound"), (BODY + "/properties/length/maximum", 5))
    assert diff(small(), new) == [
        Change(("makeSound",), "", (), "", "removed: POST /v1/sounds; this call is now createSound", True),
        Change(("createSound",), "request", (), "length", "maximum tightened from 9 to 5", True),
        Change(("createSound",), "", (), "", "added: POST /v1/sounds; this call was makeSound", False),
    ]


def test_an_operation_that_moves_breaks_and_is_still_compared() -> None:
    new = small(("/paths", {"/v2/sounds": {"put": find(small(), POST)}}))
    new = edited(new, ("/paths/~1v2~1sounds/put/parameters", []))
    assert told(small(), new) == [
        ("", "moved from POST /v1/sounds to PUT /v2/sounds", True),
        ("query dry_run", "gone; it was optional, boolean, false by default", True),
    ]


def test_a_parameter_that_moves_is_gone_and_added() -> None:
    assert told(small(), small((PARAMETERS + "/0/in", "header"))) == [
        ("query dry_run", "gone; it was optional, boolean, false by default", True),
        ("header dry_run", "added; it is optional, boolean, false by default", False),
    ]


def test_a_parameter_written_as_json_is_compared() -> None:
    content = {"application/json": {"schema": {"type": "string", "maxLength": 9}}}
    old = small((PARAMETERS + "/-", {"name": "voice", "in": "query", "content": content}))
    new = edited(old, (PARAMETERS + "/1/content/application~1json/schema/maxLength", 8))
    assert told(old, new) == [("query voice", "maxLength tightened from 9 to 8", True)]
    both = "from application/json to text/plain"
    assert told(old, small((PARAMETERS + "/-", QUERY))) == [
        ("query voice", f"content type application/json gone: {both}", True),
        ("query voice", f"content type text/plain added: {both}", False),
    ]


def test_a_status_is_measured_by_what_stood_for_it() -> None:
    body = {"description": "Wrong.", "content": {"application/json": {"schema": {"type": "object"}}}}
    for wider in ("4XX", "default"):
        old, new = small((ANSWERS + "/404", body)), small((f"{ANSWERS}/{wider}", body))
        assert told(old, new) == [(f"answer {wider}", "added; it is application/json", False)]
        both = edited(new, (ANSWERS + "/404", body))
        assert told(new, both) == []
        text = edited(both, (ANSWERS + "/404/content/application~1json/schema", {"type": "string"}))
        assert told(new, text) == [("answer 404", "type changed from object to string", True)]


def test_what_happens_alike_is_said_once_with_every_operation_and_status() -> None:
    named = ours()
    new = edited(named, ("/components/schemas/ErrorDetail/properties/hint", {"type": "string"}))
    everywhere = [change for change in diff(named, new) if "error" not in change.place.partition("200")[2]]
    names = {path["operationId"] for item in named["paths"].values() for path in item.values()}
    assert {name for change in everywhere for name in change.operations} == names
    assert {change.words for change in everywhere} == {"added; it is optional, string"}
    refusals = {
        tuple(sorted(status for status in operation["responses"] if status >= "400"))
        for item in named["paths"].values()
        for operation in item.values()
    }
    assert len(everywhere) == len(refusals), "one line for all operations that refuse with the same statuses"
    assert "400, 401, 402, 500 error.hint" in everywhere[0].place


OURS = "/components/schemas"
VENDORS_FORM = "schemas" not in load(ROOT / "openapi" / "mirelo-v2.yaml")["components"]


@pytest.mark.skipif(VENDORS_FORM, reason="its edits are of the named form; test_overlay.py compares the two")
@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (
            (OURS + "/TextToSfxRequest/properties/duration_ms/maximum", 60000),
            Change(("textToSfxJobCreate", "textToSfxSync"), "request", (), "duration_ms",
                   "maximum widened from 10000 to 60000", False),
        ),
        (
            (OURS + "/TextToSfxRequest/properties/duration_ms/default", 60000),
            Change(("textToSfxJobCreate", "textToSfxSync"), "request", (), "duration_ms",
                   "default changed from 10000 to 60000", True),
        ),
        (
            (OURS + "/VideoToSfxRequest/properties/prompt", {"type": "string"}),
            Change(("videoToSfxJobCreate", "videoToSfxSync"), "request", (), "prompt",
                   "added; it is optional, string", False),
        ),
        (
            (OURS + "/VideoSourceAsset/required", ["type"]),
            Change(("videoToSfxJobCreate", "videoToSfxSync"), "request", (), "video(type=asset).asset_id",
                   "from required to optional", False),
        ),
        (
            (OURS + "/JobSucceeded/required", ["job_id", "status", "created_at", "result", "request"]),
            Change(("textToSfxJobPoll", "videoToSfxJobPoll"), "answer", ("200",), "(status=succeeded).completed_at",
                   "from required to optional", True),
        ),
        (
            (OURS + "/JobProcessing/properties/progress_percent/maximum", 100),
            Change(("textToSfxJobPoll", "videoToSfxJobPoll"), "answer", ("200",),
                   "(status=processing).progress_percent", "maximum widened from 90 to 100", False),
        ),
        (
            ("/components/parameters/PreflightSamples/schema/maximum", 4),
            Change(("textToSfxPreflight", "videoToSfxPreflight"), "query", (), "num_samples",
                   "maximum tightened from none to 4", True),
        ),
    ],
)  # fmt: skip
def test_our_own_spec_is_compared_in_any_mix_of_its_forms(edit: tuple[str, Any], expected: Change) -> None:
    """Later models may use the same shapes: their operations stand in the same line, or have it at another place."""
    old, new = ours(), edited(ours(), edit)
    changes = diff(old, new)
    (told,) = (change for change in changes if change.field == expected.field)
    assert attrs.evolve(told, operations=()) == attrs.evolve(expected, operations=())
    assert set(expected.operations) <= set(told.operations)
    assert {change.words for change in changes} == {expected.words}
    assert diff(inline(old), new) == diff(old, inline(new)) == diff(inline(old), inline(new)) == changes

"""Requests: what the spec allows survives the way out, what it forbids never leaves."""

from __future__ import annotations

import importlib
import json
import re
from typing import TYPE_CHECKING, Any

import httpx
import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirelo_ergo import InvalidRequestError
from tests.property.calls import ANSWERS, JOB_ID, KEY, answer_as_documented, blocking_request, both, generation
from tests.property.spec import GENERATIONS, OPERATIONS, judge, resolve
from tests.property.strategies import Forbidden, forbidden, valid

if TYPE_CHECKING:
    from collections.abc import Callable

families = pytest.mark.parametrize("family", GENERATIONS)


def request_of(family: str) -> dict[str, Any]:
    schema = OPERATIONS[f"{family}JobCreate"].request
    assert schema is not None
    return schema


def model_of(family: str) -> Any:
    """Give the generated class of a family's request."""
    name = request_of(family)["$ref"].rsplit("/", 1)[1]
    return getattr(importlib.import_module("mirelo_ergo_api.mirelo_v2.models"), name)


def recording() -> tuple[Callable[[httpx.Request], httpx.Response], list[httpx.Request]]:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answer_as_documented(request)

    return answer, seen


def test_both_paths_know_the_same_operations() -> None:
    assert GENERATIONS == ["textToSfx", "videoToSfx"]
    assert OPERATIONS["textToSfxSync"].request == request_of("textToSfx")
    assert OPERATIONS["videoToSfxSync"].request == request_of("videoToSfx")


@families
@pytest.mark.parametrize("send", ["submit_job", "sync_i_accept_http_timeout_risk"])
@settings(max_examples=50)
@given(data=st.data())
def test_every_valid_request_survives(family: str, send: str, data: st.DataObject) -> None:
    body = data.draw(valid(request_of(family)))
    answer, seen = recording()
    getattr(blocking_request(answer, family, body), send)()
    operation = OPERATIONS[f"{family}{'JobCreate' if send == 'submit_job' else 'Sync'}"]
    (sent,) = [request for request in seen if request.url.path == operation.path]
    assert (sent.method, sent.headers["content-type"]) == (operation.method, "application/json")
    wire = json.loads(sent.content)

    judge(request_of(family)).validate(wire)

    properties = resolve(request_of(family))["properties"]
    expected = {name: node["default"] for name, node in properties.items() if "default" in node} | body
    if "video" in body and body["video"]["type"] == "asset":
        expected["video"] = {"type": "asset", "asset_id": "ast_1"}  # the one its bytes were uploaded as
    if "start_offset_ms" in properties:
        expected.setdefault("start_offset_ms", 0)  # the contract: absent means 0
    assert wire == expected

    model = model_of(family)
    parsed = model.from_dict(wire)
    assert parsed.to_dict() == wire
    assert parsed.additional_properties == {}


def nothing_may_leave(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"a request left: {request}")


FORBIDDEN = [(family, each) for family in GENERATIONS for each in forbidden(request_of(family))]


@pytest.mark.parametrize(("family", "wrong"), FORBIDDEN, ids=str)
@settings(max_examples=3)
@given(data=st.data())
def test_the_nearest_forbidden_value_is_refused_and_no_request_leaves(
    family: str, wrong: Forbidden, data: st.DataObject
) -> None:
    body = {**data.draw(valid(request_of(family))), wrong.field: wrong.value}
    if not isinstance(wrong.value, bytes) and wrong.value != 5000.0:  # JSON has no bytes, and takes 5000.0 for 5000
        with pytest.raises(jsonschema.ValidationError):
            judge(request_of(family)).validate(body)
    for error in both(nothing_may_leave, lambda client: generation(client, family, body)):
        assert isinstance(error, InvalidRequestError), error
        assert isinstance(error, ValueError)
        assert error.field == wrong.field
        assert (error.code, error.http_status) == ("invalid_request", 400)
        assert f"{wrong.field}={str(repr(wrong.value))[:20]}" in error.message
        assert wrong.bound in error.message
        assert "nothing was sent" in error.message
        assert len(error.message) < 300


def test_every_bound_of_the_spec_is_tried() -> None:
    bounds = sum(
        len({"minimum", "maximum", "minLength", "maxLength", "enum"} & resolve(node).keys())
        for family in GENERATIONS
        for node in resolve(request_of(family))["properties"].values()
    )
    assert bounds == 11
    words = re.compile("a whole number|a string")
    tried = {(family, wrong.field, wrong.bound) for family, wrong in FORBIDDEN if not words.match(wrong.bound)}
    assert len(tried) == bounds


@pytest.mark.parametrize("video", [None, 7, b"ftyp", {"type": "url"}, ["clip.mp4"], True, "", "no/such/clip.mp4"])
def test_what_is_no_video_is_refused_and_no_request_leaves(video: Any) -> None:
    for error in both(nothing_may_leave, lambda client: client.video_to_sfx(video, duration_ms=2000)):
        assert isinstance(error, InvalidRequestError), error
        assert error.field == "video"


SIMPLEST: dict[str, dict[str, Any]] = {
    "textToSfx": {"prompt": "rain"},
    "videoToSfx": {"video": {"type": "url", "video_url": "https://media.example.com/clip.mp4"}, "duration_ms": 2000},
}
NUMBERS = [(family, wrong) for family, wrong in FORBIDDEN if type(wrong.value) is int]


@pytest.mark.parametrize(("family", "wrong"), NUMBERS, ids=str)
def test_limits_can_be_switched_off(family: str, wrong: Forbidden) -> None:
    answer, seen = recording()
    body = {**SIMPLEST[family], wrong.field: wrong.value}
    both(answer, lambda client: generation(client, family, body).submit_job(), check_limits=False)
    assert [json.loads(request.content)[wrong.field] for request in seen] == [wrong.value] * 2


# --- both colours ----------------------------------------------------------------------------------------------------


def wire_of(request: httpx.Request) -> tuple[str, str, list[tuple[bytes, bytes]], bytes]:
    return request.method, str(request.url), request.headers.raw, request.content


@settings(max_examples=50)
@given(data=st.data())
def test_both_colours_send_the_same_bytes(data: st.DataObject) -> None:
    family = data.draw(st.sampled_from(GENERATIONS))
    body = data.draw(valid(request_of(family)))
    method = data.draw(st.sampled_from(["preflight", "submit_job", "sync_i_accept_http_timeout_risk"]))
    options = data.draw(
        st.fixed_dictionaries(
            {},
            optional={
                "base_url": st.sampled_from(["https://eu.example.com", "https://eu.example.com/api/"]),
                "extra_headers": st.just({"X-Team": "foley"}),
                "max_credits": st.just(10),
            },
        )
    )
    answer, seen = recording()
    both(answer, lambda client: getattr(generation(client, family, body), method)(), **options)
    half = len(seen) // 2
    assert half
    assert [wire_of(request) for request in seen[:half]] == [wire_of(request) for request in seen[half:]]


TOKEN = f"mirelo1:text-to-sfx:v1.5:{JOB_ID}:1772366400:1000"


@pytest.mark.parametrize("call", [lambda client: client.me(), lambda client: client.job(TOKEN).status()])
def test_reads_are_the_same_too(call: Callable[[Any], Any]) -> None:
    answer, seen = recording()
    plain, awaited = both(answer, call)
    assert plain == awaited
    first, second = map(wire_of, seen)
    assert first == second
    assert first[3] == b""


def test_the_key_goes_to_the_api_and_nowhere_else() -> None:
    answer, seen = recording()
    body = {"video": {"type": "asset", "asset_id": "any"}, "duration_ms": 2000}
    both(answer, lambda client: generation(client, "videoToSfx", body).submit_job())
    assert {request.url.host for request in seen} == {"api.mirelo.ai", "uploads.example.com"}
    for request in seen:
        ours = request.url.host == "api.mirelo.ai"
        assert (request.headers.get("authorization") == f"Bearer {KEY}") == ours
        assert (KEY in str(request.headers.raw)) == ours
        if not ours:
            assert dict(request.headers.raw).keys() == {b"Host", b"Accept-Encoding", b"Content-Length", b"Content-Type"}


def test_the_made_up_answers_are_as_documented() -> None:
    by_end = {
        operation.path.rsplit("/", 1)[1].replace("{job_id}", JOB_ID): operation for operation in OPERATIONS.values()
    }
    for end, (status, body) in ANSWERS.items():
        judge(by_end[end].answers[status]).validate(body)

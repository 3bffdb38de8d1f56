"""Requests: what the spec allows survives the way out, what it forbids never leaves."""

from __future__ import annotations

import importlib
import json
import re
from typing import TYPE_CHECKING, Any

import httpx
import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirelo_ergo import InvalidRequestError
from tests.property.calls import (
    ANSWERS,
    JOB_ID,
    KEY,
    SIMPLEST,
    answer_as_documented,
    blocking_request,
    both,
    generation,
    token_of,
)
from tests.property.spec import GENERATIONS, OPERATIONS, Operation, judge, request_of, resolve
from tests.property.strategies import Forbidden, forbidden, valid
from tests.support.examples import examples

if TYPE_CHECKING:
    from collections.abc import Callable

families = pytest.mark.parametrize("family", GENERATIONS)


def model_of(family: str) -> Any:
    """Return the generated class of a family's request."""
    name = request_of(family)["$ref"].rsplit("/", 1)[1]
    return getattr(importlib.import_module("mirelo_ergo_api.mirelo_v2.models"), name)


def recording() -> tuple[Callable[[httpx.Request], httpx.Response], list[httpx.Request]]:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answer_as_documented(request)

    return answer, seen


def test_both_paths_know_the_same_operations() -> None:
    assert sorted(SIMPLEST) == GENERATIONS
    named = {f"{family}{end}" for family in GENERATIONS for end in ("Preflight", "Sync", "JobCreate", "JobPoll")}
    assert OPERATIONS.keys() == named | {"getMe", "createAsset"}
    assert len(OPERATIONS) == 34
    for family in GENERATIONS:
        assert OPERATIONS[f"{family}Sync"].request == request_of(family)


def as_asked(family: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that a request has to have on the wire: with the defaults, and uploads under their new id."""
    properties = resolve(request_of(family))["properties"]
    asked: dict[str, Any] = {name: node["default"] for name, node in properties.items() if "default" in node}
    if "start_offset_ms" in properties:
        asked["start_offset_ms"] = 0  # the contract: absent means 0
    if family == "textToSfxV16":
        asked["duration_ms"] = 10_000  # the call's own, in every model: a longer sound costs more
    asked |= body
    for kind in ("video", "audio"):
        if kind in asked and asked[kind]["type"] == "asset":
            asked[kind] = {"type": "asset", "asset_id": "ast_1"}
    return asked


@families
@pytest.mark.parametrize("send", ["submit_job", "sync_i_accept_http_timeout_risk"])
@examples(25)
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

    assert wire == as_asked(family, body)

    model = model_of(family)
    parsed = model.from_dict(wire)
    assert parsed.to_dict() == wire
    assert parsed.additional_properties == {}


def asked_in_query(operation: Operation, url: httpx.URL) -> dict[str, int]:
    """Read a query of whole numbers: each parameter is the operation's own and there once, and none required lacks."""
    pairs = url.params.multi_items()
    values = {name: int(value) for name, value in pairs}
    assert len(values) == len(pairs)
    required = {name for name, one in operation.parameters.items() if one["required"]}
    assert required <= values.keys() <= operation.parameters.keys()
    for name, value in values.items():
        judge(operation.parameters[name]["schema"]).validate(value)
    return values


@families
@examples(30)
@given(data=st.data())
def test_every_valid_request_is_priced_by_what_it_asks_for(family: str, data: st.DataObject) -> None:
    body = data.draw(valid(request_of(family)))
    answer, seen = recording()
    blocking_request(answer, family, body).preflight()
    operation = OPERATIONS[f"{family}Preflight"]
    (sent,) = seen
    assert (sent.method, sent.url.path, sent.content) == (operation.method, operation.path, b"")
    asked = as_asked(family, body)
    asked |= asked.get("segment", {})
    values = asked_in_query(operation, sent.url)
    assert values == {name: asked[name] for name in operation.parameters}


def nothing_may_leave(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"a request left: {request}")


def means_absent(family: str, wrong: Forbidden) -> bool:
    """Return whether a value is how a call leaves a field out: an optional prompt is None by default."""
    return wrong.field == "prompt" and wrong.value is None and "prompt" not in resolve(request_of(family))["required"]


FORBIDDEN = [
    (family, wrong)
    for family in GENERATIONS
    for wrong in forbidden(request_of(family))
    if not means_absent(family, wrong)
]


@pytest.mark.parametrize(
    "family", [family for family in GENERATIONS if means_absent(family, Forbidden("prompt", None, ""))]
)
def test_a_prompt_that_is_none_is_left_out(family: str) -> None:
    answer, seen = recording()
    body = {**SIMPLEST[family], "prompt": None}
    both(answer, lambda client: generation(client, family, body).submit_job())
    assert [json.loads(request.content) for request in seen] == [as_asked(family, SIMPLEST[family])] * 2


@pytest.mark.parametrize(("family", "wrong"), FORBIDDEN, ids=str)
@examples(3)
@given(data=st.data())
def test_the_nearest_forbidden_value_is_refused_and_no_request_leaves(
    family: str, wrong: Forbidden, data: st.DataObject
) -> None:
    body = wrong.within(data.draw(valid(request_of(family))))
    if not isinstance(wrong.value, bytes) and wrong.value != 5000.0:  # JSON has no bytes, and takes 5000.0 for 5000
        with pytest.raises(jsonschema.ValidationError):
            judge(request_of(family)).validate(body)
    for error in both(nothing_may_leave, lambda client: generation(client, family, body)):
        assert isinstance(error, InvalidRequestError), error
        assert isinstance(error, ValueError)
        assert error.field == wrong.field
        assert (error.code, error.http_status) == ("invalid_request", 400)
        assert wrong.shown in error.message
        assert wrong.bound in error.message
        assert "nothing was sent" in error.message
        assert len(error.message) < 300


def test_every_bound_of_the_spec_is_tried() -> None:
    bounds = sum(map(bounds_in, map(request_of, GENERATIONS)))
    assert bounds == 45
    words = re.compile("a whole number|a string|True or False")
    tried = {
        (family, wrong.field, wrong.bound, *wrong.beside) for family, wrong in FORBIDDEN if not words.match(wrong.bound)
    }
    assert len(tried) == bounds


def bounds_in(node: dict[str, Any]) -> int:
    """Count the bounds of an object's fields, of the objects inside of it and of its conditions; sources have none."""
    kinds = {"minimum", "maximum", "minLength", "maxLength", "enum"}
    schema = resolve(node)
    fields = [resolve(each) for each in schema.get("properties", {}).values()]
    own = sum(len(kinds & field.keys()) + bounds_in(field) for field in fields if "oneOf" not in field)
    return own + sum(len(kinds & condition.keys()) for condition in schema.get("x-limits-when", []))


@pytest.mark.parametrize("video", [None, 7, b"ftyp", {"type": "url"}, ["clip.mp4"], True, "", "no/such/clip.mp4"])
def test_what_is_no_video_is_refused_and_no_request_leaves(video: Any) -> None:
    for error in both(nothing_may_leave, lambda client: client.video_to_sfx(video, duration_ms=2000).submit_job()):
        assert isinstance(error, InvalidRequestError), error
        assert error.field == "video"


@pytest.mark.parametrize("audio", [None, 7, b"RIFF", {"type": "url"}, ["a.wav"], True, "", "no/such/sound.wav"])
@pytest.mark.parametrize("call", ["extend_audio", "inpaint_audio"])
def test_what_is_no_sound_is_refused_and_no_request_leaves(call: str, audio: Any) -> None:
    rest: dict[str, Any] = {"append_duration_ms": 2000} if call == "extend_audio" else {"segment": (1000, 2000)}
    for error in both(nothing_may_leave, lambda client: getattr(client, call)(audio, **rest).submit_job()):
        assert isinstance(error, InvalidRequestError), error
        assert error.field == "audio"


@pytest.mark.parametrize(
    "segment", [None, 2000, "12", (), (1000,), (1000, 2000, 3000), {"start_ms": 1000, "end_ms": 2000}, {1000, 2000}]
)
def test_what_is_no_segment_is_refused_and_no_request_leaves(segment: Any) -> None:
    url = "https://media.example.com/a.wav"
    for error in both(nothing_may_leave, lambda client: client.inpaint_audio(url, segment=segment)):
        assert isinstance(error, InvalidRequestError), error
        assert error.field == "segment"
        assert "not a pair (start_ms, end_ms); nothing was sent" in error.message


NUMBERS = [
    (family, wrong) for family, wrong in FORBIDDEN if type(wrong.value) is int and wrong.bound != "True or False"
]
NUMBERS += [(family, wrong) for family, wrong in FORBIDDEN if wrong.field == "segment"]


@pytest.mark.parametrize(("family", "wrong"), NUMBERS, ids=str)
def test_limits_can_be_switched_off(family: str, wrong: Forbidden) -> None:
    answer, seen = recording()
    body = wrong.within(SIMPLEST[family])
    both(answer, lambda client: generation(client, family, body).submit_job(), check_limits=False)
    assert [wrong.found_in(json.loads(request.content)) for request in seen] == [wrong.value] * 2


# --- both colours ----------------------------------------------------------------------------------------------------


def wire_of(request: httpx.Request) -> tuple[str, str, list[tuple[bytes, bytes]], bytes]:
    return request.method, str(request.url), request.headers.raw, request.content


@families
@examples(25)
@given(data=st.data())
def test_both_colours_send_the_same_bytes(family: str, data: st.DataObject) -> None:
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
    key = ["the-same-key"] if method.startswith("sync") else []  # a minted one is random
    both(answer, lambda client: getattr(generation(client, family, body), method)(*key), **options)
    half = len(seen) // 2
    assert half
    assert [wire_of(request) for request in seen[:half]] == [wire_of(request) for request in seen[half:]]


@pytest.mark.parametrize("name", ["getMe", *(f"{family}JobPoll" for family in GENERATIONS)])
def test_reads_are_the_same_too(name: str) -> None:
    def call(client: Any) -> Any:
        return client.me() if name == "getMe" else client.job(token_of(name.removesuffix("JobPoll"))).status()

    answer, seen = recording()
    plain, awaited = both(answer, call)
    assert plain == awaited
    assert not isinstance(plain, Exception)
    first, second = map(wire_of, seen)
    assert first == second
    operation = OPERATIONS[name]
    path = operation.path.replace("{job_id}", JOB_ID)
    assert (first[0], httpx.URL(first[1]).path, first[3]) == (operation.method, path, b"")


def test_the_key_goes_to_the_api_and_nowhere_else() -> None:
    answer, seen = recording()
    assets = {kind: {"type": "asset", "asset_id": "any"} for kind in ("video", "audio")}
    body = {**SIMPLEST["extendAudioWithVideoV16"], **assets}
    both(answer, lambda client: generation(client, "extendAudioWithVideoV16", body).submit_job())
    assert len(seen) == 2 * 5
    assert {request.url.host for request in seen} == {"api.mirelo.ai", "uploads.example.com"}
    for request in seen:
        ours = request.url.host == "api.mirelo.ai"
        assert (request.headers.get("authorization") == f"Bearer {KEY}") == ours
        assert (KEY in str(request.headers.raw)) == ours
        if not ours:
            assert {name.decode() for name, _ in request.headers.raw} == {
                "Host",
                "Accept-Encoding",
                "Content-Length",
                "Content-Type",
                "User-Agent",
            }


def test_the_made_up_answers_are_as_documented() -> None:
    by_end = {
        operation.path.rsplit("/", 1)[1].replace("{job_id}", JOB_ID): operation for operation in OPERATIONS.values()
    }
    for end, (status, body) in ANSWERS.items():
        judge(by_end[end].answers[status]).validate(body)

"""Answers: each documented one becomes what its status says, and nothing unknown in one breaks it."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import httpx
import mirelo_ergo_api.mirelo_v2.api as generated
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirelo_ergo import (
    AudioError,
    AuthenticationError,
    IncompleteResultError,
    InsufficientCreditsError,
    InvalidRequestError,
    Job,
    JobErrored,
    JobProcessing,
    JobResult,
    JobSucceeded,
    MeResult,
    MireloClient,
    MireloError,
    NotFoundError,
    PreflightResult,
    RateLimitError,
    ServerError,
    SubmitOutcomeUnknown,
    UnexpectedResponseError,
    VideoError,
)
from mirelo_ergo._runtime.io.protocol import Reply
from tests.property.calls import KEY, SIMPLEST, generation, token_of
from tests.property.spec import GENERATIONS, MUSIC, OPERATIONS, judge, request_of, resolve
from tests.property.strategies import valid
from tests.support import answers
from tests.support.examples import examples
from tests.support.virtual import Incoming, VirtualIO, client_over

if TYPE_CHECKING:
    from mirelo_ergo._runtime.io.protocol import Request


def _documented() -> list[tuple[str, int]]:
    """Return every documented answer; a refusal that operations of a kind describe alike, of one of them."""
    chosen: dict[object, tuple[str, int]] = {}
    for name, operation in sorted(OPERATIONS.items()):
        kind = next((kind for kind in ("Preflight", "Sync", "JobCreate", "JobPoll") if name.endswith(kind)), name)
        for status, schema in operation.answers.items():
            alike = name if status < 400 else json.dumps(schema, sort_keys=True)
            chosen.setdefault((kind, status, alike), (name, status))
    return list(chosen.values())


DOCUMENTED = _documented()
documented = pytest.mark.parametrize(("name", "status"), DOCUMENTED)
BODIES = {family: {**body, "num_samples": 2} if "text" in family else body for family, body in SIMPLEST.items()}
for each in ("videoToSfx", "extendAudioWithVideoV16"):
    BODIES[each] = {**BODIES[each], "video": {"type": "asset", "asset_id": "any"}}


def family_of(name: str) -> str:
    """Return the family of an operation; of those of none, the one whose call makes them too."""
    family = re.sub("(Preflight|Sync|JobCreate|JobPoll)$", "", name)
    return family if family in GENERATIONS else "videoToSfx"


def called(name: str, status: int, body: object) -> Any:
    """Make the call of an operation that is answered so, and return what it returned or raised."""

    def answer(request: Request) -> Reply:
        if request.path == "/v2/assets" and name != "createAsset":
            return answers.asset()
        if name == "createAsset" and request.path != "/v2/assets":
            return answers.accepted()
        return Reply(status, {"content-type": "application/json"}, json.dumps(body).encode())

    if name.endswith("JobPoll") and isinstance(body, dict) and "job_id" in body:
        body = {**body, "job_id": answers.JOB_ID}  # about another job it is not believed
    io = VirtualIO(answer, lambda _: Incoming(200))
    client = client_over(io)
    family = family_of(name)
    try:
        if name == "getMe":
            return client.me()
        if name.endswith("JobPoll"):
            return client.job(token_of(family)).status()
        request = generation(client, family, BODIES[family])
        if name.endswith("Preflight"):
            return request.preflight()
        if name.endswith("Sync"):
            return request.sync_i_accept_http_timeout_risk()
        return request.submit_job()
    except MireloError as error:
        return error


def paid(name: str) -> bool:
    return name.endswith(("JobCreate", "Sync"))


# What a code means, from the contract, with its status; any other code means what its status does.
BY_CODE = {
    (400, "invalid_request"): InvalidRequestError,
    (400, "video_url_unreachable"): VideoError,
    (400, "video_format_unsupported"): VideoError,
    (400, "video_too_short"): VideoError,
    (401, "unauthorized"): AuthenticationError,
    (402, "insufficient_credits"): InsufficientCreditsError,
    (402, "no_active_subscription"): InsufficientCreditsError,
    (404, "job_not_found"): NotFoundError,
    (422, "invalid_video"): VideoError,
    (422, "invalid_asset"): VideoError,
    (400, "audio_url_unreachable"): AudioError,
    (400, "audio_format_unsupported"): AudioError,
    (400, "audio_too_short"): AudioError,
    (400, "audio_too_long"): AudioError,
    (422, "invalid_audio"): AudioError,
    (429, "rate_limited"): RateLimitError,
    (500, "server_error"): ServerError,
    (500, "generation_failed"): ServerError,
    (500, "generation_timeout"): ServerError,
}
BY_STATUS = {400: InvalidRequestError, 401: AuthenticationError, 402: InsufficientCreditsError}
BY_STATUS |= {404: NotFoundError, 422: InvalidRequestError, 429: RateLimitError, 500: ServerError}
UNCHARGED = {"generation_failed", "generation_timeout"}


def error_of(name: str, status: int, code: str) -> type[MireloError]:
    if status == 500 and paid(name) and code not in UNCHARGED:
        return SubmitOutcomeUnknown
    return meaning_of(status, code)


def meaning_of(status: int, code: str) -> type[MireloError]:
    """Return the class of an error answer: a known code counts, whatever status it came with."""
    return next((cls for (_, known), cls in BY_CODE.items() if known == code), BY_STATUS[status])


def expected(name: str, body: dict[str, Any]) -> Any:
    """Return what a success means, or the class of error it has to be."""
    if name == "getMe":
        return MeResult(**body)
    if name.endswith("Preflight"):
        return PreflightResult(**body) if body["credits"] >= 0 else UnexpectedResponseError
    if name.endswith("Sync"):
        asked = BODIES[name.removesuffix("Sync")].get("num_samples", 1)
        urls = body["result_urls"]
        return urls if len(urls) >= asked else IncompleteResultError if urls else SubmitOutcomeUnknown
    if name.endswith("JobCreate"):
        return body["job_id"], body["estimated_ms"]
    if name == "createAsset":
        return answers.JOB_ID, 9000
    if body["status"] == "processing":
        return JobProcessing(body["progress_percent"], body["estimated_completion_at"])
    if body["status"] == "succeeded":
        return JobSucceeded(body["result"]["result_urls"])
    return JobErrored(body["error"]["code"], body["error"]["http_status"], body["error"]["message"])


def seen(outcome: Any) -> Any:
    """Return what can be compared of an outcome."""
    if isinstance(outcome, MireloError):
        return type(outcome)
    if isinstance(outcome, Job):
        return outcome.job_id, outcome.estimated_ms
    return outcome.result_urls if isinstance(outcome, JobResult) else outcome


@documented
@examples(5)
@given(data=st.data())
def test_every_documented_answer_becomes_what_its_status_says(name: str, status: int, data: st.DataObject) -> None:
    schema = OPERATIONS[name].answers[status]
    body = data.draw(valid(schema, shortest=1))
    if status >= 400:
        codes = sorted(code for known, code in BY_CODE if known == status)
        body["error"]["code"] = data.draw(st.sampled_from(codes) | st.just(body["error"]["code"]))
    judge(schema).validate(body)
    outcome = called(name, status, body)
    if status < 400:
        assert seen(outcome) == expected(name, body)
        if isinstance(outcome, JobProcessing | JobSucceeded | JobErrored):
            assert outcome.created_at == datetime.fromisoformat(body["created_at"])
    else:
        assert type(outcome) is error_of(name, status, body["error"]["code"])
        assert (outcome.code, outcome.http_status) == (body["error"]["code"], status)


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


def with_unknown_fields(data: st.DataObject, value: Any) -> Any:
    """Add fields that no spec names to every object of an answer."""
    if isinstance(value, list):
        return [with_unknown_fields(data, each) for each in value]
    if not isinstance(value, dict):
        return value
    known = {name: with_unknown_fields(data, each) for name, each in value.items()}
    return {**data.draw(st.dictionaries(st.text(min_size=1).map("x-".__add__), junk, max_size=2)), **known}


@documented
@examples(3)
@given(data=st.data())
def test_unknown_fields_change_nothing(name: str, status: int, data: st.DataObject) -> None:
    body = data.draw(valid(OPERATIONS[name].answers[status], shortest=1))
    assert seen(called(name, status, with_unknown_fields(data, body))) == seen(called(name, status, body))


# What an answer is read for; anything may stand in the rest of it, or nothing.
NEEDED = {"getMe": {"id", "credits_available"}, "createAsset": {"asset_id", "upload_url"}}
NEEDED |= {f"{family}Preflight": {"credits"} for family in BODIES}
NEEDED |= {f"{family}Sync": {"result_urls"} for family in BODIES}
NEEDED |= {f"{family}JobCreate": {"job_id"} for family in BODIES}
NEEDED |= {f"{family}JobPoll": {"job_id", "status", "result", "error"} for family in BODIES}


@pytest.mark.parametrize("name", sorted(OPERATIONS))
@examples(16)
@given(data=st.data())
def test_unknown_values_in_what_is_not_needed_break_nothing(name: str, data: st.DataObject) -> None:
    operation = OPERATIONS[name]
    body = data.draw(valid(operation.answers[operation.good], shortest=1))
    bent = dict(body)
    for field in sorted(body.keys() - NEEDED[name]):
        fate = data.draw(st.sampled_from(["kept", "gone", "junk"]))
        if fate == "gone":
            del bent[field]
        elif fate == "junk":
            bent[field] = data.draw(junk)
    before, after = called(name, operation.good, body), called(name, operation.good, bent)
    assert type(after) is type(before)
    if isinstance(before, Job):
        assert after.job_id == before.job_id
    elif isinstance(before, JobSucceeded | JobErrored | JobResult):
        assert seen(after) == seen(before)
    elif isinstance(before, PreflightResult):
        assert after.credits == before.credits


@pytest.mark.parametrize("name", sorted(name for name in OPERATIONS if name.endswith("JobPoll")))
@examples(25)
@given(raw=st.text(min_size=1, max_size=30), data=st.data())
def test_a_status_that_nobody_knows_still_runs(name: str, raw: str, data: st.DataObject) -> None:
    body = {**data.draw(valid(OPERATIONS[name].answers[200], shortest=1)), "status": raw}
    outcome = called(name, 200, body)
    if raw not in ("processing", "succeeded", "errored"):
        assert isinstance(outcome, JobProcessing)
        assert (outcome.status, outcome.raw_status) == ("processing", raw)


@given(name=st.sampled_from(sorted(OPERATIONS)), status=st.integers(200, 599), body=junk)
def test_no_answer_at_all_escapes_as_anything_but_our_errors(name: str, status: int, body: object) -> None:
    outcome = called(name, status, body)
    if not 200 <= status < 300:
        assert isinstance(outcome, MireloError)
    if paid(name) and 200 <= status < 300:
        assert isinstance(outcome, SubmitOutcomeUnknown)
        assert outcome.accepted


# --- the generated parsers -------------------------------------------------------------------------------------------

MODULES = {
    module.name.rsplit(".", 1)[1]: module.name
    for module in pkgutil.walk_packages(generated.__path__, f"{generated.__name__}.")
    if not module.ispkg
}


def test_every_operation_has_its_generated_module() -> None:
    assert {snake(name) for name in (*OPERATIONS, *MUSIC)} == MODULES.keys()


def snake(name: str) -> str:
    return re.sub(r"([A-Z])", lambda found: f"_{found[0].lower()}", name)


def arguments(name: str, data: st.DataObject) -> dict[str, Any]:
    """Draw what an operation's generated function has to be called with."""
    if paid(name):
        schema = request_of(family_of(name))
        models = importlib.import_module("mirelo_ergo_api.mirelo_v2.models")
        model = getattr(models, schema["$ref"].rsplit("/", 1)[1])
        return {"body": model.from_dict(data.draw(valid(schema)))}
    parameters = OPERATIONS[name].parameters.items()
    return {each: data.draw(valid(one["schema"], shortest=1)) for each, one in parameters if one["required"]}


@documented
@examples(3)
@given(data=st.data())
def test_the_generated_parser_gives_the_variant_of_the_status(name: str, status: int, data: st.DataObject) -> None:
    schema = OPERATIONS[name].answers[status]
    body = data.draw(valid(schema, shortest=1))
    carrier = httpx.MockTransport(lambda request: httpx.Response(status, json=body))
    module = importlib.import_module(MODULES[snake(name)])
    with MireloClient(KEY, transport=carrier) as client:
        if status >= 400:
            with pytest.raises(MireloError) as caught:
                module.sync(client=client.low_level, **arguments(name, data))
            assert type(caught.value) is error_of(name, status, body["error"]["code"])
            assert caught.value.code == body["error"]["code"]
            return
        parsed = module.sync(client=client.low_level, **arguments(name, data))
    named = resolve(schema).get("discriminator", {}).get("mapping", {}).get(body.get("status"), schema.get("$ref"))
    assert type(parsed).__name__ == named.rsplit("/", 1)[1]
    assert parsed.to_dict().keys() == body.keys()

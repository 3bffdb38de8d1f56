"""The gateway's requests and answers, built from its spec: what fits goes out as it is, what does not never leaves."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mirelo_ergo import (
    AuthenticationError,
    InsufficientCreditsError,
    InvalidRequestError,
    Job,
    JobErrored,
    JobProcessing,
    JobSucceeded,
    MireloError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    SubmitOutcomeUnknown,
)
from mirelo_ergo._runtime.ids import job_id_problem
from mirelo_ergo._runtime.io.protocol import run
from tests.property.spec import GATEWAY, Schema, judge
from tests.property.strategies import Forbidden, forbidden, valid
from tests.support.answers import reply
from tests.support.examples import examples
from tests.support.gateway import queued
from tests.support.virtual import VirtualIO, async_pixazo_over, body_of, pixazo_over

MADE = sorted(name for name, operation in GATEWAY.items() if operation.request is not None)
SIMPLEST = {"text_prompt": "rain", "video_url": "https://clips.example.com/walk.mp4"}
TOKEN = "pixazo1:text-to-audio:v1.6:req_1:1772366400:"  # the word is not a secret
BY_STATUS = {400: InvalidRequestError, 401: AuthenticationError, 402: InsufficientCreditsError, 429: RateLimitError}
BY_STATUS |= {403: PermissionDeniedError, 404: NotFoundError, 500: ServerError}


def request_of(name: str) -> Schema:
    schema = GATEWAY[name].request
    assert schema is not None
    return schema


def generation(client: Any, name: str, body: dict[str, Any]) -> Any:
    """Ask for a request as a user does: by the field's own names."""
    method = re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", name)
    return getattr(client, method)(**body)


def simplest(name: str) -> dict[str, Any]:
    return {field: SIMPLEST[field] for field in request_of(name)["required"]}


@pytest.mark.parametrize("name", MADE)
@examples(30)
@given(data=st.data())
def test_what_fits_the_spec_goes_out_with_every_default(name: str, data: st.DataObject) -> None:
    schema = request_of(name)
    body = data.draw(valid(schema))
    assume(body.get("ambience") or not body.get("double_output"))
    io, awaited = VirtualIO([queued()]), VirtualIO([queued()])
    generation(pixazo_over(io), name, body).submit_job()
    run(generation(async_pixazo_over(awaited), name, body).submit_job())
    (call,), (twin,) = io.calls, awaited.calls
    assert call.request == twin.request
    assert (call.request.method, call.request.path) == (GATEWAY[name].method, GATEWAY[name].path)
    sent = json.loads(body_of(call.request))
    judge(schema).validate(sent)
    defaults = {field: each["default"] for field, each in schema["properties"].items() if "default" in each}
    assert sent == {"seed": -1, **defaults, **body}


def absent(name: str, wrong: Forbidden) -> bool:
    """Return whether None stands for a field that is not there: one without a default."""
    properties = request_of(name)["properties"]
    optional = properties.keys() - set(request_of(name)["required"])
    return wrong.value is None and wrong.field in optional and "default" not in properties[wrong.field]


WRONG = [(name, wrong) for name in MADE for wrong in forbidden(request_of(name)) if not absent(name, wrong)]


@pytest.mark.parametrize(("name", "wrong"), WRONG, ids=[f"{name} {wrong}" for name, wrong in WRONG])
def test_what_does_not_fit_is_refused_by_name_and_bound(name: str, wrong: Forbidden) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        generation(pixazo_over(VirtualIO()), name, {**simplest(name), wrong.field: wrong.value})
    assert caught.value.field == wrong.field
    assert wrong.field == "video_url" or wrong.bound in caught.value.message
    assert caught.value.message.endswith("nothing was sent")


@examples(80)
@given(data=st.data())
def test_every_documented_status_becomes_what_it_says(data: st.DataObject) -> None:
    schema = GATEWAY["getRequestStatus"].answers[200]
    body = data.draw(valid(schema, shortest=1))
    judge(schema).validate(body)
    body["request_id"] = "req_1"  # about another one it is not believed
    status = pixazo_over(VirtualIO([reply(200, body)])).job(TOKEN).status()
    raw = body["status"]
    if raw == "COMPLETED":
        assert isinstance(status, JobSucceeded)
        assert status.result_urls == ((body.get("output") or {}).get("media_url") or [])
    elif raw in ("FAILED", "ERROR"):
        assert isinstance(status, JobErrored)
        assert (status.code, status.charged) == (raw, False if raw == "ERROR" else None)
    else:
        assert isinstance(status, JobProcessing)
        assert (status.raw_status, status.progress_percent) == (raw, 0)


ERRORS = [(name, status) for name in MADE for status in GATEWAY[name].answers if status >= 400]


@pytest.mark.parametrize(("name", "status"), ERRORS)
@examples(6)
@given(data=st.data())
def test_every_documented_refusal_of_a_submit_is_typed(name: str, status: int, data: st.DataObject) -> None:
    body = data.draw(valid(GATEWAY[name].answers[status], shortest=1))
    io = VirtualIO(lambda _: reply(status, body))
    with pytest.raises(MireloError) as caught:
        generation(pixazo_over(io), name, simplest(name)).submit_job()
    assert type(caught.value) is (SubmitOutcomeUnknown if status == 500 else BY_STATUS[status])
    assert (caught.value.code, caught.value.http_status) == (body["error"], status)


@pytest.mark.parametrize("name", MADE)
@examples(20)
@given(data=st.data())
def test_a_queued_request_is_a_job_or_its_fate_is_said_to_be_unknown(name: str, data: st.DataObject) -> None:
    body = data.draw(valid(GATEWAY[name].answers[202], shortest=1))
    io = VirtualIO([reply(202, body)])
    request = generation(pixazo_over(io), name, simplest(name))
    if job_id_problem(body["request_id"]) is not None:
        with pytest.raises(SubmitOutcomeUnknown, match="request_id") as caught:
            request.submit_job()
        assert caught.value.accepted
        return
    job = request.submit_job()
    assert isinstance(job, Job)
    assert job.job_id == body["request_id"]
    assert pixazo_over(VirtualIO()).job(job.token).job_id == job.job_id

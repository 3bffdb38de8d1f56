"""inference.sh's requests and answers, built from its spec; and that nothing is uploaded but files."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mirelo_ergo import (
    AuthenticationError,
    InsufficientCreditsError,
    InvalidRequestError,
    JobErrored,
    JobProcessing,
    JobSucceeded,
    MireloError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    RequirementsNotMetError,
    ServerError,
    SubmitOutcomeUnknown,
)
from mirelo_ergo._runtime.ids import job_id_problem
from mirelo_ergo._runtime.io.protocol import run
from mirelo_ergo.inference_sh import TaskStatus
from tests.property.spec import MARKETPLACE, Schema, judge
from tests.property.strategies import Forbidden, forbidden, valid
from tests.support.answers import reply
from tests.support.examples import examples
from tests.support.virtual import VirtualIO, async_inference_over, body_of, inference_over

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mirelo_ergo._runtime.io.protocol import Reply, Request

RUN = MARKETPLACE["runApp"].request
assert RUN is not None
MMAUDIO: Schema = RUN["properties"]["input"]["anyOf"][0]
TASK = {"id": "tsk_1", "status": 2}
TOKEN = "inference_sh2:app:infsh/mmaudio:tsk_1:1772366400::"  # the word is not a secret
FREE = {"version": {"input_schema": {"properties": {"image": {"type": "string", "format": "file"}}}}}
FILES = ("rain", "note.txt", "sub/rain.wav")


def accepting(app: object = None) -> VirtualIO:
    """Make a service that takes every run, and says of an app what it is told to; None: nothing."""

    def answer(request: Request) -> Reply:
        if request.path == "/apps/run":
            return reply(200, {"data": TASK})
        if request.path.startswith("/tasks/"):
            return reply(200, {"data": TASK})
        if request.path.startswith("/apps/"):
            return reply(200 if app else 404, {"data": app} if app else {"type": "https://x/errors/not_found"})
        raise AssertionError(f"nobody should ask for {request.path}")

    return VirtualIO(answer)


def sent(io: VirtualIO) -> dict[str, Any]:
    (call,) = [call for call in io.calls if call.request.path == "/apps/run"]
    body = json.loads(body_of(call.request))
    assert isinstance(body, dict)
    return body


# Requests


@examples(40)
@given(body=valid(MMAUDIO))
def test_mmaudio_sends_what_fits_with_every_default(body: dict[str, Any]) -> None:
    body.pop("video_input", None)
    io, awaited = accepting(), accepting()
    inference_over(io).mmaudio(**body).submit_job()
    run(async_inference_over(awaited).mmaudio(**body).submit_job())
    assert sent(io) == sent(awaited)
    judge(RUN or {}).validate(sent(io))
    defaults = {name: each["default"] for name, each in MMAUDIO["properties"].items() if "default" in each}
    assert sent(io) == {"app": "infsh/mmaudio", "input": {**defaults, **body}}


WRONG = [each for each in forbidden(MMAUDIO) if each.field != "video_input"]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_what_does_not_fit_is_refused_by_name_and_bound(wrong: Forbidden) -> None:
    body: dict[str, Any] = {"prompt": "rain", wrong.field: wrong.value}
    with pytest.raises(InvalidRequestError) as caught:
        inference_over(VirtualIO()).mmaudio(**body)
    assert caught.value.field == wrong.field
    assert caught.value.message.endswith("nothing was sent")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@examples(80)
@given(body=valid(RUN), free=st.dictionaries(st.text(max_size=8), JSON, max_size=4))
def test_a_run_is_sent_as_it_is(body: dict[str, Any], free: dict[str, Any]) -> None:
    """Every field of the request and any JSON in the input; what is None at the top is left out."""
    params = {**body, "app": "some/app", "input": free}
    io, awaited = accepting(), accepting()
    assert inference_over(io).run(params, wait=False)["id"] == "tsk_1"
    run(async_inference_over(awaited).run(params, wait=False))
    assert sent(io) == sent(awaited) == params


# Never upload what is not a file


@pytest.fixture(scope="module")
def beside_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Work in a folder with files that texts may be named as."""
    before, folder = Path.cwd(), tmp_path_factory.mktemp("files")
    for name in FILES:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"private")
    os.chdir(folder)
    yield folder
    os.chdir(before)


LOOKALIKES = (
    st.sampled_from(["thunderstormrain", "heavyrainonmetal", "d41d8cd98f00b204e9800998ecf8427e"])
    | st.binary(min_size=12, max_size=60).map(lambda data: base64.b64encode(data).decode())
    | st.binary(max_size=40).map(lambda data: f"data:text/plain;charset=x;base64,{base64.b64encode(data).decode()}")
    | st.text(max_size=30).map(lambda text: f"data:,{text}")
    | st.sampled_from(
        [*FILES, "./rain", "sub", "sub/", ".", "..", "/", "~", "/etc/passwd", "C:\\rain", "\0", "x" * 5000]
    )
    | st.text(max_size=40)
)


@examples(120)
@given(prompt=LOOKALIKES, negative=LOOKALIKES, policy=st.sampled_from(["auto", "strict", "off"]))
def test_a_text_is_sent_as_a_text_whatever_it_looks_like(
    beside_files: Path, prompt: str, negative: str, policy: Any
) -> None:
    """Where the app's schema says that a field is text."""
    io = accepting()
    given = {"prompt": prompt, "negative_prompt": negative}
    inference_over(io).run({"app": "infsh/mmaudio", "input": given}, wait=False, upload=policy)
    assert sent(io)["input"] == given
    assert io.sendings == []


@examples(120)
@given(text=LOOKALIKES, deep=st.booleans(), policy=st.sampled_from(["strict", "off"]))
def test_no_text_is_uploaded_without_leave(beside_files: Path, text: str, deep: bool, policy: Any) -> None:
    io = accepting(FREE)
    given = {"image": text, "list": [text, {"image": text}]} if deep else {"image": text}
    inference_over(io).run({"app": "some/app", "input": given}, wait=False, upload=policy)
    assert sent(io)["input"] == given
    assert io.sendings == []


@examples(120)
@given(text=LOOKALIKES, known=st.booleans())
def test_a_text_in_a_field_that_nothing_is_known_of_is_sent_or_refused(
    beside_files: Path, text: str, known: bool
) -> None:
    """A path to a file is refused, with the way out; everything else is sent as it is. Nothing is ever uploaded."""
    io = accepting(FREE if known else None)
    params = {"app": "some/app", "input": {"style": text, "more": [text]}}
    refusal = None
    try:
        inference_over(io).run(params, wait=False)
    except InvalidRequestError as error:
        refusal = error.message
    assert io.sendings == []
    if refusal is None:
        assert sent(io)["input"] == params["input"]
        return
    assert "pathlib.Path(" in refusal
    assert Path(text).exists(), text
    assert {"/", "\\"} & set(text), "a bare word is a text"
    assert not [call for call in io.calls if call.request.path == "/apps/run"]


# Answers


@examples(80)
@given(task=valid(MARKETPLACE["getTask"].answers[200]["properties"]["data"], shortest=1))
def test_every_task_is_read(task: dict[str, Any]) -> None:
    task["id"] = "tsk_1"  # about another one it is not believed
    status = inference_over(VirtualIO([reply(200, {"data": task})])).job(TOKEN).status()
    said = task.get("status_text") or task["status"]
    names = {member.value: member.name.lower() for member in TaskStatus}
    state = said.strip().lower() if isinstance(said, str) else names.get(said, str(said))
    if state == "completed":
        assert isinstance(status, JobSucceeded)
    elif state in ("failed", "cancelled", "rejected"):
        assert isinstance(status, JobErrored)
        assert (status.code, status.charged) == (state, False if state == "rejected" else None)
    else:
        assert isinstance(status, JobProcessing)
        assert status.progress_percent == 0, "none is made up"


BY_STATUS: dict[int, type[MireloError]] = {
    400: InvalidRequestError,
    401: AuthenticationError,
    402: InsufficientCreditsError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: MireloError,
    410: NotFoundError,
    412: RequirementsNotMetError,
    429: RateLimitError,
    500: SubmitOutcomeUnknown,
    503: SubmitOutcomeUnknown,
}
assert RUN is not None


@pytest.mark.parametrize("status", [status for status in MARKETPLACE["runApp"].answers if status >= 400])
@examples(9)
@given(data=st.data())
def test_every_documented_refusal_of_a_run_is_typed(status: int, data: st.DataObject) -> None:
    body = data.draw(valid(MARKETPLACE["runApp"].answers[status], shortest=1))
    if status != 412:
        code = data.draw(st.sampled_from(["invalid_request", "conflict", "app_retired", "internal_error", "new_code"]))
        body |= {"type": f"https://api.inference.sh/errors/{code}", "status": status}
        assume(status == 410 or code != "app_retired")
        assume(code != "invalid_request" or status == 400)
    else:
        body["satisfied"] = False
    io = VirtualIO(lambda _: reply(status, body))
    with pytest.raises(MireloError) as caught:
        inference_over(io).run({"app": "some/app", "input": {}}, wait=False)
    assert isinstance(caught.value, BY_STATUS[status])
    assert caught.value.http_status == status
    if isinstance(caught.value, RequirementsNotMetError):
        assert caught.value.requirements == body["errors"]
    if status in (500, 503):
        assert not isinstance(caught.value, ServerError)
        assert len(io.calls) == 1, "it may have been taken"


@examples(30)
@given(task=valid(MARKETPLACE["runApp"].answers[200]["properties"]["data"], shortest=1), bare=st.booleans())
def test_a_new_task_is_a_job_or_its_fate_is_said_to_be_unknown(task: dict[str, Any], bare: bool) -> None:
    io = VirtualIO([reply(200, task if bare else {"data": task})])
    request = inference_over(io).mmaudio("rain")
    if job_id_problem(task["id"]) is not None:
        with pytest.raises(SubmitOutcomeUnknown, match="id") as caught:
            request.submit_job()
        assert caught.value.accepted
        return
    job = request.submit_job()
    assert job.job_id == task["id"]
    assert inference_over(VirtualIO()).job(job.token).job_id == job.job_id

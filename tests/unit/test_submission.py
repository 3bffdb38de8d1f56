"""Whatever ends a paid operation says what was paid for: the job, if its id can be read anywhere, else the doubt."""

from __future__ import annotations

import asyncio
import json
import pickle
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from mirelo_ergo import IncompleteResultError, InvalidRequestError, MireloError, SubmitOutcomeUnknown
from mirelo_ergo._runtime.io.protocol import Reply, TransportFailure, run
from mirelo_ergo._runtime.jobs import handles
from mirelo_ergo._runtime.jobs.tokens import JobRecord
from tests.support import answers
from tests.support.answers import reply
from tests.support.virtual import (
    VirtualIO,
    async_client_over,
    async_pixazo_over,
    body_of,
    client_over,
    pixazo_over,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from mirelo_ergo._runtime.io.deadline import TimeLimit
    from mirelo_ergo._runtime.io.protocol import Request
    from mirelo_ergo._runtime.io.sent import SentTracker

pytestmark = pytest.mark.parametrize("colour", ["sync", "async"])


class TooLate(Exception):
    """What a task queue's signal handler raises when a worker's time is up."""


STOPS: list[type[BaseException]] = [KeyboardInterrupt, asyncio.CancelledError, SystemExit, GeneratorExit, TooLate]
TOKEN = f":text-to-sfx:v1.5:{answers.JOB_ID}:"


def client(colour: str, io: VirtualIO) -> Any:
    return (client_over if colour == "sync" else async_client_over)(io)


def do(colour: str, call: Callable[[], Any]) -> Any:
    return call() if colour == "sync" else run(call())


def ended(colour: str, call: Callable[[], Any]) -> BaseException:
    try:
        do(colour, call)
    except BaseException as error:
        return error
    raise AssertionError("nothing ended it")


def check_leads_to_job(colour: str, io: VirtualIO, error: BaseException) -> None:
    """Check that the cause and a note have the token, and that the handle works."""
    unknown = error.__cause__
    assert isinstance(unknown, SubmitOutcomeUnknown)
    assert (unknown.accepted, unknown.job_id) == (True, answers.JOB_ID)
    assert unknown.job_token is not None
    assert unknown.job_token.partition(TOKEN)[0] == "mirelo2"
    assert any(unknown.job_token in note for note in error.__notes__)
    assert unknown.job.token == unknown.job_token
    io._answer = lambda _: answers.succeeded()
    assert len(do(colour, unknown.job.wait).result_urls) == 1


# --- after the response came -----------------------------------------------------------------------------------------


class Stopping(VirtualIO):
    """Answers, and is stopped once the response was read; `cut` is as much of it as came."""

    def __init__(self, stop: BaseException, cut: int | None = None) -> None:
        super().__init__([])
        self._stop, self._cut = stop, cut

    async def request(self, request: Request, limit: TimeLimit, sent: SentTracker) -> Reply:
        if request.method == "GET":
            return await super().request(request, limit, sent)
        whole = answers.accepted().body
        sent.reply = Reply(202, {}, whole[: self._cut], None if self._cut is None else "it was cut off")
        raise self._stop


@pytest.mark.parametrize("stop", STOPS)
def test_stopped_with_the_whole_response(colour: str, stop: type[BaseException]) -> None:
    io = Stopping(stop())
    error = ended(colour, client(colour, io).text_to_sfx("rain").submit_job)
    assert type(error) is stop
    check_leads_to_job(colour, io, error)


def test_stopped_with_a_part_of_the_response_that_has_the_id(colour: str) -> None:
    at = answers.accepted().body.index(b"job_url")
    io = Stopping(KeyboardInterrupt(), at)
    check_leads_to_job(colour, io, ended(colour, client(colour, io).text_to_sfx("rain").submit_job))


def test_stopped_with_a_part_of_the_response_that_cuts_the_id(colour: str) -> None:
    error = ended(colour, client(colour, Stopping(KeyboardInterrupt(), 30)).text_to_sfx("rain").submit_job)
    unknown = error.__cause__
    assert isinstance(unknown, SubmitOutcomeUnknown)
    assert (unknown.accepted, unknown.job_id, unknown.job, unknown.job_token) == (True, None, None, None)
    assert any("may charge twice" in note for note in error.__notes__)


def test_stopped_with_a_refusal_in_hand(colour: str) -> None:
    made = client(colour, VirtualIO([answers.problem(400, "odd")])).text_to_sfx("rain")
    api = made._flows.runtime.api
    stops = [KeyboardInterrupt()]

    def read_error(body: object) -> Any:
        if stops:
            raise stops.pop()
        return api.read_error(body)

    made._flows.runtime.api = attrs.evolve(api, read_error=read_error)
    error = ended(colour, made.submit_job)
    assert type(error) is KeyboardInterrupt
    assert error.__cause__ is None


PLACES = ["reading it", "making the record", "making the handle"]


@pytest.mark.parametrize("stop", STOPS)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("call", ["submit_job", "run"])
def test_stopped_before_the_handle_exists(
    colour: str, call: str, place: str, stop: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    io = VirtualIO([answers.accepted()])
    made = client(colour, io).text_to_sfx("rain")
    raised: list[str] = []

    def once(real: Callable[..., Any]) -> Callable[..., Any]:
        def stopping(*arguments: Any, **more: Any) -> Any:
            if not raised:
                raised.append(place)
                raise stop
            return real(*arguments, **more)

        return stopping

    if place == "reading it":
        jobs = made._flows.apis[0]
        monkeypatch.setattr(made._flows, "apis", (evolved(jobs, once(jobs.read_accepted)),))
    elif place == "making the record":
        monkeypatch.setattr(JobRecord, "__init__", once(JobRecord.__init__))
    else:
        monkeypatch.setattr(handles.JobHandle, "__init__", once(handles.JobHandle.__init__))
    error = ended(colour, getattr(made, call))
    assert raised
    assert type(error) is stop
    monkeypatch.undo()
    check_leads_to_job(colour, io, error)


def evolved(jobs: Any, read_accepted: Callable[..., Any]) -> Any:
    return attrs.evolve(jobs, read_accepted=read_accepted)


def test_a_mistake_in_reading_is_no_lost_job(colour: str, monkeypatch: pytest.MonkeyPatch) -> None:
    io = VirtualIO([answers.accepted()])
    made = client(colour, io).text_to_sfx("rain")
    jobs = made._flows.apis[0]
    monkeypatch.setattr(made._flows, "apis", (evolved(jobs, lambda reply: {"a": reply}["no such key"]),))
    error = ended(colour, made.submit_job)
    assert type(error) is KeyError
    check_leads_to_job(colour, io, error)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, TooLate])
def test_stopped_between_submit_and_wait(
    colour: str, stop: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    io = VirtualIO([answers.accepted()])
    made = client(colour, io).text_to_sfx("rain")

    def stopping(*_: Any, **__: Any) -> Any:
        raise stop

    monkeypatch.setattr(handles.JobHandle, "_new_waiter", stopping)
    error = ended(colour, made.run)
    assert type(error) is stop
    assert error.__cause__ is None
    if stop is KeyboardInterrupt:
        assert [TOKEN in note for note in error.__notes__] == [True]


@pytest.mark.parametrize("stop", STOPS)
def test_a_sync_call_that_is_stopped_with_its_results_in_hand(colour: str, stop: type[BaseException]) -> None:
    class Full(VirtualIO):
        async def request(self, request: Request, limit: TimeLimit, sent: SentTracker) -> Reply:
            sent.reply = answers.result()
            raise stop

    error = ended(colour, client(colour, Full()).text_to_sfx("rain").sync_i_accept_http_timeout_risk)
    assert type(error) is stop
    unknown = error.__cause__
    assert isinstance(unknown, SubmitOutcomeUnknown)
    assert unknown.accepted
    assert unknown.idempotency_key is not None
    assert unknown.body == json.loads(answers.result().body)


def test_fewer_results_than_were_asked_for_are_no_doubt(colour: str) -> None:
    made = client(colour, VirtualIO([answers.result()])).text_to_sfx("rain", num_samples=2)
    error = ended(colour, made.sync_i_accept_http_timeout_risk)
    assert type(error) is IncompleteResultError
    assert error.__cause__ is None


# --- before anything left --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stop", STOPS)
def test_stopped_before_the_request_left(colour: str, stop: type[BaseException]) -> None:
    class Waiting(VirtualIO):
        async def submit_slot(self, seconds: float) -> Any:
            raise stop

    error = ended(colour, client(colour, Waiting()).text_to_sfx("rain").submit_job)
    assert type(error) is stop
    assert error.__cause__ is None
    assert not hasattr(error, "__notes__")


def test_stopped_while_it_pauses_before_a_re_send(colour: str) -> None:
    class Pausing(VirtualIO):
        async def sleep(self, seconds: float) -> None:
            raise KeyboardInterrupt

    for refusal in (answers.problem(429, "rate_limited"), answers.refused()):
        error = ended(colour, client(colour, Pausing([refusal])).text_to_sfx("rain").submit_job)
        assert type(error) is KeyboardInterrupt
        assert error.__cause__ is None


# --- responses that are cut off --------------------------------------------------------------------------------------


def cut(status: int, body: bytes, kind: Any = "network") -> TransportFailure:
    """Make what an exchange that broke in the body of its response gives."""
    return TransportFailure(kind, "yes", "ReadError: reset", Reply(status, {}, body, "it was cut off"))


WITH_ID = f'{{"estimated_ms": 1000, "job_id" : "{answers.JOB_ID}", "job_u'.encode()
ODD: list[Any] = [
    cut(202, WITH_ID),
    cut(200, WITH_ID, "timeout"),
    cut(202, answers.accepted().body, "garbled"),
    Reply(202, {}, WITH_ID),
    Reply(202, {}, answers.accepted().body, "the answer is encoded as br"),
    Reply(202, {}, b"\xff" + answers.accepted().body),
    Reply(202, {}, b"<pre>" + answers.accepted().body),
    Reply(202, {}, answers.accepted().body * 2),
]


@pytest.mark.parametrize("odd", ODD)
def test_the_id_of_a_paid_job_is_never_thrown_away(colour: str, odd: Any) -> None:
    io = VirtualIO([odd])
    error = ended(colour, client(colour, io).text_to_sfx("rain").submit_job)
    assert isinstance(error, SubmitOutcomeUnknown)
    assert (error.accepted, error.job_id) == (True, answers.JOB_ID)
    assert error.job_token is not None
    assert error.job_token.partition(TOKEN)[0] == "mirelo2"
    assert f"Its job is {answers.JOB_ID}" in error.message
    assert pickle.loads(pickle.dumps(error)).job_token == error.job_token  # our own error
    io._answer = lambda _: answers.succeeded()
    assert len(do(colour, error.job.wait).result_urls) == 1


def test_so_is_the_gateways(colour: str) -> None:
    io = VirtualIO([cut(200, b'{"request_id":"req-1","status":"QUE')])
    made = (pixazo_over if colour == "sync" else async_pixazo_over)(io).text_to_audio("rain on a roof")
    error = ended(colour, made.submit_job)
    assert isinstance(error, SubmitOutcomeUnknown)
    assert error.job_token is not None
    assert error.job_token.startswith("pixazo2:text-to-audio:v1.6:req-1:")


@pytest.mark.parametrize(
    "body",
    [
        WITH_ID[: WITH_ID.index(b"7c11")],
        b'{"job_id": "../../me", "job_u',
        b'{"job_id": "", "x": ',
        b'{"job_id": 7, "x": ',
        b'{"job_id": "\\ud800", "x": ',
        b'{"the_job_id": "a", "x": ',
    ],
)
def test_what_is_no_id_is_not_taken_for_one(colour: str, body: bytes) -> None:
    error = ended(colour, client(colour, VirtualIO([cut(202, body)])).text_to_sfx("rain").submit_job)
    assert isinstance(error, SubmitOutcomeUnknown)
    assert (error.accepted, error.job_id, error.job, error.job_token) == (True, None, None, None)


def test_a_head_without_a_yes_accepts_nothing(colour: str) -> None:
    error = ended(colour, client(colour, VirtualIO([cut(502, WITH_ID)])).text_to_sfx("rain").submit_job)
    assert isinstance(error, SubmitOutcomeUnknown)
    assert (error.accepted, error.job_id) == (None, None)


# --- responses that are somebody else's ------------------------------------------------------------------------------


def test_a_submit_is_not_answered_with_a_job_that_is_there_already(colour: str) -> None:
    io = VirtualIO(lambda _: answers.accepted())
    service = client(colour, io)
    job = do(colour, service.text_to_sfx("rain").submit_job)
    error = ended(colour, service.text_to_sfx("snow").submit_job)
    assert isinstance(error, SubmitOutcomeUnknown)
    assert (error.accepted, error.job, error.job_token, error.job_id) == (True, None, None, None)
    assert f"names job {job.job_id}, which this client has already" in error.message
    assert error.body == json.loads(answers.accepted().body)


def test_a_resumed_job_counts_as_held(colour: str) -> None:
    service = client(colour, VirtualIO(lambda _: answers.accepted()))
    job = service.job(f"mirelo1{TOKEN}1767268800:1000")
    assert isinstance(ended(colour, service.text_to_sfx("snow").submit_job), SubmitOutcomeUnknown)
    del job


def test_a_poll_about_another_job_is_not_believed(colour: str) -> None:
    stranger = reply(200, {**json.loads(answers.succeeded("https://r.example/s").body), "job_id": "job-s"})
    io = VirtualIO([answers.accepted(), stranger, stranger, answers.succeeded("https://r.example/1")])
    job = do(colour, client(colour, io).text_to_sfx("rain").submit_job)
    assert do(colour, job.wait).result_urls == ["https://r.example/1"]
    error = ended(colour, client(colour, VirtualIO([stranger, stranger])).job(job.token).status)
    assert isinstance(error, MireloError)
    assert "another job" in error.message


def test_a_refused_submit_leaves_no_doubt(colour: str) -> None:
    io = VirtualIO([answers.problem(422, "odd")])
    error = ended(colour, client(colour, io).text_to_sfx("rain").submit_job)
    assert type(error) is InvalidRequestError
    assert error.__cause__ is None
    assert b"rain" in body_of(io.calls[0].request)

"""Paid requests over a virtual clock: sent again only when they provably were not processed, and in a queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpcore
import pytest

from mirelo_ergo import InvalidRequestError, NetworkError, ServerError, SubmitOutcomeUnknown
from mirelo_ergo._runtime.api.requests import fingerprint
from mirelo_ergo._runtime.io.protocol import Request, TransportFailure
from mirelo_ergo.mirelo import account
from tests.support import answers
from tests.support.answers import page, problem, refused, reply, reset
from tests.support.virtual import KEY, WALL, Late, VirtualIO, client_over

if TYPE_CHECKING:
    from mirelo_ergo._runtime.io.deadline import TimeLimit
    from mirelo_ergo._runtime.io.protocol import Reply
    from mirelo_ergo._runtime.io.sent import SentTracker


def submit(io: VirtualIO, **options: Any) -> str:
    return client_over(io, **options).text_to_sfx("rain").submit_job().job_id


# --- paid requests ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble",
    [
        refused(),
        TransportFailure("network", "partial", "WriteError"),
        TransportFailure("pool", "no", "PoolTimeout"),
        problem(429, "rate_limited"),
        page(429),
        page(425),
        problem(503, "overloaded", retry_after="1"),
    ],
)
def test_a_paid_request_that_was_not_processed_is_sent_again(trouble: Any) -> None:
    io = VirtualIO([trouble] * 4 + [answers.accepted()])
    assert submit(io) == answers.JOB_ID
    assert len(io.calls) == 5
    assert len({call.request.body for call in io.calls}) == 1


@pytest.mark.parametrize(
    ("trouble", "code", "status", "accepted"),
    [
        (reset(), "network_error", 0, None),
        (TransportFailure("timeout", "yes", "ReadTimeout"), "timeout", 408, None),
        (TransportFailure("garbled", "yes", "RemoteProtocolError"), "network_error", 0, None),
        (page(502), "server_error", 502, None),
        (page(500), "server_error", 500, None),
        (problem(500, "server_error"), "server_error", 500, None),
        (problem(502, "mystery"), "mystery", 502, None),
        (problem(503, "overloaded"), "overloaded", 503, None),
        (page(503, retry_after="1"), "server_error", 503, None),
        (page(504), "server_error", 504, None),
        (page(520), "server_error", 520, None),
        (page(408), "timeout", 408, None),
        (page(200), "unexpected_response", 200, True),
        (reply(202, {"job_url": "/x"}), "unexpected_response", 202, True),
        (reply(202, {"job_id": "../.."}), "unexpected_response", 202, True),
        (page(202, ""), "unexpected_response", 202, True),
    ],
)
def test_a_paid_request_that_may_have_been_taken_is_sent_once(
    trouble: Any, code: str, status: int, accepted: bool | None
) -> None:
    io = VirtualIO([trouble])
    with pytest.raises(SubmitOutcomeUnknown) as caught:
        submit(io)
    error = caught.value
    assert (error.code, error.http_status, error.accepted) == (code, status, accepted)
    assert (error.sent, error.sent_at, error.idempotency_key, error.retryable) == ("yes", WALL, None, False)
    assert error.request_fingerprint == fingerprint(io.calls[0].request)
    assert error.evidence
    assert error.evidence in error.message
    assert "may charge twice" in error.message
    assert error.job is None


@pytest.mark.parametrize("code", ["generation_failed", "generation_timeout"])
def test_a_failure_documented_as_uncharged_is_definite(code: str) -> None:
    io = VirtualIO([problem(502, code)])
    with pytest.raises(ServerError) as caught:
        submit(io)
    assert caught.value.code == code


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_a_refusal_is_definite(status: int) -> None:
    io = VirtualIO([problem(status, "brand_new")])
    with pytest.raises(InvalidRequestError):
        submit(io)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(status: int) -> None:
    io = VirtualIO([page(status, "", location="https://evil.example/v2")])
    with pytest.raises(Exception, match=r"to https://evil\.example/v2") as caught:
        submit(io)
    assert getattr(caught.value, "http_status", None) == status


def test_attempts_of_a_paid_request_end_definite() -> None:
    io = VirtualIO(lambda _: refused())
    with pytest.raises(NetworkError) as caught:
        submit(io)
    assert (len(io.calls), caught.value.sent) == (5, "no")


def test_the_fingerprint_is_of_method_path_and_canonical_body() -> None:
    first = VirtualIO([reset()])
    second = VirtualIO([reset()])
    prints = []
    for io, length in ((first, 2000), (second, 3000)):
        with pytest.raises(SubmitOutcomeUnknown) as caught:
            client_over(io).text_to_sfx("rain", duration_ms=length).submit_job()
        prints.append(caught.value.request_fingerprint)
    assert prints[0] != prints[1]
    assert prints[0] == fingerprint(Request("POST", first.calls[0].request.path, first.calls[0].request.body))
    assert all(len(each) == 64 for each in prints)


def test_the_raw_body_of_an_accepted_job_without_an_id_is_kept() -> None:
    io = VirtualIO([reply(202, {"id_of_job": "j-1"}, **{"x-request-id": "req_1"})])
    with pytest.raises(SubmitOutcomeUnknown) as caught:
        submit(io)
    assert caught.value.body == {"id_of_job": "j-1"}
    assert caught.value.request_id == "req_1"


def test_an_echoed_key_reaches_no_error() -> None:
    for trouble in (reply(202, {"job_id": [KEY]}), page(500, f"<b>{KEY}</b>"), problem(500, "odd", f"key {KEY}")):
        with pytest.raises(SubmitOutcomeUnknown) as caught:
            submit(VirtualIO([trouble]))
        assert KEY not in f"{caught.value} {vars(caught.value)}"


class Interrupting(VirtualIO):
    """An IO that Ctrl-C stops after these trace events of an attempt."""

    def __init__(self, *events: str, stop: BaseException) -> None:
        super().__init__()
        self._events, self._stop = events, stop

    async def request(self, request: Request, limit: TimeLimit, sent: SentTracker) -> Reply:
        for name in self._events:
            sent.event(name, {"request": httpcore.Request("POST", "https://api.mirelo.ai")})
        raise self._stop


HEADERS = "http11.send_request_headers.started"
BODY = "http11.send_request_body.complete"


@pytest.mark.parametrize("events", [(HEADERS, BODY), ()])
def test_ctrl_c_after_a_paid_request_left_says_what_it_leaves_behind(events: tuple[str, ...]) -> None:
    stop = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt) as caught:
        submit(Interrupting(*events, stop=stop))
    assert caught.value is stop
    assert isinstance(stop.__cause__, SubmitOutcomeUnknown)
    assert "interrupted" in stop.__cause__.evidence
    assert (stop.__cause__.code, stop.__cause__.http_status, stop.__cause__.sent) == ("network_error", 0, "yes")
    assert any("may charge twice" in note for note in stop.__notes__)


def test_ctrl_c_before_anything_left_is_only_that() -> None:
    stop = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        submit(Interrupting("connection.connect_tcp.started", stop=stop))
    assert stop.__cause__ is None
    stop = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        client_over(Interrupting(HEADERS, BODY, stop=stop)).me()
    assert stop.__cause__ is None


# --- the queue of submits --------------------------------------------------------------------------------------------


def test_at_most_32_submits_are_in_flight_and_polls_do_not_wait_behind_them() -> None:
    io = VirtualIO(lambda request: answers.me() if request.method == "GET" else Late(10.0, answers.accepted()))
    client = client_over(io)
    request = client.text_to_sfx("rain")
    flows: list[Any] = [client._core.submit(request._generation, None) for _ in range(40)]
    io.together(*flows, account.me(client._runtime, None))
    assert io.most_in_flight == 32
    reads = [call.at for call in io.calls if call.request.method == "GET"]
    assert reads == [1000.0]
    assert sum(call.at == 1000.0 for call in io.calls) == 33


def test_a_queue_that_does_not_move_is_a_typed_error_and_nothing_left() -> None:
    io = VirtualIO()
    io._slots = 0
    with pytest.raises(NetworkError, match="queue of submits is too long") as caught:
        client_over(io, timeout_ms=5000).text_to_sfx("rain").submit_job()
    assert (caught.value.sent, io.calls, io._slots) == ("no", [], 0)
    assert io.clock - 1000 <= 5.0


def test_a_queue_longer_than_the_deadline_is_a_typed_error_and_nothing_left() -> None:
    io = VirtualIO(lambda _: Late(9.0, answers.accepted()))
    client = client_over(io, timeout_ms=5000)
    request = client.text_to_sfx("rain")
    outcomes = io.together(*(client._core.submit(request._generation, None) for _ in range(33)))
    (queued,) = [each for each in outcomes if isinstance(each, NetworkError)]
    assert queued.sent == "no"
    assert "queue of submits is too long" in queued.message
    assert len(io.calls) == 32


def test_a_pace_slower_than_the_deadline_is_a_typed_error_and_nothing_left() -> None:
    io = VirtualIO([problem(429, "rate_limited")] * 2)
    client = client_over(io, timeout_ms=500, backoff_ms=0)
    with pytest.raises(NetworkError) as caught:
        client.text_to_sfx("rain").submit_job()
    assert (len(io.calls), caught.value.sent) == (1, "no")  # the gate holds for a second, the deadline is half of one
    assert io._slots == 32

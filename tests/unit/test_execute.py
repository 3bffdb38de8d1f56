"""The retry core over a virtual clock: what is sent again, what is raised, and what time and the budget allow."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from mirelo_ergo import (
    ConfigurationError,
    InvalidRequestError,
    NetworkError,
    NotFoundError,
    RateLimitError,
    RequestTimeoutError,
    ServerError,
    UnexpectedResponseError,
)
from mirelo_ergo._runtime.api.execute import Operation, execute
from mirelo_ergo._runtime.api.retry import Kind
from mirelo_ergo._runtime.io.protocol import Request, TransportFailure, run
from mirelo_ergo.mirelo.values import read_me
from tests.support import answers
from tests.support.answers import page, problem, refused, reply, reset
from tests.support.virtual import Late, VirtualIO, body_of, client_over, runtime_over

if TYPE_CHECKING:
    from mirelo_ergo._runtime.io.protocol import Reply


def submit(io: VirtualIO, **options: Any) -> str:
    return client_over(io, **options).text_to_sfx("rain").submit_job().job_id


# --- reads -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble",
    [
        reset(),
        refused(),
        page(502),
        page(500),
        problem(503, "overloaded"),
        problem(429, "rate_limited"),
        page(408),
        TransportFailure("timeout", "yes", "ReadTimeout"),
        TransportFailure("pool", "no", "PoolTimeout"),
    ],
)
def test_a_read_is_tried_until_it_works(trouble: Any) -> None:
    io = VirtualIO([trouble] * 4 + [answers.me()])
    assert client_over(io).me().id == "usr_1"
    assert io.requests == ["GET /v2/me"] * 5
    assert len(io.sleeps) == 4


def test_a_read_is_tried_five_times() -> None:
    io = VirtualIO(lambda _: refused())
    with pytest.raises(NetworkError) as caught:
        client_over(io).me()
    assert len(io.calls) == 5
    error = caught.value
    assert (error.sent, error.attempts, error.retryable, error.code, error.http_status) == (
        "no",
        5,
        True,
        "network_error",
        0,
    )
    assert error.message == ("no answer from https://api.mirelo.ai, tried 5 times: ConnectError: connection refused")


@pytest.mark.parametrize("retries", [0, 2, 7])
def test_retries_caps_the_attempts(retries: int) -> None:
    io = VirtualIO(lambda _: page(502))
    with pytest.raises(ServerError):
        client_over(io, retries=retries).me()
    assert len(io.calls) == retries + 1


@pytest.mark.parametrize("useless", [page(200), reply(200, []), reply(200, {"id": 7}), reply(200, None), page(204, "")])
def test_a_useless_answer_is_asked_for_once_more(useless: Reply) -> None:
    assert client_over(VirtualIO([useless, answers.me()])).me().id == "usr_1"
    io = VirtualIO([useless] * 2)
    with pytest.raises(UnexpectedResponseError) as caught:
        client_over(io).me()
    assert caught.value.http_status == useless.status
    assert caught.value.message.startswith("the answer")
    assert caught.value.operation == "getMe"


def test_backoff_is_jittered_and_never_ends_after_the_deadline() -> None:
    io = VirtualIO(lambda _: page(503), chance=lambda: 0.999)
    with pytest.raises(ServerError):
        client_over(io, timeout_ms=2000, retries=50).me()
    assert io.sleeps == pytest.approx([0.4995, 0.999])
    assert io.clock - 1000 <= 2.0


def test_backoff_ms_is_the_first_pause() -> None:
    io = VirtualIO([page(503)] * 3 + [answers.me()], chance=lambda: 1.0)
    client_over(io, backoff_ms=100).me()
    assert io.sleeps == [0.1, 0.2, 0.4]


def test_an_answer_that_takes_longer_than_the_deadline_is_a_timeout() -> None:
    io = VirtualIO([Late(30.0, answers.me())])
    with pytest.raises(RequestTimeoutError) as caught:
        client_over(io, timeout_ms=5000).me()
    assert (caught.value.code, caught.value.http_status, caught.value.sent) == ("timeout", 408, "yes")
    assert io.clock - 1000 == pytest.approx(5.0)


def test_retry_after_is_a_minimum() -> None:
    io = VirtualIO([problem(429, "rate_limited", retry_after="7"), answers.me()])
    client_over(io).me()
    assert io.sleeps[0] >= 7.0
    date = VirtualIO([problem(429, "rate_limited", retry_after="Sun, 01 Mar 2026 12:00:09 GMT"), answers.me()])
    client_over(date).me()
    assert 8.0 <= date.sleeps[0] <= 9.0  # our own clock has to do when the answer has no Date


@pytest.mark.parametrize("garbage", ["nan", "inf", "1e9", "-3", "soon", ""])
def test_a_garbage_retry_after_hides_nothing(garbage: str) -> None:
    io = VirtualIO([problem(429, "rate_limited", retry_after=garbage), answers.me()])
    client_over(io).me()
    assert io.sleeps[0] <= 0.5


@pytest.mark.parametrize("kind", ["read", "paid"])
def test_over_a_minute_is_raised_at_once(kind: str) -> None:
    io = VirtualIO([problem(429, "rate_limited", retry_after="3600")])
    with pytest.raises(RateLimitError) as caught:
        client_over(io).me() if kind == "read" else submit(io)
    assert caught.value.retry_after == 3600.0
    assert io.sleeps == []


def test_a_pause_that_would_outlast_the_deadline_is_not_begun() -> None:
    io = VirtualIO([problem(429, "rate_limited", retry_after="30")])
    with pytest.raises(RateLimitError):
        client_over(io, timeout_ms=20_000).me()
    assert io.sleeps == []


@pytest.mark.parametrize("failure", ["tls", "local", "proxy_refused"])
def test_what_no_attempt_mends_is_raised_at_once(failure: Any) -> None:
    io = VirtualIO([TransportFailure(failure, "no", "what it was")])
    with pytest.raises(ConfigurationError if failure == "local" else NetworkError, match="what it was") as caught:
        client_over(io).me()
    assert not caught.value.retryable


def test_200_calls_in_an_outage_cost_at_most_35_more() -> None:
    io = VirtualIO(lambda _: page(500), latency=0.0, chance=lambda: 0.0)
    client = client_over(io)
    for _ in range(200):
        with pytest.raises(ServerError):
            client.me()
    assert len(io.calls) == 200 + 35
    assert client._core.runtime.budget.tokens == 10
    io.clock += 60.0
    with pytest.raises(ServerError):
        client.me()
    assert len(io.calls) == 200 + 35 + 5  # one token a second comes back


def test_success_fills_the_budget_again() -> None:
    io = VirtualIO([page(500), page(500), answers.me(), answers.me()])
    client = client_over(io)
    client.me()
    assert client._core.runtime.budget.tokens == 500


def test_one_attempt_is_enough_where_the_next_poll_is_the_retry() -> None:
    io = VirtualIO([page(502)])
    single = Operation("getMe", Kind.READ, Request("GET", "/v2/me"), read_me, 60.0, attempts=1)
    with pytest.raises(ServerError):
        run(execute(runtime_over(io), single))
    assert io.sleeps == []


# --- around it -------------------------------------------------------------------------------------------------------


def test_a_closed_client_says_so() -> None:
    io = VirtualIO()
    client = client_over(io)
    with client:
        pass
    for call in (client.me, client.text_to_sfx("rain").submit_job, client.text_to_sfx("rain").preflight):
        with pytest.raises(ConfigurationError, match="this client is closed"):
            call()


def test_a_flow_that_would_wait_for_real_is_a_mistake_and_not_a_hang() -> None:
    io = VirtualIO()
    io._many = True

    async def flow() -> None:
        await io.sleep(1.0)

    with pytest.raises(RuntimeError, match="tried to suspend"):
        run(flow())


def test_every_attempt_is_one_line_without_key_or_query(caplog: pytest.LogCaptureFixture) -> None:
    io = VirtualIO([page(502), reply(200, []), reset(), answers.preflight()])
    with caplog.at_level(logging.DEBUG, "mirelo_ergo"), pytest.raises(UnexpectedResponseError):
        client_over(io, retries=3).text_to_sfx("a secret prompt").preflight()
    path = "GET https://api.mirelo.ai/v2/text-to-sfx/v1.5/preflight"
    assert [record.message for record in caplog.records] == [
        f"{path} attempt 1: HTTP 502 -> retry",
        f"{path} attempt 2: HTTP 200, the answer is a JSON list, not an object -> raise",
    ]
    assert {record.levelname for record in caplog.records} == {"DEBUG"}


def test_a_404_on_anything_else_means_no() -> None:
    io = VirtualIO([problem(404, "not_found")])
    with pytest.raises(NotFoundError):
        client_over(io).me()
    assert io.sleeps == []


def test_a_404_may_only_mean_not_yet() -> None:
    missing = problem(404, "job_not_found")
    io = VirtualIO([answers.accepted(), missing, missing, missing, answers.processing()], chance=lambda: 0.1)
    job = client_over(io).text_to_sfx("rain").submit_job()
    assert job.status().status == "processing"
    io = VirtualIO([answers.accepted(), missing])
    job = client_over(io).text_to_sfx("rain").submit_job()
    io.clock += 5.0
    with pytest.raises(NotFoundError) as caught:
        job.status()
    assert caught.value.job is job


@pytest.mark.parametrize("prompt", [object(), b"rain", {1, 2}, float("nan")])
def test_what_is_no_json_is_refused_even_without_limits(prompt: Any) -> None:
    request = client_over(VirtualIO(), check_limits=False).text_to_sfx(prompt)
    with pytest.raises(InvalidRequestError, match="the request cannot be written"):
        request.submit_job()


def test_a_submit_is_compact_json_with_every_field() -> None:
    io = VirtualIO([answers.accepted()])
    client_over(io).text_to_sfx("räin", duration_ms=2000, num_samples=3).submit_job()
    request = io.calls[0].request
    assert (request.method, request.path, request.submit, request.long) == (
        "POST",
        "/v2/text-to-sfx/v1.5/jobs",
        True,
        False,
    )
    assert json.loads(body_of(request)) == {"prompt": "räin", "duration_ms": 2000, "num_samples": 3}
    assert b" " not in body_of(request)

"""What a wait survives and what ends it (docs/reliability.md): the real waiting code in virtual time."""

from __future__ import annotations

import itertools
import logging
import math
import random
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirelo_ergo import (
    AuthenticationError,
    ConfigurationError,
    InsufficientCreditsError,
    InvalidRequestError,
    JobExpiredError,
    JobTimeoutError,
    MireloError,
    NetworkError,
    NotFoundError,
    PermissionDeniedError,
    ServerError,
    UnexpectedResponseError,
)
from mirelo_ergo._runtime.io.protocol import Reply, TransportFailure
from mirelo_ergo._runtime.jobs.schedule import PATIENT, PROMPT, clamp_estimate
from mirelo_ergo._runtime.jobs.waiter import LATE
from tests.support import answers
from tests.support.answers import page, problem, reply, reset
from tests.support.examples import examples
from tests.support.jobs import Hinting, Server, iso, still
from tests.support.virtual import START, Late

# --- failed polls ----------------------------------------------------------------------------------------------------

TROUBLES: list[Any] = [reset(), TransportFailure("tls", "no", "bad certificate"), page(502), page(500), page(520)]
TROUBLES += [problem(503, "overloaded"), problem(429, "rate_limited"), page(408), page(200), reply(200, [])]
TROUBLES += [reply(200, {"status": 7}), page(409), Reply(200, {}, b"", "the answer is larger than 16 MiB")]
TROUBLES += [Late(31.0, answers.processing())]


@pytest.mark.parametrize("trouble", TROUBLES)
def test_two_minutes_of_failed_polls_end_nothing(trouble: Any) -> None:
    server = Server(150.0, lambda at: trouble if 20 < at < 140 else None)
    assert server.job(60_000).wait().result_urls
    assert server.polls[-1] >= 150.0


@pytest.mark.parametrize("trouble", TROUBLES[:4])
def test_failed_polls_follow_the_schedule_and_each_is_one_request(trouble: Any) -> None:
    plain, failing = Server(60.0, chance=still), Server(60.0, lambda at: trouble if at < 60 else None, chance=still)
    plain.job(60_000).wait()
    failing.job(60_000).wait()
    assert failing.polls == plain.polls


@pytest.mark.parametrize(
    ("trouble", "cls"),
    [(reset(), NetworkError), (page(502), ServerError), (page(200), UnexpectedResponseError)],
)
def test_five_minutes_of_nothing_but_failures_end_a_wait(trouble: Any, cls: type[MireloError]) -> None:
    server = Server(10_000.0, lambda at: trouble if at > 20 else None)
    job = server.job(60_000)
    with pytest.raises(cls) as caught:
        job.wait(timeout_ms=3_600_000)
    assert caught.value.job is job
    assert 320 <= server.polls[-1] <= 330


def test_one_good_poll_starts_the_five_minutes_anew() -> None:
    server = Server(700.0, lambda at: None if 290 < at < 299 else page(502) if at < 590 else None)
    assert server.job(60_000).wait(timeout_ms=3_600_000).result_urls


def test_failures_end_at_the_deadline_as_a_timeout() -> None:
    server = Server(1000.0, lambda at: page(502))
    with pytest.raises(JobTimeoutError):
        server.job(60_000).wait(timeout_ms=100_000)


# --- what ends a wait ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "cls"),
    [
        (401, AuthenticationError),
        (402, InsufficientCreditsError),
        (403, PermissionDeniedError),
        (400, InvalidRequestError),
    ],
)
def test_what_no_waiting_mends_ends_it_at_once(status: int, cls: type[MireloError]) -> None:
    server = Server(100.0, lambda at: page(status) if at > 20 else None)
    job = server.job(60_000)
    with pytest.raises(cls) as caught:
        job.wait()
    assert caught.value.job is job
    assert caught.value.job_token == job.token
    assert sum(at > 20 for at in server.polls) == 1


def test_a_local_mistake_ends_it_at_once() -> None:
    server = Server(100.0, lambda at: TransportFailure("local", "no", "LocalProtocolError: illegal header"))
    with pytest.raises(ConfigurationError, match="illegal header"):
        server.job(60_000).wait()
    assert len(server.polls) == 1


def test_an_unknown_status_keeps_waiting_and_warns_once(caplog: pytest.LogCaptureFixture) -> None:
    server = Server(60.0, chance=still)
    server.running = lambda at: answers.processing(status="on\nhold")  # type: ignore[method-assign]  # one answer
    seen: list[str] = []
    job = server.job(60_000)
    with caplog.at_level(logging.WARNING, "mirelo_ergo"):
        job.wait(on_progress=lambda status: seen.append(status.raw_status))
        job.status()
    assert set(seen) == {"on\nhold"}
    assert [record.message for record in caplog.records] == [
        f"job {answers.JOB_ID}: this version does not know the status 'on\\nhold'; it counts as running"
    ]


@pytest.mark.parametrize(("estimate", "limit"), [(1000, 600.0), (60_000, 600.0), (300_000, 1500.0)])
def test_the_default_deadline(estimate: int, limit: float) -> None:
    server = Server(math.inf, chance=still)
    server.running = lambda at: answers.processing()  # type: ignore[method-assign]  # one answer
    job = server.job(estimate)
    with pytest.raises(JobTimeoutError) as caught:
        job.wait()
    error = caught.value
    assert (error.job, error.job_token, error.code, error.http_status) == (job, job.token, "timeout", 408)
    assert error.retryable
    assert f"{limit:g} s" in error.message
    assert server.io.clock - START == pytest.approx(limit - 1.0)  # the last poll has a second to be answered


@pytest.mark.parametrize("timeout_ms", [1, 50, 400, 1000, 7000, 61_000])
def test_a_deadline_gets_one_last_poll(timeout_ms: int) -> None:
    server = Server(math.inf)
    server.running = lambda at: answers.processing()  # type: ignore[method-assign]  # one answer
    with pytest.raises(JobTimeoutError):
        server.job(60_000).wait(timeout_ms=timeout_ms)
    assert server.polls
    lead = min(1.0, timeout_ms / 10_000)
    assert server.polls[-1] == pytest.approx(timeout_ms / 1000 - lead)
    assert server.io.clock - START <= timeout_ms / 1000 + LATE


@pytest.mark.parametrize("length", [9.0, 9.95])
def test_a_job_that_is_done_by_the_last_poll_is_a_success(length: float) -> None:
    server = Server(9.0, chance=still)
    assert server.job(3_600_000).wait(timeout_ms=10_000).result_urls
    hanging = Server(math.inf, lambda at: Late(60.0, answers.processing()), chance=still)
    with pytest.raises(JobTimeoutError):
        hanging.job(60_000).wait(timeout_ms=int(length * 1000))
    assert hanging.io.clock - START <= length + 0.25


def test_a_wait_that_ran_out_of_time_can_be_taken_up_again() -> None:
    server = Server(700.0)
    job = server.job(60_000)
    with pytest.raises(JobTimeoutError):
        job.wait()
    assert job.wait().result_urls


def test_a_job_that_is_not_known_yet_is_tolerated_for_five_seconds() -> None:
    missing = problem(404, "job_not_found")
    server = Server(10.0, lambda at: missing if at < 5 else None)
    assert server.job(3000).wait().result_urls
    gone = Server(10.0, lambda at: missing)
    job = gone.job(3000)
    with pytest.raises(NotFoundError) as caught:
        job.wait()
    assert not isinstance(caught.value, JobExpiredError)
    assert 5.0 <= gone.polls[-1] < 6.0


def test_a_job_that_the_service_has_dropped_is_expired() -> None:
    server = Server(10.0, lambda at: problem(404, "job_not_found", "there is no such job", **{"x-request-id": "r"}))
    job = server.job(60_000, age=90_000.0)
    with pytest.raises(JobExpiredError, match=r"made 25 h ago.*results live 24 h.*there is no such job") as caught:
        job.wait()
    error = caught.value
    assert (error.code, error.http_status, error.request_id, error.job) == ("job_not_found", 404, "r", job)


@pytest.mark.parametrize("jump", [3600.0, -3600.0, 1e7])
@pytest.mark.parametrize("dated", [True, False])
def test_wall_clock_jumps_change_nothing(jump: float, dated: bool) -> None:
    def polls(jump: float) -> list[float]:
        server = Hinting(100.0, lambda at: at + 3.0, chance=still)
        if not dated:
            server.running = lambda at: answers.processing(at=iso(at + 3.0))  # type: ignore[method-assign]  # no Date
        server.trouble = lambda at: setattr(server.io, "wall_jump", jump if 30 < at < 60 else 0.0)
        server.job(60_000).wait()
        return server.polls

    assert polls(jump) == polls(0.0)


# --- always ----------------------------------------------------------------------------------------------------------


@attrs.frozen
class Weather:
    """Trouble of one kind between two moments, in seconds since the submit."""

    kind: int
    begin: float
    lasts: float


weathers = st.builds(Weather, st.integers(0, len(TROUBLES) - 1), st.floats(0, 900), st.floats(0, 400))


@examples(80)
@given(
    length=st.floats(0, 2000),
    estimate=st.none() | st.integers(-5, 10**13),
    troubles=st.lists(weathers, max_size=4),
    timeout_ms=st.none() | st.integers(1, 1_000_000),
    age=st.floats(0, 1000),
    patient=st.booleans(),
    seed=st.integers(0, 2**32),
    says=st.none() | st.floats(-100, 1000),
)
def test_every_wait_ends_within_its_bounds(
    length: float,
    estimate: int | None,
    troubles: list[Weather],
    timeout_ms: int | None,
    age: float,
    patient: bool,
    seed: int,
    says: float | None,
) -> None:
    def trouble(at: float) -> Any:
        return next((TROUBLES[each.kind] for each in troubles if each.begin <= at < each.begin + each.lasts), None)

    server = Hinting(length, lambda at: at + (says or 0.0), chance=random.Random(seed).random)
    server.trouble = trouble
    if says is None:
        server.running = lambda at: answers.processing()  # type: ignore[method-assign]  # no hint
    job = server.job(estimate, age)
    limit = max(5 * clamp_estimate(estimate), 600.0) if timeout_ms is None else timeout_ms / 1000
    ended: MireloError | None = None
    try:
        assert job.wait(timeout_ms=timeout_ms, patient=patient).result_urls
    except MireloError as error:
        ended = error
    assert ended is None or ended.job is job
    if isinstance(ended, JobTimeoutError):
        assert server.io.clock - START >= limit - 1.0 - 1e-6
    elif ended is not None:
        assert any(each.lasts >= 299 for each in troubles) or len(troubles) > 1
    assert server.io.clock - START <= limit + LATE + 0.01
    polls = server.polls
    assert polls
    last = polls.pop()
    schedule = PATIENT if patient else PROMPT
    gaps = [later - sooner for sooner, later in itertools.pairwise(polls)]
    assert all(gap >= 0.9 * schedule.floor - 1e-6 for gap in gaps)
    assert all(gap <= 60.0 + 1e-6 for gap in gaps)  # the cap, or one hanging poll of 30 s and the gap after it
    if not troubles:
        assert all(gap <= schedule.cap + 1e-6 for gap in gaps)
        assert (ended is None) == (last >= length)
        assert ended is None or length > limit - min(1.0, 0.1 * limit) - 1e-6

"""Rows 42 to 51 of the fault matrix (docs/reliability.md): waiting for a job.

Sockets are real; where a row is about minutes or hours, the client's clock is the test's (`clock.py`).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import attrs
import pytest

from mirelo_ergo import (
    AuthenticationError,
    IncompleteResultError,
    InsufficientCreditsError,
    JobExpiredError,
    JobFailedError,
    JobProcessing,
    JobSucceeded,
    JobTimeoutError,
    MireloError,
    NetworkError,
    NotFoundError,
    PermissionDeniedError,
    ServerError,
    UnexpectedResponseError,
)
from tests.faults import mirelo
from tests.faults.clock import Clock
from tests.faults.harness import Face
from tests.faults.steps import Close, ReadRequest, Reset, Respond, Script, Send, Stall
from tests.faults.virtual import on_both_wires

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.wire import Received

from tests.faults.jobs import DONE, POLL, POST, URL, about, bent, job_service, submitted, wire

pytestmark = on_both_wires
HOUR = 3600.0


def test_fault_42(face: Face, caplog: pytest.LogCaptureFixture) -> None:
    """A status that nobody knows means that the job still runs; that is said once, not at every poll."""
    queued, cancelled = (bent(mirelo.processing(), status=status) for status in ("queued\r\nX: y", "cancelled"))
    routes = job_service(queued, queued, cancelled, queued, DONE)
    with face.server(routes) as server, face.promise(deadline=1.0), caplog.at_level(logging.WARNING):
        client = face.open(server.url)
        job = submitted(face, client)
        seen: list[JobProcessing] = []
        assert face.do(job.wait(poll_interval_ms=10, on_progress=seen.append)).result_urls == [URL]
        assert [status.raw_status for status in seen] == ["queued\r\nX: y"] * 2 + ["cancelled", "queued\r\nX: y"]
        assert {status.status for status in seen} == {"processing"}
        (message,) = [record.getMessage() for record in caplog.records]
        assert repr("queued\r\nX: y") in message
        assert wire(server) == [POST] + [POLL] * 5


@pytest.mark.parametrize(
    ("estimated_ms", "estimate"), [(0, 1.0), (-1, 1.0), (-(10**400), 1.0), (10**12, HOUR), (10**400, HOUR)]
)
def test_fault_43(face: Face, estimated_ms: int, estimate: float) -> None:
    """Absurd estimates and progress: clamped, and every gap keeps within the schedule's bounds."""
    clock = Clock()
    progress = [mirelo.processing(progress_percent=percent) for percent in (250, -3, 10**400, 0)]
    routes = job_service(*progress, accepted=bent(mirelo.accepted(), estimated_ms=estimated_ms))
    with face.server(routes) as server, face.promise(deadline=4.0):
        client = clock.drive(face.open(server.url))
        job = submitted(face, client)
        seen: list[JobProcessing] = []
        error = face.failing(job.wait, timeout_ms=300_000, on_progress=seen.append)
        assert type(error) is JobTimeoutError
        assert about(error, job)
        assert [status.progress_percent for status in seen[:4]] == [100, 0, 100, 0]
        first, *gaps = clock.naps
        assert first == pytest.approx(0.95 * max(0.5, min(0.15 * estimate, 5.0)))
        assert all(0.9 * 0.5 <= gap <= 5.0 for gap in gaps[:-1])  # the last one ends at the deadline
        assert clock.passed == pytest.approx(299.0)
        assert wire(server) == [POST] + [POLL] * len(clock.naps)
        assert len(clock.naps) < 120


def test_fault_44_then_whole(face: Face) -> None:
    """Succeeded without its results: one more poll, which has them."""
    with face.server(job_service(mirelo.succeeded(), DONE)) as server, face.promise(deadline=1.0):
        client = face.open(server.url)
        job = submitted(face, client)
        assert face.do(job.wait(poll_interval_ms=10)).result_urls == [URL]
        assert wire(server) == [POST, POLL, POLL]


@pytest.mark.parametrize(
    "second", [mirelo.succeeded("https://results.test/1.wav"), mirelo.processing(), mirelo.errored()]
)
@pytest.mark.parametrize("resumed", [False, True])
def test_fault_44(face: Face, resumed: bool, second: Respond) -> None:
    """Fewer results than asked for: one more poll, then an error with the job and with what there is."""
    url = "https://results.test/1.wav"
    echoed = bent(mirelo.succeeded(url), request={**mirelo.SUBMITTED, "num_samples": 2})
    with face.server(job_service(echoed, second)) as server, face.promise(deadline=1.0):
        client = face.open(server.url)
        job = submitted(face, client, num_samples=2)
        if resumed:
            job = client.job(job.token)  # how many were asked for, only the echo knows
        error = face.failing(job.wait, poll_interval_ms=10)
        assert isinstance(error, IncompleteResultError)
        assert (error.code, error.http_status, error.result_urls) == ("incomplete_result", 0, [url])
        assert "1 of 2" in error.message
        assert url not in f"{error} {error!r}"
        assert about(error, job)
        assert wire(server) == [POST, POLL, POLL]


def test_fault_45(face: Face) -> None:
    """A 404 straight after the 202: the job is not known everywhere yet."""
    missing = mirelo.api_error(404, "job_not_found")
    with face.server(job_service(missing, missing, mirelo.processing(), DONE)) as server, face.promise(deadline=1.0):
        client = face.open(server.url)
        job = submitted(face, client)
        assert face.do(job.wait(poll_interval_ms=20)).result_urls == [URL]
        assert wire(server) == [POST] + [POLL] * 4
    with face.server(job_service(*[missing] * 3, DONE)) as server, face.promise(deadline=1.0):
        client = face.open(server.url)
        assert face.do(submitted(face, client).status()) == JobSucceeded([URL])
        assert wire(server) == [POST] + [POLL] * 4
    with face.server(job_service(missing)) as server, face.promise(deadline=1.0):
        client = face.open(server.url)
        job = submitted(face, client)
        error = face.failing(job.status)
        assert type(error) is NotFoundError
        assert (error.code, error.http_status) == ("job_not_found", 404)
        assert about(error, job)
        assert wire(server) == [POST] + [POLL] * 4


@pytest.mark.parametrize("resumed", [False, True])
def test_fault_46(face: Face, resumed: bool) -> None:
    """A 404 after 24 h: the job has expired. Before that it is just not found, at once."""
    clock = Clock()
    missing = mirelo.api_error(404, "job_not_found")
    with face.server(job_service(mirelo.processing(), missing)) as server, face.promise(deadline=1.0):
        client = clock.drive(face.open(server.url))
        job = submitted(face, client)
        assert face.do(job.status()).status == "processing"
        for age, expected in [(10.0, NotFoundError), (23.9 * HOUR, NotFoundError), (24.1 * HOUR, JobExpiredError)]:
            clock.passed = age
            handle = clock.drive(face.open(server.url)).job(job.token) if resumed else job
            error = face.failing(handle.wait)
            assert type(error) is expected
            assert (error.code, error.http_status, error.retryable) == ("job_not_found", 404, False)
            assert about(error, handle)
        assert "24 h" in error.message
        assert wire(server) == [POST] + [POLL] * 4
        assert clock.passed < 24.1 * HOUR + 6  # each 404 ended its wait


def test_fault_47(face: Face) -> None:
    """A job that never ends: the wait does, at its deadline, and the error's token resumes the job later."""
    with face.server(job_service(mirelo.processing())) as server:
        client = face.open(server.url)
        job = submitted(face, client)
        with face.promise(deadline=0.5):
            error = face.failing(job.wait, poll_interval_ms=100, timeout_ms=500)
        assert type(error) is JobTimeoutError
        assert (error.code, error.http_status, error.retryable) == ("timeout", 408, True)
        assert about(error, job)
        assert 4 <= len(server.requests) <= 6  # the submit, a poll each 100 ms, one shortly before the end
        server.play(job_service(DONE))
        assert face.do(face.open(server.url).job(error.job_token or "").wait()).result_urls == [URL]
        assert set(wire(server)) == {POST, POLL}
        assert len(mirelo.submits(server.requests)) == 1


@pytest.mark.parametrize("seen", [[], [mirelo.processing()]])
def test_fault_47_silent(face: Face, seen: list[Script]) -> None:
    """A job that never ends, on a server that never answers: the same, no later."""
    with face.server(job_service(*seen, [ReadRequest(), Stall()])) as server:
        client = face.open(server.url)
        job = submitted(face, client)
        with face.promise(deadline=0.6):
            error = face.failing(job.wait, poll_interval_ms=50, timeout_ms=600)
        assert type(error) is JobTimeoutError
        assert about(error, job)
        assert wire(server) == [POST] + [POLL] * (2 + len(seen))  # one until shortly before the deadline, one then


def test_fault_47_by_default(face: Face) -> None:
    """Without a timeout of the caller's own: ten minutes, or five times a longer estimate."""
    for estimated_ms, limit in [(1000, 600.0), (200_000, 1000.0)]:
        clock = Clock()
        routes = job_service(mirelo.processing(), accepted=mirelo.accepted(estimated_ms=estimated_ms))
        with face.server(routes) as server, face.promise(deadline=4.0):
            client = clock.drive(face.open(server.url))
            job = submitted(face, client)
            error = face.failing(job.wait)
            assert type(error) is JobTimeoutError
            assert limit - 1.01 <= clock.passed <= limit
            assert wire(server) == [POST] + [POLL] * len(clock.naps)


def test_fault_48(face: Face) -> None:
    """Succeeded, then processing, then errored: the first final answer wins, in every way of asking."""
    with face.server(job_service(DONE, mirelo.processing(), mirelo.errored())) as server, face.promise(deadline=1.0):
        client = face.open(server.url)
        job = submitted(face, client)
        assert [face.do(job.status()) for _ in range(3)] == [JobSucceeded([URL])] * 3
        assert face.do(job.wait()).result_urls == [URL]
        assert wire(server) == [POST] + [POLL] * 3
    with face.server(job_service(mirelo.errored(), DONE)) as server, face.promise(deadline=1.0):
        client = face.open(server.url)
        job = submitted(face, client)
        updates = face.each(job.updates(poll_interval_ms=10))
        assert [status.status for status in updates] == ["errored"]
        assert face.do(job.status()) == updates[0]
        assert isinstance(face.failing(job.wait), JobFailedError)
        assert wire(server) == [POST] + [POLL] * 2


@pytest.mark.parametrize(
    ("detail", "code", "http_status", "words"),
    [
        ({"code": "generation_timeout", "message": "too slow", "http_status": 504}, "generation_timeout", 504, "slow"),
        ({"code": "video_too_short", "message": "4 s", "http_status": "400"}, "video_too_short", 400, "4 s"),
        ({"code": "a_new_one", "message": None, "http_status": None}, "a_new_one", 0, "no reason"),
        ({"code": "", "message": "boom"}, "generation_failed", 0, "boom"),
        ({}, "generation_failed", 0, "no reason"),
        (None, "generation_failed", 0, "no reason"),
        ("boom", "generation_failed", 0, "no reason"),
    ],
)
def test_fault_49(face: Face, detail: object, code: str, http_status: int, words: str) -> None:
    """A job that errored, with and without a code: it failed, and nothing is sent again."""
    routes = job_service(mirelo.processing(), bent(mirelo.errored(), error=detail))
    with face.server(routes) as server, face.promise(deadline=1.0):
        client = face.open(server.url)
        error = face.failing(client.text_to_sfx("rain").run, poll_interval_ms=10)
        assert type(error) is JobFailedError
        assert (error.code, error.http_status, error.retryable) == (code, http_status, False)
        assert words in error.message
        assert "not charged" in error.message
        assert error.job.job_id == mirelo.JOB_ID
        assert error.job_token == error.job.token
        assert wire(server) == [POST, POLL, POLL]
        server.assert_quiet()


class Weather:
    """Take jobs and answer polls after the client's clock: processing until `done_at`, but bad ones in a spell."""

    def __init__(self, clock: Clock, spell: tuple[float, float], bad: list[Script], done_at: float = 1e9) -> None:
        self._clock, self._spell, self._bad, self._done_at = clock, spell, bad, done_at
        self.running = mirelo.processing()
        self.polled: list[float] = []

    def __call__(self, request: Received) -> Script:
        if request.method == "POST":
            return mirelo.accepted()
        now = self._clock.passed
        self.polled.append(now)
        if self._spell[0] <= now < self._spell[1]:
            self._bad = [*self._bad[1:], self._bad[0]]
            return self._bad[-1]
        return DONE if now >= self._done_at else self.running


BAD_POLLS: list[Script] = [
    [ReadRequest(), Reset()],
    [ReadRequest(), Close()],
    mirelo.html_error(502),
    mirelo.api_error(500, "server_error"),
    mirelo.api_error(429, "rate_limited"),
    mirelo.html_error(404 + 4),
    Respond(200, b"<html>"),
    [ReadRequest(), Send(DONE.wire[:-5]), Close()],
    Respond(200, DONE.body[:-5]),
    Respond(200),
]


def test_fault_50(face: Face) -> None:
    """Polls fail for two minutes in the middle of a job, in every way: the wait goes on, and at its usual pace."""
    clock = Clock()
    weather = Weather(clock, (20.0, 140.0), BAD_POLLS, done_at=145.0)
    with face.server(weather) as server, face.promise(deadline=2.0):
        client = clock.drive(face.open(server.url))
        job = submitted(face, client)
        assert face.do(job.wait()).result_urls == [URL]
        failed = [moment for moment in weather.polled if 20.0 <= moment < 140.0]
        assert len(failed) > len(BAD_POLLS)
        assert max(clock.naps) <= 5.0
        assert 145.0 <= clock.passed <= 150.0
        assert wire(server) == [POST] + [POLL] * len(weather.polled)
        assert client._core.runtime.budget.tokens == client._core.runtime.budget.FULL  # a poll is no re-send


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        ([ReadRequest(), Reset()], NetworkError),
        (mirelo.html_error(503), ServerError),
        (Respond(200), UnexpectedResponseError),
    ],
)
def test_fault_50_for_ever(face: Face, bad: Script, kind: type[MireloError]) -> None:
    """Nothing but failures for five minutes ends it, with their error and the job."""
    clock = Clock()
    weather = Weather(clock, (20.0, 1e9), [bad])
    with face.server(weather) as server, face.promise(deadline=2.0):
        client = clock.drive(face.open(server.url))
        job = submitted(face, client)
        error = face.failing(job.wait)
        assert type(error) is kind
        assert about(error, job)
        began = next(moment for moment in weather.polled if moment >= 20.0)
        assert 300.0 <= weather.polled[-1] - began < 306.0
        assert len(mirelo.submits(server.requests)) == 1


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "unauthorized", AuthenticationError),
        (402, "insufficient_credits", InsufficientCreditsError),
        (403, "forbidden", PermissionDeniedError),
    ],
)
def test_fault_50_at_once(face: Face, status: int, code: str, kind: type[MireloError]) -> None:
    """What no waiting mends ends a wait at once, with the job."""
    with face.server(job_service(mirelo.processing(), mirelo.api_error(status, code))) as server, face.promise(1.0):
        client = face.open(server.url)
        job = submitted(face, client)
        error = face.failing(job.wait, poll_interval_ms=10)
        assert type(error) is kind
        assert (error.code, error.http_status) == (code, status)
        assert about(error, job)
        assert wire(server) == [POST, POLL, POLL]


def test_fault_50_retry_after(face: Face) -> None:
    """Retry-After is a floor for the next poll, on a good answer as on a failed one, and clipped at 60 s."""
    clock = Clock()
    polls = [
        attrs.evolve(mirelo.processing(), headers={"Retry-After": "17"}),
        mirelo.api_error(503, "server_error", Retry_After="23"),
        attrs.evolve(mirelo.processing(), headers={"Retry-After": "1000000000"}),
        mirelo.api_error(429, "rate_limited", Retry_After="3600"),
        attrs.evolve(mirelo.processing(), headers={"Retry-After": "nan"}),
        DONE,
    ]
    with face.server(job_service(*polls)) as server, face.promise(deadline=1.0):
        client = clock.drive(face.open(server.url))
        assert face.do(submitted(face, client).wait()).result_urls == [URL]
        assert clock.naps[1:5] == [17.0, 23.0, 60.0, 60.0]
        assert clock.naps[5] <= 5.0
        assert wire(server) == [POST] + [POLL] * 6


@pytest.mark.parametrize("dated", [False, True])
def test_fault_51(face: Face, dated: bool) -> None:
    """The wall clock jumps an hour forth and back during a wait: every poll comes when it would have come anyway."""
    headers = {"Date": "Thu, 01 Jan 2026 12:00:00 GMT"} if dated else {}
    running = attrs.evolve(mirelo.processing(), headers=headers)

    def polls(jumps: Callable[[int], float]) -> list[float]:
        clock = Clock()
        weather = Weather(clock, (0.0, 0.0), [], done_at=30.0)
        weather.running = running

        def router(request: Received) -> Script:
            clock.jump = jumps(len(weather.polled))
            return weather(request)

        with face.server(router) as server, face.promise(deadline=2.0):
            client = clock.drive(face.open(server.url))
            job = submitted(face, client)
            assert face.do(job.wait()).result_urls == [URL]
            assert wire(server) == [POST] + [POLL] * len(weather.polled)
        return weather.polled

    undisturbed = polls(lambda _: 0.0)
    assert polls(lambda number: HOUR if number % 2 else -HOUR) == undisturbed
    assert polls(lambda number: HOUR * number) == undisturbed
    assert polls(lambda number: -HOUR * number) == undisturbed

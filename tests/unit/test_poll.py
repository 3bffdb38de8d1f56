"""When a wait asks (docs/reliability.md): the schedule and its hints, through the real code in virtual time."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirelo_ergo import JobTimeoutError
from mirelo_ergo._runtime.jobs.schedule import PATIENT, PROMPT, Schedule, clamp_estimate
from tests.support import answers
from tests.support.answers import problem
from tests.support.jobs import Hinting, Server, still

# --- the schedule ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("estimated_ms", "seconds"),
    [
        (None, 30.0),
        (0, 1.0),
        (-1, 1.0),
        (999, 1.0),
        (1000, 1.0),
        (9000, 9.0),
        (3600000, 3600.0),
        (10**12, 3600.0),
        (10**400, 3600.0),
        (-(10**400), 1.0),
    ],
)
def test_estimates_are_clamped(estimated_ms: int | None, seconds: float) -> None:
    assert clamp_estimate(estimated_ms) == seconds


@pytest.mark.parametrize(
    ("estimate", "first"), [(1.0, 0.5), (3.0, 0.5), (10.0, 1.5), (30.0, 4.5), (33.4, 5.0), (3600.0, 5.0)]
)
def test_the_first_poll(estimate: float, first: float) -> None:
    assert PROMPT.first(estimate) == pytest.approx(first)
    assert PROMPT.next_gap(0.0, estimate, 0.0) == pytest.approx(first)


@pytest.mark.parametrize(
    ("elapsed", "estimate", "gap"),
    [
        (4.0, 60.0, 0.8),  # 20 % of elapsed while under 15 % of the estimate
        (8.9, 60.0, 1.78),
        (9.0, 60.0, 0.5),  # 5 % after that, at least half a second
        (20.0, 60.0, 1.0),
        (60.0, 60.0, 3.0),
        (100.0, 60.0, 5.0),
        (5000.0, 60.0, 5.0),
        (500.0, 3600.0, 5.0),
    ],
)
def test_the_gaps(elapsed: float, estimate: float, gap: float) -> None:
    assert PROMPT.next_gap(elapsed, estimate, 0.0) == pytest.approx(gap)
    assert PROMPT.next_gap(elapsed, estimate, 1.0) == pytest.approx(0.9 * gap)


@pytest.mark.parametrize(("elapsed", "gap"), [(4.0, 1.0), (20.0, 2.0), (100.0, 10.0), (1000.0, 30.0)])
def test_the_patient_gaps(elapsed: float, gap: float) -> None:
    assert PATIENT.next_gap(elapsed, 600.0, 0.0) == pytest.approx(gap)


@given(
    st.sampled_from([PROMPT, PATIENT]),
    st.floats(0, 1e6),
    st.integers(-(10**15), 10**15) | st.none(),
    st.floats(0, 1, exclude_max=True),
)
def test_every_gap_is_within_its_bounds(schedule: Schedule, elapsed: float, given_: int | None, chance: float) -> None:
    gap = schedule.next_gap(elapsed, clamp_estimate(given_), chance)
    assert 0.9 * schedule.floor <= gap <= schedule.cap
    assert gap <= schedule.next_gap(elapsed, clamp_estimate(given_), 0.0)


def test_a_wait_follows_the_schedule() -> None:
    server = Server(100.0, chance=still)
    server.job(60_000).wait()
    expected = [PROMPT.first(60.0)]
    while expected[-1] < 100.0:
        expected.append(expected[-1] + PROMPT.next_gap(expected[-1], 60.0, 0.0))
    assert server.polls == pytest.approx(expected)


def test_a_patient_wait_follows_its_own() -> None:
    server, patient = Server(600.0, chance=still), Server(600.0, chance=still)
    server.job(300_000).wait(timeout_ms=3_600_000)
    patient.job(300_000).wait(timeout_ms=3_600_000, patient=True)
    assert len(patient.polls) < len(server.polls) / 2
    gaps = [later - sooner for sooner, later in zip(patient.polls, patient.polls[1:], strict=False)]
    assert max(gaps) == pytest.approx(30.0)
    assert min(gaps) >= 1.0


def test_a_number_makes_polls_regular() -> None:
    server = Server(10.0, chance=still)
    server.job(60_000).wait(poll_interval_ms=2500)
    assert server.polls == pytest.approx([2.5, 5.0, 7.5, 10.0])


def test_without_an_estimate_30_seconds_are_assumed() -> None:
    first, second = Server(20.0, chance=still), Server(20.0, chance=still)
    first.job(None).wait()
    second.job(30_000).wait()
    assert first.polls == second.polls
    assert first.job(None).estimated_ms == 30_000


@pytest.mark.parametrize("age", [5.0, 60.0, 86_000.0])
def test_a_resumed_job_is_asked_for_at_once_when_that_is_due(age: float) -> None:
    server = Server(0.0, chance=still)
    server.job(60_000, age).wait()
    assert server.polls == [0.0]


def test_a_job_resumed_early_waits_for_what_is_left() -> None:
    server = Server(0.0, chance=still)
    server.job(60_000, 2.0).wait()
    assert server.polls == pytest.approx([3.0])
    skewed = Server(0.0, chance=still)
    skewed.job(60_000, -500.0).wait()  # its maker's clock was ahead of ours
    assert skewed.polls == pytest.approx([5.0])


# Requests and mean overshoot in seconds by the median job length in seconds, as measured for docs/reliability.md.
TABLE = [(5, 9, 0.41), (30, 26, 0.92), (120, 40, 2.3)]


@pytest.mark.parametrize(("median", "requests", "overshoot"), TABLE)
def test_the_measured_table_holds(median: float, requests: float, overshoot: float) -> None:
    chance = random.Random(3)
    counts, overshoots = [], []
    for number in range(200):
        sigma = (0.2, 0.4, 0.6, 0.8)[number % 4]
        server = Server(median * math.exp(sigma * chance.gauss(0, 1)), chance=chance.random)
        server.job(int(1000 * median * math.exp(2.0537 * sigma))).wait()
        counts.append(len(server.polls))
        overshoots.append(server.polls[-1] - server.length)
    assert sum(counts) / 200 == pytest.approx(requests, rel=0.1)
    assert sum(overshoots) / 200 <= 1.2 * overshoot


# --- hints -----------------------------------------------------------------------------------------------------------


def test_an_estimate_with_news_shortens_a_gap() -> None:
    plain, hinting = Server(52.0, chance=still), Hinting(52.0, lambda at: 52.0, chance=still)
    plain.job(600_000).wait()
    hinting.job(600_000).wait()
    assert plain.polls[-1] - 52.0 > hinting.polls[-1] - 52.0
    assert hinting.polls[-1] - 52.0 <= 1.0


def test_at_most_ten_gaps_are_shortened() -> None:
    server = Hinting(500.0, lambda at: at, chance=still)  # "any moment now", for ever
    server.job(600_000).wait(timeout_ms=3_600_000)
    plain = Server(500.0, chance=still)
    plain.job(600_000).wait(timeout_ms=3_600_000)
    assert len(server.polls) <= len(plain.polls) + 10
    gaps = [later - sooner for sooner, later in zip(server.polls, server.polls[1:], strict=False)]
    assert sum(gap == pytest.approx(0.5) for gap in gaps) == 10


def test_another_wait_for_the_job_brings_no_new_ones() -> None:
    server = Hinting(500.0, lambda at: at, chance=still)
    job = server.job(600_000)
    for _ in range(3):
        with pytest.raises(JobTimeoutError):
            job.wait(timeout_ms=100_000)
    job.wait()
    gaps = [later - sooner for sooner, later in zip(server.polls, server.polls[1:], strict=False)]
    assert sum(gap == pytest.approx(0.5) for gap in gaps) == 10


def test_an_estimate_without_news_changes_nothing() -> None:
    plain, hinting = Server(62.5, chance=still), Hinting(62.5, lambda at: 60.0, chance=still)
    plain.job(60_000).wait()
    hinting.job(60_000).wait()
    assert hinting.polls == plain.polls


def test_an_estimate_never_lengthens_a_gap_nor_touches_a_fixed_one() -> None:
    plain, late = Server(50.0, chance=still), Hinting(50.0, lambda at: at + 10_000, chance=still)
    plain.job(60_000).wait()
    late.job(60_000).wait()
    assert late.polls == plain.polls
    fixed = Hinting(10.0, lambda at: at, chance=still)
    fixed.job(60_000).wait(poll_interval_ms=5000)
    assert fixed.polls == pytest.approx([5.0, 10.0])


# --- Retry-After -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("header", "gap"), [("8", 8.0), ("3600", 60.0), ("0", 0.5), ("garbage", 0.5)])
def test_a_poll_may_ask_for_patience_up_to_a_minute(header: str, gap: float) -> None:
    server = Server(1.0, chance=still)
    server.running = lambda at: answers.processing(retry_after=header)  # type: ignore[method-assign]  # one answer
    server.job(1000).wait()
    assert server.polls == pytest.approx([0.5, 0.5 + gap])


@pytest.mark.parametrize(("header", "gap"), [("8", 8.0), ("3600", 60.0), ("nan", 0.5)])
def test_so_may_a_poll_that_is_limited(header: str, gap: float) -> None:
    limited = problem(429, "rate_limited", retry_after=header)
    server = Server(1.0, lambda at: limited if at < 1.0 else None, chance=still)
    server.job(1000).wait()
    assert server.polls == pytest.approx([0.5, 0.5 + gap])

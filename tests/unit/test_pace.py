"""The throttle of a client's submits: no limit before the first 429, then a lower rate that recovers by the second."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mirelo_ergo._runtime.api.retry import SubmitThrottle
from mirelo_ergo._runtime.io.protocol import SUBMITS_IN_FLIGHT
from tests.support import answers
from tests.support.virtual import VirtualIO, client_over

if TYPE_CHECKING:
    from collections.abc import Callable

    from mirelo_ergo._runtime.io.protocol import Reply, Request


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_nothing_waits_before_the_first_429(clock: Clock) -> None:
    pace = SubmitThrottle(clock)
    assert [pace.reserve() for _ in range(1000)] == [0.0] * 1000


def test_a_429_holds_for_a_second_and_cuts_the_rate_to_70_percent(clock: Clock) -> None:
    pace = SubmitThrottle(clock)
    for _ in range(20):
        pace.reserve()
    pace.throttle()
    waits = [pace.reserve() for _ in range(4)]
    assert waits == pytest.approx([1 + n / 14 for n in range(4)])  # 0.7 of the 20 a second that were seen


def test_many_429s_of_one_moment_count_once(clock: Clock) -> None:
    once, often = SubmitThrottle(clock), SubmitThrottle(clock)
    for pace in (once, often):
        for _ in range(20):
            pace.reserve()
    once.throttle()
    for _ in range(30):
        often.throttle()
    assert [often.reserve() for _ in range(5)] == [once.reserve() for _ in range(5)]


def test_the_rate_grows_by_one_for_every_second_without_a_429(clock: Clock) -> None:
    pace = SubmitThrottle(clock)
    for _ in range(10):
        pace.reserve()
    pace.throttle()  # 7 a second from the end of the hold
    clock.now += 1.0 + 3.0
    first = pace.reserve()
    assert pace.reserve() - first == pytest.approx(1 / 10)


def test_the_rate_never_falls_to_nothing(clock: Clock) -> None:
    pace = SubmitThrottle(clock)
    for _ in range(50):
        clock.now += 1.0
        pace.throttle()
    clock.now += 1.0
    first = pace.reserve()
    assert pace.reserve() - first <= 1 / 0.5


class Limiter:
    """Take `rate` submits a second, and say 429 to the rest."""

    def __init__(self, rate: float, burst: float, **headers: str) -> None:
        self.rate, self.burst, self.headers = rate, burst, headers
        self.io: VirtualIO | None = None
        self.tokens, self.at = burst, 0.0
        self.taken = 0

    def __call__(self, request: Request) -> Reply:
        assert self.io is not None
        now = self.io.clock
        self.tokens, self.at = min(self.burst, self.tokens + (now - self.at) * self.rate), now
        if self.tokens < 1:
            return answers.problem(429, "rate_limited", **self.headers)
        self.tokens -= 1
        self.taken += 1
        return answers.accepted()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Limiter(20, 20),
        lambda: Limiter(20, 20, retry_after="1"),
        lambda: Limiter(20, 1),
        lambda: Limiter(20, 20, retry_after="2"),
    ],
)
def test_500_submits_against_20_a_second_cost_at_most_a_fifth_more_calls(make: Callable[[], Limiter]) -> None:
    limiter = make()
    io = limiter.io = VirtualIO(limiter, latency=0.1)
    request = client_over(io).text_to_sfx("rain")
    core = request._core
    outcomes = io.together(*(core.submit(request._generation, None) for _ in range(500)))
    assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
    assert limiter.taken == 500
    assert len(io.calls) <= 1.2 * 500
    assert io.most_in_flight <= SUBMITS_IN_FLIGHT
    assert io.clock - 1000.0 <= 60  # 25 s would be perfect

"""What ends an operation or a transfer: the clock, no progress, too little progress."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirelo_ergo._runtime.io.deadline import LONG_SLEEP, TICK, Deadline, Progress, Timing, until_tick


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_deadline_clips_every_wait_to_what_is_left(clock: Clock) -> None:
    deadline = Deadline(clock, 10.0)
    assert deadline.clip(60.0) == 10.0
    assert deadline.clip(3.0) == 3.0
    clock.now += 8.0
    deadline.advance(1_000_000)
    deadline.moving(True)
    assert deadline.clip(None) == 2.0
    clock.now += 5.0
    assert deadline.left() == 0.0
    assert deadline.clip(60.0) == 0.0


def test_a_transfer_ends_after_60_seconds_without_a_byte(clock: Clock) -> None:
    progress = Progress(clock, Timing())
    assert progress.clip(None) == 60.0
    clock.now += 59.0
    assert progress.clip(10.0) == 1.0
    progress.advance(1)  # a byte of a head is no progress: a head could be dripped for ever
    assert progress.clip(None) == 1.0
    progress.moving(True)
    progress.moving(False)  # the body is over, an answer to it is due
    assert progress.clip(None) == 60.0
    clock.now += 61.0
    assert progress.clip(None) <= 0


def test_nothing_is_no_progress(clock: Clock) -> None:
    progress = Progress(clock, Timing(rate_window=100.0))
    progress.moving(True)
    clock.now += 59.0
    progress.advance(0)
    assert progress.clip(None) == 1.0
    progress.advance(1)
    assert progress.clip(None) == 41.0  # of the rate's window; the 60 s begin again


def test_a_transfer_that_drips_ends_after_30_seconds(clock: Clock) -> None:
    progress = Progress(clock, Timing())
    progress.moving(True)
    for _ in range(29):
        clock.now += 1.0
        progress.advance(1000)  # under 1 KiB a second
        assert progress.clip(60.0) > 0
    clock.now += 1.0
    progress.advance(1000)
    assert progress.clip(60.0) <= 0


def test_a_transfer_at_the_minimum_rate_goes_on(clock: Clock) -> None:
    progress = Progress(clock, Timing())
    progress.moving(True)
    for _ in range(600):
        clock.now += 1.0
        progress.advance(1100)
        assert progress.clip(60.0) > 0


def test_enough_bytes_at_once_earn_only_their_own_window(clock: Clock) -> None:
    progress = Progress(clock, Timing())
    progress.moving(True)
    progress.advance(10_000_000)
    clock.now += 30.0
    assert progress.clip(None) == 30.0  # a new window, and 30 s of the 60 without a byte are over
    clock.now += 30.0
    assert progress.clip(None) <= 0


def test_the_rate_counts_only_while_bytes_are_due(clock: Clock) -> None:
    progress = Progress(clock, Timing())
    clock.now += 45.0  # a server that thinks is not slow
    assert progress.clip(None) == 15.0
    progress.advance(1)
    progress.moving(True)
    assert progress.clip(None) == 30.0
    progress.moving(False)
    assert progress.clip(None) == 60.0


def test_what_is_only_nice_to_have_ends_whatever_moves(clock: Clock) -> None:
    progress = Progress(clock, Timing())
    progress.moving(True)
    progress.end_within(5.0)
    for _ in range(5):
        assert progress.clip(60.0) > 0
        clock.now += 1.0
        progress.advance(1 << 20)
    assert progress.clip(60.0) <= 0


@given(st.lists(st.tuples(st.floats(0, 20), st.integers(0, 5000)), max_size=200), st.floats(0, 100))
def test_no_pattern_of_drips_lasts_below_the_minimum_rate(steps: list[tuple[float, int]], wish: float) -> None:
    clock = Clock()
    progress = Progress(clock, Timing())
    progress.moving(True)
    total = 0
    began = clock.now
    for pause, count in steps:
        allowed = progress.clip(None)
        assert progress.clip(wish) <= wish
        if allowed <= 0 or pause > allowed:
            break
        clock.now += pause
        progress.advance(count)
        total += count
        # of any two windows of 30 s that are over, each had its 30 KiB
        assert total >= 30 * 1024 * ((clock.now - began) // 60 - 1)


@given(st.floats(0, 1e7), st.floats(LONG_SLEEP, 60))
def test_long_sleeps_end_at_ticks_and_never_early(now: float, seconds: float) -> None:
    longer = until_tick(now, seconds)
    assert seconds <= longer <= seconds + TICK + 1e-6
    ticks = (now + longer) / TICK
    assert ticks == pytest.approx(round(ticks), abs=1e-4)


@given(st.floats(0, 1e7), st.floats(0, LONG_SLEEP, exclude_max=True))
def test_short_sleeps_stay_as_they_are(now: float, seconds: float) -> None:
    assert until_tick(now, seconds) == seconds

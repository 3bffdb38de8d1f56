"""Times on a command line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirelo_ergo.cli.times import DAY_MS, milliseconds, seconds, waiting_time


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("5s", 5000),
        ("5000ms", 5000),
        ("1.5s", 1500),
        ("0:05", 5000),
        ("0:05.250", 5250),
        ("1:02:03", 3_723_000),
        (" 5 S ", 5000),
        ("0.001s", 1),
        ("0s", 0),
        ("90:00", 5_400_000),
        ("2.0ms", 2),
    ],
)
def test_a_time_is_read(text: str, ms: int) -> None:
    assert milliseconds(text) == ms


@given(st.integers(0, 10**8))
def test_all_ways_to_write_a_time_agree(ms: int) -> None:
    minutes, rest = divmod(ms, 60_000)
    assert milliseconds(f"{ms}ms") == milliseconds(f"{ms // 1000}.{ms % 1000:03}s") == ms
    if minutes < 10_000:
        assert milliseconds(f"{minutes}:{rest // 1000:02}.{rest % 1000:03}") == ms


@pytest.mark.parametrize("text", ["5", "5000", "1.5", "+5"])
def test_a_bare_number_is_asked_for_its_unit(text: str) -> None:
    with pytest.raises(ValueError, match=r"no unit: write .*s for seconds or .*ms for milliseconds"):
        milliseconds(text)


@pytest.mark.parametrize("text", ["", "1e3s", "nans", "1:2:3:4", "٥s", "５s", "x" * 100])
def test_anything_else_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a time: write it as 5s, 5000ms, 1\.5s or 0:05") as caught:
        milliseconds(text)
    assert len(str(caught.value)) < 120


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ("5m", "5:00"),
        ("5 minutes", "5:00"),
        ("2m30s", "2:30"),
        ("1h", "1:00:00"),
        ("1h2m3s", "1:02:03"),
        ("1.5m", "1:30"),
        ("0.1m", "6s"),
        ("5sec", "5s"),
        ("90 seconds", "1:30"),
        ("1,5s", "1.5s"),
        ("5,000ms", "5000ms"),
        ("1,5", "1.5s"),
        ("0:75", "1:15 or 75s"),
    ],
)
def test_a_time_of_another_form_is_shown_in_ours(text: str, better: str) -> None:
    with pytest.raises(ValueError, match=f"write (it as )?{better}$"):
        milliseconds(text)


@pytest.mark.parametrize("text", ["-5s", "-3", "-0:05"])
def test_a_negative_time_is_called_so(text: str) -> None:
    with pytest.raises(ValueError, match="is negative"):
        milliseconds(text)


@pytest.mark.parametrize("text", ["1.0005s", "0.5ms", "0:00.0001"])
def test_less_than_a_millisecond_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a whole number of milliseconds"):
        milliseconds(text)


@pytest.mark.parametrize("text", ["0s", "24:00:01"])
def test_a_waiting_time_out_of_bounds_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="between 1ms and 24:00:00"):
        waiting_time(text)


def test_a_waiting_time_may_be_all_of_a_jobs_life() -> None:
    assert waiting_time("24:00:00") == DAY_MS
    assert waiting_time("1ms") == 1


def test_a_time_is_written_for_people() -> None:
    assert [seconds(ms) for ms in (0, 1500, 600_000)] == ["0 s", "1.5 s", "600 s"]

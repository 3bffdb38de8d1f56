"""The pure decisions of docs/reliability.md, row by row."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from email.utils import format_datetime, formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirelo_ergo._runtime.api.retry import (
    ATTEMPTS,
    Answered,
    Failed,
    Kind,
    Outcome,
    Raise,
    Retry,
    RetryBudget,
    RetryPolicy,
    Unknown,
    parse_retry_after,
)
from mirelo_ergo._runtime.io.protocol import FailureKind
from mirelo_ergo.errors import Sent

POLICY = RetryPolicy(uncharged=frozenset({"generation_failed", "generation_timeout"}))
METHOD = {Kind.READ: "GET", Kind.CHEAP: "PUT", Kind.DOWNLOAD: "GET", Kind.PAID: "POST", Kind.KEYED: "POST"}
FREE = (Kind.READ, Kind.CHEAP, Kind.DOWNLOAD)
ALL = tuple(Kind)


def decide(kind: Kind, outcome: Outcome, attempt: int = 1, *, tolerate_404: bool = False) -> object:
    return POLICY.decide(kind, METHOD[kind], outcome, attempt, tolerate_404=tolerate_404)


def word(decision: object) -> str:
    return type(decision).__name__.lower()


# The table of docs/reliability.md: what the first attempt's outcome means for R/C/D, for P and for K.
STATUS_TABLE = [
    *((status, "raise", "raise", "raise") for status in (400, 401, 402, 403, 404, 413, 415, 422)),
    *((status, "raise", "raise", "raise") for status in (405, 406, 410, 418, 423, 424, 426, 431, 451, 499)),
    *((status, "retry", "retry", "retry") for status in (421, 425, 429)),
    (408, "retry", "unknown", "retry"),
    *((status, "retry", "unknown", "retry") for status in (500, 501, 502, 503, 504, 505, 507, 520, 524, 599)),
    *((status, "raise", "raise", "raise") for status in (300, 301, 302, 303, 304, 307, 308)),
    *((status, "done", "done", "done") for status in (200, 201, 202, 204)),
]


@pytest.mark.parametrize(("status", "free", "paid", "keyed"), STATUS_TABLE)
def test_a_status_means_what_the_table_says(status: int, free: str, paid: str, keyed: str) -> None:
    bare = Answered(status)
    assert {word(decide(kind, bare)) for kind in FREE} == {free}
    assert word(decide(Kind.PAID, bare)) == paid
    assert word(decide(Kind.KEYED, bare)) == keyed


@pytest.mark.parametrize("kind", ALL)
def test_every_other_3xx_and_4xx_is_definite(kind: Kind) -> None:
    known = {408, 409, 421, 425, 429}
    for status in range(300, 500):
        decision = decide(kind, Answered(status, envelope=True, code="anything"))
        assert status in known or decision == Raise()


@pytest.mark.parametrize(
    ("kind", "method", "expected"),
    [
        (Kind.READ, "GET", Retry()),
        (Kind.DOWNLOAD, "GET", Retry()),
        (Kind.CHEAP, "POST", Raise()),
        (Kind.CHEAP, "PUT", Raise()),
        (Kind.PAID, "POST", Raise()),
        (Kind.KEYED, "POST", Retry(throttled=True, not_yet=True)),
    ],
)
def test_a_conflict_is_retried_on_a_read_and_under_a_key(kind: Kind, method: str, expected: object) -> None:
    assert POLICY.decide(kind, method, Answered(409), 1) == expected


@pytest.mark.parametrize("code", ["generation_failed", "generation_timeout"])
@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_server_error_documented_as_uncharged_is_definite_on_a_paid_request(status: int, code: str) -> None:
    outcome = Answered(status, envelope=True, code=code)
    assert decide(Kind.PAID, outcome) == Raise()
    assert {word(decide(kind, outcome)) for kind in ALL if kind is not Kind.PAID} == {"retry"}


def test_the_code_of_a_server_error_counts_only_inside_the_services_own_envelope() -> None:
    assert decide(Kind.PAID, Answered(502, envelope=False, code="generation_failed")) == Unknown()
    assert decide(Kind.PAID, Answered(500, envelope=True, code="server_error")) == Unknown()
    assert decide(Kind.PAID, Answered(500, envelope=True, code=None)) == Unknown()


def test_503_with_retry_after_is_a_no_only_in_the_services_own_envelope() -> None:
    busy = Answered(503, envelope=True, code="overloaded", retry_after=3.0)
    assert {decide(kind, busy) for kind in ALL} == {Retry(3.0, throttled=True)}
    assert decide(Kind.PAID, Answered(503, envelope=False, retry_after=3.0)) == Unknown()
    assert decide(Kind.PAID, Answered(503, envelope=True, code="overloaded")) == Unknown()
    assert decide(Kind.PAID, Answered(502, envelope=True, code="overloaded", retry_after=3.0)) == Unknown()
    assert decide(Kind.READ, Answered(503, retry_after=3.0)) == Retry(3.0)


@pytest.mark.parametrize("kind", FREE)
def test_a_useless_2xx_is_asked_for_once_more(kind: Kind) -> None:
    useless = Answered(200, usable=False)
    assert [decide(kind, useless, attempt) for attempt in (1, 2)] == [Retry(), Raise()]


def test_a_useless_2xx_of_a_paid_request_was_accepted() -> None:
    assert decide(Kind.PAID, Answered(202, usable=False)) == Unknown(accepted=True)
    keyed = [word(decide(Kind.KEYED, Answered(202, usable=False), attempt)) for attempt in range(1, 7)]
    assert keyed == ["retry"] * 5 + ["unknown"]
    assert decide(Kind.KEYED, Answered(202, usable=False), 6) == Unknown(accepted=True)


def test_a_head_that_said_yes_was_accepted() -> None:
    assert decide(Kind.PAID, Failed("network", "yes", 202)) == Unknown(accepted=True)
    assert decide(Kind.PAID, Failed("network", "yes", 502)) == Unknown()


OPEN: list[Outcome] = [
    Answered(200, usable=False),
    Answered(408),
    Answered(409),
    Answered(500),
    Answered(503, envelope=True, code="overloaded"),
    Failed("timeout", "yes"),
    Failed("garbled", "yes"),
]
DEFINITE: list[Outcome] = [
    Answered(400),
    Answered(402, envelope=True, code="insufficient_credits"),
    Answered(429),
    Answered(502, envelope=True, code="generation_failed"),
    Answered(503, envelope=True, code="overloaded", retry_after=1.0),
    Failed("connect", "no"),
    Failed("network", "partial"),
    Failed("tls", "yes"),
]


@pytest.mark.parametrize("outcome", OPEN)
def test_what_may_have_been_taken_under_a_key_is_unknown_at_the_end(outcome: Outcome) -> None:
    assert isinstance(POLICY.last(Kind.KEYED, "POST", outcome), Unknown)
    assert isinstance(RetryPolicy(retries=0).decide(Kind.KEYED, "POST", outcome, 1), Unknown)
    assert POLICY.last(Kind.READ, "GET", outcome) == Raise()


@pytest.mark.parametrize("outcome", DEFINITE)
def test_what_was_refused_under_a_key_is_definite_at_the_end(outcome: Outcome) -> None:
    assert POLICY.last(Kind.KEYED, "POST", outcome) == Raise()


def test_a_conflict_without_a_key_is_definite() -> None:
    assert POLICY.last(Kind.PAID, "POST", Answered(409)) == Raise()


@pytest.mark.parametrize("kind", [Kind.PAID, Kind.KEYED])
def test_the_services_own_words_for_not_yet_and_for_unknown(kind: Kind) -> None:
    policy = RetryPolicy(not_ready=frozenset({"asset_not_ready"}), outcome_unknown=frozenset({"OUTCOME_UNKNOWN"}))
    for status in (400, 404, 409, 422):
        decision = policy.decide(kind, "POST", Answered(status, envelope=True, code="asset_not_ready"), 50)
        assert decision == Retry(throttled=True, not_yet=True)
    assert policy.decide(kind, "POST", Answered(409, envelope=True, code="OUTCOME_UNKNOWN"), 1) == Unknown()
    assert policy.decide(Kind.READ, "GET", Answered(404, envelope=True, code="asset_not_ready"), 1) == Raise()


def test_a_404_on_a_young_job_is_retried_three_times() -> None:
    missing = Answered(404, envelope=True, code="job_not_found")
    seen = [word(decide(Kind.READ, missing, attempt, tolerate_404=True)) for attempt in (1, 2, 3, 4)]
    assert seen == ["retry", "retry", "retry", "raise"]
    assert decide(Kind.READ, missing) == Raise()


FAILURES: list[FailureKind] = ["connect", "timeout", "network", "pool", "proxy"]
SENT: list[Sent] = ["no", "partial", "yes"]


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("sent", SENT)
def test_a_transport_failure_is_retried_unless_a_paid_request_may_have_arrived(
    failure: FailureKind, sent: Sent
) -> None:
    outcome = Failed(failure, sent)
    assert {word(decide(kind, outcome)) for kind in ALL if kind is not Kind.PAID} == {"retry"}
    assert decide(Kind.PAID, outcome) == (Unknown() if sent == "yes" else Retry())


@pytest.mark.parametrize("failure", ["tls", "local", "proxy_refused"])
@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("sent", SENT)
def test_what_another_attempt_cannot_mend_is_definite(failure: FailureKind, kind: Kind, sent: Sent) -> None:
    assert decide(kind, Failed(failure, sent)) == Raise()


def test_a_garbled_answer_is_asked_for_once_more() -> None:
    garbled = Failed("garbled", "yes")
    for kind in FREE:
        assert [word(decide(kind, garbled, attempt)) for attempt in (1, 2)] == ["retry", "raise"]
    assert decide(Kind.PAID, garbled) == Unknown()
    assert word(decide(Kind.KEYED, garbled, 5)) == "retry"
    unsent = Failed("garbled", "no")
    assert [word(decide(Kind.PAID, unsent, attempt)) for attempt in (1, 2)] == ["retry", "raise"]


@pytest.mark.parametrize(
    ("kind", "attempts"), [(Kind.READ, 5), (Kind.CHEAP, 4), (Kind.PAID, 5), (Kind.KEYED, 6), (Kind.DOWNLOAD, 5)]
)
def test_attempts_in_all(kind: Kind, attempts: int) -> None:
    assert ATTEMPTS[kind] == attempts
    busy = Answered(429)
    seen = [word(decide(kind, busy, attempt)) for attempt in range(1, attempts + 1)]
    assert seen == ["retry"] * (attempts - 1) + ["raise"]


@pytest.mark.parametrize("retries", [0, 1, 9])
def test_retries_caps_the_re_sends_of_every_class(retries: int) -> None:
    policy = RetryPolicy(retries=retries)
    for kind in ALL:
        decisions = [word(policy.decide(kind, METHOD[kind], Answered(429), n)) for n in range(1, retries + 2)]
        assert decisions == ["retry"] * retries + ["raise"]


def test_a_retry_that_may_not_be_made_never_turns_an_unknown_outcome_into_a_definite_one() -> None:
    policy = RetryPolicy(retries=0)
    assert policy.decide(Kind.PAID, "POST", Failed("network", "yes"), 1) == Unknown()
    assert policy.decide(Kind.PAID, "POST", Answered(504), 1) == Unknown()


@pytest.mark.parametrize(("after", "expected"), [(59.9, "retry"), (60.0, "retry"), (60.1, "raise"), (3600.0, "raise")])
def test_more_than_a_minute_is_not_waited_for(after: float, expected: str) -> None:
    assert {word(decide(kind, Answered(429, retry_after=after))) for kind in ALL} == {expected}


@given(attempt=st.integers(-5, 10_000), chance=st.floats(0, 1, exclude_max=True), base=st.floats(0, 60))
def test_backoff_is_full_jitter_up_to_eight_seconds(attempt: int, chance: float, base: float) -> None:
    delay = RetryPolicy(base=base).backoff(attempt, chance)
    assert 0 <= delay <= min(8.0, base * 2.0 ** min(max(attempt - 1, 0), 16))


def test_backoff_doubles() -> None:
    delays = [RetryPolicy().backoff(attempt, 1.0) for attempt in range(1, 8)]
    assert delays == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert RetryPolicy().backoff(3, 0.0) == 0.0


# --- Retry-After -----------------------------------------------------------------------------------------------------

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0", 0.0),
        ("1", 1.0),
        ("120", 120.0),
        (" 7\t", 7.0),
        ("000009", 9.0),
        ("999999999999", 999999999999.0),
        ("9" * 30, 1e12),
        ("0" * 30 + "7", 7.0),
        ("1.5", 2.0),
        ("2.000", 2.0),
        ("0.001", 1.0),
        *(
            (garbage, None)
            for garbage in ("", " ", "-1", "+1", "1.", ".5", "1.5.0", "1e9", "nan", "inf", "Infinity", "0x10", "1_0")
        ),
        *((garbage, None) for garbage in ("٣", "７", "²", "1, 2", "1;2", "soon", "1 s", "Sun", "\x00", "1\n2")),
        ("Sun, 32 Mar 2026 12:00:00 GMT", None),
        ("Sun, 01 Mar 2026 25:00:00 GMT", None),
    ],
)
def test_retry_after_in_seconds_takes_digits_and_rounds_a_fraction_up(value: str, expected: float | None) -> None:
    assert parse_retry_after(value, None, NOW.timestamp()) == expected


def test_no_header_is_none() -> None:
    assert parse_retry_after(None, None, 0.0) is None


@pytest.mark.parametrize(
    "date",
    ["Sun, 01 Mar 2026 12:00:30 GMT", "Sunday, 01-Mar-26 12:00:30 GMT", "Sun Mar  1 12:00:30 2026"],
)
def test_retry_after_as_a_date_is_read_against_the_servers_own(date: str) -> None:
    assert parse_retry_after(date, None, NOW.timestamp()) == 30.0
    server = "Sun, 01 Mar 2026 12:00:20 GMT"  # our clock is wrong by an hour, and it does not matter
    assert parse_retry_after(date, server, NOW.timestamp() + 3600) == 10.0
    assert parse_retry_after(date, "not a date", NOW.timestamp()) == 30.0


def test_a_date_that_has_passed_is_now() -> None:
    assert parse_retry_after("Sun, 01 Mar 2026 11:00:00 GMT", None, NOW.timestamp()) == 0.0


@given(st.text())
def test_any_header_gives_none_or_a_finite_wait(value: str) -> None:
    after = parse_retry_after(value, value, 0.0)
    assert after is None or 0 <= after <= 1e12


@given(st.integers(0, 4_000_000_000), st.integers(0, 4_000_000_000))
def test_dates_give_their_difference(first: int, second: int) -> None:
    value = format_datetime(datetime.fromtimestamp(second, UTC), usegmt=True)
    assert parse_retry_after(value, formatdate(first, usegmt=True), 0.0) == max(0.0, second - first)


# --- the budget ------------------------------------------------------------------------------------------------------


def test_an_outage_costs_at_most_35_extra_requests() -> None:
    budget = RetryBudget(lambda: 0.0)
    paid = 0
    while budget.take(throttled=False) is not None:
        paid += 1
    assert paid == 35
    assert budget.tokens == 10
    assert [budget.take(throttled=True) for _ in range(3)] == [5, 5, None]


def test_success_gives_back_what_it_cost_and_at_least_one() -> None:
    budget = RetryBudget(lambda: 0.0)
    budget.give_back(14)
    assert budget.tokens == 500
    assert budget.take(throttled=False) == 14
    assert budget.take(throttled=True) == 5
    budget.give_back(0)
    assert budget.tokens == 482
    budget.give_back(19)
    assert budget.tokens == 500


def test_a_token_a_second_comes_back_by_itself() -> None:
    time = [100.0]
    budget = RetryBudget(lambda: time[0])
    while budget.take(throttled=False) is not None:
        pass
    assert budget.tokens == 10
    for _ in range(16):  # a look in between does not lose the part of a second
        time[0] += 0.25
        assert budget.tokens <= 14
    assert budget.take(throttled=False) == 14
    time[0] += 3600.0
    assert budget.tokens == 500
    time[0] -= 3600.0
    assert budget.tokens == 500


@given(st.lists(st.sampled_from(["transient", "throttled", "success"]), max_size=300))
def test_the_budget_stays_within_its_bounds(events: list[str]) -> None:
    budget = RetryBudget(lambda: 0.0)
    spent = 0
    for event in events:
        if event == "success":
            budget.give_back(spent)
            spent = 0
        else:
            spent += budget.take(throttled=event == "throttled") or 0
        assert 0 <= budget.tokens <= 500


def test_threads_cannot_overdraw_the_budget() -> None:
    budget = RetryBudget(lambda: 0.0)
    taken: list[int | None] = []

    def spend() -> None:
        taken.extend(budget.take(throttled=False) for _ in range(20))

    threads = [threading.Thread(target=spend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(cost for cost in taken if cost) == 35 * 14
    assert budget.tokens == 10

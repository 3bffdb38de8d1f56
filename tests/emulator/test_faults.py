"""The vocabulary: what a fault may be, when a rule hits, and that JSON and Python say the same."""

from __future__ import annotations

import math
import re
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirelo_ergo.emulator import Clock, faults
from mirelo_ergo.emulator.faults import kinds
from mirelo_ergo.emulator.faults.plan import Plan, Rule, rule_from_json, rule_to_json
from mirelo_ergo.emulator.services import registry
from mirelo_ergo.emulator.spec import bounds, targets

EVERY = [
    *(target for service in registry.SERVICES.values() for target in service.targets()),
    *(target.on(service) for service in registry.ports() for target in targets.STORE),
]
OPERATIONS = {target.id: target for target in EVERY}
SUBMIT = OPERATIONS["textToSfxV16JobCreate"]
POLL = OPERATIONS["textToSfxJobPoll"]


def hits(plan: Plan, target: targets.Target = SUBMIT, count: int = 10, key: str = "") -> list[bool]:
    return [plan.choose(target, key) != faults_none for _ in range(count)]


faults_none = Plan(Clock()).choose(SUBMIT, "")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (lambda: faults.Status(399), "status is 399: it has to be a whole number from 400 to 599"),
        (lambda: faults.Status(600), "status is 600"),
        (lambda: faults.Status(500.0), "status is 500.0"),  # type: ignore[arg-type]  # what is being tested
        (lambda: faults.Status(True), "status is True"),
        (lambda: faults.Status(500, body="xml"), "body is 'xml': it has to be one of envelope, empty, html"),
        (lambda: faults.Status(500, when="later"), "when is 'later': it has to be one of before, after"),
        (lambda: faults.Status(500, code="a b"), "code is 'a b': it has to be a code of up to 64 letters"),
        (lambda: faults.Status(500, message="a\nb"), "message is 'a"),
        (lambda: faults.Status(429, retry_after=-1), "retry_after is -1: it has to be a whole number from 0 to"),
        (lambda: faults.Status(429, retry_after="a\r\nb: c"), "retry_after is 'a"),
        (lambda: faults.Latency(math.nan), "seconds is nan: it has to be a number from 0 to 3,600"),
        (lambda: faults.Latency(math.inf), "seconds is inf"),
        (lambda: faults.Latency("1"), "seconds is '1'"),  # type: ignore[arg-type]  # what is being tested
        (lambda: faults.CutBody(-1), "after_bytes is -1"),
        (lambda: faults.Drip(0), "size is 0"),
        (lambda: faults.Drip(1, 0), "interval_s is 0"),
        (lambda: faults.SlowUpload(1), "bytes_per_s is 1: it has to be a whole number from 1,024 to"),
        (lambda: faults.FailedJob("x" * 65), "code is 'xxx"),
        (lambda: faults.FailedJob(http_status=200), "http_status is 200"),
        (lambda: faults.WrongEstimate(0), "factor is 0: it has to be a number from 0.001 to 1,000,000"),
        (lambda: faults.RateLimit(0), "per_s is 0"),
        (lambda: Rule("submit", faults.Reset(), times=0), "times is 0: it has to be a whole number from 1 to"),
        (lambda: Rule("submit", faults.Reset(), probability=1.1), "probability is 1.1: it has to be a number from 0"),
        (lambda: Rule("submit", faults.Reset(), every=2, probability=0.5), "every is 2 and probability 0.5"),
        (lambda: Rule("submit", faults.RateLimit(1), every=2), "without every and probability"),
        (lambda: Rule("sumbit", faults.Reset()), "operation is 'sumbit': it has to be one of generate, any, me"),
        (lambda: Rule("me", faults.StuckJob()), "operation is 'me', to which stuck_job cannot happen: it can to"),
        (lambda: Rule("result", faults.BadJson()), "'result', to which bad_json cannot happen"),
        (lambda: Rule("poll", faults.ExpiredUploadUrl()), "it can to upload"),
        (lambda: Rule("submit", "reset"), "fault is 'reset': it has to be a fault, such as faults.Reset()"),  # type: ignore[arg-type]  # as above
        (lambda: Rule("submit", faults.Reset), "it has to be a fault"),  # type: ignore[arg-type]  # as above
    ],
)
def test_what_cannot_be_says_why(value: Any, words: str) -> None:
    with pytest.raises(ValueError, match=" ") as caught:
        value()
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "rule is None: it has to be an object"),
        ({}, "rule.operation is missing"),
        ({"operation": "submit"}, "rule.fault is missing"),
        ({"operation": "submit", "fault": "reset"}, "rule.fault is 'reset': it has to be an object"),
        ({"operation": "submit", "fault": {}}, "rule.fault.kind is missing: known are latency, status"),
        ({"operation": "submit", "fault": {"kind": "rest"}}, "kind is 'rest', which is none: did you mean reset?"),
        ({"operation": "submit", "fault": {"kind": 7}}, "rule.fault.kind is 7, which is none"),
        ({"operation": "submit", "fault": {"kind": ["reset"]}}, "rule.fault.kind is ['reset'], which is none"),
        (
            {"operation": "submit", "fault": {"kind": "reset", "wen": "after"}},
            "rule.fault.wen is not a known field: did you mean when? known are when",
        ),
        ({"operation": "submit", "fault": {"kind": "stuck_job", "x": 1}}, "x is not a known field: there are none"),
        ({"operation": "submit", "fault": {"kind": "latency"}}, "rule.fault.seconds is missing"),
        ({"operation": "submit", "fault": {"kind": "latency", "seconds": -1}}, "rule.fault.seconds is -1: it has"),
        (
            {"operation": "poll", "fault": {"kind": "reset"}, "time": 1},
            "rule.time is not a known field: did you mean times",
        ),
        ({"operation": "pol", "fault": {"kind": "reset"}}, "rule.operation is 'pol', which is none: did you mean poll"),
        ({"operation": ["poll"], "fault": {"kind": "reset"}}, "rule.operation is ['poll']: it has to be one of"),
        ({"operation": "poll", "fault": {"kind": "reset"}, 1: 2}, "rule.1 is not a known field"),
    ],
)
def test_json_that_cannot_be_says_where_and_why(value: object, words: str) -> None:
    with pytest.raises(ValueError, match=" ") as caught:
        rule_from_json(value, "rule")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_every_kind_says_what_it_does_and_where(kind: str) -> None:
    cls = kinds.KINDS[kind]
    assert cls.kind == kind
    assert cls.__name__ in faults.__all__
    assert getattr(faults, cls.__name__) is cls
    assert cls.__doc__
    assert cls.groups <= set(targets.GROUPS)
    assert all(isinstance(field.validator, bounds.Bound) for field in attrs.fields(cls))


# When a rule hits


def test_times_ends_a_rule() -> None:
    plan = Plan(Clock())
    plan.add([Rule("submit", faults.Reset(), times=2)])
    assert hits(plan, POLL) == [False] * 10
    assert hits(plan) == [True] * 2 + [False] * 8
    assert plan.active() == []


def test_every_nth_and_times_together() -> None:
    plan = Plan(Clock())
    plan.add([Rule("submit", faults.Reset(), times=2, every=3)])
    assert hits(plan) == [False, False, True, False, False, True, False, False, False, False]


def test_chance_comes_again_from_its_seed() -> None:
    drawn = []
    for seed in (1, 1, 2):
        plan = Plan(Clock())
        plan.add([Rule("any", faults.Reset(), probability=0.5, seed=seed)])
        drawn.append(hits(plan, count=64))
    assert drawn[0] == drawn[1] != drawn[2]
    assert 16 < sum(drawn[0]) < 48
    plan.play([Rule("any", faults.Reset(), probability=0.0), Rule("any", faults.Latency(1), probability=1)])
    assert [plan.choose(SUBMIT, "").kinds for _ in range(3)] == [("latency",)] * 3


def test_the_first_that_decides_about_the_answer_counts_and_later_ones_wait() -> None:
    plan = Plan(Clock())
    plan.add(
        [
            Rule("submit", faults.Reset(), every=2),
            Rule("any", faults.Latency(2)),
            Rule("submit", faults.Status(500), times=2),
        ]
    )
    plan.add([Rule("generate", faults.Latency(1))])
    assert [plan.choose(SUBMIT, "").kinds for _ in range(5)] == [
        ("latency", "status", "latency"),
        ("reset", "latency", "latency"),
        ("latency", "status", "latency"),
        ("reset", "latency", "latency"),
        ("latency", "latency"),
    ]
    assert plan.choose(SUBMIT, "").latency_s == 3


def test_the_slowest_reader_counts() -> None:
    plan = Plan(Clock())
    plan.add([Rule("any", faults.SlowUpload(rate)) for rate in (5000, 2000, 3000)])
    assert plan.choose(OPERATIONS["putUpload"], "").bytes_per_s == 2000
    assert plan.choose(SUBMIT, "").bytes_per_s is None


def test_clearing_one_or_all() -> None:
    plan = Plan(Clock())
    one, two = plan.add([Rule("me", faults.Reset()), Rule("poll", faults.Reset())])
    assert plan.clear(one)
    assert not plan.clear(one)
    assert [each.id for each in plan.active()] == [two]
    plan.play([Rule("me", faults.Reset())], "mine")
    assert (plan.scenario, [each.rule.operation for each in plan.active()]) == ("mine", ["me"])
    assert plan.clear()
    assert (plan.scenario, plan.active(), plan.clear()) == (None, [], False)


def test_rules_are_capped() -> None:
    plan = Plan(Clock())
    plan.add([Rule("me", faults.Reset())] * 100)
    with pytest.raises(ValueError, match="100 faults are active: 100 may be, clear some first"):
        plan.add([Rule("me", faults.Reset())])


def test_a_rate_limits_memory_of_keys_is_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mirelo_ergo.emulator.faults.plan.MAX_KEYS", 3)
    plan = Plan(Clock())
    plan.add([Rule("submit", faults.RateLimit(0.001))])
    assert [hits(plan, count=1, key=key)[0] for key in "abcabcdd"] == [False] * 3 + [True] * 3 + [False, True]
    assert hits(plan, count=1, key="a") == [False]  # forgotten: it was the oldest of the four


def test_operations_are_found_by_their_requests() -> None:
    for target in EVERY:
        port = registry.port_of(target.service)
        assert registry.find(port, target.method, re.sub(r"{\w+}", "x", target.path)) == target
        assert registry.owner(port, re.sub(r"{\w+}", "x", target.path)) == target.service
    assert registry.find("mirelo", "GET", "/v2/nothing") is None
    assert registry.find("mirelo", "DELETE", "/v2/me") is None
    assert registry.find("pixazo", "GET", "/v2/me") is None
    assert registry.owner("pixazo", "/v2/me") == "pixazo"
    assert {target.group for target in EVERY} == registry.present() <= set(targets.GROUPS)
    assert len(registry.names()) == len(set(registry.names()))


# JSON


def parameters(cls: type[faults.Fault]) -> st.SearchStrategy[faults.Fault]:
    return st.builds(cls, **{field.name: allowed(field.validator) for field in attrs.fields(cls)})


def allowed(bound: Any) -> st.SearchStrategy[Any]:
    match bound:
        case bounds.Number(whole=True):
            value: st.SearchStrategy[Any] = st.integers(int(bound.least), int(bound.most))
        case bounds.Number():
            value = st.floats(bound.least, bound.most)
        case bounds.Flag():
            value = st.booleans()
        case bounds.Choice():
            value = st.sampled_from(bound.options)
        case bounds.Text():
            value = st.from_regex(bound.pattern, fullmatch=True)
        case bounds.Either():
            value = allowed(bound.first) | allowed(bound.second)
        case _:
            raise AssertionError(bound)
    return st.none() | value if bound.optional else value


FAULTS = st.one_of([parameters(cls) for cls in kinds.KINDS.values()])


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    fault = draw(FAULTS)
    fitting = [name for name in registry.names() if registry.groups(name) & fault.groups]
    more: dict[str, Any] = {}
    if not isinstance(fault, faults.RateLimit):
        more = draw(
            st.sampled_from([{}, {"every": 3}, {"probability": 0.25, "seed": 7}, {"probability": 1.0}, {"every": 1}])
        )
    return Rule(draw(st.sampled_from(fitting)), fault, times=draw(st.none() | st.integers(1, 9)), **more)


@given(rules())
def test_json_and_back(rule: Rule) -> None:
    assert rule_from_json(rule_to_json(rule), "rule") == rule

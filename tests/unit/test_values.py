"""What calls give back, read tolerantly from answers."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirelo_ergo._runtime.api.answers import Unusable
from mirelo_ergo._runtime.ids import job_id_problem
from mirelo_ergo._runtime.io.protocol import Reply
from mirelo_ergo._runtime.jobs.tokens import JobRecord
from mirelo_ergo._runtime.jobs.values import JobErrored, JobProcessing, JobSucceeded
from mirelo_ergo.inference_sh import Estimate, Record
from mirelo_ergo.mirelo.job_values import read_accepted, read_result, read_status
from mirelo_ergo.mirelo.values import MeResult, PreflightResult, read_asset, read_me, read_preflight
from tests.support import answers
from tests.support.answers import reply

if TYPE_CHECKING:
    from collections.abc import Callable

RECORD = JobRecord("mirelo", "text-to-sfx", "v1.5", answers.JOB_ID, 0.0, None)
WALL = 1_772_366_400.0  # 2026-03-01T12:00:00Z
DATE = "Sun, 01 Mar 2026 12:00:00 GMT"


def test_the_account() -> None:
    assert read_me(answers.me()) == MeResult("usr_1", "foley@example.com", 4200, False)
    sparse = {"id": "u", "credits_available": "12", "email": None, "new": {"deep": 1}}
    assert read_me(reply(200, sparse)) == MeResult("u", "", 12, False)
    assert read_me(reply(200, {**answers.ME, "overage_enabled": True})).overage_enabled is True
    assert read_me(reply(200, {**answers.ME, "overage_enabled": "yes"})).overage_enabled is False


def test_the_price(caplog: pytest.LogCaptureFixture) -> None:
    assert read_preflight(answers.preflight(0, 5)) == PreflightResult(0, 5)
    assert read_preflight(reply(200, {"credits": 20.0})) == PreflightResult(20, 30_000)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    for wrong in (-1, None, "a lot", 12.5, True):
        with pytest.raises(Unusable, match="credits"):
            read_preflight(reply(200, {"credits": wrong, "estimated_ms": 1}))


def test_the_asset() -> None:
    assert read_asset(answers.asset("ast_1", "https://u.example/1")) == ("ast_1", "https://u.example/1")
    for missing in ("asset_id", "upload_url"):
        with pytest.raises(Unusable, match=missing):
            read_asset(reply(201, {"asset_id": "a", "upload_url": "u", missing: None}))


def test_an_accepted_job_needs_its_id_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    accepted = read_accepted(answers.accepted("j-1", "9000"))
    assert (accepted.job_id, accepted.estimated_ms) == ("j-1", 9000)
    assert caplog.records == []
    with caplog.at_level(logging.WARNING, "mirelo_ergo"):
        assert read_accepted(reply(202, {"job_id": "j-1"})).estimated_ms is None
    assert [record.message for record in caplog.records] == [
        "the service gave no estimate for job j-1; 30 s are assumed"
    ]


@pytest.mark.parametrize("job_id", [None, "", 7, "..", "/", "a\nb", "jöb", "x" * 201])
def test_a_job_id_must_be_one(job_id: object) -> None:
    with pytest.raises(Unusable, match="job_id"):
        read_accepted(answers.accepted(job_id))  # type: ignore[arg-type]  # what a service may send


@pytest.mark.parametrize(
    ("job_id", "problem"),
    [
        ("a", None),
        ("a" * 200, None),
        ("a b:c", None),
        ("", "0 characters"),
        ("a" * 201, "201"),
        ("a/b", "slash"),
        ("a\\b", "slash"),
        (".", "dots"),
        ("a..b", "dots"),
        ("ä", "ASCII"),
        ("a\n", "ASCII"),
    ],
)
def test_what_can_be_part_of_a_path(job_id: str, problem: str | None) -> None:
    found = job_id_problem(job_id)
    assert (found is None) if problem is None else (found is not None and problem in found)


def test_a_sync_result_needs_a_url() -> None:
    done = read_result(answers.result("https://r.example/1", "https://r.example/2"))
    assert done == JobSucceeded(["https://r.example/1", "https://r.example/2"])
    assert done.output == {"result_urls": ["https://r.example/1", "https://r.example/2"]}
    for wrong in ([], None, "https://r.example/1", [None, 7]):
        with pytest.raises(Unusable, match="result_urls"):
            read_result(reply(200, {"result_urls": wrong}))


def status(**fields: object) -> Any:
    return read_status(RECORD, reply(200, fields, date=DATE), WALL)


def test_the_three_states() -> None:
    running = status(status="processing", progress_percent=40, estimated_completion_at="2026-03-01T12:00:09Z")
    assert running.status == JobProcessing(40, "2026-03-01T12:00:09Z")
    assert (running.final, running.completes_in, running.retry_after) == (False, 9.0, None)
    done = status(status="succeeded", result={"result_urls": ["https://r.example/1"]}, request={"num_samples": 2})
    assert (done.status, done.asked, done.final) == (JobSucceeded(["https://r.example/1"]), 2, True)
    failed = status(status="errored", error={"code": "video_too_short", "message": "m", "http_status": 400})
    assert (failed.status, failed.final) == (JobErrored("video_too_short", 400, "m"), True)


def test_an_unknown_state_still_runs() -> None:
    queued = status(status="queued_elsewhere", progress_percent=5)
    assert queued.status == JobProcessing(5, "", "queued_elsewhere")
    assert queued.status.status == "processing"
    assert not queued.final


@pytest.mark.parametrize(
    ("given_", "kept"), [(250, 100), (-5, 0), ("40", 40), (40.0, 40), (None, 0), ("many", 0), (10**30, 100)]
)
def test_progress_is_clamped(given_: object, kept: int) -> None:
    assert status(status="processing", progress_percent=given_).status.progress_percent == kept


def test_a_failure_without_a_reason_is_one() -> None:
    shapes: list[object] = [None, "text", [], {}, {"code": "", "message": None, "http_status": "x"}]
    for error in shapes:
        seen = status(status="errored", error=error)
        assert seen.status == JobErrored("generation_failed", 0, "the service gave no reason")


@pytest.mark.parametrize("result", [None, [], "x", {}, {"result_urls": None}, {"result_urls": [7]}])
def test_a_success_without_urls_is_one_all_the_same(result: object) -> None:
    assert status(status="succeeded", result=result).status == JobSucceeded([])


@pytest.mark.parametrize("raw", [None, 7, "", ["processing"], {}])
def test_a_state_must_be_a_word(raw: object) -> None:
    with pytest.raises(Unusable, match="status"):
        status(status=raw)


@pytest.mark.parametrize(
    ("completion", "date", "seconds"),
    [
        ("2026-03-01T12:00:09Z", DATE, 9.0),
        ("2026-03-01T12:00:09.5+00:00", DATE, 9.5),
        ("2026-03-01T13:00:09+01:00", DATE, 9.0),
        ("2026-03-01T12:00:09", DATE, 9.0),
        ("2026-03-01T11:00:00Z", DATE, 0.0),
        ("2026-03-01T12:00:09Z", "", None),  # our own clock may be wrong: without the server's there is no hint
        ("2026-03-01T12:00:09Z", "yesterday", None),
        ("soon", DATE, None),
        ("", DATE, None),
        ("2026-13-41", DATE, None),
        ("2026-03-01T12:00:09Z", "Fri, 31 Dec 9999 23:59:59 -2359", 0.0),
    ],
)
def test_the_estimate_of_completion_is_read_by_the_servers_clock(
    completion: str, date: str, seconds: float | None
) -> None:
    answer = reply(200, {"status": "processing", "estimated_completion_at": completion}, date=date)
    for wall in (WALL, WALL + 3600, 0.0):
        assert read_status(RECORD, answer, wall).completes_in == seconds


def test_a_poll_may_ask_for_patience() -> None:
    assert read_status(RECORD, answers.processing(retry_after="7"), WALL).retry_after == 7.0


def test_values_do_not_show_signed_urls() -> None:
    assert repr(JobSucceeded(["https://r.example/1?signature=abc"])) == (
        "JobSucceeded(files=[1 audio at r.example], status='succeeded', incomplete=False, created_at=None, "
        "completed_at=None)"
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(
    [
        "job_id",
        "status",
        "estimated_ms",
        "progress_percent",
        "result",
        "error",
        "request",
        "result_urls",
        "code",
        "id",
        "credits",
        "credits_available",
        "asset_id",
        "upload_url",
        "estimated_completion_at",
        "message",
    ]
)
states = st.sampled_from(["processing", "succeeded", "errored", "paused"])


@given(
    st.dictionaries(names, json_values | states, max_size=8),
    st.dictionaries(st.sampled_from(["date", "retry-after"]), st.text(max_size=40)),
)
def test_no_answer_breaks_a_reader(fields: dict[str, object], headers: dict[str, str]) -> None:
    answer = Reply(200, headers, json.dumps(fields).encode())
    readers: list[Callable[[Reply], object]] = [read_me, read_preflight, read_asset, read_accepted, read_result]
    readers.append(lambda it: read_status(RECORD, it, WALL))
    for read in readers:
        try:
            read(answer)
        except Unusable as unusable:
            if len(str(unusable)) > 300:
                raise


@given(st.text("0123456789-+:.TZW", max_size=30), st.text("0123456789 :,+-GMTSunMar", max_size=40))
def test_no_moment_breaks_a_poll(completion: str, date: str) -> None:
    answer = reply(200, {"status": "processing", "estimated_completion_at": completion}, date=date, retry_after=date)
    seen = read_status(RECORD, answer, WALL)
    assert seen.completes_in is None or seen.completes_in >= 0


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"confidence": "exact", "microcents": 12_500_000, "min": 1, "max": 1}, "12.5 cents (exact)"),
        (
            {"confidence": "range", "min": 0, "max": 10_000_000, "depends_on": ["video_input", "duration"]},
            "0 to 10 cents (range; depends on video_input, duration)",
        ),
        ({"confidence": "range", "min": 1}, "at least 0.000001 cents (range)"),
        ({"confidence": "unknown", "microcents": None, "estimate_error": "no price"}, "not known (unknown; no price)"),
        ({"microcents": "x", "depends_on": 3}, "not known"),
    ],
)
def test_an_estimate_tells_its_price(fields: dict[str, object], words: str) -> None:
    estimate = Estimate(fields)
    assert (str(estimate), repr(estimate)) == (words, f"<Estimate {words}>")


def test_a_record_without_an_id_tells_what_it_has() -> None:
    assert repr(Record({"logs": [], "total": 1})) == "<Record with logs, total>"
    assert repr(Record({"id": "app_1", "name": "x"})) == "<Record app_1>"
    assert repr(Record({})) == "<Record with no fields>"

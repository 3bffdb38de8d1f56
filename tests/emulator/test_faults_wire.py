"""Every kind of fault on the wire, seen by a client of raw bytes; and that the charges are correct."""

from __future__ import annotations

import contextlib
import json
import logging
import time
from typing import TYPE_CHECKING, Any

import pytest

from mirelo_ergo.emulator import Emulator, faults, running
from tests.emulator.raw import Came, Line, ask, connected, request, target_of
from tests.emulator.support import TEXT, Api
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

SUBMIT = ("POST", f"{TEXT}/jobs", {"prompt": "rain", "duration_ms": 1000})
PRICE = ("GET", f"{TEXT}/preflight")


@pytest.fixture(scope="module")
def server() -> Iterator[Emulator]:
    with running() as emulator:
        yield emulator


@pytest.fixture
def emu(server: Emulator, caplog: pytest.LogCaptureFixture) -> Iterator[Emulator]:
    """The emulator as new; what is done to its connections is no error to the server under it."""
    server.reset()
    yield server
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def busy(emu: Emulator) -> int:
    return len(emu._server.server_state.tasks)


def paid(emu: Emulator) -> list[str]:
    """Let every job end, and tell which were charged."""
    emu.clock.advance(3600)
    return [charge.job_id for charge in emu.charges]


def hurried(emu: Emulator, line: Line) -> Came:
    """Read to the end while the emulator's time flies."""
    line.sock.settimeout(0.005)
    end = time.monotonic() + 60
    while True:
        emu.clock.advance(60)
        try:
            return line.rest()
        except TimeoutError:
            assert time.monotonic() < end


# Status and pages


@pytest.mark.parametrize(
    ("fault", "code", "retry_after"),
    [
        (faults.Status(400), "invalid_request", None),
        (faults.Status(401), "unauthorized", None),
        (faults.Status(402), "insufficient_credits", None),
        (faults.Status(402, code="no_active_subscription", message="subscribe"), "no_active_subscription", None),
        (faults.Status(418), "invalid_request", None),
        (faults.Status(429, retry_after=7), "rate_limited", "7"),
        (
            faults.Status(503, retry_after="Wed, 21 Oct 2026 07:28:00 GMT"),
            "server_error",
            "Wed, 21 Oct 2026 07:28:00 GMT",
        ),
        (faults.Status(502, retry_after="NaN"), "server_error", "NaN"),
        (faults.Status(599), "server_error", None),
    ],
)
def test_a_status_in_the_services_words(
    emu: Emulator, fault: faults.Status, code: str, retry_after: str | None
) -> None:
    emu.fail_next("submit", fault)
    came = ask(emu, *SUBMIT)
    assert came.status == fault.status
    assert came.headers.get("retry-after") == retry_after
    assert came.headers["content-type"] == "application/json"
    error = came.json()["error"]
    assert (error["code"], error["http_status"]) == (code, fault.status)
    assert error["message"] == (fault.message or error["message"])
    assert emu.jobs == []
    assert ask(emu, *SUBMIT).status == 202


def test_a_status_without_a_body(emu: Emulator) -> None:
    emu.fail_next("any", faults.Status(504, body="empty"))
    came = ask(emu, *PRICE)
    assert (came.status, came.body, came.end) == (504, b"", "closed")
    assert came.headers["content-length"] == "0"
    assert "content-type" not in came.headers


def test_pages(emu: Emulator) -> None:
    emu.fail_next("preflight", faults.Status(502, body="html"))
    emu.fail_next("preflight", faults.HtmlPage())
    for status in (502, 200):
        came = ask(emu, *PRICE)
        assert (came.status, came.headers["content-type"]) == (status, "text/html")
        assert came.body.startswith(b"<!DOCTYPE html>")
        assert len(came.body) == int(came.headers["content-length"])


def test_the_object_store_says_it_in_xml(emu: Emulator) -> None:
    with Api(emu) as api:
        _, url = api.open_upload()
        emu.fail_next("upload", faults.Status(503))
        emu.fail_next("upload", faults.Status(403, code="Gone", message="a < b"))
        for status, code in ((503, b"SlowDown"), (403, b"Gone")):
            with connected(emu) as line:
                line.sock.sendall(request("PUT", target_of(url), None, b"abc", {"Content-Type": "video/mp4"}))
                came = line.rest()
            assert (came.status, came.headers["content-type"]) == (status, "application/xml")
            assert b"<Code>%b</Code>" % code in came.body
        assert b"a &lt; b" in came.body


# Whether the request was processed


@pytest.mark.parametrize(
    ("fault", "end"),
    [
        (faults.Status(502, body="html", when="after"), "closed"),
        (faults.Status(500, when="after"), "closed"),
        (faults.HtmlPage(when="after"), "closed"),
        (faults.Reset(when="after"), "reset"),
        (faults.CutBody(), "closed"),
        (faults.BadJson(), "closed"),
    ],
)
def test_after_processing_the_job_exists_and_is_charged(emu: Emulator, fault: faults.Fault, end: str) -> None:
    emu.fail_next("submit", fault)
    came = ask(emu, *SUBMIT)
    assert came.end == end
    (job,) = emu.jobs
    assert job.id.encode() not in came.data or isinstance(fault, faults.BadJson)
    assert paid(emu) == [job.id]


@pytest.mark.parametrize("fault", [faults.Status(500), faults.HtmlPage(), faults.Reset()])
def test_before_processing_there_is_no_job(emu: Emulator, fault: faults.Fault) -> None:
    emu.fail_next("submit", fault)
    ask(emu, *SUBMIT)
    assert emu.jobs == []
    assert paid(emu) == []


# The connection


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_reset_is_an_rst_and_nothing_else(emu: Emulator, when: str) -> None:
    emu.fail_next("preflight", faults.Reset(when=when))
    assert ask(emu, *PRICE) == Came(b"", "reset")
    assert ask(emu, *PRICE).status == 200


def test_an_upload_is_reset_in_its_middle(emu: Emulator) -> None:
    with Api(emu) as api:
        asset_id, url = api.open_upload()
        emu.fail_next("upload", faults.Reset())
        with connected(emu) as line:
            head = request("PUT", target_of(url), None, b"", {"Content-Type": "video/mp4", "Content-Length": "1000"})
            line.sock.sendall(head + b"x")
            assert line.rest() == Came(b"", "reset")
        asset = emu.asset(asset_id)
        assert asset is not None
        assert asset.path is None


@pytest.mark.parametrize("when", ["before", "after"])
def test_no_answer_lasts_until_the_client_goes(emu: Emulator, when: str) -> None:
    emu.fail_next("submit", faults.NoAnswer(when=when))
    with connected(emu) as line:
        line.sock.sendall(request("POST", SUBMIT[1], emu.key, json.dumps(SUBMIT[2]).encode()))
        until(lambda: len(emu.requests) == 1 and emu.requests[0].faults == ("no_answer",))
        until(lambda: len(emu.jobs) == (when == "after"))
        emu.clock.advance(10 * 86_400)
        assert ask(emu, *PRICE).status == 200
        assert line.quiet()
        until(lambda: busy(emu) == 1)
    until(lambda: busy(emu) == 0)
    assert len(emu.charges) == (when == "after")


def test_a_cut_body_promises_more(emu: Emulator) -> None:
    whole = ask(emu, "GET", "/v2/me")
    for cut in (0, 7, len(whole.body) - 1):
        emu.fail_next("me", faults.CutBody(cut))
        came = ask(emu, "GET", "/v2/me")
        assert (came.status, came.body, came.end) == (200, whole.body[:cut], "closed")
        assert int(came.headers["content-length"]) == len(whole.body)
    emu.fail_next("me", faults.CutBody(10_000))
    assert ask(emu, "GET", "/v2/me").body == whole.body[:-1]


def test_a_cut_result_ends_the_work_on_it(emu: Emulator) -> None:
    with Api(emu) as api:
        (url,) = api.results(TEXT, prompt="rain", duration_ms=10_000)
        emu.fail_next("result", faults.CutBody(100_000))
        with connected(emu) as line:
            line.sock.sendall(request("GET", target_of(url), None))
            came = line.rest()
    assert (len(came.body), came.headers["content-length"]) == (100_000, str(44 + 48_000 * 4 * 10))
    until(lambda: busy(emu) == 0)


def test_half_of_the_json_with_its_length(emu: Emulator) -> None:
    whole = ask(emu, *PRICE)
    emu.fail_next("preflight", faults.BadJson())
    came = ask(emu, *PRICE)
    assert came.body == whole.body[: len(whole.body) // 2]
    assert (came.status, came.headers["content-type"]) == (200, "application/json")
    with pytest.raises(json.JSONDecodeError):
        came.json()


# Time, which is the emulator's


def test_latency_is_before_the_first_byte(emu: Emulator) -> None:
    emu.fail_next("submit", faults.Latency(600))
    with connected(emu) as line:
        line.sock.sendall(request("POST", SUBMIT[1], emu.key, json.dumps(SUBMIT[2]).encode()))
        until(lambda: len(emu.jobs) == 1)  # processed at once
        assert ask(emu, *PRICE).status == 200
        assert line.quiet()
        emu.clock.advance(600)
        assert line.rest().status == 202


def test_latency_comes_before_other_faults_too(emu: Emulator) -> None:
    emu.fail_next("me", faults.Latency(400))
    emu.fail_next("me", faults.Latency(200))
    emu.fail_next("me", faults.Status(503))
    with connected(emu) as line:
        line.sock.sendall(request("GET", "/v2/me", emu.key))
        until(lambda: len(emu.requests) == 1)
        emu.clock.advance(599)
        assert ask(emu, *PRICE).status == 200
        assert line.quiet()
        emu.clock.advance(1)
        assert line.rest().status == 503
    assert emu.requests[0].faults == ("latency", "latency", "status")


def test_a_client_that_leaves_ends_the_latency(emu: Emulator) -> None:
    emu.fail_next("me", faults.Latency(3600))
    with connected(emu) as line:
        line.sock.sendall(request("GET", "/v2/me", emu.key))
        until(lambda: busy(emu) == 1)
    until(lambda: busy(emu) == 0)


def test_a_drip_has_its_size_and_its_pause(emu: Emulator) -> None:
    whole = ask(emu, *PRICE)
    emu.fail_next("preflight", faults.Drip(10, 60))
    with connected(emu) as line:
        line.sock.sendall(request(*PRICE, emu.key))
        for pieces in range(1, 4):
            line.take(10 * pieces)
            assert ask(emu, "GET", "/v2/me").status == 200
            assert line.quiet()
            emu.clock.advance(60)
        came = hurried(emu, line)
    assert came.end == "closed"
    assert (came.status, came.json()) == (200, whole.json())
    assert came.headers["connection"] == "close"
    assert "date" in came.headers


def test_a_dripped_result_waits_for_its_reader(emu: Emulator) -> None:
    with Api(emu) as api:
        (url,) = api.results(TEXT, prompt="rain", duration_ms=10_000)
        emu.fail_next("result", faults.Drip(1 << 20, 0.001))
        with connected(emu) as line:
            line.sock.sendall(request("GET", target_of(url), None))
            came = line.rest()
    assert len(came.body) == int(came.headers["content-length"]) == 44 + 48_000 * 4 * 10


def test_a_slow_upload_is_felt_by_the_sender(emu: Emulator) -> None:
    data = bytes(2 << 20)
    with Api(emu) as api:
        asset_id, url = api.open_upload()
    emu.fail_next("upload", faults.SlowUpload(65_536))
    with connected(emu, send_buffer=16 << 10) as line:
        more = {"Content-Type": "video/mp4", "Content-Length": str(len(data))}
        line.sock.sendall(request("PUT", target_of(url), None, b"", more))
        until(lambda: len(emu.requests) == 2)
        line.sock.settimeout(0.2)
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < len(data):
                sent += line.sock.send(data[sent : sent + 65_536])
        assert 0 < sent < len(data) // 2
        line.sock.setblocking(False)
        while sent < len(data):
            emu.clock.advance(1)
            try:
                sent += line.sock.send(data[sent : sent + 65_536])
            except BlockingIOError:
                time.sleep(0.001)
        came = hurried(emu, line)
    assert came.status == 200
    asset = emu.asset(asset_id)
    assert asset is not None
    assert asset.size == len(data)


# URLs


def test_an_expired_upload_url_stays_expired(emu: Emulator) -> None:
    with Api(emu) as api:
        _, url = api.open_upload()
        emu.fail_next("upload", faults.ExpiredUploadUrl())
        for _ in range(2):
            came = put(emu, url)
            assert came.status == 403
            assert b"<Code>AccessDenied</Code><Message>Request has expired.</Message>" in came.body
        assert put(emu, api.open_upload()[1]).status == 200
        wrong = url.replace("signature=", "signature=0")
        emu.fail_next("upload", faults.ExpiredUploadUrl())
        assert b"SignatureDoesNotMatch" in put(emu, wrong).body


def put(emu: Emulator, url: str) -> Came:
    with connected(emu) as line:
        line.sock.sendall(request("PUT", target_of(url), None, b"abc", {"Content-Type": "video/mp4"}))
        return line.rest()


def test_an_expired_result_url_stays_expired_and_a_new_poll_gives_another(emu: Emulator) -> None:
    with Api(emu) as api:
        accepted = api.submit(TEXT, prompt="rain", duration_ms=1000)
        url = api.finish(accepted)["result"]["result_urls"][0]
        emu.fail_next("result", faults.ExpiredResultUrl())
        for _ in range(2):
            with connected(emu) as line:
                line.sock.sendall(request("GET", target_of(url), None))
                assert line.rest().status == 403
        fresh = api.get(accepted["job_url"]).json()["result"]["result_urls"][0]
        assert fresh != url
        with connected(emu) as line:
            line.sock.sendall(request("GET", target_of(fresh), None))
            assert line.rest().status == 200


# Rates


def test_a_rate_limit_counts_each_key(emu: Emulator) -> None:
    emu.add_fault(faults.Rule("submit", faults.RateLimit(per_s=0.25, burst=2)))
    assert [ask(emu, *SUBMIT).status for _ in range(3)] == [202, 202, 429]
    came = ask(emu, *SUBMIT)
    assert came.headers["retry-after"] in ("3", "4")
    assert came.json()["error"]["code"] == "rate_limited"
    with Api(emu, key="sk-other") as other:
        assert other.post(SUBMIT[1], SUBMIT[2]).status_code == 202
    emu.clock.advance(4)
    assert [ask(emu, *SUBMIT).status for _ in range(2)] == [202, 429]
    emu.clock.advance(3600)
    assert [ask(emu, *SUBMIT).status for _ in range(3)] == [202, 202, 429]
    (limit,) = emu.faults
    assert (limit.seen, limit.hits) == (10, 4)


# The jobs


def test_a_stuck_job_never_ends_and_is_never_charged(emu: Emulator) -> None:
    emu.set_credits(15)
    emu.fail_next("generate", faults.StuckJob())
    with Api(emu) as api:
        accepted = api.submit(TEXT, prompt="rain", duration_ms=1000)
        emu.clock.advance(86_000)
        status = api.get(accepted["job_url"]).json()
        assert (status["status"], status["progress_percent"]) == ("processing", 90)
        assert api.post(f"{TEXT}/jobs", SUBMIT[2]).status_code == 402  # it holds its credits
        emu.clock.advance(401)
        assert api.get(accepted["job_url"]).status_code == 404
        assert api.post(f"{TEXT}/jobs", SUBMIT[2]).status_code == 202
    assert len(paid(emu)) == 1


def test_a_stuck_sync_request_ends_with_its_client(emu: Emulator) -> None:
    emu.fail_next("sync", faults.StuckJob())
    with connected(emu) as line:
        line.sock.sendall(request("POST", f"{TEXT}/sync", emu.key, json.dumps(SUBMIT[2]).encode()))
        until(lambda: len(emu.jobs) == 1)
        emu.clock.advance(3600)
        assert ask(emu, *PRICE).status == 200
        assert line.quiet()
    until(lambda: busy(emu) == 0)
    assert emu.charges == []


@pytest.mark.parametrize(
    ("fault", "code", "status"),
    [
        (faults.FailedJob(), "generation_failed", 502),
        (faults.FailedJob("generation_timeout"), "generation_timeout", 504),
        (faults.FailedJob("invalid_video"), "invalid_video", 422),
        (faults.FailedJob("video_too_short"), "video_too_short", 400),
        (faults.FailedJob("Brand_new_code"), "Brand_new_code", 400),
        (faults.FailedJob("Brand_new_code", 599, "as it says"), "Brand_new_code", 599),
    ],
)
def test_a_job_can_fail_with_any_code(emu: Emulator, fault: faults.FailedJob, code: str, status: int) -> None:
    emu.fail_next("generate", fault)
    with Api(emu) as api:
        error: dict[str, Any] = api.finish(api.submit(TEXT, prompt="rain"))["error"]
        assert (error["code"], error["http_status"]) == (code, status)
        assert fault.message in (None, error["message"])
        emu.fail_next("sync", fault)
        emu.speed = 10_000
        answer = api.post(f"{TEXT}/sync", SUBMIT[2])
        emu.speed = 1
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert paid(emu) == []


def test_only_accepted_generations_count(emu: Emulator) -> None:
    emu.fail_next("generate", faults.FailedJob("generation_timeout"), times=2)
    with Api(emu) as api:
        assert api.post(f"{TEXT}/jobs", {"prompt": 1}).status_code == 400
        for expected in ("errored", "errored", "succeeded"):
            assert api.finish(api.submit(TEXT, prompt="rain"))["status"] == expected


@pytest.mark.parametrize(("factor", "told"), [(0.25, 1200), (0.001, 4), (3.0, 14_400), (1_000_000, 4_800_000_000)])
def test_an_estimate_is_wrong_by_its_factor(emu: Emulator, factor: float, told: int) -> None:
    emu.add_fault(faults.Rule("any", faults.WrongEstimate(factor)))
    with Api(emu) as api:
        assert api.get(f"{TEXT}/preflight", duration_ms=1000).json()["estimated_ms"] == told
        accepted = api.submit(TEXT, prompt="rain", duration_ms=1000)
        assert accepted["estimated_ms"] == told
        assert api.get(accepted["job_url"]).json()["status"] == "processing"
        emu.clock.advance(10)
        assert api.get(accepted["job_url"]).json()["status"] == "succeeded"


def test_factors_multiply_up_to_a_date(emu: Emulator) -> None:
    for _ in range(3):
        emu.add_fault(faults.Rule("submit", faults.WrongEstimate(1_000_000)))
    with Api(emu) as api:
        assert api.submit(TEXT, prompt="rain", duration_ms=1000)["estimated_ms"] == 10**12


# The end


@pytest.mark.parametrize("end", ["stop", "reset"])
def test_an_end_in_the_middle_of_all_of_them_is_quiet(end: str, caplog: pytest.LogCaptureFixture) -> None:
    faulty = {
        "textToSfxPreflight": faults.NoAnswer(),
        "getMe": faults.Latency(3600),
        "textToSfxV16Preflight": faults.Drip(1, 60),
        "videoToSfxPreflight": faults.NoAnswer("after"),
        "textToSfxSync": faults.StuckJob(),
        "putUpload": faults.SlowUpload(1024),
    }
    with running() as emu, contextlib.ExitStack() as lines:
        with Api(emu) as api:
            _, url = api.open_upload()
        for operation, fault in faulty.items():
            emu.fail_next(operation, fault)
        wires = [
            request(*PRICE, emu.key),
            request("GET", "/v2/me", emu.key),
            request("GET", "/v2/text-to-sfx/v1.6/preflight", emu.key),
            request("GET", "/v2/video-to-sfx/v1.5/preflight", emu.key),
            request("POST", f"{TEXT}/sync", emu.key, json.dumps(SUBMIT[2]).encode()),
            request("PUT", target_of(url), None, bytes(100_000), {"Content-Type": "video/mp4"}),
        ]
        opened = [lines.enter_context(connected(emu)) for _ in wires]
        for line, wire in zip(opened, wires, strict=True):
            line.sock.sendall(wire)
        until(lambda: emu.faults == [] and busy(emu) == len(wires))
        getattr(emu, end)()
        ends = [line.rest() for line in opened]
    assert ends[0] == ends[3] == Came(b"", "reset")
    assert ends[4].status == 503
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []

"""Every way to fail that can be provoked: exit code, words for people, one JSON object for scripts."""

from __future__ import annotations

import os
import re
import sys
import time
from typing import TYPE_CHECKING

import attrs
import pytest

import mirelo_ergo
from mirelo_ergo import (
    AuthenticationError,
    CostLimitError,
    DownloadError,
    MireloClient,
    MireloError,
    NetworkError,
    SubmitOutcomeUnknown,
)
from mirelo_ergo.cli import resume
from mirelo_ergo.cli.endings import conclude
from mirelo_ergo.cli.exits import Exit
from mirelo_ergo.cli.failures import Failure, exit_code_of
from mirelo_ergo.cli.output import Output
from mirelo_ergo.cli.printing import printable
from mirelo_ergo.cli.resume import Resumption, program
from mirelo_ergo.cli.saving import Saving
from mirelo_ergo.cli.services import Connection
from mirelo_ergo.cli.session import Session, Task
from tests.cli.support import CLIP, answering, problem, service
from tests.support.answers import JOB_ID

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mirelo_ergo.emulator import Emulator
    from tests.cli.conftest import Cli
    from tests.cli.support import Answer

TOKEN = f"mirelo2:text-to-sfx:v1.5:{JOB_ID}:1700000000:1000:"
YOUNG_TOKEN = f"mirelo2:text-to-sfx:v1.5:{JOB_ID}:{int(time.time())}:1000:"  # is asked for again sooner
REFUSING = "http://127.0.0.1:9"  # the discard port: nothing listens there


def both(cli: Cli, *arguments: str) -> dict[str, object]:
    """Run a failing command line both ways; return the JSON error. Both say the same."""
    told = cli(*arguments, "-q")
    scripted = cli(*arguments, "--json")
    assert told.out == ""
    assert told.err.startswith("error: ")
    assert "Traceback" not in told.err + scripted.err
    assert told.code == scripted.code != 0
    error: dict[str, object] = scripted.error
    return error


@attrs.frozen
class Case:
    """One command line against a bent service, and how it ends."""

    arguments: tuple[str, ...]
    exit_code: Exit
    code: str
    bent: Mapping[str, Answer] = attrs.field(factory=dict)
    says: Mapping[str, object] = attrs.field(factory=dict)


TEXT = ("text", "rain")
DONE: Answer = (200, {"status": "succeeded", "result": {"result_urls": ["http://127.0.0.1:9/1.wav"]}})
CASES = {
    "no such command": Case(("nope",), Exit.REFUSED, "usage"),
    "no such option": Case(("me", "--nope"), Exit.REFUSED, "usage"),
    "no prompt": Case(("text",), Exit.REFUSED, "usage"),
    "a bare number": Case((*TEXT, "--duration", "5"), Exit.REFUSED, "usage"),
    "nothing to append": Case(("extend", "https://example.com/a.wav"), Exit.REFUSED, "usage"),
    "no end": Case(("inpaint", "https://example.com/a.wav", "--from", "2s"), Exit.REFUSED, "usage"),
    "a sound that is not there": Case(("extend", "nope.wav", "--by", "5s"), Exit.REFUSED, "invalid_request"),
    "an unknown model": Case((*TEXT, "--model", "v9"), Exit.REFUSED, "invalid_request", says={"field": "model"}),
    "a model without the family": Case(
        ("extend", "https://example.com/a.wav", "--by", "5s", "--model", "v1.5"),
        Exit.REFUSED,
        "invalid_request",
        says={"field": "model"},
    ),
    "a sound it cannot use": Case(
        ("extend", "https://example.com/a.wav", "--by", "5s"),
        Exit.REFUSED,
        "audio_too_short",
        {"jobs": problem(400, "audio_too_short")},
        {"http_status": 400, "job_token": None},
    ),
    "no number": Case((*TEXT, "-n", "many"), Exit.REFUSED, "usage"),
    "a file that is not there": Case(("video", "nope.mp4"), Exit.REFUSED, "invalid_request"),
    "a folder": Case(("video", "."), Exit.REFUSED, "invalid_request"),
    "a URL without a length": Case(("video", "https://example.com/a.mp4"), Exit.REFUSED, "usage"),
    "too many": Case((*TEXT, "-n", "5"), Exit.REFUSED, "invalid_request", says={"field": "num_samples"}),
    "an unknown output": Case(("video", str(CLIP), "--output", "gif"), Exit.REFUSED, "usage"),
    "too long": Case((*TEXT, "--duration", "11s"), Exit.REFUSED, "invalid_request", says={"field": "duration_ms"}),
    "no token": Case(("job", "wait", "a:b"), Exit.REFUSED, "invalid_request", says={"field": "token"}),
    "no job of that name": Case(("job", "wait", "abcdef"), Exit.REFUSED, "unknown_job"),
    "a limit that is none": Case((*TEXT, "--max-credits", "-1"), Exit.REFUSED, "usage"),
    "an address that is none": Case(("me", "--base-url", "ftp://x"), Exit.REFUSED, "configuration_error"),
    "two services": Case(("me", "--emulator", "--base-url", REFUSING), Exit.REFUSED, "usage"),
    "400": Case(TEXT, Exit.REFUSED, "invalid_request", {"jobs": problem(400, "invalid_request")}),
    "a clip it cannot use": Case(TEXT, Exit.REFUSED, "invalid_video", {"jobs": problem(422, "invalid_video")}),
    "409": Case(TEXT, Exit.REFUSED, "busy", {"jobs": problem(409, "busy")}),
    "401": Case(("me",), Exit.KEY, "unauthorized", {"me": problem(401, "unauthorized")}, {"http_status": 401}),
    "401 before a submit": Case(TEXT, Exit.KEY, "unauthorized", {"preflight": problem(401, "unauthorized")}),
    "403": Case(TEXT, Exit.KEY, "forbidden", {"jobs": problem(403, "forbidden")}),
    "402": Case(
        TEXT, Exit.CREDITS, "insufficient_credits", {"jobs": problem(402, "insufficient_credits")}, {"http_status": 402}
    ),
    "more than the limit": Case(
        (*TEXT, "--max-credits", "9"), Exit.CREDITS, "cost_limit", says={"credits": 10, "max_credits": 9}
    ),
    "nobody there": Case(
        ("me", "--base-url", REFUSING, "--timeout", "100ms"), Exit.SERVICE, "network_error", says={"retryable": True}
    ),
    "a page": Case(("me", "--timeout", "100ms"), Exit.SERVICE, "unexpected_response", {"me": (200, ["no object"])}),
    "an hour's rest": Case(
        ("me", "--timeout", "100ms"), Exit.SERVICE, "rate_limited", {"me": problem(429, "rate_limited")}
    ),
    "500": Case(("me", "--timeout", "100ms"), Exit.SERVICE, "server_error", {"me": problem(500, "server_error")}),
    "a generation that certainly failed": Case(
        TEXT, Exit.SERVICE, "generation_failed", {"jobs": problem(502, "generation_failed")}
    ),
    "an unknown job": Case(("job", "status", TOKEN), Exit.JOB_FAILED, "job_not_found", says={"job_token": TOKEN}),
    "a failed job": Case(
        ("job", "wait", TOKEN),
        Exit.JOB_FAILED,
        "invalid_video",
        {JOB_ID: (200, {"status": "errored", "error": {"code": "invalid_video", "message": "no", "http_status": 422}})},
        {"http_status": 422, "job_token": TOKEN},
    ),
    "too few results": Case(
        ("job", "wait", YOUNG_TOKEN), Exit.JOB_FAILED, "incomplete_result", {JOB_ID: (200, {"status": "succeeded"})}
    ),
    "a job that still runs": Case(
        ("job", "wait", TOKEN, "--timeout", "50ms"),
        Exit.JOB_WAITS,
        "timeout",
        {JOB_ID: (200, {"status": "processing"})},
        {"job_token": TOKEN, "resume": f"mirelo-ergo job wait {TOKEN}"},
    ),
    "a result that is not there": Case(
        ("job", "download", TOKEN), Exit.SERVICE, "download_failed", {JOB_ID: DONE, "1.wav": (404, {})}
    ),
    "a submit that nothing is known of": Case(
        TEXT, Exit.UNKNOWN, "server_error", {"jobs": (500, {})}, {"job_token": None}
    ),
    "a job without an id": Case(TEXT, Exit.UNKNOWN, "unexpected_response", {"jobs": (202, {})}),
}


@pytest.mark.parametrize("name", CASES)
def test_a_failure_has_its_exit_code_and_is_one_object(bare: Cli, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    case = CASES[name]
    monkeypatch.setenv("MIRELO_API_KEY", "sk-never-shown")
    monkeypatch.setattr(resume, "program", lambda: "mirelo-ergo")
    bent = dict(case.bent)
    with answering(lambda method, path: service(bent)(method, path)) as url:
        if DONE in bent.values():
            bent[JOB_ID] = (200, {"status": "succeeded", "result": {"result_urls": [f"{url}/1.wav"]}})
        monkeypatch.setenv("MIRELO_BASE_URL", url)
        error = both(bare, *case.arguments)
    assert error["exit_code"] == case.exit_code
    assert error["code"] == case.code
    assert {name: error.get(name) for name in case.says} == case.says
    assert "sk-never-shown" not in repr(error)


def test_an_unknown_outcome_gives_the_requests_fingerprint(bare: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRELO_API_KEY", "sk-x")
    with answering(service({"jobs": (500, {})})) as url:
        told = bare("text", "rain", "--base-url", url)
        scripted = bare("text", "rain", "--base-url", url, "--json").error
    assert "Sending again may charge twice" in told.err
    assert f"the request's fingerprint: {scripted['request_fingerprint']}" in told.err
    assert scripted["sent_at"] > 0


@pytest.mark.parametrize(
    ("bent", "code", "limit"),
    [
        ({JOB_ID: problem(401, "unauthorized")}, "unauthorized", "5:00"),
        ({JOB_ID: (200, {"status": "succeeded", "result": {"result_urls": ["ftp://x"]}})}, "download_failed", "5:00"),
        ({JOB_ID: (200, {"status": "processing"})}, "timeout", "600ms"),
    ],
)
def test_after_a_submit_nothing_says_run_it_again(
    bare: Cli, monkeypatch: pytest.MonkeyPatch, bent: dict[str, Answer], code: str, limit: str
) -> None:
    monkeypatch.setenv("MIRELO_API_KEY", "sk-x")
    with answering(service(bent)) as url:
        arguments = ("text", "rain", "--base-url", url, "-o", "my out/", "--overwrite", "--timeout", limit)
        told, scripted = bare(*arguments), bare(*arguments, "--json")
    assert (told.code, scripted.code) == (Exit.JOB_WAITS, Exit.JOB_WAITS)
    assert scripted.error["code"] == code
    resume = scripted.error["resume"]
    assert resume.startswith(
        f"mirelo-ergo job download {scripted.error['job_token']} ".replace("mirelo-ergo", sys.argv[0])
    )
    assert resume.endswith(f" --out 'my out/' --overwrite --base-url {url}")
    assert "resume with: " in told.err


def test_a_job_that_failed_is_not_resumed(bare: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRELO_API_KEY", "sk-x")
    errored = {"status": "errored", "error": {"code": "generation_failed", "message": "no", "http_status": 502}}
    with answering(service({JOB_ID: (200, errored)})) as url:
        ran = bare("text", "rain", "--base-url", url)
    assert ran.code == Exit.JOB_FAILED
    assert "resume with" not in ran.err


def test_results_that_came_are_not_lost_when_others_did_not(bare: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRELO_API_KEY", "sk-x")
    one = {"status": "succeeded", "result": {"result_urls": ["https://example.com/1.wav"]}, "request": {}}
    with answering(service({JOB_ID: (200, one)})) as url:
        arguments = ("text", "rain", "-n", "2", "--base-url", url)
        told, scripted = bare(*arguments), bare(*arguments, "--json")
    assert (told.code, scripted.code) == (Exit.JOB_FAILED, Exit.JOB_FAILED)
    assert re.search(r"those that came: mirelo-ergo job wait mirelo2:\S+ --json gives their result_urls\n", told.err)
    assert scripted.error["result_urls"] == ["https://example.com/1.wav"]


@pytest.mark.parametrize("arguments", [("me",), ("text", "rain")])
def test_a_key_that_is_not_accepted_is_called_by_its_variable(
    bare: Cli, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv("MIRELO_API_KEY", "sk-x")
    denied = problem(401, "unauthorized")
    with answering(service({"me": denied, "preflight": denied})) as url:
        ran = bare(*arguments, "--base-url", url)
    assert ran.code == Exit.KEY
    assert "the service does not accept the key of MIRELO_API_KEY\n" in ran.err


def test_no_credits_are_said(cli: Cli, emu: Emulator) -> None:
    emu.set_credits(5)
    try:
        error = both(cli, "text", "rain")
    finally:
        emu.set_credits(10_000)
    assert (error["exit_code"], error["code"]) == (Exit.CREDITS, "insufficient_credits")


# --- the key -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("text", "x"),
        ("video", str(CLIP)),
        ("extend", "https://x.example/a.wav", "--by", "5s"),
        ("text", "x", "--dry-run"),
        ("me",),
        ("job", "wait", TOKEN),
    ],
)
def test_without_key_both_ways_out_are_named(bare: Cli, arguments: tuple[str, ...]) -> None:
    error = both(bare, *arguments)
    assert (error["exit_code"], error["code"]) == (Exit.KEY, "missing_key")
    assert "MIRELO_API_KEY" in str(error["message"])
    assert "--emulator" in str(error["message"])


@pytest.mark.parametrize("key", ["sk pasted", "sk-é"])
def test_a_key_that_is_none_is_said_without_showing_it(bare: Cli, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("MIRELO_API_KEY", key)
    error = both(bare, "me")
    assert error["exit_code"] == Exit.KEY
    assert str(error["message"]).startswith("MIRELO_API_KEY holds a space")
    assert key not in str(error)


# --- the machine ---------------------------------------------------------------------------------------------------


def test_the_media_extra_is_named(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    error = both(cli, "video", str(CLIP))
    assert (error["code"], error["exit_code"]) == ("missing_extra", Exit.REFUSED)
    assert 'pip install "mirelo-ergo[media]"' in str(error["message"])
    assert "--duration" in str(error["message"])


@pytest.mark.parametrize("arguments", [("serve",), ("me", "--emulator")])
def test_the_emulator_extra_is_named(bare: Cli, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]) -> None:
    monkeypatch.setitem(sys.modules, "mirelo_ergo.emulator", None)
    monkeypatch.delattr(mirelo_ergo, "emulator")
    ran = bare(*arguments)
    assert ran.code == Exit.REFUSED
    assert 'pip install "mirelo-ergo[emulator]"' in ran.err


@pytest.mark.parametrize("content", [b"\0\0\0\x18ftypmp42 and then nothing of a clip", b"\x1a\x45\xdf\xa3 webm"])
def test_a_clip_without_a_length_asks_for_one(cli: Cli, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "broken.mp4").write_bytes(content)
    error = both(cli, "video", "broken.mp4")
    assert (error["code"], error["exit_code"]) == ("invalid_video", Exit.REFUSED)
    assert "give --duration" in str(error["message"])


@pytest.mark.parametrize(("option", "before"), [("--port", ""), ("--service-port", "pixazo=")])
def test_a_full_port_is_said(bare: Cli, emu: Emulator, option: str, before: str) -> None:
    ran = bare("serve", option, before + emu.url.rsplit(":", 1)[1])
    assert ran.code == Exit.REFUSED
    assert ran.err.startswith("error: the emulator cannot run like this: ")


@pytest.mark.parametrize("arguments", [("--speed", "0"), ("--speed", "nan"), ("--host", "no.such.host.invalid")])
def test_serve_refuses_what_cannot_be(bare: Cli, arguments: tuple[str, ...]) -> None:
    assert bare("serve", *arguments).code == Exit.REFUSED


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("pixazo", "'pixazo' is not NAME=N, such as pixazo=8301"),
        ("pixazo=x", "--service-port"),
        ("pixazo=70000", "--service-port"),
        ("pixzo=1", "ports has 'pixzo': the services with a port of their own are mirelo, pixazo"),
    ],
)
def test_a_services_port_that_is_none_is_refused(bare: Cli, given: str, says: str) -> None:
    ran = bare("serve", "--service-port", given)
    assert (ran.code, says in ran.err) == (Exit.REFUSED, True), ran.err


@pytest.mark.parametrize("hosts", [[], ["hooks.example.com"], ["hooks.example.com", "app"]])
def test_serve_hands_on_whom_to_call_back(bare: Cli, monkeypatch: pytest.MonkeyPatch, hosts: list[str]) -> None:
    given: dict[str, object] = {}
    monkeypatch.setattr("mirelo_ergo.emulator.serve", lambda **arguments: given.update(arguments))
    assert bare("serve", *(word for host in hosts for word in ("--webhook-host", host))).code == 0
    assert list(given["webhook_hosts"]) == hosts  # type: ignore[call-overload]  # what it is, this line shows


def test_a_bug_is_shown_to_people_and_is_one_object_for_scripts(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object) -> None:
        raise LookupError("made by the test")

    monkeypatch.setattr(Connection, "client", broken)
    ran = cli("me", "--json")
    assert (ran.code, ran.error["code"]) == (Exit.UNEXPECTED, "unexpected")
    assert "LookupError: made by the test" in ran.error["message"]
    assert "Traceback" in ran.err


def test_a_bug_after_a_submit_still_leads_back_to_the_job(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object) -> list[str]:
        raise OSError("made by the test")

    monkeypatch.setattr(Saving, "save", broken)
    ran = cli("text", "rain", "--duration", "1s", "--json")
    assert (ran.code, ran.error["code"]) == (Exit.JOB_WAITS, "unexpected")
    assert f"job download {ran.error['job_token']} " in ran.error["resume"]
    assert "Traceback" not in ran.err


# --- the rules -----------------------------------------------------------------------------------------------------


def test_every_error_of_the_library_has_an_exit_code() -> None:
    errors = [value for name in mirelo_ergo.__all__ if isinstance(value := getattr(mirelo_ergo, name), type)]
    expected = {
        "ConfigurationError InvalidRequestError APIStatusError VideoError AudioError": Exit.REFUSED,
        "SourceChangedError MireloError WebhookError WebhookSignatureError": Exit.REFUSED,
        "AuthenticationError PermissionDeniedError RequirementsNotMetError": Exit.KEY,
        "InsufficientCreditsError CostLimitError": Exit.CREDITS,
        "RateLimitError ServerError NetworkError RequestTimeoutError UnexpectedResponseError": Exit.SERVICE,
        "UploadError DownloadError": Exit.SERVICE,
        "NotFoundError JobError JobFailedError JobExpiredError IncompleteResultError": Exit.JOB_FAILED,
        "JobTimeoutError": Exit.JOB_WAITS,
        "SubmitOutcomeUnknown": Exit.UNKNOWN,
    }
    by_name = {name: code for names, code in expected.items() for name in names.split()}
    found = {cls.__name__: exit_code_of(cls("x")) for cls in errors if issubclass(cls, MireloError)}
    assert found == by_name


def test_a_cost_that_could_not_be_asked_ends_as_its_cause_does() -> None:
    error = CostLimitError("x", max_credits=5)
    assert exit_code_of(error) is Exit.CREDITS
    for cause, code in ((NetworkError("x"), Exit.SERVICE), (AuthenticationError("x"), Exit.KEY)):
        error.__cause__ = cause
        assert exit_code_of(error) is code
    told = CostLimitError("x", credits=9, max_credits=5)
    told.__cause__ = NetworkError("x")
    assert exit_code_of(told) is Exit.CREDITS


def test_a_file_that_cannot_be_written_is_not_the_networks_fault() -> None:
    assert exit_code_of(DownloadError("x", errno=28)) is Exit.REFUSED
    assert exit_code_of(DownloadError("x")) is Exit.SERVICE


def test_a_ctrl_c_on_a_paid_request_leaves_its_fate_unknown() -> None:
    session, stop = Session(Output()), KeyboardInterrupt()
    assert conclude(session, stop).exit_code == Exit.INTERRUPTED
    stop.__cause__ = SubmitOutcomeUnknown("x", request_fingerprint="ab12")
    assert conclude(session, stop).exit_code == Exit.UNKNOWN
    assert "ab12" in conclude(session, stop).hints[-1]


def test_what_ended_a_command_first_is_not_hidden_by_what_hits_its_way_out() -> None:
    session = Session(Output())
    first = Failure(Exit.SERVICE, "network_error", "no answer")
    second = KeyboardInterrupt()
    second.__context__ = ValueError("on the way")
    second.__context__.__context__ = first
    assert conclude(session, second) is first
    trouble = OSError("a terminal that has gone")
    trouble.__context__ = KeyboardInterrupt()
    assert conclude(session, trouble).exit_code == Exit.INTERRUPTED


def with_job(resumption: Resumption) -> Session:
    """Return a command that has submitted a job."""
    with MireloClient("sk-x") as client:
        return Session(Output(), tasks=[Task("rain", resumption, submitted=True, jobs=[client.job(TOKEN)])])


def test_an_embedded_emulators_job_is_not_offered_again() -> None:
    failure = conclude(with_job(Resumption(lost=True)), NetworkError("x"))
    assert failure.exit_code == Exit.JOB_WAITS
    assert failure.fields["resume"] is None
    assert failure.hints == (f"job token: {TOKEN}", "the embedded emulator ends with this command, and the job too")


@pytest.mark.parametrize(
    "error", [MemoryError(), RecursionError(), LookupError("a bug"), OSError(28, "full"), SystemExit(1)]
)
def test_once_a_job_is_submitted_nothing_is_called_a_bug(error: BaseException) -> None:
    failure = conclude(with_job(Resumption()), error)
    assert failure.exit_code == Exit.JOB_WAITS
    assert failure.fields["job_token"] == TOKEN
    assert f"job token: {TOKEN}" in failure.hints


def test_the_program_is_named_as_it_was_called(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "mirelo-ergo"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(script)])
    assert program() == str(script)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert program() == "mirelo-ergo"
    monkeypatch.setattr(sys, "argv", [f"{tmp_path}/mirelo_ergo/__main__.py"])
    assert program() == f"{sys.executable} -m mirelo_ergo"


def test_what_a_service_says_cannot_drive_the_terminal(bare: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRELO_API_KEY", "sk-x")
    evil = 400, {"error": {"code": "invalid_request", "message": "\x1b[2Jgone\x07", "http_status": 400}}
    with answering(service({"me": evil})) as url:
        ran = bare("me", "--base-url", url)
    assert "\x1b" not in ran.err
    assert "gone" in ran.err
    assert printable("a\nb\x1bc") == "a\nb\N{REPLACEMENT CHARACTER}c"

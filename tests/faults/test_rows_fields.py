"""Rows 37 to 41 of the fault matrix (docs/reliability.md): missing, unknown and mistyped fields in answers."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from mirelo_ergo_api.mirelo_v2.api.account import get_me

from mirelo_ergo import (
    JobErrored,
    JobProcessing,
    JobSucceeded,
    JobTimeoutError,
    SubmitOutcomeUnknown,
    UnexpectedResponseError,
)
from tests.faults import mirelo
from tests.faults.clock import Clock
from tests.faults.harness import Face
from tests.faults.server import FaultServer, Routes
from tests.faults.steps import json_response

if TYPE_CHECKING:
    pass

from tests.faults.jobs import DONE, JOBS, POLL, POST, URL, about, bent, job_service, submitted, wire


def test_fault_37(face: Face) -> None:
    """Unknown extra fields: no error at the high level, kept at the low one."""
    new: dict[str, Any] = {"new_field": {"deep": [1, None]}, "another": True}
    routes = Routes(
        {
            "GET /v2/me": [bent(mirelo.me(), **new)],
            "GET */preflight": [bent(mirelo.preflight(), **new)],
            POST: [bent(mirelo.accepted(), **new)],
            f"GET {JOBS}/*": [
                bent(mirelo.processing(), **new),
                bent(mirelo.succeeded(), result={"result_urls": [URL], **new}, **new),
            ],
        }
    )
    with FaultServer(routes) as server, face.promise(deadline=1.0):
        client = face.open(server.url)
        assert face.do(client.me()).credits_available == 1000
        assert face.do(client.text_to_sfx("rain").preflight()).credits == 20
        job = submitted(face, client)
        assert face.do(job.wait(poll_interval_ms=10)).result_urls == [URL]
        low = get_me.sync if face.colour == "sync" else get_me.asyncio
        assert face.do(low(client=client.low_level)).additional_properties == new
        preflight = f"GET {mirelo.TEXT_TO_SFX}/preflight?duration_ms=10000&num_samples=1"
        assert wire(server) == ["GET /v2/me", preflight, POST, POLL, POLL, "GET /v2/me"]


def test_fault_38(face: Face) -> None:
    """A field that is not needed is missing: None, or what the docs name in its place; never an error."""
    bare_error = json_response(400, {"error": {"code": "invalid_request"}})
    routes = Routes(
        {
            "GET /v2/me": [bent(mirelo.me(), email=..., overage_enabled=...), bare_error],
            POST: [bent(mirelo.accepted(), job_url=..., estimated_completion_at=...)],
            f"GET {JOBS}/*": [
                json_response(200, {"status": "processing"}),
                json_response(200, {"status": "errored"}),
                json_response(200, {"status": "succeeded", "result": {"result_urls": [URL]}}),
            ],
        }
    )
    with FaultServer(routes) as server, face.promise(deadline=1.0):
        client = face.open(server.url)
        account = face.do(client.me())
        assert (account.email, account.overage_enabled) == ("", False)
        error = face.failing(client.me)
        assert (error.request_id, error.job, error.job_token) == (None, None, None)
        job = submitted(face, client)
        assert job.job_url == f"{JOBS}/{mirelo.JOB_ID}"
        assert face.do(job.status()) == JobProcessing(0, "")
        assert face.do(job.status()) == JobErrored("generation_failed", 0, "the service gave no reason")
        again = client.job(job.token)
        assert face.do(again.status()) == JobSucceeded([URL])
        assert wire(server) == ["GET /v2/me"] * 2 + [POST, POLL, POLL, POLL]


@pytest.mark.parametrize("job_id", [..., "", 12, None, "..", "../../me?x=1#y", "a/b", "a\x00b", "a" * 201])
def test_fault_39(face: Face, job_id: object) -> None:
    """A 202 without a job id that can be asked for: unknown, accepted, its body kept, on the wire once."""
    answer = bent(mirelo.accepted(), job_id=job_id)
    with FaultServer(job_service(accepted=answer)) as server, face.promise(deadline=1.0):
        client = face.open(server.url)
        error = face.failing(client.text_to_sfx("rain").submit_job)
        assert isinstance(error, SubmitOutcomeUnknown)
        assert (error.accepted, error.code, error.http_status) == (True, "unexpected_response", 202)
        assert (error.sent, error.retryable, error.idempotency_key) == ("yes", False, None)
        assert error.body == json.loads(answer.body)
        assert "job_id" in error.evidence
        assert "may charge twice" in error.message
        assert wire(server) == [POST]


def test_fault_39_escaped(face: Face) -> None:
    """An odd job id that can be asked for is one, and never leads anywhere but to the job's own path."""
    odd = "me?x=1#y z%2F"
    routes = job_service(mirelo.succeeded(URL, job_id=odd), accepted=mirelo.accepted(odd))
    with FaultServer(routes) as server, face.promise(deadline=1.0):
        client = face.open(server.url)
        job = submitted(face, client)
        for handle in (job, client.job(job.token)):
            assert face.do(handle.wait(poll_interval_ms=10)).result_urls == [URL]
        poll = f"GET {JOBS}/me%3Fx%3D1%23y%20z%252F"
        assert wire(server) == [POST, poll, poll]


def test_fault_40(face: Face, caplog: pytest.LogCaptureFixture) -> None:
    """No estimate: 30 s are taken for it, and that is said once per job, however often it is asked for."""
    clock = Clock()
    routes = job_service(
        bent(mirelo.processing(), estimated_ms=...), accepted=bent(mirelo.accepted(), estimated_ms=...)
    )
    with FaultServer(routes) as server, face.promise(deadline=2.0), caplog.at_level(logging.WARNING):
        client = clock.drive(face.open(server.url))
        job = submitted(face, client)
        assert job.estimated_ms == 30_000
        error = face.failing(job.wait)
        assert type(error) is JobTimeoutError
        assert clock.naps[0] == pytest.approx(0.95 * 4.5)  # 15 % of 30 s, less half of the jitter
        assert clock.passed == pytest.approx(600, abs=1.01)  # 5 × 30 s are less than ten minutes
        assert [record.getMessage() for record in caplog.records] == [
            f"the service gave no estimate for job {mirelo.JOB_ID}; 30 s are assumed"
        ]
        assert wire(server)[:2] == [POST, POLL]
        assert len(mirelo.submits(server.requests)) == 1
    caplog.clear()
    answer = bent(mirelo.preflight(), estimated_ms=...)
    with FaultServer([answer]) as server, face.promise(deadline=1.0), caplog.at_level(logging.WARNING):
        assert face.do(face.open(server.url).text_to_sfx("rain").preflight()).estimated_ms == 30_000
        assert len(caplog.records) == 1


@pytest.mark.parametrize("value", ["12", 12, 12.0, "-0012", 10**300])
def test_fault_41(face: Face, value: Any) -> None:
    """A whole number in another dress is that number."""
    expected = int(value)
    routes = Routes(
        {
            "GET /v2/me": [bent(mirelo.me(), credits_available=value)],
            POST: [bent(mirelo.accepted(), estimated_ms=value)],
            f"GET {JOBS}/*": [bent(mirelo.processing(), progress_percent=value), DONE],
        }
    )
    with FaultServer(routes) as server, face.promise(deadline=1.5):
        client = face.open(server.url)
        assert face.do(client.me()).credits_available == expected
        job = submitted(face, client)
        assert job.estimated_ms == expected
        seen: list[JobProcessing] = []
        assert face.do(job.wait(poll_interval_ms=10, on_progress=seen.append)).result_urls == [URL]
        assert [status.progress_percent for status in seen] == [min(max(expected, 0), 100)]
        assert client.job(job.token).job_id == mirelo.JOB_ID
        assert wire(server) == ["GET /v2/me", POST, POLL, POLL]


@pytest.mark.parametrize("value", ["twelve", "", "1e3", "١٢", None, 12.5, True, [12], {"n": 12}, ...])
def test_fault_41_refused(face: Face, value: Any) -> None:
    """What is no whole number is an error that names the field where it is needed, and nothing where it is not."""
    routes = Routes(
        {
            "GET /v2/me": [bent(mirelo.me(), credits_available=value)],
            "GET */preflight": [bent(mirelo.preflight(), credits=value)],
            POST: [bent(mirelo.accepted(), estimated_ms=value)],
            f"GET {JOBS}/*": [bent(mirelo.processing(), progress_percent=value), DONE],
        }
    )
    with FaultServer(routes) as server, face.promise(deadline=1.5):
        client = face.open(server.url)
        for call, field in [(client.me, "credits_available"), (client.text_to_sfx("rain").preflight, "credits")]:
            error = face.failing(call)
            assert type(error) is UnexpectedResponseError
            assert f"'{field}'" in error.message
            assert (error.code, error.http_status, error.job) == ("unexpected_response", 200, None)
        job = submitted(face, client)
        assert job.estimated_ms == 30_000
        seen: list[JobProcessing] = []
        face.do(job.wait(poll_interval_ms=10, on_progress=seen.append))
        assert [status.progress_percent for status in seen] == [0]
        assert [request.partition("?")[0] for request in wire(server)] == [
            *["GET /v2/me"] * 2,
            *[f"GET {mirelo.TEXT_TO_SFX}/preflight"] * 2,
            *[POST, POLL, POLL],
        ]


@pytest.mark.parametrize("status", [None, 5, ["succeeded"], ...])
def test_fault_41_status(face: Face, status: object) -> None:
    """A poll whose status is no word is asked for once more, and only waited out by a wait."""
    odd = bent(mirelo.processing(), status=status)
    with FaultServer(job_service(odd, odd, odd, odd, DONE)) as server, face.promise(deadline=1.0):
        client = face.open(server.url)
        job = submitted(face, client)
        error = face.failing(job.status)
        assert type(error) is UnexpectedResponseError
        assert "'status'" in error.message
        assert about(error, job)
        assert face.do(job.wait(poll_interval_ms=10)).result_urls == [URL]
        assert wire(server) == [POST] + [POLL] * 5

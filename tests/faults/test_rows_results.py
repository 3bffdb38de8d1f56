"""Rows 94 and 95: a job of the made-up service that gives less than was asked for, and one that is cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import tests.support.madeup as madeup
from mirelo_ergo import APIStatusError, IncompleteResultError, JobErrored, JobSucceeded
from tests.faults.harness import SIGNATURE, Face
from tests.faults.mirelo import html_error
from tests.faults.server import FaultServer, Routes
from tests.faults.steps import ReadRequest, Reset, Respond, Script, json_response
from tests.faults.transfer import wav, whole, wire

if TYPE_CHECKING:
    from pathlib import Path

CANCEL = f"POST {madeup.POLL}/cancel"
POLL = f"GET {madeup.POLL}"
SOUND = wav(40_000)


def state(state: str, *urls: str) -> Respond:
    return json_response(200, {"id": madeup.JOB, "state": state, "files": list(urls)})


def job_of(face: Face, server: FaultServer, asked: int = 1) -> Any:
    client = face.open(server.url, of=madeup, service="MadeUp", way="poll")
    token = madeup.TOKEN.format(int(client._io.wall()), 1000).removesuffix("1") + str(asked)
    return client.job(token)


@pytest.mark.parametrize("partly", [True, False], ids=["partly", "missing"])
def test_fault_94(face: Face, partly: bool, tmp_path: Path) -> None:
    """Less came than was asked for: a typed error, whose `.result` downloads what came."""
    with FaultServer([whole(SOUND)]) as host, face.promise(deadline=3.0):
        url = f"{host.url}/1.wav?{SIGNATURE}"
        with FaultServer([state("partly" if partly else "done", url)]) as server:
            job = job_of(face, server, asked=2)
            error = face.failing(job.wait, poll_interval_ms=10)
            assert isinstance(error, IncompleteResultError)
            assert error.job is job
            assert error.result_urls == [url]
            assert wire(server) == [POLL] * (1 if partly else 2)  # what is missing may only be late
            (saved,) = face.do(error.result.download(tmp_path))
            assert saved.read_bytes() == SOUND
            assert error.result.incomplete


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_fault_94_expired(face: Face, status: int, tmp_path: Path) -> None:
    """The URL of a file has expired: one poll gives a fresh one."""
    expired = Respond(status, b"<Error><Code>ExpiredToken</Code><Message>Request has expired</Message></Error>")
    with FaultServer() as host, face.promise(deadline=3.0):
        host.play(Routes({"GET /old.wav": [expired], "GET /new.wav": [whole(SOUND)]}))
        old, new = (f"{host.url}/{name}.wav?{SIGNATURE}" for name in ("old", "new"))
        with FaultServer([state("done", old), state("done", new)]) as server:
            result = face.do(job_of(face, server).wait(poll_interval_ms=10))
            (saved,) = face.do(result.download(tmp_path))
            assert saved.read_bytes() == SOUND
            assert wire(server) == [POLL, POLL]
            assert wire(host) == ["GET /old.wav", "GET /new.wav"]


@pytest.mark.parametrize("status", [404, 409])
@pytest.mark.parametrize("end", ["done", "failed"])
def test_fault_95(face: Face, status: int, end: str) -> None:
    """A cancel is refused because the job has ended: its true end is reported."""
    routes = Routes({CANCEL: [json_response(status, {"error": "not_running"})], POLL: [state(end, "https://r.test/1")]})
    with FaultServer(routes) as server, face.promise(deadline=2.0):
        found = face.do(job_of(face, server).cancel())
        assert isinstance(found, JobSucceeded if end == "done" else JobErrored)
        assert wire(server)[0] == CANCEL
        assert wire(server)[-1] == POLL


def test_fault_95_meanwhile(face: Face) -> None:
    """The job succeeds while it is cancelled: that is what is reported, and its results are not lost."""
    routes = Routes({CANCEL: [json_response(200, {})], POLL: [state("done", "https://r.test/1.wav")]})
    with FaultServer(routes) as server, face.promise(deadline=2.0):
        job = job_of(face, server)
        assert isinstance(face.do(job.cancel()), JobSucceeded)
        assert face.do(job.wait()).result_urls == ["https://r.test/1.wav"]
        assert wire(server) == [CANCEL, POLL]


@pytest.mark.parametrize("lost", [[ReadRequest(), Reset()], html_error(502)], ids=["reset", "502 page"])
def test_fault_95_lost(face: Face, lost: Script) -> None:
    """The response to a cancel is lost: it is sent again, for it costs nothing."""
    routes = Routes({CANCEL: [lost, json_response(200, {})], POLL: [state("failed")]})
    with FaultServer(routes) as server, face.promise(deadline=2.0):
        assert isinstance(face.do(job_of(face, server).cancel()), JobErrored)
        assert wire(server) == [CANCEL, CANCEL, POLL]


def test_fault_95_runs(face: Face) -> None:
    """A cancel is refused and the job still runs: the refusal is raised, with the job."""
    routes = Routes({CANCEL: [json_response(409, {"error": "too_late"})], POLL: [state("running")]})
    with FaultServer(routes) as server, face.promise(deadline=2.0):
        job = job_of(face, server)
        error = face.failing(job.cancel)
        assert isinstance(error, APIStatusError)
        assert (error.http_status, error.job) == (409, job)

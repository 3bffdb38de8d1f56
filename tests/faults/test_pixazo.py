"""The gateway's submits over real sockets: sent again only when they provably were not processed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mirelo_ergo import IncompleteResultError, SubmitOutcomeUnknown
from tests.faults.mirelo import html_error
from tests.faults.server import FaultServer, Routes
from tests.faults.steps import Close, ReadRequest, Reset, Respond, json_response

if TYPE_CHECKING:
    from tests.faults.harness import Face

REQUEST_ID = "req_6f1e20c4"
SUBMIT = "/mirelo-sfx-1-6-text-to-audio/v1/mirelo-sfx-1-6-text-to-audio-request"
STATUS = f"/v2/requests/status/{REQUEST_ID}"
QUEUED = json_response(
    202, {"request_id": REQUEST_ID, "status": "QUEUED", "polling_url": "http://127.0.0.1:9/elsewhere"}
)


def problem(status: int, error: str, **headers: str) -> Respond:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return json_response(status, {"error": error, "message": "made by the test"}, named)


def completed(*urls: str) -> Respond:
    output = {"media_url": urls, "media_type": "audio/wav"}
    return json_response(200, {"request_id": REQUEST_ID, "status": "COMPLETED", "output": output})


def submit(face: Face, server: FaultServer) -> Any:
    return face.do(face.open(server.url, service="Pixazo").text_to_audio("rain").submit_job())


@pytest.mark.parametrize(
    ("trouble", "sent"),
    [
        ([ReadRequest(), Reset()], "yes"),
        ([ReadRequest(), Close()], "yes"),
        (html_error(503), "yes"),
        (problem(500, "Internal Server Error"), "yes"),
        (Respond(202, b'{"request_id": "req', {"Content-Type": "application/json"}), "yes"),
    ],
    ids=["reset", "closed", "a bare 503", "a 500", "a cut answer"],
)
def test_a_lost_answer_is_unknown_and_nothing_is_sent_again(face: Face, trouble: Any, sent: str) -> None:
    with FaultServer([trouble]) as server, face.promise(2.0):
        client = face.open(server.url, service="Pixazo")
        error = face.failing(client.text_to_audio("rain").submit_job)
        assert isinstance(error, SubmitOutcomeUnknown)
        assert (error.sent, error.job) == (sent, None)
        assert "may charge twice" in error.message
        server.assert_quiet()
        assert [request.path for request in server.requests] == [SUBMIT]


@pytest.mark.parametrize(
    "trouble",
    [problem(429, "Too Many Requests"), problem(503, "Busy", Retry_After="0")],
    ids=["a 429", "a 503 that names a time"],
)
def test_what_was_not_processed_is_sent_again_as_it_was(face: Face, trouble: Respond) -> None:
    with FaultServer([trouble, QUEUED]) as server, face.promise(3.0):
        assert submit(face, server).job_id == REQUEST_ID
        first, second = server.requests
        assert (first.path, first.body) == (second.path, second.body)


def test_a_whole_job_asks_only_the_clients_own_address(face: Face) -> None:
    with FaultServer() as server, face.promise(3.0):
        sound = Respond(200, b"RIFF\x04\x00\x00\x00WAVE", {"Content-Type": "audio/wav"})
        server.play(
            Routes(
                {
                    f"POST {SUBMIT}": [QUEUED],
                    f"GET {STATUS}": [
                        html_error(502),
                        json_response(200, {"request_id": REQUEST_ID, "status": "PROCESSING"}),
                        completed(f"{server.url}/1.wav"),
                    ],
                    "GET /1.wav": [sound],
                }
            )
        )
        result = face.do(submit(face, server).wait(poll_interval_ms=20))
        assert face.do(result.bytes()) == [b"RIFF\x04\x00\x00\x00WAVE"]
        *api, last = server.requests
        assert [request.path for request in api] == [SUBMIT, *[STATUS] * 3]
        for request in api:
            assert request.headers["ocp-apim-subscription-key"]
            assert request.headers["cache-control"] == "no-cache"
        assert "ocp-apim-subscription-key" not in last.headers


def test_a_completed_job_without_results_keeps_its_token(face: Face) -> None:
    with FaultServer([QUEUED, completed(), completed()]) as server, face.promise(3.0):
        job = submit(face, server)
        error = face.failing(job.wait, poll_interval_ms=20)
        assert isinstance(error, IncompleteResultError)
        assert error.job_token == job.token

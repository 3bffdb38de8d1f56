"""Check the ready-made answers against the vendored spec, so that only the test's own fault is wrong with them."""

from __future__ import annotations

import json
from typing import Any

import httpx
import jsonschema
import pytest

from tests.faults import mirelo
from tests.faults.server import FaultServer, Routes
from tests.faults.steps import Respond
from tests.support import specs

SPEC: dict[str, Any] = specs.spec()


@pytest.mark.parametrize(
    ("answer", "status", "schema"),
    [
        (mirelo.me(), 200, "Me"),
        (mirelo.asset("https://storage.test/put"), 201, "Asset"),
        (mirelo.preflight(), 200, "Preflight"),
        (mirelo.result("https://storage.test/1.wav"), 200, "Result"),
        (mirelo.accepted(), 202, "JobAccepted"),
        (mirelo.processing(), 200, "JobStatus"),
        (mirelo.succeeded("https://storage.test/1.wav"), 200, "JobStatus"),
        (mirelo.errored(), 200, "JobStatus"),
        (mirelo.api_error(402, "insufficient_credits"), 402, "ErrorResponse"),
    ],
)
def test_the_answers_are_as_the_spec_says(answer: Respond, status: int, schema: str) -> None:
    body = json.loads(answer.body)
    validator = jsonschema.Draft202012Validator(
        {"$ref": f"#/components/schemas/{schema}", "components": SPEC["components"]}
    )
    validator.validate(body)
    assert answer.status == status
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(dict(list(body.items())[1:]))  # each has its first field required


def test_a_whole_job_over_the_wire() -> None:
    with FaultServer() as server, httpx.Client(trust_env=False, base_url=server.url) as http:
        jobs = f"{mirelo.TEXT_TO_SFX}/jobs"
        server.play(
            Routes(
                {
                    f"POST {jobs}": [mirelo.api_error(429, "rate_limited", Retry_After="1"), mirelo.accepted()],
                    f"GET {jobs}/*": [mirelo.html_error(502), mirelo.processing(), mirelo.succeeded(f"{server.url}/1")],
                    "GET /1": [Respond(200, b"RIFF", {"Content-Type": "audio/wav"})],
                }
            )
        )
        limited = http.post(jobs, json=mirelo.SUBMITTED)
        assert limited.headers["retry-after"] == "1"
        assert limited.json()["error"] == {"code": "rate_limited", "message": "made by the test", "http_status": 429}
        job = http.post(jobs, json=mirelo.SUBMITTED).json()
        polls = [http.get(job["job_url"]) for _ in range(3)]
        assert [poll.status_code for poll in polls] == [502, 200, 200]
        (url,) = polls[2].json()["result"]["result_urls"]
        assert http.get(url).content == b"RIFF"
        assert [request.json for request in mirelo.submits(server.requests)] == [mirelo.SUBMITTED] * 2

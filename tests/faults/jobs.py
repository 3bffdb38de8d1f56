"""What the rows about answers and about waiting share: a service of one job, and answers bent in one field."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.faults import mirelo
from tests.faults.harness import SIGNATURE, Face
from tests.faults.server import FaultServer, Routes
from tests.faults.steps import Respond, Script, json_response

if TYPE_CHECKING:
    from mirelo_ergo import MireloError
    from tests.faults.virtual import VirtualServer

JOBS = f"{mirelo.TEXT_TO_SFX}/jobs"
POST = f"POST {JOBS}"
POLL = f"GET {JOBS}/{mirelo.JOB_ID}"
URL = f"https://results.test/1.wav?{SIGNATURE}"
DONE = mirelo.succeeded(URL)


def job_service(*polls: Script, accepted: Script | None = None) -> Routes:
    """Take any number of jobs; answer their polls with these scripts, the last one for ever."""
    return Routes({POST: [accepted or mirelo.accepted()], f"GET {JOBS}/*": polls or [DONE]})


def bent(answer: Respond, **fields: Any) -> Respond:
    """Change some fields of an answer's JSON; `...` removes one."""
    value = {**json.loads(answer.body), **fields}
    return json_response(answer.status, {name: field for name, field in value.items() if field is not ...})


def wire(server: FaultServer | VirtualServer) -> list[str]:
    return [f"{request.method} {request.path}" for request in server.requests]


def submitted(face: Face, client: Any, **options: Any) -> Any:
    return face.do(client.text_to_sfx("rain", **options).submit_job())


def about(error: MireloError, job: Any) -> bool:
    """Return whether an error leads back to its job."""
    return error.job is job and error.job_token == job.token

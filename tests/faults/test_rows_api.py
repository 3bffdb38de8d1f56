from __future__ import annotations

from tests.faults import mirelo
from tests.faults.harness import Face
from tests.faults.server import FaultServer, Routes
from tests.faults.steps import ReadRequest, Reset


def test_fault_09(face: Face) -> None:
    """Reset after the whole body: a paid submit's outcome is unknown, and it is on the wire exactly once."""
    routes = Routes({"POST *": [[ReadRequest(), Reset()]]})
    with FaultServer(routes) as server, face.promise(deadline=1.0):
        client = face.open(server.url)
        error = face.failing(client.text_to_sfx("rain").submit_job)
        assert type(error).__name__ == "SubmitOutcomeUnknown"
        assert error.code == "network_error"
        assert len(mirelo.submits(server.requests)) == 1


def test_fault_33(face: Face) -> None:
    """500, 502, 503 three times: a read succeeds on the 4th attempt, a submit is unknown at the first."""
    failures = [mirelo.html_error(status) for status in (500, 502, 503)]
    with FaultServer(Routes({"GET *": [*failures, mirelo.me()], "POST *": failures})) as server, face.promise(2.0):
        client = face.open(server.url)
        assert face.do(client.me()).credits_available == 1000
        assert len(server.requests) == 4
        error = face.failing(client.text_to_sfx("rain").submit_job)
        assert type(error).__name__ == "SubmitOutcomeUnknown"
        assert len(mirelo.submits(server.requests)) == 1

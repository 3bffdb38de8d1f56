"""The rows about streams, lost answers and cancellations, for inference.sh: its own lines, bodies and calls.

Where a row is about the stream, no poll is due in time: what ends the wait is the stream. A poll tells the end of the
task only once the service has let it end.
"""

from __future__ import annotations

import json
import threading
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from mirelo_ergo import (
    AuthenticationError,
    InvalidRequestError,
    JobFailedError,
    JobTimeoutError,
    MireloError,
    NotFoundError,
    PermissionDeniedError,
    SubmitOutcomeUnknown,
    UnexpectedResponseError,
)
from tests.faults.harness import KEY, Face
from tests.faults.mirelo import html_error
from tests.faults.server import FaultServer
from tests.faults.steps import (
    Close,
    Drip,
    ReadRequest,
    Reset,
    Respond,
    Script,
    Send,
    Signal,
    Stall,
    Step,
    chunked,
    json_response,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.faults.wire import Received

ID = "tsk_5f2k9"
TOKEN = f"inference_sh2:app:infsh/mmaudio:{ID}:{{}}::"
TASK, STREAM, CANCEL, RUN, LIST = (
    f"/tasks/{ID}",
    f"/tasks/{ID}/stream",
    f"/tasks/{ID}/cancel",
    "/apps/run",
    "/tasks/list",
)
NEVER, PATIENCE = 60_000, 15_000
URL = "https://results.test/1.flac"
OUTPUT = {"audio_output": {"uri": URL}, "duration": 8.0, "sampling_rate": 44_100}
HEAD = Send(Respond(200, headers={"Content-Type": "application/x-ndjson", "Transfer-Encoding": "chunked"}).head)
END = Send(chunked())
BEAT = b'{"type": "heartbeat"}\n'
ASKED = {"app": "infsh/mmaudio", "input": {"prompt": "rain"}}


def line(**fields: Any) -> bytes:
    return json.dumps(fields).encode() + b"\n"


def chunk(data: bytes) -> Send:
    """Send one chunk of a body that goes on."""
    return Send(chunked(data)[:-5])


def problem(status: int, code: str, **headers: str) -> Respond:
    body = {"type": f"https://api.inference.sh/errors/{code}", "status": status, "detail": "made by the test"}
    return json_response(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


RUNNING = line(id=ID, status=7, created_at="2026-03-01T12:00:00Z")
DONE = line(data={"status": 10}, fields=["status"])


class Service:
    """Answer polls of the one task, which runs until `ended` is set; its stream's connections each have a script."""

    def __init__(self, *streams: Script, end: int = 10) -> None:
        self.ended = threading.Event()
        self.streams: Sequence[Script] = streams
        self.end = end
        self.polls = 0
        self.cancelling: Script = json_response(200, {"data": {}})
        self.running: Script = json_response(200, {"data": {"id": ID, "status": 2, "status_text": "queued"}})
        self.tasks: list[dict[str, Any]] = []

    def __call__(self, request: Received) -> Script:
        match request.method, request.path:
            case "GET", path if path == STREAM:
                first, *others = self.streams
                self.streams = others or [first]
                return first
            case "GET", path if path == TASK:
                self.polls += 1
                ended = {"status": self.end, "output": OUTPUT, "error": "" if self.end == 10 else "the worker died"}
                return json_response(200, {"data": {"id": ID, **(ended if self.ended.is_set() else {"status": 7})}})
            case "POST", path if path == CANCEL:
                return self.cancelling
            case "POST", path if path == LIST:
                return json_response(200, {"data": {"items": self.tasks}})
            case _:
                assert (request.method, request.path) == ("POST", RUN)
                return self.running

    def stream(self, *steps: Step) -> list[Step]:
        """Make a connection's script: these steps after the head."""
        return [ReadRequest(), HEAD, *steps]

    @property
    def last(self) -> list[Step]:
        """Steps that let the task end, tell so, and keep the connection."""
        return [Signal(self.ended), chunk(DONE), Stall()]


def client_of(face: Face, server: FaultServer, **options: Any) -> Any:
    return face.open(server.url, service="Inference", **options)


def job_of(face: Face, server: FaultServer) -> Any:
    client = client_of(face, server)
    return client.job(TOKEN.format(int(client._io.wall())))


def asked(server: FaultServer, path: str) -> int:
    return sum(request.path == path for request in server.requests)


def waited(face: Face, job: Any, **options: Any) -> Any:
    return face.do(job.wait(timeout_ms=PATIENCE, **{"poll_interval_ms": NEVER, **options}))


def test_fault_79_inference_sh(face: Face) -> None:
    """inference.sh's stream leads to another host: it is not followed, and no key reaches that host."""
    with FaultServer([Respond(200)]) as elsewhere, FaultServer() as server, face.promise(deadline=3.0):
        service = Service(Respond(302, headers={"Location": f"{elsewhere.url}/stream"}))
        server.play(service)

        def see(status: Any) -> None:
            service.ended.set()

        assert waited(face, job_of(face, server), poll_interval_ms=300, on_progress=see).result_urls == [URL]
        assert len(elsewhere.requests) == 0
        assert {request.headers["authorization"] for request in server.requests} == {f"Bearer {KEY}"}


@pytest.mark.parametrize(
    "cut",
    [
        [chunk(RUNNING), chunk(DONE[:9]), Reset()],
        [chunk(RUNNING + DONE[:9]), Close()],
        [chunk(RUNNING), Close()],
        [chunk(RUNNING), Reset()],
        [Reset()],
        [Close()],
    ],
    ids=["reset in a line", "closed in a line", "closed", "reset", "reset before a line", "closed before a line"],
)
def test_fault_85_inference_sh(face: Face, cut: list[Step]) -> None:
    """inference.sh's stream is cut in a line, between two, before the first: connected again, merged, one result."""
    service = Service()
    more = chunk(line(data={"output": {"progress": 0.5}}, fields=["output"]))
    first = () if len(cut) > 1 else (chunk(RUNNING),)
    service.streams = [service.stream(*cut), service.stream(chunk(BEAT), *first, more, *service.last)]
    with FaultServer(service) as server, face.promise(deadline=2.0):
        seen: list[int] = []
        result = waited(face, job_of(face, server), on_progress=lambda status: seen.append(status.progress_percent))
        assert (result.result_urls, result.output) == ([URL], OUTPUT)
        assert [percent for percent in seen if percent] == [50]
        assert (service.polls, asked(server, STREAM)) == (2, 2)


@pytest.mark.parametrize("ended", [False, True], ids=["running", "ended"])
def test_fault_86_inference_sh(face: Face, ended: bool) -> None:
    """inference.sh's stream ends after a line that is not the last: the task is read, and the stream taken up again."""
    service = Service()
    steps = [chunk(RUNNING), *([Signal(service.ended)] if ended else []), END]
    service.streams = [service.stream(*steps), service.stream(*service.last)]
    with FaultServer(service) as server, face.promise(deadline=2.0):
        assert waited(face, job_of(face, server)).result_urls == [URL]
        assert (service.polls, asked(server, STREAM)) == ((1, 1) if ended else (2, 2))


def test_fault_87_inference_sh(face: Face) -> None:
    """Nothing but heartbeats on inference.sh's stream: every kind of wait ends at its deadline, with the way back."""
    service = Service()
    beats = chunked(BEAT)[:-5]
    service.streams = [service.stream(Drip(beats * 10_000, interval=0.01, size=len(beats)))]
    with FaultServer(service) as server, face.promise(deadline=3 * 0.6):
        error = face.failing(job_of(face, server).wait, timeout_ms=600)
        assert isinstance(error, JobTimeoutError)
        error = face.failing(client_of(face, server).wait_for_completion, ID, timeout=0.6)
        assert isinstance(error, JobTimeoutError)
        client = client_of(face, server)
        error = face.failing(client.run, ASKED, timeout=0.6)
        assert isinstance(error, JobTimeoutError)
        assert error.job_token is not None
        assert client.job(error.job_token).job_id == ID
        assert asked(server, CANCEL) == 0, "nothing is cancelled that nobody asked for"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (problem(401, "unauthorized"), AuthenticationError),
        (problem(403, "forbidden"), PermissionDeniedError),
        (problem(404, "not_found"), NotFoundError),
        (Respond(200, b"<html>\n<body>\n"), UnexpectedResponseError),
        (Respond(200, b"oops\n"), UnexpectedResponseError),
    ],
    ids=["401", "403", "404", "HTML", "no JSON"],
)
def test_fault_88_inference_sh(face: Face, answer: Respond, kind: type[MireloError]) -> None:
    """inference.sh's stream answers with an error, a page or nonsense: it raises for whoever iterates over it."""
    with FaultServer(Service(answer)) as server, face.promise(deadline=5.0):
        client = client_of(face, server)
        stream = client.stream_task(ID)
        with pytest.raises(kind) as caught:
            face.each(stream)
        face.errors.append(caught.value)
        assert client.job(caught.value.job_token).job_id == ID


@pytest.mark.parametrize(
    "answer",
    [
        problem(401, "unauthorized"),
        problem(404, "not_found"),
        problem(503, "app_maintenance", Retry_After="1"),
        Respond(503, b"<html>busy</html>"),
        Respond(200, b"<html>\n<body>\n"),
    ],
    ids=["401", "404", "503", "a bare 503", "HTML"],
)
def test_fault_88_inference_sh_wait(face: Face, answer: Respond) -> None:
    """inference.sh's stream answers with an error or a page: a wait goes on by its polls, which tell what is wrong."""
    service = Service(answer)
    with FaultServer(service) as server, face.promise(deadline=8.0):
        seen: list[Any] = []

        def see(status: Any) -> None:
            seen.append(status)
            if len(seen) == 3:
                service.ended.set()

        assert waited(face, job_of(face, server), poll_interval_ms=300, on_progress=see).result_urls == [URL]


def test_fault_88_inference_sh_busy(face: Face) -> None:
    """A stream of inference.sh that cannot be opened for now: the updates come from the polls."""
    service = Service(html_error(503))
    service.ended.set()
    with FaultServer(service) as server, face.promise(deadline=60.0):
        stream = client_of(face, server).stream_task(ID)
        (update,) = face.each(stream)
        assert (update.status, update["output"], stream.result["output"]) == ("completed", OUTPUT, OUTPUT)


def test_fault_89_inference_sh(face: Face) -> None:
    """A line of 17 MiB on inference.sh's stream: a typed error, flat memory; of one that is no JSON, a wait goes on."""
    piece = chunked(b"x" * (1 << 20))[:-5]
    service = Service()
    service.streams = [service.stream(Send(piece, 17), Stall())]
    with FaultServer(service) as server, face.promise(deadline=10.0):
        tracemalloc.start()
        try:
            with pytest.raises(UnexpectedResponseError, match="longer than 16 MiB") as caught:
                face.each(client_of(face, server).stream_task(ID))
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        face.errors.append(caught.value)
        assert most < 64 << 20
        service.streams = [service.stream(chunk(b"oops\n"), Stall()), service.stream(*service.last)]
        assert waited(face, job_of(face, server)).result_urls == [URL]


def test_fault_89_inference_sh_other(face: Face) -> None:
    """Unknown events, deltas and another task's lines on inference.sh's stream are passed over."""
    service = Service()
    odd = [
        line(event="delta", data={"delta": "x", "seq": 1, "resource_id": ID}),
        line(event="task.exploded", data={"id": ID, "status": 11}),
        line(id="tsk_other", status=11),
        line(data={"id": "tsk_other", "status": 11}, fields=["status"]),
        line(type="heartbeat", id=ID, status=11),
        line(data={"status": 77}, fields=["status"]),
    ]
    service.streams = [service.stream(chunk(RUNNING + b"".join(odd)), *service.last)]
    with FaultServer(service) as server, face.promise(deadline=2.0):
        seen: list[str] = []
        job = job_of(face, server)
        assert waited(face, job, on_progress=lambda status: seen.append(status.raw_status)).result_urls == [URL]
        assert seen == ["running", "77"], "a state that nobody knows is no end"
        assert (service.polls, asked(server, STREAM)) == (1, 1)


@pytest.mark.parametrize("end", [10, 11])
def test_fault_90_inference_sh(face: Face, end: int) -> None:
    """A last line of inference.sh's stream without the output, as a part with only its fields: completed by a read."""
    service = Service(end=end)
    last = chunk(line(data={"status": end, "output": {"never": "named"}}, fields=["status"]))
    service.streams = [service.stream(chunk(RUNNING), Signal(service.ended), last, Stall())]
    with FaultServer(service) as server, face.promise(deadline=2.0):
        client = client_of(face, server)
        if end == 10:
            assert face.do(client.run(ASKED))["output"] == OUTPUT
        else:
            error = face.failing(client.run, ASKED)
            assert isinstance(error, JobFailedError)
            assert "the worker died (failed); the service does not say whether it was charged" in error.message
            assert client.job(error.job_token).job_id == ID
        assert (service.polls, asked(server, STREAM), asked(server, RUN)) == (1, 1, 1)


def test_fault_91_inference_sh(face: Face) -> None:
    """A proxy keeps inference.sh's stream back until its end: the polls keep to their schedule, and end the wait."""
    service = Service()
    service.streams = [[ReadRequest(), Stall(until=service.ended), HEAD, chunk(RUNNING + DONE), END]]
    with FaultServer(service) as server, face.promise(deadline=3.0):
        polls: list[int] = []

        def see(status: Any) -> None:
            polls.append(service.polls)
            if service.polls == 4:
                service.ended.set()

        assert waited(face, job_of(face, server), poll_interval_ms=250, on_progress=see).result_urls == [URL]
        assert polls == [1, 2, 3, 4]
        assert (service.polls, asked(server, STREAM)) == (5, 2)


@pytest.mark.parametrize("status", [404, 409])
@pytest.mark.parametrize("ended", [True, False], ids=["ended", "running"])
def test_fault_95_inference_sh(face: Face, status: int, ended: bool) -> None:
    """A cancellation is answered with 404 or 409 by inference.sh: the task's true end is reported, else the refusal."""
    service = Service()
    service.cancelling = problem(status, "invalid_transition" if status == 409 else "not_found")
    if ended:
        service.ended.set()
    with FaultServer(service) as server, face.promise(deadline=3.0):
        job = job_of(face, server)
        if ended:
            assert face.do(job.cancel()).status == "succeeded"
            assert face.do(client_of(face, server).cancel(ID)) is None
        else:
            assert face.failing(job.cancel).http_status == status


# Paid once


@pytest.mark.parametrize(
    "trouble",
    [
        [ReadRequest(), Reset()],
        [ReadRequest(), Close()],
        html_error(502),
        problem(500, "internal_error"),
        Respond(200, b'{"data": {"id": "ts', {"Content-Type": "application/json"}),
        json_response(200, {"data": {"status": 2}}),
        Respond(200, b""),
    ],
    ids=["reset", "closed", "a page", "a 500", "a cut answer", "no id", "empty"],
)
def test_fault_09_inference_sh(face: Face, trouble: Any) -> None:
    """inference.sh's answer to a run is lost: the outcome is unknown, one run on the wire, and the list tells of it."""
    service = Service()
    service.running = trouble
    with FaultServer(service) as server, face.promise(deadline=3.0):
        client = client_of(face, server)
        error = face.failing(client.run, ASKED, wait=False)
        assert isinstance(error, SubmitOutcomeUnknown)
        assert "may charge twice" in error.message
        assert asked(server, RUN) == 1
        service.tasks = [
            {"id": "tsk_old", "status": 10, "created_at": "2020-01-01T00:00:00Z", **_of(ASKED)},
            {"id": ID, "status": 7, "created_at": _now(face), **_of(ASKED)},
            {"id": "tsk_2", "status": 7, "created_at": _now(face), **_of({**ASKED, "input": {"prompt": "wind"}})},
            {"id": "tsk_3", "status": 7, "created_at": _now(face), **_of({**ASKED, "app": "other/app"})},
        ]
        assert face.do(error.find(client)).job_id == ID
        service.tasks.append({"id": "tsk_4", "status": 7, "created_at": _now(face), **_of(ASKED)})
        assert face.do(error.find(client)) is None, "one of two is never guessed"
        service.tasks = service.tasks[:1]
        assert face.do(error.find(client)) is None
        assert asked(server, RUN) == 1


def _of(params: dict[str, Any]) -> dict[str, Any]:
    namespace, _, name = params["app"].partition("/")
    return {"app": {"id": "app_1", "namespace": namespace, "name": name}, "input": params["input"]}


def _now(face: Face) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(face.wall(), UTC).isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    "trouble",
    [problem(429, "rate_limited", Retry_After="0"), problem(503, "app_maintenance", Retry_After="0")],
    ids=["a 429", "maintenance with a time"],
)
def test_fault_30_inference_sh(face: Face, trouble: Respond) -> None:
    """A run that inference.sh provably did not take is sent again as it was."""
    service = Service()
    taken = service.running
    answers = iter([trouble])
    with FaultServer() as server, face.promise(deadline=3.0):

        def route(request: Received) -> Script:
            service.running = next(answers, taken) if request.path == RUN else service.running
            return service(request)

        server.play(route)
        assert face.do(client_of(face, server).mmaudio("rain").submit_job()).job_id == ID
        first, second = server.requests
        assert (first.path, first.body) == (second.path, second.body) != ("", b"")


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "validation_error", InvalidRequestError),
        (410, "SESSION_EXPIRED", NotFoundError),
        (410, "app_retired", NotFoundError),
        (409, "WORKER_LEASED", MireloError),
    ],
)
def test_fault_35_inference_sh(face: Face, status: int, code: str, kind: type[MireloError]) -> None:
    """A run that inference.sh refuses is refused once, by its class."""
    service = Service()
    service.running = problem(status, code)
    with FaultServer(service) as server, face.promise(deadline=2.0):
        error = face.failing(client_of(face, server).run, ASKED)
        assert isinstance(error, kind)
        assert not isinstance(error, SubmitOutcomeUnknown)
        assert (error.code, error.http_status) == (code, status)
        assert asked(server, RUN) == 1

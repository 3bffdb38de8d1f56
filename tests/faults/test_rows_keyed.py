"""Rows 73 to 83 of docs/reliability.md: submits under an idempotency key, and forms, on a service made up for them.

The service is one that no client here is made for, so its operations run on the retry core itself. It gives one job
per key, and says the same again to the same key.
"""

from __future__ import annotations

import http.client
import json
import re
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from mirelo_ergo import APIStatusError, MireloError, SourceChangedError, SubmitOutcomeUnknown
from mirelo_ergo._runtime.api.execute import Operation, execute
from mirelo_ergo._runtime.api.requests import request_from
from mirelo_ergo._runtime.api.retry import Kind
from mirelo_ergo._runtime.io.deadline import Timing
from mirelo_ergo._runtime.io.protocol import Request, run
from mirelo_ergo._runtime.jobs.values import Accepted
from mirelo_ergo._runtime.transfer.sources import open_path
from mirelo_ergo.mirelo.job_values import read_accepted
from tests.faults import mirelo
from tests.faults.acts import Act, good
from tests.faults.children import Child
from tests.faults.clock import Clock
from tests.faults.server import FaultServer
from tests.faults.steps import Close, ReadBytes, ReadRequest, Reset, Respond, Send, Stall, json_response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mirelo_ergo._runtime.api.idempotency import IdempotencyKey
    from tests.faults.acts import Kind as ActKind
    from tests.faults.harness import Face
    from tests.faults.steps import Script
    from tests.faults.wire import Received

PLAIN = {"method": "post", "url": "/v1/jobs"}
UNKNOWN = "OUTCOME_UNKNOWN"
NOT_READY = "asset_not_ready"


class Service:
    """The service made up for these rows: the faults come first, in order, then every key gets its one job."""

    def __init__(self, *faults: Script) -> None:
        self._faults = list(faults)
        self._jobs: dict[str, str] = {}

    def __call__(self, request: Received) -> Script:
        if request.method == "GET":
            return mirelo.succeeded("https://storage.test/1.wav", job_id=request.path.rpartition("/")[2])
        if self._faults:
            return self._faults.pop(0)
        key = request.headers.get("idempotency-key", f"none-{len(self._jobs)}")
        return mirelo.accepted(self._jobs.setdefault(key, f"job-{len(self._jobs)}"))


class Submits:
    """A client's paid operations at the service. `submit` makes one; the rest is what came of them."""

    def __init__(self, face: Face, server: FaultServer, **options: Any) -> None:
        self._face, self._server = face, server
        self.client = face.open(server.url, **options)
        self.runtime = self.client._core.runtime
        codes = {"outcome_unknown": frozenset({UNKNOWN}), "not_ready": frozenset({NOT_READY})}
        self.runtime.api = attrs.evolve(self.runtime.api, **codes)
        self.runtime.policy = attrs.evolve(self.runtime.policy, **codes)
        self.on_pause: Callable[[], object] = lambda: None
        sleep = self.client._io.sleep

        async def pause(seconds: float) -> None:
            self.on_pause()
            await sleep(seconds)

        self.client._io.sleep = pause

    def key(self) -> IdempotencyKey:
        key: IdempotencyKey = self.runtime.api.keys.key(None, self.runtime.io.wall())
        return key

    def submit(self, request: Request, key: IdempotencyKey | None) -> Any:
        operation = Operation(
            "createJob",
            Kind.KEYED if key else Kind.PAID,
            request,
            read_accepted,
            self.runtime.timeout,
            key=key,
            from_job_id=lambda job_id: Accepted(job_id, None),
        )
        flow = execute(self.runtime, operation)
        return run(flow) if self._face.colour == "sync" else flow

    def submitted(self, request: Request, key: IdempotencyKey | None) -> Accepted:
        accepted: Accepted = self._face.do(self.submit(request, key))
        return accepted

    def failing(self, request: Request, key: IdempotencyKey | None) -> MireloError:
        return self._face.failing(self.submit, request, key)

    def reach_result(self, job_id: str) -> None:
        """Wait for the job and get its result."""
        job = self.client.job(f"mirelo1:text-to-sfx:v1.5:{job_id}:1767268800:1000")
        assert self._face.do(job.wait(poll_interval_ms=1)).result_urls == ["https://storage.test/1.wav"]

    @property
    def posts(self) -> list[Received]:
        return mirelo.submits(self._server.requests)

    def assert_one_job(self, sends: int) -> None:
        """Check that so many whole submits were one and the same, under one key: the service charges once."""
        assert len(self.posts) == sends
        whole = [post for post in self.posts if post.complete]
        assert len({post.headers["idempotency-key"] for post in whole}) == 1
        assert len({(post.path, post.sha256, post.headers["content-type"]) for post in whole}) == 1


def job_request(prompt: str = "rain") -> Request:
    return request_from({**PLAIN, "json": {"prompt": prompt}}, submit=True)


CUT = mirelo.accepted("job-0").wire
FAULTS: dict[str, Script] = {
    "reset": [ReadRequest(), Reset()],
    "closed": [ReadRequest(), Close()],
    "lost": [ReadRequest(), Send(CUT[:-9]), Close()],
    "page": mirelo.html_error(502),
    "useless": Respond(202),
    "timeout": [ReadRequest(), Stall()],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_73(face: Face, fault: str) -> None:
    """Response lost, reset, 502 page or timeout after the whole body, on K: the same bytes and key again, one job."""
    with (
        FaultServer(Service(FAULTS[fault], FAULTS[fault])) as server,
        face.promise(2.0),
    ):
        submits = Submits(face, server, timing=Timing(between_bytes=0.2))
        accepted = submits.submitted(job_request(), submits.key())
        submits.assert_one_job(3)
        submits.reach_result(accepted.job_id)


@pytest.mark.parametrize("fault", [name for name in FAULTS if name != "timeout"])
def test_fault_73_sync(face: Face, fault: str, tmp_path: Path) -> None:
    """The same of a /sync call, which has a key of its own: one charge, its result is reached."""
    with (
        FaultServer([FAULTS[fault], good("sync")]) as server,
        Act(face, "sync", server, tmp_path) as act,
        face.promise(1.0),
    ):
        act.lost()


def test_fault_74(face: Face) -> None:
    """409 twice, then the job, on K: it waits, one job."""
    conflicts = [mirelo.html_error(409), mirelo.api_error(409, "in_flight", Retry_After="0")]
    with FaultServer(Service([ReadRequest(), Reset()], *conflicts)) as server, face.promise(2.0):
        submits = Submits(face, server)
        accepted = submits.submitted(job_request(), submits.key())
        submits.assert_one_job(4)
        submits.reach_result(accepted.job_id)


@pytest.mark.parametrize("kind", ["keyed", "sync"])
def test_fault_75(face: Face, kind: ActKind, tmp_path: Path) -> None:
    """Always 409, on K: it ends within a minute of waiting, and the error has the key and both possible reasons."""
    clock = Clock()
    with (
        FaultServer([mirelo.html_error(409)]) as server,
        Act(face, kind, server, tmp_path, timeout_ms=600_000, backoff_ms=500) as act,
        face.promise(2.0),
    ):
        clock.drive(act.client)
        error = face.failing(act.call)
        assert type(error) is SubmitOutcomeUnknown
        assert (error.code, error.http_status, error.retryable) == ("conflict", 409, False)
        assert 50.0 < clock.passed <= 60.0
        assert {post.headers["idempotency-key"] for post in act.requests} == {error.idempotency_key}
        assert "an earlier attempt is still in flight, or the key was used for a different request" in error.message


@pytest.mark.parametrize("status", [200, 201, 202])
def test_fault_76(face: Face, status: int) -> None:
    """The first attempt's job comes back with another status code, on K: accepted."""
    answer = json_response(status, {"job_id": "job-0"})
    with FaultServer(Service([ReadRequest(), Reset()], answer)) as server, face.promise(1.0):
        submits = Submits(face, server)
        assert submits.submitted(job_request(), submits.key()).job_id == "job-0"
        submits.assert_one_job(2)


@pytest.fixture(scope="module")
def keyed_calls() -> Iterator[Child]:
    """Start the one process that all keyed calls of row 77 are forked from."""
    with Child("keyed") as child:
        yield child


@pytest.mark.parametrize("point", ["before connect", "before the head", "after the body", "after the answer"])
def test_fault_77(face: Face, keyed_calls: Child, point: str) -> None:
    """Killed after the key was recorded, and called again in another process under the same key, on K: one job."""
    with FaultServer([good("sync")]) as server:
        fates = []
        for kill_at in (point, ""):
            keyed_calls.tell(face.colour, server.url, "recorded-key-1", kill_at)
            fates.append(keyed_calls.hear())
        assert fates == [{"status": 9}, {"results": 1}]
        assert keyed_calls.hear() == {"status": 0}
        whole = [post for post in mirelo.submits(server.requests) if post.complete]
        assert {post.headers["idempotency-key"] for post in whole} == {"recorded-key-1"}
        assert len({(post.path, post.body) for post in whole}) == 1
        assert len(whole) == (1 if point.startswith("before") else 2)


@pytest.mark.parametrize("named", [True, False], ids=["named", "unnamed"])
def test_fault_78(face: Face, named: bool) -> None:
    """The service does not know the outcome, on K: a job that it names is polled; else it is unknown, no fresh key."""
    body = {"error": {"code": UNKNOWN, "message": "look for it"}, **({"job_id": "job-7"} if named else {})}
    with FaultServer(Service(json_response(409, body))) as server, face.promise(1.0):
        submits = Submits(face, server)
        key = submits.key()
        if named:
            submits.reach_result(submits.submitted(job_request(), key).job_id)
        else:
            error = submits.failing(job_request(), key)
            assert isinstance(error, SubmitOutcomeUnknown)
            assert (error.code, error.http_status, error.idempotency_key) == (UNKNOWN, 409, key.value)
        submits.assert_one_job(1)


@pytest.mark.parametrize("keyed", [True, False], ids=["K", "P"])
def test_fault_79_submit(face: Face, keyed: bool) -> None:
    """A 308 to another host on a submit: neither the API key nor the idempotency key reaches that host."""
    with FaultServer() as elsewhere, FaultServer() as server, face.promise(1.0):
        server.play([Respond(308, headers={"Location": f"{elsewhere.url}/v1/jobs"})])
        submits = Submits(face, server)
        error = submits.failing(job_request(), submits.key() if keyed else None)
        assert type(error) is APIStatusError
        assert error.http_status == 308
        assert len(submits.posts) == 1
        assert elsewhere.accepted == 0


# --- forms -----------------------------------------------------------------------------------------------------------


def form(folder: Path, size: int = 3000, **fields: str) -> Request:
    """Make a form of some text and two files, each of whose bytes are its own."""
    files: list[tuple[str, Any]] = [(name, (None, text, "text/plain")) for name, text in fields.items()]
    for name in ("video", "audio"):
        path = folder / f"{name}.bin"
        if not path.exists():
            path.write_bytes(name.encode() * (size // 5))
        source = open_path(path, name)[0]
        files.append((name, (f"{name}.mp4", source, "video/mp4")))
    return request_from({**PLAIN, "files": files}, submit=True)


def boundaries(request: Request) -> list[int]:
    """Return where in the body each boundary begins, the closing one last."""
    assert request.body is not None
    assert not isinstance(request.body, bytes)
    reader = request.body.open()
    body = b"".join(iter(lambda: reader.read(1 << 20), b""))
    mark = request.content_type.partition("boundary=")[2]
    return [found.start() for found in re.finditer(re.escape(f"--{mark}".encode()), body)]


@pytest.mark.parametrize("number", range(4))
def test_fault_80(face: Face, number: int, tmp_path: Path) -> None:
    """A form reset at every part's boundary, on K: every part is sent again, byte for byte."""
    request = form(tmp_path, model="m-1")
    with (
        FaultServer(Service([ReadBytes(boundaries(request)[number]), Reset()])) as server,
        face.promise(1.0),
    ):
        submits = Submits(face, server)
        submits.submitted(request, submits.key())
        submits.assert_one_job(2)
        again = submits.posts[-1]
        assert again.complete
        assert int(again.headers["content-length"]) == again.length
        for part in (b"m-1", b"video" * 600, b"audio" * 600):
            assert part in again.body


LARGE = 16 << 20
"""More than the kernels of both sides buffer: what was not read was not sent either."""


@pytest.mark.parametrize("number", range(3))
def test_fault_80_paid(face: Face, number: int, tmp_path: Path) -> None:
    """A form reset before it was whole, on P: nobody can have acted on it, so it is sent again."""
    request = form(tmp_path, LARGE, model="m-1")
    service = Service([ReadBytes(boundaries(request)[number]), Reset()])
    with FaultServer(service, receive_buffer=1 << 14) as server, face.promise(4.0):
        submits = Submits(face, server, timeout_ms=30_000)
        submits.submitted(request, None)
        assert [post.complete for post in submits.posts] == [False, True]


def test_fault_80_whole(face: Face, tmp_path: Path) -> None:
    """A form reset behind its last byte, on P: unknown."""
    with FaultServer(Service([ReadRequest(), Reset()])) as server, face.promise(1.0):
        submits = Submits(face, server)
        assert type(submits.failing(form(tmp_path), None)) is SubmitOutcomeUnknown
        assert len(submits.posts) == 1


def test_fault_81(face: Face, tmp_path: Path) -> None:
    """A dry run that was not processed, on P: what is sent again is still a dry run."""
    request = form(tmp_path, dry_run="true")
    busy = [mirelo.html_error(421), mirelo.api_error(503, "busy", Retry_After="0"), mirelo.html_error(425)]
    with FaultServer(Service(*busy)) as server, face.promise(2.0):
        submits = Submits(face, server)
        submits.submitted(request, None)
        assert len(submits.posts) == 4
        for post in submits.posts:
            assert b'name="dry_run"\r\nContent-Type: text/plain\r\n\r\ntrue\r\n' in post.body
        assert len({post.sha256 for post in submits.posts}) == 1


def test_fault_81_lost(face: Face, tmp_path: Path) -> None:
    """The response to a dry run is lost, on P: nothing is sent again, so no dry run becomes a paid one."""
    with FaultServer(Service([ReadRequest(), Close()])) as server, face.promise(1.0):
        submits = Submits(face, server)
        assert type(submits.failing(form(tmp_path, dry_run="true"), None)) is SubmitOutcomeUnknown
        assert len(submits.posts) == 1


@pytest.mark.parametrize("keyed", [True, False], ids=["K", "P"])
def test_fault_82(face: Face, keyed: bool, tmp_path: Path) -> None:
    """A form's source changes between attempts, on K and P: `SourceChangedError`, nothing submitted."""
    request = form(tmp_path)
    with FaultServer(Service(mirelo.html_error(429))) as server, face.promise(1.0):
        submits = Submits(face, server)
        submits.on_pause = lambda: (tmp_path / "audio.bin").write_bytes(b"another sound")
        error = submits.failing(request, submits.key() if keyed else None)
        assert type(error) is SourceChangedError
        assert "nothing was submitted" in error.message
        assert len(submits.posts) == 1


def test_fault_82_doubt(face: Face, tmp_path: Path) -> None:
    """The same after a response was lost, on K: the outcome stays unknown, and the change is its cause."""
    request = form(tmp_path)
    with FaultServer(Service([ReadRequest(), Reset()])) as server, face.promise(1.0):
        submits = Submits(face, server)
        submits.on_pause = lambda: (tmp_path / "audio.bin").write_bytes(b"another sound")
        error = submits.failing(request, submits.key())
        assert type(error) is SubmitOutcomeUnknown
        assert type(error.__cause__) is SourceChangedError
        assert len(submits.posts) == 1


def test_the_service_of_these_rows_gives_one_job_per_key() -> None:
    with FaultServer(Service()) as server:
        bodies = []
        for key in ("a", "a", "b"):
            connection = http.client.HTTPConnection("127.0.0.1", server.port)
            connection.request("POST", "/v1/jobs", b"{}", {"Idempotency-Key": key})
            bodies.append(json.loads(connection.getresponse().read())["job_id"])
            connection.close()
    assert bodies == ["job-0", "job-0", "job-1"]


@pytest.mark.parametrize("status", [400, 409, 422])
@pytest.mark.parametrize("keyed", [True, False], ids=["K", "P"])
def test_fault_83_submit(face: Face, status: int, keyed: bool) -> None:
    """An asset is not ready five times in a row: the submit waits, and is sent again as the same bytes."""
    with FaultServer(Service(*[mirelo.api_error(status, NOT_READY)] * 5)) as server, face.promise(2.0):
        submits = Submits(face, server)
        accepted = submits.submitted(job_request(), submits.key() if keyed else None)
        assert accepted.job_id == "job-0"
        assert len({(post.path, post.sha256) for post in submits.posts}) == 1
        assert len(submits.posts) == 6

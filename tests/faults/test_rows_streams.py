"""Rows 70, 79 and 85 to 91: a wait for a job of the made-up service, whose states come as a stream of JSON lines.

Where a row is about the stream, no poll is due in time: what ends the wait is the stream. A poll tells the end of the
job only once the service has let it end.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

import tests.support.madeup as madeup
from mirelo_ergo import JobFailedError, JobTimeoutError
from tests.faults.harness import KEY, Face, in_real_time
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

NEVER = 60_000
"""Milliseconds between polls that do not come within a test."""
PATIENCE = 15_000
"""Milliseconds after which a wait that should have ended does."""
URL = "https://results.test/1.wav"
HEAD = Send(Respond(200, headers={"Content-Type": "application/x-ndjson", "Transfer-Encoding": "chunked"}).head)
END = Send(chunked())
BEAT = b'{"type": "heartbeat"}\n'


def line(**fields: Any) -> bytes:
    return json.dumps(fields).encode() + b"\n"


def chunk(data: bytes) -> Send:
    """Send one chunk of a body that goes on."""
    return Send(chunked(data)[:-5])


RUNNING = line(id=madeup.JOB, state="running", done=0.25)
DONE = line(id=madeup.JOB, state="done")


class Service:
    """Answer polls of the one job, which runs until `ended` is set; its stream's connections each have a script."""

    def __init__(self, *streams: Script, end: str = "done") -> None:
        self.ended = threading.Event()
        self.polled = threading.Semaphore(0)
        self.streams: Sequence[Script] = streams
        self.end = end
        self.polls = 0

    def __call__(self, request: Received) -> Script:
        if request.path == madeup.STREAM:
            first, *others = self.streams
            self.streams = others or [first]
            return first
        assert request.path == madeup.POLL
        self.polls += 1
        if self.ended.is_set():
            return json_response(200, {"id": madeup.JOB, "state": self.end, "files": [URL]})
        return json_response(200, {"id": madeup.JOB, "state": "running"})

    def stream(self, *steps: Step) -> list[Step]:
        """Make a connection's script: these steps after the head."""
        return [ReadRequest(), HEAD, *steps]

    @property
    def last(self) -> list[Step]:
        """Steps that let the job end, tell so, and keep the connection."""
        return [Signal(self.ended), chunk(DONE), Stall()]


def job_of(face: Face, server: FaultServer, **options: Any) -> Any:
    client = face.open(server.url, of=madeup, service="MadeUp", **options)
    return client.job(madeup.TOKEN.format(int(client._io.wall()), 1000))


def streams(server: FaultServer) -> int:
    return sum(request.path == madeup.STREAM for request in server.requests)


def test_fault_70_stream(face: Face) -> None:
    """Ctrl-C or a cancellation while a stream is followed: it passes, the stream ends, the client stays usable."""
    service = Service()
    service.streams = [service.stream(chunk(RUNNING), Stall())]
    with FaultServer(service) as server, face.promise(deadline=2.0):
        job = job_of(face, server)

        def stop(status: Any) -> None:
            if face.colour == "sync":
                raise KeyboardInterrupt
            task = asyncio.current_task()
            assert task is not None
            task.cancel()

        with pytest.raises((KeyboardInterrupt, asyncio.CancelledError)) as caught:
            face.do(job.wait(timeout_ms=PATIENCE, poll_interval_ms=NEVER, on_progress=stop))
        assert f"resume it with client.job({job.token!r})" in caught.value.__notes__[0]
        assert face.do(job.status()).status == "processing"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_fault_79(face: Face, status: int) -> None:
    """A redirect of a stream or a list to another host is not followed: no key reaches that host."""
    with FaultServer([Respond(200)]) as elsewhere, FaultServer() as server, face.promise(deadline=2.0):
        away = Respond(status, headers={"Location": f"{elsewhere.url}/stream?key=1"})
        service = Service(away)
        server.play(lambda request: away if request.path == "/things" else service(request))

        def see(status: Any) -> None:
            if streams(server):
                service.ended.set()

        job = job_of(face, server)
        assert face.do(job.wait(timeout_ms=PATIENCE, poll_interval_ms=300, on_progress=see)).result_urls == [URL]
        assert streams(server) == 1
        error = face.failing(face.open(server.url, of=madeup, service="MadeUp").things)
        assert error.http_status == status
        assert "127.0.0.1" in error.message
        assert len(elsewhere.requests) == 0
        assert {request.headers["x-key"] for request in server.requests} == {KEY}


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
def test_fault_85(face: Face, cut: list[Step]) -> None:
    """A stream is cut in a line, between two, before the first: connected again, merged, one result."""
    service = Service()
    more = chunk(line(data={"done": 0.5, "state": "done"}, fields=["done"]))
    service.streams = [service.stream(*cut), service.stream(chunk(BEAT), more, *service.last)]
    if len(cut) == 1:
        service.streams[1] = service.stream(chunk(RUNNING), more, *service.last)
    with FaultServer(service) as server, face.promise(deadline=2.0):
        seen: list[int] = []
        waiting = job_of(face, server).wait(
            timeout_ms=PATIENCE, poll_interval_ms=NEVER, on_progress=lambda status: seen.append(status.progress_percent)
        )
        assert face.do(waiting).result_urls == [URL]
        assert [percent for percent in seen if percent] == [25, 50]
        assert (service.polls, streams(server)) == (2, 2)


def test_fault_86(face: Face) -> None:
    """A stream that ends after a line that is not the last: the state is polled, and the stream taken up again."""
    service = Service()
    service.streams = [service.stream(chunk(RUNNING), END), service.stream(*service.last)]
    with FaultServer(service) as server, face.promise(deadline=2.0):
        assert face.do(job_of(face, server).wait(timeout_ms=PATIENCE, poll_interval_ms=NEVER)).result_urls == [URL]
        assert (service.polls, streams(server)) == (2, 2)


def test_fault_86_ended(face: Face) -> None:
    """A stream that ends together with the job, without having told so: one poll tells it."""
    service = Service()
    service.streams = [service.stream(chunk(RUNNING), Signal(service.ended), END)]
    with FaultServer(service) as server, face.promise(deadline=2.0):
        assert face.do(job_of(face, server).wait(timeout_ms=PATIENCE, poll_interval_ms=NEVER)).result_urls == [URL]
        assert (service.polls, streams(server)) == (1, 1)


def test_fault_87(face: Face) -> None:
    """Nothing but heartbeats for ever: the wait ends at its deadline."""
    service = Service()
    beats = chunked(BEAT)[:-5]
    service.streams = [service.stream(Drip(beats * 10_000, interval=0.01, size=len(beats)))]
    with FaultServer(service) as server, face.promise(deadline=0.6):
        job = job_of(face, server)
        error = face.failing(job.wait, timeout_ms=600)
        assert isinstance(error, JobTimeoutError)
        assert error.job is job
        assert streams(server) == 1


@in_real_time
@pytest.mark.parametrize("idle", [BEAT * 3000, b"\n" * (64 << 10)], ids=["heartbeats", "blank lines"])
def test_fault_87_flood(face: Face, idle: bytes) -> None:
    """Lines without news come faster than they are read: the polls keep to their schedule, and end the wait."""
    over = threading.Event()
    service = Service()
    service.streams = [service.stream(Send(chunked(idle)[:-5], 400), Signal(over), Stall())]
    with FaultServer(service) as server, face.promise(deadline=10.0):

        def see(status: Any) -> None:
            if service.polls == 3:
                service.ended.set()

        job = job_of(face, server)
        assert face.do(job.wait(timeout_ms=PATIENCE, poll_interval_ms=300, on_progress=see)).result_urls == [URL]
        assert service.polls == 4
        assert not over.is_set()


@pytest.mark.parametrize(
    ("answer", "tries"),
    [
        (json_response(401, {"error": "unauthorized"}), 1),
        (json_response(403, {"error": "forbidden"}), 1),
        (json_response(404, {"error": "not_found"}), 4),  # the job is young: it may not be known everywhere yet
        (Respond(503, b"<html>busy</html>"), 5),
        (Respond(200, b"<html>\n<body>\n"), 2),
        (Respond(200, b"not unpacked", {"Content-Encoding": "br"}), 2),
        (Respond(200, b""), 5),
    ],
    ids=["401", "403", "404", "503", "HTML", "encoded", "empty"],
)
def test_fault_88(face: Face, answer: Respond, tries: int) -> None:
    """A stream that responds with an error, a page or what cannot be read: the polls go on, and end the wait."""
    service = Service(answer)
    with FaultServer(service) as server, face.promise(deadline=5.0):
        polls = 0

        def see(status: Any) -> None:
            nonlocal polls
            polls += streams(server) == tries
            if polls == 3:  # and no attempt was made between them
                service.ended.set()

        job = job_of(face, server)
        assert face.do(job.wait(timeout_ms=PATIENCE, poll_interval_ms=300, on_progress=see)).result_urls == [URL]
        assert streams(server) == tries


def test_fault_88_gzip(face: Face) -> None:
    """A stream that something on the way has compressed is unpacked."""
    service = Service()
    service.ended.set()
    body = gzip.compress(RUNNING + DONE)
    service.streams = [Respond(200, body, {"Content-Encoding": "gzip"})]
    with FaultServer(service) as server, face.promise(deadline=2.0):
        assert face.do(job_of(face, server).wait(timeout_ms=PATIENCE, poll_interval_ms=NEVER)).result_urls == [URL]
        assert (service.polls, streams(server)) == (1, 1)


def test_fault_89_large(face: Face) -> None:
    """A line of 100 MiB: given up after 16 MiB, with flat memory; the polls end the wait."""
    service = Service()
    piece = chunked(b"x" * (1 << 20))[:-5]
    service.streams = [service.stream(Send(piece, 100))]
    with FaultServer(service) as server, face.promise(deadline=10.0):
        job = job_of(face, server)

        def see(status: Any) -> None:
            if streams(server) == 2:
                service.ended.set()

        tracemalloc.start()
        try:
            assert face.do(job.wait(timeout_ms=PATIENCE, poll_interval_ms=300, on_progress=see)).result_urls == [URL]
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert streams(server) == 2
        assert most < 64 << 20


def test_fault_89(face: Face) -> None:
    """A line that is no JSON is an error of the stream; a line about another task is passed over."""
    service = Service()
    other = chunk(line(id="job-2", state="failed") + line(event="delta", data={"delta": "x"}))
    service.streams = [service.stream(chunk(b"oops\n"), Stall()), service.stream(other, *service.last)]
    with FaultServer(service) as server, face.promise(deadline=2.0):
        assert face.do(job_of(face, server).wait(timeout_ms=PATIENCE, poll_interval_ms=NEVER)).result_urls == [URL]
        assert (service.polls, streams(server)) == (2, 2)


@pytest.mark.parametrize("end", ["done", "failed"])
def test_fault_90(face: Face, end: str) -> None:
    """A last line without the output, as a part with only its fields: merged, and completed by a poll."""
    service = Service(end=end)
    last = chunk(line(data={"state": end}, fields=["state"]))
    part = chunk(line(data={"done": 0.5}, fields=["done"]))
    service.streams = [service.stream(chunk(RUNNING), part, Signal(service.ended), last, Stall())]
    with FaultServer(service) as server, face.promise(deadline=2.0):
        job, seen = job_of(face, server), list[tuple[str, int]]()
        options: Any = {
            "timeout_ms": PATIENCE,
            "poll_interval_ms": NEVER,
            "on_progress": lambda status: seen.append((status.raw_status, status.progress_percent)),
        }
        if end == "done":
            assert face.do(job.wait(**options)).result_urls == [URL]
        else:
            assert isinstance(face.failing(job.wait, **options), JobFailedError)
        assert seen == [("running", 25), ("running", 50)]
        assert (service.polls, streams(server)) == (1, 1)


def test_fault_91(face: Face) -> None:
    """A proxy that keeps the stream back until its end: the polls keep to their schedule, and end the wait."""
    service = Service()
    service.streams = [[ReadRequest(), Stall(until=service.ended), HEAD, chunk(RUNNING + DONE), END]]
    with FaultServer(service) as server, face.promise(deadline=3.0):
        polls: list[int] = []

        def see(status: Any) -> None:
            polls.append(service.polls)
            if service.polls == 4:
                service.ended.set()

        job = job_of(face, server)
        assert face.do(job.wait(timeout_ms=PATIENCE, poll_interval_ms=250, on_progress=see)).result_urls == [URL]
        assert polls == [1, 2, 3, 4]
        assert service.polls == 5
        assert streams(server) == 2

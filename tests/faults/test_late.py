"""What comes late, in part, or while somebody leaves: it is still read. And what never comes: it is not waited for."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from mirelo_ergo import AsyncMireloClient, ConfigurationError, MireloClient, NetworkError
from mirelo_ergo._runtime.http.asynchronous import AsyncIO, AsyncNetwork
from mirelo_ergo._runtime.http.blocking import BlockingIO, BlockingNetwork
from mirelo_ergo._runtime.io.deadline import Deadline, Timing
from mirelo_ergo._runtime.io.protocol import Reply, Request, TransportFailure, run
from mirelo_ergo._runtime.io.sent import SentTracker
from tests.faults import mirelo
from tests.faults.acts import ALL, Act, Kind, good
from tests.faults.harness import KEY, in_real_time
from tests.faults.leaks import running_threads
from tests.faults.server import FaultServer
from tests.faults.steps import Close, ReadRequest, Reset, Respond, Script, Send, Signal, Stall, chunked
from tests.faults.tls import Certificate, trust
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.faults.harness import Face

BODY = mirelo.accepted().body
HALF = BODY[:-9]
JSON = {"Content-Type": "application/json"}
tls_too = pytest.mark.parametrize("tls", [None, "valid"], ids=["plain", "TLS"])


@in_real_time
@tls_too
def test_fault_15_stood_still(
    face: Face, tls: Certificate | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process stands still until time is up (SIGSTOP, a frozen loop), on P: the answer in the socket is read."""
    answered, event, late = threading.Event(), SentTracker.event, [0.0]
    script: Script = [ReadRequest(), mirelo.accepted(), Signal(answered), Stall()]

    def stand_still(self: SentTracker, name: str, info: Mapping[str, Any]) -> None:
        event(self, name, info)
        if name.endswith("receive_response_headers.started"):
            answered.wait(60.0)
            late[0] = 120.0

    for clock in (BlockingIO, BlockingNetwork, AsyncIO, AsyncNetwork):
        monkeypatch.setattr(clock, "now", lambda _: time.monotonic() + late[0])
    monkeypatch.setattr(SentTracker, "event", stand_still)
    with (
        FaultServer([script], tls=tls) as server,
        Act(face, "submit", server, tmp_path, timeout_ms=60_000, verify=trust()) as act,
    ):
        assert act.run().job_id == mirelo.JOB_ID


CUT: dict[str, tuple[Script, bytes]] = {
    "length": ([ReadRequest(), Send(Respond(202, BODY, JSON).wire[:-9]), Close()], HALF),
    "reset": ([ReadRequest(), Send(Respond(202, BODY, JSON).wire[:-9]), Stall(0.05), Reset()], HALF),
    "stalled": ([ReadRequest(), Send(Respond(202, BODY, JSON).wire[:-9]), Stall()], HALF),
    "chunks": (
        [ReadRequest(), Send(Respond(202, chunked(BODY)[:-5], {"Transfer-Encoding": "chunked"}, False).wire), Close()],
        BODY,
    ),
    "bad chunk": (
        [
            ReadRequest(),
            Send(Respond(202, chunked(BODY)[:-5] + b"zz\r\n", {"Transfer-Encoding": "chunked"}).wire),
            Stall(),
        ],
        BODY,
    ),
    "gzip": (
        [ReadRequest(), Send(Respond(202, gzip.compress(BODY, 0), {"Content-Encoding": "gzip"}).wire[:-40]), Close()],
        BODY[:-32],
    ),
}


@pytest.mark.parametrize("how", CUT)
@tls_too
def test_what_came_of_an_answer_goes_with_its_failure(face: Face, how: str, tls: Certificate | None) -> None:
    script, body = CUT[how]
    with FaultServer([script], tls=tls) as server, face.promise(1.0):
        io = face.open(server.url, verify=trust())._io
        sent = SentTracker()
        flow = io.request(Request("POST", "/v2/jobs", b"{}", submit=True), Deadline(io.now, 0.5), sent)
        with pytest.raises(TransportFailure) as caught:
            run(flow) if face.colour == "sync" else face.do(flow)
        reply = caught.value.reply
        assert isinstance(reply, Reply)
        assert reply is sent.reply
        assert (reply.status, reply.headers.get("content-type", "application/json")) == (202, "application/json")
        assert reply.body == body
        assert reply.problem
        assert caught.value.sent == "yes"


def test_what_came_of_an_answer_is_there_after_a_cancellation() -> None:
    said = threading.Event()
    half = [ReadRequest(), Send(Respond(202, BODY, JSON).wire[:-9]), Signal(said), Stall()]

    async def work(server: FaultServer) -> None:
        async with AsyncMireloClient(KEY, base_url=server.url) as client:
            sent = SentTracker()
            request = Request("POST", "/v2/jobs", b"{}", submit=True)
            task = asyncio.ensure_future(client._io.request(request, Deadline(client._io.now, 9.0), sent))
            await asyncio.to_thread(said.wait, 60.0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert sent.reply is not None
            assert sent.reply.body == HALF

    with FaultServer([half]) as server:
        asyncio.run(work(server))


@pytest.mark.parametrize("kind", ["submit", "read"])
def test_what_is_in_flight_at_close_comes_to_its_end(face: Face, kind: Kind, tmp_path: Path) -> None:
    release = threading.Event()
    with (
        FaultServer([[ReadRequest(), Stall(until=release), good(kind)]]) as server,
        Act(face, kind, server, tmp_path) as act,
        face.promise(2.0),
    ):
        under_way = act.start()
        act.meanwhile(server.wait_for, 1)
        face.do(act.client.close() if face.colour == "sync" else act.client.aclose())
        error = face.failing(act.call)
        act.runs -= 1
        assert isinstance(error, ConfigurationError)
        release.set()
        assert under_way() is not None
        act.meanwhile(until, lambda: server.still_open == 0)
        assert server.accepted == 1


def _at(monkeypatch: pytest.MonkeyPatch, name: str, addresses: list[str]) -> None:
    """Let a name be at these addresses."""
    real = socket.getaddrinfo

    def getaddrinfo(host: str, *args: Any, **options: Any) -> Any:
        if host != name:
            return real(host, *args, **options)
        return [entry for address in addresses for entry in real(address, *args, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def test_fault_04_addresses(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host with many addresses that do not answer: one connect time-out for all of them together."""
    _at(monkeypatch, "dead.test", ["127.0.0.1"] * 6)
    with FaultServer(start="hang") as server, face.promise(0.6):
        url = f"http://dead.test:{server.port}"
        client = face.open(url, allow_private_hosts=True, retries=0, timing=Timing(connect=0.6))
        error = face.failing(client.me)
        assert isinstance(error, NetworkError)
        assert error.sent == "no"
        assert "no connection in time" in error.message


@pytest.mark.parametrize("first", ["refuses", "hangs", "is unknown"])
def test_fault_04_the_next_address(face: Face, first: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host whose first address does not answer: the next one is tried before the connect time-out."""
    with FaultServer([mirelo.me()]) as server, face.promise(5.0), socket.socket() as other:
        _at(monkeypatch, "two.test", ["::ffff:0.0.0.0" if first == "is unknown" else "127.0.0.2", "127.0.0.1"])
        other.bind(("127.0.0.2", server.port))
        fillers = [socket.socket() for _ in range(4)]
        if first == "hangs":
            other.listen(0)
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(("127.0.0.2", server.port))
        client = face.open(f"http://two.test:{server.port}", allow_private_hosts=True, retries=0)
        assert face.do(client.me()).credits_available == 1000
        for filler in fillers:
            filler.close()


@pytest.mark.parametrize("kind", ALL)
def test_fault_03_slow(kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that does not answer: the async client does not wait longer than for a connection."""
    from tests.faults.harness import Face as Made

    release, real, before = threading.Event(), socket.getaddrinfo, running_threads()

    def getaddrinfo(host: str, *args: Any, **options: Any) -> Any:
        if host == "slow.test":
            release.wait(20.0)
            raise socket.gaierror(socket.EAI_NONAME, "not known")
        return real(host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    face = Made("async")
    try:
        with (
            FaultServer() as server,
            Act(face, kind, server, tmp_path, url="https://slow.test", timing=Timing(connect=0.2), retries=0) as act,
            face.promise(0.2),
        ):
            error = act.unsent(attempts=1)
            assert "slow.test was not found in time" in error.message
    finally:
        release.set()
        face.close()
    until(lambda: running_threads() <= before)


@tls_too
def test_a_loop_that_cannot_watch_sockets_works_too(tls: Certificate | None) -> None:
    async def work(url: str) -> list[object]:
        async with AsyncMireloClient(KEY, base_url=url, verify=trust()) as client:
            job = await client.text_to_sfx("rain").submit_job()
            return [job.job_id, (await client.me()).credits_available]

    answers = [mirelo.accepted(), mirelo.me()]
    with FaultServer(answers, tls=tls) as server, asyncio.Runner(loop_factory=_blind) as runner:
        assert runner.run(work(server.url)) == [mirelo.JOB_ID, 1000]


def _blind() -> asyncio.AbstractEventLoop:
    """Make a loop that cannot watch sockets, as Windows' own cannot."""
    loop: Any = asyncio.SelectorEventLoop()

    def refuse(*_: Any) -> None:
        raise NotImplementedError  # as such a loop does

    loop.add_reader = loop.add_writer = refuse
    made: asyncio.AbstractEventLoop = loop
    return made


def test_tls_connections_are_kept_and_used_again(face: Face) -> None:
    with FaultServer([mirelo.me()], tls="valid") as server, face.promise(2.0):
        client = face.open(server.url, verify=trust())
        for _ in range(5):
            face.do(client.me())
        assert server.accepted == 1


def test_a_client_that_is_never_used_opens_nothing() -> None:
    with FaultServer() as server:
        MireloClient(KEY, base_url=server.url).close()
        assert server.accepted == 0

"""Preconnected submits: the connection is used only if it is proved fresh, and never loses a request."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from mirelo_ergo import Video
from mirelo_ergo._runtime.http import connections, preconnect
from mirelo_ergo._runtime.http.blocking import _Thread
from mirelo_ergo._runtime.io.deadline import Deadline
from mirelo_ergo._runtime.io.protocol import Request, run
from mirelo_ergo._runtime.io.sent import SentTracker
from tests.faults import mirelo
from tests.faults.acts import CLIP, TOKEN
from tests.faults.harness import SIGNATURE
from tests.faults.leaks import LeakCheck
from tests.faults.server import FaultServer, Routes
from tests.faults.steps import Close, ReadRequest, Reset, Respond, Script, Send, Signal, Stall
from tests.faults.tls import Certificate, trust
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.faults.harness import Face

tls_too = pytest.mark.parametrize("tls", [None, "valid"], ids=["plain", "TLS"])


@pytest.fixture(autouse=True)
def always_worth_it(no_preconnection: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "WORTH", 0.0)


class Service:
    """Give each submit a job of its own."""

    def __init__(self) -> None:
        self.submits = 0

    def __call__(self, request: Any) -> Script:
        if request.method == "GET":
            return mirelo.succeeded("https://results.test/1.wav") if "/jobs/" in request.path else mirelo.me()
        self.submits += 1
        return mirelo.accepted(f"job-{self.submits}")


def submit(face: Face, client: Any) -> str:
    job_id: str = face.do(client.text_to_sfx("rain").submit_job()).job_id
    return job_id


def wait_for(face: Face, condition: Callable[[], bool]) -> None:
    """Wait for the server's side, while the client's goes on."""
    if face.colour == "sync":
        until(condition)
    else:
        face.do(asyncio.to_thread(until, condition))


def opened(face: Face, client: Any, server: FaultServer, accepted: int) -> Any:
    """Wait until the client has opened a connection ahead, which is the server's last; return it."""
    kept = client._io.http._connections._preconnected
    assert kept is not None
    came = kept._work.wait(60.0)
    assert run(came) if face.colour == "sync" else face.do(came)
    wait_for(face, lambda: server.accepted == accepted)
    return kept


@contextmanager
def two_submits(face: Face, tls: Certificate | None = None, deadline: float = 5.0) -> Iterator[tuple[Any, FaultServer]]:
    """Yield a client that has made an account request and two submits, and its server: a third one is likely."""
    with FaultServer(Service(), tls=tls) as server, face.promise(deadline):
        client = face.open(server.url, verify=trust())
        face.do(client.me())
        assert submit(face, client) == "job-1"
        assert server.accepted == 2, "one submit makes no other likely"
        assert submit(face, client) == "job-2"
        yield client, server


@tls_too
def test_the_third_submit_in_a_row_finds_its_connection_open(face: Face, tls: Certificate | None) -> None:
    with two_submits(face, tls) as (client, server):
        opened(face, client, server, 4)
        assert submit(face, client) == "job-3"
        opened(face, client, server, 5)
        assert [post.connection for post in mirelo.submits(server.requests)] == [2, 3, 4]


def test_there_is_one_at_most(face: Face) -> None:
    with two_submits(face) as (client, server):
        opened(face, client, server, 4)

        async def say_it_often() -> None:
            for _ in range(5):
                client._io.preconnect()

        flow = say_it_often()
        run(flow) if face.colour == "sync" else face.do(flow)
        server.assert_quiet()
        assert server.accepted == 4


def test_one_that_is_too_old_is_closed_and_not_used(face: Face) -> None:
    with two_submits(face) as (client, server):
        opened(face, client, server, 4)
        client._io.http._network.move(preconnect.FRESH)  # of the client's own clock
        assert submit(face, client) == "job-3"
        assert mirelo.submits(server.requests)[-1].connection == 5
        wait_for(face, lambda: server.still_open == 4)


def test_nothing_of_it_is_left_after_close(face: Face) -> None:
    with two_submits(face) as (client, server):
        opened(face, client, server, 4)
        face.do(client.close() if face.colour == "sync" else client.aclose())
        wait_for(face, lambda: server.still_open == 0)
        assert server.accepted == 4


def test_nothing_of_it_is_left_when_it_is_closed_while_it_opens(face: Face) -> None:
    with two_submits(face, deadline=20.0) as (client, server):  # connecting may take 10 s of it
        server.hang()
        face.do(client.close() if face.colour == "sync" else client.aclose())
        server.listen()
        wait_for(face, lambda: server.still_open == 0)


def test_an_interrupt_forgets_it(face: Face) -> None:
    with two_submits(face) as (client, server):
        opened(face, client, server, 4)

        async def interrupted() -> None:
            with pytest.raises(KeyboardInterrupt):
                await client._io.request(Request("GET", "/v2/me"), Deadline(client._io.now, 5.0), Interrupting())

        flow = interrupted()
        run(flow) if face.colour == "sync" else face.do(flow)
        wait_for(face, lambda: server.still_open == 2)
        assert submit(face, client) == "job-3"
        assert mirelo.submits(server.requests)[-1].connection == 5


class Interrupting(SentTracker):
    """Hear of an attempt's events: Ctrl-C strikes when its head is about to leave."""

    def event(self, name: str, info: Mapping[str, Any]) -> None:
        super().event(name, info)
        if name.endswith("send_request_headers.started"):
            raise KeyboardInterrupt


def test_the_child_of_a_fork_has_none_and_leaves_the_parents_alone(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    with two_submits(face) as (client, server):
        kept = opened(face, client, server, 4)
        pid = os.getpid()
        monkeypatch.setattr(os, "getpid", lambda: pid + 1)
        http = client._io.http
        http._leave_parent()
        assert http._connections._preconnected is None
        monkeypatch.undo()
        assert server.still_open == 4, "the parent's is not closed"
        kept.stop()
        for connections_of in http._inherited:
            flow = connections_of.close()
            run(flow) if face.colour == "sync" else face.do(flow)


@tls_too
def test_a_client_that_submits_nothing_opens_none(face: Face, tls: Certificate | None) -> None:
    with FaultServer(Service(), tls=tls) as server, face.promise(5.0):
        client = face.open(server.url, verify=trust())
        for _ in range(3):
            face.do(client.me())
            face.do(client.job(TOKEN).wait())
        server.assert_quiet()
        assert server.accepted == 1


# --- beside an upload, and beside the question what it costs -------------------------------------------------------


class When(threading.Event):
    """An event that is set when something holds."""

    def __init__(self, holds: Callable[[], bool]) -> None:
        super().__init__()
        self._holds = holds

    def is_set(self) -> bool:
        return self._holds()


@contextmanager
def uploading(
    face: Face, scripts: list[Script], tls: Certificate | None, answered: Callable[[FaultServer], bool]
) -> Iterator[tuple[Any, FaultServer]]:
    """Yield the call that uploads a clip and submits it, and its API, whose later connections take these scripts.

    The store's answer comes when this holds of the API.
    """
    with FaultServer(tls=tls) as api:
        store: Script = [ReadRequest(), Stall(until=When(lambda: answered(api))), Respond(200)]
        with FaultServer([store], tls=tls) as host, face.promise(5.0):
            api.play([mirelo.asset(f"{host.url}/put?{SIGNATURE}"), *scripts])
            client = face.open(api.url, verify=trust())
            yield client.video_to_sfx(Video.from_bytes(CLIP), duration_ms=2000).submit_job, api


@tls_too
def test_an_uploads_last_byte_opens_the_submits_connection(face: Face, tls: Certificate | None) -> None:
    """The store's answer comes only when the API has been connected to once more: nobody would, if not ahead."""
    accepted = mirelo.accepted(operation=mirelo.VIDEO_TO_SFX)
    with uploading(face, [accepted], tls, lambda api: api.accepted == 2) as (call, api):
        assert face.do(call()).job_id == mirelo.JOB_ID
        assert [request.connection for request in api.requests] == [1, 2]


STRANGER = mirelo.accepted("a-strangers-job").wire
SPOILT: dict[str, list[Any]] = {
    "an answer": [Send(STRANGER)],
    "half an answer": [Send(STRANGER[:40])],
    "garbage": [Send(b"\0\1garbage\r\n\r\n")],
    "one byte": [Send(b"H")],
    "an answer and an end": [Send(STRANGER), Close()],
    "an end": [Send(b""), Close()],
    "a reset": [Send(b""), Reset()],
    "a reset at once": [Reset()],
}


@tls_too
@pytest.mark.parametrize("how", SPOILT)
def test_what_comes_on_it_before_the_submit_is_never_its_answer(face: Face, how: str, tls: Certificate | None) -> None:
    """The server says something, or hangs up: another connection is opened, and the request goes out once."""
    said = threading.Event()
    spoilt: Script = [*SPOILT[how], Signal(said), *([] if Close() in SPOILT[how] else [Stall()])]

    def is_spoilt(api: FaultServer) -> bool:
        return said.is_set() or (how.startswith("a reset") and api.accepted == 2 and api.still_open == 1)

    with uploading(face, [spoilt, mirelo.accepted()], tls, is_spoilt) as (call, api):
        assert face.do(call()).job_id == mirelo.JOB_ID
        assert len(mirelo.submits(api.requests)) == 1
        assert api.requests[-1].connection == 3


def test_one_that_cannot_be_opened_is_nobodys_failure(face: Face) -> None:
    refused = threading.Event()

    def go_on(api: FaultServer) -> bool:
        if not refused.is_set():
            refused.set()
            return False
        return True

    with uploading(face, [mirelo.accepted()], None, go_on) as (call, api):
        client = call.__self__._core
        refuse_preconnect(client.runtime.io.http._connections, api)
        assert face.do(call()).job_id == mirelo.JOB_ID
        assert api.accepted == 2


def refuse_preconnect(of: Any, api: FaultServer) -> None:
    """Let the port refuse while a connection is opened ahead."""
    preconnect = of.preconnect

    def refusing(route: Any, waits: Any) -> None:
        api.refuse()
        preconnect(route, waits)
        kept = of._preconnected
        until(lambda: kept._work is not None)
        if isinstance(kept._work, _Thread):
            run(kept._work.wait(60.0))
            api.listen()
        else:
            kept._work._task.add_done_callback(lambda _: api.listen())

    of.preconnect = refusing


@pytest.mark.parametrize("limit", [None, 5000])
def test_the_question_what_it_costs_opens_the_submits_connection(face: Face, limit: int | None) -> None:
    """With a limit, the price comes only when the API has been connected to once more."""
    with FaultServer() as api, face.promise(5.0):
        priced: Script = [ReadRequest(), Stall(until=When(lambda: api.accepted == 2)), mirelo.preflight(10)]
        api.play(Routes({"GET /v2/me": [mirelo.me()], "GET *": [priced], "POST *": [mirelo.accepted()]}))
        client = face.open(api.url, max_credits=limit)
        face.do(client.me())
        assert face.do(client.text_to_sfx("rain").submit_job()).job_id == mirelo.JOB_ID
        assert [request.connection for request in api.requests] == ([1, 2] if limit is None else [1, 1, 2])


def test_a_thread_whose_start_was_interrupted_runs_to_its_end_or_not_at_all() -> None:
    """Ctrl-C at each moment of starting it, which leaves no lock taken that the thread needs."""
    moments = 0
    with LeakCheck():
        while _is_interrupted(moments, lambda: _Thread(_nothing)):
            moments += 1
    assert moments > 1


async def _nothing() -> None:
    return


def _is_interrupted(moment: int, act: Callable[[], object]) -> bool:
    """Interrupt a call at its n-th moment, as CPython does it: where a function begins, or one of C has returned."""
    left = [moment]

    def strike(frame: object, what: str, _: object) -> None:
        left[0] -= what in ("call", "c_return")
        if left[0] < 0:
            raise KeyboardInterrupt

    sys.setprofile(strike)
    try:
        act()
    except KeyboardInterrupt:
        return True
    finally:
        sys.setprofile(None)
    return False

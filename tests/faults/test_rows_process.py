"""Rows 70 to 72 of the fault matrix (docs/reliability.md): Ctrl-C and cancelled tasks, forks and event loops.

The sync client is interrupted in a child process, by a real SIGINT.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from mirelo_ergo_api.mirelo_v2.api.account import get_me

from mirelo_ergo import AsyncMireloClient, ConfigurationError
from mirelo_ergo._runtime.api.requests import fingerprint
from mirelo_ergo._runtime.io.protocol import Request
from tests.faults import mirelo
from tests.faults.children import Child
from tests.faults.harness import KEY, SIGNATURE, Face, in_real_time
from tests.faults.interrupts import TOKEN, Call, Place, announcing, cancelled, prepare, told
from tests.faults.server import FaultServer, Routes
from tests.faults.steps import ReadBytes, ReadRequest, Respond, Script, Send, Stall
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.faults.wire import Received

PROMPT = 15.0
"""Seconds in which Ctrl-C or a cancellation must be through: half of the shortest wait that it ends."""
LIMIT = 30.0
"""Seconds that a caller gives a submit, shorter than each of the client's own limits; no test waits for them."""
WAV = b"RIFF" + (1 << 20).to_bytes(4, "little") + b"WAVE" + bytes((1 << 20) - 4)
JOBS = f"{mirelo.TEXT_TO_SFX}/jobs"


@pytest.fixture(scope="module")
def interrupts() -> Iterator[Child]:
    """Start the one child process that all interrupted calls of the sync client are made in."""
    with Child("interrupts") as child:
        yield child


class Stage:
    """An API and a storage, of which one leaves a call stuck in a place."""

    def __init__(self, api: FaultServer, storage: FaultServer, call: Call, place: Place) -> None:
        self.api, self.storage = api, storage
        self.stuck = storage if call in ("upload", "download") else api
        put, get = f"{storage.url}/put?{SIGNATURE}", f"{storage.url}/1?{SIGNATURE}"
        stuck = _stuck_script(call, place)
        routes: dict[str, list[Script]] = {
            "POST /v2/assets": [mirelo.asset(put)],
            "GET /v2/me": [mirelo.me()],
            "GET */jobs/*": [mirelo.succeeded(get)],
            "POST *": [mirelo.accepted()],
        }
        own = {"me": "GET /v2/me", "wait": "GET */jobs/*"}.get(call, "POST *")
        if self.stuck is api:
            routes[own] = [stuck]
        else:
            storage.play(Routes({"*": [stuck]}))
        api.play(Routes(routes))
        if place == "connect":
            self.stuck.hang()

    def confirm(self, place: Place) -> None:
        """Wait until the server has all that was sent to it."""
        if place == "answer":
            self.stuck.wait_for(1)

    def heal(self) -> None:
        """Let everything go well from here on."""
        self.api.play(Routes({"GET /v2/me": [mirelo.me()]}))
        self.stuck.listen()


def _stuck_script(call: Call, place: Place) -> Script:
    if place == "sleep":
        if call == "wait":
            return mirelo.processing()
        status = 429 if call == "submit" else 503
        return mirelo.api_error(status, "server_error", Retry_After="30")
    if place == "answer":
        return [ReadRequest(), Stall()]
    if call == "upload":
        return [ReadBytes(1 << 18), Stall()]
    answer = Respond(200, WAV, {"Content-Type": "audio/wav"}) if call == "download" else mirelo.me()
    return [ReadRequest(), Send(answer.wire[: len(answer.head) + len(answer.body) // 2]), Stall()]


def interrupted(face: Face, child: Child, stage: Stage, call: Call, place: Place, folder: Path) -> dict[str, Any]:
    """Interrupt a call in its place, check that this is prompt and the client of use afterwards, and tell its end."""
    if face.colour == "sync":
        child.tell(stage.api.url, call, place, stage.stuck.port, str(folder))
        assert child.hear() == {"reached": place}
        stage.confirm(place)
        child.wait_until_blocked()
        stopped = time.monotonic()
        os.kill(child.pid, signal.SIGINT)
        fate = child.hear()
        stage.heal()
        child.tell()
        assert child.hear() == {"credits": 1000}
    else:
        client = face.open(stage.api.url, timeout_ms=60_000)
        made = prepare(face, client, call, folder)
        with face.promise(deadline=5.0):
            reached = asyncio.Event()
            with announcing(client, call, place, stage.stuck.port, reached.set):
                error, stopped, ended = face.loop.run_until_complete(
                    cancelled(made, reached, partial(stage.confirm, place))
                )
            face.errors.append(error)
        fate = told(error, ended)
        stage.heal()
        assert face.do(client.me()).credits_available == 1000
    assert fate["kind"] == ("KeyboardInterrupt" if face.colour == "sync" else "CancelledError")
    assert 0 <= fate["at"] - stopped < PROMPT
    assert list(folder.iterdir()) == []
    return fate


STOPS: list[tuple[Call, Place]] = [
    (call, place)
    for call in ("me", "wait", "submit", "upload", "download")
    for place in ("sleep", "connect", "body")
    if (call, place) != ("submit", "body")  # a submit whose bytes have left is row 71
]


@in_real_time
@pytest.mark.parametrize(("call", "place"), STOPS)
def test_fault_70(face: Face, interrupts: Child, call: Call, place: Place, tmp_path: Path) -> None:
    """Ctrl-C or task cancel in sleep, connect and body: out at once, the client of use, the job's token in a note."""
    with FaultServer() as api, FaultServer(receive_buffer=1 << 14) as storage:
        stage = Stage(api, storage, call, place)
        fate = interrupted(face, interrupts, stage, call, place, tmp_path)
        assert (fate["causes"], fate["unknown"]) == ([], None)
        assert [TOKEN in note for note in fate["notes"]] == [True] * (call in ("wait", "download"))
        assert len(mirelo.submits(api.requests)) == ((call, place) == ("submit", "sleep"))  # the one that was refused
        assert api.requests[-1].path == "/v2/me"
        for server in (api, storage):
            server.assert_quiet(0.05)


def check_unknown(fate: dict[str, Any], posts: list[Received], *, accepted: bool | None = None) -> None:
    (post,) = posts
    unknown = fate["unknown"]
    assert fate["causes"][-1] == "SubmitOutcomeUnknown"
    assert (unknown["sent"], unknown["accepted"], unknown["retryable"]) == ("yes", accepted, False)
    assert (unknown["code"], unknown["http_status"]) == ("network_error", 0)
    assert unknown["fingerprint"] == fingerprint(Request("POST", post.path, post.body))
    assert "may charge twice" in unknown["message"]
    assert [note for note in fate["notes"] if unknown["message"] in note]


@in_real_time
@pytest.mark.parametrize("place", ["answer", "body"])
@pytest.mark.parametrize("call", ["submit", "run", "sync"])
def test_fault_71(face: Face, interrupts: Child, call: Call, place: Place, tmp_path: Path) -> None:
    """Stopped after a POST's bytes left: the interrupt comes out, and carries the unknown outcome as its cause."""
    with FaultServer() as api, FaultServer() as storage:
        stage = Stage(api, storage, call, place)
        fate = interrupted(face, interrupts, stage, call, place, tmp_path)
        assert fate["causes"] == ["SubmitOutcomeUnknown"]
        check_unknown(fate, mirelo.submits(api.requests), accepted=True if place == "body" else None)
        assert [request.method for request in api.requests] == ["POST", "GET"]
        api.assert_quiet(0.05)


@pytest.mark.parametrize("way", ["timeout", "wait_for", "task group"])
def test_fault_71_in_a_frame(way: str, caplog: pytest.LogCaptureFixture) -> None:
    """The ways asyncio itself stops a submit: the unknown outcome is in the chain, or at least in the log."""
    with FaultServer([[ReadRequest(), Stall()]]) as server:

        async def let_time_pass() -> None:
            """Move the event loop's clock to the limit once the request has left."""
            await asyncio.to_thread(server.wait_for, 1)
            loop = asyncio.get_running_loop()
            real = loop.time
            loop.time = lambda: real() + LIMIT  # type: ignore[method-assign]

        async def stopped() -> BaseException:
            async with AsyncMireloClient(KEY, base_url=server.url) as client:
                submit = client.text_to_sfx("rain").submit_job
                passing = asyncio.create_task(let_time_pass())
                try:
                    if way == "timeout":
                        async with asyncio.timeout(LIMIT):
                            await submit()
                    elif way == "wait_for":
                        await asyncio.wait_for(submit(), LIMIT)
                    else:
                        async with asyncio.TaskGroup() as group:
                            group.create_task(submit())
                            await passing
                            raise LookupError("of a neighbour")
                except (TimeoutError, ExceptionGroup) as error:
                    assert passing.done()
                    return error
                raise AssertionError("nothing stopped it")

        with caplog.at_level("WARNING"):
            error = asyncio.run(stopped())
        (post,) = server.requests
        if way != "task group":  # a group drops the errors of the tasks it cancels
            fate = told(error, 0.0)
            assert (fate["kind"], fate["causes"]) == ("TimeoutError", ["CancelledError", "SubmitOutcomeUnknown"])
            check_unknown(fate, [post])
        (record,) = caplog.records
        assert "may charge twice" in record.getMessage()


def test_fault_71_in_a_wait(caplog: pytest.LogCaptureFixture) -> None:
    """A task group drops the cancellation that ends `run()` in its wait: the log leads to the job that was paid."""
    api = Routes({"POST *": [mirelo.accepted()], "GET *": [mirelo.processing()]})
    with FaultServer(api) as server:

        async def stopped() -> None:
            async with AsyncMireloClient(KEY, base_url=server.url) as client, asyncio.TaskGroup() as group:
                group.create_task(client.text_to_sfx("rain").run(poll_interval_ms=1))
                await asyncio.to_thread(server.wait_for, 2)
                raise LookupError("of a neighbour")

        with caplog.at_level("WARNING"), pytest.raises(ExceptionGroup):
            asyncio.run(stopped())
    (record,) = caplog.records
    assert f"client.job('mirelo2:text-to-sfx:v1.5:{mirelo.JOB_ID}:" in record.getMessage()


MOMENTS = {"before": 1000, "child": 2000, "parent": 3000, "after": 4000}
PREFIXES = [(name, first // 100) for name, first in MOMENTS.items()]


class Priced:
    """A service whose preflight costs what it lasts, so that an answer shows whose it is; it may hold one submit."""

    def __init__(self, held: int | None) -> None:
        self._held = held
        self.release = threading.Event()
        self._posts = 0

    def __call__(self, request: Received) -> Script:
        url = urlsplit(request.path)
        if url.path.endswith("/preflight"):
            return mirelo.preflight(int(parse_qs(url.query)["duration_ms"][0]))
        if request.method == "GET":
            return mirelo.succeeded("https://results.test/1.wav")
        self._posts += 1
        if self._posts == self._held:
            return [ReadRequest(), Stall(until=self.release), mirelo.accepted()]
        return mirelo.accepted()


@pytest.mark.parametrize("busy", ["", "busy"])
def test_fault_72(face: Face, busy: str) -> None:
    """Fork a client that was made and used: each process has connections of its own, and both work.

    Busy is a submit under way in another thread, or for the async client a fork from within its running loop.
    """
    held = busy if face.colour == "sync" else ""
    service = Priced(held=2 if held else None)
    mode = "forks" if face.colour == "sync" else "async_forks"
    with FaultServer(service) as server, Child(mode, server.url, busy) as child:
        expected = {name: [*range(first, first + 5), "https://results.test/1.wav"] for name, first in MOMENTS.items()}
        assert child.hear() == {"before": expected["before"]}
        if held:
            server.wait_for(8)
            child.tell()
        assert child.hear() == {"parent": expected["parent"]}
        assert child.hear() == {"status": 0}
        assert child.hear() == {"after": expected["after"]}
        service.release.set()
        reads = [request for request in server.requests if "?" in request.path]
        used = {name: {r.connection for r in reads if f"duration_ms={first}" in r.path} for name, first in PREFIXES}
        assert all(len(connections) == 1 for connections in used.values())
        assert not used["child"] & (used["before"] | used["parent"] | used["after"])
        paid = sorted(request.json["duration_ms"] for request in mirelo.submits(server.requests))
        assert paid == [1000, 2000, 3000, 4000, *([10_000] if held else [])]


def test_fault_72_two_loops(face: Face) -> None:
    """A second live loop: a clear error before anything is sent. The blocking client minds no loops at all."""
    with FaultServer([mirelo.me()]) as server, face.promise(deadline=1.0):
        client = face.open(server.url)
        assert face.do(client.me()).credits_available == 1000

        async def elsewhere() -> None:
            if face.colour == "sync":
                assert client.me().credits_available == 1000
                return
            job = client.job(TOKEN)
            rain = client.text_to_sfx("rain")
            for call in (client.me, rain.submit_job, rain.sync_i_accept_http_timeout_risk, job.status, job.wait):
                with pytest.raises(ConfigurationError, match="another event loop: make one client per loop"):
                    await call()
            with pytest.raises(ConfigurationError, match="another event loop"):
                await get_me.asyncio(client=client.low_level)

        asyncio.run(elsewhere())
        thread = threading.Thread(target=asyncio.run, args=[elsewhere()])
        thread.start()
        thread.join()
        assert face.do(client.me()).credits_available == 1000
        assert {request.connection for request in server.requests} == {1}
        assert len(server.requests) == (2 if face.colour == "async" else 4)


def test_fault_72_loops_in_turn() -> None:
    """A loop after a closed one: fresh connections, and none of the old ones left open."""
    with FaultServer([mirelo.me()]) as server:
        client = AsyncMireloClient(KEY, base_url=server.url)

        async def used() -> None:
            assert (await client.me()).credits_available == 1000
            assert await get_me.asyncio(client=client.low_level) is not None

        async def used_and_closed() -> None:
            await asyncio.gather(*[used() for _ in range(3)])
            await client.aclose()

        connections: list[set[int]] = []
        for main in (used, used, used_and_closed):
            before = len(server.requests)
            asyncio.run(main())
            connections.append({request.connection for request in server.requests[before:]})
            until(lambda: not server.still_open, "a connection outlived its loop")
        first, second, third = connections
        assert not first & second
        assert not second & third

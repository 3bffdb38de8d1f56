"""The emulator's own limits: on sizes and numbers, and on the requests of other sites."""

from __future__ import annotations

import asyncio
import io
import logging
import socket
import threading
import time
import wave
from contextlib import ExitStack
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from unittest.mock import Mock
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.responses import Response
from starlette.routing import Route

from mirelo_ergo import AsyncMireloClient, Video
from mirelo_ergo.emulator import Emulator, faults, running
from mirelo_ergo.emulator.web import connections
from mirelo_ergo.emulator.web.wire import MAX_BODY
from tests.emulator.support import TEXT, Api, answering, error_of, put, store_error_of
from tests.support.waiting import GUARD, until

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path


WHOLE = b"GET /v2/me HTTP/1.1\r\nHost: x\r\n\r\n"
HALF_A_BODY = b"POST /v2/assets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk-1\r\nContent-Length: 9\r\n\r\n{}"


def connected(emu: Emulator) -> socket.socket:
    parts = urlsplit(emu.url)
    wire = socket.create_connection((parts.hostname or "", parts.port or 0))
    wire.settimeout(GUARD)
    return wire


def gone(wire: socket.socket) -> bool:
    """Read to the end of a connection, for 10 s at most; return whether it has one."""
    try:
        while wire.recv(4096):
            pass
    except TimeoutError:
        return False
    except ConnectionResetError:
        pass
    return True


# Bodies and headers


def test_no_route_takes_a_body_over_the_cap(shared: Api) -> None:
    application = shared.emu._application
    services = {url: application._app(name).routes for name, url in shared.emu.urls.items()}
    services[shared.emu.url] = [*services[shared.emu.url], *application._own]
    tried = 0
    with httpx.Client(headers={"authorization": f"Bearer {shared.emu.key}"}, verify=False) as http:
        for base, routes in services.items():
            for route in routes:
                assert isinstance(route, Route)
                for method in (route.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}:
                    path = route.path.replace("{", "").replace("}", "")
                    if method == "DELETE" or path.startswith("/store/"):
                        continue  # these read none; this has a cap of its own, in test_assets
                    body = {"prompt": "x" * MAX_BODY}
                    answer = http.request(method, base + path, json=body)
                    assert 400 <= answer.status_code < 500, f"{method} {path}: {answer.status_code}"
                    tried += 1
    assert tried > 20


def test_a_body_where_none_belongs_is_not_kept(shared: Api) -> None:
    with connected(shared.emu) as wire:
        head = f"GET /v2/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {shared.emu.key}\r\nContent-Length: {1 << 40}"
        wire.sendall(f"{head}\r\n\r\n".encode())
        assert wire.recv(4096).startswith(b"HTTP/1.1 200 ")
        wire.sendall(bytes(8 << 20))
    assert shared.balance() == 10_000
    assert shared.emu.requests[-2].body_bytes < 1 << 20


@pytest.mark.parametrize("head", ["GET /v2/me?{} HTTP/1.1\r\n", "GET /v2/me HTTP/1.1\r\nX-Long: {}\r\n"])
def test_long_headers_are_refused(shared: Api, head: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    with connected(shared.emu) as wire:
        wire.sendall(head.format("x" * (1 << 17)).encode())
        assert wire.recv(12) == b"HTTP/1.1 400"
    assert shared.balance() == 10_000


# Disk


def test_announced_uploads_count_before_they_are_there(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mirelo_ergo.emulator.disk.MAX_DISK", 100)
    parts = urlsplit(api.open_upload()[1])
    head = (
        f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: x\r\nContent-Type: video/mp4\r\nContent-Length: 60\r\n\r\n"
    )
    folder = api.emu._state.disk.folder
    with connected(api.emu) as wire:
        wire.sendall(head.encode())
        until(lambda: any(folder.iterdir()))
        assert store_error_of(put(api.open_upload()[1], b"x" * 60)) == (500, "server_error")
        assert put(api.open_upload()[1], b"x" * 40).status_code == 200
    until(lambda: len(list(folder.iterdir())) == 1)
    assert put(api.open_upload()[1], b"x" * 60).status_code == 200, "what never came does not count any more"


def test_a_download_without_a_length_ends_at_the_cap(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(100):
            try:
                handler.wfile.write(bytes(100_000))
            except OSError:
                return

    monkeypatch.setattr("mirelo_ergo.emulator.disk.MAX_DISK", 1_000_000)
    monkeypatch.setattr("mirelo_ergo.emulator.disk.STEP", 10_000)
    with answering(drip) as base:
        body = {"video": {"type": "url", "video_url": f"{base}/clip.mp4"}, "duration_ms": 1000}
        answer = api.post("/v2/video-to-sfx/v1.5/jobs", body)
    assert error_of(answer) == (500, "server_error")
    assert list(api.emu._state.disk.folder.iterdir()) == []


def test_a_sound_that_decodes_to_too_much_ends_at_the_cap(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    small = io.BytesIO()
    with wave.open(small, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(bytes(8000 * 20))  # twenty seconds in 160 KB, which become 3.8 MB
    audio = api.upload(small.getvalue())
    monkeypatch.setattr("mirelo_ergo.emulator.disk.MAX_DISK", 1_000_000)
    monkeypatch.setattr("mirelo_ergo.emulator.disk.STEP", 10_000)
    answer = api.post("/v2/extend-audio/v1.6/jobs", {"audio": audio, "append_duration_ms": 1000})
    assert error_of(answer) == (500, "server_error")
    assert [path.name.partition("-")[0] for path in api.emu._state.disk.folder.iterdir()] == ["upload"]


# Memory


def test_old_requests_are_forgotten_when_they_hold_too_much(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mirelo_ergo.emulator.web.traffic.MAX_KEPT", 50_000)
    for number in range(12):
        api.submit(TEXT, prompt=f"{number} " + "x" * 4_900)
    traffic = api.emu._state.requests
    assert 5 < len(api.emu.requests) < 12
    assert api.emu.requests[-1].json["prompt"].startswith("11 ")
    held = sum(len(seen.body) + len(seen.answer) for seen in api.emu.requests)
    assert held < traffic._kept <= 50_000
    monkeypatch.setattr("mirelo_ergo.emulator.web.traffic.MAX_RECORDS", 3)
    for _ in range(10):
        api.balance()
    assert len(api.emu.requests) == 3


# Connections and addresses


def test_connections_over_the_cap_are_told_so(emu: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 3)
    emu.add_fault(faults.Rule("me", faults.NoAnswer()))
    held = [connected(emu) for _ in range(3)]
    try:
        for wire in held:
            wire.sendall(b"GET /v2/me HTTP/1.1\r\nHost: x\r\n\r\n")
        until(lambda: len(emu.requests) == 3)
        emu.clear_faults()
        with connected(emu) as wire:
            assert wire.recv(4096).startswith(b"HTTP/1.1 503 ")
            assert wire.recv(4096) == b""
        held.pop().close()
        until(lambda: len(emu._server.server_state.connections) == 2)
        with Api(emu) as api:
            assert api.balance() == 10_000
    finally:
        for wire in held:
            wire.close()


def test_a_new_connection_takes_the_place_of_the_oldest_that_has_no_request(
    emu: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 3)
    with ExitStack() as stack:
        emu.fail_next("me", faults.NoAnswer())
        busy = stack.enter_context(connected(emu))
        busy.sendall(b"GET /v2/me HTTP/1.1\r\nHost: x\r\n\r\n")
        until(lambda: len(emu.requests) == 1)
        silent = stack.enter_context(connected(emu))
        until(lambda: len(emu._server.server_state.connections) == 2)
        slow = stack.enter_context(connected(emu))
        slow.sendall(b"GET /v2/me HTTP/1.1\r\n")
        until(lambda: len(emu._server.server_state.connections) == 3)
        with Api(emu) as api:
            assert api.balance() == 10_000
        assert gone(silent)
        slow.sendall(b"Host: x\r\n\r\n")
        assert slow.recv(4096).startswith(b"HTTP/1.1 401 ")
        busy.setblocking(False)
        with pytest.raises(BlockingIOError):
            busy.recv(1)


@pytest.mark.parametrize(
    "begun",
    [b"", b"GET /v2/me HTT", b"GET /v2/me HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n", HALF_A_BODY, WHOLE + b"POST /v2"],
    ids=["nothing", "half a line", "half a head", "half a body", "half a head after a request"],
)
def test_a_request_that_does_not_come_whole_gives_its_connection_back(
    emu: Emulator, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.2)
    monkeypatch.setattr(connections, "BODY_SECONDS", 0.2)
    with connected(emu) as wire:
        wire.sendall(begun)
        assert gone(wire)
    until(lambda: not emu._server.server_state.connections)


def test_a_head_that_drips_has_no_more_time_than_one_that_stops(emu: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.3)
    with connected(emu) as wire:
        wire.settimeout(0.02)
        end = time.monotonic() + GUARD
        ended = False
        while not ended:
            assert time.monotonic() < end, "each byte began the wait again"
            try:
                wire.sendall(b"X")
                ended = wire.recv(1) == b""
            except TimeoutError:
                continue
            except OSError:
                ended = True


class Loop:
    """A loop's clock, moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, call: Callable[[], None]) -> None:
        self.timers.append((self.now + delay, call))

    def create_task(self, work: Coroutine[Any, Any, None]) -> Any:
        work.close()  # what answers the request has no part in this
        return Mock()

    def go_to(self, moment: float) -> None:
        while due := sorted((at, call) for at, call in self.timers if at <= moment):
            self.timers.remove(due[0])
            self.now, call = due[0]
            call()
        self.now = moment


class Transport:
    """The server's end of a connection, without a socket."""

    def __init__(self) -> None:
        self.reading = True
        self.aborted = False

    def is_reading(self) -> bool:
        return self.reading

    def is_closing(self) -> bool:
        return self.aborted

    def abort(self) -> None:
        self.aborted = True

    def get_extra_info(self, name: str) -> None:
        return None


@pytest.fixture
def protocol() -> connections.Protocol:
    config: Any = SimpleNamespace(
        loaded=True, loaded_app=None, h11_max_incomplete_event_size=None, ws_protocol_class=None, root_path="",
        asgi_version="3.0", reset_contextvars=False, limit_concurrency=None, timeout_keep_alive=5,
    )  # fmt: skip
    state: Any = SimpleNamespace(connections=set(), tasks=set(), default_headers=[])
    loop: Any = Loop()
    made = connections.Protocol(config, state, {}, loop, refuse=lambda port, refusal: Response())
    transport: Any = Transport()
    made.connection_made(transport)
    return made


def test_a_body_may_take_its_time_as_long_as_it_moves(protocol: connections.Protocol) -> None:
    loop, transport, step = cast("Loop", protocol.loop), cast("Transport", protocol.transport), 29.0
    protocol.data_received(b"PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n")
    for number in range(1, 9):
        loop.go_to(step * number)
        protocol.data_received(b"x")
    loop.go_to(step * 8 + 29.9)
    assert not transport.aborted
    transport.reading = False  # the server lets it wait, as for `slow_upload`
    loop.go_to(step * 8 + 300)
    assert not transport.aborted
    transport.reading = True
    loop.go_to(step * 8 + 331)
    assert transport.aborted


def test_only_this_machine_is_served_unless_told_otherwise() -> None:
    with running() as emu:
        assert emu.host == "127.0.0.1"
    with running(host="0.0.0.0") as emu:
        assert emu.host == "0.0.0.0"
        assert emu.url.startswith("http://127.0.0.1:"), "an address that can be called"
        with Api(emu) as api:
            assert api.balance() == 10_000


# Many jobs


def test_two_hundred_jobs_at_once(short_clip: Path) -> None:
    async def use(emu: Emulator) -> None:
        async with AsyncMireloClient(emu.key, base_url=emu.url) as client:
            clip = Video.from_path(short_clip)
            text = [client.text_to_sfx(f"rain {number}", duration_ms=1000) for number in range(150)]
            video = [client.video_to_sfx(clip, duration_ms=1000) for _ in range(50)]
            jobs = await asyncio.gather(*(request.submit_job() for request in [*text, *video]))
            assert [job.state for job in emu.jobs] == ["processing"] * 200
            emu.clock.advance(3600)
            statuses = await asyncio.gather(*(job.status() for job in jobs))
            assert [status.status for status in statuses] == ["succeeded"] * 200

    before = set(threading.enumerate())
    with running(speed=0.1) as emu:
        asyncio.run(use(emu))
        assert len(emu.charges) == 200
        assert emu.credits == 10_000 - 2_000
    assert [thread for thread in threading.enumerate() if thread not in before] == []

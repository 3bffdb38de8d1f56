"""Start and stop: nothing is left behind, however it ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest

from mirelo_ergo.emulator import running, serve, server
from mirelo_ergo.emulator.spec import spec
from mirelo_ergo.emulator.web.server import Server
from tests.emulator.support import TEXT, VIDEO, Api, answering, fetch
from tests.support.waiting import GUARD, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.server import BaseHTTPRequestHandler

    from mirelo_ergo.emulator import Emulator


class _Log(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture(autouse=True)
def log() -> Iterator[list[str]]:
    """No thread more than before, and no complaint in the log that the test has not taken out."""
    before = set(threading.enumerate())
    handler = _Log()
    logging.getLogger().addHandler(handler)
    try:
        yield handler.lines
    finally:
        logging.getLogger().removeHandler(handler)
    assert [thread for thread in threading.enumerate() if thread not in before] == []
    assert handler.lines == []


def is_gone(emu: Emulator) -> bool:
    parts = urlsplit(emu.url)
    with contextlib.suppress(ConnectionRefusedError):
        socket.create_connection((parts.hostname or "", parts.port or 0)).close()
        return False
    return not emu._state.disk.folder.exists()


def test_ready_when_it_returns_and_gone_at_the_end() -> None:
    with running() as emu:
        assert emu._state.disk.folder.is_dir()
        with Api(emu) as api:
            api.balance()
            fetch(api.results(TEXT, prompt="rain", duration_ms=1000)[0])
    assert is_gone(emu)
    assert len(emu.requests) == 4
    assert len(emu.charges) == 1


def test_gone_after_an_exception_too() -> None:
    with pytest.raises(ZeroDivisionError), running() as emu:
        _ = 1 / 0
    assert is_gone(emu)


def test_several_at_once() -> None:
    with running(seed=1) as one, running(seed=1, credits=7) as two, Api(one) as first, Api(two) as second:
        assert one.url != two.url
        assert one.key == two.key
        url = first.results(TEXT, prompt="rain", duration_ms=1000)[0]
        assert (first.balance(), second.balance()) == (9_990, 7)
        assert fetch(url.replace(one.url, two.url)).status_code == 403  # each signs with a secret of its own


def test_inside_a_running_loop() -> None:
    async def use() -> int:
        with running() as emu:
            async with httpx.AsyncClient(base_url=emu.url, verify=False) as client:
                return (await client.get("/v2/me", headers={"authorization": f"Bearer {emu.key}"})).status_code

    assert asyncio.run(use()) == 200


def _in_sync(api: Api) -> None:
    api.post(f"{TEXT}/sync", {"prompt": "rain"})


def _in_upload(api: Api) -> None:
    parts = urlsplit(api.open_upload()[1])
    head = (
        f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: x\r\nContent-Type: video/mp4\r\nContent-Length: 90\r\n\r\nxy"
    )
    with socket.create_connection((parts.hostname or "", parts.port or 0)) as wire:
        wire.sendall(head.encode())
        assert wire.recv(1) == b""


def _in_rendering(api: Api) -> None:
    clip = Path(__file__).resolve().parents[2] / "examples" / "clip.mp4"
    video = api.upload(clip.read_bytes())
    for _ in range(10):
        api.submit(VIDEO, video=video, duration_ms=5000, num_samples=4, output="video", start_offset_ms=1000)


def _in_fetch(api: Api) -> None:
    done = threading.Event()

    def stall(handler: BaseHTTPRequestHandler) -> None:
        handler.rfile.read(1)
        done.set()

    with answering(stall) as base:
        video = {"type": "url", "video_url": f"{base}/clip.mp4"}
        api.post(f"{VIDEO}/jobs", {"video": video, "duration_ms": 1000})
        assert done.wait(60)


@pytest.mark.parametrize(
    ("busy", "sign"), [(_in_sync, ""), (_in_upload, "upload"), (_in_rendering, "window"), (_in_fetch, "clip")]
)
def test_stops_quickly_and_quietly_in_the_middle_of(busy: Callable[[Api], None], sign: str) -> None:
    def use(emu: Emulator) -> None:
        with Api(emu) as api, contextlib.suppress(httpx.TransportError, ConnectionError):
            busy(api)

    def is_under_way(emu: Emulator) -> bool:
        if not sign:
            return bool(emu._state.store._running)
        return any(path.name.startswith(sign) for path in emu._state.disk.folder.iterdir())

    with ThreadPoolExecutor(1) as pool:
        with running() as emu:
            work = pool.submit(use, emu)
            until(lambda: is_under_way(emu))
        with contextlib.suppress(AssertionError):
            work.result(60)  # an answer may have been a 503
    assert is_gone(emu)


def test_a_stalled_download_does_not_hold_it_up() -> None:
    with running() as emu, Api(emu) as api:
        parts = urlsplit(api.results(TEXT, prompt="rain")[0])
        with socket.create_connection((parts.hostname or "", parts.port or 0)) as wire:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            wire.sendall(f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert wire.recv(4) == b"HTTP"
            emu.stop()
    assert is_gone(emu)


def test_a_start_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = Server.startup

    async def startup(self: Server, sockets: list[socket.socket] | None = None) -> None:
        await asyncio.sleep(0.2)
        await at_once(self, sockets)

    monkeypatch.setattr(Server, "startup", startup)
    monkeypatch.setattr(server, "START_SECONDS", 0.01)
    with pytest.raises(RuntimeError, match="did not start"), running():
        pass


def test_a_taken_port_says_so() -> None:
    with running() as emu:
        port = urlsplit(emu.url).port or 0
        with pytest.raises(OSError, match="in use") as caught, running(port=port):
            pass
        assert f"port {port}" in caught.value.__notes__[0]


def test_a_port_can_be_chosen_and_taken_again() -> None:
    with running() as emu:
        port = urlsplit(emu.url).port or 0
    with running(port=port) as emu, Api(emu) as api:
        assert emu.url == f"http://127.0.0.1:{port}"
        assert api.balance() == 10_000


@pytest.mark.parametrize("speed", [0, -1, float("nan"), float("inf"), "5"])
def test_a_bad_speed_says_so(speed: Any) -> None:
    with pytest.raises(ValueError, match="speed"), running(speed=speed):
        pass


@pytest.mark.parametrize("amount", ["5", 1.5, None, True, -3, 1_000_000_001])
def test_a_bad_balance_says_so_and_changes_nothing(amount: Any) -> None:
    """It was taken: a submit was then a 500 of the emulator, and `client.me()` could not be read."""
    with running() as emu, Api(emu) as api:
        with pytest.raises(ValueError, match=r"amount is .*: it has to be a whole number from 0 to 1,000,000,000"):
            emu.set_credits(amount)
        assert api.balance() == 10_000


@pytest.mark.parametrize("seconds", [-1, float("nan"), "5", timedelta(hours=25)])
def test_a_bad_step_of_the_clock_says_so(seconds: Any) -> None:
    with running() as emu, pytest.raises(ValueError, match="give a number from 0 on"):
        emu.clock.advance(seconds)


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_bad_port_says_so(port: int) -> None:
    with pytest.raises(ValueError, match=str(port)), running(port=port):
        pass


def test_a_crash_of_the_emulator_itself_is_an_envelope_and_a_traceback(
    monkeypatch: pytest.MonkeyPatch, log: list[str]
) -> None:
    with running() as emu, Api(emu) as api:
        monkeypatch.setattr("mirelo_ergo.emulator.state.rates.price", lambda *_: 1 / 0)
        answer = api.post(f"{TEXT}/jobs", {"prompt": "x"})
        assert answer.status_code == 500
        assert "ZeroDivisionError" in answer.json()["error"]["message"]
    assert "ZeroDivisionError" in log.pop()


def test_a_rendering_that_crashes_is_a_server_error(monkeypatch: pytest.MonkeyPatch, short_clip: Path) -> None:
    monkeypatch.setattr("mirelo_ergo.emulator.media.picture.jumps", lambda *_: 1 / 0)
    with running() as emu, Api(emu) as api:
        status = api.finish(api.submit(VIDEO, video=api.upload(short_clip.read_bytes()), duration_ms=1000))
        assert (status["status"], status["error"]["code"]) == ("errored", "server_error")
        assert emu.charges == []


# The blocking form


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_ends_at_a_signal(number: signal.Signals, tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    code = f"import pathlib; from mirelo_ergo.emulator import serve; serve(ready_file=pathlib.Path({str(ready)!r}))"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        try:
            until(lambda: ready.exists() or child.poll() is not None)
            assert child.poll() is None
            told = json.loads(ready.read_text(encoding="utf-8"))
            assert told["pid"] == child.pid
            me = httpx.get(told["url"] + "/v2/me", headers={"authorization": f"Bearer {told['key']}"}, verify=False)
            assert me.status_code == 200
            child.send_signal(number)
            out, err = child.communicate(timeout=GUARD)
        finally:
            child.kill()
    assert (child.returncode, err) == (0, "")
    assert told["url"] in out
    assert told["key"] in out
    assert not ready.exists()


def test_serve_in_this_process_puts_the_signal_handlers_back(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    ready = tmp_path / "ready.json"
    before = signal.getsignal(signal.SIGTERM)

    def end_it() -> None:
        until(ready.exists)
        signal.raise_signal(signal.SIGTERM)

    thread = threading.Thread(target=end_it)
    thread.start()
    serve(ready_file=ready)
    thread.join()
    assert signal.getsignal(signal.SIGTERM) is before
    assert "emulator at http://127.0.0.1:" in capsys.readouterr().out


# The package


def test_without_the_extra_the_import_says_what_to_install() -> None:
    code = "import sys; sys.modules['av'] = None\nimport mirelo_ergo.emulator"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert 'pip install "mirelo-ergo[emulator]"' in done.stderr.splitlines()[-1]


def test_the_emulator_knows_nothing_of_the_client() -> None:
    code = (
        "import sys, mirelo_ergo.emulator\n"
        "print(*[m for m in sys.modules if m.startswith(('mirelo_ergo.', 'mirelo_ergo_api')) and '.emulator' not in m])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "mirelo_ergo._version"


def test_the_spec_is_found_in_a_wheel_and_in_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert spec.find("mirelo-v2.yaml") == Path(__file__).resolve().parents[2] / "openapi" / "mirelo-v2.yaml"
    installed = tmp_path / "mirelo_ergo"
    (installed / "openapi").mkdir(parents=True)
    (installed / "openapi" / "mirelo-v2.yaml").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(spec, "__file__", str(installed / "emulator" / "spec" / "spec.py"))
    assert spec.find("mirelo-v2.yaml").parent == installed / "openapi"
    with pytest.raises(FileNotFoundError, match=r"other\.yaml"):
        spec.find("other.yaml")

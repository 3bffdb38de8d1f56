"""Rows 1 to 14 of the fault matrix (docs/reliability.md): what goes wrong from the name to the last byte sent."""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING, Any

import pytest

from mirelo_ergo import NetworkError, Video
from mirelo_ergo._runtime.http import connections
from mirelo_ergo._runtime.http.http11 import Http11
from mirelo_ergo._runtime.io.deadline import Timing
from mirelo_ergo._runtime.io.sent import SentTracker
from tests.faults import mirelo
from tests.faults.acts import ALL, ATTEMPTS, Act, Kind, another, good
from tests.faults.harness import KEY, Face
from tests.faults.server import FaultServer, Routes
from tests.faults.steps import (
    Close,
    ReadBytes,
    ReadHead,
    ReadRequest,
    Reset,
    Respond,
    Script,
    Send,
    Signal,
    Stall,
    Step,
    Tunnel,
)
from tests.faults.tls import Certificate, trust

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.faults.wire import Received


@pytest.mark.parametrize("kind", [*ALL, "asset", "keyed"])
def test_fault_01(face: Face, kind: Kind, tmp_path: Path) -> None:
    """Refused once, then up: retried, one success."""
    with (
        FaultServer([good(kind)], start="refuse") as server,
        Act(face, kind, server, tmp_path) as act,
        face.promise(1.0),
    ):
        act.on_pause = server.listen
        act.run()
        assert len(act.requests) == 1
        assert len(act.pauses) == 1


@pytest.mark.parametrize("kind", [*ALL, "asset", "keyed"])
def test_fault_02(face: Face, kind: Kind, tmp_path: Path) -> None:
    """Refused for ever: `NetworkError` with `sent="no"`, attempts per policy."""
    with (
        FaultServer(start="refuse") as server,
        Act(face, kind, server, tmp_path) as act,
        face.promise(1.0),
    ):
        error = act.unsent(attempts=ATTEMPTS[kind])
        assert error.retryable
        assert f"tried {ATTEMPTS[kind]} times" in error.message
        assert len(act.pauses) == ATTEMPTS[kind] - 1


@pytest.mark.parametrize("kind", ALL)
def test_fault_02_with_fewer_retries(face: Face, kind: Kind, tmp_path: Path) -> None:
    """Refused for ever, `retries=1`: two attempts of every class."""
    with (
        FaultServer(start="refuse") as server,
        Act(face, kind, server, tmp_path, retries=1) as act,
        face.promise(1.0),
    ):
        act.unsent(attempts=2)
        assert len(act.pauses) == 1


@pytest.mark.parametrize("kind", ALL)
def test_fault_03(face: Face, kind: Kind, tmp_path: Path) -> None:
    """The name does not resolve: as 2, and the message names the host."""
    host = "nowhere." * 40 + "invalid"  # longer than a name can be: the resolver says so without asking the network
    with (
        FaultServer() as server,
        Act(face, kind, server, tmp_path, url=f"https://{host}") as act,
        face.promise(1.0),
    ):
        error = act.unsent(attempts=ATTEMPTS[kind])
        assert host in error.message
        assert len(act.pauses) == ATTEMPTS[kind] - 1


@pytest.mark.parametrize("kind", ALL)
def test_fault_04(face: Face, kind: Kind, tmp_path: Path) -> None:
    """Connect timeout: retried, and one attempt waits no longer than the connect timeout."""
    with (
        FaultServer([good(kind)], start="hang") as server,
        Act(face, kind, server, tmp_path, timing=Timing(connect=0.2)) as act,
        face.promise(1.0),
    ):
        ends: list[float] = []

        def up() -> None:
            ends.append(face.passed)
            server.listen()

        act.on_pause = up
        act.run()
        assert len(act.requests) == 1
        assert ends == [pytest.approx(0.2)]


@pytest.mark.parametrize("kind", ["read", "submit"])
def test_fault_04_within_the_deadline(face: Face, kind: Kind, tmp_path: Path) -> None:
    """Connect timeout for ever: the operation's deadline cuts the last attempt short."""
    with (
        FaultServer(start="hang") as server,
        Act(face, kind, server, tmp_path, timeout_ms=500, timing=Timing(connect=0.3)) as act,
        face.promise(0.5),
    ):
        act.unsent(attempts=2)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("certificate", ["expired", "wrong_host", "self_signed"])
def test_fault_05(face: Face, kind: Kind, certificate: Certificate, tmp_path: Path) -> None:
    """TLS: expired, wrong host, self-signed: raised at once, with the way out, no plaintext fallback."""
    with (
        FaultServer([good(kind)], tls=certificate) as server,
        Act(face, kind, server, tmp_path, verify=trust()) as act,
        face.promise(1.0),
    ):
        error = act.unsent(attempts=1)
        assert not error.retryable
        assert "certificate" in error.message
        assert "verify= or SSL_CERT_FILE" in error.message
        assert not act.pauses
        server.assert_quiet(0.02)
        assert server.accepted == 1


@pytest.mark.parametrize("kind", ALL)
def test_fault_06(face: Face, kind: Kind, tmp_path: Path) -> None:
    """The TLS port speaks plaintext: a clear error, at once."""
    answer = Send(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nThe plain HTTP request was sent to HTTPS port")
    with (
        FaultServer([[answer, Close()]], tls="plaintext") as server,
        Act(face, kind, server, tmp_path, verify=trust()) as act,
        face.promise(1.0),
    ):
        error = act.unsent(attempts=1)
        assert not error.retryable
        assert f"https://127.0.0.1:{server.port}" in error.message
        assert "does not speak TLS" in error.message
        assert server.accepted == 1


@pytest.mark.parametrize("kind", ["read", "asset", "upload", "keyed"])
def test_fault_07(face: Face, kind: Kind, tmp_path: Path) -> None:
    """Reset at accept, nothing read, on R, C and K: retried."""
    with (
        FaultServer([[Reset()], good(kind)]) as server,
        Act(face, kind, server, tmp_path) as act,
        face.promise(1.0),
    ):
        act.run()
        assert len(act.requests) == 1
        assert server.accepted == 2


@pytest.mark.parametrize("kind", ["submit", "sync"])
def test_fault_07_paid(face: Face, kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reset at accept, nothing read: once its bytes have left the outcome is unknown on P; on K it is sent again."""
    left = _when_the_body_has_left(monkeypatch)
    with (
        FaultServer([[Stall(until=left), Reset()], good(kind)]) as server,
        Act(face, kind, server, tmp_path) as act,
        face.promise(1.0),
    ):
        if kind == "sync":
            act.run()
        else:
            act.unknown()
        assert left.is_set()
        server.assert_quiet(0.02)
        assert server.accepted == (2 if kind == "sync" else 1)


def _when_the_body_has_left(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Return an event that is set when the client has written a request's last byte: no server can know that."""
    left = threading.Event()
    event = SentTracker.event

    def spy(self: SentTracker, name: str, info: Mapping[str, Any]) -> None:
        event(self, name, info)
        if name.endswith("send_request_body.complete"):
            left.set()

    monkeypatch.setattr(SentTracker, "event", spy)
    return left


def test_fault_08(face: Face, tmp_path: Path) -> None:
    """Reset after the headers and before the end of a body of 64 MiB: replayed from offset 0."""
    size = 64 << 20
    clip = tmp_path / "clip.mp4"
    with clip.open("wb") as file:  # every MiB is another
        for number in range(size >> 20):
            file.write(number.to_bytes(4) * (1 << 18))
    with (
        FaultServer([[ReadBytes(5 << 20), Reset()], good("upload")]) as server,
        Act(face, "upload", server, tmp_path, video=lambda: Video.from_path(clip)) as act,
        face.promise(3.0),
    ):
        act.run()
        cut, whole = act.requests
        assert (cut.complete, whole.complete) == (False, True)
        assert cut.headers["content-length"] == whole.headers["content-length"] == str(size)
        assert whole.length == size
        assert whole.sha256 == _sha256(clip)
        assert len(act.submits) == 1


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def test_fault_09(face: Face, tmp_path: Path) -> None:
    """Reset after the whole body, on P: unknown, and on the wire exactly once."""
    with (
        FaultServer([[ReadRequest(), Reset()], good("submit")]) as server,
        Act(face, "submit", server, tmp_path) as act,
        face.promise(1.0),
    ):
        error = act.unknown()
        assert not isinstance(error, NetworkError)  # "except NetworkError: again" must not catch it
        assert [request.complete for request in act.requests] == [True]


@pytest.mark.parametrize("kind", ["keyed", "sync"])
def test_fault_09_keyed(face: Face, kind: Kind, tmp_path: Path) -> None:
    """Reset after the whole body, on K: retried with the byte-identical body, so that the service charges once."""
    with (
        FaultServer([[ReadRequest(), Reset()], good(kind)]) as server,
        Act(face, kind, server, tmp_path) as act,
        face.promise(1.0),
    ):
        act.lost()


@pytest.mark.parametrize("kind", ["submit", "sync"])
def test_fault_10(face: Face, kind: Kind, tmp_path: Path) -> None:
    """Clean close after the whole body: on P unknown, on K retried."""
    with (
        FaultServer([[ReadRequest(), Close()], good(kind)]) as server,
        Act(face, kind, server, tmp_path) as act,
        face.promise(1.0),
    ):
        act.lost()
        assert all(request.complete for request in act.requests)


def test_fault_10_read(face: Face, tmp_path: Path) -> None:
    """Clean close after the whole request, on R: retried."""
    with (
        FaultServer([[ReadRequest(), Close()], good("read")]) as server,
        Act(face, "read", server, tmp_path) as act,
        face.promise(1.0),
    ):
        act.run()
        assert len(act.requests) == 2


@pytest.mark.parametrize("end", [Close(), Reset()], ids=["FIN", "RST"])
def test_fault_11(face: Face, end: Close | Reset, tmp_path: Path) -> None:
    """An idle keep-alive connection is closed under the next read: retried on a new one."""
    ok = good("read")
    with (
        FaultServer([ok, [ReadRequest(), end], ok]) as server,
        Act(face, "read", server, tmp_path) as act,
        face.promise(1.0),
    ):
        act.run()
        act.run()
        assert [request.connection for request in act.requests] == [1, 1, 2]


def test_fault_11_paid(face: Face, tmp_path: Path) -> None:
    """Each submit has a connection of its own, which carried nothing before; reads may use it afterwards."""
    ok = good("submit")
    with (
        FaultServer(Routes({"POST *": [ok], "GET *": [mirelo.me()]})) as server,
        Act(face, "submit", server, tmp_path) as act,
        face.promise(1.0),
    ):
        for _ in range(2):
            act.run()
            face.do(act.client.me())
        assert [request.connection for request in server.requests] == [1, 1, 2, 2]


STRANGER = mirelo.me(7).wire
LEFT_OVER = {
    "an answer": STRANGER,
    "half an answer": STRANGER[:-5],
    "a blank line": b"\r\n",
    "one byte": b"H",
    "a time-out": b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("tls", [None, "valid"], ids=["plain", "TLS"])
@pytest.mark.parametrize("when", ["with the answer", "behind it", "later"])
@pytest.mark.parametrize("left", LEFT_OVER)
def test_fault_11_left_over(face: Face, left: str, when: str, tls: Certificate | None, tmp_path: Path) -> None:
    """Bytes that no request asked for, with an answer, behind it or while the connection is idle: never an answer."""
    said, tail, answer = threading.Event(), LEFT_OVER[left], mirelo.me(1)
    steps: dict[str, list[Step]] = {
        "with the answer": [Send(answer.wire + tail)],
        "behind it": [answer, Send(tail)],
        "later": [answer, Stall(0.05), Send(tail)],
    }
    first = [ReadRequest(), *steps[when], Signal(said), Stall()]
    with (
        FaultServer([first, mirelo.me(2)], tls=tls) as server,
        Act(face, "read", server, tmp_path, verify=trust()) as act,
        face.promise(1.0),
    ):
        assert act.run().credits_available == 1
        act.meanwhile(said.wait, 60.0)
        assert act.run().credits_available == 2
        assert [request.connection for request in server.requests] == [1, 2]


@pytest.mark.parametrize("tls", [None, "valid"], ids=["plain", "TLS"])
def test_fault_11_before_the_request(
    face: Face, tls: Certificate | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that lies in a new connection before the request is sent: not taken, and P may be sent again."""
    said, is_clean = threading.Event(), Http11.is_clean

    def is_clean_then(self: Http11) -> bool:
        said.wait(60.0)
        return is_clean(self)

    monkeypatch.setattr(Http11, "is_clean", is_clean_then)
    stranger = mirelo.accepted("a-strangers-job").wire
    with (
        FaultServer([[Send(stranger), Signal(said), Stall()], good("submit")], tls=tls) as server,
        Act(face, "submit", server, tmp_path, verify=trust()) as act,
        face.promise(1.0),
    ):
        assert act.run().job_id == mirelo.JOB_ID
        assert len(act.requests) == len(act.pauses) == 1


def test_fault_12(face: Face, tmp_path: Path) -> None:
    """The reader of an upload stops reading: write timeout, retried."""
    with (
        FaultServer([[ReadBytes(1 << 16), Stall()], good("upload")], receive_buffer=1 << 18) as server,
        Act(face, "upload", server, tmp_path, timing=Timing(between_bytes=0.3), video=_big) as act,
        face.promise(2.0),
    ):
        act.run()
        assert [request.complete for request in act.requests] == [False, True]
        assert len(act.pauses) == 1


@pytest.mark.parametrize("timing", [Timing(between_bytes=0.2), Timing(no_progress=0.2)], ids=["write", "progress"])
def test_fault_12_for_ever(face: Face, timing: Timing, tmp_path: Path) -> None:
    """The reader of an upload stops reading, every time: the deadline holds for each of its attempts."""
    with (
        FaultServer([[ReadBytes(1 << 16), Stall()]], receive_buffer=1 << 18) as server,
        Act(face, "upload", server, tmp_path, timing=timing, video=_big) as act,
        face.promise(4 * 0.3),
    ):
        error = act.failing()
        assert isinstance(error, NetworkError)
        assert (error.code, error.sent, error.attempts) == ("timeout", "partial", 4)
        assert [request.complete for request in act.requests] == [False] * 4


def _big() -> Video:
    return Video.from_bytes(bytes(8 << 20))  # more than the kernel's buffers on both sides take


@pytest.mark.parametrize("kind", ALL)
def test_fault_13(face: Face, kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool is exhausted: a typed error with `sent="no"`, and no deadlock."""
    monkeypatch.setattr(connections, "MOST_IN_USE", 1)
    release = threading.Event()
    with (
        FaultServer([[ReadRequest(), Stall(until=release), good(kind)], another(kind)]) as server,
        Act(face, kind, server, tmp_path) as act,
        face.promise(2.0),
    ):
        holder = act.start()
        act.meanwhile(server.wait_for, 1)
        act.limit(0.15)
        error = act.failing()
        assert isinstance(error, NetworkError)
        assert (error.sent, error.retryable) == ("no", True)
        assert "no connection was free" in error.message
        assert len(act.requests) == 1
        release.set()
        holder()
        act.run()
        assert len(act.requests) == 2


def test_fault_13_slots(face: Face, tmp_path: Path) -> None:
    """Too many submits in flight: as above, before a pool is asked at all."""
    release = threading.Event()
    with (
        FaultServer([[ReadRequest(), Stall(until=release), good("submit")], another("submit")]) as server,
        Act(face, "submit", server, tmp_path) as act,
        face.promise(2.0),
    ):
        act.client._io._slots = act.client._io.http._network.connection_slots(1)
        holder = act.start()
        act.meanwhile(server.wait_for, 1)
        act.limit(0.15)
        error = act.failing()
        assert isinstance(error, NetworkError)
        assert (error.sent, error.retryable) == ("no", True)
        assert "queue of submits" in error.message
        release.set()
        holder()
        act.run()
        assert len(act.requests) == 2


REFUSED: dict[str, Script] = {
    "403": Respond(403),
    "503": Respond(503),
    "RST": [ReadHead(), Reset()],
    "FIN": [ReadHead(), Close()],
}


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("fault", REFUSED)
def test_fault_14(face: Face, kind: Kind, fault: str, tmp_path: Path) -> None:
    """The proxy refuses or resets the CONNECT once: also P is sent again, through an honest tunnel."""
    with (
        FaultServer([good(kind)], tls="valid") as server,
        FaultServer(_proxy(server, REFUSED[fault], [Tunnel(server.port)])) as proxy,
        _through(face, kind, server, proxy, tmp_path) as act,
        face.promise(1.0),
    ):
        act.run()
        assert len(act.requests) == 1
        assert len(_connects(proxy, server)) == 2
        assert len(act.pauses) == 1


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("fault", REFUSED)
def test_fault_14_for_ever(face: Face, kind: Kind, fault: str, tmp_path: Path) -> None:
    """The proxy refuses or resets every CONNECT: typed error with `sent="no"`, attempts per policy."""
    with (
        FaultServer([good(kind)], tls="valid") as server,
        FaultServer(_proxy(server, REFUSED[fault])) as proxy,
        _through(face, kind, server, proxy, tmp_path) as act,
        face.promise(1.0),
    ):
        error = act.unsent(attempts=ATTEMPTS[kind])
        assert error.retryable
        assert len(_connects(proxy, server)) == ATTEMPTS[kind]
        assert server.accepted == 0


@pytest.mark.parametrize("kind", ALL)
def test_fault_14_login(face: Face, kind: Kind, tmp_path: Path) -> None:
    """The proxy wants a login (407): typed error with `sent="no"`, not retried."""
    with (
        FaultServer([good(kind)], tls="valid") as server,
        FaultServer(_proxy(server, Respond(407))) as proxy,
        _through(face, kind, server, proxy, tmp_path) as act,
        face.promise(1.0),
    ):
        error = act.unsent(attempts=1)
        assert not error.retryable
        assert "407" in error.message
        assert len(_connects(proxy, server)) == 1
        assert server.accepted == 0


def _proxy(server: FaultServer, *faults: Script) -> Callable[[Received], Script]:
    """Do the scripts with every CONNECT to the row's server, the last one again and again; carry any other."""
    scripts = list(faults)

    def route(head: Received) -> Script:
        port = int(head.path.removeprefix("127.0.0.1:"))
        if port != server.port:
            return [Tunnel(port)]
        return scripts.pop(0) if len(scripts) > 1 else scripts[0]

    return route


def _through(face: Face, kind: Kind, server: FaultServer, proxy: FaultServer, folder: Path) -> Act:
    return Act(face, kind, server, folder, api_tls="valid", proxy=proxy.url, verify=trust())


def _connects(proxy: FaultServer, server: FaultServer) -> list[Received]:
    assert {request.method for request in proxy.requests} == {"CONNECT"}
    assert not any(KEY in str(request.headers) for request in proxy.requests)
    return [request for request in proxy.requests if request.path == f"127.0.0.1:{server.port}"]

"""Every kind of proxy carries every kind of call: plain and TLS, with a login and without, named by the environment."""

from __future__ import annotations

import base64
import select
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

import pytest

from mirelo_ergo import NetworkError
from tests.faults import mirelo
from tests.faults.acts import ALL, Act, Kind, good
from tests.faults.harness import KEY
from tests.faults.server import FaultServer
from tests.faults.steps import ReadRequest, Respond, Send, Tunnel
from tests.faults.tls import server_context, trust

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.faults.harness import Face
    from tests.faults.steps import Script
    from tests.faults.wire import Received

LOGIN = "me:p%40ss"
BASIC = f"Basic {base64.b64encode(b'me:p@ss').decode()}"


class Socks:
    """A SOCKS 5 proxy on loopback that carries everything to 127.0.0.1, whatever name was asked for."""

    def __init__(self, *, login: bool = False, reply: int = 0, garbage: bytes = b"") -> None:
        self._login, self._reply, self._garbage = login, reply, garbage
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.asked: list[tuple[bytes, int]] = []
        self.logins: list[bytes] = []
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        for sock in (self._listener, *self._sockets):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        for thread in self._threads:
            thread.join(60)

    def _start(self, run: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=run, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._sockets.append(client)
                self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError, IndexError):  # the client has gone
            self._speak(client, client.makefile("rb"))

    def _speak(self, client: socket.socket, reader: Any) -> None:
        if self._garbage:
            client.sendall(self._garbage)
            return
        _, count = reader.read(2)
        methods = reader.read(count)
        if self._login:
            if 2 not in methods:
                client.sendall(b"\x05\xff")
                return
            client.sendall(b"\x05\x02")
            reader.read(1)
            pair = [reader.read(reader.read(1)[0]) for _ in range(2)]
            self.logins.append(b":".join(pair))
            client.sendall(b"\x01" + bytes([pair != [b"me", b"p@ss"]]))
        else:
            client.sendall(b"\x05\x00")
        kind = reader.read(4)[3]
        host = reader.read(4) if kind == 1 else reader.read(16) if kind == 4 else reader.read(reader.read(1)[0])
        port = int.from_bytes(reader.read(2))
        self.asked.append((host, port))
        client.sendall(bytes([5, self._reply, 0, 3, 4]) + b"here\0\0")
        if self._reply:
            return
        server = socket.create_connection(("127.0.0.1", port))
        self._sockets.append(server)
        self._start(self._carry, server, client.sendall)
        self._carry(reader.raw, server.sendall)

    @staticmethod
    def _carry(source: Any, give: Callable[[bytes], object]) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16) if isinstance(source, socket.socket) else source.read(1 << 16):
                give(data)


class TlsFront:
    """A port that speaks TLS in front of one that does not."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept)]
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        for sock in (self._listener, *self._sockets):
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
            sock.close()
        for thread in self._threads:
            thread.join(60)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._sockets.append(client)
                thread = threading.Thread(target=self._carry, args=(client,))
                self._threads.append(thread)
                thread.start()

    def _carry(self, client: socket.socket) -> None:
        with suppress(OSError):
            inside = server_context("valid").wrap_socket(client, server_side=True)
            outside = socket.create_connection(("127.0.0.1", self._to))
            self._sockets += [inside, outside]
            while True:
                came = [inside] if inside.pending() else select.select([inside, outside], [], [])[0]
                for sock in came:
                    data = sock.recv(1 << 16)
                    other = outside if sock is inside else inside
                    if not data:
                        socket.socket.shutdown(other, socket.SHUT_WR)
                        return
                    other.sendall(data)


def tunnel(head: Received) -> Script:
    return [Tunnel(int(head.path.rpartition(":")[2]))]


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("over", ["plain", "TLS"])
def test_a_tunnel_through_a_proxy_that_wants_a_login(face: Face, kind: Kind, over: str, tmp_path: Path) -> None:
    with (
        FaultServer([good(kind)], tls="valid") as server,
        FaultServer(tunnel) as proxy,
        TlsFront(proxy.port) as front,
        Act(
            face,
            kind,
            server,
            tmp_path,
            api_tls="valid",
            proxy=(front if over == "TLS" else proxy).url.replace("://", f"://{LOGIN}@"),
            verify=trust(),
        ) as act,
        face.promise(1.0),
    ):
        act.run()
        act.run()
        assert len(act.requests) == 2
        assert {request.method for request in proxy.requests} == {"CONNECT"}
        assert {request.headers["proxy-authorization"] for request in proxy.requests} == {BASIC}
        assert not any("proxy-authorization" in request.headers for request in server.requests)
        assert KEY not in str([request.headers for request in proxy.requests])


def test_a_plain_request_is_forwarded_by_its_whole_address(face: Face) -> None:
    with FaultServer([mirelo.me(), mirelo.accepted()]) as proxy, face.promise(1.0):
        client = face.open(
            "http://api.mirelo.test:8080/base",
            proxy=proxy.url.replace("://", f"://{LOGIN}@"),
            allow_private_hosts=True,
        )
        face.do(client.me())
        face.do(client.text_to_sfx("rain").submit_job())
        assert [request.path for request in proxy.requests] == [
            "http://api.mirelo.test:8080/base/v2/me",
            f"http://api.mirelo.test:8080/base{mirelo.TEXT_TO_SFX}/jobs",
        ]
        for request in proxy.requests:
            assert request.headers["host"] == "api.mirelo.test:8080"
            assert request.headers["proxy-authorization"] == BASIC


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("login", [False, True], ids=["open", "login"])
def test_every_call_goes_through_socks(face: Face, kind: Kind, login: bool, tmp_path: Path) -> None:
    with FaultServer([good(kind)], tls="valid") as server, Socks(login=login) as proxy:
        address = f"socks5://{LOGIN}@127.0.0.1:{proxy.port}" if login else f"socks://127.0.0.1:{proxy.port}"
        with (
            Act(face, kind, server, tmp_path, api_tls="valid", proxy=address, verify=trust()) as act,
            face.promise(1.0),
        ):
            act.run()
            assert len(act.requests) == 1
            assert (b"\x7f\0\0\1", server.port) in proxy.asked
            assert set(proxy.logins) == ({b"me:p@ss"} if login else set())


def test_socks_looks_the_name_up(face: Face) -> None:
    with FaultServer([mirelo.me()]) as server, Socks() as proxy, face.promise(1.0):
        client = face.open(
            f"http://api.mirelo.test:{server.port}",
            proxy=f"socks5h://127.0.0.1:{proxy.port}",
            allow_private_hosts=True,
        )
        face.do(client.me())
        assert proxy.asked == [(b"api.mirelo.test", server.port)]
        assert [request.path for request in server.requests] == ["/v2/me"]


@pytest.mark.parametrize(
    ("options", "login", "words", "retryable"),
    [
        ({"reply": 5}, "", "refused the connection: the connection was refused", True),
        ({"reply": 99}, "", "refused the connection: code 99", True),
        ({"login": True}, "", "the proxy wants a login", False),
        ({"login": True}, "me:wrong@", "the proxy refused the login", False),
        ({"garbage": b"HTTP/1.1 400 Bad Request\r\n\r\n"}, "", "does not speak SOCKS 5", True),
    ],
    ids=["refused", "unknown", "no login", "wrong login", "HTTP"],
)
def test_what_socks_refuses_was_not_sent(
    face: Face, options: dict[str, Any], login: str, words: str, retryable: bool
) -> None:
    with Socks(**options) as proxy, face.promise(1.0):
        address = f"socks5://{login}127.0.0.1:{proxy.port}"
        client = face.open("https://api.mirelo.test", proxy=address, retries=0, verify=trust())
        error = face.failing(client.text_to_sfx("rain").submit_job)
        assert isinstance(error, NetworkError)
        assert (error.sent, error.retryable) == ("no", retryable)
        assert words in error.message
        assert "wrong" not in error.message


def test_a_proxy_that_says_more_than_it_was_asked_is_not_believed(face: Face) -> None:
    more = [ReadRequest(), Send(b"HTTP/1.1 200 OK\r\n\r\n" + mirelo.accepted("a-strangers-job").wire)]
    with FaultServer([more]) as proxy, face.promise(1.0):
        client = face.open("https://api.mirelo.test", proxy=proxy.url, retries=0, verify=trust())
        error = face.failing(client.text_to_sfx("rain").submit_job)
        assert isinstance(error, NetworkError)
        assert error.sent == "no"
        assert "more than its answer" in error.message


@pytest.mark.parametrize("written", ["http://{}", "{}", " {} "])
def test_the_environments_proxy_is_used_and_its_exceptions_are_direct(
    face: Face, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    with FaultServer([Respond(503), mirelo.me()]) as proxy, face.promise(1.0):
        monkeypatch.setenv("HTTP_PROXY", written.format(f"127.0.0.1:{proxy.port}"))
        monkeypatch.setenv("NO_PROXY", "direct.test, 10.0.0.0/8")
        client = face.open("http://api.mirelo.test", allow_private_hosts=True)
        face.do(client.me())
        assert [request.path for request in proxy.requests] == ["http://api.mirelo.test/v2/me"] * 2
        direct = face.open("http://direct.test:1", allow_private_hosts=True, retries=0)
        assert "direct.test was not found" in face.failing(direct.me).message
        assert len(proxy.requests) == 2

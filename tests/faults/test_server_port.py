"""Prove the fault server's ports, TLS, proxy scripts and its own end, with plain sockets and plain httpx."""

from __future__ import annotations

import errno
import select
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.faults.raw import GET, OK, POST, client, read_all, tls_client
from tests.faults.server import FaultServer
from tests.faults.steps import (
    Close,
    Drip,
    ReadBytes,
    ReadHead,
    ReadRequest,
    Reset,
    Respond,
    Send,
    Stall,
    Tunnel,
)
from tests.faults.tls import trust
from tests.support.waiting import until

if TYPE_CHECKING:
    from tests.faults.steps import Script
    from tests.faults.tls import Certificate


def test_a_port_refuses_until_it_listens() -> None:
    with FaultServer([OK], start="refuse") as server:
        for _ in range(3):
            with pytest.raises(ConnectionRefusedError), client(server):
                pass
        server.listen()
        with httpx.Client(trust_env=False, base_url=server.url) as http:
            assert http.get("/").text == "hello"
            server.refuse()
            assert http.get("/").text == "hello"  # on the open connection
        with pytest.raises(ConnectionRefusedError), client(server):
            pass
        server.listen(after=0.2)
        with pytest.raises(ConnectionRefusedError), client(server):
            pass
        until(lambda: httpx_answers(server))
        assert server.accepted == 2


def httpx_answers(server: FaultServer) -> bool:
    try:
        return httpx.get(server.url, trust_env=False).is_success
    except httpx.ConnectError:
        return False


def test_a_port_can_leave_connection_attempts_hanging() -> None:
    with FaultServer([OK], start="hang") as server:
        with pytest.raises(httpx.ConnectTimeout):
            httpx.get(server.url, trust_env=False, timeout=0.2)
        server.listen()
        assert httpx_answers(server)
        assert server.accepted == 1


def test_tls_works_for_who_trusts_the_authority() -> None:
    with FaultServer([OK], tls="valid") as server:
        with httpx.Client(trust_env=False, base_url=server.url, verify=trust()) as http:
            assert [http.get("/").text, http.get("/").text] == ["hello", "hello"]
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(server.url, trust_env=False)
        assert [request.connection for request in server.requests] == [1, 1]


@pytest.mark.parametrize(
    ("certificate", "message"),
    [
        ("expired", "certificate has expired"),
        ("wrong_host", "IP address mismatch"),
        ("self_signed", "self-signed certificate"),
    ],
)
def test_bad_certificates_are_bad_for_their_own_reason(certificate: Certificate, message: str) -> None:
    with FaultServer([OK], tls=certificate) as server:
        with pytest.raises(ssl.SSLCertVerificationError) as caught:
            tls_client(server)
        assert message in caught.value.verify_message
        until(lambda: server.still_open == 0)
        assert (server.accepted, server.requests) == (1, ())


def test_tls_connections_close_and_reset_as_scripted() -> None:
    scripts: list[Script] = [
        [ReadRequest(), OK, Close()],
        [ReadHead(), Stall(0.05), Close()],  # with unread bytes
        [ReadRequest(), OK, Reset()],
        [Stall(0.05), Reset()],
    ]
    with FaultServer(scripts, tls="valid") as server:
        for request, answer in (GET, OK.wire), (POST, b""):
            with tls_client(server) as sock:
                sock.sendall(request)
                assert read_all(sock) == (answer, None)  # FIN without close_notify would be an SSLEOFError
        with tls_client(server) as sock:
            sock.sendall(GET)
            assert sock.recv(1000) == OK.wire
            hung_up = select.poll()
            hung_up.register(sock, select.POLLRDHUP)
            assert hung_up.poll(2000)
            # Python 3.11 calls an RST under TLS an SSLEOFError: ask the kernel
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNRESET
        with pytest.raises((ConnectionResetError, ssl.SSLEOFError)):  # in the handshake
            tls_client(server)


def test_a_tls_port_can_speak_plaintext() -> None:
    answer = [Send(Respond(400, b"plain").wire), Close()]
    with FaultServer([answer], tls="plaintext") as server:
        assert server.url.startswith("https://")
        with pytest.raises(httpx.ConnectError, match=r"WRONG_VERSION_NUMBER|RECORD_LAYER|PACKET_LENGTH"):
            httpx.get(server.url, verify=trust(), trust_env=False)


def test_a_proxy_refuses_resets_and_tunnels_the_connect() -> None:
    with FaultServer([OK], tls="valid") as target:
        connects: list[Script] = [Respond(403), Respond(407), [ReadHead(), Reset()], [Tunnel(target.port)]]
        with (
            FaultServer(connects) as proxy,
            httpx.Client(trust_env=False, proxy=proxy.url, verify=trust(), base_url="https://localhost:1") as http,
        ):
            for message in "403", "407":
                with pytest.raises(httpx.ProxyError, match=message):
                    http.get("/")
            with pytest.raises(httpx.ReadError):
                http.get("/")
            assert target.accepted == 0
            assert [http.get("/").text, http.post("/", content=b"x" * 3_000_000).text] == ["hello", "hello"]
            assert {(r.method, r.path, r.complete) for r in proxy.requests} == {("CONNECT", "localhost:1", True)}
            assert [request.connection for request in target.requests] == [1, 1]


@pytest.mark.parametrize(("step", "end"), [(Reset(), ConnectionResetError), (Close(), None)])
def test_a_tunnel_passes_the_end_on(step: Reset | Close, end: type[OSError] | None) -> None:
    with FaultServer([[ReadRequest(), Send(b"abc"), step]]) as target, FaultServer([[Tunnel(target.port)]]) as proxy:
        for _ in range(10):
            with client(proxy) as sock:
                sock.sendall(b"CONNECT elsewhere.test:443 HTTP/1.1\r\n\r\n")
                assert sock.recv(100).startswith(b"HTTP/1.1 200 ")
                sock.sendall(POST)
                assert read_all(sock) == (b"abc", end)
        until(lambda: target.still_open == proxy.still_open == 0)


@pytest.mark.parametrize(
    ("script", "sent"),
    [
        ([ReadRequest(), Stall()], GET),
        ([ReadRequest()], GET[:-2]),
        ([ReadRequest()], POST[:-2]),
        ([ReadBytes(1), Stall(until=threading.Event())], POST),
        ([ReadRequest(), OK], GET),
        ([ReadRequest(), OK, Close()], GET),
        ([Send(b"x" * 65536, times=None)], b""),
        ([Drip(b"x" * 1000)], b""),
        ([Send(b"x" * 6_000_000), Reset()], b""),
    ],
)
@pytest.mark.parametrize("over", ["tcp", "tls", "tls without a handshake"])
def test_exit_ends_all_whatever_the_clients_do(script: Script, sent: bytes, over: str) -> None:
    with FaultServer([script], tls=None if over == "tcp" else "valid") as server:
        sock = tls_client(server) if over == "tls" else socket.create_connection(("127.0.0.1", server.port), 5)
        if over != "tls without a handshake":
            sock.sendall(sent)
        until(lambda: server.accepted == 1)
        time.sleep(0.02)  # on the way to the step that hangs; wherever it is then, the exit must end it
    assert server.still_open == 0
    sock.close()


def test_exit_with_a_hanging_tunnel_and_a_pending_listen() -> None:
    with FaultServer([[Stall()]]) as target, FaultServer([[Tunnel(target.port)]]) as proxy:
        sock = socket.create_connection(("127.0.0.1", proxy.port), 5)
        sock.sendall(b"CONNECT a:1 HTTP/1.1\r\n\r\n")
        assert sock.recv(12) == b"HTTP/1.1 200"
        target.listen(after=60)
    sock.close()

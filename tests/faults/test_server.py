"""Prove each step of the fault server from the client's side of the wire, with plain sockets and plain httpx."""

from __future__ import annotations

import hashlib
import socket
import struct
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.faults.raw import GET, OK, POST, client, read_all
from tests.faults.server import FaultServer, Routes
from tests.faults.steps import (
    Close,
    Drip,
    ReadBytes,
    ReadHead,
    ReadRequest,
    Reset,
    Respond,
    Send,
    Signal,
    Stall,
    chunked,
    json_response,
)
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.steps import Script


def test_a_request_is_kept_as_it_came() -> None:
    body = bytes(range(256)) * 12_000  # about 3 MiB
    with FaultServer([OK]) as server, httpx.Client(trust_env=False, base_url=server.url) as http:
        before = time.monotonic()
        assert http.get("/a?b=1", headers=[("X-Twice", "1"), ("X-Twice", "2")]).text == "hello"
        http.post("/jobs", json={"prompt": "rain"})
        http.put("/upload", content=body)
        http.put("/upload", content=iter([b"ab", b"", b"c" * 70_000]))
        read, submit, upload, pieces = server.requests
    assert (read.method, read.path, read.headers["x-twice"], read.length) == ("GET", "/a?b=1", "1, 2", 0)
    assert before <= read.at <= submit.at <= time.monotonic()
    assert submit.json == {"prompt": "rain"}
    assert submit.body == b'{"prompt":"rain"}'
    assert (upload.length, upload.sha256) == (len(body), hashlib.sha256(body).hexdigest())
    assert upload.body == body[: 1 << 20]
    assert pieces.headers["transfer-encoding"] == "chunked"
    assert (pieces.body, pieces.length) == (b"ab" + b"c" * 70_000, 70_002)
    assert all(request.complete and request.connection == 1 for request in (read, submit, upload, pieces))


def test_every_connection_and_every_further_request_takes_a_script_and_the_last_one_repeats() -> None:
    with FaultServer([Respond(201), Respond(202), Respond(203)]) as server:
        with httpx.Client(trust_env=False, base_url=server.url) as http:
            assert [http.get("/").status_code for _ in range(2)] == [201, 202]
        with httpx.Client(trust_env=False, base_url=server.url) as http:
            assert [http.get("/").status_code for _ in range(2)] == [203, 203]
        assert [request.connection for request in server.requests] == [1, 1, 2, 2]
        assert server.accepted == 2


def test_one_script_can_serve_several_requests_of_a_connection() -> None:
    script = [ReadRequest(), Respond(201), ReadHead(), ReadRequest(), Respond(202), ReadHead(), Reset()]
    with FaultServer([script]) as server, httpx.Client(trust_env=False, base_url=server.url) as http:
        assert [http.post("/", content=b"x").status_code for _ in range(2)] == [201, 202]
        with pytest.raises(httpx.ReadError):
            http.get("/")
        assert [request.connection for request in server.requests] == [1, 1, 1]


def test_routes_have_scripts_of_their_own() -> None:
    routes = Routes({"GET /jobs/*": [Respond(404), OK], "POST /jobs": [Respond(202)], "GET /file": [Respond(206)]})
    with FaultServer(routes) as server, httpx.Client(trust_env=False, base_url=server.url) as http:
        answers = [http.get("/jobs/1"), http.post("/jobs", content=b"{}"), http.get("/file?x=1"), http.get("/jobs/1")]
    assert [answer.status_code for answer in answers] == [404, 202, 206, 200]


def test_a_scenario_can_be_given_once_the_url_is_known() -> None:
    with FaultServer() as server:
        server.play([json_response(201, {"upload_url": f"{server.url}/put"}, {"Retry-After": "1"})])
        answer = httpx.get(server.url, trust_env=False)
    assert answer.json() == {"upload_url": f"{server.url}/put"}
    assert (answer.headers["content-type"], answer.headers["retry-after"]) == ("application/json", "1")


def test_answers_can_be_unregistered_chunked_unframed_and_cut() -> None:
    piecemeal = Respond(200, chunked(b"ab", b"c"), {"Transfer-Encoding": "chunked"})
    unframed = Respond(200, b"to the end", framed=False)
    scripts: list[Script] = [
        Respond(520),
        piecemeal,
        [ReadRequest(), unframed, Close()],
        [ReadRequest(), Send(OK.wire[:-2]), Close()],
        [ReadRequest(), Send(piecemeal.wire[:-2]), Close()],
    ]
    with FaultServer(scripts) as server, httpx.Client(trust_env=False, base_url=server.url) as http:
        assert http.get("/").status_code == 520
        assert http.get("/").content == b"abc"
        last = http.get("/")
        assert (last.content, "content-length" in last.headers) == (b"to the end", False)
        for _ in range(2):
            with pytest.raises(httpx.RemoteProtocolError):
                http.get("/")


def test_reset_at_accept_is_an_rst_and_reads_nothing() -> None:
    with FaultServer([[Reset()]]) as server:
        try:
            with client(server) as sock:
                assert read_all(sock) == (b"", ConnectionResetError)
        except ConnectionResetError:
            pass  # it came before the connection was used
        until(lambda: server.accepted == 1)
        assert server.requests == ()


@pytest.mark.parametrize(
    ("steps", "length", "complete"),
    [
        ([ReadHead()], 0, False),
        ([ReadBytes(4)], 4, False),
        ([ReadRequest()], 10, True),
    ],
)
def test_reset_in_and_after_the_request(steps: list[ReadHead], length: int, complete: bool) -> None:
    with FaultServer([[*steps, Reset()]]) as server:
        with client(server) as sock:
            sock.sendall(POST)
            assert read_all(sock) == (b"", ConnectionResetError)
        (request,) = server.requests
        assert (request.length, request.complete) == (length, complete)
        assert request.body == b"0123456789"[:length]


def test_all_that_was_sent_arrives_before_the_reset() -> None:
    with FaultServer([[ReadHead(), Send(b"z" * 2_000_000), Reset()]]) as server:
        for _ in range(5):
            with client(server) as sock:
                sock.sendall(POST)
                time.sleep(0.01)  # a slow reader: the server's kernel has most of it still to send
                data, end = read_all(sock)
            assert (len(data), end) == (2_000_000, ConnectionResetError)


def test_close_is_a_fin_even_with_unread_bytes() -> None:
    with FaultServer([[Close()]]) as server:
        for _ in range(5):
            with client(server) as sock:
                sock.sendall(POST * 1000)
                assert read_all(sock) == (b"", None)
                sock.sendall(b"x" * (4 << 20))  # an RST would break it
        assert server.requests == ()


def test_an_early_answer_reaches_a_client_that_is_still_sending() -> None:
    with FaultServer([[ReadHead(), Respond(413), Close()]]) as server:
        assert httpx.put(server.url, content=iter([b"x" * 65536] * 256), trust_env=False).status_code == 413
        assert not server.requests[0].complete


def test_a_drip_drips() -> None:
    with FaultServer([[ReadRequest(), Drip(b"abcdef", 0.05, size=2), Close()]]) as server, client(server) as sock:
        start = time.monotonic()
        sock.sendall(GET)
        came = [sock.recv(100)]
        while piece := sock.recv(100):
            came.append(piece)
        assert time.monotonic() - start >= 0.15
    assert b"".join(came) == b"abcdef"


def test_sending_can_repeat_and_be_endless() -> None:
    with FaultServer([[ReadRequest(), Send(b"ab", times=3), Close()], [Send(b"x" * 65536, times=None)]]) as server:
        with client(server) as sock:
            sock.sendall(GET)
            assert read_all(sock) == (b"ababab", None)
        with client(server) as sock:
            assert sum(len(sock.recv(65536)) for _ in range(1000)) > 1 << 20
        until(lambda: server.still_open == 0)


def test_a_stall_ends_by_the_clock_by_the_test_or_with_the_client() -> None:
    go, told = threading.Event(), threading.Event()
    scripts: list[Script] = [
        [ReadRequest(), Stall(0.1), OK],
        [ReadRequest(), Signal(told), Stall(until=go), OK],
        [ReadHead(), Stall()],
    ]
    with FaultServer(scripts) as server:
        with client(server) as sock:
            start = time.monotonic()
            sock.sendall(GET)
            assert sock.recv(10) == b"HTTP/1.1 2"
            assert time.monotonic() - start >= 0.1
        with client(server) as sock:
            sock.sendall(GET)
            assert told.wait(30)
            sock.settimeout(0.05)
            with pytest.raises(TimeoutError):
                sock.recv(10)
            sock.settimeout(30)
            go.set()
            assert sock.recv(10) == b"HTTP/1.1 2"
        until(lambda: server.still_open == 0)
        with client(server) as sock:
            sock.sendall(POST)  # its body stays unread: the client's leaving must be seen all the same
            until(lambda: len(server.requests) == 3)
            assert server.still_open == 1
        until(lambda: server.still_open == 0)


def test_an_idle_connection_is_closed_when_the_test_says() -> None:
    go, closed = threading.Event(), threading.Event()
    idle = [ReadRequest(), OK, Stall(until=go), Close(), Signal(closed)]
    with FaultServer([idle, OK]) as server, httpx.Client(trust_env=False, base_url=server.url) as http:
        assert http.get("/").text == "hello"
        go.set()
        assert closed.wait(30)
        assert http.get("/").text == "hello"
        assert [request.connection for request in server.requests] == [1, 2]


def test_a_reader_that_stops_blocks_the_sender() -> None:
    with FaultServer([[ReadBytes(1000), Stall()]], receive_buffer=4096) as server, client(server) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        sock.sendall(b"PUT / HTTP/1.1\r\nContent-Length: 67108864\r\n\r\n")
        sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            sock.sendall(b"x" * (64 << 10))  # the default buffers would take it
        (request,) = server.requests
        assert (request.length, request.complete) == (1000, False)


def test_waiting_for_requests_counts_whole_ones() -> None:
    with FaultServer([OK]) as server, client(server) as sock:
        sock.sendall(POST[:-1])
        with pytest.raises(AssertionError, match=r"(?s)1 whole requests.*POST /jobs \(cut, 9 body bytes"):
            server.wait_for(1, timeout=0.1)
        sock.sendall(POST[-1:])
        assert server.wait_for(1)[0].body == b"0123456789"


def test_quiet_is_no_connection_and_no_byte() -> None:
    def later(act: Callable[[], object]) -> threading.Timer:
        timer = threading.Timer(0.03, act)
        timer.start()
        return timer

    with FaultServer([OK]) as server, client(server) as sock:
        until(lambda: server.accepted == 1)
        server.assert_quiet(0.05)
        for act in (lambda: sock.sendall(b"G"), lambda: client(server).__enter__().close()):
            timer = later(act)
            with pytest.raises(AssertionError, match="not quiet"):
                server.assert_quiet(2)
            timer.join()


@pytest.mark.parametrize(
    ("scenario", "sent", "message"),
    [
        ([OK], b"GET /\r\n\r\n", "request line"),
        ([OK], b"GET / HTTP/1.1\r\nbroken\r\n\r\n", "header line"),
        ([OK], b"PUT / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n", "Content-Length '1, 1'"),
        ([OK], b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "chunk size"),
        ([], GET, "no script"),
        ([[ReadHead(), OK]], POST, "before the body of POST /jobs"),
        (Routes({"GET /b": [OK]}), GET, "no route for GET /a; there are"),
    ],
)
def test_what_no_client_and_no_script_may_do_fails_the_test(
    scenario: list[Script] | Routes, sent: bytes, message: str
) -> None:
    def run(error: Exception | None) -> None:
        with FaultServer(scenario) as server:
            with client(server) as sock:
                sock.sendall(sent)
                until(lambda: server.accepted == 1 and server.still_open == 0)
            if error:
                raise error

    with pytest.raises(AssertionError, match=message):
        run(None)
    failure = ValueError("of the test itself")
    with pytest.raises(AssertionError, match=message) as caught:
        run(failure)
    assert caught.value.__cause__ is failure


def test_a_client_that_resets_ends_its_script() -> None:
    with FaultServer([[ReadHead(), Stall()], [ReadRequest()]]) as server:
        for _ in range(2):
            with client(server) as sock:
                sock.sendall(POST[:-1])
                until(lambda: server.still_open == 1)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            until(lambda: server.still_open == 0)


def test_many_clients_at_once() -> None:
    def fetch() -> None:
        with suppress(httpx.HTTPError):
            httpx.post(server.url, content=b"x", trust_env=False)

    with FaultServer([OK, [ReadRequest(), Reset()]] * 20) as server:
        threads = [threading.Thread(target=fetch) for _ in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(server.wait_for(40)) == server.accepted == 40

"""An API's answer that is read piece by piece: authenticated, given as it comes, unpacked, never without a bound."""

from __future__ import annotations

import gzip
import socket
import threading
import zlib
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

from mirelo_ergo._runtime.io.deadline import Deadline
from mirelo_ergo._runtime.io.protocol import PIECE, Request, TransportFailure, run
from tests.faults.harness import KEY
from tests.faults.server import FaultServer
from tests.faults.steps import Close, Drip, ReadRequest, Respond, Send, Signal, Stall, chunked
from tests.faults.tls import trust

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mirelo_ergo._runtime.io.protocol import Stream
    from tests.faults.harness import Face
    from tests.faults.tls import Certificate

LINES = b'{"n":1}\n{"n":2}\n'


async def opened(io: Any, path: str = "/v2/jobs/j/stream") -> Stream:
    stream: Stream = await io.stream(Request("GET", path, long=True), Deadline(io.now, 5.0))
    return stream


async def whole(io: Any) -> tuple[Stream, list[bytes]]:
    async with await opened(io) as stream:
        pieces = []
        while piece := await stream.read():
            pieces.append(piece)
    return stream, pieces


def do(face: Face, flow: Any) -> Any:
    return run(flow) if face.colour == "sync" else face.do(flow)


def packed(kind: str, data: bytes) -> bytes:
    if kind == "gzip":
        return gzip.compress(data)
    raw = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return zlib.compress(data) if kind == "deflate" else raw.compress(data) + raw.flush()


def test_it_carries_the_key_and_gives_each_piece_when_it_arrives(face: Face) -> None:
    more = threading.Event()
    head = Respond(200, headers={"Transfer-Encoding": "chunked"}).head
    first, second = LINES[:8], LINES[8:]

    async def work(io: Any) -> None:
        async with await opened(io) as stream:
            assert stream.status == 200
            assert await stream.read() == first
            more.set()
            assert await stream.read() == second
            assert await stream.read() == b""

    script = [ReadRequest(), Send(head + chunked(first)[:-5]), Stall(until=more), Send(chunked(second))]
    with FaultServer([script]) as server, face.promise(5.0):
        do(face, work(face.open(server.url)._io))
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
        assert server.requests[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("tls", [None, "valid"], ids=["plain", "TLS"])
def test_waiting_for_a_piece_leaves_the_answer_as_it_is(face: Face, tls: Certificate | None) -> None:
    more, whole = threading.Event(), threading.Event()
    head = Respond(200, headers={"Transfer-Encoding": "chunked"}).head
    first, second = LINES[:8], LINES[8:]

    async def work(io: Any) -> None:
        async with await opened(io) as stream:
            assert await stream.read_within(5.0) == first
            assert await stream.read_within(0.01) is None
            assert await stream.read_within(0.0) is None
            more.set()
            assert await stream.read_within(5.0) == second
            assert await stream.read_within(0.01) is None
            whole.set()
            assert await stream.read() == b""

    steps = [Send(head + chunked(first)[:-5]), Stall(until=more), Send(chunked(second)[:-5]), Stall(until=whole)]
    with FaultServer([[ReadRequest(), *steps, Send(chunked())]], tls=tls) as server, face.promise(5.0):
        do(face, work(face.open(server.url, verify=trust())._io))


@pytest.mark.parametrize("tls", [None, "valid"], ids=["plain", "TLS"])
def test_pieces_that_came_together_are_there_at_once(face: Face, tls: Certificate | None) -> None:
    done = threading.Event()
    head = Respond(200, headers={"Transfer-Encoding": "chunked"}).head

    async def work(io: Any) -> None:
        async with await opened(io) as stream:
            assert [await stream.read_within(5.0) for _ in range(3)] == [b"one\n", b"two\n", b"three\n"]
            assert await stream.read_within(0.01) is None
            done.set()

    sent = head + chunked(b"one\n", b"two\n", b"three\n")[:-5]
    with FaultServer([[ReadRequest(), Send(sent), Stall(until=done)]], tls=tls) as server, face.promise(5.0):
        do(face, work(face.open(server.url, verify=trust())._io))


def test_waiting_for_a_piece_ends_with_the_answer_and_its_failures(face: Face) -> None:
    head = Respond(200, headers={"Transfer-Encoding": "chunked"}).head

    async def ends(io: Any) -> None:
        async with await opened(io) as stream:
            assert await stream.read_within(5.0) == LINES
            assert await stream.read_within(5.0) == b""

    async def breaks(io: Any) -> None:
        async with await opened(io) as stream:
            assert await stream.read_within(5.0) == LINES
            with pytest.raises(TransportFailure):
                await stream.read_within(5.0)

    async def leaves(io: Any) -> None:
        async with await opened(io) as stream:
            assert await stream.read_within(0.01) is None

    broken = [ReadRequest(), Send(head + chunked(LINES)[:-5]), Close()]
    silent = [ReadRequest(), Send(head), Stall()]
    good = Respond(200, chunked(LINES), {"Transfer-Encoding": "chunked"})
    with FaultServer([good, broken, silent]) as server, face.promise(5.0):
        io = face.open(server.url)._io
        do(face, ends(io))
        do(face, breaks(io))
        do(face, leaves(io))


GZIP_HEAD = gzip.compress(b"")[:3] + b"\x08" + bytes(6) + b"x" * 90  # with a file name that does not end
DRIPS = {
    "a chunk's head": Drip(b"5;" + b"x" * 2000, interval=0.01),
    "what unpacks to nothing": Drip(b"".join(chunked(bytes([byte]))[:-5] for byte in GZIP_HEAD), 0.02, size=6),
}


@pytest.mark.parametrize("what", DRIPS)
def test_bytes_that_are_no_piece_yet_do_not_prolong_the_wait_for_one(face: Face, what: str) -> None:
    headers = {"Transfer-Encoding": "chunked", **({"Content-Encoding": "gzip"} if "unpacks" in what else {})}
    script = [ReadRequest(), Send(Respond(200, headers=headers).head), DRIPS[what], Stall()]

    async def work(io: Any) -> None:
        async with await opened(io) as stream:
            assert [await stream.read_within(0.1) for _ in range(3)] == [None] * 3

    with FaultServer([script]) as server, face.promise(1.0):
        do(face, work(face.open(server.url)._io))


@contextmanager
def holding_back(port: int, hold: threading.Event) -> Iterator[str]:
    """Carry bytes to a TLS server; once `hold` is set, keep the last three bytes of what it says."""
    listener = socket.create_server(("127.0.0.1", 0))

    def carry(source: socket.socket, target: socket.socket, kept: int) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(data[:-kept] if kept and hold.is_set() else data)
            target.shutdown(socket.SHUT_WR)

    def serve() -> None:
        client, _ = listener.accept()
        with client, socket.create_connection(("127.0.0.1", port)) as server:
            there = threading.Thread(target=carry, args=[client, server, 0])
            there.start()
            carry(server, client, 3)
            there.join()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        thread.join()
        listener.close()


def test_a_part_of_a_tls_record_does_not_prolong_the_wait_for_a_piece(face: Face) -> None:
    hold, held = threading.Event(), threading.Event()
    head = Respond(200, headers={"Transfer-Encoding": "chunked"}).head
    script = [ReadRequest(), Send(head), Stall(until=hold), Send(chunked(LINES)[:-5]), Signal(held), Stall()]

    async def work(io: Any) -> None:
        async with await opened(io) as stream:
            hold.set()
            while not held.is_set():
                assert await stream.read_within(0.01) is None
            assert [await stream.read_within(0.1) for _ in range(3)] == [None] * 3

    with FaultServer([script], tls="valid") as server, holding_back(server.port, hold) as url, face.promise(2.0):
        client = face.open(url, verify=trust())
        do(face, work(client._io))


def test_a_requests_own_header_takes_the_place_of_the_clients(face: Face) -> None:
    async def work(io: Any) -> None:
        request = Request("GET", "/s", headers=(("accept", "application/x-ndjson"), ("X-One", "1")))
        async with await io.stream(request, Deadline(io.now, 5.0)) as stream:
            assert stream.status == 200

    with FaultServer([Respond(200)]) as server, face.promise(5.0):
        do(face, work(face.open(server.url)._io))
        (seen,) = server.requests
        assert seen.headers["accept"] == "application/x-ndjson"  # a repeated one would be joined with a comma
        assert seen.headers["authorization"] == f"Bearer {KEY}"
        assert seen.headers["x-one"] == "1"


@pytest.mark.parametrize("kind", ["gzip", "deflate", "raw deflate"])
def test_a_compressed_answer_is_unpacked_though_identity_was_asked_for(face: Face, kind: str) -> None:
    lines = LINES * 50
    answer = Respond(200, packed(kind, lines), {"Content-Encoding": kind.split()[-1]})
    with FaultServer([answer]) as server, face.promise(5.0):
        stream, pieces = do(face, whole(face.open(server.url)._io))
        assert stream.status == 200
        assert b"".join(pieces) == lines


def test_a_bomb_is_refused_and_what_is_no_bomb_comes_in_pieces(face: Face) -> None:
    bomb = Respond(200, gzip.compress(bytes(50 * PIECE)), {"Content-Encoding": "gzip"})
    large = Respond(200, gzip.compress(bytes(range(256)) * 8 * 2048, 1), {"Content-Encoding": "gzip"})
    stored = Respond(200, gzip.compress(bytes(3 * PIECE), 0), {"Content-Encoding": "gzip"})
    with FaultServer([bomb, large, stored]) as server, face.promise(5.0):
        io = face.open(server.url)._io
        with pytest.raises(TransportFailure, match="more than 100 times"):
            do(face, whole(io))
        with pytest.raises(TransportFailure, match="more than 100 times"):
            do(face, whole(io))
        _, pieces = do(face, whole(io))
        assert sum(map(len, pieces)) == 3 * PIECE
        assert max(map(len, pieces)) <= PIECE


@pytest.mark.parametrize("cut", [4, 30])
def test_a_compressed_answer_that_is_cut_or_damaged_is_a_failure(face: Face, cut: int) -> None:
    good = gzip.compress(LINES * 9)
    head = Respond(200, headers={"Content-Encoding": "gzip"}, framed=False).head
    damaged = Respond(200, good[:20] + b"\xff" * 20, {"Content-Encoding": "gzip"})
    with FaultServer([[ReadRequest(), Send(head + good[:-cut]), Close()], damaged]) as server, face.promise(5.0):
        io = face.open(server.url)._io
        for _ in range(2):
            with pytest.raises(TransportFailure) as caught:
                do(face, whole(io))
            assert caught.value.kind == "garbled"


def test_a_caller_that_stops_early_leaves_no_connection_behind(face: Face) -> None:
    async def peek(io: Any) -> bytes:
        async with await opened(io) as stream:
            return await stream.read()

    endless = [ReadRequest(), Send(Respond(200, framed=False).head), Send(LINES, None)]
    with FaultServer([endless]) as server, face.promise(5.0):
        assert do(face, peek(face.open(server.url)._io)).startswith(LINES)

"""A client's kept connections: used again, given up in time, and closed with it."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from mirelo_ergo import AsyncMireloClient
from mirelo_ergo._runtime.http import connections
from mirelo_ergo._runtime.io.deadline import Deadline
from mirelo_ergo._runtime.io.protocol import ExternalRequest, run
from tests.faults import mirelo
from tests.faults.server import FaultServer
from tests.faults.steps import Close, ReadRequest, Respond, Stall
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.harness import Face

KEY = "sk-test"


def test_one_after_the_other_share_a_connection(face: Face) -> None:
    with FaultServer([mirelo.me()]) as server:
        client = face.open(server.url)
        for _ in range(5):
            face.do(client.me())
        assert server.accepted == 1
        face.do(client.close() if face.colour == "sync" else client.aclose())
        until(lambda: server.still_open == 0, "it is closed with the client")


def test_what_comes_together_has_a_connection_each_and_most_of_them_are_kept(face: Face) -> None:
    together = threading.Event()

    def at_once(client: Any, count: int, meanwhile: Callable[[], None]) -> None:
        if face.colour == "sync":
            threads = [threading.Thread(target=client.me) for _ in range(count)]
            for thread in threads:
                thread.start()
            meanwhile()
            for thread in threads:
                thread.join()
            return

        async def work() -> None:
            calls = [asyncio.ensure_future(client.me()) for _ in range(count)]
            await asyncio.to_thread(meanwhile)
            await asyncio.gather(*calls)

        face.do(work())

    def all_there() -> None:
        server.wait_for(40)
        together.set()

    with FaultServer([[ReadRequest(), Stall(until=together), mirelo.me()]]) as server:
        client = face.open(server.url)
        at_once(client, 40, all_there)
        until(lambda: server.still_open == 32, "32 are kept")
        at_once(client, 32, lambda: None)
        assert server.accepted <= 40 + 32
        assert server.still_open <= 32
        face.do(client.close() if face.colour == "sync" else client.aclose())
        until(lambda: server.still_open == 0, "all are closed with the client")


def test_what_the_server_has_closed_is_not_used_again(face: Face) -> None:
    with FaultServer([[ReadRequest(), mirelo.me(), Close()]]) as server:
        client = face.open(server.url, retries=0)
        for number in (1, 2):
            face.do(client.me())
            until(lambda: server.still_open == 0, "the server closes it")
            assert server.accepted == number


def test_a_cancelled_request_takes_its_connection_with_it() -> None:
    async def work(url: str, server: FaultServer) -> None:
        async with AsyncMireloClient(KEY, base_url=url) as client:
            call = asyncio.ensure_future(client.me())
            await asyncio.to_thread(server.wait_for, 1)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            await asyncio.to_thread(until, lambda: server.still_open == 0, "its connection is closed")
            await client.me()
        assert server.accepted == 2

    with FaultServer([[ReadRequest(), Stall()], mirelo.me()]) as server:
        asyncio.run(work(server.url, server))


def test_closing_an_answer_twice_leaves_the_next_request_its_connection(face: Face) -> None:
    async def work(io: Any, url: str) -> None:
        first = await fetched(io, url)
        second = await io.stream(ExternalRequest("GET", url), Deadline(io.now, 5.0))
        await first.__aexit__(None, None, None)
        assert await second.read() == b"one"
        assert await second.read() == b""
        await second.__aexit__(None, None, None)
        await fetched(io, url)

    async def fetched(io: Any, url: str) -> Any:
        async with await io.stream(ExternalRequest("GET", url), Deadline(io.now, 5.0)) as answer:
            assert await answer.read() == b"one"
            assert await answer.read() == b""
        return answer

    with FaultServer([Respond(200, b"one")]) as server:
        flow = work(face.open(server.url)._io, server.url)
        run(flow) if face.colour == "sync" else face.do(flow)
        assert server.accepted == 1, "nobody closed it under the second"


def test_each_origin_has_its_own_and_the_one_that_rested_too_long_goes(
    face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "IDLE_EXTERNAL", 100.0)

    async def fetch(io: Any, url: str) -> bytes:
        async with await io.stream(ExternalRequest("GET", url), Deadline(io.now, 5.0)) as answer:
            body: bytes = await answer.read()
            assert await answer.read() == b""
            return body

    async def work(io: Any, one: FaultServer, other: FaultServer) -> None:
        shift = 0.0
        network = io.http._network
        monkeypatch.setattr(type(network), "now", lambda _: time.monotonic() + shift)
        assert [await fetch(io, server.url) for server in (one, other, other)] == [b"one", b"other", b"other"]
        assert (one.accepted, other.accepted) == (1, 1)
        shift = 101.0
        assert await fetch(io, other.url) == b"other"
        until(lambda: one.still_open == 0 and other.still_open == 1, "those that expired are closed")
        assert (one.accepted, other.accepted) == (1, 2)
        assert await fetch(io, one.url) == b"one"
        assert (one.accepted, other.accepted) == (2, 2)

    with FaultServer([Respond(200, b"one")]) as one, FaultServer([Respond(200, b"other")]) as other:
        flow = work(face.open(one.url)._io, one, other)
        run(flow) if face.colour == "sync" else face.do(flow)

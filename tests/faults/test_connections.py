"""The awaiting client's kept connections: used again, given up in time, and closed with it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import httpcore
import pytest

from mirelo_ergo import AsyncMireloClient
from mirelo_ergo._runtime.http.connections import AsyncConnections
from tests.faults import mirelo
from tests.faults.server import FaultServer
from tests.faults.steps import Close, ReadRequest, Respond, Stall

KEY = "sk-test"


def until(what: str, reached: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    deadline = time.monotonic() + 5.0
    while not reached():
        assert time.monotonic() < deadline, what
        time.sleep(0.002)


def test_one_after_the_other_share_a_connection() -> None:
    async def work(url: str) -> None:
        async with AsyncMireloClient(KEY, base_url=url) as client:
            for _ in range(5):
                await client.me()

    with FaultServer([mirelo.me()]) as server:
        asyncio.run(work(server.url))
        assert server.accepted == 1
        until("it is closed with the client", lambda: server.still_open == 0)


def test_what_comes_together_has_a_connection_each_and_most_of_them_are_kept() -> None:
    together = threading.Event()
    answer = mirelo.me()

    async def work(url: str, server: FaultServer) -> None:
        async with AsyncMireloClient(KEY, base_url=url) as client:
            calls = [asyncio.ensure_future(client.me()) for _ in range(40)]
            await asyncio.to_thread(server.wait_for, 40)
            together.set()
            await asyncio.gather(*calls)
            await asyncio.to_thread(until, "32 are kept", lambda: server.still_open == 32)
            await asyncio.gather(*(client.me() for _ in range(32)))
            assert server.accepted == 40

    with FaultServer([[ReadRequest(), Stall(until=together), answer]]) as server:
        asyncio.run(work(server.url, server))
        until("all are closed with the client", lambda: server.still_open == 0)


def test_what_the_server_has_closed_is_not_used_again() -> None:
    async def work(url: str, server: FaultServer) -> None:
        async with AsyncMireloClient(KEY, base_url=url, retries=0) as client:
            for number in (1, 2):
                await client.me()
                await asyncio.to_thread(until, "the server closes it", lambda: server.still_open == 0)
                assert server.accepted == number

    with FaultServer([[ReadRequest(), mirelo.me(), Close()]]) as server:
        asyncio.run(work(server.url, server))


def test_a_cancelled_request_takes_its_connection_with_it() -> None:
    async def work(url: str, server: FaultServer) -> None:
        async with AsyncMireloClient(KEY, base_url=url) as client:
            call = asyncio.ensure_future(client.me())
            await asyncio.to_thread(server.wait_for, 1)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            await asyncio.to_thread(until, "its connection is closed", lambda: server.still_open == 0)
            await client.me()
        assert server.accepted == 2

    with FaultServer([[ReadRequest(), Stall()], mirelo.me()]) as server:
        asyncio.run(work(server.url, server))


def test_closing_an_answer_twice_leaves_the_next_request_its_connection() -> None:
    async def work(server: FaultServer) -> None:
        connections = AsyncConnections(httpcore.AsyncHTTPConnection, keep=4)
        request = httpcore.Request("GET", server.url, headers=[("Host", "test")])
        first = await connections.handle_async_request(request)
        await first.aread()
        await first.aclose()
        second = await connections.handle_async_request(request)
        await first.aclose()
        assert await second.aread() == b"one"
        await second.aclose()
        third = await connections.handle_async_request(request)
        await third.aread()
        await third.aclose()
        assert server.accepted == 1, "nobody closed it under the second"
        await connections.aclose()

    with FaultServer([Respond(200, b"one")]) as server:
        asyncio.run(work(server))


def test_each_origin_has_its_own_and_the_one_that_rested_too_long_goes() -> None:
    async def fetch(connections: AsyncConnections, url: str) -> bytes:
        answer = await connections.handle_async_request(httpcore.Request("GET", url, headers=[("Host", "test")]))
        try:
            return b"".join([piece async for piece in answer.aiter_stream()])
        finally:
            await answer.aclose()
            await answer.aclose()  # which gives nothing back twice

    async def work(one: FaultServer, other: FaultServer) -> None:
        made: list[httpcore.Origin] = []

        def connect(origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
            made.append(origin)
            return httpcore.AsyncHTTPConnection(origin, keepalive_expiry=0.05 if len(made) == 1 else 60.0)

        connections = AsyncConnections(connect, keep=4)
        assert [await fetch(connections, server.url) for server in (one, other, other)] == [b"one", b"other", b"other"]
        assert [each.port for each in made] == [one.port, other.port]
        await asyncio.sleep(0.06)
        assert await fetch(connections, other.url) == b"other"
        await asyncio.to_thread(until, "the one that expired is closed", lambda: one.still_open == 0)
        assert await fetch(connections, one.url) == b"one"
        assert len(made) == 3
        await connections.aclose()
        await asyncio.to_thread(until, "all are closed", lambda: one.still_open == other.still_open == 0)

    with FaultServer([Respond(200, b"one")]) as one, FaultServer([Respond(200, b"other")]) as other:
        asyncio.run(work(one, other))

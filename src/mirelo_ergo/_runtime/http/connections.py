"""Kept connections for the awaiting colour: each request has one for itself, the one that was used last or a new one.

httpcore's own pool goes through all its connections, for each of them, at every start and end of a request. With ten
that is a fifth of what a poll costs the processor, with a hundred it is more than the poll.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpcore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable


class Lent:
    """An answer's body; its end gives the connection back, once: later the connection is another request's."""

    def __init__(self, stream: Any, give_back: Callable[[], Awaitable[None]]) -> None:
        self._stream = stream
        self._give_back = give_back
        self._closed = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        body: AsyncIterator[bytes] = self._stream.__aiter__()
        return body

    async def aclose(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            await self._stream.aclose()
        finally:
            await self._give_back()


class AsyncConnections:
    """Hold connections to any origin, of which at most `keep` rest. Does what is used of `AsyncConnectionPool`."""

    def __init__(self, connect: Callable[[httpcore.Origin], httpcore.AsyncHTTPConnection], keep: int) -> None:
        self._connect = connect
        self._keep = keep
        self._resting: list[httpcore.AsyncHTTPConnection] = []  # the one that was used last is the last
        self._lent: set[httpcore.AsyncHTTPConnection] = set()

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        connection = await self._take(request.url.origin)
        self._lent.add(connection)
        try:
            answer = await connection.handle_async_request(request)
        except BaseException:
            await self._give_back(connection)
            raise

        async def give_back() -> None:
            await self._give_back(connection)

        return httpcore.Response(
            answer.status, headers=answer.headers, content=Lent(answer.stream, give_back), extensions=answer.extensions
        )

    async def _take(self, origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
        while self._resting and self._resting[0].has_expired():
            await self._resting.pop(0).aclose()  # the one that has rested longest
        while True:
            fitting = (each for each in reversed(self._resting) if each.can_handle_request(origin))
            connection = next(fitting, None)
            if connection is None:
                return self._connect(origin)
            self._resting.remove(connection)
            if connection.is_available() and not connection.has_expired():
                return connection
            await connection.aclose()

    async def _give_back(self, connection: httpcore.AsyncHTTPConnection) -> None:
        if connection not in self._lent:
            return
        self._lent.discard(connection)
        if connection.is_available() and len(self._resting) < self._keep:
            self._resting.append(connection)
        else:
            await connection.aclose()

    async def aclose(self) -> None:
        """Close all connections, those in use too."""
        connections = [*self._resting, *self._lent]
        self._keep, self._resting, self._lent = 0, [], set()
        for connection in connections:
            await connection.aclose()

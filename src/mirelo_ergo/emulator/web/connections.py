"""The connections below the application, which faults may reset, cut or write to."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from typing import TYPE_CHECKING, Any, TypeVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from mirelo_ergo.emulator.refusals import bad_request

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from starlette.responses import Response
    from starlette.types import Scope

    from mirelo_ergo.emulator.refusals import Refusal

T = TypeVar("T")
STATE = "mirelo_ergo.connection"
# close() sends RST and throws away what was not sent yet; Windows declares the two numbers shorter
ABORT = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
SMALL_BUFFER = 16 << 10
MAX_UNSENT = 256 << 10
HEAD_SECONDS = 10.0
BODY_SECONDS = 30.0
MAX_CONNECTIONS = 500  # a process may often have 1,024 files open, and a test has both ends of each in its own
FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n"
    b"X-Reason: this emulator has %d connections and takes no more\r\n\r\n" % MAX_CONNECTIONS
)


class Connection:
    """One client's connection. The methods that end it return when the server has closed the socket."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.lost = asyncio.Event()

    async def reset(self) -> None:
        """Send RST."""
        self.abort()
        await self.lost.wait()

    def abort(self) -> None:
        """Send RST without waiting."""
        self._option(socket.SO_LINGER, ABORT)
        self._transport.abort()

    async def close(self) -> None:
        """Send the written bytes and then FIN."""
        self._transport.close()
        await self.lost.wait()

    def write(self, data: bytes) -> None:
        """Write raw bytes, which the HTTP library does not know of: end with `close`."""
        self._transport.write(data)

    @property
    def congested(self) -> bool:
        """Return whether the client reads slowly, so that many written bytes are waiting."""
        return self._transport.get_write_buffer_size() > MAX_UNSENT

    def shrink(self) -> None:
        """Set a small receive buffer, so that slow reading slows the sender."""
        self._option(socket.SO_RCVBUF, SMALL_BUFFER)

    def pause(self) -> None:
        """Stop reading until `resume`. A disconnect is only noticed after that."""
        self._transport.pause_reading()

    def resume(self) -> None:
        """Continue to read."""
        self._transport.resume_reading()

    async def unless_lost(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Return the result of work, or cancel it and return None if the client disconnects."""
        tasks = asyncio.ensure_future(work), asyncio.ensure_future(self.lost.wait())
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return tasks[0].result() if tasks[0].done() else None
        finally:
            for task in tasks:
                task.cancel()

    def _option(self, name: int, value: Any) -> None:
        if not self._transport.is_closing():
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, name, value)


class Protocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol, which also gives each request its connection.

    Invalid HTTP is refused in the form of the port's service. A connection is closed if its first byte, or then a
    complete head, does not arrive within 10 s, and if a body makes no progress for 30 s. At the limit, a new connection
    replaces the oldest one without a request.
    """

    def __init__(self, *args: Any, refuse: Callable[[int, Refusal], Response], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._refuse = refuse
        self._waits_since = 0.0  # for the rest of a head or body, on the loop's clock
        self._waits_for: object = None  # h11.IDLE for a head, h11.SEND_BODY for a body
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own does
        super().connection_made(transport)
        self._connection = Connection(transport)
        self.app_state = {**self.app_state, STATE: self._connection}
        self._await(h11.IDLE)
        if len(self.connections) > MAX_CONNECTIONS:
            idle = [each for each in self.connections if isinstance(each, Protocol) and each is not self and each.idle]
            if idle:
                min(idle, key=lambda each: each._waits_since).transport.abort()
            else:
                transport.write(FULL)
                transport.close()

    @property
    def idle(self) -> bool:
        """Whether no complete request waits for its answer."""
        answered = self.cycle is None or self.cycle.response_complete
        return answered and self.conn.their_state is h11.IDLE and not self.transport.is_closing()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        state = self.conn.their_state
        if state is h11.SEND_BODY or (state is h11.IDLE and self._waits_for is not state):
            self._await(state)  # each piece of a body begins its wait again; a head has one for all its bytes
        elif state is not h11.IDLE:
            self._waits_for = None

    def _await(self, what: object) -> None:
        self._waits_for, self._waits_since = what, self.loop.time()
        if self._timer is None:
            self._timer = self.loop.call_later(HEAD_SECONDS if what is h11.IDLE else BODY_SECONDS, self._look)

    def _look(self) -> None:
        """Close a connection that has waited too long, or check again later."""
        self._timer = None
        if self._waits_for is None or self.transport.is_closing():
            return
        if not self.transport.is_reading():  # it is this side that lets it wait
            self._waits_since = self.loop.time()
        limit = HEAD_SECONDS if self._waits_for is h11.IDLE else BODY_SECONDS
        left = self._waits_since + limit - self.loop.time()
        if left > 0:
            self._timer = self.loop.call_later(left, self._look)
        else:
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Answer invalid HTTP, and close."""
        port = self.transport.get_extra_info("sockname")[1]
        answer = self._refuse(port, bad_request("the request is not HTTP, or its head is over 64 KiB"))
        headers = [*answer.raw_headers, (b"connection", b"close")]
        parts = (h11.Response(status_code=400, headers=headers), h11.Data(data=bytes(answer.body)), h11.EndOfMessage())
        for part in parts:
            self.transport.write(self.conn.send(part) or b"")
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._timer is not None:
            self._timer.cancel()
        self._connection.lost.set()


def connection(scope: Scope) -> Connection:
    """Return the connection of a request."""
    found: Connection = scope["state"][STATE]
    return found

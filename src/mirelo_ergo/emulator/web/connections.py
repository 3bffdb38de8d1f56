"""What is under the application: the connection of a request, which a fault may reset, cut or write to by itself."""

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
    """One client's connection. Each way of ending it returns when the server has let go of the socket."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.lost = asyncio.Event()

    async def reset(self) -> None:
        """Send RST."""
        self.abort()
        await self.lost.wait()

    def abort(self) -> None:
        """Send RST without waiting for its effect here."""
        self._option(socket.SO_LINGER, ABORT)
        self._transport.abort()

    async def close(self) -> None:
        """Send what was written and then FIN."""
        self._transport.close()
        await self.lost.wait()

    def write(self, data: bytes) -> None:
        """Write past the HTTP library, which then knows of no answer: end with `close`."""
        self._transport.write(data)

    @property
    def congested(self) -> bool:
        """Return whether the client is far behind with reading what was written."""
        return self._transport.get_write_buffer_size() > MAX_UNSENT

    def shrink(self) -> None:
        """Set a small receive buffer, so that a slow reader is felt by the sender."""
        self._option(socket.SO_RCVBUF, SMALL_BUFFER)

    def pause(self) -> None:
        """Stop reading, until `resume`; a client that goes away meanwhile is noticed after that."""
        self._transport.pause_reading()

    def resume(self) -> None:
        """Go on reading."""
        self._transport.resume_reading()

    async def unless_lost(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Return what the work comes to, or give it up and return None when the client goes away first."""
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
    """uvicorn's HTTP/1.1, which also tells each request what connection it came on.

    What is no HTTP is refused in the words of the service whose port it came to. A connection is closed when its first
    byte, or a whole head after that, does not come within 10 s, and when a body stands still for 30 s. At the cap,
    a new connection takes the place of the oldest one that has no request.
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
        """Whether no request has come on it whole that still waits for its answer."""
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
        """Close a connection that has waited too long; look again when it would have."""
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
        """Answer what is no HTTP, and close."""
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
    """Return the connection that a request came on."""
    found: Connection = scope["state"][STATE]
    return found

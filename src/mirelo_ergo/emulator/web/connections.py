"""What is under the application: the connection of a request, which a fault may reset, cut or write to by itself."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from typing import TYPE_CHECKING, Any, TypeVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from mirelo_ergo.emulator.web.refusals import bad_request

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from starlette.responses import Response
    from starlette.types import Scope

    from mirelo_ergo.emulator.web.refusals import Refusal

T = TypeVar("T")
STATE = "mirelo_ergo.connection"
# close() sends RST and throws away what was not sent yet; Windows declares the two numbers shorter
ABORT = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
SMALL_BUFFER = 16 << 10
MAX_UNSENT = 256 << 10
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
        """Say whether the client is far behind with reading what was written."""
        return self._transport.get_write_buffer_size() > MAX_UNSENT

    def shrink(self) -> None:
        """Give the kernel a small buffer to receive in, so that a slow reader is felt by the sender."""
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

    What is no HTTP is refused in the words of the service whose port it came to.
    """

    def __init__(self, *args: Any, refuse: Callable[[int, Refusal], Response], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._refuse = refuse

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, and close."""
        port = self.transport.get_extra_info("sockname")[1]
        answer = self._refuse(port, bad_request("the request is not HTTP, or its head is over 64 KiB"))
        headers = [*answer.raw_headers, (b"connection", b"close")]
        parts = (h11.Response(status_code=400, headers=headers), h11.Data(data=bytes(answer.body)), h11.EndOfMessage())
        for part in parts:
            self.transport.write(self.conn.send(part) or b"")
        self.transport.close()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own does
        super().connection_made(transport)
        self._connection = Connection(transport)
        if len(self.connections) > MAX_CONNECTIONS:
            transport.write(FULL)
            transport.close()
        self.app_state = {**self.app_state, STATE: self._connection}

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._connection.lost.set()


def connection(scope: Scope) -> Connection:
    """Return the connection that a request came on."""
    found: Connection = scope["state"][STATE]
    return found

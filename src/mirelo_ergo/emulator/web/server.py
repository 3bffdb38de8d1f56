"""The server below the application: listening sockets, and uvicorn in a thread."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import socket
import threading
from typing import TYPE_CHECKING, cast

import uvicorn

from mirelo_ergo.emulator.web.connections import Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.responses import Response
    from starlette.types import ASGIApp

    from mirelo_ergo.emulator.refusals import Refusal

GRACE_SECONDS = 0.3


class Server(uvicorn.Server):
    """uvicorn without signal handlers and polling: it starts, waits and ends by events."""

    def __init__(self, app: ASGIApp, refuse: Callable[[int, Refusal], Response]) -> None:
        """Serve an application. `refuse` writes the answer of a port's service to invalid HTTP."""
        super().__init__(
            uvicorn.Config(
                app,
                interface="asgi3",
                loop="asyncio",
                http=cast("type[asyncio.Protocol]", functools.partial(Protocol, refuse=refuse)),
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,  # TrafficMiddleware writes it, from the emulator's clock
            )
        )
        self.ready = threading.Event()
        self._end: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop that it serves in, once it is ready."""
        assert self._loop is not None
        return self._loop

    def stop(self) -> None:
        """End serving, from any thread."""
        self.should_exit = True
        if self._loop is not None and self._end is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end.set)

    async def main_loop(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        self.ready.set()
        if not self.should_exit:  # or `stop` came before there was an event to set
            await self._end.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        # Requests under way may end; what is still open then, an upload or a stalled download, is cut.
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=GRACE_SECONDS)
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=GRACE_SECONDS)
        await asyncio.sleep(0)  # the loop closes the sockets in its next turn


def url_of(listening: socket.socket) -> str:
    """Return the address of a listening socket, as seen from this machine."""
    bound: str = listening.getsockname()[0]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bound, bound)  # noqa: S104 - what is bound to all is here too
    port = listening.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def listen_all(host: str, ports: Mapping[str, int]) -> dict[str, socket.socket]:
    """Return a listening socket for each name; raise an OSError if one cannot be opened."""
    with contextlib.ExitStack() as undo:
        sockets = {name: undo.enter_context(_listen(host, port)) for name, port in ports.items()}
        undo.pop_all()
        return sockets


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= 65_535:
        raise ValueError(f"port is {port}: it has to be from 0, which takes a free one, to 65535")
    # asyncio turns Nagle's algorithm off only on a socket that names its protocol, and socket.create_server names none:
    # each answer would then wait 40 ms for the acknowledgement of its own headers.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere it would let two servers share the port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(1024)
    except OSError as error:
        listening.close()
        error.add_note(f"The emulator cannot listen on {host} port {port}; port=0 takes a free one.")
        raise
    return listening

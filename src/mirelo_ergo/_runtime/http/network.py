"""Sockets whose every wait has a time limit. Both clients share this code; a `Network` implements how each waits.

Sockets are non-blocking: an operation that would block waits in `Network.ready`, and is tried again.
"""

from __future__ import annotations

import select
import socket
from typing import TYPE_CHECKING, Any, Final, ParamSpec, Protocol, TypeVar

from .failures import WireFailure, is_raised_here

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from ..io.deadline import TimeLimit, Timing

P = ParamSpec("P")
T = TypeVar("T")

PIECE: Final = 1 << 16
"""The most bytes that one call reads from a socket."""
LISTEN: Final = 1 << 16
"""The size of a write, in bytes, from which it first checks for an early answer."""
STAGGER: Final = 0.25
"""Seconds after which the next address is tried in parallel (RFC 8305)."""

Watched = socket.socket | int
"""Something to wait for: a socket, or the descriptor of a pipe."""
Address = tuple[socket.AddressFamily, Any]
"""An address family, and the argument of `socket.connect`."""


class ConnectionSlots(Protocol):
    """A limited number of slots for connections in use. A slot is released when it is garbage collected."""

    async def take(self, seconds: float) -> object | None:
        """Return a slot, or None if none was free within that time."""
        ...


class Background(Protocol):
    """A flow that runs in the background."""

    async def wait(self, seconds: float) -> bool:
        """Wait for its end, at most that many seconds; return whether it has ended."""
        ...

    def stop(self) -> None:
        """End it early if possible. May be called from any thread."""
        ...


class Network(Protocol):
    """The differences between the sync and the async client in how they reach the network."""

    def now(self) -> float:
        """Return seconds on the monotonic clock."""
        ...

    async def ready(self, reading: Sequence[Watched], writing: Sequence[Watched], seconds: float) -> bool:
        """Wait until one of them is readable or writable, at most that many seconds; return whether one is.

        Anything that the system cannot poll counts as ready.
        """
        ...

    async def resolve(self, host: str, port: int, seconds: float) -> list[Address] | None:
        """Return the addresses of a name, None if the look-up took too long; raise OSError or UnicodeError."""
        ...

    def connection_slots(self, count: int) -> ConnectionSlots:
        """Return `count` slots."""
        ...

    def in_background(self, flow: Callable[[], Coroutine[None, None, None]]) -> Background:
        """Start a flow in the background. It must end soon by itself, and raise nothing.

        The coroutine is created where it runs, so that an interrupt of the caller leaves none unawaited.
        """
        ...

    async def run_blocking(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function that blocks on the file system."""
        ...


class AttemptTimeouts:
    """The time-outs of one attempt: its overall limit, the time to connect, and the time between two bytes."""

    def __init__(self, limit: TimeLimit, timing: Timing, now: Callable[[], float], *, long: bool = False) -> None:
        self.limit = limit
        self._now = now
        self._between = None if long else timing.between_bytes
        self._connect = timing.connect
        self._connected_by = now() + timing.connect
        self._looked = False

    def now(self) -> float:
        """Return seconds on the monotonic clock."""
        return self._now()

    def connect(self) -> float:
        """Return the seconds left to connect: name look-up, TCP, proxy and TLS share one time-out."""
        left = self.limit.clip(self._connected_by - self._now())
        if left <= 0:
            raise WireFailure("connect", "there was no connection in time")
        return left

    def free(self) -> float:
        """Return the seconds left to wait for a connection slot."""
        return max(0.0, self.limit.clip(None))

    def timeouts(self) -> dict[str, float]:
        """Return httpx's time-outs, for a transport that enforces them itself."""
        left = max(self.limit.clip(None), 0.001)
        between = min(self._between, left) if self._between is not None else left
        return {"connect": min(self._connect, left), "read": between, "write": between, "pool": left}

    def read(self) -> float:
        """Return the seconds to wait for bytes. Once the time is up it is 0, once, for bytes that are already there."""
        left = self.limit.clip(self._between)
        if left > 0:
            return left
        if self._looked:
            raise WireFailure("timeout", "the time for it is up")
        self._looked = True  # after a pause of the process the answer may be waiting in the socket
        return 0.0

    def write(self) -> float:
        """Return the seconds to wait until more can be sent."""
        left = self.limit.clip(self._between)
        if left <= 0:
            raise WireFailure("timeout", "the time for it is up")
        return left


class Wire(Protocol):
    """A byte stream to one peer: a socket, or TLS over another wire."""

    async def read(self, waits: AttemptTimeouts, *, connecting: bool = False) -> bytes:
        """Return the next bytes, b"" at the end."""
        ...

    async def write(self, data: bytes, waits: AttemptTimeouts, *, connecting: bool = False) -> bool:
        """Send bytes, and return True when all are sent; False if bytes have arrived first: `write(b"")` goes on.

        While `connecting` it does not check for arrived bytes.
        """
        ...

    async def wait_readable(self, seconds: float) -> bool:
        """Wait until `take` has something to return, at most that many seconds; return whether it has."""
        ...

    def take(self) -> bytes | None:
        """Return the bytes that have arrived, b"" at the end, None if there are none."""
        ...

    def is_quiet(self) -> bool:
        """Return whether the wire is open and no byte is waiting to be taken."""
        ...

    def close(self) -> None: ...


class SocketWire:
    """A connected socket."""

    def __init__(self, sock: socket.socket, network: Network) -> None:
        self._sock = sock
        self._network = network
        self._unsent = memoryview(b"")
        self._early = b""
        self._ended = False
        self._broken: WireFailure | None = None

    async def read(self, waits: AttemptTimeouts, *, connecting: bool = False) -> bytes:
        if not self._early and not self._ended:
            await self._network.ready((self._sock,), (), waits.connect() if connecting else waits.read())
        data = self.take()
        if data is None:
            raise WireFailure("connect" if connecting else "timeout", "no byte came in time")
        waits.limit.advance(len(data))
        return data

    async def write(self, data: bytes, waits: AttemptTimeouts, *, connecting: bool = False) -> bool:
        self._unsent = memoryview(bytes(self._unsent) + data) if self._unsent else memoryview(data)
        listening = not connecting
        if listening and len(data) >= LISTEN and self._has_heard():
            return False
        while self._unsent:
            if self._broken is not None:
                raise self._broken
            count = self._send()
            if count:
                waits.limit.advance(count)
                self._unsent = self._unsent[count:]
                continue
            if self._broken is None:
                reading = (self._sock,) if listening and not self._ended else ()
                seconds = waits.connect() if connecting else waits.write()
                if not await self._network.ready(reading, (self._sock,), seconds):
                    self._broken = WireFailure("connect" if connecting else "timeout", "no byte could be sent in time")
            if listening and self._has_heard():
                return False
        return True

    def _send(self) -> int:
        try:
            return self._sock.send(self._unsent)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as error:
            if not is_raised_here(error):
                raise
            self._broken = WireFailure("network", f"sending broke off: {error}")
            return 0

    def _has_heard(self) -> bool:
        """Return whether bytes have arrived, which are kept for `take`."""
        if not self._early and not self._ended:
            try:
                self._early = self.take() or b""
            except WireFailure:
                self._ended = True  # the next write reports it
        return bool(self._early)

    async def wait_readable(self, seconds: float) -> bool:
        return bool(self._early) or self._ended or await self._network.ready((self._sock,), (), max(0.0, seconds))

    def take(self) -> bytes | None:
        if self._early:
            data, self._early = self._early, b""
            return data
        if self._ended:
            return b""
        try:
            data = self._sock.recv(PIECE)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError as error:
            if not is_raised_here(error):
                raise
            raise WireFailure("network", f"the connection broke: {error}") from None
        self._ended = not data
        return data

    def is_quiet(self) -> bool:
        return self.take() is None

    def close(self) -> None:
        self._sock.close()


def wait_for(reading: Sequence[Watched], writing: Sequence[Watched], seconds: float) -> bool:
    """Wait in this thread until one of them is readable or writable, at most that long; return whether one is."""
    if not hasattr(select, "poll"):  # Windows: pipes cannot be polled, a refused connect is an exception
        return any(isinstance(each, int) for each in reading) or any(select.select(reading, writing, writing, seconds))
    poller = select.poll()
    for each in writing:
        poller.register(each, select.POLLOUT)
    for each in reading:
        poller.register(each, select.POLLIN | (select.POLLOUT if each in writing else 0))
    return bool(poller.poll(seconds * 1000))


def addresses_of(host: str, port: int) -> list[Address]:
    """Return the addresses of a name, in the order of the system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(entry[0], entry[4]) for entry in found]

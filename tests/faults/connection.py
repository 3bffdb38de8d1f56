"""One accepted connection: runs scripts on its socket until it is closed."""

from __future__ import annotations

import fcntl
import math
import select
import socket
import ssl
import struct
import termios
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from tests.faults.steps import (
    Close,
    Drip,
    ReadBytes,
    ReadHead,
    ReadRequest,
    Reset,
    Respond,
    Script,
    Send,
    Signal,
    Stall,
    Step,
    Tunnel,
)
from tests.faults.wire import Incoming, Received, Source

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event, Thread

PATIENCE = 30.0
"""Seconds a read or a send may hang. Only a backstop: the server's exit wakes every blocked call."""
LINGER = 1.0
PIECE = 256 << 10
GLANCE = 0.01
ABORT = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: close sends RST
OPEN: dict[int, Connection] = {}
"""The open connections of all fault servers by their clients' ports."""


class ClientGoneError(Exception):
    """The client closed or reset the connection, or the server is stopping."""


class _OverError(Exception):
    """The script reset the connection."""


class Host(Protocol):
    """What a connection needs of its server."""

    tls: ssl.SSLContext | None

    def script(self, head: Callable[[], Received]) -> Script:
        """Return the next script; a router calls `head` to have the request's head read first."""
        ...

    def note_bytes(self, count: int) -> None:
        """Note that so many bytes came."""
        ...

    def note_request(self, request: Incoming) -> None:
        """Note a request whose head has come, and again when it is complete."""
        ...

    def keep(self, sock: socket.socket) -> None:
        """Have this socket shut down at the server's exit, which ends every call that blocks on it."""
        ...

    def close(self, sock: socket.socket) -> None:
        """Close a socket that was kept."""
        ...

    def spawn(self, run: Callable[[], None]) -> Thread:
        """Run in a thread that the server's exit waits for."""
        ...


class Connection:
    """One accepted connection, and the scripts that are played on it."""

    def __init__(self, host: Host, sock: socket.socket, number: int) -> None:
        self._host = host
        self._sock = sock
        self._number = number
        self._source = Source(self._receive)
        self._request: Incoming | None = None
        self._answering = False
        self._handshaken = host.tls is None
        self._finished = False
        self.stalled = 0.0
        """The seconds of all stalls that are over."""
        self.stalling = 0.0
        """The seconds of the stall that it is in, inf if only the client or the exit ends it, 0 if it is in none."""
        self.held = False
        """Whether it is in a stall that the test ends."""

    def run(self) -> None:
        """Run one script after the other until the connection is over, then close the socket."""
        port = 0
        try:
            try:
                port = self._sock.getpeername()[1]
            except OSError as error:  # the client reset it before its turn came
                raise ClientGoneError from error
            OPEN[port] = self
            self._sock.settimeout(PATIENCE)
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._play(self._host.script(self._head))
            while not self._finished:
                if self._request and not self._request.complete:
                    raise ValueError(
                        f"a script ended before the body of {self._request.snapshot()}:"
                        " read it whole, or end with Close(), Reset() or Stall()"
                    )
                self._source.wait()
                self._request = None
                self._play(self._host.script(self._head))
            self._linger()
        except (ClientGoneError, _OverError):
            pass
        finally:
            if OPEN.get(port) is self:
                del OPEN[port]
            self._host.close(self._sock)

    def _play(self, script: Script) -> None:
        for step in (ReadRequest(), script) if isinstance(script, Respond) else script:
            self._do(step)

    def _do(self, step: Step) -> None:
        match step:
            case ReadHead():
                self._head()
            case ReadBytes(count):
                self._head()
                while count and (came := self._body(count)):
                    count -= came
            case ReadRequest():
                self._head()
                while self._body(PIECE):
                    pass
            case Send(data, times):
                while times is None or times > 0:
                    self._send(data)
                    times = None if times is None else times - 1
            case Respond():
                self._send(step.wire)
            case Drip(data, interval, size):
                for at in range(0, len(data), size):
                    self._send(data[at : at + size])
                    self._stall(interval)
            case Stall(seconds, until):
                self._stall(seconds, until)
            case Signal(event):
                event.set()
            case Close():
                self._finish()
            case Reset():
                self._reset()
            case Tunnel(port):
                self._tunnel(port)
            case _:
                raise TypeError(f"{step!r} is no step: a scenario is a list of scripts, a script a list of steps")

    # What the steps are made of. Each ends in ClientGoneError when the client or the server goes.

    def _handshake(self) -> None:
        if self._handshaken or self._host.tls is None:
            return
        self._handshaken = True
        wrapped = self._host.tls.wrap_socket(self._sock, server_side=True, do_handshake_on_connect=False)
        self._sock = wrapped
        self._host.keep(wrapped)
        try:
            wrapped.do_handshake()
        except OSError as error:  # a client that does not trust us leaves here
            raise ClientGoneError from error

    def _receive(self) -> bytes:
        self._handshake()
        try:
            data = self._sock.recv(PIECE)
        except OSError as error:
            raise ClientGoneError from error
        if not data:
            raise ClientGoneError
        self._host.note_bytes(len(data))
        return data

    def _send(self, data: bytes) -> None:
        self._handshake()
        self._answering = True
        try:
            self._sock.sendall(data)
        except OSError as error:
            raise ClientGoneError from error

    def _head(self) -> Received:
        if self._request is None or (self._request.complete and self._answering):  # the next one of this script
            self._request = Incoming(self._source, self._number)
            self._answering = False
            self._host.note_request(self._request)
        return self._request.snapshot()

    def _body(self, limit: int) -> int:
        request = self._request
        assert request is not None
        was_complete = request.complete
        came = request.read(limit)
        if request.complete and not was_complete:
            self._host.note_request(request)
        return came

    def _stall(self, seconds: float | None, until: Event | None = None) -> None:
        poller = select.poll()
        poller.register(self._sock, select.POLLRDHUP)
        deadline = None if seconds is None else time.monotonic() + seconds
        self.held = until is not None
        self.stalling = 0.0 if self.held else math.inf if seconds is None else seconds
        while until is None or not until.is_set():
            left = GLANCE if deadline is None else min(GLANCE, deadline - time.monotonic())
            if left <= 0:
                break
            if poller.poll(left * 1000):
                raise ClientGoneError
        self.stalled, self.stalling, self.held = self.stalled + (seconds or 0.0), 0.0, False

    def _finish(self) -> None:
        self._finished = True
        self._handshaken = True  # too late for one
        with suppress(OSError):
            if isinstance(self._sock, ssl.SSLSocket):
                self._sock.setblocking(False)  # send close_notify, do not wait for the client's
                with suppress(ssl.SSLError):
                    self._sock.unwrap()
                self._sock.settimeout(PATIENCE)
            self._sock.shutdown(socket.SHUT_WR)

    def _linger(self) -> None:
        self._sock.settimeout(LINGER)
        deadline = time.monotonic() + LINGER
        while time.monotonic() < deadline:
            self._receive()

    def _reset(self) -> None:
        unacknowledged = bytearray(4)
        deadline = time.monotonic() + LINGER / 2
        with suppress(OSError):
            while time.monotonic() < deadline:
                fcntl.ioctl(self._sock, termios.TIOCOUTQ, unacknowledged)
                if not any(unacknowledged):
                    break
                time.sleep(0.001)
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
        raise _OverError

    def _tunnel(self, port: int) -> None:
        assert self._host.tls is None, "Tunnel carries raw bytes: give the proxy no TLS of its own"
        self._head()
        upstream = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self._host.keep(upstream)
        try:
            self._send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            answers = self._host.spawn(lambda: _carry(upstream, self._sock))
            _carry(self._sock, upstream)
            with suppress(OSError):
                upstream.shutdown(socket.SHUT_RDWR)  # the client is gone: end the other direction too
            answers.join(LINGER)
        finally:
            self._host.close(upstream)
        raise _OverError


def _carry(source: socket.socket, target: socket.socket) -> None:
    """Carry bytes one way until the source's FIN, and pass that on; after an error both close with RST."""
    try:
        while data := source.recv(PIECE):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        for sock in (source, target):
            with suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
                sock.shutdown(socket.SHUT_RD)  # sends nothing, wakes the other direction

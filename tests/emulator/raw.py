"""A client that speaks bytes: what exactly came, and how it ended."""

from __future__ import annotations

import json
import select
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mirelo_ergo.emulator import Emulator

PATIENCE = 20.0


@attrs.frozen
class Came:
    """All that came on a connection; `end` is "closed" for a FIN and "reset" for an RST."""

    data: bytes
    end: str

    @property
    def status(self) -> int:
        return int(self.data.split(b" ", 2)[1])

    @property
    def headers(self) -> dict[str, str]:
        lines = self.data.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}

    @property
    def body(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[2]

    def json(self) -> Any:
        assert len(self.body) == int(self.headers["content-length"])
        return json.loads(self.body)


class Line:
    """One connection to an emulator."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._data = bytearray()

    def quiet(self) -> bool:
        """Return whether there is nothing to read now."""
        return not select.select([self.sock], [], [], 0)[0]

    def take(self, count: int) -> bytes:
        """Read until so many bytes have come in all, and return them."""
        while len(self._data) < count:
            piece = self.sock.recv(count - len(self._data))
            assert piece, f"ended after {bytes(self._data)!r}"
            self._data += piece
        return bytes(self._data)

    def rest(self) -> Came:
        """Read to the end, and return all that has come; after a time-out it can be called again."""
        try:
            while piece := self.sock.recv(1 << 16):
                self._data += piece
        except ConnectionResetError:
            return Came(bytes(self._data), "reset")
        return Came(bytes(self._data), "closed")


def request(
    method: str, target: str, key: str | None, body: bytes = b"", more: Mapping[str, str] | None = None
) -> bytes:
    """Write a request that asks for the connection to be closed after it."""
    headers = {"Host": "localhost", "Connection": "close", "Content-Length": str(len(body)), **(more or {})}
    if key is not None:
        headers |= {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


@contextmanager
def connected(emu: Emulator, send_buffer: int | None = None) -> Iterator[Line]:
    parts = urlsplit(emu.url)
    with socket.socket() as sock:
        sock.settimeout(PATIENCE)
        if send_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        sock.connect((parts.hostname, parts.port))
        yield Line(sock)


def ask(emu: Emulator, method: str, target: str, body: object = None) -> Came:
    """Make one request of the API and read all that comes."""
    with connected(emu) as line:
        line.sock.sendall(request(method, target, emu.key, b"" if body is None else json.dumps(body).encode()))
        return line.rest()


def target_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"

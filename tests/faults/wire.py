"""Read HTTP/1.1 requests from a byte source, and keep what came as the tests' oracle."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT_BODY = 1 << 20
MAX_HEAD = 256 << 10


class MalformedRequestError(Exception):
    """What came is no HTTP/1.1 request: a defect of the client (or of the script)."""


@attrs.frozen
class Received:
    """One request as it arrived, whole or cut."""

    method: str
    path: str
    """The request target as sent, with its query; absolute through a proxy, `host:port` of a CONNECT."""
    headers: dict[str, str]
    """Names in lower case; a repeated header's values are joined with ", "."""
    body: bytes
    """Decoded from chunks; the first MiB of a bigger one."""
    length: int
    """All body bytes that were read, decoded."""
    sha256: str
    """Of all body bytes that were read, in hex."""
    complete: bool
    """The whole body was read; a script may well leave some of it unread."""
    connection: int
    """1 for the first connection the server accepted."""
    at: float
    """When the head had arrived, on the monotonic clock."""

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def __str__(self) -> str:
        state = "whole" if self.complete else "cut"
        return f"{self.method} {self.path} ({state}, {self.length} body bytes, connection {self.connection})"


class Source:
    """Buffer what `receive` gives. `receive` returns at least one byte, or raises when the client is gone."""

    def __init__(self, receive: Callable[[], bytes]) -> None:
        self._receive = receive
        self._buffer = bytearray()

    def wait(self) -> None:
        """Wait for one byte, without taking it."""
        while not self._buffer:
            self._buffer += self._receive()

    def take(self, limit: int) -> bytes:
        """Take at least one byte and at most `limit`."""
        self.wait()
        data = bytes(self._buffer[:limit])
        del self._buffer[:limit]
        return data

    def take_until(self, end: bytes, limit: int) -> bytes:
        """Take all before `end`, and `end` too, which is not returned."""
        while (at := self._buffer.find(end)) < 0:
            if len(self._buffer) > limit:
                raise MalformedRequestError(f"no {end!r} in {limit} bytes: {bytes(self._buffer[:80])!r}")
            self._buffer += self._receive()
        data = bytes(self._buffer[:at])
        del self._buffer[: at + len(end)]
        return data


class Incoming:
    """One request while it is read: head at once, body as far as a script asks for it."""

    def __init__(self, source: Source, connection: int) -> None:
        self._source = source
        self._connection = connection
        head = source.take_until(b"\r\n\r\n", MAX_HEAD).decode("latin-1")
        request_line, *lines = head.split("\r\n")
        parts = request_line.split(" ")
        if len(parts) != 3 or parts[2] not in ("HTTP/1.1", "HTTP/1.0"):
            raise MalformedRequestError(f"request line {request_line[:80]!r}")
        self._method, self._path, _ = parts
        self._headers: dict[str, str] = {}
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon or not name or name != name.strip():
                raise MalformedRequestError(f"header line {line[:80]!r}")
            earlier = self._headers.get(name.lower())
            self._headers[name.lower()] = value.strip() if earlier is None else f"{earlier}, {value.strip()}"
        self._at = time.monotonic()
        self._lock = threading.Lock()  # a test may take a snapshot at any time
        self._kept = bytearray()
        self._length = 0
        self._hash = hashlib.sha256()
        self._chunked = "transfer-encoding" in self._headers
        self._left = 0 if self._chunked else self._content_length()
        self.complete = not self._chunked and not self._left

    def _content_length(self) -> int:
        text = self._headers.get("content-length", "0")
        if not (text.isascii() and text.isdigit()):
            raise MalformedRequestError(f"Content-Length {text!r}")
        return int(text)

    def read(self, limit: int) -> int:
        """Read at most `limit` body bytes, and say how many came: 0 at the body's end."""
        if self._chunked and not self._left and not self.complete:
            self._next_chunk()
        if self.complete or not limit:
            return 0
        data = self._source.take(min(limit, self._left))
        self._left -= len(data)
        with self._lock:
            self._length += len(data)
            self._hash.update(data)
            self._kept += data[: KEPT_BODY - len(self._kept)]
            self.complete = not self._chunked and not self._left
        if self._chunked and not self._left:
            self._line_end()
        return len(data)

    def _next_chunk(self) -> None:
        size = self._source.take_until(b"\r\n", 1024)
        try:
            self._left = int(size.partition(b";")[0], 16)
        except ValueError:
            raise MalformedRequestError(f"chunk size {size[:80]!r}") from None
        if not self._left:
            self._line_end()
            self.complete = True

    def _line_end(self) -> None:
        if line := self._source.take_until(b"\r\n", 1024):
            raise MalformedRequestError(f"{line[:80]!r} where a chunk ends (trailers are not expected)")

    def snapshot(self) -> Received:
        with self._lock:
            return Received(
                method=self._method,
                path=self._path,
                headers=dict(self._headers),
                body=bytes(self._kept),
                length=self._length,
                sha256=self._hash.hexdigest(),
                complete=self.complete,
                connection=self._connection,
                at=self._at,
            )

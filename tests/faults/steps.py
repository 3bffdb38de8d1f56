"""The steps of a fault script: what the server does with one exchange, in order.

A script runs from the accept of a connection, or from the first byte of a further request on a kept one. When
it ends, the connection stays open for a next request, unless a step closed it. With TLS the handshake belongs
to the first step that reads or sends: `[Stall(0.05), Reset()]` hits a client in its handshake (without the
stall CPython 3.11 may leave its half-made SSLSocket open, which is a ResourceWarning).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from threading import Event


class Step:
    """One thing that the server does."""

    __slots__ = ()


@attrs.frozen
class ReadHead(Step):
    """Read the request line and the headers, unless a router has; after an answer the next request's."""


@attrs.frozen
class ReadBytes(Step):
    """Read `count` body bytes (after the head, which is read first), or fewer if the body ends."""

    count: int


@attrs.frozen
class ReadRequest(Step):
    """Read the whole request: the head, and the body by its Content-Length or its chunks."""


@attrs.frozen
class Send(Step):
    """Send these bytes `times` times; None is without end, until the client goes away."""

    data: bytes
    times: int | None = 1


@attrs.frozen
class Respond(Step):
    """Send a well-formed answer. Alone in a script's place it stands for `[ReadRequest(), Respond(...)]`.

    Content-Length is added unless `headers` has it or Transfer-Encoding, or `framed` is False (the answer
    then ends with the connection: add `Close()`). For a cut or dripped one take its bytes:
    `Send(answer.wire[:-5])`.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str])
    framed: bool = True

    @property
    def head(self) -> bytes:
        try:
            reason = HTTPStatus(self.status).phrase
        except ValueError:
            reason = "Unregistered"
        lines = [
            f"HTTP/1.1 {self.status} {reason}",
            *(f"{name}: {value}" for name, value in self.headers.items()),
        ]
        if self.framed and not {"content-length", "transfer-encoding"} & {name.lower() for name in self.headers}:
            lines.append(f"Content-Length: {len(self.body)}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    @property
    def wire(self) -> bytes:
        return self.head + self.body


@attrs.frozen
class Drip(Step):
    """Send these bytes `size` at a time, with `interval` seconds after each piece."""

    data: bytes
    interval: float = 0.1
    size: int = 1


@attrs.frozen
class Stall(Step):
    """Read and send nothing until the client goes away, `seconds` have passed or the test sets `until`.

    In the middle of an upload it is a reader that stopped: give the server a small `receive_buffer`, and the
    client more to send than its own kernel buffer takes (4 MiB on Linux).
    """

    seconds: float | None = None
    until: Event | None = None


@attrs.frozen
class Signal(Step):
    """Set an event of the test: the script has come this far."""

    event: Event


@attrs.frozen
class Close(Step):
    """Send FIN (with TLS, close_notify first).

    After the script's last step all that still comes is read and dropped until the client closes too, for at
    most 1 s: closing a socket with unread bytes would turn the FIN into an RST.
    """


@attrs.frozen
class Reset(Step):
    """Send RST, once the client's kernel has all that was sent before. Unread bytes are thrown away."""


@attrs.frozen
class Tunnel(Step):
    """Read a CONNECT, answer 200 and carry bytes to 127.0.0.1:`port`, whatever name was asked for.

    FIN and RST are passed on.
    """

    port: int


Script = Sequence[Step] | Respond


def json_response(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Respond:
    """Make an answer with this JSON body."""
    body = json.dumps(value).encode()
    return Respond(status, body, {"Content-Type": "application/json", **(headers or {})})


def chunked(*pieces: bytes) -> bytes:
    """Encode pieces as a whole chunked body; goes with the header `Transfer-Encoding: chunked`."""
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (*pieces, b""))

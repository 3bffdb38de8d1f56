"""A plain client for the fault server's own tests: what the socket says, with no HTTP library in between."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.faults.steps import Respond
from tests.faults.tls import trust

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from tests.faults.server import FaultServer

GET = b"GET /a?b=1 HTTP/1.1\r\nHost: test\r\n\r\n"
POST = b"POST /jobs HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\n0123456789"
OK = Respond(200, b"hello")


@contextmanager
def client(server: FaultServer) -> Iterator[socket.socket]:
    """Connect, with 5 s for every call."""
    with socket.create_connection(("127.0.0.1", server.port), 5) as sock:
        yield sock


def read_all(sock: socket.socket) -> tuple[bytes, type[OSError] | None]:
    """Read to the end, and say how it ended: None is FIN."""
    data = b""
    try:
        while piece := sock.recv(65536):
            data += piece
    except OSError as error:
        return data, type(error)
    return data, None


def tls_client(server: FaultServer) -> ssl.SSLSocket:
    """Connect and shake hands, trusting the test authority; an end without close_notify is an error."""
    sock = socket.create_connection(("127.0.0.1", server.port), 5)
    try:
        return trust().wrap_socket(sock, server_hostname="127.0.0.1", suppress_ragged_eofs=False)
    except BaseException:
        sock.close()
        raise

"""What the stand-ins for services share: a server that notes each request, and answers by what its service says."""

from __future__ import annotations

import http.server
import json
from typing import Any

import attrs

FILM = (16).to_bytes(4, "big") + b"ftypmp42" + bytes(4) + (8).to_bytes(4, "big") + b"mdat"
KINDS = {b"fLaC": "audio/flac", b"\x89PNG": "image/png", FILM[:4]: "video/mp4"}
"""Content types by a file's first bytes; all else is JSON."""


@attrs.define
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class StandIn(http.server.ThreadingHTTPServer):
    """A stand-in on a free port of this machine."""

    def __init__(self, handler: type[Handler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.seen: list[Seen] = []

    def asked(self, method: str, path: str) -> list[Seen]:
        return [each for each in self.seen if (each.method, each.path.split("?")[0]) == (method, path)]


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection to a stand-in."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002 # the name that it has there

    def noted(self) -> tuple[str, Seen]:
        """Read a request and note it; return its method and path without the query, and the whole."""
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        seen = Seen(self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        assert isinstance(self.server, StandIn)
        self.server.seen.append(seen)
        return f"{self.command} {self.path.split('?')[0]}", seen

    def give(self, status: int, given: Any, **headers: str) -> None:
        """Answer with bytes, or with a value as JSON."""
        content = given if isinstance(given, bytes) else json.dumps(given).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Type", KINDS.get(content[:4], "application/json"))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

"""A stand-in for inference.sh that gives the contract's shapes."""

from __future__ import annotations

import http.server
import json
from typing import Any

import attrs

FLAC = b"fLaC" + bytes(5000)
SCHEMA = {
    "properties": {
        "image": {"$ref": "#/$defs/File"},
        "style": {"type": "string"},
        "clips": {"type": "array", "items": {"anyOf": [{"$ref": "#/$defs/File"}, {"type": "null"}]}},
    },
    "$defs": {"File": {"title": "File", "type": "object", "properties": {"uri": {}, "path": {}}}},
}


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


class Service(http.server.ThreadingHTTPServer):
    """A stand-in that gives the contract's shapes."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.seen: list[Seen] = []
        self.lines: list[Any] = []
        self.end: dict[str, Any] = {"status": 10, "output": {"audio_output": f"{self.url}/a.flac"}}
        self.said: tuple[int, Any] | None = None
        self.picture = b""

    def asked(self, method: str, path: str) -> list[Seen]:
        return [each for each in self.seen if (each.method, each.path.split("?")[0]) == (method, path)]


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection to the stand-in."""

    protocol_version = "HTTP/1.1"

    @property
    def service(self) -> Service:
        assert isinstance(self.server, Service)
        return self.server

    def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002 # the name that it has there

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.service.seen.append(Seen(self.command, self.path, headers, body))
        if self.path == "/tasks/t1/stream":
            self.stream()
            return
        status, given = self.response(f"{self.command} {self.path.split('?')[0]}")
        content = given if isinstance(given, bytes) else json.dumps(given).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        kinds = {b"fLaC": "audio/flac", b"\x89PNG": "image/png"}
        self.send_header("Content-Type", kinds.get(content[:4], "application/json"))
        self.end_headers()
        self.wfile.write(content)

    def stream(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for line in self.service.lines:
            data = json.dumps(line).encode() + b"\n"
            self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
        self.wfile.write(b"0\r\n\r\n")

    def response(self, what: str) -> tuple[int, Any]:
        url, server = self.service.url, self.service
        if what == "POST /apps/run" and server.said is not None:
            return server.said
        number = len(server.asked("POST", "/files"))
        file = {"id": f"f{number}", "uri": f"inf://files/f{number}", "upload_url": f"{url}/put?sig={number}"}
        found: dict[str, tuple[int, Any]] = {
            "POST /apps/run": (200, {"data": {"id": "t1", "status": 2, "status_text": "queued"}}),
            "GET /tasks/t1": (200, {"data": {"id": "t1", **server.end}}),
            "POST /files": (200, {"data": [file]}),
            "PUT /put": (200, b""),
            "GET /apps/some/app": (200, {"data": {"id": "app1", "version": {"input_schema": SCHEMA}}}),
            "GET /apps/other/app": (404, {"type": "https://x/errors/not_found", "title": "Not found"}),
            "GET /a.flac": (200, FLAC),
            "GET /a.png": (200, server.picture),
        }
        return found.get(what, (404, {"type": "https://api.inference.sh/errors/not_found", "detail": "no such thing"}))

    do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815  # the base class's names

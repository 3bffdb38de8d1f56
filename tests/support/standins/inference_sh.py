"""A stand-in for inference.sh that gives the contract's shapes."""

from __future__ import annotations

import json
from typing import Any

from tests.support.standins.standin import Handler, StandIn

FLAC = b"fLaC" + bytes(5000)
SCHEMA = {
    "properties": {
        "image": {"$ref": "#/$defs/File"},
        "style": {"type": "string"},
        "clips": {"type": "array", "items": {"anyOf": [{"$ref": "#/$defs/File"}, {"type": "null"}]}},
    },
    "$defs": {"File": {"title": "File", "type": "object", "properties": {"uri": {}, "path": {}}}},
}


class Service(StandIn):
    """A stand-in that gives the contract's shapes."""

    def __init__(self) -> None:
        super().__init__(AppHandler)
        self.lines: list[Any] = []
        self.end: dict[str, Any] = {"status": 10, "output": {"audio_output": f"{self.url}/a.flac"}}
        self.said: tuple[int, Any] | None = None
        self.picture = b""


class AppHandler(Handler):
    """One connection to the stand-in."""

    @property
    def service(self) -> Service:
        assert isinstance(self.server, Service)
        return self.server

    def answer(self) -> None:
        what, _ = self.noted()
        if self.path == "/tasks/t1/stream":
            self.stream()
        else:
            self.give(*self.response(what))

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

"""A stand-in for sync.so that gives the contract's shapes, and a store on another name of this machine."""

from __future__ import annotations

import http.server
import json
from typing import Any

import attrs

FILM = (16).to_bytes(4, "big") + b"ftypmp42" + bytes(4) + (8).to_bytes(4, "big") + b"mdat"


@attrs.define
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Service(http.server.ThreadingHTTPServer):
    """A stand-in that gives the contract's shapes, and a store on another name of this machine."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.store = f"http://localhost:{self.server_port}"
        self.seen: list[Seen] = []
        self.costs: list[dict[str, float]] = [{"estimatedFrameCount": 100, "estimatedGenerationCost": 0.4}]

    def asked(self, method: str, path: str) -> list[Seen]:
        return [each for each in self.seen if (each.method, each.path.split("?")[0]) == (method, path)]


class Handler(http.server.BaseHTTPRequestHandler):
    """Note a request and answer it from the table."""

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
        status, given = self.response(f"{self.command} {self.path.split('?')[0]}", body)
        location = given if status == 302 else None
        content = b"" if location else given if isinstance(given, bytes) else json.dumps(given).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Type", "video/mp4" if content == FILM else "application/json")
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(content)

    def response(self, what: str, body: bytes) -> tuple[int, Any]:
        url, store = self.service.url, self.service.store
        if what == "GET /v2/assets":
            last = "cursor=c2" in self.path
            items = [{"id": "a3"}] if last else [{"id": "a1", "somethingNew": 1}, {"id": "a2"}]
            return 200, {"items": items, "nextCursor": None if last else "c2", "totalCount": 3}
        found: dict[str, tuple[int, Any]] = {
            "POST /v2/assets/upload": (201, {"uploadUrl": f"{store}/put?sig=1", "url": f"{store}/f/1", "expiresIn": 9}),
            "PUT /put": (200, b""),
            "POST /v2/assets": (201, {"id": "ast_1", "type": "VIDEO"}),
            "POST /v2/analyze/cost": (200, self.service.costs),
            "POST /v2/generate": (201, {"id": "gen-1", "status": "PENDING", "errorCode": None, "fresh": True}),
            "GET /v2/generate/gen-1": (200, {"id": "gen-1", "status": "COMPLETED", "outputUrl": f"{store}/r.mp4?s=1"}),
            "GET /v2/generations/gen-1/download": (200, f"{store}/r.mp4".encode()),
            "POST /v2/batch": (
                201,
                {"status": "VALIDATED"} if b"dry_run" in body else {"id": "b1", "status": "PENDING"},
            ),
            "GET /v2/batch/b1": (200, {"id": "b1", "status": "COMPLETED", "outputUrl": f"{url}/v2/batches/b1/result"}),
            "GET /v2/batches/b1/result": (302, f"{store}/lines?sig=1"),
            "GET /lines": (200, b'{"request_id": "1"}\n\n{"request_id": "2"}\n'),
            "GET /r.mp4": (200, FILM),
        }
        return found.get(what, (404, {"message": ["no", "such thing"], "statusCode": 404}))

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer  # noqa: N815  # the base class's names

"""A stand-in for the API v3 that gives the contract's shapes; a key gives one job, whatever is sent under it."""

from __future__ import annotations

import http.server
import json
from typing import Any

import attrs

FLAC = b"fLaC" + bytes(5000)
FILM = (16).to_bytes(4, "big") + b"ftypmp42" + bytes(4) + (8).to_bytes(4, "big") + b"mdat"


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
    """A stand-in that gives the contract's shapes; a key gives one job, whatever is sent under it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.seen: list[Seen] = []
        self.jobs: dict[str, str] = {}
        self.losing = 0
        self.end: dict[str, Any] = {"status": "succeeded", "result": {"output": self.output(2)}}

    def output(self, came: int, asked: int = 2) -> dict[str, Any]:
        def variant(index: int) -> dict[str, Any]:
            audio = {
                "url": f"{self.url}/r/{index}.flac?s=1",
                "format": "flac",
                "url_expires_at": "2099-01-01T00:00:00Z",
            }
            speech = {"url": f"{self.url}/s/{index}.flac?s=1", "format": "flac"}
            return {"index": index, "status": "succeeded", "files": {"audio": audio, "speech": speech}}

        failed = {"index": 9, "status": "failed", "files": None}
        variants = [variant(index) for index in range(came)] + [failed] * (came < asked)
        return {"index": 0, "variants_requested": asked, "variants": variants}

    def asked(self, method: str, path: str) -> list[Seen]:
        return [each for each in self.seen if (each.method, each.path.split("?")[0]) == (method, path)]


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection to the stand-in."""

    protocol_version = "HTTP/1.1"
    server: Service  # pyright: ignore[reportIncompatibleVariableOverride]

    def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002 # the name that it has there

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(self.command, self.path, headers, body)
        self.server.seen.append(seen)
        status, given = self.response(f"{self.command} {self.path.split('?')[0]}", seen)
        if status == 0:
            self.close_connection = True
            return
        content = given if isinstance(given, bytes) else json.dumps(given).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Type", "audio/flac" if content == FLAC else "application/json")
        self.end_headers()
        self.wfile.write(content)

    def response(self, what: str, seen: Seen) -> tuple[int, Any]:
        server, url = self.server, self.server.url
        if what in ("POST /v3/text-to-sfx/generations", "POST /v3/video-to-sfx/generations"):
            job = server.jobs.setdefault(seen.headers["idempotency-key"], f"gen_{len(server.jobs)}")
            if server.losing:
                server.losing -= 1
                return 0, b""
            return 202, {"id": job, "status": "queued", "estimated_ms": 5}
        if what.startswith("GET /v3/") and "/generations/" in what:
            return 200, {"id": self.path.rpartition("/")[2], "completed_at": "2026-03-01T12:00:00Z", **server.end}
        if what.startswith(("GET /r/", "GET /s/")):
            return 200, FLAC
        recovery = {"credit_shortfall": 0, "provisioning_state": "ready", "recovery_action": None}
        found: dict[str, tuple[int, Any]] = {
            "POST /v3/assets": (
                201,
                {"id": "ast_1", "upload_url": f"{url}/form", "fields": {"key": "k", "policy": "p"}},
            ),
            "POST /form": (204, b""),
            "POST /v3/text-to-sfx/generations/preflight": (200, {"credits": 80, "credit_recovery": recovery}),
            "GET /v3/me": (200, {"id": "usr", "email": None, "credits_available": 7, "spend_capacity": 9}),
        }
        return found.get(what, (404, {"error": {"code": "not_found", "message": "no such thing"}}))

    do_GET = do_POST = answer  # noqa: N815  # the base class's names

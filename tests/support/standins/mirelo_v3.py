"""A stand-in for the API v3 that gives the contract's shapes; a key gives one job, whatever is sent under it."""

from __future__ import annotations

from typing import Any

from tests.support.standins.standin import Handler, Seen, StandIn

FLAC = b"fLaC" + bytes(5000)


class Service(StandIn):
    """A stand-in that gives the contract's shapes; a key gives one job, whatever is sent under it."""

    def __init__(self) -> None:
        super().__init__(V3Handler)
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


class V3Handler(Handler):
    """One connection to the stand-in."""

    server: Service  # pyright: ignore[reportIncompatibleVariableOverride]

    def answer(self) -> None:
        what, seen = self.noted()
        status, given = self.response(what, seen)
        if status:
            self.give(status, given)
        else:
            self.close_connection = True

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

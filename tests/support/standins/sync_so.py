"""A stand-in for sync.so that gives the contract's shapes, and a store on another name of this machine."""

from __future__ import annotations

from typing import Any

from tests.support.standins.standin import FILM, Handler, StandIn


class Service(StandIn):
    """A stand-in that gives the contract's shapes, and a store on another name of this machine."""

    def __init__(self) -> None:
        super().__init__(SyncHandler)
        self.store = f"http://localhost:{self.server_port}"
        self.costs: list[dict[str, float]] = [{"estimatedFrameCount": 100, "estimatedGenerationCost": 0.4}]


class SyncHandler(Handler):
    """Note a request and answer it from the table."""

    @property
    def service(self) -> Service:
        assert isinstance(self.server, Service)
        return self.server

    def answer(self) -> None:
        what, seen = self.noted()
        status, given = self.response(what, seen.body)
        if status == 302:
            self.give(status, b"", Location=given)
        else:
            self.give(status, given)

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

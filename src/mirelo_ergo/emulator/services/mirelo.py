"""The API's operations over HTTP: routes from the spec, errors in the envelope, a handler per action."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse

from mirelo_ergo.emulator.faults.sockets import connection
from mirelo_ergo.emulator.spec import targets
from mirelo_ergo.emulator.state.clock import iso
from mirelo_ergo.emulator.state.store import KEY_PREFIX
from mirelo_ergo.emulator.web import wire
from mirelo_ergo.emulator.web.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from mirelo_ergo.emulator.blobs import Blobs
    from mirelo_ergo.emulator.generator import Studio
    from mirelo_ergo.emulator.spec.spec import Operation
    from mirelo_ergo.emulator.state.clock import Clock
    from mirelo_ergo.emulator.state.store import Job, Store

    Handler = Callable[[Request, Operation, str], Awaitable[Response]]

WITHOUT_LINKS = "/v1.5"  # the model whose results have no short links yet


class Api:
    """Answer the operations of the spec."""

    def __init__(self, *, store: Store, studio: Studio, blobs: Blobs, clock: Clock) -> None:
        self._store = store
        self._studio = studio
        self._blobs = blobs
        self._clock = clock

    def app(self, operations: Iterable[Operation], own: Iterable[Route] = ()) -> Starlette:
        """Build the application: a route for every operation, the object store's and the emulator's own; all errors."""
        routes = [self._route(operation) for operation in operations]
        handlers = wire.exception_handlers(refuse)
        app = Starlette(routes=[*routes, *self._blobs.routes(), *own], exception_handlers=handlers)
        app.router.redirect_slashes = False  # the contract has no path that ends in one, and no redirect to another
        return app

    def _route(self, operation: Operation) -> Route:
        handler = self._handler(operation)

        async def endpoint(request: Request) -> Response:
            key = _bearer(request)
            self._store.account(key)
            return await handler(request, operation, key)

        return wire.route(operation.path, operation.method, endpoint)

    def _handler(self, operation: Operation) -> Handler:
        """Choose by the path: /v2/<kind>/<model>/<action>, where a kind may have two parts."""
        if operation.path == "/v2/me":
            return self._me
        if operation.path == "/v2/assets":
            return self._create_asset
        _, action = re.split(r"/v[0-9]+\.[0-9]+/", operation.path)
        return {
            "preflight": self._preflight,
            "sync": self._sync,
            "jobs": self._create_job,
            "jobs/{job_id}": self._poll,
        }[action]

    async def _me(self, request: Request, operation: Operation, key: str) -> Response:
        account = self._store.account(key)
        return JSONResponse(
            {
                "id": account.id,
                "email": account.email,
                "credits_available": account.balance,
                "overage_enabled": False,
            }
        )

    async def _create_asset(self, request: Request, operation: Operation, key: str) -> Response:
        sent = operation.read_body(await wire.read_body(request))
        asset = self._store.new_asset(key, sent.get("content_type"))
        return JSONResponse(
            {"asset_id": asset.id, "upload_url": self._blobs.upload_url(wire.base_url(request), asset)}, status_code=201
        )

    async def _preflight(self, request: Request, operation: Operation, key: str) -> Response:
        values = operation.read_query(request.query_params)
        return JSONResponse(self._studio.preflight(values, targets.of(operation)))

    async def _sync(self, request: Request, operation: Operation, key: str) -> Response:
        job = await self._generate(request, operation, key)
        if await connection(request.scope).unless_lost(self._studio.finish(job)) is None:
            raise ClientDisconnect  # the job goes on
        if job.error is not None:
            raise job.error
        return JSONResponse({"result_urls": self._blobs.result_urls(wire.base_url(request), job)})

    async def _create_job(self, request: Request, operation: Operation, key: str) -> Response:
        job = await self._generate(request, operation, key)
        return JSONResponse(
            {
                "job_id": job.id,
                "job_url": f"{job.route}/jobs/{job.id}",
                "estimated_ms": job.estimated_ms,
                "estimated_completion_at": iso(job.created_at + job.estimated_ms / 1000),
            },
            status_code=202,
        )

    async def _generate(self, request: Request, operation: Operation, key: str) -> Job:
        sent = operation.read_body(await wire.read_body(request))
        route, values = operation.path.rsplit("/", 1)[0], operation.values(sent)
        return await self._studio.generate(key, route, sent, values, targets.of(operation))

    async def _poll(self, request: Request, operation: Operation, key: str) -> Response:
        route = operation.path.removesuffix("/jobs/{job_id}")
        job = await self._studio.look(self._store.job(request.path_params["job_id"], key=key, routes=(route,)))
        answer: dict[str, Any] = {"job_id": job.id, "created_at": iso(job.created_at), "request": job.request}
        if job.completed_at is None:
            answer |= {
                "status": "processing",
                "estimated_completion_at": iso(job.created_at + job.estimated_ms / 1000),
                "estimated_ms": job.estimated_ms,
                "progress_percent": job.progress_percent(self._clock.now()),
            }
        else:
            answer["completed_at"] = iso(job.completed_at)
            if job.error is None:
                answer |= {"status": "succeeded", "result": self._result(request, job)}
            else:
                answer |= {"status": "errored", "error": job.error.detail()}
        return JSONResponse(answer)

    def _result(self, request: Request, job: Job) -> dict[str, Any]:
        result = {"result_urls": self._blobs.result_urls(wire.base_url(request), job)}
        if not job.route.endswith(WITHOUT_LINKS):
            result["download_urls"] = self._blobs.download_urls(wire.base_url(request), job)
        return result


def _bearer(request: Request) -> str:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not key:
        raise Refusal("unauthorized", 401, f"the header Authorization: Bearer {KEY_PREFIX}… is missing")
    return key


def refuse(refusal: Refusal) -> Response:
    """Write a refusal in the contract's envelope."""
    return JSONResponse({"error": refusal.detail()}, status_code=refusal.http_status)

"""The API's operations over HTTP: routes from the spec, errors in the envelope, a handler per action."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mirelo_ergo.emulator.clock import Stopping, iso
from mirelo_ergo.emulator.refusals import Refusal
from mirelo_ergo.emulator.store import KEY_PREFIX

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from starlette.requests import Request

    from mirelo_ergo.emulator.blobs import Blobs
    from mirelo_ergo.emulator.clock import Clock
    from mirelo_ergo.emulator.spec import Operation
    from mirelo_ergo.emulator.store import Job, Store
    from mirelo_ergo.emulator.studio import Studio

    Handler = Callable[[Request, Operation, str], Awaitable[Response]]

WITHOUT_LINKS = "/v1.5"  # the model whose results have no short links yet
MAX_BODY = 128 << 10  # a prompt of 5,000 characters, each escaped, has 60,000 bytes


class Api:
    """Answer the operations of the spec."""

    def __init__(self, *, store: Store, studio: Studio, blobs: Blobs, clock: Clock) -> None:
        self._store = store
        self._studio = studio
        self._blobs = blobs
        self._clock = clock

    def app(self, operations: Iterable[Operation]) -> Starlette:
        """Build the application: a route for every operation, the object store's routes, and errors in the envelope."""
        routes = [self._route(operation) for operation in operations]
        return Starlette(
            routes=[*routes, *self._blobs.routes()],
            exception_handlers={
                Refusal: _refused,
                HTTPException: _not_routed,
                ClientDisconnect: _gone,
                Stopping: _on_stop,
                Exception: _crashed,
            },
        )

    def _route(self, operation: Operation) -> Route:
        handler = self._handler(operation)

        async def endpoint(request: Request) -> Response:
            key = _bearer(request)
            self._store.account(key)
            return await handler(request, operation, key)

        route = Route(operation.path, endpoint, methods=[operation.method])
        route.methods = {operation.method}  # Starlette adds HEAD to GET; the contract has none
        return route

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
        sent = operation.read_body(await _body(request))
        asset = self._store.new_asset(key, sent.get("content_type"))
        return JSONResponse(
            {"asset_id": asset.id, "upload_url": self._blobs.upload_url(request, asset)}, status_code=201
        )

    async def _preflight(self, request: Request, operation: Operation, key: str) -> Response:
        return JSONResponse(self._studio.quote(operation.read_query(request.query_params)))

    async def _sync(self, request: Request, operation: Operation, key: str) -> Response:
        job = await self._studio.finish(await self._generate(request, operation, key))
        if job.error is not None:
            raise job.error
        return JSONResponse({"result_urls": self._blobs.result_urls(request, job)})

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
        sent = operation.read_body(await _body(request))
        return await self._studio.generate(key, operation.path.rsplit("/", 1)[0], sent, operation.values(sent))

    async def _poll(self, request: Request, operation: Operation, key: str) -> Response:
        route = operation.path.removesuffix("/jobs/{job_id}")
        job = await self._studio.look(self._store.job(request.path_params["job_id"], key=key, route=route))
        answer: dict[str, Any] = {"job_id": job.id, "created_at": iso(job.created_at), "request": job.request}
        if job.completed_at is None:
            elapsed = (self._clock.now() - job.created_at) * 1000
            answer |= {
                "status": "processing",
                "estimated_completion_at": iso(job.created_at + job.estimated_ms / 1000),
                "estimated_ms": job.estimated_ms,
                "progress_percent": min(90, math.floor(100 * elapsed / job.estimated_ms)),
            }
        else:
            answer["completed_at"] = iso(job.completed_at)
            if job.error is None:
                answer |= {"status": "succeeded", "result": self._result(request, job)}
            else:
                answer |= {"status": "errored", "error": job.error.detail()}
        return JSONResponse(answer)

    def _result(self, request: Request, job: Job) -> dict[str, Any]:
        result = {"result_urls": self._blobs.result_urls(request, job)}
        if not job.route.endswith(WITHOUT_LINKS):
            result["download_urls"] = self._blobs.download_urls(request, job)
        return result


def _bearer(request: Request) -> str:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not key:
        raise Refusal("unauthorized", 401, f"the header Authorization: Bearer {KEY_PREFIX}… is missing")
    return key


async def _body(request: Request) -> bytes:
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_BODY:
            raise Refusal("invalid_request", 413, f"the body is over {MAX_BODY} bytes")
    return bytes(raw)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return JSONResponse({"error": error.detail()}, status_code=error.http_status)


async def _not_routed(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        refusal = Refusal("method_not_allowed", 405, f"{request.method} is not allowed on {request.url.path}")
    else:
        refusal = Refusal("not_found", error.status_code, f"there is nothing at {request.url.path}")
    return JSONResponse({"error": refusal.detail()}, status_code=error.status_code, headers=error.headers)


async def _gone(request: Request, error: Exception) -> Response:
    return Response(status_code=400)  # nobody is there to read it


async def _on_stop(request: Request, error: Exception) -> Response:
    refusal = Refusal("server_error", 503, "the emulator is stopping")
    return JSONResponse({"error": refusal.detail()}, status_code=503, headers={"connection": "close"})


async def _crashed(request: Request, error: Exception) -> Response:
    refusal = Refusal("server_error", 500, f"the emulator itself failed: {error!r}")
    return JSONResponse({"error": refusal.detail()}, status_code=500)

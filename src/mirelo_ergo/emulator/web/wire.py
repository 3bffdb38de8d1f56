"""Helpers of the services' HTTP: limited bodies, routes for one method, and refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Match, Route

from mirelo_ergo.emulator.clock import Stopping
from mirelo_ergo.emulator.refusals import Refusal, bad_request, short

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

JSON = "application/json"
ASKED = "mirelo_ergo.fault"  # in the scope: the kind of the fault that the service carries out
MAX_BODY = 128 << 10  # a prompt of 5,000 characters, each escaped, has 60,000 bytes


def route(path: str, method: str, endpoint: Callable[[Request], Awaitable[Response]]) -> Route:
    """Return a route for exactly one method: Starlette adds HEAD to GET, but the APIs have no HEAD."""
    made = Route(path, endpoint, methods=[method])
    made.methods = {method}
    return made


def asked(request: Request, fault: str) -> bool:
    """Return whether a request was hit by a fault of this kind, which the service itself applies."""
    return request.scope.get(ASKED) == fault


def base_url(request: Request) -> str:
    """Return the address that the client used, which also works through a container's port."""
    return str(request.base_url).rstrip("/")


async def read_body(request: Request, wanted: str = JSON, limit: int = MAX_BODY) -> bytes:
    """Read a request's body; refuse over 128 KiB or another `limit`, and a type other than the wanted one.

    Both are 400, because the APIs have no 413 and no 415. A body without a type is accepted.
    """
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > limit:
            raise bad_request(f"the body is over {limit} bytes")
    kind = request.headers.get("content-type", wanted).partition(";")[0].strip()
    if raw and kind.lower() != wanted:
        raise bad_request(f"the Content-Type of the body is {short(kind)}: it has to be {wanted}")
    return bytes(raw)


def _methods(request: Request) -> set[str]:
    """Return the methods of a path, each of which has its own route."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    first = next(route.path for route in routes if route.matches(request.scope)[0] is not Match.NONE)
    return set[str]().union(*(route.methods or () for route in routes if route.path == first))


def exception_handlers(answer: Callable[[Refusal], Response]) -> dict[Any, Callable[..., Awaitable[Response]]]:
    """Return the exception handlers of a service's Starlette application."""

    async def refused(request: Request, error: Refusal) -> Response:
        return answer(error)

    async def not_routed(request: Request, error: HTTPException) -> Response:
        if error.status_code == 405:
            refusal = Refusal("method_not_allowed", 405, f"{request.method} is not allowed on {request.url.path}")
        else:
            refusal = Refusal("not_found", error.status_code, f"there is nothing at {request.url.path}")
        response = answer(refusal)
        response.headers.update(error.headers or {})
        if error.status_code == 405:
            response.headers["allow"] = ", ".join(sorted(_methods(request)))
        return response

    async def gone(request: Request, error: ClientDisconnect) -> Response:
        return Response(status_code=400)  # nobody is there to read it

    async def on_stop(request: Request, error: Stopping) -> Response:
        response = answer(Refusal("server_error", 503, "the emulator is stopping"))
        response.headers["connection"] = "close"
        return response

    async def crashed(request: Request, error: Exception) -> Response:
        return answer(Refusal("server_error", 500, f"the emulator itself failed: {error!r}"))

    return {
        Refusal: refused,
        HTTPException: not_routed,
        ClientDisconnect: gone,
        Stopping: on_stop,
        Exception: crashed,
    }

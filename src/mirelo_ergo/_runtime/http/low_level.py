"""The transports of the generated clients: our connections, key and deadline, and our errors for every failure."""

from __future__ import annotations

import re
import sys
from functools import partial
from http import HTTPStatus
from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx

from ..._signals import is_of_a_signal
from ...errors import ConfigurationError
from ..api.answers import Unusable, read_json
from ..api.execute import Operation, execute
from ..api.retry import Kind
from ..io.protocol import Reply, Request, run
from ..redact import shorten

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..api.execute import Runtime
    from .asynchronous import AsyncIO
    from .blocking import BlockingIO
    from .exchange import Http


_WRITTEN_BY_US = frozenset(
    {"host", "connection", "content-length", "content-type", "transfer-encoding", "authorization"}
)


def _operation(
    runtime: Runtime, http: Http, package: str, request: httpx.Request, body: bytes
) -> Operation[httpx.Response]:
    """Return the operation of a generated client's request, which is sent once and judged like any other.

    The key is only added when it is sent. Raises `ConfigurationError` for another address than the API's, because the
    generated client accepts any absolute URL.
    """
    runtime.require_open()
    url, base, keys = request.url, http.base, runtime.api.keys
    path = url.raw_path.decode("ascii")
    if (url.scheme, url.host, url.port) != (base.scheme, base.hostname, base.port) or not path.startswith(base.path):
        raise ConfigurationError(f"the low-level client only speaks to {runtime.base_url}, not to {url.host}")
    path = path.removeprefix(base.path)
    given = request.headers.get(keys.header)
    kind = runtime.api.kind_of(request.method, path, keyed=given is not None)
    ours = {name.lower() for name, _ in (runtime.api.auth(""), *http.settings.headers)} | _WRITTEN_BY_US
    ours |= {keys.header.lower()} if kind is Kind.KEYED else set()
    translated = Request(
        request.method,
        path,
        body or None,
        request.headers.get("content-type", "application/json"),
        submit=kind in (Kind.PAID, Kind.KEYED),
        long=True,
        headers=tuple((name, value) for name, value in request.headers.multi_items() if name not in ours),
    )
    name, key = f"{request.method} {url.path}", None
    if kind is Kind.KEYED:
        key = keys.key(given, runtime.io.wall())
    read = partial(_response, _parser(package, request.method, path.partition("?")[0]))
    return Operation(name, kind, translated, read, runtime.timeout, attempts=1, key=key)


def _parser(package: str, method: str, path: str) -> Callable[..., object] | None:
    """Return the generated parser of an operation's answers; None if the caller is not generated code."""
    found = [
        (endpoint.path.count("{"), name.lower())
        for name, endpoint in vars(import_module(f"{package}.operations")).items()
        if getattr(endpoint, "method", "") == method and re.fullmatch(_pattern(endpoint.path), path)
    ]
    for _, module in sorted(found):  # paths without parameters first: /files/find is not the file "find"
        for loaded, generated in tuple(sys.modules.items()):
            if loaded.startswith(f"{package}.api.") and loaded.endswith(f".{module}"):
                parser: Callable[..., object] | None = getattr(generated, "_parse_response", None)
                return parser
    return None


def _pattern(template: str) -> str:
    return "[^/]+".join(re.escape(text) for text in re.split(r"\{[^{}]*\}", template))


def _response(parser: Callable[..., object] | None, reply: Reply) -> httpx.Response:
    """Return a response that the generated parser can read; raises `Unusable`."""
    if reply.status != HTTPStatus.NO_CONTENT and not _is_text(reply):
        read_json(reply)
    response = httpx.Response(reply.status, headers=dict(reply.headers), content=reply.body)
    if parser is not None:
        try:
            parser(client=SimpleNamespace(raise_on_unexpected_status=False), response=response)
        except Exception as error:  # a generated model may raise anything for an unexpected answer
            if is_of_a_signal(error):
                raise
            problem = f"{type(error).__name__}: {shorten(str(error))}"
            raise Unusable(f"the answer is not what the generated client knows ({problem})") from None
    return response


def _is_text(reply: Reply) -> bool:
    if reply.problem is not None:
        return False
    return reply.headers.get("content-type", "").partition(";")[0].strip().lower() == "text/plain"


class _Transport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    def __init__(self, runtime: Runtime, io: BlockingIO, package: str) -> None:
        self._runtime, self._io, self._package = runtime, io, package

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        operation = _operation(self._runtime, self._io.http, self._package, request, request.read())
        return run(execute(self._runtime, operation))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise ConfigurationError(
            "this low-level client is a sync client's: call sync(), or take that of an async client; nothing was sent"
        )


class _AsyncTransport(httpx.AsyncBaseTransport, httpx.BaseTransport):
    def __init__(self, runtime: Runtime, io: AsyncIO, package: str) -> None:
        self._runtime, self._io, self._package = runtime, io, package

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        operation = _operation(self._runtime, self._io.http, self._package, request, await request.aread())
        return await execute(self._runtime, operation)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        raise ConfigurationError(
            "this low-level client is an async client's: call asyncio(), or take that of a sync client; "
            "nothing was sent"
        )


def low_level_arguments(runtime: Runtime, io: BlockingIO, package: str) -> dict[str, Any]:
    """Return the arguments of every httpx client that a generated client makes, also after `with_headers()`."""
    return {"transport": _Transport(runtime, io, package)}


def async_low_level_arguments(runtime: Runtime, io: AsyncIO, package: str) -> dict[str, Any]:
    """Return the arguments of every httpx client that a generated client makes, also after `with_headers()`."""
    return {"transport": _AsyncTransport(runtime, io, package)}

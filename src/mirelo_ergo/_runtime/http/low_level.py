"""Carry a generated client's requests: our pool, key and deadline, and every failure as one of our errors."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx

from ...errors import ConfigurationError
from ..api.answers import read_json
from ..api.execute import Operation, execute
from ..api.retry import Kind
from ..io.protocol import Reply, Request, run

if TYPE_CHECKING:
    from ..api.execute import Runtime
    from .asynchronous import AsyncIO
    from .blocking import BlockingIO
    from .exchange import Http


_WRITTEN_BY_US = frozenset({"host", "connection", "content-length", "content-type", "transfer-encoding"})


def _operation(runtime: Runtime, http: Http, request: httpx.Request, body: bytes) -> Operation[httpx.Response]:
    """Take a generated client's request over, for one attempt that is judged like those of every other operation.

    The key is put on it where it is sent, and nowhere else. Raises `ConfigurationError` for any other place than the
    API: a client would go to any absolute URL it is given.
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
    return Operation(name, kind, translated, _response, runtime.timeout, attempts=1, key=key)


def _response(reply: Reply) -> httpx.Response:
    """Return a usable response for the generated parser; raises `Unusable`."""
    if reply.status != HTTPStatus.NO_CONTENT:
        read_json(reply)
    return httpx.Response(reply.status, headers=dict(reply.headers), content=reply.body)


class _Transport(httpx.BaseTransport):
    def __init__(self, runtime: Runtime, io: BlockingIO) -> None:
        self._runtime, self._io = runtime, io

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        operation = _operation(self._runtime, self._io.http, request, request.read())
        return run(execute(self._runtime, operation))


class _AsyncTransport(httpx.AsyncBaseTransport):
    def __init__(self, runtime: Runtime, io: AsyncIO) -> None:
        self._runtime, self._io = runtime, io

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        operation = _operation(self._runtime, self._io.http, request, await request.aread())
        return await execute(self._runtime, operation)


def low_level_client(runtime: Runtime, io: BlockingIO) -> httpx.Client:
    """Make the `httpx.Client` that a generated client uses."""
    return httpx.Client(base_url=runtime.base_url, transport=_Transport(runtime, io), timeout=None)  # noqa: S113  # the transport has the operation's deadline


def async_low_level_client(runtime: Runtime, io: AsyncIO) -> httpx.AsyncClient:
    """Make the `httpx.AsyncClient` that a generated client uses."""
    return httpx.AsyncClient(base_url=runtime.base_url, transport=_AsyncTransport(runtime, io), timeout=None)  # noqa: S113  # the transport has the operation's deadline

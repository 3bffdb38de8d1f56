"""Carry a generated client's requests: our pool, key and deadline, and every failure as one of our errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from ...errors import ConfigurationError, UnexpectedResponseError
from ..api.answers import Unusable, error_from, failure_error, kept_body, read_json
from ..api.retry import parse_retry_after
from ..io.deadline import Deadline
from ..io.protocol import Reply, Request, TransportFailure, run
from ..io.sent import SentTracker

if TYPE_CHECKING:
    from ...errors import MireloError
    from ..api.execute import Runtime
    from .asynchronous import AsyncIO
    from .blocking import BlockingIO
    from .exchange import Http


_WRITTEN_BY_US = frozenset({"host", "connection", "content-length", "content-type", "transfer-encoding"})


def _translated(runtime: Runtime, http: Http, request: httpx.Request, body: bytes) -> Request:
    """Take a generated client's request over; the key is put on it where it is sent, and nowhere else.

    Raises `ConfigurationError` for any other place than the API: a client would go to any absolute URL it is given.
    """
    runtime.require_open()
    url, base = request.url, http.base
    path = url.raw_path.decode("ascii")
    if (url.scheme, url.host, url.port) != (base.scheme, base.hostname, base.port) or not path.startswith(base.path):
        raise ConfigurationError(f"the low-level client only speaks to {runtime.base_url}, not to {url.host}")
    ours = {name.lower() for name, _ in (runtime.api.auth(""), *http.settings.headers)} | _WRITTEN_BY_US
    headers = tuple((name, value) for name, value in request.headers.multi_items() if name not in ours)
    return Request(
        request.method,
        path.removeprefix(base.path),
        body or None,
        request.headers.get("content-type", "application/json"),
        submit=request.method not in ("GET", "HEAD", "OPTIONS"),
        long=True,
        headers=headers,
    )


def _judge(runtime: Runtime, request: httpx.Request, reply: Reply) -> httpx.Response:
    """Return a usable answer back to the generated parser; raise the typed error of any other."""
    what = f"{request.method} {request.url.path}"
    if not 200 <= reply.status < 300:
        after = parse_retry_after(reply.headers.get("retry-after"), reply.headers.get("date"), runtime.io.wall())
        raise error_from(runtime.api, runtime.secret, reply, what, after)
    try:
        read_json(reply)
    except Unusable as unusable:
        raise UnexpectedResponseError(
            f"{what}: {unusable} (HTTP {reply.status})", None, reply.status, body=kept_body(runtime.secret, reply)
        ) from None
    return httpx.Response(reply.status, headers=dict(reply.headers), content=reply.body)


def _error(runtime: Runtime, request: httpx.Request, failure: TransportFailure) -> MireloError:
    return failure_error(f"{request.method} {request.url.path}", runtime.base_url, failure, 1)


class _Transport(httpx.BaseTransport):
    def __init__(self, runtime: Runtime, io: BlockingIO) -> None:
        self._runtime, self._io = runtime, io

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        ours = _translated(self._runtime, self._io.http, request, request.read())
        deadline = Deadline(self._runtime.io.now, self._runtime.timeout)
        try:
            reply = run(self._io.request(ours, deadline, SentTracker()))
        except TransportFailure as failure:
            error = _error(self._runtime, request, failure)
        else:
            return _judge(self._runtime, request, reply)
        raise error


class _AsyncTransport(httpx.AsyncBaseTransport):
    def __init__(self, runtime: Runtime, io: AsyncIO) -> None:
        self._runtime, self._io = runtime, io

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        ours = _translated(self._runtime, self._io.http, request, await request.aread())
        deadline = Deadline(self._runtime.io.now, self._runtime.timeout)
        try:
            reply = await self._io.request(ours, deadline, SentTracker())
        except TransportFailure as failure:
            error = _error(self._runtime, request, failure)
        else:
            return _judge(self._runtime, request, reply)
        raise error


def low_level_client(runtime: Runtime, io: BlockingIO) -> httpx.Client:
    """Make the `httpx.Client` that a generated client uses."""
    return httpx.Client(base_url=runtime.base_url, transport=_Transport(runtime, io), timeout=None)  # noqa: S113  # the transport has the operation's deadline


def async_low_level_client(runtime: Runtime, io: AsyncIO) -> httpx.AsyncClient:
    """Make the `httpx.AsyncClient` that a generated client uses."""
    return httpx.AsyncClient(base_url=runtime.base_url, transport=_AsyncTransport(runtime, io), timeout=None)  # noqa: S113  # the transport has the operation's deadline

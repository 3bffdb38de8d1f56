"""httpx's transport interface over httpcore pools, the shared TLS context, and what an exception means."""

from __future__ import annotations

import os
import ssl
from typing import TYPE_CHECKING, Any

import httpcore
import httpx

from ...errors import ConfigurationError
from ..io.protocol import FailureKind, TransportFailure
from ..redact import Secret, shorten
from .encodings import EncodingProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ...errors import Sent
    from ..io.sent import SentTracker
    from .connections import AsyncConnections

_contexts: dict[tuple[object, ...], ssl.SSLContext] = {}


def tls_context(verify: bool | str | ssl.SSLContext) -> ssl.SSLContext:
    """Give the TLS context for `verify`: one per process and setting, because making one costs milliseconds."""
    if isinstance(verify, ssl.SSLContext):
        return verify
    key = (verify, os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    if key not in _contexts:
        if isinstance(verify, str):
            try:
                is_folder = os.path.isdir(verify)  # noqa: PTH112  # the one look-up before OpenSSL reads it
                file, folder = (None, verify) if is_folder else (verify, None)
                _contexts[key] = ssl.create_default_context(cafile=file, capath=folder)
            except (OSError, ssl.SSLError) as error:
                raise ConfigurationError(f"verify={shorten(verify)} cannot be read as certificates ({error})") from None
        else:
            _contexts[key] = httpx.create_ssl_context(verify=verify)
    return _contexts[key]


class _Body(httpx.SyncByteStream):
    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._inner)

    def close(self) -> None:
        self._inner.close()


class _AsyncBody(httpx.AsyncByteStream):
    def __init__(self, inner: Any, closed: Callable[[], None]) -> None:
        self._inner = inner
        self._closed = closed

    def __aiter__(self) -> Any:
        return self._inner.__aiter__()

    async def aclose(self) -> None:
        try:
            await self._inner.aclose()
        finally:
            self._closed()


def _core_request(request: httpx.Request) -> httpcore.Request:
    url = request.url
    return httpcore.Request(
        method=request.method,
        url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=request.stream,
        extensions=request.extensions,
    )


class PoolTransport(httpx.BaseTransport):
    def __init__(self, pool: httpcore.ConnectionPool) -> None:
        self._pool = pool

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._pool.handle_request(_core_request(request))
        body = _Body(answer.stream)
        return httpx.Response(answer.status, headers=answer.headers, stream=body, extensions=answer.extensions)

    def close(self) -> None:
        self._pool.close()


class AsyncPoolTransport(httpx.AsyncBaseTransport):
    """Let no more requests into the pool than it has places. For each that waits inside, httpcore's own goes through
    all its connections at every start and end of any other: the loop stands still when a thousand wait."""

    def __init__(self, pool: httpcore.AsyncConnectionPool | AsyncConnections, places: int) -> None:
        import asyncio  # a blocking client never needs it

        self._pool = pool
        self._places = asyncio.Semaphore(places)
        self._timeout = asyncio.timeout

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not self._places.locked():
            await self._places.acquire()  # at once, without a timer
        else:
            try:
                async with self._timeout(request.extensions["timeout"]["pool"]):
                    await self._places.acquire()
            except TimeoutError:
                raise httpcore.PoolTimeout("no connection was free in time") from None
        try:
            answer = await self._pool.handle_async_request(_core_request(request))
        except BaseException:
            self._places.release()
            raise
        body = _AsyncBody(answer.stream, self._places.release)
        return httpx.Response(answer.status, headers=answer.headers, stream=body)

    async def aclose(self) -> None:
        await self._pool.aclose()


class ClientTransport(httpx.BaseTransport):
    """A client that the user made: it keeps its own time-outs, hooks and pool, and stays open."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._client.send(request, stream=True, follow_redirects=False)


class AsyncClientTransport(httpx.AsyncBaseTransport):
    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._client.send(request, stream=True, follow_redirects=False)


_KINDS: tuple[tuple[tuple[type[Exception], ...], FailureKind], ...] = (
    ((httpcore.PoolTimeout, httpx.PoolTimeout), "pool"),
    ((httpcore.ConnectTimeout, httpx.ConnectTimeout, httpcore.ConnectError, httpx.ConnectError), "connect"),
    ((httpcore.ProxyError, httpx.ProxyError), "proxy"),
    ((httpcore.TimeoutException, httpx.TimeoutException), "timeout"),
    ((httpcore.RemoteProtocolError, httpx.RemoteProtocolError, EncodingProblem), "garbled"),
    (
        (
            httpcore.UnsupportedProtocol,
            httpx.UnsupportedProtocol,
            httpcore.LocalProtocolError,
            httpx.LocalProtocolError,
            httpx.InvalidURL,
        ),
        "local",
    ),
)
_NOT_SENT: frozenset[FailureKind] = frozenset({"pool", "connect", "proxy", "proxy_refused", "tls"})
_NOT_TLS = ("WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE")
"""What OpenSSL, by its version, calls bytes that are no TLS record."""
_CUT = ("disconnected", "peer closed connection", "incomplete")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(8):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def classify(error: Exception, sent: SentTracker, secret: Secret) -> TransportFailure:
    """Turn any exception of a transport into a `TransportFailure`, with the proof of what was sent."""
    kind: FailureKind = "network"
    for classes, named in _KINDS:
        if isinstance(error, classes):
            kind = named
            break
    text = next((str(link) for link in _chain(error) if str(link)), "")
    if kind == "connect":
        causes = [link for link in _chain(error) if isinstance(link, ssl.SSLError)]
        if any(not isinstance(link, ssl.SSLEOFError | ssl.SSLZeroReturnError) for link in causes):
            kind = "tls"
        if any(link.reason in _NOT_TLS for link in causes):
            text = f"the port does not speak TLS ({text})"
    elif kind == "garbled" and any(mark in text for mark in _CUT):
        kind = "network"
    elif kind == "proxy" and "407" in text:
        kind = "proxy_refused"
    how_much: Sent = "no" if kind in _NOT_SENT else sent.sent()
    detail = shorten(secret.scrub(f"{type(error).__name__}: {text}" if text else type(error).__name__), 300)
    return TransportFailure(kind, how_much, detail)

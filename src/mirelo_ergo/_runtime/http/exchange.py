"""One attempt at a request, in both colours: the API's answers whole and capped, foreign ones as streams."""

from __future__ import annotations

import os
import select
import time
import urllib.request
from abc import ABC, abstractmethod
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

import attrs
import httpcore
import httpx

from ...errors import ConfigurationError
from ..io.deadline import TimeLimit, Timing
from ..io.protocol import PIECE, ExternalRefused, ExternalRequest, Reply, Request, SourceFailed, TransportFailure
from ..io.sent import SentTracker
from ..redact import Secret, safe_url
from ..transfer.urls import (
    AddressKind,
    ExternalPolicy,
    address_kind,
    check_address,
    check_external_url,
    is_loopback_host,
)
from .bodies import AsyncPieces, CallbackFailed, SyncPieces
from .connections import AsyncConnections
from .encodings import unpacker_for
from .network import AsyncBackend, Backend, limit_of_this_call
from .transports import AsyncClientTransport, AsyncPoolTransport, ClientTransport, PoolTransport, classify, tls_context

if TYPE_CHECKING:
    import asyncio
    import ssl
    from collections.abc import Callable, Mapping

LARGEST_ANSWER = 16 << 20
"""Bytes of an API answer; more is refused."""

Purpose = Literal["main", "submit", "external"]
_IDLE: Mapping[Purpose, float] = {"main": 30.0, "submit": 2.0, "external": 5.0}


@attrs.frozen
class HttpSettings:
    """Hold how a client reaches its service and everything else."""

    base_url: str
    secret: Secret
    auth: Callable[[str], tuple[str, str]] = attrs.field(repr=False)
    headers: tuple[tuple[str, str], ...] = ()
    proxy: str | None = attrs.field(default=None, repr=False)
    verify: bool | str | ssl.SSLContext = True
    transport: Any = None
    http_client: Any = None
    allow_private: bool = False
    timing: Timing = attrs.field(factory=Timing)


class _SignedRequest(httpx.Request):
    """A request to a pre-signed URL, whose query must not stand in a traceback that shows local variables."""

    def __repr__(self) -> str:
        return f"<Request({self.method!r}, {safe_url(str(self.url))!r})>"


class Http(ABC):
    """What both colours share: building requests, choosing pools, judging bodies."""

    def __init__(self, settings: HttpSettings) -> None:
        self.settings = settings
        self.base = httpx.URL(settings.base_url)
        self._policy = ExternalPolicy(self.base.scheme, self.base.host, settings.allow_private)
        self._pid = os.getpid()
        self._pools: dict[tuple[Purpose, str | None], Any] = {}
        self._inherited: list[object] = []

    def api_request(self, request: Request, stream: Any = None) -> httpx.Request:
        """Build an API request, with `stream` for a body that is a source. Only here is the key put on one."""
        url = _api_url(self.settings.base_url, request.path)
        headers = [*self.settings.headers, self.settings.auth(self.settings.secret.reveal()), *request.headers]
        if request.body is not None:
            headers.append(("Content-Type", request.content_type))
        if request.body is None or isinstance(request.body, bytes):
            return httpx.Request(request.method, url, headers=headers, content=request.body)
        own = [("Host", url.netloc.decode("ascii")), ("Content-Length", str(request.body.size))]
        return httpx.Request(request.method, url, headers=[*own, *headers], stream=stream)

    def external_request(self, request: ExternalRequest, stream: Any) -> httpx.Request:
        """Build a request to a URL somebody else gave us, with nothing on it but what the description holds."""
        parts = check_external_url(request.url, self._policy)
        url = httpx.URL(request.url)
        if url.raw_host.decode("ascii").rstrip(".").lower() != (parts.hostname or "").rstrip("."):
            raise ExternalRefused(f"the URL {safe_url(request.url)} is refused: its host can be read in two ways")
        if self._proxy_for(url) is not None:
            self._check_literal(url.host)
        fixed = [("Host", url.netloc.decode("ascii")), ("Accept-Encoding", "identity")]
        if request.body is not None:
            fixed.append(("Content-Length", str(request.body.size)))
        return _SignedRequest(request.method, url, headers=[*fixed, *request.headers.items()], stream=stream)

    def limits(self, limit: TimeLimit, *, long: bool = False) -> dict[str, float]:
        """Give httpcore's time-outs for one attempt; every wait is clipped again when it happens."""
        timing, left = self.settings.timing, max(limit.clip(None), 0.001)
        between = left if long else min(timing.between_bytes, left)
        return {"connect": min(timing.connect, left), "read": between, "write": between, "pool": left}

    def pool(self, purpose: Purpose, url: httpx.URL) -> Any:
        """Give the transport for a purpose, made at its first use and anew in a forked child."""
        settings = self.settings
        self._leave_parent()
        if settings.transport is not None:
            return settings.transport
        if settings.http_client is not None and purpose != "external":
            return self.wrap_client(settings.http_client)
        key = purpose, self._proxy_for(url)
        if key not in self._pools:
            return self._pools.setdefault(key, self.make_pool(*key))  # two threads: the loser's pool is unused
        return self._pools[key]

    def take_pools(self) -> list[Any]:
        """Forget the pools and give them to be closed."""
        self._leave_parent()
        pools, self._pools = list(self._pools.values()), {}
        return pools

    def _leave_parent(self) -> None:
        """Part with the pools of the process that this one was forked from, which still uses their sockets."""
        if self._pid != os.getpid():
            self._inherited.append(self._pools)  # kept: to collect them would close them, with a warning
            self._pools, self._pid = {}, os.getpid()

    @abstractmethod
    def make_pool(self, purpose: Purpose, proxy: str | None) -> Any:
        """Make the transport over a pool of its own."""

    @abstractmethod
    def wrap_client(self, client: Any) -> Any:
        """Make a transport of a client that the user brought."""

    def pool_options(self, purpose: Purpose, proxy: str | None) -> dict[str, Any]:
        """Give what both colours tell their pool."""
        options: dict[str, Any] = {
            "ssl_context": tls_context(self.settings.verify),
            "max_connections": 100,
            "max_keepalive_connections": 32,
            "keepalive_expiry": _IDLE[purpose],
        }
        if proxy is not None:
            options["proxy"] = read_proxy(proxy)
        return options

    def policy_for(self, purpose: Purpose, proxy: str | None) -> ExternalPolicy | None:
        """Give what is checked at connect: nothing for the API itself, nor for a proxy's own address."""
        return self._policy if purpose == "external" and proxy is None else None

    def _proxy_for(self, url: httpx.URL) -> str | None:
        settings = self.settings
        if settings.proxy is not None or settings.transport is not None:
            return settings.proxy
        if is_loopback_host(url.host) or urllib.request.proxy_bypass(url.netloc.decode("ascii")):
            return None  # no proxy can reach this machine's own loopback
        proxies = urllib.request.getproxies()
        return proxies.get(url.scheme) or proxies.get("all")

    def _check_literal(self, host: str) -> None:
        """Check what can be checked when a proxy resolves names: a literal address."""
        kind = _literal_kind(host)
        if kind is not None:
            own = _literal_kind(self.base.host)
            check_address(host, host, frozenset({own} if own else ()), allow_private=self._policy.allow_private)


@lru_cache(maxsize=2048)
def _api_url(base_url: str, path: str) -> httpx.URL:
    """Read an address; a thousand waits ask for the same thousand paths again and again."""
    return httpx.URL(base_url + path)


def _literal_kind(host: str) -> AddressKind | None:
    try:
        return address_kind(host)
    except ValueError:
        return None


def read_proxy(address: str) -> httpcore.Proxy:
    """Read a proxy's address; raises `ConfigurationError`."""
    try:
        parsed = httpx.Proxy(address)
        url = parsed.url
        where = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        if url.scheme.startswith("socks") and find_spec("socksio") is None:
            raise ValueError("a SOCKS proxy needs one package more: pip install 'httpx[socks]'")
        return httpcore.Proxy(where, auth=parsed.raw_auth)
    except (ValueError, httpx.InvalidURL) as error:
        raise ConfigurationError(f"proxy={safe_url(address)} is not a proxy's address ({error})") from None


def _header_map(response: httpx.Response) -> Mapping[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _refused_encoding(response: httpx.Response) -> str | None:
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        return None
    return f"the answer is encoded as {encoding[:40]}, although identity was asked for"


_TOO_LARGE = f"the answer is larger than {LARGEST_ANSWER >> 20} MiB"


class _Unpacked:
    """What both colours share: an API's answer is unpacked while it is read, a foreign one is given as it came."""

    def __init__(self, response: httpx.Response, limit: TimeLimit, *, api: bool) -> None:
        self.status = response.status_code
        self.headers = _header_map(response)
        self._response, self._watch = response, limit
        self._unpacker = unpacker_for(self.headers.get("content-encoding")) if api else None

    def _more(self) -> bytes:
        """Give what the last piece of the wire unpacks to beyond what was given."""
        return b"" if self._unpacker is None else self._unpacker.more(PIECE)

    def _unpack(self, piece: bytes) -> bytes:
        """Give what a piece of the wire unpacks to, which may be nothing yet."""
        if self._unpacker is None:
            return piece
        if piece:
            return self._unpacker.feed(piece, PIECE)
        self._unpacker.finish()
        return b""


class BlockingStream(_Unpacked):
    """An answer being read, blocking."""

    def __init__(self, http: BlockingHttp, response: httpx.Response, limit: TimeLimit, *, api: bool) -> None:
        super().__init__(response, limit, api=api)
        self._http = http
        self._pieces = iter(response.stream)  # type: ignore[arg-type]  # a sync transport's stream is sync

    async def read(self) -> bytes:
        """Give the next piece, b"" at the end; raise `TransportFailure`."""
        piece: bytes = self._http.guard(self._watch, SentTracker(), self._next)
        return piece

    async def read_within(self, seconds: float) -> bytes | None:
        """Return the next piece, None if none came in that time; raise `TransportFailure`."""
        piece: bytes | None = self._http.guard(self._watch, SentTracker(), lambda: self._next_within(seconds))
        return piece

    def _next_within(self, seconds: float) -> bytes | None:
        until = time.monotonic() + seconds
        ready = self._more()
        while not ready:
            if not self._has_come(until - time.monotonic()):
                return None
            piece = next(self._pieces, b"")
            ready = self._unpack(piece)
            if not piece:
                break
        return ready

    def _has_come(self, seconds: float) -> bool:
        """Wait until bytes have come, at most that long; True also where nothing tells: then a read waits for them."""
        network = self._response.extensions.get("network_stream")
        sock = None if network is None else network.get_extra_info("socket")
        if sock is None or _parser_holds_bytes(self._response) or getattr(sock, "pending", int)():
            return True
        return bool(select.select([sock], [], [], max(0.0, seconds))[0])

    def _next(self) -> bytes:
        ready = self._more()
        while not ready:
            piece = next(self._pieces, b"")
            ready = self._unpack(piece)
            if not piece:
                break
        return ready

    async def __aenter__(self) -> BlockingStream:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._http.guard(self._watch, SentTracker(), self._response.close)


def _parser_holds_bytes(response: httpx.Response) -> bool:
    """Return whether more of the body than the end of the last chunk was read from the socket already."""
    body: Any = response.stream
    connection = body
    while connection is not None and not hasattr(connection, "_h11_state"):
        connection = next(
            (getattr(connection, name) for name in ("_inner", "_stream", "_connection") if hasattr(connection, name)),
            None,
        )
    return connection is not None and bool(connection._h11_state.trailing_data[0].strip(b"\r\n"))


class BlockingHttp(Http):
    """One attempt at a time, blocking."""

    def make_pool(self, purpose: Purpose, proxy: str | None) -> httpx.BaseTransport:
        backend = Backend(self.policy_for(purpose, proxy))
        return PoolTransport(httpcore.ConnectionPool(network_backend=backend, **self.pool_options(purpose, proxy)))

    def wrap_client(self, client: httpx.Client) -> httpx.BaseTransport:
        return ClientTransport(client)

    def guard(self, limit: TimeLimit, sent: SentTracker, step: Callable[[], Any]) -> Any:
        """Run a step of an attempt under its limit; give `TransportFailure` for whatever httpx raises.

        It is raised outside the handler, so that no traceback holds a frame in which the key is readable.
        """
        token = limit_of_this_call.set(limit)
        try:
            return step()
        except CallbackFailed as failed:
            mistake = failed.error
        except (ConfigurationError, ExternalRefused, SourceFailed):
            raise
        except Exception as error:
            mistake = classify(error, sent, self.settings.secret)
        finally:
            limit_of_this_call.reset(token)
        raise mistake

    def request(self, request: Request, limit: TimeLimit, sent: SentTracker) -> Reply:
        """Make one attempt at an API request and read its whole answer; raises `SourceFailed` of a streamed body."""
        purpose: Purpose = "submit" if request.submit else "main"
        if request.body is None or isinstance(request.body, bytes):
            return self.exchange(self.api_request(request), purpose, limit, sent, long=request.long)
        reader = request.body.open()
        try:
            ready = self.api_request(request, SyncPieces(request.body, reader, limit))
            return self.exchange(ready, purpose, limit, sent, long=request.long)
        finally:
            reader.close()

    def exchange(
        self, request: httpx.Request, purpose: Purpose, limit: TimeLimit, sent: SentTracker, *, long: bool = False
    ) -> Reply:
        """Send a request that is ready and read its whole answer, up to `LARGEST_ANSWER`."""
        request.extensions = {"timeout": self.limits(limit, long=long), "trace": sent.event}

        def attempt() -> Reply:
            response = self.pool(purpose, request.url).handle_request(request)
            try:
                problem = _refused_encoding(response)
                body = bytearray()
                for piece in response.stream if problem is None else ():
                    body += piece
                    if len(body) > LARGEST_ANSWER:
                        body, problem = bytearray(), _TOO_LARGE
                        break
                    if limit.clip(None) <= 0:
                        raise httpx.ReadTimeout("the time for it is up")
                return Reply(response.status_code, _header_map(response), bytes(body), problem)
            finally:
                response.close()

        reply: Reply = self.guard(limit, sent, attempt)
        return reply

    def open(self, request: ExternalRequest | Request, limit: TimeLimit) -> BlockingStream:
        """Make one attempt at a request; its body is sent, its answer's body still to be read."""
        sent = SentTracker()

        def attempt() -> BlockingStream:
            if isinstance(request, Request):
                ready = self.api_request(request)
                ready.extensions = {"timeout": self.limits(limit, long=request.long), "trace": sent.event}
                response = self.pool("main", ready.url).handle_request(ready)
                return BlockingStream(self, response, limit, api=True)
            body = request.body
            reader = None if body is None else body.open()
            try:
                stream: httpx.SyncByteStream = httpx.ByteStream(b"")
                if body is not None and reader is not None:
                    stream = SyncPieces(body, reader, limit, request.on_progress)
                ready = self.external_request(request, stream)
                ready.extensions = {"timeout": self.limits(limit), "trace": sent.event}
                response = self.pool("external", ready.url).handle_request(ready)
                return BlockingStream(self, response, limit, api=False)
            finally:
                if reader is not None:
                    reader.close()

        opened: BlockingStream = self.guard(limit, sent, attempt)
        return opened

    def close(self) -> None:
        """Close what this client opened; a transport or client that the user brought stays open."""
        for pool in self.take_pools():
            pool.close()


class AsyncStream(_Unpacked):
    """An answer being read, awaited."""

    def __init__(self, http: AsyncHttp, response: httpx.Response, limit: TimeLimit, *, api: bool) -> None:
        super().__init__(response, limit, api=api)
        self._http = http
        self._pieces = aiter(response.stream)  # type: ignore[arg-type]  # an async transport's stream is async
        self._coming: asyncio.Future[bytes] | None = None

    async def read(self) -> bytes:
        """Give the next piece, b"" at the end; raise `TransportFailure`."""
        coming, self._coming = self._coming, None
        return await (self._read() if coming is None else coming)

    async def read_within(self, seconds: float) -> bytes | None:
        """Return the next piece, None if none came in that time; raise `TransportFailure`."""
        import asyncio  # a blocking client never needs it

        if self._coming is None:
            self._coming = asyncio.ensure_future(self._read())
        await asyncio.wait([self._coming], timeout=seconds)
        return await self.read() if self._coming.done() else None

    async def _read(self) -> bytes:
        piece: bytes = await self._http.guard(self._watch, SentTracker(), self._next)
        return piece

    async def _next(self) -> bytes:
        ready = self._more()
        while not ready:
            piece = await anext(self._pieces, b"")
            ready = self._unpack(piece)
            if not piece:
                break
        return ready

    async def __aenter__(self) -> AsyncStream:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if self._coming is not None:
            import asyncio  # as in `read_within`

            self._coming.cancel()
            await asyncio.wait([self._coming])
            if not self._coming.cancelled():
                self._coming.exception()  # seen: nobody reads on
        await self._http.guard(self._watch, SentTracker(), self._response.aclose)


class AsyncHttp(Http):
    """One attempt at a time, awaited."""

    def __init__(self, settings: HttpSettings, disk: Callable[..., Any]) -> None:
        super().__init__(settings)
        self._disk = disk

    def make_pool(self, purpose: Purpose, proxy: str | None) -> httpx.AsyncBaseTransport:
        backend = AsyncBackend(self.policy_for(purpose, proxy))
        options = self.pool_options(purpose, proxy)
        if proxy is not None:
            pool = httpcore.AsyncConnectionPool(network_backend=backend, **options)
            return AsyncPoolTransport(pool, options["max_connections"])

        def connect(origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
            idle = options["keepalive_expiry"]
            return httpcore.AsyncHTTPConnection(origin, options["ssl_context"], idle, network_backend=backend)

        connections = AsyncConnections(connect, options["max_keepalive_connections"])
        return AsyncPoolTransport(connections, options["max_connections"])

    def wrap_client(self, client: httpx.AsyncClient) -> httpx.AsyncBaseTransport:
        return AsyncClientTransport(client)

    async def guard(self, limit: TimeLimit, sent: SentTracker, step: Callable[[], Any]) -> Any:
        """The same as `BlockingHttp.guard`, awaited."""
        token = limit_of_this_call.set(limit)
        try:
            return await step()
        except CallbackFailed as failed:
            mistake = failed.error
        except (ConfigurationError, ExternalRefused, SourceFailed):
            raise
        except Exception as error:
            mistake = classify(error, sent, self.settings.secret)
        finally:
            limit_of_this_call.reset(token)
        raise mistake

    async def request(self, request: Request, limit: TimeLimit, sent: SentTracker) -> Reply:
        """Make one attempt at an API request and read its whole answer; raises `SourceFailed` of a streamed body."""
        purpose: Purpose = "submit" if request.submit else "main"
        if request.body is None or isinstance(request.body, bytes):
            return await self.exchange(self.api_request(request), purpose, limit, sent, long=request.long)
        reader = await self._disk(request.body.open)
        try:
            ready = self.api_request(request, AsyncPieces(request.body, reader, limit, self._disk))
            return await self.exchange(ready, purpose, limit, sent, long=request.long)
        finally:
            await self._disk(reader.close)

    async def exchange(
        self, request: httpx.Request, purpose: Purpose, limit: TimeLimit, sent: SentTracker, *, long: bool = False
    ) -> Reply:
        """Send a request that is ready and read its whole answer, up to `LARGEST_ANSWER`."""
        request.extensions = {"timeout": self.limits(limit, long=long), "trace": _awaited(sent)}

        async def attempt() -> Reply:
            response = await self.pool(purpose, request.url).handle_async_request(request)
            try:
                problem = _refused_encoding(response)
                body = bytearray()
                if problem is None:
                    async for piece in response.stream:
                        body += piece
                        if len(body) > LARGEST_ANSWER:
                            body, problem = bytearray(), _TOO_LARGE
                            break
                        if limit.clip(None) <= 0:
                            raise httpx.ReadTimeout("the time for it is up")
                return Reply(response.status_code, _header_map(response), bytes(body), problem)
            finally:
                await response.aclose()

        reply: Reply = await self.guard(limit, sent, attempt)
        return reply

    async def open(self, request: ExternalRequest | Request, limit: TimeLimit) -> AsyncStream:
        """Make one attempt at a request; its body is sent, its answer's body still to be read."""
        sent = SentTracker()

        async def attempt() -> AsyncStream:
            if isinstance(request, Request):
                ready = self.api_request(request)
                ready.extensions = {"timeout": self.limits(limit, long=request.long), "trace": _awaited(sent)}
                response = await self.pool("main", ready.url).handle_async_request(ready)
                return AsyncStream(self, response, limit, api=True)
            body = request.body
            reader = None if body is None else await self._disk(body.open)
            try:
                stream: httpx.AsyncByteStream = httpx.ByteStream(b"")
                if body is not None and reader is not None:
                    stream = AsyncPieces(body, reader, limit, self._disk, request.on_progress)
                ready = self.external_request(request, stream)
                ready.extensions = {"timeout": self.limits(limit), "trace": _awaited(sent)}
                response = await self.pool("external", ready.url).handle_async_request(ready)
                return AsyncStream(self, response, limit, api=False)
            finally:
                if reader is not None:
                    await self._disk(reader.close)

        opened: AsyncStream = await self.guard(limit, sent, attempt)
        return opened

    async def close(self) -> None:
        """Close what this client opened; a transport or client that the user brought stays open."""
        for pool in self.take_pools():
            await pool.aclose()


def _awaited(sent: SentTracker) -> Callable[[str, Mapping[str, Any]], Any]:
    async def trace(name: str, info: Mapping[str, Any]) -> None:
        sent.event(name, info)

    return trace


__all__ = ["LARGEST_ANSWER", "AsyncHttp", "BlockingHttp", "Http", "HttpSettings", "TransportFailure"]

"""httpx transports and clients of the user, and the meaning of their exceptions. Only they need httpx.

They resolve names, connect, pool and wait in their own way, so the promises about these do not hold for them.
"""

from __future__ import annotations

import logging
import socket
import ssl
from contextlib import suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import httpcore
import httpx

from ..._signals import is_of_a_signal
from ..io.protocol import run
from ..redact import safe_url
from .failures import WireFailure

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping

    from ..io.protocol import FailureKind
    from ..io.sent import SentTracker
    from .bodies import Pieces
    from .network import AttemptTimeouts

_speaking: ContextVar[bool] = ContextVar("mirelo_ergo_speaking", default=False)
"""Whether this thread or task is making one of our requests."""


class _Discreet(logging.Filter):
    """Removes the heads of our answers from httpcore's log, because a Location may be a signed URL."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not _speaking.get() or "receive_response_headers.complete" not in record.getMessage()


logging.getLogger("httpcore.http11").addFilter(_Discreet())

_KINDS: tuple[tuple[tuple[type[Exception], ...], FailureKind], ...] = (
    ((httpcore.PoolTimeout, httpx.PoolTimeout), "pool"),
    ((httpcore.ConnectTimeout, httpx.ConnectTimeout, httpcore.ConnectError, httpx.ConnectError), "connect"),
    ((httpcore.ProxyError, httpx.ProxyError), "proxy"),
    ((httpcore.TimeoutException, httpx.TimeoutException, TimeoutError), "timeout"),
    ((httpcore.RemoteProtocolError, httpx.RemoteProtocolError), "garbled"),
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
    (
        (
            httpcore.NetworkError,
            httpx.TransportError,
            httpx.StreamError,
            ConnectionError,
            ssl.SSLError,
            socket.gaierror,
            socket.herror,
        ),
        "network",
    ),
)
"""The errors of a transport that mean a network failure. Any other one is passed on unchanged."""
_CUT = ("disconnected", "peer closed connection", "incomplete")


class CallbackFailed(Exception):
    """Carries an exception of a user's callback or source through httpx, to be raised again unchanged."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


def failure_of(error: Exception) -> WireFailure | None:
    """Return the network failure that a transport's exception means, None if it is another error."""
    kind: FailureKind | None = next((kind for classes, kind in _KINDS if isinstance(error, classes)), None)
    if kind is None or is_of_a_signal(error):
        return None
    text = next((str(link) for link in _chain(error) if str(link)), "")
    if kind == "connect" and any(_is_refusal(link) for link in _chain(error)):
        kind = "tls"
    elif kind == "garbled" and any(mark in text for mark in _CUT):
        kind = "network"
    elif kind == "proxy" and "407" in text:
        kind = "proxy_refused"
    return WireFailure(kind, f"{type(error).__name__}: {text}" if text else type(error).__name__)


def _is_refusal(error: BaseException) -> bool:
    return isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(8):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


class _OurRequest(httpx.Request):
    """A request whose repr leaves out the URL's query, which may be signed, in tracebacks with local variables."""

    def __repr__(self) -> str:
        return f"<Request({self.method!r}, {safe_url(str(self.url))!r})>"


class _SyncBody(httpx.SyncByteStream):
    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            self._pieces.passed()
            piece = run(self._pieces.next())
        except Exception as error:
            raise CallbackFailed(error) from None
        if not piece:
            raise StopIteration
        return piece


class _AsyncBody(httpx.AsyncByteStream):
    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            self._pieces.passed()
            piece = await self._pieces.next()
        except Exception as error:
            raise CallbackFailed(error) from None
        if not piece:
            raise StopAsyncIteration
        return piece


class _InjectedAnswer:
    """An exchange over a user's transport: the part that both clients share."""

    def __init__(self, request: httpx.Request) -> None:
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self.raw = b""
        self._request = request
        self._response: httpx.Response | None = None
        self._waits: AttemptTimeouts | None = None

    def _prepare(self, waits: AttemptTimeouts, sent: SentTracker, trace: Any) -> None:
        self._waits = waits
        self._request.extensions = {**self._request.extensions, "timeout": waits.timeouts(), "trace": trace}
        sent.hand_over()

    def _know_head(self, response: httpx.Response) -> None:
        self._response = response
        self.status = response.status_code
        self.headers = {name.lower(): value for name, value in response.headers.items()}

    def _check_time(self) -> None:
        if self._waits is not None:
            self._waits.read()

    def peek(self) -> bytes:
        return b""  # a transport's buffer cannot be read without waiting


class _BlockingAnswer(_InjectedAnswer):
    def __init__(self, handle: Callable[[httpx.Request], httpx.Response], request: httpx.Request) -> None:
        super().__init__(request)
        self._handle = handle

    async def begin(self, waits: AttemptTimeouts, sent: SentTracker) -> None:
        self._prepare(waits, sent, sent.event)
        response: httpx.Response = _guarded(lambda: self._handle(self._request))
        self._know_head(response)
        self._pieces = iter(response.stream)  # type: ignore[arg-type]  # a sync transport's stream is sync

    async def read(self) -> bytes:
        self._check_time()
        piece: bytes = _guarded(lambda: next(filter(None, self._pieces), b""))
        return piece

    async def read_within(self, seconds: float) -> bytes | None:
        return await self.read()  # a sync stream cannot be polled

    async def close(self) -> None:
        response, self._response = self._response, None
        if response is not None:
            with suppress(WireFailure):  # everything that was wanted has been read
                _guarded(response.close)


class _AsyncAnswer(_InjectedAnswer):
    def __init__(self, handle: Callable[[httpx.Request], Awaitable[httpx.Response]], request: httpx.Request) -> None:
        super().__init__(request)
        self._handle = handle
        self._coming: asyncio.Future[bytes] | None = None

    async def begin(self, waits: AttemptTimeouts, sent: SentTracker) -> None:
        async def trace(name: str, info: Mapping[str, Any]) -> None:
            sent.event(name, info)

        self._prepare(waits, sent, trace)
        response: httpx.Response = await _guarded_async(lambda: self._handle(self._request))
        self._know_head(response)
        self._pieces = aiter(response.stream)  # type: ignore[arg-type]  # an async transport's stream is async

    async def read(self) -> bytes:
        coming, self._coming = self._coming, None
        return await (self._read() if coming is None else coming)

    async def read_within(self, seconds: float) -> bytes | None:
        import asyncio  # a blocking client never needs it

        if self._coming is None:
            self._coming = asyncio.ensure_future(self._read())
        await asyncio.wait([self._coming], timeout=seconds)
        return await self.read() if self._coming.done() else None

    async def _read(self) -> bytes:
        self._check_time()
        piece: bytes = await _guarded_async(self._next)
        return piece

    async def _next(self) -> bytes:
        while (piece := await anext(self._pieces, None)) is not None:
            if piece:
                return piece
        return b""

    async def close(self) -> None:
        if self._coming is not None:
            import asyncio  # as in `read_within`

            self._coming.cancel()
            await asyncio.wait([self._coming])
            if not self._coming.cancelled():
                self._coming.exception()  # mark it as retrieved: the answer is not read further
        response, self._response = self._response, None
        if response is not None:
            with suppress(WireFailure):  # as above
                await _guarded_async(response.aclose)


def _guarded(step: Callable[[], Any]) -> Any:
    """Run a step of an exchange; raise `WireFailure` for a network failure and any other exception unchanged.

    It is raised outside the handler, so that no traceback contains a frame with the key.
    """
    token = _speaking.set(True)
    try:
        return step()
    except Exception as error:
        mistake = _meaning(error)
        if mistake is error:
            raise
    finally:
        _speaking.reset(token)
    raise mistake


async def _guarded_async(step: Callable[[], Awaitable[Any]]) -> Any:
    """Await a step of an exchange, as `_guarded`."""
    token = _speaking.set(True)
    try:
        return await step()
    except Exception as error:
        mistake = _meaning(error)
        if mistake is error:
            raise
    finally:
        _speaking.reset(token)
    raise mistake


def _meaning(error: Exception) -> Exception:
    return error.error if isinstance(error, CallbackFailed) else failure_of(error) or error


def _request(
    method: str, url: str, headers: Iterable[tuple[str, str]], content: Any, target: str | None
) -> httpx.Request:
    """Return a request. `target` keeps httpx from rewriting a signed path."""
    extensions = {} if target is None else {"target": target.encode("ascii")}
    return _OurRequest(method, url, headers=list(headers), extensions=extensions, **content)


class BlockingTransport:
    """A user's sync transport or client, which keeps its own time-outs, hooks and pool, and stays open."""

    def __init__(self, given: Any, is_client: bool) -> None:
        self._given = given
        self._handle = self._send if is_client else given.handle_request

    def _send(self, request: httpx.Request) -> httpx.Response:
        response: httpx.Response = self._given.send(request, stream=True, follow_redirects=False)
        return response

    def answer(
        self,
        method: str,
        url: str,
        headers: Iterable[tuple[str, str]],
        body: bytes | Pieces,
        *,
        target: str | None = None,
    ) -> _BlockingAnswer:
        content = {"content": body} if isinstance(body, bytes) else {"stream": _SyncBody(body)}
        return _BlockingAnswer(self._handle, _request(method, url, headers, content, target))


class AsyncTransport:
    """A user's async transport or client, which keeps its own time-outs, hooks and pool, and stays open."""

    def __init__(self, given: Any, is_client: bool) -> None:
        self._given = given
        self._handle = self._send if is_client else given.handle_async_request

    async def _send(self, request: httpx.Request) -> httpx.Response:
        response: httpx.Response = await self._given.send(request, stream=True, follow_redirects=False)
        return response

    def answer(
        self,
        method: str,
        url: str,
        headers: Iterable[tuple[str, str]],
        body: bytes | Pieces,
        *,
        target: str | None = None,
    ) -> _AsyncAnswer:
        content = {"content": body} if isinstance(body, bytes) else {"stream": _AsyncBody(body)}
        return _AsyncAnswer(self._handle, _request(method, url, headers, content, target))

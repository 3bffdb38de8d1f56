"""One attempt at a request: API answers are read whole, up to a limit, others as streams.

Sync and async clients share it: its awaits block in a sync client and suspend in an async one (see `network.Network`).
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit

from ..io.deadline import Deadline
from ..io.protocol import ExternalRequest, Request
from ..io.sent import SentTracker
from ..redact import Secret
from ..transfer.urls import ExternalPolicy, check_address, check_external_url, literal_kind, port_of, target_of
from .answers import HttpStream, PooledAnswer, Reading
from .bodies import Pieces
from .connections import Connections
from .dialing import Dialer, Route
from .failures import WireFailure, hide_wire, transport_failure
from .network import AttemptTimeouts

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable

    from ..io.deadline import TimeLimit
    from ..io.protocol import Reader, Reply, Source
    from .answers import Answer
    from .connections import Purpose
    from .network import Network
    from .proxies import Proxy
    from .settings import HttpSettings

_NOT_IN_A_HEADER: Final = re.compile(r"[^\t -~]")
_TARGET: Final = re.compile(r"[!-~]+")
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})


class Injected(Protocol):
    """A transport or client of the user."""

    def answer(
        self,
        method: str,
        url: str,
        headers: Iterable[tuple[str, str]],
        body: bytes | Pieces,
        *,
        target: str | None = None,
    ) -> Answer:
        """Return the exchange, which sends nothing before `begin`. `target` is the path to send unchanged."""
        ...


class Http:
    """Makes the requests of one client, one attempt per call."""

    def __init__(self, settings: HttpSettings, network: Network, inject: Callable[[Any, bool], Injected]) -> None:
        self.settings = settings
        self.base = urlsplit(settings.base_url)
        self._network = network
        self._inject = inject
        self._policy = ExternalPolicy(self.base.scheme, self.base.hostname or "", settings.allow_private)
        self._inherited: list[object] = []
        self._start()

    def _start(self) -> None:
        self._pid = os.getpid()
        self._dialer = Dialer(self._network, self._tls_context, self._policy)
        self._connections = Connections(self._dialer, self._network)
        self._api_route: Route | None = None
        self._api_lines = Secret(b"")

    def _leave_parent(self) -> None:
        """Drop the connections of the parent process after a fork, without closing them: the parent still uses them."""
        if self._pid != os.getpid():
            self._inherited.append(self._connections)  # kept, because garbage collection would close them
            self._start()

    def _tls_context(self) -> ssl.SSLContext:
        from .tls import tls_context  # `ssl` takes longer to import than the rest of this room

        return tls_context(self.settings.verify)

    async def request(self, request: Request, limit: TimeLimit, sent: SentTracker) -> Reply:
        """Make one attempt at an API request, and return its whole answer.

        However it ends, `sent.reply` is the part of the answer that has arrived. Raises `TransportFailure`, and
        `SourceFailed` for a streamed body.
        """
        sent.event("attempt.started", {})  # nothing has left
        waits = AttemptTimeouts(limit, self.settings.timing, self._network.now, long=request.long)
        reader: Reader | None = None
        answer: Answer | None = None
        reading: Reading | None = None
        try:
            body, reader = await self._open_body(request.body, limit)
            answer = await self._api_answer(request, body, "submit" if request.submit else "main", waits, sent)
            await answer.begin(waits, sent)
            reading = Reading(answer)
            while reading.add(piece := await answer.read()) and piece:
                pass
            if not piece:
                reading.end()
            sent.reply = reading.reply()
            return sent.reply
        except WireFailure as failure:
            sent.reply = _what_came(answer, reading, str(failure))
            mistake = transport_failure(failure, sent.sent(), self.settings.secret, sent.reply)
        except BaseException as error:
            sent.reply = _what_came(answer, reading, "it was interrupted while it was read")
            if not isinstance(error, Exception):
                self._connections.drop_preconnected()
            hide_wire(error)
            raise
        finally:
            await self._end(answer, reader)
        raise mistake

    async def open(self, request: ExternalRequest | Request, limit: TimeLimit) -> HttpStream:
        """Make one attempt at a request, and return its answer, whose body has not been read yet.

        Raises `TransportFailure`, `ExternalRefused` or `SourceFailed`.
        """
        sent = SentTracker()
        sent.event("attempt.started", {})
        is_api = isinstance(request, Request)
        long = isinstance(request, Request) and request.long
        waits = AttemptTimeouts(limit, self.settings.timing, self._network.now, long=long)
        reader: Reader | None = None
        answer: Answer | None = None
        try:
            if isinstance(request, Request):
                body, reader = await self._open_body(request.body, limit)
                answer = await self._api_answer(request, body, "main", waits, sent)
            else:
                body, reader = await self._open_body(request.body, limit, request.on_progress)
                answer = await self._external_answer(request, body, waits, sent)
            await answer.begin(waits, sent)
            opened, answer = HttpStream(answer, self.settings.secret, self._network.now, api=is_api), None
            return opened
        except WireFailure as failure:
            mistake = transport_failure(failure, sent.sent(), self.settings.secret, None)
        except BaseException as error:
            hide_wire(error)
            raise
        finally:
            await self._end(answer, reader)
        raise mistake

    async def _open_body(
        self, body: bytes | Source | None, limit: TimeLimit, on_progress: Callable[[int, int], None] | None = None
    ) -> tuple[bytes | Pieces, Reader | None]:
        if body is None or isinstance(body, bytes):
            return body or b"", None
        reader = await self._network.run_blocking(body.open)
        return Pieces(body, reader, limit, self._network, on_progress), reader

    async def _end(self, answer: Answer | None, reader: Reader | None) -> None:
        """Close everything that an attempt has opened."""
        try:
            if answer is not None:
                await answer.close()
        finally:
            if reader is not None:
                await self._network.run_blocking(reader.close)

    async def _api_answer(
        self, request: Request, body: bytes | Pieces, purpose: Purpose, waits: AttemptTimeouts, sent: SentTracker
    ) -> Answer:
        settings = self.settings
        self._leave_parent()
        given = settings.transport or settings.http_client
        if given is not None:
            headers = [*self._headers_beside(request), *self._more_headers(request)]
            injected = self._inject(given, settings.transport is None)
            return injected.answer(request.method, settings.base_url + request.path, headers, body)
        if self._api_route is None:
            self._prepare_api()
        assert self._api_route is not None, "`_prepare_api` has set it"
        connection = await self._connections.open(self._api_route, purpose, waits, sent)
        if purpose == "submit" and self._connections.follows_submit():
            self.preconnect()
        target = _target(self._api_route, self.base.path + request.path)
        lines = self._lines_beside(self._api_route, request) if request.headers else self._api_lines
        more = self._more_headers(request)
        head = _head(request.method, target, lines.reveal() + (_lines(more) if more else b""))
        return PooledAnswer(self._connections, connection, head, body, submit=request.submit)

    def _lines_beside(self, route: Route, request: Request | None = None) -> Secret:
        host = ("Host", route.netloc)
        return Secret(_lines([host, *self._headers_beside(request)]) + _proxy_lines(route))

    def _headers_beside(self, request: Request | None) -> list[tuple[str, str]]:
        """Return the headers of every request, without those that this one sets itself. Only here the key is added."""
        settings = self.settings
        own = set() if request is None else {name.lower() for name, _ in request.headers}
        headers = [*settings.headers, settings.auth(settings.secret.reveal())]
        return [(name, value) for name, value in headers if name.lower() not in own]

    def _more_headers(self, request: Request) -> list[tuple[str, str]]:
        """Return the headers of this request alone."""
        body, headers = request.body, list(request.headers)
        if body is not None:
            headers.append(("Content-Type", request.content_type))
        if body is not None or request.method in _WITH_BODY:
            size = len(body or b"") if body is None or isinstance(body, bytes) else body.size
            headers.append(("Content-Length", str(size)))
        return headers

    def _prepare_api(self) -> None:
        """Determine the route to the API once, and the header lines of requests without headers of their own."""
        route = self._route(self.base.scheme, self._policy.api_host, port_of(self.base), external=False)
        self._api_lines = self._lines_beside(route)
        self._api_route = route

    async def _external_answer(
        self, request: ExternalRequest, body: bytes | Pieces, waits: AttemptTimeouts, sent: SentTracker
    ) -> Answer:
        """Return the exchange with an external URL. Only what the description lists is sent."""
        self._leave_parent()
        parts = check_external_url(request.url, self._policy)
        route = self._route(parts.scheme, parts.hostname or "", port_of(parts), external=True)
        headers = [("Host", route.netloc), ("Accept-Encoding", "identity"), ("User-Agent", self.settings.user_agent)]
        if request.body is not None:
            headers.append(("Content-Length", str(request.body.size)))
        headers += request.headers.items()
        if route.proxy is not None or self.settings.transport is not None:
            self._check_literal(route.host)
        if self.settings.transport is not None:
            await self._dialer.check(route, waits)
            injected = self._inject(self.settings.transport, False)
            return injected.answer(request.method, parts.geturl(), headers, body, target=target_of(parts))
        connection = await self._connections.open(route, "external", waits, sent)
        head = _head(request.method, _target(route, target_of(parts)), _lines(headers) + _proxy_lines(route))
        return PooledAnswer(self._connections, connection, head, body)

    def _route(self, scheme: str, host: str, port: int, *, external: bool) -> Route:
        proxy: Proxy | None = None
        if self.settings.proxy is not None:
            from .proxies import read_proxy  # few have a proxy

            proxy = read_proxy(self.settings.proxy)
        elif self.settings.transport is None and may_have_proxy():
            from .proxies import environment_proxy

            proxy = environment_proxy(scheme, host, port)
        return Route(scheme, host, port, proxy, external)

    def _check_literal(self, host: str) -> None:
        """Check a literal address, the only check that is possible when a proxy or transport resolves names."""
        if literal_kind(host) is not None:
            own = literal_kind(self._policy.api_host)
            check_address(host, host, frozenset({own} if own else ()), allow_private=self._policy.allow_private)

    def preconnect(self) -> None:
        """Open the next submit's connection in advance, if that saves time."""
        self._leave_parent()
        if self._api_route is None:
            return  # nothing was sent yet, so the time to connect is not known
        timing = self.settings.timing
        waits = AttemptTimeouts(Deadline(self._network.now, timing.connect), timing, self._network.now)
        self._connections.preconnect(self._api_route, waits)

    async def close(self) -> None:
        """Close what this client opened. A transport or client of the user stays open.

        Requests in flight are finished, and their connections are closed then.
        """
        self._leave_parent()
        await self._connections.close()


def _what_came(answer: Answer | None, reading: Reading | None, problem: str) -> Reply | None:
    """Return what there is of an answer that was not read to its end; None before there is a status."""
    if answer is None:
        return None
    came = answer.peek()
    reading = reading or Reading(answer)
    reading.add(came)
    return reading.reply(problem) if answer.status else None


def may_have_proxy() -> bool:
    """Return whether the environment or the system may name a proxy."""
    named = any(name.lower().endswith("_proxy") for name in os.environ)
    return named or sys.platform in ("darwin", "win32")


def _head(method: str, target: str, lines: bytes) -> bytes:
    return f"{method} {target} HTTP/1.1\r\n".encode("ascii") + lines + b"\r\n"


def _target(route: Route, target: str) -> str:
    if not _TARGET.fullmatch(target):
        raise WireFailure("local", "the request's path holds a character that must be escaped")
    if route.proxy is not None and route.proxy.scheme != "socks5" and route.scheme == "http":
        return f"http://{route.netloc}{target}"  # a proxy needs the whole address, except in a tunnel
    return target


def _lines(headers: Iterable[tuple[str, str]]) -> bytes:
    text = [f"{name}: {value}" for name, value in headers]
    if any(_NOT_IN_A_HEADER.search(line) for line in text):
        raise WireFailure("local", "a header of the request holds a character that no header can have")
    return "".join(f"{line}\r\n" for line in text).encode("ascii")


def _proxy_lines(route: Route) -> bytes:
    if route.proxy is None or route.proxy.scheme == "socks5" or route.scheme == "https":
        return b""
    return route.proxy.authorization()

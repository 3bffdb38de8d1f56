"""Sockets whose every wait is clipped to what the operation has left, and which connect only where they may."""

from __future__ import annotations

import logging
import select
import socket
import time
from contextlib import suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, cast

import httpcore

from ..io.protocol import PIECE, ExternalRefused
from ..redact import shorten
from ..transfer.urls import AddressKind, ExternalPolicy, address_kind, check_address

if TYPE_CHECKING:
    import asyncio
    import ssl
    from collections.abc import Iterable, Iterator

    from ..io.deadline import TimeLimit

_WRITE = 1 << 16
_GLANCE = 0.01
_AT_ONCE = 0.25
"""Seconds in which a slice has to go for the next one to be larger."""
limit_of_this_call: ContextVar[TimeLimit | None] = ContextVar("mirelo_ergo_watch", default=None)
"""The limit of the operation that runs in this thread or task: connections are shared, deadlines are not."""


class _Discreet(logging.Filter):
    """Keep the head of an answer to one of our requests out of httpcore's log: a Location may be a signed URL."""

    def filter(self, record: logging.LogRecord) -> bool:
        return limit_of_this_call.get() is None or "receive_response_headers.complete" not in record.getMessage()


logging.getLogger("httpcore.http11").addFilter(_Discreet())


def _clip(timeout: float | None, expired: type[Exception]) -> float | None:
    limit = limit_of_this_call.get()
    if limit is None:
        return timeout
    left = limit.clip(timeout)
    if left <= 0:
        raise expired("the time for it is up")
    return left


def _moved(count: int) -> None:
    limit = limit_of_this_call.get()
    if limit is not None:
        limit.advance(count)


class _Early:
    """Keep what a server says before the end of a long request: its answer, which a broken pipe would hide.

    httpcore reads the answer after a `WriteError`; that is how a body is cut short when there is one.
    """

    def __init__(self) -> None:
        self._data = b""

    def keep(self, data: bytes) -> None:
        self._data += data

    def take(self, max_bytes: int) -> bytes:
        data, self._data = self._data[:max_bytes], self._data[max_bytes:]
        return data

    @property
    def open(self) -> bool:
        """Say whether an answer may still come: not after one that is final (1xx is not), nor after too much."""
        heads = self._data.split(b"\r\n\r\n")
        return len(self._data) < _WRITE and not any(len(head) > 9 and head[9:10] != b"1" for head in heads)

    def check(self) -> None:
        """Raise `WriteError` if there is an answer."""
        if not self.open:
            raise httpcore.WriteError("the server answered before the end of the request")


class _Slices:
    """Cut a body so that its limits are looked at often on a slow line, and cheaply on a fast one.

    At 64 KiB a slice each hand-over costs as much as the bytes: half the throughput of a fast line.
    """

    def __init__(self) -> None:
        self._size = _WRITE

    def of(self, buffer: bytes) -> Iterator[bytes]:
        """Give the buffer in slices; the next is twice as large when the last one went at once, else the smallest."""
        start = 0
        while start < len(buffer):
            piece = buffer[start : start + self._size]
            began = time.monotonic()
            yield piece
            start += len(piece)
            self._size = min(2 * self._size, PIECE) if time.monotonic() - began < _AT_ONCE else _WRITE


class _ClippedStream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner
        self._early = _Early()
        self._slices = _Slices()

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._early.take(max_bytes) or self._inner.read(max_bytes, _clip(timeout, httpcore.ReadTimeout))
        _moved(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if len(buffer) <= _WRITE:
            self._write(buffer, timeout)
            return
        for piece in self._slices.of(buffer):
            self._listen()
            try:
                self._write(piece, timeout)
            except httpcore.WriteTimeout:
                self._listen()
                raise

    def _write(self, piece: bytes, timeout: float | None) -> None:
        self._inner.write(piece, _clip(timeout, httpcore.WriteTimeout))
        _moved(len(piece))

    def _listen(self) -> None:
        """Take what the server has said by now, without waiting; raise `WriteError` if it is an answer."""
        with suppress(httpcore.ReadError):  # TLS had something for itself, or the connection broke: writing will tell
            if self._inner.get_extra_info("is_readable"):
                self._early.keep(self._inner.read(_WRITE, 0.0))
        self._early.check()

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        clipped = _clip(timeout, httpcore.ConnectTimeout)
        return _ClippedStream(self._inner.start_tls(ssl_context, server_hostname, clipped))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _AsyncClippedStream(httpcore.AsyncNetworkStream):
    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner
        self._socket = inner.get_extra_info("socket")
        self._early = _Early()
        self._slices = _Slices()
        self._listening: asyncio.Task[None] | None = None

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        await self._stop_listening()
        data = self._early.take(max_bytes)
        data = data or await self._inner.read(max_bytes, _clip(timeout, httpcore.ReadTimeout))
        _moved(len(data))
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if len(buffer) <= _WRITE:
            await self._write(buffer, timeout)
            return
        import asyncio  # as in `_resolve`

        if self._listening is None:
            # It forgets what has come when a write fails, so an answer is taken first, and listened for all the while.
            if self._inner.get_extra_info("is_readable"):
                with suppress(httpcore.ReadError, httpcore.ReadTimeout):  # as in `_ClippedStream._listen`
                    self._early.keep(await self._inner.read(_WRITE, _GLANCE))
                self._early.check()
            self._listening = asyncio.ensure_future(self._listen())
        writing = asyncio.ensure_future(self._write(buffer, timeout))
        try:
            await asyncio.wait((writing, self._listening), return_when=asyncio.FIRST_COMPLETED)
            self._early.check()
            await writing
        except BaseException:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            raise

    async def _listen(self) -> None:
        """Keep what the server says until it is an answer, or the connection ends."""
        with suppress(httpcore.ReadError):  # writing will tell
            while self._early.open and (data := await self._inner.read(_WRITE)):
                self._early.keep(data)

    async def _stop_listening(self) -> None:
        listening, self._listening = self._listening, None
        if listening is not None:
            import asyncio  # as in `_resolve`

            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _write(self, buffer: bytes, timeout: float | None) -> None:
        for piece in self._slices.of(buffer):
            await self._inner.write(piece, _clip(timeout, httpcore.WriteTimeout))
            _moved(len(piece))

    async def aclose(self) -> None:
        await self._stop_listening()
        await self._inner.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        clipped = _clip(timeout, httpcore.ConnectTimeout)
        return _AsyncClippedStream(await self._inner.start_tls(ssl_context, server_hostname, clipped))

    def get_extra_info(self, info: str) -> Any:
        # The pool asks this of every idle connection at every request, and `_inner` takes ten times as long.
        if info == "is_readable" and self._socket is not None and hasattr(select, "poll"):
            number = self._socket.fileno()
            if number < 0:
                return True
            poller = select.poll()
            poller.register(number, select.POLLIN)
            return bool(poller.poll(0))
        return self._inner.get_extra_info(info)


_Resolved = list[tuple[Any, ...]]


def _allowed(found: _Resolved, host: str, policy: ExternalPolicy, api: _Resolved) -> list[str]:
    """Give the addresses of one resolution that may be connected to; raise if there is none."""
    kinds: frozenset[AddressKind] = frozenset(address_kind(entry[4][0]) for entry in api)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    good = []
    refusal: ExternalRefused | None = None
    for address in addresses:
        try:
            check_address(address, host, kinds, allow_private=policy.allow_private)
            good.append(address)
        except ExternalRefused as refused:
            refusal = refusal or refused
    if not good:
        raise refusal or ExternalRefused(f"{shorten(host)} has no address")
    return good


class Backend(httpcore.NetworkBackend):
    """Connect with clipped time-outs; with a policy, resolve once and connect to that very address."""

    def __init__(self, policy: ExternalPolicy | None = None) -> None:
        self._inner = httpcore.SyncBackend()
        self._policy = policy

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        error: Exception | None = None
        for address in [host] if self._policy is None else self._resolve(host, port, self._policy):
            try:
                clipped = _clip(timeout, httpcore.ConnectTimeout)
                return _ClippedStream(self._inner.connect_tcp(address, port, clipped, local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
        raise error or httpcore.ConnectError(f"{host} has no address")

    @staticmethod
    def _resolve(host: str, port: int, policy: ExternalPolicy) -> list[str]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            needed = any(address_kind(str(entry[4][0])) != "global" for entry in found)
            api = socket.getaddrinfo(policy.api_host, 0, type=socket.SOCK_STREAM) if needed else []
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        return _allowed(list(found), host, policy, list(api))


class AsyncBackend(httpcore.AsyncNetworkBackend):
    """The same, awaited."""

    def __init__(self, policy: ExternalPolicy | None = None) -> None:
        self._inner = cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())  # a stub where anyio is missing
        self._policy = policy

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        error: Exception | None = None
        for address in [host] if self._policy is None else await self._resolve(host, port, self._policy):
            try:
                clipped = _clip(timeout, httpcore.ConnectTimeout)
                return _AsyncClippedStream(
                    await self._inner.connect_tcp(address, port, clipped, local_address, socket_options)
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
        raise error or httpcore.ConnectError(f"{host} has no address")

    @staticmethod
    async def _resolve(host: str, port: int, policy: ExternalPolicy) -> list[str]:
        import asyncio  # a blocking client never needs it, and it takes longer to import than most

        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            needed = any(address_kind(str(entry[4][0])) != "global" for entry in found)
            api = await loop.getaddrinfo(policy.api_host, 0, type=socket.SOCK_STREAM) if needed else []
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        return _allowed(list(found), host, policy, list(api))

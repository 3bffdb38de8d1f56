"""Sockets whose every wait is clipped to what the operation has left, and which connect only where they may."""

from __future__ import annotations

import asyncio
import socket
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, cast

import httpcore

from ..io import ForeignRefused
from ..redact import shorten
from ..urls import AddressKind, ForeignPolicy, address_kind, check_address

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

    from ..deadline import Watch

_WRITE = 1 << 16
watch_of_this_call: ContextVar[Watch | None] = ContextVar("mirelo_ergo_watch", default=None)
"""The watch of the operation that runs in this thread or task: connections are shared, deadlines are not."""


def _clip(timeout: float | None, expired: type[Exception]) -> float | None:
    watch = watch_of_this_call.get()
    if watch is None:
        return timeout
    left = watch.clip(timeout)
    if left <= 0:
        raise expired("the time for it is up")
    return left


def _moved(count: int) -> None:
    watch = watch_of_this_call.get()
    if watch is not None:
        watch.advance(count)


class _ClippedStream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._inner.read(max_bytes, _clip(timeout, httpcore.ReadTimeout))
        _moved(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _WRITE):
            piece = buffer if len(buffer) <= _WRITE else buffer[start : start + _WRITE]
            self._inner.write(piece, _clip(timeout, httpcore.WriteTimeout))
            _moved(len(piece))

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

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = await self._inner.read(max_bytes, _clip(timeout, httpcore.ReadTimeout))
        _moved(len(data))
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _WRITE):
            piece = buffer if len(buffer) <= _WRITE else buffer[start : start + _WRITE]
            await self._inner.write(piece, _clip(timeout, httpcore.WriteTimeout))
            _moved(len(piece))

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        clipped = _clip(timeout, httpcore.ConnectTimeout)
        return _AsyncClippedStream(await self._inner.start_tls(ssl_context, server_hostname, clipped))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


_Resolved = list[tuple[Any, ...]]


def _allowed(found: _Resolved, host: str, policy: ForeignPolicy, api: _Resolved) -> list[str]:
    """Give the addresses of one resolution that may be connected to; raise if there is none."""
    kinds: frozenset[AddressKind] = frozenset(address_kind(entry[4][0]) for entry in api)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    good = []
    refusal: ForeignRefused | None = None
    for address in addresses:
        try:
            check_address(address, host, kinds, allow_private=policy.allow_private)
            good.append(address)
        except ForeignRefused as refused:
            refusal = refusal or refused
    if not good:
        raise refusal or ForeignRefused(f"{shorten(host)} has no address")
    return good


class Backend(httpcore.NetworkBackend):
    """Connect with clipped time-outs; with a policy, resolve once and connect to that very address."""

    def __init__(self, policy: ForeignPolicy | None = None) -> None:
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
    def _resolve(host: str, port: int, policy: ForeignPolicy) -> list[str]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            needed = any(address_kind(str(entry[4][0])) != "global" for entry in found)
            api = socket.getaddrinfo(policy.api_host, 0, type=socket.SOCK_STREAM) if needed else []
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        return _allowed(list(found), host, policy, list(api))


class AsyncBackend(httpcore.AsyncNetworkBackend):
    """The same, awaited."""

    def __init__(self, policy: ForeignPolicy | None = None) -> None:
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
    async def _resolve(host: str, port: int, policy: ForeignPolicy) -> list[str]:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            needed = any(address_kind(str(entry[4][0])) != "global" for entry in found)
            api = await loop.getaddrinfo(policy.api_host, 0, type=socket.SOCK_STREAM) if needed else []
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        return _allowed(list(found), host, policy, list(api))

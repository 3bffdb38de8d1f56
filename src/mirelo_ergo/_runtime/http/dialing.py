"""Opening connections: name look-up, TCP, proxies, TLS."""

from __future__ import annotations

import errno
import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from ..io.protocol import ExternalRefused
from ..redact import shorten
from ..transfer.urls import address_kind, check_address
from .failures import WireFailure, is_raised_here
from .network import STAGGER, SocketWire

if TYPE_CHECKING:
    from collections.abc import Callable
    from ssl import SSLContext

    from ..io.sent import SentTracker
    from ..transfer.urls import AddressKind, ExternalPolicy
    from .network import Address, AttemptTimeouts, Network, Wire
    from .proxies import Proxy


class Route(NamedTuple):
    """The target of a connection. Requests with the same route may use one connection one after the other."""

    scheme: str
    host: str
    port: int
    proxy: Proxy | None = None
    external: bool = False
    """Whether the host came from an external URL, so that its addresses are checked."""

    @property
    def authority(self) -> str:
        """The host and port for CONNECT."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def netloc(self) -> str:
        """The host and port for a Host header, without the scheme's default port."""
        own = 443 if self.scheme == "https" else 80
        return self.authority.removesuffix(f":{own}") if self.port == own else self.authority


class Dialer:
    """Opens connections. `context` is called when the first one needs TLS."""

    def __init__(self, network: Network, context: Callable[[], SSLContext], policy: ExternalPolicy) -> None:
        self.network = network
        self.context = context
        self.policy = policy

    async def open(self, route: Route, waits: AttemptTimeouts, sent: SentTracker) -> Wire:
        """Return a wire to the route's target; raise `WireFailure`, `ExternalRefused` or `ConfigurationError`."""
        proxy = route.proxy
        context = self.context() if "https" in (route.scheme, proxy and proxy.scheme) else None
        first = route if proxy is None else proxy
        addresses = await self._addresses(first.host, first.port, waits, checked=route.external and proxy is None)
        sent.event("connection.connect_tcp.started", {"host": first.host, "port": first.port})
        wire: Wire = SocketWire(await _connect(self.network, addresses, first.host, waits), self.network)
        try:
            if proxy is not None:
                if proxy.scheme == "https" and context is not None:
                    wire = await _tls_over(wire, context, proxy.host, waits)
                if proxy.scheme == "socks5" or route.scheme == "https":
                    from .proxies import open_tunnel

                    await open_tunnel(wire, proxy, route.host, route.port, route.authority, waits)
            if route.scheme == "https" and context is not None:
                wire = await _tls_over(wire, context, route.host, waits)
        except BaseException:
            wire.close()
            raise
        return wire

    async def check(self, route: Route, waits: AttemptTimeouts) -> None:
        """Raise `ExternalRefused` if a user's transport must not connect to a host, as far as this machine can tell."""
        with suppress(WireFailure):  # the transport may know names that this machine does not
            await self._addresses(route.host, route.port, waits, checked=True)

    async def _addresses(self, host: str, port: int, waits: AttemptTimeouts, *, checked: bool) -> list[Address]:
        if not checked:
            return _literal(host, port) or await self._resolve(host, port, waits)
        found = await self._resolve(host, port, waits)
        kinds: frozenset[AddressKind] = frozenset()
        if any(address_kind(str(end[0])) != "global" for _, end in found):
            own = await self._resolve(self.policy.api_host, port, waits)
            kinds = frozenset(address_kind(str(end[0])) for _, end in own)
        allowed: list[Address] = []
        refusal = ExternalRefused(f"{shorten(host)} has no address")
        for family, end in found:
            try:
                check_address(str(end[0]), host, kinds, allow_private=self.policy.allow_private)
                allowed.append((family, end))
            except ExternalRefused as refused:
                refusal = refused
        if not allowed:
            raise refusal
        return allowed

    async def _resolve(self, host: str, port: int, waits: AttemptTimeouts) -> list[Address]:
        try:
            found = await self.network.resolve(host, port, waits.connect())
        except (socket.gaierror, UnicodeError) as error:
            raise WireFailure("connect", f"the name {shorten(host)} was not found: {error}") from None
        if found is None:
            raise WireFailure("connect", f"the name {shorten(host)} was not found in time")
        return found


def _literal(host: str, port: int) -> list[Address]:
    """Return the address if the host is an IP address, else an empty list."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except (OSError, ValueError):
            continue
        return [(family, (host, port))]
    return []


async def _tls_over(wire: Wire, context: SSLContext, host: str, waits: AttemptTimeouts) -> Wire:
    from .tls import TlsWire  # `ssl` takes longer to import than the rest of this room

    secured = TlsWire(wire, context, host.rstrip("."))
    await secured.handshake(waits)
    return secured


async def _connect(network: Network, addresses: list[Address], host: str, waits: AttemptTimeouts) -> socket.socket:
    """Connect to the first address that answers. Each has 0.25 s before the next one is tried in parallel."""
    waiting = _alternating(addresses)
    trying: list[socket.socket] = []
    problem = "it has no address"
    try:
        while waiting or trying:
            left = waits.connect()
            if waiting:
                left = min(left, STAGGER) if len(waiting) > 1 else left
                family, end = waiting.pop(0)
                sock = socket.socket(family, socket.SOCK_STREAM)
                trying.append(sock)
                sock.setblocking(False)
                sock.connect_ex(end)  # its result is checked below
            await network.ready((), trying, left)
            for sock in tuple(trying):
                code = _state(sock)
                if code == errno.EINPROGRESS:
                    continue
                trying.remove(sock)
                if code == 0:
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    return sock
                sock.close()
                problem = os.strerror(code)
    except OSError as error:
        if not is_raised_here(error):
            raise
        problem = error.strerror or str(error)  # this machine has no free socket, or not this protocol
    finally:
        for sock in trying:
            sock.close()
    raise WireFailure("connect", f"no connection to {shorten(host)}: {problem}")


def _state(sock: socket.socket) -> int:
    """Return 0 if it is connected, EINPROGRESS while it connects, else the error number."""
    code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        return code
    try:
        sock.getpeername()
    except OSError as error:
        if not is_raised_here(error):
            raise
        return errno.EINPROGRESS
    return 0


def _alternating(addresses: list[Address]) -> list[Address]:
    """Put the first address of the other family second, so that a family without a route costs one attempt only."""
    other = next((place for place, (family, _) in enumerate(addresses) if family != addresses[0][0]), None)
    if other is None:
        return list(addresses)
    return [addresses[0], addresses[other], *addresses[1:other], *addresses[other + 1 :]]

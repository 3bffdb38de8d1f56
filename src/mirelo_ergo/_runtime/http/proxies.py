"""Proxies: their addresses, the environment's proxy settings, and tunnels through HTTP and SOCKS proxies."""

from __future__ import annotations

import os
import re
import socket
import sys
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote_to_bytes, urlsplit

from ...errors import ConfigurationError
from ..redact import Secret, shorten
from ..transfer.urls import is_loopback_host
from .failures import WireFailure

if TYPE_CHECKING:
    from .network import AttemptTimeouts, Wire

_PORTS: Final = {"http": 80, "https": 443, "socks5": 1080}
_SCHEMES: Final = {"http": "http", "https": "https", "socks": "socks5", "socks5": "socks5", "socks5h": "socks5"}
_LONGEST_ANSWER: Final = 1 << 16
_SOCKS_REFUSALS: Final = (
    "it failed",
    "its rules forbid it",
    "the network cannot be reached",
    "the host cannot be reached",
    "the connection was refused",
    "it took too long",
    "it does not know the command",
    "it does not know the kind of address",
)


class Proxy(NamedTuple):
    """The address of a proxy. SOCKS means version 5, where the proxy looks the name up."""

    scheme: str
    host: str
    port: int
    login: Secret | None = None
    """User and password, as bytes."""

    def authorization(self) -> bytes:
        """Return the header line with the login, empty without one."""
        if self.login is None:
            return b""
        from base64 import b64encode

        return b"Proxy-Authorization: Basic " + b64encode(b":".join(self.login.reveal())) + b"\r\n"


def read_proxy(address: str, name: str = "proxy") -> Proxy:
    """Read a proxy's address, by default with `http://`; raises `ConfigurationError` about `name`."""
    text = address.strip()
    shown = "***@" + text.rpartition("@")[2] if "@" in text else text  # the text before it may be a password
    try:
        return _parsed(text)
    except _Wrong as wrong:
        problem = str(wrong)
    except ValueError:
        problem = "it cannot be read"  # the library's own message may quote a password
    raise ConfigurationError(
        f"{name}={shorten(shown)} is not a proxy's address such as http://proxy.example:3128: {problem}"
    )


class _Wrong(ValueError):
    """Raised when a proxy's address is wrong, with a message that quotes no secret."""


def _parsed(text: str) -> Proxy:
    parts = urlsplit(text if "://" in text else f"http://{text}")
    if parts.scheme not in _SCHEMES:
        raise _Wrong(f"its scheme is {shorten(parts.scheme, 20)}, not one of http, https, socks5")
    if not parts.hostname or not re.fullmatch(r"[!-~]+", parts.hostname):
        raise _Wrong("it names no host")
    if "://" not in text and parts.port is None:
        raise _Wrong("it names neither a scheme nor a port")
    scheme = _SCHEMES[parts.scheme]
    login = None
    if parts.username or parts.password:
        login = Secret((unquote_to_bytes(parts.username or ""), unquote_to_bytes(parts.password or "")))
        if scheme == "socks5" and any(not 0 < len(part) < 256 for part in login.reveal()):
            raise _Wrong("SOCKS takes a user and a password of 1 to 255 bytes")
    return Proxy(scheme, parts.hostname, parts.port or _PORTS[scheme], login)


def environment_proxy(scheme: str, host: str, port: int) -> Proxy | None:
    """Return the environment's proxy for an address; raises `ConfigurationError` that names the variable.

    An empty variable means no proxy. Loopback addresses are reached directly, because no proxy could reach them.
    """
    if is_loopback_host(host):
        return None
    for kind in (f"{scheme}_proxy", "all_proxy"):
        for name in (kind, kind.upper()):
            value = os.environ.get(name, "").strip()
            if name == "HTTP_PROXY" and "REQUEST_METHOD" in os.environ:
                continue  # in a CGI script this variable is a request header
            if value:
                return None if _is_excepted(host, port) else read_proxy(value, name)
    return _system_proxy(scheme, host, port) if sys.platform in ("darwin", "win32") else None


def _system_proxy(scheme: str, host: str, port: int) -> Proxy | None:
    """Return the proxy of the system's settings."""
    import urllib.request

    if urllib.request.proxy_bypass(f"{host}:{port}"):
        return None
    value = urllib.request.getproxies().get(scheme)
    return None if not value else read_proxy(value, "the system's proxy")


def _is_excepted(host: str, port: int) -> bool:
    """Return whether NO_PROXY covers a host: by name, domain, address or network (CIDR), also with a port, or by *."""
    text = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    return any(
        _fits(entry.lower().rstrip("."), host.rstrip(".").lower(), port) for entry in re.split(r"[\s,]+", text) if entry
    )


def _fits(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    from ipaddress import ip_address, ip_network

    try:
        address = ip_address(host)
    except ValueError:
        address = None
    try:
        network = ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        network = None  # a name, or something with a port
    if network is not None:
        return address is not None and address in network
    name, colon, number = entry.rpartition(":")
    if colon and number.isdecimal():
        return int(number) == port and _fits(name, host, port)
    return address is None and (host == entry.lstrip("*.") or host.endswith("." + entry.lstrip("*.")))


async def open_tunnel(wire: Wire, proxy: Proxy, host: str, port: int, authority: str, waits: AttemptTimeouts) -> None:
    """Open a tunnel through a proxy to a host; raise `WireFailure` of the kind "proxy" or "proxy_refused"."""
    try:
        if proxy.scheme == "socks5":
            await _Socks(wire, waits).connect(proxy, host, port)
        else:
            await _connect(wire, proxy, authority, waits)
    except WireFailure as failure:
        if failure.kind in ("proxy", "proxy_refused"):
            raise
        problem = str(failure)
    else:
        return
    raise WireFailure("proxy", f"the proxy broke off: {problem}")


async def _connect(wire: Wire, proxy: Proxy, authority: str, waits: AttemptTimeouts) -> None:
    line = f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n".encode("ascii")
    await wire.write(line + proxy.authorization() + b"\r\n", waits, connecting=True)
    head = b""
    while b"\r\n\r\n" not in head:
        data = await wire.read(waits, connecting=True)
        head += data
        if not data or len(head) > _LONGEST_ANSWER:
            raise WireFailure("proxy", "the proxy gave no whole answer to CONNECT")
    status = re.match(rb"HTTP/1\.[01] ([0-9]{3})[ \r]([^\r\n]{0,80})", head)
    if status is None:
        raise WireFailure("proxy", "the proxy does not speak HTTP")
    code = int(status[1])
    if code == 407:
        raise WireFailure("proxy_refused", "the proxy wants a login (407): put it into its address")
    if not 200 <= code < 300:
        raise WireFailure("proxy", f"the proxy refused the connection: {code} {status[2].decode('latin-1')}")
    if not head.endswith(b"\r\n\r\n"):
        raise WireFailure("proxy", "the proxy sent more than its answer to CONNECT")


class _Socks:
    """A SOCKS 5 client (RFC 1928, and RFC 1929 for the login)."""

    def __init__(self, wire: Wire, waits: AttemptTimeouts) -> None:
        self._wire, self._waits = wire, waits
        self._came = b""

    async def connect(self, proxy: Proxy, host: str, port: int) -> None:
        await self._send(b"\x05\x01\x00" if proxy.login is None else b"\x05\x02\x00\x02")
        version, method = await self._take(2)
        if version != 5:
            raise WireFailure("proxy", "the proxy does not speak SOCKS 5")
        if method == 2 and proxy.login is not None:
            await self._send(b"\x01" + b"".join(bytes([len(part)]) + part for part in proxy.login.reveal()))
            if (await self._take(2))[1] != 0:
                raise WireFailure("proxy_refused", "the proxy refused the login")
        elif method != 0:
            raise WireFailure("proxy_refused", "the proxy wants a login: put it into its address")
        await self._send(b"\x05\x01\x00" + _socks_address(host) + port.to_bytes(2))
        _, reply, _, kind = await self._take(4)
        if reply != 0:
            why = _SOCKS_REFUSALS[reply - 1] if reply <= len(_SOCKS_REFUSALS) else f"code {reply}"
            raise WireFailure("proxy", f"the proxy refused the connection: {why}")
        length = {1: 4, 4: 16}.get(kind) or (await self._take(1))[0]
        await self._take(length + 2)  # the address that the proxy connects from, which is not needed
        if self._came:
            raise WireFailure("proxy", "the proxy sent more than its answer")

    async def _send(self, data: bytes) -> None:
        await self._wire.write(data, self._waits, connecting=True)

    async def _take(self, count: int) -> bytes:
        while len(self._came) < count:
            data = await self._wire.read(self._waits, connecting=True)
            if not data:
                raise WireFailure("proxy", "the proxy closed the connection")
            self._came += data
        data, self._came = self._came[:count], self._came[count:]
        return data


def _socks_address(host: str) -> bytes:
    for kind, family in ((b"\x01", socket.AF_INET), (b"\x04", socket.AF_INET6)):
        try:
            return kind + socket.inet_pton(family, host)
        except (OSError, ValueError):
            continue
    name = host.encode("ascii")
    if len(name) > 255:
        raise WireFailure("connect", f"the name {shorten(host)} is too long")
    return b"\x03" + bytes([len(name)]) + name

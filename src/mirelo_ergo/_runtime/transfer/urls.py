"""Which URLs and addresses that somebody else gave us may be used (RELIABILITY §3): pure checks."""

from __future__ import annotations

import ipaddress
from typing import Final, Literal
from urllib.parse import SplitResult, urlsplit

import attrs

from ..io.protocol import ExternalRefused
from ..redact import safe_url, shorten

LONGEST_URL: Final = 8192
AddressKind = Literal["global", "private", "loopback", "link-local", "other"]
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
WAY_OUT: Final = "pass allow_private_hosts=True to the client if this address is yours"


@attrs.frozen
class ExternalPolicy:
    """Hold what decides about foreign URLs: the API's own address and the user's permission."""

    api_scheme: str
    api_host: str
    allow_private: bool = False


def parse_url(url: str) -> SplitResult:
    """Split an absolute http(s) URL; raise ValueError that says what is wrong with it."""
    if len(url) > LONGEST_URL:
        raise ValueError(f"it has {len(url)} characters, more than {LONGEST_URL}")
    if not url.isascii() or any(character <= " " or character in '\\"<>^`{|}\x7f' for character in url):
        raise ValueError("it holds a character that must be escaped in a URL")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"its scheme is {shorten(parts.scheme or 'missing', 20)}, not https")
    if not parts.hostname:
        raise ValueError("it names no host")
    if parts.username is not None or parts.password is not None:
        raise ValueError("it holds user info")
    if parts.port == 0:
        raise ValueError("its port is 0")
    return parts


def check_external_url(url: str, policy: ExternalPolicy) -> SplitResult:
    """Check a URL that an answer named, before any socket is opened; raise `ExternalRefused`.

    Only https; http only to a literal loopback name or address while the API itself is on loopback, or, with
    `allow_private_hosts`, while the API itself is spoken to over http.
    """
    try:
        parts = parse_url(url)
    except ValueError as error:
        raise ExternalRefused(f"the URL {safe_url(url)} is refused: {error}") from None
    if "%" in (parts.hostname or ""):
        raise ExternalRefused(f"the URL {safe_url(url)} is refused: its host can be read in two ways")
    if parts.scheme == "http":
        loopback = is_loopback_host(parts.hostname or "") and is_loopback_host(policy.api_host)
        if not loopback and not (policy.allow_private and policy.api_scheme == "http"):
            raise ExternalRefused(f"the URL {safe_url(url)} is refused: it is not https")
    return parts


def is_loopback_host(host: str) -> bool:
    """Say whether a host is this machine by its very name."""
    if host == "localhost":
        return True
    try:
        return address_kind(host) == "loopback"
    except ValueError:
        return False


def address_kind(address: str) -> AddressKind:
    """Sort an IP address, after unwrapping IPv4 from mapped, 6to4 and NAT64 forms; ValueError if it is none."""
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            ip = inner
    if ip.is_loopback:
        return "loopback"
    if ip.is_link_local:
        return "link-local"
    if ip.is_multicast or ip.is_unspecified or ip.is_reserved:
        return "other"
    if isinstance(ip, ipaddress.IPv6Address) and ip.is_site_local:
        return "private"  # the standard library calls it global
    return "global" if ip.is_global else "private"  # what is neither by its book is shared address space (100.64/10)


def check_address(address: str, host: str, api_kinds: frozenset[AddressKind], *, allow_private: bool) -> None:
    """Check the address that is about to be connected to; raise `ExternalRefused`.

    It must be global, or of a kind that the API's own host is of too (`api_kinds`).
    """
    kind = address_kind(address)
    if kind == "global" or kind in api_kinds or (allow_private and kind in ("private", "loopback")):
        return
    raise ExternalRefused(f"{shorten(host)} is at {address}, a {kind} address, and is refused; {WAY_OUT}")

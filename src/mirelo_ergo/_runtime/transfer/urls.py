"""Checks of external URLs (those that responses name) and of their addresses (docs/reliability.md). Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import SplitResult, quote, urlsplit

import attrs

from ..io.protocol import ExternalRefused
from ..redact import safe_url, shorten

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

LONGEST_URL: Final = 8192
AddressKind = Literal["global", "private", "loopback", "link-local", "other"]
WAY_OUT: Final = "pass allow_private_hosts=True to the client if this address is yours"
_TO_ESCAPE: Final = re.compile(r"""[^!-~]|["<>\\^`{|}]""")
_HOST: Final = re.compile(r"[a-z0-9_][a-z0-9_.-]*")
_DOTTED: Final = re.compile(r"[0-9]+(\.[0-9]+){3}")
_METADATA: Final = frozenset(
    {
        *("169.254.169.254", "169.254.170.2", "169.254.170.23", "100.100.100.200", "192.0.0.192", "168.63.129.16"),
        *("fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fd00:42::42"),
    }
)
"""The addresses of cloud metadata services, which give out credentials: AWS and most others, Alibaba, Oracle,
Azure, Google, Scaleway."""
_ISATAP: Final = (0x00005EFE, 0x02005EFE)


@attrs.frozen
class ExternalPolicy:
    """The policy for external URLs: the API's own address and the user's permission."""

    api_scheme: str
    api_host: str
    allow_private: bool = False


def parse_url(url: str) -> SplitResult:
    """Split an absolute http(s) URL; raise a ValueError that says what is wrong with it."""
    if len(url) > LONGEST_URL:
        raise ValueError(f"it has {len(url)} characters, more than {LONGEST_URL}")
    if _TO_ESCAPE.search(url):
        raise ValueError("it holds a character that must be escaped in a URL")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise ValueError(
            f"its scheme is {shorten(parts.scheme, 20)}, not https" if parts.scheme else "it has no https://"
        )
    if not parts.hostname:
        raise ValueError("it names no host")
    if parts.username is not None or parts.password is not None:
        raise ValueError("it holds user info")
    if parts.port == 0:
        raise ValueError("its port is 0")
    return parts


def port_of(parts: SplitResult) -> int:
    """Return the port of a URL, by default its scheme's."""
    return parts.port or (443 if parts.scheme == "https" else 80)


def target_of(parts: SplitResult) -> str:
    """Return the path and query of a URL unchanged, because they may be signed."""
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"


def check_external_url(url: str, policy: ExternalPolicy) -> SplitResult:
    """Check a URL from an answer, before any socket is opened, and return its parts; raise `ExternalRefused`.

    Only https is allowed; http only to a literal loopback name or address if the API itself is on loopback, or, with
    `allow_private_hosts`, if the API itself uses http. Blanks and non-ASCII characters are escaped, because some
    services do not do so. Nothing else is changed.
    """
    try:
        if any(character < " " or character == "\x7f" for character in url):
            raise ValueError("it holds a control character")
        parts = parse_url(_TO_ESCAPE.sub(lambda match: quote(match[0], safe=""), url.strip(" ")))
    except ValueError as error:
        raise ExternalRefused(f"the URL {safe_url(url)} is refused: {error}") from None
    if not _is_plain_host(parts.hostname or ""):
        raise ExternalRefused(f"the URL {safe_url(url)} is refused: its host can be read in two ways")
    if parts.scheme == "http":
        loopback = is_loopback_host(parts.hostname or "") and is_loopback_host(policy.api_host)
        if not loopback and not (policy.allow_private and policy.api_scheme == "http"):
            raise ExternalRefused(f"the URL {safe_url(url)} is refused: it is not https")
    return parts


def _is_plain_host(host: str) -> bool:
    """Return whether all programs read a host in the same way: 0177.0.0.1 is ambiguous."""
    if ":" in host or _DOTTED.fullmatch(host):
        return "%" not in host and _is_address(host)
    return _HOST.fullmatch(host) is not None


def is_loopback_host(host: str) -> bool:
    """Return whether a host name means this machine."""
    return host == "localhost" or (_is_address(host) and address_kind(host) == "loopback")


def literal_kind(host: str) -> AddressKind | None:
    """Return the kind of address of a host that is an IP address, None for a name."""
    return address_kind(host) if _is_address(host) else None


def _is_address(host: str) -> bool:
    if not host or (":" not in host and not (host[0].isdigit() and host[-1].isdigit())):
        return False  # most hosts, without importing ipaddress
    try:
        _unwrapped(host)
    except ValueError:
        return False
    return True


def _unwrapped(address: str) -> IPv4Address | IPv6Address:
    """Read an IP address, an IPv4 one out of its mapped, 6to4, Teredo, ISATAP and NAT64 forms; ValueError if none."""
    from ipaddress import IPv4Address, IPv6Address, ip_address

    ip = ip_address(address.split("%")[0])
    if not isinstance(ip, IPv6Address):
        return ip
    number = int(ip)
    if ip.teredo is not None:
        return ip.teredo[1]
    if number >> 32 == 0x64FF9B << 64 or (number >> 32) & 0xFFFFFFFF in _ISATAP:
        return IPv4Address(number & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip


def address_kind(address: str) -> AddressKind:
    """Return the kind of an IP address, after unwrapping IPv4 from IPv6; raise ValueError if it is not one."""
    from ipaddress import IPv6Address

    ip = _unwrapped(address)
    if ip.is_loopback:
        return "loopback"
    if ip.is_link_local:
        return "link-local"
    if ip.is_multicast or ip.is_unspecified or ip.is_reserved:
        return "other"
    if isinstance(ip, IPv6Address) and ip.is_site_local:
        return "private"  # the standard library calls it global
    return "global" if ip.is_global else "private"  # neither of them means shared address space (100.64/10)


def check_address(address: str, host: str, api_kinds: frozenset[AddressKind], *, allow_private: bool) -> None:
    """Check an address before it is connected to; raise `ExternalRefused`.

    It must be global, or of the same kind as the API's own host (`api_kinds`), and never a cloud's metadata service.
    """
    if str(_unwrapped(address)) in _METADATA:
        raise ExternalRefused(
            f"{shorten(host)} is at {address}, where clouds give credentials away: it is refused, "
            "and allow_private_hosts does not change that"
        )
    kind = address_kind(address)
    if kind == "global" or kind in api_kinds or (allow_private and kind in ("private", "loopback")):
        return
    raise ExternalRefused(f"{shorten(host)} is at {address}, a {kind} address, and is refused; {WAY_OUT}")

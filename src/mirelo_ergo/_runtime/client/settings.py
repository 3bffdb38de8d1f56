"""Turn a client's arguments and environment into settings; everything that can be wrong is said before any request."""

from __future__ import annotations

import os
import platform
import re
from typing import TYPE_CHECKING, Any

import attrs

from ... import __version__
from ...errors import ConfigurationError
from ..api.retry import RetryPolicy
from ..redact import Secret, safe_url, shorten
from ..transfer.urls import is_loopback_host, parse_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..api.service import Service

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_OURS = frozenset(
    {"authorization", "accept", "accept-encoding", "connection", "content-length", "content-type", "host"}
    | {"transfer-encoding"}
)


@attrs.frozen
class Options:
    """A client's arguments, checked."""

    secret: Secret
    base_url: str
    policy: RetryPolicy
    timeout: float
    headers: tuple[tuple[str, str], ...]
    max_credits: int | None
    check_limits: bool


def read_options(
    service: Service,
    *,
    api_key: Secret,
    host: str | None,
    base_url: str | None,
    timeout_ms: int,
    retries: int | None,
    backoff_ms: int,
    extra_headers: Mapping[str, str] | None,
    max_credits: int | None,
    check_limits: bool,
    allow_private_hosts: bool,
) -> Options:
    """Check a client's arguments; raises `ConfigurationError` that names one, what it is and what it may be."""
    secret = _read_key(service, api_key)
    return Options(
        secret,
        _read_address(service, host, base_url, allow_private_hosts),
        RetryPolicy(
            _whole("retries", retries, 0, 100, optional=True),
            _number("backoff_ms", backoff_ms) / 1000,
            service.uncharged,
        ),
        (_whole("timeout_ms", timeout_ms, 1, 86_400_000) or 0) / 1000.0,
        (
            ("Accept", "application/json"),
            ("Accept-Encoding", "identity"),
            ("User-Agent", user_agent()),
            *service.headers,
            *_read_headers(service, extra_headers),
        ),
        _whole("max_credits", max_credits, 0, 10**12, optional=True),
        check_limits,
    )


def _read_key(service: Service, given: Secret) -> Secret:
    """Check a key without keeping it in a variable: a traceback may show this frame."""
    secret = Secret(os.environ.get(service.key_variable, "")) if given.reveal() is None else given
    if not isinstance(secret.reveal(), str):
        raise ConfigurationError(f"api_key is {type(secret.reveal()).__name__}, not a string")
    if not secret.reveal():
        raise ConfigurationError(f"no API key: pass api_key=, or set {service.key_variable}")
    if not secret.reveal().isascii() or not secret.reveal().isprintable() or " " in secret.reveal():
        raise ConfigurationError(
            "api_key holds a space, a line break or a character that no key has: was it pasted with something else?"
        )
    return secret


def _read_address(service: Service, host: str | None, base_url: str | None, allow_private: bool) -> str:
    if base_url is not None:
        name, address = "base_url", base_url
    elif host is not None:
        name, address = "host", f"https://{host}"
        if not isinstance(host, str) or "/" in host or "@" in host:
            raise ConfigurationError(f"host={shorten(host)} is not a host name: pass an address as base_url=")
    elif service.url_variable in os.environ:
        name, address = service.url_variable, os.environ[service.url_variable]
    else:
        return service.base_url
    try:
        parts = parse_url(address)
        if parts.query or parts.fragment:
            raise ValueError("it has a query or a fragment")
    except (ValueError, TypeError, AttributeError) as error:
        shown = safe_url(address) if isinstance(address, str) and "://" in address else shorten(address)
        raise ConfigurationError(f"{name}={shown} is not an address like {service.base_url}: {error}") from None
    if parts.scheme == "http" and not allow_private and not is_loopback_host(parts.hostname or ""):
        raise ConfigurationError(
            f"{name}={safe_url(address)} would send the key unencrypted: use https, or allow_private_hosts=True "
            "if the network on the way is yours"
        )
    return address.rstrip("/")


def _read_headers(service: Service, given: Mapping[str, str] | None) -> tuple[tuple[str, str], ...]:
    ours = _OURS | {name.lower() for name, _ in (service.auth(""), *service.headers)}
    if given is not None and not hasattr(given, "items"):
        raise ConfigurationError(f"extra_headers is {type(given).__name__}, not a mapping of names to values")
    headers = []
    for name, value in (given or {}).items():
        if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
            raise ConfigurationError(f"extra_headers: {shorten(name, 40)} is not a header name")
        if name.lower() in ours:
            raise ConfigurationError(f"extra_headers: {name} is set by the client itself")
        if not isinstance(value, str) or not value.isascii() or not (value.isprintable() or not value):
            raise ConfigurationError(f"extra_headers: the value of {name} is not plain printable ASCII text")
        headers.append((name, value))
    return tuple(headers)


def _whole(name: str, value: Any, low: int, high: int, *, optional: bool = False) -> int | None:
    if optional and value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        none = " or None" if optional else ""
        raise ConfigurationError(f"{name}={shorten(value, 40)} is not a whole number from {low} to {high}{none}")
    return value


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 60_000:
        raise ConfigurationError(f"{name}={shorten(value, 40)} is not a number from 0 to 60000")
    return float(value)


def milliseconds(name: str, value: Any, low: int = 1, high: int = 7 * 86_400_000) -> float | None:
    """Turn an optional argument in milliseconds into seconds; raises `ConfigurationError`."""
    checked = _whole(name, value, low, high, optional=True)
    return None if checked is None else checked / 1000.0


def credit_limit(value: Any) -> int | None:
    """Check a `max_credits=` argument."""
    return _whole("max_credits", value, 0, 10**12, optional=True)


def user_agent() -> str:
    """Name this package and Python to the service."""
    return f"mirelo-ergo/{__version__} python/{platform.python_version()}"

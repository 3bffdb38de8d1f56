"""Turns a client's arguments and environment into checked options, before any request."""

from __future__ import annotations

import os
import platform
import re
from typing import TYPE_CHECKING

import attrs

from ..._version import __version__
from ...errors import ConfigurationError
from ..api.retry import RetryPolicy
from ..arguments import number, whole_number
from ..redact import Secret, safe_url, shorten
from ..transfer.urls import is_loopback_host, parse_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..api.service import Api

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_OURS = frozenset(
    {"authorization", "accept", "accept-encoding", "connection", "content-length", "content-type", "host"}
    | {"transfer-encoding"}
)


@attrs.frozen
class Options:
    """The checked arguments of a client."""

    secret: Secret
    base_url: str
    policy: RetryPolicy
    timeout: float
    headers: tuple[tuple[str, str], ...]


def read_options(
    api: Api,
    *,
    api_key: Secret,
    host: str | None = None,
    base_url: str | None = None,
    timeout_ms: int = 600_000,
    retries: int | None = None,
    backoff_ms: int = 500,
    extra_headers: Mapping[str, str] | None = None,
    allow_private_hosts: bool = False,
) -> Options:
    """Check a client's arguments; raises `ConfigurationError` with the argument, its value and what is allowed."""
    secret = _read_key(api, api_key)
    extra = _read_headers(api, extra_headers)
    named = any(name.lower() == "user-agent" for name, _ in extra)
    return Options(
        secret,
        _read_address(api, host, base_url, allow_private_hosts),
        RetryPolicy(
            whole_number("retries", retries, 0, 100, optional=True),
            number("backoff_ms", backoff_ms, 0, 60_000) / 1000,
            api.uncharged,
            api.not_ready,
            api.full,
            api.outcome_unknown,
        ),
        (whole_number("timeout_ms", timeout_ms, 1, 86_400_000) or 0) / 1000.0,
        (
            ("Accept", "application/json"),
            ("Accept-Encoding", "identity"),
            *(() if named else (("User-Agent", user_agent()),)),
            *api.headers,
            *extra,
        ),
    )


def _read_key(api: Api, given: Secret) -> Secret:
    """Check a key without keeping it in a variable: a traceback may show this frame."""
    name, secret = "api_key", given
    if given.reveal() is None:  # blanks around the variable's value are ignored, and an empty variable counts as unset
        name, secret = api.key_variable, Secret(os.environ.get(api.key_variable, "").strip())
    if not isinstance(secret.reveal(), str):
        raise ConfigurationError(f"api_key is {type(secret.reveal()).__name__}, not a string")
    if not secret.reveal():
        raise ConfigurationError(f"no API key: pass api_key=, or set {api.key_variable}")
    if not secret.reveal().isascii() or not secret.reveal().isprintable() or " " in secret.reveal():
        raise ConfigurationError(
            f"{name} holds a space, a line break or a character that no key has: was it pasted with something else?"
        )
    return secret


def _read_address(api: Api, host: str | None, base_url: str | None, allow_private: bool) -> str:
    from_environment = os.environ.get(api.url_variable, "").strip()
    if base_url is not None:
        name, address = "base_url", base_url
    elif host is not None:
        name, address = "host", f"https://{host}"
        if not isinstance(host, str) or "/" in host or "@" in host:
            shown = host.rpartition("@")[2] if isinstance(host, str) else host  # user info is a secret
            raise ConfigurationError(f"host={shorten(shown)} is not a host name: pass an address as base_url=")
    elif from_environment:
        name, address = api.url_variable, from_environment
    else:
        return api.base_url
    try:
        parts = parse_url(address)
        if {"?", "#"} & set(address):
            raise ValueError("it has a query or a fragment")
    except (ValueError, TypeError, AttributeError) as error:
        shown = safe_url(address) if isinstance(address, str) and "://" in address else shorten(address)
        raise ConfigurationError(f"{name}={shown} is not an address like {api.base_url}: {error}") from None
    if parts.scheme == "http" and not allow_private and not is_loopback_host(parts.hostname or ""):
        raise ConfigurationError(
            f"{name}={safe_url(address)} would send the key unencrypted: use https, or allow_private_hosts=True "
            "if the network on the way is yours"
        )
    return address.rstrip("/")


def _read_headers(api: Api, given: Mapping[str, str] | None) -> tuple[tuple[str, str], ...]:
    ours = _OURS | {api.keys.header.lower()} | {name.lower() for name, _ in (api.auth(""), *api.headers)}
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


def user_agent() -> str:
    """Return the User-Agent: this package's version and Python's."""
    return f"mirelo-ergo/{__version__} python/{platform.python_version()}"

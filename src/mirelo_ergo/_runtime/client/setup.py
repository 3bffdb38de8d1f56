"""The set-up of every client: check the arguments, choose the address, make the settings."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ...errors import ConfigurationError
from ..redact import shorten
from .settings import Options, read_options, user_agent

if TYPE_CHECKING:
    from ..api.service import Api
    from ..http.settings import HttpSettings


def prepare(
    api: Api,
    *,
    handler: str,
    sender: str,
    proxy: str | None = None,
    verify: Any = True,
    transport: Any = None,
    http_client: Any = None,
    allow_private_hosts: bool = False,
    **options: Any,
) -> tuple[Options, HttpSettings]:
    """Check a client's arguments; raises `ConfigurationError`. `handler` is the method that its transport must have."""
    checked = read_options(api, allow_private_hosts=allow_private_hosts, **options)
    if transport is not None and http_client is not None:
        raise ConfigurationError("transport= and http_client= exclude each other: a client has a transport of its own")
    if (transport is not None or http_client is not None) and proxy is not None:
        raise ConfigurationError("proxy= has no effect beside transport= or http_client=: set it there")
    if proxy is not None and not isinstance(proxy, str):
        raise ConfigurationError(f"proxy is {type(proxy).__name__}, not an address such as 'http://proxy.example:3128'")
    if transport is not None and not hasattr(transport, handler):
        raise ConfigurationError(
            f"transport={shorten(transport, 60)} has no {handler}: it is that of the other client, sync or async"
        )
    if http_client is not None and type(http_client).__name__ != sender and not _is_a(http_client, sender):
        raise ConfigurationError(f"http_client={shorten(http_client, 60)} is not an httpx.{sender}")

    if not isinstance(verify, bool | str) and not _is_a(verify, "SSLContext"):
        raise ConfigurationError(
            f"verify={shorten(verify, 60)} is not True, False, a path as a string, or an ssl.SSLContext"
        )
    if isinstance(verify, str) and not os.path.exists(verify):  # noqa: PTH110  # OpenSSL takes a plain path
        raise ConfigurationError(f"verify={shorten(verify)} does not exist: give a file or folder of certificates")

    from ..http.settings import HttpSettings

    if proxy is not None:
        from ..http.proxies import read_proxy  # few have a proxy

        read_proxy(proxy)
    settings = HttpSettings(
        checked.base_url,
        checked.secret,
        api.auth,
        headers=checked.headers,
        user_agent=user_agent(),
        proxy=proxy,
        verify=verify,
        transport=transport,
        http_client=http_client,
        allow_private=allow_private_hosts,
    )
    return checked, settings


def _is_a(value: object, name: str) -> bool:
    return any(base.__name__ == name for base in type(value).__mro__)

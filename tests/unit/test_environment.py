"""Proxies and certificates as the environment names them, in all the ways people write them."""

from __future__ import annotations

import asyncio
import os
import ssl
from typing import TYPE_CHECKING, Any

import certifi
import pytest

from mirelo_ergo import AsyncMireloClient, ConfigurationError, MireloClient
from mirelo_ergo._runtime.http.proxies import Proxy, environment_proxy, read_proxy
from mirelo_ergo._runtime.http.tls import tls_context

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

API = ("https", "api.mirelo.ai", 443)
KEY = "sk-unguessable-9c2f"
VARIABLES = (
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
)


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*VARIABLES, "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("http://proxy.example:3128", Proxy("http", "proxy.example", 3128)),
        ("proxy.example:3128", Proxy("http", "proxy.example", 3128)),
        ("  proxy.example:3128\t", Proxy("http", "proxy.example", 3128)),
        ("http://proxy.example", Proxy("http", "proxy.example", 80)),
        ("https://proxy.example", Proxy("https", "proxy.example", 443)),
        ("HTTP://Proxy.Example:3128/", Proxy("http", "proxy.example", 3128)),
        ("socks://proxy.example", Proxy("socks5", "proxy.example", 1080)),
        ("socks5://proxy.example:9", Proxy("socks5", "proxy.example", 9)),
        ("socks5h://10.0.0.1:9", Proxy("socks5", "10.0.0.1", 9)),
        ("http://[fd00::1]:3128", Proxy("http", "fd00::1", 3128)),
    ],
)
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_a_proxy_is_read_as_people_write_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: Proxy
) -> None:
    assert environment_proxy(*API) is None
    monkeypatch.setenv(name, value)
    assert environment_proxy(*API) == expected


def test_the_login_is_unquoted_and_in_no_repr() -> None:
    proxy = read_proxy("http://me%40work:p%3Aw%2F@proxy.example:3128")
    assert proxy.login is not None
    assert proxy.login.reveal() == (b"me@work", b"p:w/")
    assert proxy.authorization() == b"Proxy-Authorization: Basic bWVAd29yazpwOncv\r\n"
    assert "p%3Aw" not in repr(proxy)
    assert proxy != read_proxy("http://me%40work:other@proxy.example:3128")
    assert proxy == read_proxy("http://me%40work:p%3Aw%2F@proxy.example:3128")


@pytest.mark.parametrize("value", ["", "  ", "\t"])
def test_an_empty_variable_is_unset(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    for name in VARIABLES:
        monkeypatch.setenv(name, value)
    assert environment_proxy(*API) is None
    assert tls_context(True).get_ca_certs()
    monkeypatch.setenv("all_proxy", "a.example:1")
    assert environment_proxy(*API) == Proxy("http", "a.example", 1)
    monkeypatch.setenv("MIRELO_BASE_URL", value)
    monkeypatch.setenv("MIRELO_API_KEY", value)
    assert MireloClient(KEY)._core.runtime.base_url == "https://api.mirelo.ai"
    with pytest.raises(ConfigurationError, match="no API key"):
        MireloClient()


def test_blanks_around_a_value_are_no_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRELO_API_KEY", f" {KEY}\n")
    monkeypatch.setenv("MIRELO_BASE_URL", " https://api.example \n")
    client = MireloClient()
    assert client._core.runtime.secret.reveal() == KEY
    assert client._core.runtime.base_url == "https://api.example"
    monkeypatch.setenv("MIRELO_API_KEY", f"Bearer {KEY}")
    with pytest.raises(ConfigurationError, match=r"^MIRELO_API_KEY holds a space") as caught:
        MireloClient()
    assert KEY not in str(caught.value)


def test_the_schemes_own_variable_comes_first_and_small_letters_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "all.example:1")
    monkeypatch.setenv("HTTP_PROXY", "plain.example:1")
    assert environment_proxy(*API) == Proxy("http", "all.example", 1)
    assert environment_proxy("http", "a.example", 80) == Proxy("http", "plain.example", 1)
    monkeypatch.setenv("HTTPS_PROXY", "upper.example:1")
    monkeypatch.setenv("https_proxy", "lower.example:1")
    assert environment_proxy(*API) == Proxy("http", "lower.example", 1)
    monkeypatch.setenv("REQUEST_METHOD", "GET")  # a CGI script: HTTP_PROXY is the header Proxy of the client
    assert environment_proxy("http", "a.example", 80) == Proxy("http", "all.example", 1)


@pytest.mark.parametrize(
    ("value", "direct", "proxied"),
    [
        ("*", ["a.example", "10.0.0.1", "fd00::1"], []),
        ("a.example", ["a.example", "b.a.example", "A.Example."], ["xa.example", "example"]),
        (".a.example", ["a.example", "b.a.example"], ["xa.example"]),
        ("a.example.", ["a.example", "b.a.example."], ["xa.example"]),
        ("*.a.example", ["b.a.example"], ["xa.example"]),
        ("x.example, a.example  y.example", ["x.example", "a.example", "y.example"], ["z.example"]),
        ("a.example:443", ["a.example"], []),
        ("a.example:8443", [], ["a.example"]),
        ("10.0.0.0/8", ["10.1.2.3"], ["11.0.0.1", "a.example"]),
        ("10.1.2.3/8", ["10.9.9.9"], ["11.0.0.1"]),
        ("192.168.1.7", ["192.168.1.7"], ["192.168.1.77"]),
        ("fd00::/8", ["fd00::1"], ["fe80::1", "10.0.0.1"]),
        ("[fd00::1]", ["fd00::1"], ["fd00::2"]),
        ("[fd00::1]:443", ["fd00::1"], []),
        ("fd00::1", ["fd00::1", "fd00:0::1"], ["fd00::2"]),
        (",,  ,", [], ["a.example"]),
        ("10.0.0.0/99,no/slash", [], ["10.0.0.1"]),
    ],
)
def test_no_proxy_knows_names_addresses_networks_and_ports(
    monkeypatch: pytest.MonkeyPatch, value: str, direct: list[str], proxied: list[str]
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", value)
    assert [host for host in direct if environment_proxy("https", host, 443) is not None] == []
    assert [host for host in proxied if environment_proxy("https", host, 443) is None] == []


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1"])
def test_this_machine_is_reached_directly(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("ALL_PROXY", "proxy.example:3128")
    assert environment_proxy("http", host, 80) is None


@pytest.mark.parametrize("face", [MireloClient, AsyncMireloClient])
@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("ftp://proxy.example:21", "its scheme is ftp, not one of http, https, socks5"),
        ("proxy.example", "neither a scheme nor a port"),
        ("http://", "names no host"),
        ("http://proxy .example:1", "names no host"),
        ("http://me:s3cr3t@proxy.example:port", ""),
        ("http://me:s3cr3t/@proxy.example:1", ""),
        ("socks5://me:@proxy.example", "1 to 255 bytes"),
    ],
)
def test_a_wrong_proxy_is_named_once_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, face: Callable[..., Any], value: str, why: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", value)
    client = face(KEY)
    with pytest.raises(ConfigurationError) as caught:
        _me(client)
    assert caught.value.message.startswith("HTTPS_PROXY=")
    assert why in caught.value.message
    assert "s3cr3t" not in caught.value.message
    assert not caught.value.retryable
    with pytest.raises(ConfigurationError, match=r"^proxy=") as refused:
        face(KEY, proxy=value)
    assert "s3cr3t" not in str(refused.value)


def _me(client: Any) -> None:
    if isinstance(client, AsyncMireloClient):
        asyncio.run(client.me())
    else:
        client.me()


@pytest.mark.parametrize("face", [MireloClient, AsyncMireloClient])
@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"])
@pytest.mark.parametrize("content", [None, "no certificate", "a pipe"])
def test_certificates_that_lead_nowhere_are_a_wrong_setting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, face: Callable[..., Any], name: str, content: str | None
) -> None:
    path = tmp_path / "cacert.pem"
    if content == "a pipe":
        os.mkfifo(path)  # nobody ever writes into it
    elif content is not None:
        path.write_text(content)
    monkeypatch.setenv(name, str(path))
    client = face(KEY)  # nothing needs them yet
    with pytest.raises(ConfigurationError) as caught:
        _me(client)
    assert caught.value.message.startswith(f"{name}={path} cannot be read as certificates")
    assert f"unset {name}" in caught.value.message
    assert not caught.value.retryable
    face(KEY, verify=False)._io.http._dialer.context()  # who asks for none needs none
    face(KEY, verify=certifi.where())._io.http._dialer.context()


def test_whose_certificates_are_believed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", certifi.where())
    assert tls_context(True).get_ca_certs()
    monkeypatch.setenv("SSL_CERT_DIR", str(empty))
    assert not tls_context(True).get_ca_certs(), "OpenSSL's own variable comes first; a folder is read when needed"
    monkeypatch.setenv("SSL_CERT_FILE", certifi.where())
    assert tls_context(True).get_ca_certs()
    monkeypatch.setenv("SSL_CERT_FILE", str(empty))
    assert tls_context(True).verify_mode is ssl.CERT_REQUIRED
    assert tls_context(False).verify_mode is ssl.CERT_NONE

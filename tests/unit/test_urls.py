"""Which URLs and addresses of others may be used."""

from __future__ import annotations

from contextlib import suppress

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirelo_ergo._runtime.http import exchange
from mirelo_ergo._runtime.http.exchange import BlockingHttp, HttpSettings
from mirelo_ergo._runtime.io.protocol import ExternalRefused, ExternalRequest
from mirelo_ergo._runtime.redact import Secret
from mirelo_ergo._runtime.transfer.urls import (
    AddressKind,
    ExternalPolicy,
    address_kind,
    check_address,
    check_external_url,
    is_loopback_host,
    parse_url,
)
from mirelo_ergo.mirelo.service import MIRELO

PUBLIC = ExternalPolicy("https", "api.mirelo.ai")
LOCAL = ExternalPolicy("http", "127.0.0.1")

KINDS: list[tuple[str, AddressKind]] = [
    ("8.8.8.8", "global"),
    ("2606:4700::1111", "global"),
    ("127.0.0.1", "loopback"),
    ("127.255.255.254", "loopback"),
    ("::1", "loopback"),
    ("10.0.0.1", "private"),
    ("172.16.5.5", "private"),
    ("192.168.1.1", "private"),
    ("100.64.0.1", "private"),  # shared address space: neither private nor global by itself
    ("100.127.255.255", "private"),
    ("fd00::1", "private"),
    ("169.254.169.254", "link-local"),
    ("fe80::1", "link-local"),
    ("fe80::1%eth0", "link-local"),
    ("0.0.0.0", "other"),
    ("::", "other"),
    ("224.0.0.1", "other"),
    ("ff02::1", "other"),
    ("::ffff:10.0.0.1", "private"),  # mapped
    ("::ffff:127.0.0.1", "loopback"),
    ("::ffff:8.8.8.8", "global"),
    ("2002:7f00:0001::", "loopback"),  # 6to4
    ("2002:0a00:0001::1", "private"),
    ("64:ff9b::7f00:1", "loopback"),  # NAT64
    ("64:ff9b::a9fe:a9fe", "link-local"),
    ("64:ff9b::808:808", "global"),
    ("255.255.255.255", "other"),
    ("fec0::1", "private"),
    ("192.0.2.1", "private"),
    ("240.0.0.1", "other"),
]


@pytest.mark.parametrize(("address", "kind"), KINDS)
def test_addresses_are_sorted_after_unwrapping(address: str, kind: AddressKind) -> None:
    assert address_kind(address) == kind


@pytest.mark.parametrize("name", ["example.com", "2130706433", "0x7f.1", "127.1", "", "1.2.3.4.5", "[::1]"])
def test_what_is_no_address_has_no_kind(name: str) -> None:
    with pytest.raises(ValueError, match="does not appear to be"):
        address_kind(name)
    assert not is_loopback_host(name)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_this_machine_by_its_name(host: str) -> None:
    assert is_loopback_host(host)
    assert not is_loopback_host(f"{host}.example.com")


@pytest.mark.parametrize("kind", ["private", "loopback", "link-local", "other"])
def test_an_address_must_be_global_or_like_the_apis_own(kind: AddressKind) -> None:
    address = next(address for address, its_kind in KINDS if its_kind == kind)
    check_address("8.8.8.8", "files.example.com", frozenset(), allow_private=False)
    check_address(address, "files.example.com", frozenset({kind}), allow_private=False)
    for others in (frozenset[AddressKind](), frozenset[AddressKind]({"global"})):
        with pytest.raises(
            ExternalRefused, match=rf"files.example.com is at \S+, a {kind} address.*allow_private_hosts"
        ):
            check_address(address, "files.example.com", others, allow_private=False)


def test_allow_private_hosts_opens_private_addresses_and_no_more() -> None:
    for address, kind in KINDS:
        if kind in ("link-local", "other"):
            with pytest.raises(ExternalRefused):
                check_address(address, "h", frozenset(), allow_private=True)
        else:
            check_address(address, "h", frozenset(), allow_private=True)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("file:///etc/passwd", "its scheme is file"),
        ("ftp://files.example.com/a", "its scheme is ftp"),
        ("data:audio/wav;base64,UklGRg==", "its scheme is data"),
        ("//files.example.com/a", "its scheme is missing"),
        ("a.wav", "its scheme is missing"),
        ("", "its scheme is missing"),
        ("https:///a.wav", "no host"),
        ("https://user@files.example.com/", "user info"),
        ("https://user:secret@files.example.com/", "user info"),
        ("https://files.example.com@evil.example/", "user info"),
        ("https://files.example.com:0/", "port is 0"),
        ("https://files.example.com:99999/", "Port out of range"),
        ("https://files.example.com:x/", "Port could not"),
        ("https://files.example.com/a b", "must be escaped"),
        ("https://files.example.com/a\r\nHost: evil", "must be escaped"),
        ("https://files.example.com\\@evil.example/", "must be escaped"),
        ("https://bücher.example/", "must be escaped"),
        ("https://[::1/", "Invalid IPv6|refused"),
        ("https://files.example.com/" + "a" * 9000, "more than 8192"),
        ("http://files.example.com/", "not https"),
        ("http://127.0.0.1/", "not https"),
    ],
)
def test_urls_of_others_are_refused_before_any_socket(url: str, why: str) -> None:
    with pytest.raises(ExternalRefused, match=why) as caught:
        check_external_url(url, PUBLIC)
    assert "secret" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_https_is_fine_and_http_only_to_loopback_while_the_api_is_there() -> None:
    assert check_external_url("https://files.example.com:8443/a?b=c", PUBLIC).hostname == "files.example.com"
    assert check_external_url("http://127.0.0.1:5000/a", LOCAL).port == 5000
    assert check_external_url("http://localhost/a", LOCAL).hostname == "localhost"
    assert check_external_url("https://files.example.com/", LOCAL).scheme == "https"
    with pytest.raises(ExternalRefused, match="not https"):
        check_external_url("http://files.example.com/", LOCAL)


def test_private_http_needs_an_api_that_is_spoken_to_over_http_too() -> None:
    inside = ExternalPolicy("http", "10.0.0.5", allow_private=True)
    assert check_external_url("http://files.internal/a", inside).hostname == "files.internal"
    with pytest.raises(ExternalRefused, match="not https"):
        check_external_url("http://files.internal/a", ExternalPolicy("https", "10.0.0.5", allow_private=True))


@given(st.text(max_size=60))
def test_no_text_breaks_the_check(text: str) -> None:
    for url in (text, f"https://{text}", f"https://files.example.com/{text}"):
        with suppress(ExternalRefused):
            parts = check_external_url(url, PUBLIC)
            assert parts.scheme == "https"
            assert parts.username is None
            assert parse_url(url) == parts


def foreign(url: str) -> httpx.Request:
    http = BlockingHttp(HttpSettings("https://api.mirelo.ai", Secret("sk-test"), MIRELO.auth))
    return http.external_request(ExternalRequest("GET", url), httpx.ByteStream(b""))


def test_a_external_request_carries_nothing_of_ours() -> None:
    request = foreign("https://files.example.com:8443/a%20b?signature=x%2By")
    assert request.headers.raw == [(b"Host", b"files.example.com:8443"), (b"Accept-Encoding", b"identity")]
    assert request.url.raw_path == b"/a%20b?signature=x%2By"


@given(st.text("aeF019.:[]%-_~!$&'()*+,;=@/\\?#xX", max_size=20))
def test_two_readers_of_a_host_never_disagree_on_where_it_goes(host: str) -> None:
    with suppress(ExternalRefused, httpx.InvalidURL):
        request = foreign(f"https://{host}/a")
        parts = parse_url(f"https://{host}/a")
        assert request.url.raw_host.decode().rstrip(".").lower() == (parts.hostname or "").rstrip(".")
        assert request.url.userinfo == b""


def test_a_host_that_two_readers_read_differently_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "check_external_url", lambda url, policy: parse_url("https://evil.example/a"))
    with pytest.raises(ExternalRefused, match="in two ways"):
        foreign("https://files.example.com/a")


def test_a_punycode_host_is_a_host() -> None:
    assert foreign("https://xn--bcher-kva.example/a").headers["host"] == "xn--bcher-kva.example"

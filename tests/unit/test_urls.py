"""Which URLs and addresses of others may be used."""

from __future__ import annotations

from contextlib import suppress

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirelo_ergo import MireloClient
from mirelo_ergo._runtime.io.deadline import Deadline
from mirelo_ergo._runtime.io.protocol import ExternalRefused, ExternalRequest, run
from mirelo_ergo._runtime.transfer.urls import (
    AddressKind,
    ExternalPolicy,
    address_kind,
    check_address,
    check_external_url,
    is_loopback_host,
    parse_url,
    target_of,
)

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
    address = next(address for address, its_kind in KINDS if its_kind == kind and address != "169.254.169.254")
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
        ("//files.example.com/a", "it has no https://"),
        ("a.wav", "it has no https://"),
        ("", "it has no https://"),
        ("https:///a.wav", "no host"),
        ("https://user@files.example.com/", "user info"),
        ("https://user:secret@files.example.com/", "user info"),
        ("https://files.example.com@evil.example/", "user info"),
        ("https://files.example.com:0/", "port is 0"),
        ("https://files.example.com:99999/", "Port out of range"),
        ("https://files.example.com:x/", "Port could not"),
        ("https://files.example.com/a\r\nHost: evil", "control character"),
        ("https://files.example.com/a\tb", "control character"),
        ("https://files.example.com\\@evil.example/", "user info"),
        ("https://files.example.com\\.evil.example/", "in two ways"),
        ("https://bücher.example/", "in two ways"),
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
            assert parse_url(parts.geturl()) == parts


def sent_for(url: str) -> httpx.Request:
    """Return what a transport of the user's gets for a URL that an answer named."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200)

    client = MireloClient("sk-test", transport=httpx.MockTransport(answer))
    run(client._io.stream(ExternalRequest("GET", url), Deadline(client._io.now, 5.0)))
    return seen[0]


def test_an_external_request_carries_nothing_of_ours_but_our_name() -> None:
    request = sent_for("https://files.example.com:8443/a%20b?signature=x%2By")
    names = [name for name, _ in request.headers.raw]
    assert names == [b"Host", b"Accept-Encoding", b"User-Agent"]
    assert request.headers["host"] == "files.example.com:8443"
    assert request.headers["user-agent"].startswith("mirelo-ergo/")
    assert request.extensions["target"] == b"/a%20b?signature=x%2By"


@pytest.mark.parametrize(
    ("given", "target"),
    [
        ("/rain 1.wav?X-Amz-Signature=ab%2f", "/rain%201.wav?X-Amz-Signature=ab%2f"),
        ("/caf\u00e9|1.wav", "/caf%C3%A9%7C1.wav"),
        ("?sig=a{b}^c", "/?sig=a%7Bb%7D%5Ec"),
        ("/%7Euser/../a//b;c=1?x=%2F&y=~!*'()", "/%7Euser/../a//b;c=1?x=%2F&y=~!*'()"),
    ],
)
def test_what_no_url_may_hold_is_escaped_and_nothing_else_is_changed(given: str, target: str) -> None:
    assert target_of(check_external_url(f"https://files.example.com{given}", PUBLIC)) == target
    assert sent_for(f"https://files.example.com{given}").extensions["target"] == target.encode()


@given(st.text("aeF019.:[]%-_~!$&'()*+,;=@/\\?#xX ", max_size=20))
def test_two_readers_of_a_host_never_disagree_on_where_it_goes(host: str) -> None:
    with suppress(ExternalRefused, httpx.InvalidURL):
        parts = check_external_url(f"https://{host}/a", PUBLIC)
        url = httpx.URL(parts.geturl())
        assert url.raw_host.decode().rstrip(".").lower() == (parts.hostname or "").rstrip(".")
        assert url.userinfo == b""


@pytest.mark.parametrize("host", ["files.example.com%2f.evil.example", "b\u00fccher.example", "a,b", "-", ".", "a b"])
def test_a_host_that_two_readers_read_differently_is_refused(host: str) -> None:
    with pytest.raises(ExternalRefused, match="in two ways"):
        check_external_url(f"https://{host}/a", PUBLIC)


def test_a_punycode_host_is_a_host() -> None:
    assert sent_for("https://xn--bcher-kva.example/a").headers["host"] == "xn--bcher-kva.example"


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "2002:a9fe:a9fe::1",
        "64:ff9b::a9fe:a9fe",
        "2001:0:4136:e378:8000:63bf:5601:5601",  # Teredo
        "2001:db8::5efe:a9fe:a9fe",  # ISATAP
        "fd00:ec2::254",
        "fd00:0ec2:0:0::254",
        "fd20:ce::254",
        "100.100.100.200",
        "168.63.129.16",
    ],
)
def test_no_permission_opens_a_clouds_metadata_address(address: str) -> None:
    kinds: frozenset[AddressKind] = frozenset({"private", "link-local", "global", "loopback", "other"})
    for api_kinds in (frozenset[AddressKind](), kinds):
        with pytest.raises(ExternalRefused, match="clouds give credentials away"):
            check_address(address, "files.example.com", api_kinds, allow_private=True)

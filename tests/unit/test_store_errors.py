"""What stores say when they refuse: read, shown, and judged for whether a fresh URL helps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirelo_ergo._runtime.transfer.store_errors import parse_refusal, refusal_text

EXPIRED = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
SKEWED = (
    b"<Error><Code>RequestTimeTooSkewed</Code><Message>The difference between the request time and the server's "
    b"time is too large.</Message></Error>"
)
WRONG = (
    b"<Error><Code>SignatureDoesNotMatch</Code><Message>The signature we calculated does not match</Message></Error>"
)
AZURE = (
    b"\xef\xbb\xbf<?xml version='1.0'?><Error><Code>AuthenticationFailed</Code><Message>Server failed to authenticate."
    b"</Message><AuthenticationErrorDetail>Signature not valid in the specified time frame</AuthenticationErrorDetail>"
)
NOT_SIGNED = (
    b"<Error><Code>AccessDenied</Code><Message>There were headers present in the request which were not signed"
    b"</Message></Error>"
)
PAGE = b"<!DOCTYPE html><html><title>Access denied by firewall</title><Code>x</Code></html>"


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (EXPIRED, "AccessDenied", "Request has expired"),
        (b"<Error>\n <Code> X </Code><Message>a &lt;b&gt;\n c</Message></Error>", "X", "a <b> c"),
        (b"<Error><Code><![CDATA[X]]></Code></Error>", "X", ""),
        (b'{"error": {"code": "expired", "message": "too late"}}', "expired", "too late"),
        (b'{"statusCode": "403", "error": "InvalidJWT", "message": "no"}', "InvalidJWT", "no"),
        (b'{"Code": "Denied", "detail": "no"}', "Denied", "no"),
        (b'{"code": 7}', "7", ""),
        (b"[1]", "", ""),
        (b"{broken", "", "{broken"),
        (b"no healthy upstream\x1b[31m", "", "no healthy upstream [31m"),
        (b"", "", ""),
        (PAGE, "", ""),
        (b"<Error/>", "", ""),
        (b"<s:Error xmlns:s='x'><s:Code a='b'>X</s:Code><s:Message><![CDATA[a <b>]]></s:Message>", "X", "a <b>"),
        (b"<Error>" + b" " * 60_000 + b"<Code>X</Code></Error>", "X", ""),
        ("<Error><Code>X</Code><Message>é</Message></Error>".encode("utf-16"), "X", "é"),
        (b'{"code": "X", "message": "cut off beh', "X", ""),
        (b'{"message": "long", "errorCode": 7, "trace": "' + b"x" * 70_000, "7", "long"),
        (b'{"success": false, "errors": [{"code": 10001, "message": "no"}]}', "10001", "no"),
        (b'[{"error": {"code": "X", "reason": "no"}}]', "X", "no"),
        (b'{"code": null, "error": "X", "title": "no"}', "X", "no"),
        (b'{"message": "https://a.example/p?X-Sig=geheim has expired"}', "", "https://a.example/p?… has expired"),
    ],
)
def test_a_refusal_is_read(body: bytes, code: str, message: str) -> None:
    refusal = parse_refusal(403, body)
    assert (refusal.code, refusal.message) == (code, message)
    assert refusal.is_page == (body == PAGE)


@pytest.mark.parametrize(
    "page",
    [
        b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "x">\n<html><body>Your session has expired</body></html>',
        b"<!-- gateway 1.2 -->\n<HTML><body>blocked</body></html>",
        b"<TITLE>Access Denied</TITLE>",
        b"\r\n<center><h1>403 Forbidden</h1></center>",
        b"<div><script>location='/login'</script></div>",
    ],
)
def test_a_page_is_one_however_it_begins(page: bytes) -> None:
    refusal = parse_refusal(403, page)
    assert refusal.is_page
    assert not refusal.may_be_expired


@pytest.mark.parametrize(
    ("status", "body", "helps", "words"),
    [
        (403, EXPIRED, True, "has expired"),
        (403, AZURE, True, "has expired"),
        (400, b"<Error><Code>ExpiredToken</Code></Error>", True, "has expired"),
        (401, b'{"message": "\\"exp\\" claim timestamp check failed"}', True, "has expired"),
        (403, b"", True, "has expired"),
        (410, b"", True, "has expired"),
        (410, PAGE, True, "has expired"),
        (403, b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>", True, "may have expired"),
        (403, SKEWED, False, "RequestTimeTooSkewed"),
        (403, WRONG, False, "SignatureDoesNotMatch"),
        (403, b"<Error><Code>AccessDenied</Code><Message>The clock is skewed</Message></Error>", False, "skewed"),
        (403, NOT_SIGNED, False, "not signed"),
        (403, b'{"error": "Forbidden", "message": "user x may not put objects"}', False, "may not put"),
        (403, PAGE, False, "firewall"),
        (403, b"blocked by policy", False, "blocked by policy"),
        (400, b"", False, ""),
        (401, b"", False, ""),
        (404, b"", False, ""),
        (404, b"<Error><Code>NoSuchKey</Code></Error>", False, "NoSuchKey"),
        (413, b"<Error><Code>EntityTooLarge</Code></Error>", False, "EntityTooLarge"),
    ],
)
def test_a_fresh_url_helps_only_against_an_expired_one(status: int, body: bytes, helps: bool, words: str) -> None:
    refusal = parse_refusal(status, body)
    assert refusal.may_be_expired == helps
    assert words in str(refusal)
    assert ("expired" in str(refusal)) == helps


def test_a_body_that_did_not_arrive_is_no_wrong_request() -> None:
    for code in (b"RequestTimeout", b"IncompleteBody"):
        assert parse_refusal(400, b"<Error><Code>" + code + b"</Code></Error>").effective_status == 408
    assert parse_refusal(400, b"<Error><Code>InvalidDigest</Code></Error>").effective_status == 400
    assert parse_refusal(403, b"<Error><Code>RequestTimeout</Code></Error>").effective_status == 403


@pytest.mark.parametrize(
    ("location", "named"),
    [
        ("https://evil.example:8/p?secret=1", "evil.example"),
        ("/p?secret=1", "another place"),
        ("", "another place"),
        ("https://[", "another place"),
        ("//cdn.example/x", "cdn.example"),
    ],
)
def test_a_redirect_names_a_host_only(location: str, named: str) -> None:
    text = refusal_text("https://a.example/x?…", {"location": location}, parse_refusal(302, b""))
    assert f"it leads to {named} and is not followed" in text
    assert "secret" not in text


def test_what_a_store_says_is_short_and_on_one_line() -> None:
    refusal = parse_refusal(
        403, b"<Error><Code>" + b"x" * 9999 + b"</Code><Message>a\r\nb\0" + b"y" * 9999 + b"</Message>"
    )
    assert len(str(refusal)) < 500
    assert str(refusal).isprintable()


@given(st.integers(100, 599), st.binary(max_size=200) | st.text().map(str.encode))
def test_no_body_breaks_the_reading(status: int, body: bytes) -> None:
    refusal = parse_refusal(status, body)
    assert str(refusal).isprintable()
    assert refusal_text("x", {}, refusal).isprintable()

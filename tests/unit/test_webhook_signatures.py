"""Signed webhooks: what passes is what the service signed with the shared secret, just now; nothing else is read."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import traceback
from email.message import Message
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mirelo_ergo.webhooks
from mirelo_ergo import (
    ConfigurationError,
    JobEvent,
    WebhookError,
    WebhookInbox,
    WebhookSignatureError,
    parse_webhook,
)
from mirelo_ergo._runtime.redact import Secret
from mirelo_ergo._runtime.webhooks.events import LARGEST_BODY, WebhookFormat, read_event
from mirelo_ergo._runtime.webhooks.order import Webhook, WebhookOrder
from mirelo_ergo._runtime.webhooks.signatures import SignatureScheme, compact_json, verify
from mirelo_ergo.webhooks import asgi_app

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY = "whsec_example"
NOW = 1_700_000_000
BODY = b'{"id":"g1","status":"COMPLETED"}'
VECTOR = "704fa3bee4a983d147cbbde3e118b0cb70cbdf7bf90dbb2602207613f461605f"
"""Of the published recipe, for this secret, body and time."""
SCHEME = SignatureScheme(("Example-Signature", "X-Old-Signature"), "EXAMPLE_WEBHOOK_SECRET", compact_too=True)


def read(fields: Mapping[str, Any]) -> JobEvent:
    return JobEvent(str(fields["id"]), "succeeded", str(fields["status"]), payload=fields, service="example")


FORM = WebhookFormat(lambda webhook: WebhookOrder(fields={"webhookUrl": webhook.url}), read, SCHEME)


def signed(body: bytes, moment: int = NOW, key: str = KEY) -> str:
    return hmac.new(key.encode(), b"%d." % moment + body, hashlib.sha256).hexdigest()


def header(*signatures: str, moment: object = NOW) -> dict[str, str]:
    return {"Example-Signature": ",".join([f"t={moment}", *(f"v1={each}" for each in signatures)])}


def check(headers: Any, body: bytes = BODY, now: float = NOW, tolerance: float | None = 300) -> None:
    verify(SCHEME, headers, body, Secret(KEY), now, tolerance)


def refused(headers: Any, body: bytes = BODY, now: float = NOW, tolerance: float | None = 300) -> str:
    with pytest.raises(WebhookSignatureError) as caught:
        check(headers, body, now, tolerance)
    assert (caught.value.code, caught.value.http_status) == ("invalid_signature", 400)
    assert caught.value.message.startswith("not a webhook of the service: its signature ")
    return caught.value.message


# --- what passes -----------------------------------------------------------------------------------------------------


def test_the_published_vector_passes() -> None:
    assert signed(BODY) == VECTOR
    check(header(VECTOR))


@pytest.mark.parametrize(
    "headers",
    [
        header("0" * 64, VECTOR),
        header(VECTOR, "not hexadecimal"),
        {"EXAMPLE-SIGNATURE": f" t = {NOW} , v1 = {VECTOR} ,v0=x, other"},
        {"X-Old-Signature": f"v1={VECTOR},t={NOW}"},
        {"Example-Signature": f"t={NOW},v1={VECTOR}", "X-Old-Signature": "t=1,v1=wrong"},
    ],
    ids=["second of two", "first of two", "blanks and unknown pairs", "an older name", "the first name counts"],
)
def test_forms_of_the_header(headers: dict[str, str]) -> None:
    check(headers)


def test_a_header_that_came_in_two_parts_is_one() -> None:
    message = Message()
    message["Example-Signature"] = f"t={NOW},v1={'0' * 64}"
    message["Example-Signature"] = f"v1={VECTOR}"
    check(message)


@pytest.mark.parametrize("age", [-300, -1, 0, 299.9, 300])
def test_the_tolerance_holds_both_ways(age: float) -> None:
    check(header(VECTOR), now=NOW + age)


def test_any_age_passes_without_a_tolerance() -> None:
    check(header(VECTOR), now=NOW + 10**9, tolerance=None)


@pytest.mark.parametrize(
    "body",
    [
        b'{ "id": "g1",\n  "status": "COMPLETED" }\n',
        b'\xef\xbb\xbf{"id":"g1","status":"COMPLETED"}',
        b'{"id":"\\u0067\\u0031","status":"COMPLETED"}',
    ],
    ids=["laid out", "byte order mark", "escaped"],
)
def test_a_body_that_was_laid_out_anew_passes(body: bytes) -> None:
    check(header(VECTOR), body)
    never = attrs.evolve(SCHEME, compact_too=False)
    with pytest.raises(WebhookSignatureError, match="wrong"):
        verify(never, header(VECTOR), body, Secret(KEY), NOW, 300)


def test_characters_beyond_ascii_are_compared_unescaped() -> None:
    original = '{"id":"g1","status":"COMPLETED","prompt":"früh 🎬"}'.encode()
    escaped = json.dumps(json.loads(original), indent=1).encode()
    assert b"\\u" in escaped
    check(header(signed(original)), escaped)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda each: st.lists(each), max_leaves=8))
def test_compact_json_is_what_was_compact(value: object) -> None:
    try:
        compact = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return
    assert compact_json(json.dumps(value, indent=2).encode()) == compact


# --- what does not ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({}, "is missing: there is no Example-Signature header"),
        ({"Example-Signature": ""}, "is missing"),
        ({"Other": f"t={NOW},v1={VECTOR}"}, "is missing"),
        ({"Example-Signature": VECTOR}, "cannot be read"),
        ({"Example-Signature": f"t={NOW}"}, "cannot be read"),
        ({"Example-Signature": f"v1={VECTOR}"}, "cannot be read"),
        ({"Example-Signature": f"t={NOW},t={NOW + 1},v1={VECTOR}"}, "cannot be read"),
        (header(VECTOR, moment=f"-{NOW}"), "cannot be read"),
        (header(VECTOR, moment=f"{NOW}.0"), "cannot be read"),
        (header(VECTOR, moment="१७०"), "cannot be read"),
        (header(VECTOR, moment="9" * 13), "cannot be read"),
        (header(""), "is wrong"),
        (header(VECTOR.upper()), "is wrong"),
        (header("é" * 64), "is wrong"),
        (header("\ud83c"), "is wrong"),
        (header(VECTOR[:-1]), "is wrong"),
        (header(VECTOR, moment=NOW + 1), "is wrong"),
        (header(signed(BODY, key="whsec_other")), "is wrong"),
        ({"Example-Signature": f"t={NOW},v0={VECTOR}"}, "cannot be read"),
    ],
)
def test_a_signature_that_is_no_signature(headers: dict[str, str], words: str) -> None:
    assert words in refused(headers)


@pytest.mark.parametrize(
    "body",
    [
        BODY.replace(b"g1", b"g2"),
        BODY + b"}",
        b"",
        b"[" * 100_000,
        b'{"id":"g1","status":"COMPLETED","x":"\\ud83c"}',
        b'{"status":"COMPLETED","id":"g1"}',
        b"\xff",
    ],
)
def test_another_body(body: bytes) -> None:
    assert "is wrong" in refused(header(VECTOR), body)


@pytest.mark.parametrize(
    ("age", "words"), [(301, "is 301 s old, more than 300 s"), (-301, "is 301 s in the future, more than 300 s")]
)
def test_a_stale_one(age: float, words: str) -> None:
    assert words in refused(header(VECTOR), now=NOW + age)


@given(st.dictionaries(st.sampled_from(["Example-Signature", "X"]), st.text(max_size=100)), st.binary(max_size=60))
def test_nothing_else_comes_of_anything(headers: dict[str, str], body: bytes) -> None:
    refused(headers, body)


# --- before anything is read -----------------------------------------------------------------------------------------


def read_it(headers: Any, body: bytes, form: WebhookFormat = FORM) -> JobEvent:
    return read_event(form, headers, body, secret=Secret(KEY), now=NOW, tolerance=300)


def test_what_is_signed_is_read() -> None:
    assert read_it(header(VECTOR), BODY).job_id == "g1"
    view: Any = bytearray(BODY)
    assert read_it(header(VECTOR), view).job_id == "g1"
    garbage = b"not JSON"
    with pytest.raises(WebhookError, match="not JSON") as caught:
        read_it(header(signed(garbage)), garbage)
    assert not isinstance(caught.value, WebhookSignatureError)


def test_what_is_not_signed_is_not_even_decoded() -> None:
    def fail(fields: Mapping[str, Any]) -> JobEvent:
        raise AssertionError(f"it was read: {fields}")

    for body in (BODY, b"not JSON", b'{"id":"g1","id":"g2"}'):
        with pytest.raises(WebhookSignatureError):
            read_it(header("0" * 64), body, attrs.evolve(FORM, read=fail))


def test_a_field_given_twice_does_not_pass_for_its_compact_form() -> None:
    twice = b'{"id":"evil","id":"g1","status":"COMPLETED"}'
    check(header(VECTOR), twice)  # its compact form is what was signed
    with pytest.raises(WebhookError, match="twice"):
        read_it(header(VECTOR), twice)


def test_a_large_body_is_refused_before_it_is_hashed() -> None:
    with pytest.raises(WebhookError, match="larger than 1 MiB") as caught:
        read_it({}, b" " * (LARGEST_BODY + 1))
    assert caught.value.http_status == 413
    large = b'{"id":"g1","status":"COMPLETED","x":"' + b"x" * (LARGEST_BODY - 39) + b'"}'
    assert len(large) == LARGEST_BODY
    assert read_it(header(signed(large)), large).job_id == "g1"


def test_the_secret_is_in_no_traceback() -> None:
    for headers in (header("0" * 64), header(VECTOR, moment="x"), {}):
        with pytest.raises(WebhookSignatureError) as caught:
            read_it(headers, BODY)
        trace = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
        ours = [frame for frame in trace.stack if "/tests/" not in frame.filename]
        assert ours
        assert KEY not in "".join(traceback.StackSummary.from_list(ours).format())


# --- the public functions --------------------------------------------------------------------------------------------


@pytest.fixture
def signs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the only service with webhooks sign them, at a time that stands still."""
    monkeypatch.setattr(mirelo_ergo.webhooks, "webhook_format", lambda service: FORM)
    monkeypatch.setattr(time, "time", lambda: float(NOW))
    monkeypatch.delenv("EXAMPLE_WEBHOOK_SECRET", raising=False)


@pytest.mark.usefixtures("signs")
def test_a_signed_webhook_is_parsed() -> None:
    assert parse_webhook(header(VECTOR), BODY, "example", secret=KEY).job_id == "g1"
    with pytest.raises(WebhookSignatureError, match="wrong"):
        parse_webhook(header(VECTOR), BODY, "example", secret="whsec_other")
    late = header(signed(BODY, NOW - 301), moment=NOW - 301)
    with pytest.raises(WebhookSignatureError, match="301 s old"):
        parse_webhook(late, BODY, service="example", secret=KEY)
    assert parse_webhook(late, BODY, service="example", secret=KEY, tolerance=301).job_id == "g1"
    assert parse_webhook(late, BODY, service="example", secret=KEY, tolerance=None).job_id == "g1"


@pytest.mark.usefixtures("signs")
def test_the_secret_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in (None, ""):
        if value is not None:
            monkeypatch.setenv("EXAMPLE_WEBHOOK_SECRET", value)
        with pytest.raises(ConfigurationError, match="pass secret=, or set EXAMPLE_WEBHOOK_SECRET"):
            parse_webhook(header(VECTOR), BODY, "example")
        with pytest.raises(ConfigurationError, match="no webhook secret"):
            asgi_app(WebhookInbox(), service="example")
    monkeypatch.setenv("EXAMPLE_WEBHOOK_SECRET", KEY)
    assert parse_webhook(header(VECTOR), BODY, "example").job_id == "g1"


@pytest.mark.usefixtures("signs")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"secret": ""}, "no webhook secret"),
        ({"secret": b"whsec"}, "secret is bytes, not a string"),
        ({"secret": KEY, "tolerance": 0}, "tolerance=0 is not"),
        ({"secret": KEY, "tolerance": True}, "tolerance=True is not"),
        ({"secret": KEY, "tolerance": float("nan")}, "tolerance=nan is not"),
        ({"secret": KEY, "tolerance": "300"}, "tolerance=300 is not"),
    ],
)
def test_wrong_settings_are_named(options: Any, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        parse_webhook(header(VECTOR), BODY, "example", **options)
    with pytest.raises(ConfigurationError, match=words):
        asgi_app(WebhookInbox(), service="example", **options)


@pytest.mark.parametrize("service", ["mirelo", "Pixazo", "", None, 7])
def test_a_service_without_webhooks_is_named(service: Any) -> None:
    with pytest.raises(ConfigurationError, match="sends no webhooks; these do: inference_sh, pixazo, sync_so"):
        parse_webhook({}, BODY, service)


def test_a_secret_for_a_service_that_signs_nothing_is_no_false_comfort() -> None:
    with pytest.raises(ConfigurationError, match="pixazo does not sign its webhooks"):
        parse_webhook({}, BODY, secret=KEY)


def test_an_order_can_be_fields_of_the_body() -> None:
    order = FORM.order(Webhook("https://sfx.example.com/hooks"))
    assert (order.headers, order.fields) == ((), {"webhookUrl": "https://sfx.example.com/hooks"})

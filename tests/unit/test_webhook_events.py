"""Webhooks as bytes that anybody may have sent: a `JobEvent` or a `WebhookError` comes of them, nothing else."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.message import Message
from typing import Any

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mirelo_ergo import InvalidRequestError, JobEvent, Webhook, WebhookError, parse_webhook
from mirelo_ergo._runtime.webhooks.events import LARGEST_BODY
from mirelo_ergo.pixazo.times import read_time
from mirelo_ergo.pixazo.webhooks import WEBHOOKS

SECRET = "wq8fXk2"
PAYLOAD: dict[str, Any] = {
    "request_id": "req_1",
    "status": "COMPLETED",
    "model_id": "mirelo-sfx-1-6-text-to-audio",
    "error": None,
    "output": {"media_url": ["https://media.example.com/1.wav?signature=abc"], "media_type": "audio/wav"},
    "created_at": "2026-05-22T13:17:32.110Z",
    "updated_at": "2026-05-22 13:19:23",
    "completed_at": "2026-05-22 13:19:23",
}


def parse(payload: object, **headers: str) -> JobEvent:
    return parse_webhook(headers, json.dumps(payload).encode())


# --- what is read ----------------------------------------------------------------------------------------------------


def test_a_webhook_is_read() -> None:
    event = parse(PAYLOAD)
    assert event == JobEvent(
        "req_1",
        "succeeded",
        "COMPLETED",
        ["https://media.example.com/1.wav?signature=abc"],
        None,
        datetime(2026, 5, 22, 13, 17, 32, 110_000, UTC),
        datetime(2026, 5, 22, 13, 19, 23, tzinfo=UTC),
        datetime(2026, 5, 22, 13, 19, 23, tzinfo=UTC),
        PAYLOAD,
        service="pixazo",
    )
    assert event.final
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        event.status = "errored"  # type: ignore[misc]  # that is the point


def test_a_signed_url_is_in_no_repr() -> None:
    assert "signature" not in repr(parse(PAYLOAD))
    assert "signature" not in repr(parse(PAYLOAD).result_urls)


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        ("QUEUED", "processing"),
        ("PROCESSING", "processing"),
        ("COMPLETED", "succeeded"),
        ("FAILED", "errored"),
        ("ERROR", "errored"),
        ("completed", "processing"),  # not the service's word: it counts as running
        ("PAUSED", "processing"),
    ],
)
def test_statuses_are_the_packages(raw: str, status: str) -> None:
    event = parse({"request_id": "req_1", "status": raw})
    assert (event.status, event.raw_status, event.final) == (status, raw, status != "processing")


def test_only_id_and_status_are_needed() -> None:
    for raw, status, error in (("COMPLETED", "succeeded", None), ("ERROR", "errored", "the service gave no reason")):
        payload = {"request_id": "req_1", "status": raw}
        expected: dict[str, object] = {"job_id": "req_1", "status": status, "raw_status": raw, "error": error}
        expected |= {"service": "pixazo", "ambiguous": False}
        empty: dict[str, object] = {"result_urls": [], "created_at": None, "updated_at": None, "completed_at": None}
        assert attrs.asdict(parse(payload)) == {**expected, **empty, "payload": payload}


@pytest.mark.parametrize(
    ("field", "value"),
    [("error", ["a"]), ("output", [1]), ("output", {"media_url": {"a": 1}}), ("created_at", 5), ("model_id", {})],
)
def test_everything_else_may_be_anything(field: str, value: object) -> None:
    event = parse({**PAYLOAD, field: value})
    assert event.status == "succeeded"
    assert event.payload[field] == value
    if field != "model_id":
        wrong = {"error": event.error, "output": event.result_urls or None, "created_at": event.created_at}
        assert wrong[field] is None


def test_a_reason_is_text_that_can_be_kept_and_printed() -> None:
    event = parse({**PAYLOAD, "status": "FAILED", "error": "the \ud83c clip " + "x" * 5000})
    assert event.error is not None
    assert event.error.encode().startswith(b"the ? clip x")
    assert len(event.error) == 2000
    assert "\ud83c" not in parse({**PAYLOAD, "status": "\ud83c"}).raw_status


@pytest.mark.parametrize(
    "headers",
    [{}, {"Content-Type": "text/plain"}, {"content-type": "application/json"}, {"Content-Encoding": "Identity"}],
)
def test_the_declared_type_is_not_looked_at(headers: dict[str, str]) -> None:
    assert parse(PAYLOAD, **headers) == parse(PAYLOAD)


def test_any_frameworks_headers_do() -> None:
    message = Message()
    message["Content-Encoding"] = "gzip"
    for headers in (message, {"CONTENT-ENCODING": " GZIP "}):
        with pytest.raises(WebhookError, match="encoded"):
            parse_webhook(headers, json.dumps(PAYLOAD).encode())


def test_a_byte_order_mark_is_fine() -> None:
    assert parse_webhook({}, b"\xef\xbb\xbf" + json.dumps(PAYLOAD).encode()).job_id == "req_1"


# --- what is refused -------------------------------------------------------------------------------------------------

ID = b'{"request_id": "a", "status": "COMPLETED"'


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"request_id=a&status=COMPLETED", "not JSON"),
        (b"\xff\xfe{}", "not UTF-8"),
        (json.dumps(PAYLOAD).encode("utf-16"), "not UTF-8"),
        (b"[]", "a JSON list, not an object"),
        (b"null", "a JSON NoneType, not an object"),
        (b"{}", "'request_id' is missing"),
        (b'{"request_id": "a"}', "'status' is missing"),
        (b'{"request_id": 7, "status": "COMPLETED"}', "'request_id' is 7"),
        (b'{"request_id": "a", "status": ["COMPLETED"]}', "'status' is"),
        (b'{"request_id": "", "status": "COMPLETED"}', "'request_id' is ''"),
        (ID + b', "request_id": "b"}', "twice"),
        (ID + b', "output": {"a": 1, "a": 2}}', "twice"),
        (ID + b', "x": NaN}', "not finite"),
        (ID + b', "x": -Infinity}', "not finite"),
        (ID + b', "x": 1e999}', "not finite"),
        (ID + b', "x": ' + b"9" * 5000 + b"}", "not JSON"),
        (ID + b', "x": ' + b"[" * 200_000, "nested too deeply"),
        (ID + b"} {}", "not JSON"),
        (ID, "not JSON"),
    ],
)
def test_malformed_bodies(body: bytes, words: str) -> None:
    with pytest.raises(WebhookError, match=words) as caught:
        parse_webhook({}, body)
    assert (caught.value.code, caught.value.http_status) == ("invalid_webhook", 400)
    assert caught.value.message.startswith("not a webhook: ")


@pytest.mark.parametrize("job_id", ["../../v2/me", "..", "a b\n", "é", "a" * 201, "\x00", "\ud83c"])
def test_hostile_ids(job_id: str) -> None:
    with pytest.raises(WebhookError, match="request_id"):
        parse({**PAYLOAD, "request_id": job_id})


def test_the_size_is_capped() -> None:
    just = ID + b', "x": "' + b"x" * (LARGEST_BODY - len(ID) - 10) + b'"}'
    assert len(just) == LARGEST_BODY
    assert parse_webhook({}, just).job_id == "a"
    with pytest.raises(WebhookError, match="larger than 1 MiB") as caught:
        parse_webhook({}, just + b" ")
    assert caught.value.http_status == 413


def test_a_body_must_be_bytes() -> None:
    text: Any = "{}"
    with pytest.raises(WebhookError, match="str, not bytes"):
        parse_webhook({}, text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["COMPLETED", "FAILED"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
payloads = st.fixed_dictionaries(
    {}, optional={name: json_values | st.text(max_size=20) | st.just(value) for name, value in PAYLOAD.items()}
)


def whatever_wait_readable(headers: dict[str, str], body: bytes) -> None:
    try:
        event = parse_webhook(headers, body)
    except WebhookError:
        return
    assert event.job_id.isascii()
    assert event.status in ("processing", "succeeded", "errored")
    for moment in (event.created_at, event.updated_at, event.completed_at):
        assert moment is None or moment.tzinfo is UTC
    assert all(isinstance(url, str) for url in event.result_urls)
    f"{event!r} {event.error}".encode()


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=3), st.binary(max_size=300))
@example({}, b'{"request_id":"a","status":"COMPLETED","created_at":"0001-01-01T00:00:00+23:59"}')
@example({}, b'{"request_id":"a","status":"COMPLETED","created_at":"9999-12-31T23:59:59-23:59"}')
def test_no_bytes_get_through_as_anything_else(headers: dict[str, str], body: bytes) -> None:
    whatever_wait_readable(headers, body)


@given(json_values | payloads)
def test_no_json_gets_through_as_anything_else(payload: object) -> None:
    whatever_wait_readable({}, json.dumps(payload).encode())


# --- times -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-05-22T13:17:32.110Z", datetime(2026, 5, 22, 13, 17, 32, 110_000, UTC)),
        ("2026-05-22 13:19:23", datetime(2026, 5, 22, 13, 19, 23, tzinfo=UTC)),
        ("2026-05-22T15:19:23+02:00", datetime(2026, 5, 22, 13, 19, 23, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
        ("2026-13-22 13:19:23", None),
        ("9999-12-31T23:59:59-23:59", None),
        ("2026-05-22T13:17:32." + "1" * 50, None),
        (1_772_366_400, None),
        (None, None),
    ],
)
def test_both_shapes_of_a_time(text: object, moment: datetime | None) -> None:
    found = read_time(text)
    assert found == moment
    assert found is None or found.tzinfo is UTC


# --- ordering --------------------------------------------------------------------------------------------------------


def test_a_webhook_is_two_headers() -> None:
    url = f"https://sfx.example.com/hooks/{SECRET}"
    order = WEBHOOKS.order(Webhook(url))
    assert order.headers == (("X-Webhook-URL", url), ("X-Webhook-Mode", "terminal"))
    assert order.fields == {}
    assert SECRET not in repr(order)
    assert WEBHOOKS.order(Webhook(url, "sync")).headers[1] == ("X-Webhook-Mode", "sync")


@pytest.mark.parametrize("url", [f"https://sfx.example.com/{SECRET}", f"https://sfx.example.com?{SECRET}"])
def test_the_secret_path_is_in_no_repr(url: str) -> None:
    assert repr(Webhook(url)) == "Webhook(url='https://sfx.example.com/…', mode='terminal')"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"http://sfx.example.com/{SECRET}", "its scheme is http, not https"),
        (f"ftp://sfx.example.com/{SECRET}", "its scheme is ftp"),
        (f"https://me:{SECRET}@sfx.example.com/", "user info"),
        (f"https://sfx.example.com/{SECRET}#there", "fragment"),
        (f"https://sfx.example.com/{SECRET}#", "fragment"),
        (f"https://sfx.example.com/{SECRET}\r\nX-Other: 1", "must be escaped"),
        (f"https://sfx.example.com/{SECRET}\x7f", "must be escaped"),
        (f" https://sfx.example.com/{SECRET}", "must be escaped"),
        (f"https://sfx.example.com/ {SECRET}", "must be escaped"),
        (f"https://sfx.example.com/\u00e9{SECRET}", "must be escaped"),
        (f"https:///{SECRET}", "names no host"),
        (f"https://sfx.example.com:99999/{SECRET}", "ort"),
        (f"https://[::1/{SECRET}", "IPv6"),
        ("https://sfx.example.com/" + "x" * 8192, "8216 characters"),
        ("sfx.example.com", "it has no https://"),
        ("", "it has no https://"),
        (None, "it is NoneType"),
        (b"https://sfx.example.com/", "it is bytes"),
    ],
)
def test_what_cannot_be_called_is_refused(url: Any, words: str) -> None:
    with pytest.raises(InvalidRequestError, match=words) as caught:
        Webhook(url)
    assert caught.value.field == "webhook"
    assert SECRET not in caught.value.message
    assert "give the https address" in caught.value.message


@pytest.mark.parametrize("mode", ["", "Terminal", None, 1, ["sync"]])
def test_there_are_two_modes(mode: Any) -> None:
    with pytest.raises(InvalidRequestError, match="is not 'terminal' or 'sync'"):
        Webhook("https://sfx.example.com/", mode)


@given(st.text())
def test_a_url_is_taken_as_it_is_or_refused(text: str) -> None:
    try:
        webhook = Webhook("https://" + text)
    except InvalidRequestError:
        return
    assert webhook.url == "https://" + text
    assert webhook.url.isprintable()

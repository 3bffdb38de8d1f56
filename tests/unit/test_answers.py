"""Answers are read tolerantly; errors land in their class by code, else by status, and quote neither page nor key."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirelo_ergo import errors
from mirelo_ergo._runtime.api.answers import (
    Unusable,
    error_from,
    integer_field,
    read_error_body,
    read_json,
    read_object,
    status_phrase,
    string_list,
    text_field,
    tolerant_integer,
)
from mirelo_ergo._runtime.io.protocol import Reply
from mirelo_ergo._runtime.redact import Secret
from mirelo_ergo.mirelo.api import MIRELO
from tests.support.answers import page, problem, reply

KEY = "sk-test-7f3a91c0"
SECRET = Secret(KEY)


def body(data: bytes, **headers: str) -> Reply:
    return Reply(200, headers, data)


@pytest.mark.parametrize(
    "data",
    [b'{"a": 1}', b'\xef\xbb\xbf{"a": 1}', b' \n {"a": 1}\r\n'],
    ids=["plain", "byte order mark", "white space"],
)
def test_json_is_read(data: bytes) -> None:
    assert read_object(body(data, **{"content-type": "text/plain"})) == {"a": 1}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ('{"a": 1}'.encode("utf-16"), "not UTF-8"),
        ('{"a": 1}'.encode("utf-16-le"), "not JSON"),
        (b'{"a": "\xff\xfe"}', "not UTF-8"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b"Infinity", "Infinity is not JSON"),
        (b"-Infinity", "-Infinity is not JSON"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "nested too deeply"),
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"\xef\xbb\xbf", "not JSON"),
        (b'{"a": 1', "not JSON"),
        (b'{"a": 1} trailing', "not JSON"),
        (b"<html></html>", "not JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not JSON"),
        (b"[1]", "a JSON list, not an object"),
        (b"null", "a JSON NoneType, not an object"),
        (b'"text"', "a JSON str, not an object"),
    ],
)
def test_what_is_no_json_object_is_unusable(data: bytes, why: str) -> None:
    with pytest.raises(Unusable, match=why):
        read_object(body(data))


def test_a_body_that_was_not_taken_is_unusable() -> None:
    with pytest.raises(Unusable, match="encoded as gzip"):
        read_json(Reply(200, {}, b"{}", "the answer is encoded as gzip"))


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    try:
        read_json(body(data))
    except Unusable:
        with pytest.raises((ValueError, RecursionError)):
            json.loads(data.decode("utf-8"), parse_constant=_refuse)


def _refuse(name: str) -> float:
    raise ValueError(name)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(12, 12), (0, 0), (-3, -3), (12.0, 12), ("12", 12), ("-12", -12), (10**30, 10**30)],
)
def test_integers_are_read_tolerantly(value: object, expected: int) -> None:
    found = tolerant_integer(value)
    assert found == expected
    assert type(found) is int


@pytest.mark.parametrize(
    "value",
    [
        True,
        False,
        None,
        12.5,
        float("nan"),
        float("inf"),
        [],
        [12],
        {},
        b"12",
        "12.0",
        "",
        "-",
        "--5",
        "5-",
        "1e3",
        " 5",
        "٣",
        "²",
        "9" * 19,
    ],
)
def test_what_is_no_integer_is_none(value: object) -> None:
    assert tolerant_integer(value) is None


def test_fields_name_themselves_when_they_are_wrong() -> None:
    fields = {"a": "text", "b": 7, "c": "", "d": None, "e": "x" * 500}
    assert text_field(fields, "a") == "text"
    assert integer_field(fields, "b") == 7
    for name, shown in (("b", "7"), ("c", "''"), ("d", "None"), ("z", "missing")):
        with pytest.raises(Unusable, match=f"field '{name}' is {shown}, not a string"):
            text_field(fields, name)
    with pytest.raises(Unusable, match="field 'z' is missing, not a whole number"):
        integer_field(fields, "z")
    with pytest.raises(Unusable) as caught:
        integer_field(fields, "e")
    assert len(str(caught.value)) < 150


def test_a_list_of_strings_drops_what_is_none() -> None:
    assert string_list(["a", 1, None, "", "b", ["c"]]) == ["a", "b"]
    assert string_list("abc") == string_list(None) == string_list({"a": 1}) == []


# --- errors ----------------------------------------------------------------------------------------------------------

CODES = [
    ("invalid_request", 400, errors.InvalidRequestError),
    ("video_url_unreachable", 400, errors.VideoError),
    ("video_format_unsupported", 400, errors.VideoError),
    ("video_too_short", 400, errors.VideoError),
    ("unauthorized", 401, errors.AuthenticationError),
    ("insufficient_credits", 402, errors.InsufficientCreditsError),
    ("no_active_subscription", 402, errors.InsufficientCreditsError),
    ("job_not_found", 404, errors.NotFoundError),
    ("invalid_video", 422, errors.VideoError),
    ("invalid_asset", 422, errors.VideoError),
    ("server_error", 500, errors.ServerError),
    ("generation_failed", 502, errors.ServerError),
    ("generation_timeout", 504, errors.ServerError),
]
STATUSES = [
    (400, errors.InvalidRequestError),
    (401, errors.AuthenticationError),
    (402, errors.InsufficientCreditsError),
    (403, errors.PermissionDeniedError),
    (404, errors.NotFoundError),
    (408, errors.RequestTimeoutError),
    (409, errors.APIStatusError),
    (413, errors.InvalidRequestError),
    (415, errors.InvalidRequestError),
    (418, errors.APIStatusError),
    (422, errors.InvalidRequestError),
    (429, errors.RateLimitError),
    (302, errors.APIStatusError),
    (500, errors.ServerError),
    (503, errors.ServerError),
    (520, errors.ServerError),
    (599, errors.ServerError),
]


def made(answer: Reply, retry_after: float | None = None) -> errors.MireloError:
    return error_from(MIRELO, SECRET, answer, "textToSfxJobCreate", retry_after)


@pytest.mark.parametrize(("code", "status", "cls"), CODES)
def test_every_code_of_the_contract_has_its_class(code: str, status: int, cls: type[errors.MireloError]) -> None:
    error = made(problem(status, code, "the reason", **{"x-request-id": "req_9"}))
    assert type(error) is cls
    assert (error.code, error.http_status, error.request_id) == (code, status, "req_9")
    assert error.message == f"textToSfxJobCreate: the reason ({code}, HTTP {status})"
    assert error.body == {"error": {"code": code, "message": "the reason", "http_status": status}}


@pytest.mark.parametrize(("status", "cls"), STATUSES)
def test_unknown_codes_land_by_status(status: int, cls: type[errors.MireloError]) -> None:
    error = made(problem(status, "brand_new_code"))
    assert type(error) is cls
    assert (error.code, error.http_status) == ("brand_new_code", status)


@pytest.mark.parametrize(("status", "cls"), STATUSES)
def test_a_page_is_named_and_not_quoted(status: int, cls: type[errors.MireloError]) -> None:
    error = made(page(status, "<html><b>nginx was here</b></html>"))
    assert type(error) is cls
    assert str(status) in error.message
    assert "nginx" not in error.message
    assert error.body == "<html><b>nginx was here</b></html>"
    assert error.http_status == status
    assert error.code


@pytest.mark.parametrize("status", [408, 409, 421, 425, 429, 500, 503])
def test_what_may_pass_is_retryable(status: int) -> None:
    assert made(page(status)).retryable
    assert not made(page(400)).retryable


def test_a_rate_limit_says_how_long() -> None:
    error = made(problem(429, "rate_limited"), 12.5)
    assert isinstance(error, errors.RateLimitError)
    assert error.retry_after == 12.5
    assert "wait 12.5 s" in error.message
    busy = made(problem(503, "overloaded"), 3.0)
    assert isinstance(busy, errors.ServerError)
    assert busy.retry_after == 3.0


def test_a_redirect_is_named_without_its_query() -> None:
    error = made(page(307, location=f"https://other.example/x?signature=abc&key={KEY}"))
    assert "https://other.example/x" in error.message
    assert "signature" not in error.message


@pytest.mark.parametrize(
    "shape",
    [
        {"error": "text"},
        {"error": {"code": 7, "message": "m"}},
        {"error": {"code": "", "message": "m"}},
        {"error": {"message": "m"}},
        {"detail": "not found"},
        ["error"],
        None,
    ],
)
def test_another_shape_is_not_the_services_own(shape: object) -> None:
    answer = reply(400, shape)
    assert read_error_body(MIRELO, answer).facts is None
    error = made(answer)
    assert type(error) is errors.InvalidRequestError
    assert error.body == shape


def test_an_error_without_a_message_is_still_one() -> None:
    facts = read_error_body(MIRELO, reply(400, {"error": {"code": "invalid_request", "message": None}})).facts
    assert facts is not None
    assert (facts.code, facts.message) == ("invalid_request", "")


@pytest.mark.parametrize("padding", [0, 488, 490, 495, 499, 500, 7990])
def test_an_echoed_key_is_scrubbed_wherever_it_stands(padding: int) -> None:
    for answer in (
        problem(401, "unauthorized", "x" * padding + KEY + "y" * 9000),
        page(401, "x" * padding + KEY + "y" * 9000),
        page(302, "", location=f"https://a.example/{'x' * padding}{KEY}"),
        problem(422, "x" * padding + KEY, "the code echoes it"),
        problem(500, "server_error", "so does the request's id", **{"x-request-id": f"req-{KEY}"}),
    ):
        error = made(answer)
        shown = f"{error!r} {error} {vars(error)}"
        assert not any(KEY[:length] in shown for length in range(5, len(KEY) + 1))


def test_a_long_message_is_cut_and_its_body_kept_short() -> None:
    error = made(problem(400, "invalid_request", "long " * 10_000))
    assert len(error.message) < 600
    assert isinstance(error.body, str)
    assert len(error.body) <= 2000


def test_a_body_is_kept_as_json_or_as_text() -> None:
    def kept(data: bytes, trouble: str | None = None) -> Any:
        return read_error_body(MIRELO, Reply(500, {}, data, trouble).scrubbed(SECRET)).kept

    assert kept(b'{"a": 1}') == {"a": 1}
    assert kept(b"\xff\xfeplain") == "\ufffd\ufffdplain"
    assert kept(b"[" * 5000) == "[" * 2000
    assert kept(b'{"a": 1}', "it was cut") == '{"a": 1}'


def test_what_is_kept_does_not_show_the_query_of_a_signed_url() -> None:
    url = "https://r.example/1.wav?signature=secret-1"
    for body in (json.dumps({"a": [url], "b": {"c": url}}).encode(), f"<a href='{url}'>{url}".encode()):
        kept = read_error_body(MIRELO, Reply(500, {}, body)).kept
        assert "secret-1" not in repr(kept)
        assert "https://r.example/1.wav?…" in repr(kept)
        assert url in (kept if isinstance(kept, str) else kept["a"])  # type: ignore[index]


@pytest.mark.parametrize(("status", "shown"), [(404, "404 Not Found"), (520, "520"), (999, "999")])
def test_statuses_are_named_where_they_have_a_name(status: int, shown: str) -> None:
    assert status_phrase(status) == shown

"""What the trace events prove of a request: nothing left, its body never completed, or it may have arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpcore
import pytest

from mirelo_ergo._runtime.io.sent import SentTracker

if TYPE_CHECKING:
    from mirelo_ergo.errors import Sent

POST = httpcore.Request("POST", "https://api.example.com/jobs")
CONNECT = httpcore.Request("CONNECT", "https://api.example.com:443")

CONNECTED: list[tuple[str, Any]] = [
    ("connection.connect_tcp.started", None),
    ("connection.connect_tcp.complete", None),
    ("connection.start_tls.started", None),
    ("connection.start_tls.complete", None),
]
TUNNEL: list[tuple[str, Any]] = [
    ("connection.connect_tcp.started", None),
    ("connection.connect_tcp.complete", None),
    ("http11.send_request_headers.started", CONNECT),
    ("http11.send_request_headers.complete", None),
    ("http11.send_request_body.started", CONNECT),
    ("http11.send_request_body.complete", None),
    ("http11.receive_response_headers.started", CONNECT),
]
HEADERS: list[tuple[str, Any]] = [
    ("http11.send_request_headers.started", POST),
    ("http11.send_request_headers.complete", None),
]
BODY: list[tuple[str, Any]] = [("http11.send_request_body.started", POST), ("http11.send_request_body.complete", None)]
ANSWER: list[tuple[str, Any]] = [("http11.receive_response_headers.started", POST)]


def sent(*events: tuple[str, Any]) -> Sent:
    tracker = SentTracker()
    for name, request in events:
        tracker.event(name, {} if request is None else {"request": request})
    return tracker.sent()


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], "yes"),  # a transport that does not trace proves nothing
        (CONNECTED[:1], "no"),
        (CONNECTED, "no"),
        ([("connection.connect_tcp.failed", None)], "no"),
        ([*CONNECTED, *HEADERS[:1]], "partial"),
        ([*CONNECTED, *HEADERS], "partial"),
        ([*CONNECTED, *HEADERS, BODY[0]], "partial"),
        ([*CONNECTED, *HEADERS, BODY[0], ("http11.send_request_body.failed", None)], "partial"),
        ([*CONNECTED, *HEADERS, *BODY], "yes"),
        ([*CONNECTED, *HEADERS, *BODY, *ANSWER], "yes"),
        ([*HEADERS, *BODY], "yes"),  # a connection that was open already
        (TUNNEL, "no"),  # the proxy's CONNECT was sent whole, and nothing of ours with it
        ([*TUNNEL, *CONNECTED[2:]], "no"),
        ([*TUNNEL, *CONNECTED[2:], *HEADERS], "partial"),
        ([*TUNNEL, *CONNECTED[2:], *HEADERS, *BODY], "yes"),
        ([("http2.send_request_headers.started", POST), ("http2.send_request_body.complete", None)], "yes"),
    ],
)
def test_what_the_events_prove(events: list[tuple[str, Any]], expected: Sent) -> None:
    assert sent(*events) == expected

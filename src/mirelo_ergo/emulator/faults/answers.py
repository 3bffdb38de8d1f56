"""The answers of faults: errors of a service, web pages of a proxy, and raw response heads."""

from __future__ import annotations

import http
from email.utils import formatdate
from typing import TYPE_CHECKING

from mirelo_ergo.emulator.refusals import Refusal
from mirelo_ergo.emulator.web.stored import store_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.responses import Response
    from starlette.types import Message

    from mirelo_ergo.emulator.faults.kinds import Status

    Headers = Iterable[tuple[bytes, bytes]]
    Envelope = Callable[[Refusal], Response]

CODES = {401: "unauthorized", 402: "insufficient_credits", 404: "job_not_found", 429: "rate_limited"}
STORE_CODES = {403: "AccessDenied", 404: "NoSuchKey", 429: "SlowDown", 503: "SlowDown"}


def refusal(fault: Status, envelope: Envelope) -> tuple[bytes, bytes, Headers]:
    """Return the content type, the body and the Retry-After of an error."""
    more = [] if fault.retry_after is None else [(b"retry-after", str(fault.retry_after).encode())]
    if fault.body == "empty":
        return b"", b"", more
    if fault.body == "html":
        return b"text/html", page(fault.status), more
    codes, client, server = (
        (STORE_CODES, "InvalidRequest", "InternalError")
        if envelope is store_error
        else (CODES, "invalid_request", "server_error")
    )
    code = fault.code or codes.get(fault.status, client if fault.status < 500 else server)
    response = envelope(Refusal(code, fault.status, fault.message or f"{phrase(fault.status)} (asked for)"))
    return response.headers["content-type"].encode(), bytes(response.body), more


def page(status: int) -> bytes:
    """Return a proxy's web page for a status."""
    title = f"{status} {phrase(status)}"
    return f"<!DOCTYPE html>\n<title>{title}</title>\n<h1>{title}</h1>\n<p>This is not the API.</p>\n".encode()


def phrase(status: int) -> str:
    """Return the phrase of a status."""
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def head(message: Message, now: float) -> bytes:
    """Return the bytes of an answer's head, with Connection: close."""
    headers = [*message["headers"], (b"date", formatdate(now, usegmt=True).encode()), (b"connection", b"close")]
    lines = [f"HTTP/1.1 {message['status']} {phrase(message['status'])}".encode()]
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join([*lines, b"", b""])


def with_length(message: Message, length: int) -> list[tuple[bytes, bytes]]:
    """Return the headers of an answer with another length."""
    rest = [(name, value) for name, value in message["headers"] if name != b"content-length"]
    return [*rest, (b"content-length", b"%d" % length)]

"""The record of every request and its answer; also sets the Date of answers to the emulator's time."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from mirelo_ergo.emulator.clock import Clock

MAX_RECORDS = 10_000
MAX_BODY = 128 << 10  # bytes kept of a body: all of what an operation takes
MAX_ANSWER = 8 << 10
MAX_KEPT = 32 << 20  # of both and the headers; for more, the oldest requests are forgotten
RECORD = "mirelo_ergo.record"
TEXTUAL = ("application/json", "application/x-ndjson", "application/xml", "text/")
OWN = (
    "/",
    "/_emulator",
    "/_emulator/",
)  # the page and what it uses: not the API's, so not on record, and free of faults


def is_own(path: str) -> bool:
    """Return whether a path is one of the emulator's own."""
    return path in OWN or path.startswith(OWN[-1])


@attrs.frozen
class SeenRequest:
    """One received request. Header names are lower case; `body_bytes` is the number of bytes received so far.

    `number` counts from 1, `at` is the emulator's time, `status` is None until there is an answer. `body` and `answer`
    are the first 128 and 8 KiB of text bodies. `faults` are the kinds of the faults that hit it.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body_bytes: int
    number: int = 0
    at: float = 0.0
    status: int | None = None
    body: bytes = b""
    answer: bytes = b""
    faults: tuple[str, ...] = ()
    service: str = "mirelo"

    @property
    def json(self) -> Any:
        """The body as JSON; None if it is not JSON, or not complete."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class RequestLog:
    """The record of the last requests, at most 10,000 of them and 32 MiB."""

    def __init__(self) -> None:
        self._seen: deque[_Record] = deque()
        self._kept = 0
        self._count = 0

    def last(self, count: int = MAX_RECORDS) -> list[SeenRequest]:
        """Return the last requests, 10,000 at most, oldest first."""
        return [
            SeenRequest(
                method=record.method,
                path=record.path,
                query=record.query,
                headers=record.headers,
                body_bytes=record.body_bytes,
                number=record.number,
                at=record.at,
                status=record.status,
                body=bytes(record.body),
                answer=bytes(record.answer),
                faults=record.faults,
                service=record.service,
            )
            for record in list(self._seen.copy())[-count:]
        ]

    def note(self, record: _Record) -> None:
        """Record a request."""
        self._count += 1
        record.number, record.noted = self._count, True
        while len(self._seen) >= MAX_RECORDS:
            self._forget_oldest()
        self._seen.append(record)
        self._kept += record.overhead

    def keep(self, record: _Record, kept: bytearray, more: bytes) -> None:
        """Add to one of a recorded request's bodies, if it is still recorded."""
        if not record.noted:
            return
        kept += more
        self._kept += len(more)
        while self._kept > MAX_KEPT and len(self._seen) > 1:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        old = self._seen.popleft()
        old.noted = False
        self._kept -= old.overhead + len(old.body) + len(old.answer)


class TrafficMiddleware:
    """The middleware that records each request when its headers arrive, counts its body, and dates its answer."""

    def __init__(self, app: ASGIApp, log: RequestLog, clock: Clock) -> None:
        self._app = app
        self._log = log
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        record = _Record(
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
            at=self._clock.now(),
            service=scope["service"],
        )
        if not is_own(record.path):
            self._log.note(record)
        scope = {**scope, RECORD: record}
        sent, answered = _keeps(record.headers.get("content-type", "")), False

        async def count() -> Message:
            message = await receive()
            body = message.get("body", b"")
            record.body_bytes += len(body)
            if sent:
                self._log.keep(record, record.body, body[: MAX_BODY - len(record.body)])
            return message

        async def date(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                record.status = message["status"]
                answered = _keeps(dict(message["headers"]).get(b"content-type", b"").decode("latin-1"))
                now = formatdate(self._clock.now(), usegmt=True).encode()
                message = {**message, "headers": [*message["headers"], (b"date", now)]}
            elif answered:
                self._log.keep(record, record.answer, message.get("body", b"")[: MAX_ANSWER - len(record.answer)])
            await send(message)

        try:
            await self._app(scope, count, date)
        except asyncio.CancelledError:
            # The server's end cancels a request, after it has cut the connection, and a reset, which answers by itself;
            # uvicorn would log it as a crash.
            return


def mark(scope: Scope, faults: tuple[str, ...] = (), status: int | None = None) -> None:
    """Record the kind of a fault that hit a request, and the status of an answer that bypasses this middleware."""
    record: _Record = scope[RECORD]
    record.faults += faults
    record.status = status or record.status


def _keeps(content_type: str) -> bool:
    return content_type.lower().startswith(TEXTUAL)


@attrs.define
class _Record:
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    at: float
    service: str
    number: int = 0
    noted: bool = False
    body_bytes: int = 0
    status: int | None = None
    body: bytearray = attrs.field(factory=bytearray)
    answer: bytearray = attrs.field(factory=bytearray)
    faults: tuple[str, ...] = ()

    @property
    def overhead(self) -> int:
        """Return its approximate size in bytes without bodies."""
        return len(self.path) + len(self.query) + sum(len(name) + len(value) for name, value in self.headers.items())

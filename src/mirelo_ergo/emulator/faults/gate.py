"""Faults as they happen: between the record of a request and the application that would answer it."""

from __future__ import annotations

import asyncio
import functools
import http
import math
from email.utils import formatdate
from typing import TYPE_CHECKING

from mirelo_ergo.emulator.blobs import store_error
from mirelo_ergo.emulator.faults.kinds import (
    BadJson,
    CutBody,
    Drip,
    ExpiredResultUrl,
    ExpiredUploadUrl,
    HtmlPage,
    NoAnswer,
    Reset,
    Status,
)
from mirelo_ergo.emulator.faults.plan import RequestFaults
from mirelo_ergo.emulator.services.registry import SERVICES
from mirelo_ergo.emulator.state.clock import Stopping
from mirelo_ergo.emulator.web.connections import connection
from mirelo_ergo.emulator.web.refusals import Refusal
from mirelo_ergo.emulator.web.traffic import mark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from mirelo_ergo.emulator.faults.kinds import Fault
    from mirelo_ergo.emulator.faults.plan import Plan
    from mirelo_ergo.emulator.spec.targets import Target
    from mirelo_ergo.emulator.state.clock import Clock
    from mirelo_ergo.emulator.state.signing import Signer
    from mirelo_ergo.emulator.web.connections import Connection

    Headers = Iterable[tuple[bytes, bytes]]
    Envelope = Callable[[Refusal], Response]

NOTHING = RequestFaults()
STORE = ("upload", "result")  # the operations that answer in XML
CODES = {401: "unauthorized", 402: "insufficient_credits", 404: "job_not_found", 429: "rate_limited"}
STORE_CODES = {403: "AccessDenied", 404: "NoSuchKey", 429: "SlowDown", 503: "SlowDown"}


class Gate:
    """Let requests through to the application, and do to those that a rule hits what it says."""

    def __init__(self, app: ASGIApp, *, plan: Plan, clock: Clock, signer: Signer) -> None:
        self._app = app
        self._plan = plan
        self._clock = clock
        self._signer = signer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        target: Target | None = scope["target"]
        service = SERVICES[scope["service"]]
        chosen = NOTHING if target is None else self._plan.choose(target, service.sent_key(scope))
        if target is None or chosen == NOTHING:
            await self._app(scope, receive, send)
            return
        mark(scope, chosen.kinds)
        line = connection(scope)
        envelope = store_error if target.group in STORE else service.refuse
        exchange = _Exchange(self._app, self._clock, line, chosen, scope, receive, send)
        try:
            await exchange.run(target, self._signer, envelope)
        except asyncio.CancelledError:  # so that nobody else adds to an answer that has begun
            line.abort()
            raise


class _Exchange:
    """One request that a rule hit, with what it came on."""

    def __init__(
        self,
        app: ASGIApp,
        clock: Clock,
        line: Connection,
        chosen: RequestFaults,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        self._app = app
        self._clock = clock
        self._line = line
        self._chosen = chosen
        self._scope = scope
        self._receive = receive
        self._send = send
        self._late = False

    async def run(self, target: Target, signer: Signer, envelope: Envelope) -> None:
        fault = self._chosen.answer
        match fault:
            case Status(when=when) | HtmlPage(when=when) | Reset(when=when) | NoAnswer(when=when):
                if when == "after":
                    await self._pass(_nowhere)
                elif target.group != "upload":  # an upload is refused while it comes, as a front does
                    await _drain(self._receive)
                await self._instead(fault, envelope)
            case CutBody():
                await self._pass(self._cut(fault.after_bytes))
            case Drip():
                await self._pass(self._drip(fault.size, fault.interval_s))
            case BadJson():
                await self._pass(self._halve())
            case _:
                if isinstance(fault, ExpiredUploadUrl | ExpiredResultUrl):
                    signer.expire(target.method, self._scope["path"], self._scope["query_string"].decode("latin-1"))
                await self._pass(self._begin)

    async def _pass(self, send: Send) -> None:
        receive, rate = self._receive, self._chosen.bytes_per_s
        if rate is not None:
            self._line.shrink()
            receive = functools.partial(self._slowly, rate)
        await self._app(self._scope, receive, send)

    async def _instead(self, fault: Fault, envelope: Envelope) -> None:
        """Do what has nothing to do with the application's answer."""
        match fault:
            case Reset():
                await self._wait()
                await self._line.reset()
            case NoAnswer():
                await self._pause(math.inf)
            case Status():
                await self._answer(fault.status, *_refusal(fault, envelope))
            case _:
                await self._answer(200, b"text/html", _page(200), ())

    async def _answer(self, status: int, content_type: bytes, body: bytes, more: Headers) -> None:
        headers = [(b"content-length", b"%d" % len(body)), *more]
        if content_type:
            headers.append((b"content-type", content_type))
        await self._begin({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    # Ways to send what the application answers

    async def _begin(self, message: Message) -> None:
        await self._wait()
        await self._send(message)

    def _cut(self, limit: int) -> Send:
        left = 0
        over = False

        async def cut(message: Message) -> None:
            nonlocal left, over
            if over:
                return
            if message["type"] == "http.response.start":
                length = max(1, int(dict(message["headers"]).get(b"content-length", b"0")))
                left = min(limit, length - 1)
                await self._begin({**message, "headers": _with_length(message, length)})
                return
            piece = message.get("body", b"")[:left]
            left -= len(piece)
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
            if left == 0:
                over = True
                await self._line.close()

        return cut

    def _halve(self) -> Send:
        start: Message = {}
        body = bytearray()

        async def halve(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            body.extend(message.get("body", b""))
            if not message.get("more_body", False):
                half = bytes(body[: len(body) // 2])
                await self._begin({**start, "headers": _with_length(start, len(half))})
                await self._send({"type": "http.response.body", "body": half, "more_body": False})

        return halve

    def _drip(self, size: int, interval_s: float) -> Send:
        async def drip(message: Message) -> None:
            data = message.get("body", b"")
            if message["type"] == "http.response.start":
                await self._wait()
                mark(self._scope, status=message["status"])
                data = _head(message, self._clock.now())
            for at in range(0, len(data), size):
                if self._line.lost.is_set():
                    return
                self._line.write(data[at : at + size])
                await self._pause(interval_s)
                while self._line.congested and not self._line.lost.is_set():
                    await self._pause(interval_s)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                await self._line.close()

        return drip

    # Time

    async def _slowly(self, rate: int) -> Message:
        message = await self._receive()
        self._line.pause()
        await self._pause(len(message.get("body", b"")) / rate)
        self._line.resume()
        return message

    async def _wait(self) -> None:
        """Wait out the latency, once."""
        if not self._late:
            self._late = True
            await self._pause(self._chosen.latency_s)

    async def _pause(self, seconds: float) -> None:
        """Let the emulator's time pass; end the connection when the emulator stops meanwhile.

        Ends early when the client goes away. Nothing is raised: the application above has begun its answer.
        """
        if seconds > 0:
            try:
                await self._line.unless_lost(self._clock.until(self._clock.now() + seconds))
            except Stopping:
                await self._line.reset()


async def _nowhere(message: Message) -> None:
    """Lose an answer."""


async def _drain(receive: Receive) -> None:
    """Read a request's body to its end, or until the client is gone."""
    while (message := await receive())["type"] == "http.request" and message.get("more_body", False):
        pass


def _refusal(fault: Status, envelope: Envelope) -> tuple[bytes, bytes, Headers]:
    """Return the content type, the body and the Retry-After of an error."""
    more = [] if fault.retry_after is None else [(b"retry-after", str(fault.retry_after).encode())]
    if fault.body == "empty":
        return b"", b"", more
    if fault.body == "html":
        return b"text/html", _page(fault.status), more
    codes, client, server = (
        (STORE_CODES, "InvalidRequest", "InternalError")
        if envelope is store_error
        else (CODES, "invalid_request", "server_error")
    )
    code = fault.code or codes.get(fault.status, client if fault.status < 500 else server)
    response = envelope(Refusal(code, fault.status, fault.message or f"{_phrase(fault.status)} (asked for)"))
    return response.headers["content-type"].encode(), bytes(response.body), more


def _page(status: int) -> bytes:
    title = f"{status} {_phrase(status)}"
    return f"<!DOCTYPE html>\n<title>{title}</title>\n<h1>{title}</h1>\n<p>This is not the API.</p>\n".encode()


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _head(message: Message, now: float) -> bytes:
    """Write an answer's head, which ends the connection, as it goes over the wire."""
    headers = [*message["headers"], (b"date", formatdate(now, usegmt=True).encode()), (b"connection", b"close")]
    lines = [f"HTTP/1.1 {message['status']} {_phrase(message['status'])}".encode()]
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join([*lines, b"", b""])


def _with_length(message: Message, length: int) -> list[tuple[bytes, bytes]]:
    rest = [(name, value) for name, value in message["headers"] if name != b"content-length"]
    return [*rest, (b"content-length", b"%d" % length)]

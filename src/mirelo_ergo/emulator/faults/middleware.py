"""The middleware that applies faults, between the recording of a request and its application."""

from __future__ import annotations

import asyncio
import functools
import math
from asyncio import FIRST_COMPLETED
from typing import TYPE_CHECKING

from mirelo_ergo.emulator.clock import Stopping
from mirelo_ergo.emulator.faults import streams
from mirelo_ergo.emulator.faults.answers import head, page, refusal, with_length
from mirelo_ergo.emulator.faults.kinds import (
    AssetNotReady,
    BadJson,
    BufferedStream,
    CutBody,
    CutStream,
    Drip,
    EndStream,
    ExpiredResultUrl,
    ExpiredUploadUrl,
    HeartbeatsOnly,
    HtmlPage,
    InFlight,
    KeyForgotten,
    NoAnswer,
    PolicyExpired,
    Reset,
    Status,
)
from mirelo_ergo.emulator.faults.plan import RequestFaults
from mirelo_ergo.emulator.services.registry import SERVICES
from mirelo_ergo.emulator.state.idempotency import IN_FLIGHT
from mirelo_ergo.emulator.web.connections import connection
from mirelo_ergo.emulator.web.stored import store_error
from mirelo_ergo.emulator.web.traffic import mark
from mirelo_ergo.emulator.web.wire import ASKED

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from mirelo_ergo.emulator.clock import Clock
    from mirelo_ergo.emulator.faults.answers import Envelope, Headers
    from mirelo_ergo.emulator.faults.kinds import Fault
    from mirelo_ergo.emulator.faults.plan import Plan
    from mirelo_ergo.emulator.spec.targets import Target
    from mirelo_ergo.emulator.state.signing import Signer
    from mirelo_ergo.emulator.web.connections import Connection

NOTHING = RequestFaults()
IDEMPOTENCY_KEY = b"idempotency-key"
STORE = ("upload", "result")  # the operations that answer in XML


class FaultMiddleware:
    """Passes requests on to the application, and applies the faults of the rules that hit them."""

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
            await exchange.run(target, self._signer, envelope, service.heartbeat)
        except asyncio.CancelledError:  # so that nothing else is added to an answer that has begun
            line.abort()
            raise


class _Exchange:
    """One request that a rule has hit, and its connection."""

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

    async def run(self, target: Target, signer: Signer, envelope: Envelope, heartbeat: bytes) -> None:
        fault = self._chosen.answer
        match fault:
            case Status(when=when) | HtmlPage(when=when) | Reset(when=when) | NoAnswer(when=when):
                if when == "after":
                    await self._pass(_nowhere)
                elif target.group != "upload":  # an upload is refused while it comes, as a front does
                    await _drain(self._receive)
                await self._instead(fault, envelope)
            case InFlight() if IDEMPOTENCY_KEY not in dict(self._scope["headers"]):
                await self._pass(self._begin)
            case AssetNotReady() | InFlight():
                await _drain(self._receive)
                await self._instead(_refused(fault), envelope)
            case KeyForgotten() | PolicyExpired():
                self._scope = {**self._scope, ASKED: fault.kind}
                await self._pass(self._begin)
            case CutStream():
                await self._pass(streams.cut(self._begin, self._line.close, fault.after_lines, inside=fault.inside))
            case EndStream():
                await self._pass(streams.end(self._begin, fault.after_lines))
            case BufferedStream():
                await self._pass(streams.hold(self._begin))
            case HeartbeatsOnly():
                await self._beat(heartbeat, fault.interval_s)
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
        """Apply a fault that does not need the application's answer."""
        match fault:
            case Reset():
                await self._wait()
                await self._line.reset()
            case NoAnswer():
                await self._pause(math.inf)
            case Status():
                await self._answer(fault.status, *refusal(fault, envelope))
            case _:
                await self._answer(200, b"text/html", page(200), ())

    async def _beat(self, heartbeat: bytes, interval_s: float) -> None:
        """Begin as the application does, and then send heartbeats while the client listens."""
        began = asyncio.Event()
        work = asyncio.ensure_future(self._pass(streams.head_only(self._begin, began.set)))
        try:
            await asyncio.wait({work, begun := asyncio.ensure_future(began.wait())}, return_when=FIRST_COMPLETED)
            begun.cancel()
            while began.is_set() and not self._line.lost.is_set():
                await self._send({"type": "http.response.body", "body": heartbeat, "more_body": True})
                await self._pause(interval_s)
        finally:
            work.cancel()

    async def _answer(self, status: int, content_type: bytes, body: bytes, more: Headers) -> None:
        headers = [(b"content-length", b"%d" % len(body)), *more]
        if content_type:
            headers.append((b"content-type", content_type))
        await self._begin({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    # Ways to send the application's answer

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
                await self._begin({**message, "headers": with_length(message, length)})
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
                await self._begin({**start, "headers": with_length(start, len(half))})
                await self._send({"type": "http.response.body", "body": half, "more_body": False})

        return halve

    def _drip(self, size: int, interval_s: float) -> Send:
        async def drip(message: Message) -> None:
            data = message.get("body", b"")
            if message["type"] == "http.response.start":
                await self._wait()
                mark(self._scope, status=message["status"])
                data = head(message, self._clock.now())
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
        """Wait for the latency, once."""
        if not self._late:
            self._late = True
            await self._pause(self._chosen.latency_s)

    async def _pause(self, seconds: float) -> None:
        """Wait by the emulator's clock; end the connection if the emulator stops meanwhile.

        It ends early if the client disconnects. It raises nothing, because the answer has begun.
        """
        if seconds > 0:
            try:
                await self._line.unless_lost(self._clock.until(self._clock.now() + seconds))
            except Stopping:
                await self._line.reset()


def _refused(fault: AssetNotReady | InFlight) -> Status:
    if isinstance(fault, InFlight):
        return Status(
            409, code=IN_FLIGHT, message="the first request with this idempotency key is in flight (asked for)"
        )
    return Status(fault.status, code="asset_not_ready", message="the asset is not ready yet, try again (asked for)")


async def _nowhere(message: Message) -> None:
    """Discard an answer."""


async def _drain(receive: Receive) -> None:
    """Read a request's body to its end, or until the client disconnects."""
    while (message := await receive())["type"] == "http.request" and message.get("more_body", False):
        pass

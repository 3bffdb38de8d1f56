"""Sending webhooks, with configurable duplicates, delay and loss, and by default to this machine only."""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import json
import random
import ssl
from collections import deque
from collections.abc import Collection, Coroutine, Mapping
from typing import Any
from urllib.parse import urlsplit

import attrs
import h11

from mirelo_ergo.emulator.clock import Clock, Stopping
from mirelo_ergo.emulator.refusals import bad_request, short
from mirelo_ergo.emulator.spec.bounds import Bound, Choice, Number
from mirelo_ergo.emulator.web.outgoing import exchange
from mirelo_ergo.emulator.web.signatures import TimestampedHmac

RETRY_SECONDS = (1.0, 5.0)  # of the emulator's time
PATIENCE_SECONDS = 5.0  # of real time, for each attempt
MAX_OPEN = 50
MAX_RECORDS = 10_000
LOST = "lost"


@attrs.frozen
class _Delay(Bound):
    """Seconds, or a mapping from statuses to seconds."""

    optional: bool = False

    def allows(self, value: object) -> bool:
        each = value.values() if isinstance(value, Mapping) else (value,)
        return all(SECONDS.allows(seconds) for seconds in each)

    def words(self) -> str:
        return f"{SECONDS.words()}, or an object of statuses with such numbers"


def _check_hosts(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if isinstance(value, str):  # in which any part of it would be found
        raise ValueError(f"hosts is {short(value)}: it has to be a collection of host names")


SECONDS = Number(0, 86_400)
COPIES, DELAY, LOSS = Number(1, 100, whole=True), _Delay(), Number(0, 1)
SIGNATURE = Choice(("valid", "wrong", "stale", "missing"))
STALE_SECONDS = 3600.0


@attrs.frozen
class SentWebhook:
    """One attempt to deliver a webhook. `outcome` is the receiver's HTTP status, or a text why there was none."""

    url: str
    body: Mapping[str, Any]
    attempt: int
    at: float
    outcome: int | str


@attrs.define(eq=False)
class Webhooks:
    """Sends webhooks. Its settings apply to those that are sent from then on.

    `copies` is the number of copies of each webhook. `delay_s` delays them by seconds of the emulator's clock; a
    mapping of statuses to seconds delays some, so that they arrive out of order. `loss` is the share, up to 1, that is
    not sent. A webhook without a 2xx answer within 5 s is sent again after 1 s and after 5 s. `tls` gives the trusted
    certificates, by default the system's. Only this machine and `hosts` are called. `signature` can be "wrong", "stale"
    (by an hour) or "missing" instead of "valid", for services that sign.
    """

    _clock: Clock = attrs.field(alias="clock")
    _random: random.Random = attrs.field(alias="random")
    copies: int = attrs.field(default=1, validator=COPIES)
    delay_s: float | Mapping[str, float] = attrs.field(default=0.0, validator=DELAY)
    loss: float = attrs.field(default=0.0, validator=LOSS)
    signature: str = attrs.field(default="valid", validator=SIGNATURE)
    tls: ssl.SSLContext | None = None
    hosts: Collection[str] = attrs.field(default=(), validator=_check_hosts)
    _sent: deque[SentWebhook] = attrs.field(init=False, factory=lambda: deque(maxlen=MAX_RECORDS))
    _open: asyncio.Semaphore = attrs.field(init=False, factory=lambda: asyncio.Semaphore(MAX_OPEN))
    _tasks: set[asyncio.Task[None]] = attrs.field(init=False, factory=set)

    @property
    def sent(self) -> list[SentWebhook]:
        """The last 10,000 attempts, lost ones included, oldest first."""
        return list(self._sent.copy())

    def check(self, name: str, url: str) -> None:
        """Refuse with 400 a URL that is not https or not of an allowed machine."""
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError as error:
            raise bad_request(f"{name} is {short(url)}: {error}") from None
        if parts.scheme != "https" or not host:
            raise bad_request(f"{name} is {short(url)}: it has to be an https URL")
        if not _is_loopback(host) and host not in self.hosts:
            raise bad_request(
                f"{name} leads to {short(host)}: this emulator calls this machine only, unless its owner allows a host"
            )

    def post(self, url: str, body: Mapping[str, Any], signer: TimestampedHmac | None = None) -> None:
        """Send a webhook in the background, from the emulator's loop. A signed body is JSON without spaces."""
        for _ in range(self.copies):
            self.start(self._deliver(url, body, signer))

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine in the background, until `end` at the latest. To be called in the emulator's loop."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def end(self) -> None:
        """Cancel all background tasks, and wait for them."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _deliver(self, url: str, body: Mapping[str, Any], signer: TimestampedHmac | None) -> None:
        delay_s = self.delay_s.get(body.get("status", ""), 0.0) if isinstance(self.delay_s, Mapping) else self.delay_s
        try:
            await self._clock.until(self._clock.now() + delay_s)
            if self._random.random() < self.loss:
                self._note(url, body, 1, LOST)
                return
            raw = json.dumps(body).encode() if signer is None else _compact(body)
            for attempt, gap in enumerate((*RETRY_SECONDS, None), start=1):
                outcome = await self._send(url, raw, self._signed(raw, signer))
                self._note(url, body, attempt, outcome)
                if gap is None or (isinstance(outcome, int) and 200 <= outcome < 300):
                    return
                await self._clock.until(self._clock.now() + gap)
        except Stopping:
            return

    def _note(self, url: str, body: Mapping[str, Any], attempt: int, outcome: int | str) -> None:
        self._sent.append(SentWebhook(url, body, attempt, self._clock.now(), outcome))

    def _signed(self, raw: bytes, signer: TimestampedHmac | None) -> Mapping[str, str]:
        if signer is None or self.signature == "missing":
            return {}
        now = self._clock.now() - (STALE_SECONDS if self.signature == "stale" else 0.0)
        return signer.sign(raw + b" " if self.signature == "wrong" else raw, now)

    async def _send(self, url: str, raw: bytes, more: Mapping[str, str]) -> int | str:
        headers = {"Content-Type": "application/json", "Content-Length": str(len(raw)), **more}
        async with self._open:
            tls = self.tls or await asyncio.to_thread(_system_tls)
            try:
                async with (
                    asyncio.timeout(PATIENCE_SECONDS),
                    exchange("POST", urlsplit(url), headers, tls=tls, body=raw) as next_event,
                ):
                    while not isinstance(answer := await next_event(), h11.Response):
                        pass  # a 100 Continue, which nobody asked for
                    return answer.status_code
            except TimeoutError:
                return f"no answer within {PATIENCE_SECONDS:.0f} s"
            except (OSError, ValueError, h11.ProtocolError) as error:  # a ValueError is of a name that is none
                return f"{type(error).__name__}: {error}"


def _compact(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def _is_loopback(host: str) -> bool:
    """Return whether a name means this machine, without a look-up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@functools.cache
def _system_tls() -> ssl.SSLContext:
    return ssl.create_default_context()

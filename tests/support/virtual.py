"""The core's third I/O: a virtual clock and a scripted far side. Nothing sleeps and no socket is opened.

One flow is driven by `run`, like the blocking client's; `together` drives many at once, each in its own virtual time.
"""

from __future__ import annotations

import heapq
import itertools
import random
import types
from contextlib import asynccontextmanager
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import attrs

from mirelo_ergo import (
    AsyncInferenceClient,
    AsyncMireloClient,
    AsyncPixazoClient,
    InferenceClient,
    MireloClient,
    PixazoClient,
)
from mirelo_ergo._runtime.api.execute import Runtime
from mirelo_ergo._runtime.http.blocking import BlockingNetwork
from mirelo_ergo._runtime.http.bodies import Pieces
from mirelo_ergo._runtime.io.protocol import SUBMITS_IN_FLIGHT, Reply, Request, TransportFailure
from mirelo_ergo._runtime.io.sent import SentTracker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterable, Mapping

    from mirelo_ergo._runtime.io.deadline import TimeLimit
    from mirelo_ergo._runtime.io.protocol import ExternalRequest

P = ParamSpec("P")
T = TypeVar("T")

KEY = "sk-test-7f3a91c0"
START = 1_000.0
WALL = 1_772_366_400.0  # 2026-03-01T12:00:00Z


@attrs.frozen
class Call:
    """One API request as it left, and when."""

    at: float
    request: Request


def body_of(request: Request) -> bytes:
    """Return the whole body of a request; one that is a source is read as an attempt reads it."""
    if request.body is None or isinstance(request.body, bytes):
        return request.body or b""
    reader = request.body.open()
    try:
        return b"".join(iter(lambda: reader.read(1 << 16), b""))
    finally:
        reader.close()


@attrs.frozen
class Sending:
    """One foreign request as it left, with its whole body."""

    at: float
    request: ExternalRequest
    body: bytes


@attrs.frozen
class Late:
    """An answer that takes its time, in seconds."""

    seconds: float
    answer: Reply | BaseException


@attrs.define
class Incoming:
    """A foreign answer whose body comes in pieces; an exception among them is raised at its place."""

    status: int
    headers: Mapping[str, str] = attrs.field(factory=dict)
    pieces: list[bytes | BaseException] = attrs.field(factory=list)
    closed: bool = False

    async def read(self) -> bytes:
        piece = self.pieces.pop(0) if self.pieces else b""
        if isinstance(piece, BaseException):
            raise piece
        return piece

    async def read_within(self, seconds: float) -> bytes | None:
        return await self.read()

    async def __aenter__(self) -> Incoming:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.closed = True


@attrs.define
class Streamed:
    """An API's answer whose pieces come at their times, in seconds after it was opened; an exception is raised at its.

    It ends right after the last one; with `lasts` False nothing follows, not even its end.
    """

    io: VirtualIO
    pieces: list[tuple[float, bytes | BaseException]]
    lasts: bool = True
    status: int = 200
    headers: Mapping[str, str] = attrs.field(factory=dict)
    limit: TimeLimit | None = None
    opened: float = 0.0
    closed: bool = False

    async def read(self) -> bytes:
        piece = await self.read_within(float("inf"))
        assert piece is not None, "a test that reads for ever"
        return piece

    async def read_within(self, seconds: float) -> bytes | None:
        assert not self.closed, "it was closed"
        assert self.limit is not None, "it was opened"
        now = self.io.clock
        due = self.opened + self.pieces[0][0] if self.pieces else now if self.lasts else float("inf")
        left = self.limit.clip(None)
        if due > now + min(seconds, left):
            await self.io.advance(max(0.0, min(seconds, left)))
            if left <= seconds:
                raise TransportFailure("timeout", "yes", "the time for it is up")
            return None
        await self.io.advance(max(0.0, due - now))
        piece = self.pieces.pop(0)[1] if self.pieces else b""
        if isinstance(piece, BaseException):
            raise piece
        return piece

    async def __aenter__(self) -> Streamed:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.closed = True


class Alarm:
    """An alarm in virtual time; among many flows it is looked at every 10 ms."""

    def __init__(self, io: VirtualIO) -> None:
        self._io = io
        self.notified = False

    def notify(self) -> None:
        self.notified = True

    async def wait(self, seconds: float) -> bool:
        until = self._io.clock + seconds
        while not self.notified and self._io.clock < until:
            left = until - self._io.clock
            if self._io._many:
                await self._io.advance(min(0.01, left))
            elif not self._io.happen(until):
                await self._io.advance(left)
        was, self.notified = self.notified, False
        return was


class Slot:
    """A place for one submit."""

    def __init__(self, io: VirtualIO) -> None:
        self._io: VirtualIO | None = io

    def release(self) -> None:
        if self._io is not None:
            self._io._slots += 1
            self._io = None


class VirtualIO:
    """Answer the core's calls from a script (each answer once, in order) or a function of the request."""

    blocks = True

    def __init__(
        self,
        answers: Iterable[Any] | Callable[[Request], Any] = (),
        foreign: Iterable[Incoming | BaseException] | Callable[[Sending], Incoming | BaseException] = (),
        *,
        latency: float = 0.05,
        chance: Callable[[], float] | None = None,
    ) -> None:
        self._answer = answers if callable(answers) else _script(answers)
        self._foreign = foreign if callable(foreign) else _script(foreign)
        self._latency = latency
        self._chance = random.Random(1).random if chance is None else chance
        self._many = False
        self._locked: set[str] = set()
        self._slots = SUBMITS_IN_FLIGHT
        self._numbers = itertools.count()
        self._happenings: list[tuple[float, int, Callable[[], object]]] = []
        self.clock = START
        self.wall_jump = 0.0
        self.calls: list[Call] = []
        self.sendings: list[Sending] = []
        self.sleeps: list[float] = []
        self.most_in_flight = 0
        self.submits_expected: list[float] = []
        """When it was said that a submit follows."""

    @property
    def requests(self) -> list[str]:
        """Return method and path of every API request."""
        return [f"{call.request.method} {call.request.path}" for call in self.calls]

    def date(self) -> str:
        """Return the server's own time as a `Date` header: no jump of our clock moves it."""
        return formatdate(WALL + self.clock - START, usegmt=True)

    def now(self) -> float:
        return self.clock

    def wall(self) -> float:
        return WALL + self.clock - START + self.wall_jump

    def random(self) -> float:
        return self._chance()

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        await self.advance(seconds)

    def alarm(self) -> Alarm:
        return Alarm(self)

    def at(self, moment: float, happening: Callable[[], object]) -> None:
        """Let something happen from outside (a callback that comes in) when the clock shows `moment`."""
        heapq.heappush(self._happenings, (moment, next(self._numbers), happening))

    def happen(self, until: float) -> bool:
        """Let the next thing happen that is due by then; say whether there was one."""
        if not self._happenings or self._happenings[0][0] > until:
            return False
        moment, _, happening = heapq.heappop(self._happenings)
        self.clock = max(self.clock, moment)
        happening()
        return True

    async def advance(self, seconds: float) -> None:
        """Let time pass for this flow."""
        until = self.clock + seconds
        if self._many:
            await _wake_at(until)
        while self.happen(until):
            pass
        self.clock = max(self.clock, until)

    async def request(self, request: Request, limit: TimeLimit, sent: SentTracker) -> Reply:
        self.calls.append(Call(self.clock, request))
        answer = self._answer(request)
        seconds, answer = (answer.seconds, answer.answer) if isinstance(answer, Late) else (self._latency, answer)
        left = limit.clip(None)
        if seconds > left:
            await self.advance(left)
            raise TransportFailure("timeout", "yes", "ReadTimeout: the time for it is up")
        await self.advance(seconds)
        if isinstance(answer, BaseException):
            raise answer
        reply: Reply = answer
        return reply

    async def stream(self, request: ExternalRequest | Request, limit: TimeLimit) -> Incoming | Streamed:
        if isinstance(request, Request):
            return await self._streamed(request, limit)
        body = b""
        if request.body is not None:
            reader = request.body.open()
            pieces = Pieces(request.body, reader, limit, BlockingNetwork(), request.on_progress)
            try:
                while piece := await pieces.next():
                    body += piece
                    pieces.passed()
            finally:
                reader.close()
        await self.advance(self._latency)
        sending = Sending(self.clock, request, body)
        self.sendings.append(sending)
        answer = self._foreign(sending)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def _streamed(self, request: Request, limit: TimeLimit) -> Incoming | Streamed:
        """Answer an API request from the same script as `request` does; the answer must be a stream, or a `Reply`."""
        answer: Any = await self.request(request, limit, SentTracker())
        if isinstance(answer, Reply):
            return Incoming(answer.status, answer.headers, [answer.body])
        assert isinstance(answer, Incoming | Streamed), f"a streamed request needs a stream, not {answer!r}"
        if isinstance(answer, Streamed):
            answer.limit, answer.opened = limit, self.clock
        return answer

    async def run_blocking(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return function(*args, **kwargs)

    @asynccontextmanager
    async def lock(self, key: str) -> AsyncIterator[None]:
        while key in self._locked:
            assert self._many, f"a single flow waits for its own lock: {key}"
            await self.advance(0.01)
        self._locked.add(key)
        try:
            yield
        finally:
            self._locked.discard(key)

    def preconnect(self) -> None:
        self.submits_expected.append(self.clock)

    async def submit_slot(self, seconds: float) -> Slot | None:
        until = self.clock + seconds
        while not self._slots:
            if self.clock >= until or not self._many:
                self.clock = max(self.clock, until)
                return None
            await self.advance(0.05)
        self._slots -= 1
        self.most_in_flight = max(self.most_in_flight, SUBMITS_IN_FLIGHT - self._slots)
        return Slot(self)

    def own_io(self) -> VirtualIO:
        return self

    async def close(self) -> None:
        """Have nothing to close."""

    def together(self, *flows: Coroutine[Any, Any, T]) -> list[T | Exception]:
        """Drive many flows at once and return what each returned or raised."""
        self._many = True
        outcomes: dict[int, T | Exception] = {}
        due = [(self.clock, number) for number in range(len(flows))]
        while due:
            moment, number = heapq.heappop(due)
            self.clock = max(self.clock, moment)
            try:
                wake: float = flows[number].send(None)
            except StopIteration as stop:
                outcomes[number] = stop.value
            except Exception as error:
                outcomes[number] = error
            else:
                heapq.heappush(due, (wake, number))
        self._many = False
        return [outcomes[number] for number in range(len(flows))]


@types.coroutine
def _wake_at(moment: float) -> Generator[float, None, None]:
    yield moment


def _script(answers: Iterable[Any]) -> Callable[[Any], Any]:
    left = iter(answers)

    def answer(request: Any) -> Any:
        for each in left:
            return each
        raise AssertionError(f"a request that the test does not expect: {request}")

    return answer


def runtime_over(io: VirtualIO, **options: Any) -> Runtime:
    """Make a runtime as a client with these options has it."""
    return client_over(io, **options)._core.runtime


def client_over(io: VirtualIO, **options: Any) -> MireloClient:
    """Make a blocking client that does everything through `io`."""
    client = MireloClient(KEY, **options)
    put_under(client, io)
    return client


def async_client_over(io: VirtualIO, **options: Any) -> AsyncMireloClient:
    """Make an async client that does everything through `io`; its coroutines are for `run`."""
    client = AsyncMireloClient(KEY, **options)
    put_under(client, io)
    return client


def pixazo_over(io: VirtualIO, **options: Any) -> PixazoClient:
    """Make a blocking client of the gateway that does everything through `io`."""
    client = PixazoClient(KEY, **options)
    put_under(client, io)
    return client


def async_pixazo_over(io: VirtualIO, **options: Any) -> AsyncPixazoClient:
    """Make an async client of the gateway that does everything through `io`; its coroutines are for `run`."""
    client = AsyncPixazoClient(KEY, **options)
    put_under(client, io)
    return client


def inference_over(io: VirtualIO, **options: Any) -> InferenceClient:
    """Make a blocking client of inference.sh that does everything through `io`."""
    client = InferenceClient(KEY, **options)
    put_under(client, io)
    return client


def async_inference_over(io: VirtualIO, **options: Any) -> AsyncInferenceClient:
    """Make an async client of inference.sh that does everything through `io`; its coroutines are for `run`."""
    client = AsyncInferenceClient(KEY, **options)
    put_under(client, io)
    return client


def put_under(client: Any, io: VirtualIO) -> None:
    """Let a client do everything through `io`."""
    old = client._core.runtime
    client._io = io
    client._runtime = client._core.runtime = Runtime(io, old.api, old.secret, old.base_url, old.policy, old.timeout)

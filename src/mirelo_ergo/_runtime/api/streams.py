"""Streams of JSON lines, by which a service reports the changes of one object (docs/reliability.md).

A stream is a read: authenticated, never redirected to another host, and reconnected when it was cut. Each line is
merged into the state known so far. A stream can end at any time without having reported everything, so its user polls
the service for the final state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import attrs

from ...errors import UnexpectedResponseError
from ..io.protocol import Reply, TransportFailure
from .answers import Unusable, error_from, failure_error, read_error_body, read_object
from .retry import Answered, Failed, Kind, Retry, parse_retry_after

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ...errors import MireloError
    from ..io.deadline import Deadline
    from ..io.protocol import Request, Stream
    from .operation import Runtime
    from .retry import Outcome

    State = Mapping[str, Any]

LARGEST_LINE: Final = 16 << 20
"""Bytes of one line; a longer one is an error."""
LARGEST_ERROR: Final = 1 << 16
"""Bytes that are read of a response that is not a stream."""
OPENING: Final = 0.2
"""Seconds that must be left to open a stream: a failure within less time would say nothing about it."""
UNANSWERED: Final = 2
"""Time-outs in a row when opening a stream: a proxy that holds back its head holds back its lines too."""

Signal = Literal["news", "cut", "nothing"]


@attrs.frozen
class StreamSource:
    """The description of one stream: its request, and how its lines are read."""

    name: str
    request: Request
    merge: Callable[[State, State], State | None]
    """Returns the state after a line, given the state before it; None for a line without news: a heartbeat, an unknown
    event, the state of another object. It changes neither argument."""


class LineSplitter:
    """Splits the pieces of a body into lines, which end with a line feed; a carriage return before it is dropped."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0

    def feed(self, piece: bytes) -> None:
        """Add the next piece of the body."""
        self._buffer += piece

    def line(self) -> bytes | None:
        """Return the next complete line that is not blank, None if there is none; raise `Unusable` if too long."""
        while True:
            end = self._buffer.find(b"\n", self._searched)
            if (len(self._buffer) if end < 0 else end) > LARGEST_LINE:
                raise Unusable(f"a line of the stream is longer than {LARGEST_LINE >> 20} MiB")
            if end < 0:
                self._searched = len(self._buffer)
                return None
            line = bytes(self._buffer[:end]).strip()
            del self._buffer[: end + 1]
            self._searched = 0
            if line:
                return line

    def rest(self) -> bytes:
        """Return what follows the last line feed: a last line, or a part of one."""
        rest = bytes(self._buffer).strip()
        self._buffer.clear()
        self._searched = 0
        return rest


class _Limit:
    """A stream's time limits: it must be open by `opened_by`; after that only the deadline of the wait counts."""

    def __init__(self, deadline: Deadline, now: Callable[[], float]) -> None:
        self._deadline, self._now = deadline, now
        self.opened_by: float | None = None

    def clip(self, timeout: float | None) -> float:
        left = self._deadline.clip(timeout)
        return left if self.opened_by is None else min(left, self.opened_by - self._now())

    def advance(self, count: int) -> None:
        """No-op: only time ends a stream."""

    def moving(self, yes: bool, /) -> None:
        """No-op, as `advance`."""


class Follower:
    """Follows one stream over all its connections, as part of a wait. `state` is what its lines have reported so far.

    The number of attempts is that of a read. News restart the count; heartbeats do not, and no line extends the
    deadline.
    """

    def __init__(
        self, runtime: Runtime, source: StreamSource, deadline: Deadline, *, tolerate_404: bool = False
    ) -> None:
        self.state: State = {}
        self._runtime, self._source = runtime, source
        self._request = attrs.evolve(source.request, long=True)  # a stream may be silent until the wait's deadline
        self._retrier = runtime.retrier(Kind.READ, self._request.method, deadline=deadline, tolerate_404=tolerate_404)
        self._limit = _Limit(deadline, runtime.io.now)
        self._stream: Stream | None = None
        self._lines = LineSplitter()
        self._resume_at = 0.0
        self._unanswered = 0
        self._progress = False

    async def next(self, seconds: float) -> Signal:
        """Follow the stream until it has news, for at most that many seconds.

        Return "news" if a line changed `state`; "cut" if the stream ended or broke, so that it may not have reported
        everything, and will be reconnected; "nothing" if the time is up. Raises the typed error of the last attempt if
        no other one is allowed; the state is kept.
        """
        now = self._runtime.io.now
        until = now() + seconds
        while True:
            if self._stream is None:
                start = max(now(), self._resume_at)
                if until - start < OPENING:
                    await self._runtime.io.sleep(max(0.0, until - now()))
                    return "nothing"
                await self._runtime.io.sleep(max(0.0, start - now()))
                await self._open(until)
                continue
            try:
                line = await self._line(until)
            except (TransportFailure, Unusable) as problem:
                await self._again(problem)
                return "cut"
            if line is None:
                return "nothing"
            merged = self._source.merge(self.state, line)
            if merged is not None and merged != self.state:
                self.state = merged
                if not self._progress:
                    self._progress = True
                    self._retrier.succeed()
                return "news"
            if now() >= until:
                return "nothing"  # lines without news may come faster than they are read

    async def close(self) -> None:
        """End the connection, if there is one."""
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.__aexit__(None, None, None)

    async def _open(self, until: float) -> None:
        """Make one attempt to open the stream, by the given time."""
        runtime = self._runtime
        runtime.require_open()
        self._limit.opened_by = until
        try:
            stream = await runtime.io.stream(self._request, self._limit)
            self._stream = await stream.__aenter__()
        except TransportFailure as failure:
            await self._again(failure)
            if failure.kind == "timeout":
                self._unanswered += 1
                if self._unanswered >= UNANSWERED:
                    raise self._error(failure) from None
            return
        self._unanswered = 0
        if not 200 <= self._stream.status < 300:
            await self._refused(self._stream)
        self._limit.opened_by = None
        self._lines = LineSplitter()

    async def _line(self, until: float) -> State | None:
        """Return the next line, None if none arrived in time; raise `Unusable` for a bad line and at the end."""
        assert self._stream is not None, "a stream is opened before it is read"
        while True:
            line = self._lines.line()
            if line is not None:
                return read_object(Reply(200, {}, line))
            left = until - self._runtime.io.now()
            if left <= 0:
                return None  # even if bytes are there: blank lines may come for ever
            piece = await self._stream.read_within(left)
            if piece is None:
                return None
            if piece:
                self._lines.feed(piece)
                continue
            return self._last_line()

    def _last_line(self) -> State:
        """Return a last line without a line feed; raise `Unusable` if there is none: the stream has ended too early."""
        rest = self._lines.rest()
        if not rest:
            raise TransportFailure("network", "yes", "the stream ended before its final state")
        try:
            return read_object(Reply(200, {}, rest))
        except Unusable:
            if not rest.startswith(b"{"):
                raise
            raise TransportFailure("network", "yes", "the stream ended in the middle of a line") from None

    async def _refused(self, stream: Stream) -> None:
        """Handle a response that is not a stream, by its status and its body."""
        body = bytearray()
        try:
            while len(body) < LARGEST_ERROR and (piece := await stream.read()):
                body += piece
        except TransportFailure:
            pass  # the status is what counts
        await self._again(Reply(stream.status, stream.headers, bytes(body[:LARGEST_ERROR])))

    async def _again(self, problem: TransportFailure | Unusable | Reply) -> None:
        """Close the connection and plan the next one; raise the typed error if none is allowed."""
        status = 200 if self._stream is None else self._stream.status
        await self.close()
        outcome: Outcome
        if isinstance(problem, TransportFailure):
            outcome = Failed(problem.kind, problem.sent)
        elif isinstance(problem, Unusable):
            outcome = Answered(status, usable=False)
        else:
            facts = read_error_body(self._runtime.api, problem).facts
            outcome = Answered(
                problem.status, facts is not None, None if facts is None else facts.code, self._retry_after(problem)
            )
        progress, self._progress = self._progress, False
        what = f"{self._request.method} {self._runtime.base_url}{self._request.path.split('?')[0]}"
        decision, pause = self._retrier.weigh(outcome, what, ", a stream", progress=progress)
        if not isinstance(decision, Retry):
            raise self._error(problem)
        self._resume_at = self._runtime.io.now() + pause

    def _retry_after(self, reply: Reply) -> float | None:
        headers = reply.headers
        return parse_retry_after(headers.get("retry-after"), headers.get("date"), self._runtime.io.wall())

    def _error(self, problem: TransportFailure | Unusable | Reply) -> MireloError:
        error = self._typed(problem)
        error.operation = self._source.name
        return error

    def _typed(self, problem: TransportFailure | Unusable | Reply) -> MireloError:
        runtime = self._runtime
        if isinstance(problem, TransportFailure):
            return failure_error("", runtime.base_url, problem, max(1, self._retrier.number))
        if isinstance(problem, Unusable):
            return UnexpectedResponseError(runtime.secret.scrub(str(problem)), retryable=True)
        return error_from(runtime.api, runtime.secret, problem, "", self._retry_after(problem))

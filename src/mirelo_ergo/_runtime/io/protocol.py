"""The boundary between the core and the world: what the core may ask for, and the driver of its blocking form.

Every flow is written once as `async def` against `IO`. `AsyncIO` awaits for real; `BlockingIO` has the same methods
and simply blocks, so that `run` finishes a flow on its first `send(None)`: no thread, no event loop, no generated twin.
The core imports neither asyncio nor time nor httpx, and contains no async generator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, ParamSpec, Protocol, TypeVar

import attrs

from .reply import Reply as Reply  # noqa: TC001  # part of this boundary at run time too

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from contextlib import AbstractAsyncContextManager

    from ...errors import Sent
    from .deadline import TimeLimit
    from .sent import SentTracker

T = TypeVar("T")
P = ParamSpec("P")

SUBMITS_IN_FLIGHT = 32
"""Submits that one client has under way at a time, at most."""
PIECE = 1 << 20
"""Bytes of a body handed over at a time: larger pieces make httpx's sync send quadratic."""

FailureKind = Literal["connect", "timeout", "network", "garbled", "pool", "proxy", "proxy_refused", "tls", "local"]
DEFINITE: frozenset[FailureKind] = frozenset({"tls", "local", "proxy_refused"})
"""Failures that another attempt cannot mend; nothing of ours was processed."""


class TransportFailure(Exception):
    """Raised when an attempt got no whole answer. Internal: the retry core turns it into a `MireloError`.

    `reply` is what of the answer was read all the same, from its head on; None before the head was complete.
    """

    def __init__(self, kind: FailureKind, sent: Sent, detail: str, reply: Reply | None = None) -> None:
        super().__init__(detail)
        self.kind: FailureKind = kind
        self.sent: Sent = sent
        self.detail = detail
        self.reply = reply


class ExternalRefused(Exception):
    """Raised when a URL somebody else gave us may not be used; nothing was sent to it. Internal."""


class SourceFailed(Exception):
    """Raised when the bytes to upload could not be read as announced. Internal. `changed`: the file is another now."""

    def __init__(self, message: str, *, changed: bool = False) -> None:
        super().__init__(message)
        self.changed = changed


@attrs.frozen
class Request:
    """One API request. `path` begins with a slash and is already escaped."""

    method: str
    path: str
    body: bytes | Source | None = None
    """Whole in memory, or a source that each attempt streams from its start."""
    content_type: str = "application/json"
    """Of the body."""
    submit: bool = False
    """Take a connection that carried nothing before: answers get lost, or mixed up, where an idle one is used again."""
    long: bool = False
    """Let the first byte of the answer take as long as the operation's deadline."""
    headers: tuple[tuple[str, str], ...] = attrs.field(default=(), repr=False)
    """Beside the body's, and those of every request of the client; a value may be a secret."""


class Pipe(Protocol):
    """What a reader that can be read only once waits for; `descriptor` can be watched, None where there is none."""

    descriptor: int | None

    def may_wait(self) -> bool:
        """Return whether the next read may wait for a writer, so that the descriptor should be watched first."""
        ...


class Reader(Protocol):
    """Read an opened source piece by piece, blocking; `read` gives b"" at the end."""

    pipe: Pipe | None
    """None for bytes that are there: reads of them end, and their length can be checked."""

    def read(self, size: int, /) -> bytes: ...
    def close(self) -> None: ...


class Source(Protocol):
    """Bytes to send: how many, whether they can be read again, and how to read them from the start."""

    @property
    def size(self) -> int: ...
    @property
    def replayable(self) -> bool: ...
    def open(self) -> Reader: ...
    def verify(self) -> None:
        """Raise `SourceFailed` if the bytes are not the ones that were announced any more."""
        ...


@attrs.frozen
class ExternalRequest:
    """Describe a request to a URL that somebody else gave us: nothing is sent but what stands here."""

    method: str
    url: str = attrs.field(repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict)
    body: Source | None = None
    on_progress: Callable[[int, int], None] | None = None


class Stream(Protocol):
    """Hold an answer whose body is still to be read; used under `async with`."""

    status: int
    headers: Mapping[str, str]

    async def read(self) -> bytes:
        """Return the next piece, b"" at the end; raise `TransportFailure`."""
        ...

    async def read_within(self, seconds: float) -> bytes | None:
        """Return the next piece as `read` does, None if none came in that time: it can be read later."""
        ...

    async def __aenter__(self) -> Stream: ...
    async def __aexit__(self, *exc_info: object) -> None: ...


class Alarm(Protocol):
    """Wakes one flow from its waiting. A notification that came before the wait is not lost."""

    def notify(self) -> None:
        """End the wait, or the next one; from any thread, at any time, never blocking."""
        ...

    async def wait(self, seconds: float) -> bool:
        """Wait until it is notified, at most that long; return whether it was."""
        ...


class Slot(Protocol):
    """A client's place for one submit under way. It is also given back when nobody holds it any more."""

    def release(self) -> None:
        """Release the place; a second call is a no-op."""
        ...


class IO(Protocol):
    """All that the core may ask of the world."""

    blocks: bool
    """Whether the caller waits for everything. If not, even a look at a file must go through `run_blocking`."""

    def now(self) -> float:
        """Return seconds on the monotonic clock."""
        ...

    def wall(self) -> float:
        """Return Unix seconds; only for what leaves this process (tokens, dates)."""
        ...

    def random(self) -> float:
        """Return a number in [0, 1)."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    def alarm(self) -> Alarm:
        """Make an alarm for the flow that asks."""
        ...

    async def request(self, request: Request, limit: TimeLimit, sent: SentTracker) -> Reply:
        """Make one attempt at an API request and read its whole answer; raise `TransportFailure`."""
        ...

    def preconnect(self) -> None:
        """Say that a submit follows what goes on now: its connection may be opened meanwhile."""
        ...

    async def stream(self, request: ExternalRequest | Request, limit: TimeLimit) -> Stream:
        """Make one attempt at a request, and give its answer's body piece by piece (at most 1 MiB each).

        An external one comes as it is on the wire. An API's is authenticated, and unpacked if it is gzip or deflate.
        Raises `TransportFailure`, `ExternalRefused` or `SourceFailed`.
        """
        ...

    async def run_blocking(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function that blocks on the file system."""
        ...

    def lock(self, key: str) -> AbstractAsyncContextManager[None]:
        """Exclude other users of the same key within this client."""
        ...

    async def submit_slot(self, seconds: float) -> Slot | None:
        """Take one of the client's submit slots within that time; None if none was free."""
        ...

    def own_io(self) -> IO | None:
        """Return I/O with its own connections, for a client that is closed; None if the user's transport carries all.

        It has to be closed.
        """
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Drive a flow over blocking I/O to its end and return what it returns; raises what it raises."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        value: T = stop.value
        return value
    coroutine.close()
    raise RuntimeError("the blocking I/O tried to suspend")

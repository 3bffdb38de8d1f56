"""The boundary between the core and the outside world: the `IO` protocol, and the driver of its blocking form.

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
"""Failures that another attempt cannot repair; the service processed nothing."""


class TransportFailure(Exception):
    """Raised when an attempt got no whole answer. Internal: the retry core turns it into a `MireloError`.

    `reply` is the part of the answer that was read; None if its head did not arrive completely.
    """

    def __init__(self, kind: FailureKind, sent: Sent, detail: str, reply: Reply | None = None) -> None:
        super().__init__(detail)
        self.kind: FailureKind = kind
        self.sent: Sent = sent
        self.detail = detail
        self.reply = reply


class ExternalRefused(Exception):
    """Raised when an external URL (one that a response named) must not be used; nothing was sent to it. Internal."""


class SourceFailed(Exception):
    """Raised when the bytes to upload could not be read as announced. Internal. `changed`: the file has changed."""

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
    """Use a new connection: on a reused one an answer can get lost or be mixed up with another."""
    long: bool = False
    """Wait for the first byte of the answer up to the operation's deadline."""
    headers: tuple[tuple[str, str], ...] = attrs.field(default=(), repr=False)
    """Further headers, beside those of the body and of every request of the client; a value may be a secret."""


class Pipe(Protocol):
    """A source that can be read only once and may block. `descriptor` can be polled; None if there is none."""

    descriptor: int | None

    def may_wait(self) -> bool:
        """Return whether the next read may block, so that the descriptor should be polled first."""
        ...


class Reader(Protocol):
    """An opened source, read piece by piece, blocking; `read` returns b"" at the end."""

    pipe: Pipe | None
    """None for a file or bytes: reading them does not block for long, and their length can be checked."""

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
        """Raise `SourceFailed` if the bytes have changed since they were announced."""
        ...


@attrs.frozen
class ExternalRequest:
    """A request to an external URL (one that a response named). Only what is listed here is sent."""

    method: str
    url: str = attrs.field(repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict)
    body: Source | None = None
    on_progress: Callable[[int, int], None] | None = None


class Stream(Protocol):
    """An answer whose body has not been read yet; used under `async with`."""

    status: int
    headers: Mapping[str, str]

    async def read(self) -> bytes:
        """Return the next piece, b"" at the end; raise `TransportFailure`."""
        ...

    async def read_within(self, seconds: float) -> bytes | None:
        """Return the next piece as `read` does, None if none arrived in that time; it can be read later."""
        ...

    async def __aenter__(self) -> Stream: ...
    async def __aexit__(self, *exc_info: object) -> None: ...


class Alarm(Protocol):
    """An event that wakes one flow. A notification before the wait is not lost."""

    def notify(self) -> None:
        """End the current wait, or else the next one. May be called from any thread; never blocks."""
        ...

    async def wait(self, seconds: float) -> bool:
        """Wait until it is notified, at most that long; return whether it was."""
        ...


class Slot(Protocol):
    """One of a client's submit slots. It is also released when the object is garbage collected."""

    def release(self) -> None:
        """Release the place; a second call is a no-op."""
        ...


class IO(Protocol):
    """Everything that the core may ask of the outside world."""

    blocks: bool
    """Whether its calls block. If not, every access to a file must go through `run_blocking`."""

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
        """Return a new alarm for the calling flow."""
        ...

    async def request(self, request: Request, limit: TimeLimit, sent: SentTracker) -> Reply:
        """Make one attempt at an API request and read its whole answer; raise `TransportFailure`."""
        ...

    def preconnect(self) -> None:
        """Announce a submit that will follow soon, so that its connection can be opened in advance."""
        ...

    async def stream(self, request: ExternalRequest | Request, limit: TimeLimit) -> Stream:
        """Make one attempt at a request, and return its answer, whose body is read in pieces of at most 1 MiB.

        The body of an external answer is returned as it is on the wire. An API's request is authenticated, and its
        answer is unpacked if it is gzip or deflate. Raises `TransportFailure`, `ExternalRefused` or `SourceFailed`.
        """
        ...

    async def run_blocking(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function that blocks on the file system."""
        ...

    def lock(self, key: str) -> AbstractAsyncContextManager[None]:
        """Return a lock that this client's flows share by `key`."""
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

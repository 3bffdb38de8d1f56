"""Reading answers: those of an API whole, up to a limit, others as streams."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Protocol

from ..io.protocol import PIECE
from ..io.reply import Reply
from .encodings import EncodingProblem, unpacker_for, unpacker_of
from .failures import WireFailure, hide_wire, transport_failure

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from ..io.sent import SentTracker
    from ..redact import Secret
    from .bodies import Pieces
    from .connections import Connections
    from .http11 import Http11
    from .network import AttemptTimeouts

LARGEST_ANSWER: Final = 16 << 20
"""The largest API answer in bytes; a larger one is refused."""
KEPT: Final = 1 << 16
"""Bytes of a too large answer that are kept, because a job id is near its beginning."""


class Answer(Protocol):
    """One request and its answer. `begin` sends the request, and sets the status."""

    status: int
    """0 until the head has been read."""
    headers: Mapping[str, str]
    """Names in small letters; the values of a repeated header are joined with ", "."""

    raw: bytes
    """As in `Reply`."""

    async def begin(self, waits: AttemptTimeouts, sent: SentTracker) -> None:
        """Send the request, and read the answer's head."""
        ...

    async def read(self) -> bytes:
        """Return the body's next piece, b"" at its end."""
        ...

    async def read_within(self, seconds: float) -> bytes | None:
        """Return the body's next piece, None if none arrived in that time; it can be read later."""
        ...

    def peek(self) -> bytes:
        """Return the unread bytes of the body that arrived, without waiting, and set the status if there is one."""
        ...

    async def close(self) -> None:
        """Close the answer, also before its end. A second call is a no-op."""
        ...


class PooledAnswer:
    """An answer on one of our connections, which is returned to the pool at its end."""

    def __init__(
        self,
        connections: Connections,
        connection: Http11,
        head: bytes,
        body: bytes | Pieces,
        *,
        submit: bool = False,
    ) -> None:
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self._connections = connections
        self._connection: Http11 | None = connection
        self._request = head, body
        self._submit = submit
        self.raw = b""
        self._begun: tuple[AttemptTimeouts, SentTracker] | None = None

    async def begin(self, waits: AttemptTimeouts, sent: SentTracker) -> None:
        assert self._connection is not None, "the connection is taken until `close`"
        self._begun = waits, sent
        await self._connection.send(*self._request, waits, sent, keep=self._submit)
        try:
            self._know_head(await self._connection.receive_head(waits, sent))
        except WireFailure as failure:
            await self._linger(failure)
            raise

    def _know_head(self, head: Any) -> None:
        self.status = head.status_code
        headers: dict[str, str] = {}
        for name, value in head.headers:
            key, text = name.decode("ascii"), _text(value)
            headers[key] = f"{headers[key]}, {text}" if key in headers else text
        self.headers = headers

    async def read(self) -> bytes:
        return await self._read(None) or b""

    async def read_within(self, seconds: float) -> bytes | None:
        return await self._read(seconds)

    async def _read(self, within: float | None) -> bytes | None:
        if self._connection is None or self._begun is None:
            return b""
        try:
            piece = await self._connection.receive_body(*self._begun, within)
        except WireFailure as failure:
            await self._linger(failure)
            raise
        if piece == b"":
            connection, self._connection = self._connection, None
            self.raw = connection.raw_body()
            self._connections.give_back(connection)
        return piece

    async def _linger(self, failure: WireFailure) -> None:
        """Wait a moment for what follows that which is no HTTP, if it is the answer to a submit: `peek` gives it."""
        if self._submit and failure.kind == "garbled" and self._connection is not None and self._begun is not None:
            with suppress(WireFailure):
                await self._connection.linger(self._begun[0])

    def peek(self) -> bytes:
        if self._connection is None or self._begun is None:
            return b""
        head, body = self._connection.peek()
        self.raw = self._connection.raw_body()
        if head is not None and not self.status:
            self._know_head(head)
        return body

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


class Reading:
    """An API's answer while it is read; `reply` is the part so far."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._body = bytearray()
        self._problem: str | None = None
        self._unpacker = unpacker_for(answer.headers.get("content-encoding"))

    def add(self, piece: bytes) -> bool:
        """Add a piece of the body as received; return whether more is wanted."""
        if self._problem is None:
            try:
                self._take(piece)
            except EncodingProblem as problem:
                self._problem = str(problem)
            if self._problem is not None:
                del self._body[KEPT:]
        return self._problem is None

    def _take(self, piece: bytes) -> None:
        if self._unpacker is None:
            self._body += piece[: LARGEST_ANSWER + 1 - len(self._body)]
        else:
            data = self._unpacker.feed(piece, PIECE)
            while data:
                self._body += data
                data = self._unpacker.more(PIECE) if len(self._body) <= LARGEST_ANSWER else b""
        if len(self._body) > LARGEST_ANSWER:
            self._problem = f"the answer is larger than {LARGEST_ANSWER >> 20} MiB"

    def end(self) -> None:
        """Record that the body is complete."""
        self._unpack_undeclared()
        if self._problem is None and self._unpacker is not None:
            try:
                self._unpacker.finish()
            except EncodingProblem as problem:
                self._problem = str(problem)
        encoding = self._answer.headers.get("content-encoding", "identity").strip().lower()
        if self._unpacker is None and encoding not in ("", "identity") and not self._body.startswith((b"{", b"[")):
            self._problem = f"the answer is encoded as {encoding[:40]}, although identity was asked for"

    def reply(self, problem: str | None = None) -> Reply:
        """Return the part that was read; `problem` says why it is incomplete."""
        self._unpack_undeclared()
        problem = self._problem or problem
        return Reply(self._answer.status, self._answer.headers, bytes(self._body), problem, self._answer.raw)

    def _unpack_undeclared(self) -> None:
        """Unpack a body that begins as gzip does; boxes on the way compress, and some leave the header out."""
        unpacker = None if self._unpacker is not None else unpacker_of(self._body)
        if unpacker is not None:
            packed, self._body, self._unpacker = bytes(self._body), bytearray(), unpacker
            self.add(packed)


class HttpStream:
    """An answer that is read piece by piece: an API's is unpacked, a file is returned as it is on the wire."""

    def __init__(self, answer: Answer, secret: Secret, now: Callable[[], float], *, api: bool) -> None:
        self.status = answer.status
        self.headers = answer.headers
        self._answer = answer
        self._secret = secret
        self._now = now
        is_file = not api and 200 <= self.status < 300
        self._unpacker = None if is_file else unpacker_for(self.headers.get("content-encoding"))

    async def read(self) -> bytes:
        """Return the next piece, b"" at the end; raise `TransportFailure`."""
        return await self._read(self._answer.read) or b""

    async def read_within(self, seconds: float) -> bytes | None:
        """Return the next piece as `read` does, None if none came in that time: it can be read later."""
        until = self._now() + seconds  # a piece may unpack to nothing: read another one
        return await self._read(lambda: self._answer.read_within(max(0.0, until - self._now())))

    async def _read(self, receive: Callable[[], Awaitable[bytes | None]]) -> bytes | None:
        try:
            return await self._unpacked(receive)
        except WireFailure as failure:
            mistake = transport_failure(failure, "yes", self._secret, None)
        except EncodingProblem as problem:
            mistake = transport_failure(WireFailure("garbled", str(problem)), "yes", self._secret, None)
        except BaseException as error:
            hide_wire(error)
            raise
        raise mistake

    async def _unpacked(self, receive: Callable[[], Awaitable[bytes | None]]) -> bytes | None:
        if self._unpacker is None:
            return await receive()
        ready = self._unpacker.more(PIECE)
        while not ready:
            piece = await receive()
            if piece is None:
                return None
            if not piece:
                self._unpacker.finish()
                break
            ready = self._unpacker.feed(piece, PIECE)
        return ready

    async def __aenter__(self) -> HttpStream:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._answer.close()

"""The bodies of uploads and forms: read in pieces while they are sent, and checked against the announced length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..._signals import is_of_a_signal
from ..io.protocol import PIECE, SourceFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..io.deadline import TimeLimit
    from ..io.protocol import Pipe, Reader, Source
    from .network import Network

_WAIT_FOR_MORE: Final = 1.0
"""Seconds to wait for the end of a pipe after its announced bytes, to notice that it has more."""


class Pieces:
    """The body of one attempt."""

    def __init__(
        self,
        body: Source,
        reader: Reader,
        limit: TimeLimit,
        network: Network,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self._reader = reader
        self._limit = limit
        self._network = network
        self._left = self._total = body.size
        self._on_progress = on_progress
        self._last = b""

    async def next(self) -> bytes:
        """Return the next piece, b"" at the end; raise `SourceFailed` if there are fewer or more bytes than announced.

        A pipe is polled first, no longer than the limit allows.
        """
        if not self._left:
            return b""
        pipe = self._reader.pipe
        watched = pipe.descriptor if pipe is not None and pipe.may_wait() else None
        if watched is not None and not await self._network.ready((watched,), (), max(0.0, self._limit.clip(None))):
            raise SourceFailed(f"the stream stalled: nothing came for too long, {self._left} bytes before its end")
        self._last = await self._network.run_blocking(self._read, min(PIECE, self._left))
        if not self._last:
            raise SourceFailed(f"the source ended {self._left} bytes before its announced {self._total}", changed=True)
        if pipe is not None and len(self._last) == self._left and await self._has_more(pipe):
            raise SourceFailed(f"the stream has more bytes than its size={self._total}")
        return self._last

    async def _has_more(self, pipe: Pipe) -> bool:
        """Return whether bytes follow the announced ones, after waiting for a moment."""
        watched = pipe.descriptor
        if watched is not None and not await self._network.ready((watched,), (), _WAIT_FOR_MORE):
            return False
        return bool(await self._network.run_blocking(self._read, 1))

    def _read(self, size: int) -> bytes:
        try:
            piece: Any = self._reader.read(size)
        except SourceFailed:
            raise
        except Exception as error:  # an error of the user's file object is not a network failure
            if is_of_a_signal(error):
                raise
            raise SourceFailed(f"reading the source failed: {error}") from error
        if not isinstance(piece, bytes):
            raise SourceFailed(f"the source gave {type(piece).__name__}, not bytes: open it in binary mode")
        return piece

    def passed(self) -> None:
        """Record that the last piece was passed to the connection, and call the user's callback."""
        self._left -= len(self._last)
        if self._last and self._on_progress is not None:
            self._on_progress(self._total - self._left, self._total)
        self._last = b""
        if not self._left:
            self._limit.moving(False)

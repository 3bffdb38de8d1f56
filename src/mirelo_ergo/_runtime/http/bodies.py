"""Bodies of uploads and forms: read in pieces while they are sent, counted against the length that was announced."""

from __future__ import annotations

import select
from typing import TYPE_CHECKING, Any

import httpx

from ..io.protocol import PIECE, Pipe, Reader, Source, SourceFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..io.deadline import TimeLimit


_WAIT_FOR_MORE = 1.0
"""Seconds in which whoever writes a pipe shows that it has more than was announced, or that it ends."""


class CallbackFailed(Exception):
    """Carry what a user's callback raised past httpx, to be raised again as it was."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


class _Pieces:
    def __init__(
        self, body: Source, reader: Reader, limit: TimeLimit, on_progress: Callable[[int, int], None] | None = None
    ) -> None:
        self._reader = reader
        self._watch = limit
        self._left = self._total = body.size
        self._on_progress = on_progress
        self._last = b""

    def read(self) -> bytes:
        """Give the next piece, b"" at the end; raise `SourceFailed` if there are fewer bytes than announced."""
        if not self._left:
            return b""
        pipe = self._reader.pipe
        try:
            piece = self._reader.read(min(PIECE, self._left))
            last = isinstance(piece, bytes) and len(piece) == self._left
            more = pipe is not None and last and self._has_more(pipe)
        except SourceFailed:
            raise
        except Exception as error:  # whatever a file object of the user's raises, it is not the network's failure
            raise SourceFailed(f"reading the source failed: {error}") from error
        if not isinstance(piece, bytes):
            raise SourceFailed(f"the source gave {type(piece).__name__}, not bytes: open it in binary mode")
        if not piece:
            raise SourceFailed(f"the source ended {self._left} bytes before its announced {self._total}", changed=True)
        if more:
            raise SourceFailed(f"the stream has more bytes than its size={self._total}")
        return piece

    def _has_more(self, pipe: Pipe) -> bool:
        """Say whether bytes follow those that were announced; no more than a moment is waited for them."""
        return (pipe.descriptor is None or _readable(pipe.descriptor, _WAIT_FOR_MORE)) and bool(self._reader.read(1))

    def watched(self) -> int | None:
        """Return the descriptor to watch before the next read, None if that will not wait."""
        pipe = self._reader.pipe
        return pipe.descriptor if pipe is not None and self._left and pipe.may_wait() else None

    def stalled(self) -> SourceFailed:
        """Return what is raised when the time was up before the source gave anything."""
        return SourceFailed(f"the stream stalled: nothing came for too long, {self._left} bytes before its end")

    def passed(self) -> None:
        """Note that the last piece was handed over to the connection."""
        self._left -= len(self._last)
        if self._last and self._on_progress is not None:
            try:
                self._on_progress(self._total - self._left, self._total)
            except Exception as error:
                raise CallbackFailed(error) from error
        if not self._left:
            self._watch.moving(False)


def _readable(descriptor: int, seconds: float) -> bool:
    """Wait until a read will not wait, at most that long; say whether it came to that. Windows cannot watch pipes."""
    if not hasattr(select, "poll"):
        return True
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    return bool(poller.poll(max(0.0, seconds) * 1000))


async def _awaited(descriptor: int, seconds: float) -> bool:
    """Do the same on the event loop, where a cancellation ends it at once."""
    import asyncio  # only an async client needs it, and has it

    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    try:
        loop.add_reader(descriptor, ready.set)
    except (OSError, NotImplementedError):  # what the loop cannot watch
        return True
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            await ready.wait()
    except TimeoutError:
        return False
    finally:
        loop.remove_reader(descriptor)
    return True


class SyncPieces(_Pieces, httpx.SyncByteStream):
    """The body of a blocking upload."""

    def __iter__(self) -> SyncPieces:
        return self

    def __next__(self) -> bytes:
        self.passed()
        descriptor = self.watched()
        if descriptor is not None and not _readable(descriptor, self._watch.clip(None)):
            raise self.stalled()
        self._last = self.read()
        if not self._last:
            raise StopIteration
        return self._last


class AsyncPieces(_Pieces, httpx.AsyncByteStream):
    """The body of an awaited upload: the file is read off the event loop."""

    def __init__(
        self,
        body: Source,
        reader: Reader,
        limit: TimeLimit,
        disk: Callable[..., Any],
        on_progress: Callable[[int, int], None] | None = None,
    ) -> None:
        super().__init__(body, reader, limit, on_progress)
        self._disk = disk

    def __aiter__(self) -> Any:
        return self

    async def __anext__(self) -> bytes:
        self.passed()
        descriptor = self.watched()
        if descriptor is not None and not await _awaited(descriptor, self._watch.clip(None)):
            raise self.stalled()
        self._last = await self._disk(self.read)
        if not self._last:
            raise StopAsyncIteration
        return self._last

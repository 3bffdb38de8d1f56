"""Bodies of uploads: read in pieces while they are sent, and counted against the length that was announced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from ..io.protocol import PIECE, ExternalRequest, Reader, SourceFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..io.deadline import TimeLimit


class CallbackFailed(Exception):
    """Carry what a user's callback raised past httpx, to be raised again as it was."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


class _Pieces:
    def __init__(self, request: ExternalRequest, reader: Reader, limit: TimeLimit) -> None:
        assert request.body is not None, "only a request with a body has pieces"
        self._reader = reader
        self._watch = limit
        self._left = self._total = request.body.size
        self._on_progress = request.on_progress
        self._last = b""

    def read(self) -> bytes:
        """Give the next piece, b"" at the end; raise `SourceFailed` if there are fewer bytes than announced."""
        if not self._left:
            return b""
        try:
            piece = self._reader.read(min(PIECE, self._left))
        except Exception as error:  # whatever a file object of the user's raises, it is not the network's failure
            raise SourceFailed(f"reading the source failed: {error}") from error
        if not isinstance(piece, bytes):
            raise SourceFailed(f"the source gave {type(piece).__name__}, not bytes: open it in binary mode")
        if not piece:
            raise SourceFailed(f"the source ended {self._left} bytes before its announced {self._total}", changed=True)
        return piece

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


class SyncPieces(_Pieces, httpx.SyncByteStream):
    """The body of a blocking upload."""

    def __iter__(self) -> SyncPieces:
        return self

    def __next__(self) -> bytes:
        self.passed()
        self._last = self.read()
        if not self._last:
            raise StopIteration
        return self._last


class AsyncPieces(_Pieces, httpx.AsyncByteStream):
    """The body of an awaited upload: the file is read off the event loop."""

    def __init__(self, request: ExternalRequest, reader: Reader, limit: TimeLimit, disk: Callable[..., Any]) -> None:
        super().__init__(request, reader, limit)
        self._disk = disk

    def __aiter__(self) -> Any:
        return self

    async def __anext__(self) -> bytes:
        self.passed()
        self._last = await self._disk(self.read)
        if not self._last:
            raise StopAsyncIteration
        return self._last

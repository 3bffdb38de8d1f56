"""The object store's answers: files and ranges, with a strong ETag, and refusals in XML."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Protocol
from xml.sax.saxutils import escape

import attrs
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from mirelo_ergo.emulator.refusals import Refusal

CHUNK = 256 << 10
RANGE = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))")


class Readable(Protocol):
    """Something that can be downloaded, as a whole or in ranges."""

    @property
    def size(self) -> int:
        """The length in bytes."""
        ...

    @property
    def media_type(self) -> str:
        """The Content-Type."""
        ...

    @property
    def etag(self) -> str:
        """A strong validator: the same for equal bytes, another for others."""
        ...

    def chunks(self, first: int, last: int) -> Iterator[bytes]:
        """Yield the bytes from `first` up to `last`."""
        ...


@attrs.frozen
class StoredFile:
    """A file on disk."""

    path: Path
    size: int
    media_type: str
    sha256: str

    @property
    def etag(self) -> str:
        """A strong validator."""
        return f'"{self.sha256[:32]}"'

    def chunks(self, first: int, last: int) -> Iterator[bytes]:
        """Yield the bytes from `first` up to `last`, a few hundred KB at a time."""
        with self.path.open("rb") as stream:
            stream.seek(first)
            while first < last and (chunk := stream.read(min(CHUNK, last - first))):
                first += len(chunk)
                yield chunk


class Download(Response):
    """An answer with a file or one range of it, which is computed or read off the event loop."""

    def __init__(self, content: Readable, request: Request) -> None:
        super().__init__(media_type=content.media_type)
        size = content.size
        first, last = 0, size
        wanted = request.headers.get("range", "")
        span = _span(wanted, size) if request.headers.get("if-range", content.etag) == content.etag else None
        if span is not None:
            first, last = span
            self.status_code = 206 if first < last else 416
            self.headers["content-range"] = f"bytes {first}-{last - 1}/{size}" if first < last else f"bytes */{size}"
        self.headers["content-length"] = str(last - first)
        self.headers["etag"] = content.etag
        self.headers["accept-ranges"] = "bytes"
        self._chunks = content.chunks(first, last) if first < last else iter(())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        gone = asyncio.ensure_future(_left(receive))
        try:
            while not gone.done() and (chunk := await asyncio.to_thread(next, self._chunks, b"")):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        finally:
            gone.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _left(receive: Receive) -> None:
    """Return when the client has disconnected, so that a long result is not computed in vain."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _span(header: str, size: int) -> tuple[int, int] | None:
    """Return the requested range, empty if it is outside the file; None if there is none or it is malformed."""
    match = RANGE.fullmatch(header)
    if match is None:
        return None
    begin, end, tail = match.groups()
    if tail is not None:
        return max(0, size - int(tail)), size
    first, last = int(begin), min(int(end) + 1, size) if end else size
    if end and int(end) < first:
        return None
    return (first, last) if first < size else (size, size)


def store_error(refusal: Refusal) -> Response:
    """Return a refusal as an object store writes it, in XML."""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{refusal.code}</Code><Message>{escape(refusal.message)}</Message></Error>"
    )
    return Response(body, status_code=refusal.http_status, media_type="application/xml")

"""Multipart forms as streamed sources: each attempt reads the same bytes from the start, without loading files."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from uuid import uuid4

import attrs

from ..io.protocol import SourceFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..io.protocol import Pipe, Reader, Source


@attrs.frozen
class Part:
    """One field of a form: its bytes, or a source of them. `headers` are added to its disposition and content type."""

    name: str
    content: bytes | Source = attrs.field(repr=False)
    filename: str | None = None
    content_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def size(self) -> int:
        """The size of its content in bytes."""
        return len(self.content) if isinstance(self.content, bytes) else self.content.size

    @property
    def head(self) -> bytes:
        """The boundary and headers before its content."""
        disposition = f'form-data; name="{_escaped(self.name)}"'
        if self.filename is not None:
            disposition += f'; filename="{_escaped(self.filename)}"'
        lines = [("Content-Disposition", disposition), *self.headers]
        if self.content_type is not None:
            lines.append(("Content-Type", self.content_type))
        return "".join(f"{name}: {value}\r\n" for name, value in lines).encode() + b"\r\n"


def _escaped(text: str) -> str:
    """Return a name escaped as browsers do it."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


@attrs.frozen
class MultipartBody:
    """A form of the given parts in their order, as a `Source`. Its boundary is fixed: re-sends are byte-identical.

    Its sources are verified before the first byte is sent and again before the last one, because no server acts on an
    incomplete form.
    """

    parts: tuple[Part, ...]
    boundary: str = attrs.field(factory=lambda: uuid4().hex, repr=False)
    replayable: bool = True

    @property
    def content_type(self) -> str:
        """The request's content type, which names the boundary."""
        return f"multipart/form-data; boundary={self.boundary}"

    @property
    def size(self) -> int:
        """The size of the whole body in bytes."""
        return sum(piece.size if not isinstance(piece, bytes) else len(piece) for piece in self._pieces())

    @property
    def fingerprint(self) -> bytes:
        """A hash of the form's content, the same in every process. A streamed part counts with its size only."""
        digest = hashlib.sha256()
        for part in self.parts:
            digest.update(part.head)
            digest.update(part.content if isinstance(part.content, bytes) else b"%d bytes" % part.size)
            digest.update(b"\r\n")
        return digest.digest()

    def verify(self) -> None:
        """Raise `SourceFailed` if a part has changed since the form was made."""
        for part in self.parts:
            if not isinstance(part.content, bytes):
                part.content.verify()

    def open(self) -> Reader:
        """Return a reader of the body from its start; raises `SourceFailed`."""
        self.verify()
        return _FormReader(self, self._pieces())

    def _pieces(self) -> Iterator[bytes | Source]:
        for part in self.parts:
            yield f"--{self.boundary}\r\n".encode() + part.head
            yield part.content
            yield b"\r\n"
        yield self.end

    @property
    def end(self) -> bytes:
        """The closing boundary."""
        return f"--{self.boundary}--\r\n".encode()


class _FormReader:
    """Reads a form piece by piece, with one part open at a time."""

    pipe: Pipe | None = None

    def __init__(self, form: MultipartBody, pieces: Iterator[bytes | Source]) -> None:
        self._form = form
        self._pieces = pieces
        self._ready = b""
        self._open: Reader | None = None
        self._left = 0

    def read(self, size: int, /) -> bytes:
        while not self._ready and self._open is None:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            if not isinstance(piece, bytes):
                self._open, self._left = piece.open(), piece.size
                if self._open.pipe is not None:  # its length is not certain, and it can be read only once
                    raise SourceFailed("a stream that cannot be rewound cannot be part of a form: give a path or bytes")
                break
            if piece == self._form.end:
                self._form.verify()
            self._ready = piece
        if self._open is not None:
            return self._part(self._open, size)
        data, self._ready = self._ready[:size], self._ready[size:]
        return data

    def _part(self, reader: Reader, size: int) -> bytes:
        """Return the next bytes of the open part, and close it after its last ones."""
        data = reader.read(min(size, self._left))
        self._left -= len(data)
        if not data and self._left:
            raise SourceFailed(f"a part of the form ended {self._left} bytes too early", changed=True)
        if not self._left:
            self.close()
        return data or self.read(size)

    def close(self) -> None:
        """Close the part that is open."""
        reader, self._open = self._open, None
        if reader is not None:
            reader.close()

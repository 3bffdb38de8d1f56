"""Bytes to upload: from a path, from memory, from an open file. Each says how many there are and reads them anew."""

from __future__ import annotations

import contextlib
import io
import os
from typing import TYPE_CHECKING, BinaryIO, Protocol

import attrs

from ...errors import InvalidRequestError
from ..io.protocol import Reader, Source, SourceFailed
from ..redact import short_repr, shorten
from .content_types import HEAD

if TYPE_CHECKING:
    from pathlib import Path

Stamp = tuple[int, int, int, int]
"""Size, modification time in ns, inode and device: another stamp is another file."""


class Uploadable(Source, Protocol):
    """A source that an upload can use: it knows whether it can start again, and whether it is still the same."""

    @property
    def replayable(self) -> bool: ...
    @property
    def identity(self) -> str: ...
    def verify(self) -> None:
        """Raise `SourceFailed` if the bytes are not the ones that were announced any more."""
        ...


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_size, status.st_mtime_ns, status.st_ino, status.st_dev


@attrs.frozen
class PathSource:
    """A file by its path, at one moment: `stamp` tells whether it is still that file."""

    path: Path
    stamp: Stamp
    replayable: bool = True

    @property
    def size(self) -> int:
        return self.stamp[0]

    @property
    def identity(self) -> str:
        return f"{self.path} {self.stamp}"

    def open(self) -> Reader:
        try:
            file = self.path.open("rb", buffering=0)
        except OSError as error:
            raise SourceFailed(f"{self.path} cannot be opened: {error.strerror}", changed=True) from error
        if _stamp(os.fstat(file.fileno())) != self.stamp:
            file.close()
            raise SourceFailed(f"{self.path} changed since it was chosen", changed=True)
        return file

    def verify(self) -> None:
        try:
            same = _stamp(self.path.stat()) == self.stamp
        except OSError as error:
            raise SourceFailed(f"{self.path} is gone: {error.strerror}", changed=True) from error
        if not same:
            raise SourceFailed(f"{self.path} changed while it was uploaded", changed=True)


def stat_file(path: Path, what: str) -> tuple[Stamp, bytes]:
    """Give a file's stamp and first bytes; `InvalidRequestError` if it is missing, empty, a folder or unreadable."""
    problem: str
    try:
        if path.is_dir():
            problem = "is a folder, not a file"
        else:
            with path.open("rb") as file:
                stamp = _stamp(os.fstat(file.fileno()))
                if stamp[0]:
                    return stamp, file.read(HEAD)
            problem = "is empty"
    except FileNotFoundError:
        problem = "does not exist"
    except (OSError, ValueError) as error:
        problem = f"cannot be read ({getattr(error, 'strerror', None) or error})"
    raise InvalidRequestError(f"{what}: the file {shorten(str(path), 200)} {problem}; nothing was sent", field=what)


@attrs.frozen
class BytesSource:
    """Bytes in memory."""

    data: bytes = attrs.field(repr=False)
    replayable: bool = True

    @property
    def size(self) -> int:
        return len(self.data)

    @property
    def identity(self) -> str:
        return f"bytes {id(self.data)}"

    def open(self) -> Reader:
        return io.BytesIO(self.data)

    def verify(self) -> None:
        """Find nothing: bytes do not change."""


class _Borrowed:
    """Read a file object that stays open: it belongs to the user."""

    def __init__(self, source: FileSource) -> None:
        self._source = source

    def read(self, size: int, /) -> bytes:
        self._source.used = True
        return self._source.file.read(size)

    def close(self) -> None:
        """Leave it open."""


@attrs.define(eq=False)
class FileSource:
    """An open binary file. `start` is None when it cannot be rewound: then its bytes go out once, or not at all.

    `stamp` is the file behind it at the moment of a `snapshot`, None if there is none.
    """

    file: BinaryIO
    size: int
    start: int | None
    used: bool = False
    stamp: Stamp | None = None

    @property
    def replayable(self) -> bool:
        return self.start is not None or not self.used

    @property
    def identity(self) -> str:
        return f"file object {id(self.file)} {self.start} {self.size} {self.stamp}"

    def snapshot(self) -> FileSource:
        """Give the same source, with the file as it is now for the one to upload."""
        return self if self.start is None else attrs.evolve(self, stamp=self._now())

    def _now(self) -> Stamp | None:
        if self.start is not None:  # a pipe's times change while it is read
            with contextlib.suppress(OSError, AttributeError, ValueError):
                return _stamp(os.fstat(self.file.fileno()))
        return None

    def open(self) -> Reader:
        if self.start is not None:
            self.verify()
            self.file.seek(self.start)
        elif self.used:
            raise SourceFailed("the stream was read already and cannot be rewound: give a path or bytes instead")
        return _Borrowed(self)

    def verify(self) -> None:
        """Compare length and stamp now with the announced ones, where they can be seen."""
        if self.start is None:
            return
        try:
            length = self.file.seek(0, os.SEEK_END) - self.start
        except Exception as error:  # whatever a file object of the user's raises
            raise SourceFailed(f"the file object cannot be read again: {error}") from error
        if length != self.size or self._now() != self.stamp:
            raise SourceFailed("the file object's contents changed while they were uploaded", changed=True)


def open_source(file: BinaryIO, size: int | None, what: str) -> tuple[FileSource, bytes]:
    """Describe an open binary file from where it stands, and give its first bytes; raises `InvalidRequestError`."""
    problem: str
    try:
        if isinstance(file.read(0), str):  # what the annotation rules out, and users do
            problem = "is open in text mode: open it with 'rb'"
        elif file.seekable():
            start = file.tell()
            found = file.seek(0, os.SEEK_END) - start
            file.seek(start)
            head = file.read(HEAD)
            file.seek(start)
            if found > 0 and size in (None, found):
                return FileSource(file, found, start), head
            problem = "is empty" if found <= 0 else f"has {found} bytes, not size={size}"
        elif size is None:
            problem = "cannot be rewound, so its length is not known: give size=, or use from_path or from_bytes"
        elif isinstance(size, int) and size > 0:
            return FileSource(file, size, None), b""
        else:
            problem = f"has size={short_repr(size, 40)}: give the number of bytes"
    except (OSError, ValueError, AttributeError) as error:
        problem = f"cannot be read ({error})"
    raise InvalidRequestError(f"{what}: the file object {problem}; nothing was sent", field=what)

"""The sources of uploads: a path, bytes in memory, or an open file."""

from __future__ import annotations

import io
import itertools
import os
import stat
import sys
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Protocol
from weakref import WeakSet, WeakValueDictionary

import attrs

from ..._signals import Tolerating, is_of_a_signal
from ...errors import InvalidRequestError
from ..io.mutex import mutex_of
from ..io.protocol import Pipe, Reader, Source, SourceFailed
from ..redact import short_repr, shorten
from .content_types import HEAD
from .folders import unexpanded

_numbers = itertools.count(1)
"""Numbers for sources without a name: unlike an `id()`, none is reused."""


class Uploadable(Source, Protocol):
    """A source with an identity, by which an earlier upload of the same bytes is found."""

    @property
    def identity(self) -> str | None:
        """The identity of these exact bytes; None if none can be given."""
        ...


_UNSTEADY = ("nfs", "cifs", "smb", "fuse", "9p", "afs", "ceph", "vboxsf", "drvfs", "prl_fs", "virtiofs", "gluster")
"""Prefixes of the names of file systems that may change the inode or round the time of an unchanged file."""


@attrs.frozen
class FileState:
    """The state of a file at one moment. An upload is reused only if nothing of it differs."""

    size: int
    modified_ns: int
    changed_ns: int
    inode: int
    device: int

    @classmethod
    def of(cls, status: os.stat_result) -> FileState:
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev)

    def is_still(self, now: FileState, *, steady: bool) -> bool:
        """Return whether a file is unchanged after it was sent.

        If the file system is not `steady`, only size and whole seconds count: otherwise no file could ever be sent.
        """
        if (self.size, self.modified_ns // 10**9) != (now.size, now.modified_ns // 10**9):
            return False
        return not steady or self._exactly == now._exactly

    @property
    def _exactly(self) -> tuple[int, int, int]:
        return self.modified_ns, self.inode, self.device


def is_steady(path: Path, opened: FileState) -> bool:
    """Return whether the file system reports a stable state for a file. `opened` is the state by its descriptor."""
    if sys.platform == "win32":
        return False
    by_name = FileState.of(path.stat())
    differs = by_name != opened and by_name.is_still(opened, steady=False)
    return not differs and not _file_system(opened.device).startswith(_UNSTEADY)


@lru_cache(maxsize=64)
def _file_system(device: int) -> str:
    """Return the name of a device's file system, "" if the system does not give it."""
    with Tolerating(OSError, ValueError, IndexError):
        number = f"{os.major(device)}:{os.minor(device)}"
        for line in Path("/proc/self/mountinfo").read_text(errors="replace").splitlines():
            mount, _, source = line.partition(" - ")
            if mount.split()[2] == number:
                return source.split()[0]
    return ""


@attrs.define
class _Opened:
    """A file that was opened for this upload."""

    file: BinaryIO
    pipe: Pipe | None = None

    def read(self, size: int, /) -> bytes:
        return self.file.read(size)

    def close(self) -> None:
        self.file.close()


@attrs.frozen
class PathSource:
    """A file given by its path. `state` is its state when it was chosen."""

    path: Path
    state: FileState
    steady: bool = True
    replayable: bool = True

    @property
    def size(self) -> int:
        return self.state.size

    @property
    def identity(self) -> str:
        return f"{self.path} {self.state}"

    def open(self) -> Reader:
        try:
            self._check(self.path.stat(), "since it was chosen")  # opening a pipe may block for ever
            file = self.path.open("rb", buffering=0)
        except OSError as error:
            if is_of_a_signal(error):
                raise
            raise SourceFailed(f"{self.path} cannot be opened: {error.strerror}", changed=True) from error
        if not self.state.is_still(FileState.of(os.fstat(file.fileno())), steady=self.steady):
            file.close()
            raise SourceFailed(f"{self.path} changed since it was chosen", changed=True)
        return _Opened(file)

    def verify(self) -> None:
        try:
            status = self.path.stat()
        except OSError as error:
            if is_of_a_signal(error):
                raise
            raise SourceFailed(f"{self.path} is gone: {error.strerror}", changed=True) from error
        self._check(status, "while it was uploaded")

    def _check(self, status: os.stat_result, when: str) -> None:
        regular = stat.S_ISREG(status.st_mode)
        if not regular or not self.state.is_still(FileState.of(status), steady=self.steady):
            raise SourceFailed(f"{self.path} changed {when}", changed=True)


def open_path(path: Path, what: str) -> tuple[PathSource, bytes]:
    """Return a source and its first bytes; raises `InvalidRequestError` if missing, empty or not a regular file."""
    problem: str
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            problem = "is a folder, not a file"
        elif not stat.S_ISREG(mode):  # checked before it is opened, because opening a pipe waits for its writer
            problem = (
                f"is {_named(mode)}, not a regular file: save it to a file first, or give its open file to from_file "
                "with its size"
            )
        else:
            with path.open("rb") as file:
                state = FileState.of(os.fstat(file.fileno()))
                head = file.read(HEAD)
            if state.size:
                return PathSource(path, state, is_steady(path, state)), head
            problem = "is empty"
    except FileNotFoundError:
        problem = "does not exist"
        if unexpanded(path):
            problem += ": only a shell replaces ~, so give Path(…).expanduser()"
    except (OSError, ValueError) as error:
        if is_of_a_signal(error):
            raise
        problem = f"cannot be read ({getattr(error, 'strerror', None) or error})"
    raise InvalidRequestError(f"{what}: the file {shorten(str(path), 200)} {problem}; nothing was sent", field=what)


def _named(mode: int) -> str:
    kinds = ((stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"), (stat.S_ISCHR, "a device"))
    return next((name for is_kind, name in kinds if is_kind(mode)), "a device")


@attrs.frozen
class BytesSource:
    """Bytes in memory."""

    data: bytes = attrs.field(repr=False)
    replayable: bool = True
    number: int = attrs.field(factory=lambda: next(_numbers))

    @property
    def size(self) -> int:
        return len(self.data)

    @property
    def identity(self) -> str:
        return f"bytes {self.number}"

    def open(self) -> Reader:
        return _Opened(io.BytesIO(self.data))

    def verify(self) -> None:
        """No-op: bytes do not change."""


class _Use:
    """The use of a file object, which has one position for all who read it."""

    def __init__(self) -> None:
        self._mutex = mutex_of(self)
        self.readers: WeakSet[FileView] = WeakSet()
        """Those that are open; a cancelled upload may drop one without closing it."""
        self.home = 0
        """Where the object stood before the first of its readers moved it."""


_uses: WeakValueDictionary[int, _Use] = WeakValueDictionary()
"""By the `id()` of the file object, which is no other object's while a source holds both."""


def _use_of(file: BinaryIO) -> _Use:
    return _uses.setdefault(id(file), _Use())


class FileView:
    """A reader of a file object from its source's start, with its own position: others may read the object meanwhile.

    When the last one is closed, the object stands where it stood before.
    """

    def __init__(self, source: FileSource) -> None:
        assert source.start is not None, "a stream that cannot be rewound has one reader"
        self._file, self._use, self._start = source.file, source.use, source.start
        self._at = source.start
        with self._use._mutex:
            if not self._use.readers:
                self._use.home = self._file.tell()
            self._use.readers.add(self)

    def read(self, size: int = -1) -> bytes:
        with self._use._mutex:
            if self._file.tell() != self._at:  # another reader has moved it
                self._file.seek(self._at)
            piece = self._file.read(size)
            self._at = self._file.tell()
        return piece

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: self._start, os.SEEK_CUR: self._at}.get(whence)
        with self._use._mutex:
            self._file.seek(offset + (start or 0), whence if start is None else os.SEEK_SET)
            self._at = self._file.tell()
        return self.tell()

    def tell(self) -> int:
        return self._at - self._start

    def close(self) -> None:
        with self._use._mutex:
            if self not in self._use.readers:
                return
            self._use.readers.remove(self)
            if not self._use.readers:
                with Tolerating(OSError, ValueError):  # the caller has closed it
                    self._file.seek(self._use.home)


class _Borrowed:
    """A reader of the user's file object, which stays open. One that cannot be rewound is a pipe."""

    def __init__(self, source: FileSource) -> None:
        self._source = source
        self._file = source.file
        self._view = None if source.start is None else FileView(source)
        self.pipe: Pipe | None = self if self._view is None else None
        self.descriptor = _descriptor(self._file)
        # Only here a poll of the descriptor is meaningful: a wrapper may have buffered bytes.
        raw = self._file.raw if isinstance(self._file, io.BufferedReader) else self._file
        self._watched = self.descriptor is not None and isinstance(raw, io.FileIO) and hasattr(os, "get_blocking")
        self._first = True

    def may_wait(self) -> bool:
        if not self._watched or self.descriptor is None:
            return False
        first, self._first = self._first, False
        if not first or not isinstance(self._file, io.BufferedReader):
            return True
        blocking = os.get_blocking(self.descriptor)
        os.set_blocking(self.descriptor, False)  # read the buffer without waiting for more
        try:
            return not self._file.peek(1)
        finally:
            os.set_blocking(self.descriptor, blocking)

    def read(self, size: int, /) -> bytes:
        self._source.used = True
        if self._view is not None:
            return self._view.read(size)
        if self._watched and isinstance(self._file, io.BufferedReader):
            return self._file.read1(size)  # the bytes that are available: a full piece may take a slow writer minutes
        return self._file.read(size)

    def close(self) -> None:
        """Leave it open, where it was."""
        if self._view is not None:
            self._view.close()


def _descriptor(file: BinaryIO) -> int | None:
    try:
        number = file.fileno()
    except (OSError, AttributeError, ValueError):
        return None
    return number if isinstance(number, int) else None


@attrs.define(eq=False)
class FileSource:
    """An open binary file. `start` is None if it cannot be rewound: then its bytes can be sent once only.

    `state` is the state of the underlying file at the moment of a `snapshot`, None if there is none.
    """

    file: BinaryIO
    size: int
    start: int | None
    used: bool = False
    state: FileState | None = None
    number: int = attrs.field(factory=lambda: next(_numbers))
    use: _Use = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self.use = _use_of(self.file)

    @property
    def replayable(self) -> bool:
        return self.start is not None or not self.used

    @property
    def identity(self) -> str | None:
        if self.start is None:
            return f"stream {self.number}"  # it can be read once only
        if self.state is None:
            return None  # changes in memory cannot be detected
        return f"open file {self.start} {self.size} {self.state}"

    def snapshot(self) -> FileSource:
        """Return the source with the file's current state, for an upload. Whether it was read already is kept."""
        if self.start is None:
            return self
        with Tolerating(OSError, ValueError):  # its upload will report any error
            self.size = max(1, self._length() - self.start)
        return attrs.evolve(self, state=self._now())

    def _now(self) -> FileState | None:
        descriptor = _descriptor(self.file) if self.start is not None else None  # reading changes a pipe's times
        with Tolerating(OSError):
            return None if descriptor is None else FileState.of(os.fstat(descriptor))
        return None

    def open(self) -> Reader:
        if self.start is not None:
            self.verify()
        elif self.used:
            raise SourceFailed("the stream was read already and cannot be rewound: give a path or bytes instead")
        return _Borrowed(self)

    def verify(self) -> None:
        """Compare the current length and state with the announced ones, if they are known."""
        if self.start is None:
            return
        try:
            length = self._length() - self.start
        except Exception as error:  # a user's file object may raise anything
            if is_of_a_signal(error):
                raise
            raise SourceFailed(f"the file object cannot be read again: {error}") from error
        now = self._now()
        same = now is None if self.state is None else now is not None and self._is_still(self.state, now)
        if length != self.size or not same:
            raise SourceFailed("the file object's contents changed while they were uploaded", changed=True)

    def _length(self) -> int:
        with self.use._mutex:
            return _length(self.file)

    @staticmethod
    def _is_still(before: FileState, now: FileState) -> bool:
        return before.is_still(now, steady=not _file_system(before.device).startswith(_UNSTEADY))


def _length(file: BinaryIO) -> int:
    at = file.tell()
    file.seek(0, os.SEEK_END)
    length = file.tell()  # seek returns None for an mmap before Python 3.13
    file.seek(at)
    return length


def open_source(file: BinaryIO, size: int | None, what: str) -> tuple[FileSource, bytes]:
    """Return a source from a file's current position, and its first bytes; raises `InvalidRequestError`.

    While others read it, its position is the one that it had before.
    """
    problem: str
    try:
        if isinstance(file.read(0), str):  # the annotation excludes it, but users do it
            problem = "is open in text mode: open it with 'rb'"
        elif _is_seekable(file):
            use = _use_of(file)
            with use._mutex:
                at = file.tell()
                start = use.home if use.readers else at
                found = _length(file) - start
                file.seek(start)
                head = file.read(HEAD)
                file.seek(at)
            if found > 0 and size in (None, found):
                return FileSource(file, found, start), head
            problem = "is empty" if found <= 0 else f"has {found} bytes, not size={size}"
        elif size is None:
            problem = "cannot be rewound, so its length is not known: give size= to from_file, or a path or its bytes"
        elif isinstance(size, int) and size > 0:
            return FileSource(file, size, None), b""
        else:
            problem = f"has size={short_repr(size, 40)}: give the number of bytes"
    except (OSError, ValueError, AttributeError) as error:
        if is_of_a_signal(error):
            raise
        problem = f"cannot be read ({error})"
    raise InvalidRequestError(f"{what}: the file object {problem}; nothing was sent", field=what)


def _is_seekable(file: BinaryIO) -> bool:
    """Return whether a file object can be rewound. An mmap can, but has no `seekable` before Python 3.13."""
    seekable = getattr(file, "seekable", None)
    return bool(seekable()) if seekable is not None else hasattr(file, "seek")

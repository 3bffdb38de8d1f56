"""Where downloads go: a `.part` file that becomes the target only when it is whole, or memory. Blocking."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import secrets
from typing import TYPE_CHECKING, BinaryIO, Protocol

from .content_types import EXTENSIONS, is_whole

if TYPE_CHECKING:
    from pathlib import Path

FLUSH = 1 << 20
"""Bytes gathered before they are written: one step off the event loop per MiB, not per network read."""


class Sink(Protocol):
    """Take a download's bytes. `begin` is told the content type once it is known; `finish` makes it count."""

    @property
    def size(self) -> int: ...
    def begin(self, content_type: str) -> None: ...
    def write(self, data: bytes) -> None: ...
    def restart(self) -> None: ...
    def is_whole(self) -> bool: ...
    def finish(self) -> None: ...
    def discard(self) -> None: ...


class FileSink:
    """Write beside the target and move it there when whole. Nothing is overwritten unless asked; links are refused."""

    def __init__(self, folder: Path, stem: str, *, overwrite: bool) -> None:
        self._folder, self._stem, self._overwrite = folder, stem, overwrite
        self._part: Path | None = None
        self._file: BinaryIO | None = None
        self._hash = hashlib.sha256()
        self.target: Path | None = None
        self.size = 0

    def begin(self, content_type: str) -> None:
        """Choose the target's name, refuse one that is taken, and open the part file."""
        target = self._folder / f"{self._stem}{EXTENSIONS[content_type]}"
        if self._file is not None and target == self.target:
            return
        self.discard()  # begun anew, as another kind of file
        self._folder.mkdir(parents=True, exist_ok=True)
        self.target = target
        self._refuse_taken(self.target)
        self._part = self.target.with_name(f".{self.target.name}.{secrets.token_hex(4)}.part")
        self._file = self._part.open("xb+", buffering=0)

    def _refuse_taken(self, target: Path) -> None:
        if target.is_symlink():
            raise OSError(errno.ELOOP, "the target is a symbolic link, which is not followed", str(target))
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, "the target is a folder", str(target))
        if not self._overwrite and target.exists():
            raise FileExistsError(errno.EEXIST, "the target exists; pass overwrite=True to replace it", str(target))

    def write(self, data: bytes) -> None:
        assert self._file is not None, "begin comes first"
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]
        self._hash.update(data)
        self.size += len(data)

    def restart(self) -> None:
        """Throw away what was written."""
        if self._file is not None:
            self._file.seek(0)
            self._file.truncate()
        self._hash = hashlib.sha256()
        self.size = 0

    def is_whole(self) -> bool:
        if self._file is None:
            return False
        whole = is_whole(self._file, self.size)
        self._file.seek(self.size)  # more may be written if it is not
        return whole

    @property
    def sha256(self) -> str:
        """Give the hash of what was written, as hex."""
        return self._hash.hexdigest()

    def finish(self) -> None:
        """Make it safe on disk and give it its final name."""
        assert self._file is not None, "begin comes first"
        assert self._part is not None, "begin comes first"
        assert self.target is not None, "begin comes first"
        os.fsync(self._file.fileno())
        self._file.close()
        if self._overwrite:
            self._refuse_taken(self.target)
            self._part.replace(self.target)
        else:
            self._place_new(self._part, self.target)
        self._part = None
        self._sync_folder()

    def _place_new(self, part: Path, target: Path) -> None:
        """Give the name only if nobody has it: a link fails on a taken name, a rename would not."""
        try:
            os.link(part, target)
        except FileExistsError:
            self._refuse_taken(target)
            raise
        except OSError:  # a file system without links
            self._refuse_taken(target)
            part.replace(target)
        else:
            part.unlink()

    def _sync_folder(self) -> None:
        with contextlib.suppress(OSError):  # not every system can sync a folder
            handle = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def discard(self) -> None:
        """Close and remove the part file, if it is still there."""
        if self._file is not None:
            self._file.close()
        if self._part is not None:
            self._part.unlink(missing_ok=True)
            self._part = None


class MemorySink:
    """Keep a download in memory."""

    def __init__(self) -> None:
        self._data = io.BytesIO()

    @property
    def size(self) -> int:
        return self._data.tell()

    @property
    def data(self) -> bytes:
        """Give what was downloaded."""
        return self._data.getvalue()

    def begin(self, content_type: str) -> None:
        """Need nothing."""

    def write(self, data: bytes) -> None:
        self._data.write(data)

    def restart(self) -> None:
        self._data.seek(0)
        self._data.truncate()

    def is_whole(self) -> bool:
        return is_whole(io.BytesIO(self.data), self.size)

    def finish(self) -> None:
        """Need nothing."""

    def discard(self) -> None:
        """Need nothing."""

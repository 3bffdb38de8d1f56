"""The targets of downloads: a `.part` file that is renamed when it is complete, or memory. Blocking."""

from __future__ import annotations

import errno
import hashlib
import io
import itertools
import os
import secrets
from typing import TYPE_CHECKING, BinaryIO, Protocol

from ..._signals import Tolerating, is_of_a_signal
from .content_types import EXTENSIONS, HEAD, judge, result_type
from .folders import make_folder
from .probe import decodes_whole

if TYPE_CHECKING:
    from pathlib import Path

    from .containers import Verdict

_LONGEST = 200
"""Bytes of a name that leave room for more words: a caller's own name may be as long as the file system allows."""
_ATTEMPTS = 20
"""Attempts to take a name that is taken when it is asked for, and free afterwards."""
FLUSH = 1 << 20
"""Bytes that are collected before a write, so that async clients use a thread once per MiB, not once per read."""


class Sink(Protocol):
    """The target of a download. `begin` is called once the content type is known, `finish` at the end."""

    @property
    def size(self) -> int: ...
    @property
    def target(self) -> Path | None: ...
    def begin(self, content_type: str) -> None: ...
    def write(self, data: bytes) -> None: ...
    def restart(self) -> None: ...
    def judge(self) -> Verdict: ...
    def decodes_whole(self) -> bool: ...
    def finish(self) -> None: ...
    def keep_unproved(self) -> None: ...
    def discard(self) -> None: ...


class FileSink:
    """A sink that writes a file beside the target, and renames it when complete. It overwrites only if told to.

    `stem` is the target's name without the suffix, which follows from the content type unless `suffix` is given. An
    existing target with the same content counts as written. If its content differs, `numbered` appends a number to the
    name ("rain-2"); otherwise it is an error. Symbolic links are refused.
    """

    def __init__(
        self, folder: Path, stem: str, *, overwrite: bool, numbered: bool = False, suffix: str | None = None
    ) -> None:
        self._folder, self._stem, self._suffix = folder, stem, suffix
        self._overwrite, self._numbered = overwrite, numbered
        self._part: Path | None = None
        self._file: BinaryIO | None = None
        self._hash = hashlib.sha256()
        self.target: Path | None = None
        self.size = 0

    def whole_already(self) -> Path | None:
        """Return the target if it exists and is provably complete. Only for names that no other job uses."""
        if self._overwrite:
            return None
        for suffix in sorted(set(EXTENSIONS.values())):
            target = self._folder / f"{self._stem}{suffix}"
            with Tolerating(OSError):
                if not target.is_symlink() and target.is_file() and _judge(target, suffix) == "whole":
                    self.target = target
                    return target
        return None

    def begin(self, content_type: str) -> None:
        """Choose the target's name, refuse a taken one, and open the part file."""
        suffix = EXTENSIONS[content_type] if self._suffix is None else self._suffix
        target = self._folder / f"{self._stem}{suffix}"
        if self._file is not None and target == self.target:
            return
        self.discard()  # restarted with another kind of file
        make_folder(self._folder)
        self.target = target
        if not self._numbered and not self._may_be_this(target, content_type):
            self._refuse_taken(target)
        self._part = target.with_name(f".{_cut(target.name)}.{secrets.token_hex(4)}.part")
        self._file = self._part.open("xb+", buffering=0)

    def _may_be_this(self, target: Path, content_type: str) -> bool:
        """Return whether an existing file may be the one that is downloaded."""
        if self._overwrite or target.is_symlink() or not target.is_file():
            return False
        with target.open("rb") as file:
            return result_type(content_type, file.read(HEAD)) == content_type

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
        """Discard the written bytes."""
        if self._file is not None:
            self._file.seek(0)
            self._file.truncate()
        self._hash = hashlib.sha256()
        self.size = 0

    def judge(self) -> Verdict:
        if self._file is None:
            return "unproved"
        verdict = judge(self._file, self.size)
        self._file.seek(self.size)  # more may be written if the file is not complete
        return verdict

    def decodes_whole(self) -> bool:
        if self._file is None:
            return False
        whole = decodes_whole(self._file)
        self._file.seek(self.size)
        return whole

    @property
    def sha256(self) -> str:
        """The sha256 of the written bytes, as hex."""
        return self._hash.hexdigest()

    def finish(self) -> None:
        """Sync the file to disk and give it its final name."""
        assert self.target is not None, "begin comes first"
        self._finish_as(self.target, overwrite=self._overwrite, numbered=self._numbered)

    def keep_unproved(self) -> None:
        """Give the file a name with "unverified" in it; overwrite nothing."""
        assert self.target is not None, "begin comes first"
        named = self.target.with_name(f"{_cut(self.target.stem)}.unverified{self.target.suffix}")
        self._finish_as(named, overwrite=False, numbered=True)

    def _finish_as(self, target: Path, *, overwrite: bool, numbered: bool) -> None:
        assert self._file is not None, "begin comes first"
        assert self._part is not None, "begin comes first"
        os.fsync(self._file.fileno())
        self._file.close()
        if overwrite:
            self._refuse_taken(target)
            self._part.replace(target)
        else:
            target = self._place_new(self._part, target, numbered=numbered)
        self._part, self.target = None, target
        self._sync_folder()

    def _place_new(self, part: Path, target: Path, *, numbered: bool) -> Path:
        """Give the file a name if that is free: a hard link fails for a taken name, a rename would replace it.

        A name that was taken for a moment only is tried again: another process may download the same file and move it.
        """
        stem, suffix = target.stem, target.suffix
        for number in itertools.count(2):
            try:
                self._claim(part, target)
            except FileExistsError:
                if self._is_there(target):
                    part.unlink()
                    return target
                if numbered:
                    target = target.with_name(f"{stem}-{number}{suffix}")
                    continue
                self._refuse_taken(target)
                if number > _ATTEMPTS:
                    raise
            else:
                return target
        raise AssertionError("numbers do not end")

    def _claim(self, part: Path, target: Path) -> None:
        try:
            os.link(part, target)
        except FileExistsError:
            raise
        except OSError as error:  # a file system without hard links
            if is_of_a_signal(error):
                raise
            if target.is_symlink() or target.exists():
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
            part.replace(target)
        else:
            part.unlink()

    def _is_there(self, target: Path) -> bool:
        """Return whether an existing file has the same content."""
        with Tolerating(OSError):
            if target.is_symlink() or not target.is_file() or target.stat().st_size != self.size:
                return False
            with target.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == self.sha256
        return False

    def _sync_folder(self) -> None:
        with Tolerating(OSError):  # some systems cannot sync a folder
            handle = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def discard(self) -> None:
        """Close and remove the part file, if it still exists."""
        if self._file is not None:
            self._file.close()
        if self._part is not None:
            self._part.unlink(missing_ok=True)
            self._part = None


def _cut(name: str) -> str:
    return os.fsdecode(os.fsencode(name)[:_LONGEST])


def _judge(path: Path, suffix: str) -> Verdict:
    """Check an existing file, by the kind of its suffix."""
    content_type = next(name for name, each in EXTENSIONS.items() if each == suffix)
    with path.open("rb") as file:
        return judge(file, os.fstat(file.fileno()).st_size, content_type)


class MemorySink:
    """A sink in memory."""

    def __init__(self) -> None:
        self._data = io.BytesIO()
        self.target: Path | None = None

    @property
    def size(self) -> int:
        return self._data.tell()

    @property
    def data(self) -> bytes:
        """The downloaded bytes."""
        return self._data.getvalue()

    def begin(self, content_type: str) -> None:
        """No-op."""

    def write(self, data: bytes) -> None:
        self._data.write(data)

    def restart(self) -> None:
        self._data.seek(0)
        self._data.truncate()

    def judge(self) -> Verdict:
        size = self.size
        verdict = judge(self._data, size)
        self._data.seek(size)
        return verdict

    def decodes_whole(self) -> bool:
        return decodes_whole(io.BytesIO(self.data))

    def finish(self) -> None:
        """No-op."""

    def keep_unproved(self) -> None:
        """No-op: memory has no name."""

    def discard(self) -> None:
        """No-op."""

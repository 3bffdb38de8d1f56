"""The temporary folder for uploads, clips and results, which has a size limit and is removed at the end."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from mirelo_ergo.emulator.clock import Stopping
from mirelo_ergo.emulator.refusals import Refusal

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_DISK = 4 << 30
STEP = 4 << 20
PREFIX = "mirelo-emulator-"
LOCK = "lock"


class Folder:
    """A temporary folder, with a lock that ends with the process, however that ends.

    Creating one removes folders that killed processes have left, except on Windows.
    """

    def __init__(self) -> None:
        _remove_abandoned(Path(tempfile.gettempdir()))
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        new = self.path / "new"
        self._lock = new.open("wb")
        if sys.platform != "win32":
            with contextlib.suppress(OSError):  # a file system without locks: its folder is no candidate either
                fcntl.flock(self._lock, fcntl.LOCK_EX)
                new.rename(self.path / LOCK)  # so under that name it is held for as long as its owner lives

    def remove(self) -> None:
        """Remove the folder with its content. A second call is a no-op."""
        self._lock.close()
        shutil.rmtree(self.path, ignore_errors=True)


class Disk:
    """A folder whose files have at most 4 GiB in all."""

    def __init__(self, parent: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(dir=parent))
        self._numbers = itertools.count()
        self._mutex = threading.Lock()
        self._promised: dict[str, int] = {}
        self._removed = False

    def new_file(self, kind: str, size: int) -> Path:
        """Return a name for a file of at most this many bytes; refuses with 500 if 4 GiB would be exceeded.

        The bytes count until the file is removed. A file of unknown length begins with 0 and is `growing`.
        """
        with self._mutex:
            if self._removed:
                raise Stopping
            self._within(size)
            path = self.folder / f"{kind}-{next(self._numbers)}"
            path.touch()  # what is not there any more has been removed
            self._promised[path.name] = size
            return path

    def growing(self, path: Path) -> Callable[[int], None]:
        """Return a function that a writer calls with the file's size so far; it refuses as `new_file` does."""
        promised = 0

        def grow(size: int) -> None:
            nonlocal promised
            if size > promised:
                promised = size + STEP
                self._promise(path, promised)

        return grow

    def whole(self, path: Path) -> None:
        """Record that a file is complete: from now on its actual size counts."""
        with self._mutex:
            self._promised.pop(path.name, None)

    def _promise(self, path: Path, size: int) -> None:
        with self._mutex:
            self._promised.pop(path.name, None)
            self._within(size)
            self._promised[path.name] = size

    def remove(self) -> None:
        """Remove the folder with its content, and refuse further names."""
        with self._mutex:
            self._removed = True
            shutil.rmtree(self.folder, ignore_errors=True)

    def _within(self, size: int) -> None:
        found = {path.name: path for path in self.folder.iterdir()}
        self._promised = {name: promised for name, promised in self._promised.items() if name in found}
        sizes: dict[object, int] = {}  # by inode, because several names of one file share its bytes
        for name, path in found.items():
            file, size_now = _look(path)
            sizes[file] = max(sizes.get(file, 0), size_now, self._promised.get(name, 0))
        used = sum(sizes.values())
        if used + size > MAX_DISK:
            raise Refusal("server_error", 500, f"this emulator keeps {used} bytes on disk and takes {MAX_DISK} at most")


def _look(path: Path) -> tuple[object, int]:
    try:
        seen = path.stat()
    except FileNotFoundError:  # removed since it was listed
        return path, 0
    return seen.st_ino, seen.st_size


def _remove_abandoned(parent: Path) -> None:
    """Remove folders without a locked owner, except other users' ones."""
    if sys.platform == "win32":
        return
    for folder in parent.glob(f"{PREFIX}*"):
        try:
            # A symbolic link under such a name is harmless: neither the lock's opening nor rmtree follows it.
            lock = os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            continue  # another user's, one that is just being made, or removed meanwhile
        try:
            if folder.is_symlink() or os.fstat(lock).st_uid != os.getuid():
                continue
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:
            continue  # its emulator lives
        finally:
            os.close(lock)

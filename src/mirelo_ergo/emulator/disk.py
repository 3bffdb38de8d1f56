"""The temporary folder: one place for uploads, clips and results, with a cap, gone when the emulator stops."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from pathlib import Path

from mirelo_ergo.emulator.refusals import Refusal

MAX_DISK = 4 << 30


class Disk:
    """Hand out names for new files in a folder of its own."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mirelo-emulator-"))
        self._numbers = itertools.count()

    def new_file(self, kind: str, size: int) -> Path:
        """Return a name for a file of about so many bytes; refuse with 500 what would go over 4 GiB in all."""
        used = sum(_size(path) for path in self.folder.iterdir())
        if used + size > MAX_DISK:
            raise Refusal("server_error", 500, f"this emulator keeps {used} bytes on disk and takes {MAX_DISK} at most")
        return self.folder / f"{kind}-{next(self._numbers)}"

    def remove(self) -> None:
        """Remove the folder and all in it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # removed since it was listed
        return 0

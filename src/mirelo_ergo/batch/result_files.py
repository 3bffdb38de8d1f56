"""Results in their places: fetched whole into a folder of the item's own, then put under their names.

Nothing that is there is ever overwritten, and doing it twice changes nothing.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from .ledger import Entry, SavedFile
from .sources import sha256_of

STAGING: Final = ".mirelo-batch"
"""The folder beside the results in which they arrive."""
_SUFFIX: Final = re.compile(r"\.(wav|mp3|flac|m4a|aac|ogg|opus|mp4|m4v|mov|webm|mkv|gif|midi?)\Z", re.IGNORECASE)
"""Suffixes of names that are replaced by that of what came."""


def stem_of(name: str) -> str:
    """Return a name without the suffix of a sound or clip: a result has the suffix of what it is."""
    return _SUFFIX.sub("", name) or name


def staging_of(folder: Path, entry: Entry) -> Path:
    """Return the folder in which an item's results arrive."""
    return folder / STAGING / str(entry.seq)


def place_files(folder: Path, entry: Entry, staged: Sequence[Path]) -> tuple[SavedFile, ...]:
    """Put an item's fetched files under their names, and return them. Raises `OSError`.

    One that is there with the same bytes counts as put; one with other bytes stays, and the new one counts on.
    """
    stem = stem_of(entry.item.name)
    files = []
    for number, path in enumerate(staged, 1):
        name = f"{stem}{path.suffix}" if len(staged) == 1 else f"{stem}-{number}{path.suffix}"
        files.append(put(path, folder, name))
    _sync_folder(folder)
    shutil.rmtree(staging_of(folder, entry), ignore_errors=True)
    with contextlib.suppress(OSError):  # others may still use it
        (folder / STAGING).rmdir()
    return tuple(files)


def put(path: Path, folder: Path, name: str, *, copy: bool = False) -> SavedFile:
    """Put one file under a name in a folder: moved there, or with `copy` linked or copied. Raises `OSError`."""
    size, digest = path.stat().st_size, sha256_of(path)
    for candidate in _names(name):
        target = folder / candidate
        with contextlib.suppress(FileExistsError):
            _link(path, target)
            if not copy:
                path.unlink()
            return SavedFile(candidate, size, digest)
        if target.is_file() and target.stat().st_size == size and sha256_of(target) == digest:
            if not copy:
                path.unlink()
            return SavedFile(candidate, size, digest)
    raise AssertionError("there is always another name")


def is_there(folder: Path, file: SavedFile, *, whole: bool = False) -> bool:
    """Return whether a saved file is in its place with its size; with `whole`, with its very bytes."""
    path = folder / file.name
    try:
        if not path.is_file() or path.stat().st_size != file.size:
            return False
        return not whole or sha256_of(path) == file.sha256
    except OSError:
        return False


def _link(path: Path, target: Path) -> None:
    """Make a file appear under its name as a whole, or raise `FileExistsError`."""
    try:
        os.link(path, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links, or another one
        beside = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            shutil.copyfile(path, beside)
            with beside.open("rb+") as file:
                os.fsync(file.fileno())
            if target.exists():
                raise FileExistsError(target) from None
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)


def _names(name: str) -> Iterator[str]:
    yield name
    plain = Path(name)
    for number in itertools.count(2):
        yield f"{plain.stem}~{number}{plain.suffix}"


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # not every system opens folders
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

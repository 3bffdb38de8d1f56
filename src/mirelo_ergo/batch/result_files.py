"""The files of results: downloaded into a folder per item, then moved to their names.

Nothing is ever overwritten, and a repetition changes nothing.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from .ledger import Entry, SavedFile
from .sources import sha256_of

STAGING: Final = ".mirelo-batch"
"""The folder for downloads, within the folder of the results."""
_SUFFIX: Final = re.compile(r"\.(wav|mp3|flac|m4a|aac|ogg|opus|mp4|m4v|mov|webm|mkv|gif|midi?)\Z", re.IGNORECASE)
"""Suffixes of names that are replaced by that of the content."""


def stem_of(name: str) -> str:
    """Return a name without its media suffix: a result gets the suffix of its content."""
    return _SUFFIX.sub("", name) or name


def staging_of(folder: Path, entry: Entry) -> Path:
    """Return the folder for an item's downloads."""
    return folder / STAGING / str(entry.seq)


def place_files(folder: Path, entry: Entry, staged: Sequence[Path]) -> tuple[SavedFile, ...]:
    """Move an item's downloaded files to their names, and return them. Raises `OSError`.

    An existing file with the same content counts as moved. One with other content is kept, and the new file gets a
    number.
    """
    stem = stem_of(entry.item.name)
    files = []
    for number, path in enumerate(staged, 1):
        name = f"{stem}{path.suffix}" if len(staged) == 1 else f"{stem}-{number}{path.suffix}"
        files.append(put(path, folder, name))
    _sync_folder(folder)
    shutil.rmtree(staging_of(folder, entry), ignore_errors=True)
    with contextlib.suppress(OSError):  # other downloads may still use it
        (folder / STAGING).rmdir()
    return tuple(files)


def put(path: Path, folder: Path, name: str, *, copy: bool = False) -> SavedFile:
    """Move a file to a name in a folder, or with `copy` link or copy it. Raises `OSError`."""
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
    raise AssertionError("there is always a free name")


def is_there(folder: Path, file: SavedFile, *, whole: bool = False) -> bool:
    """Return whether a saved file exists with its size, with `whole` also with its content."""
    path = folder / file.name
    try:
        if not path.is_file() or path.stat().st_size != file.size:
            return False
        return not whole or sha256_of(path) == file.sha256
    except OSError:
        return False


def _link(path: Path, target: Path) -> None:
    """Create a file's name atomically, or raise `FileExistsError`."""
    try:
        os.link(path, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links, or a different file system
        beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
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
    with contextlib.suppress(OSError):  # some systems cannot open folders
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

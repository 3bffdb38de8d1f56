"""Checks whether results can be saved in a folder, before anything is paid. Leaves the file system as it was."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from ...errors import InvalidRequestError
from ..redact import short_repr, shorten

_ROOM = 160
"""Bytes that a path must leave for the names of results."""


def check_folder(folder: str | os.PathLike[str]) -> Path:
    """Return the folder as a path if results can be saved there; it need not exist yet. Costs nothing.

    Raises `InvalidRequestError` if the folder or its nearest existing parent is a file, a broken link, not writable, or
    has too long a name. Call it before a submit: `download` would fail only after the job is paid.
    """
    try:
        path = Path(folder)
    except TypeError:
        raise InvalidRequestError(f"folder: {short_repr(folder, 80)} is not a path", field="folder") from None
    problem = _tilde_problem(path) or folder_problem(path)
    if problem is not None:
        raise InvalidRequestError(f"folder: {problem}; nothing was sent", field="folder")
    return path


def target_folder(folder: str | os.PathLike[str]) -> Path:
    """Return the folder to save in as a path; raises `InvalidRequestError` if it begins with `~`."""
    path = Path(folder)
    problem = _tilde_problem(path)
    if problem is not None:
        raise InvalidRequestError(f"download: {problem}; nothing was fetched", field="folder")
    return path


def target_file(path: str | os.PathLike[str]) -> Path:
    """Return the file to save as; raises `InvalidRequestError` if it begins with `~` or names a folder."""
    file, text = Path(path), os.fspath(path)
    problem = _tilde_problem(file)
    if problem is None and (file.name in ("", "..") or text.endswith(("/", os.sep))):
        shown = short_repr(text, 200)
        problem = f"{shown} is a folder, not a file: name the file, or download({shown}) names it after its job"
    if problem is not None:
        raise InvalidRequestError(f"save: {problem}; nothing was fetched", field="path")
    return file


def unexpanded(path: Path) -> bool:
    """Return whether a path begins with `~`, which only a shell replaces by the home folder."""
    return path.parts[:1] == ("~",)


def _tilde_problem(path: Path) -> str | None:
    if not unexpanded(path):
        return None
    return f"{shorten(str(path), 200)} begins with ~, which only a shell replaces: give Path(…).expanduser()"


def folder_problem(folder: Path) -> str | None:
    """Return why nothing can be saved in a folder, None if no reason was found."""
    shown = shorten(str(folder), 200)
    if "\0" in str(folder):
        return f"{shown} holds a NUL character"
    try:
        nearest = next(place for place in (folder, *folder.absolute().parents) if os.path.lexists(place))
        problem = _problem_of(folder, nearest)
    except OSError as error:
        problem = f"it cannot be looked at: {error.strerror}"
    return None if problem is None else f"{shown} cannot be used: {problem}"


def _problem_of(folder: Path, nearest: Path) -> str | None:
    which = "it" if nearest == folder else shorten(str(nearest), 200)
    if nearest.is_symlink() and not nearest.exists():
        return f"{which} is a link that leads nowhere, to {shorten(str(nearest.readlink()), 200)}"
    if not nearest.is_dir():
        return f"{which} is not a folder"
    if not os.access(nearest, os.W_OK | os.X_OK) or not _takes_files(nearest):
        return f"{which} cannot be written to"
    longest, longest_path = _limits(nearest)
    name = max((os.fsencode(part) for part in folder.parts), key=len, default=b"")
    if len(name) > longest:
        return f"a name in it has {len(name)} bytes, more than the {longest} of this file system"
    length = len(os.fsencode(folder.absolute()))
    if length + _ROOM > longest_path:
        return f"with {length} bytes it leaves no room for the names of files below {longest_path}"
    return None


def _takes_files(folder: Path) -> bool:
    """Return whether a file can be made there: rights do not tell it of /proc, nor of a disk without inodes."""
    from tempfile import TemporaryFile  # takes as long to import as all else of a small program

    try:
        with TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _limits(place: Path) -> tuple[int, int]:
    """Return the longest name and the longest path that a file system accepts, in bytes."""
    if not hasattr(os, "pathconf"):
        return 255, 32_767
    return os.pathconf(place, "PC_NAME_MAX"), os.pathconf(place, "PC_PATH_MAX")


def make_folder(folder: Path) -> None:
    """Create a folder and its parents; raise an `OSError` that says what is in the way."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        problem = folder_problem(folder) or "it is not a folder"
        raise FileExistsError(errno.EEXIST, f"the target folder {problem}", str(folder)) from error

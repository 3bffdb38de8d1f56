"""Clips, sounds and other files on the command line, or through a pipe."""

from __future__ import annotations

import os
import re
import shlex
import stat
import sys
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, Final, TypeVar

import attrs

from .failures import refused
from .printing import one_line
from .times import is_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from mirelo_ergo import Audio, Video

    Media = TypeVar("Media", Video, Audio)

_LARGEST_TEXT: Final = 1 << 20
_PIPED = re.compile(r"-|/dev/stdin|/dev/fd/\d+|/proc/self/fd/\d+")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):/", re.IGNORECASE)
_WEB_TYPO = re.compile(r"(h+t+p+s*|hpts?|tthps?|htps?|https?)(:/?(?!/)|/+|:///+)|www\.", re.IGNORECASE)
_BARE_HOST = re.compile(r"([a-z0-9-]+\.)+[a-z]{2,6}/\S+", re.IGNORECASE)
_WEB_PAGES = (".html", ".htm", ".php")
_PAGES = ("youtube.com", "youtu.be", "vimeo.com", "tiktok.com", "instagram.com", "drive.google.com", "dropbox.com")
CLIPS = (".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".gif")
SOUNDS = (".wav", ".mp3", ".m4a", ".aac", ".flac", ".ogg")
TEXTS = (".txt", ".md", ".prompt")


class Stdin:
    """Standard input, which can be read once."""

    def __init__(self) -> None:
        self._taken_for = ""
        self.copies: list[BinaryIO] = []
        """What came through pipes, as files; they are closed with the command."""

    def take(self, what: str) -> BinaryIO:
        """Return stdin for one purpose. Refuses a second purpose, a closed stdin, and a terminal where useless."""
        if self._taken_for:
            raise refused(f"- is given for {self._taken_for} and for {what}, and stdin can be read once")
        if sys.stdin is None:
            raise refused(f"- reads {what} from stdin, which is closed")
        self._taken_for = what
        return sys.stdin.buffer

    def text(self, what: str) -> str:
        """Read a text to its end."""
        data = self.take(what).read(_LARGEST_TEXT + 1)
        if len(data) > _LARGEST_TEXT:
            raise refused(f"- gave more than {_LARGEST_TEXT >> 20} MiB on stdin, too much for {what}")
        if not data.strip():
            raise refused(f"- reads {what} from stdin, which was empty")
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise refused(f"- reads {what} from stdin, and what came is not UTF-8 text") from None
        if "\0" in text:
            raise refused(f"- reads {what} from stdin, and what came is not text")
        return text.strip()


@attrs.frozen
class Source:
    """A given clip or sound: a URL, a file, or the content of a pipe (`piped`)."""

    given: str
    kind: str
    path: Path | None = None
    piped: BinaryIO | None = None

    @property
    def is_url(self) -> bool:
        """Whether the service fetches it."""
        return self.path is None and self.piped is None

    @property
    def label(self) -> str:
        """Its name in messages. Of a URL only the host, because the rest may be a secret."""
        from urllib.parse import urlsplit

        if self.piped is not None:
            return "stdin" if self.given in ("-", "/dev/stdin") else "a pipe"
        return (urlsplit(self.given).hostname or "a URL") if self.path is None else one_line(self.path.name)

    def open(self) -> BinaryIO:
        """Open it for reading; the caller closes it."""
        if self.piped is not None:
            copy = os.fdopen(os.dup(self.piped.fileno()), "rb")
            copy.seek(0)
            return copy
        assert self.path is not None, "a URL is the service's to open"
        return self.path.open("rb")

    def media(self, cls: type[Media], on_progress: Callable[[int, int], None] | None = None) -> Media:
        """Return the library's source."""
        local = self.local
        if local is None:
            return cls.from_url(self.given)
        if isinstance(local, Path):
            return cls.from_path(local, on_progress=on_progress)
        return cls.from_file(local, on_progress=on_progress)

    @property
    def local(self) -> Path | BinaryIO | None:
        """The file or the content of the pipe, from the start; None for a URL."""
        if self.piped is not None:
            self.piped.seek(0)
        return self.path or self.piped


def source_from(given: str, kind: str, stdin: Stdin) -> Source:
    """Return a clip or sound, checked as far as possible without decoding; refuse an invalid one."""
    if not given.strip():
        raise refused(f"the {kind} is blank: give a file or a URL")
    if _PIPED.fullmatch(given):
        return Source(given, kind, piped=_spooled(given, kind, stdin))
    if is_web(given):
        _check_url(given, kind)
        return Source(given, kind)
    path = Path(given)
    try:
        found = path.stat()
    except FileNotFoundError:
        raise refused(_missing(given, kind), "invalid_request") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise refused(f"{shown(given)} cannot be read: {reason}", "invalid_request") from None
    problem = None
    if stat.S_ISDIR(found.st_mode):
        problem = f"is a folder: give its files, such as {shlex.quote(given.rstrip('/'))}/*.mp4"
    elif not stat.S_ISREG(found.st_mode):
        problem = "is not a regular file; - reads from stdin"
    elif not found.st_size:
        problem = "is empty"
    elif not os.access(path, os.R_OK):
        problem = "cannot be read: Permission denied"
    if problem is not None:
        raise refused(f"{shown(given)} {problem}", "invalid_request")
    return Source(given, kind, path=path)


def _spooled(given: str, kind: str, stdin: Stdin) -> BinaryIO:
    """Copy the content of a pipe to a nameless file, because an upload may have to begin again."""
    import shutil
    import tempfile

    if given in ("-", "/dev/stdin"):
        coming = stdin.take(f"the {kind}")
        if coming.isatty():
            raise refused(f"{given} reads the {kind} from stdin, which is a terminal")
    else:
        try:
            coming = Path(given).open("rb")  # noqa: SIM115 - closed below
        except OSError as error:
            raise refused(f"{given} cannot be read: {error.strerror}", "invalid_request") from None
    file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the command
    stdin.copies.append(file)
    try:
        shutil.copyfileobj(coming, file, 1 << 20)
        file.flush()  # it is also read by another descriptor
        size = file.tell()
    except OSError as error:
        raise refused(f"{given} cannot be copied: {error.strerror}", "invalid_request") from None
    finally:
        if sys.stdin is None or coming is not sys.stdin.buffer:
            coming.close()
    if not size:
        raise refused(f"{given} gave no bytes: the {kind} is empty", "invalid_request")
    return file


def is_web(given: str) -> bool:
    """Return whether a text is a URL."""
    return given.lower().startswith(("http://", "https://"))


def _check_url(url: str, kind: str) -> None:
    from urllib.parse import urlsplit

    if any(character <= " " for character in url.strip()):
        raise refused(f"{shown(url)} holds a space: write %20 for it, or put the URL in quotation marks")
    try:
        host, path = urlsplit(url).hostname or "", urlsplit(url).path
    except ValueError as error:
        raise refused(f"{shown(url)} is not a URL: {error}") from None
    if not host:
        raise refused(f"{shown(url)} has no host: write https://example.com/{kind}.mp4")
    if any(host == page or host.endswith(f".{page}") for page in _PAGES):
        raise refused(f"{host} gives a web page, not the {kind} itself: download the file and give that")
    if PurePosixPath(path).suffix.lower() in _WEB_PAGES:
        raise refused(f"{shown(url)} is a web page, not the {kind} itself: give the URL of the file")


def _missing(given: str, kind: str) -> str:
    """Return why a path does not exist, as far as the path itself shows."""
    from urllib.parse import urlsplit

    name = shown(given)
    if found := _WEB_TYPO.match(given):
        rest = given if found[0].lower() == "www." else given[found.end() :].lstrip("/:")
        return f"{name} is neither a file nor a URL: is https://{rest} meant?"
    if found := _SCHEME.match(given):
        scheme = found[1].lower()
        if scheme == "file":
            found_there = urlsplit(given)
            return f"{name}: give the path alone: {shlex.quote(f'{found_there.netloc}{found_there.path}')}"
        if scheme in ("htp", "htps", "ttp", "ttps", "hhtp", "hhtps"):
            return f"{name} is neither a file nor a URL: is https://{given[found.end() :].lstrip('/')} meant?"
        return f"{name}: {scheme} addresses are not fetched; give a file, or an http or https URL"
    if given.startswith("data:"):
        return f"{name}: data URLs are not fetched; pipe the bytes in and give -"
    if "*" in given or "?" in given:
        return f"no file is called {name}: the shell found no match, or quotation marks kept it from looking"
    if given.startswith("~"):
        return f"{name} does not exist: ~ is the home folder only where it is not in quotation marks"
    if given.startswith("$"):
        return f"{name} does not exist: $ names a variable only outside of single quotation marks"
    if given.startswith("@"):
        return f"{name} does not exist: give the path without the @"
    if _BARE_HOST.fullmatch(given):
        return f"{name} is not a file here; if it is a URL, write https://{given}"
    if given != given.strip():
        return f"{given.strip()!r} with spaces around it does not exist"
    if near := _similar(Path(given)):
        return f"{name} does not exist: is {near} meant?"
    return f"{name} does not exist{_instead(given, kind)}"


def _instead(given: str, kind: str) -> str:
    """Return what words or a time in the place of a file may be meant as."""
    if Path(given).suffix or "/" in given:
        return ""
    if is_time(given):
        return ": a time is given by an option, such as --duration"
    words = "a prompt is one argument in quotation marks"
    return f"; {words}: mirelo-ergo text {shlex.quote(given)}, or --prompt beside a clip" if kind == "clip" else ""


def _similar(path: Path) -> str | None:
    """Return the file in the same folder with the most similar name."""
    import difflib

    try:
        names = [entry.name for entry in os.scandir(path.parent) if entry.is_file()]
    except OSError:
        return None
    same = [name for name in names if Path(name).stem.lower() == path.stem.lower()]
    near = same[:1] or difflib.get_close_matches(path.name, names, 1, 0.75)
    return shlex.quote(str(path.with_name(near[0]))) if near else None


def is_file(name: str) -> bool:
    """Return whether a text names a file."""
    try:
        return Path(name).is_file()
    except (OSError, ValueError):
        return False


def shown(given: str) -> str:
    """Return an argument for a message: shortened, and without the secrets of a URL."""
    if "?" in given and "//" in given:
        given = f"{given.partition('?')[0]}?…"
    given = one_line(given)
    return given if len(given) <= 100 else f"{given[:99]}…"

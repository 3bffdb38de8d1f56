"""What a command writes: results on stdout, all else on stderr; with --json exactly one object on stdout.

Bytes are written, not text. A path is what the file system has, whatever encoding the stream claims.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from typing import TYPE_CHECKING, TextIO

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .failures import Failure

_DRIVES_A_TERMINAL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f]"  # control characters, but for tab and line feed
    "|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"  # what turns the direction of writing around
    "|[\ud800-\udfff]"  # bytes that are no UTF-8; some terminals take those from 80 to 9f for commands
)


class StdoutError(Exception):
    """Raised when stdout does not take a result: a full disk, or a reader that has gone (`gone`)."""

    def __init__(self, error: OSError) -> None:
        super().__init__(f"stdout cannot be written: {error.strerror or error}")
        self.gone = isinstance(error, BrokenPipeError)


@attrs.frozen
class Output:
    """Where one command's words go."""

    json: bool = False
    quiet: bool = False

    def note(self, text: str) -> None:
        """Write what happens to stderr, unless -q."""
        if not self.quiet:
            say(text)

    def result(self, lines: Iterable[str], fields: Mapping[str, object]) -> None:
        """Write a command's result, whole lines as they are. Raises `StdoutError`."""
        data = _object(fields) if self.json else b"".join(_exact(line) + b"\n" for line in lines)
        self.bytes([data])

    def bytes(self, pieces: Iterable[bytes]) -> None:
        """Write bytes to stdout. Raises `StdoutError`. A stdout that the caller closed takes nothing."""
        if sys.stdout is None:
            return
        try:
            for piece in pieces:
                _write(sys.stdout, piece)
        except OSError as error:
            raise StdoutError(error) from error

    def failure(self, failure: Failure) -> int:
        """Write what went wrong, on the other stream where the usual one takes nothing; return the exit code."""
        if not failure.message:
            return failure.exit_code
        if self.json:
            data = _object({"error": failure.fields})
            first, second = sys.stdout, sys.stderr
        else:
            data = b"".join(_exact(printable(line)) + b"\n" for line in failure.lines)
            first, second = sys.stderr, sys.stdout
        if not _try(first, data) and (self.json or failure.has_job):
            _try(second, data)
        return failure.exit_code


def say(text: str) -> None:
    """Write a line for people to stderr. A job that is paid does not end because nobody listens."""
    _try(sys.stderr, _exact(printable(text)) + b"\n")


def printable(text: str) -> str:
    """Replace control characters and those that turn text around: messages quote services and files."""
    return _DRIVES_A_TERMINAL.sub("\N{REPLACEMENT CHARACTER}", text)


def _try(stream: TextIO | None, data: bytes) -> bool:
    if stream is None:  # closed by the caller
        return False
    with contextlib.suppress(OSError):
        _write(stream, data)
        return True
    return False


def _write(stream: TextIO, data: bytes) -> None:
    try:
        stream.flush()
        stream.buffer.write(data)
        stream.buffer.flush()
    except ValueError as error:  # Python's own word for a closed stream
        raise OSError(str(error)) from error
    except OSError:
        _give_up(stream)
        raise


def _give_up(stream: TextIO) -> None:
    """Use a stream no more, and send what is left in its buffer nowhere: Python would end with code 120 over it."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is stream:
            setattr(sys, name, None)
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, stream.fileno())
        finally:
            os.close(nowhere)


def _exact(text: str) -> bytes:
    """Return text as the file system has it, so that a path stays the path that it is."""
    try:
        return os.fsencode(text)
    except UnicodeEncodeError:  # an old locale, and a character that it lacks
        return text.encode(sys.getfilesystemencoding(), "backslashreplace")


def _object(fields: Mapping[str, object]) -> bytes:
    return json.dumps(fields, default=str).encode() + b"\n"

"""The output of a command: results on stdout, everything else on stderr; with --json exactly one object on stdout.

It writes bytes, not text, so that a path is exactly that of the file system, whatever the stream's encoding.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import TYPE_CHECKING, TextIO

import attrs

from .printing import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .failures import Failure


class StdoutError(Exception):
    """Raised when stdout does not accept a result: a full disk, or a reader that has gone (`gone`)."""

    def __init__(self, error: OSError) -> None:
        super().__init__(f"stdout cannot be written: {error.strerror or error}")
        self.gone = isinstance(error, BrokenPipeError)


@attrs.frozen
class Output:
    """The output of one command."""

    json: bool = False
    quiet: bool = False

    def note(self, text: str) -> None:
        """Write a note to stderr, unless -q was given."""
        if not self.quiet:
            say(text)

    def result(self, lines: Iterable[str], fields: Mapping[str, object]) -> None:
        """Write a command's result to stdout, unchanged lines. Raises `StdoutError`."""
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
        """Write a failure, to the other stream if the usual one fails; return the exit code."""
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
    """Write a line to stderr. A failure is ignored, because it must not end a paid job."""
    _try(sys.stderr, _exact(printable(text)) + b"\n")


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
    """Stop using a stream and discard its buffer, because Python would exit with code 120 otherwise."""
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
    """Return text in the file system's encoding, so that a path is unchanged."""
    try:
        return os.fsencode(text)
    except UnicodeEncodeError:  # an old locale, and a character that it lacks
        return text.encode(sys.getfilesystemencoding(), "backslashreplace")


def _object(fields: Mapping[str, object]) -> bytes:
    return json.dumps(fields, default=str).encode() + b"\n"

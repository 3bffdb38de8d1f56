"""What a command writes: results on stdout, all else on stderr; with --json exactly one object on stdout."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .failures import Failure


@attrs.frozen
class Output:
    """Where one command's words go."""

    json: bool = False
    quiet: bool = False

    def note(self, text: str) -> None:
        """Tell people what happens, unless -q."""
        if not self.quiet:
            _say(text)

    def result(self, lines: Iterable[str], fields: Mapping[str, object]) -> None:
        """Give a command's result."""
        if self.json:
            _print_object(fields)
        else:
            print("\n".join(map(printable, lines)), flush=True)

    def failure(self, failure: Failure) -> int:
        """Give what went wrong, and the exit code."""
        if self.json:
            _print_object({"error": failure.fields})
        else:
            _say(f"error: {failure.message}")
            for hint in failure.hints:
                _say(hint)
        return failure.exit_code


def printable(text: str) -> str:
    """Replace control characters: messages quote services and files, and a terminal obeys what it is shown."""
    return "".join(
        character if character.isprintable() or character == "\n" else "\N{REPLACEMENT CHARACTER}" for character in text
    )


def silence_stdout() -> None:
    """Send the rest of stdout nowhere: its reader has gone, and Python would complain at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(text: str) -> None:
    if sys.stderr is not None:  # closed by the caller; print would take stdout instead
        with contextlib.suppress(OSError):  # a job that is paid does not end because nobody listens
            print(printable(text), file=sys.stderr, flush=True)


def _print_object(fields: Mapping[str, object]) -> None:
    print(json.dumps(fields, default=str), flush=True)

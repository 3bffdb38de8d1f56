"""What a command writes: results on stdout, all else on stderr; with --json exactly one object on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

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
            for line in lines:
                print(printable(line))
        sys.stdout.flush()

    def failure(self, failure: Failure) -> int:
        """Give what went wrong, and the exit code."""
        if self.json:
            _print_object({"error": failure.fields})
            sys.stdout.flush()
        else:
            _say(f"error: {failure.message}")
            for hint in failure.hints:
                _say(hint)
        return failure.exit_code


def printable(text: str) -> str:
    """Replace control characters: messages quote services and files, and a terminal obeys what it is shown."""
    return "".join(character if character.isprintable() or character == "\n" else "\N{REPLACEMENT CHARACTER}" for character in text)


def _say(text: str) -> None:
    print(printable(text), file=sys.stderr, flush=True)


def _print_object(fields: Mapping[str, object]) -> None:
    print(json.dumps(fields, default=str))

"""Text for people: names and messages may hold what drives a terminal."""

from __future__ import annotations

import re

_DRIVES_A_TERMINAL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f]"  # control characters, but for tab and line feed
    "|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"  # characters that change the text direction
    "|[\ud800-\udfff]"  # bytes that are not UTF-8; some terminals interpret 80 to 9f as commands
)


def printable(text: str) -> str:
    """Replace control characters and those that change the text direction: messages quote services and files."""
    return _DRIVES_A_TERMINAL.sub("\N{REPLACEMENT CHARACTER}", text)


def one_line(text: str) -> str:
    """Return text with line breaks and what drives a terminal as escapes: names of files may hold anything."""
    escaped = _DRIVES_A_TERMINAL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
    return escaped.replace("\n", "\\n").replace("\t", "\\t")

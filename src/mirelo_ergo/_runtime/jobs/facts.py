"""A description of a request, for file names and messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs


@attrs.frozen
class RequestFacts:
    """The description of a request. `content` holds the fields to send, under their names on the wire."""

    label: str
    """Family and model."""
    content: Mapping[str, Any] = attrs.field(factory=dict)
    prompt: str | None = None
    stem: str | None = None
    """The file name of its clip or sound, without the suffix."""
    length_ms: int | None = None
    """The requested length of the result."""

    def __str__(self) -> str:
        return self.label if self.length_ms is None else f"{self.label}, {seconds(self.length_ms)}"


def seconds(milliseconds: int) -> str:
    """Return a length of time as text."""
    return f"{milliseconds / 1000:g} s"

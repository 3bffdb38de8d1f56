"""What is known of a request without asking the service: for names of files, and for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs


@attrs.frozen
class RequestFacts:
    """What a request was for. `content` is what would be sent, with the names that it has on the wire."""

    label: str
    """Family and model."""
    content: Mapping[str, Any] = attrs.field(factory=dict)
    prompt: str | None = None
    stem: str | None = None
    """The name of its clip, or of its sound, without a suffix."""
    length_ms: int | None = None
    """How long the result is to be."""

    def __str__(self) -> str:
        return self.label if self.length_ms is None else f"{self.label}, {seconds(self.length_ms)}"


def seconds(milliseconds: int) -> str:
    """Write a length for people."""
    return f"{milliseconds / 1000:g} s"

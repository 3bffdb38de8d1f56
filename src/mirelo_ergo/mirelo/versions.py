"""Which version of the API a model is of."""

from __future__ import annotations

from typing import Final

PREFIX: Final = "sfx-"
"""What the names of v3's models begin with."""
KNOWN: Final = ("sfx-1.6", "sfx-2.0")
"""The models of v3 that this version knows by name; newer ones work too."""
ONLY_IN_V3: Final = frozenset({"output_format", "preserve_speech", "extra"})
"""Arguments of the calls that only v3 has."""


def is_v3(model: str | None) -> bool:
    """Return whether a model is one of v3's."""
    return isinstance(model, str) and model.startswith(PREFIX)

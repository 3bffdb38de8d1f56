"""The names of the models, and the API version of each."""

from __future__ import annotations

from typing import Final, Literal, get_args

from .._runtime.redact import short_repr
from ..errors import ConfigurationError

Model = Literal["v1.0", "v1.5", "v1.6", "sfx-1.6", "sfx-2.0"]
"""The names of models: `v…` belong to the API v2 (v1.0 makes music and notes), `sfx-…` to v3, newer ones included."""
MODELS: Final[tuple[str, ...]] = tuple(name for name in get_args(Model) if name.startswith("v"))
"""The models of v2."""
MUSIC: Final = "v1.0"
"""The model for music and notes, which is used regardless of the client's `model=`."""
MIDI: Final = "audio-to-midi"
"""The family with notes as results, which `midi.py` reads."""

PREFIX: Final = "sfx-"
"""The prefix of the names of v3's models."""
KNOWN: Final = ("sfx-1.6", "sfx-2.0")
"""The models of v3 that this version knows by name; newer ones work too."""
ONLY_IN_V3: Final = frozenset({"output_format", "preserve_speech", "extra"})
"""Arguments of the calls that exist in v3 only."""


def is_v3(model: str | None) -> bool:
    """Return whether a model belongs to v3."""
    return isinstance(model, str) and model.startswith(PREFIX)


def known_model(model: str | None) -> str | None:
    """Return a client's `model=`, checked; raises `ConfigurationError`."""
    if model is not None and model not in MODELS and not is_v3(model):
        raise ConfigurationError(f"model={short_repr(model, 40)} is not one of {', '.join(get_args(Model))}")
    return model

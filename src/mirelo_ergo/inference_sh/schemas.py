"""Checks of apps' inputs by their fields, so that no run with a misspelt field is charged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .._runtime.api.limits import check
from .._runtime.redact import short_repr
from ..errors import InvalidRequestError
from .files import Schema, follow, is_given
from .generated import limits
from .service import MMAUDIO

KNOWN: Final[Mapping[str, Schema]] = {
    MMAUDIO: {
        "properties": {
            "prompt": {"type": "string"},
            "negative_prompt": {"type": "string"},
            "video_input": {"type": "string", "format": "file"},
            "duration": {"type": "number"},
            "cfg_strength": {"type": "number"},
            "num_steps": {"type": "integer"},
            "seed": {"type": "integer"},
            "mask_away_clip": {"type": "boolean"},
        }
    }
}
"""Inputs that are described in the vendored spec and need no request."""

_NEAR: Final = 0.75
_OPEN: Final = ("additionalProperties", "patternProperties", "allOf", "anyOf", "oneOf")
"""Keywords of a schema that may add fields beside the listed ones."""


def fields_of(schema: Schema | None) -> list[str] | None:
    """Return the names of an input's fields; None where its schema does not list them, or takes any others."""
    found = {} if schema is None else follow(schema, schema)
    properties = found.get("properties")
    if not isinstance(properties, Mapping) or any(found.get(word) for word in _OPEN):
        return None
    return list(map(str, properties)) or None


def check_fields(app: str, given: Any, schema: Schema | None, *, misspelt: bool = False) -> None:
    """Raise `InvalidRequestError` for a field that an app's input does not have, and that the app would ignore.

    With `misspelt` only if its name is similar to that of a field that is not given.
    """
    known = fields_of(schema)
    if known is None or not isinstance(given, Mapping):
        return
    unknown = [str(name) for name in given if name not in known]
    left = [name for name in known if name not in given]
    for name in unknown:
        from difflib import get_close_matches  # as long to import as all of this module

        near = get_close_matches(name.lower().replace("-", "_"), left, 1, _NEAR)
        if near or not misspelt:
            meant = f"is {near[0]} meant? It" if near else "it"
            raise InvalidRequestError(
                f"{app} has no input {short_repr(name)}: {meant} has {', '.join(known)}; nothing was sent",
                field=f"input.{name}",
            )


def check_mmaudio(given: Mapping[str, Any]) -> None:
    """Raise `InvalidRequestError` for an input of mmaudio that the vendored spec refuses; files count as texts."""
    check(limits, "MmaudioInput", {name: "" if is_given(value) else value for name, value in given.items()}, MMAUDIO)

"""Values as plain JSON: what `to_dict()` returns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs


class Plain:
    """A base class that gives a value `to_dict()`."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the same as plain JSON values, under the names of the attributes.

        Times are strings in ISO 8601, URLs are complete. The service's own values are unchanged.
        """
        return {field.name: plain(getattr(self, field.name)) for field in attrs.fields(type(self))}  # type: ignore[arg-type]  # each class that has this is one of attrs


def plain(value: object) -> Any:
    """Return a value as JSON can hold it; anything else becomes its `str()`."""
    if isinstance(value, Plain):
        return value.to_dict()
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return [plain(item) for item in value]
    return str(value)

"""Values as plain JSON: what `to_dict()` returns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs


class Plain:
    """Gives a value `to_dict()`."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the same as plain JSON values, under the names of the attributes.

        Times are texts in ISO 8601, URLs are whole. What the service gave is as it came.
        """
        return {field.name: plain(getattr(self, field.name)) for field in attrs.fields(type(self))}  # type: ignore[arg-type]  # each class that has this is one of attrs


def plain(value: object) -> Any:
    """Return a value as JSON can hold it; what it cannot is given by its text."""
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

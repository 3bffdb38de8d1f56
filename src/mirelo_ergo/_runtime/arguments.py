"""Checks of arguments that several calls have in common."""

from __future__ import annotations

from typing import Any

from ..errors import ConfigurationError
from .redact import short_repr, type_name


def whole_number(name: str, value: Any, low: int, high: int, *, optional: bool = False) -> int | None:
    """Return an argument that is a whole number within bounds, or None where allowed; raises `ConfigurationError`."""
    if optional and value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        kind = "" if type(value) is int else f"{type_name(value)}, "
        bounds = f"a whole number{' (int)' if kind else ''} from {low} to {high}{' or None' if optional else ''}"
        raise ConfigurationError(f"{name}={short_repr(value, 40)} is {kind}not {bounds}")
    return value


def number(name: str, value: Any, low: float, high: float) -> float:
    """Return an argument that is a number within bounds; raises `ConfigurationError`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        kind = "" if type(value) in (int, float) else f"{type_name(value)}, "
        raise ConfigurationError(f"{name}={short_repr(value, 40)} is {kind}not a number from {low:g} to {high:g}")
    return float(value)


def milliseconds(name: str, value: Any, low: int = 1, high: int = 7 * 86_400_000) -> float | None:
    """Return an optional argument in milliseconds as seconds; raises `ConfigurationError`."""
    checked = whole_number(name, value, low, high, optional=True)
    return None if checked is None else checked / 1000.0

"""Check requests against the limits of the spec before anything leaves. Answers are never checked."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

from ..errors import InvalidRequestError
from .redact import shorten

if TYPE_CHECKING:
    from collections.abc import Mapping


class Limit(Protocol):
    """What a generated `limits.py` says of one parameter."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def required(self) -> bool: ...
    @property
    def minimum(self) -> float | None: ...
    @property
    def maximum(self) -> float | None: ...
    @property
    def min_length(self) -> int | None: ...
    @property
    def max_length(self) -> int | None: ...
    @property
    def enum(self) -> tuple[str, ...]: ...


_ACCEPTED: Mapping[str, tuple[type, ...]] = {
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
    "boolean": (bool,),
}
_WORDS = {
    "integer": "a whole number (int)",
    "number": "a number",
    "string": "a string",
    "boolean": "True or False",
}


def check(limits: Mapping[str, Limit], values: Mapping[str, object], where: str) -> None:
    """Check every given value, and that no required one is missing; raise `InvalidRequestError`.

    The message names the parameter, the value (shortened), the bound and `where` (family and model). A bool is not an
    integer and "5000" is not 5000: what the service would have to guess is refused here.
    """
    for name, limit in limits.items():
        if name in values:
            _check_value(limit, values[name], where)
        elif limit.required:
            raise _refusal(name, "is required", where)


def _check_value(limit: Limit, value: object, where: str) -> None:
    accepted = _ACCEPTED.get(limit.type)
    shown = f"{limit.name}={shorten(repr(value), 60)}"
    if accepted is not None and (
        not isinstance(value, accepted) or (isinstance(value, bool) and limit.type != "boolean")
    ):
        raise _refusal(limit.name, f"is {type(value).__name__}, not {_WORDS[limit.type]}", where, shown)
    if isinstance(value, int | float) and not isinstance(value, bool):
        if isinstance(value, float) and not math.isfinite(value):
            raise _refusal(limit.name, "is not a finite number", where, shown)
        if limit.minimum is not None and value < limit.minimum:
            raise _refusal(limit.name, f"is below the minimum of {_bounds(limit)}", where, shown)
        if limit.maximum is not None and value > limit.maximum:
            raise _refusal(limit.name, f"is above the maximum of {_bounds(limit, high=True)}", where, shown)
    if isinstance(value, str):
        _check_text(limit, value, where, shown)


def _check_text(limit: Limit, value: str, where: str, shown: str) -> None:
    length = len(value)
    if limit.min_length is not None and length < limit.min_length:
        raise _refusal(limit.name, f"has {length} characters, fewer than {limit.min_length}", where, shown)
    if limit.max_length is not None and length > limit.max_length:
        raise _refusal(limit.name, f"has {length} characters, more than {limit.max_length}", where, shown)
    if limit.enum and value not in limit.enum:
        raise _refusal(limit.name, f"is not one of {', '.join(limit.enum)}", where, shown)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _refusal(limit.name, "holds half a surrogate pair, which is no text", where, shown) from None


def _bounds(limit: Limit, *, high: bool = False) -> str:
    bound, other = (limit.maximum, limit.minimum) if high else (limit.minimum, limit.maximum)
    if other is None:
        return f"{bound}"
    return f"{bound} (allowed: {limit.minimum} to {limit.maximum})"


def _refusal(name: str, problem: str, where: str, shown: str | None = None) -> InvalidRequestError:
    return InvalidRequestError(f"{where}: {shown or name} {problem}; nothing was sent", field=name)

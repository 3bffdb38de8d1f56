"""Check requests against the limits of the spec before anything leaves. Answers are never checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from ...errors import InvalidRequestError
from ..redact import short_repr

if TYPE_CHECKING:
    from collections.abc import Iterable


class Limit(Protocol):
    """What a generated `limits.py` says of one parameter."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def required(self) -> bool: ...
    @property
    def default(self) -> object: ...
    @property
    def minimum(self) -> float | None: ...
    @property
    def exclusive_minimum(self) -> float | None: ...
    @property
    def maximum(self) -> float | None: ...
    @property
    def min_length(self) -> int | None: ...
    @property
    def max_length(self) -> int | None: ...
    @property
    def enum(self) -> tuple[str, ...]: ...


class Condition(Protocol):
    """What a generated `limits.py` says of one parameter while others hold certain values, or of a width."""

    @property
    def field(self) -> str: ...
    @property
    def when(self) -> tuple[tuple[str, str | float | bool], ...]: ...
    @property
    def width(self) -> tuple[str, str] | None: ...
    @property
    def minimum(self) -> float | None: ...
    @property
    def maximum(self) -> float | None: ...


_NONE: Mapping[str, Mapping[str, Limit]] = MappingProxyType({})
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


def check(
    limits: Mapping[str, Limit],
    values: Mapping[str, object],
    where: str,
    conditions: Iterable[Condition] = (),
    nested: Mapping[str, Mapping[str, Limit]] = _NONE,
) -> None:
    """Check every given value, and that no required one is missing; raise `InvalidRequestError`.

    The message names the parameter, the value (shortened), the bound and `where` (family and model). A bool is not an
    integer and "5000" is not 5000: what the service would have to guess is refused here. `nested` has the limits of
    the fields that are objects, given as mappings; `conditions` are checked once every value is right by itself.
    """
    _check_values(limits, values, where, "")
    for field, inner in nested.items():
        value = values.get(field)
        if isinstance(value, Mapping):
            _check_values(inner, value, where, f"{field}.")
        elif field in values:
            shown = f"{field}={short_repr(value)}"
            raise _refusal(field, f"is {type(value).__name__}, not an object with {', '.join(inner)}", where, shown)
    for condition in conditions:
        _check_condition(condition, limits, values, where)


def _check_values(limits: Mapping[str, Limit], values: Mapping[str, object], where: str, prefix: str) -> None:
    for name, limit in limits.items():
        if name in values:
            _check_value(limit, prefix + name, values[name], where)
        elif limit.required:
            raise _refusal(prefix + name, "is required", where)


def _check_value(limit: Limit, name: str, value: object, where: str) -> None:
    accepted = _ACCEPTED.get(limit.type)
    shown = f"{name}={short_repr(value)}"
    if accepted is not None and (
        not isinstance(value, accepted) or (isinstance(value, bool) and limit.type != "boolean")
    ):
        raise _refusal(name, f"is {type(value).__name__}, not {_WORDS[limit.type]}", where, shown)
    if isinstance(value, int | float) and not isinstance(value, bool):
        if isinstance(value, float) and not math.isfinite(value):
            raise _refusal(name, "is not a finite number", where, shown)
        if problem := _out_of_bounds(value, limit.minimum, limit.maximum):
            raise _refusal(name, problem, where, shown)
        if limit.exclusive_minimum is not None and value <= limit.exclusive_minimum:
            raise _refusal(name, f"is not above {limit.exclusive_minimum}", where, shown)
    if isinstance(value, str):
        _check_text(limit, name, value, where, shown)


def _check_condition(
    condition: Condition, limits: Mapping[str, Limit], values: Mapping[str, object], where: str
) -> None:
    if any(values.get(name, limits[name].default) != wanted for name, wanted in condition.when):
        return
    name, value = condition.field, values.get(condition.field)
    minimum, maximum = condition.minimum, condition.maximum
    if condition.width is None:
        limit = limits[name]
        minimum = max((bound for bound in (minimum, limit.minimum) if bound is not None), default=None)
        maximum = min((bound for bound in (maximum, limit.maximum) if bound is not None), default=None)
    elif isinstance(value, Mapping) and all(end in value for end in condition.width):
        start, end = condition.width
        name, value = f"{name}.{end} - {name}.{start}", value[end] - value[start]
    if not isinstance(value, int | float):  # it is absent, and nothing required it
        return
    if problem := _out_of_bounds(value, minimum, maximum):
        reason = " and ".join(f"{other}={wanted!r}" for other, wanted in condition.when)
        problem += f" when {reason}" if reason else ""
        raise _refusal(condition.field, problem, where, f"{name}={short_repr(value)}")


def _check_text(limit: Limit, name: str, value: str, where: str, shown: str) -> None:
    length = len(value)
    if limit.min_length is not None and length < limit.min_length:
        raise _refusal(name, f"has {length} characters, fewer than {limit.min_length}", where, shown)
    if limit.max_length is not None and length > limit.max_length:
        raise _refusal(name, f"has {length} characters, more than {limit.max_length}", where, shown)
    if limit.enum and value not in limit.enum:
        raise _refusal(name, f"is not one of {', '.join(limit.enum)}", where, shown)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _refusal(name, "holds half a surrogate pair, which is no text", where, shown) from None


def _out_of_bounds(value: float, minimum: float | None, maximum: float | None) -> str | None:
    if minimum is not None and value < minimum:
        problem = f"is below the minimum of {minimum}"
    elif maximum is not None and value > maximum:
        problem = f"is above the maximum of {maximum}"
    else:
        return None
    return problem if minimum is None or maximum is None else f"{problem} (allowed: {minimum} to {maximum})"


def _refusal(name: str, problem: str, where: str, shown: str | None = None) -> InvalidRequestError:
    return InvalidRequestError(f"{where}: {shown or name} {problem}; nothing was sent", field=name)

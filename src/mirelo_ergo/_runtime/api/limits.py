"""Checks of requests against the limits of the spec, before anything is sent. Answers are never checked."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from ...errors import InvalidRequestError
from ..redact import short_repr


class Limit(Protocol):
    """The limits of one parameter, in a generated `limits.py`."""

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
    def exclusive_maximum(self) -> float | None: ...
    @property
    def min_length(self) -> int | None: ...
    @property
    def max_length(self) -> int | None: ...
    @property
    def enum(self) -> tuple[str, ...]: ...
    @property
    def pattern(self) -> str | None: ...
    @property
    def min_items(self) -> int | None: ...
    @property
    def max_items(self) -> int | None: ...
    @property
    def schema(self) -> str | None: ...
    @property
    def tag(self) -> str | None: ...
    @property
    def variants(self) -> tuple[tuple[str, str], ...]: ...
    @property
    def items(self) -> Limit | None: ...
    @property
    def nullable(self) -> bool: ...


Given = tuple[tuple[str, str | float | bool | None], ...]


class Condition(Protocol):
    """A limit of one parameter that depends on others, in a generated `limits.py`."""

    @property
    def field(self) -> str: ...
    @property
    def when(self) -> Given: ...
    @property
    def unless(self) -> Given: ...
    @property
    def width(self) -> tuple[str, str] | None: ...
    @property
    def count_of(self) -> tuple[str, ...]: ...
    @property
    def absent(self) -> bool: ...
    @property
    def minimum(self) -> float | None: ...
    @property
    def maximum(self) -> float | None: ...


class Limits(Protocol):
    """A generated `limits.py`: its tables, by the name of an object in a request."""

    @property
    def LIMITS(self) -> Mapping[str, Mapping[str, Limit]]: ...  # noqa: N802  # as the generated module names it
    @property
    def ONE_OF(self) -> Mapping[str, tuple[str, ...]]: ...  # noqa: N802
    @property
    def CONDITIONS(self) -> Mapping[str, Sequence[Condition]]: ...  # noqa: N802


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


def check(limits: Limits, schema: str, values: Mapping[str, object], where: str) -> None:
    """Check every given value of a request, and that no required one is missing; raise `InvalidRequestError`.

    The message names the parameter, the value (shortened), the bound and `where` (what is called, with its model). A
    bool is not an integer and "5000" is not 5000: values that the service would have to interpret are refused. Objects
    (given as mappings) and lists are checked as deep as the spec describes them; an object of a union type is checked
    only if it is a mapping. Conditions are checked after each value has passed by itself.
    """
    _check_object(limits, schema, values, where, "")
    for condition in limits.CONDITIONS.get(schema, ()):
        _check_condition(condition, limits.LIMITS[schema], values, where)


def _check_object(limits: Limits, schema: str, values: Mapping[str, object], where: str, prefix: str) -> None:
    for name, limit in limits.LIMITS[schema].items():
        if name in values:
            _check_value(limits, limit, prefix + name, values[name], where)
        elif limit.required:
            raise _refusal(prefix + name, "is required", where)
    alternatives = limits.ONE_OF.get(schema, ())
    given = [name for name in alternatives if name in values]
    if alternatives and len(given) != 1:
        what = prefix.rstrip(".") or "the request"
        count = "none of them" if not given else " and ".join(given)
        raise _refusal(what, f"takes exactly one of {', '.join(alternatives)}, and has {count}", where)


def _check_value(limits: Limits, limit: Limit, name: str, value: object, where: str) -> None:
    if value is None and limit.nullable:
        return
    accepted = _ACCEPTED.get(limit.type)
    if accepted is not None:
        if not isinstance(value, accepted) or (isinstance(value, bool) and limit.type != "boolean"):
            raise _refusal(name, f"is {type(value).__name__}, not {_WORDS[limit.type]}", where, value)
        if isinstance(value, str):
            _check_text(limit, name, value, where)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            _check_number(limit, name, value, where)
    elif limit.type == "array":
        _check_list(limits, limit, name, value, where)
    elif limit.type == "object":
        _check_inner(limits, limit, name, value, where)


def _check_inner(limits: Limits, limit: Limit, name: str, value: object, where: str) -> None:
    schema = limit.schema
    if isinstance(value, Mapping) and limit.tag is not None:
        schemas = dict(limit.variants)
        kind = value.get(limit.tag)
        schema = schemas.get(kind) if isinstance(kind, str) else None
        if schema is None:
            raise _refusal(f"{name}.{limit.tag}", f"is not one of {', '.join(schemas)}", where, kind)
    if schema is None:
        return
    if not isinstance(value, Mapping):
        fields = ", ".join(limits.LIMITS[schema])
        raise _refusal(name, f"is {type(value).__name__}, not an object with {fields}", where, value)
    _check_object(limits, schema, value, where, f"{name}.")


def _check_list(limits: Limits, limit: Limit, name: str, value: object, where: str) -> None:
    if isinstance(value, str | bytes) or not isinstance(value, Sequence):
        raise _refusal(name, f"is {type(value).__name__}, not a list", where, value)
    if problem := _out_of_bounds(len(value), limit.min_items, limit.max_items):
        raise _refusal(name, f"has {len(value)} items, which {problem}", where)
    if limit.items is not None:
        for index, item in enumerate(value):
            _check_value(limits, limit.items, f"{name}[{index}]", item, where)


def _check_number(limit: Limit, name: str, value: float, where: str) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise _refusal(name, "is not a finite number", where, value)
    if problem := _out_of_bounds(value, limit.minimum, limit.maximum):
        raise _refusal(name, problem, where, value)
    if limit.exclusive_minimum is not None and value <= limit.exclusive_minimum:
        raise _refusal(name, f"is not above {limit.exclusive_minimum}", where, value)
    if limit.exclusive_maximum is not None and value >= limit.exclusive_maximum:
        raise _refusal(name, f"is not below {limit.exclusive_maximum}", where, value)


def _check_text(limit: Limit, name: str, value: str, where: str) -> None:
    length = len(value)
    if limit.min_length is not None and length < limit.min_length:
        raise _refusal(name, f"has {length} characters, fewer than {limit.min_length}", where, value)
    if limit.max_length is not None and length > limit.max_length:
        raise _refusal(name, f"has {length} characters, more than {limit.max_length}", where, value)
    if limit.enum and value not in limit.enum:
        raise _refusal(name, f"is not one of {', '.join(limit.enum)}", where, value)
    # in the spec's dialect `$` is the very end; Python's also matches before a final newline
    if limit.pattern is not None and (value.endswith("\n") or not re.search(limit.pattern, value)):
        raise _refusal(name, f"does not have the form {limit.pattern}", where, value)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _refusal(name, "holds half a surrogate pair, which is not text", where, value) from None


def _check_condition(
    condition: Condition, limits: Mapping[str, Limit], values: Mapping[str, object], where: str
) -> None:
    def holds(given: Given) -> bool:
        return all(values.get(name, limits[name].default) == wanted for name, wanted in given)

    if not holds(condition.when) or (condition.unless and holds(condition.unless)):
        return
    reason = _reason(condition)
    if condition.absent:
        outer, _, inner = condition.field.partition(".")
        value = values.get(outer)
        if value is not None and (not inner or (isinstance(value, Mapping) and value.get(inner) is not None)):
            shown = value[inner] if inner and isinstance(value, Mapping) else value
            raise _refusal(condition.field, f"has to be left out{reason}", where, shown)
        return
    name, value = condition.field, values.get(condition.field)
    minimum, maximum = condition.minimum, condition.maximum
    if condition.count_of:
        _check_count(condition, limits[name], value, where, reason)
        return
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
        raise InvalidRequestError(
            f"{where}: {name}={short_repr(value)} {problem}{reason}; nothing was sent", field=condition.field
        )


def _check_count(condition: Condition, limit: Limit, value: object, where: str, reason: str) -> None:
    tag = limit.items.tag if limit.items is not None else None
    if not isinstance(value, Sequence) or tag is None:
        return
    count = sum(isinstance(item, Mapping) and item.get(tag) in condition.count_of for item in value)
    kinds = " or ".join(condition.count_of)
    exact = condition.minimum == condition.maximum
    if exact and count != condition.minimum:
        raise _refusal(condition.field, f"needs exactly {condition.minimum} of {kinds}, and has {count}{reason}", where)
    if condition.minimum is not None and count < condition.minimum:
        raise _refusal(
            condition.field, f"needs at least {condition.minimum} of {kinds}, and has {count}{reason}", where
        )
    if condition.maximum is not None and count > condition.maximum:
        raise _refusal(condition.field, f"takes at most {condition.maximum} of {kinds}, and has {count}{reason}", where)


def _reason(condition: Condition) -> str:
    """Return in words what the condition depends on."""

    def words(given: Given) -> str:
        return " and ".join(f"without {name}" if value is None else f"{name}={value!r}" for name, value in given)

    when = words(condition.when)
    reason = (f" {when}" if when.startswith("without") else f" when {when}") if when else ""
    return reason + (f" unless {words(condition.unless)}" if condition.unless else "")


def _out_of_bounds(value: float, minimum: float | None, maximum: float | None) -> str | None:
    if minimum is not None and value < minimum:
        problem = f"is below the minimum of {minimum}"
    elif maximum is not None and value > maximum:
        problem = f"is above the maximum of {maximum}"
    else:
        return None
    return problem if minimum is None or maximum is None else f"{problem} (allowed: {minimum} to {maximum})"


def refuse_blank(values: Mapping[str, object], name: str, where: str) -> None:
    """Raise `InvalidRequestError` for a text without a visible character: its result would be charged all the same."""
    text = values.get(name)
    if isinstance(text, str) and not any(character.isprintable() and character != " " for character in text):
        raise _refusal(name, "is blank: say what is to be heard", where, text)


_NOTHING = object()


def _refusal(name: str, problem: str, where: str, value: object = _NOTHING) -> InvalidRequestError:
    shown = name if value is _NOTHING else f"{name}={short_repr(value)}"
    return InvalidRequestError(f"{where}: {shown} {problem}; nothing was sent", field=name)

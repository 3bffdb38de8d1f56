"""Conversion of a sheet's cells into arguments, by the arguments' types."""

from __future__ import annotations

import json
import re
import types
from typing import Any, Final, Literal, Union, get_args, get_origin

_THOUSANDS: Final = re.compile(r"[-+]?[0-9]{1,3}(\.[0-9]{3})+")
_TRUE: Final = ("true", "yes", "1", "x", "wahr", "vrai")
_FALSE: Final = ("false", "no", "0", "", "falsch", "faux")


def argument_of(cell: str, annotation: Any) -> Any:
    """Return the value of a cell for an argument of this type; raises `ValueError` with a message."""
    text = cell.strip()
    kinds = _kinds(annotation)
    if text.startswith(("{", "[")) and kinds & {"object", "list"}:
        try:
            return json.loads(text)
        except ValueError as error:
            raise ValueError(f"{text[:40]!r} is not JSON: {error}") from None
    if kinds & {"text"}:
        return cell
    if "bool" in kinds:
        return _bool(text)
    if "int" in kinds or "float" in kinds:
        return _number(text, whole="float" not in kinds)
    return cell


def _kinds(annotation: Any) -> set[str]:
    """Return the JSON types that a type allows."""
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return set().union(*(_kinds(each) for each in get_args(annotation)))
    if origin is Literal:
        return {"text"}
    if origin is not None:
        return {"list"} if isinstance(origin, type) and issubclass(origin, tuple | list) else {"object", "list"}
    plain = {str: "text", bool: "bool", int: "int", float: "float"}
    return {plain[annotation]} if annotation in plain else {"object", "list"}


def _bool(text: str) -> bool:
    if text.casefold() in _TRUE:
        return True
    if text.casefold() in _FALSE:
        return False
    raise ValueError(f"{text[:40]!r} is not true or false")


def _number(text: str, *, whole: bool) -> int | float:
    if whole and _THOUSANDS.fullmatch(text):  # 2.000 is 2000 in a German sheet, and was 2 here
        raise ValueError(f"{text[:40]!r} may be two numbers: write it without a point")
    try:
        number = float(text)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is not a {'whole number' if whole else 'number'}") from None
    if number.is_integer():
        return int(number)
    if whole or number != number or number in (float("inf"), float("-inf")):
        raise ValueError(f"{text[:40]!r} is not a {'whole number' if whole else 'number'}")
    return number

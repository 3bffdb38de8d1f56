"""Bounds of fault parameters: each checks a value, writes the error message and its JSON Schema."""

from __future__ import annotations

import difflib
import math
import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import attrs

from mirelo_ergo.emulator.refusals import short

if TYPE_CHECKING:
    from collections.abc import Iterable


class Bound(ABC):
    """A bound for an attribute, used as an attrs validator. With `optional`, None means "not given"."""

    optional: bool

    def __call__(self, instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
        """Raise `ValueError` with the attribute's name, its value and the bound."""
        if not ((value is None and self.optional) or self.allows(value)):
            raise ValueError(f"{attribute.name} is {short(value)}: it has to be {self.words()}")

    @abstractmethod
    def allows(self, value: object) -> bool:
        """Return whether a value is within the bound."""

    @abstractmethod
    def words(self) -> str:
        """Return the bound in words."""

    def schema(self) -> dict[str, Any]:
        """Return the bound as JSON Schema, {} if it is not part of a schema file."""
        return {}


@attrs.frozen
class Number(Bound):
    """A number from `least` to `most`; a whole one with `whole`."""

    least: float
    most: float
    whole: bool = False
    optional: bool = False

    def allows(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, int if self.whole else (int, float)):
            return False
        return math.isfinite(value) and self.least <= value <= self.most

    def words(self) -> str:
        return f"a {'whole ' if self.whole else ''}number from {self.least:,} to {self.most:,}"

    def schema(self) -> dict[str, Any]:
        return {"type": "integer" if self.whole else "number", "minimum": self.least, "maximum": self.most}


@attrs.frozen
class Flag(Bound):
    """True or false."""

    optional: bool = False

    def allows(self, value: object) -> bool:
        return isinstance(value, bool)

    def words(self) -> str:
        return "true or false"

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@attrs.frozen
class Choice(Bound):
    """One of some words."""

    options: tuple[str, ...]
    optional: bool = False

    def allows(self, value: object) -> bool:
        return isinstance(value, str) and value in self.options

    def words(self) -> str:
        return f"one of {', '.join(self.options)}"

    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.options)}


@attrs.frozen
class Text(Bound):
    """Text that fits a pattern as a whole, described by `about`."""

    pattern: str
    about: str
    optional: bool = False

    def allows(self, value: object) -> bool:
        return isinstance(value, str) and re.fullmatch(self.pattern, value) is not None

    def words(self) -> str:
        return self.about

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^(?:{self.pattern})$", "description": self.about}


@attrs.frozen
class Either(Bound):
    """What one of two bounds allows."""

    first: Bound
    second: Bound
    optional: bool = False

    def allows(self, value: object) -> bool:
        return self.first.allows(value) or self.second.allows(value)

    def words(self) -> str:
        return f"{self.first.words()}, or {self.second.words()}"

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [self.first.schema(), self.second.schema()]}


def nearest(word: str, known: Iterable[str], shown: Iterable[str] | None = None) -> str:
    """Return the word that was probably meant, and known words."""
    known = list(known)
    meant = difflib.get_close_matches(word, known, 1)
    return (f"did you mean {meant[0]}? " if meant else "") + f"known are {', '.join(known if shown is None else shown)}"

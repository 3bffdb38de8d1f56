"""Checks of items before anything is sent: ids, names, operations, arguments and files. They report all mistakes."""

from __future__ import annotations

import difflib
import hashlib
import inspect
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from ..errors import InvalidRequestError
from .errors import LISTED, ManifestError
from .items import Item, changed_fields, value_json
from .result_files import STAGING, stem_of
from .services import parameters
from .sources import local_files, signed_url, with_files_at

LONGEST: Final = 120
"""The longest id and file name, in bytes."""
_FORBIDDEN: Final = re.compile(r'[<>:"/\\|?*]')
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)
_OWN: Final = ("results.jsonl", "report.html")


class Mistakes:
    """The mistakes found: messages for the first 50, and the number of all."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.first: list[str] = []
        self.count = 0
        self._kinds: set[str] = set()

    def add(self, item: Item | int | None, problem: str, kind: str | None = None) -> None:
        """Record a mistake in an item or a line. The first of a `kind` stands for all of that kind."""
        if kind is not None and kind in self._kinds:
            return
        if kind is not None:
            self._kinds.add(kind)
        self.count += 1
        problem = problem.removesuffix("; nothing was sent")  # the message says it once for all
        if len(self.first) < LISTED:
            line = item.line if isinstance(item, Item) else item
            name = f"item {str(item.id)[:60]}" if isinstance(item, Item) else ""
            place = ", ".join(part for part in ("" if line is None else f"line {line}", name) if part)
            self.first.append(f"{place}: {problem}" if place else problem)

    def raise_any(self) -> None:
        """Raise `ManifestError` if there are any."""
        if self.count:
            raise ManifestError(self.first, self.count, self.where)


class Checker:
    """Checks items one after the other, also against earlier ones. `folder` is the folder for relative paths."""

    def __init__(self, mistakes: Mistakes, folder: Path) -> None:
        self._mistakes = mistakes
        self._folder = folder
        self._ids: dict[bytes, int | None] = {}
        self._names: dict[bytes, int | None] = {}

    def check(self, item: Item) -> Item | None:
        """Return the item for further checks; None if its fields are wrong. All mistakes are recorded.

        An item whose id or file name is taken, or with an argument that nobody knows, is recorded and returned: its
        limits are checked all the same. An unknown argument is recorded once for all items of an operation.
        """
        foreign = list(_foreign_fields(item))
        for problem in foreign:
            self._mistakes.add(item, problem)
        if foreign:
            return None
        repeats, strange = list(self._repeats(item)), strange_arguments(item)
        problems = list(self._problems(item))
        for problem in repeats:
            self._mistakes.add(item, problem)
        add_strange(self._mistakes, item, strange)
        for problem in problems:
            self._mistakes.add(item, problem)
        if problems:
            return None
        if strange:  # the others are checked all the same
            kept = {name: value for name, value in item.arguments.items() if name not in strange}
            item = attrs.evolve(item, arguments=kept)
        return with_files_at(item, self._folder)

    def _repeats(self, item: Item) -> Iterator[str]:
        twice = list(self._repeated(self._ids, str(item.id), item, "id"))
        yield from twice
        if not twice or item.out is not None:
            yield from self._repeated(self._names, folded(item.name), item, "out")

    def _problems(self, item: Item) -> Iterator[str]:
        yield from id_problems(item.id)
        yield from (f"out: {problem}" for problem in name_problems(item.name))
        if not isinstance(item.take, int) or isinstance(item.take, bool) or item.take < 1:
            yield f"take: {str(item.take)[:40]!r} is not a whole number from 1 on"
        try:
            known = parameters(item.service, item.operation)
        except InvalidRequestError as error:
            yield error.message
            return
        yield from _argument_problems(item, known)
        yield from _unwritable_arguments(item)
        for name, path in local_files(item):
            problem = _file_problem(self._folder / path)
            if problem is not None:
                yield f"{name}: {path[:200]} {problem}"
        place = signed_url(item.arguments)
        if place is not None:
            yield (
                f"{place}: this URL has a secret in it, and a ledger keeps none: download the file and give its path, "
                "or give a public URL"
            )

    def _repeated(self, seen: dict[bytes, int | None], text: str, item: Item, field: str) -> Iterator[str]:
        key = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).digest()
        if key in seen:
            where = "of an item before it" if seen[key] is None else f"in line {seen[key]}"
            yield f"{field}: {text[:60]!r} is also the {'id' if field == 'id' else 'file name'} {where}"
        else:
            seen[key] = item.line


def _foreign_fields(item: Item) -> Iterator[str]:
    """Yield the fields that are of another type than an item's, such as a number of a table as the id."""
    texts: dict[str, Any] = {"id": item.id, "operation": item.operation, "service": item.service, "out": item.out}
    for name, value in texts.items():
        if value is not None and not isinstance(value, str):
            yield f"{name}: {value!r:.60} is {type(value).__name__}, not a text"
    arguments: Any = item.arguments
    if not isinstance(arguments, Mapping):
        given = f"{arguments!r:.60} is {type(arguments).__name__}"
        yield f'arguments: {given}, not a mapping such as {{"prompt": "rain"}}'


def _unwritable_arguments(item: Item) -> Iterator[str]:
    for name, value in item.arguments.items():
        try:
            value_json(value)
        except (TypeError, ValueError) as error:
            yield f"{name}: {value!r:.60} cannot be kept in a ledger: {error}"


def id_problems(name: Any) -> Iterator[str]:
    """Yield the problems of an id."""
    if not isinstance(name, str) or not name.strip():
        yield "id: it is missing: give each item one of its own"
    elif len(name.encode("utf-8", "surrogatepass")) > LONGEST:
        yield f"id: {name[:30]!r}… is longer than {LONGEST} bytes"
    elif any(unicodedata.category(each)[0] == "C" for each in name):
        yield f"id: {name[:60]!r} holds a character that cannot be shown"


def name_problems(name: str) -> Iterator[str]:
    """Yield the problems of a file name, on any system."""
    if len(name.encode("utf-8", "surrogatepass")) > LONGEST:
        yield f"{name[:30]!r}… is longer than {LONGEST} bytes"
    elif _FORBIDDEN.search(name) or any(unicodedata.category(each)[0] == "C" for each in name):
        yield f'{name[:60]!r} is not a file name: leave out folders and the characters < > : " / \\ | ? *'
    elif name.strip(" .") != name or not name or name.startswith((".", "-")):
        yield f"{name[:60]!r} begins or ends with a dot, a space or a dash"
    elif _RESERVED.match(name) or folded(name) in (*_OWN, STAGING):
        yield f"{name[:60]!r} is a name that something else has"


def folded(name: str) -> str:
    """Return a file name without case and without a media suffix, for comparisons."""
    return stem_of(unicodedata.normalize("NFC", name)).casefold()


def _file_problem(path: Path) -> str | None:
    try:
        if not path.exists():
            return "is not there"
        if not path.is_file():
            return "is not a file"
        if not os.access(path, os.R_OK):
            return "cannot be read"
        return None if path.stat().st_size else "is empty"
    except (OSError, ValueError) as error:
        return f"cannot be looked at: {error}"


def strange_arguments(item: Item) -> dict[str, str]:
    """Return the arguments that an item's operation does not have, each with the problem."""
    try:
        known = parameters(item.service, item.operation)
    except InvalidRequestError:  # it is reported by itself
        return {}
    found = {}
    for name in item.arguments:
        if name not in known:
            near = _near(name, known)
            hint = f": do you mean {near}?" if near else f"; it takes {', '.join(known)}"
            own = "" if item.line is None else "; the name of a column of your own begins with _"
            found[name] = f"{str(name)[:60]}: {item.operation} has no such argument{hint}{own}"
    return found


def add_strange(mistakes: Mistakes, item: Item, strange: Mapping[str, str]) -> None:
    """Record unknown arguments, each once for all items of an operation: a column is in all rows of a sheet."""
    for name, problem in strange.items():
        mistakes.add(item, problem, kind=f"{item.operation}:{name}")


def _argument_problems(item: Item, known: Any) -> Iterator[str]:
    for name, parameter in known.items():
        if parameter.default is inspect.Parameter.empty and name not in item.arguments:
            if any(_near(other, known) == name for other in item.arguments if other not in known):
                continue  # it is there with a mistake in its name, which is reported
            yield f"{name}: it is missing, and {item.operation} needs it"


def _near(name: object, known: Any) -> str | None:
    return next(iter(difflib.get_close_matches(str(name), known, 1)), None)


def sent_already(before: Item, item: Item) -> str:
    """Return the problem of an item that was changed after it was sent."""
    changed = ", ".join(changed_fields(before, item))
    return f"it was sent already with another {changed or 'definition'}: give it another id, or take the change back"


def checked(items: Iterable[Item], checker: Checker) -> Iterator[Item]:
    """Yield the items whose fields are right, also those whose id or file name is taken; mistakes are recorded."""
    given: Any
    for given in items:
        if not isinstance(given, Item):
            kind = type(given).__name__
            raise InvalidRequestError(f"{given!r:.60} is {kind}, not an Item: make Item(id, operation, arguments)")
        good = checker.check(given)
        if good is not None:
            yield good

"""Reading manifests: JSON lines, CSV with a header, or YAML, as a stream of rows with their lines."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, TextIO

from ..errors import InvalidRequestError
from .cells import argument_of
from .checking import Mistakes, add_strange, strange_arguments
from .items import Item
from .services import parameters
from .yaml_rows import yaml_rows

STDIN: Final = "-"
_OWN: Final = ("id", "operation", "service", "out", "take")
_FORMS: Final[Mapping[str, str]] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".yaml": "yaml",
    ".yml": "yaml",
}
_NOTE: Final = "_"
"""How the name of a field begins that is the caller's own, and is not read."""
_SEPARATOR_LINE: Final = re.compile(r"\"?sep=(.)\"?", re.IGNORECASE)
_LONGEST_LINE: Final = 1 << 20
_SEPARATORS: Final = ",;\t|"

Row = tuple[int, dict[str, Any]]


def read_manifest(path: str | Path, mistakes: Mistakes | None = None) -> Iterator[Item]:
    """Yield the items of a manifest, one at a time. "-" is standard input, as JSON lines.

    Invalid rows are recorded in `mistakes` if that is given; otherwise `ManifestError` is raised after the last row.
    Raises `InvalidRequestError` if the file cannot be read or is of another kind.
    """
    own = Mistakes(str(path)) if mistakes is None else mistakes
    with _opened(path) as (form, file):
        rows = {"jsonl": _json_rows, "csv": _csv_rows, "yaml": yaml_rows}[form](file, own)
        for line, fields in rows:
            item = _item(line, fields, own, cells=form == "csv")
            if item is not None:
                yield item
    if mistakes is None:
        own.raise_any()


@contextmanager
def _opened(path: str | Path) -> Iterator[tuple[str, Any]]:
    if str(path) == STDIN:
        yield "jsonl", sys.stdin.buffer
        return
    place = Path(path)
    form = _FORMS.get(place.suffix.lower())
    if form is None:
        raise InvalidRequestError(
            f"{place}: a manifest's name ends with {', '.join(_FORMS)}: rename it, or give - and JSON lines on stdin",
            field="manifest",
        )
    try:
        file = place.open("rb")
    except OSError as error:
        raise InvalidRequestError(f"{place} cannot be read: {error.strerror}", field="manifest") from error
    with file:
        yield form, file


def _json_rows(file: BinaryIO, mistakes: Mistakes) -> Iterator[Row]:
    for number, line in enumerate(iter(lambda: file.readline(_LONGEST_LINE + 1), b""), 1):
        if len(line) > _LONGEST_LINE:
            mistakes.add(number, f"it is longer than {_LONGEST_LINE} bytes; the rest was not read")
            return
        text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if not text.strip():
            continue
        try:
            fields = json.loads(text.decode(), object_pairs_hook=_once, parse_constant=_no_number)
        except UnicodeDecodeError:
            mistakes.add(number, "it is not UTF-8")
        except (ValueError, RecursionError) as error:
            mistakes.add(number, f"it is not JSON: {getattr(error, 'msg', error)}")
        else:
            if isinstance(fields, dict):
                yield number, fields
            else:
                mistakes.add(number, f'it is a JSON {type(fields).__name__}, not an object such as {{"id": …}}')


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} is in it twice")
    return fields


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is not a number")


def _csv_rows(file: BinaryIO, mistakes: Mistakes) -> Iterator[Row]:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        yield from _rows_of(text, mistakes)
    except UnicodeDecodeError:
        mistakes.add(None, "it is not UTF-8: save the sheet as CSV UTF-8; the rest was not read")
    except csv.Error as error:
        mistakes.add(None, f"it is not CSV: {error}")
    finally:
        text.detach()


def _rows_of(text: TextIO, mistakes: Mistakes) -> Iterator[Row]:
    header, first = text.readline(), 1
    named = _SEPARATOR_LINE.fullmatch(header.strip())
    if named is not None:  # as Excel writes and reads it
        header, first = text.readline(), 2
    separator = named[1] if named is not None else max(_SEPARATORS, key=header.count)
    names = [name.strip() for name in next(csv.reader([header], delimiter=separator), [])]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if "id" not in names or twice:
        capital = next((name for name in names if name.lower() == "id"), None)
        absent = (
            "has no column id"
            if capital is None
            else f"has {capital}, and the column is id: names are in small letters"
        )
        problem = f"has {', '.join(twice)} twice" if twice else absent
        mistakes.add(
            first, f"the header {problem}; it names the columns, such as id{separator}operation{separator}prompt"
        )
        return
    reader = csv.reader(text, delimiter=separator, strict=True)
    line = first + 1
    for cells in reader:
        number, line = line, reader.line_num + first + 1
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
            mistakes.add(number, f"it has {len(cells)} cells, and the header has {len(names)}")
            continue
        yield number, {name: cell for name, cell in zip(names, cells, strict=False) if name and cell.strip()}


def _item(line: int, fields: dict[str, Any], mistakes: Mistakes, *, cells: bool) -> Item | None:
    """Return the item of a row, None if its own fields are wrong. Its arguments are checked later."""
    problems = []
    name, operation = fields.get("id"), fields.get("operation")
    if isinstance(name, int) and not isinstance(name, bool):
        name = str(name)
    if not isinstance(name, str) or not name.strip():
        problems.append("id: it is missing: give each item one of its own")
    if not isinstance(operation, str):
        problems.append("operation: it is missing: give one such as text_to_sfx")
    service, out = fields.get("service", "mirelo"), fields.get("out")
    for field, value in (("service", service), ("out", out)):
        if value is not None and not isinstance(value, str):
            problems.append(f"{field}: {str(value)[:40]} is not text")
    if problems:
        for problem in problems:
            mistakes.add(line, problem)
        return None
    arguments = {
        key: value
        for key, value in fields.items()
        if key not in _OWN and not key.startswith(_NOTE) and value is not None
    }
    item = Item(
        str(name).strip(), str(operation).strip(), arguments, service=service, out=out, take=_take(fields), line=line
    )
    return _from_cells(item, mistakes) if cells else item


def _take(fields: dict[str, Any]) -> Any:
    """Return the take. A value that is not a number is reported by the check of all items."""
    take = fields.get("take", 1)
    return int(take) if isinstance(take, str) and take.strip().isdecimal() else take


def _from_cells(item: Item, mistakes: Mistakes) -> Item | None:
    """Return an item whose arguments are converted from its cells, by their types in its operation."""
    try:
        known = parameters(item.service, item.operation)
    except InvalidRequestError:
        return item  # a wrong service or operation is reported by the check of all items
    arguments, wrong = {}, False
    add_strange(mistakes, item, strange_arguments(item))
    for name, cell in item.arguments.items():
        if name not in known:  # it is recorded above
            arguments[name] = cell
            continue
        try:
            arguments[name] = argument_of(cell, known[name].annotation)
        except ValueError as error:
            mistakes.add(item, f"{name}: {error}")
            wrong = True
    if wrong:
        return None
    return Item(item.id, item.operation, arguments, service=item.service, out=item.out, take=item.take, line=item.line)

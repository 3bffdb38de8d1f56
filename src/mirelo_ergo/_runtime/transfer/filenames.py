"""File names for results: safe on every system, inside their folder, and different from each other."""

from __future__ import annotations

import itertools
import re
import string
import unicodedata
from typing import TYPE_CHECKING, Final

import attrs

from ...errors import InvalidRequestError
from ..redact import short_repr
from .content_types import EXTENSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FIELDS: Final = ("stem", "prompt", "job", "n", "output", "variant", "family", "model", "date")
"""The fields of a name template, in braces."""
LONGEST_NAME: Final = 120
"""The longest name in bytes without its suffix: with a temporary file's suffix it fits every common file system."""
_LONGEST_FIELD: Final = 60
_NUMBERS: Final = {"n", "output", "variant"}
"""The fields that differ between the results of one job."""

_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\s]+')


def safe_filename(text: str) -> str:
    """Return any text as one file name without folders, at most 100 characters, legal on every system."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", text)[:99].strip("._-")
    if not name:
        return "result"
    return f"_{name}" if _RESERVED.match(name) else name


@attrs.frozen
class Place:
    """The position of a file in its job: the number of its result, from 1, and its kind if it is an additional file."""

    number: int
    beside: str = ""
    output: str | None = None
    variant: str | None = None


@attrs.frozen
class NameFields:
    """The values for naming a job's results. `stem` is the clip's name, `prompt` the text."""

    job: str
    family: str = ""
    model: str = ""
    date: str = ""
    """The day of the submit in UTC, as YYYY-MM-DD."""
    stem: str | None = None
    prompt: str | None = None

    def values(self, place: Place) -> Mapping[str, str | int]:
        """Return the fields of a file.

        If the stem or the prompt is unknown, the other one is used, else the family.
        """
        words = self.stem or self.prompt or self.family
        return {
            "stem": _word(self.stem or words),
            "prompt": _word(self.prompt or words),
            "job": safe_filename(self.job),
            "n": place.number,
            "output": _word(place.output or str(place.number)),
            "variant": _word(place.variant or str(place.number)),
            "family": _word(self.family.replace("/", "-")),
            "model": _word(self.model),
            "date": self.date,
        }


@attrs.frozen
class NameTemplate:
    """A checked template such as "{stem}-{n}". `{n:02}` pads the number with zeros.

    A suffix such as ".wav" is dropped: a file gets the suffix of its content.
    """

    text: str

    @classmethod
    def read(cls, template: object) -> NameTemplate:
        """Return the template; raises `InvalidRequestError` for an unknown field, a path or an empty text."""
        problem = _problem(template) if isinstance(template, str) else f"is {type(template).__name__}, not a string"
        if problem is not None:
            raise InvalidRequestError(
                f'name={short_repr(template, 80)} {problem}; for example "{{stem}}-{{n}}" with the fields '
                + ", ".join(FIELDS),
                field="name",
            )
        text = str(template)
        suffix = next((each for each in EXTENSIONS.values() if text.lower().endswith(each)), "")
        return cls(text.removesuffix(text[len(text) - len(suffix) :]) or text)

    @property
    def names_the_job(self) -> bool:
        """Whether the names contain the job's id, so that no other job's results have them."""
        return "job" in _used(self.text)

    def stems(self, fields: NameFields, places: Sequence[Place]) -> list[str]:
        """Return a name for each file, without suffixes. They differ even if case is ignored."""
        counted = len({place.number for place in places}) > 1
        text = f"{self.text}-{{n}}" if counted and not _NUMBERS & _used(self.text) else self.text
        taken: set[str] = set()
        names: list[str] = []
        for place in places:
            ending = f"-{safe_filename(place.beside)}" if place.beside else ""
            name = _legal(text.format_map(fields.values(place)) + ending)
            others = (f"{_cut(name, LONGEST_NAME - 8)}-{each}" for each in itertools.count(2))
            name = next(each for each in itertools.chain([name], others) if each.casefold() not in taken)
            taken.add(name.casefold())
            names.append(name)
        return names


def check_name(name: str) -> str:
    """Return a name template if `download(name=…)` can use it. Costs nothing.

    Raises `InvalidRequestError` for an unknown field, a path or an empty text. Call it before a submit: `download`
    would refuse the name only after the job is paid.
    """
    NameTemplate.read(name)
    return name


def _problem(template: str) -> str | None:
    if not template.strip():
        return "is empty"
    if re.search(r"[/\\\0]", template):
        return "is a path: the folder is the other argument"
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        return f"is not a template ({error})"
    for _, field, form, conversion in parts:
        if field is None:
            continue
        if field not in FIELDS:
            return f"has the unknown field {{{field}}}"
        if conversion or (form and not (field == "n" and re.fullmatch(r"0[1-9]", form))):
            return f"formats {{{field}}}, and only {{n:02}} and the like can be formatted"
    return None


def _used(template: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(template) if field}


def _word(text: str) -> str:
    """Return a readable part of a name: letters and digits of any script, joined by dashes."""
    text = unicodedata.normalize("NFC", text)
    kept = "".join(c if c in "._-" or unicodedata.category(c)[0] in "LMN" else " " for c in text)
    return _cut("-".join(kept.split()), _LONGEST_FIELD)


def _legal(name: str) -> str:
    """Return a name that is legal on every system, whatever the template contains."""
    name = "".join(c for c in unicodedata.normalize("NFC", name) if unicodedata.category(c)[0] != "C")
    name = _cut(_FORBIDDEN.sub("_", name).strip("._- "), LONGEST_NAME)
    if not name:
        return "result"
    return f"_{name}" if _RESERVED.match(name) else name


def _cut(name: str, longest: int) -> str:
    """Cut a name to this many bytes of UTF-8, between characters."""
    return name.encode()[:longest].decode(errors="ignore").rstrip("._- ")

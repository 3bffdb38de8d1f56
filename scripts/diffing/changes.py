"""Changes for callers, merged into the lines of a report or the changelog."""

import json
from collections.abc import Iterable
from typing import Any, Final

import attrs

from scripts.generation.documents import GenerationError, canonical

ABSENT: Final = object()
_LONGEST = 120


@attrs.frozen
class Change:
    """One change. `words` contain both values; `part` is "request", "answer", "query" or "auth"."""

    operations: tuple[str, ...]
    part: str
    statuses: tuple[str, ...]
    field: str
    words: str
    breaking: bool

    @property
    def place(self) -> str:
        """Return the place inside the operation."""
        return " ".join(filter(None, [self.part, ", ".join(self.statuses), self.field]))


def show(value: Any) -> str:
    """Return a value of a spec as shortened text."""
    if value is ABSENT:
        return "none"
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def same(one: Any, other: Any) -> bool:
    """Return whether two values, or their absence, are equal in JSON, where 1 is neither 1.0 nor true."""
    if one is ABSENT or other is ABSENT:
        return one is other
    return canonical(one) == canonical(other)


def printable(text: str) -> str:
    """Escape characters that a terminal or a changelog would not show unchanged."""
    return "".join(c if c.isprintable() or c == "\n" else f"\\u{ord(c):04x}" for c in text)


def gather(changes: Iterable[Change]) -> list[Change]:
    """Merge equal changes of several answers or operations; breaking changes come first."""
    by_answer: dict[Change, dict[str, None]] = {}  # dicts for sets in order
    for change in changes:
        by_answer.setdefault(attrs.evolve(change, statuses=()), {}).update(dict.fromkeys(change.statuses))
    by_operation: dict[Change, dict[str, None]] = {}
    for change, statuses in by_answer.items():
        key = attrs.evolve(change, operations=(), statuses=tuple(statuses))
        by_operation.setdefault(key, {}).update(dict.fromkeys(change.operations))
    gathered = [attrs.evolve(change, operations=tuple(names)) for change, names in by_operation.items()]
    return sorted(gathered, key=lambda change: not change.breaking)


def report(service: str, changes: list[Change]) -> str:
    """Return the report: a heading, then one line for each merged change."""
    if not changes:
        return f"{service}: nothing changed for callers\n"
    breaking = sum(change.breaking for change in changes)
    lines = [f"{service}: {len(changes)} change{'s' * (len(changes) > 1)}, {breaking or 'none'} breaking"]
    for change in changes:
        verdict = "BREAKING    " if change.breaking else "not breaking"
        lines.append(f"  {verdict}  {', '.join(change.operations)}: {_tell(change.place, change.words)}")
    return "".join(_one_line(line) + "\n" for line in lines)


def changelog(changes: list[Change]) -> list[str]:
    """Return the items of the changelog's API section."""
    items = []
    for change in changes:
        names = ", ".join(f"`{name.replace('`', chr(39))}`" for name in change.operations)
        items.append(f"- {'**Breaking:** ' * change.breaking}{names}: {_tell(change.place, change.words)}.")
    return [_one_line(item) for item in items]


def insert(text: str, items: list[str]) -> str:
    """Return a changelog with the items under `## Unreleased`, `### API`, without duplicates."""
    lines = text.splitlines()
    start = next((i for i, line in enumerate(lines) if line in ("## Unreleased", "## [Unreleased]")), None)
    if start is None:
        raise GenerationError("the changelog has no line `## Unreleased` to write under")
    end = next((i for i, line in enumerate(lines) if i > start and line.startswith("## ")), len(lines))
    body = lines[start + 1 : end]
    if "### API" not in body:
        body = ["", "### API", *body]
    first = body.index("### API") + 1
    last = next((i for i, line in enumerate(body) if i >= first and line.startswith("#")), len(body))
    standing = "\n".join(body[first:last]).strip("\n").split("\n")
    section = [*standing, *(item for item in items if item not in standing)]
    lines[start + 1 : end] = [*body[:first], "", *filter(None, section), "", *body[last:]]
    return "\n".join(lines).rstrip("\n") + "\n"


def _tell(place: str, words: str) -> str:
    return f"{place}: {words}" if place else words


def _one_line(text: str) -> str:
    return printable(text).replace("\n", "\\n")

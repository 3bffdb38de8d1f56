"""Compare the limits of two schemas: bounds, lengths, steps, patterns, enums, and conditional limits.

`x-limits-when`, on an object of a request, is a list of `{when: {field: value}, field: name, minimum: …}`: where the
condition holds, the field has these limits beside its own. `{width_of: name, from: start, to: end, minimum: …}` limits
the distance between two fields of an object in it, always or under a `when` too, `{count_of: [tag], field: name,
maximum: …}` the number of a list's items that are one of these, and `{absent: name, …}` is a field that has to be left
out. Each may stand with `unless: {field: value}`, which is the other way round.
"""

import json
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import attrs

from scripts.diffing.changes import ABSENT, same, show
from scripts.diffing.shapes import LOWER, UPPER, At, Effect, Finding, fold, merge
from scripts.generation.documents import CONDITIONS, GenerationError, canonical

_EXCLUSIVE = {"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"}
_BOUNDS = (*LOWER, *UPPER)
_RULES = ("multipleOf", "uniqueItems", "pattern")
_GIVEN = ("when", "unless")
_ABSENT = "it"
"""What is said of a field that has to be left out, in a measure's place."""
LIMITS = {*_BOUNDS, *_EXCLUSIVE.values(), *_RULES, "enum"}


def compare_limits(old: dict[str, Any], new: dict[str, Any], at: At) -> Iterator[Finding]:
    """Find each limit that got tighter or wider."""
    for keyword in _BOUNDS:
        before, after = _bound(old, keyword), _bound(new, keyword)
        if before != after:
            effect = Effect.TIGHTER if after > before else Effect.WIDER
            yield _finding(at, keyword, effect, _show_bound(old, keyword), _show_bound(new, keyword))
    for keyword in _RULES:
        was, now = (schema.get(keyword) or ABSENT for schema in (old, new))
        if was != now:
            yield _finding(at, keyword, _rule_effect(keyword, was, now), show(was), show(now))
    yield from _compare_enums(old.get("enum", ABSENT), new.get("enum", ABSENT), at)


def compare_conditions(old: dict[str, Any], new: dict[str, Any], at: At) -> Iterator[Finding]:
    """Find each conditional limit that got tighter or wider, together with the field's own limits.

    Nobody can have met a condition on a field or a value that the old schema did not have: that breaks no call.
    """
    before, after = _conditions(old, at), _conditions(new, at)
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key, {}), after.get(key, {})
        if was == now:
            continue
        given, name, measure = json.loads(key[0]), key[1], key[2]
        told = ", ".join(filter(None, (*(_told(word, values) for word, values in given.items()), measure)))
        outer = name.partition(".")[0]
        met = outer in old.get("properties", {}) and all(
            _was_possible(old, new, *item) for item in given.get("when", {}).items()
        )
        inner = at.inside(name)
        if measure == _ABSENT:
            effect = Effect.TIGHTER if now else Effect.WIDER
            words = "has to be absent" if now else "need not be absent"
            yield Finding(inner.field, f"{told} {words}", at.request and met and effect is Effect.TIGHTER)
            continue
        if not measure:
            keywords = {*was, *now, *_EXCLUSIVE.values()}
            was = _effective(old, name, was, keywords, inner)
            now = _effective(new, name, now, keywords, inner)
        for finding in compare_limits(was, now, inner):
            yield attrs.evolve(finding, words=f"{told}: {finding.words}", breaking=finding.breaking and met)


def _told(word: str, values: dict[str, Any]) -> str:
    each = (f"{name} is {'absent' if value is None else show(value)}" for name, value in values.items())
    return f"{word} {' and '.join(each)}"


def _finding(at: At, keyword: str, effect: Effect, was: str, now: str) -> Finding:
    """Return the finding of a limit. Only a request's limit can break, because answers are not checked."""
    return Finding(at.field, f"{keyword} {effect.value} from {was} to {now}", at.request and effect is not Effect.WIDER)


def _bound(schema: dict[str, Any], keyword: str) -> tuple[float, bool]:
    """Return a bound as a value that grows as it gets tighter."""
    value = schema.get(keyword, None if keyword in _EXCLUSIVE or keyword in UPPER else 0)
    if value is None:
        return -math.inf, False
    return value if keyword in LOWER else -value, bool(schema.get(_EXCLUSIVE.get(keyword, "")))


def _show_bound(schema: dict[str, Any], keyword: str) -> str:
    return show(schema.get(keyword, ABSENT)) + " (excluded)" * _bound(schema, keyword)[1]


def _rule_effect(keyword: str, was: Any, now: Any) -> Effect:
    if was is ABSENT or now is ABSENT:
        return Effect.TIGHTER if was is ABSENT else Effect.WIDER
    if keyword == "multipleOf":
        before, after = Fraction(str(was)), Fraction(str(now))
        if before % after == 0:
            return Effect.WIDER
        if after % before == 0:
            return Effect.TIGHTER
    return Effect.OTHER


def _compare_enums(old: Any, new: Any, at: At) -> Iterator[Finding]:
    if ABSENT in (old, new):
        if old is not new:
            yield _finding(at, "enum", Effect.TIGHTER if old is ABSENT else Effect.WIDER, show(old), show(new))
        return
    before, after = ({canonical(value): value for value in values} for values in (old, new))  # 1 is not true here
    for effect, told, ours, theirs in (
        (Effect.TIGHTER, "without", before, after),
        (Effect.WIDER, "with", after, before),
    ):
        if values := [show(value) for text, value in ours.items() if text not in theirs]:
            yield _finding(at, f"enum {told} {', '.join(values)}", effect, show(old), show(new))


def _conditions(schema: dict[str, Any], at: At) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Return the limits by condition, field and width; refuse other forms of the extension."""
    entries = schema.get(CONDITIONS, [])
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for entry in entries if isinstance(entries, list) else [entries]:
        given = {key: entry[key] for key in _GIVEN if key in entry} if isinstance(entry, dict) else {}
        rest = {key: value for key, value in entry.items() if key not in _GIVEN} if isinstance(entry, dict) else {}
        if not all(isinstance(values, dict) and values for values in given.values()):
            rest = {}
        match rest:
            case {"count_of": list(tags), "field": str(name), **limits} if _are_limits(limits):
                measure = f"the number of {' or '.join(map(str, tags))}"
            case {"field": str(name), **limits} if given and _are_limits(limits):
                measure = ""
            case {"width_of": str(name), "from": str(start), "to": str(end), **limits} if _are_limits(limits):
                measure = f"the width from {start} to {end}"
            case {"absent": str(name)} if given:
                limits, measure = {"enum": []}, _ABSENT
            case _:
                raise GenerationError(
                    f"{at.field or 'a body'}: {CONDITIONS} has {show(entry)}; an entry is "
                    "{when: {field: value}, field: name, minimum: number, …}, "
                    "{width_of: name, from: field, to: field, minimum: number, …}, "
                    "{count_of: [tag], field: name, minimum: number, …} or {absent: name, unless: {field: value}}"
                )
        key = canonical(given), name, measure
        told = {keyword: value for keyword, value in limits.items() if keyword in LIMITS}
        found[key] = merge(found.get(key, {}), told, at.inside(name))
    return found


def _are_limits(entry: dict[Any, Any]) -> bool:
    """Return whether each keyword is a limit with a value of its kind; a description may stand beside them."""
    kinds: dict[str, type | tuple[type, ...]] = {
        **dict.fromkeys(_BOUNDS, (int, float)),
        **dict.fromkeys(_EXCLUSIVE.values(), bool),
        "multipleOf": (int, float),
        "uniqueItems": bool,
        "pattern": str,
        "enum": list,
        "description": str,
    }
    return entry.keys() <= kinds.keys() and all(
        isinstance(value, kinds[keyword]) and (kinds[keyword] is bool or not isinstance(value, bool))
        for keyword, value in entry.items()
    )


def _was_possible(old: dict[str, Any], new: dict[str, Any], name: str, value: Any) -> bool:
    """Return whether a call that the old schema allowed can meet the condition in the new one; None is no value."""
    if value is None:
        return True
    old_property, new_property = (schema.get("properties", {}).get(name) for schema in (old, new))
    if old_property is None:
        return same((new_property or {}).get("default", ABSENT), value)
    return any(same(value, possible) for possible in old_property.get("enum", [value]))


def _effective(schema: dict[str, Any], name: str, limits: dict[str, Any], keywords: set[str], at: At) -> dict[str, Any]:
    own = fold(schema.get("properties", {}).get(name, {}), at)
    return {keyword: value for keyword, value in merge(own, limits, at).items() if keyword in keywords}

"""Compare two inlined schemas, for a strict sender of requests and a tolerant reader of answers.

A limit (see limits.py) breaks when a request's gets tighter, and never in an answer. What a value *is* (its type,
format, whether it can be null, its extra fields) also breaks when an answer's gets wider.
"""

from collections.abc import Iterator
from typing import Any

from scripts.diffing.changes import ABSENT, same, show
from scripts.diffing.limits import LIMITS, compare_conditions, compare_limits
from scripts.diffing.shapes import (
    ANNOTATIONS,
    At,
    Effect,
    Finding,
    alternatives,
    compare_required,
    describe,
    either,
    fields,
    fold,
    kind,
    label,
    one_sided,
    tag,
)

_COMPARED = {"type", "format", "nullable", "properties", "required", "additionalProperties", "items", "default"}
_MARKS = {"deprecated", "readOnly", "writeOnly"}
_Plain = dict[str, Any]
_TIGHTER = {("int64", "int32"), ("double", "float"), ("number", "integer")}


def compare_values(old: dict[str, Any], new: dict[str, Any], at: At, omittable: bool) -> Iterator[Finding]:
    """Find what changed in a field, a parameter or a body, its default included."""
    old, new = fold(old, at), fold(new, at)
    was, now = (schema.get("default", ABSENT) for schema in (old, new))
    if not same(was, now):
        promised = at.request or was is not ABSENT  # an answer's new default takes nothing away
        yield Finding(at.field, f"default changed from {show(was)} to {show(now)}", omittable and promised)
    yield from compare_deprecation(old, new, at.field)
    yield from compare(old, new, at)


def compare_deprecation(old: dict[str, Any], new: dict[str, Any], field: str) -> Iterator[Finding]:
    """Find whether an operation, a parameter or a field became deprecated or ceased to be."""
    was, now = (bool(node.get("deprecated")) for node in (old, new))
    if was != now:
        yield Finding(field, f"deprecated changed from {show(was)} to {show(now)}", breaking=False)


def compare(old: dict[str, Any], new: dict[str, Any], at: At) -> Iterator[Finding]:
    """Find what changed in a schema, whatever its form."""
    olds, news = alternatives(old, at), alternatives(new, at)
    was, now = (any(plain.get("nullable") for plain in plains) for plains in (olds, news))
    if was != now:
        yield _typed(at, "nullable", Effect.WIDER if now else Effect.TIGHTER, show(was), show(now))
    if len(olds) == len(news) == 1:
        yield from _compare_plain(olds[0], news[0], at)
        return
    pairs, gone, added = _match(olds, news, at)
    for one, other in pairs:
        yield from _compare_plain(one, other, at.variant(label(one)))
    both = " | ".join(map(label, olds)), " | ".join(map(label, news))
    for variant in gone:
        yield Finding(at.field, f"variant {label(variant)} gone: from {both[0]} to {both[1]}", breaking=True)
    for variant in added:
        yield Finding(at.field, f"variant {label(variant)} added: from {both[0]} to {both[1]}", breaking=False)
    if not all(map(tag, news)) and "anyOf" in fold(old, at) and "oneOf" in fold(new, at):
        yield Finding(at.field, "tightened from anyOf to oneOf", at.request)
    if not all(map(tag, olds)) and "oneOf" in fold(old, at) and "anyOf" in fold(new, at):
        yield Finding(at.field, "widened from oneOf to anyOf", breaking=False)


def _typed(at: At, keyword: str, effect: Effect, was: str, now: str) -> Finding:
    """Compare types: a sender needs all that were allowed, a reader only those that were promised."""
    safe = Effect.WIDER if at.request else Effect.TIGHTER
    return Finding(at.field, f"{keyword} {effect.value} from {was} to {now}", effect is not safe)


def _compare_plain(old: dict[str, Any], new: dict[str, Any], at: At) -> Iterator[Finding]:
    was, now = kind(old), kind(new)
    if was != now:
        effect = _effect(was, now)
        yield _typed(at, "type", effect, was or "any", now or "any")
        if effect is Effect.OTHER:
            return
    if old.get("format") != new.get("format"):
        effect = _effect(old.get("format"), new.get("format"))
        yield _typed(at, "format", effect, old.get("format", "none"), new.get("format", "none"))
    yield from compare_limits(old, new, at)
    yield from _compare_fields(old, new, at)
    yield from compare_conditions(old, new, at)
    if "object" in (was, now):
        yield from _compare_extras(old.get("additionalProperties", ABSENT), new.get("additionalProperties", ABSENT), at)
    if "array" in (was, now):
        yield from compare(old.get("items", {}), new.get("items", {}), at.items())
    for keyword in sorted(old.keys() | new.keys()):
        known = keyword in LIMITS | _COMPARED | ANNOTATIONS | _MARKS or keyword.startswith("x-")
        if not known and not same(old.get(keyword, ABSENT), new.get(keyword, ABSENT)):
            was_told, now_told = (show(schema.get(keyword, ABSENT)) for schema in (old, new))
            yield _typed(at, keyword, Effect.OTHER, was_told, now_told)


def _effect(was: str | None, now: str | None) -> Effect:
    """Return the effect on the allowed values. None allows all."""
    if was is None or (was, now) in _TIGHTER:
        return Effect.TIGHTER
    if now is None or (now, was) in _TIGHTER:
        return Effect.WIDER
    return Effect.OTHER


def _compare_fields(old: dict[str, Any], new: dict[str, Any], at: At) -> Iterator[Finding]:
    olds, news = fields(old, at), fields(new, at)
    for name in either(olds, news):
        inner = at.inside(name)
        if name in olds and name in news:
            (before, was), (after, now) = olds[name], news[name]
            yield from compare_required(was, now, inner)
            yield from compare_values(before, after, inner, omittable=not was and not now)
        else:
            needed = at.request and name in news and news[name][1]
            yield from one_sided(olds.get(name), news.get(name), inner.field, lambda side: describe(*side), needed)
            extras = (new if name in olds else old).get("additionalProperties")
            if isinstance(extras, dict) and extras:  # there it is one of the extra fields, which have a type
                pair = (olds[name][0], extras) if name in olds else (extras, news[name][0])
                yield from compare(pair[0], pair[1], inner)


def _compare_extras(old: Any, new: Any, at: At) -> Iterator[Finding]:
    """Compare additional fields: any (the default), none, or of one schema."""
    if isinstance(old, dict) and isinstance(new, dict):
        yield from compare(old, new, at.inside("*"))
        return
    told = [
        "none" if extras is False else "some of one type" if isinstance(extras, dict) and extras else "any"
        for extras in (old, new)
    ]
    if told[0] == told[1]:
        return
    order = ["none", "some of one type", "any"]
    effect = Effect.WIDER if order.index(told[0]) < order.index(told[1]) else Effect.TIGHTER
    finding = _typed(at, "extra fields", effect, *told)
    if not at.request:  # new ones go unread; but what was said of them, be it that they come, is taken away
        retyped = isinstance(old, dict) and told[1] == "any"
        silenced = old is not ABSENT and told[1] == "none"
        finding = Finding(finding.field, finding.words, retyped or silenced)
    yield finding


def _match(
    olds: list[_Plain], news: list[_Plain], at: At
) -> tuple[list[tuple[_Plain, _Plain]], list[_Plain], list[_Plain]]:
    """Pair variants: equal ones first, then those with equal labels, then those without a tag in their order."""

    def alike(one: _Plain, other: _Plain) -> bool:
        return not any(_compare_plain(one, other, at))

    def labelled_alike(one: _Plain, other: _Plain) -> bool:
        return label(one) == label(other)

    def untagged(one: _Plain, other: _Plain) -> bool:
        return not tag(one) and not tag(other)

    pairs: list[tuple[_Plain, _Plain]] = []
    gone, added = list(olds), list(news)
    for test in (alike, labelled_alike, untagged):
        for one in list(gone):
            other = next((other for other in added if test(one, other)), None)
            if other is not None:  # the schema of anything is empty
                pairs.append((one, other))
                gone.remove(one)
                added.remove(other)
    return pairs, gone, added

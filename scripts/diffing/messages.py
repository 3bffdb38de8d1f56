"""Compare what is sent and what comes back: parameters, bodies, answers and their headers."""

from collections.abc import Iterator
from typing import Any

from scripts.diffing.changes import ABSENT, same, show
from scripts.diffing.schemas import compare_deprecation, compare_values
from scripts.diffing.shapes import ANNOTATIONS, At, Finding, compare_required, describe, either, one_sided

_Node = dict[str, Any]


def compare_parameters(old: _Node | None, new: _Node | None) -> Iterator[Finding]:
    """Find what changed in a parameter, which may be on one side only."""
    if old is None or new is None:
        name = (old or new or {})["name"]
        yield from one_sided(old, new, name, _describe, needed=_is_required(new))
        return
    at = At(new["name"], request=True)
    yield from compare_required(_is_required(old), _is_required(new), at)
    yield from compare_deprecation(old, new, at.field)
    was, now = _style(old), _style(new)
    if was != now:
        yield Finding(at.field, f"style changed from {was} to {now}", breaking=True)
    omittable = not _is_required(old) and not _is_required(new)
    if "schema" in old and "schema" in new:
        yield from compare_values(old["schema"], new["schema"], at, omittable)
    else:
        yield from _compare_content(_content(old), _content(new), at, omittable)
    yield from compare_rest(old, new, at.field, {"name", "in", "required", "style", "explode", "schema", "content"})


def compare_bodies(old: _Node | None, new: _Node | None) -> Iterator[Finding]:
    """Find what changed in a request's body."""
    if old is None or new is None:
        yield from one_sided(old, new, "body", _describe_body, needed=_is_required(new))
        return
    yield from compare_required(_is_required(old), _is_required(new), At("body", request=True))
    omittable = not _is_required(old) and not _is_required(new)
    yield from _compare_content(old["content"], new["content"], At("", request=True), omittable)


def compare_answers(old: _Node | None, new: _Node | None) -> Iterator[Finding]:
    """Find what changed in the answer with one status."""
    if old is None or new is None:
        yield from one_sided(old, new, "", _describe_answer, needed=False)
        return
    yield from _compare_content(old.get("content", {}), new.get("content", {}), At("", request=False), omittable=False)
    olds, news = ({name.lower(): header for name, header in node.get("headers", {}).items()} for node in (old, new))
    for name in either(olds, news):
        yield from _compare_headers(olds.get(name), news.get(name), At(f"header {name}", request=False))


def compare_rest(old: _Node, new: _Node, field: str, known: set[str]) -> Iterator[Finding]:
    """Report what is not understood as breaking, rather than pass over it."""
    for key in sorted((old.keys() | new.keys()) - known - ANNOTATIONS - {"deprecated"}):
        was, now = (node.get(key) or ABSENT for node in (old, new))
        if not key.startswith("x-") and not same(was, now):
            yield Finding(field, f"{key} changed from {show(was)} to {show(now)}", breaking=True)


def _compare_headers(old: _Node | None, new: _Node | None, at: At) -> Iterator[Finding]:
    if old is None or new is None:
        yield from one_sided(old, new, at.field, _describe, needed=False)
        return
    yield from compare_required(_is_required(old), _is_required(new), at)
    yield from compare_values(old.get("schema", {}), new.get("schema", {}), at, omittable=False)
    yield from compare_rest(old, new, at.field, {"required", "schema"})


def _compare_content(olds: _Node, news: _Node, at: At, omittable: bool) -> Iterator[Finding]:
    before, after = ({media.lower().replace(" ", ""): node for media, node in nodes.items()} for nodes in (olds, news))
    told = f"from {', '.join(before) or 'none'} to {', '.join(after) or 'none'}"
    for media in either(before, after):
        if media not in after:
            yield Finding(at.field, f"content type {media} gone: {told}", breaking=True)
        elif media not in before:
            yield Finding(at.field, f"content type {media} added: {told}", breaking=False)
        else:
            one, other = before[media], after[media]
            inner = at if len(before) == len(after) == 1 else at.variant(media)
            yield from compare_values(one.get("schema", {}), other.get("schema", {}), inner, omittable)
            yield from compare_rest(one, other, inner.field, {"schema"})


def _is_required(node: _Node | None) -> bool:
    return bool(node and node.get("required"))


def _style(parameter: _Node) -> str:
    """Return how a parameter's lists and objects are written, as its place has it unless the spec says otherwise."""
    style = parameter.get("style", "form" if parameter["in"] in ("query", "cookie") else "simple")
    exploded = parameter.get("explode", style == "form")
    return f"{style} exploded" if exploded else str(style)


def _content(parameter: _Node) -> _Node:
    return parameter.get("content") or {"text/plain": {"schema": parameter["schema"]}}


def _describe(node: _Node) -> str:
    return describe(node.get("schema", {}), _is_required(node))


def _describe_body(body: _Node) -> str:
    return f"{'required' if _is_required(body) else 'optional'}, {', '.join(body['content'])}"


def _describe_answer(answer: _Node) -> str:
    return ", ".join(answer.get("content", {})) or "without a body"

"""Compare two specs, operation by operation."""

from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from scripts.diffing.changes import Change
from scripts.diffing.messages import compare_answers, compare_bodies, compare_parameters, compare_rest
from scripts.diffing.schemas import compare_deprecation
from scripts.diffing.shapes import Finding, either
from scripts.generation.documents import METHODS, canonical
from scripts.generation.normalise import inline

_COMPARED = {"parameters", "requestBody", "responses", "security", "servers"}
_WORDS = {"operationId", "tags", "summary"}  # no call depends on them; another operationId is another operation
_Way = dict[str, list[str]]


@attrs.frozen
class _Operation:
    """One operation, with what its path and its document say for it."""

    name: str
    call: str
    node: dict[str, Any]
    parameters: dict[tuple[str, str], dict[str, Any]]
    security: list[_Way]
    servers: list[str]


def compare_specs(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    """Find every change between two valid specs, in either form."""
    olds, news = _operations(old), _operations(new)
    gone = {operation.call: operation for operation in olds.values() if operation.name not in news}
    added = {operation.call: operation for operation in news.values() if operation.name not in olds}
    for operation in gone.values():
        also = f"; this call is now {added[operation.call].name}" if operation.call in added else ""
        yield Change((operation.name,), "", (), "", f"removed: {operation.call}{also}", breaking=True)
    for operation in added.values():
        also = f"; this call was {gone[operation.call].name}" if operation.call in gone else ""
        yield Change((operation.name,), "", (), "", f"added: {operation.call}{also}", breaking=False)
    for operation in news.values():
        if before := olds.get(operation.name) or gone.get(operation.call):
            yield from _compare_operations(before, operation)


def _operations(spec: dict[str, Any]) -> dict[str, _Operation]:
    document = inline(spec)
    schemes = document["components"]["securitySchemes"]
    found = {}
    for path, item in document["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            node, call = item[method], f"{method.upper()} {path}"
            parameters = [*item.get("parameters", []), *node.get("parameters", [])]  # the operation's own win
            security = node.get("security", document.get("security")) or [{}]
            servers = node.get("servers") or item.get("servers") or document.get("servers") or [{"url": "/"}]
            name = node.get("operationId", call)
            found[name] = _Operation(
                name,
                call,
                node,
                {_key(parameter): parameter for parameter in parameters},
                [{_scheme(schemes.get(key), key): scopes for key, scopes in way.items()} for way in security],
                [_server(server) for server in servers],
            )
    return found


def _key(parameter: dict[str, Any]) -> tuple[str, str]:
    name = parameter["name"]
    return parameter["in"], name.lower() if parameter["in"] == "header" else name


def _scheme(scheme: dict[str, Any] | None, key: str) -> str:
    """Name a security scheme by what it asks for: its own name is nothing that a caller sends."""
    match scheme:
        case {"type": "http", "scheme": str(kind)}:
            return kind.lower()
        case {"type": "apiKey", "in": str(place), "name": str(name)}:
            return f"API key in {place} {name}"
        case dict():
            return canonical({name: value for name, value in scheme.items() if name != "description"})
    return key


def _server(server: dict[str, Any]) -> str:
    variables = server.get("variables")
    return (server["url"].rstrip("/") or "/") + (f" with {canonical(variables)}" if variables else "")


def _compare_operations(old: _Operation, new: _Operation) -> Iterator[Change]:
    def changes(findings: Iterable[Finding], part: str, statuses: tuple[str, ...] = ()) -> Iterator[Change]:
        for finding in findings:
            yield Change((new.name,), part, statuses, finding.field, finding.words, finding.breaking)

    if old.call != new.call:
        yield from changes([Finding("", f"moved from {old.call} to {new.call}", breaking=True)], "")
    yield from changes(compare_deprecation(old.node, new.node, ""), "")
    yield from changes(_compare_servers(old.servers, new.servers), "server")
    yield from changes(_compare_security(old.security, new.security), "auth")
    for place, name in either(old.parameters, new.parameters):
        pair = old.parameters.get((place, name)), new.parameters.get((place, name))
        yield from changes(compare_parameters(*pair), place)
    yield from changes(compare_bodies(old.node.get("requestBody"), new.node.get("requestBody")), "request")
    for status in either(old.node["responses"], new.node["responses"]):
        pair = _answer(old.node["responses"], status), _answer(new.node["responses"], status)
        yield from changes(compare_answers(*pair), "answer", (status,))
    yield from changes(compare_rest(old.node, new.node, "", _COMPARED | _WORDS), "")


def _compare_servers(old: list[str], new: list[str]) -> Iterator[Finding]:
    if old != new:
        yield Finding("", f"changed from {', '.join(old)} to {', '.join(new)}", bool(set(old) - set(new)))


def _compare_security(old: list[_Way], new: list[_Way]) -> Iterator[Finding]:
    """Compare the ways to be let in: each old one still has to be enough."""
    was, now = (sorted(map(_tell_way, ways)) for ways in (old, new))
    if was != now:
        shut = [way for way in old if not any(_is_enough(way, asked) for asked in new)]
        yield Finding("", f"changed from {' or '.join(was)} to {' or '.join(now)}", bool(shut))


def _is_enough(had: _Way, asked: _Way) -> bool:
    return all(scheme in had and set(scopes) <= set(had[scheme]) for scheme, scopes in asked.items())


def _tell_way(way: _Way) -> str:
    parts = [scheme + (f" with {', '.join(sorted(scopes))}" if scopes else "") for scheme, scopes in way.items()]
    return " and ".join(sorted(parts)) or "none"


def _answer(answers: dict[str, Any], status: str) -> dict[str, Any] | None:
    """Return what is said of a status: by itself, by its range, or for all that are not named."""
    return answers.get(status) or answers.get(f"{status[0]}XX") or answers.get("default")

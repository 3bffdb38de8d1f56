"""What a request wants: the operation it is for, by its operationId, and the group of operations it belongs to."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

import attrs

from mirelo_ergo.emulator.spec import spec

if TYPE_CHECKING:
    from collections.abc import Mapping

ANY = "any"
GROUPS: Mapping[str, str] = {
    "me": "the account",
    "assets": "opening an upload",
    "preflight": "the price of a generation",
    "submit": "creating a job",
    "sync": "a generation that is waited for in one request",
    "poll": "looking at a job",
    "upload": "the PUT to the object store",
    "result": "the GET from the object store",
    "link": "the short link to a result",
}
GENERATE = frozenset({"submit", "sync"})
UNIONS: Mapping[str, frozenset[str]] = {"generate": GENERATE, ANY: frozenset(GROUPS)}


@attrs.frozen
class Target:
    """One operation: of a service by its operationId, of the object store by a name of the emulator's own."""

    id: str
    method: str
    path: str
    group: str


STORE = (
    Target("putUpload", "PUT", "/store/uploads/{asset_id}", "upload"),
    Target("getResult", "GET", "/store/results/{job_id}/{name}", "result"),
    Target("followLink", "GET", "/d/{token}", "link"),
)


@functools.cache
def targets() -> tuple[Target, ...]:
    """Return every operation of the API, of the Pixazo gateway, and of the object store."""
    return (*map(of, spec.load()), *map(of, spec.load("pixazo.yaml")), *STORE)


def of(operation: spec.Operation) -> Target:
    """Return an operation of a spec as a target."""
    return Target(operation.id, operation.method, operation.path, _group(operation))


@functools.cache
def names() -> tuple[str, ...]:
    """Return all that a rule may be about: groups, their unions and single operations."""
    return (*UNIONS, *GROUPS, *(target.id for target in targets()))


def groups(name: str) -> frozenset[str]:
    """Return the groups that a name stands for."""
    if name in UNIONS:
        return UNIONS[name]
    if name in GROUPS:
        return frozenset({name})
    return frozenset(target.group for target in targets() if target.id == name)


def find(method: str, path: str) -> Target | None:
    """Return the operation that a request is for, None when there is none."""
    fixed, patterns = _lookup()
    found = fixed.get((method, path))
    if found is not None:
        return found
    return next((target for pattern, target in patterns if target.method == method and pattern.fullmatch(path)), None)


@functools.cache
def _lookup() -> tuple[dict[tuple[str, str], Target], list[tuple[re.Pattern[str], Target]]]:
    fixed = {(target.method, target.path): target for target in targets() if "{" not in target.path}
    patterns = [
        (re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(target.path))), target)
        for target in targets()
        if "{" in target.path
    ]
    return fixed, patterns


def _group(operation: spec.Operation) -> str:
    """Choose by the path, /v2/<kind>/<model>/<action>, as the API does; the gateway's paths have no such version."""
    path = operation.path
    if path in ("/v2/me", "/v2/assets"):
        return path.removeprefix("/v2/")
    _, *rest = re.split(r"/v[0-9]+\.[0-9]+/", path)
    if not rest:
        return "submit" if operation.method == "POST" else "poll"
    (action,) = rest
    return {"preflight": "preflight", "sync": "sync", "jobs": "submit", "jobs/{job_id}": "poll"}[action]

"""The table of the emulated services. A service needs a folder beside this file and a row here."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from mirelo_ergo.emulator.services.inference_sh.service import InferenceSh
from mirelo_ergo.emulator.services.mirelo.service import Mirelo
from mirelo_ergo.emulator.services.mirelo_v3.service import MireloV3
from mirelo_ergo.emulator.services.pixazo.service import Pixazo
from mirelo_ergo.emulator.services.sync_so.service import SyncSo
from mirelo_ergo.emulator.spec.targets import GROUPS, STORE, UNIONS, Target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mirelo_ergo.emulator.services.service import EmulatedService

SERVICES: Mapping[str, type[EmulatedService]] = {
    service.name: service for service in (Mirelo, MireloV3, Pixazo, SyncSo, InferenceSh)
}
MAIN = Mirelo.name
"""The service on the emulator's main port, where its page and its own endpoints are too."""


def port_of(service: str) -> str:
    """Return the name of the service whose port a service uses."""
    return SERVICES[service].port_of or service


def ports() -> tuple[str, ...]:
    """Return the names of the services with their own port."""
    return tuple(name for name in SERVICES if port_of(name) == name)


@functools.cache
def names() -> tuple[str, ...]:
    """Return the names that a rule's operation may have: groups, unions and operationIds."""
    return tuple(dict.fromkeys((*UNIONS, *GROUPS, *(target.id for target in _all()))))


def groups(name: str, service: str | None = None) -> frozenset[str]:
    """Return the groups of a name; with a service only those that it has."""
    if service is not None:
        own = (*SERVICES[service].targets(), *STORE)
        meant = UNIONS.get(name, {name})
        return frozenset(target.group for target in own if target.id == name or target.group in meant)
    if name in UNIONS or name in GROUPS:
        return UNIONS.get(name, frozenset({name}))
    return frozenset(target.group for target in _all() if target.id == name)


def present() -> frozenset[str]:
    """Return the groups with at least one operation."""
    return frozenset(target.group for target in _all())


def _all() -> list[Target]:
    return [*STORE, *(target for service in SERVICES.values() for target in service.targets())]


def find(port: str, method: str, path: str) -> Target | None:
    """Return the operation of a request to a service's port, None if there is none."""
    fixed, patterns = _lookup(port)
    found = fixed.get((method, path))
    if found is not None:
        return found
    return next((target for pattern, target in patterns if target.method == method and pattern.fullmatch(path)), None)


def owner(port: str, path: str) -> str:
    """Return the service of a path on a port, with any method; for an unknown path the port's own service."""
    fixed, patterns = _lookup(port)
    found = (target.service for (_, known), target in fixed.items() if known == path)
    return next(found, "") or next((target.service for pattern, target in patterns if pattern.fullmatch(path)), port)


@functools.cache
def _lookup(port: str) -> tuple[dict[tuple[str, str], Target], list[tuple[re.Pattern[str], Target]]]:
    targets = [
        target for name, service in SERVICES.items() if port_of(name) == port for target in service.targets()
    ] + [target.on(port) for target in STORE]
    fixed = {(target.method, target.path): target for target in targets if "{" not in target.path}
    patterns = [
        (re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(target.path))), target)
        for target in targets
        if "{" in target.path
    ]
    return fixed, patterns

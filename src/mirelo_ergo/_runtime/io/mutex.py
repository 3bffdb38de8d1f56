"""Locks that are free in the child of a fork, even if a thread of the parent held them."""

from __future__ import annotations

import os
import threading
from typing import Protocol
from weakref import WeakSet


class HasMutex(Protocol):
    """An object that guards its state with a lock."""

    _mutex: threading.Lock


class Renewable(Protocol):
    """An object with further state that only its own process may use."""

    def renew(self) -> None:
        """Replace what a thread of the parent may have held at the fork."""


_owners: WeakSet[HasMutex] = WeakSet()
_renewables: WeakSet[Renewable] = WeakSet()


def mutex_of(owner: HasMutex) -> threading.Lock:
    """Return a new lock for `owner._mutex`, which is replaced by another one in the child of a fork.

    It is Python's own lock: entering and leaving it are one step each, so that a Ctrl-C cannot leave it taken.
    """
    _owners.add(owner)
    return threading.Lock()


def renew_in_child(owner: Renewable) -> None:
    """Register `owner.renew()` to be called in the child of each fork."""
    _renewables.add(owner)


def _renew() -> None:
    for owner in _owners:
        owner._mutex = threading.Lock()
    for renewable in tuple(_renewables):
        renewable.renew()


if hasattr(os, "register_at_fork"):  # where the system has fork
    os.register_at_fork(after_in_child=_renew)

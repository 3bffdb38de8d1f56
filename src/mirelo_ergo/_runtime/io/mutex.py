"""Locks that the child of a fork finds free, whichever thread of the parent held them."""

from __future__ import annotations

import os
import threading
from typing import Protocol
from weakref import WeakSet


class HasMutex(Protocol):
    """An object that guards what it holds with a lock of its own."""

    _mutex: threading.Lock


class Renewable(Protocol):
    """An object that holds more than a lock of what only its own process may use."""

    def renew(self) -> None:
        """Make new what a thread of the parent may have held at the fork."""


_owners: WeakSet[HasMutex] = WeakSet()
_renewables: WeakSet[Renewable] = WeakSet()


def mutex_of(owner: HasMutex) -> threading.Lock:
    """Return a new lock for `owner._mutex`; the child of a fork gets another one there.

    It is Python's own lock, which a Ctrl-C cannot leave taken: it is entered and left in one step each.
    """
    _owners.add(owner)
    return threading.Lock()


def renew_in_child(owner: Renewable) -> None:
    """Have `owner.renew()` called in the child of each fork."""
    _renewables.add(owner)


def _renew() -> None:
    for owner in _owners:
        owner._mutex = threading.Lock()
    for renewable in tuple(_renewables):
        renewable.renew()


if hasattr(os, "register_at_fork"):  # where there is fork at all
    os.register_at_fork(after_in_child=_renew)

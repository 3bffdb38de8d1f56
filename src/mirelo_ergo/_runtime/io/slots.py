"""A fixed number of slots (a semaphore), for submits or connections. A slot that is garbage collected is free again.

So no slot is lost, wherever an interrupt happens: between taking a slot and storing it, or before it is released.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from .mutex import mutex_of

if TYPE_CHECKING:
    from collections.abc import Callable


class Slot:
    """One slot, taken for as long as this object exists or until `release`."""

    __slots__ = ("__weakref__", "_slots")

    def __init__(self, slots: Slots) -> None:
        self._slots = slots

    def release(self) -> None:
        """Release the place; a second call is a no-op."""
        self._slots.release(self)


class Slots:
    """The slots of one process. `freed` is called, from any thread, when a slot may be free again."""

    def __init__(self, freed: Callable[[object], object], places: int) -> None:
        self._freed = freed
        self._mutex = mutex_of(self)
        self._places: list[weakref.ref[Slot] | None] = [None] * places

    def take(self) -> Slot | None:
        """Return a slot, None if all are taken."""
        slot = Slot(self)
        with self._mutex:
            for number, place in enumerate(self._places):
                if place is None or place() is None:
                    self._places[number] = weakref.ref(slot, self._freed)
                    return slot
        return None

    def release(self, slot: Slot) -> None:
        """Release a slot."""
        with self._mutex:
            for number, place in enumerate(self._places):
                if place is not None and place() is slot:
                    self._places[number] = None
                    break
            else:
                return
        self._freed(None)

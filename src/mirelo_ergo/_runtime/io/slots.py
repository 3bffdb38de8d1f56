"""A number of places, for submits or connections in use. A slot is an object: when nobody holds it, its place is free.

So no place is lost, wherever an interrupt strikes: between taking a slot and keeping it, or before giving it back.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from .mutex import mutex_of

if TYPE_CHECKING:
    from collections.abc import Callable


class Slot:
    """One place, as long as it is held."""

    __slots__ = ("__weakref__", "_slots")

    def __init__(self, slots: Slots) -> None:
        self._slots = slots

    def release(self) -> None:
        """Release the place; a second call is a no-op."""
        self._slots.release(self)


class Slots:
    """So many places in one process. `freed` is called, from any thread, when a place may be free again."""

    def __init__(self, freed: Callable[[object], object], places: int) -> None:
        self._freed = freed
        self._mutex = mutex_of(self)
        self._places: list[weakref.ref[Slot] | None] = [None] * places

    def take(self) -> Slot | None:
        """Return a slot, None if every place is held."""
        slot = Slot(self)
        with self._mutex:
            for number, place in enumerate(self._places):
                if place is None or place() is None:
                    self._places[number] = weakref.ref(slot, self._freed)
                    return slot
        return None

    def release(self, slot: Slot) -> None:
        """Free the slot's place."""
        with self._mutex:
            for number, place in enumerate(self._places):
                if place is not None and place() is slot:
                    self._places[number] = None
                    break
            else:
                return
        self._freed(None)

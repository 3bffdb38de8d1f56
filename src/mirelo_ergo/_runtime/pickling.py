"""Objects that are of use in one process only, and what goes to another one in their place."""

from __future__ import annotations

from typing import Never


class NotPickled:
    """A base class of objects that are neither pickled nor copied. `_instead` says what to pass in their place."""

    __slots__ = ()

    def _instead(self) -> str:
        """Return what to pass in place of the object; each class has its own words."""
        raise NotImplementedError

    def __reduce__(self) -> Never:
        raise TypeError(
            f"{type(self).__name__} objects are neither pickled nor copied, because they hold a client's key and "
            f"connections: {self._instead()}"
        )

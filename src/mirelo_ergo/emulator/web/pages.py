"""Lists in pages with cursors."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Generic, TypeVar

import attrs

from mirelo_ergo.emulator.refusals import bad_request, short

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")


@attrs.frozen
class Page(Generic[T]):
    """One page. `last_id` is the id of its last item if more items follow, else None."""

    items: Sequence[T]
    last_id: str | None

    @property
    def cursor(self) -> str | None:
        """The opaque cursor of the next page; None at the end."""
        return None if self.last_id is None else base64.urlsafe_b64encode(self.last_id.encode()).decode()


def page(items: Sequence[T], id_of: Callable[[T], str], after: str | None, limit: int | None) -> Page[T]:
    """Return the items after the one with the id `after`, up to a limit; refuse an unknown id with 400."""
    first = 0
    if after is not None:
        found = [at for at, item in enumerate(items) if id_of(item) == after]
        if not found:
            raise bad_request(f"cursor is {short(after)}, which is not an item of this list")
        first = found[0] + 1
    last = len(items) if limit is None else first + limit
    shown = items[first:last]
    return Page(shown, id_of(shown[-1]) if shown and last < len(items) else None)


def read_cursor(cursor: str | None) -> str | None:
    """Return the id in a cursor of `Page.cursor`; refuse an invalid cursor with 400."""
    if cursor is None:
        return None
    try:
        return base64.b64decode(cursor.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        raise bad_request(f"cursor is {short(cursor)}, which is not a cursor of this service") from None

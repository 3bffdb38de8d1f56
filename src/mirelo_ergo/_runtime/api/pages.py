"""Lists in pages: one page at a time in memory, and no endless lists (docs/reliability.md)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

import attrs

from ...errors import UnexpectedResponseError
from ..io.protocol import run
from ..pickling import NotPickled
from ..redact import short_repr
from .execute import Operation, Runtime, execute

T = TypeVar("T")

MOST_PAGES: Final = 100_000
MOST_EMPTY: Final = 3
"""Empty pages in a row, each with a cursor, after which a list ends with an error."""


@attrs.frozen
class PageContent(Generic[T]):
    """The content of the response to a list request."""

    items: list[T]
    next_cursor: str | None
    """The cursor of the next page (a cursor, an offset or the last id); None on the last page."""
    total_count: int | None = None
    """The number of items in the whole list, None if the service does not say."""


class PageWalk(Generic[T]):
    """A walk through a list from one page on. `describe` returns the operation that fetches the page at a cursor."""

    def __init__(
        self, runtime: Runtime, describe: Callable[[str | None], Operation[PageContent[T]]], cursor: str | None = None
    ) -> None:
        self._runtime, self._describe, self._start = runtime, describe, cursor
        self._content: PageContent[T] = PageContent([], None)
        self._seen: set[int] = set()  # hashes, because 100,000 cursors could need more memory than any page
        self._pages = self._empty = self._index = 0

    async def first(self) -> PageContent[T]:
        """Fetch the first page of the walk. Raises `UnexpectedResponseError` if its cursor leads back to itself."""
        await self._turn(self._start)
        return self._content

    def again(self) -> PageWalk[T]:
        """Return an independent walk over the same list, with the same first page, which is not fetched again."""
        other = PageWalk(self._runtime, self._describe, self._start)
        other._take(self._start, self._content)
        return other

    async def next(self) -> tuple[T] | None:
        """Return the next item, None after the last one. It may be called again after an error: nothing is skipped."""
        while self._index >= len(self._content.items):
            if self._content.next_cursor is None:
                return None
            await self._turn(self._content.next_cursor)
        self._index += 1
        return (self._content.items[self._index - 1],)

    async def _turn(self, cursor: str | None) -> None:
        operation = self._describe(cursor)
        content = await execute(self._runtime, operation)
        problem = self._problem(cursor, content)
        if problem is not None:
            error = UnexpectedResponseError(f"the list does not end: {problem}", "endless_list")
            error.operation = operation.name
            raise error
        self._take(cursor, content)

    def _problem(self, cursor: str | None, content: PageContent[T]) -> str | None:
        following = content.next_cursor
        if following is None:
            return None
        if following == cursor or hash(following) in self._seen:
            return f"its page {self._pages + 1} leads back to the cursor {short_repr(following)}"
        if not content.items and self._empty + 1 >= MOST_EMPTY:
            return f"{MOST_EMPTY} pages in a row are empty, and still there is a next one"
        if self._pages + 1 >= MOST_PAGES:
            return f"it has more than {MOST_PAGES} pages"
        return None

    def _take(self, cursor: str | None, content: PageContent[T]) -> None:
        if cursor is not None:
            self._seen.add(hash(cursor))
        self._content, self._index = content, 0
        self._pages += 1
        self._empty = 0 if content.items else self._empty + 1


class _PageFacts(NotPickled, Generic[T]):
    """The properties of a page, shared by both clients. `content` is what `walk.first()` returned."""

    def __init__(self, walk: PageWalk[T], content: PageContent[T]) -> None:
        self._walk, self._content = walk, content

    @property
    def items(self) -> list[T]:
        """The items of this page."""
        return self._content.items

    @property
    def next_cursor(self) -> str | None:
        """The cursor of the next page, None on the last one."""
        return self._content.next_cursor

    @property
    def total_count(self) -> int | None:
        """The number of items in the whole list, None if the service does not say."""
        return self._content.total_count

    def _instead(self) -> str:
        return "pass its items and its next_cursor"

    def __repr__(self) -> str:
        more = "" if self.next_cursor is None else ", and more pages"
        return f"<{type(self).__name__} of {len(self.items)}{more}>"


class PageItems(Generic[T]):
    """The items of a list, from one of its pages on."""

    def __init__(self, walk: PageWalk[T]) -> None:
        self._walk = walk

    def __iter__(self) -> PageItems[T]:
        return self

    def __next__(self) -> T:
        found = run(self._walk.next())
        if found is None:
            raise StopIteration
        return found[0]


class AsyncPageItems(Generic[T]):
    """The items of a list, from one of its pages on."""

    def __init__(self, walk: PageWalk[T]) -> None:
        self._walk = walk

    def __aiter__(self) -> AsyncPageItems[T]:
        return self

    async def __anext__(self) -> T:
        found = await self._walk.next()
        if found is None:
            raise StopAsyncIteration
        return found[0]


class Page(_PageFacts[T]):
    """One page of a list. Iterating over it goes on through the pages that follow, with one at a time in memory.

    Each page is one request, sent again when it fails. Raises `UnexpectedResponseError` for a list that does not end:
    one that repeats a cursor, has three empty pages in a row, or more than 100,000 pages.
    """

    def __iter__(self) -> PageItems[T]:
        return PageItems(self._walk.again())


class AsyncPage(_PageFacts[T]):
    """One page of a list. Iterating over it goes on through the pages that follow, with one at a time in memory.

    Each page is one request, sent again when it fails. Raises `UnexpectedResponseError` for a list that does not end:
    one that repeats a cursor, has three empty pages in a row, or more than 100,000 pages.
    """

    def __aiter__(self) -> AsyncPageItems[T]:
        return AsyncPageItems(self._walk.again())

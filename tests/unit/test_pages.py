"""Lists in pages, over a virtual clock: every item once, one page at a time, and an end to every list."""

from __future__ import annotations

import asyncio
import json
import weakref
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirelo_ergo import AsyncPage, AuthenticationError, NetworkError, Page, ServerError, UnexpectedResponseError
from mirelo_ergo._runtime.api.answers import read_object
from mirelo_ergo._runtime.api.execute import Operation
from mirelo_ergo._runtime.api.pages import MOST_PAGES, PageContent, PageWalk
from mirelo_ergo._runtime.api.retry import Kind
from mirelo_ergo._runtime.io.protocol import Reply, Request, TransportFailure, run
from tests.support.answers import page as web_page
from tests.support.answers import problem, reply
from tests.support.virtual import VirtualIO, runtime_over

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


def read(answer: Reply) -> PageContent[int]:
    fields = read_object(answer)
    return PageContent(fields["items"], fields.get("next"), fields.get("total"))


def describe(cursor: str | None) -> Operation[PageContent[int]]:
    query = "" if cursor is None else f"?cursor={cursor}"
    return Operation("listThings", Kind.READ, Request("GET", f"/things{query}"), read, 600.0)


def walk_over(io: VirtualIO, cursor: str | None = None) -> PageWalk[int]:
    return PageWalk(runtime_over(io), describe, cursor)


def list_over(io: VirtualIO, cursor: str | None = None) -> Page[int]:
    walk = walk_over(io, cursor)
    return Page(walk, run(walk.first()))


def async_list_over(io: VirtualIO, cursor: str | None = None) -> AsyncPage[int]:
    walk = walk_over(io, cursor)
    return AsyncPage(walk, run(walk.first()))


def answer(items: Sequence[int], following: str | None = None, total: int | None = None) -> Reply:
    return reply(200, {"items": list(items), "next": following, "total": total})


def cursor_of(request: Request) -> str | None:
    return parse_qs(urlsplit(request.path).query).get("cursor", [None])[0]


def service(pages: Sequence[Sequence[int]]) -> Callable[[Request], Reply]:
    """Answer with these pages; the cursor of a page is its index."""

    def give(request: Request) -> Reply:
        index = int(cursor_of(request) or 0)
        return answer(pages[index], str(index + 1) if index + 1 < len(pages) else None)

    return give


def all_of(page: AsyncPage[int]) -> list[int]:
    async def collect() -> list[int]:
        return [item async for item in page]

    return asyncio.run(collect())


# --- items -----------------------------------------------------------------------------------------------------------


def test_a_page_shows_what_it_is() -> None:
    page = list_over(VirtualIO([answer([1, 2], "c", 5)]))
    assert (page.items, page.next_cursor, page.total_count) == ([1, 2], "c", 5)
    assert repr(page) == "<Page of 2, and more pages>"
    last = async_list_over(VirtualIO([answer([])]))
    assert (last.items, last.next_cursor, last.total_count) == ([], None, None)
    assert repr(last) == "<AsyncPage of 0>"


@given(st.lists(st.lists(st.integers(), max_size=3), min_size=1, max_size=8))
def test_every_item_comes_once_and_in_order(pages: list[list[int]]) -> None:
    empty = ["".join("e" if not each else "f" for each in pages[:-1])]
    if "eee" in empty[0]:
        return
    everything = [item for each in pages for item in each]
    assert list(list_over(VirtualIO(service(pages)))) == everything
    assert all_of(async_list_over(VirtualIO(service(pages)))) == everything


def test_one_page_is_asked_for_at_a_time_and_only_when_it_is_needed() -> None:
    io = VirtualIO(service([[1, 2], [3], [4]]))
    items = iter(list_over(io))
    assert [next(items), next(items)] == [1, 2]
    assert io.requests == ["GET /things"]
    assert next(items) == 3
    assert io.requests == ["GET /things", "GET /things?cursor=1"]
    assert list(items) == [4]
    assert list(items) == []
    assert len(io.requests) == 3


def test_a_page_can_be_gone_through_again() -> None:
    io = VirtualIO(service([[1], [2]]))
    page = list_over(io)
    assert list(page) == [1, 2]
    assert list(page) == [1, 2]
    assert io.requests == ["GET /things", "GET /things?cursor=1", "GET /things?cursor=1"]


def test_a_list_can_begin_at_a_cursor() -> None:
    assert list(list_over(VirtualIO(service([[1], [2], [3]])), "1")) == [2, 3]


class Item:
    """Something that can be watched for its end."""


def test_only_one_page_is_in_memory() -> None:
    made: list[weakref.ref[Item]] = []

    def make(_: Reply) -> PageContent[Item]:
        items = [Item() for _ in range(10)]
        made.extend(weakref.ref(item) for item in items)
        return PageContent(items, str(len(made)) if len(made) < 200 else None)

    def begin() -> Iterator[Item]:
        request = Request("GET", "/things")
        walk = PageWalk(
            runtime_over(VirtualIO(lambda request: answer([]))),
            lambda cursor: Operation("listThings", Kind.READ, request, make, 60.0),
        )
        return iter(Page(walk, run(walk.first())))

    most = 0
    for _ in begin():
        most = max(most, sum(each() is not None for each in made))
    assert len(made) == 200
    assert most <= 11  # and the item of the loop itself


# --- lists that do not end -------------------------------------------------------------------------------------------


def refused(io: VirtualIO, asynchronous: bool) -> tuple[list[int], str]:
    """Return the items that came, and why no more did."""
    seen: list[int] = []

    async def await_all() -> None:
        async for item in async_list_over(io):
            seen.append(item)

    def take_all() -> None:
        if asynchronous:
            asyncio.run(await_all())
        else:
            seen.extend(list_over(io))

    with pytest.raises(UnexpectedResponseError, match=r"^the list does not end: ") as caught:
        take_all()
    assert caught.value.code == "endless_list"
    return seen, caught.value.message.partition("end: ")[2]


both = pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])


@both
def test_a_repeated_cursor_ends_it(asynchronous: bool) -> None:
    io = VirtualIO([answer([1], "a"), answer([2], "a")])
    assert refused(io, asynchronous) == ([1], "its page 2 leads back to the cursor 'a'")


@both
def test_a_circle_of_cursors_ends_it(asynchronous: bool) -> None:
    io = VirtualIO([answer([1], "a"), answer([2], "b"), answer([3], "c"), answer([4], "a")])
    assert refused(io, asynchronous) == ([1, 2, 3], "its page 4 leads back to the cursor 'a'")


def test_the_cursor_that_it_began_at_counts() -> None:
    with pytest.raises(UnexpectedResponseError, match="its page 1 leads back to the cursor 'a'"):
        list_over(VirtualIO([answer([1], "a")]), "a")
    items = iter(list_over(VirtualIO([answer([1], "b"), answer([2], "a")]), "a"))
    assert next(items) == 1
    with pytest.raises(UnexpectedResponseError, match="its page 2 leads back to the cursor 'a'"):
        next(items)


@both
def test_three_empty_pages_in_a_row_end_it(asynchronous: bool) -> None:
    io = VirtualIO([answer([], "a"), answer([], "b"), answer([1], "c"), *(answer([], c) for c in "def")])
    assert refused(io, asynchronous) == ([1], "3 pages in a row are empty, and still there is a next one")


def test_two_empty_pages_and_an_empty_last_one_are_fine() -> None:
    pages: list[list[int]] = [[1], [], [], [2], [], [], []]
    assert list(list_over(VirtualIO(service(pages)))) == [1, 2]


def test_too_many_pages_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_PAGES == 100_000
    monkeypatch.setattr("mirelo_ergo._runtime.api.pages.MOST_PAGES", 50)
    numbers = iter(range(1000))
    io = VirtualIO(lambda request: answer([1], str(next(numbers))))
    seen, why = refused(io, False)
    assert (len(seen), why) == (49, "it has more than 50 pages")
    assert list(list_over(VirtualIO(service([[1]] * 50)))) == [1] * 50


# --- pages that fail -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble",
    [
        problem(500, "server_error"),
        web_page(502),
        problem(429, "rate_limited", retry_after="1"),
        TransportFailure("network", "yes", "reset"),
        web_page(200),
    ],
    ids=["500", "502 page", "429", "reset", "a page under 200"],
)
def test_a_page_that_fails_is_asked_for_again(trouble: Any) -> None:
    io = VirtualIO([answer([1], "a"), trouble, answer([2])])
    assert list(list_over(io)) == [1, 2]
    assert io.requests == ["GET /things", "GET /things?cursor=a", "GET /things?cursor=a"]


def test_a_page_that_fails_for_good_raises_and_can_be_asked_for_later() -> None:
    trouble = [problem(500, "server_error")] * 5
    io = VirtualIO([answer([1], "a"), *trouble, answer([2], "b"), answer([3])])
    items = iter(list_over(io))
    assert next(items) == 1
    with pytest.raises(ServerError):
        next(items)
    assert [*items] == [2, 3]


def test_what_no_waiting_mends_raises_at_once() -> None:
    io = VirtualIO([answer([1], "a"), problem(401, "unauthorized")])
    items = iter(list_over(io))
    assert next(items) == 1
    with pytest.raises(AuthenticationError):
        next(items)
    with pytest.raises(NetworkError):
        list_over(VirtualIO(lambda request: TransportFailure("connect", "no", "refused")))
    assert len(io.requests) == 2


def test_a_list_asked_for_with_a_body_is_a_read_too() -> None:
    def post(cursor: str | None) -> Operation[PageContent[int]]:
        body = json.dumps({"cursor": cursor}).encode()
        return Operation("listThings", Kind.READ, Request("POST", "/things/list", body), read, 60.0)

    io = VirtualIO([problem(503, "server_error"), answer([1], "a"), answer([2])])
    walk = PageWalk(runtime_over(io), post)
    assert list(Page(walk, run(walk.first()))) == [1, 2]
    assert [call.request.body for call in io.calls][1:] == [b'{"cursor": null}', b'{"cursor": "a"}']

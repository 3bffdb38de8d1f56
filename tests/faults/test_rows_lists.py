"""Row 92: lists in pages, of the made-up service."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

import tests.support.madeup as madeup
from mirelo_ergo import UnexpectedResponseError
from tests.faults.harness import KEY, Face
from tests.faults.mirelo import html_error
from tests.faults.server import FaultServer
from tests.faults.steps import Close, ReadRequest, Reset, Respond, Script, Send, json_response

if TYPE_CHECKING:
    from collections.abc import Sequence


def page(items: Sequence[str], following: str | None = None) -> Respond:
    return json_response(200, {"items": list(items), "next": following, "total": 3})


def first(face: Face, server: FaultServer) -> Any:
    return face.do(face.open(server.url, of=madeup, service="MadeUp").things())


class Items:
    """Go through a list and keep what came, also before an error."""

    def __init__(self, face: Face, page: Any) -> None:
        self._face, self._page = face, page
        self.seen: list[str] = []

    def __call__(self) -> Any:
        if self._face.colour == "sync":
            for item in self._page:
                self.seen.append(item)
            return None
        return self._each()

    async def _each(self) -> None:
        async for item in self._page:
            self.seen.append(item)


def asked(server: FaultServer) -> list[str]:
    return [request.path for request in server.requests]


@pytest.mark.parametrize(
    ("pages", "came", "words"),
    [
        ([page("a", "1"), page("b", "1")], "a", "leads back to the cursor '1'"),
        ([page("a", "1"), page("b", "2"), page("c", "1")], "ab", "leads back to the cursor '1'"),
        ([page("a", "1"), page("", "2"), page("", "3"), page("", "4")], "a", "3 pages in a row are empty"),
    ],
    ids=["the same again", "a circle", "empty"],
)
def test_fault_92(face: Face, pages: list[Script], came: str, words: str) -> None:
    """A list whose cursor repeats, or whose pages stay empty, ends with a typed error."""
    with FaultServer(pages) as server, face.promise(deadline=1.0):
        items = Items(face, first(face, server))
        error = face.failing(items)
        assert isinstance(error, UnexpectedResponseError)
        assert words in error.message
        assert items.seen == list(came)
        assert len(server.requests) == len(pages)


@pytest.mark.parametrize(
    "failure",
    [
        json_response(500, {"error": "internal"}),
        html_error(502),
        Respond(200, b"<html>"),
        [ReadRequest(), Reset()],
        [ReadRequest(), Send(page("c").wire[:-3]), Close()],
    ],
    ids=["500", "502 page", "a page", "reset", "cut"],
)
def test_fault_92_page(face: Face, failure: Script) -> None:
    """The third page of a list fails: it is asked for again, and every item comes once."""
    with FaultServer([page("a", "1"), page("b", "2"), failure, page("c")]) as server, face.promise(deadline=1.0):
        found = first(face, server)
        assert (found.items, found.next_cursor, found.total_count) == (["a"], "1", 3)
        assert face.each(found) == ["a", "b", "c"]
        assert asked(server) == ["/things", "/things?cursor=1", "/things?cursor=2", "/things?cursor=2"]
        assert {request.headers["x-key"] for request in server.requests} == {KEY}


def test_fault_92_endless(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that never ends, with a new cursor each time, ends with a typed error."""
    monkeypatch.setattr("mirelo_ergo._runtime.api.pages.MOST_PAGES", 40)
    numbers = itertools.count(1)
    with FaultServer(lambda request: page("a", str(next(numbers)))) as server, face.promise(deadline=3.0):
        items = Items(face, first(face, server))
        assert "more than 40 pages" in face.failing(items).message
        assert len(items.seen) == 39
        assert len(server.requests) == 40

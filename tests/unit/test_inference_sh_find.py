"""A run whose answer was lost, looked for in the list of tasks: found, or not told from another; never guessed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest

from mirelo_ergo import InvalidRequestError, SubmitOutcomeUnknown
from mirelo_ergo._runtime.io.protocol import Reply, Request, TransportFailure, run
from tests.support.answers import reply
from tests.support.virtual import VirtualIO, async_inference_over, body_of, inference_over

if TYPE_CHECKING:
    from collections.abc import Callable

ASKED = {"app": "infsh/mmaudio", "input": {"prompt": "rain"}}
MMAUDIO = {"id": "app_1", "namespace": "infsh", "name": "mmaudio"}


def task(task_id: str, created: float | None, **more: Any) -> dict[str, Any]:
    """Make a task; `created` is a Unix time."""
    at = None if created is None else datetime.fromtimestamp(created, UTC).isoformat()
    return {"id": task_id, "status": 7, "created_at": at, "app": MMAUDIO, "input": {"prompt": "rain"}, **more}


class Marketplace:
    """Lose the answer to a run, and list tasks in pages; `ahead` is how far its clock is."""

    def __init__(self, *pages: list[dict[str, Any]], ahead: float = 0.0, dated: bool = True) -> None:
        self.pages, self.ahead, self.dated = pages, ahead, dated
        self.lose = True
        self.io = VirtualIO(self.answer)

    def answer(self, request: Request) -> Reply:
        if request.path == "/apps/run":
            if self.lose:
                raise TransportFailure("network", "yes", "reset")
            return reply(200, {"data": task("tsk_mine", self.io.wall())})
        assert request.path == "/tasks/list"
        number = int(json.loads(body_of(request)).get("cursor") or 0)
        more = number + 1 < len(self.pages)
        page = {"items": self.pages[number], "next_cursor": str(number + 1) if more else "", "has_next": more}
        headers = {"date": formatdate(self.io.wall() + self.ahead, usegmt=True)} if self.dated else {}
        return reply(200, {"data": page}, **headers)


def lost(market: Marketplace, client: Any, asked: dict[str, Any] = ASKED) -> SubmitOutcomeUnknown:
    with pytest.raises(SubmitOutcomeUnknown) as caught:
        client.run(asked, wait=False)
    return caught.value


def found(pages: Callable[[float], list[list[dict[str, Any]]]], **options: Any) -> str | None:
    """Say which task is found in pages, which are made of the moment of the run."""
    market = Marketplace([], **options)
    client = inference_over(market.io)
    error = lost(market, client)
    market.pages = tuple(pages(market.io.wall() + market.ahead))
    job = error.find(client)
    assert job is None or job.token.startswith("inference_sh2:app:infsh/mmaudio:")
    return None if job is None else str(job.job_id)


def test_the_one_that_fits_is_found() -> None:
    others: list[dict[str, Any]] = [
        {"input": {"prompt": "wind"}},
        {"app": {"namespace": "other", "name": "mmaudio"}},
        {"app": None, "app_id": "app_2"},
    ]
    assert found(lambda now: [[task(f"o{n}", now, **each) for n, each in enumerate(others)], [task("a", now)]]) == "a"


def test_two_that_fit_are_not_told_apart_not_even_on_two_pages() -> None:
    assert found(lambda now: [[task("a", now), task("b", now - 0.1)]]) is None
    assert (
        found(lambda now: [[task("a", now)] + [task(f"o{n}", now, input={}) for n in range(99)], [task("b", now)]])
        is None
    )


def test_a_list_of_the_same_task_twice_is_no_doubt() -> None:
    assert found(lambda now: [[task("a", now)], [task("a", now)]]) == "a"


@pytest.mark.parametrize("ahead", [0.0, 3600.0, -3600.0])
def test_an_older_run_of_the_same_is_none_whatever_the_clocks_show(ahead: float) -> None:
    assert found(lambda now: [[task("old", now - 5)]], ahead=ahead) is None
    assert found(lambda now: [[task("a", now), task("old", now - 5)]], ahead=ahead) == "a"


def test_without_a_date_clocks_may_differ_by_a_minute() -> None:
    assert found(lambda now: [[task("a", now - 30)]], dated=False) == "a"
    assert found(lambda now: [[task("old", now - 90)]], dated=False) is None


def test_a_task_that_does_not_say_when_it_was_made_may_be_it() -> None:
    assert found(lambda now: [[task("a", now), task("b", None)]]) is None
    assert found(lambda now: [[task("b", None)]]) == "b"


def test_the_list_is_read_on_where_it_is_not_sorted() -> None:
    assert (
        found(lambda now: [[task("old", now - 900), task("a", now)], [task("older", now - 999)], [task("b", now)]])
        is None
    )
    assert found(lambda now: [[task("a", now)], [task("old", now - 900)], [task("b", now)]]) == "a", "sorted: it ended"


def test_a_list_without_an_end_gives_no_answer() -> None:
    assert found(lambda now: [[task("a", now)], *([[task("x", now, input={})]] * 60)]) is None


def test_what_this_client_has_an_answer_about_is_another_run() -> None:
    market = Marketplace([])
    client = inference_over(market.io)
    market.lose = False
    client.run(ASKED, wait=False)
    market.lose = True
    error = lost(market, client)
    market.pages = ([task("tsk_mine", market.io.wall())],)
    assert error.find(client) is None
    market.pages = ([task("tsk_mine", market.io.wall()), task("tsk_lost", market.io.wall())],)
    job = error.find(client)
    assert job is not None
    assert job.job_id == "tsk_lost"


@pytest.mark.parametrize("asked", [{"app_id": "app_1"}, {"app": "infsh/mmaudio@abc:run"}])
def test_an_app_may_be_named_in_each_way(asked: dict[str, Any]) -> None:
    market = Marketplace([])
    client = inference_over(market.io)
    error = lost(market, client, {**asked, "input": {"prompt": "rain"}})
    market.pages = ([task("a", market.io.wall())],)
    job = error.find(client)
    assert job is not None
    assert job.job_id == "a"


def test_the_async_client_finds_it_too() -> None:
    market = Marketplace([])

    async def main() -> str:
        client = async_inference_over(market.io)
        with pytest.raises(SubmitOutcomeUnknown) as caught:
            await client.run(ASKED)
        market.pages = ([task("a", market.io.wall())],)
        job = await caught.value.find(client)
        return str(job.job_id)

    assert run(main()) == "a"


def test_an_error_of_something_else_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="not of a run"):
        inference_over(VirtualIO()).find_submitted(SubmitOutcomeUnknown("lost"))

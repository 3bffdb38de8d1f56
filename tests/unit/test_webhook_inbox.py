"""The inbox: duplicates, any order, forgeries, events that come early, caps; in memory and in a file alike."""

from __future__ import annotations

import os
import pickle
import sqlite3
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirelo_ergo import ConfigurationError, InvalidRequestError, JobEvent, WebhookError, WebhookInbox
from mirelo_ergo._runtime.webhooks.inbox import LARGEST_KEPT
from mirelo_ergo._runtime.webhooks.store import RECORDED_FOR, StoredEvent
from tests.faults.storm import interrupted_at
from tests.support.examples import examples

if TYPE_CHECKING:
    from collections.abc import Callable

    from mirelo_ergo._runtime.webhooks.events import EventStatus


SERVICE = "service"


@attrs.frozen
class Handle:
    """As much of a job as an inbox asks for."""

    job_id: str
    service: str = SERVICE


@attrs.define
class Clock:
    """A wall clock that the test moves."""

    time: float = 1_772_366_400.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture(params=["memory", "file"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., WebhookInbox]:
    """Make inboxes of one kind; those in a file share it."""

    def inbox(clock: Clock | None = None, **options: Any) -> WebhookInbox:
        made = WebhookInbox(tmp_path / "inbox.db" if request.param == "file" else None, **options)
        made._store.now = clock or Clock()
        return made

    return inbox


def event(job_id: str = "req_1", status: EventStatus = "succeeded", **payload: object) -> JobEvent:
    return JobEvent(job_id, status, status.upper(), payload=payload, service=SERVICE)


def kept(inbox: WebhookInbox, early: bool) -> int:
    with inbox._store._connection() as db:
        return int(db.execute("SELECT count(*) FROM events WHERE early = ?", (early,)).fetchone()[0])


# --- duplicates and order --------------------------------------------------------------------------------------------


def test_an_event_is_news_once(make: Callable[..., WebhookInbox]) -> None:
    inbox = make()
    assert inbox.status("req_1", service=SERVICE) is None
    assert [inbox.receive(event(status="processing")) for _ in range(3)] == [True, False, False]
    assert inbox.status("req_1", service=SERVICE) == "processing"
    assert [inbox.receive(event()) for _ in range(3)] == [True, False, False]
    assert inbox.status("req_1", service=SERVICE) == "succeeded"
    assert inbox.receive(event("req_2"))


def test_a_late_processing_undoes_nothing(make: Callable[..., WebhookInbox]) -> None:
    inbox = make()
    inbox.receive(event())
    assert inbox.receive(event(status="processing"))
    assert inbox.status("req_1", service=SERVICE) == "succeeded"


def test_the_first_end_stays(make: Callable[..., WebhookInbox]) -> None:
    inbox = make()
    told: list[EventStatus] = ["errored", "succeeded", "errored"]
    assert [inbox.receive(event(status=status)) for status in told] == [True, True, False]
    assert inbox.status("req_1", service=SERVICE) == "errored"


STATUSES: list[EventStatus] = ["processing", "succeeded", "errored"]


@examples(100)
@given(end=st.sampled_from(STATUSES), counts=st.tuples(st.integers(0, 3), st.integers(1, 3)), data=st.data())
def test_any_order_and_multiplicity_ends_alike(end: EventStatus, counts: tuple[int, int], data: st.DataObject) -> None:
    parts: list[Any] = [*["processing"] * counts[0], *[end] * counts[1], None]
    told = data.draw(st.permutations(parts))
    inbox = WebhookInbox()
    news = 0
    for status in told:
        if status is None:
            inbox.record("req_1", service=SERVICE)
        else:
            news += inbox.receive(event(status=status))
    assert inbox.status("req_1", service=SERVICE) == end
    assert news == len({status for status in told if status})
    assert kept(inbox, early=True) == 0


@examples(100)
@given(st.lists(st.sampled_from(STATUSES), max_size=12))
def test_the_first_end_wins_in_any_sequence(told: list[EventStatus]) -> None:
    inbox = WebhookInbox()
    for status in told:
        inbox.receive(event(status=status))
    ends = [status for status in told if status != "processing"]
    assert inbox.status("req_1", service=SERVICE) == (ends[0] if ends else told[0] if told else None)
    assert kept(inbox, early=True) == len(set(told))


def test_among_threads_one_is_news(make: Callable[..., WebhookInbox]) -> None:
    inbox, barrier = make(), threading.Barrier(8)
    times = 5 if inbox.blocks else 60  # the disk is slow, and memory needs many tries to collide
    inbox.record("req_1", service=SERVICE)
    news: list[bool] = []
    others: list[bool] = []
    told: list[str] = []
    inbox.subscription(Handle("req_1")).subscribe(lambda: told.append("news"))

    def deliver(number: int) -> None:
        barrier.wait()
        for time in range(times):
            news.append(inbox.receive(event()))
            others.append(inbox.receive(event(f"req_1_{number}_{time}")))

    threads = [threading.Thread(target=deliver, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(news), sum(news), told) == (8 * times, 1, ["news"])
    assert others == [True] * 8 * times


CHILD = """
import sys
from mirelo_ergo import JobEvent, WebhookInbox
inbox = WebhookInbox(sys.argv[1])
sys.stdin.read(1)
events = [JobEvent(f"req_{number}", "succeeded", "COMPLETED", service="service") for number in range(10)]
print(sum(inbox.receive(event) for event in events))
"""


def test_among_processes_one_is_news(tmp_path: Path) -> None:
    path = tmp_path / "inbox.db"
    children = [
        subprocess.Popen([sys.executable, "-c", CHILD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    outputs = []
    for child in children:  # all are started; a byte lets them run
        assert child.stdin is not None
        child.stdin.write("x")
        child.stdin.flush()
    outputs = [child.communicate(timeout=240)[0] for child in children]
    assert [child.returncode for child in children] == [0, 0, 0]
    assert sum(int(text) for text in outputs) == 10
    inbox = WebhookInbox(path)
    assert {inbox.status(f"req_{number}", service=SERVICE) for number in range(10)} == {"succeeded"}


# --- before the submit was recorded ----------------------------------------------------------------------------------


def test_an_early_event_is_kept(make: Callable[..., WebhookInbox]) -> None:
    inbox = make()
    inbox.receive(event())
    assert not inbox.recorded("req_1", service=SERVICE)
    inbox.record("req_1", service=SERVICE)
    assert inbox.recorded("req_1", service=SERVICE)
    assert inbox.status("req_1", service=SERVICE) == "succeeded"
    assert inbox.subscription(Handle("req_1")).ends() == [StoredEvent("succeeded", None)]


def test_the_number_of_early_events_is_capped(make: Callable[..., WebhookInbox]) -> None:
    inbox = make(keep_early=5)
    for number in range(20):
        assert inbox.receive(event(f"forged_{number}"))
        assert kept(inbox, early=True) == min(number + 1, 5)
    statuses = [inbox.status(f"forged_{number}", service=SERVICE) for number in (14, 15, 19)]
    assert statuses == [None, "succeeded", "succeeded"]


def test_early_events_can_be_kept_out(make: Callable[..., WebhookInbox]) -> None:
    inbox = make(keep_early=0)
    inbox.record("req_1", service=SERVICE)
    assert inbox.receive(event("forged"))
    assert inbox.receive(event())
    assert (inbox.status("forged", service=SERVICE), inbox.status("req_1", service=SERVICE)) == (None, "succeeded")


def test_the_age_of_early_events_is_capped(make: Callable[..., WebhookInbox]) -> None:
    clock = Clock()
    inbox = make(clock, keep_early_ms=60_000)
    inbox.receive(event())
    clock.time += 59
    inbox.receive(event("req_2"))
    clock.time += 2
    inbox.record("req_1", service=SERVICE)
    inbox.record("req_2", service=SERVICE)
    assert (inbox.status("req_1", service=SERVICE), inbox.status("req_2", service=SERVICE)) == (None, "succeeded")


def test_a_flood_takes_nothing_from_recorded_jobs(make: Callable[..., WebhookInbox]) -> None:
    clock = Clock()
    inbox = make(clock, keep_early=3, keep_early_ms=1000)
    inbox.receive(event("before"))
    inbox.record("before", service=SERVICE)
    inbox.record("after", service=SERVICE)
    for number in range(30):
        inbox.receive(event(f"forged_{number}"))
        clock.time += 1
    inbox.receive(event("after"))
    for number in range(30):
        inbox.receive(event(f"forged_{number}", "processing"))
    assert (inbox.status("before", service=SERVICE), inbox.status("after", service=SERVICE)) == (
        "succeeded",
        "succeeded",
    )
    assert kept(inbox, early=True) <= 3


def test_a_flood_for_one_job_is_three_events(make: Callable[..., WebhookInbox]) -> None:
    inbox = make()
    inbox.record("req_1", service=SERVICE)
    for number in range(30):
        inbox.receive(JobEvent("req_1", STATUSES[number % 3], f"WORD_{number}", service=SERVICE))
    assert kept(inbox, early=False) == 3


def test_recorded_jobs_are_forgotten_after_a_week(make: Callable[..., WebhookInbox]) -> None:
    clock = Clock()
    inbox = make(clock)
    for job_id in ("old", "again"):
        inbox.record(job_id, service=SERVICE)
        inbox.receive(event(job_id))
    clock.time += RECORDED_FOR - 1
    inbox.record("again", service=SERVICE)
    clock.time += 2
    inbox.record("new", service=SERVICE)
    assert (inbox.recorded("old", service=SERVICE), inbox.status("old", service=SERVICE)) == (False, None)
    assert (inbox.recorded("again", service=SERVICE), inbox.status("again", service=SERVICE)) == (True, "succeeded")


# --- what is believed ------------------------------------------------------------------------------------------------


def test_nothing_of_a_payload_is_kept_unless_it_is_believed(make: Callable[..., WebhookInbox]) -> None:
    inbox = make()
    inbox.receive(event(output="https://evil.example/"))
    assert inbox.subscription(Handle("req_1")).ends() == [StoredEvent("succeeded", None)]


def test_a_believed_payload_is_kept_up_to_a_size(make: Callable[..., WebhookInbox]) -> None:
    inbox = make(confirm=False)
    inbox.receive(event("small", status="processing", a=1))
    inbox.receive(event("small", a=2))
    inbox.receive(event("large", a="x" * LARGEST_KEPT))
    assert inbox.subscription(Handle("small")).ends() == [StoredEvent("succeeded", b'{"a": 2}')]
    assert inbox.subscription(Handle("large")).ends() == [StoredEvent("succeeded", None)]


def test_an_ambiguous_status_is_never_believed(make: Callable[..., WebhookInbox]) -> None:
    inbox = make(confirm=False)
    inbox.receive(attrs.evolve(event(), ambiguous=True))
    assert inbox.subscription(Handle("req_1")).ends() == [StoredEvent("succeeded", None)]


# --- listening -------------------------------------------------------------------------------------------------------


def test_only_the_news_of_an_end_wakes_and_only_subscribers() -> None:
    inbox = WebhookInbox()
    events, told = inbox.subscription(Handle("req_1")), []

    def notify() -> None:
        told.append(len(events.ends()))

    events.subscribe(notify)
    inbox.receive(event(status="processing"))
    inbox.receive(event("another"))
    assert told == []
    inbox.receive(event())
    inbox.receive(event())
    assert told == [1]
    events.unsubscribe(notify)
    inbox.receive(event(status="errored"))
    assert told == [1]
    assert inbox._subscribers == {}


# --- what can go wrong -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {"keep_early": -1},
        {"keep_early": True},
        {"keep_early": 1.5},
        {"keep_early": 10**7},
        {"keep_early_ms": 0},
        {"keep_early_ms": "5"},
        {"path": 7},
        {"path": "/dev/null/inbox.db"},
        {"path": b"\x00"},
    ],
)
def test_wrong_settings_are_named(options: Any) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        WebhookInbox(**options)


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a database, but long enough to be looked at " * 20)
    with pytest.raises(ConfigurationError, match="not a database"):
        WebhookInbox(text)
    assert text.read_text().startswith("not a database")
    later = tmp_path / "later.db"
    db = sqlite3.connect(later)
    db.execute("PRAGMA user_version = 9")
    db.close()
    with pytest.raises(ConfigurationError, match=r"another version .*layout 9, not 2"):
        WebhookInbox(later)


def test_a_file_that_is_gone_says_so_and_can_come_back(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    inbox = WebhookInbox(folder / "inbox.db")
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(WebhookError, match="cannot be used") as caught:
        inbox.receive(event())
    assert (caught.value.code, caught.value.http_status, caught.value.retryable) == ("inbox_unavailable", 503, True)
    (tmp_path / "elsewhere").rename(folder)
    assert inbox.receive(event())


def test_an_interrupted_change_leaves_nothing(make: Callable[..., WebhookInbox]) -> None:
    inbox = make()

    def interrupted() -> float:
        raise KeyboardInterrupt

    inbox._store.now = interrupted
    with pytest.raises(KeyboardInterrupt):
        inbox.receive(event())
    inbox._store.now = Clock()
    assert inbox.status("req_1", service=SERVICE) is None
    assert inbox.receive(event())


def test_an_interrupt_at_any_moment_leaves_an_inbox_that_works(make: Callable[..., WebhookInbox]) -> None:
    inbox, number = make(), 0
    while interrupted_at(number + 1, partial(inbox.receive, event(f"req_{number}")))[0]:
        number += 1
        assert inbox.receive(event(f"another_{number}"))
    assert number > 10


def test_a_file_stays_where_it_is_when_the_program_goes_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    inbox = WebhookInbox("inbox.db")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert inbox.receive(event())
    assert WebhookInbox(tmp_path / "inbox.db").status("req_1", service=SERVICE) == "succeeded"
    assert not any((tmp_path / "elsewhere").iterdir())


def test_a_job_is_named_by_its_handle_or_by_its_id_and_service(make: Callable[..., WebhookInbox]) -> None:
    inbox = make()
    inbox.record(Handle("req_1"))
    assert inbox.recorded("req_1", service=SERVICE)
    inbox.receive(event())
    assert inbox.status(Handle("req_1")) == "succeeded"
    wrong: Any
    for wrong in (7, None, "", "a b\n", Handle("é"), Handle(None)):  # type: ignore[arg-type]  # wrong on purpose
        with pytest.raises(InvalidRequestError, match="job=") as caught:
            inbox.record(wrong, service=SERVICE)
        assert caught.value.field == "job"


def test_an_id_alone_is_of_no_service(make: Callable[..., WebhookInbox]) -> None:
    inbox = make()
    inbox.receive(event())
    wrong: Any
    for ask in (inbox.record, inbox.recorded, inbox.status):
        for wrong in (None, "", 7):
            with pytest.raises(InvalidRequestError, match=r"service=.* two services may give one id") as caught:
                ask("req_1", service=wrong)
            assert caught.value.field == "service"
    assert inbox.status("req_1", service=SERVICE) == "succeeded"


def test_two_services_may_give_the_same_id(make: Callable[..., WebhookInbox]) -> None:
    inbox = make(keep_early=1)
    told: list[str] = []
    inbox.subscription(Handle("req_1", "other")).subscribe(lambda: told.append("other"))
    inbox.subscription(Handle("req_1")).subscribe(lambda: told.append(SERVICE))
    inbox.record(Handle("req_1"))
    assert inbox.receive(event())
    assert told == [SERVICE]
    assert inbox.receive(attrs.evolve(event(status="errored"), service="other"))
    assert told == [SERVICE, "other"]
    assert [inbox.status(Handle("req_1", service)) for service in (SERVICE, "other", "third")] == [
        "succeeded",
        "errored",
        None,
    ]
    assert not inbox.recorded("req_1", service="other")
    inbox.receive(attrs.evolve(event("req_2"), service="other"))  # displaces the other early one, not the recorded
    assert [inbox.status(Handle("req_1", service)) for service in (SERVICE, "other")] == ["succeeded", None]


def test_an_inbox_says_where_it_is_and_nothing_else(make: Callable[..., WebhookInbox]) -> None:
    inbox = make()
    inbox.receive(event("req_secret"))
    assert repr(inbox) in ("<WebhookInbox in memory>", "<WebhookInbox in a file>")
    with pytest.raises(TypeError):
        pickle.dumps(inbox)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_file_is_shared_with_a_forked_child(tmp_path: Path) -> None:
    inbox = WebhookInbox(tmp_path / "inbox.db")
    inbox.record("req_1", service=SERVICE)
    if (child := os.fork()) == 0:
        os._exit(0 if inbox.receive(event()) else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert inbox.status("req_1", service=SERVICE) == "succeeded"

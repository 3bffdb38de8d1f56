"""The inbox: duplicates, any order, forgeries, events that come early, caps; in memory and in a file alike."""

from __future__ import annotations

import os
import pickle
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirelo_ergo import ConfigurationError, InvalidRequestError, JobEvent, WebhookError, WebhookInbox
from mirelo_ergo._runtime.webhooks.inbox import LARGEST_KEPT
from mirelo_ergo._runtime.webhooks.store import RECORDED_FOR, StoredEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from mirelo_ergo._runtime.webhooks.events import EventStatus


@attrs.define
class Clock:
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
    return JobEvent(job_id, status, status.upper(), payload=payload)


def kept(inbox: WebhookInbox, early: bool) -> int:
    with inbox._store._connection() as db:
        return int(db.execute("SELECT count(*) FROM events WHERE early = ?", (early,)).fetchone()[0])


# --- duplicates and order --------------------------------------------------------------------------------------------


def test_an_event_is_news_once(make: Callable[..., WebhookInbox]) -> None:
    inbox = make()
    assert inbox.status("req_1") is None
    assert [inbox.receive(event(status="processing")) for _ in range(3)] == [True, False, False]
    assert inbox.status("req_1") == "processing"
    assert [inbox.receive(event()) for _ in range(3)] == [True, False, False]
    assert inbox.status("req_1") == "succeeded"
    assert inbox.receive(event("req_2"))


def test_a_late_processing_undoes_nothing(make: Callable[..., WebhookInbox]) -> None:
    inbox = make()
    inbox.receive(event())
    assert inbox.receive(event(status="processing"))
    assert inbox.status("req_1") == "succeeded"


def test_the_first_end_stays(make: Callable[..., WebhookInbox]) -> None:
    inbox = make()
    told: list[EventStatus] = ["errored", "succeeded", "errored"]
    assert [inbox.receive(event(status=status)) for status in told] == [True, True, False]
    assert inbox.status("req_1") == "errored"


STATUSES: list[EventStatus] = ["processing", "succeeded", "errored"]


@settings(max_examples=100)
@given(end=st.sampled_from(STATUSES), counts=st.tuples(st.integers(0, 3), st.integers(1, 3)), data=st.data())
def test_any_order_and_multiplicity_ends_alike(end: EventStatus, counts: tuple[int, int], data: st.DataObject) -> None:
    parts: list[Any] = [*["processing"] * counts[0], *[end] * counts[1], None]
    told = data.draw(st.permutations(parts))
    inbox = WebhookInbox()
    news = 0
    for status in told:
        if status is None:
            inbox.record("req_1")
        else:
            news += inbox.receive(event(status=status))
    assert inbox.status("req_1") == end
    assert news == len({status for status in told if status})
    assert kept(inbox, early=True) == 0


@settings(max_examples=100)
@given(st.lists(st.sampled_from(STATUSES), max_size=12))
def test_the_first_end_wins_in_any_sequence(told: list[EventStatus]) -> None:
    inbox = WebhookInbox()
    for status in told:
        inbox.receive(event(status=status))
    ends = [status for status in told if status != "processing"]
    assert inbox.status("req_1") == (ends[0] if ends else told[0] if told else None)
    assert kept(inbox, early=True) == len(set(told))


def test_among_threads_one_is_news(make: Callable[..., WebhookInbox]) -> None:
    inbox, barrier = make(), threading.Barrier(8)
    times = 5 if inbox.blocks else 60  # the disk is slow, and memory needs many tries to collide
    inbox.record("req_1")
    news: list[bool] = []
    others: list[bool] = []
    rung: list[str] = []
    inbox.mail("req_1").listen(lambda: rung.append("ring"))

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
    assert (len(news), sum(news), rung) == (8 * times, 1, ["ring"])
    assert others == [True] * 8 * times


CHILD = """
import sys
from mirelo_ergo import JobEvent, WebhookInbox
inbox = WebhookInbox(sys.argv[1])
sys.stdin.read(1)
print(sum(inbox.receive(JobEvent(f"req_{number}", "succeeded", "COMPLETED")) for number in range(10)))
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
    outputs = [child.communicate(timeout=60)[0] for child in children]
    assert [child.returncode for child in children] == [0, 0, 0]
    assert sum(int(text) for text in outputs) == 10
    inbox = WebhookInbox(path)
    assert {inbox.status(f"req_{number}") for number in range(10)} == {"succeeded"}


# --- before the submit was recorded ----------------------------------------------------------------------------------


def test_an_early_event_is_kept(make: Callable[..., WebhookInbox]) -> None:
    inbox = make()
    inbox.receive(event())
    assert not inbox.recorded("req_1")
    inbox.record("req_1")
    assert inbox.recorded("req_1")
    assert inbox.status("req_1") == "succeeded"
    assert inbox.mail("req_1").look() == [StoredEvent("succeeded", None)]


def test_the_number_of_early_events_is_capped(make: Callable[..., WebhookInbox]) -> None:
    inbox = make(keep_early=5)
    for number in range(20):
        assert inbox.receive(event(f"forged_{number}"))
        assert kept(inbox, early=True) == min(number + 1, 5)
    assert [inbox.status(f"forged_{number}") for number in (14, 15, 19)] == [None, "succeeded", "succeeded"]


def test_early_events_can_be_kept_out(make: Callable[..., WebhookInbox]) -> None:
    inbox = make(keep_early=0)
    inbox.record("req_1")
    assert inbox.receive(event("forged"))
    assert inbox.receive(event())
    assert (inbox.status("forged"), inbox.status("req_1")) == (None, "succeeded")


def test_the_age_of_early_events_is_capped(make: Callable[..., WebhookInbox]) -> None:
    clock = Clock()
    inbox = make(clock, keep_early_ms=60_000)
    inbox.receive(event())
    clock.time += 59
    inbox.receive(event("req_2"))
    clock.time += 2
    inbox.record("req_1")
    inbox.record("req_2")
    assert (inbox.status("req_1"), inbox.status("req_2")) == (None, "succeeded")


def test_a_flood_takes_nothing_from_recorded_jobs(make: Callable[..., WebhookInbox]) -> None:
    clock = Clock()
    inbox = make(clock, keep_early=3, keep_early_ms=1000)
    inbox.receive(event("before"))
    inbox.record("before")
    inbox.record("after")
    for number in range(30):
        inbox.receive(event(f"forged_{number}"))
        clock.time += 1
    inbox.receive(event("after"))
    for number in range(30):
        inbox.receive(event(f"forged_{number}", "processing"))
    assert (inbox.status("before"), inbox.status("after")) == ("succeeded", "succeeded")
    assert kept(inbox, early=True) <= 3


def test_a_flood_for_one_job_is_three_events(make: Callable[..., WebhookInbox]) -> None:
    inbox = make()
    inbox.record("req_1")
    for number in range(30):
        inbox.receive(JobEvent("req_1", STATUSES[number % 3], f"WORD_{number}"))
    assert kept(inbox, early=False) == 3


def test_recorded_jobs_are_forgotten_after_a_week(make: Callable[..., WebhookInbox]) -> None:
    clock = Clock()
    inbox = make(clock)
    for job_id in ("old", "again"):
        inbox.record(job_id)
        inbox.receive(event(job_id))
    clock.time += RECORDED_FOR - 1
    inbox.record("again")
    clock.time += 2
    inbox.record("new")
    assert (inbox.recorded("old"), inbox.status("old")) == (False, None)
    assert (inbox.recorded("again"), inbox.status("again")) == (True, "succeeded")


# --- what is believed ------------------------------------------------------------------------------------------------


def test_nothing_of_a_payload_is_kept_unless_it_is_believed(make: Callable[..., WebhookInbox]) -> None:
    inbox = make()
    inbox.receive(event(output="https://evil.example/"))
    assert inbox.mail("req_1").look() == [StoredEvent("succeeded", None)]


def test_a_believed_payload_is_kept_up_to_a_size(make: Callable[..., WebhookInbox]) -> None:
    inbox = make(confirm=False)
    inbox.receive(event("small", status="processing", a=1))
    inbox.receive(event("small", a=2))
    inbox.receive(event("large", a="x" * LARGEST_KEPT))
    assert inbox.mail("small").look() == [StoredEvent("succeeded", b'{"a": 2}')]
    assert inbox.mail("large").look() == [StoredEvent("succeeded", None)]


# --- listening -------------------------------------------------------------------------------------------------------


def test_only_the_news_of_an_end_rings_and_only_while_one_listens() -> None:
    inbox = WebhookInbox()
    mail, rung = inbox.mail("req_1"), []

    def ring() -> None:
        rung.append(len(mail.look()))

    mail.listen(ring)
    inbox.receive(event(status="processing"))
    inbox.receive(event("another"))
    assert rung == []
    inbox.receive(event())
    inbox.receive(event())
    assert rung == [1]
    mail.leave(ring)
    inbox.receive(event(status="errored"))
    assert rung == [1]
    assert inbox._rings == {}


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
    with pytest.raises(ConfigurationError, match=r"another version .*layout 9, not 1"):
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
    assert inbox.status("req_1") is None
    assert inbox.receive(event())


@attrs.frozen
class Handle:
    job_id: str


def test_a_job_is_named_by_its_handle_or_id(make: Callable[..., WebhookInbox]) -> None:
    inbox = make()
    inbox.record(Handle("req_1"))
    assert inbox.recorded("req_1")
    inbox.receive(event())
    assert inbox.status(Handle("req_1")) == "succeeded"
    wrong: Any
    for wrong in (7, None, "", "a b\n", Handle("é"), Handle(None)):  # type: ignore[arg-type]  # wrong on purpose
        with pytest.raises(InvalidRequestError, match="job=") as caught:
            inbox.record(wrong)
        assert caught.value.field == "job"


def test_an_inbox_says_where_it_is_and_nothing_else(make: Callable[..., WebhookInbox]) -> None:
    inbox = make()
    inbox.receive(event("req_secret"))
    assert repr(inbox) in ("<WebhookInbox in memory>", "<WebhookInbox in a file>")
    with pytest.raises(TypeError):
        pickle.dumps(inbox)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_file_is_shared_with_a_forked_child(tmp_path: Path) -> None:
    inbox = WebhookInbox(tmp_path / "inbox.db")
    inbox.record("req_1")
    if (child := os.fork()) == 0:
        os._exit(0 if inbox.receive(event()) else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert inbox.status("req_1") == "succeeded"

"""A wait with webhooks, in virtual time: each one causes a poll, none is trusted, and it ends without any."""

from __future__ import annotations

import itertools
import logging
import math
import sqlite3
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirelo_ergo import JobEvent, JobTimeoutError, WebhookInbox
from mirelo_ergo._runtime.api.answers import read_object, text_field
from mirelo_ergo._runtime.api.execute import Operation
from mirelo_ergo._runtime.api.retry import Kind
from mirelo_ergo._runtime.io.deadline import Deadline
from mirelo_ergo._runtime.io.protocol import Request, run
from mirelo_ergo._runtime.jobs.schedule import PATIENT, PROMPT, Schedule, fallback_schedule
from mirelo_ergo._runtime.jobs.updates import WebhookUpdates
from mirelo_ergo._runtime.jobs.values import JobProcessing, JobSucceeded, PollResult
from mirelo_ergo._runtime.jobs.waiter import LATE, Waiter
from mirelo_ergo._runtime.webhooks.inbox import LARGEST_KEPT, LOOK_EVERY
from tests.support.answers import page, reply
from tests.support.examples import examples
from tests.support.jobs import still
from tests.support.virtual import START, VirtualIO, runtime_over

if TYPE_CHECKING:
    from collections.abc import Callable

    from mirelo_ergo._runtime.io.protocol import Reply
    from mirelo_ergo._runtime.webhooks.events import EventStatus

SERVICE = "service"
ID = "req_1"
ENDS = ("COMPLETED", "FAILED")


def read(answer: Reply) -> PollResult:
    status = text_field(read_object(answer), "status")
    return PollResult(JobSucceeded([], output=status) if status in ENDS else JobProcessing(0, "", status))


def told(status: EventStatus = "succeeded", job_id: str = ID, payload: dict[str, object] | None = None) -> JobEvent:
    payload = payload or {"status": "COMPLETED"}
    return JobEvent(job_id, status, status.upper(), payload=payload, service=SERVICE)


@attrs.frozen
class Handle:
    """As much of a job as an inbox asks for."""

    job_id: str
    service: str = SERVICE


def heard_by(io: VirtualIO, inbox: WebhookInbox, job_id: str) -> WebhookUpdates:
    return WebhookUpdates(io, inbox.subscription(Handle(job_id)), read)


class Waited:
    """Wait for a job that is done `length` seconds after its submit."""

    def __init__(
        self, length: float, inbox: WebhookInbox | None, trouble: Callable[[float], Any] = lambda at: None
    ) -> None:
        self.length, self.inbox, self.trouble = length, inbox, trouble
        self.io = VirtualIO(self.answer, latency=0.0, chance=still)
        self.seen: list[str] = []

    def answer(self, request: Request) -> Any:
        return self.trouble(self.at) or reply(200, {"status": "COMPLETED" if self.at >= self.length else "PROCESSING"})

    @property
    def at(self) -> float:
        return self.io.clock - START

    @property
    def polls(self) -> list[float]:
        return [call.at - START for call in self.io.calls]

    def call_back(self, at: float, event: JobEvent, inbox: WebhookInbox | None = None) -> None:
        door = inbox or self.inbox
        assert door is not None
        self.io.at(START + at, lambda: door.receive(event))

    def wait(self, schedule: Schedule = PROMPT, timeout: float = 600.0, **options: Any) -> str:
        waiter = Waiter(
            runtime_over(self.io),
            lambda limit, *_: Operation("poll", Kind.READ, Request("GET", f"/{ID}"), read, limit, attempts=1),
            estimate=60.0,
            elapsed=0.0,
            schedule=schedule,
            lifetime=math.inf,
            deadline=Deadline(self.io.now, timeout),
            updates=None if self.inbox is None else heard_by(self.io, self.inbox, ID),
            **options,
        )
        while True:
            seen = run(waiter.next())
            raw = seen.status.raw_status if isinstance(seen.status, JobProcessing) else str(seen.status.output)
            self.seen.append(raw)
            if seen.final:
                return raw


def unheard(length: float, **options: Any) -> list[float]:
    """Return the polls of a wait whose webhooks never come."""
    waited = Waited(length, WebhookInbox())
    waited.wait(**options)
    return waited.polls


# --- waking ----------------------------------------------------------------------------------------------------------


def test_a_webhook_ends_the_wait() -> None:
    waited = Waited(100.0, WebhookInbox())
    waited.call_back(100.3, told())
    assert waited.wait() == "COMPLETED"
    assert waited.polls[-1] == pytest.approx(100.3)
    assert waited.inbox is not None
    assert waited.inbox._subscribers == {}


def test_a_webhook_that_never_comes_costs_patience_only() -> None:
    waited = Waited(100.0, WebhookInbox())
    assert waited.wait() == "COMPLETED"
    expected = [5.0]
    while expected[-1] < 100.0:
        expected.append(expected[-1] + PATIENT.next_gap(expected[-1], 60.0, 0.0))
    assert waited.polls == pytest.approx(expected)


def test_a_webhook_that_came_before_the_wait_is_confirmed_at_once() -> None:
    inbox = WebhookInbox()
    inbox.receive(told())  # also before the submit was recorded
    waited = Waited(0.0, inbox)
    assert waited.wait() == "COMPLETED"
    assert waited.polls == [0.0]


def test_a_wait_records_its_job() -> None:
    inbox = WebhookInbox(keep_early=0)
    waited = Waited(50.0, inbox)
    waited.call_back(50.0, told())
    waited.wait()
    assert inbox.recorded(Handle(ID))
    assert waited.polls[-1] == pytest.approx(50.0)


def test_what_is_told_of_another_job_or_of_work_in_progress_wakes_nobody() -> None:
    waited = Waited(100.0, WebhookInbox())
    for at in range(1, 100):
        waited.call_back(at + 0.5, told("processing"))
        waited.call_back(at + 0.6, told("succeeded", "another"))
    waited.wait()
    assert waited.polls == unheard(100.0)


def test_a_fixed_interval_stays_and_is_cut_short() -> None:
    waited = Waited(25.0, WebhookInbox())
    waited.call_back(26.0, told())
    waited.wait(interval=10.0)
    assert waited.polls == pytest.approx([10.0, 20.0, 26.0])


@pytest.mark.parametrize(("own", "floor", "cap"), [(PROMPT, 1.0, 30.0), (Schedule(floor=5.0, cap=10.0), 5.0, 30.0)])
def test_the_fallback_schedule_is_patient_and_never_faster_than_the_service_likes(
    own: Schedule, floor: float, cap: float
) -> None:
    net = fallback_schedule(own)
    assert (net.early, net.late, net.floor, net.cap) == (PATIENT.early, PATIENT.late, floor, cap)
    gaps = [later - sooner for sooner, later in itertools.pairwise(unheard(500.0, schedule=own))]
    assert floor <= min(gaps)
    assert max(gaps) <= cap + 1e-6


# --- forgeries -------------------------------------------------------------------------------------------------------


def test_forged_webhooks_cost_one_question_each() -> None:
    waited = Waited(100.0, WebhookInbox())
    forgeries: tuple[EventStatus, ...] = ("succeeded", "errored", "processing")
    for at in range(1, 90):
        waited.call_back(at, told(forgeries[at % 3]))
    assert waited.wait() == "COMPLETED"
    extra = [at for at in waited.polls if at not in unheard(100.0)]
    assert len(waited.polls) <= len(unheard(100.0)) + 2
    assert extra[:2] == [1.0, 3.0]  # the first "errored" and the first "succeeded"
    assert waited.seen[:-1] == ["PROCESSING"] * (len(waited.seen) - 1)


def test_a_forged_failure_does_not_hide_the_result() -> None:
    waited = Waited(100.0, WebhookInbox())
    waited.call_back(50.0, told("errored"))
    waited.call_back(100.3, told())
    assert waited.wait() == "COMPLETED"
    assert waited.polls[-1] == pytest.approx(100.3)


def test_a_failed_confirmation_is_made_up_for() -> None:
    waited = Waited(100.0, WebhookInbox(), lambda at: page(502) if 100 < at < 101 else None)
    waited.call_back(100.3, told())
    assert waited.wait() == "COMPLETED"
    assert waited.polls[-1] <= 100.3 + 10.1


# --- believing -------------------------------------------------------------------------------------------------------


def test_a_believed_webhook_needs_no_question() -> None:
    waited = Waited(math.inf, WebhookInbox(confirm=False))
    waited.call_back(2.0, told("processing", payload={"status": "PROCESSING"}))
    waited.call_back(4.0, told("errored", payload={"status": "FAILED"}))
    assert waited.wait() == "FAILED"
    assert waited.polls == []
    assert waited.at == pytest.approx(4.0)


@pytest.mark.parametrize(
    "payload",
    [{"other": "shape"}, {"status": "PROCESSING"}, {"status": "COMPLETED", "more": "x" * LARGEST_KEPT}],
    ids=["unreadable", "not final", "too large"],
)
def test_what_cannot_be_believed_is_confirmed(payload: dict[str, object]) -> None:
    waited = Waited(4.0, WebhookInbox(confirm=False))
    waited.call_back(4.0, told("succeeded", payload=payload))
    assert waited.wait() == "COMPLETED"
    assert waited.polls == [pytest.approx(4.0)]


def test_a_webhook_is_not_believed_unless_that_was_said() -> None:
    waited = Waited(math.inf, WebhookInbox())
    waited.call_back(4.0, told("succeeded"))
    with pytest.raises(JobTimeoutError):
        waited.wait(timeout=60.0)
    assert waited.polls[0] == pytest.approx(4.0)


# --- deadlines -------------------------------------------------------------------------------------------------------


@examples(50)
@given(
    length=st.floats(0, 300),
    timeout=st.floats(0.001, 200),
    calls=st.lists(st.tuples(st.floats(0, 250), st.sampled_from(["processing", "succeeded", "errored"])), max_size=6),
)
def test_the_deadline_holds_whatever_is_called_back(
    length: float, timeout: float, calls: list[tuple[float, EventStatus]]
) -> None:
    waited = Waited(length, WebhookInbox())
    for at, status in calls:
        waited.call_back(at, told(status))
    try:
        waited.wait(timeout=timeout)
    except JobTimeoutError:
        assert waited.at >= timeout - min(1.0, 0.1 * timeout) - 1e-6
        assert length > waited.polls[-1]
    assert waited.at <= timeout + LATE
    ends = {status for _, status in calls if status != "processing"}
    assert len(waited.polls) <= len(unheard_until(length, timeout)) + len(ends)


def unheard_until(length: float, timeout: float) -> list[float]:
    waited = Waited(length, WebhookInbox())
    with suppress(JobTimeoutError):
        waited.wait(timeout=timeout)
    return waited.polls


# --- several processes -----------------------------------------------------------------------------------------------


def test_what_another_process_takes_in_is_seen_within_a_second(tmp_path: Path) -> None:
    here, there = WebhookInbox(tmp_path / "inbox.db"), WebhookInbox(tmp_path / "inbox.db")
    waited = Waited(20.0, here)
    waited.call_back(20.3, told(), there)
    assert waited.wait() == "COMPLETED"
    assert 20.3 <= waited.polls[-1] <= 20.3 + LOOK_EVERY


@pytest.mark.parametrize("name", ["inbox.db", None])
def test_a_file_is_looked_into_once_a_second_and_memory_when_it_subscribers(
    tmp_path: Path, name: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = WebhookInbox(tmp_path / name if name else None)
    looks, real = [0], inbox._store.events

    def counting(*args: Any) -> Any:
        looks[0] += 1
        return real(*args)

    monkeypatch.setattr(inbox._store, "events", counting)
    waited = Waited(30.0, inbox)
    waited.wait()
    pauses = 2 * len(waited.polls)  # at its beginning and at its end
    assert looks[0] == pauses if name is None else 30 <= looks[0] <= waited.at / LOOK_EVERY + pauses


def test_an_inbox_that_fails_ends_no_wait(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    inbox = WebhookInbox(tmp_path / "inbox.db")
    waited = Waited(50.0, inbox)
    waited.io.at(START + 10.2, (tmp_path / "inbox.db").unlink)
    with caplog.at_level(logging.WARNING, "mirelo_ergo"):
        assert waited.wait() == "COMPLETED"
    assert [record.message for record in caplog.records] == [
        "the wait polls as without webhooks: the inbox cannot be used: no such table: events"
    ]
    assert waited.polls[-1] - 50.0 < 3.0  # at the service's own pace again
    assert inbox._subscribers == {}


def test_a_file_that_is_busy_is_looked_into_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    inbox = WebhookInbox(tmp_path / "inbox.db")
    other = sqlite3.connect(tmp_path / "inbox.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    waited = Waited(20.0, inbox)
    waited.io.at(START + 0.5, lambda: other.execute("ROLLBACK"))
    waited.call_back(20.3, told())
    with caplog.at_level(logging.WARNING, "mirelo_ergo"):
        assert waited.wait() == "COMPLETED"
    other.close()
    assert [record.message for record in caplog.records] == [
        "the wait polls as without webhooks: the inbox cannot be used: database is locked"
    ]
    assert waited.polls[-1] == pytest.approx(20.3)
    assert inbox.recorded(Handle(ID))


# --- interrupts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_an_interrupted_wait_listens_no_more_and_can_be_taken_up(stop: type[BaseException]) -> None:
    waited = Waited(50.0, WebhookInbox())

    def interrupt() -> None:
        raise stop

    waited.io.at(START + 12.0, interrupt)
    with pytest.raises(stop):
        waited.wait()
    assert waited.inbox is not None
    assert waited.inbox._subscribers == {}
    waited.call_back(50.1, told())
    assert waited.wait() == "COMPLETED"


def test_many_waits_share_an_inbox() -> None:
    inbox = WebhookInbox()
    io = VirtualIO(lambda request: reply(200, {"status": "COMPLETED"}), latency=0.0, chance=still)

    async def wait(job_id: str) -> float:
        waiter = Waiter(
            runtime_over(io),
            lambda limit, *_: Operation("poll", Kind.READ, Request("GET", f"/{job_id}"), read, limit, attempts=1),
            estimate=60.0,
            elapsed=0.0,
            schedule=PROMPT,
            lifetime=math.inf,
            interval=600.0,
            deadline=Deadline(io.now, 1200.0),
            updates=heard_by(io, inbox, job_id),
        )
        await waiter.next()
        return io.clock - START

    for number in range(20):
        io.at(START + number, partial(inbox.receive, told(job_id=f"req_{number}")))
    done = io.together(*(wait(f"req_{number}") for number in range(20)))
    assert done == pytest.approx(list(range(20)), abs=0.011)
    assert inbox._subscribers == {}

"""What can speed a wait up: updates that come between the polls, and polls that the service holds. In virtual time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import pytest

from mirelo_ergo import (
    InvalidRequestError,
    JobFailedError,
    JobProcessing,
    JobSucceeded,
    JobTimeoutError,
    NetworkError,
    NotFoundError,
)
from mirelo_ergo._runtime.io.deadline import Deadline
from mirelo_ergo._runtime.io.protocol import Request, run
from mirelo_ergo._runtime.jobs.protocol import LongPoll
from mirelo_ergo._runtime.jobs.schedule import PROMPT
from mirelo_ergo._runtime.jobs.updates import Update
from mirelo_ergo._runtime.jobs.values import PollResult
from mirelo_ergo._runtime.jobs.waiter import Waiter
from mirelo_ergo.mirelo.service import MIRELO_JOBS
from tests.support import answers
from tests.support.jobs import Server, still
from tests.support.virtual import START, Late, VirtualIO, client_over, runtime_over

if TYPE_CHECKING:
    from mirelo_ergo import Job
    from mirelo_ergo._runtime.jobs.schedule import Schedule

TOKEN = f"mirelo2:text-to-sfx:v1.5:{answers.JOB_ID}:0:60000:1"


# --- updates ---------------------------------------------------------------------------------------------------------


class Told:
    """Yield scripted updates at their times, in seconds since the start."""

    def __init__(self, io: VirtualIO, *script: tuple[float, Update]) -> None:
        self.io, self.script, self.closed = io, list(script), 0

    def schedule(self, own: Schedule) -> Schedule:
        return own

    async def next(self, seconds: float) -> Update | None:
        if self.script and self.script[0][0] <= self.io.clock - START + seconds:
            at, update = self.script.pop(0)
            await self.io.sleep(max(0.0, at - (self.io.clock - START)))
            return update
        await self.io.sleep(seconds)
        return None

    async def close(self) -> None:
        self.closed += 1


def running(percent: int) -> Update:
    return Update(PollResult(JobProcessing(percent, "")))


def waited(length: float, *script: tuple[float, Update], timeout: float = 600.0) -> tuple[list[str], list[float]]:
    """Wait for a job of that length, and return what was seen and when was polled."""
    server = Server(length, chance=still)
    told = Told(server.io, *script)
    jobs = client_over(server.io)._core
    record = jobs.resume(TOKEN)
    waiter = Waiter(
        runtime_over(server.io),
        lambda limit, tolerate_404, hold: jobs.poll_operation(record, limit, attempts=1, tolerate_404=tolerate_404),
        estimate=60.0,
        elapsed=0.0,
        schedule=PROMPT,
        lifetime=86_400.0,
        deadline=Deadline(server.io.now, timeout),
        updates=told,
    )
    seen = []
    while True:
        result = run(waiter.next())
        status = result.status
        seen.append(str(status.progress_percent) if isinstance(status, JobProcessing) else status.status)
        if result.final:
            return seen, server.polls


def test_an_update_that_calls_for_a_poll_ends_the_wait_at_once() -> None:
    seen, polls = waited(7.0, (7.1, Update()))
    assert seen[-1] == "succeeded"
    assert polls[-1] == pytest.approx(7.1)


def test_an_update_is_a_status_and_the_polls_keep_to_their_schedule() -> None:
    alone = waited(20.0)[1]
    seen, polls = waited(20.0, *((0.4 * at, running(at)) for at in range(1, 50)), (20.1, Update()))
    assert {str(at) for at in range(1, 50)} <= set(seen)
    assert polls == pytest.approx([*alone[:-1], 20.1])
    assert len(alone) > 5


def test_updates_that_never_tell_of_the_end_do_not_put_it_off() -> None:
    endless = ((0.1 * at, running(50)) for at in range(1, 10_000))
    assert waited(45.0, *endless)[1] == pytest.approx(waited(45.0)[1])


def test_updates_that_stop_leave_the_schedule_to_the_polls() -> None:
    seen, polls = waited(20.0, (1.0, running(1)))
    assert seen[0] == "1"
    assert seen[-1] == "succeeded"
    assert 20.0 <= polls[-1] <= 20.0 + 0.2 * 20.0


def test_a_wait_whose_updates_never_come_polls_as_without_them() -> None:
    assert waited(45.0) == waited(45.0, (1000.0, running(1)))


def test_updates_without_an_end_do_not_keep_a_wait_alive() -> None:
    server_time = 1e9
    with pytest.raises(JobTimeoutError):
        waited(server_time, *((at / 4, running(50)) for at in range(1, 1000)), timeout=30.0)


def test_a_final_update_is_believed_as_it_is() -> None:
    seen, polls = waited(1e9, (3.0, Update(PollResult(JobSucceeded([])))))
    assert (seen, polls) == (["succeeded"], [])


# --- polls that are held ---------------------------------------------------------------------------------------------


HOLDING = attrs.evolve(
    MIRELO_JOBS, long_poll=LongPoll(lambda record, seconds: ("poll", f"/held/{record.job_id}?timeout={seconds}"), 10)
)


class Holder:
    """Hold a poll until the job is done, `length` seconds after the start, or its time is up."""

    def __init__(self, length: float, *, holds: bool = True, trouble: Any = None) -> None:
        self.length, self.holds, self.trouble = length, holds, trouble
        self.io = VirtualIO(self.answer, latency=0.0, chance=still)

    def answer(self, request: Request) -> Any:
        at = self.io.clock - START
        if "/held/" in request.path:
            if self.trouble is not None:
                return self.trouble
            asked = float(request.path.partition("timeout=")[2])
            assert request.long
            assert 1 <= asked <= 10
            if self.holds:
                hold = min(asked, max(0.0, self.length - at))
                done = at + hold >= self.length
                return Late(hold, answers.succeeded() if done else answers.processing(retry_after="2"))
        return answers.succeeded() if at >= self.length else answers.processing()

    def job(self, api: Any = HOLDING) -> Job:
        client = client_over(self.io)
        client._core.apis = (api,)
        return client.job(f"mirelo2:text-to-sfx:v1.5:{answers.JOB_ID}:{int(self.io.wall())}:60000:1")

    @property
    def polls(self) -> list[tuple[float, bool]]:
        return [(round(call.at - START, 3), "/held/" in call.request.path) for call in self.io.calls]


def test_a_held_poll_ends_with_the_job_and_saves_requests() -> None:
    holder, plain = Holder(33.0), Holder(33.0)
    holder.job().wait()
    plain.job(MIRELO_JOBS).wait()
    assert holder.io.clock - START == pytest.approx(33.0)
    assert len(holder.polls) == 3  # each is held 10 s, and the service asks for 2 s between them
    assert len(plain.polls) > 15


def test_a_service_that_does_not_hold_is_polled_by_the_schedule() -> None:
    holder, plain = Holder(33.0, holds=False), Holder(33.0)
    holder.job().wait()
    plain.job(MIRELO_JOBS).wait()
    assert [at for at, _ in holder.polls[1:]] == [at for at, _ in plain.polls]


@pytest.mark.parametrize(
    "trouble", [answers.problem(400, "invalid_request"), answers.page(504), answers.reset()], ids=["400", "504", "cut"]
)
def test_a_held_poll_that_fails_is_the_last_one(trouble: Any) -> None:
    holder = Holder(33.0, trouble=trouble)
    holder.job().wait()
    assert [held for _, held in holder.polls] == [True] + [False] * (len(holder.polls) - 1)


@pytest.mark.parametrize("options", [{"patient": True}, {"on_progress": print}, {"poll_interval_ms": 5000}])
def test_who_wants_to_hear_more_or_less_is_not_served_by_held_polls(options: dict[str, Any]) -> None:
    holder = Holder(12.0)
    holder.job().wait(**options)
    assert not any(held for _, held in holder.polls)


def test_a_held_poll_respects_the_deadline() -> None:
    holder = Holder(1e9)
    with pytest.raises(JobTimeoutError):
        holder.job().wait(timeout_ms=25_000)
    assert holder.io.clock - START <= 25.25


# --- cancelling ------------------------------------------------------------------------------------------------------


CANCEL = Request("POST", "/jobs/cancel")
CANCELLING = attrs.evolve(MIRELO_JOBS, cancel=lambda record: ("cancelJob", CANCEL))


def job_over(io: VirtualIO, api: Any = CANCELLING) -> Job:
    client = client_over(io)
    client._core.apis = (api,)
    return client.job(TOKEN)


def test_a_job_is_cancelled_and_says_what_became_of_it() -> None:
    io = VirtualIO([answers.reply(200, {}), answers.errored("cancelled", "by you"), answers.errored("cancelled")])
    job = job_over(io)
    assert job.cancel().status == "errored"
    assert io.requests[0] == "POST /jobs/cancel"
    with pytest.raises(JobFailedError, match="by you"):
        job.wait()
    assert len(io.calls) == 2  # the end is known


def test_a_job_that_still_runs_after_its_cancel_is_no_error() -> None:
    io = VirtualIO([answers.reply(202, None), answers.processing(status="cancelling")])
    status = job_over(io).cancel()
    assert isinstance(status, JobProcessing)
    assert status.raw_status == "cancelling"


@pytest.mark.parametrize("refusal", [409, 404])
def test_a_job_that_has_ended_meanwhile_keeps_its_end(refusal: int) -> None:
    io = VirtualIO([answers.problem(refusal, "invalid_transition"), answers.succeeded()])
    assert isinstance(job_over(io).cancel(), JobSucceeded)


def test_a_refusal_of_a_job_that_runs_is_an_error_with_the_job() -> None:
    io = VirtualIO([answers.problem(409, "invalid_transition"), answers.processing()])
    job = job_over(io)
    with pytest.raises(Exception, match="409") as caught:
        job.cancel()
    assert getattr(caught.value, "job", None) is job


def test_a_job_that_nobody_knows_is_not_found() -> None:
    io = VirtualIO(lambda _: answers.problem(404, "job_not_found"))
    with pytest.raises(NotFoundError):
        job_over(io).cancel()


def test_a_cancel_is_sent_again_for_it_costs_nothing() -> None:
    io = VirtualIO([answers.reset(), answers.page(502), answers.reply(200, {}), answers.errored("cancelled")])
    assert job_over(io).cancel().status == "errored"
    io = VirtualIO(lambda _: answers.refused())
    with pytest.raises(NetworkError):
        job_over(io).cancel()


def test_a_known_end_is_not_cancelled() -> None:
    io = VirtualIO([answers.succeeded()])
    job = job_over(io)
    assert job.status() == job.cancel()
    assert len(io.calls) == 1


def test_a_service_without_it_says_so_and_sends_nothing() -> None:
    io = VirtualIO()
    with pytest.raises(InvalidRequestError, match="mirelo has no way to cancel a job of text-to-sfx; it goes on"):
        job_over(io, MIRELO_JOBS).cancel()
    assert io.calls == []


def test_an_interrupt_cancels_nothing() -> None:
    io = VirtualIO([answers.processing(), KeyboardInterrupt()])
    with pytest.raises(KeyboardInterrupt) as caught:
        job_over(io).wait()
    assert "resume it with" in caught.value.__notes__[0]
    assert all(request.startswith("GET") for request in io.requests)

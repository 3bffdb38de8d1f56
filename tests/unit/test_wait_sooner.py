"""Waits that a stream or a held poll ends sooner, over a virtual clock: never later than polling alone would."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirelo_ergo import (
    AuthenticationError,
    JobErrored,
    JobFailedError,
    JobProcessing,
    JobTimeoutError,
    MireloError,
    WebhookInbox,
)
from mirelo_ergo._runtime.io.protocol import Reply, Request, TransportFailure, run
from mirelo_ergo._runtime.jobs.flows import MOST_STREAMS
from mirelo_ergo._runtime.jobs.waiter import LATE
from tests.support.answers import page, reply
from tests.support.examples import examples
from tests.support.jobs import still
from tests.support.madeup import JOB, POLL, STREAM, AsyncMadeUpClient, MadeUpClient, read_event
from tests.support.virtual import KEY, START, WALL, Late, Streamed, VirtualIO, put_under

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.madeup import Ways

CUT = TransportFailure("network", "yes", "reset")
URL = "https://results.example.com/1.wav"
BEAT = b'{"type": "heartbeat"}\n'


def line(**fields: Any) -> bytes:
    return json.dumps(fields).encode() + b"\n"


def state(at: float, length: float, end: str = "done") -> dict[str, Any]:
    if at >= length - 1e-6:
        return {"id": JOB, "state": end, "files": [URL]}
    return {"id": JOB, "state": "running", "done": round(at / length, 3)}


class Waited:
    """Wait for a job that is done `length` s after its submit; `streams` are its connections, one after the other.

    The last connection repeats. `trouble` may answer a poll in the service's place, by the time and the request.
    """

    def __init__(
        self,
        length: float,
        streams: list[Any],
        *,
        way: Ways = "stream",
        end: str = "done",
        trouble: Callable[[float, Request], Any] = lambda at, request: None,
    ) -> None:
        self.length, self.streams, self.end, self.trouble = length, streams, end, trouble
        self.way: Ways = way
        self.io = VirtualIO(self.answer, latency=0.0, chance=still)
        self.opened: list[Streamed] = []

    @property
    def at(self) -> float:
        return self.io.clock - START

    def answer(self, request: Request) -> Any:
        if request.path == STREAM:
            given = self.streams.pop(0) if len(self.streams) > 1 else self.streams[0]
            if callable(given):
                given = given()
            if isinstance(given, list):
                stream = Streamed(self.io, [*given], lasts=CUT in given or not given)
                self.opened.append(stream)
                return stream
            return given
        trouble = self.trouble(self.at, request)
        if trouble is not None:
            return trouble
        held = float(request.path.partition("hold=")[2] or 0)
        answer = max(0.0, min(held, self.length - self.at))
        return Late(answer, reply(200, state(self.at + answer, self.length, self.end)))

    @property
    def polls(self) -> list[float]:
        return [call.at - START for call in self.io.calls if call.request.path.partition("?")[0] == POLL]

    def job(self, asynchronous: bool = False) -> Any:
        client: Any = (AsyncMadeUpClient if asynchronous else MadeUpClient)(KEY, way=self.way)
        put_under(client, self.io)
        return client.job(f"madeup2:make:one:{JOB}:{int(WALL)}:30000:1")

    def wait(self, asynchronous: bool = False, **options: Any) -> Any:
        job = self.job(asynchronous)
        return run(job.wait(**options)) if asynchronous else job.wait(**options)


def polled(length: float, **options: Any) -> list[float]:
    """Return the polls of a wait that has nothing but them."""
    waited = Waited(length, [], way="poll")
    with suppress(JobTimeoutError):
        waited.wait(**options)
    return waited.polls


def extra(polls: list[float], plain: list[float]) -> int:
    """Return how many polls came beside those that polling alone makes, of which none may be missing or late."""
    for at in plain[:-1]:
        assert at in [pytest.approx(each) for each in polls], f"the poll at {at} is missing"
    return len(polls) - len(plain)


both = pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])


# --- a stream --------------------------------------------------------------------------------------------------------


@both
def test_a_streams_last_line_ends_the_wait_by_a_poll(asynchronous: bool) -> None:
    waited = Waited(21.3, [[(1.0, line(**state(1, 21.3))), (21.3, line(id=JOB, state="done"))]])
    assert waited.wait(asynchronous).result_urls == [URL]
    assert waited.polls[-1] == pytest.approx(21.3)
    assert waited.polls[:-1] == polled(21.3)[:-1]
    assert [stream.closed for stream in waited.opened] == [True]


@both
def test_a_failure_that_a_stream_tells_is_asked_for_too(asynchronous: bool) -> None:
    waited = Waited(7.1, [[(7.1, line(id=JOB, state="failed"))]], end="failed")
    with pytest.raises(JobFailedError):
        waited.wait(asynchronous)
    assert waited.polls[-1] == pytest.approx(7.1)
    assert waited.opened[0].closed


@both
def test_an_end_that_is_not_so_costs_one_poll(asynchronous: bool) -> None:
    waited = Waited(30.0, [[(7.1, line(id=JOB, state="done"))]])
    assert waited.wait(asynchronous).result_urls == [URL]
    assert waited.polls == pytest.approx(sorted([*polled(30.0), 7.1]))
    assert waited.opened[0].closed


@both
def test_progress_is_told_as_it_arrives(asynchronous: bool) -> None:
    lines = [(at + 0.1, line(id=JOB, state="running", done=at / 20)) for at in range(20)]
    waited = Waited(20.3, [[*lines, (20.3, line(id=JOB, state="done"))]])
    seen: list[tuple[float, int]] = []
    waited.wait(asynchronous, on_progress=lambda status: seen.append((waited.at, status.progress_percent)))
    assert set(range(0, 100, 5)) <= {done for _, done in seen}
    assert all(any(abs(at - when - 0.1) < 1e-6 and done == 5 * when for at, done in seen) for when in range(20))
    assert waited.polls[:-1] == pytest.approx(polled(20.3)[:-1])


def test_partial_lines_make_one_state() -> None:
    lines = [
        (1.0, line(id=JOB, state="queued", done=0)),
        (2.0, line(data={"state": "running"}, fields=["state"])),
        (3.0, line(data={"done": 0.5, "state": "ignored"}, fields=["done"])),
        (3.1, line(id="another", state="done")),
        (3.2, BEAT),
    ]
    waited = Waited(4.0, [[*lines, (4.0, line(data={"state": "done"}, fields=["state"]))]])
    updates = [
        (each.raw_status, each.progress_percent) for each in waited.job().updates() if each.status != "succeeded"
    ]
    assert updates == [("queued", 0), ("running", 0), ("running", 50)]
    assert waited.at == pytest.approx(4.0)


def test_a_line_that_tells_too_little_is_waited_out() -> None:
    waited = Waited(9.3, [[(1.0, line(id=JOB, done=0.1)), (9.3, line(state="done"))]])
    assert waited.wait().result_urls == [URL]
    assert waited.polls[-1] == pytest.approx(9.3)


@both
@pytest.mark.parametrize(
    "end", [[(3.3, CUT)], [(3.3, b'{"id": "jo'), (3.4, CUT)], []], ids=["reset", "in a line", "never a line"]
)
def test_a_cut_stream_costs_one_poll_and_is_taken_up(end: list[Any], asynchronous: bool) -> None:
    begin = [] if not end else [(1.0, line(**state(1.0, 25.0)))]
    cut_at = end[-1][0] if end else 0.0
    waited = Waited(25.4, [[*begin, *end], [(25.4 - cut_at, line(id=JOB, state="done"))]])
    assert waited.wait(asynchronous).result_urls == [URL]
    assert waited.polls[-1] == pytest.approx(25.4)
    assert extra(waited.polls, polled(25.4)) == 1
    assert len(waited.opened) == 2
    assert all(stream.closed for stream in waited.opened)


@both
@pytest.mark.parametrize(
    "stream",
    [
        Reply(401, {}, b'{"error": "unauthorized"}'),
        Reply(403, {}, b""),
        Reply(404, {}, b'{"error": "not_found"}'),
        page(503),
        page(200),
        Reply(200, {}, b"\x1f\x8b\x08\x00"),
        Reply(308, {"location": "https://elsewhere.example/"}, b""),
        [(0.1, b"x" * (1 << 20))] * 20 + [(0.2, CUT)],
        [(0.1, b"not JSON\n"), (0.2, CUT)],
        TransportFailure("connect", "no", "refused"),
        Late(1000.0, page(200)),
        [(1.0, CUT)],
        [(0.5, BEAT), (1.0, CUT)],
        [(float(at), BEAT) for at in range(1, 300)],
        [],
    ],
    ids=[
        *("401", "403", "404", "503", "HTML", "gzip", "308", "a long line", "no JSON", "refused", "held back"),
        *("reset", "beat and reset", "only beats", "empty"),
    ],
)
def test_whatever_is_wrong_with_the_stream_the_wait_ends_as_by_polling(
    stream: Any, asynchronous: bool, caplog: pytest.LogCaptureFixture
) -> None:
    waited = Waited(40.0, [stream])
    with caplog.at_level(logging.WARNING, "mirelo_ergo"):
        assert waited.wait(asynchronous).result_urls == [URL]
    assert waited.at <= polled(40.0)[-1] + 1e-6
    assert extra(waited.polls, polled(40.0)) <= 5
    assert len(waited.io.calls) - len(waited.polls) <= 5
    assert all(each.closed for each in waited.opened)
    assert caplog.records == []


PIECES: Any = st.sampled_from([BEAT, b"\n", b"{", CUT, line(state="done")])


@examples(60)
@given(
    length=st.floats(0.0, 120.0),
    timeout=st.floats(1.0, 130.0),
    streams=st.lists(
        st.lists(
            st.tuples(st.floats(0, 60), st.sampled_from([BEAT, b"\n", b"{", CUT, line(state="done")])), max_size=4
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_no_stream_makes_a_wait_longer(length: float, timeout: float, streams: list[Any]) -> None:
    waited = Waited(length, [sorted(each, key=lambda piece: piece[0]) for each in streams])
    try:
        waited.wait(timeout_ms=int(timeout * 1000))
        assert waited.at <= polled(length, timeout_ms=int(timeout * 1000))[-1] + 1e-6
    except JobTimeoutError:
        assert waited.at <= timeout + LATE
        assert length > polled(length, timeout_ms=int(timeout * 1000))[-1] - 1e-6


@both
def test_heartbeats_do_not_keep_a_wait_alive(asynchronous: bool) -> None:
    waited = Waited(10_000.0, [[(float(at), BEAT) for at in range(1, 5000)]])
    with pytest.raises(JobTimeoutError):
        waited.wait(asynchronous, timeout_ms=50_000)
    assert 49.0 <= waited.at <= 50.0 + LATE
    assert waited.opened[0].closed


@both
def test_a_refused_poll_ends_the_wait_and_the_stream(asynchronous: bool) -> None:
    refused = Reply(401, {}, b'{"error": "unauthorized"}')
    waited = Waited(40.0, [[(1.0, BEAT)]], trouble=lambda at, request: refused)
    with pytest.raises(AuthenticationError):
        waited.wait(asynchronous)
    assert waited.opened[0].closed


@both
def test_what_the_users_webhook_raises_ends_the_stream_too(asynchronous: bool) -> None:
    waited = Waited(40.0, [[(1.0, line(**state(1.0, 40.0)))]])

    def fail(status: JobProcessing) -> None:
        raise LookupError("the user's")

    with pytest.raises(LookupError):
        waited.wait(asynchronous, on_progress=fail)
    assert waited.opened[0].closed


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_ends_the_stream_too(stop: type[BaseException]) -> None:
    waited = Waited(40.0, [[(1.0, BEAT)]])

    def interrupt() -> None:
        raise stop

    waited.io.at(START + 2.0, interrupt)
    with pytest.raises(stop) as caught:
        waited.wait()
    assert waited.opened[0].closed
    assert "resume it with client.job(" in caught.value.__notes__[0]


def test_updates_are_a_context_and_let_go_of_the_stream() -> None:
    waited = Waited(40.0, [[(1.0, line(**state(1.0, 40.0)))]])
    with waited.job().updates() as updates:
        assert next(updates).status == "processing"
        assert [stream.closed for stream in waited.opened] == [False]
    assert [stream.closed for stream in waited.opened] == [True]
    assert list(updates) == []

    async def leave() -> list[Any]:
        async with waited.job(asynchronous=True).updates() as updates:
            async for _ in updates:
                break
        assert waited.opened[1].closed
        return [each async for each in updates]

    waited.io.clock = START
    waited.streams = [[(1.0, line(**state(1.0, 40.0)))]]
    assert run(leave()) == []


def test_updates_end_the_stream_with_the_job() -> None:
    waited = Waited(4.3, [[(4.3, line(id=JOB, state="failed"))]], end="failed")
    *_, last = waited.job().updates()
    assert isinstance(last, JobErrored)
    assert waited.opened[0].closed


def test_only_so_many_waits_of_a_client_follow_a_stream() -> None:
    waited = Waited(3.7, [lambda: [(3.7, line(id=JOB, state="done"))]])
    job = waited.job()
    waiting = [job.updates() for _ in range(MOST_STREAMS + 8)]

    async def wait(updates: Any) -> None:
        while not (await updates._waiter.next()).final:
            pass

    waited.io.together(*(wait(each) for each in waiting))
    assert len(waited.opened) == MOST_STREAMS
    del waiting
    waited.length = waited.at + 20.0
    assert waited.wait().result_urls  # as they are gone, the next one may follow one again
    assert len(waited.opened) == MOST_STREAMS + 1


@pytest.mark.parametrize("options", [{"patient": True}, {"webhooks": WebhookInbox()}])
def test_a_patient_wait_and_one_with_an_inbox_follow_no_stream(options: Any) -> None:
    waited = Waited(20.0, [[]])
    waited.wait(**options)
    assert waited.opened == []


def test_a_webhook_of_the_made_up_service_wakes_the_wait() -> None:
    inbox = WebhookInbox()
    waited = Waited(33.3, [[]])
    waited.io.at(START + 33.3, lambda: inbox.receive(read_event(state(33.3, 33.3))))
    assert waited.wait(webhooks=inbox).result_urls == [URL]
    assert waited.polls[-1] == pytest.approx(33.3)


# --- held polls ------------------------------------------------------------------------------------------------------


@both
def test_held_polls_end_the_wait_at_once_and_are_fewer(asynchronous: bool) -> None:
    waited = Waited(47.7, [], way="hold")
    assert waited.wait(asynchronous).result_urls == [URL]
    assert waited.at == pytest.approx(47.7)
    assert waited.polls == pytest.approx([0.0, 10.0, 20.0, 30.0, 40.0])
    assert {call.request.path for call in waited.io.calls} == {f"{POLL}?hold=10"}
    assert len(polled(47.7)) > 2 * len(waited.polls)


def test_held_polls_that_are_answered_at_once_are_no_more_than_plain_ones() -> None:
    waited = Waited(40.0, [], way="hold", trouble=lambda at, request: reply(200, state(at, 40.0)))
    waited.wait()
    assert len(waited.polls) <= len(polled(40.0)) + 1
    assert min(later - sooner for sooner, later in pairwise(waited.polls)) >= 0.5


def test_what_the_service_asks_for_between_held_polls_is_kept() -> None:
    def answer(at: float, request: Request) -> Any:
        late = max(0.0, min(10.0, 40.0 - at))
        return Late(late, reply(200, state(at + late, 40.0), retry_after="2"))

    waited = Waited(40.0, [], way="hold", trouble=answer)
    waited.wait()
    assert waited.polls == pytest.approx([0.0, 12.0, 24.0, 36.0])


@both
@pytest.mark.parametrize(
    "trouble",
    [
        Late(6.0, page(504)),
        Late(1000.0, page(200)),
        Late(5.0, CUT),
        Reply(400, {}, b'{"error": "bad_hold"}'),
        Reply(404, {}, b""),
    ],
    ids=["504", "silence", "reset", "400", "404"],
)
def test_a_held_poll_that_fails_is_the_last_of_its_kind(trouble: Any, asynchronous: bool) -> None:
    waited = Waited(90.0, [], way="hold", trouble=lambda at, request: trouble if "hold" in request.path else None)
    assert waited.wait(asynchronous).result_urls == [URL]
    held = [call for call in waited.io.calls if "hold" in call.request.path]
    assert len(held) == 1
    assert waited.at <= polled(90.0)[-1] + 5.0 + 1e-6


def test_a_held_poll_that_is_refused_for_good_ends_the_wait() -> None:
    waited = Waited(90.0, [], way="hold", trouble=lambda at, request: Reply(401, {}, b'{"error": "unauthorized"}'))
    with pytest.raises(AuthenticationError):
        waited.wait()
    assert len(waited.polls) == 1


@both
def test_a_held_poll_leaves_the_deadline_its_last_poll(asynchronous: bool) -> None:
    waited = Waited(10_000.0, [], way="hold")
    with pytest.raises(JobTimeoutError):
        waited.wait(asynchronous, timeout_ms=30_000)
    assert waited.polls == pytest.approx([0.0, 10.0, 20.0, 29.0])
    assert [call.request.path.partition("=")[2] for call in waited.io.calls] == ["10", "10", "9", ""]


@pytest.mark.parametrize(
    "options", [{"on_progress": print}, {"patient": True}, {"poll_interval_ms": 3000}, {"webhooks": WebhookInbox()}]
)
def test_polls_are_not_held_back_where_that_is_not_wanted(options: Any) -> None:
    waited = Waited(20.0, [], way="hold")
    waited.wait(**options)
    assert {call.request.path for call in waited.io.calls} == {POLL}


@examples(60)
@given(
    length=st.floats(0.0, 120.0),
    timeout=st.floats(1.0, 130.0),
    wrong=st.sets(st.integers(0, 12)),
    late=st.floats(0.0, 40.0),
)
def test_no_held_poll_breaks_the_deadline(length: float, timeout: float, wrong: set[int], late: float) -> None:
    numbers = iter(range(1000))

    def trouble(at: float, request: Request) -> Any:
        return Late(late, page(502)) if next(numbers) in wrong else None

    waited = Waited(length, [], way="hold", trouble=trouble)
    with suppress(MireloError):
        waited.wait(timeout_ms=int(timeout * 1000))
    assert waited.at <= timeout + LATE + 1e-6

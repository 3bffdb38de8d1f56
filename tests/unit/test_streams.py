"""Streams of JSON lines over a virtual clock: lines, merging, connecting again, and an end in time."""

from __future__ import annotations

import json
import tracemalloc
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirelo_ergo import (
    APIStatusError,
    AuthenticationError,
    MireloError,
    NetworkError,
    NotFoundError,
    PermissionDeniedError,
    RequestTimeoutError,
    ServerError,
    UnexpectedResponseError,
)
from mirelo_ergo._runtime.api.answers import Unusable
from mirelo_ergo._runtime.api.streams import LARGEST_LINE, Follower, LineSplitter, StreamSource
from mirelo_ergo._runtime.io.deadline import Deadline
from mirelo_ergo._runtime.io.protocol import Reply, Request, TransportFailure, run
from tests.support.answers import page, problem
from tests.support.jobs import still
from tests.support.virtual import START, Late, Streamed, VirtualIO, runtime_over

if TYPE_CHECKING:
    from collections.abc import Mapping

REQUEST = Request("GET", "/things/t1/stream")
CUT = TransportFailure("network", "yes", "reset")


def merge(known: Mapping[str, Any], line: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Read the lines of a made-up service: whole things, parts of one, heartbeats and unknown events."""
    if line.get("type") is not None or "event" in line:
        return None
    fields = line
    if "fields" in line:
        fields = {name: line["data"][name] for name in line["fields"]}
    return None if fields.get("id", "t1") != "t1" else {**known, **fields}


def line(**fields: Any) -> bytes:
    return json.dumps(fields).encode() + b"\n"


BEAT = line(type="heartbeat")


class Following:
    """Follow a stream whose connections are given one after the other: pieces by their times, or any answer."""

    def __init__(self, *connections: Any, lasts: bool = True, deadline: float = 600.0) -> None:
        self.io = VirtualIO(self.answer, latency=0.0, chance=still)
        self.connections = list(connections)
        self.lasts = lasts
        self.opened: list[Streamed] = []
        self.follower = Follower(
            runtime_over(self.io),
            StreamSource("streamThing", REQUEST, merge),
            Deadline(self.io.now, deadline),
        )

    def answer(self, request: Request) -> Any:
        assert request == attrs.evolve(REQUEST, long=True)
        given = self.connections.pop(0)
        if not isinstance(given, list):
            return given
        stream = Streamed(self.io, given, lasts=self.lasts or bool(self.connections))
        self.opened.append(stream)
        return stream

    def next(self, seconds: float = 60.0) -> str:
        return run(self.follower.next(seconds))

    def error(self) -> MireloError:
        """Follow until it raises."""

        def follow() -> None:
            for _ in range(100):
                self.next(1000.0)

        with pytest.raises(MireloError) as caught:
            follow()
        return caught.value

    @property
    def at(self) -> float:
        return self.io.clock - START

    @property
    def state(self) -> Mapping[str, Any]:
        return self.follower.state


# --- lines -----------------------------------------------------------------------------------------------------------

texts = st.text(st.characters(blacklist_characters="\n\r", blacklist_categories=["Cs"]), min_size=1).map(str.strip)


def split(pieces: list[bytes]) -> list[bytes]:
    splitter, found = LineSplitter(), []
    for piece in pieces:
        splitter.feed(piece)
        while (each := splitter.line()) is not None:
            found.append(each)
    return [*found, *([rest] if (rest := splitter.rest()) else [])]


@given(st.lists(texts.filter(bool)), st.sampled_from(["\n", "\r\n", "\n\n \r\n"]), st.booleans(), st.data())
def test_lines_come_whole_however_they_are_cut(lines: list[str], end: str, ended: bool, data: st.DataObject) -> None:
    body = end.join(lines).encode() + (end.encode() if ended and lines else b"")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=8)))
    pieces = [body[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    expected = [each.encode().strip() for each in lines]
    assert split(pieces) == [each for each in expected if each]


def test_a_line_may_be_large_but_not_larger() -> None:
    largest = b"x" * LARGEST_LINE
    assert split([largest + b"\n", b"y\n"]) == [largest, b"y"]
    splitter = LineSplitter()
    splitter.feed(largest + b"x\n")
    with pytest.raises(Unusable, match="longer than 16 MiB"):
        splitter.line()


def test_a_line_without_end_is_given_up_with_flat_memory() -> None:
    endless: list[tuple[float, Any]] = [(0.0, b"x" * (1 << 20))] * 100
    follow = Following(endless, endless)
    tracemalloc.start()
    error = follow.error()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(error, UnexpectedResponseError)
    assert "a line of the stream is longer than 16 MiB" in error.message
    assert most < 48 << 20
    assert len(endless) == 100 - 2 * 17  # of two connections, each up to the piece that was too much


# --- merging ---------------------------------------------------------------------------------------------------------


def test_what_lines_tell_is_merged() -> None:
    follow = Following(
        [
            (1.0, line(id="t1", status="queued", input={"a": 1})),
            (2.0, line(data={"status": "running", "input": None}, fields=["status"])),
            (3.0, line(status="running", progress=0.5)),
        ]
    )
    assert [follow.next() for _ in range(3)] == ["news"] * 3
    assert follow.state == {"id": "t1", "status": "running", "input": {"a": 1}, "progress": 0.5}
    assert follow.at == pytest.approx(3.0)


def test_what_says_nothing_new_is_passed_over() -> None:
    same = line(id="t1", status="queued")
    beats = [BEAT, line(event="delta", data={}), same, line(id="other", status="failed"), b"\r\n", b"\n"]
    follow = Following([(0.0, same), *((float(at), each) for at, each in enumerate(beats)), (9.0, line(status="done"))])
    assert [follow.next(), follow.next()] == ["news", "news"]
    assert follow.state == {"id": "t1", "status": "done"}
    assert follow.at == pytest.approx(9.0)


def test_many_lines_in_one_piece_are_told_one_by_one() -> None:
    follow = Following([(0.0, b"".join(line(n=number) for number in range(5)))])
    seen = []
    for _ in range(5):
        assert follow.next() == "news"
        seen.append(follow.state["n"])
    assert seen == [0, 1, 2, 3, 4]


def test_a_last_line_needs_no_line_feed() -> None:
    follow = Following([(1.0, line(n=1)), (2.0, line(n=2)[:-1])])
    assert [follow.next(), follow.next()] == ["news", "news"]
    assert follow.state == {"n": 2}


# --- time ------------------------------------------------------------------------------------------------------------


def test_it_is_followed_for_as_long_as_is_said_and_goes_on_where_it_was() -> None:
    follow = Following([(1.0, line(n=1)[:4]), (7.0, line(n=1)[4:]), (9.0, line(n=2))])
    assert [follow.next(5.0), follow.next(1.5)] == ["nothing", "nothing"]
    assert follow.at == pytest.approx(6.5)
    assert follow.next(5.0) == "news"
    assert follow.at == pytest.approx(7.0)
    assert follow.next(5.0) == "news"
    assert len(follow.opened) == 1


def test_heartbeats_extend_nothing() -> None:
    beats = [(float(at), BEAT) for at in range(1, 200)]
    follow = Following(beats, lasts=False, deadline=30.0)
    assert follow.next(20.0) == "nothing"
    assert follow.at == pytest.approx(20.0)
    assert isinstance(follow.error(), RequestTimeoutError)
    assert follow.at == pytest.approx(30.0)


def test_a_stream_that_is_held_back_is_given_up_after_two_tries() -> None:
    follow = Following(Late(100.0, page(200)), Late(100.0, page(200)), page(500))
    assert follow.next(5.0) == "nothing"
    assert follow.at == pytest.approx(5.0)
    with pytest.raises(RequestTimeoutError, match=r"^no answer"):
        follow.next(5.0)
    assert follow.at == pytest.approx(10.0)
    assert len(follow.connections) == 1


def test_a_stream_is_not_opened_where_no_time_is_left_for_it() -> None:
    follow = Following([(0.0, line(n=1))])
    assert [follow.next(0.1), follow.next(0.19)] == ["nothing", "nothing"]
    assert follow.at == pytest.approx(0.29)
    assert follow.opened == []
    assert follow.next(0.21) == "news"


def test_a_stream_that_opened_may_be_held_back_again() -> None:
    late = Late(100.0, page(200))
    follow = Following(late, [(0.0, line(n=1)), (0.1, CUT)], late, [(0.0, line(n=2))])
    assert [follow.next(5.0) for _ in range(5)] == ["nothing", "news", "cut", "nothing", "news"]
    assert follow.state == {"n": 2}


# --- again -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "end",
    [
        [(2.0, CUT)],
        [(2.0, line(n=2)[:4]), (2.5, CUT)],
        [(2.0, line(n=2)[:4])],
        [],
    ],
    ids=["reset", "reset in a line", "closed in a line", "closed"],
)
def test_a_cut_stream_is_connected_again(end: list[tuple[float, Any]]) -> None:
    follow = Following([(1.0, line(n=1)), *end], [(1.0, line(m=3))])
    assert [follow.next(), follow.next()] == ["news", "cut"]
    assert follow.opened[0].closed
    assert follow.state == {"n": 1}
    assert follow.next() == "news"
    assert follow.state == {"n": 1, "m": 3}


def test_the_pause_before_it_is_connected_again_belongs_to_the_wait() -> None:
    follow = Following([], [(0.0, line(n=1))])
    follow.io._chance = lambda: 1.0  # the longest backoff: 0.5 s
    assert follow.next(10.0) == "cut"
    assert follow.next(0.2) == "nothing"
    assert follow.at == pytest.approx(0.2)
    assert follow.next(10.0) == "news"
    assert follow.at == pytest.approx(0.5)


def test_news_restart_the_count_of_attempts_and_heartbeats_do_not() -> None:
    with_news: list[Any] = [[(0.1, line(n=number)), (0.2, CUT)] for number in range(20)]
    beating: list[Any] = [[(0.1, BEAT), (0.2, CUT)] for _ in range(20)]
    follow = Following(*with_news, *beating)
    error = follow.error()
    assert isinstance(error, NetworkError)
    assert follow.state == {"n": 19}
    assert len(follow.opened) == 20 + 5


def test_a_clients_own_cap_on_attempts_holds_for_all_of_them() -> None:
    io = VirtualIO(lambda request: Streamed(io, [(0.1, line(n=io.clock)), (0.2, CUT)]), latency=0.0, chance=still)
    runtime = runtime_over(io, retries=2)
    follower = Follower(runtime, StreamSource("streamThing", REQUEST, merge), Deadline(io.now, 600.0))

    def follow() -> None:
        for _ in range(100):
            run(follower.next(60.0))

    with pytest.raises(NetworkError):
        follow()
    assert len(io.calls) == 3


def test_nothing_is_sent_after_the_client_was_closed() -> None:
    follow = Following([(1.0, CUT)], [])
    assert follow.next() == "cut"
    follow.follower._runtime.close()
    with pytest.raises(MireloError, match="closed"):
        follow.next()
    assert len(follow.connections) == 1


def test_closing_ends_the_connection_and_may_be_repeated() -> None:
    follow = Following([(1.0, line(n=1))], lasts=False)
    run(follow.follower.close())
    assert follow.next() == "news"
    run(follow.follower.close())
    run(follow.follower.close())
    assert follow.opened[0].closed


# --- what is no stream -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "cls", "tries"),
    [
        (problem(401, "unauthorized"), AuthenticationError, 1),
        (problem(403, "forbidden"), PermissionDeniedError, 1),
        (problem(404, "job_not_found"), NotFoundError, 1),
        (problem(503, "server_error"), ServerError, 5),
        (page(502), ServerError, 5),
        (Reply(308, {"location": "https://elsewhere.example/stream?key=1"}, b""), APIStatusError, 1),
        (page(200), UnexpectedResponseError, 2),
        (Reply(200, {}, b"\x1f\x8b\x08 not unpacked"), UnexpectedResponseError, 2),
        (Reply(200, {}, b"[1, 2]\n"), UnexpectedResponseError, 2),
        (Reply(200, {}, b'{"n": NaN}\n'), UnexpectedResponseError, 2),
        (Reply(200, {}, b"[" * 100_000 + b"\n"), UnexpectedResponseError, 2),
        (TransportFailure("connect", "no", "refused"), NetworkError, 5),
        (TransportFailure("tls", "no", "bad certificate"), NetworkError, 1),
    ],
)
def test_what_is_no_stream_is_a_typed_error(answer: Any, cls: type[MireloError], tries: int) -> None:
    follow = Following(*[answer] * 9)
    error = follow.error()
    assert type(error) is cls
    assert error.operation == "streamThing"
    assert "streamThing" not in error.message
    assert 9 - len(follow.connections) == tries


def test_a_stream_that_is_not_known_yet_is_asked_for_again() -> None:
    unknown = problem(404, "job_not_found")
    follow = Following(unknown, unknown, [(0.0, line(n=1))])
    source, deadline = StreamSource("streamThing", REQUEST, merge), Deadline(follow.io.now, 600.0)
    follow.follower = Follower(runtime_over(follow.io), source, deadline, tolerate_404=True)
    assert follow.next() == "news"


def test_a_service_that_is_busy_is_waited_for() -> None:
    busy = problem(503, "server_error", retry_after="7")
    follow = Following(busy, [(0.0, line(n=1))])
    assert follow.next(5.0) == "nothing"
    assert follow.next(5.0) == "news"
    assert follow.at == pytest.approx(7.0)


def test_an_error_body_is_read_up_to_a_limit_and_only_for_a_while() -> None:
    follow = Following()
    large: list[tuple[float, Any]] = [(0.0, b"x" * 60_000)] * 50
    follow.connections.append(Streamed(follow.io, large, status=401))
    assert isinstance(follow.error(), AuthenticationError)
    assert len(large) == 48
    follow = Following()
    slow: list[tuple[float, Any]] = [(0.0, b'{"error": '), (500.0, b"late")]
    follow.connections.append(Streamed(follow.io, slow, status=401))
    with pytest.raises(AuthenticationError):
        follow.next(5.0)
    assert follow.at == pytest.approx(5.0)

"""Rows 15 to 29 of the fault matrix (docs/reliability.md): late, slow, cut, malformed and too large answers."""

from __future__ import annotations

import gzip
import threading
import tracemalloc
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from mirelo_ergo import (
    InsufficientCreditsError,
    MireloError,
    NetworkError,
    RequestTimeoutError,
    ServerError,
    UnexpectedResponseError,
)
from mirelo_ergo._runtime.io.deadline import Timing
from tests.faults import mirelo
from tests.faults.acts import ALL, Act, Kind, good
from tests.faults.harness import Face, in_real_time
from tests.faults.server import FaultServer
from tests.faults.steps import (
    Close,
    Drip,
    ReadRequest,
    Respond,
    Script,
    Send,
    Signal,
    Stall,
    chunked,
)
from tests.faults.virtual import on_both_wires

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

JSON = {"Content-Type": "application/json"}


def test_fault_15(face: Face, tmp_path: Path) -> None:
    """No answer, on R: retried after the time between bytes."""
    with (
        FaultServer([[ReadRequest(), Stall()], good("read")]) as server,
        Act(face, "read", server, tmp_path, timing=Timing(between_bytes=0.2)) as act,
        face.promise(0.5),
    ):
        act.run()
        assert len(act.requests) == 2
        assert face.passed >= 0.2


def test_fault_15_for_ever(face: Face, tmp_path: Path) -> None:
    """No answer at any time, on R: `RequestTimeoutError` at the deadline."""
    with (
        FaultServer([[ReadRequest(), Stall()]]) as server,
        Act(face, "read", server, tmp_path, timeout_ms=500, timing=Timing(between_bytes=0.3)) as act,
        face.promise(0.5),
    ):
        _timed_out(act.failing(), attempts=2)
        assert len(act.requests) == 2


@pytest.mark.parametrize(
    ("kind", "timing"),
    [("submit", Timing(between_bytes=0.2)), ("submit", Timing()), ("sync", Timing(between_bytes=0.2))],
    ids=["submit", "submit deadline", "sync"],
)
def test_fault_15_paid(face: Face, kind: Kind, timing: Timing, tmp_path: Path) -> None:
    """No answer, on P, or on K until the deadline: unknown; a /sync call waits for its first byte until then."""
    with (
        FaultServer([[ReadRequest(), Stall()], good(kind)]) as server,
        Act(face, kind, server, tmp_path, timeout_ms=400, timing=timing) as act,
        face.promise(0.4),
    ):
        act.unknown("timeout", 408)
        assert len(act.requests) == 1


def _timed_out(error: MireloError, attempts: int) -> None:
    assert type(error) is RequestTimeoutError
    assert (error.code, error.http_status, error.sent, error.attempts) == ("timeout", 408, "yes", attempts)
    assert error.retryable


@pytest.mark.parametrize("kind", ["read", "submit", "sync"])
def test_fault_16(face: Face, kind: Kind, tmp_path: Path) -> None:
    """Headers dripped 1 byte / 100 ms: the total deadline fires."""
    with (
        FaultServer([[ReadRequest(), Drip(good(kind).wire)]]) as server,
        Act(face, kind, server, tmp_path, timeout_ms=500) as act,
        face.promise(0.5),
    ):
        if kind == "read":
            _timed_out(act.failing(), attempts=1)
        else:
            act.unknown("timeout", 408)
        assert len(act.requests) == 1


@pytest.mark.parametrize("kind", ["upload", "download"])
def test_fault_16_transfers(face: Face, kind: Kind, tmp_path: Path) -> None:
    """Headers dripped 1 byte / 100 ms, on a transfer: they are no progress, so that its own deadline fires."""
    with (
        FaultServer([[ReadRequest(), Drip(good(kind).wire)]]) as server,
        Act(face, kind, server, tmp_path, timing=Timing(no_progress=0.4), retries=1) as act,
        face.promise(0.8),
    ):
        _timed_out(act.failing(), attempts=2)
        assert len(act.requests) == 2


@pytest.mark.parametrize("kind", ["read", "submit", "sync"])
def test_fault_17(face: Face, kind: Kind, tmp_path: Path) -> None:
    """Body dripped 1 byte / 100 ms, on R and P: the total deadline fires."""
    answer = good(kind)
    with (
        FaultServer([[ReadRequest(), Send(answer.head), Drip(answer.body)]]) as server,
        Act(face, kind, server, tmp_path, timeout_ms=500) as act,
        face.promise(0.5),
    ):
        if kind == "read":
            _timed_out(act.failing(), attempts=1)
        else:
            act.unknown("timeout", 408, accepted=True)
        assert len(act.requests) == 1


def test_fault_17_download(face: Face, tmp_path: Path) -> None:
    """Body dripped, on D: it moves all the time and is below the minimum rate."""
    answer = good("download")
    slow = Timing(no_progress=0.3, minimum_rate=1000, rate_window=0.5)
    with (
        FaultServer([[ReadRequest(), Send(answer.head), Drip(answer.body, 0.05, 10)]]) as server,
        Act(face, "download", server, tmp_path, timing=slow, retries=0) as act,
        face.promise(0.5),
    ):
        _timed_out(act.failing(), attempts=1)
        assert len(act.requests) == 1


def test_fault_17_fast_enough(face: Face, tmp_path: Path) -> None:
    """Body dripped above the minimum rate, on D: slow, for longer than any limit, and whole."""
    answer = good("download")
    slow = Timing(no_progress=0.3, minimum_rate=1000, rate_window=0.2)
    with (
        FaultServer([[ReadRequest(), Send(answer.head), Drip(answer.body, 0.02, 200)]]) as server,
        Act(face, "download", server, tmp_path, timing=slow, retries=0) as act,
        face.promise(2.0),
    ):
        act.run()
        assert len(act.requests) == 1


@pytest.mark.parametrize("kind", ["read", "submit", "sync"])
def test_fault_18(face: Face, kind: Kind, tmp_path: Path) -> None:
    """Fewer bytes than Content-Length: R and K retried, P unknown, and accepted."""
    _cut(face, kind, Send(good(kind).wire[:-5]), tmp_path, accepted=True)


@pytest.mark.parametrize("kind", ["read", "submit", "sync"])
def test_fault_19(face: Face, kind: Kind, tmp_path: Path) -> None:
    """A chunked body is cut: R and K retried, P unknown, and accepted."""
    answer = good(kind)
    whole = Respond(answer.status, chunked(answer.body), {**JSON, "Transfer-Encoding": "chunked"})
    _cut(face, kind, Send(whole.wire.removesuffix(b"0\r\n\r\n")), tmp_path, accepted=True)


@pytest.mark.parametrize("kind", ["read", "submit", "sync"])
def test_fault_20(face: Face, kind: Kind, tmp_path: Path) -> None:
    """Close-delimited JSON is cut: R and K retried, P unknown, and accepted, for its 2xx was whole."""
    answer = good(kind)
    whole = Respond(answer.status, answer.body, JSON, framed=False)
    _cut(
        face,
        kind,
        Send(whole.wire[:-5]),
        tmp_path,
        code="unexpected_response",
        http_status=answer.status,
        accepted=True,
    )


def _cut(face: Face, kind: Kind, cut: Send, folder: Path, **unknown: Any) -> None:
    with (
        FaultServer([[ReadRequest(), cut, Close()], good(kind)]) as server,
        Act(face, kind, server, folder) as act,
        face.promise(1.0),
    ):
        if kind == "read":
            act.run()
            assert len(act.requests) == 2
        else:
            act.lost(**unknown)


@pytest.mark.parametrize("kind", [*ALL, "sync"])
@pytest.mark.parametrize(
    "garbage",
    [b"SSH-2.0-OpenSSH_9.6\r\n\r\n", b"HTTP/9.9 ok fine\r\n\r\n", b"\0\xff\r\n" * 9],
    ids=["banner", "version", "binary"],
)
def test_fault_21(face: Face, kind: Kind, garbage: bytes, tmp_path: Path) -> None:
    """A garbage status line: a typed error; all but P retried once."""
    with (
        FaultServer([[ReadRequest(), Send(garbage), Close()]]) as server,
        Act(face, kind, server, tmp_path) as act,
        face.promise(1.0),
    ):
        _no_http(act)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("headers", [b"X-Big: " + b"a" * 65536, b"X-Small: aaaaaa\r\n" * 4096], ids=["one", "many"])
def test_fault_22(face: Face, kind: Kind, headers: bytes, tmp_path: Path) -> None:
    """1 MiB of headers, and more without end: a typed error, memory flat."""
    fault: Script = [ReadRequest(), Send(b"HTTP/1.1 200 OK\r\n"), Send(headers, times=None)]
    with (
        FaultServer([good(kind), fault]) as server,
        Act(face, kind, server, tmp_path) as act,
        face.promise(1.0),
    ):
        act.run()  # what is loaded and connected at the first call is not the fault's
        with _memory(2 << 20):
            _no_http(act)


def _no_http(act: Act) -> None:
    before = len(act.requests)
    if act.kind in ("submit", "sync"):
        act.unknown()
        return
    error = act.failing()
    assert type(error) is NetworkError
    assert (error.code, error.http_status, error.sent, error.attempts) == ("network_error", 0, "yes", 2)
    assert "the answer is not HTTP" in error.message or "headers are larger than 100 KiB" in error.message
    assert len(act.requests) - before == 2


@contextmanager
def _memory(limit: int) -> Iterator[None]:
    """Hold the block to so many bytes above what was in use at its begin; the fault server's own are among them."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < limit, f"{peak} bytes were in use"


@on_both_wires
def test_fault_23(face: Face, tmp_path: Path) -> None:
    """Truncated JSON of the right length, on R: retried once, then `UnexpectedResponseError`."""
    with (
        face.server([Respond(200, good("read").body[:-5], JSON)]) as server,
        Act(face, "read", server, tmp_path) as act,
        face.promise(1.0),
    ):
        error = _useless(act, "not JSON")
        assert str(error.body).startswith('{"id": "user-1"')


@on_both_wires
def test_fault_23_once(face: Face, tmp_path: Path) -> None:
    """Truncated JSON of the right length, once: the second answer is taken."""
    with (
        face.server([Respond(200, good("read").body[:-5], JSON), good("read")]) as server,
        Act(face, "read", server, tmp_path) as act,
        face.promise(1.0),
    ):
        act.run()
        assert len(act.requests) == 2


@on_both_wires
@pytest.mark.parametrize("kind", ["submit", "sync"])
def test_fault_23_paid(face: Face, kind: Kind, tmp_path: Path) -> None:
    """Truncated JSON of the right length: on P unknown, accepted, and what came is kept; on K retried."""
    answer = good(kind)
    with (
        face.server([Respond(answer.status, answer.body[:-5], JSON), answer]) as server,
        Act(face, kind, server, tmp_path) as act,
        face.promise(1.0),
    ):
        error = act.lost("unexpected_response", answer.status, accepted=True)
        if error is not None:
            assert "the service took it" in error.message
            assert mirelo.JOB_ID in str(error.body)


def _useless(act: Act, problem: str, http_status: int = 200) -> UnexpectedResponseError:
    """Read an unusable answer: it is asked for once more, then the error says what is wrong with it."""
    error = act.failing()
    assert type(error) is UnexpectedResponseError
    assert (error.code, error.http_status) == ("unexpected_response", http_status)
    assert problem in error.message
    assert len(act.requests) == 2
    return error


@on_both_wires
def test_fault_24(face: Face, tmp_path: Path) -> None:
    """An HTML 502 page once, on R: retried."""
    with (
        face.server([mirelo.html_error(502), good("read")]) as server,
        Act(face, "read", server, tmp_path) as act,
        face.promise(1.0),
    ):
        act.run()
        assert len(act.requests) == 2


@on_both_wires
def test_fault_24_for_ever(face: Face, tmp_path: Path) -> None:
    """An HTML 502 page for ever, on R: the message shows the status, not the page."""
    with (
        face.server([mirelo.html_error(502)]) as server,
        Act(face, "read", server, tmp_path) as act,
        face.promise(1.0),
    ):
        error = act.failing()
        assert type(error) is ServerError
        assert (error.code, error.http_status) == ("server_error", 502)
        assert "502 Bad Gateway" in error.message
        assert "<" not in error.message
        assert "nginx" not in error.message
        assert len(act.requests) == 5


@on_both_wires
@pytest.mark.parametrize("kind", ["submit", "sync"])
def test_fault_24_paid(face: Face, kind: Kind, tmp_path: Path) -> None:
    """An HTML 502 page: on P unknown, and the message shows the status, not the page; on K retried."""
    with (
        face.server([mirelo.html_error(502), good(kind)]) as server,
        Act(face, kind, server, tmp_path) as act,
        face.promise(1.0),
    ):
        error = act.lost("server_error", 502)
        if error is not None:
            assert "502 Bad Gateway" in error.message
            assert "<" not in error.message
            assert "nginx" not in error.message


@on_both_wires
def test_fault_25(face: Face, tmp_path: Path) -> None:
    """An empty 200, on R: `UnexpectedResponseError`."""
    with (
        face.server([Respond(200)]) as server,
        Act(face, "read", server, tmp_path) as act,
        face.promise(1.0),
    ):
        _useless(act, "empty")


@on_both_wires
@pytest.mark.parametrize("kind", ["submit", "sync"])
def test_fault_25_paid(face: Face, kind: Kind, tmp_path: Path) -> None:
    """An empty 200: on P unknown, accepted; on K retried."""
    with (
        face.server([Respond(200), good(kind)]) as server,
        Act(face, kind, server, tmp_path) as act,
        face.promise(1.0),
    ):
        act.lost("unexpected_response", 200, accepted=True)


@on_both_wires
@pytest.mark.parametrize("headers", [{"Content-Type": "text/plain"}, {}], ids=["text", "none"])
def test_fault_26(face: Face, headers: dict[str, str], tmp_path: Path) -> None:
    """JSON under text/plain, or under no type at all: parsed."""
    with (
        face.server([Respond(200, good("read").body, headers)]) as server,
        Act(face, "read", server, tmp_path) as act,
        face.promise(1.0),
    ):
        assert act.run().credits_available == 1000
        assert len(act.requests) == 1


@on_both_wires
def test_fault_26_page(face: Face, tmp_path: Path) -> None:
    """HTML under application/json: `UnexpectedResponseError`, which does not quote the page."""
    page = b"<html><body>please log in</body></html>"
    with (
        face.server([Respond(200, page, JSON)]) as server,
        Act(face, "read", server, tmp_path) as act,
        face.promise(1.0),
    ):
        error = _useless(act, "not JSON")
        assert "<" not in error.message
        assert error.body == page.decode()


@on_both_wires
def test_fault_27(face: Face, tmp_path: Path) -> None:
    """JSON behind a byte order mark: fine."""
    with (
        face.server([Respond(200, b"\xef\xbb\xbf" + good("read").body, JSON)]) as server,
        Act(face, "read", server, tmp_path) as act,
        face.promise(1.0),
    ):
        assert act.run().credits_available == 1000
        assert len(act.requests) == 1


ME = good("read").body
DEEP = b"[" * 10_000 + b"]" * 10_000
STRANGE = {
    "UTF-16": (ME.decode().encode("utf-16"), "not UTF-8"),
    "invalid UTF-8": (ME.replace(b"user", b"\xff\xfe"), "not UTF-8"),
    "NaN": (ME.replace(b"1000", b"NaN"), "NaN is not JSON"),
    "Infinity": (ME.replace(b"1000", b"-Infinity"), "-Infinity is not JSON"),
    "deep list": (DEEP, "nested too deeply"),
    "deep field": (ME.replace(b'"user-1"', DEEP), "nested too deeply"),
}


@on_both_wires
@pytest.mark.parametrize("what", STRANGE)
def test_fault_27_strange(face: Face, what: str, tmp_path: Path) -> None:
    """UTF-16, invalid UTF-8, NaN, 10,000-deep nesting: typed, no RecursionError."""
    body, problem = STRANGE[what]
    with (
        face.server([Respond(200, body, JSON)]) as server,
        Act(face, "read", server, tmp_path) as act,
        face.promise(1.0),
    ):
        _useless(act, problem)


@on_both_wires
@pytest.mark.parametrize("what", STRANGE)
def test_fault_27_in_an_error(face: Face, what: str, tmp_path: Path) -> None:
    """The same under an error status: the status speaks."""
    body, _ = STRANGE[what]
    with (
        face.server([Respond(402, body, JSON)]) as server,
        Act(face, "read", server, tmp_path) as act,
        face.promise(1.0),
    ):
        error = act.failing()
        assert type(error) is InsufficientCreditsError
        assert error.http_status == 402
        assert len(act.requests) == 1


def test_fault_27_paid(face: Face, tmp_path: Path) -> None:
    """Nested as deeply as JSON can still be decoded, and without the job's id: unknown, accepted."""
    body = b'{"job": ' + 480 * b"[" + 480 * b"]" + b"}"
    with (
        face.server([Respond(202, body, JSON)]) as server,
        Act(face, "submit", server, tmp_path) as act,
        face.promise(1.0),
    ):
        act.lost("unexpected_response", 202, accepted=True)


@pytest.mark.parametrize("framing", [{"Content-Length": str(200 << 20)}, {}], ids=["length", "close"])
def test_fault_28(face: Face, framing: dict[str, str], tmp_path: Path) -> None:
    """200 MiB of JSON: capped at 16 MiB, not buffered, and the rest is not even fetched."""
    piece = b'"aaaaaa",' * (1 << 13)
    far = threading.Event()
    fault: Script = [
        ReadRequest(),
        Send(Respond(200, b"[", {**JSON, **framing}, framed=False).wire),
        Send(piece, times=1000),  # 70 MiB: the cap, and what the kernel's buffers may take beyond it
        Signal(far),
        Send(piece, times=None),
    ]
    with (
        FaultServer([good("read"), fault]) as server,
        Act(face, "read", server, tmp_path) as act,
        face.promise(3.0),
    ):
        act.run()
        with _memory(24 << 20):
            error = act.failing()
        assert type(error) is UnexpectedResponseError
        assert (error.code, error.http_status) == ("unexpected_response", 200)
        assert "larger than 16 MiB" in error.message
        assert len(act.requests) == 3
        assert not far.is_set()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "Deflate": lambda data: zlib.compress(data)[2:-4],  # raw, as some send it
}


@pytest.mark.parametrize("encoding", PACKERS)
@pytest.mark.parametrize("kind", ["read", "submit", "asset"])
def test_fault_29(face: Face, kind: Kind, encoding: str, tmp_path: Path) -> None:
    """A gzip or deflate body though identity was asked for: read, on every answer of the API."""
    plain = good(kind)
    packed = Respond(plain.status, PACKERS[encoding](plain.body), {**JSON, "Content-Encoding": encoding})
    with (
        FaultServer([packed]) as server,
        Act(face, kind, server, tmp_path) as act,
        face.promise(1.0),
    ):
        act.run()
        assert len(act.requests) == 1
        assert act.requests[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("layers", [1, 2])
def test_fault_29_bomb(face: Face, layers: int, tmp_path: Path) -> None:
    """A gzip bomb on JSON: refused, memory flat."""
    bomb = gzip.compress(bytes(64 << 20))
    if layers == 2:
        bomb = gzip.compress(bomb)
    with (
        FaultServer([good("read"), Respond(200, bomb, {**JSON, "Content-Encoding": "gzip"})]) as server,
        Act(face, "read", server, tmp_path) as act,
        face.promise(1.0),
    ):
        act.run()
        with _memory(4 << 20):
            error = act.failing()
        assert type(error) is UnexpectedResponseError
        assert (error.code, error.http_status) == ("unexpected_response", 200)
        assert "100 times its size" in error.message or (layers == 2 and "not UTF-8" in error.message)
        assert len(act.requests) == 3


def test_fault_29_damaged(face: Face, tmp_path: Path) -> None:
    """A compressed answer that is cut, damaged or followed by more, or an encoding nobody asked for: a typed error."""
    packed = gzip.compress(good("read").body)
    bodies = {"cut": packed[:-6], "damaged": packed[:-8] + bytes(8), "more": packed + b"more", "unknown": b"\x1b\x00"}
    with FaultServer() as server, Act(face, "read", server, tmp_path) as act, face.promise(1.0):
        for name, body in bodies.items():
            encoding = "br" if name == "unknown" else "gzip"
            server.play([Respond(200, body, {**JSON, "Content-Encoding": encoding})])
            assert type(act.failing()) is UnexpectedResponseError, name
        stray = Respond(200, good("read").body, {**JSON, "Content-Encoding": "utf-8"})
        server.play([stray])
        act.run()


@in_real_time
@pytest.mark.parametrize("kind", ["read", "submit"])
def test_fault_16_hints_without_end(face: Face, kind: Kind, tmp_path: Path) -> None:
    """Nothing but informational answers, for ever: the total deadline fires, memory flat."""
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n" * 500
    fault: Script = [ReadRequest(), Send(hints, times=None)]
    with (
        FaultServer([good(kind), fault]) as server,
        Act(face, kind, server, tmp_path) as act,
        face.promise(1.0),
    ):
        act.run()
        act.limit(1.0)
        with _memory(4 << 20):
            if kind == "submit":
                act.unknown("timeout", 408)
            else:
                assert type(act.failing()) is RequestTimeoutError

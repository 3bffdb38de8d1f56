"""Rows 52 to 56 of the fault matrix (docs/reliability.md), and what rows 8 and 12 say of uploads."""

from __future__ import annotations

import asyncio
import gzip
import io
import os
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import attrs
import pytest

from mirelo_ergo import AsyncMireloClient, Video
from mirelo_ergo._runtime.io.deadline import Timing
from tests.faults.harness import KEY
from tests.faults.steps import Close, ReadBytes, ReadHead, Reset, Respond, Script, Send, Stall, Step
from tests.faults.tls import trust
from tests.faults.transfer import (
    MIB,
    check_error,
    check_submitted,
    mp4,
    noise,
    put_bodies,
    sha256,
    submitting,
    uploads,
    wire,
)
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.faults.harness import Face
    from tests.faults.server import FaultServer
    from tests.faults.wire import Received

OK = Respond(200)
ASSET, SUBMIT = "POST /v2/assets", "POST /v2/video-to-sfx/v1.5/jobs"


def reset_after(count: int) -> list[Step]:
    return [ReadHead(), ReadBytes(count), Reset()]


def big_file(folder: Path) -> Path:
    """Write 64 MiB of which no two MiB are alike."""
    path = folder / "clip.mp4"
    with path.open("wb") as file:
        file.write(mp4(100))
        for number in range(64):
            file.write(number.to_bytes(4, "big") + noise(MIB - 4))
    return path


def test_fault_08_upload(face: Face, tmp_path: Path) -> None:
    """Reset after headers, before the body's end (64 MiB): replayed from offset 0."""
    path = big_file(tmp_path)
    with uploads([reset_after(0), reset_after(20 * MIB), OK]) as (api, host):
        with face.promise(5.0):
            submit = submitting(face, api, Video.from_path(path))
            face.do(submit())
        assert wire(host) == ["PUT /put/1"] * 3
        first, second, third = put_bodies(host)
        assert (first.length, second.length) == (0, 20 * MIB)
        assert not first.complete
        assert not second.complete
        assert third.complete
        assert third.sha256 == sha256(path)
        assert wire(api) == [ASSET, SUBMIT]
        check_submitted(api)


def test_fault_12_upload(face: Face) -> None:
    """The reader stops reading: write time-out, retried, the deadline holds."""
    body = mp4(16 * MIB)
    timing = Timing(between_bytes=0.2, no_progress=5.0)
    stopped: Script = [ReadHead(), ReadBytes(MIB), Stall()]
    with uploads([stopped, OK], receive_buffer=256 << 10) as (api, host):
        with face.promise(1.0):
            face.do(submitting(face, api, Video.from_bytes(body), timing=timing)())
        assert wire(host) == ["PUT /put/1"] * 2
        assert put_bodies(host)[1].sha256 == sha256(body)
        assert face.passed >= 0.2
        check_submitted(api)


@pytest.mark.parametrize("limit", ["between_bytes", "no_progress"])
def test_fault_12_upload_for_ever(face: Face, limit: str) -> None:
    """The reader never reads again: every limit ends an attempt, and four attempts end the upload."""
    timing = Timing(**{"between_bytes": 30.0, "no_progress": 30.0, limit: 0.15})
    stopped: Script = [ReadHead(), ReadBytes(MIB), Stall()]
    with uploads([stopped], receive_buffer=256 << 10) as (api, host):
        with face.promise(4 * 0.15 + 0.4):
            error = face.failing(submitting(face, api, Video.from_bytes(mp4(16 * MIB)), timing=timing))
        check_error(error, "UploadError")
        assert error.retryable
        assert "nothing was submitted" in str(error)
        assert wire(host) == ["PUT /put/1"] * 4
        assert wire(api) == [ASSET]


def said(status: int, code: str, message: str = "") -> Respond:
    """Refuse as an object store does."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Respond(status, body.encode(), {"Content-Type": "application/xml"})


def packed(answer: Respond) -> Respond:
    """Compress an answer, as boxes on the way do."""
    headers = {**answer.headers, "Content-Encoding": "gzip"}
    return attrs.evolve(answer, body=gzip.compress(answer.body), headers=headers)


EXPIRED = [
    Respond(403),
    Respond(410),
    said(403, "AccessDenied", "Request has expired"),
    said(400, "ExpiredToken"),
    Respond(401, b'{"error": {"message": "\\"exp\\" claim timestamp check failed"}}'),
]


@pytest.mark.parametrize("refusal", EXPIRED, ids=["403", "410", "s3", "token", "jwt"])
def test_fault_52(face: Face, refusal: Respond) -> None:
    """Upload URL expired: one new asset, and the job is submitted with that one."""
    body = mp4(3 * MIB)
    with uploads([refusal, OK]) as (api, host):
        with face.promise(1.0):
            face.do(submitting(face, api, Video.from_bytes(body))())
        assert wire(api) == [ASSET, ASSET, SUBMIT]
        assert wire(host) == ["PUT /put/1", "PUT /put/2"]
        assert put_bodies(host)[1].sha256 == sha256(body)
        check_submitted(api, "asset-2")


@pytest.mark.parametrize("status", [403, 410])
def test_fault_52_again(face: Face, status: int) -> None:
    """The new asset's upload URL is refused too: `UploadError` with that status, nothing more is sent."""
    with uploads([Respond(status)]) as (api, host):
        with face.promise(1.0):
            error = face.failing(submitting(face, api, Video.from_bytes(mp4())))
        check_error(error, "UploadError", status)
        assert not error.retryable
        assert "expired" in str(error)
        assert wire(api) == [ASSET, ASSET]
        assert wire(host) == ["PUT /put/1", "PUT /put/2"]


REFUSED = [
    (said(403, "RequestTimeTooSkewed", "The difference is too large."), "RequestTimeTooSkewed: The difference"),
    (said(403, "SignatureDoesNotMatch"), "SignatureDoesNotMatch"),
    (Respond(403, b"<html><body>Blocked by your company</body></html>"), "a web page, as a firewall"),
    (Respond(403, b"no such luck"), "no such luck"),
    (said(400, "InvalidArgument", "&lt;x&gt;"), "InvalidArgument: <x>"),
    (packed(said(403, "SignatureDoesNotMatch", "which is wrong")), "SignatureDoesNotMatch: which is wrong"),
    (Respond(403, b"<!-- gateway --><html>Your session is over</html>"), "a web page, as a firewall"),
]


@pytest.mark.parametrize(
    ("refusal", "says"), REFUSED, ids=["clock", "signature", "firewall", "text", "other", "gzip", "gateway"]
)
def test_fault_52_other_refusals(face: Face, refusal: Respond, says: str) -> None:
    """What a fresh URL would not help against: told in the store's words, and the file is not sent a second time."""
    with uploads([refusal]) as (api, host):
        with face.promise(1.0):
            error = face.failing(submitting(face, api, Video.from_bytes(mp4(3 * MIB))))
        check_error(error, "UploadError", refusal.status)
        assert says in str(error)
        assert "expired" not in str(error)
        assert wire(host) == ["PUT /put/1"]
        assert wire(api) == [ASSET]


def test_fault_52_redirect(face: Face) -> None:
    """An upload that is sent elsewhere: refused, and the error names the host it was to go to, nothing more."""
    with uploads([Respond(307, headers={"Location": "https://evil.example/put?secret=1"})]) as (api, _):
        with face.promise(1.0):
            error = face.failing(submitting(face, api, Video.from_bytes(mp4())))
        check_error(error, "UploadError", 307)
        assert "leads to evil.example and is not followed" in str(error)
        assert "secret" not in str(error)


@pytest.mark.parametrize("code", ["RequestTimeout", "IncompleteBody"])
def test_fault_53_said(face: Face, code: str) -> None:
    """A store says with 400 that the body did not arrive: sent again, to the same URL."""
    body = mp4(3 * MIB)
    with uploads([said(400, code), OK]) as (api, host):
        with face.promise(1.0):
            face.do(submitting(face, api, Video.from_bytes(body))())
        assert wire(host) == ["PUT /put/1"] * 2
        assert put_bodies(host)[1].sha256 == sha256(body)
        check_submitted(api)


@pytest.mark.parametrize("source", ["path", "bytes", "file"])
def test_fault_53(face: Face, tmp_path: Path, source: str) -> None:
    """Upload reset twice: the bytes on the server are identical, wherever they came from."""
    body = mp4(4 * MIB)
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"not a part of it" + body if source == "file" else body)
    with path.open("rb") as file, uploads([reset_after(3 * MIB), reset_after(100), OK]) as (api, host):
        file.seek(16)
        video = {
            "path": lambda: Video.from_path(path),
            "bytes": lambda: Video.from_bytes(body),
            "file": lambda: Video.from_file(file),
        }[source]()
        with face.promise(1.0):
            face.do(submitting(face, api, video)())
        assert wire(host) == ["PUT /put/1"] * 3
        assert [put.length for put in put_bodies(host)] == [3 * MIB, 100, len(body)]
        assert put_bodies(host)[2].sha256 == sha256(body)
        assert wire(api) == [ASSET, SUBMIT]
        check_submitted(api)


def rewrite(path: Path) -> None:
    path.write_bytes(mp4(2 * MIB, seed=2))


def overwrite_in_place(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(MIB)
        file.write(noise(1000, seed=3))


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def shrink(path: Path) -> None:
    os.truncate(path, MIB)


def replace(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(mp4(2 * MIB, seed=2))
    other.replace(path)


def remove(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("change", [rewrite, overwrite_in_place, grow, shrink, replace, remove])
@pytest.mark.parametrize("first", ["reset", "answered"])
def test_fault_54(face: Face, tmp_path: Path, change: Callable[[Path], None], first: str) -> None:
    """The source file changes between attempts, or during the only one: `SourceChangedError`, no mix is submitted."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(mp4(2 * MIB))

    def router(request: Received) -> Script:
        change(path)
        return OK if first == "answered" else reset_after(0)

    with uploads([]) as (api, host):
        host.play(router)
        with face.promise(1.0):
            error = face.failing(submitting(face, api, Video.from_path(path)))
        check_error(error, "SourceChangedError")
        assert not error.retryable
        assert wire(host) == ["PUT /put/1"]
        assert wire(api) == [ASSET]


@pytest.mark.parametrize("change", [rewrite, overwrite_in_place, grow, shrink])
@pytest.mark.parametrize("first", ["reset", "answered"])
def test_fault_54_file_object(face: Face, tmp_path: Path, change: Callable[[Path], None], first: str) -> None:
    """The same for an open file: it is one file throughout, so only its contents can change."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(mp4(2 * MIB))

    def router(request: Received) -> Script:
        change(path)
        return OK if first == "answered" else reset_after(0)

    with path.open("rb") as file, uploads([]) as (api, host):
        host.play(router)
        with face.promise(1.0):
            error = face.failing(submitting(face, api, Video.from_file(file)))
        check_error(error, "SourceChangedError")
        assert wire(host) == ["PUT /put/1"]
        assert wire(api) == [ASSET]


def test_fault_54_moved(face: Face) -> None:
    """Others read the same file object meanwhile: what is sent is whole and in order."""
    body = mp4(3 * MIB)
    file = io.BytesIO(body)
    with uploads([OK]) as (api, host):
        video = Video.from_file(file, on_progress=lambda *_: cast("None", file.seek(MIB // 2)))
        with face.promise(1.0):
            face.do(submitting(face, api, video)())
        assert [put.sha256 for put in put_bodies(host)] == [sha256(body)]
        check_submitted(api)


class Stream(io.RawIOBase):
    """A stream that cannot be rewound and that fails, or ends, after `count` bytes."""

    def __init__(self, data: bytes, count: int, failure: Exception | None) -> None:
        self._data = io.BytesIO(data[:count])
        self._failure = failure

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._data.readinto(buffer)
        if len(buffer) and not count and self._failure is not None:
            raise self._failure
        return count


@pytest.mark.parametrize(
    ("failure", "kind", "says"),
    [
        (OSError(5, "Input/output error"), "UploadError", "Input/output error"),
        (EOFError("compressed file ended"), "UploadError", "compressed file ended"),
        (None, "SourceChangedError", "ended"),
    ],
)
def test_fault_55(face: Face, failure: Exception | None, kind: str, says: str) -> None:
    """A non-seekable stream fails, or ends, midway: a clear error, not retried."""
    body = mp4(3 * MIB)
    stream = Stream(body, 2 * MIB, failure)
    with stream, uploads([OK]) as (api, host):
        video = Video.from_file(cast("BinaryIO", stream), size=len(body), content_type="video/mp4")
        with face.promise(1.0):
            error = face.failing(submitting(face, api, video))
        check_error(error, kind)
        assert says in str(error)
        assert "nothing was submitted" in str(error)
        assert not error.retryable
        assert wire(api) == [ASSET]
        until(lambda: host.accepted == 1 and not host.still_open)
        assert wire(host) == ["PUT /put/1"]
        [put] = put_bodies(host)
        assert not put.complete


def test_fault_55_connection(face: Face) -> None:
    """The connection fails midway through a pipe: what was read of it is gone, so it is not sent again."""
    body = mp4(8 * MIB)
    reading, writing = os.pipe()
    sink = os.fdopen(writing, "wb", buffering=0)

    def feed() -> None:
        with sink, suppress(BrokenPipeError):  # the test closed its end
            sink.write(body)

    feeder = threading.Thread(target=feed)
    with os.fdopen(reading, "rb") as pipe:
        feeder.start()
        with uploads([reset_after(2 * MIB), OK]) as (api, host):
            video = Video.from_file(pipe, size=len(body), content_type="video/mp4")
            with face.promise(1.0):
                error = face.failing(submitting(face, api, video))
            check_error(error, "UploadError")
            assert "cannot be rewound" in str(error)
            assert wire(api) == [ASSET]
            assert wire(host) == ["PUT /put/1"]
    feeder.join()


def test_fault_55_unread(face: Face) -> None:
    """A stream of which nothing was read yet is whole: a refused connection is tried again."""
    body = mp4(3 * MIB)
    stream = Stream(body, len(body), None)
    pauses: list[float] = []
    with stream, uploads([OK], start="refuse") as (api, host):

        async def pause(seconds: float) -> None:
            pauses.append(seconds)
            host.listen()

        video = Video.from_file(cast("BinaryIO", stream), size=len(body), content_type="video/mp4")
        client = face.open(api.url)
        client._io.sleep = pause
        with face.promise(2.0):
            face.do(client.video_to_sfx(video, duration_ms=1000).submit_job())
        assert len(pauses) == 1
        [put] = put_bodies(host)
        assert put.sha256 == sha256(body)
        check_submitted(api)


def test_fault_55_expired(face: Face) -> None:
    """The upload URL expires while a stream is sent: there is nothing left to send to a new one."""
    body = mp4(3 * MIB)
    stream = Stream(body, len(body), None)
    with stream, uploads([Respond(403)]) as (api, host):
        video = Video.from_file(cast("BinaryIO", stream), size=len(body), content_type="video/mp4")
        with face.promise(1.0):
            error = face.failing(submitting(face, api, video))
        check_error(error, "UploadError", 403)
        assert "cannot be rewound" in str(error)
        assert wire(api) == [ASSET]
        assert wire(host) == ["PUT /put/1"]


@contextmanager
def pipe_with(body: bytes, *, buffering: int, closed: bool) -> Iterator[BinaryIO]:
    """Return the reading end of a pipe into which `body` is written; then the writing end is closed or stays open."""
    reading, writing = os.pipe()

    def feed() -> None:
        with suppress(BrokenPipeError):  # the test closed its end
            sent = 0
            while sent < len(body):
                sent += os.write(writing, body[sent:])
        if closed:
            os.close(writing)

    feeder = threading.Thread(target=feed)
    feeder.start()
    try:
        with os.fdopen(reading, "rb", buffering=buffering) as pipe:
            yield pipe
    finally:
        feeder.join()
        if not closed:
            os.close(writing)


@pytest.mark.parametrize("buffering", [0, -1], ids=["raw", "buffered"])
@pytest.mark.parametrize("closed", [True, False], ids=["closed", "open"])
def test_fault_55_longer(face: Face, buffering: int, closed: bool) -> None:
    """A pipe has more than its `size=`: refused, not cut; its writer may still hold it open."""
    body = mp4(2 * MIB)
    with pipe_with(body + b"x", buffering=buffering, closed=closed) as pipe, uploads([OK]) as (api, host):
        video = Video.from_file(pipe, size=len(body), content_type="video/mp4")
        with face.promise(1.0):
            error = face.failing(submitting(face, api, video))
        check_error(error, "UploadError")
        assert f"more bytes than its size={len(body)}" in str(error)
        assert wire(api) == [ASSET]
        until(lambda: not host.still_open)
        assert not any(put.complete for put in put_bodies(host))


def test_fault_55_longer_stream(face: Face) -> None:
    """The same of a stream that has no descriptor."""
    body = mp4(2 * MIB)
    stream = Stream(body + b"x", len(body) + 1, None)
    with stream, uploads([OK]) as (api, host):
        video = Video.from_file(cast("BinaryIO", stream), size=len(body), content_type="video/mp4")
        with face.promise(1.0):
            error = face.failing(submitting(face, api, video))
        assert f"more bytes than its size={len(body)}" in str(error)
        assert wire(api) == [ASSET]
        until(lambda: not host.still_open)


@pytest.mark.parametrize("buffering", [0, -1], ids=["raw", "buffered"])
def test_fault_55_open(face: Face, monkeypatch: pytest.MonkeyPatch, buffering: int) -> None:
    """A pipe has what was announced, and stays open: that is all of it. What its buffer holds already counts."""
    monkeypatch.setattr("mirelo_ergo._runtime.http.bodies._WAIT_FOR_MORE", 0.05)
    body = mp4(2 * MIB)
    with pipe_with(body, buffering=buffering, closed=False) as pipe, uploads([OK]) as (api, host):
        if buffering:
            assert pipe.peek(1)  # type: ignore[attr-defined]  # the user looked into it
        video = Video.from_file(pipe, size=len(body), content_type="video/mp4")
        with face.promise(1.0):
            face.do(submitting(face, api, video)())
        assert put_bodies(host)[0].sha256 == sha256(body)
        check_submitted(api)


@pytest.mark.parametrize("buffering", [0, -1], ids=["raw", "buffered"])
@pytest.mark.parametrize("count", [0, 100, MIB])
def test_fault_55_stalled(face: Face, buffering: int, count: int) -> None:
    """A pipe stops giving: the upload ends when nothing came for as long as the limit says, like any other."""
    body = mp4(2 * MIB)
    timing = Timing(no_progress=0.3)
    with pipe_with(body[:count], buffering=buffering, closed=False) as pipe, uploads([OK]) as (api, host):
        video = Video.from_file(pipe, size=len(body), content_type="video/mp4")
        with face.promise(0.3 + 0.4):
            error = face.failing(submitting(face, api, video, timing=timing))
        check_error(error, "UploadError")
        assert "the stream stalled" in str(error)
        assert wire(api) == [ASSET]
        until(lambda: not host.still_open)


def test_fault_55_stalled_and_cancelled() -> None:
    """Nobody has to wait for a pipe that stalls: a cancellation ends the upload at once."""
    body = mp4(2 * MIB)

    async def work(api: FaultServer, pipe: BinaryIO, host: FaultServer) -> None:
        video = Video.from_file(pipe, size=len(body), content_type="video/mp4")
        async with AsyncMireloClient(KEY, base_url=api.url) as client, asyncio.timeout(10):
            task = asyncio.ensure_future(client.video_to_sfx(video, duration_ms=1000).submit_job())
            await asyncio.to_thread(until, lambda: any(put.length == MIB for put in put_bodies(host)))
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    with pipe_with(body[:MIB], buffering=-1, closed=False) as pipe, uploads([OK]) as (api, host):
        asyncio.run(work(api, pipe, host))
        assert wire(api) == [ASSET]
        until(lambda: not host.still_open)


@pytest.mark.parametrize("tls", [None, "valid"])
@pytest.mark.parametrize("then", [Close(), Reset(), Stall()], ids=["close", "reset", "stall"])
def test_fault_56(face: Face, tmp_path: Path, then: Step, tls: Any) -> None:
    """An early 413 while 64 MiB are being sent: that status and not a broken pipe, whatever the server does next.

    The server stops reading a moment before, so that the client is held up in a write, as it is on any real network.
    """
    path = big_file(tmp_path)
    page = Respond(413, b"<html>" + b"too large " * 50, {"Content-Type": "text/html"})
    early: Script = [ReadHead(), ReadBytes(2 * MIB), Stall(0.1), Send(page.wire[:-100]), then]
    with uploads([early], tls=tls, receive_buffer=256 << 10) as (api, host):
        with face.promise(1.5):
            video = Video.from_path(path)
            error = face.failing(submitting(face, api, video, verify=trust(), timing=Timing(between_bytes=0.3)))
        check_error(error, "UploadError", 413)
        assert not error.retryable
        assert wire(host) == ["PUT /put/1"]
        assert not put_bodies(host)[0].complete
        assert wire(api) == [ASSET]

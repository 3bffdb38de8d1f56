"""Rows 57 to 61, 65 and 69 of the fault matrix (docs/reliability.md), and what row 17 says of downloads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mirelo_ergo._runtime.io.deadline import Timing
from mirelo_ergo._runtime.transfer.download import LEAST_PROGRESS
from tests.faults import mirelo
from tests.faults.harness import SIGNATURE
from tests.faults.server import FaultServer, Routes
from tests.faults.steps import Close, Drip, ReadRequest, Reset, Respond, Script, Send, Step, chunked
from tests.faults.transfer import (
    ETAG,
    MIB,
    MODIFIED,
    NAME,
    POLL,
    SUBMIT,
    check_error,
    check_nothing_saved,
    cut,
    finished,
    noise,
    part,
    ranges,
    results,
    sha256,
    signed,
    wav,
    whole,
    wire,
)

if TYPE_CHECKING:
    from tests.faults.harness import Face
    from tests.faults.wire import Received

OTHER = '"v2"'


def test_fault_17_download(face: Face, tmp_path: Path) -> None:
    """The body is dripped: the minimum rate ends the attempt, and the rest is fetched with Range."""
    body = wav(100_000)
    dripped: Script = [ReadRequest(), Send(whole(body).head + body[:5000]), Drip(body[5000:], interval=0.02)]
    timing = Timing(minimum_rate=100_000.0, rate_window=0.2)

    def router(request: Received) -> Script:
        start = request.headers.get("range")
        return part(body, int(start[6:-1])) if start else dripped

    with results([]) as (api, host):
        host.play(router)
        with face.promise(0.2 + 0.8):
            [path] = face.do(finished(face, api, timing=timing).download(tmp_path))
        assert sha256(path) == sha256(body)
        [(none, _), (resumed, validator)] = ranges(host)
        assert none is None
        assert resumed is not None
        assert 5000 < int(resumed[6:-1]) < 5100
        assert validator == ETAG
        assert wire(api) == [SUBMIT, POLL]
        check_nothing_saved(tmp_path, NAME)


def test_fault_17_download_for_ever(face: Face, tmp_path: Path) -> None:
    """Every answer is dripped: bytes that come too slowly are no progress, so five attempts end the download."""
    body = wav(100_000)

    def router(request: Received) -> Script:
        start = int(request.headers.get("range", "bytes=0-")[6:-1])
        answer = part(body, start) if start else whole(body)
        return [ReadRequest(), Send(answer.head), Drip(answer.body, interval=0.005, size=20)]

    with results([]) as (api, host):
        host.play(router)
        result = finished(face, api, timing=Timing(minimum_rate=100_000.0, rate_window=0.15))
        with face.promise(5 * 0.15 + 0.5):
            error = face.failing(result.download, tmp_path)
        check_error(error, "DownloadError")
        assert error.retryable
        assert len(host.requests) == 5
        assert all(validator == ETAG for start, validator in ranges(host)[1:])
        check_nothing_saved(tmp_path)


@pytest.mark.parametrize("end", [Close(), Reset()], ids=["close", "reset"])
@pytest.mark.parametrize("validator", ["etag", "modified"])
def test_fault_57(face: Face, tmp_path: Path, end: Step, validator: str) -> None:
    """A short body: resumed with Range and If-Range from the very byte that is missing, sha256 equal."""
    body = wav(3 * MIB)
    etag, named = (ETAG, {}) if validator == "etag" else (None, {"Last_Modified": MODIFIED})
    scripts: list[Script] = [
        cut(whole(body, etag=etag, **named), 1_234_567, end),
        cut(part(body, 1_234_567, etag=etag, **named), 1_000_000, end),
        part(body, 2_234_567, etag=etag, **named),
    ]
    with results(scripts) as (api, host):
        with face.promise(1.0):
            [path] = face.do(finished(face, api).download(tmp_path))
        assert path == tmp_path / NAME
        assert sha256(path) == sha256(body)
        expected = ETAG if validator == "etag" else MODIFIED
        assert ranges(host) == [(None, None), ("bytes=1234567-", expected), ("bytes=2234567-", expected)]
        assert wire(api) == [SUBMIT, POLL]
        check_nothing_saved(tmp_path, NAME)


@pytest.mark.parametrize("etag", [None, 'W/"weak"', '"\xe9tag"'])
def test_fault_57_without_a_validator(face: Face, tmp_path: Path, etag: str | None) -> None:
    """A short body of a file that nothing identifies: fetched from the start: two halves may be of two files."""
    body = wav(3 * MIB)
    with results([cut(whole(body, etag=etag), 2 * MIB), whole(body, etag=etag)]) as (api, host):
        with face.promise(1.0):
            [path] = face.do(finished(face, api).download(tmp_path))
        assert sha256(path) == sha256(body)
        assert ranges(host) == [(None, None)] * 2
        check_nothing_saved(tmp_path, NAME)


def test_fault_57_in_memory(face: Face) -> None:
    """The same without a file."""
    body = wav(3 * MIB)
    with results([cut(whole(body), 1_234_567), part(body, 1_234_567)]) as (api, host):
        with face.promise(1.0):
            [data] = face.do(finished(face, api).bytes())
        assert sha256(data) == sha256(body)
        assert ranges(host) == [(None, None), ("bytes=1234567-", ETAG)]


def test_fault_57_for_ever(face: Face, tmp_path: Path) -> None:
    """A body that stays short: five attempts without progress, then `DownloadError`; nothing is left."""
    body = wav(100_000)
    with results([cut(whole(body), 50_000), cut(part(body, 50_000), 0)]) as (api, host):
        with face.promise(1.0):
            error = face.failing(finished(face, api).download, tmp_path)
        check_error(error, "DownloadError")
        assert error.retryable
        assert ranges(host) == [(None, None), *[("bytes=50000-", ETAG)] * 5]
        check_nothing_saved(tmp_path)


def test_fault_58_200(face: Face, tmp_path: Path) -> None:
    """Range answered 200: begun again from the first byte of that answer."""
    body = wav(3 * MIB)
    with results([cut(whole(body), 2 * MIB), whole(body)]) as (api, host):
        with face.promise(1.0):
            [path] = face.do(finished(face, api).download(tmp_path))
        assert sha256(path) == sha256(body)
        assert ranges(host) == [(None, None), (f"bytes={2 * MIB}-", ETAG)]
        check_nothing_saved(tmp_path, NAME)


@pytest.mark.parametrize(
    "content_range",
    [
        "bytes 0-99999/100000",
        "bytes 60001-99999/100000",
        "bytes 60000-99998/100000",
        "bytes 60000-99999/100001",
        "bytes 60000-99999/100000, 0-1",
        "junk",
    ],
)
def test_fault_58_wrong_content_range(face: Face, tmp_path: Path, content_range: str) -> None:
    """A part that is not the one asked for: an error, nothing spliced."""
    body = wav(100_000)
    wrong = part(body, 60_000, Content_Range=content_range)
    with results([cut(whole(body), 60_000), wrong]) as (api, host):
        with face.promise(1.0):
            error = face.failing(finished(face, api).download, tmp_path)
        check_error(error, "DownloadError")
        assert error.path == str(tmp_path / NAME)  # type: ignore[attr-defined]  # a DownloadError's
        assert ranges(host) == [(None, None), ("bytes=60000-", ETAG)]
        check_nothing_saved(tmp_path)


def test_fault_58_unasked(face: Face, tmp_path: Path) -> None:
    """A host that answers with 206 and all of the file, though no part was asked for: that is the file."""
    body = wav(100_000)
    with results([cut(part(body, 0), 60_000), part(body, 60_000)]) as (api, host):
        with face.promise(1.0):
            [path] = face.do(finished(face, api).download(tmp_path))
        assert sha256(path) == sha256(body)
        assert ranges(host) == [(None, None), ("bytes=60000-", ETAG)]
        check_nothing_saved(tmp_path, NAME)


def test_fault_57_again_and_again(face: Face, tmp_path: Path) -> None:
    """Each connection gives a piece of a large file: progress costs no retry budget, so that it comes to its end."""
    body, piece = wav(60 * (LEAST_PROGRESS + 1)), LEAST_PROGRESS + 1

    def router(request: Received) -> Script:
        start = int(request.headers.get("range", "bytes=0-")[6:-1])
        return cut(part(body, start) if start else whole(body), piece)

    with results([]) as (api, host):
        host.play(router)
        with face.promise(5.0):
            result = finished(face, api)
            [path] = face.do(result.download(tmp_path))
        assert sha256(path) == sha256(body)
        assert len(host.requests) == 60


def test_fault_65_void_length(face: Face, tmp_path: Path) -> None:
    """A length beside chunks is void (RFC 9112, 6.3): a box on the way left it there."""
    body = wav(100_000)
    head = whole(b"", Transfer_Encoding="chunked", Content_Length="7").head
    with results([[ReadRequest(), Send(head + chunked(body[:50_000], body[50_000:]))]]) as (api, host):
        with face.promise(1.0):
            [path] = face.do(finished(face, api).download(tmp_path))
        assert sha256(path) == sha256(body)
        assert len(host.requests) == 1


def test_fault_58_416(face: Face, tmp_path: Path) -> None:
    """Range answered 416: begun again without one."""
    body = wav(100_000)
    with results([cut(whole(body), 60_000), Respond(416), whole(body)]) as (api, host):
        with face.promise(1.0):
            [path] = face.do(finished(face, api).download(tmp_path))
        assert sha256(path) == sha256(body)
        assert ranges(host) == [(None, None), ("bytes=60000-", ETAG), (None, None)]
        check_nothing_saved(tmp_path, NAME)


@pytest.mark.parametrize("answer", ["200", "206", "206-modified", "206-longer"])
def test_fault_59(face: Face, tmp_path: Path, answer: str) -> None:
    """The file changes between parts, said with 200 or, by a server that ignores If-Range, with 206: one restart."""
    old, new = wav(3 * MIB, seed=1), wav(3 * MIB, seed=2)
    if answer == "206-longer":
        new = wav(3 * MIB + 1000, seed=2)
    first, second = whole(old), whole(new, etag=OTHER)
    changed = part(new, 2 * MIB, etag=OTHER)
    if answer == "206-modified":
        later = MODIFIED.replace("12:", "13:")
        first, second = whole(old, etag=None, Last_Modified=MODIFIED), whole(new, etag=None, Last_Modified=later)
        changed = part(new, 2 * MIB, etag=None, Last_Modified=later)
    scripts = [cut(first, 2 * MIB), second] if answer == "200" else [cut(first, 2 * MIB), changed, second]
    with results(scripts) as (api, host):
        with face.promise(1.0):
            [path] = face.do(finished(face, api).download(tmp_path))
        assert sha256(path) == sha256(new)
        validator = MODIFIED if answer == "206-modified" else ETAG
        asked = (f"bytes={2 * MIB}-", validator)
        assert ranges(host) == ([(None, None), asked] if answer == "200" else [(None, None), asked, (None, None)])
        check_nothing_saved(tmp_path, NAME)


@pytest.mark.parametrize("names", ["nothing", "a date", "a weak tag"])
def test_fault_59_unnamed(face: Face, tmp_path: Path, names: str) -> None:
    """A part of another file with the same length that does not carry the ETag: never joined to the first half."""
    old, new = wav(100_000, seed=1), wav(100_000, seed=2)
    etag, named = ('W/"v1"' if names == "a weak tag" else None), {"Last_Modified": MODIFIED}
    unnamed = part(new, 60_000, etag=etag, **(named if names == "a date" else {}))
    with results([cut(whole(old), 60_000), unnamed, cut(whole(new, etag=OTHER), 50_000), whole(new)]) as (api, host):
        with face.promise(1.0):
            [path] = face.do(finished(face, api).download(tmp_path))
        assert sha256(path) == sha256(new)
        assert [start for start, _ in ranges(host)] == [None, "bytes=60000-", None, None]
        check_nothing_saved(tmp_path, NAME)


@pytest.mark.parametrize(("age", "resumed"), [(0, False), (59, False), (60, True)])
def test_fault_59_weak_date(face: Face, tmp_path: Path, age: int, resumed: bool) -> None:
    """A file that changed within the last minute may change again within the same second: its date proves nothing."""
    body = wav(100_000)
    named = {"Last_Modified": MODIFIED, "Date": MODIFIED.replace("12:00:00", f"12:{age // 60:02}:{age % 60:02}")}
    scripts = [cut(whole(body, etag=None, **named), 60_000), whole(body, etag=None, **named)]
    if resumed:
        scripts[1] = part(body, 60_000, etag=None, **named)
    with results(scripts) as (api, host):
        with face.promise(1.0):
            [path] = face.do(finished(face, api).download(tmp_path))
        assert sha256(path) == sha256(body)
        assert ranges(host) == [(None, None), ("bytes=60000-", MODIFIED) if resumed else (None, None)]


@pytest.mark.parametrize("status", [200, 206])
def test_fault_59_again(face: Face, tmp_path: Path, status: int) -> None:
    """It changes twice: an error, since it would go on changing."""
    files = [wav(100_000, seed) for seed in (1, 2, 3)]

    def router(request: Received) -> Script:
        number = len(host.requests)
        body, etag = files[min(number, 3) - 1], f'"{number}"'
        answer = whole(body, etag=etag)
        if status == 206 and "range" in request.headers:
            answer = part(body, int(request.headers["range"][6:-1]), etag=etag)
        return cut(answer, 30_000)

    with results([]) as (api, host):
        host.play(router)
        with face.promise(1.0):
            error = face.failing(finished(face, api).download, tmp_path)
        check_error(error, "DownloadError")
        assert "chang" in str(error)
        assert len(host.requests) <= 4
        check_nothing_saved(tmp_path)


EXPIRED = b"<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
@pytest.mark.parametrize("said", [b"", EXPIRED], ids=["bare", "said"])
def test_fault_60(face: Face, tmp_path: Path, status: int, said: bytes) -> None:
    """The signed URL expired before the first byte: one re-poll of the job for a fresh one."""
    body = wav(100_000)
    refused = Respond(status, said, {"Content-Type": "application/xml"})
    with results({"/1.wav": [refused], "/fresh.wav": [whole(body)]}) as (api, host):
        urls = [[signed(host, path)] for path in ("/1.wav", "/fresh.wav")]
        polls = [mirelo.succeeded(*shown) for shown in urls]
        api.play(Routes({"POST *": [mirelo.accepted()], "GET *": polls}))
        with face.promise(1.0):
            [path] = face.do(finished(face, api).download(tmp_path))
        assert sha256(path) == sha256(body)
        assert wire(host) == ["GET /1.wav", "GET /fresh.wav"]
        assert wire(api) == [SUBMIT, POLL, POLL]
        check_nothing_saved(tmp_path, NAME)


def test_fault_60_midway(face: Face, tmp_path: Path) -> None:
    """It expires between two parts: the fresh URL goes on where the old one ended."""
    body = wav(100_000)
    files: dict[str, list[Script]] = {
        "/1.wav": [cut(whole(body), 60_000), Respond(403)],
        "/fresh.wav": [part(body, 60_000)],
    }
    with results(files) as (api, host):
        polls = [mirelo.succeeded(signed(host, path)) for path in files]
        api.play(Routes({"POST *": [mirelo.accepted()], "GET *": polls}))
        with face.promise(1.0):
            [path] = face.do(finished(face, api).download(tmp_path))
        assert sha256(path) == sha256(body)
        assert wire(host) == ["GET /1.wav", "GET /1.wav", "GET /fresh.wav"]
        assert ranges(host) == [(None, None), *[("bytes=60000-", ETAG)] * 2]
        assert wire(api) == [SUBMIT, POLL, POLL]
        check_nothing_saved(tmp_path, NAME)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_fault_60_again(face: Face, tmp_path: Path, status: int) -> None:
    """The fresh URL is refused too: `DownloadError` with that status and the store's words, after one re-poll."""
    with results([Respond(status, EXPIRED, {"Content-Type": "application/xml"})]) as (api, host):
        with face.promise(1.0):
            error = face.failing(finished(face, api).download, tmp_path)
        check_error(error, "DownloadError", status)
        assert "ExpiredToken: The provided token has expired." in str(error)
        assert error.job.job_id == mirelo.JOB_ID
        assert wire(host) == ["GET /1.wav"] * 2
        assert wire(api) == [SUBMIT, POLL, POLL]
        check_nothing_saved(tmp_path)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_fault_61(face: Face, tmp_path: Path, status: int) -> None:
    """A redirect to another host: refused at once; neither a credential nor anything else ever reaches that host."""
    with FaultServer([whole(wav(1000))]) as elsewhere:
        redirect = Respond(status, headers={"Location": f"{elsewhere.url}/1.wav?{SIGNATURE}-of-another-kind"})
        with results([redirect]) as (api, host):
            with face.promise(1.0):
                error = face.failing(finished(face, api).download, tmp_path)
            check_error(error, "DownloadError", status)
            assert "leads to 127.0.0.1 and is not followed" in str(error)
            assert SIGNATURE not in str(error)
            assert not error.retryable
            assert wire(host) == ["GET /1.wav"]
            assert wire(api) == [SUBMIT, POLL]
            check_nothing_saved(tmp_path)
        assert elsewhere.accepted == 0


def test_fault_65(face: Face, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endless body: ended at the cap, not tried again, nothing left."""
    monkeypatch.setattr("mirelo_ergo._runtime.jobs.fetching.LARGEST_FILE", 3 * MIB)
    endless = Respond(200, headers={"Content-Type": "audio/wav", "ETag": ETAG}, framed=False)
    with results([[ReadRequest(), Send(endless.head + wav(MIB)), Send(noise(MIB), times=None)]]) as (api, host):
        with face.promise(1.0):
            error = face.failing(finished(face, api).download, tmp_path)
        check_error(error, "DownloadError")
        assert str(3 * MIB) in str(error)
        assert not error.retryable
        assert wire(host) == ["GET /1.wav"]
        check_nothing_saved(tmp_path)


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip", "x-unknown"])
def test_fault_65_encoded(face: Face, tmp_path: Path, encoding: str) -> None:
    """Content-Encoding set, though identity was asked for: refused before a byte of it is read."""
    with results([whole(wav(100_000), Content_Encoding=encoding)]) as (api, host):
        with face.promise(1.0):
            error = face.failing(finished(face, api).download, tmp_path)
        check_error(error, "DownloadError")
        assert "encoded" in str(error)
        assert wire(host) == ["GET /1.wav"]
        check_nothing_saved(tmp_path)


@pytest.mark.parametrize("encoding", ["aws-chunked", "UTF-8", "aws-chunked,identity", "binary", ""])
def test_fault_65_stray(face: Face, tmp_path: Path, encoding: str) -> None:
    """What the uploader left in Content-Encoding changes no byte: taken as it is, if it is a result."""
    body = wav(100_000)
    framed = b"400;chunk-signature=0\r\n" + body
    with results([whole(body, Content_Encoding=encoding), whole(framed, Content_Encoding=encoding)]) as (api, host):
        with face.promise(1.0):
            result = finished(face, api)
            [path] = face.do(result.download(tmp_path))
            error = face.failing(result.bytes)
        assert sha256(path) == sha256(body)
        assert "not audio or video" in str(error)
        assert wire(host) == ["GET /1.wav"] * 2


PAGE = b"<!doctype html><html><head><title>Sign in</title></head><body>" + b"<p>Captive portal</p>" * 1000


@pytest.mark.parametrize("body", [PAGE, PAGE[:200]], ids=["long", "short"])
@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_fault_69(face: Face, tmp_path: Path, body: bytes, framing: str) -> None:
    """HTML under `200 audio/wav`: refused at its first bytes, not fetched again, nothing written."""
    answer: Script = whole(body)
    if framing == "chunked":
        answer = [ReadRequest(), Send(whole(b"", Transfer_Encoding="chunked").head + chunked(body))]
    elif framing == "close":
        head = Respond(200, headers={"Content-Type": "audio/wav"}, framed=False).head
        answer = [ReadRequest(), Send(head + body), Close()]
    with results([answer]) as (api, host):
        with face.promise(1.0):
            error = face.failing(finished(face, api).download, tmp_path / "folder")
        check_error(error, "DownloadError")
        assert "not audio or video" in str(error)
        assert "Captive" not in str(error)
        assert not error.retryable
        assert wire(host) == ["GET /1.wav"]
        assert wire(api) == [SUBMIT, POLL]
        assert not (tmp_path / "folder").exists()

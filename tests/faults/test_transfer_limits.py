"""What uploads and downloads promise beside the fault matrix: progress, callbacks, wholeness, kinds, caps, memory."""

from __future__ import annotations

import errno
import tracemalloc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from mirelo_ergo import DownloadError, Video
from mirelo_ergo._runtime.transfer.download import LEAST_PROGRESS
from tests.faults import mirelo
from tests.faults.steps import Close, ReadBytes, ReadHead, ReadRequest, Reset, Respond, Script, Send, chunked
from tests.faults.transfer import (
    MIB,
    box,
    check_error,
    check_nothing_saved,
    check_submitted,
    cut,
    finished,
    mp4,
    noise,
    part,
    put_bodies,
    ranges,
    results,
    sha256,
    submitting,
    uploads,
    wav,
    whole,
    wire,
)
from tests.support.media import clip
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.faults.harness import Face

OK = Respond(200)
NAME = f"{mirelo.JOB_ID}-1"
PAGE = b"<!doctype html><html><body>" + b"<p>Not found</p>" * 500


class Told:
    """Note what a progress callback is told, and check that it only ever goes on."""

    def __init__(self) -> None:
        self.done: list[int] = []
        self.totals: set[int | None] = set()

    def __call__(self, done: int, total: int | None) -> None:
        assert done > (self.done[-1] if self.done else 0)
        assert total is None or done <= total
        self.done.append(done)
        self.totals.add(total)


# Progress.


def test_an_upload_tells_its_progress(face: Face) -> None:
    """In steps of at most 1 MiB, up to the whole; what a replay sends again is not told again."""
    body, told = mp4(5 * MIB), Told()
    with uploads([[ReadHead(), ReadBytes(3 * MIB), Reset()], OK]) as (api, host):
        with face.promise(1.0):
            face.do(submitting(face, api, Video.from_bytes(body, on_progress=told))())
        assert put_bodies(host)[1].sha256 == sha256(body)
    assert told.totals == {len(body)}
    assert told.done[-1] == len(body)
    assert told.done[:2] == [MIB, 2 * MIB]


def test_a_download_tells_its_progress(face: Face, tmp_path: Path) -> None:
    """Up to the whole, on through a resumed part; a restart tells nothing until it is further than before."""
    body, told = wav(5 * MIB), Told()
    scripts: list[Script] = [cut(whole(body), 2 * MIB + 5), part(body, 2 * MIB + 5)]
    scripts[1:1] = [cut(part(body, 2 * MIB + 5), MIB), cut(whole(body), MIB)]
    scripts[-1] = part(body, MIB)
    with results(scripts) as (api, host):
        with face.promise(1.0):
            [path] = face.do(finished(face, api).download(tmp_path, on_progress=told))
        assert [start for start, _ in ranges(host)] == [
            None,
            f"bytes={2 * MIB + 5}-",
            f"bytes={3 * MIB + 5}-",
            f"bytes={MIB}-",
        ]
    assert sha256(path) == sha256(body)
    assert told.totals == {len(body)}
    assert told.done[-1] == len(body)
    assert 2 * MIB + 5 in told.done


def test_progress_without_a_length(face: Face, tmp_path: Path) -> None:
    """The total is None as long as nobody names it."""
    body, told = mp4(3 * MIB), Told()
    answer: Script = [ReadRequest(), Send(unframed("video/mp4").wire + body), Close()]
    with results([answer]) as (api, _), face.promise(1.0):
        [path] = face.do(finished(face, api).download(tmp_path, on_progress=told))
    assert sha256(path) == sha256(body)
    assert told.totals == {None}
    assert told.done[-1] == len(body)


# Callbacks of the user's.


def failing_callback(failure: Exception, after: int) -> Any:
    def callback(done: int, total: int | None) -> None:
        if done >= after:
            raise failure

    return callback


FAILURES = [ValueError("mine"), BrokenPipeError(32, "mine"), DownloadError("mine"), TimeoutError("mine")]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
def test_an_upload_lets_a_callbacks_error_through(face: Face, failure: Exception) -> None:
    """Unchanged, and not taken for the network's: sent once, nothing submitted."""
    video = Video.from_bytes(mp4(5 * MIB), on_progress=failing_callback(failure, 2 * MIB))
    with uploads([OK]) as (api, host):
        submit = submitting(face, api, video)
        with face.promise(1.0), pytest.raises(type(failure)) as caught:
            face.do(submit())
        assert caught.value is failure
        until(lambda: host.accepted == 1 and not host.still_open)
        assert wire(host) == ["PUT /put/1"]
        assert wire(api) == ["POST /v2/assets"]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
def test_a_download_lets_a_callbacks_error_through(face: Face, tmp_path: Path, failure: Exception) -> None:
    """Unchanged, and not taken for the disk's or the network's: fetched once, no `.part` left."""
    with results([whole(wav(5 * MIB))]) as (api, host):
        result = finished(face, api)
        with face.promise(1.0), pytest.raises(type(failure)) as caught:
            face.do(result.download(tmp_path, on_progress=failing_callback(failure, 2 * MIB)))
        assert caught.value is failure
        assert wire(host) == ["GET /1.wav"]
    check_nothing_saved(tmp_path)


# Several results.


@pytest.mark.parametrize("overwrite", [False, True])
def test_finished_results_are_kept(face: Face, tmp_path: Path, overwrite: bool) -> None:
    """The third of four fails: the others come, whole; a second call fetches what is missing, or all if asked."""
    bodies = [wav(100_000, seed) for seed in range(4)]
    files = {f"/{n}.wav": [whole(body)] for n, body in enumerate(bodies)}
    files["/2.wav"] = [Respond(404), Respond(404), whole(bodies[2])]
    paths = [tmp_path / f"{mirelo.JOB_ID}-{n}.wav" for n in (1, 2, 3, 4)]
    with results(files) as (api, host):
        with face.promise(1.0):
            result = finished(face, api, num_samples=4)
            error: Any = face.failing(result.download, tmp_path)
            check_error(error, "DownloadError", 404)
            assert error.saved == [paths[0], paths[1], paths[3]]
            assert list(error.failed) == [2]
            assert "3 of 4 results were saved" in str(error)
            assert wire(host) == ["GET /0.wav", "GET /1.wav", *["GET /2.wav"] * 2, "GET /3.wav"]
            check_nothing_saved(tmp_path, *(path.name for path in error.saved))
            assert face.do(result.download(tmp_path, overwrite=overwrite)) == paths
        assert wire(host)[5:] == [f"GET /{n}.wav" for n in ((0, 1, 2, 3) if overwrite else (2,))]
        assert [sha256(path) for path in paths] == [sha256(body) for body in bodies]


def test_names_that_others_may_have_are_found_again_by_their_bytes(face: Face, tmp_path: Path) -> None:
    """Only the bytes tell that "rain-1" is of this job: the same ones count as done, others stay as they are."""
    bodies = [wav(100_000, seed) for seed in range(2)]
    files = {"/0.wav": [whole(bodies[0])], "/1.wav": [Respond(404), Respond(404), whole(bodies[1])]}
    (tmp_path / "rain-2.wav").write_bytes(wav(100_000, seed=9))
    with results(files) as (api, _), face.promise(1.0):
        result = finished(face, api, num_samples=2)
        error: Any = face.failing(result.download, tmp_path, name="rain-{n}")
        assert error.saved == [tmp_path / "rain-1.wav"]
        first, paths = (face.do(result.download(tmp_path, name="rain-{n}")) for _ in range(2))
        assert first == paths == [tmp_path / "rain-1.wav", tmp_path / "rain-2-2.wav"]
    assert [sha256(path) for path in paths] == [sha256(body) for body in bodies]
    assert sha256(tmp_path / "rain-2.wav") == sha256(wav(100_000, seed=9))
    check_nothing_saved(tmp_path, "rain-1.wav", "rain-2.wav", "rain-2-2.wav")


def test_a_saved_file_that_cannot_prove_itself_is_compared(face: Face, tmp_path: Path) -> None:
    """It is fetched again: the same bytes count as done, others stay what they are and are an error."""
    body = b"RIFF\xff\xff\xff\xff" + wav(100_000)[8:]  # written to a pipe: it states no length
    with results([whole(body)]) as (api, host):
        with face.promise(1.0):
            result = finished(face, api)
            [path] = face.do(result.download(tmp_path))
            assert face.do(result.download(tmp_path)) == [path]
            assert len(host.requests) == 2
            path.write_bytes(body[:-1])
            error: Any = face.failing(result.download, tmp_path)
        assert (error.errno, error.path, error.saved) == (errno.EEXIST, str(path), [])
        assert path.read_bytes() == body[:-1]
    check_nothing_saved(tmp_path, path.name)


# Wholeness without a Content-Length.


def unframed(content_type: str, **headers: str) -> Respond:
    """Make the head of an answer whose body ends with the connection."""
    return Respond(200, headers={"Content-Type": content_type, **headers}, framed=False)


FTYP, MOOV = box(b"ftyp", b"isom\0\0\0\1isom"), box(b"moov", noise(5000))
MDAT = box(b"mdat", noise(100_000))
LARGE = (1).to_bytes(4, "big") + b"mdat" + (100_016).to_bytes(8, "big") + noise(100_000)
WHOLE = {
    "index first": FTYP + MOOV + MDAT,
    "index last": FTYP + box(b"free", b"") + MDAT + MOOV,
    "64-bit box": FTYP + LARGE + MOOV,
    "fragments": FTYP + MOOV + box(b"moof", noise(100)) + MDAT + box(b"moof", noise(100)) + MDAT,
}
CUT = {
    "in the data": (FTYP + MOOV + MDAT)[:-1],
    "in the index": (FTYP + MDAT + MOOV)[:-1],
    "before the index": FTYP + MDAT,
    "before the data": FTYP + MOOV,
    "in a box's head": FTYP + MOOV + MDAT[:6],
    "in a 64-bit head": FTYP + MOOV + LARGE[:12],
    "to the end of the file": FTYP + MOOV + b"\0\0\0\0mdat" + noise(100_000),
    "something after it": FTYP + MOOV + MDAT + b"\0",
}


@pytest.mark.parametrize("framing", ["close", "chunked"])
@pytest.mark.parametrize("body", WHOLE.values(), ids=WHOLE)
def test_an_mp4_proves_itself_whole(face: Face, tmp_path: Path, body: bytes, framing: str) -> None:
    """Without a Content-Length the boxes show that nothing is missing."""
    answer: Script = [ReadRequest(), Send(unframed("video/mp4").wire + body), Close()]
    if framing == "chunked":
        head = unframed("video/mp4", **{"Transfer-Encoding": "chunked"}).wire
        answer = [ReadRequest(), Send(head + chunked(*(body[at : at + 9999] for at in range(0, len(body), 9999))))]
    with results([answer]) as (api, host):
        with face.promise(1.0):
            [path] = face.do(finished(face, api).download(tmp_path))
        assert wire(host) == ["GET /1.wav"]
    assert path == tmp_path / f"{NAME}.mp4"
    assert sha256(path) == sha256(body)


@pytest.mark.parametrize("body", CUT.values(), ids=CUT)
def test_a_cut_mp4_is_never_taken_for_whole(face: Face, tmp_path: Path, body: bytes) -> None:
    """What cannot prove itself whole is fetched again five times; then it is kept under a name that says so."""
    answer: Script = [ReadRequest(), Send(unframed("video/mp4").wire + body), Close()]
    with results([answer]) as (api, host):
        with face.promise(1.0):
            error: Any = face.failing(finished(face, api).download, tmp_path)
        check_error(error, "DownloadError")
        assert "nothing proves that the file is whole" in str(error)
        assert error.retryable
        progress = len(body) >= LEAST_PROGRESS  # the first attempt's: five more without any
        assert ranges(host) == [(None, None)] * (6 if progress else 5)
    assert error.path == str(tmp_path / f"{NAME}.unverified.mp4")
    assert error.path in str(error)
    assert sha256(tmp_path / f"{NAME}.unverified.mp4") == sha256(body)
    check_nothing_saved(tmp_path, f"{NAME}.unverified.mp4")


UNSTATED = {
    "audio/mpeg": b"ID3" + noise(50_000),
    "audio/flac": b"fLaC" + noise(50_000),
    "audio/ogg": b"OggS" + noise(50_000),
    "video/webm": b"\x1a\x45\xdf\xa3webm" + noise(50_000),
    "audio/wav": b"RIFF\xff\xff\xff\xffWAVEfmt " + noise(50_000),
}


@pytest.mark.parametrize("content_type", UNSTATED)
@pytest.mark.parametrize("framing", ["chunked", "length", "cut", "close"])
def test_a_body_is_whole_by_its_framing(face: Face, tmp_path: Path, content_type: str, framing: str) -> None:
    """A length, or a last chunk, shows the end of a body, whatever is in it; the end of a connection shows nothing."""
    body = UNSTATED[content_type]
    head = unframed(content_type, **({"Transfer-Encoding": "chunked"} if framing in ("chunked", "cut") else {})).wire
    answer: Script = [ReadRequest(), Send(head + chunked(body[:9999], body[9999:]))]
    if framing == "cut":
        answer = [ReadRequest(), Send(head + chunked(body)[:-5]), Close()]
    elif framing == "length":
        answer = whole(body, content_type)
    elif framing == "close":
        answer = [ReadRequest(), Send(head + body), Close()]
    with results([answer]) as (api, host), face.promise(1.0):
        result = finished(face, api)
        if framing in ("chunked", "length"):
            [path] = face.do(result.download(tmp_path))
            assert path.read_bytes() == body
            assert face.do(result.bytes()) == [body]
            assert len(host.requests) == 2
            return
        error: Any = face.failing(result.download, tmp_path)
        check_error(error, "DownloadError")
        kept = [path for path in tmp_path.iterdir() if ".unverified" in path.name]
        assert [str(path) for path in kept] == ([error.path] if framing == "close" else [])
        assert [path.read_bytes() for path in kept] == ([body] if framing == "close" else [])
        check_nothing_saved(tmp_path, *(path.name for path in kept))
        assert ("download() keeps what came" in str(face.failing(result.bytes))) == (framing == "close")


def test_a_body_that_can_be_decoded_to_its_end_is_whole(face: Face, tmp_path: Path) -> None:
    """The boxes of a real clip do not fill it, as a byte lies behind them; its picture is there to the last frame."""
    body = clip(seconds=2.0) + b"\0"
    answer: Script = [ReadRequest(), Send(unframed("video/mp4").wire + body), Close()]
    with results([answer]) as (api, host):
        with face.promise(2.0):
            [path] = face.do(finished(face, api).download(tmp_path))
        assert path.read_bytes() == body
        assert len(host.requests) == 1


def test_a_range_that_does_not_exist_proves_the_end(face: Face, tmp_path: Path) -> None:
    """Asked for what follows the last byte, the server says how long the file is."""
    body = UNSTATED["audio/mpeg"]
    head = unframed("audio/mpeg", ETag='"v1"').wire
    answer: Script = [ReadRequest(), Send(head + body), Close()]
    behind = Respond(416, headers={"Content-Range": f"bytes */{len(body)}"})
    with results([answer, behind]) as (api, host):
        with face.promise(1.0):
            [path] = face.do(finished(face, api).download(tmp_path))
        assert path.read_bytes() == body
        assert ranges(host) == [(None, None), (f"bytes={len(body)}-", '"v1"')]


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_container_that_contradicts_the_length_is_refused(face: Face, tmp_path: Path, framing: str) -> None:
    """A WAV shorter than it says, and a cut MP4, are not whole, however whole the answer is: fetched once more."""
    for content_type, body in (("audio/wav", wav(100_000)[:90_000]), ("video/mp4", CUT["in the data"])):
        answer: Script = whole(body, content_type)
        if framing == "chunked":
            head = unframed(content_type, **{"Transfer-Encoding": "chunked"}).wire
            answer = [ReadRequest(), Send(head + chunked(body))]
        with results([answer]) as (api, host):
            with face.promise(1.0):
                error = face.failing(finished(face, api).download, tmp_path)
            check_error(error, "DownloadError")
            assert f"longer than the {len(body)} bytes that came" in str(error)
            assert len(host.requests) == 2
        check_nothing_saved(tmp_path)


def test_a_cut_mp4_is_completed(face: Face, tmp_path: Path) -> None:
    """With an ETag the missing end is asked for, and the part says how long the file is."""
    body = FTYP + MOOV + MDAT
    head = attrs.evolve(unframed("video/mp4"), headers={"Content-Type": "video/mp4", "ETag": '"v1"'}).wire
    cut_one: Script = [ReadRequest(), Send(head + body[:50_000]), Close()]
    with results([cut_one, part(body, 50_000, "video/mp4")]) as (api, host):
        with face.promise(1.0):
            [path] = face.do(finished(face, api).download(tmp_path))
        assert ranges(host) == [(None, None), ("bytes=50000-", '"v1"')]
    assert sha256(path) == sha256(body)


@pytest.mark.parametrize("size", [100_000, 99_999, 100_001])
def test_a_wav_proves_itself_whole(face: Face, tmp_path: Path, size: int) -> None:
    """Without a Content-Length the RIFF size must be the file's."""
    body = (wav(100_000) + b"\0")[:size]
    answer: Script = [ReadRequest(), Send(unframed("audio/wav").wire + body), Close()]
    with results([answer]) as (api, _), face.promise(1.0):
        result = finished(face, api)
        if size == 100_000:
            [path] = face.do(result.download(tmp_path))
            assert sha256(path) == sha256(body)
        else:
            check_error(face.failing(result.download, tmp_path), "DownloadError")
            check_nothing_saved(tmp_path, f"{NAME}.unverified.wav")


@pytest.mark.parametrize("body", [b"", b"RIFF", b"RIFF\x04\0\0\0WAV"], ids=len)
@pytest.mark.parametrize("framed", [True, False])
def test_a_file_too_short_to_be_one(face: Face, tmp_path: Path, body: bytes, framed: bool) -> None:
    """An empty answer, or one of a few bytes, is no result, even at the length it announces."""
    answer: Script = whole(body) if framed else [ReadRequest(), Send(unframed("audio/wav").wire + body), Close()]
    with results([answer]) as (api, host):
        with face.promise(1.0):
            result = finished(face, api)
            check_error(face.failing(result.download, tmp_path), "DownloadError")
            check_error(face.failing(result.bytes), "DownloadError")
        assert len(host.requests) == 2 * 5
    check_nothing_saved(tmp_path)


# Kinds of content.

HEADS = {
    "wav": wav(5000),
    "mp3": b"ID3\x04\0\0\0\0\0\0" + noise(5000),
    "mp3 frames": b"\xff\xfb\x90\x64" + noise(5000),
    "aac": b"\xff\xf1\x50\x80" + noise(5000),
    "flac": b"fLaC" + noise(5000),
    "ogg": b"OggS" + noise(5000),
    "mp4": mp4(5000),
    "m4a": box(b"ftyp", b"M4A \0\0\0\0") + noise(5000),
    "mov": box(b"ftyp", b"qt  \0\0\0\0") + noise(5000),
    "webm": b"\x1a\x45\xdf\xa3\x9fB\x82\x84webm" + noise(5000),
    "mkv": b"\x1a\x45\xdf\xa3\x9fB\x82\x88matroska" + noise(5000),
    "html": PAGE,
    "json": b'{"error": {"code": "not_found"}}' + b" " * 5000,
    "xml": b"\xef\xbb\xbf<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>" + b" " * 5000,
    "exe": b"MZ\x90\0" + noise(5000),
}


@pytest.mark.parametrize(
    ("declared", "content", "suffix"),
    [
        ("audio/wav", "wav", ".wav"),
        ("audio/x-wav", "wav", ".wav"),
        ("AUDIO/WAV; charset=binary", "wav", ".wav"),
        ("audio/mpeg", "mp3", ".mp3"),
        ("audio/mpeg", "mp3 frames", ".mp3"),
        ("audio/aac", "aac", ".aac"),
        ("audio/flac", "flac", ".flac"),
        ("audio/ogg", "ogg", ".ogg"),
        ("audio/mp4", "m4a", ".m4a"),
        ("video/mp4", "mp4", ".mp4"),
        ("video/quicktime", "mov", ".mov"),
        ("video/webm", "webm", ".webm"),
        ("video/x-matroska", "mkv", ".mkv"),
        ("application/octet-stream", "wav", ".wav"),
        ("application/octet-stream", "mp4", ".mp4"),
        ("", "flac", ".flac"),
        ("application/octet-stream", "html", None),
        ("application/octet-stream", "exe", None),
        ("", "json", None),
        ("text/html", "wav", None),
        ("application/json", "wav", None),
        ("application/x-msdownload", "wav", ".wav"),
        ("audio/midi", "wav", ".wav"),
        ("image/svg+xml", "xml", None),
        ("audio/wav", "html", None),
        ("audio/wav", "json", None),
        ("audio/wav", "exe", None),
        ("audio/wav", "mp4", ".mp4"),
        ("audio/mpeg", "html", None),
        ("audio/mpeg", "json", None),
        ("audio/mpeg", "wav", ".wav"),
        ("video/mp4", "html", None),
        ("video/mp4", "wav", ".wav"),
        ("audio/mp3", "mp3", ".mp3"),
        ("audio/x-m4a", "m4a", ".m4a"),
        ("application/ogg", "ogg", ".ogg"),
        ("video/x-m4v", "mp4", ".mp4"),
        ("application/mp4", "mp4", ".mp4"),
        ("text/plain", "wav", ".wav"),
        ("text/plain", "html", None),
        ("text/xml", "xml", None),
        ("application/mp4", "json", None),
    ],
)
def test_only_audio_and_video_is_saved(
    face: Face, tmp_path: Path, declared: str, content: str, suffix: str | None
) -> None:
    """The first bytes decide, the declared type breaks ties; pages, declared or seen, are refused."""
    body = HEADS[content]
    answer = whole(body, declared)
    if not declared:
        answer = attrs.evolve(answer, headers={"ETag": '"v1"'})
    with results([answer]) as (api, host):
        with face.promise(1.0):
            result = finished(face, api)
            if suffix is None:
                error = face.failing(result.download, tmp_path)
                check_error(error, "DownloadError")
                assert not error.retryable
                check_nothing_saved(tmp_path)
            else:
                [path] = face.do(result.download(tmp_path))
                assert path == tmp_path / f"{NAME}{suffix}"
                assert sha256(path) == sha256(body)
        assert wire(host) == ["GET /1.wav"]


def test_another_kind_after_a_restart(face: Face, tmp_path: Path) -> None:
    """The file becomes another one, of another kind: it is named after what it is now."""
    body = mp4(100_000)
    scripts = [cut(whole(wav(100_000)), 50_000), whole(body, "video/mp4", etag='"v2"')]
    with results(scripts) as (api, _), face.promise(1.0):
        [path] = face.do(finished(face, api).download(tmp_path))
    assert path == tmp_path / f"{NAME}.mp4"
    assert sha256(path) == sha256(body)
    check_nothing_saved(tmp_path, f"{NAME}.mp4")


# Caps.


def test_a_file_over_the_cap_is_not_begun(face: Face, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its Content-Length, before a byte of it is read."""
    monkeypatch.setattr("mirelo_ergo._runtime.jobs.fetching.LARGEST_FILE", 3 * MIB)
    told = Told()
    with results([whole(wav(3 * MIB + 1)), whole(wav(3 * MIB))]) as (api, host):
        with face.promise(1.0):
            result = finished(face, api)
            error = face.failing(result.download, tmp_path, on_progress=told)
            check_error(error, "DownloadError")
            assert str(3 * MIB) in str(error)
            assert not told.done
            check_nothing_saved(tmp_path)
            [path] = face.do(result.download(tmp_path, on_progress=told))
        assert len(host.requests) == 2
        assert path.stat().st_size == 3 * MIB


@pytest.mark.parametrize("framed", [True, False])
def test_a_result_in_memory_has_a_cap_of_its_own(face: Face, monkeypatch: pytest.MonkeyPatch, framed: bool) -> None:
    """1 GiB by default; here less."""
    monkeypatch.setattr("mirelo_ergo._runtime.jobs.fetching.LARGEST_IN_MEMORY", 2 * MIB)
    endless: Script = [ReadRequest(), Send(unframed("audio/wav").wire + wav(MIB)), Send(noise(MIB), times=None)]
    with results([whole(wav(2 * MIB + 1)) if framed else endless]) as (api, host):
        with face.promise(1.0):
            error = face.failing(finished(face, api).bytes)
        check_error(error, "DownloadError")
        assert "cap" in str(error)
        assert wire(host) == ["GET /1.wav"]


def test_a_length_that_lies(face: Face, tmp_path: Path) -> None:
    """More bytes than the Content-Length belong to nobody: the file has the length that was announced."""
    body = wav(100_000)
    with results([[ReadRequest(), Send(whole(body).wire + b"HTTP/1.1 200 OK\r\n\r\n")]]) as (api, _):
        with face.promise(1.0):
            [path] = face.do(finished(face, api).download(tmp_path))
        assert sha256(path) == sha256(body)


# Re-sends.


@pytest.mark.parametrize("retries", [0, 2])
def test_retries_caps_the_resends(face: Face, tmp_path: Path, retries: int) -> None:
    """`retries=n` means n re-sends at most, also when each attempt brings a little more, and for uploads."""
    body = wav(100_000)
    scripts = [cut(whole(body), 1000), *(cut(part(body, 1000 * n), 1000) for n in range(1, 10))]
    with results(scripts) as (api, host):
        with face.promise(1.0):
            check_error(face.failing(finished(face, api, retries=retries).download, tmp_path), "DownloadError")
        assert len(host.requests) == 1 + retries
    with uploads([Respond(500)]) as (api, host):
        error = face.failing(submitting(face, api, Video.from_bytes(mp4()), retries=retries))
        check_error(error, "UploadError", 500)
        assert len(host.requests) == 1 + retries


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 400, 404, 409, 413])
def test_a_refused_upload_is_definite(face: Face, status: int) -> None:
    """A redirect of the PUT is not followed, a 4xx not tried again."""
    redirect = Respond(status, headers={"Location": "http://127.0.0.1:9/elsewhere"} if status < 400 else {})
    with uploads([redirect]) as (api, host):
        with face.promise(1.0):
            error = face.failing(submitting(face, api, Video.from_bytes(mp4())))
        check_error(error, "UploadError", status)
        assert error.retryable == (status == 409)
        assert wire(host) == ["PUT /put/1"]
        assert wire(api) == ["POST /v2/assets"]


def test_informational_answers_do_not_end_an_upload(face: Face) -> None:
    """100 Continue and 103 while the body is sent are not the answer."""
    body = mp4(5 * MIB)
    informed: Script = [
        ReadHead(),
        ReadBytes(MIB),
        Send(b"HTTP/1.1 100 Continue\r\n\r\n"),
        ReadBytes(MIB),
        Send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
        ReadRequest(),
        OK,
    ]
    with uploads([informed]) as (api, host):
        with face.promise(1.0):
            face.do(submitting(face, api, Video.from_bytes(body))())
        assert wire(host) == ["PUT /put/1"]
        assert put_bodies(host)[0].sha256 == sha256(body)
        check_submitted(api)


# Memory: the fault server runs in this process too, and keeps 1 MiB of each request.


@contextmanager
def at_most(limit: int) -> Iterator[None]:
    """Bound the extra memory that Python allocates meanwhile, at its peak."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - before < limit, f"{(peak - before) / MIB:.1f} MiB"


def test_an_upload_takes_no_memory(face: Face, tmp_path: Path) -> None:
    """64 MiB go out in a few MiB."""
    path = tmp_path / "clip.mp4"
    with path.open("wb") as file:
        file.write(mp4(100))
        for _ in range(64):
            file.write(noise(MIB))
    with uploads([OK]) as (api, host):
        submit = submitting(face, api, Video.from_path(path))
        with face.promise(5.0), at_most(6 * MIB):
            face.do(submit())
        assert put_bodies(host)[0].length == path.stat().st_size


def test_a_download_takes_no_memory(face: Face, tmp_path: Path) -> None:
    """64 MiB come in in a few MiB."""
    head = b"RIFF" + (64 * MIB - 8).to_bytes(4, "little") + b"WAVE" + noise(MIB - 12)
    answer = unframed("audio/wav", **{"Content-Length": str(64 * MIB)})
    with results([[ReadRequest(), Send(answer.wire + head), Send(noise(MIB), times=63)]]) as (api, _):
        result = finished(face, api)
        with face.promise(5.0), at_most(6 * MIB):
            [path] = face.do(result.download(tmp_path))
        assert path.stat().st_size == 64 * MIB

"""Downloads over a virtual far side: resumed, checked whole, and never more under a final name than all of it."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from mirelo_ergo import DownloadError, JobSucceeded, MireloError, NetworkError
from mirelo_ergo._runtime.io.protocol import ExternalRefused, TransportFailure
from mirelo_ergo._runtime.jobs.blocking import JobResult
from mirelo_ergo._runtime.jobs.tokens import JobRecord
from tests.support import answers
from tests.support.virtual import KEY, Incoming, Sending, VirtualIO, client_over

if TYPE_CHECKING:
    from pathlib import Path

SOUND = b"RIFF" + (399_992).to_bytes(4, "little") + b"WAVE" + bytes(range(256)) * 1562 + bytes(116)
URL = "https://results.example.com/1.wav?signature=abc"
RECORD = JobRecord("mirelo", "text-to-sfx", "v1.5", answers.JOB_ID, 1_772_366_400.0, 9000, 1)
assert len(SOUND) == 400_000


def pieces(data: bytes, size: int = 64 << 10) -> list[bytes | BaseException]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def whole(**headers: str) -> Incoming:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Incoming(200, {"content-type": "audio/wav", "content-length": str(len(SOUND)), **named}, pieces(SOUND))


def cut(at: int, **headers: str) -> Incoming:
    answer = whole(**headers)
    answer.pieces = [*pieces(SOUND[:at]), TransportFailure("network", "yes", "ReadError: reset")]
    return answer


def rest(sending: Sending, **headers: str) -> Incoming:
    """Answer a range as asked."""
    start = int(sending.request.headers["Range"].removeprefix("bytes=").removesuffix("-"))
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Incoming(
        206,
        {"content-type": "audio/wav", "content-range": f"bytes {start}-{len(SOUND) - 1}/{len(SOUND)}", **named},
        pieces(SOUND[start:]),
    )


def result(
    io: VirtualIO, record: JobRecord | None = RECORD, urls: tuple[str, ...] = (URL,), **options: Any
) -> JobResult:
    return JobResult(client_over(io, **options)._core, JobSucceeded(urls), None, record)


def fetched(*far: Incoming | BaseException | Callable[[Sending], Incoming]) -> tuple[bytes, VirtualIO]:
    """Fetch into memory; each answer is one, or makes one of what was asked."""
    left = list(far)

    def answer(sending: Sending) -> Incoming | BaseException:
        assert left, f"a request that the test does not expect: {sending}"
        each = left.pop(0)
        return each if isinstance(each, Incoming | BaseException) else each(sending)

    io = VirtualIO(foreign=answer)
    (data,) = result(io).bytes()
    assert left == []
    return data, io


def failed(*far: Incoming | BaseException | Callable[[Sending], Incoming]) -> DownloadError:
    with pytest.raises(DownloadError) as caught:
        fetched(*far)
    assert "signature" not in f"{caught.value} {caught.value!r}"
    return caught.value


def ranges(io: VirtualIO) -> list[str | None]:
    return [sending.request.headers.get("Range") for sending in io.sendings]


# --- files -----------------------------------------------------------------------------------------------------------


def test_results_are_saved_under_the_jobs_name_in_order(tmp_path: Path) -> None:
    io = VirtualIO(foreign=lambda _: whole())
    saved = result(io, urls=(URL, "https://results.example.com/../../etc/passwd")).download(tmp_path / "out")
    assert saved == [tmp_path / "out" / f"{answers.JOB_ID}-{number}.wav" for number in (1, 2)]
    assert [path.read_bytes() == SOUND for path in saved] == [True, True]
    assert sorted(saved) == sorted((tmp_path / "out").iterdir())
    assert [sending.request.headers for sending in io.sendings] == [{}, {}]
    assert KEY not in repr(io.sendings)


def test_a_sync_result_is_named_after_its_url(tmp_path: Path) -> None:
    (first,) = result(VirtualIO(foreign=[whole()]), record=None).download(str(tmp_path))
    (second,) = result(VirtualIO(foreign=[whole()]), record=None, urls=("https://r.example/2",)).download(tmp_path)
    assert first.name.startswith("result-")
    assert first != second


@pytest.mark.parametrize("job_id", ["../../evil", "a" * 200, "CON", "x/y\\z"])
def test_no_job_id_leaves_the_folder(tmp_path: Path, job_id: str) -> None:
    record = JobRecord("mirelo", "text-to-sfx", "v1.5", job_id, 0.0, None)
    (saved,) = result(VirtualIO(foreign=[whole()]), record=record).download(tmp_path)
    assert saved.parent == tmp_path
    assert [path.name for path in tmp_path.iterdir()] == [saved.name]


def test_the_extension_comes_from_the_content_type(tmp_path: Path) -> None:
    clip = b"\x00\x00\x00\x10ftypisom" + bytes(4) + b"\x00\x00\x00\x08moov"
    answer = Incoming(200, {"content-type": "video/mp4", "content-length": str(len(clip))}, [clip])
    (saved,) = result(VirtualIO(foreign=[answer]), urls=("https://r.example/evil.exe",)).download(tmp_path)
    assert saved.suffix == ".mp4"


def test_nothing_is_overwritten_unless_asked(tmp_path: Path) -> None:
    target = tmp_path / f"{answers.JOB_ID}-1.wav"
    target.write_bytes(b"mine")
    with pytest.raises(DownloadError, match="overwrite=True") as caught:
        result(VirtualIO(foreign=[whole()])).download(tmp_path)
    assert caught.value.errno == errno.EEXIST
    assert str(target) in (caught.value.path or "")
    assert target.read_bytes() == b"mine"
    result(VirtualIO(foreign=[whole()])).download(tmp_path, overwrite=True)
    assert target.read_bytes() == SOUND


def test_what_the_system_refuses_is_a_download_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DownloadError) as caught:
        result(VirtualIO(foreign=[whole()])).download(tmp_path / "file" / "below")
    assert caught.value.errno == errno.ENOTDIR
    assert isinstance(caught.value.__cause__, OSError)


def test_every_failure_leaves_an_empty_folder(tmp_path: Path) -> None:
    for trouble in (cut(100_000), whole(content_encoding="gzip"), cut(5000, content_length="500000")):
        io = VirtualIO([answers.succeeded()], [trouble, Incoming(404), Incoming(404)])
        with pytest.raises(DownloadError):
            result(io).download(tmp_path)
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mistake", [ValueError("mine"), OSError("mine"), KeyboardInterrupt()])
def test_what_a_callback_raises_passes_unchanged(tmp_path: Path, mistake: BaseException) -> None:
    def callback(done: int, total: int | None) -> None:
        raise mistake

    with pytest.raises(type(mistake)) as caught:
        result(VirtualIO(foreign=[whole()])).download(tmp_path, on_progress=callback)
    assert caught.value is mistake
    assert list(tmp_path.iterdir()) == []


def test_progress_is_told_in_bytes_and_only_forwards(tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    io = VirtualIO(foreign=[cut(200_000), whole()])
    result(io).download(tmp_path, on_progress=lambda done, total: told.append((done, total)))
    counts = [done for done, _ in told]
    assert counts == sorted(set(counts))
    assert told[-1] == (len(SOUND), len(SOUND))


# --- attempts --------------------------------------------------------------------------------------------------------


def test_a_cut_download_is_resumed_where_it_was() -> None:
    data, io = fetched(cut(100_000, etag='"v1"'), lambda sending: rest(sending, etag='"v1"'))
    assert data == SOUND
    assert ranges(io) == [None, "bytes=100000-"]
    assert io.sendings[1].request.headers["If-Range"] == '"v1"'


def test_a_date_is_a_validator_too_and_a_weak_tag_is_none() -> None:
    date = "Sun, 01 Mar 2026 12:00:00 GMT"
    data, io = fetched(cut(100_000, last_modified=date), lambda sending: rest(sending, last_modified=date))
    assert data == SOUND
    assert io.sendings[1].request.headers["If-Range"] == date
    data, io = fetched(cut(100_000, etag='W/"v1"'), whole())
    assert data == SOUND
    assert ranges(io) == [None, None]  # without a validator, two halves may be of two files


def test_a_server_without_ranges_sends_it_all_again() -> None:
    data, _ = fetched(cut(100_000, etag='"v1"'), whole(etag='"v1"'))
    assert data == SOUND


def test_a_file_that_changed_is_fetched_anew_once() -> None:
    data, _ = fetched(cut(100_000, etag='"v1"'), whole(etag='"v2"'))
    assert data == SOUND
    failed(cut(100_000, etag='"v1"'), cut(50_000, etag='"v2"'), whole(etag='"v3"'))
    data, _ = fetched(cut(100_000, etag='"v1"'), lambda sending: rest(sending, etag='"v2"'), whole(etag='"v2"'))
    assert data == SOUND


def test_a_range_that_does_not_exist_begins_again_once() -> None:
    data, io = fetched(cut(100_000, etag='"v1"'), Incoming(416), whole())
    assert data == SOUND
    assert ranges(io) == [None, "bytes=100000-", None]
    failed(cut(100_000, etag='"v1"'), Incoming(416), cut(100_000, etag='"v1"'), Incoming(416))


@pytest.mark.parametrize(
    "content_range",
    [
        "",
        "bytes 0-399999/400000",
        "bytes 100001-399999/400000",
        "bytes 100000-399998/400000",
        "bytes 100000-399999/*",
        "bytes 100000-499999/500000",
        "octets 100000-399999/400000",
    ],
)
def test_another_part_than_asked_for_is_refused(content_range: str) -> None:
    wrong = Incoming(206, {"content-type": "audio/wav", "content-range": content_range}, pieces(SOUND[100_000:]))
    failed(cut(100_000, etag='"v1"'), wrong)


def test_a_part_that_was_not_asked_for_is_refused() -> None:
    for content_range in ("bytes 0-399999/400001", "bytes 1-400000/400001", "bytes 0-399999/*", "junk"):
        unasked = Incoming(206, {"content-type": "audio/wav", "content-range": content_range}, pieces(SOUND))
        message = failed(unasked).message
        assert "not asked for" in message
        assert message.endswith("; its URL is in result_urls")


TROUBLES: list[Callable[[], Any]] = [
    answers.reset,
    answers.refused,
    lambda: Incoming(500),
    lambda: Incoming(503),
    lambda: Incoming(429),
    lambda: cut(0),
    lambda: cut(5),
    lambda: TransportFailure("timeout", "yes", "ReadTimeout"),
]


@pytest.mark.parametrize("trouble", TROUBLES)
def test_five_attempts_without_progress_are_all(trouble: Callable[[], Any]) -> None:
    data, io = fetched(*(trouble() for _ in range(4)), whole())
    assert data == SOUND
    assert len(io.sleeps) == 4
    assert failed(*(trouble() for _ in range(5))).code == "download_failed"


def test_progress_starts_the_count_anew() -> None:
    ends = [40_000 * step for step in range(1, 10)]

    def longer(end: int) -> Callable[[Sending], Incoming]:
        def answer(sending: Sending) -> Incoming:
            part = rest(sending, etag='"v1"')
            start = int(sending.request.headers["Range"].removeprefix("bytes=").removesuffix("-"))
            part.pieces = [SOUND[start:end], answers.reset()]
            return part

        return answer

    def last(sending: Sending) -> Incoming:
        return rest(sending, etag='"v1"')

    data, io = fetched(cut(ends[0], etag='"v1"'), *(longer(end) for end in ends[1:]), last)
    assert data == SOUND
    assert len(io.sendings) == 10


def test_what_comes_too_slowly_is_no_progress() -> None:
    def drip(sending: Sending) -> Incoming:
        start = int(sending.request.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        part = rest(sending, etag='"v1"')
        part.pieces = [SOUND[start : start + 100], TransportFailure("timeout", "yes", "ReadTimeout")]
        return part

    failed(cut(50_000, etag='"v1"'), *([drip] * 5))


@pytest.mark.parametrize("status", [302, 405, 413])
def test_a_refusal_is_final(status: int) -> None:
    error = failed(Incoming(status))
    assert error.http_status == status


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_refused_url_is_renewed_through_the_job_once(status: int) -> None:
    io = VirtualIO([answers.succeeded("https://results.example.com/new?signature=def")], [Incoming(status), whole()])
    assert result(io).bytes() == [SOUND]
    assert io.requests == [f"GET /v2/text-to-sfx/v1.5/jobs/{answers.JOB_ID}"]
    assert io.sendings[1].request.url == "https://results.example.com/new?signature=def"
    io = VirtualIO([answers.succeeded()], [Incoming(status), Incoming(status)])
    with pytest.raises(DownloadError) as caught:
        result(io).bytes()
    assert caught.value.http_status == status
    assert ("the signed URL has expired" in caught.value.message) == (status in (403, 410))


def test_a_refusal_is_told_in_the_stores_words() -> None:
    body = b"<Error><Code>SignatureDoesNotMatch</Code><Message>The signature\n does not match.</Message></Error>"
    refusals = [Incoming(403, {}, [body[:30], body[30:]]) for _ in range(2)]
    with pytest.raises(DownloadError) as caught:
        result(VirtualIO([answers.succeeded()], refusals)).bytes()
    assert "SignatureDoesNotMatch: The signature does not match." in caught.value.message
    assert "expired" not in caught.value.message


def test_a_redirect_names_the_host_it_leads_to_and_nothing_else() -> None:
    error = failed(Incoming(302, {"location": "https://evil.example/path?secret=1"}))
    assert "evil.example" in error.message
    assert "path" not in error.message
    assert "secret" not in error.message


def test_an_expired_url_without_a_job_or_its_result_is_final() -> None:
    io = VirtualIO(foreign=[Incoming(403)])
    with pytest.raises(DownloadError, match="expired"):
        result(io, record=None).bytes()
    for lost in (answers.processing(), answers.reply(200, {"status": "succeeded"})):
        with pytest.raises(DownloadError, match="expired"):
            result(VirtualIO([lost], [Incoming(403)])).bytes()
    with pytest.raises(MireloError) as caught:
        result(VirtualIO([answers.problem(404, "job_not_found")], [Incoming(403)])).bytes()
    assert caught.value.code == "job_not_found"


# --- wholeness and refusals ------------------------------------------------------------------------------------------


def test_without_a_length_the_container_must_prove_itself() -> None:
    unmeasured = Incoming(200, {"content-type": "audio/wav"}, pieces(SOUND))
    assert fetched(unmeasured)[0] == SOUND
    short = Incoming(200, {"content-type": "audio/wav"}, pieces(SOUND[:-1]))
    assert fetched(short, whole())[0] == SOUND
    io = VirtualIO(foreign=lambda _: Incoming(200, {"content-type": "audio/mpeg"}, [b"ID3" + bytes(5000)]))
    with pytest.raises(DownloadError, match="nothing proves that the file is whole"):
        result(io).bytes()
    assert len(io.sendings) == 5


def test_an_unproved_file_is_resumed_behind_its_last_byte(tmp_path: Path) -> None:
    cut_off = Incoming(200, {"content-type": "audio/wav", "etag": '"v1"'}, pieces(SOUND[:100_000]))
    io = VirtualIO(
        foreign=lambda sending: rest(sending, etag='"v1"') if "Range" in sending.request.headers else cut_off
    )
    (saved,) = result(io).download(tmp_path)
    assert saved.read_bytes() == SOUND


def test_fewer_bytes_than_announced_are_not_whole() -> None:
    answer = whole()
    answer.pieces = pieces(SOUND[:-1])
    assert fetched(answer, whole())[0] == SOUND


@pytest.mark.parametrize("encoding", ["gzip", "br", "x" * 500])
def test_an_encoding_is_refused(encoding: str) -> None:
    message = failed(whole(content_encoding=encoding)).message
    assert "not asked for" in message
    assert len(message) < 200
    assert fetched(whole(content_encoding="identity"))[0] == SOUND


def test_what_is_no_sound_is_refused() -> None:
    page = b"<!doctype html>" + bytes(5000)
    for content_type in ("text/html", "audio/wav", "audio/mpeg", ""):
        answer = Incoming(200, {"content-type": content_type, "content-length": str(len(page))}, [page])
        assert "is not audio or video" in failed(answer).message


def test_more_than_the_cap_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mirelo_ergo._runtime.jobs.fetching.LARGEST_IN_MEMORY", 100_000)
    assert "more than the cap" in failed(whole()).message
    endless = Incoming(200, {"content-type": "audio/wav"}, pieces(SOUND) * 100)
    assert "more bytes came than the cap" in failed(endless).message
    assert len(endless.pieces) > 600


def test_a_file_of_several_mebibytes_is_written_as_it_arrives(tmp_path: Path) -> None:
    sound = b"RIFF" + (5_000_000 - 8).to_bytes(4, "little") + b"WAVE" + bytes(range(250)) * 20_000
    sound = sound[:5_000_000]
    answer = Incoming(200, {"content-type": "audio/wav", "content-length": "5000000"}, pieces(sound))
    told: list[int] = []
    (saved,) = result(VirtualIO(foreign=[answer])).download(tmp_path, on_progress=lambda done, _: told.append(done))
    assert saved.read_bytes() == sound
    assert 4 <= len(told) <= 6


@pytest.mark.parametrize("headers", [{}, {"content-length": "0"}])
def test_an_empty_file_is_none(headers: dict[str, str]) -> None:
    io = VirtualIO(foreign=lambda _: Incoming(200, {"content-type": "audio/wav", **headers}))
    with pytest.raises(DownloadError, match="file came"):
        result(io).bytes()
    assert len(io.sendings) == 5


def test_exactly_the_cap_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mirelo_ergo._runtime.jobs.fetching.LARGEST_IN_MEMORY", len(SOUND))
    assert fetched(whole())[0] == SOUND


def test_a_refused_address_is_final() -> None:
    assert "private" in failed(ExternalRefused("r.example is at 10.0.0.1, a private address")).message


def test_the_cause_of_the_last_attempt_is_kept() -> None:
    error = failed(*(answers.reset() for _ in range(5)))
    assert isinstance(error.__cause__, NetworkError)
    assert error.retryable


def test_an_outage_spends_the_downloads_own_budget() -> None:
    io = VirtualIO(foreign=lambda _: Incoming(500), latency=0.0, chance=lambda: 0.0)
    client = client_over(io)
    for _ in range(40):
        with pytest.raises(DownloadError):
            JobResult(client._core, JobSucceeded([URL]), None, RECORD).bytes()
    assert len(io.sendings) == 40 + 35
    assert client._core.runtime.budget.tokens == 500


def test_a_byte_per_connection_is_no_progress() -> None:
    def drip(sending: Sending) -> Incoming:
        part = rest(sending, etag='"v1"')
        start = int(sending.request.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        part.pieces = [SOUND[start : start + 1], answers.reset()]
        return part

    io = VirtualIO(foreign=lambda sending: drip(sending) if "Range" in sending.request.headers else cut(1000))
    client = client_over(io)
    with pytest.raises(DownloadError):
        JobResult(client._core, JobSucceeded([URL]), None, RECORD).bytes()
    assert len(io.sendings) == 5


def test_retry_after_is_a_minimum() -> None:
    _, io = fetched(Incoming(503, {"retry-after": "9"}), whole())
    assert io.sleeps[0] >= 9.0

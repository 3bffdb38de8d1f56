"""Results as files with a kind, the views of them, and what comes in spite of an error."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from mirelo_ergo import IncompleteResultError, JobErrored, JobFailedError, JobResult, JobSucceeded, ResultFile
from mirelo_ergo._runtime.jobs.tokens import JobRecord
from mirelo_ergo._runtime.jobs.values import PollResult
from mirelo_ergo.mirelo.service import MIRELO_JOBS
from tests.support import answers
from tests.support.virtual import WALL, Incoming, VirtualIO, client_over
from tests.unit.test_download import SOUND, pieces

if TYPE_CHECKING:
    from pathlib import Path

    from mirelo_ergo._runtime.io.protocol import Reply
    from mirelo_ergo._runtime.jobs.values import JobStatus

RECORD = JobRecord("mirelo", "text-to-sfx", "v1.5", answers.JOB_ID, WALL, 9000, 2)
URL = "https://results.example.com/a.wav?signature=abc"


def sound(url: str = URL, **facts: Any) -> ResultFile:
    return ResultFile(url, "audio", "wav", **facts)


def result_of(io: VirtualIO, *files: ResultFile, job_api: Any = MIRELO_JOBS) -> JobResult:
    client = client_over(io)
    client._core.apis = (job_api,)
    return JobResult(client._core, JobSucceeded(files), None, RECORD)


def fetched(_: object) -> Incoming:
    return Incoming(200, {"content-type": "audio/wav", "content-length": str(len(SOUND))}, pieces(SOUND))


@pytest.mark.parametrize(
    ("url", "kind", "form"),
    [
        ("https://r.example/1.wav?signature=x", "audio", "wav"),
        ("https://r.example/1.MP4", "video", "mp4"),
        ("https://r.example/1.webm#t=1", "video", "webm"),
        ("https://r.example/1", "audio", None),
        ("https://r.example/1.exe", "audio", None),
        ("https://[r.example/1.mp4", "audio", None),
    ],
)
def test_a_urls_extension_tells_its_kind_where_nothing_else_does(url: str, kind: str, form: str | None) -> None:
    (file,) = JobSucceeded([url]).files
    assert (file.url, file.kind, file.format, file.index, file.main) == (url, kind, form, 0, True)
    assert "signature" not in repr(file)


def test_the_request_that_is_echoed_tells_the_kind() -> None:
    body = {"status": "succeeded", "result": {"result_urls": ["https://r.example/1"]}, "request": {"output": "video"}}
    polled = MIRELO_JOBS.read_status(RECORD, answers.reply(200, body), WALL)
    assert isinstance(polled.status, JobSucceeded)
    assert polled.status.files == (ResultFile("https://r.example/1", "video"),)
    assert polled.status.output == {"result_urls": ["https://r.example/1"]}


def test_urls_and_sounds_are_views_of_the_files() -> None:
    speech = ResultFile("https://r.example/1-speech.wav", "speech", "wav", main=False)
    clip = ResultFile("https://r.example/2.mp4", "video", "mp4", 1)
    result = result_of(VirtualIO(), sound(), speech, clip)
    assert result.files == (sound(), speech, clip)
    assert result.result_urls == [URL, clip.url]
    assert [each.url for each in result.audio] == [URL]
    assert result.incomplete is False


def test_every_file_gets_a_name_of_its_own(tmp_path: Path) -> None:
    files = [
        sound(),
        ResultFile("https://r.example/1-speech.wav", "speech", "wav", main=False),
        sound("https://r.example/again.wav"),
        sound("https://r.example/2.wav", index=1),
        ResultFile("https://r.example/2-odd.wav", "../Odd", "wav", 1, main=False),
    ]
    paths = result_of(VirtualIO(foreign=fetched), *files).download(tmp_path)
    stem = answers.JOB_ID
    names = [f"{stem}-1", f"{stem}-1-speech", f"{stem}-1-2", f"{stem}-2", f"{stem}-2-Odd"]
    assert [path.name for path in paths] == [f"{name}.wav" for name in names]


# --- fresh URLs ------------------------------------------------------------------------------------------------------


def signed_anew(*files: ResultFile) -> Any:
    def read_status(record: JobRecord, reply: Reply, wall: float) -> PollResult:
        return PollResult(JobSucceeded(files))

    return attrs.evolve(MIRELO_JOBS, read_status=read_status)


def test_a_url_whose_time_is_up_is_replaced_before_it_is_used() -> None:
    ended = datetime.fromtimestamp(WALL - 1, UTC)
    io = VirtualIO([answers.succeeded()], fetched)
    fresh = signed_anew(sound("https://r.example/fresh.wav"))
    assert result_of(io, sound(expires_at=ended), job_api=fresh).bytes() == [SOUND]
    assert [sending.request.url for sending in io.sendings] == ["https://r.example/fresh.wav"]


def test_a_url_whose_time_is_up_by_this_clock_alone_is_used_if_there_is_no_other() -> None:
    io = VirtualIO(lambda _: answers.problem(404, "job_not_found"), fetched)
    assert result_of(io, sound(expires_at=datetime.fromtimestamp(WALL - 1, UTC))).bytes() == [SOUND]


def test_a_url_whose_time_is_not_up_costs_no_poll() -> None:
    io = VirtualIO(foreign=fetched)
    assert result_of(io, sound(expires_at=datetime.fromtimestamp(WALL + 60, UTC))).bytes() == [SOUND]
    assert io.calls == []


def test_a_fresh_url_is_told_by_the_files_place_not_by_its_order() -> None:
    first, second = sound(variant="0"), sound("https://r.example/b.wav", variant="1")
    gone = iter([Incoming(403), fetched(None)])
    io = VirtualIO([answers.succeeded()], lambda _: next(gone))
    fresh = [attrs.evolve(each, url=each.url.replace("example", "new.example")) for each in (second, first)]
    assert result_of(io, second, job_api=signed_anew(*fresh)).bytes() == [SOUND]
    assert io.sendings[-1].request.url == fresh[0].url


# --- errors with results ---------------------------------------------------------------------------------------------


def test_an_incomplete_result_is_downloaded_from_its_error(tmp_path: Path) -> None:
    io = VirtualIO([answers.accepted(), answers.succeeded(), answers.succeeded()], fetched)
    with pytest.raises(IncompleteResultError, match="succeeded with 1 of 2 results") as caught:
        client_over(io).text_to_sfx("rain", num_samples=2).run()
    error = caught.value
    assert (error.result.incomplete, len(error.result.files)) == (True, 1)
    assert [path.read_bytes() for path in error.result.download(tmp_path)] == [SOUND]
    assert error.result.job is error.job
    kept = pickle.loads(pickle.dumps(error))
    assert (kept.result, kept.result_urls, kept.job_token) == (None, error.result_urls, error.job_token)


def test_a_sync_result_that_lacks_some_is_in_its_error(tmp_path: Path) -> None:
    io = VirtualIO([answers.result()], fetched)
    with pytest.raises(IncompleteResultError) as caught:
        client_over(io).text_to_sfx("rain", num_samples=2).sync_i_accept_http_timeout_risk()
    assert [path.read_bytes() for path in caught.value.result.download(tmp_path)] == [SOUND]
    assert caught.value.result.job is None


def ended(status: JobStatus) -> Any:
    """Make a service of one whose job ended like that."""
    api = attrs.evolve(MIRELO_JOBS, read_status=lambda record, reply, wall: PollResult(status))
    io = VirtualIO([answers.succeeded()] * 2, fetched)
    client = client_over(io)
    client._core.apis = (api,)
    return client.job(RECORD.token), io


def test_a_service_that_says_itself_that_results_are_missing_is_asked_once() -> None:
    job, io = ended(JobSucceeded([sound(), sound(index=1)], incomplete=True))
    with pytest.raises(IncompleteResultError) as caught:
        job.wait()
    assert len(caught.value.result.files) == 2
    assert len(io.calls) == 1


@pytest.mark.parametrize(("charged", "words"), [(True, "it was charged"), (None, "does not say whether it was")])
def test_a_failure_after_some_results_carries_them(charged: bool | None, words: str) -> None:
    job, _ = ended(JobErrored("unreadable", 0, "one of two", charged=charged, files=[sound()]))
    with pytest.raises(JobFailedError, match=words) as caught:
        job.wait()
    assert caught.value.result.bytes() == [SOUND]
    assert caught.value.result.incomplete


def test_a_failure_without_results_has_none() -> None:
    job, _ = ended(JobErrored("generation_failed", 502, "it broke"))
    with pytest.raises(JobFailedError, match="it was not charged") as caught:
        job.wait()
    assert caught.value.result is None

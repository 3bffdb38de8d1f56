"""The handles: a job's facts and token, waiting, updates, results, and errors that carry the job."""

from __future__ import annotations

import pickle
import re
from typing import TYPE_CHECKING, Any

import pytest

from mirelo_ergo import (
    ConfigurationError,
    DownloadError,
    IncompleteResultError,
    InvalidRequestError,
    JobErrored,
    JobFailedError,
    JobProcessing,
    JobSucceeded,
    JobTimeoutError,
    MireloError,
    NotFoundError,
    SubmitOutcomeUnknown,
)
from mirelo_ergo._runtime.io.protocol import run
from tests.support import answers
from tests.support.virtual import KEY, WALL, Incoming, Late, VirtualIO, async_client_over, client_over

if TYPE_CHECKING:
    from pathlib import Path

    from mirelo_ergo import Job, JobStatus

TWO = ("https://r.example/1?signature=a", "https://r.example/2?signature=b")


def job_over(io: VirtualIO, samples: int = 1) -> Job:
    """Submit a job; its answer is the first of the script."""
    return client_over(io).text_to_sfx("rain", num_samples=samples).submit_job()


def test_a_handle_knows_its_job() -> None:
    job = job_over(VirtualIO([answers.accepted()]))
    assert (job.job_id, job.estimated_ms) == (answers.JOB_ID, 9000)
    assert job.job_url == f"/v2/text-to-sfx/v1.5/jobs/{answers.JOB_ID}"  # ours, whatever the answer says
    assert job.token == f"mirelo2:text-to-sfx:v1.5:{answers.JOB_ID}:{int(WALL)}:9000:1"
    assert repr(job) == f"<Job text-to-sfx v1.5, 10 s {job.token}>"
    assert job_over(VirtualIO([answers.accepted(estimated_ms=None)])).estimated_ms == 30_000


def test_a_token_resumes_a_job_in_another_client() -> None:
    job = job_over(VirtualIO([answers.accepted()]))
    io = VirtualIO([answers.processing(), answers.succeeded()])
    resumed = client_over(io, base_url="https://eu.example.com").job(job.token)
    assert (resumed.job_id, resumed.token, resumed.estimated_ms) == (job.job_id, job.token, job.estimated_ms)
    assert io.calls == []
    assert resumed.status() == JobProcessing(40, "")
    assert resumed.wait().result_urls == ["https://results.example.com/1.wav?signature=abc"]
    assert set(io.requests) == {f"GET {job.job_url}"}
    with pytest.raises(InvalidRequestError, match="not a job token"):
        client_over(io).job("https://evil.example/job")


def test_a_job_id_is_escaped_in_its_path() -> None:
    job = job_over(VirtualIO([answers.accepted("a:b?c#d e%")]))
    assert job.job_url == "/v2/text-to-sfx/v1.5/jobs/a%3Ab%3Fc%23d%20e%25"


@pytest.mark.parametrize("job_id", ["a/b", "../../v2/me", "..", "a\\b"])
def test_a_job_id_that_leads_elsewhere_is_not_polled(job_id: str) -> None:
    io = VirtualIO([answers.accepted(job_id)])
    with pytest.raises(SubmitOutcomeUnknown, match=re.escape(repr(job_id))) as caught:
        job_over(io)
    assert caught.value.accepted is True
    assert len(io.calls) == 1


# --- status and wait -------------------------------------------------------------------------------------------------


def test_status_asks_once_with_re_sends() -> None:
    io = VirtualIO([answers.accepted(), answers.reset(), answers.page(502), answers.processing(7)])
    assert job_over(io).status() == JobProcessing(7, "")
    assert len(io.calls) == 4


def test_wait_gives_the_results_and_tells_of_progress() -> None:
    io = VirtualIO([answers.accepted(), answers.processing(10), answers.processing(50), answers.succeeded(*TWO)])
    job = job_over(io, samples=2)
    seen: list[int] = []
    result = job.wait(on_progress=lambda status: seen.append(status.progress_percent))
    assert seen == [10, 50]
    assert result.result_urls == list(TWO)
    assert result.job is job
    assert "signature" not in f"{result} {result!r}"


def test_run_is_submit_and_wait() -> None:
    io = VirtualIO([answers.accepted(), answers.processing(), answers.succeeded()])
    seen: list[JobProcessing] = []
    result = client_over(io).text_to_sfx("rain").run(poll_interval_ms=2000, timeout_ms=60_000, on_progress=seen.append)
    assert result.job is not None
    assert len(seen) == 1
    assert [call.at for call in io.calls][1:] == pytest.approx([1002.0, 1004.05], abs=0.1)


@pytest.mark.parametrize(("name", "value"), [("poll_interval_ms", 0), ("timeout_ms", -1), ("timeout_ms", "5000")])
def test_a_wrong_argument_of_run_is_refused_before_anything_is_paid(name: str, value: Any) -> None:
    io = VirtualIO([answers.accepted()])
    with pytest.raises(ConfigurationError, match=name):
        client_over(io).text_to_sfx("rain").run(**{name: value})
    assert io.calls == []
    job = job_over(io)
    for ask in (job.wait, job.updates):
        with pytest.raises(ConfigurationError, match=name):
            ask(**{name: value})
    assert len(io.calls) == 1


def test_a_wait_may_last_a_week() -> None:
    week = 7 * 86_400_000
    job = job_over(VirtualIO([answers.accepted(), answers.succeeded()]))
    with pytest.raises(ConfigurationError, match=f"from 1 to {week} or None"):
        job.wait(timeout_ms=week + 1)
    assert job.wait(timeout_ms=week).result_urls


def test_a_failed_job_is_an_error_of_its_own() -> None:
    io = VirtualIO([answers.accepted(), answers.errored("video_too_short", f"too short, {KEY}", 400)])
    job = job_over(io)
    with pytest.raises(JobFailedError) as caught:
        job.wait()
    error = caught.value
    assert (error.code, error.http_status, error.job, error.job_token) == ("video_too_short", 400, job, job.token)
    assert "it was not charged" in error.message
    assert KEY not in error.message
    assert not error.retryable


@pytest.mark.parametrize("again", [answers.succeeded(TWO[0]), answers.succeeded()])
def test_fewer_results_than_asked_are_looked_for_once_more(again: Any) -> None:
    few = answers.succeeded(TWO[0])
    assert job_over(VirtualIO([answers.accepted(), few, answers.succeeded(*TWO)]), 2).wait().result_urls == list(TWO)
    io = VirtualIO([answers.accepted(), few, again])
    job = job_over(io, samples=2)
    with pytest.raises(IncompleteResultError, match="1 of 2 results") as caught:
        job.wait()
    assert caught.value.job is job
    assert len(caught.value.result_urls) == 1
    assert len(io.calls) == 3


def test_a_resumed_job_asks_for_what_the_echo_says() -> None:
    token = f"mirelo1:text-to-sfx:v1.5:{answers.JOB_ID}:{int(WALL)}:9000"  # the first form does not say how many
    io = VirtualIO([answers.succeeded(TWO[0], asked=2), answers.succeeded(*TWO, asked=2)])
    assert client_over(io).job(token).wait().result_urls == list(TWO)
    empty = answers.reply(200, {"status": "succeeded", "result": {"result_urls": []}})
    with pytest.raises(IncompleteResultError, match="0 of 1 results"):
        client_over(VirtualIO([empty, empty])).job(token).wait()


def test_limits_switched_off_do_not_break_a_paid_job() -> None:
    io = VirtualIO([answers.accepted(), answers.succeeded(*TWO), answers.result(*TWO)])
    request = client_over(io, check_limits=False).text_to_sfx("rain", num_samples="2")  # type: ignore[arg-type]  # to the service's taste
    assert request.run().result_urls == list(TWO)
    assert request.sync_i_accept_http_timeout_risk().result_urls == list(TWO)


def test_the_first_final_answer_wins() -> None:
    io = VirtualIO([answers.accepted(), answers.succeeded(), answers.processing(), answers.errored()])
    job = job_over(io)
    first = job.status()
    assert isinstance(first, JobSucceeded)
    assert job.status() is first
    assert job.status() is first
    assert job.wait().result_urls == first.result_urls
    assert len(io.calls) == 4


def test_a_fresher_success_has_fresher_urls() -> None:
    io = VirtualIO([answers.accepted(), answers.succeeded(TWO[0]), answers.succeeded(TWO[1])])
    job = job_over(io)
    assert job.wait().result_urls == [TWO[0]]
    assert job.status() == JobSucceeded([TWO[1]])


def test_a_failure_that_was_seen_stays_one() -> None:
    io = VirtualIO([answers.accepted(), answers.errored("invalid_video"), answers.processing()])
    job = job_over(io)
    for _ in range(2):
        with pytest.raises(JobFailedError) as caught:
            job.wait()
        assert caught.value.code == "invalid_video"
    assert isinstance(job.status(), JobErrored)
    assert len(io.calls) == 3


# --- updates ---------------------------------------------------------------------------------------------------------


def test_updates_give_each_status_and_the_final_one_last() -> None:
    io = VirtualIO([answers.accepted(), answers.processing(10), answers.page(502), answers.processing(60)])
    answer = io._answer
    io._answer = lambda request: answer(request) if len(io.calls) < 5 else answers.succeeded()
    job = job_over(io)
    updates = job.updates()
    assert iter(updates) is updates
    assert [status.status for status in updates] == ["processing", "processing", "succeeded"]
    assert list(updates) == []


def test_a_failed_job_is_a_status_of_its_updates() -> None:
    job = job_over(VirtualIO([answers.accepted(), answers.processing(), answers.errored()]))
    assert [status.status for status in job.updates()] == ["processing", "errored"]


def test_updates_of_a_job_that_is_done_end_with_its_first_final_status() -> None:
    io = VirtualIO([answers.accepted(), answers.succeeded(TWO[0]), answers.processing()])
    job = job_over(io)
    job.status()
    assert list(job.updates()) == [JobSucceeded([TWO[0]])]


def test_updates_end_with_an_error_at_the_deadline() -> None:
    io = VirtualIO(lambda request: answers.accepted() if request.method == "POST" else answers.processing())
    job = job_over(io)
    seen: list[JobStatus] = []
    with pytest.raises(JobTimeoutError) as caught:
        seen.extend(job.updates(poll_interval_ms=1000, timeout_ms=5500))
    assert caught.value.job is job
    assert [status.status for status in seen] == ["processing"] * 4
    assert len(io.calls) - 1 == 5  # the fifth was the last poll


# --- callbacks, Ctrl-C, errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("mistake", [ValueError("mine"), OSError("mine"), StopIteration(), JobTimeoutError("mine")])
def test_what_a_callback_raises_passes_unchanged(mistake: Exception) -> None:
    def callback(status: JobProcessing) -> None:
        raise mistake

    job = job_over(VirtualIO([answers.accepted(), answers.processing()]))
    with pytest.raises((type(mistake), RuntimeError)) as caught:
        job.wait(on_progress=callback)
    # inside a coroutine, Python itself turns a StopIteration into a RuntimeError
    assert caught.value is mistake or (isinstance(mistake, StopIteration) and caught.value.__cause__ is mistake)


def test_an_error_keeps_the_job_it_is_about() -> None:
    other = job_over(VirtualIO([answers.accepted("another")]))
    mistake = JobTimeoutError("of another job")
    mistake.job, mistake.job_token = other, other.token

    def callback(status: JobProcessing) -> None:
        raise mistake

    with pytest.raises(JobTimeoutError) as caught:
        job_over(VirtualIO([answers.accepted(), answers.processing()])).wait(on_progress=callback)
    assert (caught.value.job, caught.value.job_token) == (other, other.token)


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), SystemExit(3)])
def test_ctrl_c_passes_with_the_token_in_a_note(stop: BaseException) -> None:
    io = VirtualIO([answers.accepted(), answers.processing(), stop])
    job = job_over(io)
    with pytest.raises(type(stop)) as caught:
        job.wait()
    assert caught.value is stop
    assert stop.__notes__ == [f"mirelo_ergo: the job goes on; resume it with client.job({job.token!r})"]
    assert not any(request.startswith(("DELETE", "POST")) for request in io.requests[1:])


def test_a_mistake_of_the_user_gets_no_note() -> None:
    job = job_over(VirtualIO([answers.accepted(), ValueError("from a transport of the user")]))
    with pytest.raises(ValueError, match="from a transport") as caught:
        job.status()
    assert not hasattr(caught.value, "__notes__")


def test_a_mistake_of_the_user_within_run_leads_back_to_the_job() -> None:
    """What `run()` has paid for is known nowhere else."""

    def mistaken(_: object) -> None:
        raise KeyError("of a callback")

    request = client_over(VirtualIO([answers.accepted(), answers.processing()])).text_to_sfx("rain")
    with pytest.raises(KeyError) as caught:
        request.run(on_progress=mistaken)
    assert answers.JOB_ID in caught.value.__notes__[0]


def test_every_error_after_the_submit_has_the_job(tmp_path: Path) -> None:
    io = VirtualIO(
        [answers.accepted(), answers.problem(404, "job_not_found"), *(answers.succeeded() for _ in range(3))],
        [Incoming(404)] * 4,
    )
    job = job_over(io)
    io.clock += 10
    with pytest.raises(NotFoundError) as missing:
        job.status()
    assert (missing.value.job, missing.value.job_token) == (job, job.token)
    result = job.wait()
    for fetch in (lambda: result.download(tmp_path), result.bytes):
        with pytest.raises(DownloadError) as caught:
            fetch()
        assert caught.value.job is job


# --- /sync -----------------------------------------------------------------------------------------------------------


def test_a_sync_call_waits_as_long_as_it_may_and_takes_the_submit_pool() -> None:
    io = VirtualIO([Late(500.0, answers.result())])
    result = client_over(io).text_to_sfx("rain").sync_i_accept_http_timeout_risk()
    assert result.job is None
    assert len(result.result_urls) == 1
    request = io.calls[0].request
    assert (request.path, request.submit, request.long) == ("/v2/text-to-sfx/v1.5/sync", True, True)


def test_fewer_results_of_a_sync_call_are_named_and_kept() -> None:
    io = VirtualIO([answers.result(TWO[0])])
    with pytest.raises(IncompleteResultError, match="2 results were asked for and 1 came") as caught:
        client_over(io).text_to_sfx("rain", num_samples=2).sync_i_accept_http_timeout_risk()
    assert caught.value.result_urls == [TWO[0]]
    assert caught.value.job is None


# --- the other colour ------------------------------------------------------------------------------------------------


def test_the_async_face_does_all_of_it(tmp_path: Path) -> None:
    sound = b"RIFF\x04\x00\x00\x00WAVE"

    def far(_: object) -> Incoming:
        return Incoming(200, {"content-type": "audio/wav", "content-length": "12"}, [sound])

    script = [answers.me(), answers.preflight(), answers.accepted(), answers.processing(), answers.succeeded()]
    script += [answers.processing(), answers.succeeded(), answers.accepted(), answers.succeeded(), answers.result()]
    io = VirtualIO(script, far)

    async def tour() -> None:
        async with async_client_over(io) as client:
            assert (await client.me()).credits_available == 4200
            request = client.text_to_sfx("rain")
            assert repr(request) == "<AsyncGenerationRequest text-to-sfx v1.5, 10 s>"
            assert (await request.preflight()).credits == 20
            job = await request.submit_job()
            assert (await job.status()).status == "processing"
            result = await job.wait()
            assert (result.job, await result.bytes()) == (job, [sound])
            assert repr(result) == "<AsyncJobResult of text-to-sfx v1.5, 10 s: 1 audio (wav) at results.example.com>"
            assert len(await result.download(tmp_path)) == 1
            updates = client.job(job.token).updates()
            assert [status.status async for status in updates] == ["processing", "succeeded"]
            assert [status async for status in updates] == []
            del job, result, updates  # the next job has the same id
            assert (await request.run(poll_interval_ms=1000)).job is not None
            assert (await request.sync_i_accept_http_timeout_risk()).job is None
        with pytest.raises(ConfigurationError, match="closed"):
            await client.me()

    run(tour())


def test_async_errors_carry_the_job() -> None:
    io = VirtualIO([answers.accepted(), answers.errored(), answers.problem(404, "job_not_found")])

    async def tour() -> None:
        job = await async_client_over(io).text_to_sfx("rain").submit_job()
        with pytest.raises(JobFailedError) as caught:
            await job.wait()
        assert caught.value.job is job
        io.clock += 10
        with pytest.raises(MireloError) as missing:
            await job.status()
        assert missing.value.job is job

    run(tour())


def test_a_job_that_a_worker_process_returns_says_how_to_resume_it() -> None:
    job = job_over(VirtualIO([answers.accepted(), answers.succeeded()]))
    for value in (job, job.wait()):
        with pytest.raises(TypeError, match=re.escape(f"client.job({job.token!r})")):
            pickle.dumps(value)

"""The gateway's jobs over a virtual clock: what their answers mean, how they are waited for, tokens, webhooks."""

from __future__ import annotations

import inspect
import logging
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from mirelo_ergo_api.pixazo.api.requests import get_request_status
from mirelo_ergo_api.pixazo.api.sound_effects import text_to_audio
from mirelo_ergo_api.pixazo.models import QueuedRequest, RequestStatus, TextToAudioRequest

from mirelo_ergo import (
    IncompleteResultError,
    InsufficientCreditsError,
    InvalidRequestError,
    JobErrored,
    JobFailedError,
    JobProcessing,
    JobSucceeded,
    JobTimeoutError,
    MireloClient,
    NotFoundError,
    PixazoClient,
    ServerError,
    Webhook,
    WebhookInbox,
    capabilities,
)
from mirelo_ergo._runtime.io.protocol import run
from tests.support.answers import reply
from tests.support.gateway import REQUEST_ID, URL, completed, job_over, queued
from tests.support.gateway import problem as error
from tests.support.gateway import status as told
from tests.support.virtual import KEY, START, WALL, VirtualIO, async_pixazo_over, body_of, client_over, pixazo_over

if TYPE_CHECKING:
    pass

CLIP = "https://clips.example.com/walk.mp4?signature=abc"
TEXT = "/mirelo-sfx-1-6-text-to-audio/v1/mirelo-sfx-1-6-text-to-audio-request"
STATUS = f"/v2/requests/status/{REQUEST_ID}"
CREATED = datetime(2026, 5, 22, 13, 17, 32, 110_000, UTC)
ENDED = datetime(2026, 5, 22, 13, 19, 23, tzinfo=UTC)
TIMES: Any = {"created_at": CREATED, "completed_at": ENDED}


# --- jobs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (told("QUEUED"), JobProcessing(0, "", "QUEUED", created_at=CREATED)),
        (told("PROCESSING"), JobProcessing(0, "", "PROCESSING", created_at=CREATED)),
        (told("RESTING"), JobProcessing(0, "", "RESTING", created_at=CREATED)),
        (told("completed"), JobProcessing(0, "", "completed", created_at=CREATED)),
        (completed(), JobSucceeded([URL], **TIMES)),
        (completed(URL, "https://m.example/2"), JobSucceeded([URL, "https://m.example/2"], **TIMES)),
        (told("COMPLETED", {"media_url": URL}), JobSucceeded([URL], **TIMES)),
        (told("COMPLETED"), JobSucceeded([], **TIMES)),
        (told("COMPLETED", ["odd"]), JobSucceeded([], **TIMES)),
        (told("FAILED", error="no frames"), JobErrored("FAILED", 0, "no frames", charged=None, **TIMES)),
        (told("ERROR", error=""), JobErrored("ERROR", 0, "the service gave no reason", charged=False, **TIMES)),
        (reply(200, {"status": "PROCESSING"}), JobProcessing(0, "", "PROCESSING")),
        (reply(200, {"status": "COMPLETED", "output": {"media_url": [URL]}}), JobSucceeded([URL])),
    ],
)  # fmt: skip
def test_a_status_is_read_tolerantly(answer: Any, status: Any) -> None:
    io = VirtualIO([queued(), answer])
    read = job_over(io).status()
    assert read == status
    assert repr(read) == repr(status)  # the times too, which do not count when two are compared
    assert io.requests == [f"POST {TEXT}", f"GET {STATUS}"]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-05-22T13:17:32.110Z", CREATED),
        ("2026-05-22 13:19:23", ENDED),
        ("2026-05-22T15:19:23+02:00", ENDED),
        ("2026-05-22T13:19:23", ENDED),
        ("yesterday", None),
        ("", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9" * 50, None),
        (1_779_456_000, None),
        (None, None),
        (["2026-05-22 13:19:23"], None),
    ],
)
def test_times_are_aware_and_in_utc_and_a_broken_one_costs_no_result(text: object, moment: datetime | None) -> None:
    io = VirtualIO([queued(), completed(created_at=text, completed_at=text)])
    status = job_over(io).status()
    assert isinstance(status, JobSucceeded)
    assert (status.result_urls, status.created_at, status.completed_at) == ([URL], moment, moment)
    assert moment is None or (status.created_at and status.created_at.tzinfo is not None)


def test_a_whole_job() -> None:
    answers = [queued(), told("QUEUED"), told("PROCESSING"), completed(URL, "https://m.example/2")]
    io = VirtualIO(answers, chance=lambda: 0.0)
    seen: list[str] = []
    result = (
        pixazo_over(io).text_to_audio("rain", num_samples=2).run(on_progress=lambda job: seen.append(job.raw_status))
    )
    assert seen == ["QUEUED", "PROCESSING"]
    assert result.result_urls == [URL, "https://m.example/2"]
    assert result.job is not None
    assert result.job.token == f"pixazo2:text-to-audio:v1.6:{REQUEST_ID}:{int(WALL)}::2"
    assert io.requests[1:] == [f"GET {STATUS}"] * 3


def test_a_whole_job_awaited() -> None:
    io = VirtualIO([queued(), told("PROCESSING"), completed()])
    assert run(async_pixazo_over(io).video_to_video(CLIP).run()).result_urls == [URL]


@pytest.mark.parametrize(("patient", "most", "polls"), [(False, 10.0, 60), (True, 30.0, 33)])
@pytest.mark.parametrize("chance", [0.0, 0.999])
def test_polls_come_at_the_gateways_pace(chance: float, patient: bool, most: float, polls: int) -> None:
    answer = {"POST": queued(), "GET": told("PROCESSING")}
    io = VirtualIO(lambda request: answer[request.method], latency=0.0, chance=lambda: chance)
    with pytest.raises(JobTimeoutError):
        job_over(io).wait(timeout_ms=300_000, patient=patient)
    *moments, _ = [call.at - START for call in io.calls]  # the last poll is the deadline's
    gaps = [later - sooner for sooner, later in pairwise(moments)]
    assert min(gaps) >= 5.0
    assert max(gaps) <= most + 1e-6
    assert len(moments) < polls


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        ("FAILED", "FAILED", "the service does not say whether it was charged"),
        ("ERROR", "ERROR", "it was not charged"),
    ],
)
def test_a_failed_job_says_what_the_service_said(status: str, code: str, words: str) -> None:
    io = VirtualIO([queued(), told(status, error=f"no frames in it, {KEY}")])
    job = job_over(io)
    with pytest.raises(JobFailedError) as caught:
        job.wait()
    assert caught.value.message == f"the job failed: no frames in it, *** ({code}); {words}"
    assert (caught.value.code, caught.value.job, caught.value.job_token) == (code, job, job.token)


def test_a_completed_job_without_its_output_is_asked_once_more() -> None:
    io = VirtualIO([queued(), told("COMPLETED"), completed()])
    assert job_over(io).wait().result_urls == [URL]
    io = VirtualIO([queued(), told("COMPLETED"), told("COMPLETED")])
    with pytest.raises(IncompleteResultError, match="succeeded with 0 of 1 results"):
        job_over(io).wait()
    io = VirtualIO([queued(), completed(), completed()])
    with pytest.raises(IncompleteResultError, match="succeeded with 1 of 3 results") as caught:
        job_over(io, num_samples=3).wait()
    assert caught.value.result_urls == [URL]


def test_an_unknown_status_is_warned_of_once_and_a_known_one_never(caplog: pytest.LogCaptureFixture) -> None:
    answers = [queued(), told("QUEUED"), told("RESTING"), told("RESTING"), told("PROCESSING"), completed()]
    with caplog.at_level(logging.WARNING, logger="mirelo_ergo"):
        statuses = list(job_over(VirtualIO(answers)).updates())
    assert [status.status for status in statuses] == ["processing"] * 4 + ["succeeded"]
    (record,) = caplog.records
    assert "'RESTING'" in record.getMessage()


def test_errors_of_a_status_question() -> None:
    io = VirtualIO([queued(), error(404, "Request not found")] * 1 + [error(404, "Request not found")] * 3)
    with pytest.raises(NotFoundError):
        job_over(io).status()
    with pytest.raises(ServerError):
        job_over(VirtualIO([queued()] + [error(500, "Internal Server Error")] * 5)).status()
    with pytest.raises(InsufficientCreditsError):
        job_over(VirtualIO([queued(), error(402, "Insufficient Balance")])).wait()


# --- tokens ----------------------------------------------------------------------------------------------------------


def test_a_token_resumes_a_job_at_the_clients_own_address() -> None:
    job = job_over(VirtualIO([queued("a b?c")]))
    assert job.job_url == "/v2/requests/status/a%20b%3Fc"
    io = VirtualIO([completed(request_id="a b?c")])
    resumed = pixazo_over(io, base_url="https://eu.gateway.example").job(job.token)
    assert (resumed.job_id, resumed.token, resumed.estimated_ms) == ("a b?c", job.token, 30_000)
    assert resumed.wait().result_urls == [URL]
    assert io.requests == [f"GET {job.job_url}"]


def test_a_resumed_job_knows_how_many_results_were_asked_for() -> None:
    token = job_over(VirtualIO([queued()]), num_samples=3).token
    with pytest.raises(IncompleteResultError, match="succeeded with 1 of 3 results"):
        pixazo_over(VirtualIO([completed(URL), completed(URL)])).job(token).wait()


def test_a_token_belongs_to_its_service() -> None:
    theirs = "mirelo1:text-to-sfx:v1.5:abc:1772366400:9000"
    ours = job_over(VirtualIO([queued()])).token
    with pytest.raises(InvalidRequestError, match=r"a job at mirelo, .* speaks to pixazo: use mirelo's own"):
        pixazo_over(VirtualIO()).job(theirs)
    with pytest.raises(InvalidRequestError, match=r"a job at pixazo, .* speaks to mirelo: use pixazo's own"):
        client_over(VirtualIO()).job(ours)
    for token in ("pixazo1:text-to-audio:v1.0:a:1:", "pixazo2:text-to-sfx:v1.6:a:1::"):
        with pytest.raises(InvalidRequestError, match="this version knows no family"):
            pixazo_over(VirtualIO()).job(token)
    with pytest.raises(InvalidRequestError, match=r"not a job token \(pixazo2:family:model:id:"):
        pixazo_over(VirtualIO()).job("https://gateway.pixazo.ai/v2/requests/status/req_1")


# --- webhooks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["terminal", "sync"])
def test_a_webhook_is_ordered_with_the_submit(mode: Any) -> None:
    io = VirtualIO([queued()])
    pixazo_over(io).video_to_audio(CLIP).submit_job(webhook=Webhook("https://hooks.example.com/7c0e", mode=mode))
    assert io.calls[0].request.headers == (
        ("X-Webhook-URL", "https://hooks.example.com/7c0e"),
        ("X-Webhook-Mode", mode),
    )
    assert "hooks" not in body_of(io.calls[0].request).decode()


def test_what_is_no_webhook_or_inbox_is_refused_before_anything_is_paid() -> None:
    request = pixazo_over(VirtualIO()).text_to_audio("rain")
    wrong: Any = "https://hooks.example.com/7c0e"
    with pytest.raises(InvalidRequestError, match=r"webhook is str: give Webhook\("):
        request.submit_job(wrong)
    with pytest.raises(InvalidRequestError, match="webhooks is str: give the WebhookInbox"):
        request.run(webhooks=wrong)


def test_a_service_without_webhooks_says_so_before_anything_is_paid() -> None:
    io = VirtualIO([queued()])
    request = client_over(io, max_credits=5).text_to_sfx("rain")
    with pytest.raises(InvalidRequestError, match="webhook=: mirelo sends no webhooks") as caught:
        request.submit_job(webhook=Webhook("https://hooks.example.com/7c0e"))
    assert caught.value.field == "webhook"
    with pytest.raises(InvalidRequestError, match="webhooks=: mirelo sends no webhooks"):
        request.run(webhooks=WebhookInbox())
    with pytest.raises(InvalidRequestError, match="webhooks=: mirelo sends no webhooks"):
        client_over(io).job("mirelo1:text-to-sfx:v1.5:abc:1772366400:9000").wait(webhooks=WebhookInbox())
    assert io.calls == []


# --- the generated client, and what there is -------------------------------------------------------------------------


def test_low_level_calls_go_out_with_our_key_and_headers() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        made = queued() if request.method == "POST" else completed()
        return httpx.Response(made.status, content=made.body)

    with PixazoClient(KEY, transport=httpx.MockTransport(answer)) as client:
        low = client.low_level
        assert low is client.low_level
        body = TextToAudioRequest(text_prompt="rain")
        sent = text_to_audio.sync(client=low, body=body, x_webhook_url="https://hooks.example.com/1")
        assert isinstance(sent, QueuedRequest)
        assert isinstance(get_request_status.sync(sent.request_id, client=low), RequestStatus)
    assert [request.headers["ocp-apim-subscription-key"] for request in seen] == [KEY] * 2
    assert [request.headers["cache-control"] for request in seen] == ["no-cache"] * 2
    assert seen[0].headers["x-webhook-url"] == "https://hooks.example.com/1"
    assert "x-webhook-mode" not in seen[0].headers


def test_low_level_errors_are_ours() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(402, json={"error": "Insufficient Balance", "message": f"no money for {KEY}"})

    client = PixazoClient(KEY, transport=httpx.MockTransport(answer))
    with client, pytest.raises(InsufficientCreditsError) as caught:
        get_request_status.sync("req_1", client=client.low_level)
    assert KEY not in f"{caught.value} {caught.value.body}"


def test_capabilities_are_the_clients_methods() -> None:
    made: dict[str, Any] = {"mirelo": MireloClient, "pixazo": PixazoClient}
    methods = {
        service: {
            name
            for name, value in inspect.getmembers(client, inspect.isfunction)
            if not name.startswith("_") and value.__annotations__.get("return") in ("RequestT", "MidiT")
        }
        for service, client in made.items()
    }
    assert {service: capabilities()[service] for service in made} == methods
    assert capabilities()["pixazo"] == {"text_to_audio", "video_to_video", "video_to_audio"}
    music = {"text_to_music", "video_to_music", "audio_to_midi"}
    assert capabilities()["mirelo"] == {"text_to_sfx", "video_to_sfx", "extend_audio", "inpaint_audio", *music}
    assert all(isinstance(names, frozenset) for names in capabilities().values())
    with pytest.raises(TypeError):
        capabilities()["another"] = frozenset()  # type: ignore[index]  # what a caller without types may try


def test_the_headers_that_order_webhooks_are_the_specs() -> None:
    from mirelo_ergo_api.pixazo.limits import LIMITS

    from mirelo_ergo.pixazo.webhooks import WEBHOOKS

    for operation in ("textToAudio", "videoToVideo", "videoToAudio"):
        assert set(LIMITS[operation]) == {name for name, _ in WEBHOOKS.order(Webhook("https://a.example/")).headers}

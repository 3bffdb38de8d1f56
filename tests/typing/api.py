"""What a user writes, with every public name and in both colours. Checked by mypy --strict and pyright, never run."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal, assert_never, assert_type

import httpx
from mirelo_ergo_api.mirelo_v2.answers import success
from mirelo_ergo_api.mirelo_v2.api.account import get_me
from mirelo_ergo_api.mirelo_v2.client import AuthenticatedClient
from mirelo_ergo_api.mirelo_v2.models import ErrorResponse, Me
from mirelo_ergo_api.pixazo.answers import success as pixazo_success
from mirelo_ergo_api.pixazo.api.sound_effects import text_to_audio
from mirelo_ergo_api.pixazo.models import QueuedRequest, QueueError, TextToAudioRequest

import mirelo_ergo
from mirelo_ergo import (
    INSTRUMENTS,
    APIStatusError,
    AppRequest,
    AsyncAppRequest,
    AsyncGenerationRequest,
    AsyncInferenceClient,
    AsyncJob,
    AsyncJobRequest,
    AsyncJobResult,
    AsyncJobUpdates,
    AsyncLipsyncRequest,
    AsyncMidiJob,
    AsyncMidiRequest,
    AsyncMidiResult,
    AsyncMireloClient,
    AsyncPage,
    AsyncPixazoClient,
    AsyncSyncSoClient,
    Audio,
    AudioError,
    AuthenticationError,
    ConfigurationError,
    CostLimitError,
    CreditRecovery,
    DetectedInstruments,
    DownloadError,
    GenerationRequest,
    IncompleteResultError,
    InferenceClient,
    Instrument,
    InsufficientCreditsError,
    InvalidRequestError,
    Job,
    JobError,
    JobErrored,
    JobEvent,
    JobExpiredError,
    JobFailedError,
    JobProcessing,
    JobRequest,
    JobResult,
    JobStatus,
    JobSucceeded,
    JobTimeoutError,
    JobUpdates,
    LipsyncRequest,
    MediaHeaders,
    MeResult,
    MidiJob,
    MidiNote,
    MidiRequest,
    MidiResult,
    MireloClient,
    MireloError,
    ModelInfo,
    NetworkError,
    NotFoundError,
    Page,
    PermissionDeniedError,
    PixazoClient,
    PreflightResult,
    RateLimitError,
    RequestTimeoutError,
    RequirementsNotMetError,
    ResultFile,
    ResultOutput,
    ResultVariant,
    ScorePdf,
    ServerError,
    SourceChangedError,
    SubmitOutcomeUnknown,
    SyncResult,
    SyncSoClient,
    UnexpectedResponseError,
    UploadError,
    Video,
    VideoError,
    Webhook,
    WebhookError,
    WebhookInbox,
    WebhookSignatureError,
    capabilities,
    check_folder,
    check_name,
    inference_sh,
    list_models,
    parse_webhook,
    service_of,
    sync_so,
)
from mirelo_ergo.batch import Batch, Entry, Item, Step, Summary
from mirelo_ergo.emulator import Asset, Charge, Clock, Emulator, SeenJob, SeenRequest, faults, running, serve
from mirelo_ergo.webhooks import asgi_app


def on_upload(sent: int, total: int) -> None:
    print(sent, total)


def on_download(done: int, total: int | None) -> None:
    print(done, total)


def on_wait(status: JobProcessing) -> None:
    print(assert_type(status.progress_percent, int), assert_type(status.estimated_completion_at, str))


def clients(context: ssl.SSLContext, transport: httpx.BaseTransport, awaited: httpx.AsyncBaseTransport) -> None:
    MireloClient()
    MireloClient("sk-key", host="api.example.com", timeout_ms=600_000, retries=0, backoff_ms=1_000)
    MireloClient(
        api_key="sk-key",
        base_url="https://api.example.com",
        retries=None,
        extra_headers={"X-Team": "foley"},
        proxy="http://proxy.example:3128",
        verify="certificates.pem",
        allow_private_hosts=True,
        max_credits=100,
        check_limits=False,
        model="v1.6",
    )
    MireloClient(verify=context, transport=transport)
    MireloClient(http_client=httpx.Client(), verify=False)
    AsyncMireloClient(verify=context, transport=awaited, model=None)
    AsyncMireloClient(http_client=httpx.AsyncClient())
    assert_type(mirelo_ergo.__version__, str)


def videos(file: BinaryIO, path: Path) -> list[Video]:
    return [
        Video.from_path("clip.mp4"),
        Video.from_path(path, content_type="video/mp4", on_progress=on_upload),
        Video.from_url("https://media.example.com/clip.mp4"),
        Video.from_bytes(b"...", content_type="video/webm", on_progress=on_upload),
        Video.from_file(file, size=1000, content_type="video/mp4", on_progress=on_upload),
    ]


def sounds(file: BinaryIO, path: Path) -> list[Audio]:
    return [
        Audio.from_path("rain.wav"),
        Audio.from_path(path, content_type="audio/flac", on_progress=on_upload),
        Audio.from_url("https://media.example.com/rain.wav"),
        Audio.from_bytes(b"...", on_progress=on_upload),
        Audio.from_bytes(b"...", content_type="audio/ogg"),
        Audio.from_file(file, size=1000, content_type="audio/wav", on_progress=on_upload),
    ]


def blocking(path: Path, video: Video, audio: Audio) -> None:
    with MireloClient() as client:
        assert_type(client, MireloClient)
        me = assert_type(client.me(), MeResult)
        assert_type((me.id, me.email, me.credits_available, me.overage_enabled), tuple[str, str, int, bool | None])
        request = assert_type(client.text_to_sfx("rain"), GenerationRequest)
        client.text_to_sfx("rain", duration_ms=5000, num_samples=2, max_credits=10)
        assert_type(client.text_to_sfx("waves", loop=True, model="v1.6"), GenerationRequest)
        assert_type(client.video_to_sfx(video, duration_ms=5000, prompt="boots", model="v1.6"), GenerationRequest)
        assert_type(
            client.extend_audio("rain.wav", append_duration_ms=5000, prompt="rain", loop=True), GenerationRequest
        )
        client.extend_audio(
            path, append_duration_ms=5000, video=video, start_offset_ms=100, num_samples=2, max_credits=10
        )
        assert_type(client.inpaint_audio(audio, segment=(1000, 2000), prompt="a clap"), GenerationRequest)
        client.inpaint_audio(audio, segment=(1000, 2000), video=path, num_samples=2, model="v1.6", max_credits=10)
        models(client.models())
        client.video_to_sfx("clip.mp4", duration_ms=5000)
        client.video_to_sfx(path, duration_ms=5000, start_offset_ms=100, num_samples=2, output="video", max_credits=10)
        client.video_to_sfx(video, duration_ms=5000)
        cost = assert_type(request.preflight(), PreflightResult)
        assert_type((cost.credits, cost.estimated_ms), tuple[int, int])
        job = assert_type(request.submit_job(), Job)
        assert_type((job.job_id, job.job_url, job.estimated_ms, job.token), tuple[str, str, int, str])
        assert_type(client.job(job.token), Job)
        assert_type(job.updates(poll_interval_ms=500, timeout_ms=60_000, patient=True), JobUpdates)
        for status in job.updates():
            describe(assert_type(status, JobStatus))
        result = assert_type(job.wait(500, 60_000, on_wait, patient=True), JobResult)
        assert_type(request.run(poll_interval_ms=500, timeout_ms=60_000, on_progress=on_wait, patient=True), JobResult)
        assert_type(request.sync_i_accept_http_timeout_risk(), SyncResult)
        assert_type(result.result_urls, list[str])
        client.extend_audio(assert_type(result.audio, list[Audio])[0], append_duration_ms=2000)
        assert_type(result.job, Job | None)
        assert_type(result.download("out/", overwrite=True, on_progress=on_download), list[Path])
        assert_type(result.download(path), list[Path])
        assert_type(result.bytes(), list[bytes])
        assert_type(client.low_level, AuthenticatedClient)
        assert_type(get_me.sync(client=client.low_level), ErrorResponse | Me | None)
        assert_type(success(get_me.sync(client=client.low_level)), Me)
    client.close()


async def awaiting(path: Path, video: Video, audio: Audio) -> None:
    async with AsyncMireloClient() as client:
        assert_type(client, AsyncMireloClient)
        assert_type(await client.me(), MeResult)
        request = assert_type(client.text_to_sfx("rain", duration_ms=5000, num_samples=2), AsyncGenerationRequest)
        client.video_to_sfx(path, duration_ms=5000, start_offset_ms=100, num_samples=2, output="video", max_credits=10)
        client.video_to_sfx(video, duration_ms=5000)
        assert_type(client.text_to_sfx("waves", loop=True, model="v1.6"), AsyncGenerationRequest)
        assert_type(client.video_to_sfx(video, duration_ms=5000, prompt="boots", model="v1.6"), AsyncGenerationRequest)
        assert_type(client.extend_audio("rain.wav", append_duration_ms=5000, loop=True), AsyncGenerationRequest)
        client.extend_audio(path, append_duration_ms=5000, video=video, start_offset_ms=100, prompt="rain", model=None)
        assert_type(client.inpaint_audio(audio, segment=(1000, 2000), prompt="a clap"), AsyncGenerationRequest)
        client.inpaint_audio(audio, segment=(1000, 2000), video=path, num_samples=2, model="v1.6", max_credits=10)
        models(await client.models(live=True))
        assert_type(await request.preflight(), PreflightResult)
        job = assert_type(await request.submit_job(), AsyncJob)
        assert_type(client.job(job.token), AsyncJob)
        assert_type(job.updates(), AsyncJobUpdates)
        async for status in job.updates(poll_interval_ms=500):
            describe(assert_type(status, JobStatus))
        describe(await job.status())
        result = assert_type(await job.wait(on_progress=on_wait), AsyncJobResult)
        assert_type(await request.run(patient=True), AsyncJobResult)
        assert_type(await request.sync_i_accept_http_timeout_risk(), AsyncJobResult)
        client.extend_audio(assert_type(result.audio, list[Audio])[0], append_duration_ms=2000)
        assert_type(result.job, AsyncJob | None)
        assert_type(await result.download("out/", on_progress=on_download), list[Path])
        assert_type(await result.bytes(), list[bytes])
        assert_type(await get_me.asyncio(client=client.low_level), ErrorResponse | Me | None)
    await client.aclose()


def exactly_once(path: Path, error: SubmitOutcomeUnknown) -> None:
    with MireloClient(model="sfx-2.0", fetch_urls=True) as client:
        request = client.video_to_sfx(
            path, duration_ms=5000, preserve_speech=True, output_format="flac", extra={"a": 1}
        )
        assert_type(request.upload(), None)
        assert_type(request.prepare(), str)
        assert_type(request.prepare("my-key"), str)
        assert_type(request.token, str)
        assert_type(request.submit_job(idempotency_key="my-key"), Job)
        assert_type(request.resubmit(error), Job)
        assert_type(client.resubmit(request.token), Job)
        outputs = assert_type(request.run().outputs, tuple[ResultOutput, ...])
        variants = assert_type(outputs[0].variants, tuple[ResultVariant, ...])
        assert_type(variants[0].files["speech"], ResultFile)
        cost = request.preflight()
        assert_type(cost.affordable, bool | None)
        recovery = assert_type(cost.credit_recovery, CreditRecovery | None)
        assert recovery is not None
        assert_type((recovery.credit_shortfall, recovery.recovery_url), tuple[int | None, str | None])
        assert_type((client.me().spend_capacity, client.me().recovery), tuple[int | None, CreditRecovery | None])
        assert_type(error.idempotency_key, str | None)


async def exactly_once_too(path: Path, error: SubmitOutcomeUnknown) -> None:
    async with AsyncMireloClient(model="sfx-2.0", fetch_urls=True) as client:
        request = client.text_to_sfx("rain", output_format="mp3_320", extra={"a": 1})
        assert_type(await request.upload(), None)
        assert_type(await request.prepare(), str)
        assert_type(await request.resubmit(error), AsyncJob)
        assert_type(await client.resubmit(request.token), AsyncJob)


def music(path: Path, audio: Audio) -> None:
    with MireloClient() as client:
        assert_type(client.text_to_music("a waltz", duration_ms=20_000, num_samples=2, format="mp3"), GenerationRequest)
        assert_type(client.video_to_music(path, duration_ms=20_000), GenerationRequest)
        found = assert_type(client.detect_instruments(audio), DetectedInstruments)
        assert_type(found.recommended_instruments, tuple[Instrument, ...])
        request = assert_type(
            client.audio_to_midi(
                path,
                instruments=found.recommended_instruments,
                timing="quantized",
                subdivision="swing_eighths",
                time_signature=(3, 4),
                tempo_bpm=96,
                optimize_musicxml=True,
                score_pdfs=True,
                page_size="a4",
                instrument_detection_id=found.instrument_detection_id,
                duration_ms=4000,
            ),
            MidiRequest,
        )
        client.audio_to_midi(audio, instruments=INSTRUMENTS)
        job = assert_type(request.submit_job(), MidiJob)
        result = assert_type(job.wait(progress=True), MidiResult)
        assert_type(request.run(), MidiResult)
        assert_type(request.sync_i_accept_http_timeout_risk(), MidiResult)
        assert_type((result.midi_url, result.musicxml_url), tuple[str, str | None])
        note = assert_type(result.notes, tuple[MidiNote, ...])[0]
        assert_type((note.pitch, note.start, note.instrument), tuple[int, float, str | None])
        assert_type(assert_type(result.score_pdfs, tuple[ScorePdf, ...])[0].sha256, str | None)
        assert_type(result.download("out/"), list[Path])


async def music_too(path: Path) -> None:
    async with AsyncMireloClient() as client:
        assert_type(client.text_to_music("a waltz", duration_ms=20_000), AsyncGenerationRequest)
        assert_type(await client.detect_instruments(path), DetectedInstruments)
        request = assert_type(client.audio_to_midi(path, instruments=["violin"]), AsyncMidiRequest)
        job = assert_type(await request.submit_job(), AsyncMidiJob)
        assert_type(await job.wait(), AsyncMidiResult)
        assert_type((await request.run()).notes, tuple[MidiNote, ...])


def models(known: list[ModelInfo]) -> None:
    for info in known:
        assert_type((info.family, info.model, info.is_default), tuple[str, str, bool])
        assert_type(dict(info.limits["num_samples"]), dict[str, Any])
        assert_type(info.conditions, tuple[str, ...])


def helpers(token: str) -> None:
    assert_type(check_folder("out/"), Path)
    assert_type(check_name("{stem}-{n}"), str)
    assert_type(list_models(), list[ModelInfo])
    assert_type(service_of(token), str | None)
    headers = Video.from_path("clip.mp4").headers()
    assert_type(headers, MediaHeaders | None)
    if headers is not None:
        assert_type(headers.length_ms, float | None)
        assert_type((headers.container, headers.video_codec, headers.disagree), tuple[str, str | None, bool])


def pages(page: Page[str]) -> None:
    assert_type((page.items, page.next_cursor, page.total_count), tuple[list[str], str | None, int | None])
    for item in page:
        assert_type(item, str)


async def pages_awaited(page: AsyncPage[str]) -> None:
    async for item in page:
        assert_type(item, str)


def asked(request: GenerationRequest, awaited: AsyncGenerationRequest) -> None:
    assert_type(request.describe(), dict[str, object])
    assert_type(awaited.describe(), dict[str, object])


def shown(result: JobResult, awaited: AsyncJobResult, job: Job, error: MireloError, status: JobStatus) -> None:
    assert_type(result.download("out/", name="{stem}-{n}"), list[Path])
    assert_type(result.save("rain.wav", overwrite=True, on_progress=on_download), Path)
    assert_type(job.wait(progress=True), JobResult)
    plain: list[dict[str, Any]] = [result.to_dict(), awaited.to_dict(), error.to_dict(), status.to_dict()]
    print(plain, result.files[0].to_dict())


async def shown_awaited(result: AsyncJobResult, request: AsyncGenerationRequest) -> None:
    assert_type(await result.save("rain.wav"), Path)
    assert_type(await request.run(progress=True), AsyncJobResult)


def ending(job: Job) -> None:
    assert_type(job.cancel(), JobStatus)
    with job.updates() as updates:
        assert_type(next(updates), JobStatus)
    updates.close()


async def ending_awaited(job: AsyncJob) -> None:
    assert_type(await job.cancel(), JobStatus)
    async with job.updates() as updates:
        assert_type(await anext(updates), JobStatus)
    await updates.aclose()


def narrowing(job: Job) -> list[str]:
    status = job.status()
    assert_type(status, JobProcessing | JobSucceeded | JobErrored)
    assert_type(status.status, Literal["processing", "succeeded", "errored"])
    if status.status == "succeeded":
        assert_type(status, JobSucceeded)
        return status.result_urls
    if status.status == "errored":
        assert_type(status, JobErrored)
        print(status.code, status.http_status, status.message)
        return []
    assert_type(status, JobProcessing)
    return [status.raw_status, str(status.progress_percent)]


def files(result: JobResult, awaited: AsyncJobResult, status: JobSucceeded | JobErrored) -> None:
    for file in [*assert_type(result.files, tuple[ResultFile, ...]), *awaited.files, *status.files]:
        assert_type((file.url, file.kind, file.index, file.main), tuple[str, str, int, bool])
        assert_type((file.format, file.output, file.variant), tuple[str | None, str | None, str | None])
        assert_type((file.name, file.expires_at), tuple[str | None, datetime | None])
    assert_type((result.incomplete, result.output), tuple[bool, Any])
    JobSucceeded(["https://r.example/1.wav", ResultFile("https://r.example/1.mid", "midi", "mid", main=False)])


def describe(status: JobStatus) -> str:
    match status:
        case JobProcessing(progress_percent=progress):
            return f"{progress} %"
        case JobSucceeded(result_urls=urls):
            return f"{len(urls)} results"
        case JobErrored(code=code):
            return code
        case _:
            assert_never(status)


def errors(request: GenerationRequest) -> None:
    try:
        request.run()
    except SubmitOutcomeUnknown as error:
        assert_type(error.accepted, bool | None)
        assert_type(error.sent, Literal["no", "partial", "yes"])
        assert_type((error.evidence, error.sent_at, error.request_fingerprint), tuple[str, float, str])
        assert_type(error.idempotency_key, str | None)
    except CostLimitError as error:
        assert_type((error.credits, error.max_credits), tuple[int | None, int | None])
    except IncompleteResultError as error:
        assert_type(error.result_urls, list[str])
    except (JobFailedError, JobTimeoutError, JobExpiredError, JobError) as error:
        assert_type(error.job_token, str | None)
    except RateLimitError as error:
        assert_type(error.retry_after, float | None)
    except (AuthenticationError, InsufficientCreditsError, PermissionDeniedError, NotFoundError) as error:
        assert_type(error.retry_after, float | None)
    except (VideoError, AudioError) as error:
        assert_type(error.retry_after, float | None)
    except (ServerError, APIStatusError, UnexpectedResponseError) as error:
        logging.getLogger("mirelo_ergo").error("%s", error.request_id)
    except (RequestTimeoutError, NetworkError) as error:
        assert_type(error.sent, Literal["no", "partial", "yes"])
        assert_type(error.attempts, int)
    except DownloadError as error:
        assert_type((error.errno, error.path), tuple[int | None, str | None])
    except (SourceChangedError, UploadError, ConfigurationError) as error:
        assert_type(error.retryable, bool)
    except InvalidRequestError as error:
        assert_type(error.field, str | None)
    except MireloError as error:
        assert_type((error.message, error.code, error.http_status), tuple[str, str, int])
        assert_type(error.body, object)
    else:
        raise MireloError("nothing happened", "code", 500)
    try:
        request.preflight()
    except ValueError as error:  # an InvalidRequestError is one
        print(error)


def emulating(path: Path) -> None:
    with running(port=0, host="127.0.0.1", speed=100, seed=1, credits=500, scenario="flaky") as emulator:
        assert_type(emulator, Emulator)
        assert_type((emulator.url, emulator.key, emulator.host), tuple[str, str, str])
    serve("127.0.0.1", 8080, speed=2, ready_file=path)


def test_of_a_user(
    mirelo_emulator: Emulator, mirelo_client: MireloClient, async_mirelo_client: AsyncMireloClient
) -> None:
    assert_type(mirelo_emulator.clock, Clock).advance(600)
    mirelo_emulator.speed = 1000
    mirelo_emulator.set_credits(100)
    assert_type(mirelo_emulator.fail_next("submit", faults.Status(503, retry_after=1)), int)
    assert_type(mirelo_emulator.credits, int)
    assert_type(mirelo_emulator.charges, list[Charge])
    assert_type(mirelo_emulator.asset("ast_1"), Asset | None)
    for job in assert_type(mirelo_emulator.jobs, list[SeenJob]):
        assert_type(job.state, Literal["processing", "succeeded", "errored"])
        assert_type((job.id, job.family, job.model, job.progress_percent), tuple[str, str, str, int])
        assert_type(
            (job.credits, job.created_at, job.completed_at, job.error), tuple[int, float, float | None, str | None]
        )
        print(job.request["prompt"])
    for seen in assert_type(mirelo_emulator.requests, list[SeenRequest]):
        assert_type((seen.method, seen.path, seen.status, seen.body), tuple[str, str, int | None, bytes])
        print(seen.headers["authorization"], seen.json["prompt"])
    mirelo_emulator.reset()
    mirelo_client.close()
    print(async_mirelo_client)


def gateway() -> None:
    with PixazoClient(api_key="sk-key", base_url="https://gateway.example", timeout_ms=5000, retries=2) as client:
        assert_type(client, PixazoClient)
        request = client.text_to_audio(
            "rain on a tin roof",
            duration=7.5,
            ambience=True,
            double_output=True,
            num_samples=2,
            upload_audio_format="flac",
            seed=7,
        )
        assert_type(request, JobRequest)
        clip = "https://clips.example.com/walk.mp4"
        client.video_to_video(clip, text_prompt="steps", duration=12, num_samples=1, seed=7)
        assert_type(client.video_to_audio(clip, text_prompt="", num_samples=2, seed=2105, duration=10), JobRequest)
        job = request.submit_job()
        assert_type(job, Job)
        assert_type(client.job(job.token).status(), JobStatus)
        result = request.run(timeout_ms=60_000, patient=True)
        assert_type(result, JobResult)
        assert_type(result.download("out"), list[Path])
        queued = text_to_audio.sync(client=client.low_level, body=TextToAudioRequest(text_prompt="rain"))
        assert_type(queued, QueueError | QueuedRequest | None)
        assert_type(pixazo_success(queued), QueuedRequest)
    for service, operations in capabilities().items():
        assert_type((service, operations), tuple[str, frozenset[str]])


async def async_gateway() -> None:
    async with AsyncPixazoClient() as client:
        assert_type(client, AsyncPixazoClient)
        request = client.video_to_video("https://clips.example.com/walk.mp4")
        assert_type(request, AsyncJobRequest)
        assert_type(await request.run(), AsyncJobResult)
        async for status in (await request.submit_job()).updates():
            assert_type(status, JobStatus)


def callbacks(client: PixazoClient, headers: dict[str, str], body: bytes) -> None:
    inbox = WebhookInbox()
    shared = WebhookInbox(Path("hooks.db"), confirm=False, keep_early=100, keep_early_ms=60_000)
    request = client.text_to_audio("rain on a tin roof")
    assert_type(request, JobRequest)
    assert_type(capabilities(), Mapping[str, frozenset[str]])
    job = request.submit_job(webhook=Webhook("https://sfx.example.com/hooks/secret", mode="sync"))
    inbox.record(job)
    inbox.record(job.job_id, service=job.service)
    try:
        event = parse_webhook(headers, body)
        assert event == parse_webhook(headers, body, service="sync_so", secret="whsec_…", tolerance=300)
    except WebhookSignatureError as refused:
        assert_type(refused.http_status, int)
    except WebhookError as error:
        assert_type(error.http_status, int)
    else:
        assert_type(event, JobEvent)
        assert_type(event.status, Literal["processing", "succeeded", "errored"])
        assert_type(event.result_urls, list[str])
        assert_type(inbox.receive(event), bool)
    assert_type(inbox.status(job), Literal["processing", "succeeded", "errored"] | None)
    assert_type(shared.recorded(job.job_id, service="pixazo"), bool)
    assert_type(job.wait(webhooks=inbox).result_urls, list[str])
    request.run(webhook=Webhook("https://sfx.example.com/hooks/secret"), webhooks=shared)
    uvicorn_run(asgi_app(inbox))
    uvicorn_run(asgi_app(shared, admits=lambda path: path == "/hooks/secret"))
    uvicorn_run(asgi_app(shared, service="sync_so", secret="whsec_…", tolerance=None))


async def async_callbacks(client: AsyncPixazoClient, inbox: WebhookInbox) -> None:
    webhook = Webhook("https://sfx.example.com/hooks/secret")
    request = client.text_to_audio("rain on a tin roof")
    assert_type(request, AsyncJobRequest)
    job = await request.submit_job(webhook=webhook)
    assert_type((await job.wait(webhooks=inbox)).result_urls, list[str])


def uvicorn_run(app: Callable[..., Awaitable[None]]) -> None: ...


def lip_sync(clip: Path) -> None:
    voice = sync_so.Tts(provider=sync_so.ElevenLabs(voice_id="v", script="Good evening."))
    with SyncSoClient("key", base_url="https://sync.example", max_cost_usd=2) as client:
        assert_type(client, SyncSoClient)
        request = assert_type(client.lipsync(clip, voice, sync_mode="loop"), LipsyncRequest)
        assert_type(request.preflight().cost_usd, float | None)
        job = assert_type(request.submit_job(), Job)
        assert_type(job.wait(), JobResult)
        assert_type(client.assets.list(limit=10), Page[sync_so.Asset])
        for asset in client.assets.list(types=["VIDEO"]):
            assert_type(asset, sync_so.Asset)
        assert_type(client.assets.upload(clip), sync_so.Asset)
        made = client.generations.create(
            model="lipsync-2", input=[sync_so.Video(url="https://x/a.mp4"), {"type": "audio", "asset_id": "a"}]
        )
        assert_type(made, sync_so.Generation)
        assert_type(client.batch.results("batch_1"), list[dict[str, Any]])
        assert_type(client.models.list(), list[sync_so.ModelInfo])
        assert_type(client.projects.get("p"), sync_so.Project)


async def async_lip_sync(clip: Path) -> None:
    async with AsyncSyncSoClient("key") as client:
        assert_type(client, AsyncSyncSoClient)
        request = assert_type(client.lipsync(clip, b"RIFF"), AsyncLipsyncRequest)
        assert_type(await request.run(), AsyncJobResult)
        page = assert_type(await client.generations.list(limit=10), AsyncPage[sync_so.Generation])
        async for generation in page:
            assert_type(generation.output_url, str | None)


def run_app(clip: Path) -> None:
    with InferenceClient("inf_key", base_url="https://inference.example", upload="strict") as client:
        assert_type(client, InferenceClient)
        request = assert_type(client.mmaudio("rain", video=clip), AppRequest)
        assert_type(request.run(cancel_on_timeout=True), JobResult)
        assert_type(client.app("some/app")(prompt="rain"), AppRequest)
        try:
            task = assert_type(client.run({"app": "some/app", "input": {"clip": clip}}), inference_sh.Task)
        except RequirementsNotMetError as error:
            assert_type(error.requirements, list[dict[str, Any]])
        else:
            assert_type(task.status, str)
        with client.run({"app": "some/app", "input": {}}, stream=True) as stream:
            for update in stream:
                assert_type(update, inference_sh.TaskUpdate)
            assert_type(stream.result, inference_sh.Task | None)
        assert_type(client.stream_task("tsk_1"), inference_sh.TaskStream)
        assert_type(client.estimate({"app": "some/app", "input": {}}), inference_sh.Estimate)
        assert_type(client.apps.get("some/app"), inference_sh.Record)
        assert_type(client.job("tsk_1").cancel(), JobStatus)
        assert_type(inference_sh.inference("inf_key"), InferenceClient)
        assert_type(inference_sh.File(clip, on_progress=lambda sent, total: None).uri, str | None)
        assert_type(inference_sh.TaskStatus(10), inference_sh.TaskStatus)
        assert_type(client.tasks.list(limit=5), Page[inference_sh.Task])
        assert_type(client.files.upload(clip), inference_sh.StoredFile)


async def async_run_app() -> None:
    async with AsyncInferenceClient("inf_key") as client:
        assert_type(client, AsyncInferenceClient)
        request = assert_type(client.mmaudio("rain"), AsyncAppRequest)
        assert_type(await request.run(), AsyncJobResult)
        assert_type(await client.run({"app": "a/b", "input": {}}), inference_sh.Task)
        async with await client.run({"app": "a/b", "input": {}}, stream=True) as stream:
            async for update in stream:
                assert_type(update, inference_sh.TaskUpdate)
        async for task in await client.tasks.list():
            assert_type(task, inference_sh.Task)


def run_batch(clip: Path) -> None:
    items = [
        Item("a", "video_to_sfx", {"video": clip, "duration_ms": 1000}),
        Item("b", "text_to_sfx", take=2, out="b.wav"),
    ]
    with Batch.open("sfx.db", "out") as batch, MireloClient("sk-test") as client:
        assert_type(batch.add(items).new, int)
        assert_type(batch.run(client, concurrency=4, max_credits=100), Summary)
        assert_type(batch.run(client, on_event=lambda event: print(event.step)).counts["unknown"], int)
        with batch.results(client, eager=True) as results:
            for entry in results:
                assert_type(entry, Entry)
        assert_type(batch.run_item("a", client), Step | None)
        assert_type(next(batch.items("failed")), Entry)
        assert_type(batch.resolve("a", drop=True), Entry)
        assert_type(batch.summary(), Summary)


async def async_run_batch() -> None:
    async with AsyncMireloClient("sk-test") as client, AsyncPixazoClient("sk-test") as pixazo:
        with Batch.open("sfx.db") as batch:
            assert_type(await batch.run(client, pixazo, reuse="library"), Summary)
            async with batch.results(client) as results:
                async for entry in results:
                    assert_type(entry, Entry)

"""Sound effects for video and from text: the Mirelo API, typed, sync and async, safe with money and lost work.

    from mirelo_ergo import MireloClient

    with MireloClient() as client:                               # the key comes from MIRELO_API_KEY
        request = client.video_to_sfx("clip.mp4", duration_ms=5000)
        print(request.preflight().credits, "credits")
        print(request.run().download("out/"))

Importing this package is fast: every name below is loaded when it is first used.
"""

from __future__ import annotations

from ._version import __version__

TYPE_CHECKING = False  # the checkers know the name; importing `typing` for it costs ten times the rest

if TYPE_CHECKING:
    from ._runtime.api.pages import AsyncPage, Page
    from ._runtime.jobs.asynchronous import AsyncJob, AsyncJobRequest, AsyncJobResult, AsyncJobUpdates
    from ._runtime.jobs.blocking import Job, JobRequest, JobResult, JobUpdates, SyncResult
    from ._runtime.jobs.files import ResultFile, ResultOutput, ResultVariant
    from ._runtime.jobs.values import JobErrored, JobProcessing, JobStatus, JobSucceeded
    from ._runtime.transfer.filenames import check_name
    from ._runtime.transfer.folders import check_folder
    from ._runtime.transfer.inputs import Audio, Video
    from ._runtime.transfer.probe import MediaHeaders
    from .errors import (
        APIStatusError,
        AudioError,
        AuthenticationError,
        ConfigurationError,
        CostLimitError,
        DownloadError,
        IncompleteResultError,
        InsufficientCreditsError,
        InvalidRequestError,
        JobError,
        JobExpiredError,
        JobFailedError,
        JobTimeoutError,
        MireloError,
        NetworkError,
        NotFoundError,
        PermissionDeniedError,
        RateLimitError,
        RequestTimeoutError,
        RequirementsNotMetError,
        ServerError,
        SourceChangedError,
        SubmitOutcomeUnknown,
        UnexpectedResponseError,
        UploadError,
        VideoError,
        WebhookError,
        WebhookSignatureError,
    )
    from .inference_sh.asynchronous import AsyncAppRequest, AsyncInferenceClient
    from .inference_sh.blocking import AppRequest, InferenceClient
    from .mirelo.asynchronous import AsyncMireloClient
    from .mirelo.blocking import MireloClient
    from .mirelo.generation_request import GenerationRequest
    from .mirelo.generation_request_async import AsyncGenerationRequest
    from .mirelo.midi import INSTRUMENTS, DetectedInstruments, Instrument, MidiNote, ScorePdf
    from .mirelo.models import ModelInfo, list_models
    from .mirelo.transcriptions import MidiJob, MidiRequest, MidiResult
    from .mirelo.transcriptions_async import AsyncMidiJob, AsyncMidiRequest, AsyncMidiResult
    from .mirelo.values import CreditRecovery, MeResult, PreflightResult
    from .pixazo.asynchronous import AsyncPixazoClient
    from .pixazo.blocking import PixazoClient
    from .services import capabilities, service_of
    from .sync_so.asynchronous import AsyncLipsyncRequest, AsyncSyncSoClient
    from .sync_so.blocking import LipsyncRequest, SyncSoClient
    from .webhooks import JobEvent, Webhook, WebhookInbox, parse_webhook

__all__ = [
    "INSTRUMENTS",
    "APIStatusError",
    "AppRequest",
    "AsyncAppRequest",
    "AsyncGenerationRequest",
    "AsyncInferenceClient",
    "AsyncJob",
    "AsyncJobRequest",
    "AsyncJobResult",
    "AsyncJobUpdates",
    "AsyncLipsyncRequest",
    "AsyncMidiJob",
    "AsyncMidiRequest",
    "AsyncMidiResult",
    "AsyncMireloClient",
    "AsyncPage",
    "AsyncPixazoClient",
    "AsyncSyncSoClient",
    "Audio",
    "AudioError",
    "AuthenticationError",
    "ConfigurationError",
    "CostLimitError",
    "CreditRecovery",
    "DetectedInstruments",
    "DownloadError",
    "GenerationRequest",
    "IncompleteResultError",
    "InferenceClient",
    "Instrument",
    "InsufficientCreditsError",
    "InvalidRequestError",
    "Job",
    "JobError",
    "JobErrored",
    "JobEvent",
    "JobExpiredError",
    "JobFailedError",
    "JobProcessing",
    "JobRequest",
    "JobResult",
    "JobStatus",
    "JobSucceeded",
    "JobTimeoutError",
    "JobUpdates",
    "LipsyncRequest",
    "MeResult",
    "MediaHeaders",
    "MidiJob",
    "MidiNote",
    "MidiRequest",
    "MidiResult",
    "MireloClient",
    "MireloError",
    "ModelInfo",
    "NetworkError",
    "NotFoundError",
    "Page",
    "PermissionDeniedError",
    "PixazoClient",
    "PreflightResult",
    "RateLimitError",
    "RequestTimeoutError",
    "RequirementsNotMetError",
    "ResultFile",
    "ResultOutput",
    "ResultVariant",
    "ScorePdf",
    "ServerError",
    "SourceChangedError",
    "SubmitOutcomeUnknown",
    "SyncResult",
    "SyncSoClient",
    "UnexpectedResponseError",
    "UploadError",
    "Video",
    "VideoError",
    "Webhook",
    "WebhookError",
    "WebhookInbox",
    "WebhookSignatureError",
    "__version__",
    "capabilities",
    "check_folder",
    "check_name",
    "list_models",
    "parse_webhook",
    "service_of",
]

_ELSEWHERE = {
    "_runtime.api.pages": {"AsyncPage", "Page"},
    "_runtime.jobs.blocking": {"Job", "JobRequest", "JobResult", "JobUpdates", "SyncResult"},
    "_runtime.jobs.asynchronous": {"AsyncJob", "AsyncJobRequest", "AsyncJobUpdates", "AsyncJobResult"},
    "_runtime.transfer.filenames": {"check_name"},
    "_runtime.transfer.folders": {"check_folder"},
    "_runtime.transfer.inputs": {"Audio", "Video"},
    "_runtime.transfer.probe": {"MediaHeaders"},
    "_runtime.jobs.files": {"ResultFile", "ResultOutput", "ResultVariant"},
    "_runtime.jobs.values": {"JobErrored", "JobProcessing", "JobStatus", "JobSucceeded"},
    "mirelo.blocking": {"MireloClient"},
    "mirelo.generation_request": {"GenerationRequest"},
    "mirelo.asynchronous": {"AsyncMireloClient"},
    "mirelo.generation_request_async": {"AsyncGenerationRequest"},
    "mirelo.values": {"CreditRecovery", "MeResult", "PreflightResult"},
    "mirelo.midi": {"INSTRUMENTS", "DetectedInstruments", "Instrument", "MidiNote", "ScorePdf"},
    "mirelo.transcriptions": {"MidiJob", "MidiRequest", "MidiResult"},
    "mirelo.transcriptions_async": {"AsyncMidiJob", "AsyncMidiRequest", "AsyncMidiResult"},
    "mirelo.models": {"ModelInfo", "list_models"},
    "pixazo.blocking": {"PixazoClient"},
    "pixazo.asynchronous": {"AsyncPixazoClient"},
    "inference_sh.blocking": {"AppRequest", "InferenceClient"},
    "inference_sh.asynchronous": {"AsyncAppRequest", "AsyncInferenceClient"},
    "sync_so.blocking": {"LipsyncRequest", "SyncSoClient"},
    "sync_so.asynchronous": {"AsyncLipsyncRequest", "AsyncSyncSoClient"},
    "services": {"capabilities", "service_of"},
    "webhooks": {"JobEvent", "Webhook", "WebhookInbox", "parse_webhook"},
}


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    place = next((module for module, names in _ELSEWHERE.items() if name in names), "errors")
    value: object = getattr(import_module(f".{place}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

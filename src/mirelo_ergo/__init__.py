"""Sound effects for video and from text: the Mirelo API, typed, sync and async, safe with money and lost work.

    from mirelo_ergo import MireloClient

    with MireloClient() as client:                               # the key comes from MIRELO_API_KEY
        request = client.video_to_sfx("clip.mp4", duration_ms=5000)
        print(request.preflight().credits, "credits")
        print(request.run().download("out/"))

Importing this package costs next to nothing: every name below is loaded when it is first used.
"""

from __future__ import annotations

TYPE_CHECKING = False  # the checkers know the name; importing `typing` for it costs ten times the rest

if TYPE_CHECKING:
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
        ServerError,
        SourceChangedError,
        SubmitOutcomeUnknown,
        UnexpectedResponseError,
        UploadError,
        VideoError,
    )
    from .mirelo.asynchronous import (
        AsyncGenerationRequest,
        AsyncJob,
        AsyncJobUpdates,
        AsyncMireloClient,
        AsyncSyncResult,
    )
    from .mirelo.blocking import GenerationRequest, Job, JobUpdates, MireloClient, SyncResult
    from .mirelo.models import ModelInfo
    from .mirelo.sources import Audio, Video
    from .mirelo.values import JobErrored, JobProcessing, JobStatus, JobSucceeded, MeResult, PreflightResult

__version__ = "0.1.0"  # as in pyproject.toml; asking the installed metadata costs every client 6 ms

__all__ = [
    "APIStatusError",
    "AsyncGenerationRequest",
    "AsyncJob",
    "AsyncJobUpdates",
    "AsyncMireloClient",
    "AsyncSyncResult",
    "Audio",
    "AudioError",
    "AuthenticationError",
    "ConfigurationError",
    "CostLimitError",
    "DownloadError",
    "GenerationRequest",
    "IncompleteResultError",
    "InsufficientCreditsError",
    "InvalidRequestError",
    "Job",
    "JobError",
    "JobErrored",
    "JobExpiredError",
    "JobFailedError",
    "JobProcessing",
    "JobStatus",
    "JobSucceeded",
    "JobTimeoutError",
    "JobUpdates",
    "MeResult",
    "MireloClient",
    "MireloError",
    "ModelInfo",
    "NetworkError",
    "NotFoundError",
    "PermissionDeniedError",
    "PreflightResult",
    "RateLimitError",
    "RequestTimeoutError",
    "ServerError",
    "SourceChangedError",
    "SubmitOutcomeUnknown",
    "SyncResult",
    "UnexpectedResponseError",
    "UploadError",
    "Video",
    "VideoError",
    "__version__",
]

_ELSEWHERE = {
    "mirelo.blocking": {"GenerationRequest", "Job", "JobUpdates", "MireloClient", "SyncResult"},
    "mirelo.asynchronous": {
        "AsyncGenerationRequest",
        "AsyncJob",
        "AsyncJobUpdates",
        "AsyncMireloClient",
        "AsyncSyncResult",
    },
    "mirelo.values": {"JobErrored", "JobProcessing", "JobStatus", "JobSucceeded", "MeResult", "PreflightResult"},
    "mirelo.sources": {"Audio", "Video"},
    "mirelo.models": {"ModelInfo"},
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

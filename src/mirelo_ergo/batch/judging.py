"""What an error means for an item: pure. Nothing that may have been paid is ever sent as a new request."""

from __future__ import annotations

from typing import Literal

from ..errors import (
    AuthenticationError,
    ConfigurationError,
    CostLimitError,
    DownloadError,
    InsufficientCreditsError,
    InvalidRequestError,
    JobError,
    MireloError,
    NetworkError,
    PermissionDeniedError,
    RateLimitError,
    RequirementsNotMetError,
    ServerError,
    SourceChangedError,
    SubmitOutcomeUnknown,
    UnexpectedResponseError,
    UploadError,
)
from .errors import LedgerError
from .ledger import Reason

Verdict = Literal["again", "refused", "stop", "unknown"]


def judge_submit(error: Exception) -> Verdict:
    """Return what to do after a paid request that ended with an error, or what was done before it.

    "again": certainly not taken, and another attempt may be. "refused": not taken, for good. "stop": not taken, and no
    other request would be (key, credits). "unknown": nobody can say.
    """
    if isinstance(error, SubmitOutcomeUnknown) or not isinstance(error, MireloError):
        return "unknown"
    if isinstance(error, JobError):
        return "unknown"
    if isinstance(error, RequirementsNotMetError):
        return "refused"
    if isinstance(
        error, AuthenticationError | PermissionDeniedError | InsufficientCreditsError | ConfigurationError | LedgerError
    ):
        return "stop"
    if isinstance(error, NetworkError):
        return "again" if error.sent != "yes" else "unknown"
    if isinstance(error, RateLimitError | ServerError | UploadError) and not isinstance(error, SourceChangedError):
        return "again"
    if isinstance(error, InvalidRequestError | CostLimitError | SourceChangedError):
        return "refused"
    if isinstance(error, UnexpectedResponseError):
        return "unknown"
    return "again" if error.retryable else "refused"


def judge_before(error: Exception) -> Verdict:
    """Return what to do after an error before any paid request: an upload, a key, a price. Nothing was taken."""
    verdict = judge_submit(error)
    return "again" if verdict == "unknown" and isinstance(error, MireloError) else verdict


def judge_wait(error: Exception) -> Literal["aside", "stop", "failed"]:
    """Return what to do after a wait or a download that ended with an error; the job may still be had."""
    if isinstance(error, AuthenticationError | PermissionDeniedError | ConfigurationError | LedgerError):
        return "stop"
    if isinstance(error, DownloadError):
        return "aside" if error.errno is None else "stop"
    if isinstance(error, InvalidRequestError):
        return "failed"
    return "aside"


def reason_of(error: BaseException) -> Reason:
    """Return an error's words for the ledger; messages of the package hold no secret, others are left out."""
    if isinstance(error, MireloError):
        return Reason(type(error).__name__, error.code, error.message)
    return Reason(type(error).__name__, "unexpected", f"{type(error).__name__}, which is a bug: please report it")

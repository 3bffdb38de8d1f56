"""The meaning of errors for an item. Pure. A request that may have been paid is never sent as a new one."""

from __future__ import annotations

from typing import Literal

from .._signals import is_of_a_signal
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
    """Return what to do after an error of a paid request.

    "again": it was certainly not accepted, and another attempt may be. "refused": it will never be accepted. "stop": it
    was not accepted, and no other request would be (key, credits). "unknown": it may have been accepted.
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
    """Return what to do after an error before the paid request, such as in an upload. Nothing was submitted."""
    if is_of_a_signal(error):
        return "stop"
    verdict = judge_submit(error)
    return "again" if verdict == "unknown" and isinstance(error, MireloError) else verdict


def judge_wait(error: Exception) -> Literal["aside", "stop", "failed"]:
    """Return what to do after an error of a wait or a download; the job may still exist."""
    if is_of_a_signal(error):
        return "stop"
    if isinstance(error, AuthenticationError | PermissionDeniedError | ConfigurationError | LedgerError):
        return "stop"
    if isinstance(error, DownloadError):
        return "aside" if error.errno is None else "stop"
    if isinstance(error, InvalidRequestError):
        return "failed"
    return "aside"


def reason_of(error: BaseException) -> Reason:
    """Return an error's message for the ledger. Only messages of this package are used: they hold no secrets."""
    if isinstance(error, MireloError):
        return Reason(type(error).__name__, error.code, error.message)
    return Reason(type(error).__name__, "unexpected", f"{type(error).__name__}, which is a bug: please report it")

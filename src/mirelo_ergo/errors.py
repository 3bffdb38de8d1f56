"""All errors that this package raises, for every service.

    MireloError(message, code, http_status)
    ├── ConfigurationError           the client was set up wrongly; nothing was sent
    ├── InvalidRequestError          a parameter is wrong (also a ValueError); refused here or by the service
    ├── CostLimitError               more than max_credits, or the cost is not known; nothing was submitted
    ├── APIStatusError               the service answered with an error status
    │   ├── AuthenticationError      401
    │   ├── InsufficientCreditsError 402
    │   ├── PermissionDeniedError    403
    │   │   └── RequirementsNotMetError 412: an app needs something that the account has not set up
    │   ├── NotFoundError            404
    │   ├── VideoError               the source video or its asset cannot be used
    │   ├── AudioError               the source sound cannot be used
    │   ├── RateLimitError           429
    │   └── ServerError              5xx
    ├── NetworkError                 no answer arrived; `sent` says how much of the request left
    │   └── RequestTimeoutError      408, or the deadline passed
    ├── UnexpectedResponseError      an answer arrived that cannot be read
    ├── SubmitOutcomeUnknown         a paid request may or may not have been taken: sending again may charge twice
    ├── UploadError                  the source could not be uploaded
    │   └── SourceChangedError       the source changed while it was read
    ├── DownloadError                a result could not be saved; nothing lies under its final name
    ├── WebhookError                 not a valid webhook, or the inbox cannot store it
    │   └── WebhookSignatureError    its signature is missing, wrong or stale
    └── JobError                     about one job, which is in `.job`
        ├── JobFailedError           the job ended without a result
        ├── JobTimeoutError          the wait ended before the job did; `job.token` resumes it
        ├── JobExpiredError          the service no longer has the job (results live for a limited time)
        └── IncompleteResultError    succeeded, but with fewer results than were asked for

`SubmitOutcomeUnknown` is deliberately not a `NetworkError`: code that retries on network errors must not retry it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

Sent = Literal["no", "partial", "yes"]
"""How much of a request left this machine."""

__all__ = [
    "APIStatusError",
    "AudioError",
    "AuthenticationError",
    "ConfigurationError",
    "CostLimitError",
    "DownloadError",
    "IncompleteResultError",
    "InsufficientCreditsError",
    "InvalidRequestError",
    "JobError",
    "JobExpiredError",
    "JobFailedError",
    "JobTimeoutError",
    "MireloError",
    "NetworkError",
    "NotFoundError",
    "PermissionDeniedError",
    "RateLimitError",
    "RequestTimeoutError",
    "RequirementsNotMetError",
    "Sent",
    "ServerError",
    "SourceChangedError",
    "SubmitOutcomeUnknown",
    "UnexpectedResponseError",
    "UploadError",
    "VideoError",
    "WebhookError",
    "WebhookSignatureError",
]


def _rebuild(cls: type[MireloError], message: str, state: dict[str, Any]) -> MireloError:
    """Return an unpickled error. `__init__` is not called, because that of a subclass may take other arguments."""
    error = cls.__new__(cls, message)
    error.__dict__.update(state)
    return error


def _is_pickled(value: object) -> bool:
    """Return whether a value can be pickled: a source of bytes may hold a lock, or a user's function."""
    if value is None or isinstance(value, str | int | float):
        return True
    import pickle

    try:
        pickle.dumps(value)
    except Exception:
        return False
    return True


class MireloError(Exception):
    """The base class of all errors of this package.

    `message`, `code` and `http_status` are always there (0 when no HTTP status belongs to it). `job` is the job the
    error is about, None before there is one; `job_token` is its token, which also survives pickling. `request_id` is
    the service's own id of the request, `body` the decoded error body, `retryable` says whether the same call may
    succeed later without a change and without paying twice. `operation` is the failed operation's name in the service's
    specification; None for an upload, a download, or a check before anything was sent.
    """

    default_code = "error"
    default_status = 0

    def __init__(
        self,
        message: str,
        code: str | None = None,
        http_status: int | None = None,
        *,
        request_id: str | None = None,
        body: object = None,
        retryable: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = self.default_code if code is None else code
        self.http_status = self.default_status if http_status is None else http_status
        self.request_id = request_id
        self.body = body
        self.retryable = retryable
        self.job: Any = None
        self.job_token: str | None = None
        self.operation: str | None = None

    def __str__(self) -> str:
        return self.message

    def __repr__(self) -> str:
        status = f", http_status={self.http_status}" if self.http_status else ""
        job = f", job_token={self.job_token!r}" if self.job_token else ""
        return f"{type(self).__name__}({self.message!r}, code={self.code!r}{status}{job})"

    def to_dict(self) -> dict[str, Any]:
        """Return the error as plain JSON values: `type` is its class's name, the others are named as the attributes.

        Its keys stay; later versions may add some. `job` and `result` are not among them: `job_token` leads to both.
        Nor is a submit's `request`, whose `request_fingerprint` and `idempotency_key` are.
        """
        left_out = ("job", "result", "request", "__notes__")
        state = {key: value for key, value in self.__dict__.items() if key not in left_out}
        fields: dict[str, Any] = json.loads(json.dumps(state, default=str, allow_nan=False, skipkeys=True))
        return {"type": type(self).__name__, **fields}

    def __reduce__(self) -> tuple[Any, ...]:
        state = {
            key: value if key not in ("job", "result") and _is_pickled(value) else None
            for key, value in self.__dict__.items()
        }
        return _rebuild, (type(self), self.message, state)


class ConfigurationError(MireloError):
    """Raised when the client was set up wrongly (key, address, proxy, certificate) or is closed. Nothing was sent."""

    default_code = "configuration_error"


class InvalidRequestError(MireloError, ValueError):
    """Raised when a parameter is wrong: names it, what was given and what is allowed. Nothing was charged.

    Raised before anything is sent (`field` names the parameter), or when the service answers 400, 413, 415 or 422.
    """

    default_code = "invalid_request"
    default_status = 400

    def __init__(self, message: str, code: str | None = None, http_status: int | None = None, **more: Any) -> None:
        self.field: str | None = more.pop("field", None)
        super().__init__(message, code, http_status, **more)


class CostLimitError(MireloError):
    """Raised when a generation would cost more than `max_credits`, or its cost is not known. Nothing was submitted.

    `credits` is the price by the service's preflight (None if it gave none), `max_credits` the limit in force.
    """

    default_code = "cost_limit"

    def __init__(self, message: str, code: str | None = None, http_status: int | None = None, **more: Any) -> None:
        self.credits: int | None = more.pop("credits", None)
        self.max_credits: int | None = more.pop("max_credits", None)
        super().__init__(message, code, http_status, **more)


class APIStatusError(MireloError):
    """Raised when the service answers with an error status; subclasses name the common ones. `retry_after`: seconds."""

    default_code = "api_error"

    def __init__(self, message: str, code: str | None = None, http_status: int | None = None, **more: Any) -> None:
        self.retry_after: float | None = more.pop("retry_after", None)
        super().__init__(message, code, http_status, **more)


class AuthenticationError(APIStatusError):
    """Raised when the key is missing or not valid (401)."""

    default_code = "unauthorized"
    default_status = 401


class InsufficientCreditsError(APIStatusError):
    """Raised when the balance does not cover the request (402). Nothing was charged."""

    default_code = "insufficient_credits"
    default_status = 402

    @property
    def recovery_url(self) -> str | None:
        """The page where credits can be bought; None if the service does not name one."""
        error = self.body.get("error") if isinstance(self.body, dict) else None
        places = [error.get("credit_recovery"), error] if isinstance(error, dict) else []
        urls = (place.get("recovery_url") for place in places if isinstance(place, dict))
        return next((url for url in urls if isinstance(url, str)), None)


class PermissionDeniedError(APIStatusError):
    """Raised when the key is valid, but not for this request (403)."""

    default_code = "permission_denied"
    default_status = 403


class RequirementsNotMetError(PermissionDeniedError):
    """Raised when an app needs something that the account has not set up yet: a secret, a connection, a scope."""

    @property
    def requirements(self) -> list[dict[str, Any]]:
        """The missing things, each with `type`, `key`, `message` and usually an `action` that says what to do."""
        errors = self.body.get("errors") if isinstance(self.body, dict) else None
        return [each for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []


class NotFoundError(APIStatusError):
    """Raised when something does not exist, belongs to another key or has expired (404, or the service's own code)."""

    default_code = "not_found"
    default_status = 404


class VideoError(APIStatusError):
    """Raised when the source video, or the asset it was uploaded as, cannot be used. Nothing was charged."""

    default_code = "invalid_video"
    default_status = 422


class AudioError(APIStatusError):
    """Raised when the source sound cannot be used (unreachable, undecodable, wrong length). Nothing was charged."""

    default_code = "invalid_audio"
    default_status = 422


class RateLimitError(APIStatusError):
    """Raised when there were too many requests (429). `retry_after` is in seconds, None if the service gave none."""

    default_code = "rate_limited"
    default_status = 429


class ServerError(APIStatusError):
    """Raised when the service failed (5xx). For a paid request this class means that it certainly was not charged."""

    default_code = "server_error"
    default_status = 500


class NetworkError(MireloError):
    """Raised when no answer arrived.

    `sent` is how much of the last attempt's request left this machine: "no", "partial" (its body never completed, so
    no server can have acted on it) or "yes". `attempts` counts all attempts.
    """

    default_code = "network_error"

    def __init__(self, message: str, code: str | None = None, http_status: int | None = None, **more: Any) -> None:
        self.sent: Sent = more.pop("sent", "yes")
        self.attempts: int = more.pop("attempts", 1)
        super().__init__(message, code, http_status, **more)


class RequestTimeoutError(NetworkError):
    """Raised when the time ran out: one attempt's, or the whole operation's `timeout_ms`."""

    default_code = "timeout"
    default_status = 408


class UnexpectedResponseError(MireloError):
    """Raised when an answer is not what the service promises (a web page, cut JSON, a missing field).

    `body` holds the beginning of the answer, as text.
    """

    default_code = "unexpected_response"


class SubmitOutcomeUnknown(MireloError):
    """Raised when a paid request left and nothing proves whether the service took it. Sending again may charge twice.

    Look at the account (credits, the service's own job list) before sending again. `accepted` is True when the service
    accepted the request but its answer was unusable, None when nothing is known. `evidence` says what was seen, `sent`
    how much left, `sent_at` when (Unix seconds). `request_fingerprint` is the sha256 of method, path and canonical
    body: log it to find the request again. `idempotency_key` is None on services that have none; `key_made_at` is when
    it was made (Unix seconds). `code` and `http_status` are the answer's, else `timeout`/408 or `network_error`/0.
    """

    default_code = "network_error"

    def __init__(self, message: str, code: str | None = None, http_status: int | None = None, **more: Any) -> None:
        self.accepted: bool | None = more.pop("accepted", None)
        self.evidence: str = more.pop("evidence", "")
        self.sent: Sent = more.pop("sent", "yes")
        self.sent_at: float = more.pop("sent_at", 0.0)
        self.request_fingerprint: str = more.pop("request_fingerprint", "")
        self.idempotency_key: str | None = more.pop("idempotency_key", None)
        self.key_made_at: float | None = more.pop("key_made_at", None)
        self.request: Any = more.pop("request", None)
        self.job_id: str | None = more.pop("job_id", None)
        super().__init__(message, code, http_status, **more)

    def find(self, client: Any) -> Any:
        """Return the job that the request created, found in the service's own list; None if it cannot be identified.

        A job counts as this request's if it is the only one in the list with the same input that is not older than the
        request. Of several candidates none is chosen. With an async client, await it. Costs nothing. Raises
        `InvalidRequestError` for a client of a service that has no such list.
        """
        find = getattr(client, "find_submitted", None)
        if find is None:
            raise InvalidRequestError(f"find: {type(client).__name__} has no list of jobs to look in")
        return find(self)


class UploadError(MireloError):
    """Raised when a source could not be uploaded. `http_status` is the upload's, or 0. Nothing was submitted.

    When the last attempt failed, `__cause__` is what it met: a `NetworkError` with its `sent`, a `RateLimitError`, …
    """

    default_code = "upload_failed"


class SourceChangedError(UploadError):
    """Raised when a file changed, grew or shrank while it was uploaded. Nothing was submitted."""

    default_code = "source_changed"


class DownloadError(MireloError):
    """Raised when a result could not be fetched or written. No partial file has the final name.

    `errno` is the operating system's number when a file was the problem, `path` the target if there was one. A file
    that arrived to its end, but that nothing proves to be whole, is kept there under a name with "unverified" in it. Of
    several results, `saved` holds the paths of those that were saved, and `failed` the errors of the others by their
    index. When the last attempt failed, `__cause__` is what it met: a `NetworkError` with its `sent`, a
    `RateLimitError`, …
    """

    default_code = "download_failed"

    def __init__(self, message: str, code: str | None = None, http_status: int | None = None, **more: Any) -> None:
        self.errno: int | None = more.pop("errno", None)
        self.path: str | None = more.pop("path", None)
        self.saved: list[Path] = []
        self.failed: dict[int, str] = {}
        super().__init__(message, code, http_status, **more)


class WebhookError(MireloError):
    """Raised when a body is not a valid webhook (400, 408, 413), or the inbox cannot store it now (503, `retryable`).

    Answer the caller with `http_status`. The message quotes nothing of the body.
    """

    default_code = "invalid_webhook"
    default_status = 400


class WebhookSignatureError(WebhookError):
    """Raised when a webhook was not signed with your secret, or too long ago.

    Answer 400 and store nothing of it. The message says whether the signature is missing, unreadable, wrong or stale.
    """

    default_code = "invalid_signature"


class JobError(MireloError):
    """The base class of the errors about one job.

    `.job` is its handle, `.job_token` resumes it in another process. `.result` holds the results that exist in spite of
    the error, to be downloaded as usual; None if there are none. Pickling the error drops it.
    """

    default_code = "job_error"

    def __init__(self, message: str, code: str | None = None, http_status: int | None = None, **more: Any) -> None:
        self.result: Any = more.pop("result", None)
        super().__init__(message, code, http_status, **more)


class JobFailedError(JobError):
    """Raised when the job ended without a result; `code`, `http_status` and `message` are the service's.

    The message says whether it was charged, as far as the service documents it, and so does `charged`: None where the
    service does not say.
    """

    default_code = "generation_failed"

    def __init__(self, message: str, code: str | None = None, http_status: int | None = None, **more: Any) -> None:
        self.charged: bool | None = more.pop("charged", None)
        super().__init__(message, code, http_status, **more)


class JobTimeoutError(JobError):
    """Raised when the wait's time ran out while the job still runs. Wait again, or resume it by its token."""

    default_code = "timeout"
    default_status = 408


class JobExpiredError(JobError):
    """Raised when the service no longer has the job: results live for a limited time."""

    default_code = "job_not_found"
    default_status = 404


class IncompleteResultError(JobError):
    """Raised when a job succeeded with fewer results than were asked for. `result` and `result_urls` are what came."""

    default_code = "incomplete_result"

    def __init__(self, message: str, code: str | None = None, http_status: int | None = None, **more: Any) -> None:
        self.result_urls: list[str] = list(more.pop("result_urls", ()))
        super().__init__(message, code, http_status, **more)

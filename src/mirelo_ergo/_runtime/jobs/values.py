"""What a job's answers come down to, whichever service gave them. Their times do not count when two are compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Literal, TypeVar

import attrs

from ..api.answers import string_list
from ..redact import SignedUrl

if TYPE_CHECKING:
    from datetime import datetime

S = TypeVar("S")


@attrs.frozen
class JobProcessing:
    """A job that still runs.

    `progress_percent` is an estimate, 0 to 90 until the job is done (0 if the service gives none).
    `estimated_completion_at` is the service's text (ISO 8601, "" if absent). `raw_status` is the status it gave, which
    may be one this version does not know. The times are aware and in UTC, None where the service gave none.
    """

    progress_percent: int
    estimated_completion_at: str
    raw_status: str = "processing"
    status: Literal["processing"] = "processing"
    created_at: datetime | None = attrs.field(default=None, kw_only=True, eq=False)


@attrs.frozen
class JobSucceeded:
    """A job with its results: URLs that may be signed and live about an hour. The times are aware and in UTC."""

    result_urls: list[str] = attrs.field(repr=lambda urls: f"[{len(urls)} URLs]")
    status: Literal["succeeded"] = "succeeded"
    created_at: datetime | None = attrs.field(default=None, kw_only=True, eq=False)
    completed_at: datetime | None = attrs.field(default=None, kw_only=True, eq=False)


@attrs.frozen
class JobErrored:
    """A job that ended without a result, and why. The times are aware and in UTC.

    `charged` is False where the service documents that such a job is not charged, None where it does not say.
    """

    code: str
    http_status: int
    message: str
    status: Literal["errored"] = "errored"
    charged: Literal[False] | None = attrs.field(default=False, kw_only=True)
    created_at: datetime | None = attrs.field(default=None, kw_only=True, eq=False)
    completed_at: datetime | None = attrs.field(default=None, kw_only=True, eq=False)


JobStatus = JobProcessing | JobSucceeded | JobErrored


@attrs.frozen
class Accepted:
    """What a submit's answer holds."""

    job_id: str
    estimated_ms: int | None


@attrs.frozen
class Polled:
    """What a poll's answer holds: the status, and how many samples the echoed request asked for (None if unsaid)."""

    status: JobStatus
    asked: int | None


@attrs.frozen
class Seen(Generic[S]):
    """What one poll saw: the service's own status value, whether it is final, and what it says of the time left.

    `completes_in` is the server's estimate in seconds by its own clock, `retry_after` its wish, both None if absent.
    """

    status: S
    final: bool
    completes_in: float | None = None
    retry_after: float | None = None


def signed_urls(value: object) -> list[str]:
    """Give the URLs of a list, so that none shows its query; anything but a list counts as an empty one."""
    return [SignedUrl(url) for url in string_list(value)]

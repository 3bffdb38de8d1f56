"""The statuses of a job, the same for every service. Comparisons ignore their times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

import attrs

from ..api.answers import Unusable
from ..plain import Plain
from ..redact import short_repr
from .files import ResultFile, described, files_of


def _files(values: Iterable[ResultFile | str]) -> tuple[ResultFile, ...]:
    return files_of(values)


def _shown(files: tuple[ResultFile, ...]) -> str:
    return f"[{described(files)}]"


@attrs.frozen
class JobProcessing(Plain):
    """The status of a job that still runs.

    `progress_percent` is an estimate, 0 to 100 (0 if the service gives none). `estimated_completion_at` is the
    service's text (ISO 8601, "" if absent). `raw_status` is the service's own status, which this version may not know.
    `output` is the service's output so far, None if there is none. The times are aware and in UTC, None if the service
    gives none.
    """

    progress_percent: int
    estimated_completion_at: str
    raw_status: str = "processing"
    status: Literal["processing"] = "processing"
    output: Any = attrs.field(default=None, kw_only=True, eq=False, repr=False)
    created_at: datetime | None = attrs.field(default=None, kw_only=True, eq=False)


@attrs.frozen
class JobSucceeded(Plain):
    """The status of a job with results. The times are aware and in UTC.

    `files` are the files that it made; `output` is the service's own output as JSON, unchanged. `incomplete` says that
    the service itself reports fewer results than requested.
    """

    files: tuple[ResultFile, ...] = attrs.field(converter=_files, repr=_shown)
    status: Literal["succeeded"] = "succeeded"
    output: Any = attrs.field(default=None, kw_only=True, eq=False, repr=False)
    incomplete: bool = attrs.field(default=False, kw_only=True)
    created_at: datetime | None = attrs.field(default=None, kw_only=True, eq=False)
    completed_at: datetime | None = attrs.field(default=None, kw_only=True, eq=False)

    @property
    def result_urls(self) -> list[str]:
        """The URLs of the results that were asked for, in order. They may be signed and short-lived."""
        return main_urls(self.files)

    def to_dict(self) -> dict[str, Any]:
        """Return the same as plain JSON values, under the names of the attributes, `result_urls` among them."""
        return {**super().to_dict(), "result_urls": [str(url) for url in self.result_urls]}


@attrs.frozen
class JobErrored(Plain):
    """The status of a job that failed, and the reason. The times are aware and in UTC.

    `charged` is False if the service documents that such a job is not charged, None if it does not say. `files` are the
    files that it made before it failed, usually none.
    """

    code: str
    http_status: int
    message: str
    status: Literal["errored"] = "errored"
    charged: bool | None = attrs.field(default=False, kw_only=True)
    files: tuple[ResultFile, ...] = attrs.field(default=(), kw_only=True, converter=_files, repr=_shown)
    output: Any = attrs.field(default=None, kw_only=True, eq=False, repr=False)
    created_at: datetime | None = attrs.field(default=None, kw_only=True, eq=False)
    completed_at: datetime | None = attrs.field(default=None, kw_only=True, eq=False)


JobStatus = JobProcessing | JobSucceeded | JobErrored
"""The status of a job: one of three classes, which also differ in their `status`."""


@attrs.frozen
class Accepted:
    """The content of the response to a submit."""

    job_id: str
    estimated_ms: int | None
    response: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    """The job as the service returned it, if its client needs that."""


@attrs.frozen
class PollResult:
    """The result of one poll: the job's status, and the service's hints about the time left.

    `completes_in` is the service's estimate in seconds by its own clock, `retry_after` its Retry-After, `asked` the
    number of results in the echoed request; each is None if absent.
    """

    status: JobStatus
    completes_in: float | None = None
    retry_after: float | None = None
    asked: int | None = None
    response: Any = attrs.field(default=None, eq=False, repr=False)
    """The whole response, if the service's client shows it."""

    @property
    def final(self) -> bool:
        """Whether the job has ended."""
        return self.status.status != "processing"


def refuse_other_job(job_id: str, named: object) -> None:
    """Raise `Unusable` if the response to a poll names another job."""
    if isinstance(named, str) and named.casefold() != job_id.casefold():
        raise Unusable(f"the response is about {short_repr(named)}, another job")


def main_urls(files: tuple[ResultFile, ...]) -> list[str]:
    """Return the URLs of the requested results, without additional files."""
    return [file.url for file in files if file.main]

"""Accounts, charges, assets and jobs as values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import attrs

if TYPE_CHECKING:
    from concurrent.futures import Future

    from mirelo_ergo.emulator.media.rendering import Rendering
    from mirelo_ergo.emulator.refusals import Refusal

KEY_PREFIX = "sk-"  # of an account's key; a service may write another one before the same rest
LAPSED_PREFIX = "sk-lapsed"  # begins the key of an account whose subscription has ended


@attrs.frozen
class Charge:
    """One charge: the job, its credits and its account."""

    job_id: str
    credits: int
    key: str


@attrs.define
class Account:
    """The account of one key."""

    key: str
    id: str
    email: str
    balance: int


@attrs.frozen
class Balance:
    """An account's credits, those reserved by running jobs, and those charged."""

    id: str
    key: str
    credits: int
    held: int
    spent: int


@attrs.frozen
class Asset:
    """An upload slot. `path` is None until the bytes are uploaded; then `size` and `sha256` are set."""

    id: str
    key: str
    content_type: str | None
    created_at: float
    path: Path | None = None
    size: int = 0
    sha256: str = ""
    name: str = ""


@attrs.frozen
class Origin:
    """The origin of a job: its service, `family`, `model`, and its `title` on the page."""

    service: str
    family: str
    model: str
    title: str = ""

    def fits(self, service: str, family: str | None, model: str | None) -> bool:
        """Return whether it is of a service and, if given, of a family and model."""
        return (service, family or self.family, model or self.model) == (self.service, self.family, self.model)


@attrs.frozen
class SeenJob:
    """One job at this moment. `state` and `progress_percent` (100 at the end) are as in a poll; times are the clock's.

    `service` is its name as in `Emulator.urls`; `family` and `model` are as in the path of a service that has them
    there: "extend-audio/with_video", "v1.6". `request` is the body as it was sent. `error` is the code of a job that
    failed, `completed_at` None while it runs; only success is charged.
    """

    id: str
    key: str
    family: str
    model: str
    state: Literal["processing", "succeeded", "errored"]
    progress_percent: int
    request: Mapping[str, Any]
    credits: int
    estimated_ms: int
    created_at: float
    completed_at: float | None
    error: str | None
    service: str = "mirelo"


@attrs.frozen
class Losses:
    """A job's losses by faults: its last `results`, which are "missing" or "failed", or the charge of a failed job."""

    results: int = 0
    how: Literal["missing", "failed"] = "missing"
    charged: bool = False


@attrs.define
class Job:
    """One generation. `losses` are its losses by faults, `lost` the number of lost results."""

    id: str
    key: str
    origin: Origin
    request: dict[str, Any]
    credits: int
    estimated_ms: int
    created_at: float
    finishes_at: float
    work: Future[tuple[Rendering, ...]]
    completed_at: float | None = None
    results: tuple[Rendering, ...] = ()
    error: Refusal | None = None
    losses: Losses = attrs.field(factory=Losses)
    lost: int = 0

    @property
    def done(self) -> bool:
        """Whether the job has ended, well or not."""
        return self.completed_at is not None

    def seen(self, now: float) -> SeenJob:
        """Return an immutable copy for users."""
        return SeenJob(
            id=self.id,
            key=self.key,
            family=self.origin.family,
            model=self.origin.model,
            state="processing" if not self.done else "succeeded" if self.error is None else "errored",
            progress_percent=100 if self.done else self.progress_percent(now),
            request=self.request,
            credits=self.credits,
            estimated_ms=self.estimated_ms,
            created_at=self.created_at,
            completed_at=self.completed_at,
            error=None if self.error is None else self.error.code,
            service=self.origin.service,
        )

    def progress_percent(self, now: float) -> int:
        """Return its progress by its estimate, at most 90 before it is done."""
        return min(90, math.floor(100_000 * (now - self.created_at) / self.estimated_ms))

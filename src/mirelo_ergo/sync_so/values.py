"""The values in the service's responses, read tolerantly: unknown fields and new enum values are kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import attrs
from dateutil.parser import isoparse

from .._runtime.api.answers import Unusable, read_json, tolerant_integer, tolerant_number
from .._runtime.io.protocol import Reply

A = TypeVar("A", bound="Answer")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _moment(value: object) -> datetime | None:
    try:
        return isoparse(value) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None


def _mapping(value: object) -> Mapping[str, Any] | None:
    return value if isinstance(value, dict) else None


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def wired(name: str, read: Callable[[object], object] = _text, *others: str) -> Any:
    """Return an attrs field that is read from `name`, or else from another spelling of it."""
    return attrs.field(default=None, kw_only=True, metadata={"names": (name, *others), "read": read})


@attrs.frozen(kw_only=True)
class Answer:
    """A response of the service. Missing fields are None; `raw` is the whole response as JSON."""

    raw: Mapping[str, Any] = attrs.field(factory=dict, repr=False, eq=False)

    @property
    def extra(self) -> dict[str, Any]:
        """Fields of the response that this version does not know."""
        known = {name for field in attrs.fields(type(self)) for name in field.metadata.get("names", ())}
        return {name: value for name, value in self.raw.items() if name not in known}

    def to_dict(self) -> dict[str, Any]:
        """Return the response as JSON values, unchanged."""
        return dict(self.raw)


def read(cls: type[A], value: object) -> A:
    """Read a decoded response; raises `Unusable` if it is not an object or has no id."""
    if not isinstance(value, dict):
        raise Unusable(f"the answer is a JSON {type(value).__name__}, not an object")
    found = {}
    for field in attrs.fields(cls):
        names = field.metadata.get("names", ())
        given = next((value[name] for name in names if value.get(name) is not None), None)
        if names:
            found[field.name] = None if given is None else field.metadata["read"](given)
    if "id" in found and not found["id"]:
        raise Unusable("the answer has no id")
    return cls(raw=value, **found)


def read_one(cls: type[A]) -> Callable[[Reply], A]:
    """Return a function that reads a response with one object."""
    return lambda reply: read(cls, read_json(reply))


def read_list(cls: type[A]) -> Callable[[Reply], list[A]]:
    """Return a function that reads a response that is a list."""

    def of(reply: Reply) -> list[A]:
        value = read_json(reply)
        if not isinstance(value, list):
            raise Unusable(f"the answer is a JSON {type(value).__name__}, not a list")
        return [read(cls, each) for each in value]

    return of


def read_url(reply: Reply) -> str:
    """Read a response that is a URL, with or without quotes."""
    if reply.problem is not None:
        raise Unusable(reply.problem)
    text = reply.body.decode("utf-8", "replace").strip().strip('"')
    if not text.startswith(("http://", "https://")) or any(character.isspace() for character in text):
        raise Unusable("the answer is not one URL")
    return text


@attrs.frozen(kw_only=True)
class Generation(Answer):
    """A generation. `status` is PENDING, PROCESSING, COMPLETED, FAILED, REJECTED, or a newer word."""

    id: str = wired("id")
    created_at: datetime | None = wired("createdAt", _moment, "created_at")
    status: str | None = wired("status")
    model: str | None = wired("model")
    input: list[Mapping[str, Any]] | None = wired("input", _mappings)
    options: Mapping[str, Any] | None = wired("options", _mapping)
    segments: list[Mapping[str, Any]] | None = wired("segments", _mappings)
    webhook_url: str | None = wired("webhookUrl", _text, "webhook_url")
    output_url: str | None = attrs.field(
        default=None, repr=False, metadata={"names": ("outputUrl", "output_url"), "read": _text}
    )
    output_duration: float | None = wired("outputDuration", tolerant_number, "output_duration")
    segment_output_url: str | None = attrs.field(
        default=None, repr=False, metadata={"names": ("segmentOutputUrl", "segment_output_url"), "read": _text}
    )
    error: str | None = wired("error")
    error_code: str | None = wired("errorCode", _text, "error_code")
    project_id: str | None = wired("projectId", _text, "project_id")
    progress_percent: float | None = wired("progress_percent", tolerant_number, "progressPercent")


@attrs.frozen(kw_only=True)
class EstimatedGenerationCost(Answer):
    """The frames of a generation, and its cost in US dollars."""

    estimated_frame_count: float | None = wired("estimatedFrameCount", tolerant_number)
    estimated_generation_cost: float | None = wired("estimatedGenerationCost", tolerant_number)


@attrs.frozen(kw_only=True)
class GenerationCosts(Answer):
    """The cost of a generation, as far as it is known. Amounts are strings, in US dollars."""

    generation_id: str | None = wired("generationId")
    generation_status: str | None = wired("generationStatus")
    currency: str | None = wired("currency")
    availability: str | None = wired("availability")
    total_cost_usd: str | None = wired("totalCostUsd")
    known_subtotal_usd: str | None = wired("knownSubtotalUsd")
    retry_after_seconds: int | None = wired("retryAfterSeconds", tolerant_integer)


@attrs.frozen(kw_only=True)
class Asset(Answer):
    """A stored file. `type` is AUDIO, VIDEO or IMAGE; `size` is in bytes."""

    id: str = wired("id")
    created_at: datetime | None = wired("createdAt", _moment)
    updated_at: datetime | None = wired("updatedAt", _moment)
    type: str | None = wired("type")
    visibility: str | None = wired("visibility")
    name: str | None = wired("name")
    url: str | None = attrs.field(default=None, repr=False, metadata={"names": ("url",), "read": _text})
    size: int | None = wired("size", tolerant_integer)
    format: str | None = wired("format")
    input_type: str | None = wired("inputType")
    duration_seconds: float | None = wired("durationSeconds", tolerant_number)
    thumbnail_url: str | None = attrs.field(
        default=None, repr=False, metadata={"names": ("thumbnailUrl",), "read": _text}
    )
    width: int | None = wired("width", tolerant_integer)
    height: int | None = wired("height", tolerant_integer)
    project_id: str | None = wired("projectId")


@attrs.frozen(kw_only=True)
class ModelInfo(Answer):
    """A model that the key may use. `type` is lipsync or react."""

    id: str = wired("id")
    name: str | None = wired("name")
    type: str | None = wired("type")
    version: str | None = wired("version")
    description: str | None = wired("description")
    deprecated_at: datetime | None = wired("deprecatedAt", _moment)


@attrs.frozen(kw_only=True)
class BatchMetrics(Answer):
    """The numbers of a batch's generations by state."""

    total_generations: int | None = wired("total_generations", tolerant_integer, "totalGenerations")
    success_count: int | None = wired("success_count", tolerant_integer, "successCount")
    failed_count: int | None = wired("failed_count", tolerant_integer, "failedCount")
    pending_count: int | None = wired("pending_count", tolerant_integer, "pendingCount")


@attrs.frozen(kw_only=True)
class BatchResponse(Answer):
    """A batch: PENDING, JOBS_CREATED, PROCESSING, COMPLETED or FAILED. Its `output_url` is "" until it is done."""

    id: str = wired("id")
    created_at: datetime | None = wired("created_at", _moment, "createdAt")
    status: str | None = wired("status")
    metrics: BatchMetrics | None = wired("metrics", lambda value: read(BatchMetrics, value))
    webhook_url: str | None = wired("webhookUrl", _text, "webhook_url")
    output_url: str | None = attrs.field(
        default=None, repr=False, metadata={"names": ("outputUrl", "output_url"), "read": _text}
    )


@attrs.frozen(kw_only=True)
class ValidationResponse(Answer):
    """The result of a batch's dry run: `status` is VALIDATED."""

    status: str | None = wired("status")


@attrs.frozen(kw_only=True)
class Project(Answer):
    """A folder of assets and generations."""

    id: str = wired("id")
    name: str | None = wired("name")
    visibility: str | None = wired("visibility")
    mode: str | None = wired("mode")
    default_workflow: str | None = wired("defaultWorkflow")


@attrs.frozen(kw_only=True)
class AssetUpload(Answer):
    """The URL for uploading a file, and the URL for registering it."""

    upload_url: str | None = attrs.field(default=None, repr=False, metadata={"names": ("uploadUrl",), "read": _text})
    url: str | None = attrs.field(default=None, repr=False, metadata={"names": ("url",), "read": _text})
    expires_in: int | None = wired("expiresIn", tolerant_integer)


def read_batch(reply: Reply) -> BatchResponse | ValidationResponse:
    """Read the answer to creating a batch: the batch, or the result of a dry run."""
    value = read_json(reply)
    if isinstance(value, dict) and "id" not in value:
        return read(ValidationResponse, value)
    return read(BatchResponse, value)

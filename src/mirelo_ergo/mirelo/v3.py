"""Requests to the models of the API v3 (`sfx-1.6`, `sfx-2.0` and newer ones)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs

from .._runtime.api.answers import tolerant_integer
from .._runtime.api.endpoints import Endpoint, describe
from .._runtime.api.limits import check, refuse_blank
from .._runtime.jobs.facts import RequestFacts
from .._runtime.redact import short_repr
from ..errors import InvalidRequestError
from .generated_v3 import limits
from .generated_v3 import operations as of

if TYPE_CHECKING:
    from mirelo_ergo_api.mirelo_v3.bodies import AssetRef

    from .._runtime.transfer.inputs import MediaSource

RUNNING: Final = frozenset({"queued", "running"})
"""The statuses of a running job."""
_NOTHING_SENT: Final = "; nothing was sent"
_ARGUMENTS: Final = {
    "num_variants": "num_samples",
    "region.": "segment.",
    "input.": "",
    "output.format": "output_format",
}
"""The arguments of the calls, by the body's field, where the names differ."""


@attrs.frozen
class Family:
    """One family of v3: its operations, its request, and the options that it has fields for."""

    name: str
    schema: str
    declare: Callable[[], tuple[Endpoint, Endpoint, Endpoint]]
    plain: tuple[str, ...]
    """Options that are fields of the body itself."""
    inputs: tuple[str, ...]
    """Options that are fields of `input`."""
    controls: tuple[str, ...]
    """Options that are fields of `controls`."""

    @property
    def create(self) -> Endpoint:
        """The operation that is charged."""
        return self.declare()[0]

    @property
    def poll(self) -> Endpoint:
        """The operation that reads a job."""
        return self.declare()[1]

    @property
    def preflight(self) -> Endpoint:
        """The operation that returns the price."""
        return self.declare()[2]


_ROWS: Final = (
    Family(
        "text-to-sfx",
        "TextToSfxRequest",
        lambda: (of.CREATE_TEXT_TO_SFX, of.GET_TEXT_TO_SFX, of.PREFLIGHT_TEXT_TO_SFX),
        ("duration_ms",),
        ("prompt",),
        ("loop",),
    ),
    Family(
        "video-to-sfx",
        "VideoToSfxRequest",
        lambda: (of.CREATE_VIDEO_TO_SFX, of.GET_VIDEO_TO_SFX, of.PREFLIGHT_VIDEO_TO_SFX),
        ("duration_ms", "start_offset_ms"),
        ("video", "prompt"),
        ("preserve_speech",),
    ),
    Family(
        "extend-audio",
        "ExtendRequest",
        lambda: (of.CREATE_EXTEND, of.GET_EXTEND, of.PREFLIGHT_EXTEND),
        ("append_duration_ms", "start_offset_ms"),
        ("audio", "video", "prompt"),
        ("loop",),
    ),
    Family(
        "inpaint-audio",
        "InpaintRequest",
        lambda: (of.CREATE_INPAINT, of.GET_INPAINT, of.PREFLIGHT_INPAINT),
        ("segment",),
        ("audio", "video", "prompt"),
        (),
    ),
)
FAMILIES: Final[Mapping[str, Family]] = {family.name: family for family in _ROWS}


@attrs.frozen
class V3Generation:
    """A checked request of v3, whose sources are not yet uploaded."""

    family: Family
    model: str
    wishes: Mapping[str, Any]
    """The given arguments of the call, sources included."""
    num_samples: int
    output_format: str | None = None
    extra: Mapping[str, Any] = attrs.field(factory=dict)

    @property
    def label(self) -> str:
        """Its name in messages."""
        return f"{self.family.name} {self.model}"

    @property
    def sources(self) -> dict[str, MediaSource]:
        """The sources, by their field."""
        from .._runtime.transfer.inputs import MediaSource  # listing models needs none

        return {name: value for name, value in self.wishes.items() if isinstance(value, MediaSource)}

    @property
    def facts(self) -> RequestFacts:
        """A description of the request."""
        body = self.body({})
        body["input"] |= {name: source.content for name, source in self.sources.items()}
        source = self.sources.get("video") or self.sources.get("audio")
        length = self.wishes.get("duration_ms", self.wishes.get("append_duration_ms"))
        stem = None if source is None else source.stem
        content = {"family": self.family.name, **body}
        return RequestFacts(self.label, content, self.wishes.get("prompt"), stem, tolerant_integer(length))

    def body(self, assets: Mapping[str, AssetRef]) -> dict[str, Any]:
        """Return the body, given the asset of each source. Arguments that were not given are left out."""
        body: dict[str, Any] = {"model": self.model, "num_variants": self.num_samples}
        for name in self.family.plain:
            if name in self.wishes:
                body["region" if name == "segment" else name] = self.wishes[name]
        body["input"] = {
            name: assets.get(name, self.wishes[name]) for name in self.family.inputs if name in self.wishes
        }
        controls = {name: self.wishes[name] for name in self.family.controls if self.wishes.get(name)}
        if controls:
            body["controls"] = controls
        if self.output_format is not None:
            body["output"] = {"format": self.output_format}
        return merged(body, self.extra)

    def check(self) -> None:
        """Check against the few limits of the spec; the service checks the rest. Raises `InvalidRequestError`."""
        refuse_blank(self.wishes, "prompt", self.label)
        body = self.body({name: {"type": "asset", "id": "-"} for name in self.sources})
        try:
            check(limits, self.family.schema, body, self.label)
        except InvalidRequestError as error:
            message, field = error.message, error.field or ""
            for theirs, ours in _ARGUMENTS.items():
                message, field = message.replace(theirs, ours, 1), field.replace(theirs, ours, 1)
            raise InvalidRequestError(message, field=field) from None


def v3_generation(family: str, model: str, wishes: Mapping[str, Any]) -> V3Generation:
    """Return the request of a call; raises `InvalidRequestError` for an argument that v3 lacks. Sends nothing."""
    known = FAMILIES[family.partition("/")[0]]
    given = {name: value for name, value in wishes.items() if value is not None}
    samples = tolerant_integer(given.pop("num_samples", 1))
    output_format, extra = given.pop("output_format", None), given.pop("extra", {})
    if not isinstance(extra, Mapping):
        raise InvalidRequestError(
            f"{known.name} {model}: extra={short_repr(extra)} is not a mapping{_NOTHING_SENT}", field="extra"
        )
    if given.pop("output", "audio") != "audio":
        raise InvalidRequestError(
            f"{known.name} {model} has no output='video'; video-to-sfx v1.5 and v1.6 have{_NOTHING_SENT}",
            field="output",
        )
    has = {*known.plain, *known.inputs, *known.controls}
    for name, value in list(given.items()):
        if name not in has:
            if value not in (False, 0):
                raise InvalidRequestError(f"{known.name} {model} has no {name}{_NOTHING_SENT}", field=name)
            del given[name]
    if given.get("start_offset_ms") == 0 or (known.name == "extend-audio" and "video" not in given):
        offset = given.pop("start_offset_ms", 0)
        if offset:
            raise InvalidRequestError(
                f"{known.name} {model}: start_offset_ms={offset} is the start within a video, and there is none"
                f"{_NOTHING_SENT}",
                field="start_offset_ms",
            )
    return V3Generation(known, model, given, 1 if samples is None else samples, output_format, extra)


def merged(body: dict[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return a body merged with `extra`, object by object."""
    for name, value in extra.items():
        own = body.get(name)
        body[name] = merged(dict(own), value) if isinstance(own, dict) and isinstance(value, Mapping) else value
    return body


def poll_path(family: str, job_id: str) -> tuple[str, str]:
    """Return the operation that reads a job, and its path."""
    endpoint = FAMILIES[family].poll
    return endpoint.name, describe(endpoint, {"id": job_id})["url"]

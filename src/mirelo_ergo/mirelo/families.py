"""One declaration per family and model: its endpoints, how its request model is built, and what its price depends on.

A new family is its spec entry, its generated code and one function here. The generated models and builders are
imported at first use; that they are named here in full makes a field or an operation that the service removes a type
error at regeneration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import attrs

from .._runtime.api.answers import tolerant_integer
from .._runtime.api.limits import check
from .._runtime.redact import short_repr
from ..errors import ConfigurationError, InvalidRequestError

if TYPE_CHECKING:
    from mirelo_ergo_api.mirelo_v2.limits import Limit
    from mirelo_ergo_api.mirelo_v2.models import (
        AudioSourceAsset,
        AudioSourceUrl,
        Segment,
        VideoSourceAsset,
        VideoSourceUrl,
    )
    from mirelo_ergo_api.mirelo_v2.types import Unset

    from .._runtime.api.requests import Kwargs
    from .._runtime.transfer.inputs import MediaSource

Fields = Mapping[str, Any]
DEFAULT_MODEL: Final = "v1.5"
"""What a call without `model=` uses where the family has it: what the vendor's own SDK pins. Else the newest."""


@attrs.frozen
class SourceRef:
    """Where the service finds a source: a URL it fetches, or the asset id of uploaded bytes."""

    url: str | None
    asset_id: str | None

    def video(self) -> VideoSourceUrl | VideoSourceAsset:
        """Give it as the generated model of a video source."""
        from mirelo_ergo_api.mirelo_v2.models import VideoSourceAsset, VideoSourceUrl

        if self.asset_id is not None:
            return VideoSourceAsset(type_="asset", asset_id=self.asset_id)
        return VideoSourceUrl(type_="url", video_url=self.url or "")

    def audio(self) -> AudioSourceUrl | AudioSourceAsset:
        """Give it as the generated model of an audio source."""
        from mirelo_ergo_api.mirelo_v2.models import AudioSourceAsset, AudioSourceUrl

        if self.asset_id is not None:
            return AudioSourceAsset(type_="asset", asset_id=self.asset_id)
        return AudioSourceUrl(type_="url", audio_url=self.url or "")


SourceRefs = Mapping[str, SourceRef]


@attrs.frozen
class Endpoints:
    """The generated builders of one family's four operations, and of its request model."""

    preflight: Callable[[Fields], Kwargs]
    body: Callable[[Fields, SourceRefs], Any]
    create: Callable[..., Kwargs]
    sync: Callable[..., Kwargs]
    poll: Callable[[str], Kwargs]


@lru_cache
def _endpoints(declare: Callable[[], Endpoints]) -> Endpoints:
    return declare()


@attrs.frozen
class Family:
    """Declare one family in one model.

    `schema` names its request in `limits.py`; its operationIds begin with `operation`.
    """

    name: str
    model: str
    schema: str
    operation: str
    declare: Callable[[], Endpoints]

    @property
    def endpoints(self) -> Endpoints:
        """Give its generated builders; the first use imports them."""
        return _endpoints(self.declare)

    @property
    def label(self) -> str:
        """Name it in messages."""
        return f"{self.name} {self.model}"

    @property
    def limits(self) -> Mapping[str, Limit]:
        """Give the spec's limits of its request."""
        from mirelo_ergo_api.mirelo_v2.limits import LIMITS

        return LIMITS[self.schema]


@attrs.frozen
class Generation:
    """A request that passed its checks: which family, the fields as on the wire, the sources by their field."""

    family: Family
    fields: Fields
    sources: Mapping[str, MediaSource] = attrs.field(factory=dict)

    @property
    def num_samples(self) -> int:
        """Give how many results to expect; `check_limits=False` lets anything through to the service."""
        return tolerant_integer(self.fields["num_samples"]) or 1

    @property
    def content(self) -> dict[str, object]:
        """What would be sent, with the names that it has on the wire."""
        sources = {name: source.content for name, source in self.sources.items()}
        return {"family": self.family.name, "model": self.family.model, **sources, **self.fields}

    def check(self) -> None:
        """Check the fields against the spec's limits; raises `InvalidRequestError`."""
        from mirelo_ergo_api.mirelo_v2 import limits

        check(limits, self.family.schema, {**self.fields, **self.sources}, self.family.label)


def _unset(value: str | None) -> str | Unset:
    from mirelo_ergo_api.mirelo_v2.types import UNSET

    return UNSET if value is None else value


def _segment(fields: Fields) -> Segment:
    from mirelo_ergo_api.mirelo_v2.models import Segment

    return Segment(start_ms=fields["segment"]["start_ms"], end_ms=fields["segment"]["end_ms"])


def _text_to_sfx_v15() -> Endpoints:
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import text_to_sfx_job_create as create
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import text_to_sfx_job_poll as poll
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import text_to_sfx_preflight as preflight
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import text_to_sfx_sync as sync
    from mirelo_ergo_api.mirelo_v2.models import TextToSfxRequest

    return Endpoints(
        lambda f: preflight._get_kwargs(duration_ms=f["duration_ms"], num_samples=f["num_samples"]),
        lambda f, _: TextToSfxRequest(prompt=f["prompt"], duration_ms=f["duration_ms"], num_samples=f["num_samples"]),
        create._get_kwargs,
        sync._get_kwargs,
        poll._get_kwargs,
    )


def _text_to_sfx_v16() -> Endpoints:
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import text_to_sfx_v16_job_create as create
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import text_to_sfx_v16_job_poll as poll
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import text_to_sfx_v16_preflight as preflight
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import text_to_sfx_v16_sync as sync
    from mirelo_ergo_api.mirelo_v2.models import TextToSfxV16Request

    return Endpoints(
        lambda f: preflight._get_kwargs(duration_ms=f["duration_ms"], num_samples=f["num_samples"]),
        lambda f, _: TextToSfxV16Request(
            prompt=f["prompt"], duration_ms=f["duration_ms"], num_samples=f["num_samples"], loop=f["loop"]
        ),
        create._get_kwargs,
        sync._get_kwargs,
        poll._get_kwargs,
    )


def _video_to_sfx_v15() -> Endpoints:
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import video_to_sfx_job_create as create
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import video_to_sfx_job_poll as poll
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import video_to_sfx_preflight as preflight
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import video_to_sfx_sync as sync
    from mirelo_ergo_api.mirelo_v2.models import VideoToSfxRequest

    return Endpoints(
        lambda f: preflight._get_kwargs(duration_ms=f["duration_ms"], num_samples=f["num_samples"]),
        lambda f, places: VideoToSfxRequest(
            video=places["video"].video(),
            duration_ms=f["duration_ms"],
            start_offset_ms=f["start_offset_ms"],
            num_samples=f["num_samples"],
            output=f["output"],
        ),
        create._get_kwargs,
        sync._get_kwargs,
        poll._get_kwargs,
    )


def _video_to_sfx_v16() -> Endpoints:
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import video_to_sfx_v16_job_create as create
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import video_to_sfx_v16_job_poll as poll
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import video_to_sfx_v16_preflight as preflight
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import video_to_sfx_v16_sync as sync
    from mirelo_ergo_api.mirelo_v2.models import VideoToSfxV16Request

    return Endpoints(
        lambda f: preflight._get_kwargs(duration_ms=f["duration_ms"], num_samples=f["num_samples"]),
        lambda f, places: VideoToSfxV16Request(
            video=places["video"].video(),
            duration_ms=f["duration_ms"],
            start_offset_ms=f["start_offset_ms"],
            num_samples=f["num_samples"],
            output=f["output"],
            prompt=_unset(f.get("prompt")),
        ),
        create._get_kwargs,
        sync._get_kwargs,
        poll._get_kwargs,
    )


def _extend_audio() -> Endpoints:
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import extend_audio_v16_job_create as create
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import extend_audio_v16_job_poll as poll
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import extend_audio_v16_preflight as preflight
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import extend_audio_v16_sync as sync
    from mirelo_ergo_api.mirelo_v2.models import ExtendAudioV16Request

    return Endpoints(
        lambda f: preflight._get_kwargs(append_duration_ms=f["append_duration_ms"], num_samples=f["num_samples"]),
        lambda f, places: ExtendAudioV16Request(
            audio=places["audio"].audio(),
            append_duration_ms=f["append_duration_ms"],
            num_samples=f["num_samples"],
            prompt=_unset(f.get("prompt")),
            loop=f["loop"],
        ),
        create._get_kwargs,
        sync._get_kwargs,
        poll._get_kwargs,
    )


def _extend_audio_with_video() -> Endpoints:
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import extend_audio_with_video_v16_job_create as create
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import extend_audio_with_video_v16_job_poll as poll
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import extend_audio_with_video_v16_preflight as preflight
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import extend_audio_with_video_v16_sync as sync
    from mirelo_ergo_api.mirelo_v2.models import ExtendAudioWithVideoV16Request

    return Endpoints(
        lambda f: preflight._get_kwargs(append_duration_ms=f["append_duration_ms"], num_samples=f["num_samples"]),
        lambda f, places: ExtendAudioWithVideoV16Request(
            audio=places["audio"].audio(),
            video=places["video"].video(),
            append_duration_ms=f["append_duration_ms"],
            start_offset_ms=f["start_offset_ms"],
            num_samples=f["num_samples"],
            prompt=_unset(f.get("prompt")),
        ),
        create._get_kwargs,
        sync._get_kwargs,
        poll._get_kwargs,
    )


def _inpaint_audio() -> Endpoints:
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import inpaint_audio_v16_job_create as create
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import inpaint_audio_v16_job_poll as poll
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import inpaint_audio_v16_preflight as preflight
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import inpaint_audio_v16_sync as sync
    from mirelo_ergo_api.mirelo_v2.models import InpaintAudioV16Request

    return Endpoints(
        lambda f: preflight._get_kwargs(
            start_ms=f["segment"]["start_ms"], end_ms=f["segment"]["end_ms"], num_samples=f["num_samples"]
        ),
        lambda f, places: InpaintAudioV16Request(
            audio=places["audio"].audio(),
            segment=_segment(f),
            num_samples=f["num_samples"],
            prompt=_unset(f.get("prompt")),
        ),
        create._get_kwargs,
        sync._get_kwargs,
        poll._get_kwargs,
    )


def _inpaint_audio_with_video() -> Endpoints:
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import inpaint_audio_with_video_v16_job_create as create
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import inpaint_audio_with_video_v16_job_poll as poll
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import inpaint_audio_with_video_v16_preflight as preflight
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import inpaint_audio_with_video_v16_sync as sync
    from mirelo_ergo_api.mirelo_v2.models import InpaintAudioWithVideoV16Request

    return Endpoints(
        lambda f: preflight._get_kwargs(
            start_ms=f["segment"]["start_ms"], end_ms=f["segment"]["end_ms"], num_samples=f["num_samples"]
        ),
        lambda f, places: InpaintAudioWithVideoV16Request(
            audio=places["audio"].audio(),
            video=places["video"].video(),
            segment=_segment(f),
            num_samples=f["num_samples"],
            prompt=_unset(f.get("prompt")),
        ),
        create._get_kwargs,
        sync._get_kwargs,
        poll._get_kwargs,
    )


FAMILIES: Final[Mapping[tuple[str, str], Family]] = {
    (family.name, family.model): family
    for family in (
        Family("text-to-sfx", "v1.5", "TextToSfxRequest", "textToSfx", _text_to_sfx_v15),
        Family("text-to-sfx", "v1.6", "TextToSfxV16Request", "textToSfxV16", _text_to_sfx_v16),
        Family("video-to-sfx", "v1.5", "VideoToSfxRequest", "videoToSfx", _video_to_sfx_v15),
        Family("video-to-sfx", "v1.6", "VideoToSfxV16Request", "videoToSfxV16", _video_to_sfx_v16),
        Family("extend-audio", "v1.6", "ExtendAudioV16Request", "extendAudioV16", _extend_audio),
        Family(
            "extend-audio/with_video",
            "v1.6",
            "ExtendAudioWithVideoV16Request",
            "extendAudioWithVideoV16",
            _extend_audio_with_video,
        ),
        Family("inpaint-audio", "v1.6", "InpaintAudioV16Request", "inpaintAudioV16", _inpaint_audio),
        Family(
            "inpaint-audio/with_video",
            "v1.6",
            "InpaintAudioWithVideoV16Request",
            "inpaintAudioWithVideoV16",
            _inpaint_audio_with_video,
        ),
    )
}
MODELS: Final = tuple(sorted({model for _, model in FAMILIES}))


def choose_family(name: str, model: str | None) -> Family:
    """Find a family in a model, or in its default one; raises `InvalidRequestError` that says which models have it."""
    having = [known for family, known in FAMILIES if family == name]  # the newest is declared last
    chosen = model if model is not None else DEFAULT_MODEL if DEFAULT_MODEL in having else having[-1]
    if chosen not in having:
        known = "is not a model this version knows" if chosen not in MODELS else f"has no {name}"
        raise InvalidRequestError(
            f"model={short_repr(chosen, 40)} {known}: {name} is in {' and '.join(having)}; nothing was sent",
            field="model",
        )
    return FAMILIES[name, chosen]


def known_model(model: str | None) -> str | None:
    """Check a client's `model=`; raises `ConfigurationError`."""
    if model is not None and model not in MODELS:
        raise ConfigurationError(f"model={short_repr(model, 40)} is not one of {', '.join(MODELS)}")
    return model


def segment_fields(segment: tuple[int, int]) -> Mapping[str, int]:
    """Give a (start, end) pair its names on the wire; raises `InvalidRequestError`."""
    if not isinstance(segment, tuple | list) or len(segment) != 2:
        raise InvalidRequestError(
            f"segment={short_repr(segment)} is not a pair (start_ms, end_ms); nothing was sent", field="segment"
        )
    return {"start_ms": segment[0], "end_ms": segment[1]}


def fields_for(family: Family, fields: Fields, extras: Mapping[str, tuple[Any, Any]]) -> dict[str, Any]:
    """Give a request's fields: `extras` (value and default) only where the family has them.

    One whose default is None is left out while it is None. Raises `InvalidRequestError` for an extra that was asked
    for and that the family lacks, naming who has it.
    """
    given = dict(fields)
    for name, (value, default) in extras.items():
        if name in family.limits:
            if value is not None or default is not None:
                given[name] = value
        elif value is not default and value != default:
            others = [other.label for other in _related(family) if name in other.limits]
            way = f"; {' and '.join(others)} {'has' if len(others) == 1 else 'have'}" if others else ""
            raise InvalidRequestError(f"{family.label} has no {name}{way}; nothing was sent", field=name)
    return given


def _related(family: Family) -> list[Family]:
    """Give the same family in its other models, with and without a video."""
    base = family.name.split("/")[0]
    return [other for other in FAMILIES.values() if other.name.split("/")[0] == base and other is not family]

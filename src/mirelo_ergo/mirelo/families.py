"""One declaration per family and model: its limits, its generated endpoints, and how its request model is built.

The generated models and builders are imported at first use; that they are named here in full makes a field or an
operation that the service removes a type error at regeneration.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlencode

import attrs

from .._runtime.answers import tolerant_integer
from .._runtime.io import Request
from .._runtime.limits import check
from .._runtime.redact import shorten
from ..errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mirelo_ergo_api.mirelo_v2.limits import Limit
    from mirelo_ergo_api.mirelo_v2.models import TextToSfxRequest, VideoToSfxRequest

    from .video import Video

Kwargs = dict[str, Any]


class _Preflight(Protocol):
    def __call__(self, *, duration_ms: int, num_samples: int) -> Kwargs: ...


@attrs.frozen
class Endpoints:
    """The generated builders of one family's four operations."""

    preflight: _Preflight
    create: Callable[..., Kwargs]
    sync: Callable[..., Kwargs]
    poll: Callable[[str], Kwargs]


@attrs.frozen
class Family:
    """Declare one family in one model. `schema` names its request in `limits.py`."""

    name: str
    model: str
    schema: str
    operation: str
    endpoints: Callable[[], Endpoints]
    body: Callable[[Mapping[str, Any], str | None], Any]
    """Build the generated request model from checked fields and, for an uploaded source, its asset id."""

    @property
    def label(self) -> str:
        """Name it in messages."""
        return f"{self.name} {self.model}"

    def limits(self) -> Mapping[str, Limit]:
        """Give the spec's limits of its request."""
        from mirelo_ergo_api.mirelo_v2.limits import LIMITS

        return LIMITS[self.schema]


@attrs.frozen
class Generation:
    """A request that passed its checks: which family, the fields as on the wire, the source if it has one."""

    family: Family
    fields: Mapping[str, Any]
    video: Video | None = None

    @property
    def num_samples(self) -> int:
        """Give how many results to expect; `check_limits=False` lets anything through to the service."""
        return tolerant_integer(self.fields["num_samples"]) or 1

    def check(self) -> None:
        """Check the fields against the spec's limits; raises `InvalidRequestError`."""
        given = dict(self.fields)
        if self.video is not None:
            given["video"] = self.video
        check(self.family.limits(), given, self.family.label)


def _text_endpoints() -> Endpoints:
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import (
        text_to_sfx_job_create,
        text_to_sfx_job_poll,
        text_to_sfx_preflight,
        text_to_sfx_sync,
    )

    return Endpoints(
        text_to_sfx_preflight._get_kwargs,
        text_to_sfx_job_create._get_kwargs,
        text_to_sfx_sync._get_kwargs,
        text_to_sfx_job_poll._get_kwargs,
    )


def _text_body(fields: Mapping[str, Any], asset_id: str | None) -> TextToSfxRequest:
    from mirelo_ergo_api.mirelo_v2.models import TextToSfxRequest

    return TextToSfxRequest(
        prompt=fields["prompt"], duration_ms=fields["duration_ms"], num_samples=fields["num_samples"]
    )


def _video_endpoints() -> Endpoints:
    from mirelo_ergo_api.mirelo_v2.api.sound_effects import (
        video_to_sfx_job_create,
        video_to_sfx_job_poll,
        video_to_sfx_preflight,
        video_to_sfx_sync,
    )

    return Endpoints(
        video_to_sfx_preflight._get_kwargs,
        video_to_sfx_job_create._get_kwargs,
        video_to_sfx_sync._get_kwargs,
        video_to_sfx_job_poll._get_kwargs,
    )


def _video_body(fields: Mapping[str, Any], asset_id: str | None) -> VideoToSfxRequest:
    from mirelo_ergo_api.mirelo_v2.models import VideoSourceAsset, VideoSourceUrl, VideoToSfxRequest

    url = fields["video_url"]
    return VideoToSfxRequest(
        video=VideoSourceUrl(type_="url", video_url=url)
        if asset_id is None
        else VideoSourceAsset(type_="asset", asset_id=asset_id),
        duration_ms=fields["duration_ms"],
        start_offset_ms=fields["start_offset_ms"],
        num_samples=fields["num_samples"],
        output=fields["output"],
    )


TEXT_TO_SFX: Final = Family("text-to-sfx", "v1.5", "TextToSfxRequest", "textToSfx", _text_endpoints, _text_body)
VIDEO_TO_SFX: Final = Family("video-to-sfx", "v1.5", "VideoToSfxRequest", "videoToSfx", _video_endpoints, _video_body)
FAMILIES: Final[Mapping[tuple[str, str], Family]] = {
    (family.name, family.model): family for family in (TEXT_TO_SFX, VIDEO_TO_SFX)
}


def request_from(kwargs: Kwargs, *, submit: bool = False, long: bool = False) -> Request:
    """Turn what a generated builder describes into a request; raises `InvalidRequestError` for what is no JSON."""
    body = kwargs.get("json")
    params = kwargs.get("params")
    path = kwargs["url"] + (f"?{urlencode(params)}" if params else "")
    try:
        data = None if body is None else json.dumps(body, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise InvalidRequestError(f"the request is no JSON: {shorten(str(error), 120)}; nothing was sent") from None
    return Request(kwargs["method"].upper(), path, data, submit=submit, long=long)

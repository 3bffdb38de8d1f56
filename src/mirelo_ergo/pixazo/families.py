"""One declaration per model of the gateway: its endpoint, and how its request model is built.

The generated models and builders are imported at first use; that they are named here in full makes a field or an
operation that the service removes a type error at regeneration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs

from .._runtime.api.answers import tolerant_integer
from .._runtime.api.limits import check
from ..errors import InvalidRequestError

if TYPE_CHECKING:
    from mirelo_ergo_api.pixazo.types import Unset

    from .._runtime.api.requests import Kwargs

Fields = Mapping[str, Any]
RANDOM: Final = -1
"""The seed that stands for none. It is sent: what an absent one means, the service may change."""


@attrs.frozen
class Family:
    """Declare what one model makes. `schema` names its request in `limits.py`, `operation` is its operationId."""

    name: str
    model: str
    schema: str
    operation: str
    build: Callable[[Fields], Kwargs]

    @property
    def label(self) -> str:
        """Name it in messages."""
        return f"{self.name} {self.model}"


@attrs.frozen
class Generation:
    """A request: which family, and the fields as on the wire."""

    family: Family
    fields: Fields

    @property
    def num_samples(self) -> int:
        """Give how many results to expect; `check_limits=False` lets anything through to the service."""
        return tolerant_integer(self.fields["num_samples"]) or 1

    @property
    def content(self) -> dict[str, object]:
        """What would be sent, with the names that it has on the wire."""
        return {"family": self.family.name, "model": self.family.model, **self.fields}

    def check(self) -> None:
        """Check the fields against the spec's limits; raises `InvalidRequestError`."""
        from mirelo_ergo_api.pixazo import limits

        label = self.family.label
        check(limits, self.family.schema, self.fields, label)
        if self.fields.get("double_output") and not self.fields["ambience"]:
            raise InvalidRequestError(
                f"{label}: double_output=True needs ambience=True: it gives that loop twice over; nothing was sent",
                field="double_output",
            )


def _text_to_audio(f: Fields) -> Kwargs:
    from mirelo_ergo_api.pixazo.api.sound_effects import text_to_audio
    from mirelo_ergo_api.pixazo.models import TextToAudioRequest

    body = TextToAudioRequest(
        text_prompt=f["text_prompt"],
        duration=f["duration"],
        ambience=f["ambience"],
        double_output=f["double_output"],
        num_samples=f["num_samples"],
        upload_audio_format=f["upload_audio_format"],
        seed=f["seed"],
    )
    return text_to_audio._get_kwargs(body=body)


def _video_to_video(f: Fields) -> Kwargs:
    from mirelo_ergo_api.pixazo.api.sound_effects import video_to_video
    from mirelo_ergo_api.pixazo.models import VideoToVideoRequest

    body = VideoToVideoRequest(
        video_url=f["video_url"],
        text_prompt=_unset(f.get("text_prompt")),
        duration=f["duration"],
        num_samples=f["num_samples"],
        seed=f["seed"],
    )
    return video_to_video._get_kwargs(body=body)


def _video_to_audio(f: Fields) -> Kwargs:
    from mirelo_ergo_api.pixazo.api.sound_effects import video_to_audio
    from mirelo_ergo_api.pixazo.models import VideoToAudioRequest

    body = VideoToAudioRequest(
        video_url=f["video_url"],
        text_prompt=f["text_prompt"],
        num_samples=f["num_samples"],
        seed=f["seed"],
        duration=f["duration"],
    )
    return video_to_audio._get_kwargs(body=body)


def _unset(value: str | None) -> str | Unset:
    from mirelo_ergo_api.pixazo.types import UNSET

    return UNSET if value is None else value


TEXT_TO_AUDIO: Final = Family("text-to-audio", "v1.6", "TextToAudioRequest", "textToAudio", _text_to_audio)
VIDEO_TO_VIDEO: Final = Family("video-to-video", "v1.6", "VideoToVideoRequest", "videoToVideo", _video_to_video)
VIDEO_TO_AUDIO: Final = Family("video-to-audio", "v1.0", "VideoToAudioRequest", "videoToAudio", _video_to_audio)
FAMILIES: Final[Mapping[tuple[str, str], Family]] = {
    (family.name, family.model): family for family in (TEXT_TO_AUDIO, VIDEO_TO_VIDEO, VIDEO_TO_AUDIO)
}

"""The table of what the gateway makes: one row per model, with its operation and its request.

The operations are imported at first use. If the service removes an operation, the name here becomes a type error after
regeneration, as a removed field does in calls.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs

from .._runtime.api.answers import tolerant_integer
from .._runtime.api.limits import check, refuse_blank
from .._runtime.jobs.facts import RequestFacts
from .._runtime.transfer.inputs import url_stem
from ..errors import InvalidRequestError
from .generated import operations as of

if TYPE_CHECKING:
    from .._runtime.api.endpoints import Endpoint

Fields = Mapping[str, Any]
_LONGEST: Final = 1e6
"""The lengths in seconds that messages can show; with `check_limits=False` the field may hold anything."""
RANDOM: Final = -1
"""The seed that means "no seed". It is sent explicitly, because the service may change its default."""


@attrs.frozen
class Family:
    """One family of one model. `schema` is the name of its request in the generated limits.py."""

    name: str
    model: str
    schema: str
    declare: Callable[[], Endpoint]

    @property
    def endpoint(self) -> Endpoint:
        """Its operation, imported at first use."""
        return self.declare()

    @property
    def label(self) -> str:
        """Its name in messages."""
        return f"{self.name} {self.model}"


@attrs.frozen
class Generation:
    """A request: its family, and its fields as sent."""

    family: Family
    fields: Fields

    @property
    def num_samples(self) -> int:
        """The number of results to expect; with `check_limits=False` the field may hold anything."""
        return tolerant_integer(self.fields["num_samples"]) or 1

    @property
    def facts(self) -> RequestFacts:
        """A description of the request."""
        content = {"family": self.family.name, "model": self.family.model, **self.fields}
        length, url = self.fields.get("duration"), self.fields.get("video_url")
        stem = url_stem(url) if isinstance(url, str) else None
        length_ms = round(length * 1000) if isinstance(length, int | float) and 0 < length < _LONGEST else None
        return RequestFacts(self.family.label, content, self.fields.get("text_prompt") or None, stem, length_ms)

    def check(self) -> None:
        """Check the fields against the spec's limits; raises `InvalidRequestError`."""
        from mirelo_ergo_api.pixazo import limits

        if self.family is not VIDEO_TO_AUDIO or self.fields["text_prompt"]:  # it has no default
            refuse_blank(self.fields, "text_prompt", self.family.label)
        check(limits, self.family.schema, self.fields, self.family.label)
        if self.fields.get("double_output") and not self.fields["ambience"]:
            raise InvalidRequestError(
                f"{self.family.label}: double_output=True needs ambience=True: it gives that loop twice over; "
                "nothing was sent",
                field="double_output",
            )


TEXT_TO_AUDIO: Final = Family("text-to-audio", "v1.6", "TextToAudioRequest", lambda: of.TEXT_TO_AUDIO)
VIDEO_TO_VIDEO: Final = Family("video-to-video", "v1.6", "VideoToVideoRequest", lambda: of.VIDEO_TO_VIDEO)
VIDEO_TO_AUDIO: Final = Family("video-to-audio", "v1.0", "VideoToAudioRequest", lambda: of.VIDEO_TO_AUDIO)
FAMILIES: Final[Mapping[tuple[str, str], Family]] = {
    (family.name, family.model): family for family in (TEXT_TO_AUDIO, VIDEO_TO_VIDEO, VIDEO_TO_AUDIO)
}

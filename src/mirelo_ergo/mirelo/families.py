"""The table of what the service makes: one row per family and model, with its operations and its request.

A new family needs an entry in the spec, generated code, one row here and one call in calls.py. The operations are
imported at first use. If the service removes an operation, the name here becomes a type error after regeneration, as a
removed field does in calls.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs

from .._runtime.api.answers import tolerant_integer
from .._runtime.api.limits import check, refuse_blank
from .._runtime.jobs.facts import RequestFacts
from .._runtime.redact import short_repr
from ..errors import InvalidRequestError
from .generated import operations as of
from .versions import KNOWN as V3_MODELS
from .versions import MIDI, MODELS, ONLY_IN_V3

if TYPE_CHECKING:
    from mirelo_ergo_api.mirelo_v2.limits import Limit

    from .._runtime.api.endpoints import Endpoint
    from .._runtime.transfer.inputs import MediaSource

Fields = Mapping[str, Any]
DEFAULT_MODEL: Final = "v1.5"
"""The default model, which the vendor's SDK pins too. A family without it uses its newest model."""


@attrs.frozen
class Endpoints:
    """A family's operations. Some have no preflight or no /sync."""

    preflight: Endpoint | None
    create: Endpoint
    sync: Endpoint | None
    poll: Endpoint


@attrs.frozen
class Family:
    """One family in one model. `schema` is the name of its request in the generated limits.py."""

    name: str
    model: str
    schema: str
    declare: Callable[[], tuple[Endpoint | None, Endpoint, Endpoint | None, Endpoint]]
    takes_urls: bool = True
    """Whether the service fetches sources by URL itself."""

    @property
    def endpoints(self) -> Endpoints:
        """Its operations, imported at first use."""
        return Endpoints(*self.declare())

    @property
    def label(self) -> str:
        """Its name in messages."""
        return f"{self.name} {self.model}"

    @property
    def limits(self) -> Mapping[str, Limit]:
        """The limits of its request in the spec."""
        from mirelo_ergo_api.mirelo_v2.limits import LIMITS

        return LIMITS[self.schema]


# fmt: off
_ROWS: Final = (
    Family("text-to-sfx", "v1.5", "TextToSfxRequest", lambda: (
        of.TEXT_TO_SFX_PREFLIGHT, of.TEXT_TO_SFX_JOB_CREATE, of.TEXT_TO_SFX_SYNC, of.TEXT_TO_SFX_JOB_POLL)),
    Family("text-to-sfx", "v1.6", "TextToSfxV16Request", lambda: (
        of.TEXT_TO_SFX_V16_PREFLIGHT, of.TEXT_TO_SFX_V16_JOB_CREATE,
        of.TEXT_TO_SFX_V16_SYNC, of.TEXT_TO_SFX_V16_JOB_POLL)),
    Family("video-to-sfx", "v1.5", "VideoToSfxRequest", lambda: (
        of.VIDEO_TO_SFX_PREFLIGHT, of.VIDEO_TO_SFX_JOB_CREATE, of.VIDEO_TO_SFX_SYNC, of.VIDEO_TO_SFX_JOB_POLL)),
    Family("video-to-sfx", "v1.6", "VideoToSfxV16Request", lambda: (
        of.VIDEO_TO_SFX_V16_PREFLIGHT, of.VIDEO_TO_SFX_V16_JOB_CREATE,
        of.VIDEO_TO_SFX_V16_SYNC, of.VIDEO_TO_SFX_V16_JOB_POLL)),
    Family("extend-audio", "v1.6", "ExtendAudioV16Request", lambda: (
        of.EXTEND_AUDIO_V16_PREFLIGHT, of.EXTEND_AUDIO_V16_JOB_CREATE,
        of.EXTEND_AUDIO_V16_SYNC, of.EXTEND_AUDIO_V16_JOB_POLL)),
    Family("extend-audio/with_video", "v1.6", "ExtendAudioWithVideoV16Request", lambda: (
        of.EXTEND_AUDIO_WITH_VIDEO_V16_PREFLIGHT, of.EXTEND_AUDIO_WITH_VIDEO_V16_JOB_CREATE,
        of.EXTEND_AUDIO_WITH_VIDEO_V16_SYNC, of.EXTEND_AUDIO_WITH_VIDEO_V16_JOB_POLL)),
    Family("inpaint-audio", "v1.6", "InpaintAudioV16Request", lambda: (
        of.INPAINT_AUDIO_V16_PREFLIGHT, of.INPAINT_AUDIO_V16_JOB_CREATE,
        of.INPAINT_AUDIO_V16_SYNC, of.INPAINT_AUDIO_V16_JOB_POLL)),
    Family("inpaint-audio/with_video", "v1.6", "InpaintAudioWithVideoV16Request", lambda: (
        of.INPAINT_AUDIO_WITH_VIDEO_V16_PREFLIGHT, of.INPAINT_AUDIO_WITH_VIDEO_V16_JOB_CREATE,
        of.INPAINT_AUDIO_WITH_VIDEO_V16_SYNC, of.INPAINT_AUDIO_WITH_VIDEO_V16_JOB_POLL)),
    Family("text-to-music", "v1.0", "TextToMusicRequest", lambda: (
        of.TEXT_TO_MUSIC_PREFLIGHT, of.TEXT_TO_MUSIC_JOB_CREATE,
        of.TEXT_TO_MUSIC_SYNC, of.TEXT_TO_MUSIC_JOB_POLL)),
    Family("video-to-music", "v1.0", "VideoToMusicRequest", lambda: (
        None, of.VIDEO_TO_MUSIC_JOB_CREATE, None, of.VIDEO_TO_MUSIC_JOB_POLL), takes_urls=False),
    Family(MIDI, "v1.0", "AudioToMidiRequest", lambda: (
        of.AUDIO_TO_MIDI_PREFLIGHT, of.AUDIO_TO_MIDI_JOB_CREATE,
        of.AUDIO_TO_MIDI_SYNC, of.AUDIO_TO_MIDI_JOB_POLL), takes_urls=False),
)
# fmt: on
FAMILIES: Final[Mapping[tuple[str, str], Family]] = {(family.name, family.model): family for family in _ROWS}
_NOTHING_SENT: Final = "; nothing was sent"


@attrs.frozen
class Generation:
    """A checked request: its family, its fields as sent, and its sources by field."""

    family: Family
    fields: Fields
    sources: Mapping[str, MediaSource] = attrs.field(factory=dict)
    known: Fields = attrs.field(factory=dict)
    """Values beside the fields that its price depends on, such as the length of a sound."""

    @property
    def label(self) -> str:
        """Its name in messages."""
        return self.family.label

    @property
    def num_samples(self) -> int:
        """The number of results to expect; with `check_limits=False` the field may hold anything."""
        return tolerant_integer(self.fields.get("num_samples", 1)) or 1

    @property
    def facts(self) -> RequestFacts:
        """A description of the request."""
        sources = {name: source.content for name, source in self.sources.items()}
        content = {"family": self.family.name, "model": self.family.model, **sources, **self.fields}
        source = self.sources.get("video") or self.sources.get("audio")
        length = self.fields.get("duration_ms", self.fields.get("append_duration_ms"))
        stem = None if source is None else source.stem
        return RequestFacts(self.family.label, content, self.fields.get("prompt"), stem, tolerant_integer(length))

    def quoted(self, preflight: Endpoint) -> Fields:
        """Return the parameters of its preflight; raises `InvalidRequestError`."""
        inner = [value for value in self.fields.values() if isinstance(value, Mapping)]
        known = {**self.fields, **{name: value for fields in inner for name, value in fields.items()}, **self.known}
        missing = next((name for name in preflight.query if name not in known), None)
        if missing is not None:
            raise InvalidRequestError(
                f"{self.label}: its price depends on the length of its source, which its headers do not give: pass "
                f"{missing}{_NOTHING_SENT}",
                field=missing,
            )
        return {name: known[name] for name in preflight.query}

    def check(self) -> None:
        """Check the fields against the spec's limits; raises `InvalidRequestError` with a model without them."""
        refuse_blank(self.fields, "prompt", self.family.label)
        try:
            self._check(self.family)
        except InvalidRequestError as error:
            takers = [other for other in FAMILIES.values() if other.name == self.family.name and self._fits(other)]
            if not takers:
                raise
            message = f"{error.message.removesuffix(_NOTHING_SENT)}; {takers[0].label} takes it{_NOTHING_SENT}"
            raise InvalidRequestError(message, field=error.field) from None

    def _check(self, family: Family) -> None:
        from mirelo_ergo_api.mirelo_v2 import limits

        sources: Mapping[str, Any] = self.sources
        if not family.takes_urls:  # a source has one form only, and its bytes are checked when they are read
            sources = {name: {"type": "asset", "asset_id": "-"} for name in self.sources}
        check(limits, family.schema, {**self.fields, **sources}, family.label)

    def _fits(self, family: Family) -> bool:
        if not self.fields.keys() <= family.limits.keys():
            return False
        try:
            self._check(family)
        except InvalidRequestError:
            return False
        return True


def choose_family(name: str, model: str | None) -> Family:
    """Return a family in a model or its default model; raises `InvalidRequestError`, which names the right models."""
    having = [known for family, known in FAMILIES if family == name]  # the newest is declared last
    chosen = model if model is not None else DEFAULT_MODEL if DEFAULT_MODEL in having else having[-1]
    if chosen not in having:
        from .v3 import FAMILIES as V3_FAMILIES  # only this error needs it

        known = "is not a model this version knows" if chosen not in MODELS else f"has no {name}"
        *others, last = [*having, *V3_MODELS] if name.partition("/")[0] in V3_FAMILIES else having
        models = f"{', '.join(others)} and {last}" if others else last
        raise InvalidRequestError(
            f"model={short_repr(chosen, 40)} {known}: {name} is in {models}; nothing was sent",
            field="model",
        )
    return FAMILIES[name, chosen]


def fields_for(family: Family, wishes: Mapping[str, object]) -> dict[str, Any]:
    """Return the options that the family has fields for. Options that it lacks must have their default values.

    Raises `InvalidRequestError` for another value, and names the families that have the option.
    """
    given = {}
    for name, value in wishes.items():
        if name in family.limits:
            given[name] = value
            continue
        if name in ONLY_IN_V3:
            raise InvalidRequestError(
                f"{family.label} has no {name}; the models sfx-1.6 and sfx-2.0 have; nothing was sent", field=name
            )
        others = [other for other in _related(family) if name in other.limits]
        if not others or any(value != other.limits[name].default for other in others):
            way = f"; {' and '.join(each.label for each in others)} {'has' if len(others) == 1 else 'have'}"
            raise InvalidRequestError(
                f"{family.label} has no {name}{way if others else ''}; nothing was sent", field=name
            )
    return given


def _related(family: Family) -> list[Family]:
    """Return the family in its other models, with and without a video."""
    base = family.name.split("/")[0]
    return [other for other in FAMILIES.values() if other.name.split("/")[0] == base and other is not family]

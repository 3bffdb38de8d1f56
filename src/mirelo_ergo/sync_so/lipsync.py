"""The request of `client.lipsync()`, from its arguments."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

import attrs

from .._runtime.jobs.facts import RequestFacts
from .._runtime.redact import public_name, short_repr, type_name
from ..errors import InvalidRequestError
from .files import AssetKind
from .inputs import Audio, GenerationOptions, Image, Input, Options, Segment, Tts, Video, generation_body, on_wire
from .values import Asset

if TYPE_CHECKING:
    from mirelo_ergo_api.sync_so import bodies

Visual = str | os.PathLike[str] | bytes | BinaryIO | Asset | Video | Image
Voice = str | os.PathLike[str] | bytes | BinaryIO | Asset | Audio | Tts


@attrs.frozen
class LocalFile:
    """A local file, which will be replaced by its uploaded asset."""

    source: Any = attrs.field(repr=False)
    argument: Literal["video", "audio"]

    @property
    def kind(self) -> AssetKind | None:
        """The type of its asset; None: its first bytes decide, because a video may be a picture."""
        return "AUDIO" if self.argument == "audio" else None

    def check(self, kind: AssetKind) -> None:
        """Raise `InvalidRequestError` for a sound given as a video."""
        if self.argument == "video" and kind == "AUDIO":
            raise InvalidRequestError("video: it is a sound, not a video or a picture; nothing was sent", field="video")

    def input(self, asset_id: str, kind: AssetKind | None = None) -> Input:
        """Return its input with the uploaded asset."""
        kinds: dict[AssetKind, type[Audio | Image | Video]] = {"AUDIO": Audio, "IMAGE": Image, "VIDEO": Video}
        return kinds[kind or self.kind or "VIDEO"](asset_id=asset_id)


@attrs.frozen
class Lipsync:
    """A checked lip-sync, whose local files are not yet uploaded."""

    model: str
    inputs: tuple[Any, ...]
    options: Options | None
    segments: Sequence[Segment] | None
    output_file_name: str | None
    project_id: str | None
    stem: str | None = None
    """The name of its video, without suffix."""

    def body(self, inputs: Sequence[Input]) -> bodies.CreateGeneration:
        """Return the body with these inputs."""
        return generation_body(
            model=self.model,
            input=inputs,
            options=self.options,
            segments=self.segments,
            output_file_name=self.output_file_name,
            project_id=self.project_id,
        )

    @property
    def facts(self) -> RequestFacts:
        """A description of the request, and the name of its video."""
        shown = [
            f"<{each.argument} to upload>" if isinstance(each, LocalFile) else on_wire(each) for each in self.inputs
        ]
        content = {"family": "lipsync", "model": self.model, "input": shown, "options": on_wire(self.options)}
        return RequestFacts(f"lipsync {self.model}", content, stem=self.stem)


def lipsync_of(
    video: Visual,
    audio: Voice | Sequence[Voice],
    model: str,
    sync_mode: Literal["bounce", "loop", "cut_off", "silence", "remap"] | None,
    options: Options | None,
    segments: Sequence[Segment] | None,
    output_file_name: str | None,
    project_id: str | None,
) -> Lipsync:
    """Return the checked request; raises `InvalidRequestError`. Sends nothing and opens no file."""
    if sync_mode is not None:
        merged = dict(_fields(options))
        if merged.get("sync_mode") not in (None, sync_mode):
            raise InvalidRequestError(
                f"sync_mode={sync_mode!r} and options' own {merged['sync_mode']!r} disagree; nothing was sent",
                field="sync_mode",
            )
        options = {**merged, "sync_mode": sync_mode}
    voices = audio if isinstance(audio, list | tuple) else [audio]
    inputs = (_visual(video), *(_voice(each) for each in voices))
    return Lipsync(model, inputs, options, segments, output_file_name, project_id, _stem(video))


def _stem(video: Visual) -> str | None:
    if isinstance(video, Asset):
        return Path(video.name).stem if video.name else None
    named = isinstance(video, str | os.PathLike) and not _is_url(video)
    return Path(video).stem if named else None  # type: ignore[arg-type]  # a path, as `named` says


def _is_url(given: Any) -> bool:
    return isinstance(given, str) and given.lower().startswith(("http://", "https://"))


def _fields(options: Options | None) -> Mapping[str, Any]:
    if options is None:
        return {}
    if isinstance(options, GenerationOptions):
        return {field.name: getattr(options, field.name) for field in attrs.fields(GenerationOptions)}
    return options


def _visual(given: Any) -> Any:
    if isinstance(given, Video | Image):
        return given
    if isinstance(given, Asset):
        return (Image if given.type == "IMAGE" else Video)(asset_id=given.id)
    return _url_or_file(given, "video", Video)


def _voice(given: Any) -> Any:
    if isinstance(given, Audio | Tts):
        return given
    if isinstance(given, Asset):
        return Audio(asset_id=given.id)
    return _url_or_file(given, "audio", Audio)


def _url_or_file(given: Any, what: Literal["video", "audio"], cls: type[Video] | type[Audio]) -> Any:
    if _is_url(given):
        return cls(url=given)
    if isinstance(given, str | os.PathLike | bytes | bytearray) or hasattr(given, "read"):
        return LocalFile(given, what)
    raise InvalidRequestError(
        f"{what}={short_repr(given)} is {type_name(given)}: give a path, a URL, bytes, an open file, an asset or "
        f"{public_name(cls)}(…); nothing was sent",
        field=what,
    )

"""What can be asked for, and of whom: each makes the library's request, which sends nothing yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import attrs

from mirelo_ergo import Audio, Video

from .clip import is_url
from .failures import Exit, Failure

if TYPE_CHECKING:
    from mirelo_ergo import GenerationRequest, JobRequest, MireloClient, PixazoClient

    from .progress import Shown

_Media = TypeVar("_Media", Video, Audio)


class Ask(Protocol):
    """One generation; a `model` that is None is the library's choice."""

    def request(self, client: MireloClient, bars: Shown, max_credits: int | None = None) -> GenerationRequest: ...
    def through_pixazo(self, client: PixazoClient) -> JobRequest: ...


@attrs.frozen
class Text:
    """Sound from words; a length that is None is the library's default."""

    prompt: str
    duration_ms: int | None
    samples: int
    loop: bool
    model: str | None

    def request(self, client: MireloClient, bars: Shown, max_credits: int | None = None) -> GenerationRequest:
        length = {} if self.duration_ms is None else {"duration_ms": self.duration_ms}
        return client.text_to_sfx(
            self.prompt, **length, num_samples=self.samples, loop=self.loop, model=self.model, max_credits=max_credits
        )

    def through_pixazo(self, client: PixazoClient) -> JobRequest:
        _refuse(model=self.model)
        length = _seconds(self.duration_ms)
        return client.text_to_audio(self.prompt, **length, ambience=self.loop, num_samples=self.samples)


@attrs.frozen
class Clip:
    """Sound for a clip."""

    clip: str
    duration_ms: int | None
    start_ms: int
    samples: int
    output: str
    prompt: str | None
    model: str | None

    def request(self, client: MireloClient, bars: Shown, max_credits: int | None = None) -> GenerationRequest:
        assert self.duration_ms is not None, "looked up by the command"
        return client.video_to_sfx(
            _source(Video, self.clip, bars),
            duration_ms=self.duration_ms,
            start_offset_ms=self.start_ms,
            num_samples=self.samples,
            output=self.output,
            prompt=self.prompt,
            model=self.model,
            max_credits=max_credits,
        )

    def through_pixazo(self, client: PixazoClient) -> JobRequest:
        _refuse(model=self.model, start=self.start_ms or None)
        if not is_url(self.clip):
            message = "it takes no uploads: give a public URL of the clip; mirelo takes files too; nothing was sent"
            raise Failure(Exit.REFUSED, "usage", f"--via pixazo: {message}")
        length = _seconds(self.duration_ms)
        if self.output == "video":
            return client.video_to_video(self.clip, **length, text_prompt=self.prompt, num_samples=self.samples)
        if self.output != "audio":
            message = f"--output {self.output} is neither audio nor video; nothing was sent"
            raise Failure(Exit.REFUSED, "usage", message)
        return client.video_to_audio(self.clip, **length, text_prompt=self.prompt or "", num_samples=self.samples)


@attrs.frozen
class Extension:
    """A sound, and more of it."""

    sound: str
    append_ms: int
    clip: str | None
    start_ms: int
    prompt: str | None
    loop: bool
    samples: int
    model: str | None

    def request(self, client: MireloClient, bars: Shown, max_credits: int | None = None) -> GenerationRequest:
        return client.extend_audio(
            _source(Audio, self.sound, bars),
            append_duration_ms=self.append_ms,
            video=None if self.clip is None else _source(Video, self.clip, bars),
            start_offset_ms=self.start_ms,
            prompt=self.prompt,
            loop=self.loop,
            num_samples=self.samples,
            model=self.model,
            max_credits=max_credits,
        )

    def through_pixazo(self, client: PixazoClient) -> JobRequest:
        raise Failure(Exit.REFUSED, "usage", "--via pixazo: it continues no sound; mirelo does; nothing was sent")


@attrs.frozen
class Inpainting:
    """A sound with a part of it made anew."""

    sound: str
    segment: tuple[int, int]
    clip: str | None
    prompt: str | None
    samples: int
    model: str | None

    def request(self, client: MireloClient, bars: Shown, max_credits: int | None = None) -> GenerationRequest:
        return client.inpaint_audio(
            _source(Audio, self.sound, bars),
            segment=self.segment,
            video=None if self.clip is None else _source(Video, self.clip, bars),
            prompt=self.prompt,
            num_samples=self.samples,
            model=self.model,
            max_credits=max_credits,
        )

    def through_pixazo(self, client: PixazoClient) -> JobRequest:
        raise Failure(Exit.REFUSED, "usage", "--via pixazo: it mends no sound; mirelo does; nothing was sent")


def _source(cls: type[_Media], given: str, bars: Shown) -> _Media:
    return cls.from_url(given) if is_url(given) else cls.from_path(given, on_progress=bars.upload)


def _seconds(duration_ms: int | None) -> dict[str, Any]:
    return {} if duration_ms is None else {"duration": duration_ms / 1000}


def _refuse(**options: object) -> None:
    """Refuse the options that only the other service has."""
    for name, value in options.items():
        if value is not None:
            message = f"--via pixazo: it has no --{name}; mirelo has; nothing was sent"
            raise Failure(Exit.REFUSED, "usage", message)

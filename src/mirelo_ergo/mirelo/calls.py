"""The calls of both Mirelo clients, written once. They send nothing, so none of them is async."""

from __future__ import annotations

import os
from abc import ABC
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from .._runtime.transfer.inputs import Audio, Video
from .arguments import audio_source, credit_limit, segment_fields, video_source
from .music_calls import MusicCalls
from .versions import Model

if TYPE_CHECKING:
    from mirelo_ergo_api.mirelo_v2.bodies import (
        ExtendAudioV16Request,
        ExtendAudioWithVideoV16Request,
        InpaintAudioV16Request,
        InpaintAudioWithVideoV16Request,
        TextToSfxRequest,
        TextToSfxV16Request,
        VideoToSfxRequest,
        VideoToSfxV16Request,
    )


RequestT = TypeVar("RequestT")
MidiT = TypeVar("MidiT")


def with_v3(wishes: Mapping[str, object], **more: object) -> dict[str, object]:
    """Return the options together with those of v3 that were given."""
    return {**wishes, **{name: value for name, value in more.items() if value is not None and value is not False}}


class MireloCalls(MusicCalls[RequestT, MidiT], ABC, Generic[RequestT, MidiT]):
    """The generation calls. Each checks its arguments and returns a request, which costs only when it is sent."""

    def text_to_sfx(
        self,
        prompt: str,
        *,
        duration_ms: int = 10_000,
        num_samples: int = 1,
        loop: bool = False,
        model: Model | None = None,
        output_format: str | None = None,
        extra: Mapping[str, Any] | None = None,
        max_credits: int | None = None,
    ) -> RequestT:
        """Request a sound by a text. Sends nothing yet; the limits are the spec's.

        Args:
            prompt: A description of the sound, 1 to 5000 characters.
            duration_ms: 1000 to 10000 in model v1.5, to 60000 in v1.6.
            num_samples: 1 to 4 variations, each of which is charged.
            loop: Make a seamless loop, of at least 3000 ms; model v1.6.
            model: None: the client's `model=`, else v1.5.
            output_format: wav, flac, or mp3 or m4a with the rate in kbit/s, such as mp3_320; models sfx-….
            extra: Further fields of the body, which replace those of the call; models sfx-….
            max_credits: The most that this request may cost; None: the client's `max_credits=`.

        Raises:
            InvalidRequestError: An argument is outside its limits, or the model lacks it.
        """
        plain: TextToSfxRequest = {"prompt": prompt, "duration_ms": duration_ms, "num_samples": num_samples}
        looped: TextToSfxV16Request = {
            "prompt": prompt,
            "duration_ms": duration_ms,
            "num_samples": num_samples,
            "loop": loop,
        }
        return self._request(
            "text-to-sfx",
            model,
            with_v3({**plain, **looped}, output_format=output_format, extra=extra),
            max_credits,
        )

    def video_to_sfx(
        self,
        video: Video | str | os.PathLike[str],
        *,
        duration_ms: int,
        start_offset_ms: int = 0,
        num_samples: int = 1,
        output: Literal["audio", "video"] = "audio",
        prompt: str | None = None,
        model: Model | None = None,
        output_format: str | None = None,
        preserve_speech: bool = False,
        extra: Mapping[str, Any] | None = None,
        max_credits: int | None = None,
    ) -> RequestT:
        """Request sound for a part of a video. Sends nothing yet; the limits are the spec's.

        Args:
            video: A `Video`, a path, or a URL (it begins with http:// or https://).
            duration_ms: 1000 to 600000, within the clip.
            start_offset_ms: The start of the part within the clip.
            num_samples: 1 to 4 variations, each of which is charged.
            output: "audio", or "video" for the clip with the sound mixed in.
            prompt: A description of the sound; model v1.6.
            model: None: the client's `model=`, else v1.5.
            output_format: wav, flac, or mp3 or m4a with the rate in kbit/s, such as mp3_320; models sfx-….
            preserve_speech: Keep the clip's speech; models sfx-….
            extra: Further fields of the body, which replace those of the call; models sfx-….
            max_credits: The most that this request may cost; None: the client's `max_credits=`.

        Raises:
            InvalidRequestError: An argument is outside its limits, the model lacks it, or the file cannot be read.
        """
        plain: VideoToSfxRequest = {
            "video": video_source(video, self._core),
            "duration_ms": duration_ms,
            "start_offset_ms": start_offset_ms,
            "num_samples": num_samples,
            "output": output,
        }
        if prompt is None:
            return self._request(
                "video-to-sfx",
                model,
                with_v3(plain, output_format=output_format, extra=extra, preserve_speech=preserve_speech),
                max_credits,
            )
        prompted: VideoToSfxV16Request = {
            "video": plain["video"],
            "duration_ms": duration_ms,
            "start_offset_ms": start_offset_ms,
            "num_samples": num_samples,
            "output": output,
            "prompt": prompt,
        }
        return self._request(
            "video-to-sfx",
            model,
            with_v3(prompted, output_format=output_format, extra=extra, preserve_speech=preserve_speech),
            max_credits,
        )

    def extend_audio(
        self,
        audio: Audio | str | os.PathLike[str],
        *,
        append_duration_ms: int,
        video: Video | str | os.PathLike[str] | None = None,
        prompt: str | None = None,
        loop: bool = False,
        start_offset_ms: int = 0,
        num_samples: int = 1,
        model: Model | None = None,
        output_format: str | None = None,
        extra: Mapping[str, Any] | None = None,
        max_credits: int | None = None,
    ) -> RequestT:
        """Request the continuation of a sound, which the result begins with. Model v1.6. Sends nothing yet.

        Args: audio: An `Audio` of at least 3 s, a path, or a URL (it begins with http:// or https://).
        append_duration_ms: 1000 to 30000, to 57000 with a video, at least 2000 with `loop`. The price depends on it.
        video: A clip that the sound should fit. prompt: A description of the sound. loop: Make the whole result a loop,
        of 5 to 60 s; not together with a video. start_offset_ms: The start within the video. num_samples: 1 to 4
        variations, each of which is charged. model: None: the client's `model=`, else v1.6. output_format: wav, flac,
        or mp3 or m4a with the rate in kbit/s, such as mp3_320; models sfx-…. extra: Further fields of the body, which
        replace those of the call; models sfx-…. max_credits: The most that this request may cost; None: the client's
        `max_credits=`.

        Raises:
            InvalidRequestError: An argument is outside its limits, the model lacks it, or a file cannot be read.
        """
        sound: ExtendAudioV16Request = {
            "audio": audio_source(audio, self._core),
            "append_duration_ms": append_duration_ms,
            "num_samples": num_samples,
        }
        if prompt is not None:
            sound["prompt"] = prompt
        looped: ExtendAudioV16Request = {**sound, "loop": loop}
        if video is None:
            return self._request(
                "extend-audio",
                model,
                with_v3({**looped, "start_offset_ms": start_offset_ms}, output_format=output_format, extra=extra),
                max_credits,
            )
        fitted: ExtendAudioWithVideoV16Request = {
            "audio": sound["audio"],
            "append_duration_ms": append_duration_ms,
            "num_samples": num_samples,
            "start_offset_ms": start_offset_ms,
            "video": video_source(video, self._core),
        }
        if prompt is not None:
            fitted["prompt"] = prompt
        return self._request(
            "extend-audio/with_video",
            model,
            with_v3({**fitted, "loop": loop}, output_format=output_format, extra=extra),
            max_credits,
        )

    def inpaint_audio(
        self,
        audio: Audio | str | os.PathLike[str],
        *,
        segment: tuple[int, int],
        video: Video | str | os.PathLike[str] | None = None,
        prompt: str | None = None,
        num_samples: int = 1,
        model: Model | None = None,
        output_format: str | None = None,
        extra: Mapping[str, Any] | None = None,
        max_credits: int | None = None,
    ) -> RequestT:
        """Request a new version of a part of a sound; the rest is unchanged. Model v1.6. Sends nothing yet.

        Args:
            audio: An `Audio`, a path, or a URL (it begins with http:// or https://).
            segment: The part as (start_ms, end_ms), 1000 to 8000 ms long, from 1000 ms on.
            video: A clip that the part should fit.
            prompt: A description of the sound.
            num_samples: 1 to 4 variations, each of which is charged.
            model: None: the client's `model=`, else v1.6.
            output_format: wav, flac, or mp3 or m4a with the rate in kbit/s, such as mp3_320; models sfx-….
            extra: Further fields of the body, which replace those of the call; models sfx-….
            max_credits: The most that this request may cost; None: the client's `max_credits=`.

        Raises:
            InvalidRequestError: An argument is outside its limits, the model lacks it, or a file cannot be read.
        """
        sound: InpaintAudioV16Request = {
            "segment": segment_fields(segment),
            "audio": audio_source(audio, self._core),
            "num_samples": num_samples,
        }
        if prompt is not None:
            sound["prompt"] = prompt
        if video is None:
            return self._request(
                "inpaint-audio", model, with_v3(sound, output_format=output_format, extra=extra), max_credits
            )
        fitted: InpaintAudioWithVideoV16Request = {
            "segment": sound["segment"],
            "audio": sound["audio"],
            "num_samples": num_samples,
            "video": video_source(video, self._core),
        }
        if prompt is not None:
            fitted["prompt"] = prompt
        return self._request(
            "inpaint-audio/with_video", model, with_v3(fitted, output_format=output_format, extra=extra), max_credits
        )

    def _request(
        self, family: str, model: str | None, wishes: Mapping[str, object], max_credits: int | None
    ) -> RequestT:
        return self._request_of(self._core.generation(family, model, wishes), credit_limit(max_credits))

"""The calls of both gateway clients, written once. They send nothing, so none of them is async."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from .families import RANDOM, TEXT_TO_AUDIO, VIDEO_TO_AUDIO, VIDEO_TO_VIDEO, Family, Generation
from .flows import PixazoFlows

if TYPE_CHECKING:
    from mirelo_ergo_api.pixazo.bodies import TextToAudioRequest, VideoToAudioRequest, VideoToVideoRequest


RequestT = TypeVar("RequestT")


class PixazoCalls(ABC, Generic[RequestT]):
    """The generation calls. Each checks its arguments and returns a request, which costs only when it is sent."""

    _core: PixazoFlows

    @abstractmethod
    def _request_of(self, generation: Generation) -> RequestT:
        """Return a request of the client's kind."""

    def text_to_audio(
        self,
        text_prompt: str,
        *,
        duration: float = 10,
        ambience: bool = False,
        double_output: bool = False,
        num_samples: int = 1,
        upload_audio_format: Literal["wav", "mp3", "aac", "flac"] = "wav",
        seed: int | None = None,
    ) -> RequestT:
        """Request a sound by a text (SFX 1.6). Sends nothing yet; the limits are the spec's.

        Args:
            text_prompt: A description of the sound, at least 4 characters.
            duration: Seconds, 0.1 to 60.
            ambience: Make a seamless loop.
            double_output: Repeat the loop twice; only with `ambience`.
            num_samples: 1 to 4 variations, each of which is charged.
            upload_audio_format: The format of the results.
            seed: None: random.

        Raises:
            InvalidRequestError: An argument is outside its limits.
        """
        fields: TextToAudioRequest = {
            "text_prompt": text_prompt,
            "duration": duration,
            "ambience": ambience,
            "double_output": double_output,
            "num_samples": num_samples,
            "upload_audio_format": upload_audio_format,
            "seed": RANDOM if seed is None else seed,
        }
        return self._request(TEXT_TO_AUDIO, fields)

    def video_to_video(
        self,
        video_url: str,
        *,
        text_prompt: str | None = None,
        duration: float = 10,
        num_samples: int = 1,
        seed: int | None = None,
    ) -> RequestT:
        """Request a video with sound (SFX 1.6). Sends nothing yet; the limits are the spec's.

        Args:
            video_url: A public URL (MP4, MOV, WEBM, M4V, GIF): the gateway takes no uploads.
            text_prompt: A description of the sound.
            duration: Seconds, 1 to 60; over 10 in a sliding window.
            num_samples: 1 to 4 videos, each of which is charged.
            seed: None: random.

        Raises:
            InvalidRequestError: An argument is outside its limits.
        """
        fields: VideoToVideoRequest = {
            "video_url": video_url,
            "duration": duration,
            "num_samples": num_samples,
            "seed": RANDOM if seed is None else seed,
        }
        if text_prompt is not None:
            fields["text_prompt"] = text_prompt
        return self._request(VIDEO_TO_VIDEO, fields)

    def video_to_audio(
        self,
        video_url: str,
        *,
        text_prompt: str = "",
        num_samples: int = 2,
        seed: int = 2105,
        duration: float = 10,
    ) -> RequestT:
        """Request the sound of a video (SFX 1.0). Sends nothing yet; the limits are the spec's.

        Args:
            video_url: A public URL (MP4, MOV, WEBM, M4V, GIF): the gateway takes no uploads.
            text_prompt: A description of the sound.
            num_samples: 1 to 4 variations, each of which is charged. The default is 2.
            seed: None: the model's default.
            duration: Seconds, above 0.

        Raises:
            InvalidRequestError: An argument is outside its limits.
        """
        fields: VideoToAudioRequest = {
            "video_url": video_url,
            "text_prompt": text_prompt,
            "num_samples": num_samples,
            "seed": seed,
            "duration": duration,
        }
        return self._request(VIDEO_TO_AUDIO, fields)

    def _request(self, family: Family, fields: Mapping[str, object]) -> RequestT:
        return self._request_of(self._core.generation(family, fields))

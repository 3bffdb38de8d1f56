"""The awaiting face: `AsyncPixazoClient`. `blocking.py` is its twin, word for word but for await."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._runtime.client.asynchronous import AsyncServiceClient
from .._runtime.jobs.asynchronous import AsyncJobRequest
from .._runtime.redact import Secret
from .core import PixazoFlows
from .families import RANDOM, TEXT_TO_AUDIO, VIDEO_TO_AUDIO, VIDEO_TO_VIDEO
from .service import PIXAZO, PIXAZO_JOBS

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    import httpx
    from mirelo_ergo_api.pixazo import AuthenticatedClient

    from .families import Family, Fields


class AsyncPixazoClient(AsyncServiceClient[PixazoFlows]):
    """A client of the Pixazo gateway's Mirelo models. Use it in a with-block, or close it; threads may share it.

    `api_key` defaults to PIXAZO_API_KEY; the address to `base_url`, else `https://` + `host`, else PIXAZO_BASE_URL,
    else the gateway's own. `timeout_ms` bounds one operation, sleeps and re-sends included (not downloads and waits,
    which have limits of their own). `retries` caps the re-sends of every operation (None: as many as are safe);
    `backoff_ms` is the first pause. `proxy` and `verify` (True, False, a path, or an `ssl.SSLContext`) hold for the
    gateway and downloads; `transport` carries all of them in their stead; `http_client` carries the gateway only, with
    its own time-outs. `allow_private_hosts` lets downloads go to private addresses. Durations are in seconds here. The
    gateway names no prices, so there is no preflight and no cost guard. Raises `ConfigurationError` for anything that
    is wrong, before any request.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        host: str | None = None,
        base_url: str | None = None,
        timeout_ms: int = 600_000,
        retries: int | None = None,
        backoff_ms: int = 500,
        extra_headers: Mapping[str, str] | None = None,
        proxy: str | None = None,
        verify: bool | str | ssl.SSLContext = True,
        transport: httpx.AsyncBaseTransport | None = None,
        http_client: httpx.AsyncClient | None = None,
        allow_private_hosts: bool = False,
        check_limits: bool = True,
    ) -> None:
        key = Secret(api_key)
        del api_key  # a traceback may show this frame
        options, runtime = self._open(
            PIXAZO,
            api_key=key,
            host=host,
            base_url=base_url,
            timeout_ms=timeout_ms,
            retries=retries,
            backoff_ms=backoff_ms,
            extra_headers=extra_headers,
            proxy=proxy,
            verify=verify,
            transport=transport,
            http_client=http_client,
            allow_private_hosts=allow_private_hosts,
            max_credits=None,
            check_limits=check_limits,
        )
        self._core = PixazoFlows(runtime, (PIXAZO_JOBS,), options.check_limits)
        self._low_level: AuthenticatedClient | None = None

    def text_to_audio(
        self,
        text_prompt: str,
        *,
        duration: float = 10,
        ambience: bool = False,
        double_output: bool = False,
        num_samples: int = 1,
        upload_audio_format: str = "wav",
        seed: int | None = None,
    ) -> AsyncJobRequest:
        """Describe a sound in words (SFX 1.6): `text_prompt` of at least 4 characters, 1 to 4 samples.

        `duration` is in seconds, 0.1 to 60. `ambience` makes a tile that loops without a seam; with it, `double_output`
        gives the loop twice over. `upload_audio_format` is the results': "wav", "mp3", "aac" or "flac". `seed` None is
        random. Sends nothing yet. Raises `InvalidRequestError` (limits: the spec).
        """
        fields = {
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
    ) -> AsyncJobRequest:
        """Make a video with its sound (SFX 1.6); each of 1 to 4 samples is one video.

        `video_url` is public (MP4, MOV, WEBM, M4V, GIF): the gateway takes no uploads. `duration` is in seconds, 1 to
        60, over 10 in a sliding window. `seed` None is random. Sends nothing yet. Raises `InvalidRequestError`.
        """
        fields = {
            "video_url": video_url,
            "duration": duration,
            "num_samples": num_samples,
            "seed": RANDOM if seed is None else seed,
        }
        given = {} if text_prompt is None else {"text_prompt": text_prompt}
        return self._request(VIDEO_TO_VIDEO, {**fields, **given})

    def video_to_audio(
        self,
        video_url: str,
        *,
        text_prompt: str = "",
        num_samples: int = 2,
        seed: int = 2105,
        duration: float = 10,
    ) -> AsyncJobRequest:
        """Make the sound of a video (SFX 1.0), two samples with a seed of its own unless told otherwise.

        `video_url` is public (MP4, MOV, WEBM, M4V, GIF): the gateway takes no uploads. `duration` is in seconds, above
        0. Sends nothing yet. Raises `InvalidRequestError`.
        """
        fields = {
            "video_url": video_url,
            "text_prompt": text_prompt,
            "num_samples": num_samples,
            "seed": seed,
            "duration": duration,
        }
        return self._request(VIDEO_TO_AUDIO, fields)

    def _request(self, family: Family, fields: Fields) -> AsyncJobRequest:
        core, generation = self._core, self._core.generation(family, fields)
        return AsyncJobRequest(core, family.label, lambda order: core.submit(generation, order), generation.content)

    @property
    def low_level(self) -> AuthenticatedClient:
        """Give the generated, typed client: same connections, key and errors; no re-sends and no polling."""
        if self._low_level is None:
            from mirelo_ergo_api.pixazo import AuthenticatedClient

            self._low_level = self._carry(AuthenticatedClient)
        return self._low_level


__all__ = ["AsyncPixazoClient"]

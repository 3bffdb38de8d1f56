"""The awaiting face: `AsyncMireloClient` and what it gives. `blocking.py` is its twin, word for word but for await."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._runtime.arguments import credit_limit
from .._runtime.client.asynchronous import AsyncServiceClient
from .._runtime.jobs.asynchronous import AsyncJobRequest, AsyncJobResult
from .._runtime.redact import Secret
from .._runtime.transfer.inputs import Audio, Video, source_from
from .core import MireloFlows
from .families import Generation, known_model, segment_fields
from .models import ModelInfo, known_models
from .service import MIRELO, MIRELO_JOBS

if TYPE_CHECKING:
    import os
    import ssl
    from collections.abc import Mapping

    import httpx
    from mirelo_ergo_api.mirelo_v2 import AuthenticatedClient

    from .values import MeResult, PreflightResult


class AsyncGenerationRequest(AsyncJobRequest):
    """A checked request that has not been sent. Nothing costs anything before `submit_job`, `run` or the /sync call.

    Each of these three asks first what it will cost if there is a `max_credits`, and raises `CostLimitError` before
    anything is uploaded; then it uploads the sources that need it. Credits are charged when the job succeeds.
    """

    def __init__(self, core: MireloFlows, generation: Generation, max_credits: int | None) -> None:
        label, content = generation.family.label, generation.content
        super().__init__(core, label, lambda order: core.submit(generation, max_credits, order), content)
        self._core = core
        self._generation = generation
        self._max_credits = max_credits

    async def preflight(self) -> PreflightResult:
        """Ask what it will cost, in credits (exact), and how long it takes. Costs nothing; uploads nothing."""
        return await self._core.preflight(self._generation)

    async def sync_i_accept_http_timeout_risk(self) -> AsyncJobResult:
        """Generate within one long HTTP request. If its answer is lost, so is what was paid: prefer `run`.

        Raises `SubmitOutcomeUnknown` when the request left and no whole answer came.
        """
        core = self._core
        return await core.sync(self._generation, self._max_credits, lambda done: AsyncJobResult(core, done, None, None))


class AsyncMireloClient(AsyncServiceClient[MireloFlows]):
    """A client of the Mirelo API v2. Use it in a with-block, or close it; threads may share it.

    `api_key` defaults to MIRELO_API_KEY; the address to `base_url`, else `https://` + `host`, else MIRELO_BASE_URL,
    else the service's own. `timeout_ms` bounds one operation, sleeps and re-sends included (not uploads, downloads and
    waits, which have limits of their own). `retries` caps the re-sends of every operation (None: as many as are safe);
    `backoff_ms` is the first pause. `max_credits` is the most one request may cost; `model` is for calls that name
    none. `proxy` and `verify` (True, False, a path, or an `ssl.SSLContext`) hold for the API, uploads and downloads;
    `transport` carries all of them in their stead; `http_client` carries the API only, with its own time-outs.
    `allow_private_hosts` lets uploads and downloads go to private addresses. Raises `ConfigurationError` for anything
    that is wrong, before any request.
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
        max_credits: int | None = None,
        check_limits: bool = True,
        model: str | None = None,
    ) -> None:
        key = Secret(api_key)
        del api_key  # a traceback may show this frame
        options, runtime = self._open(
            MIRELO,
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
            max_credits=max_credits,
            check_limits=check_limits,
        )
        self._core = MireloFlows(runtime, (MIRELO_JOBS,), options.check_limits, options.max_credits, known_model(model))
        self._low_level: AuthenticatedClient | None = None

    async def me(self) -> MeResult:
        """Ask for the account and its credits. Costs nothing."""
        return await self._core.me()

    def text_to_sfx(
        self,
        prompt: str,
        *,
        duration_ms: int = 10_000,
        num_samples: int = 1,
        loop: bool = False,
        model: str | None = None,
        max_credits: int | None = None,
    ) -> AsyncGenerationRequest:
        """Describe a sound in words: `prompt` up to 5000 characters, 1 to 4 samples (each is paid).

        1000 to 10000 ms in model v1.5, to 60000 in v1.6, which also makes loops (`loop`, at least 3000 ms).
        `max_credits` overrides the client's. Sends nothing yet. Raises `InvalidRequestError` (limits: the spec).
        """
        fields = {"prompt": prompt, "duration_ms": duration_ms, "num_samples": num_samples}
        generation = self._core.generation("text-to-sfx", model, fields, {"loop": (loop, False)})
        return AsyncGenerationRequest(self._core, generation, credit_limit(max_credits))

    def video_to_sfx(
        self,
        video: Video | str | os.PathLike[str],
        *,
        duration_ms: int,
        start_offset_ms: int = 0,
        num_samples: int = 1,
        output: str = "audio",
        prompt: str | None = None,
        model: str | None = None,
        max_credits: int | None = None,
    ) -> AsyncGenerationRequest:
        """Make sound for a part of a video: a `Video`, a path, or a URL (it begins with http:// or https://).

        1000 to 600000 ms from `start_offset_ms`, within the clip; 1 to 4 samples (each is paid); `output` is "audio"
        or "video" (the clip with the sound mixed in); `prompt` needs model v1.6. `max_credits` overrides the client's.
        Sends nothing yet. Raises `InvalidRequestError` (limits: the spec; a missing or unreadable file).
        """
        fields = {
            "duration_ms": duration_ms,
            "start_offset_ms": start_offset_ms,
            "num_samples": num_samples,
            "output": output,
        }
        source = source_from(Video, video, self._core.assets)
        generation = self._core.generation("video-to-sfx", model, fields, {"prompt": (prompt, None)}, video=source)
        return AsyncGenerationRequest(self._core, generation, credit_limit(max_credits))

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
        model: str | None = None,
        max_credits: int | None = None,
    ) -> AsyncGenerationRequest:
        """Continue a sound (at least 3 s of it) by 1000 to 30000 ms; model v1.6. The result begins with the input.

        With a `video`, up to 57000 ms that fit its picture from `start_offset_ms` on. With `loop` (not beside a video)
        the whole becomes a loop: at least 2000 ms appended, 5 to 60 s in all. Credits: by the appended second and
        sample. Sends nothing yet. Raises `InvalidRequestError`.
        """
        fields = {"append_duration_ms": append_duration_ms, "num_samples": num_samples}
        extras = {"prompt": (prompt, None), "loop": (loop, False), "start_offset_ms": (start_offset_ms, 0)}
        sound = source_from(Audio, audio, self._core.assets)
        picture = None if video is None else source_from(Video, video, self._core.assets)
        family = "extend-audio" if video is None else "extend-audio/with_video"
        generation = self._core.generation(family, model, fields, extras, audio=sound, video=picture)
        return AsyncGenerationRequest(self._core, generation, credit_limit(max_credits))

    def inpaint_audio(
        self,
        audio: Audio | str | os.PathLike[str],
        *,
        segment: tuple[int, int],
        video: Video | str | os.PathLike[str] | None = None,
        prompt: str | None = None,
        num_samples: int = 1,
        model: str | None = None,
        max_credits: int | None = None,
    ) -> AsyncGenerationRequest:
        """Make a part of a sound anew: `segment` is (start_ms, end_ms), 1000 to 8000 ms wide; model v1.6.

        It starts at 1000 ms or later; what is outside stays as it is. With a `video` the part fits its picture. Sends
        nothing yet. Raises `InvalidRequestError`.
        """
        fields = {"segment": segment_fields(segment), "num_samples": num_samples}
        sound = source_from(Audio, audio, self._core.assets)
        picture = None if video is None else source_from(Video, video, self._core.assets)
        family = "inpaint-audio" if video is None else "inpaint-audio/with_video"
        generation = self._core.generation(
            family, model, fields, {"prompt": (prompt, None)}, audio=sound, video=picture
        )
        return AsyncGenerationRequest(self._core, generation, credit_limit(max_credits))

    def models(self) -> list[ModelInfo]:
        """List families and models with their limits, as the spec has them; sends nothing."""
        return known_models(self._core.model)

    @property
    def low_level(self) -> AuthenticatedClient:
        """Give the generated, typed client: same connections, key and errors; no re-sends, polling or cost guard."""
        if self._low_level is None:
            from mirelo_ergo_api.mirelo_v2 import AuthenticatedClient

            self._low_level = self._carry(AuthenticatedClient)
        return self._low_level


__all__ = ["AsyncGenerationRequest", "AsyncMireloClient"]

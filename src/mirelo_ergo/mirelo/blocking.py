"""The blocking face: `MireloClient` and what it gives. `asynchronous.py` is its twin, word for word but for await."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .._runtime.io import run
from .._runtime.redact import Secret
from .._runtime.runtime import Runtime
from .._runtime.settings import credit_limit, milliseconds
from .core import Core
from .families import Generation, known_model, segment_fields
from .handles import JobHandle, about
from .models import ModelInfo, known_models
from .service import MIRELO
from .setup import prepare
from .sources import Audio, Video, source_from

if TYPE_CHECKING:
    import os
    import ssl
    from collections.abc import Callable, Mapping
    from types import TracebackType

    import httpx
    from mirelo_ergo_api.mirelo_v2 import AuthenticatedClient

    from .._runtime.blocking import BlockingIO
    from .._runtime.http.exchange import HttpSettings
    from .._runtime.poll import Waiter
    from .tokens import JobRecord
    from .values import JobProcessing, JobStatus, MeResult, Polled, PreflightResult


class SyncResult:
    """The results of one generation.

    `result_urls` are signed and live about an hour; `job` is the job they came from (None after a /sync call).
    """

    def __init__(self, core: Core, result_urls: list[str], job: Job | None, record: JobRecord | None) -> None:
        self._core = core
        self._record = record
        self.result_urls = result_urls
        self.job = job

    @property
    def audio(self) -> list[Audio]:
        """Give the sounds as sources for the next call, by URL: no upload, as long as the URLs live."""
        return [Audio.from_url(url) for url in self.result_urls]

    def download(
        self,
        folder: str | os.PathLike[str],
        overwrite: bool = False,
        on_progress: Callable[[int, int | None], None] | None = None,
    ) -> list[Path]:
        """Save every result into a folder, which is made if need be, and give the paths in the order of the URLs.

        Files are named after the job and numbered from 1. Each is whole or absent; nothing is overwritten unless
        asked. Interrupted transfers are resumed; an expired URL is renewed through the job. Costs nothing.
        `on_progress(done, total)` is called with bytes per file, total None if unknown. Raises `DownloadError`.
        """
        with about(self.job):
            return run(self._core.download(self.result_urls, self._record, Path(folder), overwrite, on_progress))

    def bytes(self) -> list[bytes]:
        """Fetch every result into memory, at most 1 GiB each, in the order of the URLs. Raises `DownloadError`."""
        with about(self.job):
            return run(self._core.bytes(self.result_urls, self._record))

    def __repr__(self) -> str:
        return f"<SyncResult of {len(self.result_urls)}>"


class JobUpdates:
    """Iterate over a job's statuses, each as it is seen, the final one last."""

    def __init__(self, job: Job, waiter: Waiter[Polled]) -> None:
        self._job, self._waiter, self._done = job, waiter, False

    def __iter__(self) -> JobUpdates:
        return self

    def __next__(self) -> JobStatus:
        if self._done:
            raise StopIteration
        with about(self._job):
            seen = run(self._waiter.next())
        status = self._job.note(seen.status.status)
        self._done = status.status != "processing"
        return status


class Job(JobHandle):
    """A submitted job. It goes on whatever becomes of this process: keep `token`, resume with `client.job(token)`."""

    def status(self) -> JobStatus:
        """Ask for the job once, with re-sends on failure. Costs nothing. Raises `NotFoundError` after its 24 hours."""
        with about(self):
            return self.note(run(self._core.status(self._record, self.since())))

    def wait(
        self,
        poll_interval_ms: int | None = None,
        timeout_ms: int | None = None,
        on_progress: Callable[[JobProcessing], None] | None = None,
        *,
        patient: bool = False,
    ) -> SyncResult:
        """Wait until the job is done and give its results. Costs nothing; failed polls are only waited out.

        Polls adapt to the estimate; `poll_interval_ms` makes them regular, `patient` rarer (for batches). `timeout_ms`
        defaults to five times the estimate, at least 10 minutes. `on_progress` gets each `JobProcessing`. Raises
        `JobFailedError`, `JobTimeoutError`, `JobExpiredError`, `IncompleteResultError`, or what no waiting mends.
        """
        with about(self):
            waiter = self.waiter(poll_interval_ms, timeout_ms, patient)
            done = run(self._core.wait(self._record, waiter, self.note, self._final, on_progress))
            return SyncResult(self._core, done.result_urls, self, self._record)

    def updates(
        self, poll_interval_ms: int | None = None, timeout_ms: int | None = None, *, patient: bool = False
    ) -> JobUpdates:
        """Iterate over the job's statuses until it is done; a failed job is a status here, not an error.

        The arguments are those of `wait`. Raises `JobTimeoutError` when the time runs out.
        """
        return JobUpdates(self, self.waiter(poll_interval_ms, timeout_ms, patient))


class GenerationRequest:
    """A checked request that has not been sent. Nothing costs anything before `submit_job`, `run` or the /sync call."""

    def __init__(self, core: Core, generation: Generation, max_credits: int | None) -> None:
        self._core = core
        self._generation = generation
        self._max_credits = max_credits

    def preflight(self) -> PreflightResult:
        """Ask what it will cost, in credits (exact), and how long it takes. Costs nothing; uploads nothing."""
        return run(self._core.preflight(self._generation))

    def submit_job(self) -> Job:
        """Submit it as a job and give its handle at once. Credits are charged when the job succeeds.

        Uploads the source first if need be. Sent again only when it provably was not taken; otherwise raises
        `SubmitOutcomeUnknown`. Raises `CostLimitError` before anything is uploaded.
        """
        return Job(self._core, run(self._core.submit(self._generation, self._max_credits)), 0.0)

    def run(
        self,
        poll_interval_ms: int | None = None,
        timeout_ms: int | None = None,
        on_progress: Callable[[JobProcessing], None] | None = None,
        *,
        patient: bool = False,
    ) -> SyncResult:
        """Submit it and wait for its results; the arguments are those of `Job.wait`, whose errors carry the job."""
        milliseconds("poll_interval_ms", poll_interval_ms)
        milliseconds("timeout_ms", timeout_ms)
        job = self.submit_job()
        return job.wait(poll_interval_ms, timeout_ms, on_progress, patient=patient)

    def sync_i_accept_http_timeout_risk(self) -> SyncResult:
        """Generate within one long HTTP request. If its answer is lost, so is what was paid: prefer `run`.

        Raises `SubmitOutcomeUnknown` when the request left and no whole answer came.
        """
        urls = run(self._core.sync(self._generation, self._max_credits))
        return SyncResult(self._core, urls, None, None)

    def __repr__(self) -> str:
        return f"<GenerationRequest {self._generation.family.label}>"


class MireloClient:
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
        transport: httpx.BaseTransport | None = None,
        http_client: httpx.Client | None = None,
        allow_private_hosts: bool = False,
        max_credits: int | None = None,
        check_limits: bool = True,
        model: str | None = None,
    ) -> None:
        key = Secret(api_key)
        del api_key  # a traceback may show this frame
        options, settings = prepare(
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
            handler="handle_request",
            sender="Client",
        )
        self._io = self._new_io(settings)
        runtime = Runtime(self._io, MIRELO, options.secret, options.base_url, options.policy, options.timeout)
        self._core = Core(runtime, options.max_credits, options.check_limits, known_model(model))
        self._low_level: AuthenticatedClient | None = None

    def _new_io(self, settings: HttpSettings) -> BlockingIO:
        from .._runtime.blocking import BlockingIO

        return BlockingIO(settings)

    def me(self) -> MeResult:
        """Ask for the account and its credits. Costs nothing."""
        return run(self._core.me())

    def text_to_sfx(
        self,
        prompt: str,
        *,
        duration_ms: int = 10_000,
        num_samples: int = 1,
        loop: bool = False,
        model: str | None = None,
        max_credits: int | None = None,
    ) -> GenerationRequest:
        """Describe a sound in words: `prompt` up to 5000 characters, 1 to 4 samples (each is paid).

        1000 to 10000 ms in model v1.5, to 60000 in v1.6, which also makes loops (`loop`, at least 3000 ms).
        `max_credits` overrides the client's. Sends nothing yet. Raises `InvalidRequestError` (limits: the spec).
        """
        fields = {"prompt": prompt, "duration_ms": duration_ms, "num_samples": num_samples}
        generation = self._core.generation("text-to-sfx", model, fields, {"loop": (loop, False)})
        return GenerationRequest(self._core, generation, credit_limit(max_credits))

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
    ) -> GenerationRequest:
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
        return GenerationRequest(self._core, generation, credit_limit(max_credits))

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
    ) -> GenerationRequest:
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
        return GenerationRequest(self._core, generation, credit_limit(max_credits))

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
    ) -> GenerationRequest:
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
        return GenerationRequest(self._core, generation, credit_limit(max_credits))

    def models(self) -> list[ModelInfo]:
        """List families and models with their limits, as the spec has them; sends nothing."""
        return known_models(self._core.model)

    def job(self, token: str) -> Job:
        """Resume a job from its token, here or in any process with a key of the same account. Sends nothing yet.

        Raises `InvalidRequestError` if it is not a token.
        """
        record = self._core.resume(token)
        return Job(self._core, record, max(0.0, self._io.wall() - record.submitted_at))

    @property
    def low_level(self) -> AuthenticatedClient:
        """Give the generated, typed client: same connections, key and errors; no re-sends, polling or cost guard."""
        if self._low_level is None:
            from mirelo_ergo_api.mirelo_v2 import AuthenticatedClient

            from .._runtime.http.low_level import low_level_client

            client = AuthenticatedClient(self._core.runtime.base_url, token="***")  # noqa: S106  # the transport adds the key
            client.set_httpx_client(low_level_client(self._core.runtime, self._io))
            self._low_level = client
        return self._low_level

    def close(self) -> None:
        """Close the connections. Jobs go on; a later call raises `ConfigurationError`."""
        self._core.runtime.close()
        run(self._io.close())

    def __enter__(self) -> MireloClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        where = self._core.runtime.base_url if hasattr(self, "_core") else "that was refused"
        return f"<MireloClient {where}>"


__all__ = ["GenerationRequest", "Job", "JobUpdates", "MireloClient", "SyncResult"]

"""The async client of inference.sh. `blocking.py` is the same without await."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, overload

from .._runtime.client.asynchronous import AsyncServiceClient
from .._runtime.jobs.asynchronous import AsyncJob, AsyncJobRequest, AsyncJobResult
from .._runtime.jobs.handles import errors_carry
from .._runtime.jobs.submission import Submission
from .._runtime.jobs.values import JobProcessing
from .._runtime.jobs.waiter import attach
from .._runtime.lazy import LazyModule
from .._runtime.redact import Secret
from .._runtime.webhooks.inbox import WebhookInbox
from .._runtime.webhooks.order import Webhook
from ..errors import ConfigurationError, JobTimeoutError, SubmitOutcomeUnknown
from .calls import AppCalls
from .files import UploadPolicy
from .flows import InferenceFlows, Run, check_policy, check_timeout
from .resources_async import AsyncApps, AsyncFiles, AsyncTasks
from .service import INFERENCE_SH, INFERENCE_SH_JOBS
from .streams_async import AsyncTaskStream
from .tasks import Estimate, Task

if TYPE_CHECKING:
    import ssl

    import httpx
    from mirelo_ergo_api import inference_sh as generated
else:
    httpx, ssl = LazyModule("httpx"), LazyModule("ssl")
    generated = LazyModule("mirelo_ergo_api.inference_sh")


class AsyncAppRequest(AsyncJobRequest):
    """A run that has not been sent. Only `submit_job` and `run` cost anything; both upload files first.

    This service has no idempotency keys: a run is sent again only if it was certainly not accepted. Otherwise
    `SubmitOutcomeUnknown` is raised, whose `find(client)` searches the list of tasks for it.
    """

    def __init__(self, core: InferenceFlows, run: Run) -> None:
        self._core = core
        self._run = run
        super().__init__(core, run.facts, lambda submission: core.submit(run, submission))

    async def input_fields(self) -> list[str] | None:
        """Return the fields of the app's input; None if the service does not list them. Costs nothing.

        Raises `InvalidRequestError` if the input has another field, which the app would ignore.
        """
        return await self._core.input_fields(self._run)

    async def estimate(self) -> Estimate:
        """Return the cost of the run, as far as the service can tell. Costs nothing and uploads nothing."""
        return await self._core.estimate(self._run)

    async def run(
        self,
        poll_interval_ms: int | None = None,
        timeout_ms: int | None = None,
        on_progress: Callable[[JobProcessing], None] | None = None,
        *,
        patient: bool = False,
        webhook: Webhook | None = None,
        webhooks: WebhookInbox | None = None,
        progress: bool = False,
        cancel_on_timeout: bool = False,
    ) -> AsyncJobResult:
        """Submit it and wait for its results, as every request does.

        With `cancel_on_timeout` the task is cancelled when the time is up. It is never cancelled otherwise.
        """
        try:
            return await super().run(
                poll_interval_ms,
                timeout_ms,
                on_progress,
                patient=patient,
                webhook=webhook,
                webhooks=webhooks,
                progress=progress,
            )
        except JobTimeoutError as error:
            if cancel_on_timeout:
                await self._core.cancel_late(error)
            raise


class AsyncInferenceClient(AppCalls[AsyncAppRequest], AsyncServiceClient[InferenceFlows]):
    """A client of inference.sh. Use it in a with-block, or close it; threads may share it.

    `run()`, `tasks`, `files` and `apps` are the vendor's calls, with the vendor's names. `mmaudio()` and `app()` make
    jobs, like the calls of the other services' clients.

    Args: api_key: Default: the variable INFERENCE_API_KEY, read when the client is created. host: The host to use over
    https, instead of `base_url`. base_url: Default: INFERENCE_BASE_URL, else the service's own address. timeout_ms:
    Limits one operation, sleeps and re-sends included; uploads, downloads and waits have their own limits. retries:
    Limits the re-sends of every operation; None: as many as are safe. backoff_ms: The first pause before a re-send.
    extra_headers: Sent with every request to the service. proxy: For the service, uploads and downloads. verify: True,
    False, a path to certificates, or an `ssl.SSLContext`. transport: Carries all requests instead of this client's own
    connections. http_client: Carries the requests to the service only, with its own time-outs. allow_private_hosts:
    Allows uploads and downloads to private addresses. check_limits: False: do not check requests against the spec's
    limits. upload: Which values of an input are uploaded: "strict": paths, bytes, open files and `File`s; "auto": also
    strings in fields that are files by the app's schema; "off": nothing.

    Raises:
        ConfigurationError: An argument is wrong. Nothing was sent.
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
        upload: UploadPolicy = "auto",
    ) -> None:
        key = Secret(api_key)
        del api_key  # a traceback may show this frame
        policy = check_policy(upload, ConfigurationError)
        runtime = self._open(
            INFERENCE_SH,
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
        )
        self._core = InferenceFlows(runtime, (INFERENCE_SH_JOBS,), check_limits, policy)
        self._low_level: generated.AuthenticatedClient | None = None
        self.tasks = AsyncTasks(self._core)
        self.files = AsyncFiles(self._core)
        self.apps = AsyncApps(self._core)

    def _request_of(self, run: Run) -> AsyncAppRequest:
        return AsyncAppRequest(self._core, run)

    @overload
    async def run(
        self,
        params: Mapping[str, Any],
        wait: bool = True,
        stream: Literal[False] = False,
        *,
        upload: UploadPolicy | None = None,
        timeout: float | None = None,
        cancel_on_timeout: bool = False,
    ) -> Task: ...
    @overload
    async def run(
        self,
        params: Mapping[str, Any],
        wait: bool = True,
        *,
        stream: Literal[True],
        upload: UploadPolicy | None = None,
        timeout: float | None = None,
        cancel_on_timeout: bool = False,
    ) -> AsyncTaskStream: ...
    async def run(
        self,
        params: Mapping[str, Any],
        wait: bool = True,
        stream: bool = False,
        *,
        upload: UploadPolicy | None = None,
        timeout: float | None = None,
        cancel_on_timeout: bool = False,
    ) -> Task | AsyncTaskStream:
        """Run an app. This call is charged.

        Args:
            params: The request: `app`, `input`, and further fields of the service. Files in the input are uploaded.
            wait: Wait for the end and return the finished task; False: return the new task at once.
            stream: Return an iterator over the task's updates.
            upload: Which values of the input are uploaded; None: the client's setting.
            timeout: Seconds to wait; None: an hour.
            cancel_on_timeout: Cancel the task when the time is up. It is never cancelled otherwise.

        Raises:
            InvalidRequestError: An argument is wrong, a file cannot be read, or a string may be a file or a text.
            SubmitOutcomeUnknown: The run may have been accepted; `error.find(client)` searches for it.
            JobFailedError: The task failed. The error has its job.
            JobTimeoutError: The time is up. The task goes on, and the error has its job.
        """
        checked = self._core.new_run(params, upload)
        seconds = check_timeout(timeout)
        submission = Submission()
        try:
            record = await self._core.submit(checked, submission)
            job = AsyncJob(self._core, record, 0.0, checked.facts)
        except BaseException as error:
            submission.lead_to_job(error, lambda record: AsyncJob(self._core, record, 0.0, checked.facts))
            raise
        if stream:
            return AsyncTaskStream(self._core, job, self._core.follow(record, seconds, strict=True))
        with errors_carry(job, held=False):
            if not wait:
                return self._core.started(submission)
            try:
                return await self._core.finish(self._core.follow(record, seconds))
            except JobTimeoutError as error:
                if cancel_on_timeout:
                    attach(error, job, job.token)
                    await self._core.cancel_late(error)
                raise

    async def get_task(self, id: str) -> Task:  # noqa: A002  # the vendor's
        """Return a task. Raises `NotFoundError`."""
        return await self.tasks.get(id)

    async def cancel(self, id: str) -> None:  # noqa: A002  # the vendor's
        """Cancel a task. A finished task is unchanged."""
        await self.tasks.cancel(id)

    def stream_task(self, id: str, *, timeout: float | None = None) -> AsyncTaskStream:  # noqa: A002  # the vendor's
        """Return a task's updates, as a stream."""
        return self.tasks.stream(id, timeout=timeout)

    async def wait_for_completion(self, id: str, *, timeout: float | None = None) -> Task:  # noqa: A002
        """Wait until a task is finished and return it. `timeout` is in seconds; None: an hour."""
        return await self.tasks.wait_for_completion(id, timeout=timeout)

    async def estimate(self, params: Mapping[str, Any]) -> Estimate:
        """Return the cost of a run, as far as the service can tell. Costs nothing and uploads nothing."""
        return await self._core.estimate(self._core.new_run(params))

    async def find_submitted(self, error: SubmitOutcomeUnknown) -> AsyncJob | None:
        """Return the job that an unknown submit created, None if it cannot be identified; see `error.find`."""
        record = await self._core.find_submitted(error)
        return None if record is None else AsyncJob(self._core, record, 0.0)

    @property
    def low_level(self) -> generated.AuthenticatedClient:
        """The generated, typed client: same connections, key and errors, but no re-sends, polling or uploads."""
        if self._low_level is None:
            self._low_level = self._carry(generated.AuthenticatedClient)
        return self._low_level


__all__ = ["AsyncAppRequest", "AsyncInferenceClient"]

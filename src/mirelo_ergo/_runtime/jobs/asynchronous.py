"""The awaiting handles of every service. `blocking.py` is its twin but for await."""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..arguments import milliseconds
from ..transfer.inputs import Audio
from ..webhooks.inbox import WebhookInbox
from ..webhooks.order import Webhook, WebhookOrder
from .files import ResultFile
from .flows import JobFlows
from .handles import JobHandle, errors_carry
from .tokens import JobRecord
from .values import JobErrored, JobProcessing, JobStatus, JobSucceeded, main_urls
from .waiter import Waiter


class AsyncJobResult:
    """The results of one generation: `files`, and views of them.

    `job` is the job they came from, None where they came in the response to the request itself.
    """

    def __init__(
        self, core: JobFlows, done: JobSucceeded | JobErrored, job: AsyncJob | None, record: JobRecord | None
    ) -> None:
        self._core = core
        self._done = done
        self._record = record
        self.job = job

    @property
    def files(self) -> tuple[ResultFile, ...]:
        """All files, in the service's order: their URLs and what they are."""
        return self._done.files

    @property
    def result_urls(self) -> list[str]:
        """The URLs of the results that were asked for, in order. They may be signed and short-lived."""
        return main_urls(self.files)

    @property
    def audio(self) -> list[Audio]:
        """The sounds as sources for the next call, by URL: no upload, as long as the URLs live."""
        return [Audio.from_url(file.url) for file in self.files if file.main and file.kind == "audio"]

    @property
    def output(self) -> Any:
        """The service's own output, as it came (JSON); None where it has none but the files."""
        return self._done.output

    @property
    def incomplete(self) -> bool:
        """Whether fewer results came than were asked for. An error that has a `result` gives such ones."""
        return not isinstance(self._done, JobSucceeded) or self._done.incomplete

    async def download(
        self,
        folder: str | os.PathLike[str],
        overwrite: bool = False,
        on_progress: Callable[[int, int | None], None] | None = None,
    ) -> list[Path]:
        """Save every file into a folder, which is made if need be, and return the paths in the order of `files`.

        Files are named after the job and numbered from 1. Each is whole or absent; nothing is overwritten unless
        asked. Interrupted transfers are resumed; an expired URL is renewed through the job. Costs nothing.
        `on_progress(done, total)` is called with bytes per file, total None if unknown. Raises `DownloadError`.
        """
        with errors_carry(self.job):
            return await self._core.download(self.files, self._record, Path(folder), overwrite, on_progress)

    async def bytes(self) -> list[bytes]:
        """Fetch every file into memory, at most 1 GiB each, in the order of `files`. Raises `DownloadError`."""
        with errors_carry(self.job):
            return await self._core.bytes(self.files, self._record)

    def __repr__(self) -> str:
        return f"<AsyncJobResult of {len(self.files)}>"


class AsyncJobUpdates:
    """Iterate over a job's statuses, each as it is seen, the final one last.

    Use it in a with-block, or close it, where the loop may be left before the job has ended.
    """

    def __init__(self, job: AsyncJob, waiter: Waiter) -> None:
        self._job, self._waiter, self._done = job, waiter, False

    def __aiter__(self) -> AsyncJobUpdates:
        return self

    async def __anext__(self) -> JobStatus:
        if self._done:
            raise StopAsyncIteration
        try:
            with errors_carry(self._job):
                seen = await self._waiter.next()
            status = self._job.record_status(seen.status)
            self._done = status.status != "processing"
        except BaseException:
            await self.aclose()
            raise
        if self._done:
            await self.aclose()
        return status

    async def aclose(self) -> None:
        """Let go of what the updates hold open. The job goes on."""
        self._done = True
        await self._waiter.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


class AsyncJob(JobHandle):
    """A submitted job. It goes on whatever becomes of this process: keep `token`, resume with `client.job(token)`."""

    async def status(self) -> JobStatus:
        """Ask for the job once, with re-sends on failure. Costs nothing. Raises `NotFoundError` once it is gone."""
        with errors_carry(self):
            return self.record_status(await self._core.status(self._record, self.since()))

    async def cancel(self) -> JobStatus:
        """Ask the service to cancel the job, where it can, and return the job's status then. Costs nothing.

        A job that has ended meanwhile keeps its end, which is returned. One that is being cancelled may still run for
        a while; its final status is "errored". Nothing ever cancels a job but this call. Raises `InvalidRequestError`
        where the service cannot cancel.
        """
        if self._final is not None:
            return self._final
        with errors_carry(self):
            return self.record_status(await self._core.cancel(self._record, self.since()))

    async def wait(
        self,
        poll_interval_ms: int | None = None,
        timeout_ms: int | None = None,
        on_progress: Callable[[JobProcessing], None] | None = None,
        *,
        patient: bool = False,
        webhooks: WebhookInbox | None = None,
    ) -> AsyncJobResult:
        """Wait until the job is done and give its results. Costs nothing; failed polls are only waited out.

        Polls adapt to the estimate; `poll_interval_ms` makes them regular, `patient` rarer (for batches), an inbox as
        `webhooks` a safety net: a webhook ends the wait. `timeout_ms` defaults to five times the estimate, at least
        10 minutes. `on_progress` gets each `JobProcessing`. Raises `JobFailedError`, `JobTimeoutError`,
        `JobExpiredError`, `IncompleteResultError`, or what no waiting mends.
        """
        with errors_carry(self):
            waiter = self.waiter(poll_interval_ms, timeout_ms, patient, webhooks, progress=on_progress is not None)
            return await self._core.wait(
                self._record, waiter, self.record_status, self._final, on_progress, self._result
            )

    def updates(
        self,
        poll_interval_ms: int | None = None,
        timeout_ms: int | None = None,
        *,
        patient: bool = False,
        webhooks: WebhookInbox | None = None,
    ) -> AsyncJobUpdates:
        """Iterate over the job's statuses until it is done; a failed job is a status here, not an error.

        The arguments are those of `wait`. Raises `JobTimeoutError` when the time runs out.
        """
        return AsyncJobUpdates(self, self.waiter(poll_interval_ms, timeout_ms, patient, webhooks))

    def _result(self, done: JobSucceeded | JobErrored) -> AsyncJobResult:
        return AsyncJobResult(self._core, done, self, self._record)


class AsyncJobRequest:
    """A checked request that has not been sent. Nothing costs anything before `submit_job` or `run`."""

    def __init__(
        self,
        core: JobFlows,
        label: str,
        submit: Callable[[WebhookOrder], Coroutine[Any, Any, JobRecord]],
        content: Mapping[str, object],
    ) -> None:
        self._flows = core
        self._label = label
        self._submit = submit
        self._content = content

    def describe(self) -> dict[str, object]:
        """Return what would be sent: service, family, model and the request's fields. Sends nothing, costs nothing.

        A source that is uploaded is told by its file or its size in bytes, as it has no address yet.
        """
        return {"service": self._flows.runtime.api.name, **self._content}

    async def submit_job(self, webhook: Webhook | None = None) -> AsyncJob:
        """Submit it as a job and give its handle at once. This is what is paid for.

        Sent again only when it provably was not taken; otherwise raises `SubmitOutcomeUnknown`. `webhook` orders
        webhooks, where the service has them.
        """
        order = self._flows.webhook_order(webhook)
        return AsyncJob(self._flows, await self._submit(order), 0.0)

    async def run(
        self,
        poll_interval_ms: int | None = None,
        timeout_ms: int | None = None,
        on_progress: Callable[[JobProcessing], None] | None = None,
        *,
        patient: bool = False,
        webhook: Webhook | None = None,
        webhooks: WebhookInbox | None = None,
    ) -> AsyncJobResult:
        """Submit it and wait for its results; the arguments are those of `submit_job` and `Job.wait`.

        Every error after the submit carries the job.
        """
        milliseconds("poll_interval_ms", poll_interval_ms)
        milliseconds("timeout_ms", timeout_ms)
        self._flows.check_webhooks(webhooks)
        job = await self.submit_job(webhook)
        return await job.wait(poll_interval_ms, timeout_ms, on_progress, patient=patient, webhooks=webhooks)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._label}>"


AsyncSyncResult = AsyncJobResult
"""The name that the vendor's own SDK gives it."""

__all__ = ["AsyncJob", "AsyncJobRequest", "AsyncJobResult", "AsyncJobUpdates", "AsyncSyncResult"]

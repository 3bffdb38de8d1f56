"""The sync job handles of all services. `asynchronous.py` is the same with await."""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ...errors import InvalidRequestError
from ..arguments import milliseconds
from ..io.protocol import run
from ..lazy import LazyModule
from ..pickling import NotPickled
from ..transfer.folders import target_file, target_folder
from ..webhooks.order import Webhook
from .facts import RequestFacts
from .flows import JobFlows
from .handles import JobHandle, errors_carry
from .progress import shown
from .results import ResultFacts
from .submission import Submission
from .tokens import JobRecord
from .values import JobErrored, JobProcessing, JobStatus, JobSucceeded
from .waiter import Waiter, attach

if TYPE_CHECKING:
    from ..webhooks import inbox
else:  # with the first callback
    inbox = LazyModule("mirelo_ergo._runtime.webhooks.inbox")


class JobResult(ResultFacts):
    """The results of one job: `files`, and views of them.

    `job` is the job that made them; None if they came in the response to the request itself.
    """

    def __init__(
        self,
        core: JobFlows,
        done: JobSucceeded | JobErrored,
        job: Job | None,
        record: JobRecord | None,
        facts: RequestFacts | None = None,
    ) -> None:
        super().__init__(core, done, record, facts)
        self.job = job

    def download(
        self,
        folder: str | os.PathLike[str],
        overwrite: bool = False,
        on_progress: Callable[[int, int | None], None] | None = None,
        *,
        name: str | None = None,
    ) -> list[Path]:
        """Save every file and return the paths, in the order of `files`. Costs nothing.

        No partial file is left behind. Interrupted transfers are resumed, and an expired URL is renewed through the
        job. A file that fails does not stop the others.

        Args: folder: The target folder; it is created if it does not exist. overwrite: Replace existing files.
        Otherwise a complete file of this job that exists already is kept. on_progress: Called with a file's bytes so
        far, and its total (None if unknown). name: A template for the names, such as "{stem}-{n}". Its fields: `stem`
        (of the clip's or sound's own name), `prompt` (shortened), `job` (its id), `n` (the result's number; `{n:02}`
        pads it), `output` and `variant` (the service's names, else the number), `family`, `model` and `date` (of the
        submit, UTC). None: "{job}-{n}", which no other job's files have. A name that is taken gets a number:
        "rain-1-2". The suffix follows from the file's content.

        Raises:
            DownloadError: `saved` holds the paths of the saved files, `failed` the errors of the others.
            InvalidRequestError: `name` is not a valid template, or the folder begins with `~`.
        """
        with errors_carry(self.job):
            return run(self._fetcher.download(target_folder(folder), name, overwrite, on_progress))

    def save(
        self,
        path: str | os.PathLike[str],
        overwrite: bool = False,
        on_progress: Callable[[int, int | None], None] | None = None,
    ) -> Path:
        """Save a job's only result as this file, and return its path. Costs nothing.

        Args:
            path: The file; without a suffix it gets that of its content. Its folder is created if it does not exist.
            overwrite: Replace an existing file.
            on_progress: Called with the bytes so far, and the total (None if unknown).

        Raises:
            DownloadError: The result could not be fetched or written, or the file exists with other content.
            InvalidRequestError: There are several results, or none; or the path names a folder, or begins with `~`.
        """
        with errors_carry(self.job):
            return run(self._fetcher.save(target_file(path), overwrite, on_progress))

    def players(self) -> Self:
        """Fetch what a notebook plays into memory, at most 8 MiB of a file, and return the result, which shows it.

        What is larger, or cannot be fetched, is named. `wait(progress=True)` in a notebook has done this already.
        """
        run(self._fetch_players())
        return self

    def bytes(self) -> list[bytes]:
        """Fetch every file into memory, at most 1 GiB each, in the order of `files`. Raises `DownloadError`."""
        with errors_carry(self.job):
            return run(self._fetcher.contents())


class JobUpdates(NotPickled):
    """An iterator over a job's statuses, the final one last.

    Use it in a with-block, or close it, if the loop may be left before the job has ended.
    """

    def __init__(self, job: Job, waiter: Waiter) -> None:
        self._job, self._waiter, self._done = job, waiter, False

    def _instead(self) -> str:
        return f"pass the job's token, for client.job({self._job.token!r})"

    def __iter__(self) -> JobUpdates:
        return self

    def __next__(self) -> JobStatus:
        if self._done:
            raise StopIteration
        try:
            with errors_carry(self._job):
                seen = run(self._waiter.next())
            status = self._job._record_status(seen.status)
            self._done = status.status != "processing"
        except BaseException:
            self.close()
            raise
        if self._done:
            self.close()
        return status

    def close(self) -> None:
        """Close the connections of the updates. The job goes on."""
        self._done = True
        run(self._waiter.close())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Job(JobHandle):
    """A submitted job. It runs independently of this process: keep `token`, and resume it with `client.job(token)`."""

    def status(self) -> JobStatus:
        """Poll the job once, with re-sends on failure. Costs nothing. Raises `NotFoundError` once it is gone."""
        with errors_carry(self):
            return self._record_status(run(self._core.status(self._record, self.since())))

    def cancel(self) -> JobStatus:
        """Cancel the job, if the service can do that, and return its status afterwards. Costs nothing.

        A job that has ended already keeps its final status, which is returned. A cancelled job may still run for a
        while; its final status is "errored". Jobs are only ever cancelled by this call. Raises `InvalidRequestError` if
        the service cannot cancel.
        """
        if self._final is not None:
            return self._final
        with errors_carry(self):
            return self._record_status(run(self._core.cancel(self._record, self.since())))

    def wait(
        self,
        poll_interval_ms: int | None = None,
        timeout_ms: int | None = None,
        on_progress: Callable[[JobProcessing], None] | None = None,
        *,
        patient: bool = False,
        webhooks: inbox.WebhookInbox | None = None,
        progress: bool = False,
    ) -> JobResult:
        """Wait until the job is done and return its results. Costs nothing. Failed polls do not end the wait.

        It uses the best method that the service has: a stream, long polls, or polls scheduled by the estimate.

        Args:
            poll_interval_ms: Poll at this fixed interval instead.
            timeout_ms: The longest time to wait; None: five times the estimate, at least 10 minutes. The job goes on.
            on_progress: Called with each `JobProcessing`.
            patient: Poll less often, for batches.
            webhooks: An inbox. A webhook ends the wait; rare polls go on in case none arrives.
            progress: Show a bar: in a terminal on stderr (rich's, where rich is installed), or in a notebook.

        Raises:
            JobFailedError: The job failed. Results that exist all the same are in its `result`.
            IncompleteResultError: There are fewer results than requested; they are in its `result`.
            JobTimeoutError: The job was not done in time; its token resumes it.
            JobExpiredError: The service no longer has the job.
        """
        with errors_carry(self), shown(self.label, progress, on_progress) as told:
            waiter = self._new_waiter(poll_interval_ms, timeout_ms, patient, webhooks, progress=told is not None)
            result = run(self._core.wait(self._record, waiter, self._record_status, self._final, told, self._result))
            if progress:
                run(result._fetch_ahead())
            return result

    def updates(
        self,
        poll_interval_ms: int | None = None,
        timeout_ms: int | None = None,
        *,
        patient: bool = False,
        webhooks: inbox.WebhookInbox | None = None,
    ) -> JobUpdates:
        """Iterate over the job's statuses until it is done; a failed job is a status here, not an error.

        The arguments are those of `wait`. Raises `JobTimeoutError` when the time runs out.
        """
        return JobUpdates(self, self._new_waiter(poll_interval_ms, timeout_ms, patient, webhooks))

    def _result(self, done: JobSucceeded | JobErrored) -> JobResult:
        return JobResult(self._core, done, self, self._record, self._facts)


class JobRequest(NotPickled):
    """A checked request that has not been sent. Only `submit_job` and `run` cost anything."""

    def __init__(
        self,
        core: JobFlows,
        facts: RequestFacts,
        submit: Callable[[Submission], Coroutine[Any, Any, JobRecord]],
    ) -> None:
        self._flows = core
        self._facts = facts
        self._submit = submit

    @property
    def keyed(self) -> bool:
        """Whether it goes out under an idempotency key: then it can be prepared, and sent again as the same."""
        return False

    def describe(self) -> dict[str, object]:
        """Return what would be sent: service, family, model and the request's fields. Sends nothing, costs nothing.

        A source that is to be uploaded is shown by its file name or its size in bytes.
        """
        return {"service": self._flows.runtime.api.name, **self._facts.content}

    def prepare(self, idempotency_key: str | None = None) -> str:
        """Fix the bytes of the request and its key, and return its token; see `keyed`.

        Raises `InvalidRequestError` where the service takes no key for it.
        """
        raise InvalidRequestError(
            f"{self._facts.label}: its jobs take no idempotency key; nothing was sent", field="idempotency_key"
        )

    def submit_job(self, webhook: Webhook | None = None) -> Job:
        """Submit it as a job and return the job's handle at once. This call is charged.

        It is sent again only if it was certainly not accepted; raises `SubmitOutcomeUnknown` if that is in doubt.
        `webhook` orders webhooks, if the service has them.
        """
        submission = Submission(self._flows.webhook_order(webhook))
        try:
            return self._job(run(self._submit(submission)))
        except BaseException as error:
            submission.lead_to_job(error, self._job)
            raise

    def run(
        self,
        poll_interval_ms: int | None = None,
        timeout_ms: int | None = None,
        on_progress: Callable[[JobProcessing], None] | None = None,
        *,
        patient: bool = False,
        webhook: Webhook | None = None,
        webhooks: inbox.WebhookInbox | None = None,
        progress: bool = False,
    ) -> JobResult:
        """Submit it and wait for its results. Every error after the submit has the job in `error.job`.

        Args:
            poll_interval_ms: As in `Job.wait`, like the next three.
            timeout_ms: The longest time to wait.
            on_progress: Called with each `JobProcessing`.
            patient: Poll less often, for batches.
            webhook: As in `submit_job`.
            webhooks: The inbox that receives the service's webhooks.
            progress: Show a bar.
        """
        milliseconds("poll_interval_ms", poll_interval_ms)
        milliseconds("timeout_ms", timeout_ms)
        self._flows.check_webhooks(webhooks)
        submission = Submission(self._flows.webhook_order(webhook))
        job: Job | None = None
        try:
            job = self._job(run(self._submit(submission)))
            return job.wait(
                poll_interval_ms, timeout_ms, on_progress, patient=patient, webhooks=webhooks, progress=progress
            )
        except BaseException as error:
            if job is None:
                submission.lead_to_job(error, self._job)
            else:
                attach(error, job, job.token, held=False)
            raise

    def _job(self, record: JobRecord) -> Job:
        return Job(self._flows, record, 0.0, self._facts)

    def _instead(self) -> str:
        keyed = ", or the token that prepare() returns, for client.resubmit(token)" if self.keyed else ""
        return f"pass what it was made of{keyed}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._facts}>"


SyncResult = JobResult
"""The same class under the vendor SDK's name."""

__all__ = ["Job", "JobRequest", "JobResult", "JobUpdates", "SyncResult"]

"""The flows of a job, written once for every service and both faces: submit, ask, wait, fetch the results."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import attrs

from ...errors import IncompleteResultError, InvalidRequestError, JobFailedError
from ..api.execute import Operation, Runtime, execute
from ..api.retry import Kind
from ..io.protocol import Request
from ..transfer.content_types import safe_filename
from ..transfer.download import LARGEST_FILE, LARGEST_IN_MEMORY, fetch
from ..transfer.sinks import FileSink, MemorySink
from ..webhooks.order import Webhook
from .tokens import JobRecord, read_token
from .values import JobErrored, JobProcessing, JobStatus, JobSucceeded, Polled
from .waiter import YOUNG, Hints, Seen, Waiter, clamp_estimate, fallback_schedule

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ..webhooks.inbox import Mail, WebhookInbox

Headers = tuple[tuple[str, str], ...]


@attrs.define
class JobFlows:
    """One client's jobs over its runtime. A service adds how its requests are made."""

    runtime: Runtime
    check_limits: bool

    # --- submitting -------------------------------------------------------------------------------------------------

    def callback_headers(self, webhook: Webhook | None) -> Headers:
        """Give the headers that order callbacks with a submit; raises `InvalidRequestError`. Sends nothing."""
        if webhook is None:
            return ()
        if not isinstance(webhook, Webhook):
            raise InvalidRequestError(
                f"webhook is {type(webhook).__name__}: give Webhook('https://…'); nothing was sent", field="webhook"
            )
        callbacks = self.runtime.service.callbacks
        if callbacks is None:
            raise self._no_callbacks("webhook")
        return webhook.headers(callbacks)

    def check_webhooks(self, inbox: WebhookInbox | None) -> None:
        """Check a `webhooks=` argument; raises `InvalidRequestError`."""
        if inbox is None:
            return
        from ..webhooks.inbox import WebhookInbox

        if not isinstance(inbox, WebhookInbox):
            raise InvalidRequestError(
                f"webhooks is {type(inbox).__name__}: give the WebhookInbox that your server fills", field="webhooks"
            )
        if self.runtime.service.callbacks is None:
            raise self._no_callbacks("webhooks")

    def _no_callbacks(self, argument: str) -> InvalidRequestError:
        return InvalidRequestError(
            f"{argument}=: {self.runtime.service.name} calls nobody back; leave it out, and waiting polls",
            field=argument,
        )

    async def start(self, name: str, request: Request, family: str, model: str, num_samples: int) -> JobRecord:
        """Submit a job. A paid request: re-sent only when it provably was not processed."""
        service = self.runtime.service
        operation = Operation(name, Kind.PAID, request, service.read_accepted, self.runtime.timeout, paced=True)
        accepted = await execute(self.runtime, operation)
        sent_at = self.runtime.io.wall()
        return JobRecord(service.name, family, model, accepted.job_id, sent_at, accepted.estimated_ms, num_samples)

    # --- jobs -------------------------------------------------------------------------------------------------------

    def job_path(self, record: JobRecord) -> str:
        """Give the path a job is asked for at: built here, never taken from an answer."""
        return self.runtime.service.ask(record)[1]

    def resume(self, token: str) -> JobRecord:
        """Read a token into a job of this client's account."""
        return read_token(token, self.runtime.service)

    def poll_operation(
        self, record: JobRecord, timeout: float, *, single: bool, tolerate_404: bool
    ) -> Operation[Seen[Polled]]:
        """Describe one poll."""
        name, path = self.runtime.service.ask(record)
        return Operation(
            name,
            Kind.READ,
            Request("GET", path),
            lambda reply: self.runtime.service.read_status(reply, self.runtime.io.wall()),
            timeout,
            single=single,
            tolerate_404=tolerate_404,
        )

    async def status(self, record: JobRecord, since: float) -> JobStatus:
        """Ask for a job once (with re-sends). `since` is how long ago it was submitted, in seconds."""
        operation = self.poll_operation(record, self.runtime.timeout, single=False, tolerate_404=since < YOUNG)
        return (await execute(self.runtime, operation)).status.status

    def waiter(
        self,
        record: JobRecord,
        since: float,
        interval: float | None,
        timeout: float | None,
        *,
        patient: bool,
        mail: Mail | None = None,
        hints: Hints | None = None,
    ) -> Waiter[Polled]:
        """Prepare to wait for a job."""
        schedule = self.runtime.service.schedule
        return Waiter(
            self.runtime,
            lambda limit, tolerate_404: self.poll_operation(record, limit, single=True, tolerate_404=tolerate_404),
            estimate=clamp_estimate(record.estimated_ms),
            elapsed=since,
            schedule=fallback_schedule(schedule) if patient else schedule,
            interval=interval,
            timeout=timeout,
            mail=mail,
            hints=hints,
        )

    async def wait(
        self,
        record: JobRecord,
        waiter: Waiter[Polled],
        note: Callable[[JobStatus], JobStatus],
        known: JobStatus | None,
        on_progress: Callable[[JobProcessing], None] | None,
    ) -> JobSucceeded:
        """Wait until a job succeeded and has its results; raises `JobFailedError` if it did not.

        `note` is told of each status and gives the one that counts: the first final one stays. `known` is that one.
        """
        asked = record.num_samples
        looked_again = False
        while True:
            if known is None:
                polled = (await waiter.next()).status
                known, asked = note(polled.status), asked or polled.asked
            if isinstance(known, JobErrored):
                raise self._failure(known)
            if isinstance(known, JobSucceeded):
                if len(known.result_urls) >= (asked or 1):
                    return known
                if looked_again:
                    raise IncompleteResultError(
                        f"the job succeeded with {len(known.result_urls)} of {asked or 1} results",
                        result_urls=known.result_urls,
                    )
                looked_again = True
            elif on_progress is not None:
                on_progress(known)
            known = None

    def _failure(self, errored: JobErrored) -> JobFailedError:
        reason = self.runtime.secret.scrub(errored.message)
        charge = "it was not charged" if errored.charged is False else "the service does not say whether it was charged"
        return JobFailedError(f"the job failed: {reason} ({errored.code}); {charge}", errored.code, errored.http_status)

    # --- results ----------------------------------------------------------------------------------------------------

    async def fresh_url(self, record: JobRecord | None, index: int) -> str | None:
        """Ask a job once more for its results: signed URLs live about an hour, the job longer."""
        if record is None:
            return None
        status = await self.status(record, YOUNG)
        if isinstance(status, JobSucceeded) and index < len(status.result_urls):
            return status.result_urls[index]
        return None

    async def download(
        self,
        urls: list[str],
        record: JobRecord | None,
        folder: Path,
        overwrite: bool,
        on_progress: Callable[[int, int | None], None] | None,
    ) -> list[Path]:
        """Save every result under the job's name and its number; each file is whole or absent."""
        name = record.job_id if record else f"sync-{hashlib.sha256(urls[0].encode()).hexdigest()[:12]}"
        saved: list[Path] = []
        for index, url in enumerate(urls):
            sink = FileSink(folder, f"{safe_filename(name)}-{index + 1}", overwrite=overwrite)
            await self._fetch(url, record, index, sink, LARGEST_FILE, on_progress)
            assert sink.target is not None, "a finished download has its place"
            saved.append(sink.target)
        return saved

    async def bytes(self, urls: list[str], record: JobRecord | None) -> list[bytes]:
        """Fetch every result into memory."""
        sinks = [MemorySink() for _ in urls]
        for index, (url, sink) in enumerate(zip(urls, sinks, strict=True)):
            await self._fetch(url, record, index, sink, LARGEST_IN_MEMORY, None)
        return [sink.data for sink in sinks]

    async def _fetch(
        self,
        url: str,
        record: JobRecord | None,
        index: int,
        sink: FileSink | MemorySink,
        cap: int,
        on_progress: Callable[[int, int | None], None] | None,
    ) -> None:
        await fetch(
            self.runtime,
            url,
            sink,
            cap=cap,
            fresh_url=lambda: self.fresh_url(record, index),
            on_progress=on_progress,
        )

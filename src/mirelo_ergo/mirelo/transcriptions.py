"""Transcriptions of the sync client. `transcriptions_async.py` is the same with await."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .._runtime.jobs.blocking import Job, JobResult
from .._runtime.jobs.tokens import JobRecord
from .._runtime.jobs.values import JobErrored, JobProcessing, JobSucceeded
from .._runtime.lazy import LazyModule
from .._runtime.webhooks.order import Webhook
from .generation_request import GenerationRequest

if TYPE_CHECKING:
    from .._runtime.webhooks import inbox
    from . import midi
else:
    midi = LazyModule("mirelo_ergo.mirelo.midi")
    inbox = LazyModule("mirelo_ergo._runtime.webhooks.inbox")


class MidiResult(JobResult):
    """The result of a transcription: a MIDI file and scores. `download()` saves all files."""

    @property
    def midi_url(self) -> str:
        """The URL of the MIDI file."""
        return self.result_urls[0]

    @property
    def musicxml_url(self) -> str | None:
        """The URL of the score, None if there is none."""
        return next((file.url for file in self.files if file.kind == "musicxml"), None)

    @property
    def notes(self) -> tuple[midi.MidiNote, ...]:
        """The notes, in the service's order."""
        return midi.notes_of(self.output)

    @property
    def score_pdfs(self) -> tuple[midi.ScorePdf, ...]:
        """The engraved scores, if `score_pdfs` asked for them."""
        return midi.scores_of(self.output)

    @property
    def _also(self) -> str:
        count = len(self.notes)
        return f", {count} note" + "s" * (count != 1)


class MidiJob(Job):
    """A submitted transcription. It runs independently of this process: keep its `token`."""

    def wait(
        self,
        poll_interval_ms: int | None = None,
        timeout_ms: int | None = None,
        on_progress: Callable[[JobProcessing], None] | None = None,
        *,
        patient: bool = False,
        webhooks: inbox.WebhookInbox | None = None,
        progress: bool = False,
    ) -> MidiResult:
        """Wait until it is done and return the notes. The arguments and errors are those of `Job.wait`.

        Notes may be available before the files, in the `output` of a `JobProcessing`.
        """
        result = super().wait(
            poll_interval_ms, timeout_ms, on_progress, patient=patient, webhooks=webhooks, progress=progress
        )
        assert isinstance(result, MidiResult)
        return result

    def _result(self, done: JobSucceeded | JobErrored) -> MidiResult:
        return MidiResult(self._core, done, self, self._record, self._facts)


class MidiRequest(GenerationRequest):
    """A checked request for a transcription that has not been sent. Its jobs take no idempotency key."""

    def submit_job(self, webhook: Webhook | None = None, *, idempotency_key: str | None = None) -> MidiJob:
        """Submit it as a job and return the job's handle at once. This call is charged.

        It is sent again only if it was certainly not accepted; raises `SubmitOutcomeUnknown` if that is in doubt.
        """
        job = super().submit_job(webhook, idempotency_key=idempotency_key)
        assert isinstance(job, MidiJob)
        return job

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
    ) -> MidiResult:
        """Submit it and wait for the notes. The arguments and errors are those of `GenerationRequest.run`."""
        result = super().run(
            poll_interval_ms,
            timeout_ms,
            on_progress,
            patient=patient,
            webhook=webhook,
            webhooks=webhooks,
            progress=progress,
        )
        assert isinstance(result, MidiResult)
        return result

    def sync_i_accept_http_timeout_risk(self, idempotency_key: str | None = None) -> MidiResult:
        """Transcribe within one long HTTP request; prefer `run`, which survives a lost response."""
        result = super().sync_i_accept_http_timeout_risk(idempotency_key)
        assert isinstance(result, MidiResult)
        return result

    def _job(self, record: JobRecord) -> MidiJob:
        return MidiJob(self._flows, record, 0.0, self._facts)

    def _result(self, done: JobSucceeded) -> MidiResult:
        return MidiResult(self._core, done, None, None, self._facts)


__all__ = ["MidiJob", "MidiRequest", "MidiResult"]

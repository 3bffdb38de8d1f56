"""Requests of the sync client. `generation_request_async.py` is the same with await."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from .._runtime.api.call import Call
from .._runtime.io.protocol import run
from .._runtime.jobs.blocking import Job, JobRequest, JobResult
from .._runtime.jobs.submission import Submission
from .._runtime.jobs.tokens import JobRecord
from .._runtime.jobs.values import JobSucceeded
from .._runtime.webhooks.order import Webhook
from ..errors import InvalidRequestError, SubmitOutcomeUnknown
from .flows import AnyGeneration, MireloFlows
from .prepared import Prepared
from .v3 import V3Generation
from .values import PreflightResult


class GenerationRequest(JobRequest):
    """A checked request that has not been sent. Only `submit_job`, `run` and the /sync call cost anything.

    If there is a `max_credits`, each of these three first asks for the cost, and raises `CostLimitError` before
    anything is uploaded. Then it uploads the local sources. Credits are charged when the job succeeds.
    """

    def __init__(self, core: MireloFlows, generation: AnyGeneration, max_credits: int | None) -> None:
        def submit(submission: Submission) -> Coroutine[Any, Any, JobRecord]:
            return core.submit(generation, max_credits, submission, self._prepared)

        super().__init__(core, generation.facts, submit)
        self._prepared: Prepared | None = None
        self._core = core
        self._generation = generation
        self._max_credits = max_credits

    @property
    def keyed(self) -> bool:
        """Whether it goes out under an idempotency key: then it can be prepared, and sent again as the same."""
        return isinstance(self._generation, V3Generation)

    def preflight(self) -> PreflightResult:
        """Return the exact cost in credits, and the estimated time. Costs nothing.

        Uploads nothing, except with models `sfx-…`, which need the files (uploaded once) to tell the price.
        """
        return run(self._core.preflight(self._generation))

    def upload(self) -> None:
        """Upload the local files now, each once, so that a submit sends nothing but the request. Costs nothing."""
        run(self._core.upload(self._generation))

    def prepare(self, idempotency_key: str | None = None) -> str:
        """Fix the request's bytes and key, and return its `token`. Uploads local files. Costs nothing.

        Store the token before you submit: with it any process sends the same bytes with the same key, so that the
        request is charged once. Models `sfx-…` only. `idempotency_key` None: a new random one, valid for 24 h.
        """
        if not isinstance(self._generation, V3Generation):
            raise InvalidRequestError(
                f"{self._generation.family.label}: its jobs take no idempotency key; models sfx-… do",
                field="idempotency_key",
            )
        self._prepared = run(self._core.prepare(self._generation, idempotency_key))
        return self._prepared.token

    @property
    def token(self) -> str:
        """The prepared request as a string without secrets, for `client.resubmit(token)`; see `prepare`."""
        if self._prepared is None:
            raise InvalidRequestError("token: prepare() the request first: it uploads, and fixes the key")
        return self._prepared.token

    def submit_job(self, webhook: Webhook | None = None, *, idempotency_key: str | None = None) -> Job:
        """Submit it as a job and return the job's handle at once. This call is charged.

        With models `sfx-…` it has an idempotency key, the given or a new random one, and re-sends have the same bytes
        and key, so that it is charged once. With other models it is sent again only if it was certainly not accepted;
        raises `SubmitOutcomeUnknown` if that is in doubt.
        """
        if idempotency_key is not None:
            self.prepare(idempotency_key)
        return super().submit_job(webhook)

    def resubmit(self, error: SubmitOutcomeUnknown) -> Job:
        """Send the request of an error again, with the same bytes and key, and return its job. It is charged once only.

        Raises `InvalidRequestError` if the request was sent without a key, or the key is too old.
        """
        return send_again(self._core, error)

    def sync_i_accept_http_timeout_risk(self, idempotency_key: str | None = None) -> JobResult:
        """Generate within one long HTTP request; prefer `run`, which survives a lost response.

        Each re-send has the same `idempotency_key` (None: a new random one, valid for 24 h), so that it is charged
        once. Raises `SubmitOutcomeUnknown`, which has the key, if there was no usable response in time: the same call
        with the same key then returns the paid result.
        """
        call = Call()
        try:
            return run(self._core.sync(self._generation, self._max_credits, idempotency_key, self._result, call))
        except BaseException as error:
            call.explain(error)
            raise

    def _result(self, done: JobSucceeded) -> JobResult:
        return JobResult(self._core, done, None, None, self._facts)


def send_again(core: MireloFlows, request: SubmitOutcomeUnknown | str) -> Job:
    """Send the request of an error, or of a token, again, and give its job; raises `InvalidRequestError`."""
    submission = Submission()
    try:
        return Job(core, run(core.send(submission, core.prepared_of(request))), 0.0)
    except BaseException as stop:
        submission.lead_to_job(stop, lambda record: Job(core, record, 0.0))
        raise


__all__ = ["GenerationRequest"]

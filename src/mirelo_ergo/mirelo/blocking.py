"""The sync client: `MireloClient` and what it gives. `asynchronous.py` is its twin, word for word but for await."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any

from .._runtime.api.call import Call
from .._runtime.client.blocking import ServiceClient
from .._runtime.io.protocol import run
from .._runtime.jobs.blocking import Job, JobRequest, JobResult
from .._runtime.jobs.submission import Submission
from .._runtime.jobs.tokens import JobRecord
from .._runtime.jobs.values import JobSucceeded
from .._runtime.lazy import LazyModule
from .._runtime.redact import Secret
from .._runtime.webhooks.order import Webhook
from ..errors import InvalidRequestError, SubmitOutcomeUnknown
from .calls import MireloCalls
from .core import AnyGeneration, MireloFlows, credit_limit
from .families import Model, known_model
from .prepared import Prepared
from .service import MIRELO, MIRELO_JOBS, MIRELO_V3_JOBS
from .v3 import V3Generation
from .values import MeResult, PreflightResult

if TYPE_CHECKING:
    import ssl

    import httpx
    from mirelo_ergo_api import mirelo_v2 as generated
else:
    httpx, ssl = LazyModule("httpx"), LazyModule("ssl")
    generated = LazyModule("mirelo_ergo_api.mirelo_v2")


class GenerationRequest(JobRequest):
    """A checked request that has not been sent. Nothing costs anything before `submit_job`, `run` or the /sync call.

    Each of these three asks first what it will cost if there is a `max_credits`, and raises `CostLimitError` before
    anything is uploaded; then it uploads the sources that need it. Credits are charged when the job succeeds.
    """

    def __init__(self, core: MireloFlows, generation: AnyGeneration, max_credits: int | None) -> None:
        def submit(submission: Submission) -> Coroutine[Any, Any, JobRecord]:
            return core.submit(generation, max_credits, submission, self._prepared)

        super().__init__(core, generation.facts, submit)
        self._prepared: Prepared | None = None
        self._core = core
        self._generation = generation
        self._max_credits = max_credits

    def preflight(self) -> PreflightResult:
        """Ask what it will cost, in credits (exact), and how long it takes. Costs nothing; uploads nothing."""
        return run(self._core.preflight(self._generation))

    def prepare(self, idempotency_key: str | None = None) -> str:
        """Fix the bytes of the request and its key, and return its `token`. Uploads local files. Costs nothing.

        Keep the token before you submit: with it any process sends the same bytes under the same key, so that it is
        paid once. Models `sfx-…` only. `idempotency_key` None: a new random one, valid for 24 h.
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
        """Submit it as a job and give its handle at once. This is what is paid for.

        Models `sfx-…` go out under an idempotency key, this one or a new random one, and are sent again under it as the
        same bytes, so that they are paid once. Other models are sent again only when they provably were not taken;
        otherwise raises `SubmitOutcomeUnknown`.
        """
        if idempotency_key is not None:
            self.prepare(idempotency_key)
        return super().submit_job(webhook)

    def resubmit(self, error: SubmitOutcomeUnknown) -> Job:
        """Send the request of an error again, as the same bytes under the same key, and give its job: paid once.

        Raises `InvalidRequestError` for a request that went out without a key, or whose key is too old.
        """
        submission, core = Submission(), self._core
        try:
            return Job(core, run(core.send(submission, core.prepared_of(error))), 0.0)
        except BaseException as stop:
            submission.lead_to_job(stop, lambda record: Job(core, record, 0.0))
            raise

    def sync_i_accept_http_timeout_risk(self, idempotency_key: str | None = None) -> JobResult:
        """Generate within one long HTTP request; prefer `run`, which survives a lost response.

        Each re-send goes out under the same `idempotency_key` (None: a new random one, valid for 24 h), so that it is
        charged once. Raises `SubmitOutcomeUnknown`, which has the key, when no usable response came in time: the same
        call under the same key then gives the result that was paid for.
        """
        call = Call()
        try:
            return run(self._core.sync(self._generation, self._max_credits, idempotency_key, self._result, call))
        except BaseException as error:
            call.explain(error)
            raise

    def _result(self, done: JobSucceeded) -> JobResult:
        return JobResult(self._core, done, None, None, self._facts)


class MireloClient(MireloCalls[GenerationRequest], ServiceClient[MireloFlows]):
    """A client of the Mirelo API, v2 or v3 by the model. Use it in a with-block, or close it; threads may share it.

    `api_key` defaults to MIRELO_API_KEY; the address to `base_url`, else `https://` + `host`, else MIRELO_BASE_URL,
    else the service's own. `timeout_ms` bounds one operation, sleeps and re-sends included (not uploads, downloads and
    waits, which have limits of their own). `retries` caps the re-sends of every operation (None: as many as are safe);
    `backoff_ms` is the first pause. `max_credits` is the most one request may cost; `model` is for calls that name
    none. `proxy` and `verify` (True, False, a path, or an `ssl.SSLContext`) hold for the API, uploads and downloads;
    `transport` carries all of them instead; `http_client` carries the API only, with its own time-outs.
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
        model: Model | None = None,
    ) -> None:
        key = Secret(api_key)
        del api_key  # a traceback may show this frame
        limit = credit_limit(max_credits)
        runtime = self._open(
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
        )
        self._core = MireloFlows(runtime, (MIRELO_JOBS, MIRELO_V3_JOBS), check_limits, limit, known_model(model))
        self._low_level: generated.AuthenticatedClient | None = None

    def me(self) -> MeResult:
        """Ask for the account and its credits. Costs nothing."""
        return run(self._core.me())

    def resubmit(self, request: SubmitOutcomeUnknown | str) -> Job:
        """Send a request again, from an error or from a request's token, and give its job: paid once.

        The bytes and the key are the same as before, so that the service gives the job that it has already. Raises
        `InvalidRequestError` for a request that went out without a key, or whose key is over 24 h old.
        """
        submission, core = Submission(), self._core
        try:
            return Job(core, run(core.send(submission, core.prepared_of(request))), 0.0)
        except BaseException as stop:
            submission.lead_to_job(stop, lambda record: Job(core, record, 0.0))
            raise

    def _request_of(self, generation: AnyGeneration, max_credits: int | None) -> GenerationRequest:
        return GenerationRequest(self._core, generation, max_credits)

    @property
    def low_level(self) -> generated.AuthenticatedClient:
        """The generated, typed client: same connections, key and errors; no re-sends, polling or cost guard."""
        if self._low_level is None:
            self._low_level = self._carry(generated.AuthenticatedClient)
        return self._low_level


__all__ = ["GenerationRequest", "MireloClient"]

"""The blocking face: `MireloClient` and what it gives. `asynchronous.py` is its twin, word for word but for await."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .._runtime.api.call import Call
from .._runtime.client.blocking import ServiceClient
from .._runtime.io.protocol import run
from .._runtime.jobs.blocking import JobRequest, JobResult
from .._runtime.jobs.values import JobSucceeded
from .._runtime.lazy import LazyModule
from .._runtime.redact import Secret
from .calls import MireloCalls
from .core import MireloFlows, credit_limit
from .families import Generation, Model, known_model
from .service import MIRELO, MIRELO_JOBS
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

    def __init__(self, core: MireloFlows, generation: Generation, max_credits: int | None) -> None:
        super().__init__(core, generation.facts, lambda submission: core.submit(generation, max_credits, submission))
        self._core = core
        self._generation = generation
        self._max_credits = max_credits

    def preflight(self) -> PreflightResult:
        """Ask what it will cost, in credits (exact), and how long it takes. Costs nothing; uploads nothing."""
        return run(self._core.preflight(self._generation))

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
        self._core = MireloFlows(runtime, (MIRELO_JOBS,), check_limits, limit, known_model(model))
        self._low_level: generated.AuthenticatedClient | None = None

    def me(self) -> MeResult:
        """Ask for the account and its credits. Costs nothing."""
        return run(self._core.me())

    def _request_of(self, generation: Generation, max_credits: int | None) -> GenerationRequest:
        return GenerationRequest(self._core, generation, max_credits)

    @property
    def low_level(self) -> generated.AuthenticatedClient:
        """Give the generated, typed client: same connections, key and errors; no re-sends, polling or cost guard."""
        if self._low_level is None:
            self._low_level = self._carry(generated.AuthenticatedClient)
        return self._low_level


__all__ = ["GenerationRequest", "MireloClient"]

"""The async client of sync.so. `blocking.py` is the same without await."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any

from .._runtime.client.asynchronous import AsyncServiceClient
from .._runtime.jobs.asynchronous import AsyncJob, AsyncJobRequest
from .._runtime.jobs.submission import Submission
from .._runtime.jobs.tokens import JobRecord
from .._runtime.lazy import LazyModule
from .._runtime.redact import Secret
from ..errors import InvalidRequestError, SubmitOutcomeUnknown
from .calls import LipsyncCalls, cost_limit
from .flows import Estimate, SyncSoFlows
from .lipsync import Lipsync
from .prepared import Prepared
from .resources_async import AsyncAssets, AsyncBatch, AsyncGenerations, AsyncModels, AsyncProjects
from .service import SYNC_SO, SYNC_SO_JOBS
from .webhooks import Webhooks

if TYPE_CHECKING:
    import ssl

    import httpx
    from mirelo_ergo_api import sync_so as generated
else:
    httpx, ssl = LazyModule("httpx"), LazyModule("ssl")
    generated = LazyModule("mirelo_ergo_api.sync_so")


class AsyncLipsyncRequest(AsyncJobRequest):
    """A checked lip-sync request that has not been sent. Only `submit_job` and `run` cost anything.

    Both first upload local files; then, if there is a `max_cost_usd`, they ask for the cost and raise `CostLimitError`
    before anything is submitted. Each submit has its own idempotency key, so that it is charged once even if it is sent
    again.
    """

    def __init__(self, core: SyncSoFlows, lipsync: Lipsync, max_cost_usd: float | None) -> None:
        def submit(submission: Submission) -> Coroutine[Any, Any, JobRecord]:
            return core.submit(lipsync, max_cost_usd, submission, self._prepared)

        super().__init__(core, lipsync.facts, submit)
        self._prepared: Prepared | None = None
        self._core = core
        self._lipsync = lipsync

    @property
    def keyed(self) -> bool:
        """Whether it goes out under an idempotency key: then it can be prepared, and sent again as the same."""
        return True

    async def preflight(self) -> Estimate:
        """Return its cost in US dollars and its number of frames. Local files are uploaded first, once."""
        return await self._core.estimate(self._lipsync)

    async def prepare(self, idempotency_key: str | None = None) -> str:
        """Fix the request's bytes and key, and return its `token`. Uploads local files. Costs nothing.

        Store the token before you submit: with it any process sends the same bytes with the same key, so that the
        request is charged once. `idempotency_key` None: a new random one, valid for 24 h. A prepared request takes no
        webhook.
        """
        self._prepared = await self._core.prepare(self._lipsync, idempotency_key)
        return self._prepared.token

    @property
    def token(self) -> str:
        """The prepared request as a string without secrets, for `client.resubmit(token)`; see `prepare`."""
        if self._prepared is None:
            raise InvalidRequestError("token: prepare() the request first: it uploads, and fixes the key")
        return self._prepared.token


class AsyncSyncSoClient(LipsyncCalls[AsyncLipsyncRequest], AsyncServiceClient[SyncSoFlows]):
    """A client of sync.so. Use it in a with-block, or close it; threads may share it.

    `lipsync()` makes a job, like the calls of the other services' clients. `generations`, `assets`, `batch`, `models`
    and `projects` are the vendor's resources, with the vendor's names.

    Args: api_key: Default: the variable SYNC_API_KEY, read when the client is created. host: The host to use over
    https, instead of `base_url`. base_url: Default: SYNC_BASE_URL, else the service's own address. timeout_ms: Limits
    one operation, sleeps and re-sends included; uploads, downloads and waits have their own limits. retries: Limits the
    re-sends of every operation; None: as many as are safe. backoff_ms: The first pause before a re-send. extra_headers:
    Sent with every request to the service. proxy: For the service, uploads and downloads. verify: True, False, a path
    to certificates, or an `ssl.SSLContext`. transport: Carries all requests instead of this client's own connections.
    http_client: Carries the requests to the service only, with its own time-outs. allow_private_hosts: Allows uploads
    and downloads to private addresses. max_cost_usd: The most that one lip-sync may cost, in US dollars. check_limits:
    False: do not check requests against the spec's limits. webhook_secret: Default: SYNC_WEBHOOK_SECRET, read when a
    webhook is checked.

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
        max_cost_usd: float | None = None,
        check_limits: bool = True,
        webhook_secret: str | None = None,
    ) -> None:
        key, secret = Secret(api_key), Secret(webhook_secret)
        del api_key, webhook_secret  # a traceback may show this frame
        limit = cost_limit(max_cost_usd)
        runtime = self._open(
            SYNC_SO,
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
        self._core = SyncSoFlows(runtime, (SYNC_SO_JOBS,), check_limits, limit)
        self._low_level: generated.AuthenticatedClient | None = None
        self.assets = AsyncAssets(self._core)
        self.generations = AsyncGenerations(self._core)
        self.batch = AsyncBatch(self._core)
        self.models = AsyncModels(self._core)
        self.projects = AsyncProjects(self._core)
        self.webhooks = Webhooks(secret)

    async def resubmit(self, request: SubmitOutcomeUnknown | str) -> AsyncJob:
        """Send a lip-sync again, given its error or token, and return its job. It is charged once only.

        The bytes and the key are the same as before, so that the service returns the existing job. Raises
        `InvalidRequestError` if the request was sent without a key, or the key is over 24 h old.
        """
        submission, core = Submission(), self._core
        try:
            return AsyncJob(core, await core.send(submission, core.prepared_of(request)), 0.0)
        except BaseException as stop:
            submission.lead_to_job(stop, lambda record: AsyncJob(core, record, 0.0))
            raise

    def _request_of(self, lipsync: Lipsync, max_cost_usd: float | None) -> AsyncLipsyncRequest:
        return AsyncLipsyncRequest(self._core, lipsync, max_cost_usd)

    @property
    def low_level(self) -> generated.AuthenticatedClient:
        """The generated, typed client: same connections, key and errors, but no re-sends, polling or cost guard."""
        if self._low_level is None:
            self._low_level = self._carry(generated.AuthenticatedClient)
        return self._low_level


__all__ = ["AsyncLipsyncRequest", "AsyncSyncSoClient"]

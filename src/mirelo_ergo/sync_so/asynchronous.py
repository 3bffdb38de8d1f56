"""The async client of sync.so. `blocking.py` is its twin but for await."""

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
    """A checked lip-sync that has not been sent. Nothing costs anything before `submit_job` or `run`.

    Both upload local files first, then ask what it will cost if there is a `max_cost_usd`, and raise `CostLimitError`
    before anything is submitted. The submit goes out under an idempotency key of its own, so that it is paid once
    whatever is sent again.
    """

    def __init__(self, core: SyncSoFlows, lipsync: Lipsync, max_cost_usd: float | None) -> None:
        def submit(submission: Submission) -> Coroutine[Any, Any, JobRecord]:
            return core.submit(lipsync, max_cost_usd, submission, self._prepared)

        super().__init__(core, lipsync.facts, submit)
        self._prepared: Prepared | None = None
        self._core = core
        self._lipsync = lipsync

    async def preflight(self) -> Estimate:
        """Ask what it would cost, in US dollars, and how many frames it has. Local files are uploaded first, once."""
        return await self._core.estimate(self._lipsync)

    async def prepare(self, idempotency_key: str | None = None) -> str:
        """Fix the bytes of the request and its key, and return its `token`. Uploads local files. Costs nothing.

        Keep the token before you submit: with it any process sends the same bytes under the same key, so that it is
        paid once. `idempotency_key` None: a new random one, valid for 24 h. A prepared request takes no webhook.
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

    `lipsync()` gives a job, as the clients of the other services do. `generations`, `assets`, `batch`, `models` and
    `projects` are the vendor's resources, with the vendor's names.

    Args:
        api_key: Default: SYNC_API_KEY, read when the client is made.
        host: A host to ask over https, in place of `base_url`.
        base_url: Default: SYNC_BASE_URL, else the service's own address.
        timeout_ms: Bounds one operation, sleeps and re-sends included; uploads, downloads and waits have their own.
        retries: Caps the re-sends of every operation; None: as many as are safe.
        backoff_ms: The first pause before a re-send.
        extra_headers: Sent with every request to the service.
        proxy: For the service, uploads and downloads.
        verify: True, False, a path to certificates, or an `ssl.SSLContext`.
        transport: Carries all requests in place of this client's own connections.
        http_client: Carries the requests to the service only, with its own time-outs.
        allow_private_hosts: Lets uploads and downloads go to private addresses.
        max_cost_usd: The most that one lip-sync may cost, in US dollars.
        check_limits: False lets requests through that the spec's limits would refuse.
        webhook_secret: Default: SYNC_WEBHOOK_SECRET, read when a webhook is checked.

    Raises:
        ConfigurationError: Something of it is wrong. Nothing was sent.
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
        """Send a lip-sync again, from an error or from a request's token, and give its job: paid once.

        The bytes and the key are the same as before, so that the service gives the job that it has already. Raises
        `InvalidRequestError` for a request that went out without a key, or whose key is over 24 h old.
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
        """The generated, typed client: same connections, key and errors; no re-sends, polling or cost guard."""
        if self._low_level is None:
            self._low_level = self._carry(generated.AuthenticatedClient)
        return self._low_level


__all__ = ["AsyncLipsyncRequest", "AsyncSyncSoClient"]

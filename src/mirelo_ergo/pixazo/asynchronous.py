"""The async client, `AsyncPixazoClient`. `blocking.py` is the same without await."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .._runtime.client.asynchronous import AsyncServiceClient
from .._runtime.jobs.asynchronous import AsyncJobRequest
from .._runtime.lazy import LazyModule
from .._runtime.redact import Secret
from .calls import PixazoCalls
from .families import Generation
from .flows import PixazoFlows
from .service import PIXAZO, PIXAZO_JOBS

if TYPE_CHECKING:
    import ssl

    import httpx
    from mirelo_ergo_api import pixazo as generated
else:
    httpx, ssl = LazyModule("httpx"), LazyModule("ssl")
    generated = LazyModule("mirelo_ergo_api.pixazo")


class AsyncPixazoClient(PixazoCalls[AsyncJobRequest], AsyncServiceClient[PixazoFlows]):
    """A client of the Pixazo gateway's Mirelo models. Use it in a with-block, or close it; threads may share it.

    `api_key` defaults to PIXAZO_API_KEY; the address to `base_url`, else `https://` + `host`, else PIXAZO_BASE_URL,
    else the gateway's own. `timeout_ms` limits one operation, sleeps and re-sends included (not downloads and waits,
    which have their own limits). `retries` limits the re-sends of every operation (None: as many as are safe);
    `backoff_ms` is the first pause. `proxy` and `verify` (True, False, a path, or an `ssl.SSLContext`) apply to the
    gateway and downloads. `transport` carries all of them instead; `http_client` carries requests to the gateway only,
    with its own time-outs. `allow_private_hosts` allows downloads from private addresses. Durations are in seconds
    here. The gateway gives no prices, so there is no preflight and no cost guard. Raises `ConfigurationError` if an
    argument is wrong, before any request.
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
    ) -> None:
        key = Secret(api_key)
        del api_key  # a traceback may show this frame
        runtime = self._open(
            PIXAZO,
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
        self._core = PixazoFlows(runtime, (PIXAZO_JOBS,), check_limits)
        self._low_level: generated.AuthenticatedClient | None = None

    def _request_of(self, generation: Generation) -> AsyncJobRequest:
        core = self._core
        return AsyncJobRequest(core, generation.facts, lambda submission: core.submit(generation, submission))

    @property
    def low_level(self) -> generated.AuthenticatedClient:
        """The generated, typed client: same connections, key and errors, but no re-sends and no polling."""
        if self._low_level is None:
            self._low_level = self._carry(generated.AuthenticatedClient)
        return self._low_level


__all__ = ["AsyncPixazoClient"]

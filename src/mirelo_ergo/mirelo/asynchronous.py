"""The async client, `AsyncMireloClient`. `blocking.py` is the same without await."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from .._runtime.client.asynchronous import AsyncServiceClient
from .._runtime.io.mutex import mutex_of
from .._runtime.lazy import LazyModule
from .._runtime.redact import Secret
from .._runtime.transfer.inputs import Audio
from ..errors import SubmitOutcomeUnknown
from . import account
from .api import MIRELO
from .arguments import credit_limit
from .calls import MireloCalls
from .values import MeResult
from .versions import MIDI, Model, known_model

if TYPE_CHECKING:
    import ssl

    import httpx
    from mirelo_ergo_api import mirelo_v2 as generated

    from .._runtime.jobs import asynchronous as jobs
    from .._runtime.jobs.tokens import JobRecord
    from . import flows, midi, service
    from . import generation_request_async as requests
    from . import models as known
    from . import transcriptions_async as notes
else:
    httpx, ssl = LazyModule("httpx"), LazyModule("ssl")
    flows, jobs = LazyModule("mirelo_ergo.mirelo.flows"), LazyModule("mirelo_ergo._runtime.jobs.asynchronous")
    service = LazyModule("mirelo_ergo.mirelo.service")
    requests = LazyModule("mirelo_ergo.mirelo.generation_request_async")
    generated, midi = LazyModule("mirelo_ergo_api.mirelo_v2"), LazyModule("mirelo_ergo.mirelo.midi")
    known, notes = LazyModule("mirelo_ergo.mirelo.models"), LazyModule("mirelo_ergo.mirelo.transcriptions_async")


class AsyncMireloClient(
    MireloCalls["requests.AsyncGenerationRequest", "notes.AsyncMidiRequest"], AsyncServiceClient["flows.MireloFlows"]
):
    """A client of the Mirelo API, v2 or v3 by the model. Use it in a with-block, or close it; threads may share it.

    `api_key` defaults to MIRELO_API_KEY; the address to `base_url`, else `https://` + `host`, else MIRELO_BASE_URL,
    else the service's own. `timeout_ms` limits one operation, sleeps and re-sends included (not uploads, downloads and
    waits, which have their own limits). `retries` limits the re-sends of every operation (None: as many as are safe);
    `backoff_ms` is the first pause. `max_credits` is the most that one request may cost; `model` is the default model
    of the calls. `proxy` and `verify` (True, False, a path, or an `ssl.SSLContext`) apply to the API, uploads and
    downloads. `transport` carries all of them instead; `http_client` carries the API only, with its own time-outs.
    `allow_private_hosts` lets uploads and downloads go to private addresses. `fetch_urls` lets the client fetch a
    source given by URL and upload it, where the service only takes uploaded files (v3, music for a video, MIDI). Raises
    `ConfigurationError` if an argument is wrong, before any request.
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
        max_credits: int | None = None,
        check_limits: bool = True,
        model: Model | None = None,
        fetch_urls: bool = False,
    ) -> None:
        key = Secret(api_key)
        del api_key  # a traceback may show this frame
        limit, self._model = credit_limit(max_credits), known_model(model)
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
        self._mutex = mutex_of(self)
        self._flows: flows.MireloFlows | None = None
        self._new_flows: Callable[[], flows.MireloFlows] = lambda: flows.MireloFlows(
            runtime, service.MIRELO_APIS, check_limits, limit, self._model, fetch_urls=fetch_urls
        )
        self._low_level: generated.AuthenticatedClient | None = None

    def _made_core(self) -> flows.MireloFlows:
        """Return the flows, imported and made with the first call that needs them."""
        if self._flows is None:
            made = self._new_flows()
            with self._mutex:
                self._flows = self._flows or made
        return self._flows

    if not TYPE_CHECKING:  # for the checkers it is an attribute, as the base declares it
        _core = property(_made_core)

    async def models(self, live: bool = False) -> list[known.ModelInfo]:
        """Return families and models with their limits. Costs nothing.

        Args: live: Ask the service for its models `sfx-…` and their limits, against which this client's later requests
        are then checked. False: return the models of the spec; sends nothing.
        """
        if live:
            return await self._core.list_models()
        return known.known_models(self._model)

    async def me(self) -> MeResult:
        """Return the account and its credits. Costs nothing."""
        return await account.me(self._runtime, self._model)

    async def resubmit(self, request: SubmitOutcomeUnknown | str) -> jobs.AsyncJob:
        """Send a request again, given its error or token, and return its job. It is charged once only.

        The bytes and the key are the same as before, so that the service returns the existing job. Raises
        `InvalidRequestError` if the request was sent without a key, or the key is over 24 h old.
        """
        return await requests.send_again(self._core, request)

    async def detect_instruments(self, audio: Audio | str | os.PathLike[str]) -> midi.DetectedInstruments:
        """Return the instruments in a sound, for `audio_to_midi`. Free, ten times a day; uploads a local file first.

        Args:
            audio: An `Audio` or a path; a URL only with `fetch_urls=True`.

        Raises:
            AudioError: The sound cannot be used.
        """
        source = self._core.sound(audio)
        return await self._core.detect_instruments(source)

    def _request_of(self, generation: flows.AnyGeneration, max_credits: int | None) -> requests.AsyncGenerationRequest:
        return requests.AsyncGenerationRequest(self._core, generation, max_credits)

    def _midi_request_of(self, generation: flows.AnyGeneration, max_credits: int | None) -> notes.AsyncMidiRequest:
        return notes.AsyncMidiRequest(self._core, generation, max_credits)

    def _job(self, record: JobRecord, age: float) -> jobs.AsyncJob:
        kind = notes.AsyncMidiJob if record.family == MIDI else jobs.AsyncJob
        return kind(self._core, record, age)

    @property
    def low_level(self) -> generated.AuthenticatedClient:
        """The generated, typed client: same connections, key and errors, but no re-sends, polling or cost guard."""
        if self._low_level is None:
            self._low_level = self._carry(generated.AuthenticatedClient)
        return self._low_level


__all__ = ["AsyncMireloClient"]

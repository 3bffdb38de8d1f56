"""The sync client: `MireloClient` and what it gives. `asynchronous.py` is its twin, word for word but for await."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from .._runtime.client.blocking import ServiceClient
from .._runtime.io.protocol import run
from .._runtime.jobs.blocking import Job
from .._runtime.jobs.submission import Submission
from .._runtime.jobs.tokens import JobRecord
from .._runtime.lazy import LazyModule
from .._runtime.redact import Secret
from .._runtime.transfer.inputs import Audio
from ..errors import SubmitOutcomeUnknown
from .calls import MireloCalls
from .families import MIDI, Model, known_model
from .flows import AnyGeneration, MireloFlows, credit_limit
from .generation_request import GenerationRequest
from .service import MIRELO, MIRELO_JOBS, MIRELO_MIDI_JOBS, MIRELO_V3_JOBS
from .values import MeResult

if TYPE_CHECKING:
    import ssl

    import httpx
    from mirelo_ergo_api import mirelo_v2 as generated

    from . import midi
    from . import models as known
    from . import transcriptions as notes
else:
    httpx, ssl = LazyModule("httpx"), LazyModule("ssl")
    generated, midi = LazyModule("mirelo_ergo_api.mirelo_v2"), LazyModule("mirelo_ergo.mirelo.midi")
    known, notes = LazyModule("mirelo_ergo.mirelo.models"), LazyModule("mirelo_ergo.mirelo.transcriptions")


class MireloClient(MireloCalls[GenerationRequest, "notes.MidiRequest"], ServiceClient[MireloFlows]):
    """A client of the Mirelo API, v2 or v3 by the model. Use it in a with-block, or close it; threads may share it.

    `api_key` defaults to MIRELO_API_KEY; the address to `base_url`, else `https://` + `host`, else MIRELO_BASE_URL,
    else the service's own. `timeout_ms` bounds one operation, sleeps and re-sends included (not uploads, downloads and
    waits, which have limits of their own). `retries` caps the re-sends of every operation (None: as many as are safe);
    `backoff_ms` is the first pause. `max_credits` is the most one request may cost; `model` is for calls that name
    none. `proxy` and `verify` (True, False, a path, or an `ssl.SSLContext`) hold for the API, uploads and downloads;
    `transport` carries all of them instead; `http_client` carries the API only, with its own time-outs.
    `allow_private_hosts` lets uploads and downloads go to private addresses. `fetch_urls` lets sources by URL be
    fetched here and uploaded, where the service takes uploaded files only (v3, music for a video, MIDI). Raises
    `ConfigurationError` for anything that is wrong, before any request.
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
        fetch_urls: bool = False,
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
        apis = (MIRELO_JOBS, MIRELO_MIDI_JOBS, MIRELO_V3_JOBS)
        self._core = MireloFlows(runtime, apis, check_limits, limit, known_model(model), fetch_urls=fetch_urls)
        self._low_level: generated.AuthenticatedClient | None = None

    def models(self, live: bool = False) -> list[known.ModelInfo]:
        """Return families and models with their limits. Costs nothing.

        Args:
            live: Ask the service which models `sfx-…` there are and what they take; requests that this client makes
                afterwards are checked against that. What the service does not say checks nothing. Else what is built
                in, as the spec has it; sends nothing.
        """
        if live:
            return run(self._core.list_models())
        return known.known_models(self._core.model)

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

    def detect_instruments(self, audio: Audio | str | os.PathLike[str]) -> midi.DetectedInstruments:
        """Ask which instruments a sound has, for `audio_to_midi`. Free, ten times a day; uploads a local file first.

        Args:
            audio: An `Audio` or a path; a URL only with `fetch_urls=True`.

        Raises:
            AudioError: The sound cannot be used.
        """
        source = self._core.sound(audio)
        return run(self._core.detect_instruments(source))

    def _request_of(self, generation: AnyGeneration, max_credits: int | None) -> GenerationRequest:
        return GenerationRequest(self._core, generation, max_credits)

    def _midi_request_of(self, generation: AnyGeneration, max_credits: int | None) -> notes.MidiRequest:
        return notes.MidiRequest(self._core, generation, max_credits)

    def _job(self, record: JobRecord, age: float) -> Job:
        kind = notes.MidiJob if record.family == MIDI else Job
        return kind(self._core, record, age)

    @property
    def low_level(self) -> generated.AuthenticatedClient:
        """The generated, typed client: same connections, key and errors; no re-sends, polling or cost guard."""
        if self._low_level is None:
            self._low_level = self._carry(generated.AuthenticatedClient)
        return self._low_level


__all__ = ["MireloClient"]

"""The gateway's operations over HTTP: submits that queue, one status endpoint for all models, callbacks."""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse

from mirelo_ergo.emulator.services.pixazo.answers import TIMESTAMPS, refuse, request_status
from mirelo_ergo.emulator.services.pixazo.fields import wishes
from mirelo_ergo.emulator.spec import spec, targets
from mirelo_ergo.emulator.state.clock import Stopping
from mirelo_ergo.emulator.state.store import KEY_PREFIX
from mirelo_ergo.emulator.web import wire
from mirelo_ergo.emulator.web.refusals import Refusal, short

if TYPE_CHECKING:
    import random
    from collections.abc import Collection

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route
    from starlette.types import Receive, Scope, Send

    from mirelo_ergo.emulator.blobs import Blobs
    from mirelo_ergo.emulator.generator import Studio
    from mirelo_ergo.emulator.services.pixazo.answers import Timestamps
    from mirelo_ergo.emulator.spec.spec import Operation
    from mirelo_ergo.emulator.state.clock import Clock
    from mirelo_ergo.emulator.state.store import Job, Store
    from mirelo_ergo.emulator.web.callbacks import Callbacks

SPEC = "pixazo.yaml"
KEY_HEADER = "Ocp-Apim-Subscription-Key"
MAX_CYCLE_SECONDS = 15.0  # between two callbacks of the mode "sync", at speed 1


class Gateway:
    """Answer the operations of the gateway's spec; what it sells is made by the same studio, for the same accounts."""

    def __init__(
        self,
        *,
        store: Store,
        studio: Studio,
        blobs: Blobs,
        clock: Clock,
        random: random.Random,
        callbacks: Callbacks,
    ) -> None:
        self._store = store
        self._studio = studio
        self._blobs = blobs
        self._clock = clock
        self._random = random
        self._callbacks = callbacks
        self._timestamps: Timestamps = "mixed"

    @property
    def timestamps(self) -> Timestamps:
        """The shape of the times: "iso", "plain", or "mixed", which has both in the answers about most requests."""
        return self._timestamps

    @timestamps.setter
    def timestamps(self, shape: Timestamps) -> None:
        if shape not in TIMESTAMPS:
            raise ValueError(f"timestamps is {shape!r}: it has to be one of {', '.join(TIMESTAMPS)}")
        self._timestamps = shape

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    @functools.cached_property
    def _app(self) -> Starlette:
        """The application, made for the first request: most emulators never see one here."""
        operations = spec.load(SPEC)
        routes = frozenset(_route(each) for each in operations)
        return Starlette(
            routes=[
                *(self._endpoint(each, routes) for each in operations),
                wire.route("/{model}/v1/{name}", "POST", self._no_model),
                self._blobs.results(),
            ],
            exception_handlers=wire.exception_handlers(refuse),
        )

    def _endpoint(self, operation: Operation, routes: Collection[str]) -> Route:
        async def submit(request: Request) -> Response:
            return await self._submit(request, operation, self._key(request))

        async def status(request: Request) -> Response:
            job = self._store.job(request.path_params["request_id"], key=self._key(request), routes=routes)
            return JSONResponse(self._status(await self._studio.look(job), wire.base_url(request)))

        return wire.route(operation.path, operation.method, submit if operation.method == "POST" else status)

    def _key(self, request: Request) -> str:
        key = request.headers.get(KEY_HEADER, "").strip()
        if not key:
            raise Refusal("unauthorized", 401, f"the header {KEY_HEADER}: {KEY_PREFIX}… is missing")
        self._store.account(key)
        return key

    async def _submit(self, request: Request, operation: Operation, key: str) -> Response:
        headers = operation.read_headers(request.headers)
        webhook = headers.get("X-Webhook-URL")
        if webhook is not None:
            self._callbacks.check("X-Webhook-URL", webhook)
        sent = operation.read_body(await wire.read_body(request))
        asked = wishes(operation.values(sent), as_video=operation.id == "videoToVideo", draw=self._random)
        job = await self._studio.generate(key, _route(operation), sent, asked, targets.of(operation))
        base = wire.base_url(request)
        if webhook is not None:
            self._callbacks.start(self._call_back(webhook, job, base, every_cycle=headers["X-Webhook-Mode"] == "sync"))
        return JSONResponse(
            {"request_id": job.id, "status": "QUEUED", "polling_url": f"{base}/v2/requests/status/{job.id}"},
            status_code=202,
        )

    async def _no_model(self, request: Request) -> Response:
        self._key(request)
        raise Refusal("model_not_found", 400, f"there is no model {short(request.path_params['model'])}")

    def _status(self, job: Job, base: str) -> dict[str, Any]:
        return request_status(job, self._clock.now(), self._blobs.result_urls(base, job), self._timestamps)

    async def _call_back(self, webhook: str, job: Job, base: str, *, every_cycle: bool) -> None:
        """Tell a webhook of the job's end, and before it what it is at growing intervals, as the queue looks."""
        with contextlib.suppress(Stopping):
            gap, at = 1.0, job.created_at
            while every_cycle and (at := at + gap / self._studio.speed) < job.finishes_at:
                await self._clock.until(at)
                at = self._clock.now()
                if at < job.finishes_at:
                    self._callbacks.post(webhook, self._status(job, base))
                gap = min(MAX_CYCLE_SECONDS, 2 * gap)
            self._callbacks.post(webhook, self._status(await self._studio.finish(job), base))


def _route(operation: Operation) -> str:
    """Name a job's origin: the service, and the model as its path begins with it."""
    return f"pixazo/{operation.path.split('/')[1]}"

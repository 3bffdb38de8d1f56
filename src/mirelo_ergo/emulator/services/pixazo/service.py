"""The HTTP operations of the gateway: submits, one status endpoint for all models, webhooks."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, ClassVar

from starlette.responses import JSONResponse

from mirelo_ergo.emulator.clock import Stopping
from mirelo_ergo.emulator.refusals import Refusal, short
from mirelo_ergo.emulator.services.pixazo import answers
from mirelo_ergo.emulator.services.pixazo.answers import TIMESTAMPS, request_status
from mirelo_ergo.emulator.services.pixazo.fields import translate
from mirelo_ergo.emulator.services.service import EmulatedService
from mirelo_ergo.emulator.spec.bounds import Choice
from mirelo_ergo.emulator.state.records import Origin
from mirelo_ergo.emulator.web import wire

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from mirelo_ergo.emulator.services.pixazo.answers import Timestamps
    from mirelo_ergo.emulator.spec.spec import Operation
    from mirelo_ergo.emulator.state.records import Job

MAX_CYCLE_SECONDS = 15.0  # between two webhooks of the mode "sync", at speed 1


class Pixazo(EmulatedService):
    """The Pixazo gateway. The common generator makes its results."""

    name = "pixazo"
    title = "Pixazo gateway"
    spec = "pixazo.yaml"
    clients = ("PixazoClient", "AsyncPixazoClient")
    key_header = "Ocp-Apim-Subscription-Key"
    key_scheme = ""
    settings: ClassVar = {"timestamps": Choice(TIMESTAMPS)}

    timestamps: Timestamps = "mixed"
    """The shape of the times: "iso", "plain", or "mixed", which has both in the answers about most requests."""

    @classmethod
    def group(cls, operation: Operation) -> str:
        """Return the group of an operation: submit or poll."""
        return "submit" if operation.method == "POST" else "poll"

    @classmethod
    def refuse(cls, refusal: Refusal) -> Response:
        """Return a refusal as an error of the queue."""
        return answers.refuse(refusal)

    def routes(self) -> list[Route]:
        """Return a route for every operation, and one for unknown models."""
        return [*map(self._route, self.operations()), wire.route("/{model}/v1/{name}", "POST", self._no_model)]

    def _route(self, operation: Operation) -> Route:
        async def submit(request: Request) -> Response:
            return await self._submit(request, operation, self.key(request))

        async def status(request: Request) -> Response:
            key = self.key(request)
            job = self._state.store.job(request.path_params["request_id"], key=key, service=self.name)
            return JSONResponse(self._status(await self._state.jobs.look(job), wire.base_url(request)))

        async def other(request: Request) -> Response:
            return await self.not_emulated(request, operation, self.key(request))

        endpoint = submit if operation.method == "POST" else status if "{request_id}" in operation.path else other
        return wire.route(operation.path, operation.method, endpoint)

    async def _submit(self, request: Request, operation: Operation, key: str) -> Response:
        headers = operation.read_headers(request.headers)
        webhook = headers.get("X-Webhook-URL")
        if webhook is not None:
            self._state.webhooks.check("X-Webhook-URL", webhook)
        sent = operation.read_body(await wire.read_body(request))
        asked = translate(operation.values(sent), as_video=operation.id == "videoToVideo", draw=self._state.random)
        origin = Origin(self.name, operation.id, operation.path.split("/")[1], str(sent.get("text_prompt", "")))
        job = await self._state.jobs.generate(key, origin, sent, asked, self.target(operation))
        base = wire.base_url(request)
        if webhook is not None:
            every_cycle = headers["X-Webhook-Mode"] == "sync"
            self._state.webhooks.start(self._call_back(webhook, job, base, every_cycle=every_cycle))
        return JSONResponse(
            {"request_id": job.id, "status": "QUEUED", "polling_url": f"{base}/v2/requests/status/{job.id}"},
            status_code=202,
        )

    async def _no_model(self, request: Request) -> Response:
        self.key(request)
        raise Refusal("model_not_found", 400, f"there is no model {short(request.path_params['model'])}")

    def _status(self, job: Job, base: str) -> dict[str, Any]:
        return request_status(job, self._state.clock.now(), self._state.blobs.result_urls(base, job), self.timestamps)

    async def _call_back(self, webhook: str, job: Job, base: str, *, every_cycle: bool) -> None:
        """Call a webhook at the job's end and, in the mode "sync", at growing intervals before."""
        with contextlib.suppress(Stopping):
            gap, at = 1.0, job.created_at
            while every_cycle and (at := at + gap / self._state.jobs.speed) < job.finishes_at:
                await self._state.clock.until(at)
                at = self._state.clock.now()
                if at < job.finishes_at:
                    self._state.webhooks.post(webhook, self._status(job, base))
                gap = min(MAX_CYCLE_SECONDS, 2 * gap)
            self._state.webhooks.post(webhook, self._status(await self._state.jobs.finish(job), base))

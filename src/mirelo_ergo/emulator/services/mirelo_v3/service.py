"""The HTTP operations of Mirelo's API v3: submits with keys, preflights, jobs, upload forms, models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from starlette.responses import JSONResponse

from mirelo_ergo.emulator.clock import iso
from mirelo_ergo.emulator.refusals import Refusal, short
from mirelo_ergo.emulator.services.mirelo.service import Mirelo
from mirelo_ergo.emulator.services.mirelo_v3 import answers, fields, models
from mirelo_ergo.emulator.services.service import EmulatedService
from mirelo_ergo.emulator.spec.bounds import Flag, Number
from mirelo_ergo.emulator.state.records import Origin
from mirelo_ergo.emulator.web import wire

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from mirelo_ergo.emulator.services.mirelo_v3.fields import Asked
    from mirelo_ergo.emulator.shared import State
    from mirelo_ergo.emulator.spec.spec import Operation
    from mirelo_ergo.emulator.state.records import Job

    Handler = Callable[[Request, Operation, str], Awaitable[Response]]

MAX_BYTES = 64 << 20  # of an upload
MAX_WAIT = 60  # seconds that a create may hold its answer
FIXED = {"createAsset": "assets", "getMe": "me", "listModels": "list"}


class MireloV3(EmulatedService):
    """Mirelo's API, v3, on the port of v2 and with the same keys and assets."""

    name = "mirelo_v3"
    title = "Mirelo v3"
    spec = "mirelo-v3.yaml"
    port_of = Mirelo.name
    clients = Mirelo.clients
    options: ClassVar = {"model": "sfx-2.0"}
    settings: ClassVar = {"concurrency": Number(1, 10_000, whole=True, optional=True), "videos": Flag()}

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self._concurrency: int | None = None
        self._videos = False

    @classmethod
    def group(cls, operation: Operation) -> str:
        """Return the group of an operation, by its name."""
        if operation.id in FIXED:
            return FIXED[operation.id]
        return {"create": "submit", "get": "poll", "preflight": "preflight"}.get(_verb(operation), "other")

    @classmethod
    def refuse(cls, refusal: Refusal) -> Response:
        """Return a refusal in v3's form."""
        return answers.refuse(refusal)

    @property
    def concurrency(self) -> int | None:
        """The limit of running jobs per key; None: no limit."""
        return self._concurrency

    @concurrency.setter
    def concurrency(self, most: int | None) -> None:
        bound = self.settings["concurrency"]
        if most is not None and not bound.allows(most):
            raise ValueError(f"concurrency is {most!r}: it has to be {bound.words()}")
        self._concurrency = most

    @property
    def videos(self) -> bool:
        """Whether a variant for a clip has the clip with its sound too, which others' clients show; off by default."""
        return self._videos

    @videos.setter
    def videos(self, given: bool) -> None:
        bound = self.settings["videos"]
        if not bound.allows(given):
            raise ValueError(f"videos is {given!r}: it has to be {bound.words()}")
        self._videos = given

    def routes(self) -> list[Route]:
        """Return a route for every operation, fixed paths before those with an id."""
        return [self._route(each) for each in sorted(self.operations(), key=lambda each: "{" in each.path)]

    def _route(self, operation: Operation) -> Route:
        handlers: dict[str, Handler] = {
            "assets": self._create_asset,
            "me": self._me,
            "list": self._models,
            "submit": self._create,
            "poll": self._poll,
            "preflight": self._preflight,
        }
        handler = handlers.get(self.group(operation), self.not_emulated)

        async def endpoint(request: Request) -> Response:
            return await handler(request, operation, self.key(request))

        return wire.route(operation.path, operation.method, endpoint)

    async def _me(self, request: Request, operation: Operation, key: str) -> Response:
        account = self._state.store.account(key)
        missing = self._state.store.recovery(key, 1)
        return JSONResponse(
            {
                "account_type": "user",
                "id": account.id,
                "email": account.email,
                "credits_available": account.balance,
                "spend_capacity": None,
                "recovery_action": missing["recovery_action"],
                "recovery_url": missing["recovery_url"],
                "billing_mode": "metered",
                "provisioning_state": missing["provisioning_state"],
                "provisioning_deadline": None,
            }
        )

    async def _models(self, request: Request, operation: Operation, key: str) -> Response:
        return JSONResponse({"data": list(models.MODELS.values())})

    async def _create_asset(self, request: Request, operation: Operation, key: str) -> Response:
        sent = operation.read_body(await wire.read_body(request))
        asset = self._state.store.new_asset(key, sent["content_type"])
        form = self._state.blobs.upload_form(wire.base_url(request), asset, max_bytes=MAX_BYTES)
        return JSONResponse(
            {
                "id": asset.id,
                "upload_url": form.url,
                "fields": dict(form.fields),
                "upload_expires_at": iso(form.expires_at),
                "max_bytes": form.max_bytes,
            },
            status_code=201,
        )

    async def _preflight(self, request: Request, operation: Operation, key: str) -> Response:
        asked, _, _ = self._asked(await wire.read_body(request), operation, key)
        quote = self._state.jobs.preflight(asked.values(speech=False), self.target(operation))
        needed = quote["credits"]
        planned = {"index": 0, "type": "sfx", "credits": needed, "variants_requested": asked.num_variants}
        return JSONResponse(
            {
                **quote,
                "outputs": [planned],
                "billing_mode": "metered",
                "credit_recovery": self._state.store.recovery(key, needed),
            }
        )

    async def _create(self, request: Request, operation: Operation, key: str) -> Response:
        body = await wire.read_body(request)
        wait = min(MAX_WAIT, operation.read_query(request.query_params).get("wait", 0))
        job, _ = await self.once(request, key, body, lambda: self._generate(body, operation, key))
        if wait:
            await self._state.clock.until(min(job.finishes_at, self._state.clock.now() + wait))
            job = await self._state.jobs.look(job)
        path = _job_path(operation)
        if job.done:
            return JSONResponse(self._status(request, job, path))
        return JSONResponse(answers.receipt(job, path), status_code=202)

    async def _generate(self, body: bytes, operation: Operation, key: str) -> Job:
        asked, sent, model = self._asked(body, operation, key)
        running = self._state.store.running(key, self.name)
        if self._concurrency is not None and running >= self._concurrency:
            raise Refusal("concurrency_limit_reached", 429, f"{running} jobs of this account run already")
        values = asked.values(speech=models.SPEECH in model["stems"])
        if self._videos and asked.operation == "video-to-sfx":
            values["output"] = "both"
        origin = Origin(self.name, asked.operation, asked.model, asked.prompt)
        try:
            return await self._state.jobs.generate(key, origin, sent, values, self.target(operation))
        except Refusal as refusal:
            if refusal.http_status != 402:
                raise
            needed = self._state.jobs.quote(values)["credits"]
            missing = self._state.store.recovery(key, needed)
            raise answers.NoCredits(refusal, missing) from None

    def _asked(self, body: bytes, operation: Operation, key: str) -> tuple[Asked, dict[str, Any], Mapping[str, Any]]:
        """Return the request in a body and its model; refuse what the model does not accept, and empty assets."""
        sent = operation.read_body(body)
        asked = fields.read(_name(operation), operation.values(sent))
        model = models.check(asked)
        for kind, asset_id in asked.sources.items():
            asset = self._state.store.asset(asset_id)
            if asset is None or asset.key != key:
                raise Refusal("invalid_asset", 422, f"input.{kind}: there is no asset {short(asset_id)}")
            if asset.path is None:
                raise Refusal("asset_not_ready", 409, f"input.{kind}: nothing has come in for the asset {asset_id} yet")
        return asked, sent, model

    async def _poll(self, request: Request, operation: Operation, key: str) -> Response:
        job_id, family = request.path_params["id"], _name(operation)
        found = self._state.store.job(job_id, key=key, service=self.name, family=family)
        job = await self._state.jobs.look(found)
        return JSONResponse(self._status(request, job, _job_path(operation)))

    def _status(self, request: Request, job: Job, path: str) -> dict[str, Any]:
        urls = self._state.blobs.result_urls(wire.base_url(request), job)
        return answers.status(job, self._state.clock.now(), urls, path)


def _verb(operation: Operation) -> str:
    """Return what an operation does with a job, "" for one that is about something else."""
    if operation.id.startswith("get") and "{" not in operation.path:
        return ""
    return next((verb for verb in ("create", "get", "preflight") if operation.id.startswith(verb)), "")


def _name(operation: Operation) -> str:
    """Return the name of an operation in the list of models, such as text-to-sfx or extend."""
    return operation.path.split("/")[2]


def _job_path(operation: Operation) -> str:
    return operation.path.removesuffix("/{id}").removesuffix("/preflight")

"""The HTTP operations of sync.so: a route for each operation in its spec, and one for a batch's results."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from starlette.responses import JSONResponse

from mirelo_ergo.emulator.services.service import EmulatedService
from mirelo_ergo.emulator.services.sync_so import answers
from mirelo_ergo.emulator.services.sync_so.assets import Assets
from mirelo_ergo.emulator.services.sync_so.batches import Batches
from mirelo_ergo.emulator.services.sync_so.generations import Generations
from mirelo_ergo.emulator.services.sync_so.plans import PLANS
from mirelo_ergo.emulator.services.sync_so.projects import Projects
from mirelo_ergo.emulator.services.sync_so.rules import MODELS
from mirelo_ergo.emulator.services.sync_so.starting import SERVICE, GenerationStarter
from mirelo_ergo.emulator.spec.bounds import Choice, Text
from mirelo_ergo.emulator.spec.targets import Target
from mirelo_ergo.emulator.web import wire
from mirelo_ergo.emulator.web.signatures import TimestampedHmac

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from mirelo_ergo.emulator.refusals import Refusal
    from mirelo_ergo.emulator.services.sync_so.plans import Plan
    from mirelo_ergo.emulator.shared import State
    from mirelo_ergo.emulator.spec.spec import Operation

    Handler = Callable[[Request, Operation, str], Awaitable[Response]]

SIGNATURE = "Sync-Signature"
RESULT = Target("getBatchResult", "GET", "/v2/batches/{id}/result", "link", SERVICE)
OPEN = "listErrorCodes"  # the one operation without a key
GROUPS: Mapping[str, str] = {
    "createGeneration": "submit",
    "createBatch": "submit",
    "getGeneration": "poll",
    "getBatch": "poll",
    "estimateCost": "preflight",
    "createAssetUpload": "assets",
    "createAsset": "register",
    "listGenerations": "list",
    "listAssets": "list",
    "listBatches": "list",
    "listModels": "list",
    "listProjects": "list",
}


class SyncSo(EmulatedService):
    """The service sync.so, with the settings `plan` and `webhook_secret`, which signs its webhooks."""

    name = SERVICE
    title = "sync.so"
    spec = "sync-so.yaml"
    clients = ("SyncSoClient", "AsyncSyncSoClient")
    key_header = "x-api-key"
    key_scheme = ""
    settings: ClassVar = {
        "plan": Choice(tuple(PLANS)),
        "webhook_secret": Text("whsec_[!-~]{1,200}", "a secret, which begins with whsec_"),
    }

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self._plan = "scale"
        self._secret = "whsec_emulator"  # noqa: S105 - of the emulator, for everybody to see
        creation = next(each for each in self.operations() if each.id == "createGeneration")
        projects = Projects(state)
        assets = Assets(state, projects)
        making = GenerationStarter(state, assets, projects, self._bounds, self._signer)
        generations = Generations(state, making, self.once, self.target)
        self._batches = Batches(state, making, creation, self.target, self._bounds, self._signer)
        self._handlers: Mapping[str, Handler] = {
            "createGeneration": generations.create,
            "getGeneration": generations.get,
            "getGenerationCosts": generations.costs,
            "listGenerations": generations.show_all,
            "countGenerations": generations.count,
            "deleteGeneration": generations.delete,
            "getGenerationDownloadUrl": generations.download_url,
            "estimateCost": generations.estimate,
            "createBatch": self._batches.create,
            "getBatch": self._batches.get,
            "listBatches": self._batches.show_all,
            "createAssetUpload": assets.open,
            "createAsset": assets.register,
            "getAsset": assets.get,
            "getAssets": assets.get_many,
            "listAssets": assets.show_all,
            "findUploadedAsset": assets.find,
            "updateAsset": assets.update,
            "deleteAsset": assets.delete,
            "getAssetDownloadUrl": assets.download_url,
            "listModels": self._models,
            "listErrorCodes": self._codes,
            "createProject": projects.create,
            "listProjects": projects.show_all,
            "getProject": projects.get,
            "addProjectAsset": projects.adding(assets.found),
            "removeProjectAsset": projects.remove,
        }

    @classmethod
    def group(cls, operation: Operation) -> str:
        """Return the group of an operation."""
        return GROUPS.get(operation.id, "other")

    @classmethod
    def targets(cls) -> tuple[Target, ...]:
        """Return its operations, and that of a batch's results."""
        return (*super().targets(), RESULT)

    @classmethod
    def refuse(cls, refusal: Refusal) -> Response:
        """Return a refusal in the form of the service's errors."""
        return answers.refuse(refusal)

    @property
    def plan(self) -> str:
        """The plan of every key: free, hobbyist, creator, growth, scale or enterprise."""
        return self._plan

    @plan.setter
    def plan(self, name: str) -> None:
        self._check("plan", name)
        self._plan = name

    @property
    def webhook_secret(self) -> str:
        """The secret of the webhooks' signatures, with its prefix `whsec_`."""
        return self._secret

    @webhook_secret.setter
    def webhook_secret(self, secret: str) -> None:
        self._check("webhook_secret", secret)
        self._secret = secret

    def _check(self, name: str, value: str) -> None:
        bound = self.settings[name]
        if not bound.allows(value):
            raise ValueError(f"{name} is {value!r}: it has to be {bound.words()}")

    def _bounds(self) -> Plan:
        return PLANS[self._plan]

    def _signer(self) -> TimestampedHmac:
        return TimestampedHmac(SIGNATURE, self._secret)

    def routes(self) -> list[Route]:
        """Return a route for every operation, fixed paths before those with an id."""
        ordered = sorted(self.operations(), key=lambda operation: "{" in operation.path)
        return [*map(self._route, ordered), wire.route(RESULT.path, RESULT.method, self._result)]

    def _route(self, operation: Operation) -> Route:
        handler = self._handlers.get(operation.id, self.not_emulated)

        async def endpoint(request: Request) -> Response:
            return await handler(request, operation, "" if operation.id == OPEN else self.key(request))

        return wire.route(operation.path, operation.method, endpoint)

    async def _result(self, request: Request) -> Response:
        return await self._batches.result(request, self.key(request))

    async def _models(self, request: Request, operation: Operation, key: str) -> Response:
        return JSONResponse(list(MODELS))

    async def _codes(self, request: Request, operation: Operation, key: str) -> Response:
        codes = sorted({*answers.FAILURES.values(), *filter(None, answers.CODES.values())})
        return JSONResponse([{"code": code} for code in codes])

"""The flows of the API v3, written once for both clients: uploads by form, preflights, submits with a key."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import attrs

from .._runtime.api.answers import tolerant_integer
from .._runtime.api.endpoints import describe
from .._runtime.api.execute import Operation, execute
from .._runtime.api.idempotency import key_of
from .._runtime.api.requests import request_from
from .._runtime.api.retry import Kind
from .._runtime.io.protocol import Reply
from .._runtime.jobs.flows import JobFlows
from .._runtime.jobs.tokens import JobRecord
from .._runtime.lazy import LazyModule
from .._runtime.transfer.assets import AssetCache
from ..errors import CostLimitError, InvalidRequestError, MireloError, SubmitOutcomeUnknown
from .api import MIRELO
from .generated_v3 import operations as of
from .prepared import Prepared, read_prepared
from .service import ASSET_LIFETIME
from .v3 import FAMILIES, Family, V3Generation
from .values import PreflightResult

if TYPE_CHECKING:
    from mirelo_ergo_api.mirelo_v3.bodies import AssetRef

    from .._runtime.api.endpoints import Endpoint
    from .._runtime.jobs.submission import Submission
    from .._runtime.transfer.inputs import MediaSource
    from .._runtime.transfer.upload import Asset, Slot
    from . import catalogue, models, v3_values
    from .catalogue import CatalogueModel
    from .models import ModelInfo
else:
    catalogue, models = LazyModule("mirelo_ergo.mirelo.catalogue"), LazyModule("mirelo_ergo.mirelo.models")
    v3_values = LazyModule("mirelo_ergo.mirelo.v3_values")

T = TypeVar("T")
URLS_REFUSED: Final = (
    "this is a URL, and the service takes uploaded files only: give a path, or fetch_urls=True to the client, which "
    "then fetches and uploads it; nothing was sent"
)


class Sources(Protocol):
    """A request with sources, and its name in messages."""

    @property
    def label(self) -> str:
        """Its name in messages."""
        ...

    @property
    def sources(self) -> Mapping[str, MediaSource]:
        """The sources, by their field."""
        ...


@attrs.define
class V3Flows(JobFlows):
    """The v3 flows of one client."""

    max_credits: int | None
    model: str | None = None
    """The default model of calls; None: each family's own default."""
    catalogue: Mapping[str, CatalogueModel] | None = None
    """The service's list of v3's models, None before it was fetched."""
    fetch_urls: bool = False
    """Whether this client may fetch a source by URL, if the service only takes uploaded files."""
    assets: AssetCache = attrs.field(factory=AssetCache)
    """Cached headers of files that were given by path."""

    async def list_models(self) -> list[ModelInfo]:
        """Fetch the list of models, against which later requests are checked."""
        self.catalogue = await execute(self.runtime, self._operation(of.LIST_MODELS, catalogue.read_catalogue))
        return models.known_models(self.model, self.catalogue)

    def _operation(
        self, endpoint: Endpoint, read: Callable[[Reply], T], body: Any = None, kind: Kind = Kind.READ
    ) -> Operation[T]:
        request = request_from(describe(endpoint, json=body))
        return Operation(endpoint.name, kind, request, read, self.runtime.timeout)

    async def _new_form(self, content_type: str) -> Slot:
        body = {"content_type": content_type}
        return await execute(self.runtime, self._operation(of.CREATE_ASSET, v3_values.read_asset, body, Kind.CHEAP))

    async def _assets_of(self, generation: V3Generation, *, before_submit: bool) -> dict[str, AssetRef]:
        """Upload the sources that are not uploaded yet. The cached asset ids are also valid for v2."""
        placed: dict[str, AssetRef] = {}
        for name, source in generation.sources.items():
            asset = await self.uploaded(name, source, self._new_form, before_submit=before_submit)
            placed[name] = {"type": "asset", "id": asset.asset_id}
        return placed

    def refuse_urls(self, generation: Sources) -> None:
        """Raise `InvalidRequestError` for a source by URL, unless this client may fetch it."""
        name = next((name for name, source in generation.sources.items() if source.url is not None), None)
        if name is not None and not self.fetch_urls:
            raise InvalidRequestError(f"{generation.label}: {name}: {URLS_REFUSED}", field=name)

    async def uploaded(
        self, name: str, source: MediaSource, new_slot: Callable[[str], Awaitable[Slot]], *, before_submit: bool = True
    ) -> Asset:
        """Upload a source, unless it was uploaded before; a source by URL is fetched first."""
        if source.url is not None:
            from .reupload import asset_at  # imported only when a source is fetched here

            return await asset_at(self.runtime, source, self.assets, new_slot, before_submit=before_submit)
        from .._runtime.transfer.upload import upload_once

        return await upload_once(self.runtime, source, new_slot, ASSET_LIFETIME, before_submit=before_submit)

    async def preflight_v3(self, generation: V3Generation) -> PreflightResult:
        """Return the cost of a generation. It needs the uploaded files, so local files are uploaded first, once."""
        return await self._price_of(
            generation.family, generation.body(await self._assets_of(generation, before_submit=False))
        )

    async def _price_of(self, family: Family, body: Any) -> PreflightResult:
        return await execute(self.runtime, self._operation(family.preflight, v3_values.read_preflight, body))

    async def prepare(self, generation: V3Generation, idempotency_key: str | None) -> Prepared:
        """Upload the local files, and fix the request's bytes and key."""
        key = MIRELO.keys.key(idempotency_key, self.runtime.io.wall())
        body = generation.body(await self._assets_of(generation, before_submit=True))
        request = request_from(describe(generation.family.create, json=body))
        assert isinstance(request.body, bytes), "JSON is bytes"
        asked = tolerant_integer(body["num_variants"])
        return Prepared(generation.family.name, generation.model, request.body, key, asked)

    async def send(self, submission: Submission, prepared: Prepared) -> JobRecord:
        """Submit a prepared request, which is charged once however often it is sent."""
        family, model, asked = prepared.family, prepared.model, prepared.asked
        return await self.start(submission, prepared.name, prepared.request, family, model, asked, key=prepared.key)

    async def submit_v3(
        self, submission: Submission, generation: V3Generation, limit: int | None, prepared: Prepared | None
    ) -> JobRecord:
        """Submit a generation, after checking its cost if there is a limit.

        The price is that of the bytes that are sent: a file may change while it is asked for, or after `prepare`.
        """
        limit = self.max_credits if limit is None else limit
        if prepared is None:
            prepared = await self.prepare(generation, None)
        if limit is not None:
            self.runtime.io.preconnect()
            price = self._price_of(FAMILIES[prepared.family], json.loads(prepared.body))
            await check_cost(generation.label, limit, price)
        return await self.send(submission, prepared)

    def prepared_of(self, given: SubmitOutcomeUnknown | str) -> Prepared:
        """Return the request of an error or a token; raises `InvalidRequestError` if it has no key."""
        if not isinstance(given, SubmitOutcomeUnknown):
            return read_prepared(given, MIRELO.keys.lifetime)
        sent = given.request
        body = getattr(sent, "body", None)
        family = next((each for each in FAMILIES.values() if each.create.path == getattr(sent, "path", None)), None)
        if given.idempotency_key is None or not isinstance(body, bytes) or family is None:
            raise InvalidRequestError(
                "this request went out without an idempotency key, and sending it again may charge twice: look at the "
                "account, or use a model of v3 (sfx-…)"
            )
        fields = json.loads(body)
        key = key_of(given, MIRELO.keys.lifetime)
        return Prepared(family.name, str(fields.get("model")), body, key, tolerant_integer(fields.get("num_variants")))


async def check_cost(label: str, limit: int, preflight: Awaitable[PreflightResult]) -> None:
    """Raise `CostLimitError` if a preflight's cost is above the limit, or if the preflight fails."""
    try:
        cost = await preflight
    except MireloError as error:
        raise CostLimitError(
            f"{label}: the cost could not be asked, so nothing was submitted: {error.message}",
            max_credits=limit,
            retryable=error.retryable,
        ) from error
    if cost.credits > limit:
        raise CostLimitError(
            f"{label}: it would cost {cost.credits} credits, more than max_credits={limit}; nothing was submitted",
            credits=cost.credits,
            max_credits=limit,
        )

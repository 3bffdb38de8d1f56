"""The operations of the service's resources, written once for both clients."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from .._runtime.api.answers import Unusable, read_json, read_object, tolerant_integer
from .._runtime.api.endpoints import describe
from .._runtime.api.execute import Operation
from .._runtime.api.limits import check
from .._runtime.api.pages import PageContent
from .._runtime.api.requests import request_from
from .._runtime.api.retry import Kind
from ..errors import InvalidRequestError
from . import values
from .generated import limits
from .generated import operations as api
from .options import read_options

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .._runtime.api.endpoints import Endpoint
    from .._runtime.api.execute import Runtime
    from .._runtime.io.protocol import Reply
    from .options import RequestOptions

T = TypeVar("T")
Words = str | Iterable[str] | None if TYPE_CHECKING else object
"""A filter of a list: one value, several values, or None."""


@attrs.frozen
class Calls:
    """The operations of one client. Each method returns one and sends nothing; raises `InvalidRequestError`."""

    runtime: Runtime
    check_limits: bool

    def describe(
        self,
        endpoint: Endpoint,
        read: Callable[[Reply], T],
        options: RequestOptions | None,
        ids: Mapping[str, str] | None = None,
        *,
        kind: Kind = Kind.READ,
        query: Mapping[str, Any] | None = None,
        schema: str = "",
        body: Mapping[str, Any] | None = None,
    ) -> Operation[T]:
        """Return an operation. None values in `query` and `body` are left out, lists in a query joined by commas."""
        given = read_options(options)
        asked = {name: plain(value) for name, value in (query or {}).items() if value is not None}
        if self.check_limits and asked:
            check(limits, endpoint.name, {**dict.fromkeys(ids or {}, "id"), **asked}, endpoint.name)
        if body is None and given.body:
            raise InvalidRequestError(
                f"{endpoint.name}: request_options: additional_body_parameters has nowhere to go, as this call has no "
                "body; nothing was sent",
                field="request_options",
            )
        fields = None if body is None else {name: value for name, value in body.items() if value is not None}
        if self.check_limits and fields is not None:
            check(limits, schema, fields, endpoint.name)
        described = describe(endpoint, ids, query=asked, json=None if fields is None else {**fields, **given.body})
        described["params"] |= {name: plain(value) for name, value in given.query.items()}
        request = request_from(described, headers=given.headers)
        timeout = self.runtime.timeout if given.timeout is None else given.timeout
        return Operation(endpoint.name, kind, request, read, timeout, attempts=given.attempts)

    # --- assets -----------------------------------------------------------------------------------------------------

    def list_assets(
        self, query: Mapping[str, Any], options: RequestOptions | None
    ) -> Operation[PageContent[values.Asset]]:
        return self.describe(api.LIST_ASSETS, _asset_page, options, query=query)

    def get_asset(self, asset_id: str, options: RequestOptions | None) -> Operation[values.Asset]:
        return self.describe(api.GET_ASSET, values.read_one(values.Asset), options, {"id": asset_id})

    def get_assets(self, ids: Iterable[str], options: RequestOptions | None) -> Operation[list[values.Asset]]:
        body = {"ids": list(ids)}
        return self.describe(api.GET_ASSETS, values.read_list(values.Asset), options, schema="AssetIds", body=body)

    def find_asset(self, sha256: str, kind: str, options: RequestOptions | None) -> Operation[values.Asset | None]:
        query = {"contentSha256": sha256, "type": kind}
        return self.describe(api.FIND_UPLOADED_ASSET, _found_asset, options, query=query)

    def open_upload(self, name: str, content_type: str, size: int) -> Operation[values.AssetUpload]:
        body = {"fileName": name, "contentType": content_type, "size": size}
        read = values.read_one(values.AssetUpload)
        return self.describe(
            api.CREATE_ASSET_UPLOAD, read, None, kind=Kind.CHEAP, schema="CreateAssetUpload", body=body
        )

    def create_asset(self, body: Mapping[str, Any], options: RequestOptions | None) -> Operation[values.Asset]:
        read = values.read_one(values.Asset)
        return self.describe(api.CREATE_ASSET, read, options, kind=Kind.CHEAP, schema="CreateAsset", body=body)

    def update_asset(
        self, asset_id: str, body: Mapping[str, Any], options: RequestOptions | None
    ) -> Operation[values.Asset]:
        read, ids = values.read_one(values.Asset), {"id": asset_id}
        return self.describe(api.UPDATE_ASSET, read, options, ids, kind=Kind.CHEAP, schema="UpdateAsset", body=body)

    def delete_asset(self, asset_id: str, options: RequestOptions | None) -> Operation[None]:
        return self.describe(api.DELETE_ASSET, _nothing, options, {"id": asset_id}, kind=Kind.CHEAP)

    def asset_url(self, asset_id: str, options: RequestOptions | None) -> Operation[str]:
        return self.describe(api.GET_ASSET_DOWNLOAD_URL, values.read_url, options, {"id": asset_id})

    # --- generations ------------------------------------------------------------------------------------------------

    def get_generation(
        self, generation_id: str, query: Mapping[str, Any], options: RequestOptions | None
    ) -> Operation[values.Generation]:
        read, ids = values.read_one(values.Generation), {"id": generation_id}
        return self.describe(api.GET_GENERATION, read, options, ids, query=query)

    def list_generations(
        self, query: Mapping[str, Any], options: RequestOptions | None
    ) -> Operation[PageContent[values.Generation]]:
        def read(reply: Reply) -> PageContent[values.Generation]:
            items = values.read_list(values.Generation)(reply)
            limit = query.get("limit")
            return PageContent(items, items[-1].id if limit is not None and len(items) >= limit else None)

        return self.describe(api.LIST_GENERATIONS, read, options, query=query)

    def count_generations(self, query: Mapping[str, Any], options: RequestOptions | None) -> Operation[int]:
        return self.describe(api.COUNT_GENERATIONS, _count, options, query=query)

    def delete_generation(self, generation_id: str, options: RequestOptions | None) -> Operation[values.Generation]:
        read, ids = values.read_one(values.Generation), {"id": generation_id}
        return self.describe(api.DELETE_GENERATION, read, options, ids, kind=Kind.CHEAP)

    def generation_url(self, generation_id: str, options: RequestOptions | None) -> Operation[str]:
        return self.describe(api.GET_GENERATION_DOWNLOAD_URL, values.read_url, options, {"id": generation_id})

    def generation_costs(self, generation_id: str, options: RequestOptions | None) -> Operation[values.GenerationCosts]:
        read, ids = values.read_one(values.GenerationCosts), {"id": generation_id}
        return self.describe(api.GET_GENERATION_COSTS, read, options, ids)

    def estimate_cost(
        self, body: Mapping[str, Any], options: RequestOptions | None
    ) -> Operation[list[values.EstimatedGenerationCost]]:
        read = values.read_list(values.EstimatedGenerationCost)
        return self.describe(api.ESTIMATE_COST, read, options, schema="CreateGeneration", body=body)

    # --- batches, models, projects ----------------------------------------------------------------------------------

    def get_batch(self, batch_id: str, options: RequestOptions | None) -> Operation[values.BatchResponse]:
        return self.describe(api.GET_BATCH, values.read_one(values.BatchResponse), options, {"id": batch_id})

    def list_batches(
        self, query: Mapping[str, Any], options: RequestOptions | None
    ) -> Operation[list[values.BatchResponse]]:
        return self.describe(api.LIST_BATCHES, values.read_list(values.BatchResponse), options, query=query)

    def list_models(self, options: RequestOptions | None) -> Operation[list[values.ModelInfo]]:
        return self.describe(api.LIST_MODELS, values.read_list(values.ModelInfo), options)

    def list_projects(self, options: RequestOptions | None) -> Operation[list[values.Project]]:
        return self.describe(api.LIST_PROJECTS, values.read_list(values.Project), options)

    def get_project(self, project_id: str, options: RequestOptions | None) -> Operation[values.Project]:
        return self.describe(api.GET_PROJECT, values.read_one(values.Project), options, {"id": project_id})

    def create_project(self, body: Mapping[str, Any], options: RequestOptions | None) -> Operation[values.Project]:
        # The service returns an existing project with the same id, so that an id from here makes a re-send harmless.
        body = {**body, "id": body.get("id") or str(uuid.uuid4())}
        read = values.read_one(values.Project)
        return self.describe(api.CREATE_PROJECT, read, options, kind=Kind.CHEAP, schema="CreateProject", body=body)

    def add_project_asset(self, project_id: str, asset_id: str, options: RequestOptions | None) -> Operation[None]:
        ids, body = {"id": project_id}, {"assetId": asset_id}
        return self.describe(
            api.ADD_PROJECT_ASSET, _nothing, options, ids, kind=Kind.CHEAP, schema="ProjectAsset", body=body
        )

    def remove_project_asset(self, project_id: str, asset_id: str, options: RequestOptions | None) -> Operation[None]:
        ids = {"id": project_id, "assetId": asset_id}
        return self.describe(api.REMOVE_PROJECT_ASSET, _nothing, options, ids, kind=Kind.CHEAP)


def plain(value: object) -> object:
    """Return a query value as text: a list joined by commas, a time in ISO 8601."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list | tuple | set | frozenset):
        return ",".join(map(str, value))
    return value


def _nothing(reply: Reply) -> None:
    """Read a response whose body is not needed."""


def _asset_page(reply: Reply) -> PageContent[values.Asset]:
    page = read_object(reply)
    items = page.get("items")
    if not isinstance(items, list):
        raise Unusable("the answer has no list of items")
    cursor = page.get("nextCursor")
    return PageContent(
        [values.read(values.Asset, each) for each in items],
        cursor if isinstance(cursor, str) and cursor else None,
        tolerant_integer(page.get("totalCount")),
    )


def _found_asset(reply: Reply) -> values.Asset | None:
    found = read_object(reply).get("asset")
    return None if found is None else values.read(values.Asset, found)


def _count(reply: Reply) -> int:
    value = read_json(reply)
    count = tolerant_integer(value.get("count") if isinstance(value, dict) else None)
    if count is None:
        raise Unusable("the answer has no count")
    return count

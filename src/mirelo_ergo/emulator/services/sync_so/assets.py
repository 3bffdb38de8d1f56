"""Assets: uploads and external URLs with their names and media properties."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any

import attrs
from starlette.responses import JSONResponse, PlainTextResponse

from mirelo_ergo.emulator.clock import iso
from mirelo_ergo.emulator.refusals import Refusal, bad_request, short
from mirelo_ergo.emulator.spec.spec import entries
from mirelo_ergo.emulator.web import wire
from mirelo_ergo.emulator.web.pages import page, read_cursor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response

    from mirelo_ergo.emulator.media.facts import Facts
    from mirelo_ergo.emulator.services.sync_so.projects import Projects
    from mirelo_ergo.emulator.shared import State
    from mirelo_ergo.emulator.spec.spec import Operation
    from mirelo_ergo.emulator.state.records import Asset

UPLOAD_SECONDS = 24 * 3600  # as long as the emulator keeps a file
MAX_ASSETS = 10_000
ORDERS: Mapping[str, Callable[[Registered], Any]] = {
    "name": lambda asset: asset.name.lower(),
    "date": lambda asset: asset.created_at,
    "duration": lambda asset: asset.duration or 0,
    "size": lambda asset: asset.size or 0,
    "kind": lambda asset: asset.type,
}

FIELDS = {"durationSeconds": "duration"} | {
    name: name for name in ("name", "visibility", "size", "format", "width", "height")
}


@attrs.define
class Registered:
    """An asset. `stored` is the id of its bytes in the object store, "" for an external URL."""

    id: str
    key: str
    type: str
    url: str
    stored: str
    created_at: float
    updated_at: float
    name: str
    visibility: str
    project_id: str | None
    size: int | None = None
    format: str | None = None
    duration: float | None = None
    width: int | None = None
    height: int | None = None


class Assets:
    """The assets of every key."""

    def __init__(self, state: State, projects: Projects) -> None:
        self._state = state
        self._projects = projects
        self._assets: dict[str, Registered] = {}

    def found(self, asset_id: str, key: str) -> Registered:
        """Return a key's asset; refuse an unknown one with 404."""
        asset = self._assets.get(asset_id)
        if asset is None or asset.key != key:
            raise Refusal("asset_not_found", 404, f"there is no asset {short(asset_id)}")
        return asset

    async def open(self, request: Request, operation: Operation, key: str) -> Response:
        """Open an upload: createAssetUpload."""
        sent = operation.read_body(await wire.read_body(request))
        name = sent["fileName"].rpartition("/")[2] or "file"
        asset = self._state.store.new_asset(key, sent["contentType"], name)
        base = wire.base_url(request)
        return JSONResponse(
            {
                "uploadUrl": self._state.blobs.upload_url(base, asset, UPLOAD_SECONDS),
                "url": self._state.blobs.asset_url(base, asset, UPLOAD_SECONDS),
                "expiresIn": UPLOAD_SECONDS,
            },
            201,
        )

    async def register(self, request: Request, operation: Operation, key: str) -> Response:
        """Register an upload or an external URL: createAsset."""
        sent = operation.read_body(await wire.read_body(request))
        project_id = sent.get("projectId")
        if project_id is not None:
            self._projects.check(project_id, key)
        uploaded = self._state.blobs.asset_at(sent["url"])
        if uploaded is not None and (uploaded.key != key or uploaded.path is None):
            raise bad_request(f"url is {short(sent['url'])}: nothing was uploaded to it")
        if uploaded is None and not sent["url"].startswith(("https://", "http://")):
            raise bad_request(f"url is {short(sent['url'])}: it has to be an http or https URL")
        if len(self._assets) >= MAX_ASSETS:
            raise Refusal("server_error", 500, f"this emulator has {MAX_ASSETS} assets and takes no more")
        now = self._state.clock.now()
        asset = Registered(
            id=str(uuid.UUID(int=self._state.random.getrandbits(128), version=4)),
            key=key,
            type=sent["type"],
            url=sent["url"],
            stored="" if uploaded is None else uploaded.id,
            created_at=now,
            updated_at=now,
            name=sent.get("name") or (uploaded.name if uploaded is not None else "") or "asset",
            visibility=sent.get("visibility", "USER"),
            project_id=project_id,
        )
        if uploaded is not None and uploaded.path is not None:
            await self._look_into(asset, uploaded, uploaded.path)
        self._assets[asset.id] = asset
        if project_id is not None:
            self._projects.put(project_id, asset.id)
        return JSONResponse(self._written(asset, wire.base_url(request)), 201)

    @staticmethod
    async def _look_into(asset: Registered, uploaded: Asset, path: Path) -> None:
        asset.size = uploaded.size
        asset.format = (uploaded.content_type or "").rpartition("/")[2] or None
        known = await asyncio.to_thread(_look, asset.type, path)
        asset.duration, asset.width, asset.height = known.seconds, known.width, known.height

    async def get(self, request: Request, operation: Operation, key: str) -> Response:
        """Return one: getAsset."""
        return JSONResponse(self._written(self.found(request.path_params["id"], key), wire.base_url(request)))

    async def get_many(self, request: Request, operation: Operation, key: str) -> Response:
        """Return several, without unknown ones: getAssets."""
        sent = operation.read_body(await wire.read_body(request))
        found = [self._assets.get(each) for each in dict.fromkeys(sent["ids"])]
        base = wire.base_url(request)
        return JSONResponse([self._written(each, base) for each in found if each is not None and each.key == key])

    async def show_all(self, request: Request, operation: Operation, key: str) -> Response:
        """List them, a page at a time: listAssets."""
        asked = operation.read_query(request.query_params)
        types = set(map(str, entries(request.query_params.getlist("types"))))
        words, project_id = asked.get("searchQuery", "").lower(), asked.get("projectId")
        own = [
            each
            for each in self._assets.values()
            if each.key == key
            and (not types or each.type in types)
            and words in each.name.lower()
            and (project_id is None or each.id in self._projects.assets(project_id, key))
        ]
        order = asked.get("sortBy", "dateDesc")
        field = order.removesuffix("Asc").removesuffix("Desc")
        own.sort(key=ORDERS[field], reverse=order.endswith("Desc"))
        shown = page(own, lambda each: each.id, read_cursor(asked.get("cursor")), asked.get("limit"))
        base = wire.base_url(request)
        return JSONResponse(
            {
                "items": [self._written(each, base) for each in shown.items],
                "nextCursor": shown.cursor,
                "totalCount": len(own),
            }
        )

    async def find(self, request: Request, operation: Operation, key: str) -> Response:
        """Find one by its bytes: findUploadedAsset."""
        asked = operation.read_query(request.query_params)
        for each in self._assets.values():
            stored = self._state.store.asset(each.stored) if each.key == key and each.type == asked["type"] else None
            if stored is not None and stored.sha256 == asked["contentSha256"]:
                return JSONResponse({"asset": self._written(each, wire.base_url(request))})
        return JSONResponse({"asset": None})

    async def update(self, request: Request, operation: Operation, key: str) -> Response:
        """Change the fields of one: updateAsset."""
        asset = self._owned(request.path_params["id"], key)
        sent = operation.read_body(await wire.read_body(request))
        for name, field in FIELDS.items():
            if name in sent:
                setattr(asset, field, sent[name])
        asset.updated_at = self._state.clock.now()
        return JSONResponse(self._written(asset, wire.base_url(request)))

    async def delete(self, request: Request, operation: Operation, key: str) -> Response:
        """Delete one, with its bytes: deleteAsset."""
        asset = self._owned(request.path_params["id"], key)
        del self._assets[asset.id]
        if asset.stored:
            self._state.store.remove_asset(asset.stored)
        return JSONResponse({"id": asset.id})

    async def download_url(self, request: Request, operation: Operation, key: str) -> Response:
        """Return a URL to fetch one from: getAssetDownloadUrl."""
        asset = self.found(request.path_params["id"], key)
        return PlainTextResponse(self._url(asset, wire.base_url(request)))

    def _owned(self, asset_id: str, key: str) -> Registered:
        known = self._assets.get(asset_id)
        if known is not None and known.key != key:
            raise Refusal("asset_forbidden", 403, f"the asset {short(asset_id)} is not this key's")
        return self.found(asset_id, key)

    def source(self, asset: Registered, kind: str) -> dict[str, Any]:
        """Return an asset as a source for the generator."""
        if asset.stored:
            return {"type": "asset", "asset_id": asset.stored}
        return {"type": "url", f"{kind}_url": asset.url}

    def _url(self, asset: Registered, base: str) -> str:
        stored = self._state.store.asset(asset.stored) if asset.stored else None
        return asset.url if stored is None else self._state.blobs.asset_url(base, stored)

    def _written(self, asset: Registered, base: str) -> dict[str, Any]:
        return {
            "id": asset.id,
            "createdAt": iso(asset.created_at),
            "updatedAt": iso(asset.updated_at),
            "type": asset.type,
            "visibility": asset.visibility,
            "name": asset.name,
            "url": self._url(asset, base),
            "size": asset.size,
            "format": asset.format,
            "inputType": "UPLOAD" if asset.stored else "URL",
            "durationSeconds": asset.duration,
            "thumbnailUrl": None,
            "width": asset.width,
            "height": asset.height,
            "projectId": asset.project_id,
        }


def _look(kind: str, path: Path) -> Facts:
    from mirelo_ergo.emulator.media import facts  # with the first upload only: it takes long

    looks = {"VIDEO": facts.clip_facts, "AUDIO": facts.sound_facts, "IMAGE": facts.picture_facts}
    return looks[kind](path)

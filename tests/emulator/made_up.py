"""A made-up service: a kitchen whose dishes are sounds. It uses each of the building blocks that services share."""

from __future__ import annotations

import hashlib
import json
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, cast

from starlette.responses import JSONResponse, RedirectResponse

from mirelo_ergo.emulator import Emulator, running
from mirelo_ergo.emulator.refusals import Refusal, short
from mirelo_ergo.emulator.services import registry
from mirelo_ergo.emulator.services.service import EmulatedService
from mirelo_ergo.emulator.spec.bounds import Number
from mirelo_ergo.emulator.spec.spec import Operation, operations_of
from mirelo_ergo.emulator.state.records import Origin
from mirelo_ergo.emulator.web import wire
from mirelo_ergo.emulator.web.multipart import read_form
from mirelo_ergo.emulator.web.ndjson import NdjsonResponse
from mirelo_ergo.emulator.web.pages import page, read_cursor
from mirelo_ergo.emulator.web.signatures import TimestampedHmac

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import pytest
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from mirelo_ergo.emulator.spec.targets import Target
    from mirelo_ergo.emulator.state.records import Asset, Job

SECRET = "whsec_kitchen"
MAX_BYTES = 1000
NAME = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}


def _body(schema: dict[str, Any], kind: str = "application/json") -> dict[str, Any]:
    return {"required": True, "content": {kind: {"schema": schema}}}


DISH = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "hook": {"type": "string"}}}
SPEC: dict[str, Any] = {
    "paths": {
        "/dishes": {
            "post": {"operationId": "cook", "requestBody": _body(DISH)},
            "get": {
                "operationId": "listDishes",
                "parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 100}},
                    {"name": "cursor", "in": "query", "schema": {"type": "string"}},
                    {
                        "name": "states",
                        "in": "query",
                        "schema": {"type": "array", "items": {"type": "string", "enum": ["hot", "cold"]}},
                    },
                ],
            },
        },
        "/dishes/{id}": {"parameters": [NAME], "get": {"operationId": "look"}},
        "/dishes/{id}/smell": {"parameters": [NAME], "get": {"operationId": "smell"}},
        "/dishes/{id}/plate": {"parameters": [NAME], "get": {"operationId": "plate"}},
        "/dishes/{id}/away": {
            "parameters": [NAME],
            "post": {"operationId": "stop"},
            "delete": {"operationId": "throwAway"},
        },
        "/whole": {"post": {"operationId": "cookWhole", "requestBody": _body({"type": "object"})}},
        "/recipes": {
            "post": {"operationId": "openRecipe", "requestBody": _body({"type": "object"})},
            "put": {"operationId": "nameRecipe", "requestBody": _body({"type": "object"})},
        },
        "/orders": {"post": {"operationId": "order", "requestBody": _body({"type": "object"}, "multipart/form-data")}},
    }
}
GROUPS = {
    "cook": "submit",
    "cookWhole": "submit",
    "look": "poll",
    "smell": "stream",
    "plate": "result",
    "stop": "cancel",
    "throwAway": "other",
    "listDishes": "list",
    "openRecipe": "assets",
    "nameRecipe": "register",
    "order": "other",
}


class Kitchen(EmulatedService):
    """The kitchen; its keys begin with `ck_`, in a header of their own."""

    name = "kitchen"
    title = "Kitchen"
    spec = "none"
    clients = ("MireloClient", "AsyncMireloClient")
    key_header = "X-Kitchen-Key"
    key_scheme = ""
    key_prefix = "ck_"
    settings: ClassVar = {"stars": Number(0, 3, whole=True)}
    stars = 1

    @classmethod
    def operations(cls) -> tuple[Operation, ...]:
        return operations_of(SPEC)

    @classmethod
    def group(cls, operation: Operation) -> str:
        return GROUPS[operation.id]

    @classmethod
    def refuse(cls, refusal: Refusal) -> Response:
        return JSONResponse({"no": refusal.code, "why": refusal.message}, status_code=refusal.http_status)

    def routes(self) -> list[Route]:
        return [self._route(operation) for operation in self.operations()]

    def _route(self, operation: Operation) -> Route:
        handler = getattr(self, f"_{operation.id}")

        async def endpoint(request: Request) -> Response:
            answer: Response = await handler(request, operation, self.key(request))
            return answer

        return wire.route(operation.path, operation.method, endpoint)

    async def _cook(self, request: Request, operation: Operation, key: str) -> Response:
        body = await wire.read_body(request)
        sent = operation.read_body(body)
        values = {"prompt": sent["name"], "duration_ms": 1000}
        job, again = await self.once(request, key, body, lambda: self._start(key, operation, sent, values))
        if "hook" in sent and not again:
            self._state.webhooks.start(self._call(sent["hook"], job))
        return JSONResponse(self._dish(job), 200 if again else 202)

    async def _cookWhole(self, request: Request, operation: Operation, key: str) -> Response:
        sent = operation.read_body(await wire.read_body(request))
        return JSONResponse(self._dish(await self._start(key, operation, sent, sent)), 202)

    async def _start(self, key: str, operation: Operation, sent: dict[str, Any], values: dict[str, Any]) -> Job:
        origin = Origin(self.name, "dish", "v1", str(values.get("prompt", "")))
        return await self._state.jobs.generate(key, origin, sent, values, self.target(operation))

    async def _call(self, hook: str, job: Job) -> None:
        done = await self._state.jobs.finish(job)
        self._state.webhooks.post(hook, self._dish(done) | {"note": "é"}, TimestampedHmac("Kitchen-Signature", SECRET))

    def _dish(self, job: Job) -> dict[str, Any]:
        return {"id": job.id, "state": "ready" if job.done else "cooking"}

    def _found(self, request: Request, key: str) -> Job:
        return self._state.store.job(request.path_params["id"], key=key, service=self.name)

    async def _look(self, request: Request, operation: Operation, key: str) -> Response:
        return JSONResponse(self._dish(await self._state.jobs.look(self._found(request, key))))

    async def _stop(self, request: Request, operation: Operation, key: str) -> Response:
        job = self._found(request, key)
        stopped = self._state.store.cancel(job, Refusal("stopped", 409, "it was stopped"))
        return JSONResponse({**self._dish(job), "stopped": stopped})

    async def _throwAway(self, request: Request, operation: Operation, key: str) -> Response:
        self._state.store.remove(self._found(request, key))
        return JSONResponse({"running": self._state.store.running(key, self.name)})

    async def _smell(self, request: Request, operation: Operation, key: str) -> Response:
        job = self._found(request, key)

        async def lines() -> AsyncIterator[dict[str, Any]]:
            number = 0
            async for each in self._state.jobs.watch(job, 1.0):
                yield {**self._dish(each), "number": number}
                number += 1

        return NdjsonResponse(lines())

    async def _plate(self, request: Request, operation: Operation, key: str) -> Response:
        job = self._found(request, key)
        raw = json.dumps(self._dish(job)).encode()
        path = self._state.disk.new_file("plate", len(raw))
        path.write_bytes(raw)
        plate = self._state.store.add_file(
            key, "application/jsonl", "plate.jsonl", path, hashlib.sha256(raw).hexdigest()
        )
        return RedirectResponse(self._state.blobs.asset_url(wire.base_url(request), plate), 302)

    async def _listDishes(self, request: Request, operation: Operation, key: str) -> Response:
        asked = operation.read_query(request.query_params)
        own = [job for job in self._state.store.jobs() if job.key == key and job.origin.service == self.name]
        found = page(own, lambda job: job.id, read_cursor(asked.get("cursor")), asked.get("limit"))
        answer = {"dishes": [self._dish(job) for job in found.items], "next": found.cursor}
        return JSONResponse({**answer, "states": asked.get("states")})

    async def _openRecipe(self, request: Request, operation: Operation, key: str) -> Response:
        sent = operation.read_body(await wire.read_body(request))
        asset = self._state.store.new_asset(key, "text/plain", sent.get("name", ""))
        base = wire.base_url(request)
        form = self._state.blobs.upload_form(base, asset, seconds=60, max_bytes=MAX_BYTES)
        return JSONResponse(
            {
                "id": asset.id,
                "form": form.url,
                "fields": dict(form.fields),
                "put": self._state.blobs.upload_url(base, asset),
                "url": self._state.blobs.asset_url(base, asset),
            },
            201,
        )

    async def _nameRecipe(self, request: Request, operation: Operation, key: str) -> Response:
        sent = operation.read_body(await wire.read_body(request))
        asset = self._registered(sent["url"], key)
        return JSONResponse({"id": asset.id, "size": asset.size})

    def _registered(self, url: str, key: str) -> Asset:
        asset = self._state.blobs.asset_at(url)
        if asset is None or asset.key != key or asset.path is None:
            raise Refusal("no_recipe", 400, f"nothing was uploaded to {short(url)}")
        return asset

    async def _order(self, request: Request, operation: Operation, key: str) -> Response:
        with ExitStack() as undo:
            form = await read_form(request, self._state.disk, undo, max_file=MAX_BYTES)
            files = [(each.name, each.filename, each.content_type, each.size, each.sha256) for each in _all(form.files)]
            return JSONResponse({"texts": dict(form.texts), "files": files})


def _all(files: Any) -> list[Any]:
    return [each for same in files.values() for each in same]


@contextmanager
def kitchen(monkeypatch: pytest.MonkeyPatch, **options: Any) -> Iterator[Emulator]:
    """Run an emulator that has a kitchen too."""
    monkeypatch.setitem(cast("dict[str, Any]", registry.SERVICES), Kitchen.name, Kitchen)
    _forget()
    try:
        with running(**options) as emu:
            yield emu
    finally:
        monkeypatch.undo()
        _forget()


def _forget() -> None:
    registry.names.cache_clear()
    registry._lookup.cache_clear()


def target(name: str) -> Target:
    (found,) = (each for each in Kitchen.targets() if each.id == name)
    return found

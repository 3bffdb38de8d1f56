"""Generations: created from JSON or a form, once per idempotency key, read, listed and deleted."""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from mirelo_ergo.emulator.refusals import Refusal, bad_request, short
from mirelo_ergo.emulator.services.sync_so import answers
from mirelo_ergo.emulator.services.sync_so.starting import SERVICE, Call
from mirelo_ergo.emulator.spec.spec import entries
from mirelo_ergo.emulator.web import wire
from mirelo_ergo.emulator.web.multipart import FORM, read_form
from mirelo_ergo.emulator.web.pages import page

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Protocol

    from starlette.types import Message

    from mirelo_ergo.emulator.services.sync_so.starting import GenerationStarter
    from mirelo_ergo.emulator.shared import State
    from mirelo_ergo.emulator.spec.spec import Operation
    from mirelo_ergo.emulator.spec.targets import Target
    from mirelo_ergo.emulator.state.records import Job
    from mirelo_ergo.emulator.web.multipart import Form, FormFile

    class Once(Protocol):
        """`EmulatedService.once`, for jobs."""

        async def __call__(
            self, request: Request, account: str, body: bytes, make: Callable[[], Awaitable[Job]]
        ) -> tuple[Job, bool]: ...


MAX_BODY = 4 << 20  # a bounding box for every frame of ten minutes
MAX_FILE = 20 << 20  # bytes of a file in a form; what is larger is uploaded as an asset
KEY = re.compile(r"[A-Za-z0-9._~-]{1,128}", re.ASCII)
HOLD_SECONDS = 5
SOURCES = frozenset({"api"})  # where every generation here was created


class Generations:
    """The generations of every key, which are the emulator's jobs."""

    def __init__(
        self, state: State, making: GenerationStarter, once: Once, target: Callable[[Operation], Target]
    ) -> None:
        self._state = state
        self._making = making
        self._once = once
        self._target = target

    async def create(self, request: Request, operation: Operation, key: str) -> Response:
        """Create one, as JSON or as a form: createGeneration."""
        _check_key(request)
        call = Call(key, self._target(operation), wire.base_url(request))
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM:
            job = await self._create_from_form(request, operation, call)
        else:
            whole = await wire.read_body(request, limit=MAX_BODY)
            body = operation.read_body(whole)
            job, _ = await self._once(request, key, whole, lambda: self._making.start(call, body))
        return JSONResponse(self._written(job, call.base), 201)

    async def _create_from_form(self, request: Request, operation: Operation, call: Call) -> Job:
        digest = hashlib.sha256()

        async def receive() -> Message:
            message = await request.receive()
            digest.update(message.get("body", b""))
            return message

        with ExitStack() as undo:
            form = await read_form(Request(request.scope, receive), self._state.disk, undo, max_file=MAX_FILE)
            body, files = _body_of(form, operation)

            async def make() -> Job:
                kept = [{"type": name, "url": self._kept(file, call)} for name, file in files.items()]
                return await self._making.start(call, {**body, "input": [*kept, *body["input"]]})

            job, _ = await self._once(request, call.key, digest.digest(), make)
            return job

    def _kept(self, file: FormFile, call: Call) -> str:
        """Store a form's file in the object store, and return its URL."""
        path = self._state.disk.new_file("form", 0)
        path.unlink()
        path.hardlink_to(file.path)
        name = file.filename.replace("\\", "/").rpartition("/")[2] or file.name
        stored = self._state.store.add_file(call.key, file.content_type, name, path, file.sha256)
        return self._state.blobs.asset_url(call.base, stored)

    async def estimate(self, request: Request, operation: Operation, key: str) -> Response:
        """Return an estimate: estimateCost."""
        body = operation.read_body(await wire.read_body(request, limit=MAX_BODY))
        return JSONResponse(await self._making.estimate(key, body))

    async def get(self, request: Request, operation: Operation, key: str) -> Response:
        """Return one, with a long poll if requested: getGeneration."""
        job = await self._state.jobs.look(self._found(request, key))
        asked = operation.read_query(request.query_params)
        included, hold = entries(request.query_params.getlist("include")), asked.get("wait", False)
        if set(included) - {"progress"}:
            raise bad_request(f"include is {short(asked['include'])}: only progress is known")
        if included and hold:
            raise bad_request("include and wait cannot be used together")
        headers = {}
        if hold:
            seconds = asked.get("timeout", HOLD_SECONDS)
            headers = {
                "retry-after": "2",
                "x-sync-wait-mode": "long_poll",
                "x-sync-wait-timeout-seconds": f"{seconds:g}",
            }
            job = await self._state.jobs.hold(job, seconds)
        written = self._written(job, wire.base_url(request), progress=bool(included))
        return JSONResponse(written, headers=headers)

    async def costs(self, request: Request, operation: Operation, key: str) -> Response:
        """Return the cost of one: getGenerationCosts."""
        job = await self._state.jobs.look(self._found(request, key))
        return JSONResponse(answers.costs(job, self._state.clock.now()))

    async def show_all(self, request: Request, operation: Operation, key: str) -> Response:
        """List them, with `limit` a page from the newest on: listGenerations."""
        asked = operation.read_query(request.query_params)
        limit, cursor = asked.get("limit"), asked.get("cursor")
        if cursor is not None and limit is None:
            raise bad_request("cursor needs limit")
        ids = _filter(request, "ids")
        project_id = asked.get("projectId")
        found = [
            job
            for job in self._chosen(request, key)
            if (ids is None or job.id in ids) and (project_id is None or job.request.get("projectId") == project_id)
        ]
        if limit is not None:
            found.reverse()
        shown = page(found, lambda job: job.id, cursor, limit)
        return JSONResponse([self._written(job, wire.base_url(request)) for job in shown.items])

    async def count(self, request: Request, operation: Operation, key: str) -> Response:
        """Count them: countGenerations."""
        asked = operation.read_query(request.query_params)
        found = self._chosen(request, key)
        if asked.get("type", "api") != "api" or asked.get("generationSource", "api") not in SOURCES:
            found = []
        return JSONResponse({"count": len(found)})

    async def delete(self, request: Request, operation: Operation, key: str) -> Response:
        """Delete one that has ended: deleteGeneration."""
        job = self._found(request, key)
        if not job.done:
            raise Refusal(
                "generation_not_deletable_while_processing", 409, f"the generation {job.id} has not ended yet"
            )
        written = self._written(job, wire.base_url(request))
        self._state.store.remove(job)
        return JSONResponse(written)

    async def download_url(self, request: Request, operation: Operation, key: str) -> Response:
        """Return a URL of the result: getGenerationDownloadUrl."""
        job = await self._state.jobs.look(self._found(request, key))
        urls = self._state.blobs.result_urls(wire.base_url(request), job)
        if not urls:
            raise Refusal("not_found", 404, f"the generation {job.id} has no result")
        return PlainTextResponse(urls[0])

    def _found(self, request: Request, key: str) -> Job:
        return self._state.store.job(request.path_params["id"], key=key, service=SERVICE)

    def _chosen(self, request: Request, key: str) -> list[Job]:
        """Return a key's generations with the requested statuses and sources, oldest first."""
        statuses, sources, now = _filter(request, "status"), _filter(request, "source"), self._state.clock.now()
        if sources is not None and not sources & SOURCES:
            return []
        return [
            job
            for job in self._state.store.jobs()
            if (job.key, job.origin.service) == (key, SERVICE)
            and (statuses is None or answers.status_of(job, now) in statuses)
        ]

    def _written(self, job: Job, base: str, *, progress: bool = False) -> dict[str, Any]:
        urls = self._state.blobs.result_urls(base, job)
        return answers.generation(job, self._state.clock.now(), urls, progress=progress)


_SAME_AS = {"video": ("video", "image"), "image": ("video", "image"), "audio": ("audio", "text")}
"""The kinds of input that a file in a form takes the place of."""


def _filter(request: Request, name: str) -> set[str] | None:
    """Return the filter of a list, None for everything."""
    sent = request.query_params.getlist(name)
    return set(map(str, entries(sent))) if sent else None


def _check_key(request: Request) -> None:
    sent = request.headers.getlist("idempotency-key")
    if len(sent) > 1 or (sent and KEY.fullmatch(sent[0]) is None):
        raise Refusal(
            "INVALID_IDEMPOTENCY_KEY",
            400,
            f"Idempotency-Key is {short(', '.join(sent))}: it has to be one text of 1 to 128 of A-Z a-z 0-9 . _ ~ -",
        )


def _json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Refusal("invalid_request", 422, f"{name} is {short(text)}, which is not JSON") from None


def _body_of(form: Form, operation: Operation) -> tuple[dict[str, Any], dict[str, FormFile]]:
    """Return the JSON of a form and its files, which replace other inputs of their kind."""
    files = {name: given[-1] for name, given in form.files.items() if name in ("video", "image", "audio")}
    for name, file in files.items():
        if file.size > MAX_FILE:
            raise Refusal("file_too_large", 413, f"{name} is over {MAX_FILE} bytes: upload it as an asset")
        if not file.size:
            raise Refusal("invalid_request", 422, f"{name} is empty")
    texts: dict[str, Any] = {name: given[-1] for name, given in form.texts.items()}
    if "input" in texts:
        texts["input"] = form.texts["input"]
    operation.check_body(texts | dict.fromkeys(files, ""), FORM)
    spoken = [_json("input", text) for text in texts.pop("input", ())]
    taken = {kind for name in files for kind in _SAME_AS[name]}
    body = {
        **{name: value for name, value in texts.items() if name != "options"},
        "input": [each for each in spoken if not (isinstance(each, dict) and each.get("type") in taken)],
    }
    if "options" in texts:
        body["options"] = _json("options", texts["options"])
    placed = [{"type": name, "url": "https://form/"} for name in files]
    operation.check_body({**body, "input": [*placed, *body["input"]]})
    return body, files

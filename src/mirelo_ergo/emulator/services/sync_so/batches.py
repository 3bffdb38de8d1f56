"""Batches: many generations from one file of lines, and a file with their results."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import uuid
from contextlib import ExitStack
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs
from starlette.responses import JSONResponse, RedirectResponse, Response

from mirelo_ergo.emulator.clock import Stopping, iso
from mirelo_ergo.emulator.refusals import Refusal, bad_request, short
from mirelo_ergo.emulator.services.sync_so import answers
from mirelo_ergo.emulator.services.sync_so.starting import BATCH, Call
from mirelo_ergo.emulator.web import wire
from mirelo_ergo.emulator.web.multipart import FORM, read_form

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.requests import Request

    from mirelo_ergo.emulator.services.sync_so.plans import Plan
    from mirelo_ergo.emulator.services.sync_so.starting import GenerationStarter
    from mirelo_ergo.emulator.shared import State
    from mirelo_ergo.emulator.spec.spec import Operation
    from mirelo_ergo.emulator.spec.targets import Target
    from mirelo_ergo.emulator.state.records import Job
    from mirelo_ergo.emulator.web.signatures import TimestampedHmac

MAX_FILE = 5_000_000
LINES = range(20, 501)
ENDPOINT = "/v2/generate"
LONGEST_MS = 30_000
MAX_BATCHES = 1_000
ENDS = ("COMPLETED", "FAILED")


@attrs.define
class Line:
    """One line of a batch: the request and its generation."""

    request_id: str
    payload: dict[str, Any]
    job: Job | None = None
    refusal: Refusal | None = None

    @property
    def failed(self) -> bool:
        """Whether it has ended without a result."""
        return self.refusal is not None or (self.job is not None and self.job.error is not None)

    @property
    def succeeded(self) -> bool:
        """Whether it has a result."""
        return self.job is not None and self.job.done and self.job.error is None


@attrs.define
class Batch:
    """A batch. `output` is the id of its stored file of results."""

    id: str
    call: Call
    created_at: float
    lines: list[Line]
    webhook_url: str | None
    status: str = "PENDING"
    output: str = ""

    def written(self) -> dict[str, Any]:
        """Return it in the service's form."""
        good, bad = sum(each.succeeded for each in self.lines), sum(each.failed for each in self.lines)
        return {
            "id": self.id,
            "created_at": iso(self.created_at),
            "status": self.status,
            "metrics": {
                "total_generations": len(self.lines),
                "success_count": good,
                "failed_count": bad,
                "pending_count": len(self.lines) - good - bad,
            },
            "webhookUrl": self.webhook_url,
            "outputUrl": f"{self.call.base}/v2/batches/{self.id}/result" if self.output else "",
        }


class Batches:
    """The batches of every key."""

    def __init__(
        self,
        state: State,
        making: GenerationStarter,
        payloads: Operation,
        target: Callable[[Operation], Target],
        plan: Callable[[], Plan],
        signer: Callable[[], TimestampedHmac],
    ) -> None:
        self._state = state
        self._making = making
        self._payloads = payloads
        self._target = target
        self._plan = plan
        self._signer = signer
        self._batches: dict[str, Batch] = {}

    async def create(self, request: Request, operation: Operation, key: str) -> Response:
        """Create one from its file, or only check the file: createBatch."""
        plan = self._plan()
        if not plan.batches:
            raise Refusal("no_active_subscription", 402, "batches need the plan Scale or Enterprise")
        with ExitStack() as undo:
            form = await read_form(request, self._state.disk, undo, max_file=MAX_FILE)
            files = dict.fromkeys(form.files, "")
            operation.check_body({name: texts[-1] for name, texts in form.texts.items()} | files, FORM)
            file = form.file("input")
            if file is None or not file.filename.endswith(".jsonl"):
                raise bad_request("input has to be a file whose name ends in .jsonl")
            if file.size > MAX_FILE:
                raise bad_request(f"input is over {MAX_FILE} bytes")
            lines = self._read(await asyncio.to_thread(file.path.read_bytes), key)
        webhook_url = form.text("webhook_url") or None
        if webhook_url is not None:
            self._state.webhooks.check("webhook_url", webhook_url)
        if form.text("dry_run") == "true":
            return JSONResponse({"status": "VALIDATED"}, 201)
        running = sum(each.call.key == key and each.status not in ENDS for each in self._batches.values())
        if running >= plan.batches:
            raise Refusal(
                "concurrency_limit_reached", 429, f"{running} batches run, which is as many as this plan lets run"
            )
        if len(self._batches) >= MAX_BATCHES:
            raise Refusal("server_error", 500, f"this emulator has {MAX_BATCHES} batches and takes no more")
        batch = Batch(
            id=f"batch_{uuid.UUID(int=self._state.random.getrandbits(128), version=4)}",
            call=Call(key, self._target(operation), wire.base_url(request)),
            created_at=int(self._state.clock.now() * 1000) / 1000,  # as it is told, so that filters find it again
            lines=lines,
            webhook_url=webhook_url,
        )
        self._batches[batch.id] = batch
        written = batch.written()
        self._state.webhooks.start(self._run(batch))
        return JSONResponse(written, 201)

    async def get(self, request: Request, operation: Operation, key: str) -> Response:
        """Look at one: getBatch."""
        return JSONResponse(self._found(request, key).written())

    async def show_all(self, request: Request, operation: Operation, key: str) -> Response:
        """List them, newest first: listBatches."""
        asked = operation.read_query(request.query_params)
        after, before = (_moment(asked, name) for name in ("created_after", "created_before"))
        found = [
            each.written()
            for each in reversed(self._batches.values())
            if each.call.key == key
            and asked.get("status", each.status) == each.status
            and (after is None or each.created_at > after)
            and (before is None or each.created_at < before)
        ]
        return JSONResponse(found)

    async def result(self, request: Request, key: str) -> Response:
        """Redirect to the file of results: GET /v2/batches/{id}/result, the outputUrl of a batch."""
        stored = self._state.store.asset(self._found(request, key).output)
        if stored is None:
            raise Refusal("not_found", 404, "this batch has no results, or they are older than 24 hours")
        return RedirectResponse(self._state.blobs.asset_url(wire.base_url(request), stored), 302)

    def _found(self, request: Request, key: str) -> Batch:
        batch = self._batches.get(request.path_params["id"])
        if batch is None or batch.call.key != key:
            raise Refusal("not_found", 404, f"there is no batch {short(request.path_params['id'])}")
        return batch

    def _read(self, raw: bytes, key: str) -> list[Line]:
        """Return a file's lines; refuse the first wrong one with 400 and its number."""
        texts = [text for text in raw.split(b"\n") if text.strip()]
        if len(texts) not in LINES:
            counted = "1 line" if len(texts) == 1 else f"{len(texts)} lines"
            raise bad_request(f"input has {counted}: it has to have {LINES.start} to {LINES.stop - 1}")
        lines: dict[str, Line] = {}
        for number, text in enumerate(texts, 1):
            try:
                line = self._line(text, key)
            except Refusal as refusal:
                raise bad_request(f"line {number} of input: {refusal.message}") from None
            if line.request_id in lines:
                raise bad_request(f"line {number} of input: request_id {short(line.request_id)} was there before")
            lines[line.request_id] = line
        return list(lines.values())

    def _line(self, text: bytes, key: str) -> Line:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            raise bad_request("it is not JSON") from None
        if not isinstance(value, dict) or not isinstance(value.get("request_id"), str) or not value["request_id"]:
            raise bad_request("it has no request_id")
        if value.get("endpoint") != ENDPOINT:
            raise bad_request(f"endpoint is {short(value.get('endpoint'))}: it has to be {ENDPOINT}")
        payload: Any = value.get("payload")
        self._payloads.check_body(payload)
        self._making.check(payload, key)
        return Line(value["request_id"], payload)

    async def _run(self, batch: Batch) -> None:
        """Start every line, wait for all, write the results and call the webhook."""
        with contextlib.suppress(Stopping):
            for line in batch.lines:
                try:
                    line.job = await self._making.start(batch.call, line.payload, BATCH, LONGEST_MS)
                except Refusal as refusal:
                    line.refusal = refusal
            batch.status = "JOBS_CREATED"
            first = min((line.job.finishes_at for line in batch.lines if line.job is not None), default=0.0)
            await self._state.clock.until((batch.created_at + first) / 2)
            batch.status = "PROCESSING"
            for line in batch.lines:
                if line.job is not None:
                    await self._state.jobs.finish(line.job)
            await self._finish(batch)
            if batch.webhook_url is not None:
                self._state.webhooks.post(batch.webhook_url, batch.written(), self._signer())

    async def _finish(self, batch: Batch) -> None:
        now = self._state.clock.now()
        raw = b"".join(json.dumps(self._told(line, batch, now)).encode() + b"\n" for line in batch.lines)
        path: Path = self._state.disk.new_file("batch", len(raw))
        await asyncio.to_thread(path.write_bytes, raw)
        name, mark = f"{batch.id}.jsonl", hashlib.sha256(raw).hexdigest()
        batch.output = self._state.store.add_file(batch.call.key, "application/jsonl", name, path, mark).id
        batch.status = "COMPLETED" if any(line.succeeded for line in batch.lines) else "FAILED"

    def _told(self, line: Line, batch: Batch, now: float) -> dict[str, Any]:
        told: dict[str, Any] = {"request_id": line.request_id, "status": "FAILED", "generationId": None}
        if line.job is None:
            assert line.refusal is not None
            return told | {"error": line.refusal.message}
        urls = self._state.blobs.result_urls(batch.call.base, line.job)
        written = answers.generation(line.job, now, urls)
        shown = ("status", "outputUrl", "error", "errorCode")
        return told | {"generationId": line.job.id} | {name: written[name] for name in shown if name in written}


def _moment(asked: dict[str, Any], name: str) -> float | None:
    """Return a time parameter; refuse an invalid one with 400. Without an offset it is in UTC."""
    if name not in asked:
        return None
    try:
        moment = datetime.fromisoformat(asked[name].replace(" ", "+"))  # an offset's plus, unescaped, is a space
        return moment.timestamp()
    except ValueError:
        raise bad_request(f"{name} is {short(asked[name])}: it has to be a time in ISO 8601") from None

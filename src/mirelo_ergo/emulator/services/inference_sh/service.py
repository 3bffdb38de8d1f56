"""The HTTP operations of inference.sh: runs, tasks and their streams; files; apps."""

from __future__ import annotations

import contextlib
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

from starlette.responses import JSONResponse

from mirelo_ergo.emulator.clock import Stopping, iso
from mirelo_ergo.emulator.refusals import Refusal, bad_request
from mirelo_ergo.emulator.services.inference_sh import answers, apps
from mirelo_ergo.emulator.services.inference_sh.answers import NUMBERINGS, PROGRESSES
from mirelo_ergo.emulator.services.inference_sh.files import Files
from mirelo_ergo.emulator.services.inference_sh.sessions import Sessions
from mirelo_ergo.emulator.services.service import EmulatedService
from mirelo_ergo.emulator.spec.bounds import Choice
from mirelo_ergo.emulator.state.records import Origin
from mirelo_ergo.emulator.web import wire
from mirelo_ergo.emulator.web.ndjson import NdjsonResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from mirelo_ergo.emulator.services.inference_sh.answers import Numbering, Progress
    from mirelo_ergo.emulator.services.inference_sh.apps import App
    from mirelo_ergo.emulator.shared import State
    from mirelo_ergo.emulator.spec.spec import Operation
    from mirelo_ergo.emulator.state.records import Job

Lines = Literal["partial", "whole", "bare"]
Outputs = Literal["objects", "urls"]
Unpaid = Literal["refused", "rejected"]
Webhooks = Literal["bare", "event"]
LINE_SECONDS = 1.0  # between two lines of a stream, at speed 1
GROUPS = {
    "runApp": "submit",
    "getTask": "poll",
    "getTaskStatus": "poll",
    "streamTask": "stream",
    "cancelTask": "cancel",
    "listTasks": "list",
    "listFiles": "list",
    "createFiles": "assets",
    "estimateCost": "preflight",
}
MICROCENTS = 1_000_000  # of a credit; the emulator's own price


class InferenceSh(EmulatedService):
    """The service inference.sh. The common generator renders its two apps."""

    name = "inference_sh"
    title = "inference.sh"
    spec = "inference-sh.yaml"
    clients = ("InferenceClient", "AsyncInferenceClient")
    key_prefix = "inf_"
    settings: ClassVar = {
        "numbering": Choice(NUMBERINGS),
        "progress": Choice(PROGRESSES),
        "lines": Choice(get_args(Lines)),
        "outputs": Choice(get_args(Outputs)),
        "unpaid": Choice(get_args(Unpaid)),
        "webhooks": Choice(get_args(Webhooks)),
    }

    numbering: Numbering = "new"
    """How states are written: "new" numbers, the "old" ones, with names beside them but in webhooks, or "names"."""
    progress: Progress = "none"
    """How a running task tells how far it is: not at all, as a "number", as "steps" of a total, or in its "output"."""
    lines: Lines = "partial"
    """What the lines of a stream say: what has changed, the "whole" task, or "bare": the last one without output."""
    outputs: Outputs = "objects"
    """How an output names its files: as "objects" with a uri, or as "urls"."""
    unpaid: Unpaid = "refused"
    """What comes of a run that the balance does not cover: it is "refused" with 402, or its task is "rejected"."""
    webhooks: Webhooks = "bare"
    """The form of a webhook: a "bare" task, or one in an "event"."""

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self._files = Files(state)
        self._sessions = Sessions(state.clock)

    @classmethod
    def group(cls, operation: Operation) -> str:
        """Return the group of an operation."""
        return GROUPS.get(operation.id, "other")

    @classmethod
    def refuse(cls, refusal: Refusal) -> Response:
        """Return a refusal as a problem document."""
        return answers.refuse(refusal)

    def routes(self) -> list[Route]:
        """Return a route for every operation."""
        found = [self._route(operation) for operation in self.operations()]
        return sorted(found, key=lambda route: "{" in route.path)  # /tasks/list is no task

    def _route(self, operation: Operation) -> Route:
        handler = getattr(self, HANDLERS.get(operation.id, "not_emulated"))

        async def endpoint(request: Request) -> Response:
            data = await handler(request, operation, self.key(request))
            return data if isinstance(data, NdjsonResponse) else JSONResponse({"data": data})

        return wire.route(operation.path, operation.method, endpoint)

    # Runs

    async def _run(self, request: Request, operation: Operation, key: str) -> object:
        sent = operation.read_body(await wire.read_body(request))
        named = sent.get("app") or sent.get("app_id")
        if not named:
            raise bad_request("app is missing: give the name of an app, or app_id")
        app = apps.find(named)
        webhook = sent.get("webhook")
        if webhook is not None:
            self._state.webhooks.check("webhook", webhook)
        session = self._sessions.of(key, sent)
        job = await self._start(key, app, sent, operation)
        self._sessions.keep(job, session)
        base = wire.base_url(request)
        if webhook is not None:
            self._state.webhooks.start(self._call_back(webhook, job, base))
        return self._result(job, base)

    async def _start(self, key: str, app: App, sent: dict[str, Any], operation: Operation) -> Job:
        """Start a job. An input that the app itself would refuse makes a task that fails."""
        target, jobs = self.target(operation), self._state.jobs
        origin = Origin(self.name, "app", app.full_name, str(sent["input"].get("prompt", app.title)))
        try:
            values = app.values(app.fields(sent["input"]), lambda *at: self._files.source(key, *at))
            return await jobs.generate(key, origin, sent, values, target)
        except Refusal as refusal:
            if refusal.http_status >= 500 or (refusal.http_status == 402 and self.unpaid == "refused"):
                raise
            why = refusal
        rejected = why.http_status == 402
        failure = Refusal("rejected", 402, why.message) if rejected else why
        job = jobs.start(
            key,
            origin,
            sent,
            target,
            credits=0,
            estimated_ms=jobs.quote({})["estimated_ms"],
            render=tuple,
            takes_time=False,
            undo=ExitStack(),
            failure=failure,
        )
        if rejected:
            self._state.store.cancel(job, failure)
        return job

    async def _task(self, request: Request, operation: Operation, key: str) -> object:
        return self._shown(await self._looked_at(request, key), wire.base_url(request))

    async def _task_status(self, request: Request, operation: Operation, key: str) -> object:
        shown = self._shown(await self._looked_at(request, key), wire.base_url(request))
        return {name: shown[name] for name in ("id", "status", "status_text", "updated_at") if name in shown}

    async def _stream(self, request: Request, operation: Operation, key: str) -> object:
        return NdjsonResponse(self._lines(self._found(request, key), wire.base_url(request)))

    async def _lines(self, job: Job, base: str) -> AsyncIterator[dict[str, Any]]:
        """Yield a task and then its changes, with heartbeats in between."""
        known: dict[str, Any] = {}
        async for each in self._state.jobs.watch(job, LINE_SECONDS):
            shown = self._shown(each, base)
            if each.done and self.lines == "bare":
                shown["output"] = known.get("output")
            news = {name: value for name, value in shown.items() if name not in known or known[name] != value}
            if not news:
                yield {"type": "heartbeat"}
            elif self.lines == "whole" or not known:
                yield shown
            else:
                yield {"data": news, "fields": sorted(news)}
            known = shown

    async def _cancel(self, request: Request, operation: Operation, key: str) -> object:
        operation.read_body(await wire.read_body(request))
        job = self._found(request, key)
        cancelled = self._state.store.cancel(job, Refusal("cancelled", 409, "the task was cancelled"))
        return {"id": job.id, **answers.status(self._state_of(job), self.numbering), "cancelled": cancelled}

    async def _delete(self, request: Request, operation: Operation, key: str) -> object:
        asked = operation.read_query(request.query_params)
        job = self._ended(request, key)
        if asked.get("files"):
            for asset in self._files.received(key, job.request["input"]):
                self._files.remove(key, asset.id)
        self._state.store.remove(job)
        return {}

    async def _list(self, request: Request, operation: Operation, key: str) -> object:
        asked, base = operation.read_body(await wire.read_body(request)), wire.base_url(request)
        own = [job for job in self._state.store.jobs() if job.key == key and job.origin.service == self.name]
        return answers.listed([self._shown(job, base) for job in own], asked)

    async def _task_files(self, request: Request, operation: Operation, key: str) -> object:
        role = operation.read_query(request.query_params).get("role")
        job, base = self._found(request, key), wire.base_url(request)
        given = [self._files.shown(each) for each in self._files.received(key, job.request["input"])]
        made = [
            {"id": f"{job.id}-{number}", "created_at": iso(job.completed_at or 0), **ref}
            for number, ref in enumerate(self._references(job, base))
        ]
        both = [*({"role": "input", **each} for each in given), *({"role": "output", **each} for each in made)]
        shown = ("id", "created_at", "role", "uri", "filename", "content_type", "size")
        return [{name: each[name] for name in shown} for each in both if role in (None, each["role"])]

    async def _delete_task_files(self, request: Request, operation: Operation, key: str) -> object:
        role = operation.read_query(request.query_params).get("role")
        job = self._ended(request, key)
        deleted: list[str] = []
        if role != "output":
            for asset in self._files.received(key, job.request["input"]):
                self._files.remove(key, asset.id)
                deleted.append(asset.id)
        if role != "input":
            deleted += [f"{job.id}-{number}" for number, _ in enumerate(job.results)]
            self._state.store.remove_results(job)
        return {"deleted": deleted, "skipped": []}

    async def _logs(self, request: Request, operation: Operation, key: str) -> object:
        job = await self._looked_at(request, key)
        shown = self._shown(job, wire.base_url(request))
        return {"task_id": job.id, **{name: shown[name] for name in ("status", "events", "logs")}}

    async def _timings(self, request: Request, operation: Operation, key: str) -> object:
        job = await self._looked_at(request, key)
        return answers.timings(job, self._state.clock.now(), self.numbering)

    # Files

    async def _create_files(self, request: Request, operation: Operation, key: str) -> object:
        sent = operation.read_body(await wire.read_body(request))
        base = wire.base_url(request)
        opened = [self._files.open(key, each) for each in sent["files"]]
        return [{**self._files.shown(each), "upload_url": self._state.blobs.upload_url(base, each)} for each in opened]

    async def _file(self, request: Request, operation: Operation, key: str) -> object:
        return self._files.shown(self._files.get(key, request.path_params["id"]))

    async def _delete_file(self, request: Request, operation: Operation, key: str) -> object:
        self._files.remove(key, request.path_params["id"])
        return {}

    async def _list_files(self, request: Request, operation: Operation, key: str) -> object:
        asked = operation.read_body(await wire.read_body(request))
        return answers.listed([self._files.shown(each) for each in self._files.all(key)], asked)

    # Apps

    async def _app(self, request: Request, operation: Operation, key: str) -> object:
        return apps.find(request.path_params["id"]).shown()

    async def _app_by_name(self, request: Request, operation: Operation, key: str) -> object:
        return apps.find("{namespace}/{name}".format(**request.path_params)).shown()

    async def _estimate(self, request: Request, operation: Operation, key: str) -> object:
        sent = operation.read_body(await wire.read_body(request))
        app = apps.find(request.path_params["appId"])
        try:
            values = app.values(app.fields(sent["input"]), lambda *_: {})
        except Refusal as refusal:
            return {"confidence": "unknown", "microcents": None, "estimate_error": refusal.message}
        price = self._state.jobs.quote(values)["credits"] * MICROCENTS
        if "video" in values:  # a clip that ends sooner makes it cheaper
            return {"confidence": "range", "min": 0, "max": price, "depends_on": ["video_input"]}
        return {"confidence": "exact", "microcents": price, "min": price, "max": price, "depends_on": []}

    # Tasks as they are shown

    def _found(self, request: Request, key: str) -> Job:
        return self._state.store.job(request.path_params["id"], key=key, service=self.name)

    async def _looked_at(self, request: Request, key: str) -> Job:
        return await self._state.jobs.look(self._found(request, key))

    def _ended(self, request: Request, key: str) -> Job:
        job = self._found(request, key)
        if not job.done:
            raise Refusal("conflict", 409, "the task still runs: cancel it, or wait for its end")
        return job

    def _state_of(self, job: Job) -> str:
        return answers.phases(job, self._state.clock.now())[-1][0]

    def _references(self, job: Job, base: str) -> list[dict[str, Any]]:
        """Return the files of a job's output, as objects."""
        urls = self._state.blobs.result_urls(base, job)
        received = self._files.received(job.key, job.request["input"])
        names = apps.find(job.origin.model).names(job, received) if urls else ()
        return [
            {"uri": url, "path": None, "content_type": made.media_type, "size": made.size, "filename": name}
            for url, made, name in zip(urls, job.results, names, strict=True)
        ]

    def _output(self, job: Job, base: str) -> object:
        if not job.done or job.error is not None:
            return None
        refs = self._references(job, base)
        files: list[Any] = refs if self.outputs == "objects" else [each["uri"] for each in refs]
        received = self._files.received(job.key, job.request["input"])
        return apps.find(job.origin.model).output(job, files, received)

    def _result(self, job: Job, base: str) -> dict[str, Any]:
        """Return a task as in the answer to a run and in a webhook."""
        state, changed = answers.phases(job, self._state.clock.now())[-1]
        return {
            "id": job.id,
            "short_id": job.id[:8],
            **answers.status(state, self.numbering),
            "status_text": state,
            "output": self._output(job, base),
            "error": None if job.error is None else job.error.message,
            "session_id": self._sessions.id_of(job),
            "created_at": iso(job.created_at),
            "updated_at": iso(changed),
            "run_at": job.request.get("run_at"),
        }

    def _shown(self, job: Job, base: str) -> dict[str, Any]:
        """Return a task as in all other answers."""
        now, sent, app = self._state.clock.now(), job.request, apps.find(job.origin.model)
        seen = answers.phases(job, now)
        result = self._result(job, base)
        if self.numbering != "old":
            del result["status_text"]
        events = [
            {"id": f"{job.id}-e{number}", "created_at": iso(at), "event_time": iso(at), "task_id": job.id}
            | {"status": answers.status(name, self.numbering)["status"]}
            for number, (name, at) in enumerate(seen)
        ]
        log = {"id": f"{job.id}-l0", "created_at": iso(job.created_at), "updated_at": result["updated_at"]}
        lines = "\n".join(f"{iso(at)} {name}" for name, at in seen)
        return {
            **result,
            "deleted_at": None,
            "input": sent["input"],
            **{name: sent.get(name) for name in ("setup", "metadata", "webhook", "function")},
            "app_id": app.id,
            "app_version_id": f"{app.id}_1",
            "infra": sent.get("infra", "cloud"),
            "workers": sent.get("workers", []),
            "app": {"id": app.id, "namespace": app.namespace, "name": app.name},
            "visibility": "private",
            "events": events,
            "logs": [{**log, "task_id": job.id, "log_type": 4, "content": lines}],
            **answers.progress(job, now, self.progress),
        }

    async def _call_back(self, webhook: str, job: Job, base: str) -> None:
        with contextlib.suppress(Stopping):
            task = self._result(await self._state.jobs.finish(job), base)
            told = ("id", "status", "output", "error", "session_id", "created_at", "updated_at")
            body = {name: task[name] for name in told}
            if self.webhooks == "event":
                body = {"event": "task.ended", "timestamp": task["updated_at"], "data": body}
            self._state.webhooks.post(webhook, body)


HANDLERS = {
    "runApp": "_run",
    "getTask": "_task",
    "getTaskStatus": "_task_status",
    "streamTask": "_stream",
    "cancelTask": "_cancel",
    "deleteTask": "_delete",
    "listTasks": "_list",
    "listTaskFiles": "_task_files",
    "deleteTaskFiles": "_delete_task_files",
    "getTaskLogs": "_logs",
    "getTaskTimings": "_timings",
    "createFiles": "_create_files",
    "getFile": "_file",
    "deleteFile": "_delete_file",
    "listFiles": "_list_files",
    "getApp": "_app",
    "getAppByName": "_app_by_name",
    "estimateCost": "_estimate",
}

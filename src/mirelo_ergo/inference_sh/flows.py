"""The flows of inference.sh, written once for both clients: uploads in an input, runs, streams of updates."""

from __future__ import annotations

import json
import math
import os
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

import attrs

from .._runtime.api.endpoints import describe
from .._runtime.api.execute import execute
from .._runtime.api.limits import check
from .._runtime.api.requests import request_from
from .._runtime.ids import job_id_problem
from .._runtime.jobs.facts import RequestFacts
from .._runtime.jobs.flows import JobFlows
from .._runtime.jobs.submission import Submission
from .._runtime.jobs.tokens import JobRecord
from .._runtime.redact import log, short_repr
from .._runtime.transfer.assets import AssetCache
from .._runtime.transfer.upload import Slot, upload
from ..errors import (
    InvalidRequestError,
    JobTimeoutError,
    MireloError,
    NotFoundError,
    PermissionDeniedError,
    SubmitOutcomeUnknown,
    UnexpectedResponseError,
)
from .files import (
    File,
    OnProgress,
    Schema,
    Upload,
    UploadPolicy,
    needs_schema,
    open_upload,
    place_files,
    refuse_other_objects,
)
from .generated import limits
from .generated import operations as api
from .operations import Calls, StoredFile
from .schemas import KNOWN, check_fields, fields_of
from .service import APP, app_name
from .tasks import Estimate, Task, TaskUpdate, created_at, is_of, with_progress

if TYPE_CHECKING:
    from .._runtime.api.operation import Operation
    from .._runtime.jobs.values import PollResult
    from .._runtime.jobs.waiter import Waiter

R = TypeVar("R")
LONGEST_RUN: Final = 3600.0
"""The default time-out of a wait in seconds; a task beyond the plan's limit of running tasks is queued."""
UPLOAD_LIFETIME: Final = 3600.0
"""Seconds for which the uri of an uploaded file is reused; how long the service keeps files is not published."""
LONGEST_LOOK: Final = 50
"""The most pages of tasks that are searched for a run without an answer."""
CLOCKS: Final = 60.0
"""Seconds by which the clocks may differ, if the response does not give the service's time."""


@attrs.frozen
class Run:
    """A run that is not sent yet: its fields, with files that are not uploaded yet."""

    params: Mapping[str, Any]
    policy: UploadPolicy

    @property
    def app(self) -> str:
        """The app as it was given."""
        return str(self.params.get("app") or self.params.get("app_id"))

    @property
    def facts(self) -> RequestFacts:
        """A description of the run, with the prompt of its input."""
        given = self.params["input"]
        prompt = given.get("prompt") if isinstance(given, Mapping) else None
        content = {"family": APP, "model": self.app, "input": _told(given)}
        return RequestFacts(self.app, content, prompt if isinstance(prompt, str) else None)


def check_run(params: Mapping[str, Any], policy: UploadPolicy) -> Run:
    """Return a checked run; raises `InvalidRequestError`. Sends nothing."""
    if not isinstance(params, Mapping):
        raise InvalidRequestError(f"run takes a mapping such as {{'app': …, 'input': …}}, not {type(params).__name__}")
    if not params.get("app") and not params.get("app_id"):
        raise InvalidRequestError("run: app is missing: give 'namespace/name'; nothing was sent", field="app")
    if "input" not in params:
        raise InvalidRequestError(f"run {params.get('app')}: input is missing; nothing was sent", field="input")
    refuse_other_objects(params["input"])
    return Run({name: value for name, value in params.items() if value is not None}, check_policy(policy))


def check_policy(policy: UploadPolicy, kind: type[MireloError] = InvalidRequestError) -> UploadPolicy:
    """Return a checked `upload=` argument; raises the given class of error."""
    if policy not in ("auto", "strict", "off"):
        raise kind(f"upload={short_repr(policy)} is not 'auto', 'strict' or 'off'; nothing was sent")
    return policy


def check_timeout(timeout: float | None) -> float:
    """Return a checked time-out in seconds; raises `InvalidRequestError`."""
    if timeout is None:
        return LONGEST_RUN
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout < math.inf:
        raise InvalidRequestError(
            f"timeout={short_repr(timeout)} is not a number of seconds above 0; nothing was sent", field="timeout"
        )
    return float(timeout)


@attrs.define
class InferenceFlows(JobFlows):
    """The flows of one client."""

    policy: UploadPolicy
    uploads: AssetCache = attrs.field(factory=AssetCache)
    schemas: dict[str, Mapping[str, Any]] = attrs.field(factory=dict)
    """The schemas of apps' inputs, each fetched once."""
    made: deque[str] = attrs.field(factory=lambda: deque(maxlen=10_000), repr=False)
    """The ids of the latest tasks that runs have returned."""

    @property
    def calls(self) -> Calls:
        """The resource calls of this client."""
        return Calls(self.runtime, self.check_limits)

    def resume(self, token: str) -> JobRecord:
        """Return the job of a token or a task's id, for this client's account."""
        if isinstance(token, str) and ":" not in token and job_id_problem(token) is None:
            return JobRecord("inference_sh", APP, "unknown", token, 0.0, None)
        return super().resume(token)

    def new_run(self, params: Mapping[str, Any], policy: UploadPolicy | None = None) -> Run:
        """Return a checked run; raises `InvalidRequestError`. Sends nothing."""
        run = check_run(params, self.policy if policy is None else policy)
        if self.check_limits:
            check_fields(run.app, run.params["input"], self._known_schema(run))
        return run

    async def input_fields(self, run: Run) -> list[str] | None:
        """Return the fields that the service lists for a run's input; raises `InvalidRequestError` for another one."""
        schema = self._known_schema(run) or await self._schema_of(run)
        if self.check_limits:
            check_fields(run.app, run.params["input"], schema)
        return fields_of(schema)

    def _known_schema(self, run: Run) -> Schema | None:
        """Return the schema of an input that the spec describes; another version or function may have other fields."""
        return None if run.params.get("function") else KNOWN.get(run.app)

    # --- files ------------------------------------------------------------------------------------------------------

    async def upload_file(self, source: Any, fields: Mapping[str, Any], on_progress: OnProgress | None) -> StoredFile:
        """Upload a file and return it as the service describes it."""
        name, kind = fields.get("filename"), fields.get("content_type")
        opened = await self.runtime.io.run_blocking(open_upload, source, "file", name, kind)
        return await self._upload(attrs.evolve(opened, on_progress=on_progress), fields, before_submit=False)

    async def _upload(self, file: Upload, fields: Mapping[str, Any], *, before_submit: bool = True) -> StoredFile:
        created: list[StoredFile] = []

        async def new_slot() -> Slot:
            asked = {
                "filename": file.filename,
                "content_type": file.content_type,
                "size": file.source.size,
                "path": fields.get("path"),
                "public": fields.get("public"),
            }
            created.append(await execute(self.runtime, self.calls.create_file(asked)))
            return Slot(created[-1]["uri"], created[-1]["upload_url"])

        source, kind, told = file.source, file.content_type, file.on_progress
        await upload(self.runtime, source, kind, new_slot, told, before_submit=before_submit)
        log.info("uploaded %s (%d bytes) for %s", file.filename, file.source.size, file.place)
        kept = {name: value for name, value in created[-1].items() if name != "upload_url"}
        return StoredFile(kept)

    async def _uri_of(self, file: Upload) -> str:
        """Return the uri of a file, uploaded once for all uses of the same bytes."""
        io, identity = self.runtime.io, file.source.identity
        if identity is None:
            return str((await self._upload(file, {}))["uri"])
        key = f"{self.runtime.account()} {file.content_type} {identity}"
        async with io.lock(key):
            kept = self.uploads.get(key, io.now())
            if kept is None:
                kept = str((await self._upload(file, {}))["uri"])
                self.uploads.keep(key, kept, io.now() + UPLOAD_LIFETIME)
            return kept

    async def delete(self, operation: Operation[R]) -> R:
        """Delete something that may include files; no cached upload is reused after that."""
        try:
            return await execute(self.runtime, operation)
        finally:
            self.uploads.clear()

    async def _schema_of(self, run: Run) -> Mapping[str, Any] | None:
        """Return the schema of a run's input, None if the service does not give it."""
        app = run.app
        function = str(run.params.get("function") or app.partition(":")[2])
        key = f"{app} {function}"
        if key not in self.schemas:
            try:
                described = await execute(self.runtime, self.calls.get_app(app))
            except (NotFoundError, PermissionDeniedError):
                return None  # the run itself will report any problem with the app
            version = described.get("version")
            functions = version.get("functions") if isinstance(version, dict) else None
            version = version if isinstance(version, dict) else {}
            chosen = functions.get(function or version.get("default_function")) if isinstance(functions, dict) else None
            found = (chosen or {}).get("input_schema") or version.get("input_schema")
            if not isinstance(found, dict):
                return None
            self.schemas[key] = found
        return self.schemas[key]

    async def ready(self, run: Run) -> dict[str, Any]:
        """Return a run's body with its files uploaded. All files are checked before the first request."""
        files: list[Upload] = []

        def take(file: Upload) -> _Pending:
            files.append(file)
            return _Pending(len(files) - 1)

        placed = await self._placed(run, take)
        uris = [await self._uri_of(file) for file in files]
        return {**run.params, "input": _filled(placed, uris)}

    async def _placed(self, run: Run, take: Callable[[Upload], Any]) -> Any:
        """Return a run's input with each file replaced: explicit files first, then those by the schema."""
        io = self.runtime.io
        certain: UploadPolicy = "strict" if run.policy == "auto" else run.policy
        placed = await io.run_blocking(place_files, run.params["input"], None, certain, take)
        if run.policy != "auto":
            return placed
        schema = KNOWN.get(app_name(run.app))
        if schema is None and await io.run_blocking(needs_schema, placed):
            schema = await self._schema_of(run)
            if self.check_limits:
                check_fields(run.app, run.params["input"], schema, misspelt=True)
        return await io.run_blocking(place_files, placed, schema, run.policy, take)

    # --- runs -------------------------------------------------------------------------------------------------------

    async def submit(self, run: Run, submission: Submission | None = None) -> JobRecord:
        """Submit a run. It is charged and has no key, so it is sent again only if it was certainly not accepted."""
        body = await self.ready(run)
        if self.check_limits:
            check(limits, "RunRequest", body, f"run {run.app}")
        submission = submission or Submission()
        order = submission.order
        described = describe(api.RUN_APP, json=body)
        request = request_from(described, submit=True, headers=order.headers, fields=order.fields)
        record = await self.start(submission, api.RUN_APP.name, request, APP, run.app, None)
        self.made.append(record.job_id)
        return record

    def started(self, submission: Submission) -> Task:
        """Return the new task from the answer to the run."""
        return Task({} if submission.accepted is None else submission.accepted.response)

    async def estimate(self, run: Run) -> Estimate:
        """Return the cost of a run. Only the name, type and size of its files are sent: nothing is uploaded."""
        placed = await self._placed(run, lambda file: file.to_dict())
        described = await execute(self.runtime, self.calls.get_app(run.app))
        body = {"input": placed, "function": run.params.get("function")}
        app_id = described.get("id")
        if not isinstance(app_id, str):
            raise UnexpectedResponseError(f"the service's answer about {run.app} has no id")
        return await execute(self.runtime, self.calls.estimate(app_id, body))

    async def find_submitted(self, error: SubmitOutcomeUnknown) -> JobRecord | None:
        """Return the task that an unknown submit created, None if there is none or if several are possible.

        Tasks that this client has received as answers belong to other runs.
        """
        sent = getattr(error.request, "body", None)
        looked_for = json.loads(sent) if isinstance(sent, bytes) else None
        named = (looked_for.get("app") or looked_for.get("app_id")) if isinstance(looked_for, dict) else None
        if not isinstance(looked_for, dict) or not isinstance(named, str):
            raise InvalidRequestError("find: this error is not of a run of this service, or it was unpickled")
        tasks = await self._tasks_since(error.sent_at)
        if tasks is None:
            return None
        fits = {
            task.id
            for task in tasks
            if task.get("input") == looked_for.get("input") and is_of(task, named) and task.id not in self.made
        }
        if len(fits) != 1:
            return None
        return JobRecord("inference_sh", APP, named, fits.pop(), error.sent_at or 0.0, None)

    async def _tasks_since(self, sent_at: float | None) -> list[Task] | None:
        """Return the tasks that were created since a moment or have no time; None if there are too many.

        A page with only older tasks ends the search, because the list is sorted from the newest to the oldest.
        """
        found: list[Task] = []
        cursor: str | None = None
        since = 0.0 if sent_at is None else sent_at - CLOCKS
        ordered, oldest = True, math.inf
        for _ in range(LONGEST_LOOK):
            body = {"limit": 100, "sort": [{"field": "created_at", "dir": "desc"}], "cursor": cursor}
            page, ahead = await execute(self.runtime, self.calls.tasks_by_their_clock(body))
            if sent_at is not None and ahead is not None:
                since = sent_at + ahead - 1.0  # the header is cut to whole seconds, and older than this moment
            for task in page.items:
                at = created_at(task)
                if at is None or at >= since:
                    found.append(task)
                if at is not None:
                    ordered, oldest = ordered and at <= oldest, at
            cursor = page.next_cursor
            if cursor is None or (ordered and oldest < since):
                return found
        return None

    def follow(self, record: JobRecord, seconds: float, *, strict: bool = False) -> Waiter:
        """Return a waiter that follows a task by its stream, together with the scheduled polls.

        `strict`: a refused stream is an error, because the caller asked for the stream itself.
        """
        return self.waiter(record, 0.0, None, seconds, patient=False, strict=strict)

    async def finish(self, waiter: Waiter) -> Task:
        """Wait until a task is finished, and return it; raises `JobFailedError`."""
        try:
            while True:
                polled = await waiter.next()
                if polled.final:
                    return self.ended(polled)
        finally:
            await waiter.close()

    def ended(self, polled: PollResult) -> Task:
        """Return a finished task; raises `JobFailedError` if it failed."""
        status = polled.status
        if status.status == "errored":
            raise self.failure(status)
        return Task(polled.response or {})

    def update(self, polled: PollResult) -> TaskUpdate:
        """Return the known state of a task, with its progress as a percentage if it has one."""
        return TaskUpdate(with_progress(polled.response or {}))

    async def cancel_late(self, error: JobTimeoutError) -> None:
        """Cancel a task whose time is up. If that fails, it is noted on the error."""
        try:
            await self.cancel(self.resume(error.job_token or ""), 0.0)
        except MireloError as failed:
            error.add_note(f"mirelo_ergo: the task could not be cancelled and may go on: {failed}")


@attrs.frozen
class _Pending:
    """A placeholder for a file in an input, until it is uploaded."""

    index: int


def _told(value: Any) -> Any:
    """Return an input for messages, with each file shown by its name or size."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return f"{len(value)} bytes"
    if isinstance(value, Mapping):
        return {name: _told(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_told(inner) for inner in value]
    plain = value is None or isinstance(value, str | int | float)
    return value if plain else repr(value) if isinstance(value, File) else f"an open {type(value).__name__}"


def _filled(value: Any, uris: list[str]) -> Any:
    if isinstance(value, _Pending):
        return uris[value.index]
    if isinstance(value, dict):
        return {name: _filled(inner, uris) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, uris) for inner in value]
    return value

"""The description of inference.sh for the runtime: its HTTP, jobs and webhooks."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from .._runtime.api.answers import Unusable, find_text_field, text_field, tolerant_integer
from .._runtime.api.endpoints import describe
from .._runtime.api.requests import request_from
from .._runtime.api.service import Api, ErrorFacts
from .._runtime.api.streams import StreamSource
from .._runtime.ids import job_id_problem
from .._runtime.io.protocol import Reply, Request
from .._runtime.jobs.files import AUDIO, VIDEO, ResultFile
from .._runtime.jobs.protocol import JobApi, JobStream
from .._runtime.jobs.schedule import PROMPT
from .._runtime.jobs.tokens import JobRecord
from .._runtime.jobs.values import Accepted, JobErrored, JobProcessing, JobStatus, JobSucceeded, PollResult
from .._runtime.redact import short_repr, shorten
from .._runtime.webhooks.events import JobEvent, WebhookFormat
from .._runtime.webhooks.order import Webhook, WebhookOrder
from ..errors import (
    InsufficientCreditsError,
    InvalidRequestError,
    MireloError,
    NotFoundError,
    PermissionDeniedError,
    RequirementsNotMetError,
)
from .generated import operations as api
from .tasks import AMBIGUOUS, RUNNING, merge, progress_of, read_fields, state_of

APP: Final = "app"
"""The family of its jobs. Their model is the app, as it was given."""
MMAUDIO: Final = "infsh/mmaudio"
_LONGEST_TEXT: Final = 2000
_DEEPEST: Final = 50
"""Levels of an output in which files are looked for."""
_ERRORS: Final[Mapping[str, type[MireloError]]] = {
    "requirements_not_met": RequirementsNotMetError,
    "limit_exceeded": InsufficientCreditsError,
    "payment_required": InsufficientCreditsError,
    "payment_method_required": InsufficientCreditsError,
    "invalid_request": InvalidRequestError,
    "validation_error": InvalidRequestError,
    "insufficient_scope": PermissionDeniedError,
    "app_retired": NotFoundError,
    "SESSION_NOT_FOUND": NotFoundError,
    "SESSION_EXPIRED": NotFoundError,
    "SESSION_ENDED": NotFoundError,
}
_SUFFIXES: Final[Mapping[str, frozenset[str]]] = {
    "video": VIDEO,
    "image": frozenset({"png", "jpg", "jpeg", "webp", "gif"}),
    "audio": AUDIO,
}
_URL: Final = re.compile(
    rf"https?://(?:\S+|[^\s/?#]+/[^?#\r\n\t]*\.(?:{'|'.join(sorted(frozenset().union(*_SUFFIXES.values())))})(?:\?\S*)?)",
    re.IGNORECASE,
)
"""A text that is a URL. A file name in it may contain blanks, if its suffix shows that it is not a sentence."""


def app_name(app: str) -> str:
    """Return the name of an app without the version or the function behind it."""
    return app.partition("@")[0].partition(":")[0]


def _auth(key: str) -> tuple[str, str]:
    return "Authorization", f"Bearer {key}"


def _read_error(body: object) -> ErrorFacts | None:
    """Read an error: a problem document, its older form, or the list of an app's missing requirements."""
    if not isinstance(body, dict):
        return None
    if body.get("satisfied") is False and isinstance(body.get("errors"), list):
        return ErrorFacts("requirements_not_met", shorten("; ".join(_needs(body["errors"])), _LONGEST_TEXT))
    older = body.get("error")
    if isinstance(older, dict) and isinstance(older.get("code"), str):
        return ErrorFacts(older["code"], str(older.get("message") or ""))
    kind = body.get("type")
    if not isinstance(kind, str):
        return None
    code = kind.rstrip("/").rpartition("/")[2] or "problem"
    texts = (body.get(name) for name in ("detail", "title", "message"))
    message: str = next((text for text in texts if isinstance(text, str) and text), "")
    if not message and "/errors/" not in kind:
        return None
    return ErrorFacts(code, shorten(message or code.replace("_", " "), _LONGEST_TEXT))


def _needs(errors: list[Any]) -> Iterator[str]:
    for error in errors:
        if isinstance(error, dict):
            action = error.get("action")
            how = action.get("instructions") if isinstance(action, dict) else None
            yield f"{error.get('message') or error.get('key')}" + (f" ({how})" if isinstance(how, str) else "")


def _find_job_id(text: str) -> str | None:
    return find_text_field(text, "id")


def read_accepted(reply: Reply) -> Accepted:
    """Read the answer to a run. Only the id is needed."""
    fields = read_fields(reply)
    task_id = text_field(fields, "id")
    problem = job_id_problem(task_id)
    if problem is not None:
        raise Unusable(f"the answer's id {short_repr(task_id)} {problem}")
    return Accepted(task_id, None, fields)


def read_task(task: Mapping[str, Any]) -> JobStatus:
    """Read a task's state. An unknown one means that it still runs."""
    state, output = state_of(task), task.get("output")
    if state == "completed":
        return JobSucceeded(files_in(output), output=output)
    if state in ("failed", "cancelled", "rejected"):
        reasons = {"cancelled": "it was cancelled", "rejected": "it was refused for want of balance or payment"}
        message = shorten(task.get("error") or reasons.get(state) or "the service gave no reason", _LONGEST_TEXT)
        charged = False if state == "rejected" else None
        return JobErrored(
            state, 402 if state == "rejected" else 0, message, charged=charged, files=files_in(output), output=output
        )
    percent = progress_of(task)
    progress = 0 if percent is None else int(min(max(percent, 0), 100))
    return JobProcessing(progress, "", state, output=output)


def files_in(output: object) -> tuple[ResultFile, ...]:
    """Return the files in an app's output, of any form: objects with a URL as `uri`, and plain URLs."""
    files: list[ResultFile] = []
    for name, url, content_type in _found(output, ""):
        suffix = re.sub(r"[?#].*", "", url).rpartition("/")[2].rpartition(".")[2].lower()
        named = next((kind for kind, suffixes in _SUFFIXES.items() if suffix in suffixes), None)
        declared = (content_type or "").partition("/")[0]
        kind = declared if declared in _SUFFIXES else named
        if kind is None and not declared:  # its name is the only hint of its kind
            kind = "video" if "video" in name else "image" if "image" in name else "audio"
        files.append(ResultFile(url, kind or "file", suffix if named else None, len(files), name=name or None))
    return tuple(files)


def _found(value: object, name: str, depth: int = 0) -> Iterator[tuple[str, str, str | None]]:
    if isinstance(value, str) and _URL.fullmatch(value):
        yield name, value, None
    elif isinstance(value, dict) and str(value.get("uri")).lower().startswith(("http://", "https://")):
        content_type = value.get("content_type")
        yield name, value["uri"], content_type if isinstance(content_type, str) else None
    elif depth > _DEEPEST:
        return
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _found(inner, f"{name}.{key}" if name else str(key), depth + 1)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _found(inner, f"{name}[{index}]", depth + 1)


def result_of(record: JobRecord, task: Mapping[str, Any]) -> PollResult:
    """Return a task's status. The number of expected results is that of its files, because only the app knows it.

    For mmaudio a sound is always expected.
    """
    status = read_task(task)
    least = 1 if app_name(record.model) == MMAUDIO else 0
    asked = max(least, len(status.result_urls)) if status.status == "succeeded" else None
    return PollResult(status, asked=asked, response=task)


def _read_status(record: JobRecord, reply: Reply, wall: float) -> PollResult:
    task = read_fields(reply)
    if task.get("id") not in (None, record.job_id) and task.get("short_id") != record.job_id:
        raise Unusable(f"the answer is of the task {short_repr(task.get('id'))}, another one")
    if "status" not in task and "status_text" not in task:
        raise Unusable("the answer has no status")
    return result_of(record, task)


def _read_state(record: JobRecord, state: Mapping[str, Any]) -> PollResult:
    if "status" not in state and "status_text" not in state:
        raise Unusable("no status is known yet")
    return result_of(record, state)


def task_path(record: JobRecord) -> tuple[str, str]:
    """Return the operation that reads a task, and its path."""
    return api.GET_TASK.name, request_from(describe(api.GET_TASK, {"id": record.job_id})).path


def stream_of(record: JobRecord) -> StreamSource:
    """Return the stream of a task."""
    described = describe(api.STREAM_TASK, {"id": record.job_id})
    headers = (("Accept", "application/x-ndjson"), ("Cache-Control", "no-cache"))
    return StreamSource(
        api.STREAM_TASK.name,
        request_from(described, headers=headers),
        lambda known, line: merge(record.job_id, known, line),
    )


def cancel_request(record: JobRecord) -> tuple[str, Request]:
    """Return the operation that cancels a task, and its request."""
    return api.CANCEL_TASK.name, request_from(describe(api.CANCEL_TASK, {"id": record.job_id}))


def read_webhook(fields: Mapping[str, Any]) -> JobEvent:
    """Read a webhook, plain or in the form `{event, timestamp, data}`; raises `Unusable`.

    It is only sent at the end of a task. If its status is a number whose meaning changed in January 2026, the task has
    to be polled.
    """
    data = fields.get("data")
    task = data if isinstance(data, dict) and "id" not in fields else fields
    task_id = text_field(task, "id")
    problem = job_id_problem(task_id)
    if problem is not None:
        raise Unusable(f"its id {short_repr(task_id)} {problem}")
    status = read_task(task)
    number = task.get("status")
    ambiguous = not task.get("status_text") and tolerant_integer(number) in AMBIGUOUS
    unclear = ambiguous and status.status == "processing"  # the number meant "completed"
    return JobEvent(
        task_id,
        "succeeded" if unclear else status.status,
        shorten(str(task.get("status_text") or number)),
        status.result_urls if status.status == "succeeded" else [],
        status.message if status.status == "errored" else None,
        payload=fields,
        service="inference_sh",
        ambiguous=ambiguous,
    )


WEBHOOKS: Final = WebhookFormat(lambda webhook: WebhookOrder(fields={"webhook": webhook.url}), read_webhook)
INFERENCE_SH: Final = Api(
    name="inference_sh",
    base_url="https://api.inference.sh",
    key_variable="INFERENCE_API_KEY",
    url_variable="INFERENCE_BASE_URL",
    auth=_auth,
    read_error=_read_error,
    errors_by_code=_ERRORS,
    uncharged=frozenset(),
    find_job_id=_find_job_id,
    free_paths=re.compile(r"/(files|tasks|store)(/.*)?"),
)
INFERENCE_SH_JOBS: Final = JobApi(
    api=INFERENCE_SH,
    operations=frozenset({"mmaudio", "app"}),
    knows=lambda family, _: family == APP,
    poll_endpoint=task_path,
    read_accepted=read_accepted,
    read_status=_read_status,
    running=RUNNING,
    schedule=PROMPT,
    lifetime=math.inf,
    cancel=cancel_request,
    stream=JobStream(stream_of, _read_state),
    webhooks=WEBHOOKS,
)

__all__ = ["INFERENCE_SH", "INFERENCE_SH_JOBS", "MMAUDIO", "Webhook", "app_name", "files_in", "read_task"]

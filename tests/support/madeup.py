"""A made-up service that has what no real one has together: streams, held polls, lists and forms. Values, no branches.

`POST /jobs {"prompt"}` → 201 `{"id"}`; `GET /jobs/ID[?hold=SECONDS]` → `{"id", "state", "done", "files"}`;
`POST /jobs/ID/cancel`; `GET /jobs/ID/stream` → lines of the same; `GET /things[?cursor=…]` → `{"items", "next",
"total"}`; `POST /assets` → `{"id", "url", "fields", "max_bytes"}`, a pre-signed form.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

import attrs

from mirelo_ergo import AsyncPage, Page
from mirelo_ergo._runtime.api.answers import Unusable, read_object, text_field
from mirelo_ergo._runtime.api.execute import Operation, execute
from mirelo_ergo._runtime.api.pages import PageContent, PageWalk
from mirelo_ergo._runtime.api.retry import Kind, parse_retry_after
from mirelo_ergo._runtime.api.service import Api, ErrorFacts
from mirelo_ergo._runtime.api.streams import StreamSource
from mirelo_ergo._runtime.client.asynchronous import AsyncServiceClient
from mirelo_ergo._runtime.client.blocking import ServiceClient
from mirelo_ergo._runtime.io.protocol import Request, run
from mirelo_ergo._runtime.jobs.asynchronous import AsyncJobRequest
from mirelo_ergo._runtime.jobs.blocking import JobRequest
from mirelo_ergo._runtime.jobs.facts import RequestFacts
from mirelo_ergo._runtime.jobs.flows import JobFlows
from mirelo_ergo._runtime.jobs.protocol import JobApi, JobStream, LongPoll
from mirelo_ergo._runtime.jobs.schedule import PROMPT
from mirelo_ergo._runtime.jobs.values import (
    Accepted,
    JobErrored,
    JobProcessing,
    JobStatus,
    JobSucceeded,
    PollResult,
)
from mirelo_ergo._runtime.redact import Secret
from mirelo_ergo._runtime.transfer.forms import PresignedForm
from mirelo_ergo._runtime.transfer.sources import open_path
from mirelo_ergo._runtime.transfer.upload import Slot, upload
from mirelo_ergo._runtime.webhooks.events import JobEvent, WebhookFormat
from mirelo_ergo._runtime.webhooks.order import Webhook, WebhookOrder
from mirelo_ergo._runtime.webhooks.signatures import SignatureScheme

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mirelo_ergo._runtime.io.protocol import Reply
    from mirelo_ergo._runtime.jobs.submission import Submission
    from mirelo_ergo._runtime.jobs.tokens import JobRecord

JOB = "job-1"
POLL = f"/jobs/{JOB}"
STREAM = f"{POLL}/stream"
TOKEN = f"madeup2:make:one:{JOB}:{{}}:{{}}:1"


def _read_error(body: object) -> ErrorFacts | None:
    code = body.get("error") if isinstance(body, dict) else None
    return ErrorFacts(code, "made by the test") if isinstance(code, str) else None


API = Api(
    name="madeup",
    base_url="https://api.madeup.example",
    key_variable="MADEUP_API_KEY",
    url_variable="MADEUP_BASE_URL",
    auth=lambda key: ("X-Key", key),
    read_error=_read_error,
    errors_by_code={},
    uncharged=frozenset(),
)


def read_status(fields: Mapping[str, Any]) -> JobStatus:
    state = text_field(fields, "state")
    if state in ("done", "partly"):
        return JobSucceeded(fields.get("files") or [], incomplete=state == "partly")
    if state == "failed":
        return JobErrored("failed", 0, "made by the test", charged=None)
    done = fields.get("done")
    return JobProcessing(int(100 * done) if isinstance(done, int | float) else 0, "", state)


def _read_poll(record: JobRecord, reply: Reply, wall: float) -> PollResult:
    fields = read_object(reply)
    if text_field(fields, "id") != record.job_id:
        raise Unusable("the answer is another job's")
    after = parse_retry_after(reply.headers.get("retry-after"), reply.headers.get("date"), wall)
    return PollResult(read_status(fields), retry_after=after)


def merge(known: Mapping[str, Any], line: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Read a line: a whole state, `{"data", "fields"}` of which only the fields named changed, or no news."""
    if "type" in line or "event" in line:
        return None
    if "fields" in line:
        return {**known, **{name: line["data"].get(name) for name in line["fields"]}}
    return {**known, **line} if line.get("id", JOB) == JOB else None


def read_event(fields: Mapping[str, Any]) -> JobEvent:
    status = read_status(fields)
    return JobEvent(text_field(fields, "id"), status.status, fields["state"], payload=fields, service=API.name)


SCHEME = SignatureScheme(("Madeup-Signature",), "MADEUP_WEBHOOK_SECRET", compact_too=True)
WEBHOOKS = WebhookFormat(lambda webhook: WebhookOrder(fields={"callback": webhook.url}), read_event, SCHEME)
JOBS = JobApi(
    api=API,
    operations=frozenset({"make"}),
    knows=lambda family, model: (family, model) == ("make", "one"),
    poll_endpoint=lambda record: ("getJob", f"/jobs/{record.job_id}"),
    read_accepted=lambda reply: Accepted(text_field(read_object(reply), "id"), None),
    read_status=_read_poll,
    running=frozenset({"queued", "running"}),
    schedule=PROMPT,
    lifetime=86_400.0,
    cancel=lambda record: ("cancelJob", Request("POST", f"/jobs/{record.job_id}/cancel")),
    webhooks=WEBHOOKS,
)
STREAMED = attrs.evolve(
    JOBS,
    stream=JobStream(
        lambda record: StreamSource(
            "streamJob",
            Request("GET", f"/jobs/{record.job_id}/stream", headers=(("Accept", "application/x-ndjson"),)),
            merge,
        ),
        lambda record, state: PollResult(read_status(state)),
    ),
)
HELD = attrs.evolve(
    JOBS, long_poll=LongPoll(lambda record, seconds: ("getJob", f"/jobs/{record.job_id}?hold={seconds}"), 10)
)
Ways = Literal["poll", "stream", "hold"]
WAYS: Mapping[Ways, JobApi] = {"poll": JOBS, "stream": STREAMED, "hold": HELD}


@attrs.define
class MadeUpFlows(JobFlows):
    """The flows of the made-up service."""

    async def submit(self, prompt: str, submission: Submission) -> JobRecord:
        body = json.dumps({"prompt": prompt, **submission.order.fields}).encode()
        request = Request("POST", "/jobs", body, submit=True)
        return await self.start(submission, "createJob", request, "make", "one", 1)

    async def upload(self, path: Path, on_progress: Callable[[int, int], None] | None = None) -> str:
        """Upload a file with a pre-signed form."""
        source = await self.runtime.io.run_blocking(lambda: open_path(path, "video")[0])

        async def new_slot() -> Slot:
            request = Request("POST", "/assets", b"{}")
            return await execute(self.runtime, Operation("createAsset", Kind.CHEAP, request, _read_slot, 60.0))

        return await upload(self.runtime, source, "video/mp4", new_slot, on_progress)

    def things(self, cursor: str | None) -> PageWalk[str]:
        def describe(at: str | None) -> Operation[PageContent[str]]:
            path = "/things" + (f"?cursor={at}" if at else "")
            return Operation("listThings", Kind.READ, Request("GET", path), _read_things, self.runtime.timeout)

        return PageWalk(self.runtime, describe, cursor)


def _read_id(reply: Reply) -> str:
    return text_field(read_object(reply), "id")


def _read_slot(reply: Reply) -> Slot:
    fields = read_object(reply)
    form = PresignedForm(tuple(fields["fields"].items()))
    return Slot(_read_id(reply), text_field(fields, "url"), form, fields.get("max_bytes"))


def _read_things(reply: Reply) -> PageContent[str]:
    fields = read_object(reply)
    if not isinstance(fields.get("items"), list):
        raise Unusable("there are no items")
    return PageContent(fields["items"], fields.get("next"), fields.get("total"))


class MadeUpClient(ServiceClient[MadeUpFlows]):
    """The sync client of the made-up service."""

    def __init__(self, api_key: str, *, way: Ways = "stream", **options: Any) -> None:
        runtime = self._open(API, api_key=Secret(api_key), **options)
        self._core = MadeUpFlows(runtime, (WAYS[way],), check_limits=True)

    def make(self, prompt: str) -> JobRequest:
        facts = RequestFacts("make", {"prompt": prompt})
        return JobRequest(self._core, facts, lambda submission: self._core.submit(prompt, submission))

    def things(self, cursor: str | None = None) -> Page[str]:
        walk = self._core.things(cursor)
        return Page(walk, run(walk.first()))

    def upload(self, path: Path, on_progress: Callable[[int, int], None] | None = None) -> str:
        return run(self._core.upload(path, on_progress))


class AsyncMadeUpClient(AsyncServiceClient[MadeUpFlows]):
    """The async client of the made-up service."""

    def __init__(self, api_key: str, *, way: Ways = "stream", **options: Any) -> None:
        runtime = self._open(API, api_key=Secret(api_key), **options)
        self._core = MadeUpFlows(runtime, (WAYS[way],), check_limits=True)

    def make(self, prompt: str) -> AsyncJobRequest:
        facts = RequestFacts("make", {"prompt": prompt})
        return AsyncJobRequest(self._core, facts, lambda submission: self._core.submit(prompt, submission))

    async def things(self, cursor: str | None = None) -> AsyncPage[str]:
        walk = self._core.things(cursor)
        return AsyncPage(walk, await walk.first())

    async def upload(self, path: Path, on_progress: Callable[[int, int], None] | None = None) -> str:
        return await self._core.upload(path, on_progress)


def hook(url: str = "https://sfx.example.com/hooks/1") -> Webhook:
    return Webhook(url)

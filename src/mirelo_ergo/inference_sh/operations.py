"""The operations of the service's resources, written once for both clients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from .._runtime.api.answers import Unusable
from .._runtime.api.endpoints import describe
from .._runtime.api.execute import Operation
from .._runtime.api.limits import check
from .._runtime.api.pages import PageContent
from .._runtime.api.requests import request_from
from .._runtime.api.retry import Kind, http_date
from .generated import limits
from .generated import operations as api
from .service import app_name
from .tasks import Estimate, Record, Task, read_data, read_fields

if TYPE_CHECKING:
    from .._runtime.api.endpoints import Endpoint
    from .._runtime.api.execute import Runtime
    from .._runtime.io.protocol import Reply

T = TypeVar("T")


class StoredFile(Record):
    """A stored file: inputs refer to it by `file.uri` or `file["uri"]`."""


@attrs.frozen
class Calls:
    """The operations of one client. Each method returns one and sends nothing; raises `InvalidRequestError`."""

    runtime: Runtime
    check_limits: bool

    def describe(
        self,
        endpoint: Endpoint,
        read: Callable[[Reply], T],
        ids: Mapping[str, str] | None = None,
        *,
        kind: Kind = Kind.READ,
        query: Mapping[str, Any] | None = None,
        schema: str = "",
        body: Mapping[str, Any] | None = None,
    ) -> Operation[T]:
        """Return an operation. None values in `query` and `body` are left out."""
        asked = {name: value for name, value in (query or {}).items() if value is not None}
        fields = None if body is None else {name: value for name, value in body.items() if value is not None}
        if self.check_limits and fields is not None:
            check(limits, schema, fields, endpoint.name)
        described = describe(endpoint, ids, query=asked, json=fields)
        return Operation(endpoint.name, kind, request_from(described), read, self.runtime.timeout)

    # --- tasks ------------------------------------------------------------------------------------------------------

    def get_task(self, task_id: str) -> Operation[Task]:
        return self.describe(api.GET_TASK, lambda reply: Task(read_fields(reply)), {"id": task_id})

    def cancel_task(self, task_id: str) -> Operation[None]:
        return self.describe(api.CANCEL_TASK, _nothing, {"id": task_id}, kind=Kind.CHEAP)

    def delete_task(self, task_id: str, files: bool) -> Operation[None]:
        query = {"files": True if files else None}
        return self.describe(api.DELETE_TASK, _nothing, {"id": task_id}, kind=Kind.CHEAP, query=query)

    def task_files(self, task_id: str, role: str | None) -> Operation[list[StoredFile]]:
        return self.describe(api.LIST_TASK_FILES, _stored, {"id": task_id}, query={"role": role})

    def delete_task_files(self, task_id: str, role: str | None) -> Operation[Record]:
        return self.describe(api.DELETE_TASK_FILES, _record, {"id": task_id}, kind=Kind.CHEAP, query={"role": role})

    def task_logs(self, task_id: str) -> Operation[Record]:
        return self.describe(api.GET_TASK_LOGS, _record, {"id": task_id})

    def task_timings(self, task_id: str) -> Operation[Record]:
        return self.describe(api.GET_TASK_TIMINGS, _record, {"id": task_id})

    def list_tasks(self, body: Mapping[str, Any]) -> Operation[PageContent[Task]]:
        return self.describe(api.LIST_TASKS, lambda reply: _page(reply, Task), schema="CursorListRequest", body=body)

    def tasks_by_their_clock(self, body: Mapping[str, Any]) -> Operation[tuple[PageContent[Task], float | None]]:
        """Return the operation that lists tasks, and how far the service's clock is ahead of this one, if known."""

        def read(reply: Reply) -> tuple[PageContent[Task], float | None]:
            shown = http_date(reply.headers.get("date", ""))
            ahead = None if shown is None else shown - self.runtime.io.wall()
            return _page(reply, Task), ahead

        return self.describe(api.LIST_TASKS, read, schema="CursorListRequest", body=body)

    # --- files ------------------------------------------------------------------------------------------------------

    def create_file(self, fields: Mapping[str, Any]) -> Operation[StoredFile]:
        given = {name: value for name, value in fields.items() if value is not None}
        body = {"files": [{"uri": "", **given}]}
        return self.describe(api.CREATE_FILES, _created, kind=Kind.CHEAP, schema="FileCreateRequest", body=body)

    def get_file(self, file_id: str) -> Operation[StoredFile]:
        return self.describe(api.GET_FILE, lambda reply: StoredFile(read_fields(reply)), {"id": file_id})

    def delete_file(self, file_id: str) -> Operation[None]:
        return self.describe(api.DELETE_FILE, _nothing, {"id": file_id}, kind=Kind.CHEAP)

    def list_files(self, body: Mapping[str, Any]) -> Operation[PageContent[StoredFile]]:
        return self.describe(
            api.LIST_FILES, lambda reply: _page(reply, StoredFile), schema="CursorListRequest", body=body
        )

    # --- apps -------------------------------------------------------------------------------------------------------

    def get_app(self, app: str) -> Operation[Record]:
        """Return the operation that reads an app, by `namespace/name` (without version or function) or by its id."""
        namespace, slash, name = app_name(app).partition("/")
        if slash:
            return self.describe(api.GET_APP_BY_NAME, _record, {"namespace": namespace, "name": name})
        return self.describe(api.GET_APP, _record, {"id": app})

    def estimate(self, app_id: str, body: Mapping[str, Any]) -> Operation[Estimate]:
        return self.describe(api.ESTIMATE_COST, _estimate, {"appId": app_id}, schema="EstimateRequest", body=body)


def _nothing(reply: Reply) -> None:
    """Read a response whose body is not needed."""


def _estimate(reply: Reply) -> Estimate:
    return Estimate(read_fields(reply))


def _record(reply: Reply) -> Record:
    return Record(read_fields(reply))


def _stored(reply: Reply) -> list[StoredFile]:
    data = read_data(reply)
    if not isinstance(data, list):
        raise Unusable(f"the answer's data is a JSON {type(data).__name__}, not a list")
    return [StoredFile(each) for each in data if isinstance(each, dict)]


def _created(reply: Reply) -> StoredFile:
    files = _stored(reply)
    if not files or not files[0].get("uri") or not files[0].get("upload_url"):
        raise Unusable("the answer has no file with a uri and an upload_url")
    return files[0]


def _page(reply: Reply, cls: type[T]) -> PageContent[T]:
    page = read_fields(reply)
    items = page.get("items")
    if not isinstance(items, list):
        raise Unusable("the answer has no list of items")
    cursor = page.get("next_cursor")
    more = page.get("has_next") is not False and isinstance(cursor, str) and cursor
    made: Any = cls
    return PageContent([made(each) for each in items if isinstance(each, dict)], cursor if more else None)

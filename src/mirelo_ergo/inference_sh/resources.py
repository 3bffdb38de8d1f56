"""The vendor's resources, sync. `resources_async.py` is the same with await."""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, Literal

from .._runtime.api.execute import execute
from .._runtime.api.pages import Page, PageWalk
from .._runtime.io.protocol import run
from .._runtime.jobs.blocking import Job
from .._runtime.jobs.handles import errors_carry
from .files import File
from .flows import InferenceFlows, check_timeout
from .operations import StoredFile
from .streams import TaskStream
from .tasks import Record, Task

Role = Literal["input", "output"]


class Tasks:
    """Runs of apps."""

    def __init__(self, core: InferenceFlows) -> None:
        self._core = core

    def get(self, id: str) -> Task:  # noqa: A002  # the vendor's
        """Return a task. Raises `NotFoundError`."""
        return run(execute(self._core.runtime, self._core.calls.get_task(id)))

    def cancel(self, id: str) -> None:  # noqa: A002  # the vendor's
        """Cancel a task. A finished task is unchanged."""
        run(self._core.cancel(self._core.resume(id), 0.0))

    def delete(self, id: str, *, files: bool = False) -> None:  # noqa: A002  # the vendor's
        """Delete a finished task, with `files` its files too."""
        run(self._core.delete(self._core.calls.delete_task(id, files)))

    def files(self, id: str, *, role: Role | None = None) -> builtins.list[StoredFile]:  # noqa: A002
        """Return the input files of a task, its output files, or both."""
        return run(execute(self._core.runtime, self._core.calls.task_files(id, role)))

    def delete_files(self, id: str, *, role: Role | None = None) -> Record:  # noqa: A002  # the vendor's
        """Delete the files of a task; return those that were `deleted` and `skipped`."""
        return run(self._core.delete(self._core.calls.delete_task_files(id, role)))

    def list(
        self,
        *,
        cursor: str | None = None,
        limit: int | None = None,
        filters: builtins.list[Mapping[str, Any]] | None = None,
        sort: builtins.list[Mapping[str, Any]] | None = None,
        search: Mapping[str, Any] | None = None,
    ) -> Page[Task]:
        """Return a page of tasks. Iterating over it continues through all pages."""
        body = {"limit": limit, "filters": filters, "sort": sort, "search": search}
        calls = self._core.calls
        walk = PageWalk(self._core.runtime, lambda at: calls.list_tasks({**body, "cursor": at}), cursor)
        return Page(walk, run(walk.first()))

    def logs(self, id: str) -> Record:  # noqa: A002  # the vendor's
        """Return the log of a task, with its changes of state."""
        return run(execute(self._core.runtime, self._core.calls.task_logs(id)))

    def timings(self, id: str) -> Record:  # noqa: A002  # the vendor's
        """Return how long each step of a task took."""
        return run(execute(self._core.runtime, self._core.calls.task_timings(id)))

    def stream(self, id: str, *, timeout: float | None = None) -> TaskStream:  # noqa: A002  # the vendor's
        """Return an iterator over a task's updates. `timeout` is in seconds; None: an hour."""
        record, seconds = self._core.resume(id), check_timeout(timeout)
        job = Job(self._core, record, 0.0)
        return TaskStream(self._core, job, self._core.follow(record, seconds, strict=True))

    def wait_for_completion(self, id: str, *, timeout: float | None = None) -> Task:  # noqa: A002
        """Wait until a task is finished and return it. `timeout` is in seconds; None: an hour.

        Raises `JobFailedError`, and `JobTimeoutError` when the time is up; the task goes on.
        """
        record, seconds = self._core.resume(id), check_timeout(timeout)
        with errors_carry(Job(self._core, record, 0.0)):
            return run(self._core.finish(self._core.follow(record, seconds)))


class Files:
    """Files for inputs."""

    def __init__(self, core: InferenceFlows) -> None:
        self._core = core

    def upload(
        self,
        source: str | os.PathLike[str] | bytes | BinaryIO | File,
        *,
        filename: str | None = None,
        content_type: str | None = None,
        path: str | None = None,
        public: bool | None = None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> StoredFile:
        """Upload a file, streamed in constant memory. Inputs refer to it by `file.uri` or `file["uri"]`.

        `source` is a path, bytes, an open file, a `File` or a data URI; `on_progress(sent, total)` gets bytes. Raises
        `InvalidRequestError` before anything is sent, and `UploadError`.
        """
        fields = {"filename": filename, "content_type": content_type, "path": path, "public": public}
        return run(self._core.upload_file(source, fields, on_progress))

    def get(self, id: str) -> StoredFile:  # noqa: A002  # the vendor's
        """Return a file's description."""
        return run(execute(self._core.runtime, self._core.calls.get_file(id)))

    def delete(self, id: str) -> None:  # noqa: A002  # the vendor's
        """Delete a file."""
        run(self._core.delete(self._core.calls.delete_file(id)))

    def list(
        self, *, cursor: str | None = None, limit: int | None = None, search: Mapping[str, Any] | None = None
    ) -> Page[StoredFile]:
        """Return a page of files. Iterating over it continues through all pages."""
        body = {"limit": limit, "search": search}
        calls = self._core.calls
        walk = PageWalk(self._core.runtime, lambda at: calls.list_files({**body, "cursor": at}), cursor)
        return Page(walk, run(walk.first()))


class Apps:
    """The marketplace's apps."""

    def __init__(self, core: InferenceFlows) -> None:
        self._core = core

    def get(self, app: str) -> Record:
        """Return an app by `namespace/name` or by its id, with the schemas of its input and output in `version`."""
        return run(execute(self._core.runtime, self._core.calls.get_app(app)))


__all__ = ["Apps", "Files", "Tasks"]

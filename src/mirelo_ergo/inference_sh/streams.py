"""The updates of a task as they come, sync. `streams_async.py` is its twin but for await."""

from __future__ import annotations

from types import TracebackType

from .._runtime.io.protocol import run
from .._runtime.jobs.tokens import JobRecord
from .._runtime.jobs.waiter import Waiter
from ..errors import MireloError
from .flows import InferenceFlows
from .tasks import Task, TaskUpdate


class TaskStream:
    """A task's updates: iterate over it, in a with-block or not. The last one is the finished task.

    It survives a stream that is cut or held back on the way, because the task is read on schedule beside it. Raises
    `JobFailedError` at the end of a task without success, and `JobTimeoutError` when the time is up; both have the
    task's token.
    """

    def __init__(self, core: InferenceFlows, record: JobRecord, waiter: Waiter) -> None:
        self._core, self._record, self._waiter = core, record, waiter
        self._done = False
        self.result: Task | None = None
        """The finished task, None before its end and for one that ended without success."""

    @property
    def id(self) -> str:
        """The task's id."""
        return self._record.job_id

    @property
    def token(self) -> str:
        """A short string without secrets that resumes the job in any process: `client.job(token)`."""
        return self._record.token

    def __iter__(self) -> TaskStream:
        return self

    def __next__(self) -> TaskUpdate:
        if self._done:
            raise StopIteration
        try:
            polled = run(self._waiter.next())
            if polled.final:
                self._done = True
                run(self._waiter.close())
                self.result = self._core.ended(polled)
        except MireloError as error:
            error.job_token = error.job_token or self.token
            raise
        return self._core.update(polled)

    def close(self) -> None:
        """Stop following the task. It goes on."""
        self._done = True
        run(self._waiter.close())

    def __enter__(self) -> TaskStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<TaskStream {self.id}>"


__all__ = ["TaskStream"]

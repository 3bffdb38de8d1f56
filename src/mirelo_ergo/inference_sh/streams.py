"""Streams of a task's updates, sync. `streams_async.py` is the same with await."""

from __future__ import annotations

from types import TracebackType

from .._runtime.io.protocol import run
from .._runtime.jobs.blocking import Job
from .._runtime.jobs.handles import errors_carry
from .._runtime.jobs.waiter import Waiter
from .flows import InferenceFlows
from .tasks import Task, TaskUpdate


class TaskStream:
    """An iterator over a task's updates, which may be used in a with-block. The last one is the finished task.

    It survives a stream that is cut or held back on its way, because the task is polled by schedule as well. Raises
    `JobFailedError` if the task fails, and `JobTimeoutError` when the time is up; both have the task's job.
    """

    def __init__(self, core: InferenceFlows, job: Job, waiter: Waiter) -> None:
        self._core, self._waiter = core, waiter
        self._done = False
        self.job: Job = job
        """The task as a job, to wait for it or cancel it in other ways."""
        self.result: Task | None = None
        """The finished task; None before its end and if it failed."""

    @property
    def id(self) -> str:
        """The task's id."""
        return self.job.job_id

    @property
    def token(self) -> str:
        """A short string without secrets that resumes the job in any process: `client.job(token)`."""
        return self.job.token

    def __iter__(self) -> TaskStream:
        return self

    def __next__(self) -> TaskUpdate:
        if self._done:
            raise StopIteration
        with errors_carry(self.job):
            try:
                polled = run(self._waiter.next())
            except BaseException:
                self.close()
                raise
            if polled.final:
                self.close()
                self.result = self._core.ended(polled)
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

"""The updates of a task as they come, async. `streams.py` is its twin but for await."""

from __future__ import annotations

from types import TracebackType

from .._runtime.jobs.asynchronous import AsyncJob
from .._runtime.jobs.handles import errors_carry
from .._runtime.jobs.waiter import Waiter
from .flows import InferenceFlows
from .tasks import Task, TaskUpdate


class AsyncTaskStream:
    """A task's updates: iterate over it, in a with-block or not. The last one is the finished task.

    It survives a stream that is cut or held back on the way, because the task is read on schedule beside it. Raises
    `JobFailedError` at the end of a task without success, and `JobTimeoutError` when the time is up; both have the
    task's job.
    """

    def __init__(self, core: InferenceFlows, job: AsyncJob, waiter: Waiter) -> None:
        self._core, self._waiter = core, waiter
        self._done = False
        self.job: AsyncJob = job
        """The job that the task is, to wait for it or to cancel it by other means."""
        self.result: Task | None = None
        """The finished task, None before its end and for one that ended without success."""

    @property
    def id(self) -> str:
        """The task's id."""
        return self.job.job_id

    @property
    def token(self) -> str:
        """A short string without secrets that resumes the job in any process: `client.job(token)`."""
        return self.job.token

    def __aiter__(self) -> AsyncTaskStream:
        return self

    async def __anext__(self) -> TaskUpdate:
        if self._done:
            raise StopAsyncIteration
        with errors_carry(self.job):
            try:
                polled = await self._waiter.next()
            except BaseException:
                await self.aclose()
                raise
            if polled.final:
                await self.aclose()
                self.result = self._core.ended(polled)
        return self._core.update(polled)

    async def aclose(self) -> None:
        """Stop following the task. It goes on."""
        self._done = True
        await self._waiter.close()

    async def __aenter__(self) -> AsyncTaskStream:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<AsyncTaskStream {self.id}>"


__all__ = ["AsyncTaskStream"]

"""Streams of a task's updates, async. `streams.py` is the same without await."""

from __future__ import annotations

from types import TracebackType

from .._runtime.jobs.asynchronous import AsyncJob
from .._runtime.jobs.handles import errors_carry
from .._runtime.jobs.waiter import Waiter
from .flows import InferenceFlows
from .tasks import Task, TaskUpdate


class AsyncTaskStream:
    """An iterator over a task's updates, which may be used in a with-block. The last one is the finished task.

    It survives a stream that is cut or held back on its way, because the task is polled by schedule as well. Raises
    `JobFailedError` if the task fails, and `JobTimeoutError` when the time is up; both have the task's job.
    """

    def __init__(self, core: InferenceFlows, job: AsyncJob, waiter: Waiter) -> None:
        self._core, self._waiter = core, waiter
        self._done = False
        self.job: AsyncJob = job
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

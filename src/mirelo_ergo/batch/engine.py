"""The queue for the workers of a cluster: procrastinate, in the PostgreSQL database of the ledger.

The queue only delivers ids. It may deliver one twice, late, or to a worker that has to give it back: the items, their
workers and their costs are in the ledger, so that the queue can be emptied at any time. Each worker maintains the
queue: it adds free items of the ledger that the queue lacks, and puts back those of dead workers.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import attrs

from .errors import LedgerError
from .ledger import Ledger

if TYPE_CHECKING:
    from procrastinate import App

QUEUE: Final = "mirelo_batch"
TASK: Final = "mirelo_ergo.batch.run_item"
AHEAD: Final = 1_000
"""The number of ids that are put into the queue at once."""
LOW: Final = 200
"""The number of ids in the queue below which more are added."""
_LOCK: Final = 0x6D69_7266


@attrs.frozen
class Pace:
    """The intervals of a worker's maintenance, in seconds."""

    tend_s: float = 2.0
    """Between checks of the queue."""
    heartbeat_s: float = 5.0
    """Between heartbeats."""
    dead_s: float = 20.0
    """Without a heartbeat, until a worker's items are put back."""
    again_s: float = 1.0
    """Between attempts to reach the database."""


class Engine:
    """A worker's connection to the queue: it calls `run` with an item's id, for up to `concurrency` items at once.

    `free` returns the ids of at most that many free items. `more` returns whether anything is left to do, here or
    elsewhere; if not, `work` returns. `on_trouble` is called with a message when the database does not answer. Raises
    `LedgerError` if the ledger cannot have a queue.
    """

    def __init__(
        self,
        ledger: Ledger,
        run: Callable[[str], Awaitable[object]],
        free: Callable[[int], Awaitable[Sequence[str]]],
        more: Callable[[], Awaitable[bool]],
        *,
        concurrency: int,
        pace: Pace | None = None,
        on_trouble: Callable[[str], None] | None = None,
    ) -> None:
        if not ledger.shared:
            raise LedgerError(
                f"workers share a ledger on PostgreSQL, and {ledger.place} is a file: run it on this machine, with "
                "batch run, or make one at postgresql+psycopg://…"
            )
        self._ledger = ledger
        self._run = run
        self._free = free
        self._more = more
        self._concurrency = concurrency
        self._pace = pace or Pace()
        self._on_trouble = on_trouble
        self._stopping = asyncio.Event()
        self._running = 0

    def stop(self) -> None:
        """Take no more items; `work` returns when the running ones have ended."""
        self._stopping.set()

    async def work(self) -> None:
        """Take items from the queue until nothing is left to do. If the database does not answer, wait for it."""
        try:
            import psycopg
            from procrastinate import exceptions
        except ModuleNotFoundError as error:
            raise LedgerError(f"workers need {error.name}: pip install 'mirelo-ergo[cluster]'") from None
        for name in ("procrastinate", "psycopg"):  # everything important is in the ledger or goes to on_trouble
            logging.getLogger(name).addHandler(logging.NullHandler())
        away = (exceptions.ProcrastinateException, psycopg.Error, LedgerError)
        done = False
        with _unheard(away):
            while not (done or self._stopping.is_set()):
                try:
                    app = await asyncio.to_thread(_app, self._ledger)
                    async with app.open_async():
                        done = await self._session(app, away)
                except away as error:
                    await self._report_trouble(error)

    async def _session(self, app: App, away: tuple[type[Exception], ...]) -> bool:
        """Work with one registration at the queue, until all is done (True) or the registration ends (False)."""

        @app.task(name=TASK, queue=QUEUE)
        async def deliver(item: str) -> None:
            self._running += 1
            try:
                await self._run(item)
            finally:
                self._running -= 1

        worker = asyncio.ensure_future(
            app.run_worker_async(
                queues=[QUEUE],
                concurrency=self._concurrency,
                delete_jobs="always",
                fetch_job_polling_interval=self._pace.tend_s,
                update_heartbeat_interval=self._pace.heartbeat_s,
                stalled_worker_timeout=self._pace.dead_s,
                install_signal_handlers=False,
            )
        )
        tending = asyncio.ensure_future(self._tend(app, away))
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait((worker, tending, stopping), return_when=asyncio.FIRST_COMPLETED)
            return tending.done() and not tending.result()
        finally:
            for task in (stopping, tending, worker):  # the worker ends when its items have ended
                task.cancel()
            await asyncio.gather(stopping, tending, worker, return_exceptions=True)

    async def _tend(self, app: App, away: tuple[type[Exception], ...]) -> None:
        """Maintain the queue until nothing is left to do."""
        manager = app.job_manager
        while True:
            try:
                for job in await manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=self._pace.dead_s):
                    await manager.retry_job(job)
                queued = sum(queue["todo"] for queue in await manager.list_queues_async(queue=QUEUE))
                if not (queued or self._running or await self._more()):
                    return
                if queued < LOW:
                    await self._feed(app)
            except away as error:
                await self._report_trouble(error)
            else:
                await asyncio.sleep(self._pace.tend_s)

    async def _feed(self, app: App) -> None:
        """Put the ledger's free items into the queue, except those that are in it."""
        from procrastinate import exceptions

        waiting = {job.queueing_lock for job in await app.job_manager.list_jobs_async(queue=QUEUE, status="todo")}
        task = app.tasks[TASK]
        jobs = [
            task.configure(queueing_lock=_lock(item)).make_new_job(item=item)
            for item in await self._free(AHEAD)
            if _lock(item) not in waiting
        ]
        if jobs:
            with contextlib.suppress(exceptions.AlreadyEnqueued):  # another worker has done it
                await app.job_manager.batch_defer_jobs_async(jobs)

    async def _report_trouble(self, error: Exception) -> None:
        if self._on_trouble is not None:
            self._on_trouble(f"the database does not answer, and is asked again: {error.__cause__ or error}")
        await asyncio.sleep(self._pace.again_s)


@contextlib.contextmanager
def _unheard(errors: tuple[type[Exception], ...]) -> Iterator[None]:
    """Keep the event loop from writing errors of the queue's own tasks, which nobody awaits, to stderr."""
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if not isinstance(context.get("exception"), errors):
            loop.default_exception_handler(context) if before is None else before(loop, context)

    loop.set_exception_handler(handle)
    try:
        yield
    finally:
        loop.set_exception_handler(before)


def _lock(item: str) -> str:
    """Return the queueing lock that keeps an item from being in the queue twice."""
    return f"{QUEUE}:{item}"


def _app(ledger: Ledger) -> App:
    """Return the queue, after creating its tables if there are none."""
    import psycopg
    from procrastinate import App, PsycopgConnector
    from procrastinate.schema import SchemaManager

    url = ledger.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        there = connection.execute("SELECT to_regclass('procrastinate_jobs')").fetchone()
        if there is None or there[0] is None:
            connection.execute(SchemaManager.get_schema())
    return App(connector=PsycopgConnector(conninfo=url, min_size=1, max_size=4))

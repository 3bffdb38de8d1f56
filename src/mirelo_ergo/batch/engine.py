"""The queue that feeds many machines: procrastinate, in the PostgreSQL that holds the ledger.

The queue delivers ids and nothing else. It may deliver one twice, late, or to a worker that has to give it back: what
an item is, who works on it and what it cost stands in the ledger, so the queue can be emptied at any time. Each worker
tends the queue: what the ledger has free and the queue lacks is put into it, and what a dead worker was running is
put back.
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
"""Ids that are put into the queue at once."""
LOW: Final = 200
"""Ids in the queue below which more are put in."""
_LOCK: Final = 0x6D69_7266


@attrs.frozen
class Pace:
    """How often a worker does what is not an item's work, in seconds."""

    tend_s: float = 2.0
    """Between looks at the queue."""
    heartbeat_s: float = 5.0
    """Between signs of life."""
    dead_s: float = 20.0
    """Without a sign of life, until what a worker was running is put back."""
    again_s: float = 1.0
    """Between attempts to reach a database that does not answer."""


class Engine:
    """One worker's side of the queue: it calls `run` with an item's id, for up to `concurrency` items at once.

    `free` gives the ids of up to so many items that somebody may take now. `more` says whether there is anything left
    to do, here or elsewhere; `work` returns when there is not. `on_trouble` is told in a sentence when the database is
    away. Raises `LedgerError` where the ledger can have no queue.
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
        """Take nothing more; `work` returns when what runs has ended."""
        self._stopping.set()

    async def work(self) -> None:
        """Take items from the queue until there is nothing left to do. A database that is away is waited for."""
        try:
            import psycopg
            from procrastinate import exceptions
        except ModuleNotFoundError as error:
            raise LedgerError(f"workers need {error.name}: pip install 'mirelo-ergo[cluster]'") from None
        for name in ("procrastinate", "psycopg"):  # what matters of it stands in the ledger, or goes to on_trouble
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
                    await self._told(error)

    async def _session(self, app: App, away: tuple[type[Exception], ...]) -> bool:
        """Work with one registration at the queue, until all is done (True) or the queue ends it (False)."""

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
            for task in (stopping, tending, worker):  # the worker ends when what it runs has ended
                task.cancel()
            await asyncio.gather(stopping, tending, worker, return_exceptions=True)

    async def _tend(self, app: App, away: tuple[type[Exception], ...]) -> None:
        """Keep the queue as the ledger wants it, until there is nothing left to do."""
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
                await self._told(error)
            else:
                await asyncio.sleep(self._pace.tend_s)

    async def _feed(self, app: App) -> None:
        """Put what the ledger has free into the queue, but for what waits there."""
        from procrastinate import exceptions

        waiting = {job.queueing_lock for job in await app.job_manager.list_jobs_async(queue=QUEUE, status="todo")}
        task = app.tasks[TASK]
        jobs = [
            task.configure(queueing_lock=_lock(item)).make_new_job(item=item)
            for item in await self._free(AHEAD)
            if _lock(item) not in waiting
        ]
        if jobs:
            with contextlib.suppress(exceptions.AlreadyEnqueued):  # another worker was faster
                await app.job_manager.batch_defer_jobs_async(jobs)

    async def _told(self, error: Exception) -> None:
        if self._on_trouble is not None:
            self._on_trouble(f"the database does not answer, and is asked again: {error.__cause__ or error}")
        await asyncio.sleep(self._pace.again_s)


@contextlib.contextmanager
def _unheard(errors: tuple[type[Exception], ...]) -> Iterator[None]:
    """Keep errors of the queue's own tasks, which nobody awaits, from being written to stderr by the event loop."""
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
    """Return what keeps an item from waiting in the queue twice."""
    return f"{QUEUE}:{item}"


def _app(ledger: Ledger) -> App:
    """Make the queue's tables where there are none, and return the queue."""
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

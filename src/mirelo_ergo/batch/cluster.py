"""A worker of a cluster: it shares a PostgreSQL ledger with others, and takes items from a queue."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypedDict

from sqlalchemy import Connection

from . import ledger
from .engine import Engine, Pace
from .errors import LedgerError
from .ledger import Entry
from .runner import Runner


class WorkerOptions(TypedDict, total=False):
    """The options of a cluster's worker, all optional."""

    stay: bool
    """Wait for new items when all are done."""
    on_trouble: Callable[[str], None] | None
    """Called with a message when the database does not answer, which does not end the worker."""


class Member:
    """A worker of a cluster. `plan` checks and prices new items of the ledger; see `WorkerOptions`."""

    def __init__(
        self,
        runner: Runner,
        plan: Callable[[], Awaitable[None]],
        *,
        stay: bool = False,
        on_trouble: Callable[[str], None] | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._runner = runner
        self._plan = plan
        self._stay = stay
        self._newest = 0
        """The `seq` up to which items were planned, or could not be planned."""
        self._engine = Engine(
            runner.writer.ledger,
            self._deliver,
            self._free,
            self._more,
            concurrency=runner.concurrency,
            pace=pace,
            on_trouble=on_trouble,
        )

    async def work(self) -> str | None:
        """Process the items that the queue delivers until none are left; return why it ended early (see `Runner.run`).

        When cancelled once it records the running items and ends; cancelled again it ends at once. Raises the error
        that makes all further work impossible.
        """
        async with self._runner.working():
            working = asyncio.ensure_future(self._engine.work())
            try:
                await asyncio.shield(working)
            except asyncio.CancelledError:
                self._runner.leave_waits()
                self._engine.stop()
                await working
                raise
        return self._runner.why_ended()

    async def _deliver(self, item_id: str) -> None:
        try:
            await self._runner.run_item(item_id)
        except LedgerError as error:
            if not error.away:  # the database is waited for, and the item becomes free when its lease ends
                self._halt(error)
        except Exception as error:
            self._halt(error)

    def _halt(self, error: Exception) -> None:
        self._runner.halt(error)
        self._engine.stop()

    async def _free(self, limit: int) -> Sequence[str]:
        def look(connection: Connection, now: float) -> tuple[list[str], list[Entry]]:
            free = ledger.claimable(connection, now, limit=limit, **self._runner.choice())
            return free, ledger.unplanned(connection, self._newest)  # in this order: all that is free was added before

        while True:
            free, new = await self._runner.writer.write(look)
            if not new:
                return free
            self._newest = new[-1].seq
            await self._plan()

    async def _more(self) -> bool:
        if self._runner.ends():
            return False
        choice = self._runner.choice()
        return self._stay or await self._runner.writer.write(
            lambda connection, _: ledger.next_free(connection, **choice) is not None
        )

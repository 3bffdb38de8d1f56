"""One of many workers: it shares a PostgreSQL ledger with the others, and a queue tells it what to do next."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypedDict

from . import ledger
from .engine import Engine, Pace
from .errors import LedgerError
from .runner import Runner


class WorkerOptions(TypedDict, total=False):
    """How a worker behaves among others. All of it may be left out."""

    stay: bool
    """Wait for further items when all are done."""
    on_trouble: Callable[[str], None] | None
    """Told in a sentence when the database is away, which ends nothing."""


class Member:
    """A worker among others. `plan` checks and prices what came into the ledger since; see `WorkerOptions`."""

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
        """The `seq` up to which items were planned, or could not be."""
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
        """Do what the queue delivers until nothing is left; return why it ended early, as `Runner.run` does.

        Cancelled once, it records what is under way and leaves; cancelled again, it leaves at once. Raises what made
        all further work impossible.
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
            if not error.away:  # what is away is waited for; the item is free again when its lease ends
                self._halt(error)
        except Exception as error:
            self._halt(error)

    def _halt(self, error: Exception) -> None:
        self._runner.halt(error)
        self._engine.stop()

    async def _free(self, limit: int) -> Sequence[str]:
        new = await self._runner.writer.write(lambda connection, _: ledger.unplanned(connection, self._newest))
        if new:
            self._newest = new[-1].seq
            await self._plan()
        return await self._runner.writer.write(
            lambda connection, now: ledger.claimable(connection, now, limit=limit, **self._runner.choice())
        )

    async def _more(self) -> bool:
        if self._runner.ends():
            return False
        choice = self._runner.choice()
        return self._stay or await self._runner.writer.write(
            lambda connection, _: ledger.next_free(connection, **choice) is not None
        )

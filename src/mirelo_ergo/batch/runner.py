"""One worker: it claims items, processes several at once, renews its leases, and stops without losing anything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import attrs
from sqlalchemy import Connection

from ..errors import CostLimitError, InsufficientCreditsError
from . import ledger, workers
from .clients import Connected
from .errors import LedgerError
from .events import Step
from .ledger import LEASE_S, Entry
from .recording import StopRun
from .work import Work
from .writer import LedgerWriter

_AT_ONCE: Final = 200
"""The most items of one claim."""
_LOOK_AGAIN: Final = 5.0
"""Seconds after which a worker checks again for items of other workers."""
_IN_A_ROW: Final = 20
"""The number of items set aside in a row that ends a run: the service or the network is down."""
_FREES_MONEY: Final = frozenset({"failed", "refused", "again"})


@attrs.define(eq=False)
class Runner:
    """One worker's run over a ledger."""

    writer: LedgerWriter
    clients: Mapping[str, Connected]
    work: Work
    concurrency: int = 16
    lease_s: float = LEASE_S
    only: Collection[str] | None = None
    """The ids of the planned items that it takes; None: all."""
    plan: Callable[[list[Entry]], Awaitable[None]] | None = None
    """The function that checks and prices items that were added since it began; None: they are taken as they are."""
    held: bool = attrs.field(default=False, init=False)
    """Whether the cap left no room for an item, and no reservation was returned since."""
    _worker: str = attrs.field(factory=workers.begin, init=False)
    _tasks: set[asyncio.Task[None]] = attrs.field(factory=set, init=False)
    _mine: set[int] = attrs.field(factory=set, init=False)
    """The items that it is processing, by `seq`."""
    _aside: set[int] = attrs.field(factory=set, init=False)
    _in_a_row: int = attrs.field(default=0, init=False)
    _stop: BaseException | None = attrs.field(default=None, init=False)
    _changed: asyncio.Event = attrs.field(factory=asyncio.Event, init=False)
    _last_words: str = attrs.field(default="", init=False)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Hold the leases of this worker's items within the block, after releasing items of dead workers."""
        renewing = asyncio.create_task(self._renew())
        try:
            await self.writer.write(lambda connection, _: workers.release_dead(connection))
            yield
        finally:
            renewing.cancel()
            workers.end(self._worker)
            with suppress(LedgerError):  # also items of a cancelled claim, which nothing else knows about
                await self.writer.write(lambda connection, _: ledger.release_worker(connection, self._worker))

    async def run(self) -> str | None:
        """Process all items; return why it ended early, None if nothing is left for it.

        When cancelled once it records the running items and ends; cancelled again it ends at once. Raises the error
        that makes all further work impossible: a wrong key, no credits, a full disk.
        """
        async with self.working():
            try:
                await self._loop()
            except asyncio.CancelledError:
                await self._wind_down()
                raise
            finally:
                for task in self._tasks:
                    task.cancel()
        return self.why_ended()

    def why_ended(self) -> str | None:
        """Return why it ended early, None if nothing is left for it; raises the error that ended it."""
        if self._stop is not None:
            raise self._stop
        if self.held:
            return "the cap leaves no room for the next item"
        if self._in_a_row >= _IN_A_ROW:
            return f"{_IN_A_ROW} items in a row could not be done now; the last one: {self._last_words}"
        return None

    async def run_item(self, item_id: str) -> Step | None:
        """Process one item; return None if it has ended, another worker has it, or a person has to decide.

        It also returns None if there is no client of its service, and when stopped. Call it within `working()`, for any
        number of items at once.
        """
        services = list(self.clients)

        def claim(connection: Connection, now: float) -> list[Entry]:
            found = ledger.claim_item(connection, item_id, self._worker, now, self.lease_s, services=services)
            return [] if found is None else [found]

        claimed = await self._planned(claim)
        if not claimed:
            return None
        (entry,) = claimed
        self.work.record.report("claimed", entry)
        self._mine.add(entry.seq)
        try:
            step: Step | None = await self.work.do(entry)
        except StopRun as stop:
            raise (stop.__cause__ or stop) from None
        except asyncio.CancelledError:
            if not self.work.fetcher.stopping:
                raise
            await self.writer.write(lambda connection, _: ledger.release_item(connection, entry.seq, self._worker))
            step = None
        finally:
            self._mine.discard(entry.seq)
        if self._stop is not None:
            raise self._stop
        if step is not None:
            self._note(entry, step)
        return step

    # --- the loop ---------------------------------------------------------------------------------------------------

    async def _loop(self) -> None:
        while True:
            self._changed.clear()
            claimed = await self._claim()
            for entry in claimed:
                self._begin(entry)
            if claimed and len(self._tasks) < self.concurrency:
                continue
            pause: float | None = None
            if len(self._tasks) < self.concurrency:
                pause = await self._until_free()
                if not self._tasks and pause is None:
                    return
            await self._wait(pause)

    async def _wait(self, pause: float | None) -> None:
        """Wait until a task ends, at most this many seconds."""
        if pause is None and not self._tasks:
            return
        try:
            await asyncio.wait_for(self._changed.wait(), pause)
        except TimeoutError:
            return

    async def _claim(self) -> list[Entry]:
        room = min(self.concurrency - len(self._tasks), _AT_ONCE)
        if room <= 0 or self.ends():
            return []
        choice = self.choice()

        def claim(connection: Connection, now: float) -> list[Entry]:
            claimed = ledger.claim(connection, self._worker, now, self.lease_s, limit=room, **choice)
            others[:] = [entry for entry in claimed if not self._wants(entry)]
            for entry in others:
                ledger.release(connection, entry)
            return [entry for entry in claimed if self._wants(entry)]

        while True:
            others: list[Entry] = []
            try:
                claimed = await self._planned(claim)
            except CostLimitError as error:  # a price that cannot be asked now; what is under way is recorded
                self.halt(error)
                return []
            self.leave_out(entry.seq for entry in others)  # they were added, or planned again, since it began
            if claimed or not others:
                return claimed
            choice = self.choice()

    async def _planned(self, claim: Callable[[Connection, float], list[Entry]]) -> list[Entry]:
        """Claim items. Those that were added since it began are released, checked and priced before they are taken."""
        plan, tried = self.plan, set[int]()

        def look(connection: Connection, now: float) -> tuple[list[Entry], list[Entry]]:
            claimed = claim(connection, now)
            new = [each for each in claimed if each.seq not in tried and ledger.is_unplanned(connection, each)]
            for entry in claimed if new else ():
                ledger.release(connection, entry)
            return claimed, new

        while plan is not None:
            claimed, new = await self.writer.write(look)
            if not new:
                return claimed
            tried.update(entry.seq for entry in new)
            await plan(new)
        return await self.writer.write(claim)

    def _wants(self, entry: Entry) -> bool:
        return self.only is None or entry.state != "planned" or entry.id in self.only

    async def _until_free(self) -> float | None:
        """Return the seconds until the next check for items, None if none is left for this worker."""
        if self.ends():
            return None

        def look(connection: Connection, now: float) -> float | None:
            free = ledger.next_free(connection, worker=self._worker, **self.choice())
            return None if free is None else free - now

        left = await self.writer.write(look)
        return None if left is None else min(max(left, 0.02), _LOOK_AGAIN)

    def ends(self) -> bool:
        """Return whether it takes no more items."""
        return self._stop is not None or self._in_a_row >= _IN_A_ROW

    def choice(self) -> dict[str, Any]:
        """Return the arguments for `ledger.claim` that choose this worker's items."""
        return {"services": list(self.clients), "planned": not self.held, "without": tuple(self._aside)}

    def leave_out(self, seqs: Iterable[int]) -> None:
        """Do not take these items."""
        self._aside.update(seqs)

    def _begin(self, entry: Entry) -> None:
        self.work.record.report("claimed", entry)
        self._mine.add(entry.seq)
        task = asyncio.create_task(self._do(entry))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._changed.set()

    async def _do(self, entry: Entry) -> None:
        try:
            step = await self.work.do(entry)
        except StopRun as stop:
            self.halt(stop.__cause__ or stop)
        except Exception as error:  # a ledger error, or a bug
            self.halt(error)
        except asyncio.CancelledError:
            if not self.work.fetcher.stopping:
                raise
            await self.writer.write(lambda connection, _: ledger.release_item(connection, entry.seq, self._worker))
        else:
            self._note(entry, step)
        finally:
            self._mine.discard(entry.seq)

    def halt(self, error: BaseException) -> None:
        """Start no more items. If the credits have run out, running items are still waited for."""
        self._stop = self._stop or error
        if not isinstance(error, InsufficientCreditsError):
            self.leave_waits()

    def leave_waits(self) -> None:
        """Cancel the waits for jobs, which the next run resumes. Requests and downloads are finished and recorded."""
        self.work.fetcher.stopping = True
        for task in list(self.work.fetcher.waiting):
            task.cancel()

    def _note(self, entry: Entry, step: Step) -> None:
        if step in ("aside", "lost"):
            self._aside.add(entry.seq)
            self._last_words = entry.id
        self._in_a_row = self._in_a_row + 1 if step in ("aside", "again") else 0
        if step == "held":
            self.held = True
        elif step in _FREES_MONEY:
            self.held = False

    # --- leases, and the end ----------------------------------------------------------------------------------------

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self.lease_s / 3)
            try:
                await self.writer.write(
                    lambda connection, now: ledger.renew(
                        connection, self._worker, now, self.lease_s, only=tuple(self._mine)
                    )
                )
            except LedgerError:  # the next write reports it; a lost lease only means that another worker takes over
                continue

    async def _wind_down(self) -> None:
        """Wait until running requests and downloads are recorded. Waits are cancelled; the next run resumes them."""
        self.leave_waits()
        try:
            while self._tasks:
                await asyncio.wait(self._tasks)
        finally:
            for task in self._tasks:
                task.cancel()

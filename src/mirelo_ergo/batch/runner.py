"""One worker: it claims items, does as many at once as it may, renews its leases, and stops without losing anything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import attrs
from sqlalchemy import Connection

from ..errors import InsufficientCreditsError
from . import ledger, workers
from .clients import Connected
from .errors import LedgerError
from .events import Event, OnEvent, Step
from .ledger import LEASE_S, Entry
from .recording import StopRun
from .work import Work
from .writer import LedgerWriter

_AT_ONCE: Final = 200
"""Items that one claim takes at most."""
_LOOK_AGAIN: Final = 5.0
"""Seconds after which a worker looks again for what others have left."""
_IN_A_ROW: Final = 20
"""Items set aside one after the other that end a run: the service, or the network, is down."""
_FREES_MONEY: Final = frozenset({"failed", "refused", "again"})


@attrs.define(eq=False)
class Runner:
    """One worker's run over a ledger. `run` returns why it ended early, None where nothing is left for it."""

    writer: LedgerWriter
    clients: Mapping[str, Connected]
    work: Work
    concurrency: int = 16
    lease_s: float = LEASE_S
    held: bool = attrs.field(default=False, init=False)
    """Whether the cap left no room for an item, and nothing was given back since."""
    _worker: str = attrs.field(factory=workers.begin, init=False)
    _tasks: set[asyncio.Task[None]] = attrs.field(factory=set, init=False)
    _mine: set[int] = attrs.field(factory=set, init=False)
    """The items that it works on, by `seq`."""
    _aside: set[int] = attrs.field(factory=set, init=False)
    _in_a_row: int = attrs.field(default=0, init=False)
    _stop: BaseException | None = attrs.field(default=None, init=False)
    _changed: asyncio.Event = attrs.field(factory=asyncio.Event, init=False)
    _last_words: str = attrs.field(default="", init=False)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Hold the leases of this worker's items as long as the block runs; items of dead workers are freed first."""
        renewing = asyncio.create_task(self._renew())
        try:
            await self.writer.write(lambda connection, _: workers.release_dead(connection))
            yield
        finally:
            renewing.cancel()
            workers.end(self._worker)
            with suppress(LedgerError):  # also what a cancelled claim has taken without anybody hearing of it
                await self.writer.write(lambda connection, _: ledger.release_worker(connection, self._worker))

    async def run(self) -> str | None:
        """Do all there is. Cancelled once, it records what is under way and leaves; cancelled again, it leaves at once.

        Raises what made all further work impossible: a wrong key, no credits, a full disk.
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
        """Return why it ended before all was done, None where nothing is left for it; raises what ended it."""
        if self._stop is not None:
            raise self._stop
        if self.held:
            return "the cap leaves no room for the next item"
        if self._in_a_row >= _IN_A_ROW:
            return f"{_IN_A_ROW} items in a row could not be done now; the last one: {self._last_words}"
        return None

    async def run_item(self, item_id: str) -> Step | None:
        """Do one item, wherever it is; None if it has ended, another worker has it, or a person has to decide.

        None too where there is no client of its service here.

        Call it within `working()`, for as many items at once as you like. Left for a stop, it returns None too.
        """
        entry = await self.writer.write(
            lambda connection, now: ledger.claim_item(
                connection, item_id, self._worker, now, self.lease_s, services=list(self.clients)
            )
        )
        if entry is None:
            return None
        self.work.record.told("claimed", entry)
        self._mine.add(entry.seq)
        try:
            step = await self.work.do(entry)
        except StopRun as stop:
            raise (stop.__cause__ or stop) from None
        except asyncio.CancelledError:
            if not self.work.fetcher.stopping:
                raise
            await self.writer.write(lambda connection, _: ledger.release_item(connection, entry.seq, self._worker))
            return None
        finally:
            self._mine.discard(entry.seq)
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
        """Wait until a task ends, or so many seconds."""
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
        return await self.writer.write(
            lambda connection, now: ledger.claim(
                connection, self._worker, now, self.lease_s, limit=room, **self.choice()
            )
        )

    async def _until_free(self) -> float | None:
        """Return the seconds after which to look for items again, None if none is left for this worker."""
        if self.ends():
            return None

        def look(connection: Connection, now: float) -> float | None:
            free = ledger.next_free(connection, worker=self._worker, **self.choice())
            return None if free is None else free - now

        left = await self.writer.write(look)
        return None if left is None else min(max(left, 0.02), _LOOK_AGAIN)

    def ends(self) -> bool:
        """Return whether it takes nothing more."""
        return self._stop is not None or self._in_a_row >= _IN_A_ROW

    def choice(self) -> dict[str, Any]:
        """Return which items this worker takes, for `ledger.claim` and its like."""
        return {"services": list(self.clients), "planned": not self.held, "without": tuple(self._aside)}

    def _begin(self, entry: Entry) -> None:
        self.work.record.told("claimed", entry)
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
        except Exception as error:  # the ledger's trouble, or a bug
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
        """Begin nothing more. Without credits, what runs is still waited for; after other errors that is no use."""
        self._stop = self._stop or error
        if not isinstance(error, InsufficientCreditsError):
            self.leave_waits()

    def leave_waits(self) -> None:
        """Leave the waits for jobs; the next run resumes them. Requests and downloads go on to their record."""
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
            except LedgerError:  # the next write says so where it matters; a lost lease only costs a take-over
                continue

    async def _wind_down(self) -> None:
        """Let requests and downloads under way come to their record; waits are left, and the next run resumes them."""
        self.leave_waits()
        try:
            while self._tasks:
                await asyncio.wait(self._tasks)
        finally:
            for task in self._tasks:
                task.cancel()


def quiet(_: Event) -> None:
    """Tell nobody."""


def told(on_event: OnEvent | None) -> Callable[[Event], None]:
    """Return what is told of events: a caller's function, or nobody."""
    return quiet if on_event is None else on_event

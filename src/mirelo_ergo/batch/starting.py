"""The start of a run over a ledger: its options, the checks and prices before anything is sent, and its worker."""

from __future__ import annotations

import math
import os
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from functools import partial
from numbers import Real
from pathlib import Path
from typing import Any, TypedDict

import attrs
from sqlalchemy import Connection

from ..errors import ConfigurationError, InvalidRequestError, MireloError
from . import ledger
from .checking import Mistakes
from .clients import connect, in_thread
from .cluster import Member, WorkerOptions
from .events import OnEvent, Step, Summary
from .fetching import Fetcher
from .judging import reason_of
from .ledger import Currency, Entry, Ledger
from .planning import Checked, Planner, no_price
from .recording import EventReporter, Recorder
from .restoring import damage_of, fetch_again
from .reuse import Library
from .runner import Runner
from .sources import Hashes, has_other_files, local_files, missing_file
from .submitting import Submitter
from .summary import check_results, summary_of, write_results
from .work import Work
from .writer import LedgerWriter


class RunOptions(TypedDict, total=False):
    """The options of a run, all optional."""

    concurrency: int
    """Jobs at once; 16."""
    attempts: int
    """How often an item is tried if it fails without a cost; 3."""
    eager: bool
    """Poll promptly, if the service's slots are scarce; otherwise a job is first polled at its estimate."""
    max_credits: float | None
    """The most that the ledger's items may cost in all, over all runs and workers. None: keep the last setting."""
    max_usd: float | None
    """The same in US dollars, for sync.so."""
    reuse: str | os.PathLike[str] | None
    """A folder with earlier batches, whose results of the same request are reused instead of paying again."""
    moved: bool
    """Continue although a client's address differs from the recorded one, because it is the same service."""
    only: Collection[str] | None
    """The ids of the items that `run` and `results` send; None: all. Jobs of other items are fetched all the same."""
    on_event: OnEvent | None
    """Called with each `Event`."""


def _is_amount(cap: object) -> bool:
    return not isinstance(cap, bool) and isinstance(cap, Real | Decimal) and 0 <= float(cap) < math.inf


class Run:
    """One run over a ledger, for `Batch.run` and similar methods."""

    def __init__(self, book: Ledger, folder: Path, clients: tuple[Any, ...], options: RunOptions) -> None:
        known = RunOptions.__annotations__
        for name in options:
            if name not in known:
                raise InvalidRequestError(f"run has no {name!r}; it takes {', '.join(sorted(known))}", field=name)
        for name, default in (("concurrency", 16), ("attempts", 3)):
            value = options.get(name, default)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise InvalidRequestError(f"{name}={value!r:.40} is not a whole number from 1 on", field=name)
        for name, cap in (("max_credits", options.get("max_credits")), ("max_usd", options.get("max_usd"))):
            if cap is not None and not _is_amount(cap):
                raise InvalidRequestError(f"{name}={cap!r:.40} is not a number from 0 on or None", field=name)
        only = options.get("only")
        if isinstance(only, str):
            raise InvalidRequestError(
                f"only={only!r:.40} is one text, not a list of ids: give [{only!r:.40}]", field="only"
            )
        self.ledger = book
        self.folder = folder
        self.clients = connect(clients)
        self.options = options
        self.addresses = {name: str(connected.client.base_url) for name, connected in self.clients.items()}

    async def run(self, member: WorkerOptions | None = None) -> Summary:
        """Process all items, alone or beside other runs, or as a worker of a cluster."""
        stopped: str | None = None
        other_files: tuple[str, ...] = ()
        check_results(self.folder)
        try:
            async with self._opened() as runner:
                if member is None:
                    only = self.options.get("only")
                    fetch_again(self.ledger, damage_of(self.ledger, self.folder, only))
                await self._plan(runner, whole=member is None)
                if member is None:
                    other_files = await self._tell_other_files(runner)
                    stopped = await runner.run()
                else:
                    stopped = await Member(runner, partial(self._plan, runner, whole=False), **member).work()
        finally:
            with suppress(OSError, ConfigurationError):  # everything is in the ledger, and the next run writes the file
                write_results(self.ledger, self.folder)
        return summary_of(self.ledger, stopped, other_files)

    async def _tell_other_files(self, runner: Runner) -> tuple[str, ...]:
        """Report the items whose files have changed since they were sent, and return their ids."""
        only, planner = self.options.get("only"), Planner(self.clients, Hashes())

        def is_outdated(entry: Entry) -> bool:
            if (only is not None and entry.id not in only) or not any(local_files(entry.item)):
                return False
            try:
                return has_other_files(entry, planner.check(entry.item).fingerprint)
            except InvalidRequestError:  # a file is gone, or there is no client: nothing can be said
                return False

        def look() -> list[Entry]:
            with self.ledger.read() as connection:
                return [entry for entry in ledger.read_items(connection) if is_outdated(entry)]

        found: list[Entry] = await in_thread(look)
        for entry in found:
            runner.work.record.report("outdated", entry, "it was sent with another file; another id makes it again")
        return tuple(entry.id for entry in found)

    async def run_item(self, item_id: str) -> Step | None:
        """Process one item as far as possible."""
        async with self.working() as runner:
            return await runner.run_item(item_id)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[Runner]:
        """Yield a worker that holds its leases within the block."""
        async with self._opened() as runner:
            await self._plan(runner, whole=False)
            async with runner.working():
                yield runner

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[Runner]:
        writer, library = LedgerWriter(self.ledger), self._library()
        try:
            await writer.write(self._bind)
            await self._set_caps(writer)
            yield self._runner(writer, library)
        finally:
            writer.close()
            if library is not None:
                library.close()

    def _bind(self, connection: Connection, _: float) -> None:
        moved = bool(self.options.get("moved", False))
        ledger.bind(connection, self.ledger.place, self.addresses, moved=moved)

    def _library(self) -> Library | None:
        folder = self.options.get("reuse")
        return None if folder is None else Library(Path(folder), self.addresses)

    def _runner(self, writer: LedgerWriter, library: Library | None) -> Runner:
        reporter = EventReporter(self.options.get("on_event"))
        record = Recorder(writer, reporter, self.options.get("attempts", 3))
        work = Work(
            record,
            Submitter(record, self.clients, self.folder, library),
            Fetcher(record, self.clients, self.folder, eager=bool(self.options.get("eager", False))),
        )
        concurrency, only = self.options.get("concurrency", 16), self.options.get("only")
        runner = Runner(writer, self.clients, work, concurrency=concurrency, only=only)
        runner.plan = partial(self._plan_these, runner)
        reporter.halt = runner.halt
        return runner

    async def _set_caps(self, writer: LedgerWriter) -> None:
        limits: tuple[tuple[Currency, float | None], ...] = (
            ("credits", self.options.get("max_credits")),
            ("usd", self.options.get("max_usd")),
        )

        def set_caps(connection: Connection, _: float) -> None:
            for currency, limit in limits:
                if limit is not None:
                    ledger.set_cap(connection, currency, ledger.to_millionths(limit))

        await writer.write(set_caps)

    async def _plan(self, runner: Runner, *, whole: bool) -> None:
        """Check and price the items that no client has checked yet, before anything is sent.

        With `whole` every item needs a client, and any mistake ends the run. Otherwise other machines may have the
        clients and files that are missing here, and an item that is wrong is refused alone.
        """
        writer, only = runner.writer, self.options.get("only")
        out = () if only is None else await writer.write(lambda connection, _: ledger.left_out(connection, only))
        runner.leave_out(out)
        left = await writer.write(lambda connection, _: ledger.services_left(connection, without=out))
        missing = [name for name in left if name not in self.clients]
        if missing and whole:
            raise InvalidRequestError(f"client: there are items of {', '.join(missing)}: give a client of it, too")
        mistakes = Mistakes(f"the ledger {self.ledger.place}") if whole else None
        planner, found = Planner(self.clients, Hashes()), list[tuple[Entry, Checked]]()
        page = await writer.write(partial(_unplanned, 0))
        while page:
            found += await self._checked(runner, planner, page, mistakes)
            page = await writer.write(partial(_unplanned, page[-1].seq))
        if mistakes is not None:
            mistakes.raise_any()
        await self._price(runner, planner, found, whole=whole)

    async def _plan_these(self, runner: Runner, entries: list[Entry]) -> None:
        """Check and price items that were added since the run began; one that is wrong is refused alone."""
        planner = Planner(self.clients, Hashes())
        await self._price(runner, planner, await self._checked(runner, planner, entries, None), whole=False)

    async def _checked(
        self, runner: Runner, planner: Planner, entries: list[Entry], mistakes: Mistakes | None
    ) -> list[tuple[Entry, Checked]]:
        """Return the items that are right. The others are recorded in `mistakes`, or refused if that is None."""
        only, found = self.options.get("only"), list[tuple[Entry, Checked]]()
        for entry in entries:
            if entry.item.service not in self.clients or (only is not None and entry.id not in only):
                continue
            try:
                found.append((entry, planner.check(entry.item)))
            except InvalidRequestError as error:
                if mistakes is not None:
                    mistakes.add(entry.item, error.message)
                elif missing_file(entry.item) is None:
                    await _refuse(runner, entry, error)
        return found

    async def _price(
        self, runner: Runner, planner: Planner, found: list[tuple[Entry, Checked]], *, whole: bool
    ) -> None:
        """Fetch and record the prices of checked items.

        Under a cap, an item without a price is refused. `CostLimitError` is raised instead in a `whole` run, and if a
        price could not be asked.
        """
        writer = runner.writer
        if not found:
            return
        await planner.ask()
        unpriced = await writer.write(lambda connection, _: planner.unpriced() if ledger.capped(connection) else [])
        if unpriced and (whole or any(quote.problem is not None for quote in unpriced)):
            raise no_price(unpriced[0])
        for entry, checked in found if unpriced else ():
            quote = planner.quotes[checked.price_key]
            if quote.price is None:
                await _refuse(runner, entry, no_price(attrs.evolve(quote, count=1)))

        def record(connection: Connection, now: float) -> None:
            for entry, checked in found:
                if planner.quotes[checked.price_key].problem is not None:  # the next run fetches the price again
                    continue
                priced = planner.price_of(checked.price_key)
                ledger.plan(connection, entry.seq, entry.item.definition, checked.fingerprint, *priced, now)

        await writer.write(record)


async def _refuse(runner: Runner, entry: Entry, error: MireloError) -> None:
    """Refuse one item that no worker holds; a worker that has it finds the same mistake."""
    reason = reason_of(error)
    refused = await runner.writer.write(lambda connection, now: ledger.refuse_planned(connection, entry, now, reason))
    if refused is not None:
        runner.work.record.report("refused", refused, reason.message)


def _unplanned(after: int, connection: Connection, _: float) -> list[Entry]:
    return ledger.unplanned(connection, after)


__all__ = ["RunOptions"]

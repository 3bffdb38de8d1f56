"""A batch: its ledger, the folder of its results, and the clients that make them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypedDict, Unpack, overload

from sqlalchemy import Connection

from ..errors import CostLimitError, InvalidRequestError
from ..services import service_of
from . import ledger
from .checking import Checker, Mistakes, checked
from .clients import connect
from .cluster import Member, WorkerOptions
from .errors import LedgerError
from .events import Event, OnEvent, Step, Summary
from .items import Item
from .ledger import Added, Currency, Entry, Ledger, NewItem, State, open_ledger
from .loop_thread import AsyncResults, Results, drive
from .planning import Planner, Quote
from .reuse import Library
from .runner import Runner, told
from .sources import Hashes
from .spool import Spool
from .work import Work
from .writer import LedgerWriter

if TYPE_CHECKING:
    from mirelo_ergo import (
        AsyncInferenceClient,
        AsyncMireloClient,
        AsyncPixazoClient,
        AsyncSyncSoClient,
        InferenceClient,
        MireloClient,
        PixazoClient,
        SyncSoClient,
    )

    Client = MireloClient | PixazoClient | SyncSoClient | InferenceClient
    AsyncClient = AsyncMireloClient | AsyncPixazoClient | AsyncSyncSoClient | AsyncInferenceClient

_ENDS = ("succeeded", "failed", "refused", "unknown")
RESULTS = "results.jsonl"
REPORT = "report.html"


class RunOptions(TypedDict, total=False):
    """How a batch is run. All of it may be left out."""

    concurrency: int
    """Jobs at once; 16."""
    attempts: int
    """How often an item is tried that fails without a cost; 3."""
    eager: bool
    """Poll promptly, where slots are scarce; else a job is first polled at its estimate."""
    max_credits: float | None
    """The most that the ledger's items may cost in all, over all runs and workers. None: what was set last."""
    max_usd: float | None
    """The same in US dollars, for sync.so."""
    reuse: str | os.PathLike[str] | None
    """A folder whose results are taken, where one is of the same request, instead of paying for it again."""
    on_event: OnEvent | None
    """Called with each `Event`."""


class Batch:
    """Many items and one ledger. Any number of processes may run it at once; each run goes on where it stands.

    `folder` is where the results go. Close it, or use it in a with-block.
    """

    def __init__(self, book: Ledger, folder: Path) -> None:
        self.ledger = book
        self.folder = folder

    @classmethod
    def open(
        cls,
        ledger: str | os.PathLike[str],
        folder: str | os.PathLike[str] | None = None,
        *,
        create: bool = True,
    ) -> Batch:
        """Open a batch by its ledger; raises `LedgerError`.

        Args:
            ledger: A path such as "sfx.db", or a URL such as "postgresql+psycopg://user@host/database".
            folder: Where the results go; it is made. None: the ledger's own folder, or this one for a URL.
            create: Make a ledger where there is none.
        """
        place = Path() if "://" in os.fspath(ledger) else Path(ledger).parent
        target = place if folder is None else Path(folder)
        try:
            if create:
                target.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LedgerError(f"the folder {target} cannot be made: {error.strerror}") from error
        return cls(open_ledger(ledger, create=create), target)

    # --- items ------------------------------------------------------------------------------------------------------

    def add(self, items: Iterable[Item], *, base: str | os.PathLike[str] = ".") -> Added:
        """Add items; those that are there already stay as they are. Sends nothing.

        Ids, names, operations and arguments are checked, all of them before one is added; limits and files are checked
        by the first run, with its clients, before it sends anything.

        Args:
            items: Any number of them; they are kept on disk while they are checked, not in memory.
            base: The folder of relative paths in them.

        Raises:
            ManifestError: Something is wrong, or an item was changed that is under way or paid for. None was added.
        """
        mistakes = Mistakes("the items")
        with Spool() as spool:
            for item in checked(items, Checker(mistakes, Path(base))):
                spool.write(item)
            mistakes.raise_any()
            return self.put((NewItem(item) for (item,) in spool.read()), mistakes)

    def put(self, new: Iterable[NewItem], mistakes: Mistakes) -> Added:
        """Add items that are checked; raises `ManifestError` where one was changed that is under way or paid for."""
        with self.ledger.write() as connection:
            added = ledger.add(connection, new, ledger.now(connection))
            for item in added.conflicts:
                mistakes.add(item, "it is in the ledger with other fields, and sent already: give it another id")
            mistakes.raise_any()
            return added

    def items(self, state: State | None = None) -> Iterator[Entry]:
        """Give the items in their order, each with what became of it; of one state only, if one is named."""
        with self.ledger.read() as connection:
            yield from ledger.read_items(connection, state)

    def services(self) -> list[str]:
        """Return the services of items that there is still something to do for: a run needs a client of each."""
        with self.ledger.read() as connection:
            return ledger.services_left(connection)

    def summary(self, stopped: str | None = None) -> Summary:
        """Return how many items are in each state, and the money. Sends nothing."""
        with self.ledger.read() as connection:
            saved = ledger.saved_by_reuse(connection)
            return Summary(
                ledger.counts(connection),
                ledger.read_budgets(connection),
                {currency: worth for currency, (_, worth) in saved.items() if currency},
                sum(number for number, _ in saved.values()),
                stopped,
            )

    def resolve(self, item_id: str, *, resubmit: bool = False, token: str | None = None, drop: bool = False) -> Entry:
        """Decide on an item that is unknown: look at the account first.

        Args:
            item_id: The item.
            resubmit: It was not taken: send it as a new request. What it may have cost stays counted.
            token: It was taken, and this is its job's token.
            drop: Give it up; it counts as failed.
        """
        if resubmit + (token is not None) + drop != 1:
            raise InvalidRequestError("resolve: give one of resubmit, token and drop")
        with self.ledger.write() as connection:
            if ledger.read_item(connection, item_id) is None:
                raise InvalidRequestError(
                    f"there is no item {item_id[:60]!r} in the ledger {self.ledger.place}", field="id"
                )
            now = ledger.now(connection)
            if token is not None:
                return ledger.use_token(connection, item_id, token, now, service=service_of(token))
            return (ledger.resubmit if resubmit else ledger.drop)(connection, item_id, now)

    # --- running ----------------------------------------------------------------------------------------------------

    @overload
    def run(self, *clients: AsyncClient, **options: Unpack[RunOptions]) -> Coroutine[Any, Any, Summary]: ...
    @overload
    def run(self, *clients: Client, **options: Unpack[RunOptions]) -> Summary: ...
    def run(self, *clients: Any, **options: Unpack[RunOptions]) -> Summary | Coroutine[Any, Any, Summary]:
        """Make everything that is not made yet, and return what there is then. With async clients, await it.

        Cancelled (Ctrl-C), it records what is under way, and the next run goes on; a second time it ends at once, and
        nothing is lost either.

        Args:
            clients: One of each service that there are items of, all sync or all async.
            options: Those of `RunOptions`.

        Raises:
            ManifestError: Items are outside their limits, or a file is missing. Nothing was sent.
            CostLimitError: There is a cap, and an item's price is not known. Nothing was sent.
            MireloError: What made all further work impossible: a wrong key, no credits, a full disk.
        """
        connected = connect(clients)
        make = _Run(self, clients, options).run
        return make() if next(iter(connected.values())).is_async else drive(make)

    @overload
    def results(self, *clients: AsyncClient, **options: Unpack[RunOptions]) -> AsyncResults[Entry]: ...
    @overload
    def results(self, *clients: Client, **options: Unpack[RunOptions]) -> Results[Entry]: ...
    def results(self, *clients: Any, **options: Unpack[RunOptions]) -> Results[Entry] | AsyncResults[Entry]:
        """Make everything as `run` does, with its arguments, and give each item as it ends, whatever its end."""
        connected = connect(clients)

        def run(take: Callable[[Entry], None]) -> Coroutine[Any, Any, Summary]:
            before = options.get("on_event")

            def on_event(event: Event) -> None:
                if before is not None:
                    before(event)
                if event.step in _ENDS:
                    take(event.entry)

            with_events: RunOptions = {**options, "on_event": on_event}
            return _Run(self, clients, with_events).run()

        return AsyncResults(run) if next(iter(connected.values())).is_async else Results(run)

    @overload
    def run_item(
        self, item_id: str, *clients: AsyncClient, **options: Unpack[RunOptions]
    ) -> Coroutine[Any, Any, Step | None]: ...
    @overload
    def run_item(self, item_id: str, *clients: Client, **options: Unpack[RunOptions]) -> Step | None: ...
    def run_item(
        self, item_id: str, *clients: Any, **options: Unpack[RunOptions]
    ) -> Step | Coroutine[Any, Any, Step | None] | None:
        """Do one item as far as it goes, for queues: safe to be called any number of times, anywhere, at once.

        Return the last step; None where the item has ended, another worker has it, or a person has to decide.
        """
        connected = connect(clients)

        async def make() -> Step | None:
            return await _Run(self, clients, options).run_item(item_id)

        return make() if next(iter(connected.values())).is_async else drive(make)

    @overload
    def work(
        self,
        *clients: AsyncClient,
        stay: bool = False,
        on_trouble: Callable[[str], None] | None = None,
        **options: Unpack[RunOptions],
    ) -> Coroutine[Any, Any, Summary]: ...
    @overload
    def work(
        self,
        *clients: Client,
        stay: bool = False,
        on_trouble: Callable[[str], None] | None = None,
        **options: Unpack[RunOptions],
    ) -> Summary: ...
    def work(
        self,
        *clients: Any,
        stay: bool = False,
        on_trouble: Callable[[str], None] | None = None,
        **options: Unpack[RunOptions],
    ) -> Summary | Coroutine[Any, Any, Summary]:
        """Join the workers of a ledger on PostgreSQL, from any machine, and return what there is when all is done.

        A worker that dies is taken over within a minute, and a database that is restarted is waited for. Cancelled, it
        ends as `run` does. With async clients, await it.

        Args:
            clients: One of each service that this machine makes items of, all sync or all async.
            stay: Wait for further items when all are done.
            on_trouble: Called with a sentence when the database does not answer; it is tried again.
            options: Those of `RunOptions`.

        Raises:
            LedgerError: The ledger is not on PostgreSQL, or the extra `cluster` is not installed.
            MireloError: As from `run`.
        """
        connected = connect(clients)
        member: WorkerOptions = {"stay": stay, "on_trouble": on_trouble}

        def make() -> Coroutine[Any, Any, Summary]:
            return _Run(self, clients, options).run(member)

        return make() if next(iter(connected.values())).is_async else drive(make)

    def worker(self, *clients: AsyncClient, **options: Unpack[RunOptions]) -> AbstractAsyncContextManager[Runner]:
        """Return a worker for queues, to be used as `async with batch.worker(client) as worker`.

        `await worker.run_item(id)` does one item, any number of them at once; see `run_item`.
        """
        return _Run(self, clients, options).working()

    def write_results(self) -> Path:
        """Write `results.jsonl` beside the results: one line per item, as `Entry.to_dict` has it. Return its path."""
        target = self.folder / RESULTS
        for left in self.folder.glob(f".{RESULTS}.*.part"):  # by a process that was killed right here
            left.unlink(missing_ok=True)
        beside = target.with_name(f".{RESULTS}.{os.getpid()}.part")
        try:
            with beside.open("w", encoding="utf-8") as file:
                for entry in self.items():
                    file.write(json.dumps(entry.to_dict(), ensure_ascii=False) + "\n")
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
        return target

    def write_report(self, path: str | os.PathLike[str] | None = None) -> Path:
        """Write one HTML file that shows and plays every item, and return its path.

        It plays the results from beside it and needs nothing else. An older report is replaced; raises
        `ConfigurationError` where another file is.

        Args:
            path: Where; None: `report.html` beside the results.
        """
        from .report import write_report

        target = self.folder / REPORT if path is None else Path(path)
        return write_report(
            (entry.to_dict() for entry in self.items()),
            target,
            folder=self.folder,
            title=Path(self.ledger.place).name,
            now=time.time(),
        )

    def close(self) -> None:
        """Close the ledger."""
        self.ledger.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Batch {self.ledger.place}>"


class _Run:
    """One call of `Batch.run`."""

    def __init__(self, batch: Batch, clients: tuple[Any, ...], options: RunOptions) -> None:
        known = RunOptions.__annotations__
        for name in options:
            if name not in known:
                raise InvalidRequestError(f"run has no {name!r}; it takes {', '.join(sorted(known))}", field=name)
        for name, default in (("concurrency", 16), ("attempts", 3)):
            value = options.get(name, default)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise InvalidRequestError(f"{name}={value!r:.40} is not a whole number from 1 on", field=name)
        self.batch = batch
        self.clients = connect(clients)
        self.options = options

    async def run(self, member: WorkerOptions | None = None) -> Summary:
        """Do all there is: alone or beside other runs, or as a member of those that a queue feeds."""
        stopped: str | None = None
        try:
            async with self._opened() as runner:
                await self._plan(runner.writer, whole=member is None)
                if member is None:
                    stopped = await runner.run()
                else:
                    stopped = await Member(runner, partial(self._plan, runner.writer, whole=False), **member).work()
        finally:
            with suppress(OSError, LedgerError):  # the ledger has it all, and the next run writes it
                self.batch.write_results()
        return self.batch.summary(stopped)

    async def run_item(self, item_id: str) -> Step | None:
        async with self.working() as runner:
            return await runner.run_item(item_id)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[Runner]:
        """Give a worker that holds its leases as long as the block runs."""
        async with self._opened() as runner:
            await self._plan(runner.writer, whole=False)
            async with runner.working():
                yield runner

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[Runner]:
        writer, library = LedgerWriter(self.batch.ledger), self._library()
        try:
            await self._set_caps(writer)
            yield self._runner(writer, library)
        finally:
            writer.close()
            if library is not None:
                library.close()

    def _library(self) -> Library | None:
        folder = self.options.get("reuse")
        return None if folder is None else Library(Path(folder))

    def _runner(self, writer: LedgerWriter, library: Library | None) -> Runner:
        work = Work(
            writer,
            self.clients,
            self.batch.folder,
            told(self.options.get("on_event")),
            attempts=self.options.get("attempts", 3),
            eager=bool(self.options.get("eager", False)),
            library=library,
        )
        return Runner(writer, self.clients, work, concurrency=self.options.get("concurrency", 16))

    async def _set_caps(self, writer: LedgerWriter) -> None:
        limits: tuple[tuple[Currency, float | None], ...] = (
            ("credits", self.options.get("max_credits")),
            ("usd", self.options.get("max_usd")),
        )

        def set_caps(connection: Connection, _: float) -> None:
            for currency, limit in limits:
                if limit is not None:
                    ledger.set_cap(connection, currency, ledger.amount(limit))

        await writer.write(set_caps)

    async def _plan(self, writer: LedgerWriter, *, whole: bool) -> None:
        """Check what no client has checked yet, all of it before anything is sent, and ask what it costs.

        With `whole` there has to be a client for every item; otherwise others have those that are missing here.
        """
        left = await writer.write(lambda connection, _: ledger.services_left(connection))
        missing = [name for name in left if name not in self.clients]
        if missing and whole:
            raise InvalidRequestError(f"client: there are items of {', '.join(missing)}: give a client of it, too")
        planner, mistakes = Planner(self.clients, Hashes()), Mistakes(f"the ledger {self.batch.ledger.place}")
        found: list[tuple[int, str, str, str]] = []
        page = await writer.write(partial(_unplanned, 0))
        while page:
            for entry in page:
                if entry.item.service not in self.clients:
                    continue
                try:
                    each = planner.check(entry.item)
                except InvalidRequestError as error:
                    mistakes.add(entry.item, error.message)
                else:
                    found.append((entry.seq, entry.item.definition, each.fingerprint, each.price_key))
            page = await writer.write(partial(_unplanned, page[-1].seq))
        mistakes.raise_any()
        if not found:
            return
        await planner.ask()
        await writer.write(lambda connection, _: _refuse_unpriced(connection, planner.unpriced()))

        def record(connection: Connection, now: float) -> None:
            for seq, definition, fingerprint, key in found:
                if planner.quotes[key].problem is not None:  # the next run asks again
                    continue
                currency, price = planner.price_of(key)
                ledger.plan(connection, seq, definition, fingerprint, currency, price, now)

        await writer.write(record)


def _unplanned(after: int, connection: Connection, _: float) -> list[Entry]:
    return ledger.unplanned(connection, after)


def _refuse_unpriced(connection: Connection, quotes: list[Quote]) -> None:
    if quotes and ledger.capped(connection):
        first = quotes[0]
        raise CostLimitError(
            f"{'1 item' if first.count == 1 else f'{first.count} items'} ({first.label} at {first.service}) "
            f"{'has' if first.count == 1 else 'have'} no price"
            f"{'' if first.problem is None else f' ({first.problem})'}, so that a cap cannot hold; nothing was sent"
        )


__all__ = ["Batch"]

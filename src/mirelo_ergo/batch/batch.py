"""The class `Batch`: a ledger of items, and the folder of their results."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Coroutine, Iterable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, Unpack, overload

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

from ..errors import InvalidRequestError
from ..services import service_of
from . import ledger
from .checking import Checker, Mistakes, checked, sent_already
from .clients import connect
from .cluster import WorkerOptions
from .errors import LedgerError
from .events import Event, Step, Summary
from .items import Item
from .ledger import Added, Entry, Ledger, NewItem, State, open_ledger
from .loop_thread import AsyncResults, Results, drive
from .runner import Runner
from .spool import Spool
from .starting import Run, RunOptions
from .summary import summary_of, write_results
from .workers import release_dead

Client = MireloClient | PixazoClient | SyncSoClient | InferenceClient
AsyncClient = AsyncMireloClient | AsyncPixazoClient | AsyncSyncSoClient | AsyncInferenceClient

_ENDS = ("succeeded", "failed", "refused", "unknown")
REPORT = "report.html"


class Batch:
    """Many items and one ledger. Any number of processes may run it at once; each run continues from its state.

    `folder` is the folder of the results. Close the batch, or use it in a with-block.
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

        Args: ledger: A path such as "sfx.db", or a URL such as "postgresql+psycopg://user@host/database". folder: The
        folder for the results, which is created. None: the ledger's own folder, for a URL the current one. create:
        Create the ledger if there is none.
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

    def add(self, items: Iterable[Item], *, base: str | os.PathLike[str] = ".", sheet: str | None = None) -> Added:
        """Add items. Existing ones are unchanged. Sends nothing.

        Ids, names, operations and arguments of all items are checked before one is added. Limits and files are checked
        by the first run, with its clients, before it sends anything.

        Args:
            items: Any number of items. While they are checked they are stored on disk, not in memory.
            base: The folder for relative paths in them.
            sheet: A name for these items, if they are all rows of one list. Planned items that came from it, and have
                left it since, are then removed: no run and no worker sends them, until they are added again.

        Raises:
            ManifestError: An item is wrong, or was changed although it is running or paid. None was added.
        """
        mistakes = Mistakes("the items")
        with Spool() as spool:
            for item in checked(items, Checker(mistakes, Path(base))):
                spool.write(item)
            mistakes.raise_any()
            return self.put((NewItem(item) for (item,) in spool.read()), mistakes, sheet)

    def put(self, new: Iterable[NewItem], mistakes: Mistakes, sheet: str | None = None) -> Added:
        """Add checked items, as `add`; raises `ManifestError` if one was changed although it is running or paid."""
        with self.ledger.write() as connection:
            added = ledger.add(connection, new, ledger.now(connection), sheet)
            for item in added.conflicts:
                entry = ledger.read_item(connection, item.id)
                mistakes.add(item, sent_already(entry.item if entry else item, item))
            mistakes.raise_any()
            return added

    def items(self, state: State | None = None) -> Iterator[Entry]:
        """Yield the items in their order, with their states and results; only those in `state` if it is given."""
        with self.ledger.read() as connection:
            yield from ledger.read_items(connection, state)

    def services(self, only: Collection[str] | None = None) -> list[str]:
        """Return the services of the items that are not finished. A run with this `only` needs a client of each."""
        with self.ledger.read() as connection:
            without = () if only is None else ledger.left_out(connection, only)
            return ledger.services_left(connection, without=without)

    def summary(self, stopped: str | None = None) -> Summary:
        """Return the number of items in each state, and the money. Sends nothing."""
        return summary_of(self.ledger, stopped)

    def resolve(self, item_id: str, *, resubmit: bool = False, token: str | None = None, drop: bool = False) -> Entry:
        """Decide about an item whose outcome is unknown, or give up one that has not ended. Look at the account first.

        Args:
            item_id: The item.
            resubmit: It was not accepted, or it failed: send it as a new request. Its earlier cost still counts.
            token: It was accepted, and this is its job's token; also for one that is submitted with a wrong token.
            drop: Give it up. It counts as failed, and its possible cost as paid.
        """
        if resubmit + (token is not None) + drop != 1:
            raise InvalidRequestError("resolve: give one of resubmit, token and drop")
        with self.ledger.write() as connection:
            if ledger.read_item(connection, item_id) is None:
                raise InvalidRequestError(
                    f"there is no item {item_id[:60]!r} in the ledger {self.ledger.place}", field="id"
                )
            release_dead(connection)
            now = ledger.now(connection)
            if token is not None:
                return ledger.use_token(connection, item_id, token, now, service=service_of(token))
            return (ledger.resubmit if resubmit else ledger.drop)(connection, item_id, now)

    def give_up(self) -> list[Entry]:
        """Give up all items that are under way or unknown, and return them: as `resolve(id, drop=True)` does for one.

        For jobs that are out of reach for good, such as those of an emulator that has ended. Raises
        `InvalidRequestError`, and changes nothing, while a worker holds one of them.
        """
        with self.ledger.write() as connection:
            release_dead(connection)
            return ledger.drop_all(connection, ledger.now(connection))

    # --- running ----------------------------------------------------------------------------------------------------

    @overload
    def run(self, *clients: AsyncClient, **options: Unpack[RunOptions]) -> Coroutine[Any, Any, Summary]: ...
    @overload
    def run(self, *clients: Client, **options: Unpack[RunOptions]) -> Summary: ...
    def run(self, *clients: Any, **options: Unpack[RunOptions]) -> Summary | Coroutine[Any, Any, Summary]:
        """Make all items that are not finished, and return a summary. With async clients, await it.

        When cancelled (Ctrl-C) it records the running items, and the next run continues. A second Ctrl-C ends it at
        once, also without losing anything.

        Args:
            clients: One client for each service of the items, all sync or all async.
            options: The options of `RunOptions`.

        Raises:
            ConfigurationError: `results.jsonl` in the folder is a file of somebody else's. Nothing was sent.
            ManifestError: An item is outside its limits, or a file is missing. Nothing was sent.
            CostLimitError: There is a cap, and the price of an item is not known. Nothing was sent.
            MireloError: The batch cannot continue: a wrong key, no credits, a full disk.
        """
        connected = connect(clients)
        make = Run(self.ledger, self.folder, clients, options).run
        return make() if next(iter(connected.values())).is_async else drive(make)

    @overload
    def results(self, *clients: AsyncClient, **options: Unpack[RunOptions]) -> AsyncResults[Entry]: ...
    @overload
    def results(self, *clients: Client, **options: Unpack[RunOptions]) -> Results[Entry]: ...
    def results(self, *clients: Any, **options: Unpack[RunOptions]) -> Results[Entry] | AsyncResults[Entry]:
        """Run as `run` does, with the same arguments, and return an iterator over the items as they end."""
        connected = connect(clients)

        def run(take: Callable[[Entry], None]) -> Coroutine[Any, Any, Summary]:
            before = options.get("on_event")

            def on_event(event: Event) -> None:
                if before is not None:
                    before(event)
                if event.step in _ENDS:
                    take(event.entry)

            with_events: RunOptions = {**options, "on_event": on_event}
            return Run(self.ledger, self.folder, clients, with_events).run()

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
        """Process one item as far as possible, for queues. It may be called repeatedly and concurrently on any machine.

        Return the last step; None if the item has ended, another worker has it, or a person has to decide.
        """
        connected = connect(clients)

        async def make() -> Step | None:
            return await Run(self.ledger, self.folder, clients, options).run_item(item_id)

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
        """Join the workers of a ledger on PostgreSQL, from any machine, and return a summary when all items are done.

        The items of a worker that dies are taken over within a minute, and a restart of the database is waited for.
        When cancelled it ends as `run` does. With async clients, await it.

        Args:
            clients: One client for each service whose items this machine makes, all sync or all async.
            stay: Wait for new items when all are done.
            on_trouble: Called with a message when the database does not answer; the worker tries again.
            options: The options of `RunOptions`.

        Raises:
            LedgerError: The ledger is not on PostgreSQL, or the extra `cluster` is not installed.
            MireloError: As in `run`.
        """
        connected = connect(clients)
        member: WorkerOptions = {"stay": stay, "on_trouble": on_trouble}

        def make() -> Coroutine[Any, Any, Summary]:
            return Run(self.ledger, self.folder, clients, options).run(member)

        return make() if next(iter(connected.values())).is_async else drive(make)

    def worker(self, *clients: AsyncClient, **options: Unpack[RunOptions]) -> AbstractAsyncContextManager[Runner]:
        """Return a worker for queues, for `async with batch.worker(client) as worker`.

        `await worker.run_item(id)` processes one item, any number of them concurrently; see `run_item`.
        """
        return Run(self.ledger, self.folder, clients, options).working()

    def write_results(self) -> Path:
        """Write `results.jsonl` beside the results, with one `Entry.to_dict()` per line, and return its path.

        An older list is replaced; raises `ConfigurationError` if the file is something else.
        """
        return write_results(self.ledger, self.folder)

    def write_report(self, path: str | os.PathLike[str] | None = None) -> Path:
        """Write an HTML file that shows and plays every item, and return its path.

        It plays the results from their folder and needs nothing else. An older report is replaced; raises
        `ConfigurationError` if the path is another file.

        Args:
            path: The path of the report; None: `report.html` in the folder of the results.
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


__all__ = ["Batch"]

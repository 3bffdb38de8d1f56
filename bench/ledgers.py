"""What a batch's ledger costs: on SQLite and on PostgreSQL, item by item and with many at once, and by the queue."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import attrs
from sqlalchemy import Connection

from bench.figures import Figure, Group, median, ms
from mirelo_ergo.batch import Item, SavedFile, ledger
from mirelo_ergo.batch.engine import Engine, Pace
from mirelo_ergo.batch.ledger import MILLION, Entry, Ledger, NewItem
from mirelo_ergo.batch.writer import LedgerWriter
from scripts import system_packages
from tests.support.postgres import postgres

AT_ONCE = 64
"""Items under way at once, as in a worker with `--concurrency 64`."""
FILE = SavedFile("rain.wav", 400_000, "0" * 64)
Write = Callable[[Callable[[Connection, float], Any]], Awaitable[Any]]


@attrs.frozen
class Cost:
    """Seconds per item: by the clock on the wall, and of this process's CPU."""

    wall: float
    cpu: float


def measure(quick: bool) -> Group:
    """Take items through their four transactions: claimed, intended, submitted, succeeded."""
    rounds, alone, together = (1, 20, 200) if quick else (3, 100, 1_000)
    figures: list[Figure] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        places: dict[str, Callable[[], str]] = {"SQLite": lambda: str(folder / f"{time.monotonic_ns()}.db")}
        if system_packages.find("postgresql") is not None:
            places["PostgreSQL"] = stack.enter_context(postgres(durable=True)).fresh_database
        for name, place in places.items():
            one = [_run(place(), alone, 1) for _ in range(rounds)]
            many = [_run(place(), together, AT_ONCE) for _ in range(rounds)]
            figures.append(_figure(f"{name}, one item at a time", one))
            figures.append(_figure(f"{name}, {AT_ONCE} at once", many))
        if "PostgreSQL" in places:
            queued = [_run(places["PostgreSQL"](), together, AT_ONCE, through=_deliver) for _ in range(rounds)]
            figures.append(_figure(f"PostgreSQL, {AT_ONCE} at once, delivered by the queue", queued))
    return Group(
        "A batch's ledger",
        f"Items that nothing is made of: claimed, intended under a cap, submitted and succeeded, each recorded by a "
        f"commit that waits for the disk. {together:,} items, {alone} where one comes after the other; medians of "
        f"{rounds}. Wall time per item, and this process's CPU. PostgreSQL is on the same machine.",
        figures,
    )


def _figure(what: str, costs: list[Cost]) -> Figure:
    wall, cpu = median(cost.wall for cost in costs), median(cost.cpu for cost in costs)
    return Figure(f"{what}: wall, CPU per item", f"{ms(wall)}, {ms(cpu)}")


Through = Callable[[Ledger, Callable[[str], Awaitable[None]], list[str], int], Awaitable[None]]


async def _side_by_side(book: Ledger, run: Callable[[str], Awaitable[None]], ids: list[str], at_once: int) -> None:
    left = iter(ids)

    async def worker() -> None:
        for item in left:
            await run(item)

    await asyncio.gather(*(worker() for _ in range(at_once)))


async def _deliver(book: Ledger, run: Callable[[str], Awaitable[None]], ids: list[str], at_once: int) -> None:
    async def free(limit: int) -> list[str]:
        with book.read() as connection:
            return ledger.claimable(connection, ledger.now(connection), limit=limit)

    async def more() -> bool:
        with book.read() as connection:
            return ledger.pending(connection) > 0

    await Engine(book, run, free, more, concurrency=at_once, pace=Pace(tend_s=0.2)).work()


def _run(place: str, count: int, at_once: int, through: Through = _side_by_side) -> Cost:
    """Take so many items through a new ledger, and return what one costs."""
    with ledger.open_ledger(place) as book:
        ids = [f"i{number}" for number in range(count)]
        with book.write() as connection:
            rain = {"prompt": "rain", "duration_ms": 1000}
            new = (NewItem(Item(name, "text_to_sfx", rain), "f", "credits", 10 * MILLION) for name in ids)
            ledger.add(connection, new, ledger.now(connection))
            ledger.set_cap(connection, "credits", count * 10 * MILLION)
        writer = LedgerWriter(book)

        async def run(item: str) -> None:
            await _whole(writer.write, item)

        began, cpu = time.monotonic(), time.process_time()
        asyncio.run(through(book, run, ids, at_once))  # type: ignore[arg-type]  # it is a coroutine
        cost = Cost((time.monotonic() - began) / count, (time.process_time() - cpu) / count)
        writer.close()
        with book.read() as connection:
            assert ledger.counts(connection)["succeeded"] == count
    return cost


async def _whole(write: Write, item: str) -> None:
    entry: Entry | None = await write(lambda connection, now: ledger.claim_item(connection, item, "w", now))
    if entry is None:
        return
    held = entry
    held = await write(lambda connection, now: ledger.intend(connection, held, now, fingerprint="f", key=None))
    held = await write(
        lambda connection, now: ledger.submitted(connection, held, now, token="t", due_at=now, expires_at=None)
    )
    await write(lambda connection, now: ledger.succeeded(connection, held, now, [FILE]))

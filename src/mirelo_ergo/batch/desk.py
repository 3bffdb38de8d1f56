"""All of one process's dealings with its ledger: from one thread, as many in one transaction as are waiting."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any, Final, TypeVar

import attrs
from sqlalchemy import Connection

from ..errors import MireloError
from .errors import LedgerError
from .ledger import Ledger, now

T = TypeVar("T")
MOST: Final = 200
"""Orders in one transaction: one commit, and one sync of the disk, for all of them."""


@attrs.frozen(eq=False)
class _Order:
    work: Callable[[Connection, float], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]


class Desk:
    """Where a process's tasks hand in what is to be written. What `write` has returned is committed."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._orders: queue.SimpleQueue[_Order | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, daemon=True, name="mirelo-batch-ledger")
        self._thread.start()

    async def write(self, work: Callable[[Connection, float], T]) -> T:
        """Do one piece of work within a transaction, and return its result once that is committed.

        The work gets the connection and the time. It is done to its end even if nobody waits for it any more. What it
        raises undoes what it wrote, and nothing else. Raises `LedgerError` when the database fails.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._orders.put(_Order(work, loop, future))
        return await future

    def close(self) -> None:
        """End the thread, after what was handed in."""
        self._orders.put(None)
        self._thread.join()

    def _serve(self) -> None:
        while True:
            first = self._orders.get()
            orders = [first]
            while first is not None and len(orders) < MOST:
                try:
                    orders.append(self._orders.get_nowait())
                except queue.Empty:
                    break
            waiting = [order for order in orders if order is not None]
            if waiting:
                self._carry_out(waiting)
            if len(waiting) < len(orders):
                return

    def _carry_out(self, orders: list[_Order]) -> None:
        outcomes: list[tuple[Any, BaseException | None]] = []
        try:
            with self.ledger.write() as connection:
                moment = now(connection)
                outcomes = [_attempt(connection, moment, order) for order in orders]
        except MireloError as error:
            outcomes = [(None, error)] * len(orders)
        except Exception as error:
            trouble = LedgerError(f"the ledger {self.ledger.place} cannot be used: {error}")
            trouble.__cause__ = error
            outcomes = [(None, trouble)] * len(orders)
        for order, outcome in zip(orders, outcomes, strict=True):
            try:
                order.loop.call_soon_threadsafe(_settle, order.future, *outcome)
            except RuntimeError:  # its loop has ended; what was written stays written
                continue


def _attempt(connection: Connection, moment: float, order: _Order) -> tuple[Any, BaseException | None]:
    try:
        with connection.begin_nested():
            return order.work(connection, moment), None
    except MireloError as error:
        return None, error


def _settle(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)

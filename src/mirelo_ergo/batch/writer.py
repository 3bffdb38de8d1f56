"""All of one process's dealings with its ledger: from one thread, as many in one transaction as are waiting."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
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
PATIENCE_S: Final = 60.0
"""Seconds for which a database that does not answer is waited for, as while it is restarted."""
_PAUSE_S: Final = 0.25


@attrs.frozen(eq=False)
class _PendingWrite:
    work: Callable[[Connection, float], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]

    def settle(self, result: Any, error: BaseException | None) -> None:
        """Hand out what came of it, where somebody still waits."""
        with contextlib.suppress(RuntimeError):  # its loop has ended; what was written stays written
            self.loop.call_soon_threadsafe(self._hand_out, result, error)

    def _hand_out(self, result: Any, error: BaseException | None) -> None:
        if self.future.done():
            return
        if error is not None:
            self.future.set_exception(error)
        else:
            self.future.set_result(result)


class LedgerWriter:
    """Where a process's tasks hand in what is to be written. What `write` has returned is committed."""

    def __init__(self, ledger: Ledger, patience_s: float = PATIENCE_S) -> None:
        self.ledger = ledger
        self._patience_s = patience_s
        self._closing = threading.Event()
        self._writes: queue.SimpleQueue[_PendingWrite | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, daemon=True, name="mirelo-batch-ledger")
        self._thread.start()

    async def write(self, work: Callable[[Connection, float], T]) -> T:
        """Do one piece of work within a transaction, and return its result once that is committed.

        The work gets the connection and the time. It is done to its end even if nobody waits for it any more. What it
        raises undoes what it wrote, and nothing else. It is repeated where the database did not answer, so it has to
        bear that its first time was committed all the same. Raises `LedgerError` when the database fails,
        and after `close`.
        """
        if self._closing.is_set():
            raise LedgerError(f"the ledger {self.ledger.place} was closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._writes.put(_PendingWrite(work, loop, future))
        return await future

    def close(self) -> None:
        """End the thread, after what was handed in; a database that is away is waited for no longer."""
        self._closing.set()
        self._writes.put(None)
        self._thread.join()

    def _serve(self) -> None:
        while True:
            first = self._writes.get()
            writes = [first]
            while first is not None and len(writes) < MOST:
                try:
                    writes.append(self._writes.get_nowait())
                except queue.Empty:
                    break
            waiting = [write for write in writes if write is not None]
            if waiting:
                self._carry_out(waiting)
            if len(waiting) < len(writes):
                return

    def _carry_out(self, writes: list[_PendingWrite]) -> None:
        until = time.monotonic() + self._patience_s
        while (trouble := self._transaction(writes)) is not None:
            if not trouble.away or time.monotonic() >= until or self._closing.wait(_PAUSE_S):
                for write in writes:
                    write.settle(None, trouble)
                return

    def _transaction(self, writes: list[_PendingWrite]) -> LedgerError | None:
        """Carry out writes in one transaction, and hand out what they gave; returns what failed as a whole."""
        try:
            with self.ledger.write() as connection:
                moment = now(connection)
                outcomes = [_attempt(connection, moment, write) for write in writes]
        except LedgerError as error:
            return error
        except Exception as error:
            trouble = LedgerError(f"the ledger {self.ledger.place} cannot be used: {error}")
            trouble.__cause__ = error
            return trouble
        for write, outcome in zip(writes, outcomes, strict=True):
            write.settle(*outcome)
        return None


def _attempt(connection: Connection, moment: float, write: _PendingWrite) -> tuple[Any, BaseException | None]:
    try:
        with connection.begin_nested():
            return write.work(connection, moment), None
    except MireloError as error:
        return None, error

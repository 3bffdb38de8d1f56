"""The writes of one process to its ledger, in one thread: all waiting writes share a transaction (group commit)."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

import attrs
from sqlalchemy import Connection

from .._threads import Flag, start_thread
from ..errors import MireloError
from .errors import LedgerError
from .ledger import Ledger, now

T = TypeVar("T")
MOST: Final = 200
"""The most writes in one transaction, which share one commit and one sync of the disk."""
PATIENCE_S: Final = 60.0
"""Seconds to wait for a database that does not answer, for example during a restart."""
_PAUSE_S: Final = 0.25


@attrs.frozen(eq=False)
class _PendingWrite:
    work: Callable[[Connection, float], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]

    def settle(self, result: Any, error: BaseException | None) -> None:
        """Pass the result to the waiting task, if it still waits."""
        with contextlib.suppress(RuntimeError):  # its loop has ended; the write itself is committed
            self.loop.call_soon_threadsafe(self._hand_out, result, error)

    def _hand_out(self, result: Any, error: BaseException | None) -> None:
        if self.future.done():
            return
        if error is not None:
            self.future.set_exception(error)
        else:
            self.future.set_result(result)


class LedgerWriter:
    """The queue of a process's writes to its ledger. When `write` returns, its work is committed."""

    def __init__(self, ledger: Ledger, patience_s: float = PATIENCE_S) -> None:
        self.ledger = ledger
        self._patience_s = patience_s
        self._closing, self._over = Flag(), Flag()
        self._writes: queue.SimpleQueue[_PendingWrite | None] = queue.SimpleQueue()
        start_thread(self._run)

    async def write(self, work: Callable[[Connection, float], T]) -> T:
        """Run `work` within a transaction, and return its result once that is committed.

        `work` is called with the connection and the time. It is finished even if the caller is cancelled. An exception
        of it undoes its own writes only. If the database does not answer it is repeated, although its first run may
        have been committed, so it must be idempotent. Raises `LedgerError` if the database fails, and after `close`.
        """
        if self._closing.is_set():
            raise LedgerError(f"the ledger {self.ledger.place} was closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._writes.put(_PendingWrite(work, loop, future))
        return await future

    def close(self) -> None:
        """End the thread after the waiting writes, without waiting for a database that does not answer."""
        self._closing.set()
        self._writes.put(None)
        self._over.wait()

    def _run(self) -> None:
        try:
            self._serve()
        finally:
            self._over.set()

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
        """Run writes in one transaction, and pass on their results; return the error if the transaction failed."""
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

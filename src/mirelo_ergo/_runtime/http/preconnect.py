"""The next submit's connection, opened in advance, because name look-up, TCP and TLS take several round trips.

A submit uses it only if it is fresh: opened a few seconds ago, still open, and without a single byte received.
Otherwise the submit opens its own connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from .http11 import Http11
    from .network import Background, Network

FRESH: Final = 4.0
"""Seconds after its opening in which a submit may use it: servers close silent connections, some after 5 s."""
PATIENCE: Final = 1.0
"""Seconds that a submit waits for a connection that is being opened, and that `end` waits for it to stop."""


class Preconnection:
    """One unused connection, for at most one submit."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._work: Background | None = None
        self._connection: Http11 | None = None
        self._until = network.now() + PATIENCE + FRESH
        self._stopped = False

    def start(self, dial: Callable[[], Coroutine[None, None, Http11]]) -> None:
        """Begin to open the connection. A failure is ignored: the submit's own connection will fail the same way."""
        try:
            self._work = self._network.in_background(lambda: self._open(dial))
        except RuntimeError:  # no thread can be started
            self.stop()

    async def _open(self, dial: Callable[[], Coroutine[None, None, Http11]]) -> None:
        try:
            self._connection = await dial()
        except Exception:  # the submit's own attempt reports it
            return
        self._until = self._network.now() + FRESH
        if self._stopped:
            self._drop()

    def is_usable(self) -> bool:
        """Return whether it is recent enough for a submit."""
        return not self._stopped and self._network.now() < self._until

    async def take(self, seconds: float) -> Http11 | None:
        """Return the connection if it is open within that time and unused; otherwise close it and return None."""
        try:
            opened = self._work is not None and await self._work.wait(min(seconds, PATIENCE))
        except BaseException:
            self.stop()
            raise
        connection, self._connection = self._connection, None
        if opened and connection is not None and self.is_usable() and connection.is_clean():
            return connection
        if connection is not None:
            connection.close()
        self.stop()
        return None

    def stop(self) -> None:
        """Close the connection, now or as soon as it is open."""
        self._stopped = True
        if self._work is not None:
            self._work.stop()
        self._drop()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    async def end(self) -> None:
        """Close the connection, and wait a moment for the task that opens it."""
        self.stop()
        if self._work is not None:
            await self._work.wait(PATIENCE)

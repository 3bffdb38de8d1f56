"""The connection of the next submit, opened while something else goes on: names, TCP and TLS take several round trips.

A submit takes it only if it is proved unused: opened lately, open still, and not one byte has come on it. Otherwise the
submit opens its own, as if there had been none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from .http11 import Http11
    from .network import Background, Network

FRESH: Final = 4.0
"""Seconds after its opening in which a submit may take it: servers close silent connections, some after 5 s."""
PATIENCE: Final = 1.0
"""Seconds that a submit waits for one that is being opened, and `close` for its end."""


class Preconnection:
    """One connection that nothing was sent on; used by one submit at most."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._work: Background | None = None
        self._connection: Http11 | None = None
        self._until = network.now() + PATIENCE + FRESH
        self._stopped = False

    def start(self, dial: Callable[[], Coroutine[None, None, Http11]]) -> None:
        """Begin to open it. A failure is nobody's: the submit meets the same one, and tells it."""
        try:
            self._work = self._network.in_background(lambda: self._open(dial))
        except RuntimeError:  # there is no thread to be had
            self.stop()

    async def _open(self, dial: Callable[[], Coroutine[None, None, Http11]]) -> None:
        try:
            self._connection = await dial()
        except Exception:  # whatever it is, the submit's own attempt tells it
            return
        self._until = self._network.now() + FRESH
        if self._stopped:
            self._drop()

    def is_usable(self) -> bool:
        """Whether a submit may still take it, as far as the time tells."""
        return not self._stopped and self._network.now() < self._until

    async def take(self, seconds: float) -> Http11 | None:
        """Return the connection if it is there within that time and proved unused, and close it otherwise."""
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
        """Close it, now or as soon as it is open."""
        self._stopped = True
        if self._work is not None:
            self._work.stop()
        self._drop()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    async def end(self) -> None:
        """Close it, and wait a moment until what was opening it has ended."""
        self.stop()
        if self._work is not None:
            await self._work.wait(PATIENCE)

"""The connection pool of one client.

An idle connection is kept only while nothing arrives on it: whatever does would be taken for the answer to the next
request (httpcore#1035). A paid submit gets a new connection, which may have been opened in advance (`preconnect.py`).
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Final, Literal

from ..io.mutex import mutex_of
from ..io.sent import SentTracker
from .failures import WireFailure
from .http11 import Http11
from .preconnect import FRESH, Preconnection

if TYPE_CHECKING:
    from .dialing import Dialer, Route
    from .network import AttemptTimeouts, ConnectionSlots, Network

Purpose = Literal["main", "submit", "external"]
MOST_IN_USE: Final = 100
"""The most connections of one purpose in use at once; further requests wait."""
MOST_IDLE: Final = 32
WORTH: Final = 0.02
"""Preconnecting is used if opening a connection takes at least these seconds: on loopback it is not worth it."""
IDLE: Final = 30.0
"""Seconds after which an idle connection to the API is closed."""
IDLE_EXTERNAL: Final = 5.0


class Connections:
    """The connections of a client. Threads may share it; a Ctrl-C does not leave its lock taken (see `mutex_of`)."""

    def __init__(self, dialer: Dialer, network: Network) -> None:
        self._dialer = dialer
        self._network = network
        self._places: dict[Purpose, ConnectionSlots] = {
            "main": network.connection_slots(MOST_IN_USE),
            "submit": network.connection_slots(MOST_IN_USE),
            "external": network.connection_slots(MOST_IN_USE),
        }
        self._idle: list[Http11] = []  # the most recently used connection is the last
        self._mutex = mutex_of(self)
        self._preconnected: Preconnection | None = None
        self._opening_took: dict[Route, float] = {}
        self._submitted_at = -inf
        self._closed = False

    async def open(self, route: Route, purpose: Purpose, waits: AttemptTimeouts, sent: SentTracker) -> Http11:
        """Return a connection for one request; it is not shared until it is given back."""
        place = await self._places[purpose].take(waits.free())
        if place is None:
            raise WireFailure("pool", "no connection was free in time")
        connection = await self._take_preconnected(route, waits) if purpose == "submit" else self._take_idle(route)
        if connection is None:
            connection = await self._dial(route, waits, sent)
            if not connection.is_clean():
                connection.close()
                raise WireFailure("connect", "the server said something, or hung up, before it was asked")
        connection.place = place
        return connection

    async def _dial(self, route: Route, waits: AttemptTimeouts, sent: SentTracker) -> Http11:
        began = self._network.now()
        connection = Http11(await self._dialer.open(route, waits, sent), route)
        if not route.external:
            took = self._network.now() - began
            self._opening_took[route] = min(took, self._opening_took.get(route, took))
        return connection

    # The next submit's connection, opened in advance.

    def follows_submit(self) -> bool:
        """Record a submit, and return whether it came soon after another, because then a third one is likely."""
        before, self._submitted_at = self._submitted_at, self._network.now()
        return self._submitted_at - before < FRESH

    def preconnect(self, route: Route, waits: AttemptTimeouts) -> None:
        """Begin to open the next submit's connection, if there is none and opening one takes noticeable time."""
        if self._opening_took.get(route, 0.0) < WORTH:
            return
        with self._mutex:
            old = self._preconnected
            if self._closed or (old is not None and old.is_usable()):
                return
            kept = self._preconnected = Preconnection(self._network)
        if old is not None:
            old.stop()
        kept.start(lambda: self._dial(route, waits, SentTracker()))

    async def _take_preconnected(self, route: Route, waits: AttemptTimeouts) -> Http11 | None:
        seconds = waits.connect()
        with self._mutex:
            kept, self._preconnected = self._preconnected, None
        connection = None if kept is None else await kept.take(seconds)
        if connection is not None and connection.route != route:
            connection.close()
            return None
        return connection

    def drop_preconnected(self) -> None:
        """Close the preconnection, because an interrupt may have hit it."""
        with self._mutex:
            kept, self._preconnected = self._preconnected, None
        if kept is not None:
            kept.stop()

    def _take_idle(self, route: Route) -> Http11 | None:
        now = self._network.now()
        for connection in reversed(tuple(self._idle)):
            if connection.route != route and connection.idle_until > now:
                continue
            try:
                self._idle.remove(connection)
            except ValueError:  # another thread has taken it
                continue
            if connection.route == route and connection.idle_until > now and connection.is_clean():
                return connection
            connection.close()
        return None

    def give_back(self, connection: Http11) -> None:
        """Take back a connection whose answer was read or abandoned: keep it idle for another request, or close it."""
        if not connection.rest():
            connection.close()
            return
        connection.place = None
        connection.idle_until = self._network.now() + (IDLE_EXTERNAL if connection.route.external else IDLE)
        self._idle.append(connection)
        if self._closed or len(self._idle) > MOST_IDLE:
            self._close_idle(0 if self._closed else MOST_IDLE)

    async def close(self) -> None:
        """Close the idle connections. Those in use are closed when their answers have been read."""
        self._closed = True
        self._close_idle(0)
        with self._mutex:
            kept, self._preconnected = self._preconnected, None
        if kept is not None:
            await kept.end()

    def _close_idle(self, keep: int) -> None:
        while len(self._idle) > keep:
            try:
                connection = self._idle.pop(0)
            except IndexError:  # another thread has taken it
                return
            connection.close()

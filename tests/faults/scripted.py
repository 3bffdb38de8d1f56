"""The time of the fault servers' scripts: a client on real sockets whose time-outs no slow machine can bring about.

Its clock moves by what it waited for in vain, by its own pauses, and by what the scripts stall or drip. A wait ends in
vain only when the far side's script has come to a step that says so: how fast this machine is changes nothing. A stall
that the test ends, and what leads to no fault server (a pipe), are waited for in real time.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from typing import TYPE_CHECKING, Any

from mirelo_ergo._runtime.api.retry import RetryBudget, SubmitThrottle
from tests.faults.connection import OPEN
from tests.faults.server import LIVE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mirelo_ergo._runtime.http.network import Watched

LOOK = 0.005
"""Real seconds between two looks at the far side."""
GUARD = 20.0
"""Real seconds after which a wait ends although no script says so."""


class ScriptTime:
    """The clock of one client, which also does the waiting for its network side."""

    def __init__(self) -> None:
        self._network: Any = None
        self._alarm: Any = None
        self._mutex = threading.Lock()
        self._passed = 0.0
        self._counted: dict[int, float] = {}

    def drive(self, client: Any) -> None:
        """Put a client on this clock, before its first call."""
        side, runtime = client._io, client._core.runtime
        if side.blocks:
            self._network, side.http._network = side.http._network, self
            side.http._start()
        else:
            self._network, side._network = side._network, self
        self._alarm = side.alarm
        side.now, side.sleep, side.alarm = self.now, self._pause if side.blocks else self._turn, self._clocked_alarm
        runtime.budget, runtime.download_budget = RetryBudget(self.now), RetryBudget(self.now)
        runtime.pace = SubmitThrottle(self.now)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._network, name)  # all else is done as the client's own network does it

    @property
    def passed(self) -> float:
        """The seconds that it has moved."""
        return self._passed

    def now(self) -> float:
        return 1000.0 + self._passed

    def move(self, seconds: float) -> None:
        with self._mutex:
            self._passed += seconds

    async def _pause(self, seconds: float) -> None:
        self.move(seconds)

    async def _turn(self, seconds: float) -> None:
        self.move(seconds)
        await asyncio.sleep(0)

    def _clocked_alarm(self) -> _Alarm:
        return _Alarm(self._alarm(), self)

    async def ready(self, reading: Sequence[Watched], writing: Sequence[Watched], seconds: float) -> bool:
        watched = {*reading, *writing}
        if seconds <= 0 or any(self._silence(each) is None for each in watched):
            came: bool = await self._network.ready(reading, writing, seconds)
            self.move(0.0 if came else max(0.0, seconds))
            return came
        began, silent = time.monotonic(), 0
        while silent < 2:  # what was sent before a stall has come by the second look
            took = time.monotonic() - began
            if took >= GUARD or (took >= seconds and all(map(_is_held, watched))):
                break
            if await self._network.ready(reading, writing, LOOK):
                self.move(max(map(self._settle, watched)))
                return True
            silent = silent + 1 if all((self._silence(each) or 0.0) > seconds for each in watched) else 0
        for port in map(_port, watched):
            self._counted[port] = self._counted.get(port, 0.0) + seconds
        self.move(seconds)
        return False

    def _silence(self, watched: Watched) -> float | None:
        """Return for how long the script of what is watched says that nothing comes; None if it has no script."""
        port, peer = _port(watched), _peer(watched)
        if not peer:  # a connection that is not there yet
            return math.inf if port and any(server.hangs for server in LIVE) else None
        if all(server.port != peer for server in LIVE):
            return None
        far = OPEN.get(port)
        return 0.0 if far is None or not far.stalling else far.stalled + far.stalling - self._counted.get(port, 0.0)

    def _settle(self, watched: Watched) -> float:
        """Return the seconds that its script has stalled and the clock has not counted, and count them."""
        port = _port(watched)
        far = OPEN.get(port)
        uncounted = 0.0 if far is None else max(0.0, far.stalled - self._counted.get(port, 0.0))
        self._counted[port] = self._counted.get(port, 0.0) + uncounted
        return uncounted


def _port(watched: Watched) -> int:
    return 0 if isinstance(watched, int) else int(watched.getsockname()[1])


def _is_held(watched: Watched) -> bool:
    far = OPEN.get(_port(watched))
    return far is not None and far.held


def _peer(watched: Watched) -> int:
    """Return the port that a socket is connected to, 0 if it is not."""
    try:
        return 0 if isinstance(watched, int) else int(watched.getpeername()[1])
    except OSError:
        return 0


class _Alarm:
    """An alarm of the client's own, whose waits in vain move the clock."""

    def __init__(self, alarm: Any, clock: ScriptTime) -> None:
        self._own = alarm
        self._clock = clock

    def notify(self) -> None:
        self._own.notify()

    async def wait(self, seconds: float) -> bool:
        rung: bool = await self._own.wait(seconds)
        self._clock.move(0.0 if rung else seconds)
        return rung

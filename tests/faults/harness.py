"""One test, both faces: a row is written once, and runs with the sync and with the async client.

    def test_fault_33(face: Face) -> None:
        with FaultServer([api_error(503, "server_error"), me()]) as server, face.promise(deadline=2.0):
            client = face.open(server.url)
            assert face.do(client.me()).credits_available == 1000

`promise` holds what docs/reliability.md asks of every row: no secret in any log, repr, exception or traceback, an end
within the deadline + 250 ms of the client's own time. The folder's autouse fixture holds the rest: no socket, thread,
descriptor or temp file left.
"""

from __future__ import annotations

import asyncio
import io
import logging
import time
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import attrs
import pytest

import mirelo_ergo
from mirelo_ergo import MireloError
from tests.faults.scripted import ScriptTime
from tests.faults.server import FaultServer
from tests.faults.virtual import VirtualServer, Wires
from tests.support.virtual import put_under

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mirelo_ergo._runtime.io.deadline import Timing
    from tests.faults.server import Scenario

KEY = "sk-secret-4f1c9d77"
SIGNATURE = "X-Signature=geheim-77aa31"
"""Part of every pre-signed URL that a row hands out: as secret as the key."""
SLACK = 0.25
GUARD = 60.0
"""Seconds of real time that a row may take beyond its deadline, however slow the machine is."""


in_real_time = pytest.mark.parametrize("face", ["sync-sockets", "async-sockets"], indirect=True)
"""Run a row in real time, for one that is about what happens while a client waits."""


class Face:
    """The client's colour in one test. `do` finishes what a call began, `each` collects what it iterates.

    On "scripted" sockets its time is that of the servers' scripts (see `ScriptTime`), on "sockets" it is the real one.
    """

    def __init__(
        self, colour: Literal["sync", "async"], wire: Literal["scripted", "sockets", "virtual"] = "scripted"
    ) -> None:
        self.colour = colour
        self._wires: list[Wires | ScriptTime] = []
        self._real_time = wire == "sockets"
        self._servers: dict[str, VirtualServer] | None = {} if wire == "virtual" else None
        self._loop = asyncio.new_event_loop() if colour == "async" else None
        self._clients: list[Any] = []
        self._log = io.StringIO()
        self.errors: list[BaseException] = []

    def server(self, scenario: Scenario = ()) -> FaultServer | VirtualServer:
        """Make a server that plays a scenario, on sockets or on the virtual IO."""
        if self._servers is None:
            return FaultServer(scenario)
        server = VirtualServer(scenario)
        return self._servers.setdefault(server.url, server)

    def open(
        self, url: str, *, timing: Timing | None = None, service: str = "Mirelo", of: Any = mirelo_ergo, **options: Any
    ) -> Any:
        """Make a client with a short backoff; `timing` replaces the socket time limits (see `Timing`).

        `of` is the module that has the service's clients.
        """
        cls: Any = getattr(of, f"{service}Client" if self.colour == "sync" else f"Async{service}Client")
        client = cls(KEY, base_url=url, **{"backoff_ms": 5, "timeout_ms": 5000, **options})
        if self._servers is not None:
            wires = Wires(url, self._servers)
            self._wires.append(wires)
            put_under(client, wires)
        elif not self._real_time:
            clock = ScriptTime()
            self._wires.append(clock)
            clock.drive(client)
        if timing is not None:
            client._core.runtime.timing = timing
            io_side = client._io
            settings = attrs.evolve(io_side.http.settings, timing=timing)
            io_side.http.settings = settings
            if self.colour == "async":
                io_side._settings = settings
        self._clients.append(client)
        return client

    def do(self, value: Any) -> Any:
        """Finish a call: await it if there is something to await."""
        if self._loop is None:
            return value
        return self._loop.run_until_complete(value) if asyncio.iscoroutine(value) else value

    def each(self, iterator: Any) -> list[Any]:
        """Collect what a job's `updates()`, or a list, gives."""
        if self._loop is None:
            return list(iterator)

        async def collect() -> list[Any]:
            return [item async for item in iterator]

        return self._loop.run_until_complete(collect())

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """Return the async face's loop, for rows about cancellation."""
        assert self._loop is not None, "the sync face has no loop"
        return self._loop

    def failing(self, call: Any, *args: Any, **options: Any) -> MireloError:
        """Make a call that must raise a `MireloError`, and return that error, its traceback checked for secrets."""
        try:
            result = self.do(call(*args, **options))
        except MireloError as error:
            self.errors.append(error)
            return error
        raise AssertionError(f"no error came, but {result!r}")

    @contextmanager
    def promise(self, deadline: float) -> Iterator[None]:
        """Hold the block to the deadline and its logs and errors to silence about secrets.

        The deadline, in seconds and with 250 ms more, is of the client's own time: what it waited for in vain, what it
        paused, and what the scripts stalled. Real time has only a guard: it depends on the machine.
        """
        handler = logging.StreamHandler(self._log)
        root = logging.getLogger()
        before = root.level
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        began, began_really = self.passed, time.monotonic()
        try:
            yield
        except BaseException as error:
            self.errors.append(error)
            raise
        finally:
            took, took_really = self.passed - began, time.monotonic() - began_really
            root.removeHandler(handler)
            root.setLevel(before)
            self._check_secrets()
        assert took <= deadline + SLACK, f"took {took:.3f} s, promised {deadline} s + {SLACK} s"
        assert took_really <= deadline + GUARD

    @property
    def passed(self) -> float:
        """The seconds of the clients' own time so far, all clients together; 0 in real time."""
        return sum(wires.passed for wires in self._wires)

    def wall(self) -> float:
        """Return the Unix time by the client's clock."""
        wires = self._wires[-1] if self._wires else None
        return wires.wall() if isinstance(wires, Wires) else time.time()

    def _check_secrets(self) -> None:
        texts = {"a log": self._log.getvalue()}
        for error in self.errors:
            trace = traceback.TracebackException.from_exception(error, capture_locals=True)
            ours = [
                frame for frame in trace.stack if "/tests/" not in frame.filename
            ]  # a test's locals hold what it made
            texts[f"the traceback of {error!r}"] = "".join(traceback.StackSummary.from_list(ours).format())
            texts[f"{type(error).__name__}"] = (
                f"{error!r} {error} {vars(error)} {error.__cause__!r} {error.__context__!r}"
            )
        texts["a repr"] = " ".join(repr(client) + repr(client._core) for client in self._clients)
        for where, text in texts.items():
            for secret in (KEY, SIGNATURE.partition("=")[2]):
                assert secret not in text, f"{secret} stands in {where}: {text}"

    def close(self) -> None:
        for client in self._clients:
            self.do(client.close() if self.colour == "sync" else client.aclose())
        if self._loop is not None:
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()

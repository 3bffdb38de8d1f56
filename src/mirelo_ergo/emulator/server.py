"""Run the emulator: in a thread of this process for tests, or until a signal for the command line."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
import random
import secrets
import signal
import socket
import threading
from concurrent.futures import wait
from typing import TYPE_CHECKING

import uvicorn

from mirelo_ergo.emulator import spec
from mirelo_ergo.emulator.app import Api
from mirelo_ergo.emulator.blobs import Blobs
from mirelo_ergo.emulator.clock import Clock
from mirelo_ergo.emulator.disk import Disk
from mirelo_ergo.emulator.signing import Signer
from mirelo_ergo.emulator.store import Asset, Charge, Store
from mirelo_ergo.emulator.studio import Studio
from mirelo_ergo.emulator.traffic import SeenRequest, Traffic
from mirelo_ergo.emulator.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import FrameType

STARTING_CREDITS = 10_000
START_SECONDS = 10.0
GRACE_SECONDS = 0.3
STOP_SECONDS = 10.0
RENDER_SECONDS = 30.0


class Emulator:
    """A running emulator: where it is, a key for it, and what has happened in it."""

    def __init__(self, *, host: str, port: int, speed: float, seed: int, starting_credits: int) -> None:
        if not (speed > 0 and math.isfinite(speed)):
            raise ValueError(f"speed is {speed!r}: it has to be a number above 0, 1 is real time")
        operations = spec.load()
        self.clock = Clock()
        draw = random.Random(seed)  # noqa: S311 - ids and durations, which have to come again; no secret
        self.key = f"sk-emulator-{draw.getrandbits(96):024x}"
        self._store = Store(clock=self.clock, random=draw, starting_credits=starting_credits)
        self._socket = _listen(host, port)
        bound = self._socket.getsockname()
        self.url = f"http://[{bound[0]}]:{bound[1]}" if ":" in bound[0] else f"http://{bound[0]}:{bound[1]}"
        self._disk = Disk()
        self._workers = Workers()
        self._studio = Studio(
            store=self._store,
            clock=self.clock,
            random=draw,
            workers=self._workers,
            disk=self._disk,
            seed=seed,
            speed=speed,
        )
        signer = Signer(secrets.token_bytes(32), self.clock)
        blobs = Blobs(store=self._store, signer=signer, disk=self._disk)
        api = Api(store=self._store, studio=self._studio, blobs=blobs, clock=self.clock)
        self._traffic = Traffic(api.app(operations), self.clock)
        self._server = _Server(
            uvicorn.Config(
                self._traffic,
                loop="asyncio",
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,  # Traffic writes it, from the emulator's clock
            )
        )
        self._thread = threading.Thread(target=self._run, name="mirelo-emulator", daemon=True)

    @property
    def charges(self) -> list[Charge]:
        """Every charge so far, oldest first; waits up to 30 s for the renderings of jobs whose time is over."""
        wait(self._store.due(), timeout=RENDER_SECONDS)
        return self._store.charges()

    @property
    def requests(self) -> list[SeenRequest]:
        """The last 10,000 requests as they arrived, oldest first."""
        return self._traffic.requests()

    def set_credits(self, amount: int, key: str | None = None) -> None:
        """Set the balance of a key, by default `Emulator.key`."""
        self._store.set_credits(self.key if key is None else key, amount)

    def fail_next(self, code: str, times: int = 1) -> None:
        """Make the next generations end with `server_error`, `generation_failed` or `generation_timeout`."""
        self._studio.fail_next(code, times)

    def asset(self, asset_id: str) -> Asset | None:
        """Return an asset with the size and sha256 of the bytes that were uploaded to it."""
        return self._store.asset(asset_id)

    def start(self) -> None:
        """Serve; return when the port answers."""
        self._thread.start()
        if not self._server.ready.wait(START_SECONDS):
            self.stop()
            raise RuntimeError(f"the emulator did not start within {START_SECONDS:.0f} s")

    def stop(self) -> None:
        """End every request, thread and socket, and remove the temporary folder; a second time does nothing."""
        self.clock.stop()
        self._workers.stop()
        self._server.stop()
        if self._thread.ident is not None:
            self._thread.join(STOP_SECONDS)
        self._socket.close()
        self._disk.remove()

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers and its ten looks a second: it starts, waits and ends on events."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._end: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def stop(self) -> None:
        """End serving, from any thread."""
        self.should_exit = True
        if self._loop is not None and self._end is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end.set)

    async def main_loop(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        self.ready.set()
        if not self.should_exit:  # or `stop` came before there was an event to set
            await self._end.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        # Requests under way may end; what is still open then, an upload or a stalled download, is cut.
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=GRACE_SECONDS)
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=GRACE_SECONDS)
        await asyncio.sleep(0)  # the loop closes the sockets in its next turn


@contextlib.contextmanager
def running(
    *,
    port: int = 0,
    host: str = "127.0.0.1",
    speed: float = 1.0,
    seed: int = 0,
    credits: int = STARTING_CREDITS,  # noqa: A002 - the field's word; the interactive greeting it hides is of no use here
) -> Iterator[Emulator]:
    """Run an emulator in a thread of its own; ready when the block begins, gone when it ends.

    `port` 0 takes a free one. `speed` divides how long jobs take. The same `seed` gives the same ids, durations and
    sounds. `credits` is what every key starts with. Raises `OSError` when the port is taken,
    `ValueError` for a speed or port that is none.
    """
    emulator = Emulator(host=host, port=port, speed=speed, seed=seed, starting_credits=credits)
    try:
        emulator.start()
        yield emulator
    finally:
        emulator.stop()


def serve(
    host: str = "127.0.0.1", port: int = 0, speed: float = 1.0, seed: int = 0, ready_file: Path | None = None
) -> None:
    """Run an emulator until SIGINT or SIGTERM; call it from the main thread.

    Prints its address and a key. `ready_file` gets the same as JSON (`url`, `key`, `pid`) once the port answers, and is
    removed at the end.
    """
    end = threading.Event()

    def on_signal(signum: int, frame: FrameType | None) -> None:
        end.set()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with running(host=host, port=port, speed=speed, seed=seed) as emulator:
            print(f"emulator at {emulator.url}\nkey {emulator.key}", flush=True)
            if ready_file is not None:
                _write(ready_file, {"url": emulator.url, "key": emulator.key, "pid": os.getpid()})
            while not end.wait(0.1):  # an unlimited wait would not see the signal on every system
                pass
    finally:
        if ready_file is not None:
            ready_file.unlink(missing_ok=True)
        for number, handler in before.items():
            signal.signal(number, handler)


def _write(path: Path, values: dict[str, str | int]) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(values) + "\n", encoding="utf-8")
    part.replace(path)  # whoever waits for the file never reads half of it


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= 65_535:
        raise ValueError(f"port is {port}: it has to be from 0, which takes a free one, to 65535")
    # asyncio turns Nagle's algorithm off only on a socket that names its protocol, and socket.create_server names none:
    # each answer would then wait 40 ms for the acknowledgement of its own headers.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere it would let two servers share the port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(1024)
    except OSError as error:
        listening.close()
        error.add_note(f"The emulator cannot listen on {host} port {port}; port=0 takes a free one.")
        raise
    return listening

"""Run the emulator: in a thread of this process for tests, or until a signal for the command line."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import gc
import ipaddress
import json
import os
import signal
import socket
import sys
import threading
from concurrent.futures import wait
from typing import TYPE_CHECKING

import uvicorn

from mirelo_ergo.emulator.faults.plan import Rule
from mirelo_ergo.emulator.faults.scenario import Scenario, load
from mirelo_ergo.emulator.faults.sockets import Protocol
from mirelo_ergo.emulator.generator import checked_speed
from mirelo_ergo.emulator.spec import spec
from mirelo_ergo.emulator.state.disk import Folder
from mirelo_ergo.emulator.world import Options, World

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path
    from types import FrameType

    from starlette.types import Receive, Scope, Send

    from mirelo_ergo.emulator.faults.kinds import Fault
    from mirelo_ergo.emulator.faults.plan import ActiveFault
    from mirelo_ergo.emulator.services.pixazo import Gateway
    from mirelo_ergo.emulator.state.clock import Clock
    from mirelo_ergo.emulator.state.store import Asset, Charge, SeenJob
    from mirelo_ergo.emulator.web.callbacks import Callbacks
    from mirelo_ergo.emulator.web.traffic import SeenRequest

STARTING_CREDITS = 10_000
START_SECONDS = 10.0
GRACE_SECONDS = 0.3
STOP_SECONDS = 10.0
RENDER_SECONDS = 30.0


class Emulator:
    """A running emulator: where it is, a key for it, and what has happened in it.

    Safe to use from any thread. `reset` makes it as new; its address and its key stay.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        pixazo_port: int,
        speed: float,
        seed: int,
        starting_credits: int | None,
        scenario: str | Path | Scenario | None,
        callback_hosts: Collection[str],
    ) -> None:
        if scenario is not None and not isinstance(scenario, Scenario):
            scenario = load(scenario)
        if starting_credits is None:
            named = None if scenario is None else scenario.credits
            starting_credits = STARTING_CREDITS if named is None else named
        self._options = Options(checked_speed(speed), seed, starting_credits, scenario, callback_hosts)
        self._operations = spec.load()
        self._sockets = _listen_all(host, {"mirelo": port, "pixazo": pixazo_port})
        self._names = {listening.getsockname()[1]: name for name, listening in self._sockets.items()}
        self.host: str = self._sockets["mirelo"].getsockname()[0]
        self.url, self.pixazo_url = map(_url, self._sockets.values())
        self._folder = Folder()
        self._world = self._new_world()
        self.key = self._world.key
        self._resetting = threading.Lock()
        self._server = _Server(
            uvicorn.Config(
                self._answer,
                interface="asgi3",
                loop="asyncio",
                http=Protocol,
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
    def clock(self) -> Clock:
        """The emulator's time; after `clock.advance(600)` a ten-minute job is over."""
        return self._world.clock

    @property
    def jobs(self) -> list[SeenJob]:
        """Every job of every key younger than 24 h, oldest first; waits up to 30 s for renderings that are due."""
        world = self._rendered()
        return [job.seen(world.clock.now()) for job in world.store.jobs()]

    @property
    def pixazo(self) -> Gateway:
        """The gateway at `pixazo_url`: the same keys, credits and clock; `timestamps` is the shape of its times."""
        return self._world.pixazo

    @property
    def callbacks(self) -> Callbacks:
        """What is sent to webhooks: `copies`, `delay` and `loss` of it, whom to trust and call, and what was `sent`."""
        return self._world.callbacks

    @property
    def charges(self) -> list[Charge]:
        """Every charge so far, oldest first; waits up to 30 s for the renderings of jobs whose time is over."""
        return self._rendered().store.charges()

    @property
    def credits(self) -> int:
        """The balance of `Emulator.key`; waits as `charges` does. Running jobs have not been paid yet."""
        return self._rendered().store.account(self.key).balance

    @property
    def requests(self) -> list[SeenRequest]:
        """The last 10,000 requests as they arrived, oldest first."""
        return self._world.traffic.requests()

    @property
    def speed(self) -> float:
        """What the length of the jobs is divided by, from the next job on; 1 is about real."""
        return self._world.studio.speed

    @speed.setter
    def speed(self, speed: float) -> None:
        self._world.studio.speed = checked_speed(speed)

    def set_credits(self, amount: int, key: str | None = None) -> None:
        """Set the balance of a key, by default `Emulator.key`."""
        self._world.store.set_credits(self.key if key is None else key, amount)

    def fail_next(self, operation: str, fault: Fault, times: int = 1) -> int:
        """Let a fault happen to the next requests of an operation; return the number it has in `faults`.

        `operation` is a group such as `submit`, `poll` or `upload`, `generate` for submit and sync, `any`, or one
        operationId. Faults of the job itself count the generations that are accepted. `add_fault` has more ways.
        """
        return self.add_fault(Rule(operation, fault, times=times))

    def add_fault(self, rule: Rule) -> int:
        """Put a fault in force as its rule says; return the number it has in `faults`. At most 100 are at once."""
        return self._world.faults.add([rule])[0]

    @property
    def faults(self) -> list[ActiveFault]:
        """The faults in force, in the order in which they are tried."""
        return self._world.faults.active()

    def clear_faults(self) -> None:
        """End all faults, except that a job that is stuck stays so."""
        self._world.faults.clear()

    def play(self, scenario: str | Path | Scenario) -> None:
        """Put a scenario's faults in force instead of those that are, and set every balance if it has one.

        It is one of `flaky`, `hostile`, `out-of-credits`, `overloaded`, `slow`, or a file. Raises `ValueError` that
        names the file, the place in it and what it may be.
        """
        self._world.play(scenario if isinstance(scenario, Scenario) else load(scenario))

    def asset(self, asset_id: str) -> Asset | None:
        """Return an asset with the size and sha256 of the bytes that were uploaded to it."""
        return self._world.store.asset(asset_id)

    def reset(self) -> None:
        """Forget credits, assets, jobs, requests, faults and advanced time, end what runs, and remove every file.

        A request that has no answer yet gets a 503; signed URLs are no longer valid. The same seed begins anew: the
        same asks give the same ids again. Takes a millisecond or two.
        """
        if not self._thread.is_alive():
            raise RuntimeError("the emulator does not run: there is nothing to reset, start another one")
        with self._resetting:
            before, self._world = self._world, self._new_world()
            before.end(self._server.loop)

    def start(self) -> None:
        """Serve; return when the port answers."""
        self._thread.start()
        if not self._server.ready.wait(START_SECONDS):
            self.stop()
            raise RuntimeError(f"the emulator did not start within {START_SECONDS:.0f} s")

    def stop(self) -> None:
        """End every request, thread and socket, and remove the temporary folder; a second time does nothing."""
        self._world.quiet()
        self._server.stop()
        if self._thread.ident is not None:
            self._thread.join(STOP_SECONDS)
        for listening in self._sockets.values():
            listening.close()
        self._folder.remove()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._world({**scope, "service": self._names[scope["server"][1]]}, receive, send)

    def _new_world(self) -> World:
        return World(self._operations, self._options, self._folder.path, self.reset, self.pixazo_url)

    def _rendered(self) -> World:
        world = self._world
        wait(world.store.due(), timeout=RENDER_SECONDS)
        return world

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=list(self._sockets.values())))


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers and its ten looks a second: it starts, waits and ends on events."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._end: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop it serves in; there is one once it is ready."""
        assert self._loop is not None
        return self._loop

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
    pixazo_port: int = 0,
    credits: int | None = None,  # noqa: A002 - the field's word; the interactive greeting it hides is of no use here
    scenario: str | Path | Scenario | None = None,
    callback_hosts: Collection[str] = (),
) -> Iterator[Emulator]:
    """Run an emulator in a thread of its own; ready when the block begins, gone when it ends.

    A `port` of 0 takes a free one; the Pixazo gateway has its own. `speed` divides how long jobs take. The same `seed`
    gives the same ids, durations and sounds. `scenario` is in force from the start, see `Emulator.play`. `credits` is
    what every key starts with: the scenario's or 10,000. Callbacks go to this machine and `callback_hosts` only. Raises
    `OSError` when a port is taken, `ValueError` for a speed, port or scenario that is none.
    """
    emulator = Emulator(
        host=host,
        port=port,
        pixazo_port=pixazo_port,
        speed=speed,
        seed=seed,
        starting_credits=credits,
        scenario=scenario,
        callback_hosts=callback_hosts,
    )
    try:
        emulator.start()
        yield emulator
    finally:
        emulator.stop()


def serve(
    host: str = "127.0.0.1",
    port: int = 0,
    speed: float = 1.0,
    seed: int = 0,
    ready_file: Path | None = None,
    *,
    pixazo_port: int = 0,
    callback_hosts: Collection[str] = (),
    scenario: str | Path | Scenario | None = None,
) -> None:
    """Run an emulator until SIGINT or SIGTERM; call it from the main thread.

    Prints its addresses and a key. `ready_file` gets the same as JSON (`url`, `key`, `pid`, and in `services` the URL
    of each) once the ports answer, and is removed at the end. Callbacks believe the system's certificates, and those in
    the file that the variable SSL_CERT_FILE names. The other arguments are those of `running`.
    """
    end = threading.Event()

    def on_signal(signum: int, frame: FrameType | None) -> None:
        end.set()

    atexit.register(gc.freeze)  # the interpreter's last look for garbage takes longer than all the rest of the end
    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with running(
            host=host,
            port=port,
            pixazo_port=pixazo_port,
            speed=speed,
            seed=seed,
            scenario=scenario,
            callback_hosts=callback_hosts,
        ) as emulator:
            if not ipaddress.ip_address(emulator.host).is_loopback:
                print(
                    f"note: on {emulator.host}, whoever reaches this machine can use the emulator and see what it got",
                    file=sys.stderr,
                )
            print(f"emulator at {emulator.url}\npixazo at {emulator.pixazo_url}\nkey {emulator.key}", flush=True)
            if ready_file is not None:
                services = {"mirelo": emulator.url, "pixazo": emulator.pixazo_url}
                told = {"url": emulator.url, "key": emulator.key, "pid": os.getpid(), "services": services}
                _write(ready_file, told)
            while not end.wait(0.1):  # an unlimited wait would not see the signal on every system
                pass
    finally:
        if ready_file is not None:
            ready_file.unlink(missing_ok=True)
        for number, handler in before.items():
            signal.signal(number, handler)


def _write(path: Path, values: Mapping[str, object]) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(values) + "\n", encoding="utf-8")
    part.replace(path)  # whoever waits for the file never reads half of it


def _url(listening: socket.socket) -> str:
    bound: str = listening.getsockname()[0]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bound, bound)  # noqa: S104 - what is bound to all is here too
    port = listening.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _listen_all(host: str, ports: Mapping[str, int]) -> dict[str, socket.socket]:
    with contextlib.ExitStack() as undo:
        sockets = {name: undo.enter_context(_listen(host, port)) for name, port in ports.items()}
        undo.pop_all()
        return sockets


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

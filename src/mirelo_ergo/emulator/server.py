"""The class `Emulator`: an emulator in a thread of this process."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import wait
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from mirelo_ergo.emulator.application import Application
from mirelo_ergo.emulator.clock import Clock
from mirelo_ergo.emulator.control import CREDITS, Control
from mirelo_ergo.emulator.disk import Folder
from mirelo_ergo.emulator.faults.kinds import Fault
from mirelo_ergo.emulator.faults.plan import ActiveFault, Plan, Rule
from mirelo_ergo.emulator.faults.scenario import Scenario, load
from mirelo_ergo.emulator.generator import checked_speed
from mirelo_ergo.emulator.lifetime import Lifetime
from mirelo_ergo.emulator.page import Page
from mirelo_ergo.emulator.refusals import Refusal, short
from mirelo_ergo.emulator.services import registry
from mirelo_ergo.emulator.services.service import EmulatedService
from mirelo_ergo.emulator.shared import Options, State
from mirelo_ergo.emulator.state.records import Asset, Charge, SeenJob
from mirelo_ergo.emulator.web.server import Server, listen_all, url_of
from mirelo_ergo.emulator.web.traffic import SeenRequest
from mirelo_ergo.emulator.web.webhooks import Webhooks

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

S = TypeVar("S", bound=EmulatedService)
STARTING_CREDITS = 10_000
START_SECONDS = 10.0
STOP_SECONDS = 10.0
RENDER_SECONDS = 30.0


class Emulator:
    """A running emulator: its address, a key, and everything that has happened in it.

    It may be used from any thread. `reset` starts it afresh with the same address and key.
    """

    def __init__(
        self,
        *,
        host: str,
        ports: Mapping[str, int],
        speed: float,
        seed: int,
        starting_credits: int | None,
        scenario: str | Path | Scenario | None,
        webhook_hosts: Collection[str],
    ) -> None:
        if scenario is not None and not isinstance(scenario, Scenario):
            scenario = load(scenario)
        if starting_credits is None:
            named = None if scenario is None else scenario.credits
            starting_credits = STARTING_CREDITS if named is None else named
        self._options = Options(checked_speed(speed), seed, starting_credits, webhook_hosts)
        self._scenario = scenario
        registry.find(registry.MAIN, "GET", "/")  # reads the specs that the first request needs
        self._sockets = listen_all(host, _checked_ports(ports))
        self._names = {listening.getsockname()[1]: name for name, listening in self._sockets.items()}
        self.host: str = self._sockets[registry.MAIN].getsockname()[0]
        self.urls: Mapping[str, str] = MappingProxyType(
            {name: url_of(self._sockets[registry.port_of(name)]) for name in registry.SERVICES}
        )
        self.url = self.urls[registry.MAIN]
        self._folder = Folder()
        self._begin()
        self.keys: Mapping[str, str] = MappingProxyType(self._lifetime.keys)
        self.key = self.keys[registry.MAIN]
        self._resetting = threading.Lock()
        self._server = Server(self._answer, self._refuse)
        self._thread = threading.Thread(target=self._run, name="mirelo-emulator", daemon=True)

    @property
    def clock(self) -> Clock:
        """The emulator's time; after `clock.advance(600)` a ten-minute job is over."""
        return self._state.clock

    @property
    def jobs(self) -> list[SeenJob]:
        """Every job of every key younger than 24 h, oldest first; waits up to 30 s for renderings that are due."""
        state = self._rendered()
        return [job.seen(state.clock.now()) for job in state.store.jobs()]

    @property
    def webhooks(self) -> Webhooks:
        """The webhooks: settings such as `copies`, `delay_s` and `loss`, and the attempts in `sent`."""
        return self._state.webhooks

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
        return self._state.requests.last()

    @property
    def speed(self) -> float:
        """The divisor of the jobs' durations, from the next job on; 1 is about real time."""
        return self._state.jobs.speed

    @speed.setter
    def speed(self, speed: float) -> None:
        self._state.jobs.speed = checked_speed(speed)

    def service(self, kind: type[S]) -> S:
        """Return a service of this emulator by its class, to change its settings."""
        return self._lifetime.service(kind)

    def set_credits(self, amount: int, key: str | None = None) -> None:
        """Set the balance of a key, by default `Emulator.key`; raises `ValueError` for what is no balance."""
        if not CREDITS.allows(amount):
            raise ValueError(f"amount is {short(amount)}: it has to be {CREDITS.words()}")
        self._state.store.set_credits(self.key if key is None else key, amount)

    def fail_next(self, operation: str, fault: Fault, times: int = 1, service: str | None = None) -> int:
        """Apply a fault to the next requests of an operation; return its number in `faults`.

        `operation` is a group such as `submit`, `poll` or `upload`, `generate` for submit and sync, `any`, or one
        operationId, of any service or the given one. Faults of the job itself count accepted generations. `add_fault`
        has more options.
        """
        return self.add_fault(Rule(operation, fault, times=times, service=service))

    def add_fault(self, rule: Rule) -> int:
        """Activate a fault by its rule; return its number in `faults`. At most 100 are active at once."""
        return self._lifetime.plan.add([rule])[0]

    @property
    def faults(self) -> list[ActiveFault]:
        """The active faults, in the order in which they are applied."""
        return self._lifetime.plan.active()

    def clear_faults(self) -> None:
        """Remove all faults. A job that is stuck stays stuck."""
        self._lifetime.plan.clear()

    def play(self, scenario: str | Path | Scenario) -> None:
        """Replace the active faults by a scenario's, and set every balance if it has one.

        The scenario is `flaky`, `hostile`, `out-of-credits`, `overloaded`, `slow`, or a file. Raises `ValueError` with
        the file, the place in it and the allowed values.
        """
        self._lifetime.play(scenario if isinstance(scenario, Scenario) else load(scenario))

    def asset(self, asset_id: str) -> Asset | None:
        """Return an asset with the size and sha256 of the bytes that were uploaded to it."""
        return self._state.store.asset(asset_id)

    def reset(self) -> None:
        """Reset credits, assets, jobs, requests, faults and time, end running jobs, and remove every file.

        A request that has no answer yet gets a 503; signed URLs are no longer valid. The same seed begins
        again: the same requests give the same ids. Takes a millisecond or two.
        """
        if not self._thread.is_alive():
            raise RuntimeError("the emulator does not run: there is nothing to reset, start another one")
        with self._resetting:
            before = self._application
            self._begin()
            before.end(self._server.loop)

    def start(self) -> None:
        """Start to serve; return when the port answers."""
        self._thread.start()
        if not self._server.ready.wait(START_SECONDS):
            self.stop()
            raise RuntimeError(f"the emulator did not start within {START_SECONDS:.0f} s")

    def stop(self) -> None:
        """End every request, thread and socket, and remove the temporary folder. A second call is a no-op."""
        self._application.stop()
        self._server.stop()
        if self._thread.ident is not None:
            self._thread.join(STOP_SECONDS)
        for listening in self._sockets.values():
            listening.close()
        self._folder.remove()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._application({**scope, "port": self._names[scope["server"][1]]}, receive, send)

    def _refuse(self, port: int, refusal: Refusal) -> Response:
        return registry.SERVICES[self._names[port]].refuse(refusal)

    def _begin(self) -> None:
        clock = Clock()
        plan = Plan(clock)
        self._state = State(self._options, self._folder.path, clock, plan.job_effects)
        services = {name: service(self._state) for name, service in registry.SERVICES.items()}
        self._lifetime = Lifetime(self._state, services, plan, self.urls, self.reset)
        if self._scenario is not None:
            plan.play(self._scenario.faults, self._scenario.name)
        own = [*Page(self._lifetime).routes(), *Control(self._lifetime).routes()]
        self._application = Application(self._state, services, plan, own)

    def _rendered(self) -> State:
        state = self._state
        wait(state.store.due(), timeout=RENDER_SECONDS)
        return state

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=list(self._sockets.values())))


@contextlib.contextmanager
def running(
    *,
    port: int = 0,
    host: str = "127.0.0.1",
    speed: float = 1.0,
    seed: int = 0,
    credits: int | None = None,  # noqa: A002 - the field's word; it hides a word of the interactive greeting
    scenario: str | Path | Scenario | None = None,
    webhook_hosts: Collection[str] = (),
    ports: Mapping[str, int] | None = None,
) -> Iterator[Emulator]:
    """Run an emulator in its own thread while the block runs.

    `port` 0 is a free one, and so is what is not named in `ports`, which has those of the other services (`{"pixazo":
    8301}`). `speed` divides the jobs' durations. The same `seed` gives the same ids, durations and sounds. `scenario`
    is active from the start, see `Emulator.play`. `credits` is the initial balance of every key: the scenario's or
    10,000. Webhooks are only sent to this machine and `webhook_hosts`. Raises `OSError` if a port is taken,
    `ValueError` for an invalid speed, port or scenario.
    """
    emulator = Emulator(
        host=host,
        ports={registry.MAIN: port, **(ports or {})},
        speed=speed,
        seed=seed,
        starting_credits=credits,
        scenario=scenario,
        webhook_hosts=webhook_hosts,
    )
    try:
        emulator.start()
        yield emulator
    finally:
        emulator.stop()


def _checked_ports(ports: Mapping[str, int]) -> dict[str, int]:
    """Return the port of each service that has its own, 0 if none is given."""
    known = registry.ports()
    for name in ports:
        if name not in known:
            raise ValueError(f"ports has {name!r}: the services with a port of their own are {', '.join(known)}")
    return {name: ports.get(name, 0) for name in known}

"""All that an emulator remembers: one world from its start to its first reset, another one after that."""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
from concurrent.futures import TimeoutError as Unfinished
from typing import TYPE_CHECKING

import attrs

from mirelo_ergo.emulator.blobs import Blobs
from mirelo_ergo.emulator.control import Control
from mirelo_ergo.emulator.faults.gate import Gate
from mirelo_ergo.emulator.faults.plan import Plan
from mirelo_ergo.emulator.generator import Studio
from mirelo_ergo.emulator.page import Page
from mirelo_ergo.emulator.services.mirelo import Api
from mirelo_ergo.emulator.services.pixazo import Gateway
from mirelo_ergo.emulator.services.registry import ENVELOPES
from mirelo_ergo.emulator.state.clock import Clock
from mirelo_ergo.emulator.state.disk import Disk
from mirelo_ergo.emulator.state.signing import Signer
from mirelo_ergo.emulator.state.store import Store
from mirelo_ergo.emulator.state.workers import Workers
from mirelo_ergo.emulator.web.callbacks import Callbacks
from mirelo_ergo.emulator.web.refusals import Refusal
from mirelo_ergo.emulator.web.traffic import Traffic

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from pathlib import Path

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from mirelo_ergo.emulator.faults.scenario import Scenario
    from mirelo_ergo.emulator.spec.spec import Operation

OWN = "/_emulator/"  # requests to the emulator itself, one of which may be what ends this world
END_SECONDS = 1.0


@attrs.frozen
class Options:
    """How every world of one emulator begins."""

    speed: float
    seed: int
    starting_credits: int
    scenario: Scenario | None
    callback_hosts: Collection[str]


class World:
    """The application with its state; `end` lets go of everything, so that nothing of it reaches the next one."""

    def __init__(
        self,
        operations: Iterable[Operation],
        options: Options,
        folder: Path,
        reset: Callable[[], None],
        gateway_url: str,
    ) -> None:
        draw = random.Random(options.seed)  # noqa: S311 - ids and durations, which have to come again; no secret
        self.key = f"sk-emulator-{draw.getrandbits(96):024x}"
        self.clock = Clock()
        self.store = Store(clock=self.clock, random=draw, starting_credits=options.starting_credits)
        self.store.account(self.key)  # is there, however many other keys come
        self.faults = Plan(self.clock)
        if options.scenario is not None:
            self.faults.play(options.scenario.faults, options.scenario.name)
        self.disk = Disk(folder)
        self.workers = Workers()
        self.studio = Studio(
            store=self.store,
            clock=self.clock,
            random=draw,
            workers=self.workers,
            disk=self.disk,
            seed=options.seed,
            speed=options.speed,
            faults=self.faults,
        )
        signer = Signer(secrets.token_bytes(32), self.clock)
        self.blobs = blobs = Blobs(store=self.store, signer=signer, disk=self.disk)
        api = Api(store=self.store, studio=self.studio, blobs=blobs, clock=self.clock)
        self.callbacks = Callbacks(
            clock=self.clock,
            random=random.Random(options.seed),  # noqa: S311 - as above
            hosts=options.callback_hosts,
        )
        self.pixazo = Gateway(
            store=self.store,
            studio=self.studio,
            blobs=blobs,
            clock=self.clock,
            random=draw,
            callbacks=self.callbacks,
        )
        own = [*Page(self, reset, gateway_url).routes(), *Control(self, reset).routes()]
        self._services: dict[str, ASGIApp] = {"mirelo": api.app(operations, own), "pixazo": self.pixazo}
        gate = Gate(self._serve, plan=self.faults, clock=self.clock, signer=signer)
        self.traffic = Traffic(gate, self.clock)
        self._unanswered: set[asyncio.Task[object]] = set()
        self._ended = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request to the scope's "service"; what has no answer yet when the world ends gets a 503."""
        task = asyncio.current_task()
        assert task is not None
        answered = False

        async def note(message: Message) -> None:
            nonlocal answered
            answered = True
            self._unanswered.discard(task)
            await send(message)

        if not scope["path"].startswith(OWN):
            self._unanswered.add(task)
        try:
            await self.traffic(scope, receive, note)
        finally:
            self._unanswered.discard(task)
        if self._ended and not answered:
            refusal = Refusal("server_error", 503, "the emulator was reset, and this request with it")
            answer = ENVELOPES[scope["service"]](refusal)
            answer.headers["connection"] = "close"
            await answer(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._services[scope["service"]](scope, receive, send)

    def play(self, scenario: Scenario) -> None:
        """Put a scenario's rules in force instead of those that are, and set every balance if it has one."""
        self.faults.play(scenario.faults, scenario.name)
        if scenario.credits is not None:
            self.store.grant(scenario.credits)

    def quiet(self) -> None:
        """Wake whoever waits, end what is rendered, and wait for the threads; no file is written any more after it."""
        self._ended = True
        self.clock.stop()
        self.workers.stop()

    def end(self, loop: asyncio.AbstractEventLoop) -> None:
        """Also end callbacks and requests that have no answer yet, from outside their loop, and remove every file."""
        self.quiet()
        with contextlib.suppress(Unfinished):
            asyncio.run_coroutine_threadsafe(self._cut(), loop).result(END_SECONDS)
        self.disk.remove()

    async def _cut(self) -> None:
        tasks = list(self._unanswered)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await self.callbacks.end()

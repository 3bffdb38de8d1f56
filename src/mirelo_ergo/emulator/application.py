"""The ASGI application of an emulator, from its start or a reset to the next reset."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from concurrent.futures import TimeoutError as Unfinished
from typing import TYPE_CHECKING

from starlette.applications import Starlette

from mirelo_ergo.emulator.faults.middleware import FaultMiddleware
from mirelo_ergo.emulator.refusals import Refusal
from mirelo_ergo.emulator.services import registry
from mirelo_ergo.emulator.web import wire
from mirelo_ergo.emulator.web.traffic import TrafficMiddleware, is_own

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.routing import Route
    from starlette.types import Message, Receive, Scope, Send

    from mirelo_ergo.emulator.faults.plan import Plan
    from mirelo_ergo.emulator.services.service import EmulatedService
    from mirelo_ergo.emulator.shared import State

END_SECONDS = 1.0


class Application:
    """Answers requests to all services. `end` releases everything, so that nothing reaches the next application.

    `own` are the routes of the emulator's page and endpoints, on the main port. The scope of a request has the "port"
    it came to, as the name of the port's service; the application adds the "service" and the "target" of the request.
    """

    def __init__(self, state: State, services: Mapping[str, EmulatedService], plan: Plan, own: Sequence[Route]) -> None:
        self._services = services
        self._state = state
        self._own = own
        self._traffic = TrafficMiddleware(
            FaultMiddleware(self._serve, plan=plan, clock=state.clock, signer=state.signer), state.requests, state.clock
        )
        self._unanswered: set[asyncio.Task[object]] = set()
        self._ended = False
        self._app = functools.cache(self._new_app)  # most services of most emulators never see a request

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request. A request without an answer when the application ends gets a 503."""
        task = asyncio.current_task()
        assert task is not None
        answered = False

        async def note(message: Message) -> None:
            nonlocal answered
            answered = True
            self._unanswered.discard(task)
            await send(message)

        port, path = scope["port"], scope["path"]
        target = registry.find(port, scope["method"], path)
        scope = {**scope, "target": target, "service": registry.owner(port, path) if target is None else target.service}
        if not is_own(path):  # a request to the emulator itself may be what ends this application
            self._unanswered.add(task)
        try:
            await self._traffic(scope, receive, note)
        finally:
            self._unanswered.discard(task)
        if self._ended and not answered:
            refusal = Refusal("server_error", 503, "the emulator was reset, and this request with it")
            answer = registry.SERVICES[scope["service"]].refuse(refusal)
            answer.headers["connection"] = "close"
            await answer(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        own = scope["port"] == registry.MAIN and is_own(scope["path"])
        await self._app("" if own else scope["service"])(scope, receive, send)

    def _new_app(self, name: str) -> Starlette:
        """Return the application of a service, or for "" that of the emulator's own routes."""
        service = registry.SERVICES[name or registry.MAIN]
        routes = [*self._services[name].routes(), *self._state.blobs.routes()] if name else self._own
        app = Starlette(routes=routes, exception_handlers=wire.exception_handlers(service.refuse))
        app.router.redirect_slashes = False  # no contract has a path that ends in one, or a redirect to another
        return app

    def stop(self) -> None:
        """Wake all waits, end the rendering, and wait for the threads. No file is written after it."""
        self._ended = True
        self._state.stop()

    def end(self, loop: asyncio.AbstractEventLoop) -> None:
        """Stop, end webhooks and unanswered requests, and remove every file. To be called from outside their loop."""
        self.stop()
        with contextlib.suppress(Unfinished):
            asyncio.run_coroutine_threadsafe(self._cut(), loop).result(END_SECONDS)
        self._state.disk.remove()

    async def _cut(self) -> None:
        tasks = list(self._unanswered)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await self._state.webhooks.end()

"""The clients of a batch. Calls of sync and async ones are both awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import attrs

import mirelo_ergo

from .._threads import start_thread
from ..errors import InvalidRequestError
from .services import SERVICES, Service


@attrs.frozen
class Connected:
    """A service's client. `call` runs a method of it, or of an object that it returned."""

    service: Service
    client: Any = attrs.field(repr=False)
    is_async: bool

    async def call(self, method: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
        """Call a method and return its result. A sync method runs in its own daemon thread."""
        if self.is_async:
            return await method(*arguments, **more)
        return await in_thread(lambda: method(*arguments, **more))


def connect(clients: tuple[Any, ...]) -> Mapping[str, Connected]:
    """Return the clients by service; raises `InvalidRequestError` for anything else, and for two of one service."""
    found: dict[str, Connected] = {}
    for client in clients:
        connected = _connected(client)
        if connected.service.name in found:
            raise InvalidRequestError(f"client: two of {connected.service.name} were given: give one of each service")
        found[connected.service.name] = connected
    if not found:
        raise InvalidRequestError("client: none was given")
    if len({each.is_async for each in found.values()}) > 1:
        raise InvalidRequestError("client: sync and async ones were given together: give one kind")
    return found


def _connected(client: Any) -> Connected:
    for service in SERVICES.values():
        for name, is_async in ((service.client, False), (service.async_client, True)):
            if isinstance(client, getattr(mirelo_ergo, name)):
                return Connected(service, client, is_async)
    raise InvalidRequestError(f"client: {type(client).__name__} is not a client of this package")


async def in_thread(work: Callable[[], Any]) -> Any:
    """Run a blocking function in its own daemon thread. A cancellation does not stop the function."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()

    def settle(result: Any, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except BaseException as caught:  # it is raised where the result is awaited
            error = caught
        try:
            loop.call_soon_threadsafe(settle, result, error)
        except RuntimeError:  # the loop has ended: nobody waits any more
            return

    start_thread(run)
    return await future

"""The clients of a batch, for each service of its items, on the real service or an emulator."""

from __future__ import annotations

import os
from contextlib import ExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import attrs

from .exits import Exit
from .failures import Failure, refused
from .services import running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping

    from .output import Output

_KEYS: Final[Mapping[str, str]] = {
    "mirelo": "MIRELO_API_KEY",
    "pixazo": "PIXAZO_API_KEY",
    "sync_so": "SYNC_API_KEY",
    "inference_sh": "INFERENCE_API_KEY",
}
"""Where each service's key is."""


def _sync(service: str) -> type[Any]:
    from mirelo_ergo import InferenceClient, MireloClient, PixazoClient, SyncSoClient

    return {"mirelo": MireloClient, "pixazo": PixazoClient, "sync_so": SyncSoClient, "inference_sh": InferenceClient}[
        service
    ]


def _async(service: str) -> type[Any]:
    from mirelo_ergo import AsyncInferenceClient, AsyncMireloClient, AsyncPixazoClient, AsyncSyncSoClient

    return {
        "mirelo": AsyncMireloClient,
        "pixazo": AsyncPixazoClient,
        "sync_so": AsyncSyncSoClient,
        "inference_sh": AsyncInferenceClient,
    }[service]


@attrs.define
class Clients:
    """Opens clients: sync ones for checks and prices, async ones for the run. Close it at the end."""

    output: Output
    emulator: bool
    allow_private_hosts: bool
    _stack: ExitStack = attrs.field(factory=ExitStack, init=False)
    _emulator: Any = attrs.field(default=None, init=False)

    def sync(self, service: str) -> Any:
        """Return a sync client, which `close` closes."""
        client = _sync(service)(**self._arguments(service))
        self._stack.callback(client.close)
        return client

    def available(self) -> list[str]:
        """Return the services whose keys are set; raises `Failure` if there is none."""
        found = [service for service, variable in _KEYS.items() if os.environ.get(variable)]
        if not found:
            raise Failure(Exit.KEY, "missing_key", f"no API key: set one of {', '.join(_KEYS.values())}")
        return found

    @asynccontextmanager
    async def opened(self, services: Iterable[str]) -> AsyncIterator[list[Any]]:
        """Yield async clients of these services."""
        clients: list[Any] = []
        try:
            for service in services:
                clients.append(_async(service)(**self._arguments(service)))
            yield clients
        finally:
            for client in clients:
                await client.aclose()

    def close(self) -> None:
        """Close all clients."""
        self._stack.close()

    def _arguments(self, service: str) -> dict[str, Any]:
        if not self.emulator:
            variable = _KEYS[service]
            if not os.environ.get(variable):
                raise Failure(Exit.KEY, "missing_key", f"no API key of {service}: set {variable}, or try --emulator")
            return {"allow_private_hosts": self.allow_private_hosts}
        if self._emulator is None:
            self._emulator = self._stack.enter_context(running())
            self.output.note("an emulator runs for this command: placeholder sound, made-up credits")
        if service not in self._emulator.urls:
            raise refused(f"--emulator has no {service}")
        return {"api_key": self._emulator.keys[service], "base_url": self._emulator.urls[service]}

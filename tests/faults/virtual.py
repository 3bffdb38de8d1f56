"""The fault server's twin without sockets, for rows that are about the policy and not about bytes on a wire.

It plays the same scripts on the virtual IO and keeps the same requests. A script is one response, or a request that is
read and not answered whole: reset, closed, cut off, stalled.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import pytest

from mirelo_ergo._runtime.io.protocol import Request, TransportFailure
from mirelo_ergo._runtime.io.reply import Reply
from tests.faults.server import Queue, Scenario
from tests.faults.steps import ReadRequest, Respond, Script, Stall
from tests.faults.wire import Received
from tests.support.virtual import START, Incoming, Late, Sending, VirtualIO

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

on_both_wires = pytest.mark.parametrize("face", ["sync-virtual", "async-virtual", "sync"], indirect=True)
"""Run a row with both clients on the virtual IO, and with one of them over sockets."""
BETWEEN_BYTES = 60.0
_ports = itertools.count(40_001)


class VirtualServer:
    """A service that a virtual IO leads to. `Face.server` makes it."""

    def __init__(self, scenario: Scenario) -> None:
        self.url = f"http://127.0.0.1:{next(_ports)}"
        self._script: Callable[[Received], Script]
        self._requests: list[Received] = []
        self.play(scenario)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        return None

    def play(self, scenario: Scenario) -> None:
        """Take this scenario from the next request on."""
        if isinstance(scenario, Sequence):
            queue = Queue(scenario)
            self._script = lambda _: queue.take()
        else:
            self._script = scenario

    @property
    def requests(self) -> tuple[Received, ...]:
        """Every request, in the order of arrival."""
        return tuple(self._requests)

    @property
    def accepted(self) -> int:
        """How many requests came; a connection carries one."""
        return len(self._requests)

    def assert_quiet(self, seconds: float = 0.0) -> None:
        """Assert nothing: what is virtual comes from a call only, and ends with it."""

    def answer(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, at: float
    ) -> Reply | Late | TransportFailure:
        """Keep a request and play the next script."""
        names = {name.lower(): value for name, value in headers.items()}
        digest, number = hashlib.sha256(body).hexdigest(), len(self._requests) + 1
        received = Received(method, path, names, body, len(body), digest, complete=True, connection=number, at=at)
        self._requests.append(received)
        script = self._script(received)
        steps = [script] if isinstance(script, Respond) else script
        match next(step for step in steps if not isinstance(step, ReadRequest)):
            case Respond(status, content, given):
                return Reply(status, {name.lower(): value for name, value in given.items()}, content)
            case Stall():
                return Late(BETWEEN_BYTES, TransportFailure("timeout", "yes", "ReadTimeout: nothing came"))
            case _:
                return TransportFailure("network", "yes", "ReadError: it was cut off")


class Wires(VirtualIO):
    """The virtual IO of one client: its API is one of the servers, its external URLs may lead to any."""

    def __init__(self, base_url: str, servers: Mapping[str, VirtualServer]) -> None:
        super().__init__(self._api, self._external, latency=0.0)
        self._base_url = base_url
        self._servers = servers

    @property
    def passed(self) -> float:
        """The seconds that its clock has moved."""
        return self.clock - START

    def _api(self, request: Request) -> Any:
        body = request.body if isinstance(request.body, bytes) else b""
        return self._servers[self._base_url].answer(
            request.method, request.path, dict(request.headers), body, self.clock
        )

    def _external(self, sending: Sending) -> Incoming | BaseException:
        parts = urlsplit(sending.request.url)
        server = self._servers[f"{parts.scheme}://{parts.netloc}"]
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        answer = server.answer(sending.request.method, path, sending.request.headers, sending.body, sending.at)
        ended = answer.answer if isinstance(answer, Late) else answer
        return Incoming(ended.status, ended.headers, [ended.body]) if isinstance(ended, Reply) else ended

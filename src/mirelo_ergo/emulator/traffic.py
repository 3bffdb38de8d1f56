"""What arrived: a record of every request, and the emulator's own time in every answer."""

from __future__ import annotations

import asyncio
from collections import deque
from email.utils import formatdate
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from mirelo_ergo.emulator.clock import Clock

MAX_RECORDS = 10_000


@attrs.frozen
class SeenRequest:
    """One request as it arrived; header names are lower case, `body_bytes` is what has come so far."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body_bytes: int


class Traffic:
    """Wrap the application: note each request when its headers are there, count its body, date its answer."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock
        self._seen: deque[_Record] = deque(maxlen=MAX_RECORDS)

    def requests(self) -> list[SeenRequest]:
        """Return the last 10,000 requests, oldest first."""
        return [
            SeenRequest(record.method, record.path, record.query, record.headers, record.body_bytes)
            for record in self._seen.copy()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        record = _Record(
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        )
        self._seen.append(record)

        async def count() -> Message:
            message = await receive()
            record.body_bytes += len(message.get("body", b""))
            return message

        async def date(message: Message) -> None:
            if message["type"] == "http.response.start":
                now = formatdate(self._clock.now(), usegmt=True).encode()
                message = {**message, "headers": [*message["headers"], (b"date", now)]}
            await send(message)

        try:
            await self._app(scope, count, date)
        except asyncio.CancelledError:
            # Only the server's end cancels a request, after it has cut the connection; uvicorn would log it as a crash.
            return


@attrs.define
class _Record:
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body_bytes: int = 0

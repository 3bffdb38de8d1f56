"""Streamed answers of JSON lines."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from starlette.responses import Response

from mirelo_ergo.emulator.clock import Stopping

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from starlette.types import Receive, Scope, Send

    Line = Mapping[str, object]

NDJSON = "application/x-ndjson"


class NdjsonResponse(Response):
    """A stream of JSON lines without a length. It ends after the last one, or if the client disconnects."""

    media_type = NDJSON

    def __init__(self, lines: AsyncIterator[Line]) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._lines = lines

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        work = asyncio.ensure_future(self._write(send))
        gone = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            work.cancel()
        if not work.cancelled() and work.done():
            work.result()

    async def _write(self, send: Send) -> None:
        try:
            async for line in self._lines:
                body = json.dumps(line, separators=(",", ":")).encode() + b"\n"
                await send({"type": "http.response.body", "body": body, "more_body": True})
        except Stopping:
            pass
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

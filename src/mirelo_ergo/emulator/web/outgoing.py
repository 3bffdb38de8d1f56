"""The emulator's own requests, for clips and to webhooks: each over a new connection, without a proxy."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import h11

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
    from urllib.parse import SplitResult

READ_SIZE = 1 << 16


@contextlib.asynccontextmanager
async def exchange(
    method: str,
    parts: SplitResult,
    headers: Mapping[str, str],
    *,
    tls: ssl.SSLContext | None,
    body: bytes = b"",
) -> AsyncIterator[Callable[[], Awaitable[Any]]]:
    """Send a request, and yield a function that returns its answer's next h11 event. Raises `OSError` or h11's errors.

    It aborts the connection at the end, without waiting.
    """
    host, port = parts.hostname or "", parts.port
    if port is None:
        port = 80 if tls is None else 443
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~") + (
        f"?{quote(parts.query, safe='/%:@!$&()*+,;=~?')}" if parts.query else ""
    )
    own = {
        "Host": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        "User-Agent": "mirelo-ergo-emulator",
        "Connection": "close",
    }
    connection = h11.Connection(h11.CLIENT)
    head = connection.send(h11.Request(method=method, target=path, headers=list({**own, **headers}.items())))
    reader, writer = await asyncio.open_connection(host, port, ssl=tls)
    try:
        writer.write(b"".join([head or b"", connection.send(h11.Data(body)) or b"" if body else b""]))
        writer.write(connection.send(h11.EndOfMessage()) or b"")

        async def next_event() -> Any:
            while (event := connection.next_event()) is h11.NEED_DATA:
                connection.receive_data(await reader.read(READ_SIZE))
            return event

        yield next_event
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

"""An ASGI application that receives webhooks into an inbox, for any server or framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ...errors import WebhookError
from ..lazy import LazyModule
from ..redact import log
from .events import LARGEST_BODY, too_large

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, MutableMapping

    from .events import JobEvent
    from .inbox import WebhookInbox
    from .signatures import Headers

    Message: TypeAlias = MutableMapping[str, Any]
    Receive: TypeAlias = Callable[[], Awaitable[Message]]
    Send: TypeAlias = Callable[[Message], Awaitable[None]]
else:
    asyncio = LazyModule("asyncio")


READ_WITHIN: Final = 10.0
"""Seconds within which a request's body must arrive: a webhook has a few hundred bytes."""


class _Gone(Exception):
    """Raised when the caller left before the end of its body."""


class WebhookApp:
    """An application that puts webhooks into an inbox. Why it refuses one is logged, and not sent to the caller."""

    def __init__(
        self,
        inbox: WebhookInbox,
        parse: Callable[[Headers, bytes], JobEvent],
        admits: Callable[[str], bool] | None,
        read_within: float = READ_WITHIN,
    ) -> None:
        self._inbox, self._parse, self._admits, self._read_within = inbox, parse, admits, read_within

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request. A method, because frameworks take a plain function for one of their own handlers."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            try:
                await _send(send, await self._answer(scope, receive))
            except _Gone:
                pass
            except Exception:
                log.warning("a webhook could not be answered", exc_info=True)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _answer(self, scope: Message, receive: Receive) -> int:
        """Handle one request, and return the status of its answer."""
        if self._admits is not None and not self._admits(scope["path"]):
            return 404
        if scope["method"] != "POST":
            return 405
        headers = _Pairs((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        try:
            event = self._parse(headers, await self._read(headers, receive))
            if self._inbox.blocks:
                await asyncio.to_thread(self._inbox.receive, event)
            else:
                self._inbox.receive(event)
        except WebhookError as error:
            level = log.warning if error.http_status >= 500 else log.info  # anyone could fill the log with the others
            level("a webhook was refused (%d): %s", error.http_status, error)
            return error.http_status
        return 204

    async def _read(self, headers: _Pairs, receive: Receive) -> bytes:
        declared = next((value for name, value in headers.items() if name == "content-length"), "")
        if declared.isdecimal() and (len(declared) > 18 or int(declared) > LARGEST_BODY):
            raise too_large()
        body = bytearray()
        try:
            async with asyncio.timeout(self._read_within):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise _Gone
                    body += message.get("body", b"")
                    if len(body) > LARGEST_BODY:
                        raise too_large()
                    if not message.get("more_body", False):
                        return bytes(body)
        except TimeoutError:
            text = f"not a webhook: its body did not come within {self._read_within:g} s"
            raise WebhookError(text, http_status=408) from None


class _Pairs(list[tuple[str, str]]):
    """The headers as received, duplicates included."""

    def items(self) -> _Pairs:
        return self


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _send(send: Send, status: int) -> None:
    headers = [] if status == 204 else [(b"content-length", b"0")]
    if status == 405:
        headers.append((b"allow", b"POST"))
    elif status in (408, 413):
        headers.append((b"connection", b"close"))  # the rest of the body is not read
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})

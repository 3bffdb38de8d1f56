"""Faults of streams: cut, ended early, held back. Each function returns a `send` for the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import Message, Send

BODY = "http.response.body"


def cut(send: Send, close: Callable[[], Awaitable[None]], after_lines: int, *, inside: bool) -> Send:
    """Send this many lines, with half of the next one if `inside`, and cut the connection within the body."""
    left, over = after_lines, False

    async def cutting(message: Message) -> None:
        nonlocal left, over
        if over:
            return
        if message["type"] != BODY:
            await send(message)
            return
        body: bytes = message.get("body", b"")
        whole, left = _lines(body, left)
        rest = body[len(whole) :]
        over = left == 0 and (bool(rest) or not inside or not message.get("more_body", False))
        if over and inside:
            line = rest.partition(b"\n")[0]
            whole += line[: max(1, len(line) // 2)]
        await send({**message, "body": whole, "more_body": True})
        if over:
            await close()

    return cutting


def end(send: Send, after_lines: int) -> Send:
    """Send this many lines, and end the body normally."""
    left, over = after_lines, False

    async def ending(message: Message) -> None:
        nonlocal left, over
        if over:
            return
        if message["type"] == BODY:
            whole, left = _lines(message.get("body", b""), left)
            over = left == 0 or not message.get("more_body", False)
            message = {**message, "body": whole, "more_body": not over}
        await send(message)

    return ending


def hold(send: Send) -> Send:
    """Send nothing, not even a status, before the body is complete."""
    held: list[Message] = []

    async def holding(message: Message) -> None:
        held.append(message)
        if message["type"] == BODY and not message.get("more_body", False):
            for each in held:
                await send(each)

    return holding


def head_only(send: Send, begun: Callable[[], None]) -> Send:
    """Send the status and headers of a stream without its body. Other answers are sent unchanged."""
    streams: bool | None = None

    async def heading(message: Message) -> None:
        nonlocal streams
        if message["type"] != BODY:
            streams = not any(name == b"content-length" for name, _ in message["headers"])
            await send(message)
            if streams:
                begun()
        elif not streams:
            await send(message)

    return heading


def _lines(body: bytes, count: int) -> tuple[bytes, int]:
    """Return the beginning of a body with at most this many lines, and the number of lines still missing."""
    at = 0
    while count and (found := body.find(b"\n", at)) >= 0:
        at, count = found + 1, count - 1
    return (body[:at], 0) if count == 0 else (body, count)

"""Serve one fixed JSON answer with bare Starlette on uvicorn: what the emulator's figures are set against."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request


async def _me(request: Request) -> JSONResponse:
    return JSONResponse(
        {"id": "user-1", "email": "someone@example.com", "credits_available": 1000, "overage_enabled": False}
    )


def main() -> None:
    """Answer every request with a few bytes, until the end of standard input."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen(1024)
    print(listening.getsockname()[1], flush=True)
    app = Starlette(routes=[Route("/v2/me", _me)])
    config = uvicorn.Config(app, loop="asyncio", http="h11", ws="none", lifespan="off", log_config=None)
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()

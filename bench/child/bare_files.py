"""The same upload by bare httpx as it is best done: pieces of 1 MiB under an explicit Content-Length."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from bench.child.worker import forget_peak, peak, serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

PIECE = 1 << 20


def _pieces(path: str) -> Iterator[bytes]:
    with Path(path).open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


async def _pieces_async(path: str) -> AsyncIterator[bytes]:
    pieces = _pieces(path)
    while piece := await asyncio.to_thread(next, pieces, b""):  # a read in the loop would stop all its tasks
        yield piece


def _headers(path: str) -> dict[str, str]:
    return {"Content-Length": str(Path(path).stat().st_size), "Content-Type": "video/mp4"}


def upload(url: str, small: str, large: str) -> dict[str, float]:
    """Put a small file, so that all is loaded, then the large one; give its seconds and extra memory."""
    with httpx.Client(timeout=60) as client:
        client.put(url, content=_pieces(small), headers=_headers(small)).raise_for_status()
        before, began = forget_peak(), time.perf_counter()
        client.put(url, content=_pieces(large), headers=_headers(large)).raise_for_status()
        return {"seconds": time.perf_counter() - began, "extra": peak() - before}


def upload_async(url: str, small: str, large: str) -> dict[str, float]:
    """The same, awaited."""

    async def main() -> dict[str, float]:
        async with httpx.AsyncClient(timeout=60) as client:
            (await client.put(url, content=_pieces_async(small), headers=_headers(small))).raise_for_status()
            before, began = forget_peak(), time.perf_counter()
            (await client.put(url, content=_pieces_async(large), headers=_headers(large))).raise_for_status()
            return {"seconds": time.perf_counter() - began, "extra": peak() - before}

    return asyncio.run(main())


if __name__ == "__main__":
    serve({"upload": upload, "upload_async": upload_async})

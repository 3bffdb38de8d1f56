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
CONTENT_TYPE = "video/mp4"
JOBS = "/v2/video-to-sfx/v1.5/jobs"


def _pieces(path: str) -> Iterator[bytes]:
    with Path(path).open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


async def _pieces_async(path: str) -> AsyncIterator[bytes]:
    pieces = _pieces(path)
    while piece := await asyncio.to_thread(next, pieces, b""):  # a read in the loop would stop all its tasks
        yield piece


def _headers(path: str) -> dict[str, str]:
    return {"Content-Length": str(Path(path).stat().st_size), "Content-Type": CONTENT_TYPE}


def upload(url: str, small: str, large: str) -> dict[str, float]:
    """Submit a small file, so that all is loaded, then the large one; return its seconds and extra memory."""
    with httpx.Client(timeout=60) as client:

        def submit(path: str) -> None:
            asset = client.post(f"{url}/v2/assets", json={"content_type": CONTENT_TYPE}).json()
            client.put(asset["upload_url"], content=_pieces(path), headers=_headers(path)).raise_for_status()
            client.post(f"{url}{JOBS}", json=_job(asset["asset_id"])).raise_for_status()

        submit(small)
        before, began = forget_peak(), time.perf_counter()
        submit(large)
        return {"seconds": time.perf_counter() - began, "extra": peak() - before}


def upload_async(url: str, small: str, large: str) -> dict[str, float]:
    """Do the same, awaited."""

    async def main() -> dict[str, float]:
        async with httpx.AsyncClient(timeout=60) as client:

            async def submit(path: str) -> None:
                asset = (await client.post(f"{url}/v2/assets", json={"content_type": CONTENT_TYPE})).json()
                put = await client.put(asset["upload_url"], content=_pieces_async(path), headers=_headers(path))
                put.raise_for_status()
                (await client.post(f"{url}{JOBS}", json=_job(asset["asset_id"]))).raise_for_status()

            await submit(small)
            before, began = forget_peak(), time.perf_counter()
            await submit(large)
            return {"seconds": time.perf_counter() - began, "extra": peak() - before}

    return asyncio.run(main())


def _job(asset_id: str) -> dict[str, object]:
    return {"video": {"type": "asset", "asset_id": asset_id}, "duration_ms": 5000}


if __name__ == "__main__":
    serve({"upload": upload, "upload_async": upload_async})

"""Our uploads and downloads, in a process of its own that does nothing else: its memory is measured."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from bench.child.worker import forget_peak, peak, serve
from mirelo_ergo import AsyncMireloClient, MireloClient, Video
from mirelo_ergo._runtime.http import network

if TYPE_CHECKING:
    from pathlib import Path

KEY = "sk-benchmark"


def upload(url: str, small: str, large: str) -> dict[str, float]:
    """Submit a small file, so that all is loaded, then the large one; return its seconds and extra memory."""
    with MireloClient(KEY, base_url=url) as client:
        client.video_to_sfx(Video.from_path(small), duration_ms=5000).submit_job()
        before, began = forget_peak(), time.perf_counter()
        client.video_to_sfx(Video.from_path(large), duration_ms=5000).submit_job()
        return {"seconds": time.perf_counter() - began, "extra": peak() - before}


def upload_async(url: str, small: str, large: str) -> dict[str, float]:
    """Do the same, awaited."""

    async def main() -> dict[str, float]:
        async with AsyncMireloClient(KEY, base_url=url) as client:
            await client.video_to_sfx(Video.from_path(small), duration_ms=5000).submit_job()
            before, began = forget_peak(), time.perf_counter()
            await client.video_to_sfx(Video.from_path(large), duration_ms=5000).submit_job()
            return {"seconds": time.perf_counter() - began, "extra": peak() - before}

    return asyncio.run(main())


_read = 0


def count_reads() -> None:
    """Count every byte that our side reads off a socket."""
    wire: Any = network.SocketWire
    take = wire.take

    def counted(this: Any) -> bytes | None:
        global _read
        data: bytes | None = take(this)
        _read += len(data or b"")
        return data

    wire.take = counted


def download(url: str, folder: str) -> dict[str, float]:
    """Generate, and save the result; return the saving's seconds, extra memory, size, and the bytes that were read."""
    count_reads()
    with MireloClient(KEY, base_url=url) as client:
        result = client.text_to_sfx("rain on a tin roof").run()
        before = _begin()
        (path,) = result.download(folder)
        return _end(before, path)


def download_async(url: str, folder: str) -> dict[str, float]:
    """Do the same, awaited."""
    count_reads()

    async def main() -> dict[str, float]:
        async with AsyncMireloClient(KEY, base_url=url) as client:
            result = await client.text_to_sfx("rain on a tin roof").run()
            before = _begin()
            (path,) = await result.download(folder)
            return _end(before, path)

    return asyncio.run(main())


def _begin() -> tuple[int, int, float]:
    return _read, forget_peak(), time.perf_counter()


def _end(before: tuple[int, int, float], path: Path) -> dict[str, float]:
    read, memory, began = before
    took, extra = time.perf_counter() - began, peak() - memory
    size = path.stat().st_size
    path.unlink()
    return {"seconds": took, "extra": extra, "size": size, "read": _read - read}


if __name__ == "__main__":
    serve({"upload": upload, "upload_async": upload_async, "download": download, "download_async": download_async})

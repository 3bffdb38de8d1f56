"""Go the vendor's SDK's whole way against an emulator: `interop_side.py blocking|async JSON`, what it saw as JSON.

Runs in the environment of `.bench/vendor`, which has nothing of ours; standard library and the SDK only. Each step is
written once, for both clients: `settled` awaits what has to be awaited.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import sys
import urllib.request
from pathlib import Path
from typing import Any

mirelo: Any = importlib.import_module("mirelo")  # not in the environment that the type checkers see

CLIENTS = {"blocking": "MireloClient", "async": "AsyncMireloClient"}
PARTS = {"blocking": ("GenerationRequest", "Job"), "async": ("AsyncGenerationRequest", "AsyncJob")}


async def settled(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


async def failure(action: Any) -> dict[str, Any]:
    """Return what the SDK says of a call that has to fail."""
    try:
        await settled(action())
    except mirelo.MireloError as error:
        return {"code": error.code, "http_status": error.http_status}
    raise AssertionError("it did not fail")


def read(url: str) -> dict[str, Any]:
    """Fetch a result as anyone would who has its URL."""
    with urllib.request.urlopen(url, timeout=30) as answer:
        data = answer.read()
        return {"type": answer.headers["content-type"], "bytes": len(data), "head": data[:12].hex()}


async def account(client: Any, given: dict[str, Any]) -> dict[str, Any]:
    return dict(vars(await settled(client.me())))


async def text(client: Any, given: dict[str, Any]) -> dict[str, Any]:
    request = client.text_to_sfx("rain on a tin roof", duration_ms=1500, num_samples=2)
    quote = await settled(request.preflight())
    job = await settled(request.submit_job())
    result = await settled(job.wait(poll_interval_ms=20))
    looked = await settled(job.status())
    held = await settled(request.sync_i_accept_http_timeout_risk())
    return {
        "quote": vars(quote),
        "job": {"job_id": job.job_id, "job_url": job.job_url, "estimated_ms": job.estimated_ms},
        "kinds": [type(result).__name__, type(looked).__name__, type(held).__name__],
        "results": [read(url) for url in result.result_urls + looked.result_urls + held.result_urls],
    }


async def upload(client: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Send a clip once and use it twice."""
    video = mirelo.Video.from_bytes(Path(given["clip"]).read_bytes(), content_type="video/mp4")
    request = client.video_to_sfx(video, duration_ms=1000, start_offset_ms=500, output="video")
    quote = await settled(request.preflight())
    job = await settled(request.submit_job())
    result = await settled(job.wait(poll_interval_ms=20))
    again = client.video_to_sfx(video, duration_ms=1000, num_samples=3)
    held = await settled(again.sync_i_accept_http_timeout_risk())
    return {"quote": vars(quote), "results": [read(url) for url in result.result_urls + held.result_urls]}


async def link(client: Any, given: dict[str, Any]) -> dict[str, Any]:
    request = client.video_to_sfx(mirelo.Video.from_url(given["clip_url"]), duration_ms=1500)
    result = await settled((await settled(request.submit_job())).wait(poll_interval_ms=20))
    return {"results": [read(url) for url in result.result_urls]}


async def failures(client: Any, given: dict[str, Any]) -> dict[str, Any]:
    job = await settled(client.text_to_sfx("[generation_failed]").submit_job())
    waited = await failure(lambda: job.wait(poll_interval_ms=20))
    looked = await settled(job.status())
    nothing = mirelo.Video.from_url(given["clip_url"] + ".none")
    return {
        "waited": waited,
        "looked": {"code": looked.code, "http_status": looked.http_status},
        "range": await failure(client.text_to_sfx("rain", duration_ms=1).submit_job),
        "video": await failure(client.video_to_sfx(nothing, duration_ms=1000).submit_job),
        "price": await failure(client.video_to_sfx(nothing, duration_ms=600_000, num_samples=4).submit_job),
    }


async def waiting(client: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Look at a job that takes real seconds, right after its submit."""
    job = await settled(client.text_to_sfx("rain", duration_ms=10_000, num_samples=4).submit_job())
    looked = await settled(job.status())
    return {"kind": type(looked).__name__, **vars(looked)}


async def stranger(client: Any, given: dict[str, Any]) -> dict[str, Any]:
    return await failure(client.me)


STEPS = (account, text, upload, link, failures)


async def go(colour: str, given: dict[str, Any]) -> dict[str, Any]:
    """Go all steps with one client, the last two with clients of their own."""
    kind = getattr(mirelo, CLIENTS[colour])
    seen: dict[str, Any] = {"surface": surface(colour)}
    others = (waiting, given["slow_url"], given["slow_key"]), (stranger, given["url"], "no-key")
    for steps, url, key in ((STEPS, given["url"], given["key"]), *(((step,), url, key) for step, url, key in others)):
        client = kind(key, base_url=url)
        async with Closing(client):
            for step in steps:
                seen[step.__name__] = await step(client, given)
    return seen


class Closing:
    """Close a client of either colour by its own way."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def __aenter__(self) -> None:
        return

    async def __aexit__(self, *_: object) -> None:
        await settled(self._client.aclose() if hasattr(self._client, "aclose") else self._client.close())


def surface(colour: str) -> dict[str, list[str]]:
    """Return what can be called."""
    kinds = [getattr(mirelo, name) for name in (CLIENTS[colour], *PARTS[colour])]
    offered = {kind.__name__: [name for name in dir(kind) if not name.startswith("_")] for kind in kinds}
    return {**offered, "Video": [name for name in dir(mirelo.Video) if name.startswith("from_")]}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(go(sys.argv[1], json.loads(sys.argv[2])))))

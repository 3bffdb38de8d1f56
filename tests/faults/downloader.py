"""A process of its own that downloads a job's results: `python -m tests.faults.downloader`, for rows 67 and 68.

Arguments: sync or async, the API's URL, the job's token, the folder, and 1 to overwrite. Prints one line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any

from mirelo_ergo import AsyncMireloClient, DownloadError, MireloClient
from tests.faults.harness import KEY

if TYPE_CHECKING:
    from pathlib import Path


def _sync(url: str, token: str, folder: str, overwrite: bool) -> list[Path]:
    with MireloClient(KEY, base_url=url) as client:
        return client.job(token).wait(poll_interval_ms=1).download(folder, overwrite)


async def _async(url: str, token: str, folder: str, overwrite: bool) -> list[Path]:
    async with AsyncMireloClient(KEY, base_url=url) as client:
        return await (await client.job(token).wait(poll_interval_ms=1)).download(folder, overwrite)


def main(colour: str, url: str, token: str, folder: str, overwrite: str) -> dict[str, Any]:
    replace = overwrite == "1"
    try:
        if colour == "sync":
            saved = _sync(url, token, folder, replace)
        else:
            saved = asyncio.run(_async(url, token, folder, replace))
    except DownloadError as error:
        return {"errno": error.errno, "path": error.path}
    return {"saved": [str(path) for path in saved]}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))

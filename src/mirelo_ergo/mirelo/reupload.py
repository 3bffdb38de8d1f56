"""Sources by URL for operations that only take uploaded files: fetched here, and uploaded."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DownloadError, UploadError
from .service import ASSET_LIFETIME

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .._runtime.api.execute import Runtime
    from .._runtime.transfer.assets import AssetCache
    from .._runtime.transfer.inputs import MediaSource
    from .._runtime.transfer.upload import Asset, Slot


async def asset_at(
    runtime: Runtime,
    source: MediaSource,
    assets: AssetCache,
    new_slot: Callable[[str], Awaitable[Slot]],
    *,
    before_submit: bool,
) -> Asset:
    """Fetch a source's URL to a temporary file and upload it, once per client while the asset is valid.

    The URL is checked like every external one: https, to a public address. Raises `UploadError` if it cannot be
    fetched.
    """
    from .._runtime.transfer.download import LARGEST_FILE, fetch
    from .._runtime.transfer.sinks import FileSink
    from .._runtime.transfer.upload import Asset, upload_once

    io, url = runtime.io, source.url
    assert url is not None, "a source with bytes of its own is not fetched"
    key = f"{runtime.account()} at {hashlib.sha256(url.encode()).hexdigest()}"
    async with io.lock(key):
        kept = assets.get(key, io.now())
        if kept is not None:
            return Asset(kept, key, known=True)
        folder = Path(await io.run_blocking(partial(tempfile.mkdtemp, prefix="mirelo-ergo-")))
        try:
            sink = FileSink(folder, "source", overwrite=True)
            try:
                await fetch(runtime, url, sink, cap=LARGEST_FILE, fresh_url=_no_other_url)
            except DownloadError as error:
                raise UploadError(f"{source.kind}: {error.message}; nothing was submitted") from error
            assert sink.target is not None, "a file that is saved has its place"
            local = await io.run_blocking(partial(type(source).from_path, sink.target))
            asset = await upload_once(runtime, local, new_slot, ASSET_LIFETIME, before_submit=before_submit)
        finally:
            await io.run_blocking(partial(shutil.rmtree, folder, ignore_errors=True))
        assets.keep(key, asset.asset_id, io.now() + ASSET_LIFETIME)
        return Asset(asset.asset_id, key, known=False)


async def _no_other_url() -> str | None:
    return None

"""The clips and sounds of requests: fetched or uploaded, opened and checked."""

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING, Any

import attrs

from mirelo_ergo.emulator.media import picture, recording
from mirelo_ergo.emulator.media.fetch import fetch
from mirelo_ergo.emulator.media.picture import ClipSource
from mirelo_ergo.emulator.media.recording import Recording
from mirelo_ergo.emulator.refusals import Refusal, short

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import ExitStack
    from pathlib import Path

    from mirelo_ergo.emulator.disk import Disk
    from mirelo_ergo.emulator.media.segments import Window
    from mirelo_ergo.emulator.state.store import Store


class Sources:
    """Opens the sources of requests."""

    def __init__(self, *, store: Store, disk: Disk, check: Callable[[], None]) -> None:
        self._store = store
        self._disk = disk
        self._check = check

    async def recording(self, key: str, source: Mapping[str, Any], undo: ExitStack) -> Recording:
        """Decode a request's sound to a new file, which `undo` removes."""
        path = self._new_file("sound", undo)
        try:
            digest = await self._take(key, source, "audio", path)
            samples = self._new_file("samples", undo)
            frames = await asyncio.to_thread(recording.decode, path, samples, self._check, self._disk.growing(samples))
            self._disk.whole(samples)
        finally:
            path.unlink(missing_ok=True)
        return Recording(samples, frames, digest)

    async def clip(
        self,
        key: str,
        source: Mapping[str, Any],
        window: Window,
        undo: ExitStack,
        *,
        lenient: bool = False,
        whole: bool = False,
    ) -> ClipSource:
        """Copy a request's clip to a new file, which `undo` removes, and check its headers.

        `lenient` also accepts a GIF, and shortens the window to the clip instead of refusing it. `whole` ends the
        window with the clip.
        """
        path = self._new_file("clip", undo)
        digest = await self._take(key, source, "video", path)
        clip = await asyncio.to_thread(functools.partial(picture.probe, path, gif=lenient, measure=lenient or whole))
        if whole and clip.duration_ms:
            window = attrs.evolve(window, duration_ms=max(1, clip.duration_ms - window.start_ms))
            picture.check_length(clip.duration_ms, window)
        elif lenient and clip.duration_ms:
            window = attrs.evolve(window, duration_ms=min(window.duration_ms, clip.duration_ms - window.start_ms))
        elif clip.duration_ms is not None:
            picture.check_length(clip.duration_ms, window)
        return ClipSource(path, clip, window, digest)

    async def file(self, key: str, source: Mapping[str, Any], kind: str, undo: ExitStack) -> Path:
        """Copy a request's source unchanged to a new file, which `undo` removes."""
        path = self._new_file(kind, undo)
        await self._take(key, source, kind, path)
        return path

    def _new_file(self, kind: str, undo: ExitStack) -> Path:
        path = self._disk.new_file(kind, 0)
        undo.callback(path.unlink, missing_ok=True)
        return path

    async def _take(self, key: str, source: Mapping[str, Any], kind: str, path: Path) -> str:
        """Write the bytes of a source to a file; return their sha256."""
        if source["type"] == "url":
            digest = await fetch(source[f"{kind}_url"], path, kind, self._disk.growing(path))
            self._disk.whole(path)
            return digest
        asset = self._store.asset(source["asset_id"])
        if asset is None or asset.key != key:
            raise Refusal(
                "invalid_asset", 422, f"there is no asset {short(source['asset_id'])}, or it is older than 24 hours"
            )
        if asset.path is None:
            raise Refusal("invalid_asset", 422, f"nothing has been uploaded to the asset {asset.id}")
        path.unlink()
        path.hardlink_to(asset.path)  # a second upload, or the asset's end, leaves this one as it is
        return asset.sha256

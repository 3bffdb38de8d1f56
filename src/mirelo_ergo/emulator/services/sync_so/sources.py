"""The sources of a generation: its clip, its picture and its voices."""

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING, Any

from mirelo_ergo.emulator.media.dubbing import write_samples
from mirelo_ergo.emulator.media.picture import read_picture
from mirelo_ergo.emulator.media.samples import Samples
from mirelo_ergo.emulator.media.segments import Window
from mirelo_ergo.emulator.media.speech import speech
from mirelo_ergo.emulator.media.wav import FRAME_BYTES, RATE
from mirelo_ergo.emulator.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import ExitStack
    from pathlib import Path

    from mirelo_ergo.emulator.disk import Disk
    from mirelo_ergo.emulator.media.wav import Sound
    from mirelo_ergo.emulator.state.store import Store

WHOLE = Window(0, 1, "all of it")
LONGEST_MS = 10 * 60_000


class DubbingSources:
    """Opens the sources of a request. `undo` removes every file that was made for it."""

    def __init__(self, *, key: str, store: Store, disk: Disk, check: Callable[[], None]) -> None:
        self._key = key
        self._disk = disk
        self._check = check
        self._sources = Sources(store=store, disk=disk, check=check)

    async def clip(self, source: Mapping[str, Any], undo: ExitStack) -> tuple[Path, float]:
        """Return a clip in a new file, and its length in milliseconds."""
        found = await self._sources.clip(self._key, source, WHOLE, undo, whole=True)
        return found.path, found.window.duration_ms

    async def picture(self, source: Mapping[str, Any], undo: ExitStack) -> Path:
        """Return a picture in a new file; refuse anything else with 422."""
        path = await self._sources.file(self._key, source, "image", undo)
        await asyncio.to_thread(read_picture, path)
        return path

    async def recording(self, source: Mapping[str, Any], undo: ExitStack) -> Samples:
        """Return a sound, decoded."""
        found = await self._sources.recording(self._key, source, undo)
        return Samples(found.path, found.frames)

    async def speech(self, script: str, voice: str, undo: ExitStack) -> Samples:
        """Return placeholder speech of a synthetic voice, at most ten minutes."""
        piece = speech(script, voice)
        return await self._written(piece, min(piece.frames, LONGEST_MS * RATE // 1000), undo)

    async def _written(self, sound: Sound, frames: int, undo: ExitStack) -> Samples:
        path = self._disk.new_file("samples", frames * FRAME_BYTES)
        undo.callback(path.unlink, missing_ok=True)
        await asyncio.to_thread(functools.partial(write_samples, sound, frames, path, self._check))
        return Samples(path, frames)

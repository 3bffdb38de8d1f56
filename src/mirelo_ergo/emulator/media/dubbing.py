"""Dubbing: a clip with other voices."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import attrs

from mirelo_ergo.emulator.media import retiming
from mirelo_ergo.emulator.media.rendering import Rendering
from mirelo_ergo.emulator.media.samples import Arranged, Fitted, Samples
from mirelo_ergo.emulator.media.segments import Window
from mirelo_ergo.emulator.media.wav import FRAME_BYTES, RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from mirelo_ergo.emulator.disk import Disk
    from mirelo_ergo.emulator.media.retiming import SyncMode
    from mirelo_ergo.emulator.media.wav import Sound

WHOLE = Window(0, 1, "all of it")
LONGEST_MS = 10 * 60_000


@attrs.frozen
class Stretch:
    """A part of a clip in milliseconds, and the part of a voice that speaks in it."""

    start_ms: float
    end_ms: float
    voice: str
    since_ms: float = 0
    until_ms: float | None = None


@attrs.frozen
class Dubbing:
    """A clip (or a picture, of 0 ms) and its new sound. `render` may be called once."""

    clip: Path
    clip_ms: float
    sound: Sound
    mode: SyncMode

    @property
    def length_ms(self) -> float:
        """The length of the result in milliseconds."""
        sound_ms = self.sound.frames * 1000 / RATE
        return retiming.synced_ms(self.mode, self.clip_ms, sound_ms) if self.clip_ms else sound_ms

    def render(self, disk: Disk, check: Callable[[], None]) -> tuple[Rendering, ...]:
        """Make the result, an MP4. Calls `check`, which may raise. Removes the clip, after a failure the sound too."""
        with ExitStack() as done, ExitStack() as undo:
            done.callback(self.clip.unlink, missing_ok=True)
            for path in self.sound.files:
                undo.callback(path.unlink, missing_ok=True)
            parts = disk.new_file("pictures", 0)
            done.callback(parts.unlink, missing_ok=True)
            if self.clip_ms:
                pictures = retiming.separate(self.clip, parts, round(self.clip_ms), check)
            else:
                pictures = retiming.still(self.clip, parts, check)
            target = disk.new_file("result", 0)
            undo.callback(target.unlink, missing_ok=True)
            length_ms = retiming.sync(pictures, self.sound, target, self.mode if self.clip_ms else "loop", check)
            undo.pop_all()
            return (Rendering(Fitted(self.sound, round(length_ms * RATE / 1000)), target, "mp4"),)


def arranged(voices: Mapping[str, Samples], stretches: Sequence[Stretch], clip_ms: float) -> Sound:
    """Return a sound with the voices at their positions and silence elsewhere."""
    parts = [
        (
            _frames(each.start_ms),
            voices[each.voice],
            _frames(each.since_ms),
            min(_frames(_until_ms(each)), voices[each.voice].frames),
        )
        for each in stretches
    ]
    return Arranged(max(1, _frames(clip_ms)), tuple(parts))


def _until_ms(stretch: Stretch) -> float:
    longest = stretch.since_ms + stretch.end_ms - stretch.start_ms
    return longest if stretch.until_ms is None else min(longest, stretch.until_ms)


def _frames(ms: float) -> int:
    return round(ms * RATE / 1000)


def write_samples(sound: Sound, frames: int, path: Path, check: Callable[[], None]) -> None:
    """Write this many frames of a sound to a file, without a header. `check` may raise."""
    with path.open("wb") as file:
        for samples in _seconds(sound, frames):
            check()
            file.write(samples)


def _seconds(sound: Sound, frames: int) -> Iterable[bytes]:
    left = frames * FRAME_BYTES
    for samples in sound.seconds(0, -(-frames // RATE)):
        piece = samples.tobytes()[:left]
        left -= len(piece)
        yield piece

"""Sounds that lie in a file as plain samples, and two sounds at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from mirelo_ergo.emulator.media.wav import CHANNELS, FRAME_BYTES, RATE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from mirelo_ergo.emulator.media.wav import Sound


@attrs.frozen
class Samples:
    """A sound in a file, at 48 kHz, stereo and 16 bit, without a header."""

    path: Path
    frames: int

    @property
    def files(self) -> tuple[Path, ...]:
        """The sound's file."""
        return (self.path,)

    def seconds(self, first: int, end: int) -> Iterator[NDArray[np.int16]]:
        """Yield the seconds from `first` up to `end` as arrays of shape (frames, 2); the last may be shorter."""
        with self.path.open("rb") as file:
            file.seek(first * RATE * FRAME_BYTES)
            for index in range(first, end):
                count = min(RATE, self.frames - index * RATE)
                yield np.frombuffer(file.read(count * FRAME_BYTES), "<i2").reshape(-1, CHANNELS)


@attrs.frozen
class Mixed:
    """Two sounds at once, as long as the first; what is louder than 16 bits can hold is clipped."""

    first: Sound
    second: Sound

    @property
    def frames(self) -> int:
        """The length, in samples of each channel."""
        return self.first.frames

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that either of them reads from."""
        return (*self.first.files, *self.second.files)

    def seconds(self, first: int, end: int) -> Iterator[NDArray[np.int16]]:
        """Yield the seconds from `first` up to `end` as arrays of shape (frames, 2); the last may be shorter."""
        others = self.second.seconds(first, max(first, min(end, -(-self.second.frames // RATE))))
        for samples in self.first.seconds(first, end):
            mix = samples.astype(np.int32)
            other = next(others, None)
            if other is not None:
                length = min(len(mix), len(other))
                mix[:length] += other[:length]
            yield np.clip(mix, -32_768, 32_767).astype("<i2")

"""Sounds in files of raw samples, and combinations of sounds."""

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
        for index in range(first, end):
            yield self.part(index * RATE, min((index + 1) * RATE, self.frames))

    def part(self, first: int, last: int) -> NDArray[np.int16]:
        """Return the frames from `first` up to `last`, as many of them as there are."""
        with self.path.open("rb") as file:
            file.seek(first * FRAME_BYTES)
            raw = file.read(max(0, min(last, self.frames) - first) * FRAME_BYTES)
        return np.frombuffer(raw, "<i2").reshape(-1, CHANNELS)


@attrs.frozen
class Mixed:
    """A mix of two sounds, as long as the first, clipped to 16 bits."""

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


@attrs.frozen
class Fitted:
    """A sound with another length: cut, or followed by silence."""

    sound: Sound
    frames: int

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that the sound reads from."""
        return self.sound.files

    def seconds(self, first: int, end: int) -> Iterator[NDArray[np.int16]]:
        """Yield the seconds from `first` up to `end` as arrays of shape (frames, 2); the last may be shorter."""
        own = self.sound.seconds(first, max(first, min(end, -(-self.sound.frames // RATE))))
        for index in range(first, end):
            samples = np.zeros((min(RATE, self.frames - index * RATE), CHANNELS), "<i2")
            known = next(own, samples)[: len(samples)]
            samples[: len(known)] = known
            yield samples


@attrs.frozen
class Arranged:
    """Parts of sounds at their positions, with silence between them. Overlapping parts are mixed.

    A part is its start in frames, the sound, and the first and last frame of it.
    """

    frames: int
    parts: tuple[tuple[int, Samples, int, int], ...]

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of all its parts."""
        return tuple(path for _, sound, _, _ in self.parts for path in sound.files)

    def seconds(self, first: int, end: int) -> Iterator[NDArray[np.int16]]:
        """Yield the seconds from `first` up to `end` as arrays of shape (frames, 2); the last may be shorter."""
        for index in range(first, end):
            begin, last = index * RATE, min((index + 1) * RATE, self.frames)
            mix = np.zeros((last - begin, CHANNELS), np.int32)
            for at, sound, since, until in self.parts:
                low, high = max(begin, at), min(last, at + min(until, sound.frames) - since)
                if low < high:
                    mix[low - begin : high - begin] += sound.part(since + low - at, since + high - at)
            yield np.clip(mix, -32_768, 32_767).astype("<i2")

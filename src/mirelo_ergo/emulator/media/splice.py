"""A recording with a new segment or a continuation."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import attrs
import numpy as np

from mirelo_ergo.emulator.media.wav import CHANNELS, FRAME_BYTES, RATE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from mirelo_ergo.emulator.media.recording import Recording
    from mirelo_ergo.emulator.media.sound import Piece

FADE = RATE // 50  # 20 ms


@attrs.frozen
class Splice:
    """A recording with a piece from the frame `at` on. All other samples are the recording's.

    The piece fades in and out over 20 ms, within its own length: a segment from and to the original recording; a
    continuation from the recording's end played backwards, which avoids a jump. For a `loop` it ends with the
    recording's beginning played backwards, otherwise with silence.
    """

    recording: Recording
    piece: Piece
    at: int
    loop: bool

    @property
    def frames(self) -> int:
        """Return the length, in samples of each channel."""
        return max(self.recording.frames, self.at + self.piece.frames)

    @property
    def files(self) -> tuple[Path, ...]:
        """Return the recording's file."""
        return (self.recording.path,)

    def seconds(self, first: int, end: int) -> Iterator[NDArray[np.int16]]:
        """Yield the seconds from `first` up to `end` as arrays of shape (frames, 2); the last may be shorter."""
        with self.recording.path.open("rb") as file:
            for index in range(first, end):
                begin, last = index * RATE, min((index + 1) * RATE, self.frames)
                samples = np.zeros((last - begin, CHANNELS), "<i2")
                known = _read(file, begin, min(last, self.recording.frames))
                samples[: len(known)] = known
                low, high = max(begin, self.at), min(last, self.at + self.piece.frames)
                if low < high:
                    samples[low - begin : high - begin] = self._new(file, low - self.at, high - self.at)
                yield samples

    def _new(self, file: BinaryIO, first: int, last: int) -> NDArray[np.int16]:
        """Compute a part of the piece with its fades, in frames of the piece."""
        length = self.piece.frames
        under = np.zeros((last - first, CHANNELS), np.float64)
        for offset, neighbour in ((0, self._before(file)), (length - FADE, self._after(file))):
            low, high = max(first, offset), min(last, offset + FADE)
            if low < high:
                under[low - first : high - first] = neighbour[low - offset : high - offset]
        at = np.arange(first, last)
        weight = np.minimum(1, np.minimum(at, length - 1 - at) / FADE)[:, None]
        mix: NDArray[np.float64] = self.piece.part(first, last) * weight + under * (1 - weight)
        return np.rint(mix).astype("<i2")

    def _before(self, file: BinaryIO) -> NDArray[np.int16]:
        if self.at < self.recording.frames:
            return _read(file, self.at, self.at + FADE)
        return _read(file, self.at - FADE, self.at)[::-1]

    def _after(self, file: BinaryIO) -> NDArray[np.int16]:
        end = self.at + self.piece.frames
        if self.at < self.recording.frames:
            return _read(file, end - FADE, end)
        return _read(file, 0, FADE)[::-1] if self.loop else np.zeros((FADE, CHANNELS), "<i2")


def _read(file: BinaryIO, first: int, last: int) -> NDArray[np.int16]:
    file.seek(first * FRAME_BYTES)
    return np.frombuffer(file.read(max(0, last - first) * FRAME_BYTES), "<i2").reshape(-1, CHANNELS)

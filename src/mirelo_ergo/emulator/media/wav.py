"""WAV files that are computed while they are sent, and the protocol of such sounds."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

RATE = 48_000
CHANNELS = 2
FRAME_BYTES = CHANNELS * 2
HEADER_BYTES = 44


class Sound(Protocol):
    """A sound of which any second can be computed. Sounds with equal `repr` have equal bytes."""

    @property
    def frames(self) -> int:
        """Return the length, in samples of each channel."""
        ...

    @property
    def files(self) -> tuple[Path, ...]:
        """Return the files that it reads, and that nothing else needs."""
        ...

    def seconds(self, first: int, end: int) -> Iterator[NDArray[np.int16]]:
        """Yield the seconds from `first` up to `end` as arrays of shape (frames, 2); the last may be shorter."""
        ...


def size(sound: Sound) -> int:
    """Return the length of the sound's WAV file, in bytes."""
    return HEADER_BYTES + sound.frames * FRAME_BYTES


def chunks(sound: Sound, first: int, last: int) -> Iterator[bytes]:
    """Yield the WAV file's bytes (48 kHz, stereo, 16 bit) from `first` up to `last`, about a second at a time."""
    if first < HEADER_BYTES:
        yield header(sound.frames)[first:last]
    block = RATE * FRAME_BYTES
    index = max(0, first - HEADER_BYTES) // block
    for samples in sound.seconds(index, -(-(last - HEADER_BYTES) // block)):
        start = HEADER_BYTES + index * block
        yield samples.tobytes()[max(0, first - start) : last - start]
        index += 1


def header(frames: int) -> bytes:
    """Return the RIFF header for this many frames."""
    data = frames * FRAME_BYTES
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", data + HEADER_BYTES - 8, b"WAVE",
        b"fmt ", 16, 1, CHANNELS, RATE, RATE * FRAME_BYTES, FRAME_BYTES, 16,
        b"data", data,
    )  # fmt: skip

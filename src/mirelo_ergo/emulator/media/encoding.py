"""Encoding a sound as a file, in any format and bit rate."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np

from mirelo_ergo.emulator.media.wav import RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from av.audio.stream import AudioStream
    from av.container import OutputContainer

    from mirelo_ergo.emulator.media.formats import AudioFormat
    from mirelo_ergo.emulator.media.wav import Sound

# A coder, its container, and what makes it quick: there is nothing in these sounds that would be worth more care.
CODERS: Mapping[str, tuple[str, str, dict[str, str]]] = {
    "wav": ("pcm_s16le", "wav", {}),
    "mp3": ("libmp3lame", "mp3", {"compression_level": "7"}),
    "aac": ("aac", "adts", {"aac_coder": "fast"}),
    "m4a": ("aac", "ipod", {"aac_coder": "fast"}),
    "flac": ("flac", "flac", {"compression_level": "0"}),
}


def encode(made: Sound, target: Path, form: AudioFormat, check: Callable[[], None]) -> None:
    """Write a sound as a file. It calls `check` for every second, which may raise."""
    codec, container, options = CODERS[form.name]
    with av.open(str(target), "w", format=container) as output:
        stream = output.add_stream(codec, rate=form.rate, layout="stereo", options=options)
        assert isinstance(stream, av.AudioStream)
        if form.kbps is not None:
            stream.bit_rate = form.kbps * 1000
        for index in range(-(-made.frames // RATE)):
            check()
            add_second(output, stream, made, index)
        finish(output, stream)


def add_second(output: OutputContainer, stream: AudioStream, made: Sound, index: int) -> None:
    """Encode one second of a sound into a container that is being written."""
    (samples,) = made.seconds(index, index + 1)
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.reshape(1, -1)), format="s16", layout="stereo")
    frame.sample_rate = RATE
    frame.pts, frame.time_base = index * RATE, Fraction(1, RATE)
    output.mux(stream.encode(frame))


def finish(output: OutputContainer, stream: AudioStream) -> None:
    """Flush the encoder."""
    output.mux(stream.encode(None))

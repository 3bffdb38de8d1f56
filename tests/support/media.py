"""Real media for tests: encoded by FFmpeg, as files on disk or as they come out of a pipe."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import av
import numpy as np

RATE = 48_000


class _Pipe:
    """Take bytes as a pipe does: there is no way back to correct a head."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> int:
        self.data += data
        return len(data)


@cache
def sound(container: str, codec: str, seconds: float = 1.0, *, piped: bool = False, **options: str) -> bytes:
    """Encode noise, of which no two frames are alike."""
    place: Any = _Pipe() if piped else io.BytesIO()
    with av.open(place, "w", format=container, options=options) as output:
        stream: Any = output.add_stream(codec, rate=RATE)
        stream.layout = "stereo"
        samples = np.random.default_rng(1).uniform(-0.3, 0.3, (2, int(seconds * RATE))).astype("float32")
        fitting = av.AudioResampler(
            format=stream.format, layout="stereo", rate=RATE, frame_size=stream.codec_context.frame_size
        )
        for start in range(0, samples.shape[1], 1024):
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(samples[:, start : start + 1024]), format="fltp", layout="stereo"
            )
            frame.sample_rate, frame.pts = RATE, start
            for fitted in fitting.resample(frame):
                output.mux(stream.encode(fitted))
        output.mux(stream.encode(None))
    return bytes(place.data if piped else place.getvalue())


@cache
def clip(
    codec: str = "libx264", container: str = "mp4", seconds: float = 1.0, *, piped: bool = False, **options: str
) -> bytes:
    """Encode a picture that moves, ten frames a second."""
    place: Any = _Pipe() if piped else io.BytesIO()
    with av.open(place, "w", format=container, options=options) as output:
        stream: Any = output.add_stream(codec, rate=10)
        stream.width, stream.height = 64, 48
        formats = stream.codec_context.codec.video_formats
        stream.pix_fmt = formats[0].name if formats and "yuv420p" not in {f.name for f in formats} else "yuv420p"
        for number in range(int(seconds * 10)):
            picture = np.full((48, 64, 3), number * 20 % 256, "uint8")
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        output.mux(stream.encode(None))
    return bytes(place.data if piped else place.getvalue())


def picture(codec: str, layout: str) -> bytes:
    """Encode one small picture, as a file of its own."""
    file = io.BytesIO()
    with av.open(file, "w", format="image2pipe") as output:
        stream = output.add_stream(codec, rate=1)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 32, 24, layout
        shades = np.arange(32 * 24 * 3, dtype=np.uint32).astype(np.uint8).reshape(24, 32, 3)
        output.mux(stream.encode(av.VideoFrame.from_ndarray(shades, format="rgb24")))
        output.mux(stream.encode(None))
    return file.getvalue()

"""What the tests of model v1.6 share: its families, sounds to send, and a decoder to hold results against."""

from __future__ import annotations

import io
import math
import wave
from typing import TYPE_CHECKING, Any

import av
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

TEXT = "/v2/text-to-sfx/v1.6"
VIDEO = "/v2/video-to-sfx/v1.6"
EXTEND = "/v2/extend-audio/v1.6"
EXTEND_VIDEO = "/v2/extend-audio/with_video/v1.6"
INPAINT = "/v2/inpaint-audio/v1.6"
INPAINT_VIDEO = "/v2/inpaint-audio/with_video/v1.6"
RATE = 48_000


def noise(
    milliseconds: float, *, rate: int = RATE, channels: int = 2, level: float = 6000, seed: int = 1
) -> NDArray[Any]:
    """Make smooth noise over a slow swing that never rests at 0, so that a wrong sample shows."""
    frames = round(milliseconds * rate / 1000)
    rough = np.random.default_rng(seed).standard_normal((frames + 32, channels))
    smooth = np.apply_along_axis(lambda line: np.convolve(line, np.ones(33) / math.sqrt(33), "valid"), 0, rough)
    swing = np.sin(np.arange(frames) * 2 * np.pi * 3 / rate)[:, None]
    return np.clip(np.rint(level * (0.5 * smooth + swing) + 17), -32_768, 32_767).astype("<i2")


def wav_bytes(samples: NDArray[Any], rate: int = RATE) -> bytes:
    """Write integer samples of shape (frames, channels) as a WAV file of their own width."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(samples.shape[1])
        out.setsampwidth(samples.dtype.itemsize)
        out.setframerate(rate)
        out.writeframes(samples.tobytes())
    return file.getvalue()


def encoded(samples: NDArray[Any], codec: str, container: str, rate: int = RATE) -> bytes:
    """Encode 16-bit samples with one of FFmpeg's coders."""
    file = io.BytesIO()
    layout = "mono" if samples.shape[1] == 1 else "stereo"
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate, layout=layout)
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.reshape(1, -1)), format="s16", layout=layout)
        frame.sample_rate = rate
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return file.getvalue()


def decoded(data: bytes) -> NDArray[np.int16]:
    """Decode a sound to 48 kHz, stereo and 16 bit, as FFmpeg does it."""
    resampler = av.AudioResampler(format="s16", layout="stereo", rate=RATE)
    parts: list[NDArray[Any]] = [np.zeros((0, 2), np.int16)]
    with av.open(io.BytesIO(data), "r") as container:
        for frame in [*container.decode(audio=0), None]:
            parts += [part.to_ndarray().reshape(-1, 2) for part in resampler.resample(frame) if part is not None]
    return np.concatenate(parts)


def jumps(samples: NDArray[Any]) -> NDArray[np.int64]:
    """Return how far the samples lie apart from the ones before, the wider of both channels."""
    apart: NDArray[np.int64] = np.abs(np.diff(samples.astype(np.int64), axis=0)).max(axis=1)
    return apart

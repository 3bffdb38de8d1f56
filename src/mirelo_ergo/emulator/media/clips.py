"""Writing clips: a window of a clip, and a clip with a new sound."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av

from mirelo_ergo.emulator.media.encoding import CODERS, add_second
from mirelo_ergo.emulator.media.picture import frames, open_clip, picture_of
from mirelo_ergo.emulator.media.wav import RATE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mirelo_ergo.emulator.media.wav import Sound

COPYABLE = ("h264", "vp9")  # an MP4 can hold them as they are


def cut(path: Path, target: Path, start_ms: int, duration_ms: int, check: Callable[[], None]) -> None:
    """Encode a window of a clip's picture as H.264: only then can it begin between two key frames."""
    with open_clip(path) as source, av.open(str(target), "w", format="mp4") as output:
        picture = picture_of(source)
        stream = output.add_stream("libx264", rate=picture.average_rate or 30, options={"preset": "veryfast"})
        stream.width, stream.height = picture.width // 2 * 2, picture.height // 2 * 2
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = tick = Fraction(1, 90_000)
        for ms, _, frame in frames(path, start_ms, duration_ms):
            check()
            if ms < 0:
                continue
            image = frame.reformat(stream.width, stream.height, "yuv420p")
            image.pts, image.time_base = round(ms * 90), tick
            output.mux(stream.encode(image))
        output.mux(stream.encode(None))


def add_sound(path: Path, target: Path, made: Sound, duration_ms: int, check: Callable[[], None]) -> None:
    """Write the clip's first `duration_ms`, its picture copied packet by packet, with its new sound (AAC).

    A stream with reordered frames ends a few frames late, because its last frames depend on later ones.
    """
    options = {"movflags": "faststart"}
    with open_clip(path) as source, av.open(str(target), "w", format="mp4", options=options) as output:
        picture = picture_of(source)
        copied = output.add_stream_from_template(picture)
        sound = output.add_stream("aac", rate=RATE, layout="stereo", options=CODERS["aac"][2])
        origin = picture.start_time or 0
        assert picture.time_base is not None
        written = 0
        seconds = -(-made.frames // RATE)
        for packet in source.demux(picture):
            check()
            if packet.dts is None:
                continue
            at = float((packet.dts - origin) * picture.time_base)
            if at * 1000 >= duration_ms:
                break
            # Each second of sound is written before its second of video, so that the muxer buffers little.
            while written < min(seconds, at + 1):
                add_second(output, sound, made, written)
                written += 1
            packet.dts -= origin
            packet.pts = None if packet.pts is None else packet.pts - origin
            packet.stream = copied
            output.mux(packet)
        for index in range(written, seconds):
            add_second(output, sound, made, index)
        output.mux(sound.encode(None))

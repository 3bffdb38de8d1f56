"""Fitting a clip's frames to a new sound: cut, looped, played back and forth, or stretched.

The clip is encoded once with key frames only. Its packets can then be written in any order without decoding, so that a
long result needs the memory of one frame.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Literal, get_args

import attrs
import av

from mirelo_ergo.emulator.media.encoding import CODERS, add_second, finish
from mirelo_ergo.emulator.media.picture import frames, read_picture
from mirelo_ergo.emulator.media.samples import Fitted
from mirelo_ergo.emulator.media.wav import RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from mirelo_ergo.emulator.media.wav import Sound

SyncMode = Literal["loop", "bounce", "cut_off", "silence", "remap"]
SYNC_MODES: tuple[SyncMode, ...] = get_args(SyncMode)
TICK = Fraction(1, 90_000)
PER_MS = 90  # ticks
STILL_MS = 40


@attrs.frozen
class Pictures:
    """A clip whose every picture stands for itself: the file, when each picture begins, and when the last one ends."""

    path: Path
    starts_ms: Sequence[float]
    end_ms: float


def separate(clip: Path, target: Path, duration_ms: int, check: Callable[[], None]) -> Pictures:
    """Encode a clip so that every picture is a key frame; calls `check` for each of them, which may raise."""
    return _encode(frames(clip, 0, duration_ms), target, check)


def still(picture: Path, target: Path, check: Callable[[], None]) -> Pictures:
    """Encode a picture (PNG, JPEG, WebP or GIF) as a second of a clip; refuses with 422 what is none."""
    frame = read_picture(picture)
    times = range(0, 1000, STILL_MS)
    return _encode(((float(ms), float(STILL_MS), frame) for ms in times), target, check)


def _encode(shown: Iterable[tuple[float, float, VideoFrame]], target: Path, check: Callable[[], None]) -> Pictures:
    starts: list[float] = []
    end = 0.0
    with av.open(str(target), "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=30, options={"preset": "veryfast", "bf": "0"})
        assert isinstance(stream, av.VideoStream)
        stream.gop_size, stream.pix_fmt = 1, "yuv420p"
        stream.codec_context.time_base = TICK
        for ms, lasts_ms, frame in shown:
            check()
            if not starts:
                stream.width, stream.height = frame.width // 2 * 2, frame.height // 2 * 2
            image = frame.reformat(stream.width, stream.height, "yuv420p")
            image.pts, image.time_base = round(ms * PER_MS), TICK
            output.mux(stream.encode(image))
            starts.append(ms)
            end = ms + lasts_ms
        output.mux(stream.encode(None))
    return Pictures(target, starts, max(end, starts[-1] + 1))


def synced_ms(mode: SyncMode, clip_ms: float, sound_ms: float) -> float:
    """Return how long a clip with a new sound is: as the shorter, as the clip (`silence`), or as the sound."""
    if mode == "cut_off":
        return min(clip_ms, sound_ms)
    return clip_ms if mode == "silence" else sound_ms


def sync(pictures: Pictures, sound: Sound, target: Path, mode: SyncMode, check: Callable[[], None]) -> float:
    """Write an MP4 of the clip with a new sound, and return how many milliseconds it has.

    Where both differ in length, `cut_off` ends with the shorter, `loop` and `bounce` repeat the pictures, each time
    from the beginning or back and forth, `remap` lets them go faster or slower, all three up to the sound's end, and
    `silence` keeps the clip's length, with silence after the sound.
    """
    sound_ms = sound.frames * 1000 / RATE
    length_ms = synced_ms(mode, pictures.end_ms, sound_ms)
    fitted = Fitted(sound, max(1, round(length_ms * RATE / 1000)))
    options = {"movflags": "faststart"}
    with (
        av.open(str(pictures.path), format="mov") as source,
        av.open(str(target), "w", format="mp4", options=options) as output,
    ):
        copied = output.add_stream_from_template(source.streams.video[0])
        copied.time_base = TICK
        voice = output.add_stream("aac", rate=RATE, layout="stereo", options=CODERS["aac"][2])
        assert isinstance(voice, av.AudioStream)
        seconds, written = -(-fitted.frames // RATE), 0
        reader = _Reader(source, pictures)
        for number, at_ms, lasts_ms in timeline(pictures, mode, length_ms):
            check()
            while written < min(seconds, at_ms / 1000 + 1):  # a little before the pictures: little is then held back
                add_second(output, voice, fitted, written)
                written += 1
            packet = reader.packet(number)
            packet.pts = packet.dts = round(at_ms * PER_MS)
            packet.duration, packet.time_base, packet.stream = max(1, round(lasts_ms * PER_MS)), TICK, copied
            output.mux(packet)
        for index in range(written, seconds):
            add_second(output, voice, fitted, index)
        finish(output, voice)
    return length_ms


def timeline(pictures: Pictures, mode: SyncMode, length_ms: float) -> Iterator[tuple[int, float, float]]:
    """Yield which picture is shown, from when and for how long, up to a length."""
    starts, end = pictures.starts_ms, pictures.end_ms
    spans = [
        (number, start, after) for number, (start, after) in enumerate(zip(starts, [*starts[1:], end], strict=True))
    ]
    stretch = length_ms / end if mode == "remap" else 1.0
    rounds = 0
    while True:
        begin = rounds * end * stretch
        back = mode == "bounce" and rounds % 2 == 1
        for number, start, after in reversed(spans) if back else spans:
            at = begin + (end - after if back else start) * stretch
            if at >= length_ms - 0.5 / PER_MS:
                return
            yield number, at, min((after - start) * stretch, length_ms - at)
        rounds += 1
        if mode not in ("loop", "bounce"):
            return


class _Reader:
    """Packets of a clip in any order; those that follow each other are read without looking for them."""

    def __init__(self, source: InputContainer, pictures: Pictures) -> None:
        self._source = source
        self._stream: VideoStream = source.streams.video[0]
        self._pictures = pictures
        self._next = -1
        self._packets: Iterator[Packet[VideoStream]] = iter(())

    def packet(self, number: int) -> Packet[VideoStream]:
        if number != self._next:
            assert self._stream.time_base is not None
            at = round(self._pictures.starts_ms[number] / 1000 / self._stream.time_base)
            self._source.seek(at, stream=self._stream)
            self._packets = iter(self._source.demux(self._stream))
        self._next = number + 1
        return next(self._packets)

"""Decoding the sounds of requests and clips to 48 kHz, stereo and 16 bit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import av
from av.error import FFmpegError

from mirelo_ergo.emulator.media.picture import open_clip, picture_of
from mirelo_ergo.emulator.media.samples import Samples
from mirelo_ergo.emulator.media.signatures import told
from mirelo_ergo.emulator.media.wav import FRAME_BYTES, RATE
from mirelo_ergo.emulator.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from av.audio.frame import AudioFrame
    from av.container import InputContainer

    from mirelo_ergo.emulator.media.segments import Window

MAX_SECONDS = 600
HEAD_BYTES = 12
RATES = range(4_000, 384_001)  # beyond them, a few bytes of a damaged header become gigabytes of samples


@attrs.frozen
class Recording:
    """A decoded sound: its file contains samples without a header. `sha256` is that of the original bytes."""

    path: Path = attrs.field(repr=False)
    frames: int
    sha256: str


def decode(source: Path, target: Path, check: Callable[[], None], grow: Callable[[int], None]) -> int:
    """Write a sound's samples to a file, and return the number of frames.

    It calls `check` for every frame, and `grow` with the file's size; both may raise. Refuses an unknown container and
    more than ten minutes (400), and a sound that cannot be decoded to its end (422).
    """
    written = 0
    with target.open("wb") as file:
        for frame in _frames(source):
            check()
            grow((written + frame.samples) * FRAME_BYTES)
            # One plane of interleaved samples, which the buffer may follow with padding.
            file.write(memoryview(frame.planes[0])[: frame.samples * FRAME_BYTES])
            written += frame.samples
            if written > MAX_SECONDS * RATE:
                raise Refusal(
                    "audio_too_long", 400, f"the audio has over {MAX_SECONDS} s, which is the most it may have"
                )
    return written


def own_sound(clip: Path, target: Path, window: Window, check: Callable[[], None]) -> Samples | None:
    """Write a clip's sound within a window to a file, and return it; None for a clip without sound.

    The sound stays synchronous to the video, also if it begins later or earlier. Refuses an undecodable sound with 422.
    """
    with open_clip(clip) as container:
        if not container.streams.audio:
            return None
        picture = picture_of(container)
        origin_ms = float((picture.start_time or 0) * (picture.time_base or 0) * 1000)
        length = window.duration_ms * RATE // 1000
        at, written = 0, 0  # frames from the window's begin
        with target.open("wb") as file:
            for number, frame in enumerate(_resampled(container)):
                check()
                if number == 0:
                    at = round(((frame.time or 0.0) * 1000 - origin_ms - window.start_ms) * RATE / 1000)
                    written = min(max(0, at), length)
                    file.write(bytes(written * FRAME_BYTES))
                samples = memoryview(frame.planes[0])[: frame.samples * FRAME_BYTES]
                first, last = max(0, -at), min(frame.samples, length - at)
                if first < last:
                    file.write(samples[first * FRAME_BYTES : last * FRAME_BYTES])
                    written += last - first
                at += frame.samples
                if at >= length:
                    break
    return Samples(target, written)


def _frames(source: Path) -> Iterator[AudioFrame]:
    try:
        with av.open(str(source), format=container_of(source)) as container:
            yield from _resampled(container)
    except FFmpegError as error:
        raise _invalid(f"{error.strerror}") from None


def _resampled(container: InputContainer) -> Iterator[AudioFrame]:
    resampler = av.AudioResampler(format="s16", layout="stereo", rate=RATE)
    try:
        if not container.streams.audio:
            raise _invalid("it has no sound stream")
        for frame in container.decode(container.streams.audio[0]):
            if frame.sample_rate not in RATES:
                raise _invalid(f"it has {frame.sample_rate} samples a second")
            yield from resampler.resample(frame)
        yield from filter(None, resampler.resample(None))  # None comes back where nothing had to be converted
    except FFmpegError as error:
        raise _invalid(f"{error.strerror}") from None
    except ValueError as error:  # PyAV's, on a stream whose rate or channels change on the way
        raise _invalid(str(error)) from None


def container_of(source: Path) -> str:
    """Return the container by its first bytes. FFmpeg is given it, so that it never follows a playlist."""
    with source.open("rb") as file:
        head = file.read(HEAD_BYTES)
        tagged = head[:3] == b"ID3" and len(head) >= 10
        if tagged:  # four bytes of seven bits each: how long the tag is that the sound comes after
            file.seek(10 + sum(byte << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True)))
            head = file.read(HEAD_BYTES)
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] == b"fLaC":
        return "flac"
    if head[:4] == b"OggS":
        return "ogg"
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide"):
        return "mov"
    if head[:1] == b"\xff" and len(head) > 1 and head[1] & 0xE0 == 0xE0:
        return "mp3" if head[1] & 0x06 else "aac"  # the same sync word; the two bits of the layer are 0 in AAC alone
    if tagged:
        return "mp3"
    raise Refusal("audio_format_unsupported", 400, f"the audio {told(head)}: use WAV, MP3, M4A, AAC, FLAC or OGG")


def _invalid(why: str) -> Refusal:
    return Refusal("invalid_audio", 422, f"the audio cannot be decoded: {why}")

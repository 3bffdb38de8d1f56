"""Reading clips: their headers, frames, and jumps of motion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import av
import numpy as np
from av.error import FFmpegError

from mirelo_ergo.emulator.media.signatures import told
from mirelo_ergo.emulator.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream
    from numpy.typing import NDArray

    from mirelo_ergo.emulator.media.segments import Window

CODECS = ("h264", "vp8", "vp9")
MAX_PIXELS = 7680 * 4320
PICTURES = {  # how a picture begins, and FFmpeg's name for such a file
    b"\x89PNG\r\n\x1a\n": "png_pipe",
    b"\xff\xd8\xff": "jpeg_pipe",
    b"RIFF": "webp_pipe",
    b"GIF8": "gif",
}
LOOK_WIDTH, LOOK_HEIGHT = 64, 36
BEFORE = 5  # frames a jump is compared with
FLOOR = 1.0  # grey levels of 255: less is the coder's noise
APART_MS = 150.0
END_SLACK_MS = 500.0


@attrs.frozen
class Clip:
    """The properties in a clip's headers. `duration_ms` is None if they lack it."""

    container: str
    codec: str
    duration_ms: int | None


@attrs.frozen
class ClipSource:
    """A clip in its own file, its properties, and the requested window. `sha256` is the file's."""

    path: Path
    headers: Clip
    window: Window
    sha256: str


def probe(path: Path, *, gif: bool = False, measure: bool = False) -> Clip:
    """Read a clip's headers; refuse unknown containers (400) and codecs other than H.264, VP8 and VP9 (422).

    `gif` also accepts a GIF. `measure` reads a clip to its end if its headers lack a length.
    """
    with open_clip(path, gif=gif) as container:
        stream = picture_of(container)
        # Against its own types, PyAV has no codec context for an unknown codec and for a file cut in its headers.
        codec = getattr(getattr(stream.codec_context, "codec", None), "canonical_name", "unknown")
        if codec not in (*CODECS, "gif"):  # a GIF's own container was refused already, where it has to be
            raise _invalid(f"its codec is {codec}: use H.264, VP8 or VP9")
        if not 0 < stream.width * stream.height <= MAX_PIXELS:
            raise _invalid(f"it is {stream.width}x{stream.height}: at most {MAX_PIXELS} pixels can be decoded")
        duration_ms: int | None = None
        if stream.duration is not None and stream.time_base is not None:
            duration_ms = round(stream.duration * stream.time_base * 1000)
        elif container.duration is not None:
            duration_ms = round(container.duration / 1000)
        elif measure:
            duration_ms = _measure_ms(container, stream)
        return Clip(container.format.name, codec, duration_ms)


def check_length(clip_ms: int, window: Window) -> None:
    """Refuse a clip that ends before the window does."""
    end_ms = window.start_ms + window.duration_ms
    if clip_ms < end_ms:
        raise Refusal("video_too_short", 400, f"the clip has {clip_ms} ms, asked for were {end_ms} ms ({window.terms})")


def jumps(path: Path, clip: Clip, window: Window, check: Callable[[], None]) -> list[tuple[float, float]]:
    """Find when motion jumps in a window, as (milliseconds from the window's start, strength up to 1).

    It decodes each frame of the window, but keeps only two small grey images and a number per frame. It calls `check`
    for every frame, which may raise. Refuses a stream that cannot be decoded to the window's end.
    """
    start_ms, duration_ms = window.start_ms, window.duration_ms
    times: list[float] = []
    changes: list[float] = []
    end = 0.0
    before: NDArray[np.int16] | None = None
    for ms, lasts_ms, frame in frames(path, start_ms, duration_ms):
        check()
        end = ms + lasts_ms
        small = frame.reformat(LOOK_WIDTH, LOOK_HEIGHT, "gray8", interpolation="AREA").to_ndarray().astype(np.int16)
        if ms >= 0:
            times.append(ms)
            changes.append(0.0 if before is None else float(np.abs(small - before).mean()))
        before = small
    if end < duration_ms - END_SLACK_MS:
        if clip.duration_ms is None:
            check_length(round(start_ms + end), window)
        raise _invalid(f"its pictures end at {start_ms + end:.0f} ms, its headers say {clip.duration_ms} ms")
    return _peaks(np.array(times), np.array(changes))


def frames(path: Path, start_ms: int, duration_ms: int) -> Iterator[tuple[float, float, VideoFrame]]:
    """Decode a window's frames, each with its time from the window's start and how long it lasts, in milliseconds.

    It includes the frames from the key frame before the window on, with negative times. Refuses a damaged stream.
    """
    with open_clip(path) as container:
        stream = picture_of(container)
        stream.thread_type = "AUTO"
        assert stream.time_base is not None
        tick_ms = float(stream.time_base * 1000)
        origin = stream.start_time or 0
        try:
            if start_ms:
                container.seek(origin + int(start_ms / tick_ms), stream=stream)
            for frame in container.decode(stream):
                if frame.pts is None:
                    continue
                ms = (frame.pts - origin) * tick_ms - start_ms
                if ms >= duration_ms:
                    return
                yield ms, frame.duration * tick_ms, frame
        except FFmpegError as error:
            raise _invalid(f"its picture stream is damaged: {error.strerror}") from None


def open_clip(path: Path, *, gif: bool = True) -> InputContainer:
    """Open a clip of a known container; FFmpeg is told which one, so that a playlist or script is never followed."""
    with path.open("rb") as file:
        head = file.read(12)
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide"):
        name = "mov"
    elif head[:4] == b"\x1a\x45\xdf\xa3":
        name = "matroska"
    elif head[:4] == b"GIF8" and gif:
        name = "gif"
    else:
        raise Refusal(
            "video_format_unsupported",
            400,
            f"the clip {told(head)}: it has to be MP4, MOV, M4V, WebM or MKV",
        )
    try:
        return av.open(str(path), format=name)
    except FFmpegError as error:
        raise _invalid(f"its headers cannot be read: {error.strerror}") from None


def read_picture(path: Path) -> VideoFrame:
    """Decode a PNG, JPEG, WebP or GIF; refuse other and damaged files with 422."""
    with path.open("rb") as file:
        head = file.read(12)
    name = next((name for begin, name in PICTURES.items() if head.startswith(begin)), None)
    if name is None or (name == "webp_pipe" and head[8:] != b"WEBP"):
        raise _invalid(f"it {told(head)}: it has to be PNG, JPEG, WebP or GIF")
    try:
        with av.open(str(path), format=name) as container:
            stream = picture_of(container)
            if not 1 < min(stream.width, stream.height) <= stream.width * stream.height <= MAX_PIXELS:
                raise _invalid(f"it is {stream.width}x{stream.height}: it needs 2x2, and may have {MAX_PIXELS} pixels")
            return next(container.decode(stream))
    except (FFmpegError, StopIteration) as error:
        raise _invalid(f"its picture is damaged: {error}") from None


def picture_of(container: InputContainer) -> VideoStream:
    """Return a clip's video stream; refuse a clip without one."""
    if not container.streams.video:
        raise _invalid("it has no picture stream")
    return container.streams.video[0]


def _measure_ms(container: InputContainer, stream: VideoStream) -> int:
    """Return when the last frame ends, without decoding any."""
    assert stream.time_base is not None
    origin = stream.start_time or 0
    try:
        ends = [
            packet.pts - origin + (packet.duration or 0) for packet in container.demux(stream) if packet.pts is not None
        ]
    except FFmpegError as error:
        raise _invalid(f"its picture stream is damaged: {error.strerror}") from None
    return round(max(ends, default=0) * stream.time_base * 1000)


def _peaks(times: NDArray[np.float64], changes: NDArray[np.float64]) -> list[tuple[float, float]]:
    """Return the frames whose difference from the previous one is much larger than those of the last few."""
    sums = np.concatenate([np.zeros(1), np.cumsum(changes)])
    index = np.arange(len(changes))
    first = np.maximum(0, index - BEFORE)
    usual = (sums[index] - sums[first]) / np.maximum(1, index - first)
    jump = np.maximum(0, changes - usual)
    threshold = max(FLOOR, float(jump.mean() + 2.5 * jump.std()))
    found: list[int] = []
    for i in np.argsort(-jump, kind="stable"):
        if jump[i] < threshold:
            break
        if all(abs(times[i] - times[j]) >= APART_MS for j in found):
            found.append(int(i))
    return [(float(times[i]), float(jump[i] / jump.max())) for i in sorted(found)]


def _invalid(why: str) -> Refusal:
    return Refusal("invalid_video", 422, f"the clip cannot be decoded: {why}")

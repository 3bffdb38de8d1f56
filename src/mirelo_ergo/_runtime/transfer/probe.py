"""Media headers, read by FFmpeg if the package `av` (extra `media`) is installed. Blocking."""

from __future__ import annotations

import contextlib
import io
import shlex
from importlib import import_module
from importlib.util import find_spec
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

import attrs

from ..._signals import Tolerating
from .content_types import HEAD, is_known
from .sources import BytesSource, FileSource, FileView, PathSource
from .tracks import track_lengths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .sources import Uploadable

DISAGREE_MS: Final = 1000.0
"""The largest difference in ms between two headers' lengths: some recorders write one of them wrongly."""
_SHORT_BY: Final = 0.1
"""Seconds by which the decodable part may be shorter than a header says."""
_TELL_THEIR_LENGTH: Final = ("mov", "matroska", "flac")
"""Formats with their length in their headers; for others FFmpeg estimates it from the file size."""


@attrs.frozen
class MediaHeaders:
    """The headers of a file: its container, its video codec, and its lengths in ms."""

    container: str
    """FFmpeg's name for it, such as `avi`, or several with commas between them."""
    video_codec: str | None
    lengths_ms: tuple[float, ...]
    """The length of the video, or of the sound if there is none, by each header that has it."""

    @property
    def length_ms(self) -> float | None:
        """The length; None if no header has one, or if two disagree. If they nearly agree, it is the longest."""
        longest = max(self.lengths_ms, default=None)
        return None if longest is None or self.disagree else longest

    @property
    def disagree(self) -> bool:
        """Whether two headers are more than a second apart."""
        return bool(self.lengths_ms) and max(self.lengths_ms) - min(self.lengths_ms) > DISAGREE_MS


def convert(path: str, kind: str = "video") -> str:
    """Return an ffmpeg command that converts a file to what every service reads: MP4, or WAV for `kind` "audio"."""
    name = PurePath(path)
    made, options = f"{name.stem or 'clip'}-h264.mp4", "-c:v libx264 -pix_fmt yuv420p -c:a aac"
    if kind == "audio":
        made, options = f"{name.stem or 'sound'}.wav", "-vn"
    given = path if not path.startswith("-") else f"./{path}"
    return f"ffmpeg -i {shlex.quote(given)} {options} {shlex.quote(str(PurePath(given).with_name(made)))}"


def headers_of(source: Uploadable) -> MediaHeaders | None:
    """Return the headers of a source; None if they cannot be read, or the source cannot be read twice."""
    if find_spec("av") is None:
        return None
    with Tolerating(Exception), _opened(source) as file:  # errors of FFmpeg, and of a user's file object
        if file is None or not is_known(file.read(HEAD)):
            return None  # FFmpeg would search the first 5 MB for a frame
        own = track_lengths(file)
        file.seek(0)
        found = _read(file)
        return found if not own else attrs.evolve(found, lengths_ms=own)
    return None


def _read(file: BinaryIO) -> MediaHeaders:
    # an open file, because FFmpeg would take a name such as "rtmp:x.mp4" for a URL
    with import_module("av").open(file, "r") as container:
        codec: str | None = None
        lengths = []
        for stream in (container.streams.video or container.streams.audio)[:1]:
            if stream.type == "video":
                codec = _codec(stream)
            if stream.duration is not None and stream.time_base is not None:
                lengths.append(float(stream.duration * stream.time_base * 1000))
        if not lengths and container.duration is not None:
            lengths.append(container.duration / 1000)
        return MediaHeaders(str(container.format.name), codec, tuple(lengths))


def _codec(stream: Any) -> str | None:
    """Return the codec of a stream, None if its headers are cut."""
    name = getattr(getattr(stream.codec_context, "codec", None), "canonical_name", None)
    return name if isinstance(name, str) else None


@contextlib.contextmanager
def _opened(source: Uploadable) -> Iterator[BinaryIO | None]:
    if isinstance(source, PathSource):
        with source.path.open("rb") as file:
            yield file
    elif isinstance(source, BytesSource):
        yield io.BytesIO(source.data)
    elif isinstance(source, FileSource) and source.start is not None:
        with contextlib.closing(FileView(source)) as view:
            yield cast("BinaryIO", view)  # only the methods that reading headers needs
    else:
        yield None


def decodes_whole(file: BinaryIO) -> bool:
    """Return whether a file can be decoded to the length in its headers. False if it cannot be decoded here."""
    if find_spec("av") is None:
        return False
    file.seek(0)
    with Tolerating(Exception):  # any error of FFmpeg
        return _decodes_whole(file)
    return False


def _decodes_whole(file: BinaryIO) -> bool:
    with import_module("av").open(file, "r", options={"err_detect": "explode"}) as container:
        said = container.duration
        if said is None or not container.format.name.startswith(_TELL_THEIR_LENGTH):
            return False
        end = 0.0
        for frame in container.decode(*container.streams.video[:1], *container.streams.audio[:1]):
            length = frame.samples / frame.sample_rate if hasattr(frame, "samples") else 0.0
            end = max(end, (frame.time or 0.0) + length)
        return bool(end >= said / 1_000_000 - max(_SHORT_BY, _frame_seconds(container)))


def _frame_seconds(container: Any) -> float:
    """Return the duration of the last frame."""
    rates = [stream.average_rate for stream in container.streams.video[:1] if stream.average_rate]
    return max((float(1 / rate) for rate in rates), default=0.0)

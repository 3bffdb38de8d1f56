"""What a clip is and how long, as far as its headers tell, before anything is uploaded."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any, Final

import attrs

from . import mp4
from .failures import Exit, Failure, missing_extra, refused
from .times import seconds

if TYPE_CHECKING:
    from .inputs import Source

SLACK_MS: Final = 100
"""How much longer than a clip a request may be before it is refused here; the service counts in its own way."""
DISAGREE_MS: Final = 1000
SHORTEST_SOUND_MS: Final = 3000
"""How much of a sound is needed to continue it."""
LONGEST_LOOP_MS: Final = 60_000
"""The most of a loop, what was there and what is appended."""
CODECS: Final = ("h264", "vp8", "vp9")
"""The pictures that the service decodes."""
_TAG: Final = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", re.ASCII)
_SIGNATURES: Final = (
    (b"\xff\xd8\xff", 0, "a JPEG picture"),
    (b"\x89PNG", 0, "a PNG picture"),
    (b"GIF8", 0, "a GIF"),
    (b"WEBP", 8, "a WebP picture"),
    (b"AVI ", 8, "an AVI file"),
    (b"%PDF", 0, "a PDF file"),
    (b"PK\x03\x04", 0, "a ZIP archive"),
    (b"\x1f\x8b", 0, "a gzip archive"),
    (b"FLV\x01", 0, "a Flash video"),
    (b"0&\xb2u", 0, "a Windows Media file"),
    (b"\x00\x00\x01\xba", 0, "an MPEG program stream"),
    (b"\x47\x40\x00", 0, "an MPEG transport stream"),
    (b"<", 0, "a web page or XML"),
    (b"{", 0, "a JSON text"),
)
_VIDEOS: Final = ("AVI", "GIF", "Flash", "Media", "MPEG")
_SOUNDS: Final = ((b"RIFF", b"WAVE"), (b"fLaC", b""), (b"OggS", b""), (b"ID3", b""))


@attrs.frozen
class Headers:
    """What a file's headers say: lengths in ms of the picture (or sound), of the whole, of other streams; the codec."""

    own: tuple[float, ...]
    whole: tuple[float, ...] = ()
    others: tuple[float, ...] = ()
    codec: str | None = None

    @property
    def longest(self) -> float | None:
        """The longest that any of them says; None if none does."""
        return max((*self.own, *self.whole), default=None)

    @property
    def disagreement(self) -> tuple[float, float] | None:
        """Two lengths that cannot both be right, None if all agree. Another stream may well last longer."""
        longest = max((*self.own, *self.others), default=0.0)
        pairs = [(length, longest) for length in self.whole if self.own or self.others]
        pairs += [(min(self.own), max(self.own))] if self.own else []
        return next((pair for pair in pairs if abs(pair[0] - pair[1]) > DISAGREE_MS), None)


def check_kind(source: Source) -> None:
    """Refuse a file that plainly is something else, by its first bytes."""
    if source.is_url:
        return
    with source.open() as file:
        head = file.read(16)
    for mark, at, what in _SIGNATURES:
        if head[at:].startswith(mark):
            way = f": {_convert(source)}" if source.kind == "clip" and any(word in what for word in _VIDEOS) else ""
            raise refused(f"{source.label} is {what}, not a {source.kind} that can be used{way}", "invalid_request")
    if source.kind == "clip" and any(head.startswith(mark) and head[8:12].startswith(sub) for mark, sub in _SOUNDS):
        message = f"{source.label} is a sound, not a clip: mirelo-ergo extend continues one, inpaint changes a part"
        raise refused(message, "invalid_request")


def headers(source: Source) -> Headers | None:
    """Read a file's headers; None where nothing can be said: no reader is installed, or they make no sense to it."""
    try:
        import av
        from av.error import FFmpegError
    except ImportError:
        return None
    own: list[float] = []
    others: list[float] = []
    try:
        # an open file, not a name: FFmpeg would take names such as "rtmp:x.mp4" for addresses
        with source.open() as file:
            boxes = mp4.lengths(file)
            file.seek(0)
            with av.open(file, "r") as container:
                wanted = container.streams.video if source.kind == "clip" else container.streams.audio
                chosen = wanted[0] if wanted else None
                for stream in container.streams:
                    (own if stream is chosen else others).extend(_lengths(stream))
                codec = None if chosen is None else _codec(chosen)
                whole = [] if container.duration is None else [container.duration / 1000]
    except (FFmpegError, ValueError, OSError):
        return None
    if source.kind == "clip":
        own += boxes.pictures
        others += boxes.others
        whole += boxes.film
    return Headers(tuple(own), tuple(whole), tuple(others), codec)


def _lengths(stream: Any) -> list[float]:
    """Return the lengths of a stream by its header, its count of frames, and its tag."""
    found: list[float] = []
    if stream.duration is not None and stream.time_base is not None:
        found.append(float(stream.duration * stream.time_base * 1000))
    if stream.type == "video" and stream.frames and stream.average_rate:
        found.append(float(stream.frames / stream.average_rate * 1000))
    if tag := _TAG.fullmatch(stream.metadata.get("DURATION", "")):
        found.append((int(tag[1]) * 3600 + int(tag[2]) * 60 + float(tag[3])) * 1000)
    return found


def check_codec(source: Source, found: Headers | None) -> None:
    """Refuse pictures that the service cannot decode."""
    if source.kind == "clip" and found is not None and found.codec is not None and found.codec not in CODECS:
        message = f"{source.label} is coded as {found.codec}; the service reads H.264, VP8 and VP9: {_convert(source)}"
        raise refused(message, "invalid_video", field="video")


def own_length(source: Source, found: Headers | None) -> int:
    """Return a clip's length in ms by its headers; refuse to guess where they say none, or disagree."""
    if found is None:
        try:
            import av  # noqa: F401 - whether it is there makes the difference
        except ImportError as error:
            raise missing_extra(error, "reading the clip's length (--duration gives it)", "media") from None
        raise _unreadable(source, "its headers cannot be read; if it is a video")
    said = (*found.own, *found.whole)
    if not said:
        raise _unreadable(source, "its headers do not say how long it is; if it is a video")
    if found.disagreement is not None:
        one, other = (seconds(round(length)) for length in found.disagreement)
        raise _unreadable(source, f"one of its headers says {one}, another {other}; to choose")
    return int(min(said))


def rest_of(length: int, start_ms: int, longest: int | None) -> tuple[int, str]:
    """Return how many ms of a clip are left from `start_ms` on, up to the model's `longest`, and why so many."""
    check_within(length, start_ms, 1)
    rest = length - start_ms
    if longest is not None and rest > longest:
        return longest, f"the model's limit; the clip has {seconds(length)}"
    return rest, f"the clip's {seconds(length)} from {seconds(start_ms)} on" if start_ms else "the clip's own length"


def check_within(length: float, start_ms: int, duration_ms: int) -> None:
    """Refuse a start behind a clip's end, and more than there is from it on."""
    said = seconds(round(length))
    if start_ms >= length:
        raise refused(f"--start {seconds(start_ms)} is not within the clip, which is {said} long", "invalid_request")
    if start_ms + duration_ms > length + SLACK_MS:
        left = f", {seconds(round(length) - start_ms)} from --start on" if start_ms else ""
        message = f"--duration {seconds(duration_ms)} is more than the clip has: it is {said} long{left}"
        raise refused(message, "invalid_request", field="duration_ms")


def _codec(stream: Any) -> str | None:
    """Return a stream's codec. Against its own types, PyAV has none for a file that is cut in its headers."""
    name = getattr(getattr(stream.codec_context, "codec", None), "canonical_name", None)
    return name if isinstance(name, str) else None


def _convert(source: Source) -> str:
    name = source.path.name if source.path is not None else "clip"
    stem = source.path.stem if source.path is not None else "clip"
    options = "-c:v libx264 -pix_fmt yuv420p -c:a aac"
    return f"ffmpeg -i {shlex.quote(name)} {options} {shlex.quote(f'{stem}-h264.mp4')}"


def _unreadable(source: Source, why: str) -> Failure:
    message = f"the length of {source.label} cannot be read: {why}, give --duration"
    return Failure(Exit.REFUSED, "invalid_video", message, field="video")

"""What a clip is and how long, as far as its headers tell, before anything is uploaded."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, Final

import attrs

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
    """What a file's headers say: the lengths in ms, each as another header has it, and the picture's codec."""

    lengths: tuple[float, ...]
    codec: str | None

    @property
    def longest(self) -> float | None:
        """The longest of them; None if there is none."""
        return max(self.lengths, default=None)


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
    lengths: list[float] = []
    codec = None
    try:
        # an open file, not a name: FFmpeg would take names such as "rtmp:x.mp4" for addresses
        with source.open() as file, av.open(file, "r") as container:
            if container.duration is not None:
                lengths.append(container.duration / 1000)
            for stream in container.streams.video[:1] if source.kind == "clip" else container.streams.audio[:1]:
                codec = _codec(stream)
                if stream.duration is not None and stream.time_base is not None:
                    lengths.append(float(stream.duration * stream.time_base * 1000))
    except (FFmpegError, ValueError):
        return None
    return Headers(tuple(lengths), codec)


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
    if not found.lengths:
        raise _unreadable(source, "its headers do not say how long it is; if it is a video")
    shortest, longest = min(found.lengths), max(found.lengths)
    if longest - shortest > DISAGREE_MS:
        why = f"one of its headers says {seconds(round(shortest))}, another {seconds(round(longest))}; to choose"
        raise _unreadable(source, why)
    return int(shortest)


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

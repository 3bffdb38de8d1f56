"""How long a clip is, and how much of it the model takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .failures import Exit, Failure, missing_extra
from .times import seconds

if TYPE_CHECKING:
    from pathlib import Path


def is_url(given: str) -> bool:
    """Say whether a string is a URL and not a path, by the library's rule."""
    return given.lower().startswith(("http://", "https://"))


def length_ms(path: Path) -> int:
    """Read a clip's length from its headers: the picture's or the file's, whichever is shorter."""
    try:
        import av
        from av.error import FFmpegError
    except ImportError as error:
        raise missing_extra(error, "reading the clip's length (--duration gives it)", "media") from None
    lengths: list[float] = []
    try:
        # an open file, not a name: FFmpeg would take names such as "rtmp:x.mp4" for addresses
        with path.open("rb") as file, av.open(file, "r") as container:
            if container.duration is not None:
                lengths.append(container.duration / 1000)
            lengths += [
                float(stream.duration * stream.time_base * 1000)
                for stream in container.streams.video[:1]
                if stream.duration is not None and stream.time_base is not None
            ]
    except FFmpegError as error:
        raise _unreadable(path, str(error.strerror)) from None
    if not lengths:
        raise _unreadable(path, "its headers do not say how long it is")
    return int(min(lengths))


def rest_of(path: Path, start_ms: int, longest: int | None) -> tuple[int, str]:
    """Give how many ms of a clip are left from `start_ms` on, up to the model's `longest`, and why so many."""
    length = length_ms(path)
    if start_ms >= length:
        raise Failure(
            Exit.REFUSED,
            "invalid_request",
            f"--start {seconds(start_ms)} is not within the clip, which is {seconds(length)} long; nothing was sent",
            http_status=400,
            field="start_offset_ms",
        )
    rest = length - start_ms
    if longest is not None and rest > longest:
        return longest, f"the model's limit; the clip has {seconds(length)}"
    return rest, f"the clip's {seconds(length)} from {seconds(start_ms)} on" if start_ms else "the clip's own length"


def _unreadable(path: Path, why: str) -> Failure:
    return Failure(
        Exit.REFUSED,
        "invalid_video",
        f"the length of {path} cannot be read: {why}; if it is a video, give --duration",
        field="video",
    )

"""The length of clips and sounds by their headers, and checks of the requested part."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from .exits import Exit
from .failures import Failure, missing_extra, refused
from .times import seconds

if TYPE_CHECKING:
    from mirelo_ergo import MediaHeaders

    from .inputs import Source

SLACK_MS: Final = 100
"""The tolerance in ms between a request and a clip's length: the service measures differently."""
_SOUNDS: Final = ((b"RIFF", b"WAVE"), (b"fLaC", b""), (b"OggS", b""), (b"ID3", b""))


def headers(source: Source) -> MediaHeaders | None:
    """Return a clip's headers, None if they cannot be read. Refuses a sound given as a clip."""
    from mirelo_ergo import Video

    with source.open() as file:
        head = file.read(12)
    if any(head.startswith(mark) and head[8:].startswith(kind) for mark, kind in _SOUNDS):
        message = f"{source.label} is a sound, not a clip: mirelo-ergo extend continues one, inpaint changes a part"
        raise refused(message, "invalid_request")
    return source.media(Video).headers()


def sound_length(source: Source) -> float | None:
    """Return a sound's length in ms by its headers, None if they cannot be read."""
    from mirelo_ergo import Audio

    if source.is_url:
        return None
    found = source.media(Audio).headers()
    return None if found is None else found.length_ms


def own_length(source: Source, found: MediaHeaders | None) -> int:
    """Return a clip's length in ms by its headers; raise `Failure` if they lack it or disagree."""
    if found is None:
        if find_spec("av") is None:
            raise missing_extra("av", "reading the clip's length (--duration gives it)", "media")
        raise _unreadable(source, "its headers cannot be read; if it is a video")
    if found.disagree:
        one, other = (seconds(round(length)) for length in (min(found.lengths_ms), max(found.lengths_ms)))
        raise _unreadable(source, f"one of its headers says {one}, another {other}; to choose")
    if not found.lengths_ms:
        raise _unreadable(source, "its headers do not say how long it is; if it is a video")
    return int(min(found.lengths_ms))


def rest_of(length: int, start_ms: int, longest: int | None) -> tuple[int, str]:
    """Return the length in ms from `start_ms` on, at most the model's `longest`, and the reason as text."""
    check_within(length, start_ms, 1)
    rest = length - start_ms
    if longest is not None and rest > longest:
        return longest, f"the model's limit; the clip has {seconds(length)}"
    return rest, f"the clip's {seconds(length)} from {seconds(start_ms)} on" if start_ms else "the clip's own length"


def check_within(length: float, start_ms: int, duration_ms: int) -> None:
    """Refuse a start after the clip's end, and a longer part than the clip has after it."""
    said = seconds(round(length))
    if start_ms >= length:
        raise refused(f"--start {seconds(start_ms)} is not within the clip, which is {said} long", "invalid_request")
    if start_ms + duration_ms > length + SLACK_MS:
        left = f", {seconds(round(length) - start_ms)} from --start on" if start_ms else ""
        message = f"--duration {seconds(duration_ms)} is more than the clip has: it is {said} long{left}"
        raise refused(message, "invalid_request", field="duration_ms")


def _unreadable(source: Source, why: str) -> Failure:
    message = f"the length of {source.label} cannot be read: {why}, give --duration"
    return Failure(Exit.REFUSED, "invalid_video", message, field="video")

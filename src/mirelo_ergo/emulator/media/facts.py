"""The properties in a file's headers: its length and its picture size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import av
from av.error import FFmpegError

from mirelo_ergo.emulator.media.picture import open_clip, read_picture
from mirelo_ergo.emulator.media.recording import container_of
from mirelo_ergo.emulator.refusals import Refusal

if TYPE_CHECKING:
    from pathlib import Path


@attrs.frozen
class Facts:
    """A file's length in seconds and picture size in pixels; None for what its headers lack."""

    seconds: float | None = None
    width: int | None = None
    height: int | None = None


def clip_facts(path: Path) -> Facts:
    """Return the properties of a clip; all None if it is not a clip."""
    try:
        with open_clip(path) as container:
            length = container.duration
            picture = next(iter(container.streams.video), None)
            size = (None, None) if picture is None else (picture.width, picture.height)
            return Facts(None if length is None else length / av.time_base, *size)
    except (Refusal, FFmpegError):
        return Facts()


def sound_facts(path: Path) -> Facts:
    """Return the properties of a sound; all None if it is not a sound."""
    try:
        with av.open(str(path), format=container_of(path)) as container:
            return Facts(None if container.duration is None else container.duration / av.time_base)
    except (Refusal, FFmpegError):
        return Facts()


def picture_facts(path: Path) -> Facts:
    """Return the properties of a picture; all None if it is not a picture."""
    try:
        frame = read_picture(path)
    except Refusal:
        return Facts()
    return Facts(None, frame.width, frame.height)

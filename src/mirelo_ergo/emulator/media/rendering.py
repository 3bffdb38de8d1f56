"""What a finished job hands out: a sound that is computed while it is sent, or a file with picture and sound."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import attrs

from mirelo_ergo.emulator.media import wav

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHUNK = 256 * 1024
MEDIA_TYPES = {
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "mp4": "video/mp4",
}


@attrs.frozen
class Rendering:
    """One result: `file` is its clip with the sound, or the sound in another format than WAV, which needs no file."""

    sound: wav.Sound
    file: Path | None = None
    format: str = "wav"

    @property
    def suffix(self) -> str:
        """Return the end of the result's name."""
        return f".{self.format}"

    @property
    def media_type(self) -> str:
        """Return the Content-Type."""
        return MEDIA_TYPES[self.format]

    @property
    def size(self) -> int:
        """Return the length in bytes."""
        return wav.size(self.sound) if self.file is None else self.file.stat().st_size

    @property
    def etag(self) -> str:
        """Return a strong validator: the same for equal bytes, another for others."""
        # No file is written twice, so its name and its sound tell it apart.
        key = repr((self.sound, self.file and self.file.name))
        return f'"{hashlib.sha256(key.encode()).hexdigest()[:32]}"'

    def chunks(self, first: int, last: int) -> Iterator[bytes]:
        """Yield the bytes from `first` up to `last`, a few hundred KB at a time."""
        if self.file is None:
            yield from wav.chunks(self.sound, first, last)
            return
        with self.file.open("rb") as stream:
            stream.seek(first)
            while first < last and (chunk := stream.read(min(CHUNK, last - first))):
                first += len(chunk)
                yield chunk

    def delete(self) -> None:
        """Remove the file, if there is one, and what the sound reads from, which other results may have removed."""
        for path in (*self.sound.files, self.file):
            if path is not None:
                path.unlink(missing_ok=True)

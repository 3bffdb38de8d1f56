"""The results of jobs: a sound that is computed while it is sent, or a file with video and sound."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import attrs

from mirelo_ergo.emulator.media import wav
from mirelo_ergo.emulator.media.formats import MEDIA_TYPES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

CHUNK = 256 * 1024


@attrs.frozen
class Rendering:
    """One file of a result: a sound, which needs no file if it is WAV, or a file with or without a sound.

    `role` distinguishes the files of a result, such as "audio" and "speech"; `variant` is the result's number.
    """

    sound: wav.Sound | None
    file: Path | None = None
    format: str = "wav"
    role: str = ""
    variant: int = 0

    def __attrs_post_init__(self) -> None:
        if self.sound is None and self.file is None:
            raise ValueError("a result needs a sound or a file")

    @property
    def suffix(self) -> str:
        """Return the end of the result's name."""
        return f".{self.format}"

    @property
    def media_type(self) -> str:
        """Return the Content-Type."""
        return MEDIA_TYPES[self.format]

    @property
    def duration_ms(self) -> int | None:
        """The length of its sound, None without one."""
        return None if self.sound is None else self.sound.frames * 1000 // wav.RATE

    @property
    def size(self) -> int:
        """Return the length in bytes."""
        if self.file is not None:
            return self.file.stat().st_size
        assert self.sound is not None
        return wav.size(self.sound)

    @property
    def etag(self) -> str:
        """Return a strong validator: the same for equal bytes, another for others."""
        # No file is written twice, so its name and its sound tell it apart.
        key = repr((self.sound, self.file and self.file.name))
        return f'"{hashlib.sha256(key.encode()).hexdigest()[:32]}"'

    def chunks(self, first: int, last: int) -> Iterator[bytes]:
        """Yield the bytes from `first` up to `last`, a few hundred KB at a time."""
        if self.file is None:
            assert self.sound is not None
            yield from wav.chunks(self.sound, first, last)
            return
        with self.file.open("rb") as stream:
            stream.seek(first)
            while first < last and (chunk := stream.read(min(CHUNK, last - first))):
                first += len(chunk)
                yield chunk

    @property
    def files(self) -> tuple[Path, ...]:
        """Its own file, if it has one, and those that its sound reads."""
        own = () if self.file is None else (self.file,)
        return own if self.sound is None else (*self.sound.files, *own)

    def delete(self, needed: Collection[Path] = ()) -> None:
        """Remove its files, except those in `needed`. Other results may have removed some of them."""
        for path in self.files:
            if path not in needed:
                path.unlink(missing_ok=True)

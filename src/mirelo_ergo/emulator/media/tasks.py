"""The rendering of an accepted generation."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from typing import TYPE_CHECKING

import attrs

from mirelo_ergo.emulator.media import clips, encoding, picture, recording, sound, wav
from mirelo_ergo.emulator.media.rendering import Rendering
from mirelo_ergo.emulator.media.samples import Fitted, Mixed
from mirelo_ergo.emulator.media.segments import FRAMES_PER_MS
from mirelo_ergo.emulator.media.splice import Splice
from mirelo_ergo.emulator.media.tune import tune

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from mirelo_ergo.emulator.disk import Disk
    from mirelo_ergo.emulator.media.formats import AudioFormat
    from mirelo_ergo.emulator.media.picture import ClipSource
    from mirelo_ergo.emulator.media.recording import Recording
    from mirelo_ergo.emulator.media.segments import Segment
    from mirelo_ergo.emulator.media.wav import Sound


@attrs.frozen
class RenderTask:
    """The values and sources of a rendering.

    `rounds` is the number of a loop's repetitions; `seed` contributes to the seed of each sample. `with_sound` returns
    the sound before the clip with it. With `keep_speech` the clip's own sound, as its speech, is mixed with the new
    one; with `speech_stem` it is a separate file too. `music` makes a tune, independent of the clip.
    """

    segment: Segment
    num_samples: int
    prompt: str
    loop: bool
    as_video: bool
    with_sound: bool
    audio_format: AudioFormat
    rounds: int
    seed: int | None
    recording: Recording | None
    clip: ClipSource | None
    keep_speech: bool = False
    speech_stem: bool = False
    music: bool = False

    @property
    def takes_time(self) -> bool:
        """Return whether `render` takes long; other results are computed when they are read."""
        return self.clip is not None or not self.audio_format.plain

    def render(self, seed: int, disk: Disk, check: Callable[[], None]) -> tuple[Rendering, ...]:
        """Make the results. With a clip or an encoder this takes a while, so it calls `check` often, which may raise.

        It removes the clip, and the recording if no result reads it.
        """
        try:
            if self.clip is None:
                seeds = enumerate(self._seeds(seed))
                return tuple(self._written(self._sound(each), number, disk, check) for number, each in seeds)
            return self._for_clip(self.clip, seed, disk, check)
        except BaseException:
            if self.recording is not None:
                self.recording.path.unlink(missing_ok=True)
            raise

    def _for_clip(self, clip: ClipSource, seed: int, disk: Disk, check: Callable[[], None]) -> tuple[Rendering, ...]:
        with ExitStack() as done:
            done.callback(clip.path.unlink, missing_ok=True)
            jumps = [] if self.music else picture.jumps(clip.path, clip.headers, clip.window, check)
            sounds = [self._sound(each, jumps) for each in self._seeds(seed)]
            if not self.as_video:
                return self._heard(clip, sounds, disk, check)

            def passing(kind: str, size: int) -> Path:
                path = disk.new_file(kind, size)
                done.callback(path.unlink, missing_ok=True)
                return path

            start_ms, duration_ms = clip.window.start_ms, clip.window.duration_ms
            window, size = clip.path, clip.path.stat().st_size
            if start_ms or clip.headers.codec not in clips.COPYABLE:
                window = passing("window", size)
                clips.cut(clip.path, window, start_ms, duration_ms, check)

            def with_picture(number: int, heard: Sound) -> Rendering:
                target = disk.new_file("result", size)
                clips.add_sound(window, target, heard, duration_ms, check)
                return Rendering(heard, target, "mp4", variant=number)

            if self.with_sound:
                return self._heard(clip, sounds, disk, check, with_picture)
            samples = passing("sound", duration_ms * FRAMES_PER_MS * wav.FRAME_BYTES)
            own = recording.own_sound(clip.path, samples, clip.window, check)
            mixed = (each if own is None else Mixed(each, own) for each in sounds)
            return tuple(with_picture(number, each) for number, each in enumerate(mixed))

    def _heard(
        self,
        clip: ClipSource,
        sounds: Sequence[Sound],
        disk: Disk,
        check: Callable[[], None],
        with_picture: Callable[[int, Sound], Rendering] | None = None,
    ) -> tuple[Rendering, ...]:
        """Make the sounds for a clip, with its speech if that is kept, and each sound's clip if requested."""
        own = None
        with ExitStack() as undo:
            if self.keep_speech:
                path = disk.new_file("speech", clip.window.duration_ms * FRAMES_PER_MS * wav.FRAME_BYTES)
                undo.callback(path.unlink, missing_ok=True)
                own = recording.own_sound(clip.path, path, clip.window, check)
            made: list[Rendering] = []
            for number, each in enumerate(sounds):
                heard = each if own is None else Mixed(each, own)
                made.append(self._written(heard, number, disk, check))
                if with_picture is not None:
                    made.append(with_picture(number, heard))
                if own is not None and self.speech_stem:
                    made.append(self._written(Fitted(own, each.frames), number, disk, check, role="speech"))
            if own is not None:
                undo.pop_all()  # the results read from it
            return tuple(made)

    def _written(self, made: Sound, variant: int, disk: Disk, check: Callable[[], None], role: str = "") -> Rendering:
        if self.audio_format.plain:
            return Rendering(made, role=role, variant=variant)
        target = disk.new_file("result", wav.size(made))
        encoding.encode(made, target, self.audio_format, check)
        return Rendering(made, target, self.audio_format.name, role=role, variant=variant)

    def _sound(self, seed: int, jumps: Sequence[tuple[float, float]] | None = None) -> Sound:
        length_ms = self.segment.duration_ms
        if self.music:
            return tune(length_ms, seed)
        if jumps is None:
            piece = sound.from_prompt(self.prompt, length_ms, seed, loop=self.loop and self.recording is None)
        else:
            piece = sound.from_jumps(jumps, length_ms, seed, self.prompt)
        if self.rounds > 1:
            return sound.Repeated(piece, self.rounds)
        return piece if self.recording is None else Splice(self.recording, piece, self.segment.at, self.loop)

    def _seeds(self, seed: int) -> list[int]:
        """Yield a seed for each sample, from the emulator's seed and the request: equal requests sound equal."""
        content: list[object] = []
        if self.recording is not None:
            content += [self.recording.sha256, self.segment.at]
        if self.clip is not None:
            content += [self.clip.sha256, self.segment.window.start_ms]
        if content:
            content += [self.segment.duration_ms, *([self.prompt] if self.prompt else [])]
        else:
            content = [self.prompt, self.segment.duration_ms]
        if self.seed is not None:
            content.append(self.seed)
        return [
            int.from_bytes(hashlib.sha256(repr((seed, tuple(content), index)).encode()).digest()[:8])
            for index in range(self.num_samples)
        ]

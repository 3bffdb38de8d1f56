"""Placeholder sounds: noise, tones and hits, chosen by words of the prompt or by the motion in a clip.

They do not imitate the real model. A piece is a bed (seamless noise or hum) and hits at exact samples. Any part of it
can be computed by itself, so that a sound of any length needs the memory of one second.
"""

from __future__ import annotations

import itertools
import math
import random
import re
from typing import TYPE_CHECKING

import attrs
import numpy as np

from mirelo_ergo.emulator.media import voices
from mirelo_ergo.emulator.media.wav import RATE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

LOOP_PARTS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 48)  # a loop of whole milliseconds can be cut into so many equal parts
VARIANTS = 4

# The beginning of a word → the bed and the rhythm of the hits. The first match counts: "steps in the rain" are steps.
WORDS = {
    "step": ("hush", "steps"), "foot": ("hush", "steps"), "boot": ("hush", "steps"), "walk": ("hush", "steps"),
    "impact": ("hush", "impacts"), "hit": ("hush", "impacts"), "crash": ("hush", "impacts"),
    "door": ("hush", "impacts"), "slam": ("hush", "impacts"), "thud": ("hush", "impacts"), "explo": ("hush", "impacts"),
    "rain": ("rain", "drops"), "water": ("rain", "drops"), "drip": ("hush", "drops"),
    "wind": ("wind", "none"), "storm": ("wind", "none"), "breeze": ("wind", "none"),
    "engine": ("engine", "none"), "motor": ("engine", "none"), "car": ("engine", "none"), "machine": ("engine", "none"),
}  # fmt: skip


@attrs.frozen
class Hit:
    """A short sound that begins at a sample."""

    at: int
    voice: str
    gain: float
    variant: int


@attrs.frozen
class Piece:
    """The whole sound of one sample. Equal pieces give equal bytes.

    A loop's bed repeats a whole number of times, and the decay of a hit at its end continues at its beginning.
    """

    frames: int
    seed: int
    bed: str
    hits: tuple[Hit, ...]
    loop: bool = False

    @property
    def files(self) -> tuple[Path, ...]:
        """Return nothing: a piece is computed."""
        return ()

    def seconds(self, first: int, end: int) -> Iterator[NDArray[np.int16]]:
        """Yield the seconds from `first` up to `end` as arrays of shape (frames, 2); the last may be shorter."""
        for index in range(first, end):
            yield self.part(index * RATE, min((index + 1) * RATE, self.frames))

    def part(self, first: int, last: int) -> NDArray[np.int16]:
        """Compute the frames from `first` up to `last`."""
        bed = voices.bed(self.bed, self.seed, self._period())
        mix = np.take(bed, range(first % len(bed), first % len(bed) + last - first), axis=0, mode="wrap")
        for hit in self.hits:
            if hit.at >= last:
                break  # they are in order
            wave = voices.voice(hit.voice, self.seed, hit.variant)
            begin, end = max(hit.at, first), min(hit.at + len(wave), last)
            if begin < end:
                mix[begin - first : end - first] += hit.gain * wave[begin - hit.at : end - hit.at]
        if self.loop:
            return (np.tanh(mix) * 32_000).astype("<i2")
        # Fading the file's edges keeps its beginning and end from clicking.
        at = np.arange(first, last, dtype=np.float32)
        edge = np.minimum(1, np.minimum(at, self.frames - 1 - at) / (RATE / 200))
        return (np.tanh(mix) * edge[:, None] * 32_000).astype("<i2")

    def _period(self) -> int:
        if not self.loop:
            return voices.PERIOD
        return self.frames // next((n for n in LOOP_PARTS if self.frames <= n * voices.PERIOD), LOOP_PARTS[-1])


@attrs.frozen
class Repeated:
    """A loop several times over."""

    piece: Piece
    times: int

    @property
    def frames(self) -> int:
        """Return the length of all rounds, in samples of each channel."""
        return self.piece.frames * self.times

    @property
    def files(self) -> tuple[Path, ...]:
        """Return nothing: a piece is computed."""
        return ()

    def seconds(self, first: int, end: int) -> Iterator[NDArray[np.int16]]:
        """Yield the seconds from `first` up to `end` as arrays of shape (frames, 2); the last may be shorter."""
        for index in range(first, end):
            at, last = index * RATE, min((index + 1) * RATE, self.frames)
            parts: list[NDArray[np.int16]] = []
            while at < last:
                begin = at % self.piece.frames
                parts.append(self.piece.part(begin, min(self.piece.frames, begin + last - at)))
                at += len(parts[-1])
            yield np.concatenate(parts)


def from_prompt(prompt: str, duration_ms: int, seed: int, *, loop: bool = False) -> Piece:
    """Choose by the prompt's words: rain, wind, engine, footsteps, impact and their kin, else a few tones."""
    draw = random.Random(seed)  # noqa: S311 - sound, no secret
    frames = duration_ms * RATE // 1000
    bed, rhythm = _texture(prompt) or ("hush", "tones")
    hits = _rhythm(rhythm, draw)
    placed = _circle(hits, frames) if loop else itertools.takewhile(lambda hit: hit.at < frames, hits)
    return Piece(frames=frames, seed=seed, bed=bed, hits=tuple(placed), loop=loop)


def from_jumps(jumps: Sequence[tuple[float, float]], duration_ms: int, seed: int, prompt: str = "") -> Piece:
    """Return a piece with a hit at each jump of motion, given as (milliseconds, strength up to 1).

    The hits are impacts over a nearly silent bed, unless the prompt chooses another bed, or steps or drops.
    """
    draw = random.Random(seed)  # noqa: S311 - sound, no secret
    bed, rhythm = _texture(prompt) or ("hush", "impacts")
    voice = {"steps": "step", "drops": "drop"}.get(rhythm, "impact")
    hits = tuple(
        Hit(at=round(ms * RATE / 1000), voice=voice, gain=0.4 + 0.6 * strength, variant=draw.randrange(VARIANTS))
        for ms, strength in jumps
    )
    return Piece(frames=duration_ms * RATE // 1000, seed=seed, bed=bed, hits=hits)


def _texture(prompt: str) -> tuple[str, str] | None:
    words = re.findall(r"[a-z]+", prompt.lower())
    return next((WORDS[begin] for begin in WORDS if any(word.startswith(begin) for word in words)), None)


def _rhythm(name: str, draw: random.Random) -> Iterator[Hit]:
    """Yield hits without an end, in their order, or none."""
    gap, spread, voice, gain = {
        "steps": (0.55, 0.05, "step", 0.8),
        "impacts": (1.4, 0.5, "impact", 0.9),
        "drops": (0.12, 0.1, "drop", 0.25),
        "tones": (0.9, 0.4, "tone", 0.4),
        "none": (math.inf, 0.0, "", 0.0),
    }[name]
    at = draw.uniform(0.02, 0.2)
    while gap < math.inf:
        yield Hit(round(at * RATE), voice, gain * draw.uniform(0.7, 1.0), draw.randrange(VARIANTS))
        at += gap + draw.uniform(-spread, spread)


def _circle(hits: Iterator[Hit], frames: int) -> list[Hit]:
    """Stretch a rhythm so that it loops: the first hit after the end coincides with the first one."""
    first = next(hits, None)
    if first is None:
        return []
    line = [first]
    while (beyond := next(hits)).at < frames:
        line.append(beyond)
    stretch = frames / (beyond.at - first.at)
    bent = [attrs.evolve(hit, at=round(first.at + (hit.at - first.at) * stretch) % frames) for hit in line]
    reach = math.ceil(voices.LONGEST * RATE)  # over the end once, and in a very short loop several times
    over = [attrs.evolve(hit, at=at) for hit in bent for at in range(hit.at - frames, -reach, -frames)]
    return sorted(over + bent, key=lambda hit: hit.at)

"""Placeholder sound: noise, tones and thuds chosen by a few words of the prompt or by when things hit in a picture.

Nothing here imitates the real model. A piece is a bed (noise or a hum that loops without a seam) and hits at exact
samples; any part of it can be computed on its own, so a sound of any length needs the memory of one second.
"""

from __future__ import annotations

import functools
import math
import random
import re
import struct
from typing import TYPE_CHECKING

import attrs
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

RATE = 48_000
CHANNELS = 2
FRAME_BYTES = CHANNELS * 2
WAV_HEADER_BYTES = 44
LOOP = 1 << 18  # the bed's period in samples, 5.5 s: a power of two keeps its transform quick
VARIANTS = 4

# How a word begins → the bed and the rhythm of the hits. The first entry that fits wins: "steps in the rain" are steps.
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
    """One short sound, beginning at a sample."""

    at: int
    voice: str
    gain: float
    variant: int


@attrs.frozen
class Piece:
    """One sample's whole sound; equal pieces give equal bytes."""

    frames: int
    seed: int
    bed: str
    hits: tuple[Hit, ...]

    @property
    def wav_bytes(self) -> int:
        """Return the length of the WAV file."""
        return WAV_HEADER_BYTES + self.frames * FRAME_BYTES

    def wav(self, first: int, last: int) -> Iterator[bytes]:
        """Yield the WAV file's bytes (48 kHz, stereo, 16 bit) from `first` up to `last`, about a second at a time."""
        if first < WAV_HEADER_BYTES:
            yield wav_header(self.frames)[first:last]
        block = RATE * FRAME_BYTES
        for index in range(max(0, first - WAV_HEADER_BYTES) // block, -(-(last - WAV_HEADER_BYTES) // block)):
            start = WAV_HEADER_BYTES + index * block
            yield self.second(index).tobytes()[max(0, first - start) : last - start]

    def second(self, index: int) -> NDArray[np.int16]:
        """Compute one second (the last may be shorter) as an array of shape (frames, 2)."""
        first = index * RATE
        last = min(first + RATE, self.frames)
        bed = _bed(self.bed, self.seed)
        mix = np.take(bed, range(first % LOOP, first % LOOP + last - first), axis=0, mode="wrap")
        for hit in self.hits:
            if hit.at >= last:
                break  # they are in order
            wave = _voice(hit.voice, self.seed, hit.variant)
            begin, end = max(hit.at, first), min(hit.at + len(wave), last)
            if begin < end:
                mix[begin - first : end - first] += hit.gain * wave[begin - hit.at : end - hit.at]
        # Fading the file's edges keeps its beginning and end from clicking.
        at = np.arange(first, last, dtype=np.float32)
        edge = np.minimum(1, np.minimum(at, self.frames - 1 - at) / (RATE / 200))
        return (np.tanh(mix) * edge[:, None] * 32_000).astype("<i2")


def from_prompt(prompt: str, duration_ms: int, seed: int) -> Piece:
    """Choose by the prompt's words: rain, wind, engine, footsteps, impact and their kin, else a few tones."""
    draw = random.Random(seed)  # noqa: S311 - sound, no secret
    frames = duration_ms * RATE // 1000
    words = re.findall(r"[a-z]+", prompt.lower())
    match = next((WORDS[begin] for begin in WORDS if any(word.startswith(begin) for word in words)), None)
    bed, rhythm = match or ("hush", "tones")
    return Piece(frames=frames, seed=seed, bed=bed, hits=tuple(_rhythm(rhythm, frames, draw)))


def from_jumps(jumps: Sequence[tuple[float, float]], duration_ms: int, seed: int) -> Piece:
    """Put an impact on each jump of motion, given as (milliseconds, strength up to 1), over a nearly silent bed."""
    draw = random.Random(seed)  # noqa: S311 - sound, no secret
    hits = tuple(
        Hit(at=round(ms * RATE / 1000), voice="impact", gain=0.4 + 0.6 * strength, variant=draw.randrange(VARIANTS))
        for ms, strength in jumps
    )
    return Piece(frames=duration_ms * RATE // 1000, seed=seed, bed="hush", hits=hits)


def wav_header(frames: int) -> bytes:
    """Write the RIFF header of so many frames."""
    size = frames * FRAME_BYTES
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", size + WAV_HEADER_BYTES - 8, b"WAVE",
        b"fmt ", 16, 1, CHANNELS, RATE, RATE * FRAME_BYTES, FRAME_BYTES, 16,
        b"data", size,
    )  # fmt: skip


def _rhythm(name: str, frames: int, draw: random.Random) -> Iterator[Hit]:
    gap, spread, voice, gain = {
        "steps": (0.55, 0.05, "step", 0.8),
        "impacts": (1.4, 0.5, "impact", 0.9),
        "drops": (0.12, 0.1, "drop", 0.25),
        "tones": (0.9, 0.4, "tone", 0.4),
        "none": (math.inf, 0.0, "", 0.0),
    }[name]
    at = draw.uniform(0.02, 0.2)
    while gap < math.inf and at * RATE < frames:
        yield Hit(round(at * RATE), voice, gain * draw.uniform(0.7, 1.0), draw.randrange(VARIANTS))
        at += gap + draw.uniform(-spread, spread)


@functools.lru_cache(maxsize=8)
def _bed(name: str, seed: int) -> NDArray[np.float32]:
    """Make the loop of a bed: noise with a shaped spectrum, which is periodic by its making."""
    draw = np.random.default_rng((seed, 1))
    hertz = np.fft.rfftfreq(LOOP, 1 / RATE)
    turn = 2 * np.pi * np.arange(LOOP) / LOOP
    if name == "engine":
        base = float(draw.integers(280, 420))  # whole turns in a loop: 51 to 77 Hz
        hum = sum(np.sin(k * base * turn + draw.uniform(0, 6)) / k for k in range(1, 9))
        wave = np.stack([hum, hum], axis=1) * (0.8 + 0.2 * np.sin(40 * turn))[:, None]
        level = 0.2
    else:
        shape, level = {
            "rain": (np.where(hertz > 800, 1 / np.sqrt(hertz + 1), 0.0), 0.10),
            "wind": (np.exp(-(((hertz - 350) / 250) ** 2)), 0.18),
            "hush": (np.where(hertz > 40, 1 / (hertz + 40), 0.0), 0.002),
        }[name]
        phase = draw.uniform(0, 2 * np.pi, (len(hertz), CHANNELS))
        wave = np.fft.irfft(shape[:, None] * np.exp(1j * phase), LOOP, axis=0)
        if name == "wind":
            wave = wave * (0.6 + 0.4 * np.sin(2 * turn + draw.uniform(0, 6)))[:, None]
    loop: NDArray[np.float32] = (level * wave / np.sqrt(np.mean(wave**2))).astype(np.float32)
    return loop


@functools.lru_cache(maxsize=64)
def _voice(name: str, seed: int, variant: int) -> NDArray[np.float32]:
    """Make one short sound; each seed has a few variants of it."""
    draw = np.random.default_rng((seed, 2, variant))
    pitch = draw.uniform(0.85, 1.2)
    if name == "impact":
        t = np.arange(int(0.5 * RATE)) / RATE
        body = np.sin(2 * np.pi * pitch * (60 * t - 25 * np.exp(-t / 0.04) * 0.04)) * np.exp(-t / 0.12)
        crack = draw.standard_normal((len(t), CHANNELS)) * np.exp(-t / 0.02)[:, None]
        wave = body[:, None] + 0.7 * crack
    elif name == "step":
        t = np.arange(int(0.12 * RATE)) / RATE
        thud = np.sin(2 * np.pi * 90 * pitch * t) * np.exp(-t / 0.03)
        wave = thud[:, None] + 0.3 * draw.standard_normal((len(t), CHANNELS)) * np.exp(-t / 0.02)[:, None]
    elif name == "drop":
        t = np.arange(int(0.05 * RATE)) / RATE
        pan = draw.uniform(0.2, 0.8)
        blip = np.sin(2 * np.pi * (1500 * pitch * t + 9000 * t**2)) * np.exp(-t / 0.01)
        wave = blip[:, None] * np.array([pan, 1 - pan])
    else:
        t = np.arange(int(0.7 * RATE)) / RATE
        note = 220 * 2 ** (draw.integers(0, 24) / 12)
        wave = np.repeat((np.sin(2 * np.pi * note * t) * np.exp(-t / 0.2))[:, None], CHANNELS, axis=1)
    rise = np.minimum(1, np.arange(len(wave)) / (RATE / 1000))[:, None]
    shaped: NDArray[np.float32] = (wave * rise).astype(np.float32)
    return shaped

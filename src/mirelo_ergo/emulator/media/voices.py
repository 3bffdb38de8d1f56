"""The short sounds and beds of placeholder sounds, which are cached."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from mirelo_ergo.emulator.media.wav import CHANNELS, RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

PERIOD = 1 << 18  # the bed's period in samples, 5.5 s: a power of two keeps its transform quick
LONGEST = 0.7  # seconds that a voice may last
VOWELS = ((730, 1090), (530, 1840), (270, 2290), (570, 840), (300, 870))  # the first two formants of a, e, i, o, u
PARTIALS = (1.0, 0.4, 0.25, 0.1)


@functools.lru_cache(maxsize=8)
def bed(name: str, seed: int, period: int) -> NDArray[np.float32]:
    """Return one period of a bed: noise with a shaped spectrum, which is periodic by construction."""
    draw = np.random.default_rng((seed, 1))
    hertz = np.fft.rfftfreq(period, 1 / RATE)
    turn = 2 * np.pi * np.arange(period) / period
    if name == "engine":
        base = float(round(draw.integers(280, 420) * period / PERIOD))  # whole turns in a period: 51 to 77 Hz
        hum = sum(np.sin(k * base * turn + draw.uniform(0, 6)) / k for k in range(1, 9))
        wave = np.stack([hum, hum], axis=1) * (0.8 + 0.2 * np.sin(round(40 * period / PERIOD) * turn))[:, None]
        level = 0.2
    else:
        shape, level = {
            "rain": (np.where(hertz > 800, 1 / np.sqrt(hertz + 1), 0.0), 0.10),
            "wind": (np.exp(-(((hertz - 350) / 250) ** 2)), 0.18),
            "hush": (np.where(hertz > 40, 1 / (hertz + 40), 0.0), 0.002),
        }[name]
        phase = draw.uniform(0, 2 * np.pi, (len(hertz), CHANNELS))
        wave = np.fft.irfft(shape[:, None] * np.exp(1j * phase), period, axis=0)
        if name == "wind":
            wave = wave * (0.6 + 0.4 * np.sin(2 * turn + draw.uniform(0, 6)))[:, None]
    shaped: NDArray[np.float32] = (level * wave / np.sqrt(np.mean(wave**2))).astype(np.float32)
    return shaped


@functools.lru_cache(maxsize=64)
def voice(name: str, seed: int, variant: int) -> NDArray[np.float32]:
    """Return one short sound. There are a few variants by seed."""
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
    elif name == "vowel":
        t = np.arange(int(0.19 * RATE)) / RATE
        wave = _vowel(t, 110 + 25 * (seed % 7), VOWELS[variant % len(VOWELS)])
    elif name == "note":
        t = np.arange(int(LONGEST * RATE)) / RATE
        wave = _note(t, variant)
    else:
        t = np.arange(int(LONGEST * RATE)) / RATE
        note = 220 * 2 ** (draw.integers(0, 24) / 12)
        wave = np.repeat((np.sin(2 * np.pi * note * t) * np.exp(-t / 0.2))[:, None], CHANNELS, axis=1)
    rise = np.minimum(1, np.arange(len(wave)) / (RATE / 1000))[:, None]
    shaped: NDArray[np.float32] = (wave * rise).astype(np.float32)
    return shaped


def _vowel(t: NDArray[np.float64], pitch: float, formants: tuple[float, float]) -> NDArray[np.float64]:
    """Return a vowel: harmonics of a voice's pitch, emphasised around the formants, fading in and out."""
    wave = np.zeros_like(t)
    for number in range(1, int(3500 / pitch)):
        hertz = number * pitch
        level = sum(1 / (1 + ((hertz - formant) / 90) ** 2) for formant in formants)
        wave += level * np.sin(2 * np.pi * hertz * t)
    wave *= np.sin(np.pi * t / t[-1]) / np.abs(wave).max()
    return np.repeat(wave[:, None], CHANNELS, axis=1)


def _note(t: NDArray[np.float64], pitch: int) -> NDArray[np.float64]:
    """Return a MIDI note: a few decaying partials."""
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    wave = sum(level * np.sin(2 * np.pi * number * hertz * t) for number, level in enumerate(PARTIALS, 1))
    fade = np.exp(-t / 0.35) * np.minimum(1, (t[-1] - t) / 0.05)
    return np.repeat((wave * fade)[:, None], CHANNELS, axis=1)

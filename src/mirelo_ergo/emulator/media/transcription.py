"""Detection of the notes in a sound, one at a time, without chords."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from mirelo_ergo.emulator.media.wav import RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from mirelo_ergo.emulator.media.wav import Sound

STEP = RATE // 100  # a look every 10 ms
LOOK = 4096  # frames of each look, 85 ms: two periods of the lowest note
LOWEST, HIGHEST = 28, 100  # MIDI pitches: 41 to 2637 Hz
CLEAR = 0.2  # how much a look may differ from itself a period later; more is noise
FLOOR = 0.02  # of the loudest look: less is silence
RISE = 1.5  # how much louder a look has to be than one 30 ms before it for a note to begin again
BEFORE = 3  # looks
SHORTEST = 4  # looks
SMEAR = 9  # looks that have something of what comes after them


@attrs.frozen
class Note:
    """A note: times in seconds, the MIDI pitch (69 is A4 with 440 Hz), and how loud it is, 1 to 127."""

    start: float
    end: float
    pitch: int
    velocity: int


def notes(sound: Sound, check: Callable[[], None]) -> list[Note]:
    """Return the notes of a sound, in their order. It calls `check` for every second, which may raise."""
    pitches: list[NDArray[np.int64]] = []
    levels: list[NDArray[np.float64]] = []
    for block in _blocks(sound, check):
        looks = np.lib.stride_tricks.sliding_window_view(block, LOOK)[::STEP]
        pitches.append(_pitches(looks))
        levels.append(np.sqrt((looks[:, : 2 * STEP] ** 2).mean(axis=1)))  # of its beginning: an onset is not smeared
    if not levels:
        return []
    return _grouped(np.concatenate(pitches), np.concatenate(levels))


def _blocks(sound: Sound, check: Callable[[], None]) -> Iterator[NDArray[np.float64]]:
    """Yield a sound's seconds in mono, each with the beginning of the next, so that every window is within one."""
    held = np.zeros(0)
    seconds = -(-sound.frames // RATE)
    for samples in sound.seconds(0, seconds):
        check()
        held = np.concatenate([held, samples.astype(np.float64).mean(axis=1) / 32_768])
        while len(held) >= RATE + LOOK - STEP:
            yield held[: RATE + LOOK - STEP]
            held = held[RATE:]
    if len(held) >= STEP:
        whole = -(-len(held) // STEP) * STEP
        yield np.concatenate([held, np.zeros(whole - len(held) + LOOK - STEP)])


def _pitches(looks: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the pitch in each window, 0 if there is none.

    The period is the first shift at which a window nearly equals itself (the cumulative mean normalised difference of
    de Cheveigné and Kawahara's YIN).
    """
    half = LOOK // 2
    size = 2 * LOOK
    spectrum = np.fft.rfft(looks, size) * np.conj(np.fft.rfft(looks[:, :half], size))
    products = np.fft.irfft(spectrum, size)[:, :half]
    squares = np.concatenate([np.zeros((len(looks), 1)), np.cumsum(looks**2, axis=1)], axis=1)
    energy = squares[:, half : half + half] - squares[:, :half]
    difference = np.maximum(0, energy[:, :1] + energy - 2 * products)
    shifts = np.arange(half)
    sums = np.cumsum(difference, axis=1)
    normal = np.where(sums > 0, difference * shifts / np.maximum(sums, 1e-12), 1.0)
    low, high = int(RATE / _hertz(HIGHEST + 0.5)), min(half - 2, int(RATE / _hertz(LOWEST - 0.5)))
    found = np.zeros(len(looks), np.int64)
    for number, curve in enumerate(normal):
        dips = np.flatnonzero(curve[low:high] < CLEAR)
        if len(dips):
            at = low + int(dips[0])
            while at < high and curve[at + 1] < curve[at]:
                at += 1
            found[number] = round(69 + 12 * np.log2(RATE / _between(curve, at) / 440))
    return found


def _between(curve: NDArray[np.float64], at: int) -> float:
    """Return the interpolated position of a minimum."""
    before, here, after = curve[at - 1 : at + 2]
    bend = before - 2 * here + after
    return at + (0.0 if bend <= 0 else float((before - after) / (2 * bend)))


def _hertz(pitch: float) -> float:
    return float(440 * 2 ** ((pitch - 69) / 12))


def _grouped(pitches: NDArray[np.int64], levels: NDArray[np.float64]) -> list[Note]:
    """Join windows of equal pitch to notes. A rise in loudness begins a new note."""
    loudest = float(levels.max(initial=0.0))
    if loudest == 0:
        return []
    heard = np.where(levels >= FLOOR * loudest, pitches, 0)
    found: list[Note] = []
    begin = 0
    for at in range(1, len(heard) + 1):
        ended = at == len(heard) or heard[at] != heard[begin]
        rises = not ended and levels[at] > RISE * levels[max(begin, at - BEFORE)] + 1e-9
        if not (ended or rises):
            continue
        if rises and at - begin < SMEAR:  # a look hears the next pitch before its own beginning has come to it
            if found and found[-1].end == begin * STEP / RATE:
                found[-1] = attrs.evolve(found[-1], end=at * STEP / RATE)
        elif heard[begin] and at - begin >= SHORTEST:
            velocity = round(127 * float(levels[begin:at].max()) / loudest)
            found.append(Note(begin * STEP / RATE, at * STEP / RATE, int(heard[begin]), max(1, velocity)))
        begin = at
    return _tidied(found)


def _tidied(found: Sequence[Note]) -> list[Note]:
    """Join two notes of one pitch that are separated by a short gap without a rise in loudness."""
    joined: list[Note] = []
    for note in found:
        last = joined[-1] if joined else None
        gap = note.start - last.end if last is not None else 1.0
        if last is not None and last.pitch == note.pitch and 0 < gap <= 0.04 and note.velocity <= last.velocity:
            joined[-1] = attrs.evolve(last, end=note.end)
        else:
            joined.append(note)
    return joined

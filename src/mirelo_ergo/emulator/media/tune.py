"""Placeholder music: a tune with chords, of any length, different for each prompt."""

from __future__ import annotations

import random

from mirelo_ergo.emulator.media.sound import Hit, Piece
from mirelo_ergo.emulator.media.wav import RATE

SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10))  # major and minor
CHORDS = ((0, 2, 4), (5, 0, 2), (3, 5, 0), (4, 6, 1))
BEATS_PER_CHORD = 4


def tune(duration_ms: int, seed: int) -> Piece:
    """Return a tune. Equal seeds give equal tunes, of which a shorter one is the beginning of a longer one."""
    draw = random.Random(seed)  # noqa: S311 - music, no secret
    scale, root = draw.choice(SCALES), 57 + draw.randrange(8)
    beat = 60 / draw.choice((84, 96, 108, 120))
    frames = duration_ms * RATE // 1000
    hits: list[Hit] = []
    number = 0
    while (at := round(number * beat * RATE)) < frames:
        chord = CHORDS[number // BEATS_PER_CHORD % len(CHORDS)]
        if number % BEATS_PER_CHORD == 0:
            hits += [Hit(at, "note", 0.18, root - 12 + scale[step]) for step in chord]
        hits.append(Hit(at, "note", 0.4, root + 12 * draw.randrange(2) + scale[draw.choice(chord)]))
        number += 1
    return Piece(frames=frames, seed=seed, bed="hush", hits=tuple(hits))

"""Placeholder speech: a vowel for each syllable of a script, in the pitch of a voice."""

from __future__ import annotations

import hashlib
import re

from mirelo_ergo.emulator.media.sound import Hit, Piece
from mirelo_ergo.emulator.media.wav import RATE

SYLLABLE = 0.19  # seconds
AFTER_WORD = 0.06
AFTER_SENTENCE = 0.35
BEGIN = END = 0.1
TOKEN = re.compile(r"\w+|[.!?:;,\u2026\n]")
VOWELS = re.compile(r"[aeiouyäöüáéíóúàèìòùâêîôû]+", re.IGNORECASE)


def speech(script: str, voice: str) -> Piece:
    """Return the speech of a script. Each voice has its own pitch."""
    seed = int.from_bytes(hashlib.sha256(voice.encode()).digest()[:4])
    hits: list[Hit] = []
    at = BEGIN
    for token in TOKEN.findall(script):
        if not token[0].isalnum():
            at += AFTER_SENTENCE
            continue
        for vowel in VOWELS.findall(token) or [token]:
            hits.append(Hit(round(at * RATE), "vowel", 0.8, ord(vowel[0].lower()) % 5))
            at += SYLLABLE
        at += AFTER_WORD
    return Piece(frames=round((at + END) * RATE), seed=seed, bed="hush", hits=tuple(hits))

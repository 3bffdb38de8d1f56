"""Times as people write them on a command line: 5s, 5000ms, 1.5s, 0:05. A bare number is refused: s or ms?"""

from __future__ import annotations

import re
from fractions import Fraction

import typer

DAY_MS = 24 * 3600 * 1000
_UNITS = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*(ms|s)", re.ASCII)
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,4}):([0-5]\d(?:\.\d{1,9})?)", re.ASCII)
_BARE = re.compile(r"[+-]?\d+(?:\.\d*)?", re.ASCII)


def milliseconds(text: str) -> int:
    """Read a time into whole milliseconds; raises `typer.BadParameter`."""
    given = text.strip().lower()
    if found := _UNITS.fullmatch(given):
        exact = Fraction(found[1]) * (1000 if found[2] == "s" else 1)
    elif found := _CLOCK.fullmatch(given):
        exact = (Fraction(found[3]) + 60 * int(found[2]) + 3600 * int(found[1] or 0)) * 1000
    else:
        raise typer.BadParameter(_problem(given))
    if exact.denominator != 1:
        raise typer.BadParameter(f"{given} is no whole number of milliseconds")
    return int(exact)


def waiting_time(text: str) -> int:
    """Read a time to wait: at least 1 ms, at most the 24 h that a job lives. Checked before anything is paid."""
    value = milliseconds(text)
    if not 1 <= value <= DAY_MS:
        raise typer.BadParameter(f"{text.strip()} is not from 1ms to 24:00:00, the time a job lives")
    return value


def seconds(ms: int) -> str:
    """Write milliseconds for people."""
    return f"{ms / 1000:g} s"


def _problem(given: str) -> str:
    if _BARE.fullmatch(given):
        return f"{given[:20]} has no unit: write {given[:20]}s for seconds or {given[:20]}ms for milliseconds"
    return f"{given[:40]!r} is not a time: write it as 5s, 5000ms, 1.5s or 0:05"

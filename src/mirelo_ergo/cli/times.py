"""Times on the command line: 5s, 5000ms, 1.5s, 0:05. A number without a unit is ambiguous and refused."""

from __future__ import annotations

import re
from typing import Final

DAY_MS: Final = 24 * 3600 * 1000
_UNITS = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*(ms|s)", re.ASCII)
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,4}):([0-5]\d(?:\.\d{1,9})?)", re.ASCII)
_NUMBER = r"\d+(?:\.\d*)?"
_BARE = re.compile(rf"\+?{_NUMBER}", re.ASCII)
_COMMA = re.compile(r"(\d+),(\d+)\s*([a-z]*)", re.ASCII)
_WORDS = re.compile(rf"(?:({_NUMBER})\s*h[a-z]*)?\s*(?:({_NUMBER})\s*m[a-z]*)?\s*(?:({_NUMBER})\s*s[a-z]*)?", re.ASCII)
_SECONDS_TOO_MANY = re.compile(r"(?:\d{1,3}:)?\d{1,4}:[6-9]\d(?:\.\d+)?", re.ASCII)


def milliseconds(text: str) -> int:
    """Return a time in whole milliseconds. Raises `ValueError` with a sentence about the format."""
    from fractions import Fraction

    given = text.strip().lower()
    if found := _UNITS.fullmatch(given):
        exact = Fraction(found[1]) * (1000 if found[2] == "s" else 1)
    elif found := _CLOCK.fullmatch(given):
        exact = (Fraction(found[3]) + 60 * int(found[2]) + 3600 * int(found[1] or 0)) * 1000
    else:
        raise ValueError(_problem(given))
    if exact.denominator != 1:
        raise ValueError(f"{given} is not a whole number of milliseconds")
    return int(exact)


def is_time(text: str) -> bool:
    """Return whether a text is a time with its unit."""
    return any(form.fullmatch(text.strip().lower()) for form in (_UNITS, _CLOCK))


def waiting_time(text: str) -> int:
    """Return a waiting time: at least 1 ms, at most the 24 h for which jobs are kept. Raises `ValueError`."""
    value = milliseconds(text)
    if not 1 <= value <= DAY_MS:
        raise ValueError(f"{text.strip()} is not between 1ms and 24:00:00, the time a job lives")
    return value


def seconds(ms: float) -> str:
    """Return milliseconds as text."""
    return f"{ms / 1000:g} s"


def _problem(given: str) -> str:
    shown = given[:20]
    if _BARE.fullmatch(given):
        return f"{shown} has no unit: write {shown}s for seconds or {shown}ms for milliseconds"
    if given.startswith("-") and given.strip("-")[:1].isdigit():
        return f"{shown} is negative: a time counts forwards, as in 5s"
    if found := _COMMA.fullmatch(given):
        whole, part, unit = found.groups()
        without = f"{whole}{part}" if len(part) == 3 and unit == "ms" else f"{whole}.{part}"
        return f"{shown} has a comma: write {without}{unit or 's'}"
    if _SECONDS_TOO_MANY.fullmatch(given):
        return f"{shown} has more than 59 seconds after its last colon: write it as 1:15 or 75s"
    found = _WORDS.fullmatch(given)
    if found is not None and any(found.groups()):
        return f"{shown} is not a time that is read here: write {_clock(*found.groups())}"
    return f"{given[:40]!r} is not a time: write it as 5s, 5000ms, 1.5s or 0:05"


def _clock(hours: str | None, minutes: str | None, rest: str | None) -> str:
    """Return the same time in a valid format, without rounding."""
    from fractions import Fraction

    total = 3600 * Fraction(hours or 0) + 60 * Fraction(minutes or 0) + Fraction(rest or 0)
    if total < 60:
        return f"{float(total):g}s"
    whole, last = divmod(total, 60)
    tail = f"{float(last):g}" if last.denominator != 1 else str(int(last))
    tail = tail if len(tail.partition(".")[0]) > 1 else f"0{tail}"
    return f"{whole}:{tail}" if whole < 60 else f"{whole // 60}:{whole % 60:02}:{tail}"

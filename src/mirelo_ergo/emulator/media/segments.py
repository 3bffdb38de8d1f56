"""What a generation is asked to make: how long it is, where in an input it goes, and which part of a clip it is for.

The fields of a request say which it is: a sound of `duration_ms`, `append_duration_ms` more of an input, a new
`segment` or `region` of an input, or, without any of them, as much as the input has. So a family with these fields
needs nothing here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from mirelo_ergo.emulator.media.wav import RATE
from mirelo_ergo.emulator.refusals import Refusal, bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

FRAMES_PER_MS = RATE // 1000
MIN_PREFIX_MS = 3000
DEFAULT_MS = 10_000  # where nothing tells a length
MAX_LOOP_MS = 60_000  # of input and extension; both have lower bounds, which add up to the 5000 that a loop needs


@attrs.frozen
class Window:
    """A stretch of a clip; `terms` tells in a message which fields it comes from."""

    start_ms: int
    duration_ms: int
    terms: str


@attrs.frozen
class Segment:
    """What is to be made: `at` is the frame of the input where it begins, `window` what a clip shows meanwhile."""

    duration_ms: int
    at: int
    window: Window


def generated_ms(values: Mapping[str, Any]) -> int | None:
    """Return the length that is made and paid for, from a preflight's query or a request; refuse less than 1 ms.

    None stands for the length of the input: no field tells another.
    """
    region = _region(values)
    if region is not None:
        return generated_ms(values[region])
    if "start_ms" in values:
        start_ms, end_ms = values["start_ms"], values["end_ms"]
        if start_ms < 0:
            raise bad_request(f"start_ms is {start_ms}: it has to be 0 or more")
        if end_ms <= start_ms:
            raise bad_request(f"end_ms is {end_ms}: it has to be more than start_ms, which is {start_ms}")
        return int(end_ms - start_ms)
    name = "append_duration_ms" if "append_duration_ms" in values else "duration_ms"
    if name not in values:
        return None
    if values[name] < 1:
        raise bad_request(f"{name} is {values[name]}: it has to be 1 or more")
    return int(values[name])


def segment(values: Mapping[str, Any], frames: int) -> Segment:
    """Place what a request asks for in an input of so many frames, 0 without one; refuse an input that is too short.

    Without a duration it is as long as the input; that of a clip is not known here, see `Sources.clip`.
    """
    given_ms, offset_ms, input_ms = generated_ms(values), values.get("start_offset_ms", 0), frames // FRAMES_PER_MS
    if given_ms is None:
        duration_ms = input_ms if frames else DEFAULT_MS
        return Segment(duration_ms, 0, Window(offset_ms, duration_ms, f"start_offset_ms {offset_ms}"))
    duration_ms = given_ms
    region = _region(values)
    if region is not None:
        start_ms, end_ms = values[region]["start_ms"], values[region]["end_ms"]
        if frames < end_ms * FRAMES_PER_MS:
            raise _too_short(input_ms, f"{region}.end_ms is {end_ms}")
        terms = f"{region}.end_ms {end_ms}"
        return Segment(duration_ms, start_ms * FRAMES_PER_MS, Window(start_ms, duration_ms, terms))
    if "append_duration_ms" in values:
        if frames < MIN_PREFIX_MS * FRAMES_PER_MS:
            raise _too_short(input_ms, f"needed are {MIN_PREFIX_MS} ms")
        if values.get("loop") and frames + duration_ms * FRAMES_PER_MS > MAX_LOOP_MS * FRAMES_PER_MS:
            raise bad_request(
                f"append_duration_ms is {duration_ms}: with loop true and an audio of {input_ms} ms, both together may"
                f" have {MAX_LOOP_MS} ms"
            )
        terms = f"start_offset_ms {offset_ms} + the audio's {input_ms} + append_duration_ms {duration_ms}"
        return Segment(duration_ms, frames, Window(offset_ms + input_ms, duration_ms, terms))
    return Segment(
        duration_ms, 0, Window(offset_ms, duration_ms, f"start_offset_ms {offset_ms} + duration_ms {duration_ms}")
    )


def _region(values: Mapping[str, Any]) -> str | None:
    """Return what the part of an input that is made again is called, None where none is."""
    return next((name for name in ("segment", "region") if name in values), None)


def _too_short(input_ms: int, needed: str) -> Refusal:
    return Refusal("audio_too_short", 400, f"the audio has {input_ms} ms, {needed}")

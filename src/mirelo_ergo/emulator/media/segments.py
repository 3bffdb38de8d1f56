"""The segment that a generation makes: its length, its position in an input, and its part of a clip.

It follows from the fields of a request: a sound of `duration_ms`, an extension by `append_duration_ms`, a new `segment`
or `region` of an input, or else the whole input. So a family with these fields needs no code here.
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
    """A part of a clip. `terms` names its fields in messages."""

    start_ms: int
    duration_ms: int
    terms: str


@attrs.frozen
class Segment:
    """The segment to make. `at` is its first frame in the input, `window` its part of a clip."""

    duration_ms: int
    at: int
    window: Window


def generated_ms(values: Mapping[str, Any]) -> int | None:
    """Return the length that is made and charged, from a preflight's query or a request; refuse less than 1 ms.

    None means the length of the input, if no field gives one.
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
    """Return the segment of a request with an input of this many frames (0: none); refuse a too short input.

    Without a duration it is as long as the input. A clip's length is not known here, see `Sources.clip`.
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
    """Return the name of the field for the part of an input that is replaced, None if there is none."""
    return next((name for name in ("segment", "region") if name in values), None)


def _too_short(input_ms: int, needed: str) -> Refusal:
    return Refusal("audio_too_short", 400, f"the audio has {input_ms} ms, {needed}")

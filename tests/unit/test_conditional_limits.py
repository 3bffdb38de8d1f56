"""Bounds that depend on other fields, and objects in a request: what is refused, and what the message says."""

from __future__ import annotations

import attrs
import pytest
from mirelo_ergo_api.mirelo_v2 import limits as mirelo

from mirelo_ergo import InvalidRequestError
from mirelo_ergo._runtime.api.limits import check
from tests.support.limits import Condition, Limit, Tables, table

LIMITS = table(
    Limit("length", "integer", minimum=10, maximum=90),
    Limit("gain", "number"),
    Limit("loop", "boolean", default=False),
    Limit("mode", "string", default="fine", enum=("fine", "fast")),
    Limit("cut", "object", schema="Cut"),
    Limit("input", "array", items=Limit("", "object", tag="kind", variants=(("film", "Kind"), ("song", "Kind")))),
)
INNER = {
    "Kind": table(Limit("kind", "string")),
    "Cut": table(
        Limit("start", "integer", required=True, minimum=5),
        Limit("end", "integer", required=True),
        Limit("fade", "string", enum=("in", "out")),
    ),
}
LOOP = (("loop", True),)


def tables(*conditions: Condition | None) -> Tables:
    return Tables({"Sound": LIMITS, **INNER}, {}, {"Sound": tuple(each for each in conditions if each)})


def message(condition: Condition | None = None, /, **values: object) -> str | None:
    """Return what is said of a request, without its frame; None if nothing is."""
    said = ""
    try:
        check(tables(condition), "Sound", values, "sound v2")
    except InvalidRequestError as error:
        said = str(error)
    text = said.removeprefix("sound v2: ").removesuffix("; nothing was sent")
    assert said in ("", f"sound v2: {text}; nothing was sent")
    return text or None


@pytest.mark.parametrize(
    ("condition", "values", "expected"),
    [
        (Condition("length", LOOP, minimum=30), {"length": 29}, None),
        (Condition("length", LOOP, minimum=30), {"length": 29, "loop": False}, None),
        (Condition("length", LOOP, minimum=30), {"length": 30, "loop": True}, None),
        (Condition("length", LOOP, minimum=30), {"loop": True}, None),
        (
            Condition("length", LOOP, minimum=30),
            {"length": 29, "loop": True},
            "length=29 is below the minimum of 30 (allowed: 30 to 90) when loop=True",
        ),
        (
            Condition("length", LOOP, maximum=60),
            {"length": 61, "loop": True},
            "length=61 is above the maximum of 60 (allowed: 10 to 60) when loop=True",
        ),
        (
            Condition("length", LOOP, minimum=30, maximum=60),
            {"length": 9, "loop": True},
            "length=9 is below the minimum of 10 (allowed: 10 to 90)",
        ),
        (
            Condition("gain", LOOP, maximum=1.5),
            {"gain": 2, "loop": True},
            "gain=2 is above the maximum of 1.5 when loop=True",
        ),
        (
            Condition("length", (("mode", "fine"),), maximum=20),
            {"length": 21},
            "length=21 is above the maximum of 20 (allowed: 10 to 20) when mode='fine'",
        ),
        (Condition("length", (("mode", "fine"),), maximum=20), {"length": 21, "mode": "fast"}, None),
        (
            Condition("length", (*LOOP, ("mode", "fast")), maximum=20),
            {"length": 21, "loop": True, "mode": "fast"},
            "length=21 is above the maximum of 20 (allowed: 10 to 20) when loop=True and mode='fast'",
        ),
        (Condition("length", (*LOOP, ("mode", "fast")), maximum=20), {"length": 21, "loop": True}, None),
        (Condition("length", (("cut", 1),), maximum=20), {"length": 21}, None),
    ],
)
def test_a_bound_holds_while_the_others_have_its_values(
    condition: Condition, values: dict[str, object], expected: str | None
) -> None:
    assert message(condition, **values) == expected


WIDTH = Condition("cut", width=("start", "end"), minimum=2, maximum=4)


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (12, None),
        (14, None),
        (11, "cut.end - cut.start=1 is below the minimum of 2 (allowed: 2 to 4)"),
        (15, "cut.end - cut.start=5 is above the maximum of 4 (allowed: 2 to 4)"),
        (3, "cut.end - cut.start=-7 is below the minimum of 2 (allowed: 2 to 4)"),
    ],
)
def test_a_width_is_bounded(end: int, expected: str | None) -> None:
    assert message(WIDTH, cut={"start": 10, "end": end}) == expected
    conditional = attrs.evolve(WIDTH, when=LOOP)
    assert message(conditional, cut={"start": 10, "end": end}) is None
    reason = f"{expected} when loop=True" if expected else None
    assert message(conditional, cut={"start": 10, "end": end}, loop=True) == reason


def test_a_width_of_nothing_is_not_bounded() -> None:
    assert message(WIDTH) is None
    optional = attrs.evolve(
        tables(WIDTH), LIMITS={"Sound": LIMITS, "Cut": table(Limit("start", "integer"), Limit("end", "integer"))}
    )
    check(optional, "Sound", {"cut": {"end": 99}}, "sound v2")


@pytest.mark.parametrize(
    ("cut", "expected"),
    [
        ({"start": 5, "end": 0}, None),
        ({"start": 4, "end": 9}, "cut.start=4 is below the minimum of 5"),
        ({"start": True, "end": 9}, "cut.start=True is bool, not a whole number (int)"),
        ({"start": 5}, "cut.end is required"),
        ({"start": 5, "end": 9, "fade": "up"}, "cut.fade='up' is not one of in, out"),
        ((5, 9), "cut=(5, 9) is tuple, not an object with start, end, fade"),
        (None, "cut=None is NoneType, not an object with start, end, fade"),
    ],
)
def test_an_object_is_checked_by_its_own_limits(cut: object, expected: str | None) -> None:
    assert message(cut=cut) == expected


def test_the_error_names_the_field() -> None:
    for values, field in (
        ({"cut": {"start": 1, "end": 9}}, "cut.start"),
        ({"cut": {"start": 10, "end": 9}}, "cut"),
        ({"cut": 1}, "cut"),
    ):
        with pytest.raises(InvalidRequestError) as caught:
            check(tables(WIDTH), "Sound", values, "sound v2")
        assert caught.value.field == field


FILM, SONG = {"kind": "film"}, {"kind": "song"}


@pytest.mark.parametrize(
    ("condition", "values", "expected"),
    [
        (Condition("input", count_of=("film",), minimum=1, maximum=1), {"input": [FILM, SONG]}, None),
        (Condition("input", count_of=("film",), minimum=1, maximum=1), {}, None),
        (
            Condition("input", count_of=("film",), minimum=1, maximum=1),
            {"input": [FILM, FILM]},
            "input needs exactly 1 of film, and has 2",
        ),
        (
            Condition("input", count_of=("film", "song"), minimum=1),
            {"input": []},
            "input needs at least 1 of film or song, and has 0",
        ),
        (
            Condition("input", (("cut", None),), count_of=("song",), maximum=1),
            {"input": [SONG, SONG]},
            "input takes at most 1 of song, and has 2 without cut",
        ),
        (
            Condition("input", (("cut", None),), count_of=("song",), maximum=1),
            {"input": [SONG, SONG], "cut": {"start": 5, "end": 9}},
            None,
        ),
        (
            Condition("input", unless=(("mode", "fast"),), count_of=("film",), maximum=0),
            {"input": [FILM]},
            "input takes at most 0 of film, and has 1 unless mode='fast'",
        ),
        (
            Condition("input", unless=(("mode", "fast"),), count_of=("film",), maximum=0),
            {"input": [FILM], "mode": "fast"},
            None,
        ),
    ],
)
def test_items_of_a_kind_are_counted(condition: Condition, values: dict[str, object], expected: str | None) -> None:
    assert message(condition, **values) == expected


@pytest.mark.parametrize(
    ("field", "values", "expected"),
    [
        ("gain", {"gain": 1}, "gain=1 has to be left out unless mode='fast'"),
        ("gain", {"gain": 1, "mode": "fast"}, None),
        ("gain", {}, None),
        (
            "cut.fade",
            {"cut": {"start": 5, "end": 9, "fade": "in"}},
            "cut.fade='in' has to be left out unless mode='fast'",
        ),
        ("cut.fade", {"cut": {"start": 5, "end": 9}}, None),
        ("cut.fade", {}, None),
    ],
)
def test_a_field_can_have_to_be_left_out(field: str, values: dict[str, object], expected: str | None) -> None:
    assert message(Condition(field, unless=(("mode", "fast"),), absent=True), **values) == expected


def test_what_is_wrong_by_itself_is_said_first() -> None:
    text = message(Condition("length", LOOP, minimum=30), length=20, loop="yes")
    assert text == "loop='yes' is str, not True or False"


def told(schema: str, where: str, **values: object) -> str:
    with pytest.raises(InvalidRequestError) as caught:
        check(mirelo, schema, values, where)
    return str(caught.value)


def test_the_generated_limits_fit() -> None:
    """The generated values are what the check takes, and v1.6 says in its messages what the contract says."""
    assert told("TextToSfxV16Request", "text-to-sfx v1.6", prompt="rain", duration_ms=2000, loop=True) == (
        "text-to-sfx v1.6: duration_ms=2000 is below the minimum of 3000 (allowed: 3000 to 60000) when loop=True; "
        "nothing was sent"
    )
    assert told("ExtendAudioV16Request", "extend-audio v1.6", audio=1, append_duration_ms=1999, loop=True) == (
        "extend-audio v1.6: append_duration_ms=1999 is below the minimum of 2000 (allowed: 2000 to 30000) when "
        "loop=True; nothing was sent"
    )
    early, wide = {"start_ms": 999, "end_ms": 2000}, {"start_ms": 1000, "end_ms": 9001}
    assert told("InpaintAudioV16Request", "inpaint-audio v1.6", audio=1, segment=early) == (
        "inpaint-audio v1.6: segment.start_ms=999 is below the minimum of 1000; nothing was sent"
    )
    assert told("InpaintAudioWithVideoV16Request", "inpaint v1.6", audio=1, video=1, segment=wide) == (
        "inpaint v1.6: segment.end_ms - segment.start_ms=8001 is above the maximum of 8000 (allowed: 1000 to 8000); "
        "nothing was sent"
    )

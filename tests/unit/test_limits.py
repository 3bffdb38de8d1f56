"""The check of requests: what a limit refuses, and what its message says."""

from __future__ import annotations

import math

import pytest

from mirelo_ergo import InvalidRequestError
from mirelo_ergo._runtime.api.limits import check
from tests.support.limits import Limit, Tables, table

FIELDS = table(
    Limit("prompt", "string", required=True, min_length=1, max_length=10),
    Limit("duration_ms", "integer", minimum=1000, maximum=10_000),
    Limit("start_ms", "integer", minimum=0),
    Limit("size", "integer", maximum=9),
    Limit("gain", "number", minimum=-1.5, maximum=1.5),
    Limit("width", "number", exclusive_minimum=0, maximum=2),
    Limit("share", "number", exclusive_maximum=1),
    Limit("note", "any"),
    Limit("output", "string", enum=("audio", "video")),
    Limit("loop", "boolean"),
    Limit("video", "object"),
    Limit("slug", "string", pattern="^[a-z]+$"),
    Limit("cut", "object", schema="Cut"),
    Limit("point", "array", min_items=2, max_items=2, items=Limit("", "integer", minimum=0)),
    Limit("boxes", "array", items=Limit("", "array", nullable=True, items=Limit("", "integer"))),
    Limit("inputs", "array", items=Limit("", "object", tag="kind", variants=(("source", "Source"), ("text", "Text")))),
)
CUT = table(Limit("start", "integer", required=True, minimum=5), Limit("deep", "object", schema="Text"))
SOURCE = table(Limit("kind", "string", required=True), Limit("url", "string"), Limit("asset", "string"))
TEXT = table(Limit("kind", "string", required=True), Limit("script", "string", required=True, min_length=1))
TABLES = Tables({"Sound": FIELDS, "Cut": CUT, "Source": SOURCE, "Text": TEXT}, {"Source": ("url", "asset")})


def refused(**values: object) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        check(TABLES, "Sound", {"prompt": "rain", **values}, "text-to-sfx v1.5")
    error = caught.value
    assert str(error).startswith("text-to-sfx v1.5: ")
    assert str(error).endswith("; nothing was sent")
    assert (error.code, error.http_status) == ("invalid_request", 400)
    return error


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"prompt": "x"},
        {"prompt": "x" * 10},
        {"prompt": "😀" * 10},
        {"duration_ms": 1000},
        {"duration_ms": 10_000},
        {"start_ms": 0},
        {"start_ms": 10**400},
        {"size": -(10**400)},
        {"gain": -1.5},
        {"gain": 1},
        {"width": 5e-324},
        {"share": 0.99},
        {"note": [None]},
        {"output": "video"},
        {"loop": True},
        {"video": object()},
        {"slug": "rain"},
        {"cut": {"start": 5}},
        {"cut": {"start": 5, "deep": {"kind": "text", "script": "x"}}},
        {"point": [0, 1]},
        {"point": (0, 1)},
        {"boxes": [[1, 2], None]},
        {"inputs": [{"kind": "text", "script": "x"}, {"kind": "source", "url": "x"}, object()]},
    ],
)
def test_what_is_allowed_passes(values: dict[str, object]) -> None:
    check(TABLES, "Sound", {"prompt": "rain", **values}, "here")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("duration_ms", 999, "duration_ms=999 is below the minimum of 1000 (allowed: 1000 to 10000)"),
        ("duration_ms", 10_001, "duration_ms=10001 is above the maximum of 10000 (allowed: 1000 to 10000)"),
        ("duration_ms", 10**30, f"duration_ms={10**30} is above the maximum of 10000 (allowed: 1000 to 10000)"),
        ("duration_ms", True, "duration_ms=True is bool, not a whole number (int)"),
        ("duration_ms", "5000", "duration_ms='5000' is str, not a whole number (int)"),
        ("duration_ms", 5000.0, "duration_ms=5000.0 is float, not a whole number (int)"),
        ("duration_ms", None, "duration_ms=None is NoneType, not a whole number (int)"),
        ("start_ms", -1, "start_ms=-1 is below the minimum of 0"),
        ("size", 10, "size=10 is above the maximum of 9"),
        ("gain", 1.6, "gain=1.6 is above the maximum of 1.5 (allowed: -1.5 to 1.5)"),
        ("width", 0, "width=0 is not above 0"),
        ("width", -0.5, "width=-0.5 is not above 0"),
        ("width", 2.5, "width=2.5 is above the maximum of 2"),
        ("share", 1, "share=1 is not below 1"),
        ("gain", math.nan, "gain=nan is not a finite number"),
        ("gain", -math.inf, "gain=-inf is not a finite number"),
        ("gain", False, "gain=False is bool, not a number"),
        ("gain", "1", "gain='1' is str, not a number"),
        ("prompt", "", "prompt='' has 0 characters, fewer than 1"),
        ("prompt", "x" * 11, f"prompt='{'x' * 11}' has 11 characters, more than 10"),
        ("prompt", b"rain", "prompt=b'rain' is bytes, not a string"),
        ("prompt", None, "prompt=None is NoneType, not a string"),
        ("prompt", "a\ud800", r"prompt='a\ud800' holds half a surrogate pair, which is not text"),
        ("output", "AUDIO", "output='AUDIO' is not one of audio, video"),
        ("loop", 1, "loop=1 is int, not True or False"),
        ("slug", "Rain", "slug='Rain' does not have the form ^[a-z]+$"),
        ("slug", "rain\n", r"slug='rain\n' does not have the form ^[a-z]+$"),
        ("cut", 5, "cut=5 is int, not an object with start, deep"),
        ("point", 5, "point=5 is int, not a list"),
        ("point", "ab", "point='ab' is str, not a list"),
        ("point", [1], "point has 1 items, which is below the minimum of 2 (allowed: 2 to 2)"),
    ],
)
def test_what_is_not_is_named_with_value_and_bound(name: str, value: object, message: str) -> None:
    error = refused(**{name: value})
    assert str(error) == f"text-to-sfx v1.5: {message}; nothing was sent"
    assert error.field == name


@pytest.mark.parametrize(
    ("values", "field", "message"),
    [
        ({"cut": {"start": 4}}, "cut.start", "cut.start=4 is below the minimum of 5"),
        ({"cut": {}}, "cut.start", "cut.start is required"),
        (
            {"cut": {"start": 5, "deep": {"kind": "text", "script": ""}}},
            "cut.deep.script",
            "cut.deep.script='' has 0 characters, fewer than 1",
        ),
        ({"point": [1, -1]}, "point[1]", "point[1]=-1 is below the minimum of 0"),
        ({"boxes": [None, [True]]}, "boxes[1][0]", "boxes[1][0]=True is bool, not a whole number (int)"),
        ({"inputs": [{"kind": "film"}]}, "inputs[0].kind", "inputs[0].kind='film' is not one of source, text"),
        ({"inputs": [{}]}, "inputs[0].kind", "inputs[0].kind=None is not one of source, text"),
        (
            {"inputs": [{"kind": "source"}]},
            "inputs[0]",
            "inputs[0] takes exactly one of url, asset, and has none of them",
        ),
        (
            {"inputs": [{"kind": "source", "url": "x", "asset": "y"}]},
            "inputs[0]",
            "inputs[0] takes exactly one of url, asset, and has url and asset",
        ),
    ],
)
def test_what_is_inside_is_checked_too(values: dict[str, object], field: str, message: str) -> None:
    error = refused(**values)
    assert str(error) == f"text-to-sfx v1.5: {message}; nothing was sent"
    assert error.field == field


def test_a_missing_required_value_is_named() -> None:
    with pytest.raises(InvalidRequestError, match="here: prompt is required; nothing was sent") as caught:
        check(TABLES, "Sound", {}, "here")
    assert caught.value.field == "prompt"


def test_long_values_are_shortened() -> None:
    assert len(str(refused(prompt="y" * 100_000))) < 200
    assert len(str(refused(duration_ms=10**4000))) < 200

"""x-limits-when reaches limits.py from either form of a spec, and what it does not know is an error."""

import copy
from pathlib import Path
from typing import Any

import pytest

from scripts.generation.conditions import collect_conditions
from scripts.generation.documents import GenerationError
from scripts.generation.limits import render_limits
from tests.generation.specs import ANSWER, BODY, CUT, changed, prepared, with_cut

LOOP = {"when": {"loop": True}, "field": "length", "minimum": 2}
WIDTH = {"width_of": "cut", "from": "start", "to": "end", "maximum": 8}


def conditions(tmp_path: Path, value: Any, place: str = BODY) -> dict[str, list[list[str]]]:
    spec, overlay = with_cut()
    return collect_conditions(prepared(tmp_path, changed(f"{place}/x-limits-when", value, spec), overlay))


def test_a_condition_becomes_the_arguments_of_a_value(tmp_path: Path) -> None:
    both = LOOP | {"when": {"loop": False, "length": 3}, "maximum": 2}
    assert conditions(tmp_path, [WIDTH | {"when": {"loop": True}}, LOOP, both]) == {
        "SoundRequest": [
            ["'cut'", "when=(('loop', True),)", "width=('start', 'end')", "maximum=8"],
            ["'length'", "when=(('loop', True),)", "minimum=2"],
            ["'length'", "when=(('length', 3), ('loop', False))", "minimum=2", "maximum=2"],
        ]
    }
    assert collect_conditions(prepared(tmp_path, *with_cut())) == {}


def test_the_rendered_module_holds_the_same_values(tmp_path: Path) -> None:
    spec, overlay = with_cut()
    namespace: dict[str, Any] = {}
    document = prepared(tmp_path, changed(f"{BODY}/x-limits-when", [LOOP, WIDTH], spec), overlay)
    exec(render_limits(document, "abc", "tool 1"), namespace)
    condition = namespace["Condition"]
    assert namespace["CONDITIONS"] == {
        "SoundRequest": (
            condition("length", (("loop", True),), minimum=2),
            condition("cut", width=("start", "end"), maximum=8),
        )
    }
    assert namespace["LIMITS"]["SoundRequest"]["cut"].schema == "Cut"


def test_a_width_of_numbers_may_have_any_bound(tmp_path: Path) -> None:
    entry = WIDTH | {"to": "at", "maximum": 0.5}
    assert conditions(tmp_path, [entry])["SoundRequest"][0][-1] == "maximum=0.5"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (LOOP | {"exclusiveMinimum": 3}, "is none of"),
        (LOOP | {"else": {"minimum": 1}}, "is none of"),
        (LOOP | {"x-note": "hm"}, "is none of"),
        (LOOP | WIDTH, "is none of"),
        ({"field": "length", "minimum": 2}, "is none of"),
        ({"when": {"loop": True}, "minimum": 2}, "is none of"),
        ({"width_of": "cut", "from": "start", "minimum": 2}, "is none of"),
        ("length >= 2", "is none of"),
        ([], "is none of"),
        ({}, "is none of"),
        ({"when": {"loop": True}, "field": "length"}, "0: it needs a minimum or a maximum"),
        (LOOP | {"minimum": 3, "maximum": 2}, "the first not above the second"),
        (LOOP | {"minimum": "2"}, "0/minimum: '2' is not of type integer"),
        (LOOP | {"minimum": 2.5}, "0/minimum: 2.5 is not of type integer"),
        (LOOP | {"maximum": True}, "0/maximum: True is not of type integer"),
        (LOOP | {"minimum": None}, "0/minimum: None is not of type integer"),
        (WIDTH | {"maximum": 0.5}, "0/maximum: 0.5 is not of type integer"),
        (LOOP | {"field": "gone"}, "0/field: there is no field 'gone'"),
        (LOOP | {"field": "__class__"}, "0/field: there is no field"),
        (LOOP | {"field": ["length"]}, "0/field: there is no field"),
        (LOOP | {"field": "loop"}, "0/field: 'loop' is of type boolean, it has to be integer or number"),
        (LOOP | {"field": "cut"}, "0/field: 'cut' is of type object"),
        (LOOP | {"when": {}}, "0/when: {} does not map fields to values"),
        (LOOP | {"when": ["loop"]}, "0/when: .* does not map fields to values"),
        (LOOP | {"when": {"gone": True}}, "0/when: there is no field 'gone'"),
        (LOOP | {"when": {"cut": {}}}, "0/when: 'cut' is of type object"),
        (LOOP | {"when": {"loop": 1}}, "0/when: 1 is no value of 'loop', which is of type boolean"),
        (LOOP | {"when": {"loop": "os.abort()"}}, "0/when: 'os.abort.*' is no value of 'loop'"),
        (LOOP | {"when": {"loop": [True]}}, "0/when: .* is no value of 'loop'"),
        (LOOP | {"when": {"mode": "slow"}}, "0/when: 'slow' is no value of 'mode'"),
        (WIDTH | {"width_of": "length"}, "0/width_of: 'length' is of type integer, it has to be object"),
        (WIDTH | {"width_of": "source"}, "0/width_of: 'source' is of type None, it has to be object"),
        (WIDTH | {"from": "gone"}, "0/from: there is no field 'gone'"),
        (WIDTH | {"to": "name"}, "0/to: 'name' is of type string"),
    ],
)  # fmt: skip
def test_what_a_condition_cannot_say_is_an_error(tmp_path: Path, entry: Any, message: str) -> None:
    spec, overlay = with_cut()
    spec = changed(f"{BODY}/properties/mode", {"type": "string", "enum": ["fine", "fast"]}, spec)
    document = prepared(tmp_path, changed(f"{BODY}/x-limits-when", [copy.deepcopy(LOOP), entry], spec), overlay)
    with pytest.raises(GenerationError, match=message.replace("0", "/x-limits-when/1", message[0] == "0")):
        render_limits(document, "abc", "tool 1")


@pytest.mark.parametrize("value", [None, {}, [], "loop", LOOP])
def test_conditions_are_a_list(tmp_path: Path, value: Any) -> None:
    with pytest.raises(GenerationError, match=r"/x-limits-when: .* is no list of conditions"):
        conditions(tmp_path, value)


@pytest.mark.parametrize(
    "place",
    [
        ANSWER,
        CUT,
        BODY + "/properties/length",
        BODY + "/properties/source",
        BODY + "/properties/source/oneOf/0",
        "/paths/~1v1~1sounds/post/parameters/0/schema",
    ],
)
def test_a_condition_where_nothing_checks_it_is_an_error(tmp_path: Path, place: str) -> None:
    with pytest.raises(GenerationError, match=r"/x-limits-when: only the object that is a request's body"):
        conditions(tmp_path, [LOOP], place)

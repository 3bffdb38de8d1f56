"""Limits under a condition: they bind together with the field's own, and only whom the condition can meet."""

from typing import Any

import pytest

from scripts.diffing.changes import ABSENT
from scripts.generation.documents import GenerationError, find
from tests.apidiff.specs import edited, small, told
from tests.generation.specs import BODY

LOOP = BODY + "/properties/loop"
LENGTH = BODY + "/properties/length"  # 1 to 9
WHEN = BODY + "/x-limits-when"


def when(value: Any = True, field: str = "length", **limits: Any) -> dict[str, Any]:
    return {"when": {"loop": value}, "field": field} | limits


def conditional(*entries: dict[str, Any]) -> dict[str, Any]:
    return small((WHEN, list(entries)))


@pytest.mark.parametrize(
    ("old", "new", "there", "back"),
    [
        ([], [when(minimum=3)], "minimum tightened from 1 to 3", "minimum widened from 3 to 1"),
        ([when(minimum=2)], [when(minimum=3)], "minimum tightened from 2 to 3", "minimum widened from 3 to 2"),
        ([when(maximum=8)], [when(maximum=5)], "maximum tightened from 8 to 5", "maximum widened from 5 to 8"),
        ([], [when(multipleOf=2)], "multipleOf tightened from none to 2", "multipleOf widened from 2 to none"),
        ([when()], [when(maximum=5, description="Loops are short.")],
         "maximum tightened from 9 to 5", "maximum widened from 5 to 9"),
        ([when(maximum=8), when(minimum=2)], [when(maximum=7), when(minimum=2)],
         "maximum tightened from 8 to 7", "maximum widened from 7 to 8"),
    ],
)  # fmt: skip
def test_a_limit_under_a_condition_is_a_limit(
    old: list[dict[str, Any]], new: list[dict[str, Any]], there: str, back: str
) -> None:
    one, other = conditional(*old), conditional(*new)
    assert told(one, other) == [("request length", f"when loop is true: {there}", True)]
    assert told(other, one) == [("request length", f"when loop is true: {back}", False)]


@pytest.mark.parametrize("entry", [when(minimum=0), when(maximum=100), when(minimum=1, maximum=9)])
def test_a_limit_that_the_field_has_anyway_is_no_change(entry: dict[str, Any]) -> None:
    assert told(conditional(), conditional(entry)) == []


def test_the_order_of_the_entries_is_no_change() -> None:
    entries = when(minimum=3), when(value=False, maximum=5)
    assert told(conditional(*entries), conditional(*reversed(entries))) == []


def test_the_entries_of_schemas_that_hold_together_add_up() -> None:
    entries = when(minimum=3), when(value=False, maximum=5)
    part = {"allOf": [{WHEN.rpartition("/")[2]: [entries[1]]}]}
    split = conditional(entries[0])
    find(split, BODY).update(part)
    assert told(conditional(*entries), split) == []


def test_the_fields_own_change_is_told_once() -> None:
    old = conditional(when(minimum=3))
    assert told(old, edited(old, (LENGTH + "/maximum", 8))) == [
        ("request length", "maximum tightened from 9 to 8", True)
    ]


def test_each_condition_is_compared_by_itself() -> None:
    assert told(conditional(when(minimum=3)), conditional(when(value=False, minimum=3))) == [
        ("request length", "when loop is false: minimum tightened from 1 to 3", True),
        ("request length", "when loop is true: minimum widened from 3 to 1", False),
    ]


def test_nobody_met_a_condition_on_a_field_that_is_new() -> None:
    old, new = small((LOOP, ABSENT)), conditional(when(minimum=3))
    assert told(old, new) == [
        ("request loop", "added; it is optional, boolean, false by default", False),
        ("request length", "when loop is true: minimum tightened from 1 to 3", False),
    ]


def test_everybody_meets_a_condition_on_a_new_fields_default() -> None:
    old, new = small((LOOP, ABSENT)), conditional(when(value=False, minimum=3))
    assert ("request length", "when loop is false: minimum tightened from 1 to 3", True) in told(old, new)


def test_nobody_met_a_condition_on_a_value_that_is_new() -> None:
    old = small((LOOP, {"type": "string", "enum": ["no"]}))
    new = edited(old, (LOOP + "/enum/-", "yes"), (WHEN, [when(value="yes", maximum=5)]))
    assert ("request length", 'when loop is "yes": maximum tightened from 9 to 5', False) in told(old, new)


def test_nobody_broke_the_limit_of_a_field_that_is_new() -> None:
    old = small((LENGTH, ABSENT))
    assert told(old, conditional(when(minimum=3))) == [
        ("request length", "added; it is optional, integer, 3 by default", False),
        ("request length", "when loop is true: minimum tightened from none to 3", False),
    ]


@pytest.mark.parametrize(
    "entries",
    [
        "loop",
        {"when": {"loop": True}},
        [when(minimum="3")],
        [when(minimum=True)],
        [when(minimun=3)],
        [when(enum="a")],
        [{"when": {}, "field": "length", "minimum": 3}],
        [{"field": "length", "minimum": 3}],
        [{"when": {"loop": True}, "minimum": 3}],
        [None],
    ],
)
def test_another_form_is_refused(entries: Any) -> None:
    with pytest.raises(
        GenerationError, match=r"a body: x-limits-when has .*; an entry is .when: .field: value., field"
    ):
        told(small(), small((WHEN, entries)))


PART = BODY + "/properties/part"
ENDS = {"type": "object", "properties": {"from": {"type": "integer"}, "to": {"type": "integer"}}}


@pytest.mark.parametrize(("held", "told_when"), [({}, ""), ({"when": {"loop": True}}, "when loop is true, ")])
def test_a_width_is_a_limit(held: dict[str, Any], told_when: str) -> None:
    def wide(**limits: Any) -> dict[str, Any]:
        entry = {"width_of": "part", "from": "from", "to": "to"} | held | limits
        return small((PART, ENDS), (WHEN, [entry]))

    words = f"{told_when}the width from from to to: minimum"
    assert told(wide(minimum=1), wide(minimum=2)) == [("request part", f"{words} tightened from 1 to 2", True)]
    assert told(wide(minimum=2), wide(minimum=1)) == [("request part", f"{words} widened from 2 to 1", False)]
    assert told(wide(minimum=1), wide(minimum=1)) == []


KINDS = {"type": "array", "items": {"oneOf": [{"type": "object"}]}}


@pytest.mark.parametrize(
    ("before", "after", "said", "breaking"),
    [
        (
            [],
            [{"count_of": ["video", "image"], "field": "part", "maximum": 1}],
            "the number of video or image: maximum tightened from none to 1",
            True,
        ),
        (
            [{"count_of": ["video"], "field": "part", "minimum": 1, "when": {"loop": None}}],
            [{"count_of": ["video"], "field": "part", "minimum": 0, "when": {"loop": None}}],
            "when loop is absent, the number of video: minimum widened from 1 to 0",
            False,
        ),
        ([], [{"absent": "part", "unless": {"loop": True}}], "unless loop is true, it has to be absent", True),
        ([{"absent": "part", "unless": {"loop": True}}], [], "unless loop is true, it need not be absent", False),
        (
            [{"unless": {"loop": True}, "field": "length", "maximum": 9}],
            [{"unless": {"loop": True}, "field": "length", "maximum": 8}],
            "unless loop is true: maximum tightened from 9 to 8",
            True,
        ),
    ],
)
def test_the_other_forms_are_compared_too(before: Any, after: Any, said: str, breaking: bool) -> None:
    fields = (PART, KINDS), (BODY + "/properties/loop", {"type": "boolean"})
    pair = (small(*fields, (WHEN, entries)) if entries else small(*fields) for entries in (before, after))
    ((_, words, breaks),) = told(*pair)
    assert (words, breaks) == (said, breaking)

"""How changes are shown: as a report, and as items of the changelog."""

from typing import Any

import pytest

from scripts.diffing.changes import Change, changelog, gather, insert, printable, report, show
from scripts.generation.documents import GenerationError

HEAD = "# Changelog\n\nSome words.\n\n"
TAIL = "## 0.1.0\n\n### API\n\n- Old.\n"


def change(words: str = "gone", breaking: bool = True, **more: Any) -> Change:
    place = {"operations": ("makeSound",), "part": "request", "statuses": (), "field": "loop"}
    return Change(**{**place, **more}, words=words, breaking=breaking)


def test_what_breaks_comes_first_and_alike_changes_are_one() -> None:
    answers = [
        change(operations=(name,), part="answer", statuses=(status,), field="error")
        for name in ("one", "two")
        for status in ("400", "401")
    ]
    other = change(operations=("two",), part="answer", statuses=("500",), field="id")
    fine = change("added", breaking=False)
    assert gather([fine, *answers, other]) == [
        change(operations=("one", "two"), part="answer", statuses=("400", "401"), field="error"),
        other,
        fine,
    ]


def test_the_report_counts_and_says_of_each_line_whether_it_breaks() -> None:
    assert report("mirelo-v2", []) == "mirelo-v2: nothing changed for callers\n"
    assert report("small", [change()]) == "small: 1 change, 1 breaking\n  BREAKING      makeSound: request loop: gone\n"
    assert report("small", [change(breaking=False), change("added: GET /", breaking=False, part="", field="")]) == (
        "small: 2 changes, none breaking\n"
        "  not breaking  makeSound: request loop: gone\n"
        "  not breaking  makeSound: added: GET /\n"
    )


def test_nothing_in_a_spec_can_write_a_line_of_its_own() -> None:
    evil = change("from \x1b[2J\u202e to \n  not breaking", operations=("a\n- `b`",))
    (line,) = report("small", [evil]).splitlines()[1:]
    assert line == "  BREAKING      a\\n- `b`: request loop: from \\u001b[2J\\u202e to \\n  not breaking"
    (item,) = changelog([evil])
    assert item == "- **Breaking:** `a\\n- 'b'`: request loop: from \\u001b[2J\\u202e to \\n  not breaking."
    assert printable("one\ntwo\x07") == "one\ntwo\\u0007"


def test_a_long_value_is_shortened() -> None:
    assert show("x" * 118) == '"' + "x" * 118 + '"'
    assert show("x" * 200) == '"' + "x" * 118 + "…"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("## Unreleased\n\n### API\n\n- A.\n\n### SDK\n\n- S.\n\n",
         "## Unreleased\n\n### API\n\n- A.\n- One.\n- Two.\n\n### SDK\n\n- S.\n\n"),
        ("## [Unreleased]\n\n### SDK\n\n- S.\n\n",
         "## [Unreleased]\n\n### API\n\n- One.\n- Two.\n\n### SDK\n\n- S.\n\n"),
        ("## Unreleased\n\n### API\n\n", "## Unreleased\n\n### API\n\n- One.\n- Two.\n\n"),
        ("## Unreleased\n\n", "## Unreleased\n\n### API\n\n- One.\n- Two.\n\n"),
        ("## Unreleased\n\n### API\n\n- Two.\n  more.\n\n",
         "## Unreleased\n\n### API\n\n- Two.\n  more.\n- One.\n\n"),
    ],
)  # fmt: skip
def test_items_go_under_unreleased_once(before: str, after: str) -> None:
    items = ["- One.", "- Two."]
    assert insert(HEAD + before + TAIL, items) == HEAD + after + TAIL
    assert insert(HEAD + after + TAIL, items) == HEAD + after + TAIL
    assert insert(HEAD + before.rstrip("\n"), items) == (HEAD + after).rstrip("\n") + "\n"


@pytest.mark.parametrize("text", ["", HEAD + TAIL, "# Unreleased\n", "## 1.0 was Unreleased\n"])
def test_a_changelog_without_unreleased_is_refused(text: str) -> None:
    with pytest.raises(GenerationError, match="has no line `## Unreleased`"):
        insert(text, ["- One."])

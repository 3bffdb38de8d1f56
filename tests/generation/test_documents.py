"""Reading YAML: only what JSON can say, and nothing twice."""

from pathlib import Path

import pytest

from scripts.generation.documents import GenerationError, canonical, find, join, load, split


def read(tmp_path: Path, text: str) -> dict[str, object]:
    path = tmp_path / "spec.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def test_plain_values_mean_what_json_means(tmp_path: Path) -> None:
    text = "{date: 2026-03-01, no: no, sum: 1_000, clock: 1:30, old: 010, zero: 0, half: -0.5, big: 1e3, yes: true}"
    assert read(tmp_path, text) == {
        "date": "2026-03-01",
        "no": "no",
        "sum": "1_000",
        "clock": "1:30",
        "old": "010",
        "zero": 0,
        "half": -0.5,
        "big": 1000.0,
        "yes": True,
    }
    assert read(tmp_path, "none:\n200: ok") == {"none": None, "200": "ok"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: {c: 1, c: 2}", "'c' stands twice"),
        ("a: &x [1]\nb: *x", "alias.*line 2"),
        ("a: &x [*x]", "alias"),
        ("? [a]\n: 1", "not plain text"),
        ("- a", "has to be a mapping"),
        ("a: !!timestamp 2026-03-01", "JSON serializable"),
        ("a: !!float .nan", "not JSON compliant"),
        ("a: !!python/object/apply:os.getcwd []", "could not determine a constructor"),
        ("a: [", r"spec\.yaml"),
    ],
)
def test_anything_else_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(GenerationError, match=message):
        read(tmp_path, text)


def test_pointers_escape_slash_and_tilde() -> None:
    document = {"paths": {"/v2/me~x": [{"get": 1}]}}
    pointer = join("/paths", "/v2/me~x", 0, "get")
    assert pointer == "/paths/~1v2~1me~0x/0/get"
    assert split(pointer) == ["paths", "/v2/me~x", "0", "get"]
    assert find(document, pointer) == 1


@pytest.mark.parametrize("pointer", ["/paths/x", "/paths/~1v2/1", "/paths/~1v2/-1", "/paths/~1v2/0/get/x", "paths"])
def test_a_pointer_to_nothing_is_refused(pointer: str) -> None:
    with pytest.raises(GenerationError, match=r"nothing is at|no JSON pointer"):
        find({"paths": {"/v2": [{"get": 1}]}}, pointer)


def test_the_canonical_text_does_not_depend_on_the_order_of_keys() -> None:
    assert canonical({"b": [2, 1], "a": "é"}) == canonical({"a": "é", "b": [2, 1]}) == '{"a":"é","b":[2,1]}'

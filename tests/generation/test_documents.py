"""Reading YAML and JSON: only what JSON can say, nothing twice, and no more than a reader can hold."""

from pathlib import Path

import pytest

from scripts.generation.documents import GenerationError, canonical, find, join, load, parse, split


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
        ("a: &x [*x]", "anchor that contains itself.*line 1"),
        ("a: &x {b: 1}\nc:\n  <<: *x", "merge key <<.*line 3.*write its fields out"),
        ('{"a": 1, "a": 2}', "'a' stands twice"),
        ('{"a": NaN}', "NaN is no JSON value"),
        ('{"a": 1e400}', "not JSON compliant"),
        ('{"a": ' + "[" * 200 + "]" * 200 + "}", "more than 100 levels"),
        ('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "more than 100 levels"),
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


def test_an_alias_stands_for_a_copy_of_what_it_names(tmp_path: Path) -> None:
    document = read(tmp_path, "a: &x {b: [1, 2]}\nc: *x\nd: [*x, *x]")
    assert document == {"a": {"b": [1, 2]}, "c": {"b": [1, 2]}, "d": [{"b": [1, 2]}] * 2}
    assert document["a"] is not document["c"]


@pytest.mark.parametrize("levels", [7, 60])
def test_aliases_of_aliases_are_refused_before_they_are_written_out(tmp_path: Path, levels: int) -> None:
    """Ten of each level in the next are a million values after six levels, from a file of a few hundred bytes."""
    lines = ["l0: &l0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, levels)]
    with pytest.raises(GenerationError, match=r"spec\.yaml: with its aliases written out.*line \d+.*use a \$ref"):
        read(tmp_path, "\n".join(lines))


def test_a_chain_of_aliases_is_not_deeper_than_a_file_may_be(tmp_path: Path) -> None:
    lines = ["l0: &l0 [x]", *(f"l{n}: &l{n} [*l{n - 1}]" for n in range(1, 150))]
    with pytest.raises(GenerationError, match="100 levels"):
        read(tmp_path, "\n".join(lines))


def test_json_is_read_as_json() -> None:
    """YAML readers refuse the tab, and take the two halves of the emoji for two characters."""
    text = '{\t"a": "\\ud83d\\ude00 \\/",\n\t"date": "2026-03-01", "no": false, "big": 12345678901234567890}'
    expected = {"a": "\U0001f600 /", "date": "2026-03-01", "no": False, "big": 12345678901234567890}
    assert parse(text.encode(), "spec.json") == expected
    assert parse(b"\xef\xbb\xbf" + text.encode(), "spec.yaml") == expected


def test_a_file_that_says_json_has_to_be_json_and_other_braces_may_be_yaml() -> None:
    assert parse(b"{a: 1}", "spec.yaml") == {"a": 1}
    with pytest.raises(GenerationError, match=r"spec\.json: Expecting property name.*line 1 column 2"):
        parse(b"{a: 1}", "spec.json")


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

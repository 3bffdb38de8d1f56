"""Manifests: their three forms, what they may look like, and every mistake in them with its line and field."""

from __future__ import annotations

import importlib
import importlib.util
import io
import json
import re
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mirelo_ergo.batch
from mirelo_ergo import InvalidRequestError, MireloClient, MireloError
from mirelo_ergo.batch import Batch, Item, ManifestError, Mistakes, Plan, read_manifest

CLIP = Path(__file__).parents[2] / "examples" / "clip.mp4"
RAIN = {"id": "rain", "operation": "text_to_sfx", "prompt": "rain", "duration_ms": 1000}


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def mistakes_of(path: Path) -> list[str]:
    """Return the mistakes of a manifest, as a plan of its items finds them."""
    mistakes = Mistakes("it")
    with MireloClient("sk-test") as client, pytest.raises(ManifestError) as refused:
        Plan(read_manifest(path, mistakes), lambda service: client, mistakes, path.parent)
    return refused.value.mistakes


JSONL = json.dumps(RAIN) + "\n" + json.dumps({**RAIN, "id": "b", "num_samples": 2, "out": "wind", "take": 3}) + "\n"
CSV = """id,operation,prompt,duration_ms,num_samples,out,take
rain,text_to_sfx,rain,1000,,,
b,text_to_sfx,rain,1000,2,wind,3
"""
YAML = """
- id: rain
  operation: text_to_sfx
  prompt: rain
  duration_ms: 1000
- {id: b, operation: text_to_sfx, prompt: rain, duration_ms: 1000, num_samples: 2, out: wind, take: 3}
"""
ITEMS = [
    Item("rain", "text_to_sfx", {"prompt": "rain", "duration_ms": 1000}),
    Item("b", "text_to_sfx", {"prompt": "rain", "duration_ms": 1000, "num_samples": 2}, out="wind", take=3),
]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", JSONL),
        ("a.jsonl", "\ufeff" + JSONL.replace("\n", "\r\n") + "\r\n\r\n"),
        ("a.ndjson", JSONL.rstrip("\n")),
        ("a.csv", CSV),
        ("a.csv", "\ufeff" + CSV.replace("\n", "\r\n").replace(",", ";") + ";;;;;;\r\n"),
        ("a.tsv", CSV.replace(",", "\t")),
        ("a.yaml", YAML),
        ("a.yml", "\ufeff" + YAML.replace("\n", "\r\n")),
    ],
)
def test_every_form_gives_the_same_items(tmp_path: Path, name: str, content: str) -> None:
    assert list(read_manifest(written(tmp_path, name, content))) == ITEMS


def test_lines_are_kept(tmp_path: Path) -> None:
    assert [item.line for item in read_manifest(written(tmp_path, "a.jsonl", "\n" + JSONL))] == [2, 3]
    assert [item.line for item in read_manifest(written(tmp_path, "a.yaml", YAML))] == [2, 6]
    quoted = 'id,operation,prompt\na,text_to_sfx,"two\nlines"\nb,text_to_sfx,rain\n'
    assert [item.line for item in read_manifest(written(tmp_path, "a.csv", quoted))] == [2, 4]


def test_stdin_is_json_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(JSONL.encode())))
    assert list(read_manifest("-")) == ITEMS


def test_a_sheets_cells_are_what_the_arguments_are(tmp_path: Path) -> None:
    sheet = (
        "id,service,operation,prompt,duration_ms,loop,segment,audio,app,input,duration,text_prompt,options\n"
        "1,,text_to_sfx,12,3000,yes,,,,,,,\n"
        '2,,inpaint_audio,,,,"[1000, 2000]",https://h/a.wav,,,,,\n'
        '3,inference_sh,app,,,,,,a/b,"{""x"": 1}",,,\n'
        "4,pixazo,text_to_audio,,,,,,,,2.5,rain,\n"
    )
    items = list(read_manifest(written(tmp_path, "a.csv", sheet)))
    assert [item.arguments for item in items] == [
        {"prompt": "12", "duration_ms": 3000, "loop": True},
        {"segment": [1000, 2000], "audio": "https://h/a.wav"},
        {"app": "a/b", "input": {"x": 1}},
        {"duration": 2.5, "text_prompt": "rain"},
    ]


def rows(*changes: dict[str, Any]) -> str:
    return "".join(json.dumps({**RAIN, "id": f"i{number}", **change}) + "\n" for number, change in enumerate(changes))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"id": None}, "line 1: id: it is missing"),
        ({"id": "x" * 121}, "id: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'… is longer than 120 bytes"),
        ({"id": "a\u202eb"}, "holds a character that cannot be shown"),
        ({"operation": None}, "line 1: operation: it is missing"),
        ({"operation": "text_to_song"}, "operation: mirelo has no 'text_to_song'; it has "),
        ({"operation": "lipsync"}, "sync_so has it: say so in service"),
        ({"operation": "close"}, "operation: mirelo has no 'close'"),
        ({"service": "mirello"}, "service: 'mirello' is not a service; the services are mirelo, pixazo"),
        ({"service": 7}, "service: 7 is not text"),
        ({"take": 0}, "take: '0' is not a whole number from 1 on"),
        ({"out": "a/b"}, "out: 'a/b' is not a file name"),
        ({"out": "..\\b"}, "is not a file name"),
        ({"out": ".hidden"}, "begins or ends with a dot"),
        ({"out": "con.wav"}, "is a name that something else has"),
        ({"out": "results.jsonl"}, "is a name that something else has"),
        ({"promt": "x"}, "promt: text_to_sfx has no such argument: do you mean prompt?"),
        ({"volume": 1}, "volume: text_to_sfx has no such argument; it takes prompt, duration_ms"),
        ({"prompt": None}, "prompt: it is missing, and text_to_sfx needs it"),
        ({"duration_ms": 99_000}, "duration_ms=99000"),
        ({"num_samples": 9}, "num_samples=9"),
        ({"loop": True}, "loop"),
        ({"operation": "video_to_sfx", "video": "no.mp4"}, "video: no.mp4 is not there"),
        ({"operation": "video_to_sfx", "video": "."}, "video: . is not a file"),
        ({"operation": "video_to_sfx", "video": "empty.mp4"}, "video: empty.mp4 is empty"),
        ({"operation": "video_to_sfx", "video": "a.jsonl"}, "video"),
        (
            {"operation": "video_to_sfx", "video": "https://h/a.mp4?X-Amz-Signature=abc"},
            "video: this URL has a secret in it, and a ledger keeps none",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line_and_field(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    written(tmp_path, "empty.mp4", "")
    found = mistakes_of(written(tmp_path, "a.jsonl", rows(change)))
    assert says in found[0]
    assert found[0].startswith("line 1")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.jsonl", b'{"id": "a"', "line 1: it is not JSON: "),
        ("a.jsonl", b"[1]\n", "line 1: it is a JSON list, not an object"),
        ("a.jsonl", b'{"id": "a", "id": "b"}', "line 1: it is not JSON: 'id' is in it twice"),
        ("a.jsonl", b'{"id": "a", "duration_ms": NaN}', "line 1: it is not JSON: NaN is not a number"),
        ("a.jsonl", b'{"id": "\xff"}', "line 1: it is not UTF-8"),
        ("a.jsonl", b"[" * 100_000, "line 1: it is not JSON"),
        ("a.jsonl", b" " * 2_000_000, "line 1: it is longer than 1048576 bytes"),
        ("a.csv", "id,operation\na,text_to_sfx,x\n", "line 2: it has 3 cells, and the header has 2"),
        ("a.csv", "name,operation\na,b\n", "line 1: the header has no column id"),
        ("a.csv", "id,id\na,b\n", "line 1: the header has id twice"),
        ("a.csv", b"id,prompt\na,\xff\n", "it is not UTF-8: save the sheet as CSV UTF-8"),
        ("a.csv", 'id,prompt\na,"x\n', "it is not CSV"),
        (
            "a.csv",
            "id,operation,prompt,duration_ms\na,text_to_sfx,x,long\n",
            "line 2, item a: duration_ms: 'long' is not a whole number",
        ),
        ("a.csv", "id,operation,prompt,loop\na,text_to_sfx,x,maybe\n", "loop: 'maybe' is not true or false"),
        ("a.csv", "id,operation,segment\na,inpaint_audio,[1\n", "segment: '[1' is not JSON"),
        ("a.yaml", "id: a\n", "line 1: it is not YAML: it is not a list of items"),
        ("a.yaml", "- id: a\n- [b\n", "it is not YAML"),
        ("a.yaml", "- id: a\n---\n- id: b\n", "line 2: it is not YAML: it has a second document"),
        ("a.yaml", "- id: a\n  id: b\n", "line 1: 'id' is in it twice"),
        ("a.yaml", "- id: a\n  input: [{x: 1, x: 2}]\n", "line 1: 'x' is in it twice"),
        ("a.yaml", "- rain\n", "line 1: it is str, not a mapping"),
        ("a.yaml", "- !!python/name:os.system a\n", "it is not YAML"),
    ],
)
def test_a_row_that_is_none_is_told_with_its_line(tmp_path: Path, name: str, content: str | bytes, says: str) -> None:
    path = written(tmp_path, name, content)
    with pytest.raises(ManifestError) as refused:
        list(read_manifest(path))
    assert any(says in mistake for mistake in refused.value.mistakes)


def test_the_first_50_mistakes_are_listed_and_all_are_counted(tmp_path: Path) -> None:
    path = written(tmp_path, "a.jsonl", rows(*({"duration_ms": 1} for _ in range(70))) + "nonsense\n")
    mistakes = Mistakes("a.jsonl")
    with MireloClient("sk-test") as client, pytest.raises(ManifestError) as refused:
        Plan(read_manifest(path, mistakes), lambda service: client, mistakes, tmp_path)
    assert (refused.value.count, len(refused.value.mistakes)) == (71, 50)
    assert str(refused.value).endswith("and 21 more")


def test_ids_and_names_are_unique_also_where_case_does_not_count(tmp_path: Path) -> None:
    found = mistakes_of(
        written(
            tmp_path, "a.jsonl", rows({}, {"id": "i0"}, {"out": "Door.wav"}, {"out": "dOOR.mp3"}, {"out": "i0.wav"})
        )
    )
    assert [line.partition(": ")[2] for line in found] == [
        "id: 'i0' is also the id in line 1",
        "out: 'door' is also the file name in line 3",
        "out: 'i0' is also the file name in line 1",
    ]


def test_a_file_of_another_kind_or_a_missing_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match=r"a manifest's name ends with \.jsonl"):
        list(read_manifest(tmp_path / "a.xlsx"))
    with pytest.raises(InvalidRequestError, match="cannot be read: No such file"):
        list(read_manifest(tmp_path / "a.jsonl"))


def test_relative_paths_lead_from_the_manifests_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "clip.mp4").write_bytes(CLIP.read_bytes())
    path = written(tmp_path, "a.jsonl", rows({"operation": "video_to_sfx", "video": "clips/clip.mp4", "prompt": None}))
    monkeypatch.chdir("/")
    mistakes = Mistakes("it")
    with (
        MireloClient("sk-test") as client,
        Plan(read_manifest(path, mistakes), lambda service: client, mistakes, tmp_path) as plan,
    ):
        (new,) = plan.items()
    assert new.item.arguments["video"] == str(tmp_path / "clips" / "clip.mp4")


def test_many_rows_take_no_memory(tmp_path: Path) -> None:
    def lines() -> Iterator[str]:
        for number in range(2_000):
            yield json.dumps({**RAIN, "id": f"i{number}", "prompt": f"rain {number} " + "x" * 4_000}) + "\n"

    path = tmp_path / "a.jsonl"
    path.write_text("".join(lines()))
    mistakes = Mistakes("it")
    with MireloClient("sk-test") as client:
        client.text_to_sfx("imports what it needs")
        tracemalloc.start()
        try:
            with Plan(read_manifest(path, mistakes), lambda service: client, mistakes, tmp_path) as plan:
                assert plan.count == 2_000
                assert sum(1 for _ in plan.items()) == 2_000
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 4 << 20, "its ids and names stay, not its rows, which are 8 MB"


def test_items_of_any_iterable_are_checked_before_one_is_added(batch: Batch) -> None:
    def items() -> Iterator[Item]:
        yield ITEMS[0]
        yield Item("b", "text_to_sfx", {"prompt": object()})

    with pytest.raises(ManifestError, match="cannot be kept in a ledger"):
        batch.add(items())
    assert list(batch.items()) == []


def test_an_item_under_way_cannot_be_changed(batch: Batch, client: MireloClient) -> None:
    batch.add(ITEMS[:1])
    batch.run(client)
    with pytest.raises(ManifestError, match="it was sent already with another prompt, duration_ms: give it another id"):
        batch.add([Item("new", "text_to_sfx", {"prompt": "x"}), Item("rain", "text_to_sfx", {"prompt": "another"})])
    assert [entry.id for entry in batch.items()] == ["rain"]


def test_a_manifest_error_survives_pickling() -> None:
    import pickle

    error = ManifestError(["line 1: x"], 3, "a.jsonl")
    again = pickle.loads(pickle.dumps(error))
    assert (again.mistakes, again.count, str(again)) == (["line 1: x"], 3, str(error))
    assert isinstance(again, MireloError)


def test_a_column_of_ones_own_is_told_once_and_left_out_with_its_mark(tmp_path: Path) -> None:
    sheet = tmp_path / "sfx.csv"
    rows = "".join(f"a{number},text_to_sfx,rain,3\n" for number in range(60))
    sheet.write_text("id,operation,prompt,Preis\n" + rows)
    with pytest.raises(ManifestError) as told:
        list(read_manifest(sheet))
    assert told.value.count == 1
    assert told.value.mistakes[0].startswith("line 2, item a0: Preis: text_to_sfx has no such argument; it takes ")
    assert told.value.mistakes[0].endswith("the name of a column of your own begins with _")
    sheet.write_text("id,operation,prompt,_Preis\n" + rows)
    assert dict(list(read_manifest(sheet)).pop().arguments) == {"prompt": "rain"}


@pytest.mark.parametrize("form", ["jsonl", "yaml", "csv"])
def test_all_unknown_fields_are_listed_at_once_beside_the_limits_of_their_rows(
    tmp_path: Path, client: MireloClient, form: str
) -> None:
    sheet = tmp_path / f"sfx.{form}"
    own = [f"own{number}" for number in range(3)]
    rows = [
        {
            "id": f"a{number}",
            "operation": "text_to_sfx",
            "prompt": "rain",
            "duration_ms": 1000 + 99_000 * (number == 59),
        }
        | dict.fromkeys(own, "x")
        for number in range(60)
    ]
    if form == "csv":
        lines = [",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]
    else:
        lines = [("- " if form == "yaml" else "") + json.dumps(row) for row in rows]
    sheet.write_text("\n".join(lines) + "\n")
    mistakes = Mistakes(str(sheet))
    with pytest.raises(ManifestError) as told:
        Plan(read_manifest(sheet, mistakes), lambda _: client, mistakes, tmp_path)
    assert told.value.count == 4
    assert [name for name in (*own, "duration_ms") for line in told.value.mistakes if f": {name}" in line] == [
        *own,
        "duration_ms",
    ]


def test_a_point_that_may_stand_for_thousands_is_refused(tmp_path: Path) -> None:
    sheet = tmp_path / "sfx.csv"
    sheet.write_text("id;operation;prompt;duration_ms\na;text_to_sfx;rain;2.000\nb;text_to_sfx;rain;2000.0\n")
    with pytest.raises(ManifestError) as told:
        list(read_manifest(sheet))
    assert told.value.mistakes == ["line 2, item a: duration_ms: '2.000' may be two numbers: write it without a point"]


def test_a_name_with_a_mistake_is_reported_once(tmp_path: Path) -> None:
    sheet = tmp_path / "sfx.jsonl"
    sheet.write_text('{"id": "a", "operation": "text_to_sfx", "promt": "rain"}\n')
    with Batch.open(tmp_path / "sfx.db") as batch, pytest.raises(ManifestError) as told:
        batch.add(read_manifest(sheet))
    (told_once,) = told.value.mistakes
    assert "promt: text_to_sfx has no such argument: do you mean prompt?" in told_once


def test_the_first_line_of_excel_names_the_separator(tmp_path: Path) -> None:
    sheet = tmp_path / "sfx.csv"
    sheet.write_text("sep=;\nid;operation;prompt\na;text_to_sfx;rain, and wind, and hail, and snow\n")
    (item,) = read_manifest(sheet)
    assert (item.id, item.line, item.arguments["prompt"]) == ("a", 3, "rain, and wind, and hail, and snow")


def test_a_header_in_capitals_is_told_how_it_is_written(tmp_path: Path) -> None:
    sheet = tmp_path / "sfx.csv"
    sheet.write_text("ID,operation,prompt\na,text_to_sfx,rain\n")
    with pytest.raises(ManifestError, match="the header has ID, and the column is id: names are in small letters"):
        list(read_manifest(sheet))


def test_ids_in_yaml_are_as_they_are_written(tmp_path: Path) -> None:
    sheet = tmp_path / "sfx.yaml"
    names = ["007", "1:30", "2026-01-02", "1e3", "yes"]
    sheet.write_text(
        "".join(f"- {{id: {name}, operation: text_to_sfx, prompt: rain, out: {name}}}\n" for name in names)
    )
    assert [(item.id, item.out) for item in read_manifest(sheet)] == [(name, name) for name in names]


def test_what_a_batch_needs_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "sqlalchemy" else name)
    with pytest.raises(ImportError, match=re.escape('pip install "mirelo-ergo[batch]"')):
        importlib.reload(mirelo_ergo.batch)

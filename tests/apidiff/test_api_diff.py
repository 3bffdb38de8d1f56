"""The script: which files it compares, what it prints and how it exits."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import api_diff
from tests.apidiff.specs import POST, ROOT, small
from tests.generation.specs import BODY

TIGHTER = (BODY + "/properties/length/maximum", 5)
BREAKING_LINE = "  BREAKING      makeSound: request length: maximum tightened from 9 to 5\n"


def write(path: Path, document: Any) -> str:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(document) if path.suffix == ".json" else yaml.safe_dump(document), encoding="utf-8")
    return str(path)


def git(root: Path, *arguments: str) -> None:
    author = ["-c", "user.name=x", "-c", "user.email=x@x.example", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(root), *author, *arguments], check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a folder whose spec is committed, as the only file."""
    write(tmp_path / "openapi" / "small.yaml", small())
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    return tmp_path


def test_two_files_are_compared_in_either_notation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = write(tmp_path / "old.yaml", small()), write(tmp_path / "new.json", small(TIGHTER))
    assert api_diff.main([old, new], tmp_path) == 1
    assert capsys.readouterr().out == "old.yaml to new.json: 1 change, 1 breaking\n" + BREAKING_LINE
    assert api_diff.main([new, old], tmp_path) == 0
    assert capsys.readouterr().out == (
        "new.json to old.yaml: 1 change, none breaking\n"
        "  not breaking  makeSound: request length: maximum widened from 5 to 9\n"
    )
    assert api_diff.main([old, old], tmp_path) == 0
    assert capsys.readouterr().out == "old.yaml to old.yaml: nothing changed for callers\n"


def test_the_last_commit_is_compared_with_what_lies_there(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert api_diff.main([], project) == 0
    assert capsys.readouterr().out == "small: nothing changed for callers\n"
    write(project / "openapi" / "small.yaml", small(TIGHTER))
    git(project, "add", ".")  # staged is not committed
    assert api_diff.main([], project) == 1
    assert capsys.readouterr().out == "small: 1 change, 1 breaking\n" + BREAKING_LINE


def test_a_spec_that_comes_or_goes_is_all_its_operations(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project / "openapi" / "big.yaml", small((POST + "/operationId", "makeNoise")))
    (project / "openapi" / "small.yaml").unlink()
    assert api_diff.main([], project) == 1
    assert capsys.readouterr().out == (
        "big: 1 change, none breaking\n  not breaking  makeNoise: added: POST /v1/sounds\n"
        "small: 1 change, 1 breaking\n  BREAKING      makeSound: removed: POST /v1/sounds\n"
    )


def test_the_folder_may_lie_inside_a_repository(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(project / "openapi", project / "inner" / "openapi")
    git(project, "add", ".")
    git(project, "commit", "-qm", "two")
    write(project / "inner" / "openapi" / "small.yaml", small(TIGHTER))
    assert api_diff.main([], project / "inner") == 1
    assert BREAKING_LINE in capsys.readouterr().out


def test_the_scripts_exit_code_is_the_verdict(tmp_path: Path) -> None:
    """As `make api-diff` starts it; an exception would be taken for a breaking change."""
    old, new = write(tmp_path / "old.yaml", small()), write(tmp_path / "new.yaml", small(TIGHTER))
    command = [sys.executable, str(ROOT / "scripts" / "api_diff.py")]
    for files, code in (([old, new], 1), ([old, "gone.yaml"], 2)):
        run = subprocess.run([*command, *files], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (run.returncode, "Traceback" in run.stderr, bool(run.stderr)) == (code, False, code == 2)


def test_the_changelog_is_printed_or_written(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    item = "- **Breaking:** `makeSound`: request length: maximum tightened from 9 to 5."
    notes = project / "CHANGELOG.md"
    notes.write_text("# Changelog\n\n## Unreleased\n", encoding="utf-8")
    assert api_diff.main(["--changelog"], project) == 0
    assert capsys.readouterr().out == "### API\n\n- Nothing changed for callers.\n"
    assert api_diff.main(["--write", str(notes)], project) == 0
    assert notes.read_text(encoding="utf-8") == "# Changelog\n\n## Unreleased\n"
    write(project / "openapi" / "small.yaml", small(TIGHTER))
    capsys.readouterr()
    assert api_diff.main(["--changelog"], project) == 1
    assert capsys.readouterr().out == f"### API\n\n{item}\n"
    assert api_diff.main(["--write", str(notes)], project) == 0, "what was to be done is done"
    assert notes.read_text(encoding="utf-8") == f"# Changelog\n\n## Unreleased\n\n### API\n\n{item}\n"
    notes.write_text("# Changelog\n", encoding="utf-8")
    assert api_diff.main(["--write", str(notes)], project) == 2
    assert notes.read_text(encoding="utf-8") == "# Changelog\n"


def doubling() -> dict[str, Any]:
    """Return a spec that is small as long as nobody inlines it."""
    levels = [{"$ref": f"#/components/schemas/L{level + 1}"} for level in range(40)]
    schemas = {f"L{i}": {"properties": {"a": inner, "b": dict(inner)}} for i, inner in enumerate(levels)}
    return small(("/components", {"schemas": {**schemas, "L40": {}}}), (BODY, levels[0]))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("a: [", "while parsing"),
        ("- a", "the top of the file has to be a mapping"),
        ("a: &x [*x]", "a YAML anchor that contains itself"),
        ("a:\n " + "- " * 30000 + "b", "more than 100 levels"),
        ("a: " + "[" * 30000, "more than 100 levels"),
        ({}, "yaml: 'openapi' is a required property"),
        ({"openapi": "3.2.0", "info": {"title": "x", "version": "1"}, "paths": {}}, "'3.2.0' is not read here"),
        ({"swagger": "2.0", "info": {"title": "x", "version": "1"}, "paths": {}}, "'openapi' is a required property"),
        (small((BODY, {"$ref": "https://example.com/x.yaml#/a"})), "leads out of the document"),
        (small((BODY, {"$ref": "#/components/schemas/Gone"})), "nothing is at /components/schemas/Gone"),
        (small(("/components", {"schemas": {}}), (POST + "/responses/200", {"$ref": "#/components/responses/Gone"})),
         "leads nowhere"),
        (small((BODY, {"$ref": "#/info"})), "/schema"),
        (small((POST + "/responses/200", {"$ref": "#/info"})), "/responses/200"),
        (small((POST + "/parameters", [{"$ref": "#/info"}])), "the validator failed with KeyError"),
        (small((BODY + "/somethingNew", 1)), "schema: 'somethingNew' does not match"),
        (small((BODY + "/allOf", [{"type": "string"}])), 'a body: schemas that say type "object" and "string"'),
        (small(("/components", {"schemas": {"A": {"items": {"$ref": "#/components/schemas/A"}}}}),
               (BODY, {"$ref": "#/components/schemas/A"})), "contains itself"),
        (doubling(), "has more than 50000 references"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], document: Any, message: str
) -> None:
    good, bad = write(tmp_path / "good.yaml", small()), tmp_path / "bad.yaml"
    bad.write_text(document if isinstance(document, str) else yaml.safe_dump(document), encoding="utf-8")
    for files in ([good, str(bad)], [str(bad), good]):
        assert api_diff.main(files, tmp_path) == 2
        output = capsys.readouterr()
        assert output.out == ""
        assert output.err.startswith("api-diff: ")
        assert message in output.err


def test_a_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = write(tmp_path / "good.yaml", small())
    assert api_diff.main([good, str(tmp_path / "gone.yaml")], tmp_path) == 2
    assert "gone.yaml" in capsys.readouterr().err


def test_without_a_commit_there_is_nothing_to_compare_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert api_diff.main([], tmp_path) == 2
    assert "give OLD and NEW to compare two files" in capsys.readouterr().err
    git(tmp_path, "init", "-q")
    assert api_diff.main([], tmp_path) == 2
    assert "give OLD and NEW to compare two files" in capsys.readouterr().err
    monkeypatch.setenv("PATH", str(tmp_path))
    assert api_diff.main([], tmp_path) == 2
    assert "git is not installed" in capsys.readouterr().err

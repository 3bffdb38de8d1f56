"""api-diff reads the overlays too: nothing is reported as widened that the vendor's file cannot say."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from scripts import api_diff
from scripts.diffing.reach import unreached
from tests.apidiff.specs import ours, small
from tests.apidiff.test_api_diff import git
from tests.generation.specs import BODY, ROOT, dump, inline_document

LOOP = {"when": {"loop": True}, "field": "length", "minimum": 3}
PLACE = BODY + "/properties/loop", {"type": "boolean"}


def write(path: Path, document: Any) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dump(document), encoding="utf-8")
    return str(path)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder whose spec is committed with an overlay that has a condition."""
    write(tmp_path / "openapi" / "small.yaml", small(PLACE))
    write(tmp_path / "openapi" / "overlays" / "small.yaml", {"names": {}, "conditions": {BODY: [LOOP]}})
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    return tmp_path


def test_a_condition_is_compared_wherever_it_stands(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    overlay, spec = project / "openapi" / "overlays" / "small.yaml", project / "openapi" / "small.yaml"
    write(spec, small(PLACE, (BODY + "/x-limits-when", [LOOP])))
    write(overlay, {"names": {}})
    assert api_diff.main([], project) == 0
    assert capsys.readouterr().out == "small: nothing changed for callers\n"
    write(spec, small(PLACE))
    write(overlay, {"names": {}, "conditions": {BODY: [LOOP | {"minimum": 4}]}})
    assert api_diff.main([], project) == 1
    assert "when loop is true: minimum tightened from 3 to 4" in capsys.readouterr().out
    overlay.unlink()
    assert api_diff.main([], project) == 0
    assert "when loop is true: minimum widened from 3 to 1" in capsys.readouterr().out


def test_the_vendors_unchanged_file_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    vendors = write(tmp_path / "vendor.yaml", inline_document(ours()))
    named = str(ROOT / "openapi" / "mirelo-v2.yaml")
    said = copy.deepcopy(ours())
    said["components"]["schemas"]["TextToSfxV16Request"]["x-limits-when"] = [
        {"when": {"loop": True}, "field": "duration_ms", "minimum": 3000, "maximum": 60000}
    ]
    older = write(tmp_path / "older.yaml", said)
    for files in ([named, vendors], [vendors, named], [older, vendors], [vendors, older]):
        assert api_diff.main(files) == 0
        assert capsys.readouterr().out.endswith(": nothing changed for callers\n")


def test_what_no_method_reaches_is_named(tmp_path: Path) -> None:
    client = tmp_path / "src" / "mirelo_ergo" / "small"
    client.mkdir(parents=True)
    document = {"paths": {"/a": {"get": {"operationId": "getSound"}, "post": {"operationId": "makeSound"}}}}
    assert unreached("small", document, tmp_path) == []
    (client / "generated.py").write_text("from mirelo_ergo_api.small import limits, operations\n")
    (client / "calls.py").write_text("from .generated import operations as of\n\nASKED = of.MAKE_SOUND\n")
    (client / "other.py").write_text("from .elsewhere import operations as of\n\nASKED = of.GET_SOUND\n")
    assert unreached("small", document, tmp_path) == ["getSound"]


@pytest.mark.parametrize("path", sorted((ROOT / "openapi").glob("*.yaml")), ids=lambda path: path.stem)
def test_each_spec_can_be_compared(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert api_diff.main([str(path), str(path)]) == 0
    assert capsys.readouterr().out == f"{path.name} to {path.name}: nothing changed for callers\n"

"""The vendor's own form of the spec is taken in without loss: client, emulator and tests are the same with it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from mirelo_ergo.emulator.spec.overlay import lay_conditions
from mirelo_ergo.emulator.spec.spec import operations_of
from scripts import vendor_form
from scripts.generation.conditions import lay
from scripts.generation.documents import GenerationError, load
from scripts.generation.normalise import Overlay, inline, load_overlay, normalise
from scripts.vendor_form import SPEC
from tests.generation.specs import BODY, NAMES, ROOT, dump, inlined_spec

if TYPE_CHECKING:
    from pathlib import Path

PATH = ROOT / SPEC
OVERLAY = ROOT / "openapi" / "overlays" / "mirelo-v2.yaml"
LOOP = {"when": {"loop": True}, "field": "length", "minimum": 3}


def test_the_generated_client_is_the_same() -> None:
    overlay, vendors = load_overlay(OVERLAY), inline(load(PATH))
    assert "x-" not in dump(vendors), "no extension of ours"
    named = normalise(vendors, overlay)
    assert named == normalise(load(PATH), overlay)
    assert named["components"]["schemas"]["InpaintAudioV16Request"]["x-limits-when"]


def test_the_emulator_checks_the_same() -> None:
    def rules(document: dict[str, Any]) -> dict[str, Any]:
        lay_conditions(document, load(OVERLAY))
        for operation in operations_of(document):
            content = {media_type: {"schema": schema.content} for media_type, schema in operation.bodies.items()}
            document["paths"][operation.path][operation.method.lower()]["requestBody"] = {"content": content}
        return inline(document)

    vendors = rules(inline(load(PATH)))
    assert vendors == rules(load(PATH))
    assert str(vendors).count("x-limits-when") == 8


PROBES = {
    "form": "assert not re.search('x-|ref:', Path('openapi/mirelo-v2.yaml').read_text())",
    "place": "assert Path(mirelo_ergo.emulator.__file__).is_relative_to(Path.cwd())",
    "chance": "mark = Path('mark'); ok = mark.exists(); mark.touch(); assert ok",
}
"""Tests of its own that are run in the tree: of the spec without our words, of its own emulator, and one that fails."""


def test_the_suite_runs_on_the_vendors_form(tmp_path: Path) -> None:
    """What fails by chance in a whole run passes alone."""
    probes = "".join(f"def test_{name}():\n    {code}\n" for name, code in PROBES.items())
    file = tmp_path / "test_probes.py"
    file.write_text(f"import re\nfrom pathlib import Path\nimport mirelo_ergo.emulator\n{probes}")
    assert vendor_form.main(["-q", f"--rootdir={tmp_path}", "-p", "no:schemathesis", str(file)]) == 0


@pytest.mark.parametrize(
    ("codes", "code"), [([0], 0), ([1, 0], 0), ([1, 1], 1), ([2], 2)], ids=["pass", "by chance", "twice", "wrong use"]
)
def test_what_the_form_breaks_fails_twice(codes: list[int], code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[list[str]] = []

    def run(tree: Path, arguments: list[str]) -> int:
        runs.append(arguments)
        return codes[len(runs) - 1]

    monkeypatch.setattr(vendor_form, "_pytest", run)
    monkeypatch.setattr("shutil.copytree", lambda _, tree, ignore: (tree / "openapi").mkdir(parents=True))
    assert vendor_form.main(["tests/unit"]) == code
    assert runs == [["tests/unit"], ["tests/unit", "--last-failed", "-n", "0"]][: len(codes)]


def test_ci_runs_the_whole_suite_on_it() -> None:
    ran = [line for line in (ROOT / ".ci" / "run").read_text().splitlines() if line.startswith("make ")]
    assert ran == ["make check", "make test || make test-again", "make test-inlined"]
    target = re.search(r"^test-inlined:.* ; (.*?)  ##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert target is not None
    assert target[1] == "$(BIN)/python scripts/vendor_form.py"


def test_conditions_of_an_overlay_are_those_of_the_spec() -> None:
    there = inlined_spec()
    laid = lay(there, {BODY: [LOOP]})
    assert there == inlined_spec()
    overlay = Overlay(NAMES, (), {BODY: [LOOP]})
    named = normalise(there, overlay)["components"]["schemas"]["SoundRequest"]
    assert named["x-limits-when"] == [LOOP]
    assert normalise(laid, attrs.evolve(overlay, conditions={})) == normalise(there, overlay)


@pytest.mark.parametrize(
    ("place", "said", "problem"),
    [
        (BODY + "/properties/gone", None, "nothing is there"),
        ("/paths/~1gone/post", None, "nothing is there"),
        (BODY, [{"when": {"loop": True}, "field": "length", "minimum": 4}], "the spec says its own there"),
    ],
)
def test_conditions_that_do_not_fit_are_refused(place: str, said: Any, problem: str) -> None:
    document = inlined_spec() if said is None else lay(inlined_spec(), {BODY: said})
    with pytest.raises(GenerationError, match=problem):
        lay(document, {place: [LOOP]})
    assert lay(document, {place: [LOOP]}, strict=False) == document

"""The vendor's own form of the spec is taken in without loss: client, emulator and tests are the same with it."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import attrs
import pytest
import yaml

from mirelo_ergo.emulator.spec.overlay import lay_conditions
from mirelo_ergo.emulator.spec.spec import operations_of
from scripts.generation.conditions import lay
from scripts.generation.documents import GenerationError, load
from scripts.generation.normalise import Overlay, inline, load_overlay, normalise
from scripts.vendor_form import SPEC
from tests.generation.specs import BODY, NAMES, ROOT, inlined_spec

PATH = ROOT / SPEC
OVERLAY = ROOT / "openapi" / "overlays" / "mirelo-v2.yaml"
LOOP = {"when": {"loop": True}, "field": "length", "minimum": 3}
READERS = [
    "tests/unit/test_families.py",
    "tests/faults/test_mirelo.py",
    "tests/emulator/test_api.py",
    "tests/emulator/test_v16_families.py",
    "tests/generation/test_specs.py",
]
"""Tests of a few seconds that stand for all that reads the spec; `scripts/vendor_form.py` runs the whole suite."""


def test_the_generated_client_is_the_same() -> None:
    overlay, vendors = load_overlay(OVERLAY), inline(load(PATH))
    assert "x-" not in yaml.safe_dump(vendors), "no extension of ours"
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


def test_the_tests_of_what_reads_the_spec_pass_on_it() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "vendor_form.py"), "-q", "-x", *READERS]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=280, cwd=ROOT)
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr


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
